"""How often a peer may ask, and how fast it is listened to; the time comes in as a parameter."""


class TokenBucket:
    """Holds up to a minute's worth of tokens, and fills evenly."""

    def __init__(self, per_minute: int, now: float) -> None:
        self.per_minute = per_minute
        self._tokens = float(per_minute)
        self._at = now

    def wait_s(self, now: float) -> float:
        """Return how long until a token is there; 0 when one is."""
        self._fill(now)
        if self._tokens >= 1:
            return 0.0
        return (1 - self._tokens) * 60 / max(1, self.per_minute)

    def take(self, now: float) -> None:
        """Use one token; look with `wait_s` first."""
        self._fill(now)
        self._tokens -= 1

    def _fill(self, now: float) -> None:
        gained = max(0.0, now - self._at) * self.per_minute / 60
        self._tokens = min(float(self.per_minute), self._tokens + gained)
        self._at = max(self._at, now)


class Pace:
    """Spreads work over time: up to `burst_s` at once, and then no more than the rate."""

    def __init__(self, per_s: float, *, burst_s: float = 1.0) -> None:
        self._per_s = per_s
        self._burst_s = burst_s
        self._paid_until = 0.0

    def wait_s(self, cost: float, now: float) -> float:
        """Note work of this cost, done now; return how long to wait before the next."""
        self._paid_until = max(self._paid_until, now - self._burst_s) + cost / self._per_s
        return max(0.0, self._paid_until - now)
