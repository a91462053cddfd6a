"""A transcript as a page for somebody who is not its owner. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from node.chat_links.details import details_of, sources_of, untold_of
from node.chat_links.page import BRAND, page
from node.chat_links.prose import html_of
from node.store.chat_links import ChatLink
from node.store.messages import Role, StoredMessage

PROSE_MAX_CHARS = 50_000
"""A longer text is shown as it is: reading Markdown takes up to 40 microseconds for a character."""
MODEL_SHOWN_CHARS = 80
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
FOOT = (
    "Somebody gave you this page from their own Palaver node. You can read it; nothing that you do here"
    " reaches their agent. Answers come from the model that is named beside them, and may be wrong."
)

_ENDED = {
    "failed": "This turn failed before it came to an answer.",
    "cancelled": "This turn was stopped before it came to its end.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some messages of a transcript that stand next to each other."""

    messages: Sequence[StoredMessage]
    is_first: bool
    next_position: int | None
    """Where the next part begins; None: this is the last."""


def transcript_page(link: ChatLink, part: Part, now: float) -> str:
    said = "".join(_message(message, with_details=link.with_details) for message in part.messages)
    nothing = '<p class="nothing">There is nothing here any more.</p>' if part.is_first else ""
    return page(
        link.title,
        f'<header class="top">{BRAND}<p class="badge">Read-only</p></header>'
        f'<main><h1 dir="auto">{escape(link.title)}</h1><p class="about">{_about(link, now)}</p>'
        f"{said or nothing}{_ways(part)}</main>"
        f"<footer>{FOOT}</footer>",
    )


def _about(link: ChatLink, now: float) -> str:
    since = now - link.created_at
    stood = f"{span(since)} ago" if since >= MINUTE_S else "a moment ago"
    held = "As it is now; load it again for what comes." if link.follows else f"As it stood {stood}."
    left = "" if link.with_details else " Reasoning and tool calls are left out."
    return f"{held}{left} This page ends in {span(link.expires_at - now)}."


def _message(message: StoredMessage, *, with_details: bool) -> str:
    if message.role is Role.USER:
        return _said("owner", "Owner", "", _as_it_is(message.content))
    model = escape(message.model[:MODEL_SHOWN_CHARS])
    text = html_of(message.content) if len(message.content) <= PROSE_MAX_CHARS else _as_it_is(message.content)
    ended = _ENDED.get(message.state)
    return _said(
        "agent",
        "Agent",
        f"<bdi>{model}</bdi>" if model else "",
        details_of(message) if with_details else untold_of(message),
        f'<div class="prose" dir="auto">{text}</div>' if message.content else "",
        sources_of(message) if with_details else "",
        f'<p class="ended">{ended}</p>' if ended else "",
    )


def _said(kind: str, who: str, more: str, *parts: str) -> str:
    return f'<article class="{kind}"><h2>{who} <small>{more}</small></h2>{"".join(parts)}</article>'


def _as_it_is(text: str) -> str:
    return f'<p class="plain" dir="auto">{escape(text)}</p>'


def _ways(part: Part) -> str:
    """Return the ways to the other parts of a long transcript."""
    ways = [] if part.is_first else ['<a href="?from=0">From the beginning</a>']
    if part.next_position is not None:
        ways.append(f'<a href="?from={part.next_position}" rel="next">Read on</a>')
    return f'<nav aria-label="Parts of the conversation">{"".join(ways)}</nav>' if ways else ""


def span(seconds: float) -> str:
    """Return a duration in the largest unit of which there are two: `22 hours`."""
    for unit, length_s in (("day", DAY_S), ("hour", HOUR_S), ("minute", MINUTE_S)):
        if round(seconds / length_s) > 1:
            return f"{round(seconds / length_s)} {unit}s"
    return f"{max(1, round(seconds))} seconds"
