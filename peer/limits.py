"""How often a peer may ask: a token bucket, with the time as a parameter."""


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
