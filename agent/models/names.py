"""Tool names for servers that allow only letters, digits, `_` and `-`, and back again."""

import hashlib
import re
from collections.abc import Collection, Iterable

NAME_MAX_CHARS = 64
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_MARK_CHARS = 8


class SafeNames:
    """The two-way table for one request: its tools and every tool its history mentions."""

    def __init__(self, names: Iterable[str]) -> None:
        known = sorted(set(names), key=lambda name: (_safe(name) != name, name))
        self._wire: dict[str, str] = {}
        self._own: dict[str, str] = {}
        for name in known:
            wire = _safe(name)
            if wire in self._own:
                wire = _marked(name)
            self._wire[name] = wire
            self._own[wire] = name

    def to_wire(self, name: str) -> str:
        return self._wire[name]

    def to_own(self, wire: str) -> str:
        """Return our name; one that the model invented stays as it is."""
        return self._own.get(wire, wire)


def spellings(own: Collection[str]) -> dict[str, str]:
    """Return our names by themselves and by their safe names, where those stand for one of them only."""
    meant: dict[str, list[str]] = {}
    for name in own:
        meant.setdefault(_safe(name), []).append(name)
    alone = {safe: names[0] for safe, names in meant.items() if len(names) == 1}
    return alone | {name: name for name in own}


def restored(name: str, own: Collection[str]) -> str:
    """Return the one of our names that a safe name stands for; one that fits none or several stays."""
    return name if name in own else spellings(own).get(name, name)


def _safe(name: str) -> str:
    safe = _UNSAFE.sub("_", name)
    return safe if 0 < len(safe) <= NAME_MAX_CHARS else _marked(name)


def _marked(name: str) -> str:
    """Return a safe name that no other name shares: its start and a mark made from all of it."""
    mark = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:_MARK_CHARS]
    return f"{_UNSAFE.sub('_', name)[: NAME_MAX_CHARS - _MARK_CHARS - 1]}_{mark}"
