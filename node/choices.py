"""The owner's settings as the agent's own values: mode, rules, options, limits."""

import os
import sys
from dataclasses import replace
from pathlib import Path

from agent.gate import Mode
from agent.limits import Limits
from agent.models.base import Options
from agent.paths import Places
from agent.rules import Rules
from node.settings import Settings


def mode_of(asked: str | None, settings: Settings) -> Mode:
    """Return the mode of an owner's turn: as this ask wants it, else as set."""
    return Mode(asked or settings.text("agent.permissions.mode"))


def remote_mode_of(settings: Settings) -> Mode:
    """Return the mode of peers' turns; whatever is not a known mode is `plan`."""
    chosen = settings.text("network.remoteAgentMode")
    return Mode(chosen) if chosen in set(Mode) else Mode.PLAN


def rules_of(settings: Settings) -> Rules:
    return Rules.read(
        deny=settings.texts("agent.permissions.deny"),
        ask=settings.texts("agent.permissions.ask"),
        allow=settings.texts("agent.permissions.allow"),
    )


def places_of(settings: Settings) -> Places:
    """Return where paths begin on this machine."""
    home = str(Path.home())
    return Places(
        workspace=settings.text("agent.workspace") or home,
        home=home,
        resolve=os.path.realpath,
        folds_case=sys.platform in {"win32", "darwin"},
        is_windows=sys.platform == "win32",
    )


def options_of(settings: Settings) -> Options:
    return Options(
        temperature=settings.number("agent.orchestrator.temperature"),
        top_p=settings.number_or_none("agent.orchestrator.topP"),
        context_size=settings.whole_or_none("agent.orchestrator.contextSize"),
        max_tokens=settings.whole_or_none("agent.orchestrator.maxTokens"),
    )


def limits_of(settings: Settings) -> Limits:
    return Limits(
        rounds=settings.whole("agent.maxRounds"),
        tool_s=settings.number("agent.toolTimeoutS"),
        idle_s=settings.number("agent.turnIdleS"),
        total_s=settings.number("agent.turnMaxS"),
        status_s=settings.number("agent.statusEveryS"),
        reply_chars=settings.whole("agent.replyMaxChars"),
    )


def within(limits: Limits, seconds: float) -> Limits:
    """Return limits for a turn that has only so long."""
    return replace(limits, idle_s=min(limits.idle_s, seconds), total_s=min(limits.total_s, seconds))
