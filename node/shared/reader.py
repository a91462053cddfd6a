"""The shared folders as the agent's tools see them: who asks decides what there is."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from node.shared import index
from node.shared.admission import max_bytes
from node.shared.beneath import Refused, contents, opened_file
from node.shared.library import SharedFolders
from node.shared.passages import decoded
from node.shared.walk import is_as_indexed
from node.store.shares import Share
from tools.shared import Passage, SharedFile
from tools.spec import ToolError

READ_MAX_CHARS = 12_000


class FolderReader:
    """The `SharedReader` of the shared tools, over the folders of the node."""

    def __init__(self, folders: SharedFolders) -> None:
        self._folders = folders

    async def search(self, query: str, limit: int, *, asker: str | None) -> Sequence[Passage]:
        await self._folders.fresh()
        hits = await self._hits(query, limit, asker)
        if hits.has_stale:
            # What these files say now may be the answer.
            await self._folders.look()
            hits = await self._hits(query, limit, asker)
        # What is shared with whom is read last: a share that was removed meanwhile is gone.
        return [passage for passage in hits.passages if self._share(passage.file, asker)]

    async def read(self, file: str, first: int, last: int, *, asker: str | None) -> Passage:
        await self._folders.fresh()
        share = self._share(file, asker)
        passage = await asyncio.to_thread(self._read, share, file, first, last) if share else None
        # The same words for every reason, so that nobody can find out what exists and is not shared.
        if not passage or not self._share(file, asker):
            raise ToolError(
                f"There is no shared file {file[:200]!r}; shared.search and shared.list find those there are."
            )
        if passage.last < first:
            raise ToolError(f"{file} ends before {passage.unit} {first}.")
        return passage

    async def files(self, *, asker: str | None) -> Sequence[SharedFile]:
        await self._folders.fresh()
        return await asyncio.to_thread(index.files, self._folders.index, self._labels(asker))

    async def _hits(self, query: str, limit: int, asker: str | None) -> index.Hits:
        labels = self._labels(asker)
        return await asyncio.to_thread(index.search, self._folders.index, query, limit, labels)

    def _labels(self, asker: str | None) -> dict[str, str]:
        return {share.folder: share.label for share in self._folders.visible(asker)}

    def _share(self, file: str, asker: str | None) -> Share | None:
        label = file.partition("/")[0]
        return next((share for share in self._folders.visible(asker) if share.label == label), None)

    def _read(self, share: Share, file: str, first: int, last: int) -> Passage | None:
        """Read lines of the file as it is now; None for whatever is not shared."""
        path = file.partition("/")[2]
        entry = index.entry(self._folders.index, share.folder, path)
        if entry is None:
            return None
        try:
            match entry.unit:
                case "page":
                    # Its text is the index's, which may be older than the file.
                    if not is_as_indexed(Path(share.folder), path, entry.signature):
                        return None
                    pieces = index.pages(self._folders.index, share.folder, path, first, last)
                case "line":
                    with opened_file(Path(share.folder), path) as handle:
                        text = decoded(contents(handle, max_bytes(path))) or ""
                    lines = text.removesuffix("\n").split("\n")
                    pieces = list(enumerate(lines, start=1))[first - 1 : last]
        except (Refused, OSError):
            return None
        kept = _within(pieces)
        return Passage(
            file=file,
            first=first,
            last=kept[-1][0] if kept else first - 1,
            unit=entry.unit,
            text="\n".join(text for _, text in kept),
        )


def _within(pieces: Sequence[tuple[int, str]]) -> Sequence[tuple[int, str]]:
    """Return as many whole lines as fit, and of a single longer one its beginning."""
    kept: list[tuple[int, str]] = []
    left = READ_MAX_CHARS
    for number, text in pieces:
        if len(text) > left and kept:
            break
        kept.append((number, text[:left]))
        left -= len(text)
    return kept
