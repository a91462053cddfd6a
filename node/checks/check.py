"""One thing that was looked at, and what came of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    ok: bool
    text: str
    """What was found."""
    remedy: str = ""
    """What the owner can do; of a check that is ok it is a hint."""

    @property
    def verdict(self) -> str:
        if not self.ok:
            return "wrong"
        return "hint" if self.remedy else "ok"


def ok(name: str, text: str) -> Check:
    return Check(name=name, ok=True, text=text)


def hint(name: str, text: str, remedy: str) -> Check:
    return Check(name=name, ok=True, text=text, remedy=remedy)


def wrong(name: str, text: str, remedy: str) -> Check:
    return Check(name=name, ok=False, text=text, remedy=remedy)
