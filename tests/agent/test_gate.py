import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.gate import (
    SPECIFIER_VALUE_MAX_CHARS,
    Judgement,
    Mode,
    Verdict,
    can_run_unattended,
    judge,
    specifier_of,
    unattended,
)
from agent.rules import Rules, matches
from tests.agent.fakes import reader, writer
from tests.mission import requirement
from tools.spec import ToolError, ToolSpec

ALLOW, ASK, DENY = Verdict.ALLOW, Verdict.ASK, Verdict.DENY
PLAN, DEFAULT, EDITS, AUTO = Mode.PLAN, Mode.DEFAULT, Mode.ACCEPT_EDITS, Mode.AUTONOMOUS

READ, WRITE, EDIT = reader("files.read"), writer("notes.add"), writer("files.write")
NONE = Rules()


def rules(**lists: list[str]) -> Rules:
    return Rules.read(**lists)


CASES: list[tuple[ToolSpec, str, Mode, Rules, Verdict]] = [
    # Without rules the mode decides.
    (READ, "a", PLAN, NONE, ALLOW),
    (READ, "a", DEFAULT, NONE, ALLOW),
    (READ, "a", EDITS, NONE, ALLOW),
    (READ, "a", AUTO, NONE, ALLOW),
    (WRITE, "a", PLAN, NONE, DENY),
    (WRITE, "a", DEFAULT, NONE, ASK),
    (WRITE, "a", EDITS, NONE, ASK),
    (WRITE, "a", AUTO, NONE, ALLOW),
    (EDIT, "a", PLAN, NONE, DENY),
    (EDIT, "a", DEFAULT, NONE, ASK),
    (EDIT, "a", EDITS, NONE, ALLOW),
    (EDIT, "a", AUTO, NONE, ALLOW),
    # Deny comes first, in every mode and for reads as well.
    (READ, "app/.env", DEFAULT, rules(deny=["files.read(**/.env)"]), DENY),
    (READ, "app/.env", PLAN, rules(deny=["files.read(**/.env)"]), DENY),
    (READ, "app/.env", AUTO, rules(deny=["files.read(**/.env)"]), DENY),
    (READ, "app/main.py", AUTO, rules(deny=["files.read(**/.env)"]), ALLOW),
    (WRITE, "a", AUTO, rules(deny=["notes.add"]), DENY),
    (WRITE, "a", AUTO, rules(deny=["notes.*"]), DENY),
    (WRITE, "a", AUTO, rules(deny=["*"]), DENY),
    (WRITE, "a", AUTO, rules(deny=["notes.add(b)"]), ALLOW),
    (EDIT, "a", EDITS, rules(deny=["files.write(a)"]), DENY),
    (WRITE, "a", DEFAULT, rules(deny=["notes.*"], allow=["notes.add(a)"]), DENY),
    (WRITE, "a", DEFAULT, rules(deny=["notes.*"], ask=["notes.add(a)"]), DENY),
    (READ, "a", DEFAULT, rules(deny=["files.*"], ask=["files.read(a)"], allow=["files.read(a)"]), DENY),
    # Ask comes before reading, the mode and allow.
    (READ, "a", DEFAULT, rules(ask=["files.read"]), ASK),
    (READ, "a", PLAN, rules(ask=["files.read(a)"]), ASK),
    (WRITE, "a", PLAN, rules(ask=["*"]), DENY),
    (READ, "b", PLAN, rules(ask=["files.read(a)"]), ALLOW),
    (READ, "a", AUTO, rules(ask=["files.*"]), ASK),
    (WRITE, "a", AUTO, rules(ask=["notes.add"]), ASK),
    (WRITE, "a", AUTO, rules(ask=["notes.add(b)"]), ALLOW),
    (EDIT, "a", EDITS, rules(ask=["files.write"]), ASK),
    (WRITE, "a", DEFAULT, rules(ask=["notes.*"], allow=["notes.add(a)"]), ASK),
    (WRITE, "a", DEFAULT, rules(ask=["*"], allow=["*"]), ASK),
    # Allow comes last, and never lifts plan mode.
    (WRITE, "a", DEFAULT, rules(allow=["notes.add"]), ALLOW),
    (WRITE, "a", DEFAULT, rules(allow=["notes.add(a)"]), ALLOW),
    (WRITE, "b", DEFAULT, rules(allow=["notes.add(a)"]), ASK),
    (WRITE, "a", DEFAULT, rules(allow=["notes.*"]), ALLOW),
    (WRITE, "a", DEFAULT, rules(allow=["*(a)"]), ALLOW),
    (WRITE, "a", DEFAULT, rules(allow=["files.*"]), ASK),
    (WRITE, "a", EDITS, rules(allow=["notes.add"]), ALLOW),
    (WRITE, "a", PLAN, rules(allow=["notes.add"]), DENY),
    (EDIT, "a", PLAN, rules(allow=["*"]), DENY),
    # Specificity counts for nothing.
    (WRITE, "a", DEFAULT, rules(deny=["*(a)"], allow=["notes.add(a)"]), DENY),
    (READ, "a", DEFAULT, rules(ask=["*"], allow=["files.read(a)"]), ASK),
]


@requirement("E1", "E2", "E3", "E4")
@pytest.mark.parametrize(("tool", "specifier", "mode", "given_rules", "expected"), CASES)
def test_the_gate_decides_as_the_table_says(
    tool: ToolSpec, specifier: str, mode: Mode, given_rules: Rules, expected: Verdict
) -> None:
    assert judge(tool, specifier, mode=mode, rules=given_rules).verdict is expected


@requirement("E13")
def test_a_tool_without_a_declared_effect_counts_as_one_that_writes() -> None:
    tool = ToolSpec(name="clock.now", description="Tell the time.")
    assert judge(tool, "", mode=DEFAULT, rules=NONE).verdict is ASK
    assert judge(tool, "", mode=PLAN, rules=NONE).verdict is DENY


@pytest.mark.parametrize(
    ("judgement", "words"),
    [
        (judge(READ, "x", mode=DEFAULT, rules=rules(deny=["files.*(x)"])), "deny files.*(x)"),
        (judge(READ, "x", mode=DEFAULT, rules=rules(ask=["files.read"])), "ask files.read"),
        (judge(WRITE, "x", mode=DEFAULT, rules=rules(allow=["notes.*"])), "allow notes.*"),
        (judge(WRITE, "x", mode=PLAN, rules=NONE), "mode `plan`"),
        (judge(WRITE, "x", mode=AUTO, rules=NONE), "mode `autonomous`"),
        (judge(EDIT, "x", mode=EDITS, rules=NONE), "mode `acceptEdits`"),
        (judge(WRITE, "x", mode=DEFAULT, rules=NONE), "mode `default`"),
        (judge(READ, "x", mode=PLAN, rules=NONE), "only reads"),
    ],
)
def test_the_reason_names_the_rule_or_mode_that_decided(judgement: Judgement, words: str) -> None:
    assert words in judgement.reason


PATTERNS = st.lists(
    st.sampled_from(
        ["*", "files.*", "files.read", "files.read(a*)", "*(b)", "notes.add", "notes.*(*x*)", "x.y"]
    ),
    max_size=4,
)


RULES = st.builds(Rules.read, deny=PATTERNS, ask=PATTERNS, allow=PATTERNS)
TOOLS = st.sampled_from([READ, WRITE, EDIT])


@given(
    tool=TOOLS, specifier=st.text(alphabet="abx/", max_size=4), mode=st.sampled_from(Mode), given_rules=RULES
)
def test_whatever_else_is_set_a_deny_rule_denies_plan_never_writes_and_an_ask_rule_stops(
    tool: ToolSpec, specifier: str, mode: Mode, given_rules: Rules
) -> None:
    verdict = judge(tool, specifier, mode=mode, rules=given_rules).verdict
    is_denied = any(matches(rule, tool.name, specifier) for rule in given_rules.deny)
    if is_denied or (mode is PLAN and tool is not READ):
        assert verdict is DENY
    elif any(matches(rule, tool.name, specifier) for rule in given_rules.ask):
        assert verdict is ASK


@requirement("E14")
@given(tool=TOOLS, mode=st.sampled_from(Mode), given_rules=RULES)
def test_unattended_nothing_waits_and_what_is_allowed_was_offered(
    tool: ToolSpec, mode: Mode, given_rules: Rules
) -> None:
    verdict = unattended(judge(tool, "abx", mode=mode, rules=given_rules)).verdict
    assert verdict is not ASK
    if verdict is ALLOW:
        assert can_run_unattended(tool, mode=mode, rules=given_rules)


@pytest.mark.parametrize(
    ("tool", "mode", "given_rules", "expected"),
    [
        (READ, PLAN, NONE, True),
        (READ, PLAN, rules(deny=["files.read"]), False),
        (READ, PLAN, rules(ask=["files.*"]), False),
        (READ, PLAN, rules(deny=["files.read(secret*)"]), True),
        (WRITE, PLAN, rules(allow=["notes.add"]), False),
        (WRITE, DEFAULT, NONE, False),
        (WRITE, DEFAULT, rules(allow=["notes.add(b)"]), True),
        (WRITE, AUTO, NONE, True),
    ],
)
def test_a_tool_is_worth_offering_when_some_call_of_it_could_run(
    tool: ToolSpec, mode: Mode, given_rules: Rules, expected: bool
) -> None:
    assert can_run_unattended(tool, mode=mode, rules=given_rules) is expected


@requirement("E6")
@pytest.mark.parametrize(
    ("template", "arguments", "expected"),
    [
        ("{peerId}", {"peerId": "bob"}, "bob"),
        ("{from} -> {to}", {"from": "a", "to": "b"}, "a -> b"),
        ("{path}", {}, ""),
        ("{path}", {"path": None}, ""),
        ("{n}", {"n": 3}, "3"),
        ("{tags}", {"tags": ["a", "b"]}, '["a", "b"]'),
        ("{path.__class__}", {"path": "x"}, "{path.__class__}"),
        ("{path!r:>9}", {"path": "x"}, "{path!r:>9}"),
        ("{a}", {"a": "{b}", "b": "secret"}, "{b}"),
        ("", {"a": "x"}, ""),
        ("100 %", {}, "100 %"),
    ],
)
def test_a_specifier_is_the_template_filled_with_plain_values(
    template: str, arguments: dict[str, object], expected: str
) -> None:
    assert specifier_of(writer("x.y", specifier=template), arguments) == expected


def test_a_value_too_long_to_judge_is_refused_instead_of_cut() -> None:
    long = "x" * (SPECIFIER_VALUE_MAX_CHARS + 1)
    with pytest.raises(ToolError, match="'path' is too long"):
        specifier_of(writer("files.write", specifier="{path}"), {"path": long})
