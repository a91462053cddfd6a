import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import RuleError
from agent.rules import Rule, Rules, covers, matches, read_rule, rule_for
from tests.mission import requirement

CASES: list[tuple[str, str, str, bool]] = [
    # rule, tool, specifier, does it match
    ("files.read", "files.read", "a.txt", True),
    ("files.read", "files.read", "", True),
    ("files.read", "files.write", "a.txt", False),
    ("files.read", "files.reader", "", False),
    ("files.read", "Files.read", "", False),
    ("files.*", "files.read", "a.txt", True),
    ("files.*", "files.", "", True),
    ("files.*", "files", "", False),
    ("files.*", "profiles.read", "", False),
    ("*.read", "files.read", "", True),
    ("*.read", "files.write", "", False),
    ("*", "anything", "at all", True),
    ("*read*", "spreadsheet.open", "", True),
    ("f*.r*d", "files.read", "", True),
    ("f*.r*d", "files.reads", "", False),
    ("files.read(a.txt)", "files.read", "a.txt", True),
    ("files.read(a.txt)", "files.read", "b.txt", False),
    ("files.read(a.txt)", "files.read", "a.txt.bak", False),
    ("files.read(a.txt)", "files.read", "xa.txt", False),
    ("files.read(a?txt)", "files.read", "a.txt", False),
    ("files.read(a.txt)", "files.read", "A.TXT", False),
    ("files.read()", "files.read", "", True),
    ("files.read()", "files.read", "a.txt", False),
    ("files.read(*)", "files.read", "", True),
    ("files.read(*)", "files.read", "any/thing", True),
    ("files.read(*.txt)", "files.read", "notes/a.txt", True),
    ("files.read(*.txt)", "files.read", "a.md", False),
    ("files.read(notes/*)", "files.read", "notes/a.txt", True),
    ("files.read(notes/*)", "files.read", "notes", False),
    ("files.read(**/.env)", "files.read", "app/.env", True),
    ("files.read(**/.env)", "files.read", "app/.envrc", False),
    ("files.read(*a*b*)", "files.read", "xxaxxbxx", True),
    ("files.read(*a*b*)", "files.read", "xxbxxaxx", False),
    ("files.read(ab*ba)", "files.read", "aba", False),
    ("files.read(ab*ba)", "files.read", "abba", True),
    ("files.read(a*a)", "files.read", "a", False),
    ("files.*(secret*)", "files.write", "secret.txt", True),
    ("files.*(secret*)", "files.write", "public.txt", False),
    ("shell.run(echo (hi))", "shell.run", "echo (hi)", True),
    ("shell.run(rm *)", "shell.run", "rm -rf\n/", True),
    ("shell.run([*])", "shell.run", "*", True),
    ("shell.run([*])", "shell.run", "ls", False),
    ("agent.ask_peer(bob)", "agent.ask_peer", "bob", True),
    ("agent.ask_peer(bob)", "agent.ask_peer", "bobby", False),
    (" files.read(a b) ", "files.read", "a b", True),
]


@requirement("E2")
@pytest.mark.parametrize(("rule", "tool", "specifier", "expected"), CASES)
def test_a_rule_matches_whole_names_and_whole_specifiers_where_a_star_is_any_text(
    rule: str, tool: str, specifier: str, expected: bool
) -> None:
    assert matches(read_rule(rule), tool, specifier) is expected


@pytest.mark.parametrize(
    "text", ["", "  ", "(x)", "files.read(", "files.read)", "a b", "files.read(x)y", "a" * 40_000]
)
def test_an_unreadable_rule_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(RuleError, match="rule"):
        read_rule(text)


def test_one_bad_rule_in_the_lists_is_named() -> None:
    with pytest.raises(RuleError, match=r"'oops\('"):
        Rules.read(deny=["files.*"], allow=["oops("])


@given(st.text(alphabet="ab*[]()/", max_size=12), st.text(alphabet="ab*[]()/", max_size=12))
def test_the_exact_rule_of_a_call_matches_that_call_and_no_other(one: str, other: str) -> None:
    rule = read_rule(rule_for("files.read", one))
    assert matches(rule, "files.read", one)
    assert matches(rule, "files.read", other) is (one == other)
    assert not matches(rule, "files.write", one)


@given(st.text(alphabet="ab*", max_size=8), st.text(alphabet="ab", max_size=10))
def test_globs_agree_with_a_plain_definition(pattern: str, text: str) -> None:
    assert matches(Rule(tool="t", specifier=pattern), "t", text) is _by_definition(pattern, text)


def _by_definition(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return _by_definition(pattern[1:], text) or (bool(text) and _by_definition(pattern, text[1:]))
    return bool(text) and text[0] == pattern[0] and _by_definition(pattern[1:], text[1:])


def test_a_hostile_pattern_and_text_match_in_linear_time() -> None:
    """A backtracking matcher would not return before the test's time limit."""
    rule = Rule(tool="t", specifier="*a" * 4_000 + "b")
    assert not matches(rule, "t", "a" * 8_000)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("files.read", True), ("files.*(*)", True), ("files.read(a*)", False), ("notes.*", False)],
)
def test_a_rule_covers_a_tool_when_it_speaks_of_every_call(rule: str, expected: bool) -> None:
    assert covers(read_rule(rule), "files.read") is expected
