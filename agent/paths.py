"""Path rules: anchors, `*` within a folder, `**` across folders; judged by where a path really leads.

//etc/passwd   from the root of the disk        /notes/**   from the workspace
~/.ssh         from the owner's home            ./a, a/b    from the workspace
*.pem          of that name, anywhere in the workspace      **/.env   anywhere on the machine
"""

import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from agent.rules import Part, exactly, fits

STEPS_MAX = 128

_DRIVE = re.compile(r"[A-Za-z]:")
_ANY = "**"


class UnreadablePath(ValueError):
    """Where the path leads cannot be known; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folders that rules and relative paths begin at, and how a machine reads a path."""

    workspace: str = "/"
    home: str = "/"
    resolve: Callable[[str], str] = str
    """Follows links and dots from left to right, as `os.path.realpath`; may wait for the disk."""
    folds_case: bool = False
    """`A` and `a` are one file, as on Windows and macOS."""
    is_windows: bool = False


def path_parts(path: str, places: Places) -> tuple[Part, ...]:
    """Return the path as it is written and as it really is; an allow rule has to mean both.

    Behind a link, `..` is the folder above its target for a disk, and above the link for a tool that works
    dots out first: both count. Raises `UnreadablePath`.
    """
    begun = _from_root(path, places)
    written = _normal(begun)
    try:
        real = [_same(places.resolve(each), places) for each in dict.fromkeys((written, begun))]
    except (OSError, ValueError) as error:
        raise UnreadablePath(f"{path[:200]!r} cannot be looked up") from error
    every = dict.fromkeys((_same(written, places), *real))
    return tuple(Part(typed=path, allowed_as=(each,), denied_as=(each,)) for each in every)


def path_fits(pattern: str, path: str, places: Places) -> bool:
    """Whether a rule's pattern means exactly this absolute path."""
    steps = path.split("/")
    return any(len(steps) in _ends(each, steps) for each in _patterns(pattern, places))


def path_reaches(pattern: str, path: str, places: Places) -> bool:
    """Whether a rule's pattern means this absolute path or a folder that it lies in."""
    steps = path.split("/")
    return any(_ends(("",) if each == ("", "") else each, steps) for each in _patterns(pattern, places))


def path_pattern(path: str, places: Places) -> str:
    """Return the pattern that means one absolute path, from the workspace where it lies in there."""
    root = _same(_normal(_unified(places.workspace, places)), places).rstrip("/")
    pattern = exactly(path)
    if path.startswith(f"{root}/"):
        return pattern[len(exactly(root)) :]
    return f"/{pattern}" if path.startswith("/") else pattern


def _from_root(path: str, places: Places) -> str:
    """Return a path from the root, with its dots; raises `UnreadablePath`."""
    if "\0" in path:
        raise UnreadablePath("it holds a NUL character")
    path = _unified(path, places)
    if re.match(r"~[^/]", path):
        raise UnreadablePath("it begins in another user's home")
    if path == "~" or path.startswith("~/"):
        path = f"{_unified(places.home, places)}/{path[2:]}"
    elif not path.startswith("/") and not (places.is_windows and _DRIVE.match(path)):
        path = f"{_unified(places.workspace, places)}/{path}"
    if path.count("/") > STEPS_MAX:
        raise UnreadablePath(f"it has more than {STEPS_MAX} steps")
    return path


def _patterns(pattern: str, places: Places) -> Iterator[tuple[str, ...]]:
    """Yield the absolute patterns that a rule stands for: from an anchor as written, and as it really is."""
    text = _unified(pattern, places)
    text = f"{text}**" if text.endswith("/") and text not in {"/", "//"} else text
    if text.startswith("//") or (places.is_windows and _DRIVE.match(text)):
        yield _split(text.removeprefix("/"), places)
    elif text.startswith("~/") or text == "~":
        for home in _roots(places.home, places):
            yield _split(f"{home}/{text[2:]}", places)
    elif text.startswith(f"{_ANY}/") or text == _ANY:
        yield _split(f"/{text}", places)
    else:
        below = text.removeprefix("./").lstrip("/") if text.startswith(("/", "./")) else text
        below = f"{_ANY}/{text}" if "/" not in text and text not in {"", ".", "*"} else below
        for workspace in _roots(places.workspace, places):
            yield _split(f"{workspace}/{below}", places)


def _roots(anchor: str, places: Places) -> Iterator[str]:
    written = _normal(_unified(anchor, places))
    yield from dict.fromkeys((written, _unified(places.resolve(written), places)))


def _split(pattern: str, places: Places) -> tuple[str, ...]:
    return tuple(_same(_normal(pattern), places).split("/"))


def _ends(pattern: tuple[str, ...], path: Sequence[str]) -> set[int]:
    """Return how far into a path a pattern may reach; all ways to match are followed at once."""
    if pattern[-1] == _ANY:  # what is in a folder, not the folder
        pattern = (*pattern, "*")
    ends = {0}
    for step in pattern:
        if step == _ANY:
            ends = set(range(min(ends), len(path) + 1)) if ends else ends
        else:
            ends = {at + 1 for at in ends if at < len(path) and fits(step, path[at])}
    return ends


def _normal(path: str) -> str:
    """Work out `.` and `..`; two slashes at the start are one."""
    drive = path[:2] if _DRIVE.match(path) else ""
    normal = posixpath.normpath(f"/{path[2:]}" if drive else path)
    return drive + (normal[1:] if normal.startswith("//") else normal)


def _unified(path: str, places: Places) -> str:
    """Write a path with slashes. Windows drops dots and blanks at a name's end, and what follows a colon."""
    if not places.is_windows:
        return path
    path = path.replace("\\", "/")
    path = path.removeprefix("//?/").removeprefix("//./")
    drive = path[:2] if _DRIVE.match(path) else ""
    steps = (
        step if step in {".", ".."} else step.split(":")[0].rstrip(". ")
        for step in path[len(drive) :].split("/")
    )
    return drive + "/".join(steps)


def _same(path: str, places: Places) -> str:
    path = _unified(path, places)
    return unicodedata.normalize("NFC", path).casefold() if places.folds_case else path
