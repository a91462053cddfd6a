from hypothesis import given
from hypothesis import strategies as st

from peer.announcement import (
    ADDRESSES_MAX,
    SERVICE,
    host_name,
    instance_name,
    node_id_in,
    properties,
    read_announcement,
)
from peer.dial import split_address
from peer.identity import NODE_ID_CHARS, Identity
from tests.mission import requirement

ANNA, BEN = (Identity(bytes([n]) * 32).node_id for n in (1, 2))


@requirement("F2")
def test_an_announcement_says_version_and_id_and_no_name_of_machine_or_owner() -> None:
    assert properties(ANNA) == {"v": "1", "id": ANNA}
    assert instance_name(ANNA) == f"{ANNA}.{SERVICE}"
    assert host_name(ANNA) == f"{ANNA}.local."
    assert NODE_ID_CHARS <= 63, "one DNS label"


def test_what_a_node_announces_is_read_back() -> None:
    name = instance_name(ANNA)
    assert node_id_in(name) == ANNA
    announcement = read_announcement(ANNA, dict(properties(ANNA)), ["192.168.1.5"], 8766)
    assert announcement is not None
    assert announcement.addresses == ("192.168.1.5:8766",)


def test_a_text_that_names_another_node_or_version_counts_for_nothing() -> None:
    for text in (
        {"v": "1", "id": BEN},
        {"v": "2", "id": ANNA},
        {"id": ANNA},
        {"v": "1"},
        {"v": None, "id": ANNA},
    ):
        assert read_announcement(ANNA, text, ["192.168.1.5"], 8766) is None


def test_addresses_that_nobody_could_be_dialled_at_are_left_out_and_many_are_cut() -> None:
    hosts = ["224.0.0.251", "0.0.0.0", "255.255.255.255", "fe80::1", "router", "", "10.0.0.1/8"]
    assert read_announcement(ANNA, properties(ANNA), hosts, 8766) is None
    many = [f"10.0.0.{n}" for n in range(1, 200)]
    announcement = read_announcement(ANNA, properties(ANNA), ["10.0.0.1", *many], 8766)
    assert announcement is not None
    assert announcement.addresses == tuple(f"10.0.0.{n}:8766" for n in range(1, ADDRESSES_MAX + 1))


@given(
    name=st.one_of(st.text(), st.from_regex(r"[a-z2-7]{52}\._palaver\._tcp\.local\.", fullmatch=True)),
    text=st.dictionaries(st.sampled_from(["v", "id", "x"]), st.one_of(st.none(), st.text(), st.just(ANNA))),
    hosts=st.lists(st.one_of(st.text(), st.ip_addresses().map(str))),
    port=st.one_of(st.none(), st.integers()),
)
def test_garbage_gives_nothing_or_a_few_addresses_that_can_be_dialled(
    name: str, text: dict[str, str | None], hosts: list[str], port: int | None
) -> None:
    node_id = node_id_in(name)
    assert node_id is None or instance_name(node_id) == name
    announcement = read_announcement(ANNA, {"v": "1", "id": ANNA} | text, hosts, port)
    if announcement is not None:
        assert announcement.node_id == ANNA
        assert 0 < len(announcement.addresses) <= ADDRESSES_MAX
        assert [split_address(address)[1] for address in announcement.addresses] == [port] * len(
            announcement.addresses
        )
