"""Notes: Markdown files in one folder, which the agent may search, read and, when allowed, write."""

import asyncio
import difflib
import os
import re
import stat
import tempfile
import unicodedata
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal

from tools.registry import tool
from tools.spec import Effect, JsonObject, ToolError, ToolSpec

NOTE_MAX_CHARS = 100_000
NAME_MAX_CHARS = 80
NOTES_MAX = 5_000
"""A search looks at this many notes at most."""
MATCHES_MAX = 20
LINE_MAX_CHARS = 300
INBOX = "inbox"
"""The note that takes text for which no note is named."""

_NAME = re.compile(r"\w(?:[\w .,'()+-]*[\w)+])?")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
"""Names that Windows takes for devices, whatever follows their first dot."""


class Notebook:
    """The notes of one folder. Its methods read and write files: call them in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writing = Lock()

    def search(self, query: str) -> list[dict[str, object]]:
        """Return the lines that hold every word of the query; a note whose name does gives its first line."""
        words = query.casefold().split()
        if not words:
            raise ToolError("The query is empty: say what to look for.")
        matches = (
            {"name": path.stem, "line": number, "text": line.strip()[:LINE_MAX_CHARS]}
            for path in self._paths()
            for number, line in enumerate(_text(path).splitlines(), start=1)
            if _holds(line, words) or (number == 1 and _holds(path.stem, words))
        )
        return list(islice(matches, MATCHES_MAX))

    def read(self, name: str) -> str:
        path = self.path(name)
        if not os.path.lexists(path):
            names = [known.stem for known in islice(self._paths(), MATCHES_MAX)]
            raise ToolError(f"There is no note called {path.stem!r}; known: {', '.join(names) or 'none'}.")
        return _text(path)

    def write(self, name: str, text: str, *, replace: bool) -> None:
        """Add text to a note or replace what it holds."""
        with self._writing:  # turns of several sessions may add to one note at the same time
            path = self.path(name)
            after = _written(_text_if_any(path), text, replace=replace)
            if len(after) > NOTE_MAX_CHARS:
                raise ToolError(
                    f"Note {path.stem!r} would pass {NOTE_MAX_CHARS} characters; write to another note."
                )
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(path, after)

    def change(self, name: str, text: str, *, replace: bool) -> str:
        """Return what `write` would change, as a unified diff; blank for a new note, which is all new."""
        before = _text_if_any(self.path(name))
        if not before:
            return ""
        after = _written(before, text, replace=replace)
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="")
        return "\n".join(islice(lines, 2, None))  # without the names of two files

    def _paths(self) -> list[Path]:
        notes = (path for path in self._folder.glob("*.md") if _NAME.fullmatch(path.stem) and _is_plain(path))
        return sorted(islice(notes, NOTES_MAX))

    def names(self) -> list[str]:
        return [path.stem for path in self._paths()]

    def path(self, name: str) -> Path:
        """Return the file of exactly this name, which need not be there; raises `ToolError`.

        Not of one that differs in case only: permission rules name notes, and a note has one name.
        """
        if len(name) > NAME_MAX_CHARS or not _NAME.fullmatch(name) or _DEVICE.fullmatch(name):
            shown = name[:NAME_MAX_CHARS]
            raise ToolError(
                f"{shown!r} cannot name a note: use letters, digits and spaces, {NAME_MAX_CHARS} at most."
            )
        alike = next((path.stem for path in self._paths() if _folded(path.stem) == _folded(name)), name)
        if alike != name:
            raise ToolError(f"There is no note called {name!r}; did you mean {alike!r}?")
        return self._folder / f"{name}.md"


def notes_tools(folder: Path) -> tuple[ToolSpec, ...]:
    """Return the tools over the notes in a folder, which is made when the first note is written."""
    notebook = Notebook(folder)

    @tool(
        name="notes.search",
        effect=Effect.READ,
        remote="notes",
        phrases=(
            "(search|look in|look through|check) [in|through] [my|the|all [my]] notes for {query}",
            "(find|search for|look for) {query} in [my|the|all [my]] notes",
            "(what|which) [of my] notes (mention|contain|are about|do i have (on|about)) {query}",
            "what do my notes say (about|on) {query}",
            "do i have a note (about|on) {query}",
        ),
        answer="{#matches}{name}, line {line}: {text}{/matches}{^matches}No note mentions {query}.{/matches}",
    )
    async def notes_search(query: Annotated[str, "words that a line has to hold"]) -> object:
        """Search the owner's notes; each match cites its note and line."""
        return {"query": query, "matches": await asyncio.to_thread(notebook.search, query)}

    @tool(
        name="notes.read",
        effect=Effect.READ,
        specifier="{name}",
        remote="notes",
        phrases=(
            "(read|open|show [me]|print) [my|the] note {name}",
            "(read|open|show [me]|print) [my|the] note (called|named|titled|about) {name}",
            "(read|open|show me|print) [me] (my|the) {name} note",
            "(what is|what's|what does it say) in [my|the] note [called|named] {name}",
            "(what is|what's|what does it say) in (my|the) {name} note",
        ),
        answer="{name}: {text}",
    )
    async def notes_read(name: Annotated[str, "the note's name"]) -> object:
        """Read one of the owner's notes."""
        return {"name": name, "text": await asyncio.to_thread(notebook.read, name)}

    def change(arguments: JsonObject) -> str:
        name, replaces = arguments.get("name", INBOX), arguments.get("mode") == "replace"
        return notebook.change(str(name), str(arguments.get("text", "")), replace=replaces)

    @tool(
        name="notes.write",
        specifier="{name}",
        change=change,
        phrases=(
            "(write|make|create|save|start|add) [me] a [new] note (called|named|titled) {name}: {text*}",
            "(write|make|create|save) a [new] note (called|named) {name} (saying|that says) {text*}",
            "(note that|note down|jot down|make a note that|take a note that|take a note:) {text*}",
            "(make|take|write|add) a [new] note: {text*}",
            "(note:|remember that) {text*}",
            "add {text} to [my|the] note [called|named] {name}",
            "(add|put) {text} (to|in|on) (my|the) {name} note",
            "(write|note) in [my|the] note [called|named] {name}: {text*}",
        ),
        answer="Noted in {name}.",
    )
    async def notes_write(
        text: Annotated[str, "what to write, in Markdown"],
        name: Annotated[str, "the note's name"] = INBOX,
        mode: Annotated[Literal["append", "replace"], "add to the note, or put this in its place"] = "append",
    ) -> object:
        """Write to one of the owner's notes; a note that does not exist is made."""
        await asyncio.to_thread(notebook.write, name, text, replace=mode == "replace")
        return {"name": name, "characters": len(text)}

    return (notes_search, notes_read, notes_write)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _holds(text: str, words: list[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def _is_plain(path: Path) -> bool:
    """Whether this is a file and not a link to one, a pipe or a folder."""
    return stat.S_ISREG(path.lstat().st_mode)


def _text(path: Path) -> str:
    if not _is_plain(path):
        raise ToolError(f"Note {path.stem!r} is not a plain file, so it is left alone.")
    # A link put there since the check is not followed, and a pipe does not hold the thread up.
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(
        path, encoding="utf-8", errors="replace", opener=lambda name, mode: os.open(name, mode | flags)
    ) as file:
        return file.read(NOTE_MAX_CHARS)


def _text_if_any(path: Path) -> str:
    return _text(path) if os.path.lexists(path) else ""


def _written(before: str, text: str, *, replace: bool) -> str:
    kept = "" if replace or not before else before.rstrip("\n") + "\n"
    return kept + text.strip() + "\n"


def _replace(path: Path, text: str) -> None:
    """Write the whole file or nothing; a link in its place is replaced, never followed."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
