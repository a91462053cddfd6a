"""What a call of a model server tells whoever watches it: what was sent, what came back, how it ended."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol


class Exchange(Protocol):
    """One request and its answer. Each method returns at once: a stream calls them for every piece."""

    def answered(self, status: int) -> None: ...

    def received(self, data: bytes) -> None: ...

    def ended(self, error: str = "") -> None:
        """Called once, last; without an error the answer was read as far as it was wanted."""
        ...


class Recorder(Protocol):
    def sent(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Exchange:
        """Take note of a request that goes out now."""
        ...


class Unrecorded:
    """Nobody watches: a recorder and its exchange that forget everything."""

    def sent(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Exchange:
        return self

    def answered(self, status: int) -> None:
        pass

    def received(self, data: bytes) -> None:
        pass

    def ended(self, error: str = "") -> None:
        pass


UNRECORDED = Unrecorded()


@contextmanager
def until_end(exchange: Exchange) -> Iterator[None]:
    """Tell the exchange how the block ended: its error's text, or that nobody waited for the rest."""
    try:
        yield
    except Exception as error:
        exchange.ended(str(error) or type(error).__name__)
        raise
    except BaseException:  # cancelled, or its generator closed
        exchange.ended("cancelled")
        raise
    exchange.ended()
