"""The owner's documents: text files beneath the workspace, and notes.

Every document has an address, `file:docs/plan.md` or `note:inbox`. Nothing is reached through a link, and
nothing in the node's own data folder but notes. Everything here blocks.
"""

import hashlib
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from node.shared.admission import name_refused
from node.shared.beneath import Refused, contents, opened_child, opened_folder, opened_plainly
from node.shared.walk import Found, Place, walk
from tools.notes import NOTE_MAX_CHARS, Notebook
from tools.spec import ToolError

DOCUMENT_MAX_BYTES = 2_000_000
ENTRIES_MAX = 2_000
"""Names of one folder that are listed."""
NAMES_MAX = 20_000
"""Names of one folder that are looked at."""
PATHS_MAX = 5_000
"""Files that a list of all names."""
FILE, NOTE = "file:", "note:"

_LANGUAGES = {".md": "markdown", ".markdown": "markdown", ".json": "json", ".py": "python"}
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class DocumentError(Exception):
    """A document cannot be had or written as wanted; the text says why and what to do."""

    code = "not_allowed"


class NoWorkspace(DocumentError):
    code = "no_workspace"


class NoSuchDocument(DocumentError):
    code = "not_found"


class NotText(DocumentError):
    code = "not_text"


class TooLarge(DocumentError):
    code = "too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    uri: str
    content: str
    """As it is on the disk, line ends and all."""
    revision: str
    """Another one: the content is another."""
    language: str
    is_private: bool
    """Hidden, or named like a secret: nothing for the agent unless its owner hands it over."""


class Stale(DocumentError):
    """The document is not what the change was made to; `current` is None when it is not there."""

    code = "stale"

    def __init__(self, uri: str, current: Document | None) -> None:
        super().__init__(
            f"{uri} was {'deleted' if current is None else 'changed'} meanwhile; look at it again"
        )
        self.current = current


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    name: str
    path: str
    """From the workspace on."""
    is_folder: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What an address means: steps from a folder that has no link on its way."""

    folder: Path
    steps: tuple[str, ...]


class Documents:
    def __init__(self, *, workspace: Callable[[], str], notes: Path, data: Path) -> None:
        self._workspace = workspace
        """The folder that the owner has set; blank while none is."""
        self._notes = notes
        self._data = data

    def root(self) -> Path:
        """Return the workspace by its real path; raises `NoWorkspace`."""
        chosen = self._workspace()
        if not chosen:
            raise NoWorkspace("no folder is set: `agent.workspace` names the one whose files are edited")
        if not os.path.isdir(chosen):  # noqa: PTH112  a Path raises for names that no system takes
            raise NoWorkspace(f"{chosen!r} in agent.workspace is no folder; set it to one that is there")
        return Path(os.path.realpath(chosen))

    def entries(self, path: str, *, hidden: bool = False) -> tuple[list[Entry], bool]:
        """List a folder beneath the workspace, folders first, and say whether that is all of it."""
        where = Where(folder=self.root(), steps=_steps(path) if path else ())
        self._refuse_own_data(where)
        with (
            _opened(path or "the workspace"),
            _place(where.folder, where.steps) as place,
            os.scandir(place) as scan,
        ):
            found = [
                _entry(entry, where.steps)
                for entry in islice(scan, NAMES_MAX)
                if (hidden or not entry.name.startswith(".")) and _is_offered(entry)
            ]
        found.sort(key=lambda entry: (not entry.is_folder, entry.name.casefold()))
        return found[:ENTRIES_MAX], len(found) <= ENTRIES_MAX

    def paths(self) -> tuple[list[str], bool]:
        """List files anywhere in the workspace, without hidden ones, and say whether that is all."""
        with _opened("the workspace"):
            found = (entry.path for entry in walk(self.root()) if isinstance(entry, Found))
            some = list(islice(found, PATHS_MAX + 1))
        return some[:PATHS_MAX], len(some) <= PATHS_MAX

    def notes(self) -> list[str]:
        return Notebook(self._notes).names()

    def read(self, uri: str) -> Document:
        """Raises `DocumentError`."""
        where = self._where(uri)
        with _opened(uri), opened_plainly(where.folder, where.steps) as handle:
            return _document(uri, where, _bytes_of(uri, handle))

    def write(self, uri: str, content: str, *, revision: str | None) -> Document:
        """Write a document as a whole or not at all; raises `DocumentError`, `Stale` among it.

        `revision` is that of the content that was changed; None makes a new document.
        """
        where, data = self._where(uri), _bytes(uri, content)
        if len(data) > DOCUMENT_MAX_BYTES or (uri.startswith(NOTE) and len(content) > NOTE_MAX_CHARS):
            raise TooLarge(f"{uri} would be too large: {_limit(uri)}")
        if uri.startswith(NOTE):
            self._notes.mkdir(mode=0o700, parents=True, exist_ok=True)
        current = self._current(uri)
        if (current and current.revision) != revision:
            raise Stale(uri, current)
        with _opened(uri), _place(where.folder, where.steps[:-1]) as place:
            _replace(place, where.steps[-1], data)
        return _document(uri, where, data)

    def _current(self, uri: str) -> Document | None:
        try:
            return self.read(uri)
        except NoSuchDocument:
            return None

    def _where(self, uri: str) -> Where:
        if uri.startswith(NOTE):
            try:
                path = Notebook(self._notes).path(uri.removeprefix(NOTE))
            except ToolError as error:
                raise NoSuchDocument(str(error)) from None
            return Where(folder=Path(os.path.realpath(path.parent)), steps=(path.name,))
        if not uri.startswith(FILE):
            raise NoSuchDocument(f"{uri!r:.200} is no address: write file:PATH or note:NAME")
        where = Where(folder=self.root(), steps=_steps(uri.removeprefix(FILE)))
        self._refuse_own_data(where)
        return where

    def _refuse_own_data(self, where: Where) -> None:
        """Compared by what is there, not by name: a disk may take several names for one folder."""
        path = where.folder.joinpath(*where.steps)
        if any(_is_same(parent, self._data) for parent in (path, *path.parents)):
            raise DocumentError("the node's own data is not edited here; its notes are, as note:NAME")


def _steps(path: str) -> tuple[str, ...]:
    steps = PurePosixPath(path).parts
    odd = any(step in {"..", "/"} or "\0" in step or (os.sep != "/" and os.sep in step) for step in steps)
    if not steps or odd or (sys.platform == "win32" and ":" in path):
        raise NoSuchDocument(f"{path!r:.200} is no path from the workspace on, as docs/plan.md")
    return steps


@contextmanager
def _place(folder: Path, steps: tuple[str, ...]) -> Iterator[Place]:
    """Open the folder that these steps lead to; on Windows, which cannot, look that no link leads there."""
    if sys.platform == "win32":
        path = folder.joinpath(*steps)
        if os.path.realpath(path) != str(path):
            raise OSError("a link stands in the way")
        with nullcontext(path) as place:
            yield place
        return
    with ExitStack() as stack:
        handle = stack.enter_context(opened_folder(folder))
        for step in steps:
            handle = stack.enter_context(opened_child(handle, step))
        yield handle


@contextmanager
def _opened(what: str) -> Iterator[None]:
    """Say in words why something could not be opened or written."""
    try:
        yield
    except FileNotFoundError:
        raise NoSuchDocument(f"{what} is not there") from None
    except (OSError, Refused) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DocumentError(f"{what} cannot be used: {reason}; links are not followed") from None


def _bytes_of(uri: str, handle: int) -> bytes:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise DocumentError(f"{uri} is not a plain file")
    try:
        return contents(handle, DOCUMENT_MAX_BYTES)
    except Refused:
        raise TooLarge(f"{uri} is too large to edit here: {_limit(uri)}") from None


def _bytes(uri: str, content: str) -> bytes:
    try:
        return content.encode()
    except UnicodeEncodeError:
        raise NotText(f"{uri} cannot be stored as text in UTF-8") from None


def _document(uri: str, where: Where, data: bytes) -> Document:
    try:
        content = data.decode()
    except UnicodeDecodeError:
        raise NotText(f"{uri} is not text in UTF-8") from None
    if "\0" in content:
        raise NotText(f"{uri} is not text")
    suffix = PurePosixPath(where.steps[-1]).suffix.lower()
    return Document(
        uri=uri,
        content=content,
        revision=hashlib.sha256(data).hexdigest()[:32],
        language=_LANGUAGES.get(suffix, "text"),
        is_private=any(name_refused(step) for step in where.steps),
    )


def _replace(place: Place, name: str, data: bytes) -> None:
    """Put a file in the place of another, which keeps its rights; a link is replaced, never followed."""
    inside = place if isinstance(place, int) else None
    path, temporary = (
        one if isinstance(place, int) else str(place / one) for one in (name, f".{secrets.token_hex(8)}.tmp")
    )
    handle = os.open(temporary, _NEW_FILE, 0o600, dir_fd=inside)
    try:
        with os.fdopen(handle, "wb") as file:
            if inside is not None and (before := _mode_of(path, inside)) is not None:
                os.fchmod(file.fileno(), before)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path, src_dir_fd=inside, dst_dir_fd=inside)
    except BaseException:
        os.unlink(temporary, dir_fd=inside)
        raise


def _mode_of(name: str, inside: int) -> int | None:
    try:
        return stat.S_IMODE(os.stat(name, dir_fd=inside, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return None


def _entry(entry: "os.DirEntry[str]", above: tuple[str, ...]) -> Entry:
    is_folder = entry.is_dir(follow_symlinks=False)
    return Entry(name=entry.name, path="/".join((*above, entry.name)), is_folder=is_folder)


def _is_offered(entry: "os.DirEntry[str]") -> bool:
    if not entry.name.isprintable():
        return False  # the same name could not be sent back
    return entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def _limit(uri: str) -> str:
    if uri.startswith(NOTE):
        return f"a note has at most {NOTE_MAX_CHARS:,} characters"
    return f"at most {DOCUMENT_MAX_BYTES // 1_000_000} MB"
