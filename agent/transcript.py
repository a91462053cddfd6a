"""What a turn has come to so far; still readable when the turn dies."""

import time
from collections.abc import Iterable
from dataclasses import replace

from agent.desk import CallRecord, RoundRecord
from agent.history import Call
from agent.models.base import Usage


class Transcript:
    def __init__(self) -> None:
        self._started = time.monotonic()
        self.calls: list[CallRecord] = []
        """The action log, in the order in which calls got their results."""
        self.rounds: list[RoundRecord] = []
        self.notices: list[str] = []
        """What the owner was told on the way, each thing once."""
        self.usage: Usage | None = None
        """Tokens of the turn so far; None until a round has ended."""
        self._texts: list[str] = []
        self._reasoning: list[str] = []
        self._open: dict[str, Call] = {}
        self._permissions: dict[str, str] = {}

    @property
    def text(self) -> str:
        """Everything that was streamed as text."""
        return "".join(self._texts)

    @property
    def reasoning(self) -> str:
        return "".join(self._reasoning)

    @property
    def duration_ms(self) -> int:
        return self.at_ms(time.monotonic())

    def at_ms(self, moment: float) -> int:
        """Return a moment of the monotonic clock as milliseconds since the turn began."""
        return round((moment - self._started) * 1000)

    def add_text(self, delta: str) -> None:
        self._texts.append(delta)

    def add_reasoning(self, delta: str) -> None:
        self._reasoning.append(delta)

    def add_notice(self, text: str) -> None:
        if text not in self.notices:
            self.notices.append(text)

    def add_usage(self, usage: Usage) -> Usage:
        """Count one round: its prompt holds all that came before, its completion is added."""
        before = 0 if self.usage is None else self.usage.completion
        completion = None
        if before is not None and usage.completion is not None:
            completion = before + usage.completion
        self.usage = replace(usage, completion=completion)
        return self.usage

    def add_round(self, began: float, usage: Usage, calls: Iterable[Call], *, failed: bool) -> RoundRecord:
        """Count a call of the model that began at a moment of the monotonic clock and has just ended."""
        started_ms = self.at_ms(began)
        record = RoundRecord(
            started_ms=started_ms,
            duration_ms=self.duration_ms - started_ms,
            usage=usage,
            calls=tuple(call.id for call in calls),
            failed=failed,
        )
        self.rounds.append(record)
        return record

    def decided(self, call: Call, why: str) -> None:
        """Keep who or what let a call run, or kept it from running."""
        self._permissions[call.id] = why

    def permission(self, call: Call) -> str:
        return self._permissions.get(call.id, "")

    def opened(self, calls: Iterable[Call]) -> None:
        self._open.update((call.id, call) for call in calls)

    def closed(self, record: CallRecord) -> None:
        self._open.pop(record.call_id, None)
        self.calls.append(record)

    def close_open_calls(self, error: str) -> list[CallRecord]:
        """Give every open call a result, because the turn ends without one."""
        records = [
            CallRecord(
                call_id=call.id,
                name=call.name,
                arguments=call.arguments,
                ok=False,
                result=f"error: {error}",
                duration_ms=0,
                started_ms=self.duration_ms,
                permission=self.permission(call),
            )
            for call in self._open.values()
        ]
        for record in records:
            self.closed(record)
        return records
