"""Which handler a frame goes to: one table of (channel, event), with the schema above each handler."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from pydantic import ValidationError

from agent.events import Event
from node.envelope import Envelope, FrameRefused, first_problem

C = TypeVar("C")
"""Who sent the frame."""
E = TypeVar("E", bound=Event)


class Router(Generic[C]):
    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], tuple[type[Event], Callable[..., Awaitable[None]]]] = {}

    def on(
        self, channel: str, model: type[E]
    ) -> Callable[[Callable[[C, E], Awaitable[None]]], Callable[[C, E], Awaitable[None]]]:
        """Register a handler for the events of one model. A second one for the same event is a mistake."""

        def register(handler: Callable[[C, E], Awaitable[None]]) -> Callable[[C, E], Awaitable[None]]:
            key = (channel, model.event)
            assert key not in self._routes, f"two handlers for {key}"
            self._routes[key] = (model, handler)
            return handler

        return register

    def route(self, client: C, envelope: Envelope) -> Awaitable[None]:
        """Return the handler's work for a frame, not yet started; raises `FrameRefused`."""
        channel, event = envelope.channel, envelope.event
        if (channel, event) not in self._routes:
            raise FrameRefused(*self._unknown(channel, event), channel=channel, event=event)
        model, handler = self._routes[channel, event]
        try:
            data = model.model_validate(envelope.data)
        except ValidationError as error:
            text = f"{channel} {event}: {first_problem(error)}"
            raise FrameRefused("bad_data", text, channel=channel, event=event) from None
        return handler(client, data)

    def _unknown(self, channel: str, event: str) -> tuple[str, str]:
        channels = sorted({known for known, _ in self._routes})
        if channel not in channels:
            return "unknown_channel", f"no channel {channel!r}; there is {', '.join(channels)}"
        events = sorted(known for place, known in self._routes if place == channel)
        return "unknown_event", f"channel {channel} has no event {event!r}; it has {', '.join(events)}"
