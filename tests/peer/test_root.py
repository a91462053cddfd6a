"""The signature of who asked first: what it proves, and every lie that it does not."""

from dataclasses import replace

import pytest

from peer.identity import Identity
from peer.lineage import Root, tag
from peer.root import FRESH_S, proven, signed
from tests.mission import requirement
from tests.peer.nodes import Node, nodes, pair, passes_on

NOW = 1_000_000.0
ANNA, BEN, CLEO = Identity.generate(), Identity.generate(), Identity.generate()
ASK = "0f" * 16
SEEN = (tag(ASK, ANNA.node_id), tag(ASK, BEN.node_id))


def root() -> Root:
    return signed(ANNA, ask=ASK, to=BEN.node_id, now=NOW)


@requirement("U3")
def test_the_first_and_every_later_node_can_check_who_asked_first() -> None:
    assert proven(root(), ask=ASK, seen=SEEN[:1], own=BEN.node_id, now=NOW) == root()
    assert proven(root(), ask=ASK, seen=SEEN, own=CLEO.node_id, now=NOW + 60) == root()


@requirement("U3")
@pytest.mark.parametrize(
    "lie",
    [
        {"root": replace(root(), id=CLEO.node_id)},
        {"root": replace(root(), at=int(NOW) + 1)},
        {"root": replace(root(), sig="00" * 64)},
        {"ask": "0e" * 16, "seen": (tag("0e" * 16, ANNA.node_id), tag("0e" * 16, BEN.node_id))},
        {"seen": (tag(ASK, ANNA.node_id), tag(ASK, CLEO.node_id))},
        {"seen": (tag(ASK, ANNA.node_id),)},
        {"seen": (tag(ASK, BEN.node_id),)},
        {"seen": ()},
        {"now": NOW + FRESH_S + 1},
        {"now": NOW - FRESH_S - 1},
    ],
)
def test_a_signature_taken_elsewhere_proves_nothing(lie: dict[str, object]) -> None:
    claim = {"root": root(), "ask": ASK, "seen": SEEN, "own": CLEO.node_id, "now": NOW, **lie}
    assert proven(**claim) is None  # type: ignore[arg-type]  # a table of keyword arguments


async def first_askers(anna: Node, ben: Node, cleo: Node) -> list[str | None]:
    """Have Anna ask Ben, who asks Cleo; return whom the two saw as the first asker."""
    await pair(ben, anna)
    await pair(cleo, ben)
    passes_on(ben, cleo)
    await anna.hub.ask(ben.id, "how deep is the sea?")
    return [node.asked[0].lineage.lineage.first_asker for node in (ben, cleo)]


@requirement("U3")
async def test_a_signed_question_names_its_first_asker_to_strangers_two_links_on() -> None:
    async with nodes("anna", "ben", "cleo") as (anna, ben, cleo):
        anna.signs_asks = True
        assert await first_askers(anna, ben, cleo) == [anna.id, anna.id]


@requirement("U3")
async def test_unsigned_questions_name_nobody_to_those_further_on() -> None:
    async with nodes("anna", "ben", "cleo") as (anna, ben, cleo):
        ben.signs_asks = cleo.signs_asks = True
        assert await first_askers(anna, ben, cleo) == [None, None]
