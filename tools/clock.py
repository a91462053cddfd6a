"""The clock: what time and what day it is, here or elsewhere."""

import asyncio
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from tools.registry import tool
from tools.spec import Effect, ToolError, ToolSpec


def _utc_now() -> datetime:
    return datetime.now(UTC)


def clock_tools(now: Callable[[], datetime] = _utc_now) -> tuple[ToolSpec, ...]:
    """Return the clock's tools; `now` tells an aware time."""

    @tool(
        name="clock.now",
        effect=Effect.READ,
        remote="ask",
        phrases=(
            "what time is it [now|right now|there] [in {timezone}]",
            "[tell me|do you know|check] what time it is [now] [in {timezone}]",
            "(what is|what's|tell me|give me|show [me]) the [current] time [right now|now] [in {timezone}]",
            "what the [current] time is [in {timezone}]",
            "(what is|what's|tell me|show [me]) (the [current] date|today's date) [today] [in {timezone}]",
            "what (day|date) is (it|today) [today] [in {timezone}]",
            "what (day|date) (it|today) is [in {timezone}]",
            "(which|what) day of the week is (it|today)",
            "[show] [the] (clock|current time|time now)",
        ),
        answer="It is {time} on {weekday}, {date} ({timezone}).",
    )
    async def clock_now(
        timezone: Annotated[str, "IANA name such as Europe/Berlin, or a city; empty is the local zone"] = "",
    ) -> object:
        """Tell the current time, date and day of the week."""
        zone = await asyncio.to_thread(_zone, timezone) if timezone else None
        moment = now().astimezone(zone)
        return {
            "time": moment.strftime("%H:%M"),
            "weekday": moment.strftime("%A"),
            "date": moment.date().isoformat(),
            "timezone": str(zone) if zone else moment.tzname() or "local",
            "iso": moment.isoformat(timespec="seconds"),
        }

    return (clock_now,)


def _zone(name: str) -> zoneinfo.ZoneInfo:
    """Find a zone by its name or its city, in any case; reads files."""
    city = name.partition(",")[0]  # as in "Sydney, Australia"
    wanted = city.strip(" '\"").replace(" ", "_").casefold()
    known = sorted(zoneinfo.available_timezones(), key=len)
    found = next((key for key in known if wanted == key.casefold()), None) or next(
        (key for key in known if wanted == key.casefold().rpartition("/")[2]), None
    )
    if found is None:
        raise ToolError(f"There is no time zone called {name[:80]!r}; use a name such as Europe/Berlin.")
    return zoneinfo.ZoneInfo(found)
