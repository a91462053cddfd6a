import logging

import pytest

from agent.gate import Mode
from agent.rules import Rules
from agent.toolbox import OwnerToolbox, PeerToolbox
from tests.agent.fakes import client_tool, reader, writer
from tests.mission import requirement

NO_RULES = Rules()


def names(toolbox: OwnerToolbox | PeerToolbox) -> list[str]:
    return [tool.name for tool in toolbox.present()]


@requirement("D1", "D3")
def test_groups_are_named_by_the_prefix_with_what_is_in_them() -> None:
    toolbox = OwnerToolbox([reader("files.read"), writer("files.write"), reader("list_peers", core=True)])
    assert toolbox.groups() == [{"name": "files", "description": "read, write", "count": 2, "loaded": False}]


@requirement("D4")
def test_loading_shows_the_tools_and_lists_names_that_it_does_not_know() -> None:
    toolbox = OwnerToolbox([reader("files.read"), reader("notes.search"), reader("a.b")])
    result = toolbox.load(["files", "notes.search", "nothing"])
    assert result["loaded"] == ["files", "notes"]
    assert result["unknown"] == ["nothing"]
    assert names(toolbox) == ["list_tool_groups", "load_tools", *result["tools"]]  # type: ignore[misc]
    assert set(result["tools"]) == {"files.read", "notes.search"}  # type: ignore[call-overload]


@requirement("D7")
def test_what_does_not_fit_is_logged_and_told(caplog: pytest.LogCaptureFixture) -> None:
    toolbox = OwnerToolbox([reader(f"big.t{n}") for n in range(60)])
    with caplog.at_level(logging.INFO):
        result = toolbox.load(["big"])
        assert len(toolbox.present()) == 38
    assert "big.t36" in str(result["not shown for want of room, yet callable"])
    assert "big.t36" in caplog.text
    assert toolbox.dropped[0] == "big.t36"


def test_a_freshly_loaded_group_finds_room_even_when_a_guess_had_filled_it() -> None:
    toolbox = OwnerToolbox([*(reader(f"big.t{n}") for n in range(60)), reader("files.read")])
    toolbox.open_groups("big", before=("big",))
    assert "files.read" not in names(toolbox)
    toolbox.load(["files"])
    assert "files.read" in names(toolbox)


@requirement("D20")
def test_client_tools_come_and_go_with_their_client() -> None:
    attached = [client_tool("open_pane", core=True)]
    toolbox = OwnerToolbox([], client_tools=lambda: tuple(attached))
    assert "open_pane" in names(toolbox)
    attached.clear()
    assert "open_pane" not in names(toolbox)
    assert toolbox.find("open_pane") is None


def test_a_client_cannot_replace_a_tool_of_the_node() -> None:
    own = writer("files.write")
    toolbox = OwnerToolbox(
        [own], client_tools=lambda: (client_tool("files.write"), client_tool("load_tools"))
    )
    assert toolbox.find("files.write") is own
    assert toolbox.find("load_tools").handler is not None  # type: ignore[union-attr]


@requirement("B16")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openPane", "did you mean open_pane"),
        ("agent_askPeer", "agent.ask_peer"),
        ("xyzzy", "list_tool_groups"),
        ("", "list_tool_groups"),
    ],
)
def test_an_unknown_name_is_answered_with_near_ones(name: str, expected: str) -> None:
    toolbox = OwnerToolbox([reader("open_pane"), reader("agent.ask_peer"), reader("files.read")])
    assert expected in toolbox.refusal(name)


@requirement("B16")
def test_at_most_three_near_names_are_given() -> None:
    toolbox = OwnerToolbox([reader(f"open_pane{n}") for n in range(9)])
    assert toolbox.refusal("open_pane").count("open_pane") == 1 + 3


@requirement("F15")
def test_a_peers_turn_has_only_declared_tools_that_could_run_unattended() -> None:
    tools = [
        reader("share.search", remote=True),
        reader("files.read"),
        writer("files.write", remote=True),
        reader("share.read", remote=True),
    ]
    toolbox = PeerToolbox(tools, mode=Mode.PLAN, rules=Rules.read(deny=["share.read"]))
    assert names(toolbox) == ["share.search"]
    assert toolbox.find("files.read") is None
    assert toolbox.find("list_tool_groups") is None


@requirement("F15")
def test_a_private_and_an_invented_name_are_refused_in_the_same_words() -> None:
    toolbox = PeerToolbox(
        [reader("share.search", remote=True), writer("files.write")], mode=Mode.PLAN, rules=NO_RULES
    )
    private, invented = toolbox.refusal("files.write"), toolbox.refusal("files.wrote")
    assert private.replace("files.write", "X") == invented.replace("files.wrote", "X")
    assert "cannot be used in a peer's turn" in private


@requirement("D2")
def test_the_meta_tools_are_always_there() -> None:
    assert names(OwnerToolbox([])) == ["list_tool_groups", "load_tools"]
