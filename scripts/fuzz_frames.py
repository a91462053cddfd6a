"""Frames for fuzzing a link: lawful ones of every kind with random content, and ways to spoil a text."""

import json
import random
import string
from typing import Any

from peer.identity import Identity
from peer.messages import GREETING_MAX_BYTES, LINK_FRAMES

STRANGER = Identity(b"s" * 32)
RIDS = ("rid-00000001", "rid-00000002", "rid-00000003")
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 65_535, 65_536, 2**53, 2**64, 10**400, 1.5, -0.0,
    "", " ", "0", "\x00", "\ud800", "\u202e", "a" * 64, "0" * 64, "0" * 128, "f" * 128, "x" * 5_000,
    STRANGER.node_id, STRANGER.node_id.upper(), [], [1], [2, 1], [[]], [None] * 20, {}, {"id": 1},
)  # fmt: skip
TAGS = [str(frame.model_fields["t"].default) for frame in LINK_FRAMES]
FIELDS = sorted({name for frame in LINK_FRAMES for name in frame.model_fields})


class Frames:
    """A source of texts; the same seed gives the same ones."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def lawful(self) -> str:
        """Return a well-formed frame of any kind, good only by luck for where it arrives."""
        hexes = self._chance.randbytes
        rid, n = self._chance.choice(RIDS), self._chance.randrange(64)
        tag = self._chance.choice(TAGS)
        lineage = {"ask": hexes(16).hex(), "seen": [hexes(16).hex()] * self._chance.randrange(5), "hops": 3}
        known: dict[str, Any] = {
            "v": [1] if tag == "hello" else 1,
            "id": STRANGER.node_id,
            "n": n if tag.startswith(("agent", "model", "p")) and "pair" not in tag else hexes(32).hex(),
            "sig": STRANGER.sign("fuzz", hexes(8)).hex() if self._chance.random() < 0.1 else hexes(64).hex(),
            "name": "mallory",
            "tid": hexes(8).hex(),
            "mac": hexes(32).hex(),
            "commit": hexes(32).hex(),
            "r": hexes(32).hex(),
            "former": [{"id": STRANGER.node_id, "sig": hexes(64).hex()}],
            "caps": ["chat"],
            "rid": rid,
            "prompt": "hello?",
            "lineage": {**lineage, "asks": 8, "ms": 1_000},
            "kind": "token",
            "text": "words",
            "ok": self._chance.random() < 0.5,
            "ms": 1_000,
            "seq": self._chance.randrange(1_000),
        }
        kind = next(frame for frame in LINK_FRAMES if frame.model_fields["t"].default == tag)
        return json.dumps({"t": tag, **{name: known[name] for name in kind.model_fields if name in known}})

    def spoilt(self, text: str, other: str) -> str:
        """Return the text changed in one way or more; `other` is a text to take pieces of."""
        ways = (
            self._char,
            self._cut,
            self._field,
            self._odd_field,
            self._swap,
            self._double,
            self._junk,
            self._long,
        )
        for _ in range(self._chance.choice((1, 1, 1, 2, 4))):
            text = self._chance.choice(ways)(text, other)
        return text

    def _char(self, text: str, _: str) -> str:
        at = self._chance.randrange(len(text) + 1)
        put = self._chance.choice(('"', "}", "{", ",", "0", "a", "\\", "\x00", "\ud83d", "é", ""))
        return text[:at] + put + text[at + self._chance.randrange(2) :]

    def _cut(self, text: str, _: str) -> str:
        return text[: self._chance.randrange(len(text) + 1)]

    def _field(self, text: str, other: str) -> str:
        """Take one field of another frame."""
        source = _read(other)
        name = self._chance.choice(list(source) or ["t"])
        return json.dumps({**_read(text), name: source.get(name)})

    def _odd_field(self, text: str, _: str) -> str:
        frame = _read(text)
        name = self._chance.choice([*frame, self._chance.choice(FIELDS), "src", "__class__"])
        return json.dumps({**frame, name: self._chance.choice(ODD)})

    def _swap(self, text: str, other: str) -> str:
        """Be a frame of another kind with the same content."""
        return json.dumps(
            {**_read(text), "t": self._chance.choice((*TAGS, _read(other).get("t"), "nonsense"))}
        )

    def _double(self, text: str, other: str) -> str:
        return self._chance.choice((text + text, text[:-1] + "," + other[1:], f"[{text}]", text + "\n"))

    def _junk(self, text: str, _: str) -> str:
        size = self._chance.randrange(200)
        return self._chance.choice(
            (
                "".join(self._chance.choices(string.printable, k=size)),
                "".join(chr(self._chance.randrange(0x110000)) for _ in range(size)),
                "[" * 3_000,
                '{"t":' * 500,
                "NaN",
                "",
                text.replace("1", "1e999"),
            )
        )

    def _long(self, text: str, _: str) -> str:
        return text + " " * (GREETING_MAX_BYTES if self._chance.random() < 0.1 else 10)


def _read(text: str) -> dict[str, Any]:
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return frame if isinstance(frame, dict) else {}
