"""What a call touches, taken apart by the kind of its specifier so that rules can be held against it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from agent.breakers import ruin
from agent.paths import Places, UnreadablePath, path_fits, path_parts, path_pattern, path_reaches
from agent.rules import Part, Rule, exactly, fits, names
from agent.shell.line import parts_of
from agent.shell.syntax import UnreadableLine
from tools.spec import SpecifierKind, ToolSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    tools: tuple[str, ...]
    """The names under which rules may mean the call's tool; a rule to keep gets the last."""
    parts: tuple[Part, ...]
    fits: Callable[[str, str], bool]
    """Whether the pattern of an allow rule means a spelling."""
    meets: Callable[[str, str], bool]
    """Whether the pattern of a deny or ask rule does."""
    pattern_of: Callable[[str], str] = exactly
    """Writes a spelling as the pattern that means it and nothing else."""
    only_reads: bool = False
    ruin: str | None = None
    """Why it asks in every mode."""

    def met_by(self, rules: Sequence[Rule]) -> tuple[Rule, str] | None:
        """Return the first deny or ask rule that means any part, and the spelling that it means."""
        for rule in rules:
            if not self._is_meant(rule):
                continue
            if rule.specifier is None:
                return rule, ""
            for spelling in (each for part in self.parts for each in part.denied_as):
                if self.meets(rule.specifier, spelling):
                    return rule, spelling
        return None

    def allowed_by(self, rules: Sequence[Rule]) -> tuple[Rule, ...] | None:
        """Return the rules that together allow every part, or None; what only reads needs none."""
        if self.not_allowed_by(rules):
            return None
        deciding = (
            next(rule for rule in rules if self._allows(rule, part))
            for part in self.parts
            if not part.only_reads
        )
        return tuple(dict.fromkeys(deciding))

    def not_allowed_by(self, rules: Sequence[Rule]) -> tuple[Part, ...]:
        """Return the parts that act and that none of the rules allows."""
        return tuple(
            part
            for part in self.parts
            if not part.only_reads and not any(self._allows(rule, part) for rule in rules)
        )

    def rules_to_keep(self, rules: Sequence[Rule] = ()) -> tuple[Rule, ...]:
        """Return the narrowest rules that, with those there are, allow exactly this call."""
        missing = self.not_allowed_by(rules)
        if not all(part.allowed_as for part in missing):
            return ()
        exact = (Rule(tool=self.tools[-1], specifier=self.pattern_of(part.allowed_as[0])) for part in missing)
        return tuple(dict.fromkeys(exact))

    def apart(self) -> tuple["Subject", ...]:
        """Return the parts as subjects of their own."""
        return tuple(replace(self, parts=(part,)) for part in self.parts)

    def _is_meant(self, rule: Rule) -> bool:
        return any(names(rule, tool) for tool in self.tools)

    def _allows(self, rule: Rule, part: Part) -> bool:
        if not self._is_meant(rule):
            return False
        if rule.specifier is None:
            return True
        return any(self.fits(rule.specifier, spelling) for spelling in part.allowed_as)


def meant_by(tool: ToolSpec) -> tuple[str, ...]:
    """Return the names under which rules mean a tool."""
    return (tool.name, tool.judged_as) if tool.judged_as else (tool.name,)


def subject_of(tool: ToolSpec, specifier: str, places: Places) -> Subject:
    """Take a call's specifier apart. What cannot be read has no part that a pattern could allow, and asks."""
    match tool.specifier_kind:
        case SpecifierKind.SHELL:
            return _shell_subject(tool, specifier)
        case SpecifierKind.PATH:
            return _path_subject(tool, specifier, places)
        case SpecifierKind.NAMES:
            return _names_subject(tool, specifier)
        case SpecifierKind.TEXT:
            return _text_subject(tool, specifier)


def _text_subject(tool: ToolSpec, text: str) -> Subject:
    """What has several names is named in any case, too: what else would a rule for `Bob` mean than bob?"""
    if tool.aliases is None:
        return Subject(tools=(tool.name,), parts=(_named(tool, text),), fits=fits, meets=fits)
    return Subject(
        tools=(tool.name,), parts=(_named(tool, text),), fits=_fits_in_any_case, meets=_fits_in_any_case
    )


def _names_subject(tool: ToolSpec, text: str) -> Subject:
    return Subject(
        tools=meant_by(tool),
        parts=tuple(_named(tool, name) for name in listed(text)),
        fits=_fits_in_any_case,
        meets=_fits_in_any_case,
    )


def listed(text: str) -> tuple[str, ...]:
    """Return the names in a specifier of kind NAMES; what is no list of names is one name."""
    try:
        names_listed = json.loads(text)
    except (ValueError, RecursionError):
        return (text,)
    if not isinstance(names_listed, list) or not all(isinstance(name, str) for name in names_listed):
        return (text,)
    return tuple(dict.fromkeys(names_listed))


def _named(tool: ToolSpec, name: str) -> Part:
    aliases = tool.aliases(name) if tool.aliases else ()
    return Part(typed=name, allowed_as=(name,), denied_as=(name, *aliases))


def _fits_in_any_case(pattern: str, text: str) -> bool:
    return fits(pattern.casefold(), text.casefold())


def _shell_subject(tool: ToolSpec, line: str) -> Subject:
    try:
        parts = parts_of(line)
    except UnreadableLine:
        parts = (_unreadable(line),)
    return Subject(
        tools=(tool.name,),
        parts=parts,
        fits=fits,
        meets=_means_program,
        only_reads=all(part.only_reads for part in parts),
        ruin=ruin(line),
    )


def _means_program(pattern: str, spelling: str) -> bool:
    """A rule against `curl *` means `curl` alone, too."""
    return fits(pattern, spelling) or (pattern.endswith(" *") and fits(pattern, f"{spelling} "))


def _path_subject(tool: ToolSpec, path: str, places: Places) -> Subject:
    try:
        return Subject(
            tools=(tool.name,),
            parts=path_parts(path, places),
            fits=partial(path_fits, places=places),
            meets=partial(path_reaches, places=places),
            pattern_of=partial(path_pattern, places=places),
        )
    except UnreadablePath as error:
        reason = f"where the path leads cannot be known: {error}"
        return Subject(tools=(tool.name,), parts=(_unreadable(path),), fits=fits, meets=fits, ruin=reason)


def _unreadable(text: str) -> Part:
    return Part(typed=text, allowed_as=(), denied_as=(text,))
