"""One typed command on its way to what it does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from node.client import NodeClient
from node.slash.commands import UsageError
from node.slash.outcome import Block, Outcome


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the command is, on one line that the next one replaces."""

    progress: str


Step: TypeAlias = Progress | Block
"""What is told before the command's end."""
Tell: TypeAlias = Callable[[Step], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A command acts on the node as a client of its own interface: it can do nothing that `/api` cannot."""

    node: NodeClient
    argument: str
    session_id: str | None
    """Where it was typed; None before a session's first message."""
    folder: Path | None
    """Where it was typed, too: relative paths begin here. None: there is no such place."""
    tell: Tell

    @property
    def session(self) -> str:
        """The session that it was typed in; raises `UsageError`."""
        if self.session_id is None:
            raise UsageError("no session is open yet; it begins with your first message, or /open ID")
        return self.session_id

    def path(self, typed: str) -> str:
        """Return a path that holds in any folder; raises `UsageError`."""
        path = Path(typed).expanduser()
        if not path.is_absolute() and self.folder is None:
            raise UsageError(f"{typed!r:.200} is no whole path; write where it begins, as ~/notes")
        return str(path if self.folder is None else self.folder / path)


Action: TypeAlias = Callable[[Call], Awaitable[Outcome]]
