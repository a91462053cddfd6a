"""Permission rules: `Tool` or `Tool(specifier)`, where `*` stands for any run of characters.

A tool name may glob as well: `files.*`. A literal star is written `[*]`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agent.errors import RuleError

RULE_MAX_CHARS = 32_000
_RULE = re.compile(r"(?P<tool>[A-Za-z0-9_.*-]+)(?:\((?P<specifier>.*)\))?", re.DOTALL)
_STAR = "[*]"
_WILD = re.compile(r"\*(?!\])|(?<!\[)\*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    tool: str
    specifier: str | None = None
    """None matches every call of the tool; an empty text only a call that names nothing."""

    def __str__(self) -> str:
        return self.tool if self.specifier is None else f"{self.tool}({self.specifier})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something that a call touches. A call is allowed when each of its parts is."""

    typed: str
    allowed_as: tuple[str, ...]
    """The spellings under which an allow rule may mean it; the first is the one to keep a rule for."""
    denied_as: tuple[str, ...]
    """The spellings under which a deny or ask rule means it: as wide as can be."""
    only_reads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    deny: tuple[Rule, ...] = ()
    ask: tuple[Rule, ...] = ()
    allow: tuple[Rule, ...] = ()

    @classmethod
    def read(cls, *, deny: Iterable[str] = (), ask: Iterable[str] = (), allow: Iterable[str] = ()) -> "Rules":
        """Read the three lists of the settings; raises `RuleError` for the first that makes no sense."""
        return cls(
            deny=tuple(map(read_rule, deny)),
            ask=tuple(map(read_rule, ask)),
            allow=tuple(map(read_rule, allow)),
        )


def read_rule(text: str) -> Rule:
    """Read `Tool` or `Tool(specifier)`; raises `RuleError`."""
    text = text.strip()
    if len(text) > RULE_MAX_CHARS:
        raise RuleError(f"the rule {text[:40]!r}… is longer than {RULE_MAX_CHARS} characters")
    found = _RULE.fullmatch(text)
    if found is None:
        raise RuleError(
            f"cannot read the rule {text[:200]!r}: write Tool or Tool(specifier), as files.read(notes/*)"
        )
    return Rule(tool=found["tool"], specifier=found["specifier"])


def exactly(text: str) -> str:
    """Return the pattern that means this text and no other."""
    return text.replace("*", _STAR)


def rule_for(tool: str, specifier: str) -> str:
    """Return the rule that matches exactly this call and no wider one."""
    return str(Rule(tool=tool, specifier=exactly(specifier)))


def matches(rule: Rule, tool: str, specifier: str) -> bool:
    """Whether a rule speaks of this call."""
    return names(rule, tool) and (rule.specifier is None or fits(rule.specifier, specifier))


def names(rule: Rule, tool: str) -> bool:
    """Whether a rule speaks of some call of this tool."""
    return fits(rule.tool, tool)


def covers(rule: Rule, tool: str) -> bool:
    """Whether a rule speaks of every call of this tool."""
    return names(rule, tool) and (rule.specifier is None or set(rule.specifier) == {"*"})


def fits(pattern: str, text: str) -> bool:
    """Whether a pattern means the whole of a text; in linear time."""
    first, *rest = _pieces(pattern)
    if not rest:
        return text == first
    *middle, last = rest
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    # The leftmost find of each literal piece is always right: no way back is ever needed.
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _pieces(pattern: str) -> list[str]:
    return [piece.replace(_STAR, "*") for piece in _WILD.split(pattern)]
