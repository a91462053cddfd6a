"""The permission gate: may this call run, must a person be asked, or is it refused?"""

import json
import re
from dataclasses import dataclass, replace
from enum import StrEnum

from agent.paths import Places
from agent.rules import Rules, covers, names
from agent.subject import Subject, meant_by, subject_of
from tools.spec import Effect, JsonObject, SpecifierKind, ToolError, ToolSpec

SPECIFIER_VALUE_MAX_CHARS = 8_000
"""A longer value is refused, not cut: what is cut off could hide from a deny rule."""

SHOWN_MAX_CHARS = 200

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
    is_ruinous: bool = False
    """A breaker asks: no rule and no mode can answer for the owner."""
    a_rule_would_help: bool = False
    """An allow rule for this call would have let it run."""


NOWHERE = Places()
"""Where no tool speaks of paths."""


def judge(tool: ToolSpec, specifier: str, *, mode: Mode, rules: Rules, places: Places = NOWHERE) -> Judgement:
    """Decide one call, in this order: deny rules, plan mode, breakers, ask rules, reading, mode, allow rules.

    What nothing has decided by then asks. For a path this may wait for the disk.
    """
    subject = subject_of(tool, specifier, places)
    if tool.specifier_kind is SpecifierKind.NAMES:
        subject = _without_denied(subject, rules)
    only_reads = tool.effect is Effect.READ or subject.only_reads
    if met := subject.met_by(rules.deny):
        return Judgement(Verdict.DENY, f"the rule `deny {met[0]}` forbids {_what(specifier, met[1])}")
    if mode is Mode.PLAN and not only_reads and tool.is_gated:
        return Judgement(Verdict.DENY, "mode `plan` only reads")
    if subject.ruin:
        return Judgement(Verdict.ASK, f"this asks in every mode: {subject.ruin}", is_ruinous=True)
    if met := subject.met_by(rules.ask):
        reason = f"the rule `ask {met[0]}` wants to be asked about {_what(specifier, met[1])}"
        return Judgement(Verdict.ASK, reason)
    if only_reads:
        return Judgement(Verdict.ALLOW, "it only reads")
    if not tool.is_gated:
        return Judgement(Verdict.ALLOW, "it only arranges what the owner sees")
    if judgement := _judgement_of_mode(tool, mode):
        return judgement
    allowing = subject.allowed_by(rules.allow)
    if allowing is not None:
        named = " and ".join(f"`allow {rule}`" for rule in allowing)
        words = ("rules", "allow") if len(allowing) > 1 else ("rule", "allows")
        return Judgement(Verdict.ALLOW, f"the {words[0]} {named} {words[1]} it")
    reason = f"it acts, no rule allows {_left(subject, rules)}, and mode `{mode}` asks"
    return Judgement(Verdict.ASK, reason, a_rule_would_help=True)


def refused_names(tool: ToolSpec, specifier: str, rules: Rules) -> dict[str, str]:
    """Return the names that are left out of a call of kind NAMES, each with the rule that denies it."""
    if tool.specifier_kind is not SpecifierKind.NAMES:
        return {}
    denied = ((each, each.met_by(rules.deny)) for each in subject_of(tool, specifier, NOWHERE).apart())
    return {each.parts[0].typed: f"the rule `deny {met[0]}` forbids to ask it" for each, met in denied if met}


def _without_denied(subject: Subject, rules: Rules) -> Subject:
    """Leave out the names that are denied, unless nothing would be left: then the whole call is."""
    left = tuple(part for each in subject.apart() if not each.met_by(rules.deny) for part in each.parts)
    return replace(subject, parts=left) if left else subject


def _what(specifier: str, met: str) -> str:
    """Name the part of a call that a rule met, where it is not the whole."""
    return "it" if met in {"", specifier} else f"`{met[:SHOWN_MAX_CHARS]}` in it"


def _left(subject: Subject, rules: Rules) -> str:
    """Name the parts of a call that no rule allows, where it has several."""
    left = [part.typed for part in subject.not_allowed_by(rules.allow)]
    if len(subject.parts) == 1:
        return "it"
    return ", ".join(f"`{typed[:SHOWN_MAX_CHARS]}`" for typed in left)


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
    if any(covers(rule, name) for rule in (*rules.deny, *rules.ask) for name in meant_by(tool)):
        return False
    if tool.effect is Effect.READ or tool.specifier_kind is SpecifierKind.SHELL:
        return True
    if mode is Mode.PLAN:
        return False
    if judgement := _judgement_of_mode(tool, mode):
        return judgement.verdict is Verdict.ALLOW
    return any(names(rule, name) for rule in rules.allow for name in meant_by(tool))


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
