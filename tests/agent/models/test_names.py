import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.names import SafeNames, restored
from tests.mission import requirement

SAFE = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


@requirement("C15")
def test_a_dot_becomes_an_underscore_and_comes_back() -> None:
    names = SafeNames(["agent.ask_peer", "read_note"])
    assert names.to_wire("agent.ask_peer") == "agent_ask_peer"
    assert names.to_own("agent_ask_peer") == "agent.ask_peer"
    assert names.to_wire("read_note") == "read_note"


def test_a_name_that_the_model_invented_stays_as_it_is() -> None:
    assert SafeNames(["a.b"]).to_own("make_coffee") == "make_coffee"


@requirement("C15")
@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("files_read", "files.read"),
        ("files.read", "files.read"),
        ("a_b", "a_b"),
        ("x_y_z", "x_y_z"),
        ("make_coffee", "make_coffee"),
    ],
)
def test_a_safe_name_is_restored_where_it_stands_for_one_tool_only(name: str, own: str) -> None:
    assert restored(name, ["files.read", "a.b", "a_b", "x.y_z", "x_y.z"]) == own


@given(st.sets(st.text(alphabet="ab._-é", min_size=0, max_size=70)))
def test_every_name_is_safe_and_leads_back_to_itself(own: set[str]) -> None:
    names = SafeNames(own)
    assert all(SAFE.match(names.to_wire(name)) for name in own)
    assert {names.to_own(names.to_wire(name)) for name in own} == own


@given(st.sets(st.text(alphabet="ab._", min_size=1, max_size=4), min_size=1))
def test_a_name_that_is_safe_already_is_never_changed(own: set[str]) -> None:
    names = SafeNames(own)
    assert all(names.to_wire(name) == name for name in own if SAFE.match(name))
