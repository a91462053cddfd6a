"""Is the model stuck? The same call with the same arguments, again and again, gets it no further."""

import json
from dataclasses import replace

from agent.gate import Judgement, Verdict
from agent.history import Call
from tools.meta import META_TOOLS

REPEATS_MAX = 3
"""The third such call in a row needs a person's word."""


class Repeats:
    """Count how often in a row a turn makes the same call. Meta tools have an allowance of their own."""

    def __init__(self) -> None:
        self._last: tuple[str, str] | None = None
        self._times = 0

    def count(self, call: Call) -> int:
        """Take the next call and return how often in a row it has come."""
        key = None if call.name in META_TOOLS else (call.name, _arguments(call))
        self._times = self._times + 1 if key is not None and key == self._last else 1
        self._last = key
        return self._times

    def forgive(self) -> None:
        """Begin to count anew: a person wants the call."""
        self._times = 0

    @property
    def is_stuck(self) -> bool:
        """Whether the last call came too often, and nobody wanted it."""
        return self._times >= REPEATS_MAX


def wary(judgement: Judgement, times: int) -> Judgement:
    """Have a call that would run asked about when it comes too often in a row."""
    if times < REPEATS_MAX or judgement.verdict is Verdict.DENY:
        return judgement
    reason = f"the model asked for the same call {times} times in a row"
    if judgement.verdict is Verdict.ASK:
        reason = f"{judgement.reason}; {reason}"
    return replace(judgement, verdict=Verdict.ASK, reason=reason)


def _arguments(call: Call) -> str:
    return call.raw if call.arguments is None else json.dumps(dict(call.arguments), sort_keys=True)
