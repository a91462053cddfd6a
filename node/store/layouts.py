"""The owner's workspaces as stored: each a title, a layout, and a revision that grows with every change."""

import logging
import re
import sqlite3
import unicodedata
from dataclasses import dataclass

from pydantic import ValidationError

from node.layout import Layout
from node.store.db import Database
from node.store.errors import LayoutStale, NoSuchWorkspace, TooManyWorkspaces

logger = logging.getLogger(__name__)

WORKSPACES_MAX = 24
ID_MAX_CHARS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    id: str
    """As it stands in addresses."""
    title: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOut:
    workspace: Workspace
    layout: Layout | None
    """None: what is stored does not fit (any more)."""


class LayoutStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def all(self) -> tuple[Workspace, ...]:
        """Return the workspaces, the oldest first."""
        rows = await self._db.rows("SELECT workspace, title, revision FROM layouts ORDER BY rowid")
        return tuple(_workspace(row) for row in rows)

    async def get(self, workspace: str) -> LaidOut:
        """Raise `NoSuchWorkspace`."""
        rows = await self._db.rows("SELECT * FROM layouts WHERE workspace = ?", (workspace,))
        if not rows:
            raise NoSuchWorkspace(workspace)
        return _laid_out(rows[0])

    async def create(self, title: str, layout: Layout) -> Workspace:
        """Store a workspace under an id made of its title; raise `TooManyWorkspaces`."""

        def create(write: sqlite3.Connection) -> Workspace:
            taken = {row["workspace"] for row in write.execute("SELECT workspace FROM layouts")}
            return _insert(write, _free_id(title, taken), title, layout)

        return await self._db.transact(create)

    async def put(
        self, workspace: str, *, revision: int, title: str | None = None, layout: Layout | None = None
    ) -> Workspace:
        """Store a change to what the caller saw at `revision`; revision 0 is one that is not there yet.

        Raise `LayoutStale` when it has been changed since, `NoSuchWorkspace` when it is gone.
        """

        def put(write: sqlite3.Connection) -> Workspace:
            row = write.execute("SELECT * FROM layouts WHERE workspace = ?", (workspace,)).fetchone()
            if row is None and revision == 0 and layout is not None:
                return _insert(write, workspace, title or workspace, layout)
            if row is None:
                raise NoSuchWorkspace(workspace)
            if row["revision"] != revision:
                raise LayoutStale(workspace)
            text = row["layout"] if layout is None else layout.model_dump_json()
            new = Workspace(id=workspace, title=title or row["title"], revision=revision + 1)
            write.execute(
                "UPDATE layouts SET title = ?, layout = ?, revision = ? WHERE workspace = ?",
                (new.title, text, new.revision, workspace),
            )
            return new

        return await self._db.transact(put)

    async def delete(self, workspace: str) -> None:
        """Raise `NoSuchWorkspace`."""
        if not await self._db.write(
            "DELETE FROM layouts WHERE workspace = ? RETURNING workspace", (workspace,)
        ):
            raise NoSuchWorkspace(workspace)


def _insert(write: sqlite3.Connection, workspace: str, title: str, layout: Layout) -> Workspace:
    (count,) = write.execute("SELECT count(*) FROM layouts").fetchone()
    if count >= WORKSPACES_MAX:
        raise TooManyWorkspaces(WORKSPACES_MAX)
    write.execute(
        "INSERT INTO layouts (workspace, title, layout, revision) VALUES (?, ?, ?, 1)",
        (workspace, title, layout.model_dump_json()),
    )
    return Workspace(id=workspace, title=title, revision=1)


def _free_id(title: str, taken: set[str]) -> str:
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^a-z0-9]+", "-", ascii_only.lower())[:ID_MAX_CHARS].strip("-") or "workspace"
    if plain not in taken:
        return plain
    return next(name for number in range(2, WORKSPACES_MAX + 3) if (name := f"{plain}-{number}") not in taken)


def _workspace(row: sqlite3.Row) -> Workspace:
    return Workspace(id=row["workspace"], title=row["title"], revision=row["revision"])


def _laid_out(row: sqlite3.Row) -> LaidOut:
    try:
        layout = Layout.model_validate_json(row["layout"])
    except ValidationError:
        logger.warning("the stored layout of workspace %r does not fit and is left out", row["workspace"])
        layout = None
    return LaidOut(workspace=_workspace(row), layout=layout)
