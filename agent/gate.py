"""The permission gate: may this call run, must a person be asked, or is it refused?"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from agent.rules import Rules, covers, first_match, names
from tools.spec import Effect, JsonObject, ToolError, ToolSpec

SPECIFIER_VALUE_MAX_CHARS = 8_000
"""A longer value is refused, not cut: what is cut off could hide from a deny rule."""

ACCEPTED_EDITS = frozenset({"editor.save", "editor.applyEdit", "files.create", "files.write", "files.mkdir"})
"""What mode `acceptEdits` lets run without asking."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Mode(StrEnum):
    PLAN = "plan"
    """Read-only."""
    DEFAULT = "default"
    """Whatever acts has to be allowed by a rule or a person."""
    ACCEPT_EDITS = "acceptEdits"
    """As `default`, but edits of files run."""
    AUTONOMOUS = "autonomous"
    """Everything runs that no rule denies or asks about."""


class Verdict(StrEnum):
    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    reason: str
    """The rule or mode that decided, in words."""


def judge(tool: ToolSpec, specifier: str, *, mode: Mode, rules: Rules) -> Judgement:
    """Decide one call: deny rules, plan mode, ask rules, reading, mode, allow rules, and else a person."""
    if rule := first_match(rules.deny, tool.name, specifier):
        return Judgement(Verdict.DENY, f"the rule `deny {rule}` forbids it")
    if mode is Mode.PLAN and tool.effect is not Effect.READ:
        return Judgement(Verdict.DENY, "mode `plan` only reads")
    if rule := first_match(rules.ask, tool.name, specifier):
        return Judgement(Verdict.ASK, f"the rule `ask {rule}` wants to be asked")
    if tool.effect is Effect.READ:
        return Judgement(Verdict.ALLOW, "it only reads")
    if judgement := _judgement_of_mode(tool, mode):
        return judgement
    if rule := first_match(rules.allow, tool.name, specifier):
        return Judgement(Verdict.ALLOW, f"the rule `allow {rule}` allows it")
    return Judgement(Verdict.ASK, f"it acts, no rule allows it, and mode `{mode}` asks")


def _judgement_of_mode(tool: ToolSpec, mode: Mode) -> Judgement | None:
    match mode:
        case Mode.AUTONOMOUS:
            return Judgement(Verdict.ALLOW, "mode `autonomous` allows it")
        case Mode.ACCEPT_EDITS if tool.name in ACCEPTED_EDITS:
            return Judgement(Verdict.ALLOW, "mode `acceptEdits` allows edits")
    return None


def unattended(judgement: Judgement) -> Judgement:
    """Turn ASK into DENY, for a turn that has no person to ask."""
    if judgement.verdict is not Verdict.ASK:
        return judgement
    return Judgement(Verdict.DENY, f"{judgement.reason}, and nobody is there to ask")


def can_run_unattended(tool: ToolSpec, *, mode: Mode, rules: Rules) -> bool:
    """Whether some call of this tool could run without a person; if not, it need not be offered."""
    if any(covers(rule, tool.name) for rule in (*rules.deny, *rules.ask)):
        return False
    if tool.effect is Effect.READ:
        return True
    if mode is Mode.PLAN:
        return False
    if judgement := _judgement_of_mode(tool, mode):
        return judgement.verdict is Verdict.ALLOW
    return any(names(rule, tool.name) for rule in rules.allow)


def specifier_of(tool: ToolSpec, arguments: JsonObject) -> str:
    """Fill the tool's template with what a call touches; raises `ToolError` for a value too long to judge."""

    def value(found: re.Match[str]) -> str:
        text = _plain(arguments.get(found[1]))
        if len(text) > SPECIFIER_VALUE_MAX_CHARS:
            raise ToolError(
                f"{found[1]!r} is too long for the permission check: {len(text)} characters,"
                f" at most {SPECIFIER_VALUE_MAX_CHARS}"
            )
        return text

    return _PLACEHOLDER.sub(value, tool.specifier)


def _plain(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
