import pytest

from agent.rule_check import warnings
from agent.rules import Rules
from tests.agent.fakes import reader, writer
from tools.spec import SpecifierKind

TOOLS = (
    reader("clock.now"),
    writer("notes.write", specifier="{name}"),
    writer("notes.add", specifier="{name}"),
    writer("shell.run", specifier="{line}", specifier_kind=SpecifierKind.SHELL),
    writer("files.write", specifier="{path}", specifier_kind=SpecifierKind.PATH),
)


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        ({"deny": ["notes.wirte"]}, "did you mean notes.write?"),
        ({"deny": ["gone.tool"]}, "no tool"),
        ({"allow": ["clock.now(noon)"]}, "names nothing"),
        ({"allow": ["shell.run(npm ci && npm test)"]}, "part by part"),
        ({"ask": ["files.write()"]}, "never empty"),
        ({"deny": ["notes.*"], "allow": ["notes.add(a)"]}, "`deny notes.*` goes before it"),
        ({"ask": ["*"], "allow": ["notes.add"]}, "`ask *` goes before it"),
        ({"deny": ["notes.add"], "ask": ["notes.add(a)"]}, "`deny notes.add` goes before it"),
    ],
)
def test_a_rule_that_does_nothing_is_told_with_the_reason(lists: dict[str, list[str]], words: str) -> None:
    (warning,) = warnings(Rules.read(**lists), TOOLS)
    assert "does nothing" in warning
    assert words in warning


@pytest.mark.parametrize(
    "lists",
    [
        {"deny": ["*"]},
        {"deny": ["clock.now", "clock.now(*)"]},
        {"allow": ["shell.run(npm *)", "shell.run(> out/*)", "shell.run('open)"]},
        {"allow": ["files.write(/notes/**)"]},
        {"deny": ["notes.add"], "allow": ["notes.*"]},
        {"deny": ["notes.add(a)"], "allow": ["notes.add"]},
    ],
)
def test_a_rule_that_can_hold_is_not_reported(lists: dict[str, list[str]]) -> None:
    assert list(warnings(Rules.read(**lists), TOOLS)) == []
