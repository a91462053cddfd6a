"""The examples of docs/permissions.md, run through the gate."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.gate import Mode, Verdict, judge
from agent.rules import Rules
from tests.agent.test_permissions import PLACES, tool_called

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"


def examples() -> Iterator[tuple[str, str, str, str]]:
    """Yield mode, rules, call and verdict of each line in the page's `gate` blocks."""
    for block in re.findall(r"```gate\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        for group in block.split("\n\n"):
            mode, rules = "default", ""
            for line in group.splitlines():
                if line.startswith("mode: "):
                    mode = line.removeprefix("mode: ")
                elif line.startswith("rules: "):
                    rules = line.removeprefix("rules: ")
                else:
                    call, verdict = line.rsplit(maxsplit=1)
                    yield mode, rules, call.strip(), verdict


def rules_of(text: str) -> Rules:
    lists: dict[str, list[str]] = {"deny": [], "ask": [], "allow": []}
    for each in filter(None, text.split(", ")):
        name, _, rule = each.partition(" ")
        lists[name].append(rule)
    return Rules.read(**lists)


@pytest.mark.parametrize(("mode", "rules", "call", "verdict"), list(examples()))
def test_an_example_of_the_page_comes_out_as_it_says(mode: str, rules: str, call: str, verdict: str) -> None:
    name, _, rest = call.partition("(")
    judgement = judge(
        tool_called(name), rest.removesuffix(")"), mode=Mode(mode), rules=rules_of(rules), places=PLACES
    )
    assert judgement.verdict is Verdict(verdict), judgement.reason


def test_the_page_has_examples_of_every_verdict() -> None:
    assert {verdict for *_, verdict in examples()} == {"allow", "ask", "deny"}
