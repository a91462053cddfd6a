"""What the store refuses.

StoreError
├── StoreUnusable         the file cannot be opened, read or written
│   ├── StoreFull         the disk is full
│   └── StoreDamaged      the file, or a part of it, cannot be read
├── MessageUnreadable     one message cannot be read
├── NoSuchSession
├── BadSessionId
├── WrongTitle
├── SessionBusy
├── QueueFull
├── NoSuchTurn
├── AmbiguousTurn
├── TurnHasBegun
├── TurnNotFailed
├── TurnIdReused
├── NoSuchWorkspace
├── TooManyWorkspaces
├── LayoutStale
├── NoSuchChatLink
└── TooManyChatLinks
"""

import sqlite3

from agent.errors import TurnError

QUEUE_RETRY_AFTER_S = 30


class StoreError(Exception):
    """The text says what happened, to what, and what can be done; `code` is for programs."""

    code = "store_error"


class StoreUnusable(StoreError):
    """The file cannot be opened, read or written."""

    code = "store_unusable"


class StoreFull(StoreUnusable):
    """The disk has no room for a write, which left nothing behind."""

    code = "disk_full"

    def __init__(self) -> None:
        super().__init__("the disk is full, so nothing of this was stored; make some room, then try again")


class StoreDamaged(StoreUnusable):
    """The file has pages or texts that make no sense."""

    code = "store_damaged"

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"the store is damaged ({detail:.200}); stop the node and put a backup of its file in its place"
        )


class MessageUnreadable(StoreError):
    """A row does not hold what a message holds."""

    code = "session_unreadable"

    def __init__(self, session_id: str, position: int) -> None:
        super().__init__(
            f"session {session_id!r} cannot be read: its message {position} is damaged; nothing was changed,"
            " a backup of the store may have it whole"
        )


class NoSuchSession(StoreError):
    """There is no session of this id."""

    code = "no_such_session"

    def __init__(self, session_id: str) -> None:
        super().__init__(f"there is no session {session_id!r}")


class BadSessionId(StoreError):
    """No session can be opened under this id."""

    code = "bad_session_id"

    def __init__(self, session_id: str, why: str) -> None:
        super().__init__(f"no session can be called {session_id!r:.80}: {why}; choose another id, or none")


class WrongTitle(StoreError):
    """A session was to be deleted under a title that is not its own."""

    code = "wrong_title"

    def __init__(self, title: str) -> None:
        super().__init__(f"this session is called {title!r}; give exactly this title to delete it for good")


class SessionBusy(StoreError):
    """A transcript cannot be replaced while turns of its session wait or run."""

    code = "session_busy"

    def __init__(self, session_id: str) -> None:
        super().__init__(f"session {session_id!r} has turns that wait or run; stop them first")


class QueueFull(StoreError):
    """Too many turns of the session wait."""

    code = "queue_full"

    def __init__(self, queue_length: int) -> None:
        super().__init__("Agent queue is full")
        self.queue_length = queue_length
        self.retry_after = QUEUE_RETRY_AFTER_S


class NoSuchTurn(StoreError):
    """No turn of this id waits, runs, or ended without an answer."""

    code = "no_such_turn"

    def __init__(self, turn_id: str) -> None:
        super().__init__(f"no turn {turn_id!r} waits, runs or has failed")


class AmbiguousTurn(StoreError):
    """Turn ids are their clients' choice, and two sessions have this one."""

    code = "ambiguous_turn"

    def __init__(self, turn_id: str) -> None:
        super().__init__(f"several sessions have a turn {turn_id!r}; name the session")


class TurnHasBegun(StoreError):
    """Only what nobody has begun to answer can be changed."""

    code = "turn_has_begun"

    def __init__(self, turn_id: str) -> None:
        super().__init__(f"turn {turn_id!r} does not wait any more; stop it, and ask again")


class TurnNotFailed(StoreError):
    """Only what ended without an answer can be tried again."""

    code = "turn_not_failed"

    def __init__(self, turn_id: str) -> None:
        super().__init__(f"turn {turn_id!r} has not failed; only a failed or stopped one is tried again")


class TurnIdReused(StoreError):
    """A turn id came again in its session with another prompt."""

    code = "turn_id_reused"

    def __init__(self, session_id: str, turn_id: str) -> None:
        super().__init__(
            f"session {session_id!r} has a turn {turn_id!r} with another prompt; use a new turn id"
        )


class NoSuchWorkspace(StoreError):
    """There is no workspace of this id."""

    code = "no_such_workspace"

    def __init__(self, workspace: str) -> None:
        super().__init__(f"there is no workspace {workspace!r:.80}; GET /api/layout lists them")


class TooManyWorkspaces(StoreError):
    """There is a workspace for everything already."""

    code = "too_many_workspaces"

    def __init__(self, limit: int) -> None:
        super().__init__(f"there are {limit} workspaces already; delete one first")


class LayoutStale(StoreError):
    """A change was made to a layout that somebody else has changed since."""

    code = "layout_stale"

    def __init__(self, workspace: str) -> None:
        super().__init__(
            f"workspace {workspace!r:.80} was changed meanwhile; make the change to what it is now"
        )


class NoSuchChatLink(StoreError):
    """There is no chat link of this id, or no longer."""

    code = "no_such_link"

    def __init__(self, link_id: str) -> None:
        super().__init__(f"there is no chat link {link_id!r:.80}; GET /api/chat/links lists them")


class TooManyChatLinks(StoreError):
    """There is a link for everybody already."""

    code = "too_many_links"

    def __init__(self, limit: int) -> None:
        super().__init__(f"there are {limit} chat links already; revoke one first")


class NotStored(TurnError):
    """A turn cannot go on, or end, because the disk is full; its owner reads why."""

    code = StoreFull.code


def explained(error: sqlite3.Error) -> Exception:
    """Return what SQLite reports in words for the owner; the error itself when it is a fault of ours."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return StoreFull()
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StoreDamaged(str(error))
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN:
            return StoreUnusable(f"the store cannot be read or written: {error}")
    if str(error).startswith("Could not decode to UTF-8"):  # Python's own, without a code
        return StoreDamaged("a text is no UTF-8")
    return error
