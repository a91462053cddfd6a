"""`/api/files`: the owner's documents, to be edited in the cockpit."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from aiohttp import web
from pydantic import Field

from node.api.errors import ApiError
from node.api.requests import Body, body_of
from node.documents import Document, DocumentError, Documents, Entry, NoWorkspace, Stale

STATUS = {"no_workspace": 409, "not_found": 404, "not_text": 415, "too_large": 413, "stale": 409}
URI_MAX_CHARS = 1_000

T = TypeVar("T")


class NewContent(Body):
    uri: str = Field(max_length=URI_MAX_CHARS)
    content: str
    revision: str | None = Field(default=None, max_length=64)
    """Of the content that was changed; left out for a new document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesApi:
    documents: Documents

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/files", self.list)
        app.router.add_get("/api/files/all", self.all)
        app.router.add_get("/api/files/content", self.read)
        app.router.add_put("/api/files/content", self.write)

    async def list(self, request: web.Request) -> web.Response:
        """List a folder of the workspace; `root` is null while the owner has set none."""
        path, hidden = request.query.get("path", ""), request.query.get("hidden") == "true"
        if not path and (problem := await _attempt(self._no_workspace)) is not None:
            home = str(Path.home())
            return web.json_response(
                {"root": None, "home": home, "problem": problem, "entries": [], "more": False}
            )
        root = await _attempt(self.documents.root)
        entries, is_all = await _attempt(lambda: self.documents.entries(path, hidden=hidden))
        listed = [_entry(entry) for entry in entries]
        return web.json_response({"root": str(root), "path": path, "entries": listed, "more": not is_all})

    async def all(self, _: web.Request) -> web.Response:
        """Name every note, and the files beneath the workspace as far as they can be listed."""
        notes = await _attempt(self.documents.notes)
        if await _attempt(self._no_workspace) is not None:
            return web.json_response({"notes": notes, "files": [], "more": False})
        files, is_all = await _attempt(self.documents.paths)
        return web.json_response({"notes": notes, "files": files, "more": not is_all})

    async def read(self, request: web.Request) -> web.Response:
        uri = request.query.get("uri", "")[:URI_MAX_CHARS]
        return web.json_response(_json(await _attempt(lambda: self.documents.read(uri))))

    async def write(self, request: web.Request) -> web.Response:
        """Store a change; one to an older revision is answered 409, with the document as it is now."""
        new = await body_of(request, NewContent)
        stored = await _attempt(lambda: self.documents.write(new.uri, new.content, revision=new.revision))
        return web.json_response(_json(stored))

    def _no_workspace(self) -> str | None:
        try:
            self.documents.root()
        except NoWorkspace as problem:
            return str(problem)
        return None


async def _attempt(work: Callable[[], T]) -> T:
    """Do what blocks in a thread; raises `ApiError` for what cannot be done."""
    try:
        return await asyncio.to_thread(work)
    except Stale as stale:
        current = {"current": _json(stale.current) if stale.current else None}
        raise ApiError(STATUS[stale.code], stale.code, str(stale), current) from None
    except DocumentError as error:
        raise ApiError(STATUS.get(error.code, 403), error.code, str(error)) from None


def _json(document: Document) -> dict[str, object]:
    return {
        "uri": document.uri,
        "content": document.content,
        "revision": document.revision,
        "language": document.language,
        "private": document.is_private,
    }


def _entry(entry: Entry) -> dict[str, object]:
    return {"name": entry.name, "path": entry.path, "folder": entry.is_folder}
