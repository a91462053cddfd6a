import logging

import pytest

from agent.gate import Mode
from agent.peer_toolbox import PeerToolbox
from agent.rules import Rules
from agent.toolbox import OwnerToolbox
from tests.agent.fakes import client_tool, reader, writer
from tests.mission import requirement

NO_RULES = Rules()


def names(toolbox: OwnerToolbox | PeerToolbox) -> list[str]:
    return [tool.name for tool in toolbox.present()]


META = ["search_tools", "load_tools", "list_tool_groups"]
ZOO = [reader(f"zoo.animal{n}") for n in range(15)]
"""Enough of them that not all are shown."""


@requirement("D1", "D3")
def test_groups_are_named_by_the_prefix_with_what_is_in_them() -> None:
    toolbox = OwnerToolbox([reader("files.read"), writer("files.write"), reader("list_peers", core=True)])
    assert toolbox.groups() == {
        "groups": [{"name": "files", "description": "read, write", "count": 2, "loaded": False}]
    }


def test_of_many_groups_those_that_the_prompt_speaks_of_are_described_and_the_rest_named() -> None:
    toolbox = OwnerToolbox([reader(f"g{chr(97 + n)}x.tool") for n in range(20)])
    toolbox.open("what can gtx do?")
    listed = toolbox.groups()
    described = [group["name"] for group in listed["groups"]]  # type: ignore[attr-defined]
    assert described[0] == "gtx"
    assert len(described) == 12
    assert len(listed["more, found by search_tools"]) == 8  # type: ignore[arg-type]


@requirement("D4")
def test_loading_shows_groups_and_single_tools_and_lists_names_that_it_does_not_know() -> None:
    toolbox = OwnerToolbox([reader("files.read"), reader("notes.search"), reader("notes.add"), reader("a.b")])
    result = toolbox.load(["files", "notes.search", "nothing"])
    assert result["loaded"] == ["files", "notes.search"]
    assert result["unknown"] == ["nothing"]
    assert result["groups"] == ["files", "notes", "a"]
    assert names(toolbox) == [*META, "files.read", "notes.search"]
    assert result["tools"] == ["files.read", "notes.search"]


@requirement("D7")
def test_what_does_not_fit_is_logged_and_told(caplog: pytest.LogCaptureFixture) -> None:
    toolbox = OwnerToolbox([reader(f"big.t{n}") for n in range(60)])
    with caplog.at_level(logging.INFO):
        result = toolbox.load(["big"])
        assert len(toolbox.present()) == 38
    assert "big.t36" in str(result["not shown for want of room, yet callable"])
    assert "big.t36" in caplog.text
    assert toolbox.dropped[0] == "big.t35"


def test_a_freshly_loaded_group_finds_room_even_when_others_had_filled_it() -> None:
    toolbox = OwnerToolbox([*(reader(f"big.t{n}") for n in range(60)), reader("files.read")])
    toolbox.load(["big"])
    assert "files.read" not in names(toolbox)
    toolbox.load(["files"])
    assert "files.read" in names(toolbox)


@requirement("D5")
def test_a_turn_begins_with_no_more_than_fifteen_tools() -> None:
    tools = [reader(f"g{n % 9}.read_file{n}", description="Read a file.") for n in range(60)]
    toolbox = OwnerToolbox([reader("list_peers", core=True), *tools])
    toolbox.open("read the file")
    assert len(names(toolbox)) == 15
    assert toolbox.dropped == (), "a guess that was not made is no promise"


def test_a_catalogue_of_fifteen_is_shown_whole_and_one_of_sixteen_is_not() -> None:
    for extra, shown in ((12, 15), (13, 3)):
        toolbox = OwnerToolbox([reader(f"g.t{n}") for n in range(extra)])
        toolbox.open("hello")
        assert len(names(toolbox)) == shown


@requirement("U11")
def test_a_search_brings_single_tools_into_view_and_says_how_to_call_them() -> None:
    schema = {
        "type": "object",
        "properties": {"path": {"type": "string", "description": "where it lies"}},
        "required": ["path"],
    }
    toolbox = OwnerToolbox(
        [
            writer("files.delete", description="Remove a file. For good.", parameters=schema),
            reader("files.sum", description="Add up a column."),
            *ZOO,
        ]
    )
    found = toolbox.search("remove the file", 1)
    assert found == {
        "tools": [
            {
                "name": "files.delete",
                "group": "files",
                "description": "Remove a file.",
                "effect": "write",
                "parameters": {
                    "type": "object",
                    "properties": {"path": {"type": "string"}},
                    "required": ["path"],
                },
            }
        ]
    }
    assert names(toolbox) == [*META, "files.delete"]
    assert toolbox.active == ("files",)


@requirement("U11")
def test_a_search_that_finds_nothing_names_the_nearest_groups_first() -> None:
    toolbox = OwnerToolbox([reader("files.a"), reader("weather.b"), *ZOO])
    assert toolbox.search("wether", 5) == {"tools": [], "groups": ["weather", "files", "zoo"]}


def test_a_search_finds_core_tools_too_without_counting_them_as_loaded() -> None:
    toolbox = OwnerToolbox([reader("list_peers", core=True, description="List peers."), *ZOO])
    assert [tool["name"] for tool in toolbox.search("peers", 5)["tools"]] == ["list_peers"]  # type: ignore[attr-defined]
    assert toolbox.active == ()


@requirement("D6")
def test_a_called_tool_brings_of_a_large_group_only_the_nearest() -> None:
    tools = [reader(f"big.t{n}") for n in range(60)]
    toolbox = OwnerToolbox([*tools, *ZOO])
    toolbox.open("hello")
    assert names(toolbox) == META
    toolbox.use(tools[50])
    assert names(toolbox)[3] == "big.t50"
    assert len(names(toolbox)) == 3 + 1 + 8


@requirement("D8")
def test_of_a_group_carried_over_what_the_prompt_needs_comes_first() -> None:
    toolbox = OwnerToolbox([reader("files.read"), writer("files.delete"), writer("mail.delete"), *ZOO])
    toolbox.open("delete it", before=("files",))
    assert names(toolbox)[3:] == ["files.delete", "mail.delete", "files.read"]
    assert toolbox.active == ("files",)


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
        ("xyzzy", "search_tools"),
        ("", "search_tools"),
    ],
)
def test_an_unknown_name_is_answered_with_near_ones(name: str, expected: str) -> None:
    toolbox = OwnerToolbox([reader("open_pane"), reader("agent.ask_peer"), reader("files.read")])
    assert expected in toolbox.refusal(name)


@requirement("B16")
def test_at_most_three_near_names_are_given() -> None:
    toolbox = OwnerToolbox([reader(f"open_tab{n}") for n in range(9)])
    assert toolbox.refusal("open_tab").count("open_tab") == 1 + 3


@requirement("D20")
def test_a_verb_of_the_layout_that_nobody_can_run_is_refused_with_the_reason() -> None:
    assert (
        OwnerToolbox([]).refusal("split_pane")
        == "split_pane arranges the owner's cockpit, and none is attached"
    )


@requirement("F15")
def test_a_peers_turn_has_only_declared_tools_that_could_run_unattended() -> None:
    tools = [
        reader("share.search", remote="shared"),
        reader("files.read"),
        writer("files.write", remote="shared"),
        reader("share.read", remote="shared"),
    ]
    toolbox = PeerToolbox(
        tools, mode=Mode.PLAN, rules=Rules.read(deny=["share.read"]), rights=lambda: {"shared"}
    )
    assert names(toolbox) == ["share.search"]
    assert toolbox.find("files.read") is None
    assert toolbox.find("list_tool_groups") is None


@requirement("E17", "F15")
def test_a_right_that_is_taken_away_during_a_peers_turn_counts_at_once() -> None:
    rights = {"ask", "notes"}
    tools = [reader("clock.now", remote="ask"), reader("notes.read", remote="notes"), reader("files.read")]
    toolbox = PeerToolbox(tools, mode=Mode.PLAN, rules=NO_RULES, rights=lambda: rights)
    assert names(toolbox) == ["clock.now", "notes.read"]
    rights.remove("notes")
    assert names(toolbox) == ["clock.now"]
    assert toolbox.find("notes.read") is None
    assert "notes.read" not in toolbox.refusal("files.read")


@requirement("F15")
def test_a_private_and_an_invented_name_are_refused_in_the_same_words() -> None:
    toolbox = PeerToolbox(
        [reader("share.search", remote="shared"), writer("files.write")],
        mode=Mode.PLAN,
        rules=NO_RULES,
        rights=lambda: {"shared"},
    )
    private, invented = toolbox.refusal("files.write"), toolbox.refusal("files.wrote")
    assert private.replace("files.write", "X") == invented.replace("files.wrote", "X")
    assert "cannot be used in a peer's turn" in private


@requirement("D2")
def test_the_meta_tools_are_always_there() -> None:
    assert names(OwnerToolbox([])) == META
