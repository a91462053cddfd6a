"""What the protocol's document says of links beside their frames; the prose stands in `link_story.md`."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from peer import comparing, lineage, messages, opening, pairing, protocol, root, rotation, server
from peer.answering import RESULTS_KEPT
from peer.closing import CLOSE_CODES, CLOSE_GOING, CLOSE_JUNK, CLOSE_TOO_SLOW
from peer.connection import (
    COMPARE_TIMEOUT_S,
    DEAD_AFTER_S,
    IDLE_PER_MINUTE,
    OUTBOX_MAX,
    PING_EVERY_S,
    READ_PER_S,
    READ_UNIT_CHARS,
)
from peer.dial import PATH
from peer.errors import ERRORS
from peer.guard import Policy
from peer.lineage import LineageLimits
from peer.links import SPARE_MAX
from peer.loans import LOAN_MAX_MS
from peer.messages import GREETING_MAX_BYTES
from peer.server import PENDING_MAX_BYTES
from peer.sockets import CLOSE_UNSUPPORTED
from peer.tls import ALPN, SERVER_NAME
from peer.window import MAX_FAILURES, PAUSE_S, WINDOW_S

GREETED = "*greeting*"
COMPARED = (
    "*greeting*, share of the listener, share of the dialler, name of the dialler, name of the listener"
)


def link_story() -> str:
    """Return the story in Markdown, with the numbers and names of the code."""
    template = Path(__file__).with_name("link_story.md").read_text("utf-8").rstrip()
    return template.format(
        alpn=ALPN,
        server_name=SERVER_NAME,
        path=PATH,
        ticket_prefix=pairing.PREFIX,
        ticket_version=pairing.VERSION,
        secret_bytes=pairing.SECRET_BYTES,
        check_bytes=pairing.CHECK_BYTES,
        commit=comparing.COMMIT,
        code=comparing.CODE,
        digits=comparing.CODE_DIGITS,
        mark_digits=lineage.TAG_HEX_CHARS,
        margin_ms=lineage.MARGIN_MS,
        signatures=_table(("Where", "By", "Label", "Fields"), _signatures()),
        bounds=_table(("What", "Bound"), _bounds().items()),
        closes=_table(("Close code", "Reason"), _closes()),
        codes=_table(("Code", "Meaning"), _codes()),
    )


def _signatures() -> Iterator[Sequence[str]]:
    yield "`auth.sig`", "dialler", f"`{protocol.CLIENT}`", GREETED
    yield "`welcome.sig`", "listener", f"`{protocol.SERVER}`", GREETED
    yield "`pair_ticket.sig`, `.mac`", "dialler", f"`{pairing.JOINER}`", f"{GREETED}, name of the dialler"
    names = "name of the dialler, name of the listener"
    yield "`pair_done.sig`, `.mac`", "listener", f"`{pairing.INVITER}`", f"{GREETED}, {names}"
    yield "`pair_reveal.sig`", "dialler", f"`{comparing.REVEAL}`", COMPARED
    yield "`pair_confirm.sig`", "dialler", f"`{comparing.DIALLER_MATCH}`", COMPARED
    yield "`pair_confirm.sig`", "listener", f"`{comparing.LISTENER_MATCH}`", COMPARED
    yield "`key_changed.sig`", "dialler", f"`{protocol.CHANGED}`", GREETED
    yield "`key_changed.former[].sig`", "a former key", f"`{rotation.LABEL}`", "former key, present key"
    yield (
        "`lineage.root.sig`",
        "first asker",
        f"`{root.LABEL}`",
        "`ask`, `at` in eight bytes, mark of the first receiver",
    )


def _bounds() -> dict[str, str]:
    policy, whole = Policy(allowed=True), LineageLimits()
    return {
        "before a key is proved: time": f"{protocol.HANDSHAKE_TIMEOUT_S} s",
        "before a key is proved: size": f"{_kb(PENDING_MAX_BYTES)}, a frame {_kb(GREETING_MAX_BYTES)}",
        "before a key is proved: connections, from before TLS on": (
            f"{server.MAX_PENDING_PER_HOST} of one host, {server.MAX_PENDING} in all"
        ),
        "a frame of an open link": _kb(messages.FRAME_MAX_BYTES),
        "reading": f"{READ_PER_S:,} frames a second; one of many characters counts per {READ_UNIT_CHARS:,}",
        "frames about nothing that is under way": f"{IDLE_PER_MINUTE:,} a minute",
        "frames that a peer leaves unread": f"{OUTBOX_MAX}",
        "links of one peer": f"{1 + SPARE_MAX} at once, {opening.LINKS_PER_MINUTE} opened a minute",
        "signs of life": f"a ping every {PING_EVERY_S} s; {DEAD_AFTER_S} s of silence end the link",
        "asks of one peer": f"{policy.max_running} at once, {policy.per_minute} a minute",
        "a question, an answer": f"{_kb(messages.PROMPT_MAX_BYTES)}, {_kb(messages.ANSWER_MAX_BYTES)}",
        "one question in all": f"{whole.hops} links, {whole.asks} asks, {whole.ms // 1000} s",
        "events ahead of their reader": f"{messages.EVENT_WINDOW}",
        "results kept for a request that comes again": f"{RESULTS_KEPT} of each peer",
        "a round on a lent model": (
            f"{LOAN_MAX_MS // 1000} s, {messages.MODEL_REQUEST_MAX_CHARS:,} characters of request,"
            f" {messages.MODEL_REPLY_MAX_CHARS:,} of reply"
        ),
        "a ticket": f"{pairing.INVITE_TTL_S / 3600:.0f} h, one use, {pairing.MAX_FAILURES} wrong tries",
        "comparing codes": (
            f"a window of {WINDOW_S:.0f} s, one node at a time, {COMPARE_TIMEOUT_S} s for both owners,"
            f" {MAX_FAILURES} failures, then {PAUSE_S / 60:.0f} minutes of rest"
        ),
    }


def _codes() -> Iterator[Sequence[str]]:
    for code, kind in ERRORS.items():
        yield f"`{code}`", (kind.__doc__ or "").partition("\n")[0]


def _kb(size: int) -> str:
    return f"{size // 1024} KB"


def _closes() -> Iterator[Sequence[str]]:
    by_code = {
        CLOSE_GOING: ["bye"],
        CLOSE_JUNK: ["protocol"],
        CLOSE_UNSUPPORTED: ["text only"],
        CLOSE_TOO_SLOW: ["peer_lost"],
    }
    for reason, code in CLOSE_CODES.items():
        by_code.setdefault(code, []).append(reason)
    for code, reasons in sorted(by_code.items()):
        yield f"{code}", ", ".join(f"`{reason}`" for reason in reasons)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
