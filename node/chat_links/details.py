"""How an answer was found, as HTML: reasoning, calls, peers' words, sources. Pure."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from node.chat_links.prose import html_of
from node.console.render import one_line
from node.console.shares import sources_text
from node.store.messages import StoredMessage

SHOWN_MAX_CHARS = 8_000
"""Of one argument list, result or peer's answer."""
ASKS = ("agent.ask_peer", "agent.ask_peers")


def details_of(message: StoredMessage) -> str:
    """Return what led to an answer, folded, and what peers said to it."""
    reasoning = [_folded("Reasoning", _text(message.reasoning))] if message.reasoning else []
    return "".join([*reasoning, *map(_call, message.tool_calls)])


def sources_of(message: StoredMessage) -> str:
    """Return where an answer comes from."""
    sources = sources_text(message.citations)  # type: ignore[arg-type]  # stored as the events have them
    return f'<p class="sources">{escape(sources)}</p>' if sources else ""


def untold_of(message: StoredMessage) -> str:
    """Return that something led to an answer, and whether others were asked; nothing of what it was."""
    calls = len(message.tool_calls)
    if not calls:
        return ""
    others = "; the agent of somebody else was asked" if any(map(_asks, message.tool_calls)) else ""
    return f'<p class="untold">{calls} tool call{"s" if calls > 1 else ""}, not shown{others}</p>'


def _asks(call: Mapping[str, Any]) -> bool:
    return call.get("name") in ASKS


def _call(call: Mapping[str, Any]) -> str:
    name, result = str(call.get("name", "")), str(call.get("result", ""))
    how = "done" if call.get("ok") else "failed"
    arguments = json.dumps(call.get("arguments", {}), ensure_ascii=False, indent=1)
    inside = f"<h3>Arguments</h3>{_code(arguments)}<h3>Result</h3>{_code(result)}"
    peers = [_peer(peer, answer) for peer, answer in peers_said(name, result)]
    return "".join([_folded(f"<code>{escape(name)}</code> {how}", inside), *peers])


def peers_said(name: str, result: str) -> Sequence[tuple[str, str]]:
    """Return which peer answered what to a call, as its result has it; nothing for calls that ask none."""
    try:
        told = json.loads(result) if name in ASKS else None
    except (ValueError, RecursionError):
        return ()
    match told:
        case {"answers": [*answers]}:
            return [said for answer in answers for said in _answers(answer)]
        case _:
            return _answers(told)


def _answers(told: object) -> Sequence[tuple[str, str]]:
    match told:
        case {"from": str(name), "answer": str(answer)}:
            return [(name, answer)]
        case _:
            return ()


def _peer(name: str, answer: str) -> str:
    """Show what a peer said under its own name: it must never look like the owner's agent."""
    head = f'<h3><bdi>{escape(one_line(name))}</bdi> <small class="badge">peer</small></h3>'
    return (
        f'<section class="peer">{head}<div class="prose" dir="auto">{html_of(_cut(answer))}</div></section>'
    )


def _folded(summary: str, inside: str) -> str:
    return f"<details><summary>{summary}</summary>{inside}</details>"


def _text(text: str) -> str:
    return f'<p class="plain" dir="auto">{escape(_cut(text))}</p>'


def _code(text: str) -> str:
    return f'<pre tabindex="0"><code>{escape(_cut(text))}</code></pre>'


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_MAX_CHARS else f"{text[:SHOWN_MAX_CHARS]}… (cut)"
