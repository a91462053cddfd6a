"""The comparison of codes that is under way, as the owner's clients see it and answer it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, TypeAlias

from peer.connection import COMPARE_TIMEOUT_S
from peer.errors import PairingClosed, PeerError, plain
from peer.identity import NodeId
from peer.messages import NAME_MAX_CHARS
from peer.protocol import CodeShown
from peer.window import PairingWindow

Role: TypeAlias = Literal["dialler", "listener"]


class Stage(StrEnum):
    UNDECIDED = "undecided"
    """This owner is to say whether both screens show the code."""
    AGREED = "agreed"
    """This owner said yes; the other one has not yet."""
    PAIRED = "paired"
    REFUSED = "refused"
    """It came to nothing; `reason` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    peer: NodeId
    name: str
    """What the peer calls itself, printable and clipped: a stranger's text."""
    code: str
    role: Role
    expires_at: float
    stage: Stage = Stage.UNDECIDED
    reason: str = ""

    @property
    def is_open(self) -> bool:
        return self.stage in (Stage.UNDECIDED, Stage.AGREED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingStatus:
    open_until: float | None
    """Until when strangers may ask; None: they may not."""
    paused_until: float | None
    """After too many failures nobody may, until then."""
    comparison: Comparison | None
    """The one under way, else how the last one ended."""


class Comparisons:
    """At most one is under way, whoever began it."""

    def __init__(self, now: Callable[[], float], changed: Callable[[], None]) -> None:
        self.window = PairingWindow()
        self.now = now
        self.current: Comparison | None = None
        self._changed = changed
        self._decision: asyncio.Future[bool] | None = None

    def open(self) -> None:
        """Let strangers ask, for a while; raise `PairingClosed` during the pause after failures."""
        if not self.window.open(self.now()):
            raise self.closed()
        self._changed()

    def shut(self) -> None:
        """Let nobody ask any more, and say no to who has."""
        self.window.shut()
        if self.current is not None and self.current.stage is Stage.UNDECIDED:
            self.answer(match=False)
        self._changed()

    def answer(self, *, match: bool, code: str | None = None) -> None:
        """Say whether both screens show the code that the owner saw; a yes without one counts for nothing.

        Somebody on the way may end a comparison and begin another while its owner looks at the first one's
        code. Raises `PairingClosed` when nothing waits for an answer, or not with this code.
        """
        if self.current is None or self._decision is None or self._decision.done():
            raise PairingClosed("No comparison waits for an answer. It ended, or you have answered it.")
        if code != self.current.code and (match or code is not None):
            raise PairingClosed(
                "That code is no longer shown: another comparison took its place. Look again."
            )
        self._decision.set_result(match)
        if match:
            self.show(replace(self.current, stage=Stage.AGREED))

    def status(self) -> PairingStatus:
        now = self.now()
        open_s, pause_s = self.window.open_s(now), self.window.pause_s(now)
        return PairingStatus(
            open_until=now + open_s if open_s else None,
            paused_until=now + pause_s if pause_s else None,
            comparison=self.current,
        )

    def closed(self) -> PairingClosed:
        """Return why no comparison can begin now."""
        if pause_s := self.window.pause_s(self.now()):
            return PairingClosed(
                f"Comparing codes rests for another {pause_s / 60:.0f} minutes, for it failed several times. "
                "A ticket works meanwhile: palaver invite."
            )
        return PairingClosed("Another comparison is under way. Answer that one first.")

    def show(self, comparison: Comparison) -> None:
        self.current = comparison
        self._changed()

    async def decision(self) -> bool:
        self._decision = asyncio.get_running_loop().create_future()
        return await self._decision


class Attempt:
    """One connection's way through a comparison: it enters, the owner decides, it ends."""

    def __init__(self, comparisons: Comparisons, role: Role, shown: Callable[[], None]) -> None:
        """`shown` is called when a code is on the screen."""
        self._comparisons = comparisons
        self._role = role
        self._shown = shown
        self._has_entered = False
        self._own: Comparison | None = None

    def enter(self) -> bool:
        """Take the one place; False when it may not."""
        window, now = self._comparisons.window, self._comparisons.now()
        take = window.enter if self._role == "listener" else window.take
        self._has_entered = take(now)
        return self._has_entered

    async def decide(self, shown: CodeShown) -> bool:
        """Show the code and wait for the owner; whoever waits bounds the time.

        Nobody else may enter from now on, so that no other code takes the place of the one that is looked at.
        """
        self._comparisons.window.shut()
        self._own = Comparison(
            peer=shown.peer,
            name=plain(shown.name, NAME_MAX_CHARS),
            code=shown.code,
            role=self._role,
            expires_at=self._comparisons.now() + COMPARE_TIMEOUT_S,
        )
        self._comparisons.show(self._own)
        self._shown()
        return await self._comparisons.decision()

    def end(self, error: PeerError | None) -> None:
        """Give the place back, and say what came of it."""
        if not self._has_entered:
            return
        self._has_entered = False
        # A listener gave its share away as soon as somebody entered; a dialler only with its code.
        counts = self._role == "listener" or self._own is not None
        self._comparisons.window.leave(self._comparisons.now(), is_paired=error is None, counts=counts)
        if self._own is not None:
            stage = Stage.PAIRED if error is None else Stage.REFUSED
            self._comparisons.show(replace(self._own, stage=stage, reason=str(error or "")))
