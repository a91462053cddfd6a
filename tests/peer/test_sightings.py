from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from peer.identity import Identity, NodeId
from peer.sightings import MET_MAX, STRANGERS_MAX, Sightings
from peer.trust import PeerRecord, TrustState

SELF, ANNA, BEN = (Identity(bytes([n]) * 32).node_id for n in (1, 2, 3))
FRIEND = PeerRecord(node_id=BEN, state=TrustState.TRUSTED, added_at=0)


class Watched(Sightings):
    """Sightings of a node that knows Ben, and what they told."""

    def __init__(self) -> None:
        self.told: list[NodeId] = []
        self.time = 0.0
        super().__init__(
            own=SELF, is_known=lambda node_id: node_id == BEN, now=lambda: self.time, noticed=self.told.append
        )


def made_up(n: int) -> NodeId:
    return NodeId(f"liar{n}")


def test_a_stranger_is_seen_until_it_is_gone() -> None:
    sightings = Watched()
    sightings.found(ANNA, ("10.0.0.2:1",))
    [stranger] = sightings.strangers()
    assert (stranger.node_id, stranger.state, stranger.addresses) == (ANNA, TrustState.SEEN, ("10.0.0.2:1",))
    assert stranger.label == ANNA[:8]
    sightings.gone(ANNA)
    assert sightings.strangers() == []
    assert sightings.told == [ANNA, ANNA]


def test_only_what_changes_is_told() -> None:
    sightings = Watched()
    for address in ("10.0.0.2:1", "10.0.0.2:1", "10.0.0.3:1"):
        sightings.found(ANNA, (address,))
    sightings.gone(made_up(1))
    sightings.found(SELF, ("10.0.0.2:1",))
    assert sightings.told == [ANNA, ANNA]


def test_a_flood_of_strangers_is_cut_and_hides_neither_friends_nor_those_who_came_first() -> None:
    sightings = Watched()
    sightings.found(ANNA, ("10.0.0.2:1",))
    for n in range(10_000):
        sightings.found(made_up(n), ("10.0.0.66:1",))
    sightings.found(BEN, ("10.0.0.3:1",))
    strangers = [one.node_id for one in sightings.strangers()]
    assert len(strangers) == STRANGERS_MAX
    assert ANNA in strangers
    assert sightings.addresses(FRIEND) == ("10.0.0.3:1",)
    sightings.none_found()
    assert sightings.strangers() == []
    assert sightings.addresses(FRIEND) == ()


def test_whom_the_owner_looked_for_is_listed_in_a_flood_and_stays_when_nobody_looks() -> None:
    sightings = Watched()
    for n in range(STRANGERS_MAX):
        sightings.found(made_up(n), ("10.0.0.66:1",))
    assert sightings.met(ANNA, "10.0.0.2:1").addresses == ("10.0.0.2:1",)
    sightings.none_found()
    assert [one.node_id for one in sightings.strangers()] == [ANNA]
    for n in range(MET_MAX):
        sightings.met(made_up(n), "10.0.0.66:1")
    assert ANNA not in [one.node_id for one in sightings.strangers()]


def test_a_friend_is_dialled_where_it_was_last_then_where_it_is_announced_then_where_it_was_before() -> None:
    sightings = Watched()
    sightings.found(BEN, ("10.0.0.9:1", "10.0.0.2:1"))
    friend = replace(FRIEND, addresses=("10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"))
    assert sightings.addresses(friend) == ("10.0.0.1:1", "10.0.0.9:1", "10.0.0.2:1", "10.0.0.3:1")
    assert sightings.strangers() == []


def test_a_stranger_is_meant_by_the_start_of_its_id_and_never_by_a_guess() -> None:
    sightings = Watched()
    sightings.found(ANNA, ("10.0.0.2:1",))
    meant = sightings.find(f" {ANNA[:8].upper()} ")
    assert meant is not None
    assert meant.node_id == ANNA
    for text in ("", ANNA[:5], "zzzzzz", BEN):
        assert sightings.find(text) is None


@given(st.lists(st.tuples(st.sampled_from(["found", "gone", "met", "none"]), st.integers(0, 200))))
def test_whatever_is_announced_the_list_keeps_its_bound(steps: list[tuple[str, int]]) -> None:
    sightings = Watched()
    for step, n in steps:
        match step:
            case "found":
                sightings.found(made_up(n), ("10.0.0.66:1",))
            case "gone":
                sightings.gone(made_up(n))
            case "met":
                sightings.met(made_up(n), f"10.0.0.{n}:1")
            case _:
                sightings.none_found()
        assert len(sightings.strangers()) <= STRANGERS_MAX + MET_MAX
        assert all(len(one.addresses) <= 3 for one in sightings.strangers())
