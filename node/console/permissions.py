"""Permissions as text: what is in force, and a verdict with the rule that decided. Pure."""

from node.console.render import escape, one_line
from node.replies import PermissionsShown, PermissionVerdict

MODE_FLAG = "--mode"


def overview_text(shown: PermissionsShown) -> str:
    """Return the mode, the rules in the order in which they count, and the warnings about them."""
    own = shown["session"]
    lines = [f"mode {shown['mode']}{' (of this session)' if own['mode'] else ''}"]
    for name, rules, of_session in (
        ("deny", shown["deny"], own["deny"]),
        ("ask", shown["ask"], own["ask"]),
        ("allow", shown["allow"], own["allow"]),
    ):
        lines += [f"{name:<5} {escape(r)}{'  (this session)' if r in of_session else ''}" for r in rules]
    if len(lines) == 1:
        lines.append("no rules: reading runs, all else is up to the mode")
    if not shown["allowAlways"]:
        lines.append("approvals keep no rule for good (agent.permissions.allowAlways is off)")
    return "\n".join([*lines, *(f"warning: {escape(warning)}" for warning in shown["warnings"])])


def verdict_text(verdict: PermissionVerdict) -> str:
    """Return the verdict and why, for a call that was only tested."""
    unknown = "" if verdict["known"] else "\n(no tool of this name is here now; it counts as one that writes)"
    return (
        f"{verdict['verdict'].upper()}  {one_line(verdict['call'])}\n"
        f"mode {verdict['mode']}: {escape(verdict['reason'])}{unknown}"
    )


def read_test(argument: str) -> tuple[str, str | None]:
    """Take `CALL [--mode MODE]` apart."""
    call, flag, mode = argument.rpartition(f" {MODE_FLAG} ")
    return (call.strip(), mode.strip()) if flag else (argument.strip(), None)
