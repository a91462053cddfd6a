"""The slash commands: how they are read, completed and explained."""

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from node.console.completer import ConsoleCompleter
from node.console.own import help_text
from node.console.tables import peers_table
from node.replies import Peer
from node.slash.commands import COMMANDS, UsageError, find, is_command, read
from node.slash.run import ACTIONS
from tests.mission import requirement
from tests.node.fake_node import PEER


def completed(text: str) -> list[str]:
    completer = ConsoleCompleter(lambda: ["bob", "Bert", "carol"])
    return [completion.text for completion in completer.get_completions(Document(text), CompleteEvent())]


def test_the_node_does_every_command_but_the_clients_own_and_those_for_the_agent() -> None:
    done = {command.name for command in COMMANDS if command.by == "node" and command.kind != "prompt"}
    assert done == ACTIONS.keys()
    assert {c.name for c in COMMANDS if c.prompt} == {c.name for c in COMMANDS if c.kind == "prompt"}


def test_no_two_commands_share_a_name() -> None:
    names = [name for command in COMMANDS for name in (command.name, *command.aliases)]
    assert len(names) == len({*names})


@requirement("O3")
def test_help_shows_each_command_with_its_class() -> None:
    lines = help_text().splitlines()
    for command in COMMANDS:
        (line,) = [line for line in lines if line.startswith(f"/{command.name} ")]
        assert command.kind in line.split()


def test_names_and_aliases_are_read_with_their_argument() -> None:
    assert read("/ask bob what time is it")[1] == "bob what time is it"
    assert read("/?")[0].name == read("/HELP")[0].name == "help"
    assert find("nothing") is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/hlep", "did you mean /help"),
        ("/zzz", "/help lists them"),
        ("/ask bob", "PEER TEXT"),
        ("/join", "TICKET"),
        ("/", "a command has a name"),
    ],
)
def test_a_line_that_is_no_command_says_what_is(line: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read(line)


def test_two_slashes_are_text() -> None:
    assert is_command("/help")
    assert not is_command("//etc/hosts")


@requirement("S3")
def test_commands_and_peers_are_completed() -> None:
    assert completed("/pe") == ["/permissions ", "/peers"]
    assert completed("/as") == ["/ask ", "/askall ", "/asks"]
    assert completed("/ask b") == ["bob ", "Bert "]
    assert completed("/ask bob w") == []
    assert completed("/grant b") == ["bob ", "Bert "]
    assert completed("tell @c") == ["@carol "]
    assert completed("no slash") == []


def test_a_peers_own_name_cannot_steer_the_terminal() -> None:
    peer: Peer = {**PEER, "name": "\x1b[2Jbob\n\n"}  # type: ignore[typeddict-item]  # a stranger's, at its worst
    assert "\\x1b[2Jbob " in peers_table([peer])
