"""When a stranger may ask to compare codes: in a window that the owner opened, one at a time, few times."""

WINDOW_S = 120.0
MAX_FAILURES = 3
PAUSE_S = 900.0


class PairingWindow:
    """Time comes in with every call, in seconds of one clock.

    A try counts from the moment at which a share was given away or a code was shown, however it ends: who
    leaves in time to try again would otherwise have as many guesses as it likes.
    """

    def __init__(self) -> None:
        self._closes_at = 0.0
        self._paused_until = 0.0
        self._failures = 0
        self._is_taken = False

    def open(self, now: float) -> bool:
        """Let strangers ask for `WINDOW_S` from now on; False during a pause."""
        if self.pause_s(now) > 0:
            return False
        self._closes_at = now + WINDOW_S
        return True

    def shut(self) -> None:
        self._closes_at = 0.0

    def open_s(self, now: float) -> float:
        """Return how long it stays open; 0 when it is shut."""
        return max(0.0, self._closes_at - now)

    def pause_s(self, now: float) -> float:
        """Return how long the pause after failures lasts; 0 without one."""
        return max(0.0, self._paused_until - now)

    @property
    def is_taken(self) -> bool:
        """A comparison is under way."""
        return self._is_taken

    def enter(self, now: float) -> bool:
        """Take the one place, as a stranger; False when it may not."""
        if self.open_s(now) <= 0:
            return False
        return self.take(now)

    def take(self, now: float) -> bool:
        """Take the one place, as the owner who begins it; False when another has it, or during a pause."""
        if self._is_taken or self.pause_s(now) > 0:
            return False
        self._is_taken = True
        return True

    def leave(self, now: float, *, is_paired: bool, counts: bool) -> None:
        """Give the place back; `counts` says whether a failure was a try."""
        self._is_taken = False
        if is_paired:
            self._failures = 0
            self.shut()
        elif counts:
            self._failures += 1
        if self._failures >= MAX_FAILURES:
            self._failures = 0
            self._paused_until = now + PAUSE_S
            self.shut()
