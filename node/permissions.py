"""What the owner allows: the settings, and over them what holds for one session until the node stops."""

import logging
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.events import DECISIONS, Decision
from agent.gate import Judgement, Mode
from agent.paths import Places
from agent.rule_check import warnings
from agent.rules import Rules, exactly, read_rule
from node.approvals import Question
from node.choices import mode_of, places_of, rules_of
from node.settings import Settings
from tools.spec import ToolSpec

logger = logging.getLogger(__name__)

SESSIONS_MAX = 512
"""Sessions whose own rules are remembered; the one that was longest without use goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What differs in one session."""

    mode: Mode | None = None
    """None: as set for all."""
    deny: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    """These come beside the rules of the settings; the order deny, ask, allow holds over both."""


class OwnerPermissions:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._overrides: OrderedDict[str, Override] = OrderedDict()

    def mode(self, asked: str | None, session_id: str | None = None) -> Mode:
        """Return the mode of a turn: as its ask wants it, else as its session, else as set."""
        return mode_of(asked or self.override(session_id).mode, self._settings)

    def rules(self, session_id: str | None = None) -> Rules:
        """Return the rules in force now."""
        stored, own = rules_of(self._settings), self.override(session_id)
        more = Rules.read(deny=own.deny, ask=own.ask, allow=own.allow)
        return Rules(
            deny=(*stored.deny, *more.deny),
            ask=(*stored.ask, *more.ask),
            allow=(*stored.allow, *more.allow),
        )

    def places(self) -> Places:
        return places_of(self._settings)

    def override(self, session_id: str | None) -> Override:
        return self._overrides.get(session_id or "", Override())

    def set_override(self, session_id: str, override: Override) -> None:
        """Let this hold in a session from now on; one that changes nothing is forgotten."""
        self._overrides.pop(session_id, None)
        if override != Override():
            self._overrides[session_id] = override
        while len(self._overrides) > SESSIONS_MAX:
            self._overrides.popitem(last=False)

    async def keep(self, session_id: str, decision: Decision, rules: Sequence[str]) -> None:
        """Keep the allow rules of an answer, for as long as the answer says."""
        match decision:
            case "allow_session":
                own = self.override(session_id)
                self.set_override(session_id, replace(own, allow=_with(own.allow, rules)))
            case "allow_always":
                key = "agent.permissions.allow"
                await self._settings.put(key, _with(self._settings.texts(key), rules))
            case _:
                pass

    async def take_back(self, tool: str, named: Collection[str]) -> None:
        """Drop what is allowed of calls of this tool that name any of these, in whatever case, everywhere."""
        key, folded = "agent.permissions.allow", {exactly(name).casefold() for name in named}

        def is_meant(text: str) -> bool:
            rule = read_rule(text)
            return rule.tool == tool and (rule.specifier or "").casefold() in folded

        def left(rules: Sequence[str]) -> tuple[str, ...]:
            return tuple(text for text in rules if not is_meant(text))

        stored = self._settings.texts(key)
        if left(stored) != tuple(stored):
            await self._settings.put(key, left(stored))
        for session_id, own in list(self._overrides.items()):
            self.set_override(session_id, replace(own, allow=left(own.allow)))

    def question(self, session_id: str, tool: ToolSpec, specifier: str, judgement: Judgement) -> Question:
        """Return the question that a call raises, with the answers that count."""
        return Question(
            session_id=session_id,
            tool=tool,
            specifier=specifier,
            decisions=self._decisions(judgement),
            rules=self.rules(session_id),
            places=self.places(),
        )

    def _decisions(self, judgement: Judgement) -> Sequence[Decision]:
        if not judgement.a_rule_would_help:
            return ("allow_once", "deny")
        if not self._settings.flag("agent.permissions.allowAlways"):
            return ("allow_once", "allow_session", "deny")
        return DECISIONS

    def warnings(self, tools: Iterable[ToolSpec], session_id: str | None = None) -> list[str]:
        """Return a sentence for each rule that does nothing."""
        return list(warnings(self.rules(session_id), tuple(tools)))

    def warn(self, tools: Iterable[ToolSpec]) -> None:
        """Say in the log which rules do nothing."""
        for warning in self.warnings(tools):
            logger.warning("%s", warning)

    def overview(self, tools: Iterable[ToolSpec], session_id: str | None = None) -> Mapping[str, object]:
        """Return what is in force, and what the owner should know of rules that do nothing."""
        own = self.override(session_id)
        key = "agent.permissions."
        return {
            "mode": self.mode(None, session_id).value,
            **{
                name: list(map(str, getattr(self.rules(session_id), name)))
                for name in ("deny", "ask", "allow")
            },
            "session": {
                "mode": own.mode and own.mode.value,
                "deny": list(own.deny),
                "ask": list(own.ask),
                "allow": list(own.allow),
            },
            "allowAlways": self._settings.flag(f"{key}allowAlways"),
            "workspace": self.places().workspace,
            "warnings": self.warnings(tools, session_id),
        }


def _with(rules: Sequence[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*rules, *more)))
