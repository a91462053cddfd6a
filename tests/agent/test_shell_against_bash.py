"""The reader of shell lines against the shells: a line that runs a command never passes for one that does not.

`PALAVER_SHELL_LINES=100000` compares that many generated lines instead of a few.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.gate import Mode, Verdict, judge
from agent.rules import Rules
from tests.agent.test_permissions import SHELL
from tests.mission import requirement

LINES = int(os.environ.get("PALAVER_SHELL_LINES", "300"))
LINE_S = 5.0
SHELLS = [path for path in map(shutil.which, ("bash", "dash")) if path]
pytestmark = pytest.mark.skipif(not SHELLS or os.name == "nt", reason="there is no bash and no dash")

ACTING = [
    # a quote in `${...}` in double quotes
    """echo "${x:-'$(mark)'}\"""", """echo "${x:='`mark`'}\"""", """cat <<< "${x:-'$(mark)'}\"""",
    """for i in "${x:-'$(mark)'}"; do true; done""", "cat <<E\n${x:-'$(mark)'}\nE", "cat <<E\n${x:-'`mark`'}\nE",
    """echo "${x:-"'$(mark)'"}\"""", """echo ${x:-"'$(mark)'"}""", """echo ${x:-\\'$(mark)\\'}""",
    """echo "${x-'}$(mark)\"""", """echo "${x#'}$(mark)'}\"""",
    # arithmetic, in which quotes quote nothing
    "echo $['$(mark)']", "echo $[ '`mark`' ]", "echo $(('$(mark)'))", """echo "$(('$(mark)'))\"""",
    "((cat<'$(mark)'))", "((cat < 'a[$(mark)]'))", "let 'a[$(mark)]=1'", "echo $((1<<2))\nmark\n2))", "((1<<2))\nmark",
    "(\\\n(cat<'$(mark)'))", "((1 # $(mark)\n))", "declare -i 'x=a[$(mark)]'",
    # lines that break, and carriage returns
    "echo \\\r\nmark", 'echo "$\\\n(mark)"', "cat <<E\n$\\\n(mark)\nE", "for x in a; d\\\no mark; done",
    "cat <<E\nE\\\n\nE\nmark", "cat <<EN\nE\\\nN\nmark", "cat <<E\nx\\\nE\nE\nmark", "cat <<E\r\nE\nE\r\nmark",
    # values that are read once more
    """for x in '$(mark)'; do echo "${x@P}"; done""", "for x in 'a[$(mark)]'; do echo ${!x}; done",
    "for x in 'a[$(mark)]'; do echo ${PATH:x}; done", "for x in 'a[$(mark)]'; do echo $((x)); done",
    "for x in 'a[$(mark)]'; do echo ${PATH:0:x}; done", "for x in 'a[$(mark)]'; do echo ${b[x]}; done",
    "for x in 'a[$(mark)]'; do [[ x -eq 0 ]]; done", "for x in 'a[$(mark)]'; do [[ -v $x ]]; done",
    "for x in 'a[$(mark)]'; do test -v $x; done", "for x in 'a[$(mark)]'; do let x; done",
    "for x in 'a[$(mark)]'; do ((x)); done", "for x in 'a[$(mark)]'; do printf -v $x y; done",
    "for x in 'a[$(mark)]'; do read $x </dev/null; done", "for x in 'a[$(mark)]'; do unset $x; done",
    "for x in 'a[$(mark)]'; do declare -i y=x; done", "for x in 'a[$(mark)]'; do echo ${b['x']}; done",
    "for x in 'a[`mark`]'; do ((x)); done", "for x in '(mark)]'; do y='a[$'; z=$y$x; echo $((z)); done",
    "a['$(mark)']=1", "a['$(mark)']=1 ls", "[[ 'a[$(mark)]' -eq 1 ]]", "[[ -v 'a[$(mark)]' ]]", "test -v 'a[$(mark)]'",
    "printf -v 'a[$(mark)]' x", "read 'a[$(mark)]' </dev/null", "unset 'a[$(mark)]'", ": ${a['$(mark)']}",
    ": ${x:='$(mark)'}; echo ${x@P}", "PS4='$(mark)'; set -x; ls", "mapfile -t 'a[$(mark)]' </dev/null",
    "mapfile -C 'mark;' -c 1 x <<< a", "compgen -W '$(mark)'", "echo {a['$(mark)']}</dev/null",
    # here-documents whose end is not where it seems, and those in a substitution
    "cat <<E*\nE*\nmark", "cat <<$x\n$x\nmark", "cat <<E $(ls\nmark\nE\n)", "cat <<{E}\n{E}\nmark", "cat <<~\n~\nmark",
    "cat <<[E]\n[E]\nmark", "cat <<E; (ls\nE\nmark)", "cat <<'E\\'\nE\\\nmark",
    # words that look otherwise
    "echo ~`mark`", "echo ~'; ls '; mark; echo '", 'echo ~"$(mark)"', "cur=mark; for x do mark; done; mark",
    "coproc cat { mark; }; wait", "coproc cat while mark; do break; done; wait", "coproc mark; wait",
    "f() { for x do mark; done; }; f a", "a[ # ]=1; mark", "echo $'\\x{6d}ark'; $'\\x{6d}ark'", "echo $'\\'; mark; echo \\''",
    """echo "`echo \\"'\\"; mark; echo \\"'\\"`\"""", "bash -c 'case x in x) mark;; esac'", "eval 'case x in x) mark;; esac'",
    "trap 'case x in x) mark;; esac' EXIT", "echo ${x:-<(mark)}", "echo `#$(true)\nmark`", 'echo $"$(mark)"',
    "bash -c $'mark\\n\"open'", "bash <<'E'\nmark\nls 'open\nE", "a[0]=1 mark",
]  # fmt: skip
"""Each of these has run `mark` in some shell, or came close."""


class Machine:
    """Runs lines in an empty folder, where `mark` leaves a trace and next to nothing else is installed."""

    def __init__(self, folder: Path) -> None:
        self._programs, self._trace, self._here = folder / "bin", folder / "trace", folder / "here"
        self._programs.mkdir()
        for name in ("cat", "ls", "bash"):
            if found := shutil.which(name):
                (self._programs / name).symlink_to(found)
        mark = self._programs / "mark"
        mark.write_text(f"#!/bin/sh\n: > '{self._trace}'\n")
        mark.chmod(0o755)

    def runs(self, shell: str, line: str) -> bool:
        """Whether the line runs `mark`."""
        shutil.rmtree(self._here, ignore_errors=True)
        self._here.mkdir()
        self._trace.unlink(missing_ok=True)
        try:
            subprocess.run(
                [shell, "-c", line],
                cwd=self._here,
                env={"PATH": str(self._programs), "HOME": str(self._here)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=LINE_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            pass
        return self._trace.exists()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("machine"))


def passes(line: str) -> str:
    """Say where a line passes that must not if it runs `mark`; nothing if it is stopped everywhere."""
    if judge(SHELL, line, mode=Mode.PLAN, rules=Rules()).verdict is Verdict.ALLOW:
        return "it passes for one that only reads"
    denying = Rules.read(deny=["shell.run(mark *)"])
    if judge(SHELL, line, mode=Mode.AUTONOMOUS, rules=denying).verdict is Verdict.ALLOW:
        return "it passes a deny rule"
    return ""


@requirement("E3", "E11")
@pytest.mark.parametrize("line", ACTING)
def test_a_line_that_once_hid_a_command_is_stopped_when_a_shell_runs_it(machine: Machine, line: str) -> None:
    assert not passes(line) or not any(machine.runs(shell, line) for shell in SHELLS), passes(line)


def test_the_lines_that_hide_a_command_do_run_it(machine: Machine) -> None:
    """Without this the test above would hold on a machine where nothing runs."""
    ran = [line for line in ACTING if any(machine.runs(shell, line) for shell in SHELLS)]
    assert len(ran) > len(ACTING) // 2


CORES = st.sampled_from(
    ["$(mark)", "`mark`", "mark", ";mark;", "a[$(mark)]", "'$(mark)'", "'a[`mark`]'", "\nmark\n"]
)
PIECES = st.sampled_from(
    [
        "$(mark)", "`mark`", ";mark;", "a", "x", "'", '"', "\\", "\\\n", "\r\n", "}", ")", "]",
        "{", "(", "[", "$", "`", "#", " ", "\n", ";", "&&", "~", "<<E\n", "\nE\n", "<<'E'\n", "<<-E\n", "\t", "<", ">/dev/null",
        "$x", "${x", "${", "$((", "))", "((", "$[", "$'", '$"', "\\'", '\\"', "\\`", "\\$", "@P", ":-", ":", "#", "/", "!", "-eq 0",
        "a[$(mark)]", "a[", "for x in ", "; do ", "; done", "do ", "[[ ", " ]]", "-v ", "in ", "=", "cat ", "echo ", "1", ",", "E",
    ]
)  # fmt: skip
ODD = st.lists(PIECES, max_size=2).map("".join)
AROUND = st.sampled_from(
    [
        "'%s'", '"%s"', "${x:-%s}", "${x-%s}", "${x#%s}", "${x/%s/}", "${x/a/%s}", "${x[%s]}", "${x:%s}", "${!%s}", "${x@%s}",
        "${%s}", "$(%s)", "$(echo %s)", "`%s`", "`echo %s`", "$((%s))", "$[%s]", "((%s))", "(%s)", "\\%s", "$'%s'", '$"%s"', "<(%s)",
        "cat <<E\n%s\nE\n", "cat <<'E'\n%s\nE\n", "cat <<-E\n\t%s\n\tE\n", "cat <<%s\nE\n", "cat <<< %s", "cat < %s", "a[%s]",
        'for x in %s; do echo "${x@P}"; done', "for x in %s; do echo $((x)); done", "for x in %s; do echo ${!x}; done",
        "for x in %s; do cat $x; done", "for x in a; do %s; done", "[[ %s ]]", "[ %s ]", "test %s", "~%s", "{%s,b}", "# %s\n", "%s #",
        "if ls %s; then ls; fi", "{ %s; }", "ls %s &", "ls | cat %s", "ls;%s", "ls\n%s", "ls && %s", "! %s", "time %s", "\\\n%s",
        "%s\\\n", "%s\r\n", "bash -c '%s'", 'bash -c "%s"', "eval %s", "eval '%s'", "f() { %s; }; f a", "%s=1", "echo %s >/dev/null",
        "printf %s", "read %s", "let %s", "declare %s", "unset %s", "x=%s; echo ${x@P}", "x=%s; echo $((x))", "cat <<E $(ls\n%s\nE\n)",
        "(cat <<E\n%s\nE\n)", "$(cat <<E\n%s\nE\n)", "trap %s EXIT", "time for x do %s; done", "coproc %s",
    ]
)  # fmt: skip


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A command with layers of quotes, substitutions and commands around it, and odd signs between them."""
    text = draw(CORES)
    for before, around, after in draw(st.lists(st.tuples(ODD, AROUND, ODD), max_size=4)):
        text = before + around.replace("%s", text) + after
    return draw(st.sampled_from(["", "echo ", "cat ", "ls "])) + text


@requirement("E3", "E11")
@settings(max_examples=LINES, database=None, suppress_health_check=list(HealthCheck))
@given(line=lines())
def test_no_line_of_quotes_and_substitutions_hides_what_a_shell_runs(machine: Machine, line: str) -> None:
    if where := passes(line):
        assert not any(machine.runs(shell, line) for shell in SHELLS), where
