"""The gate against the permission table, and what holds for any rules and any shell line."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.gate import Mode, Verdict, judge
from agent.paths import Places
from agent.rules import Rules
from agent.shell.line import parts_of
from agent.shell.syntax import UnreadableLine
from agent.subject import subject_of
from tests.mission import requirement
from tools.spec import Effect, SpecifierKind, ToolSpec

TABLE = tomllib.loads((Path(__file__).parent / "permissions.toml").read_text("utf-8"))


def followed(path: str) -> str:
    """Follow the links of the table and the dots of a path step by step, as a disk would."""
    at = ""
    for step in path.split("/"):
        if step == "..":
            at = at.rpartition("/")[0]
        elif step not in {"", "."}:
            at = f"{at}/{step}"
            at = followed(TABLE["links"][at]) if at in TABLE["links"] else at
    return at or "/"


PLACES = Places(workspace="/srv/project", home="/home/ann", resolve=followed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    call: str
    mode: Mode
    rules: Rules
    verdict: Verdict
    why: str

    def __str__(self) -> str:
        return f"{self.mode}: {self.call!r}"


def cases() -> list[Case]:
    return [
        Case(
            call=call,
            mode=Mode(mode),
            rules=Rules.read(**{name: group.get(name, ()) for name in ("deny", "ask", "allow")}),
            verdict=Verdict(group["verdict"]),
            why=group["why"],
        )
        for group in TABLE["group"]
        for mode in group["mode"]
        for call in group["calls"]
    ]


def tool_called(name: str) -> ToolSpec:
    kinds = {"shell": SpecifierKind.SHELL, "files": SpecifierKind.PATH}
    asks_several = name == "agent.ask_peers"
    return ToolSpec(
        name=name,
        description="",
        effect=Effect.READ if name.endswith(".read") else Effect.WRITE,
        specifier="{what}",
        specifier_kind=SpecifierKind.NAMES
        if asks_several
        else kinds.get(name.partition(".")[0], SpecifierKind.TEXT),
        judged_as="agent.ask_peer" if asks_several else "",
        aliases=(lambda _: ()) if name.startswith("agent.ask_peer") else None,
    )


SHELL = tool_called("shell.run")


@requirement("E1", "E2", "E3", "E4", "E5", "E11", "E12")
@pytest.mark.parametrize("case", cases(), ids=str)
def test_the_gate_decides_as_the_permission_table_says(case: Case) -> None:
    name, _, rest = case.call.partition("(")
    judgement = judge(
        tool_called(name), rest.removesuffix(")"), mode=case.mode, rules=case.rules, places=PLACES
    )
    assert judgement.verdict is case.verdict, f"{case.why}; the gate says: {judgement.reason}"
    assert judgement.reason


def test_the_table_has_the_size_that_is_wanted() -> None:
    assert len({(case.call, case.mode) for case in cases()}) >= 200


@pytest.mark.parametrize(
    ("call", "mode", "lists", "words"),
    [
        ("ls && curl x", Mode.DEFAULT, {"deny": ["shell.run(curl *)"]}, ["`deny shell.run(curl *)`", "`curl x`"]),
        ("npm ci; npm test", Mode.DEFAULT, {"allow": ["shell.run(npm c*)", "shell.run(npm t*)"]}, ["npm c*", "npm t*"]),
        ("npm ci; make", Mode.DEFAULT, {"allow": ["shell.run(npm *)"]}, ["no rule allows `make`", "mode `default`"]),
        ("rm -rf /", Mode.AUTONOMOUS, {}, ["every mode", "deletes /"]),
        ("ls", Mode.PLAN, {}, ["only reads"]),
        ("ls 'x", Mode.AUTONOMOUS, {}, ["cannot be read", "quote"]),
    ],
)  # fmt: skip
def test_the_reason_names_the_deciding_rules_and_the_part_they_met(
    call: str, mode: Mode, lists: dict[str, list[str]], words: list[str]
) -> None:
    judgement = judge(SHELL, call, mode=mode, rules=Rules.read(**lists))
    assert all(word in judgement.reason for word in words), judgement.reason


COMMANDS = st.sampled_from(
    [
        "ls",
        "rm a",
        "npm test",
        "git push",
        "echo $(rm a)",
        "cat a > b",
        "sudo npm test",
        "'rm' a",
        "X=1 make",
        "f() { ls; }",
    ]
)
LINES = st.lists(COMMANDS, min_size=1, max_size=4).flatmap(
    lambda commands: st.lists(
        st.sampled_from([" && ", "; ", "\n", " | ", " || "]), min_size=len(commands), max_size=len(commands)
    ).map(
        lambda joints: "".join(each for pair in zip(commands, joints, strict=True) for each in pair)[
            : -len(joints[-1])
        ]
    )
)
PATTERNS = st.lists(
    st.sampled_from(
        [
            "shell.run",
            "shell.run(*)",
            "shell.run(rm *)",
            "shell.run(npm *)",
            "shell.run(> *)",
            "shell.run(git*)",
            "*.run(*a)",
        ]
    ),
    max_size=3,
)


@requirement("E11")
@given(line=LINES, allow=PATTERNS)
def test_a_line_is_allowed_by_rules_only_when_each_part_alone_is(line: str, allow: list[str]) -> None:
    rules = Rules.read(allow=allow)
    alone = [
        judge(SHELL, part.typed, mode=Mode.DEFAULT, rules=rules).verdict is Verdict.ALLOW
        for part in parts_of(line)
    ]
    if judge(SHELL, line, mode=Mode.DEFAULT, rules=rules).verdict is Verdict.ALLOW:
        assert all(alone), line


@requirement("E3")
@given(line=LINES, deny=PATTERNS, allow=PATTERNS, mode=st.sampled_from(Mode))
def test_whatever_a_deny_rule_meets_alone_it_denies_within_a_longer_line(
    line: str, deny: list[str], allow: list[str], mode: Mode
) -> None:
    rules = Rules.read(deny=deny, allow=allow)
    alone = [judge(SHELL, part.typed, mode=mode, rules=rules).verdict for part in parts_of(line)]
    if Verdict.DENY in alone:
        assert judge(SHELL, line, mode=mode, rules=rules).verdict is Verdict.DENY


@given(st.text(alphabet="rm -f/*~$(){}`'\"\\;|&<>\n#a=EOFx[]!", max_size=60))
def test_any_text_is_taken_apart_or_refused_and_never_allowed_unread(line: str) -> None:
    verdict = judge(SHELL, line, mode=Mode.AUTONOMOUS, rules=Rules()).verdict
    try:
        parts_of(line)
    except UnreadableLine:
        assert verdict is Verdict.ASK


@requirement("E12")
@given(st.lists(st.sampled_from(["..", ".", "notes", "out", "a", "~", "", "latest"]), min_size=1, max_size=7))
def test_no_spelling_of_a_path_escapes_the_folder_that_is_allowed(steps: list[str]) -> None:
    path = "/".join(steps)
    tool = tool_called("files.write")
    judgement = judge(
        tool, path, mode=Mode.DEFAULT, rules=Rules.read(allow=["files.write(/notes/**)"]), places=PLACES
    )
    if judgement.verdict is Verdict.ALLOW:
        (*_, real) = subject_of(tool, path, PLACES).parts
        assert real.allowed_as[0].startswith("/srv/project/notes/")


@pytest.mark.parametrize(
    ("name", "call", "expected"),
    [
        ("shell.run", "npm test && ls && git commit -m 'a b'", ["npm test", "git commit -m 'a b'"]),
        ("shell.run", "rm *.pyc > out/../log", ["rm [*].pyc", "> log"]),
        ("files.write", "notes/a[1].md", ["/notes/a[1].md"]),
        ("files.write", "/var/log/x", ["//var/log/x"]),
        ("files.write", "notes/out/x", ["/notes/out/x", "//etc/x"]),
        ("calendar.add", "5 * 5", ["5 [*] 5"]),
        ("shell.run", "ls 'open", []),
    ],
)  # fmt: skip
def test_the_rules_to_keep_for_a_call_allow_that_call_and_are_one_for_each_part(
    name: str, call: str, expected: list[str]
) -> None:
    tool = tool_called(name)
    kept = subject_of(tool, call, PLACES).rules_to_keep()
    assert [rule.specifier for rule in kept] == expected
    if expected:
        rules = Rules(allow=kept)
        assert judge(tool, call, mode=Mode.DEFAULT, rules=rules, places=PLACES).verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        (r"C:\Users\Ann\.SSH\id", Verdict.DENY),
        ("c:/users/ann/.ssh/id", Verdict.DENY),
        (r"\\?\C:\Users\Ann\.ssh\id", Verdict.DENY),
        (r"~\.ssh. \id", Verdict.DENY),
        (r"C:\Users\Ann\.ssh::$DATA\id", Verdict.DENY),
        (r"C:\Users\Ann\x\..\..\..\..\Users\Ann\.ssh", Verdict.DENY),
        (r"C:\Users\Ann\sshx", Verdict.ALLOW),
    ],
)
def test_on_windows_case_slashes_and_names_with_trailing_dots_do_not_get_around_a_rule(
    path: str, verdict: Verdict
) -> None:
    places = Places(workspace=r"C:\work", home=r"C:\Users\Ann", folds_case=True, is_windows=True)
    judgement = judge(
        tool_called("files.read"),
        path,
        mode=Mode.DEFAULT,
        rules=Rules.read(deny=["files.read(~/.ssh)"]),
        places=places,
    )
    assert judgement.verdict is verdict


HOSTILE = [
    "(" * 8_000,
    "sudo " * 1_600,
    "bash " * 1_600,
    "a;" * 4_000,
    "{a,b}" * 1_600,
    "{" * 4_000 + "}" * 4_000,
    "$(" * 4_000,
    "`" * 8_000,
    "${a:-" * 1_600,
    "rd /s " * 1_300 + "'",
    "<<a\n" * 2_000 + "$(",
    "$((" * 2_600,
    '$(("' * 2_000,
    "(($(" * 7 + "a" + ") ) )" * 7,
    "((a) ;b);" * 800 + "(",
    "<(a) " * 1_600,
    "sh -c 'sh -c ' " * 500,
]


@pytest.mark.timeout(10)
@pytest.mark.parametrize("line", HOSTILE, ids=lambda line: line[:8])
def test_a_hostile_line_is_judged_in_bounded_time_and_never_runs_unasked(line: str) -> None:
    rules = Rules.read(deny=["shell.run(*a*b*c*)"] * 20, allow=["shell.run(x*)"] * 20)
    assert judge(SHELL, line, mode=Mode.AUTONOMOUS, rules=rules).verdict is Verdict.ASK


@pytest.mark.timeout(10)
def test_a_path_of_many_steps_meets_many_rules_in_bounded_time() -> None:
    rules = Rules.read(deny=["files.read(**/x/**/y/**/z)"] * 1_000)
    tool = tool_called("files.read")
    assert judge(tool, "a/" * 100, mode=Mode.PLAN, rules=rules, places=PLACES).verdict is Verdict.ALLOW
    assert judge(tool, "a/" * 4_000, mode=Mode.PLAN, rules=rules, places=PLACES).verdict is Verdict.ASK
