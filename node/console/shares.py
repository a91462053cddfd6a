"""Shared folders and sources as text. Pure."""

from collections.abc import Sequence

from agent.events import CitedPlace
from node.console.render import one_line
from node.replies import CitationShown, ShareShown, Unshared

PATH_MAX_CHARS = 300
SKIPPED_SHOWN = 20


def no_shares() -> str:
    return "no folder is shared; `palaver share add FOLDER` shares one"


def share_text(share: ShareShown) -> str:
    """Return one shared folder: what is in it, what is not and why, and who may read it."""
    peers = share["peers"]
    whom = "every peer that may read what is shared"
    if peers is not None:
        whom = ", ".join(one_line(peer["label"]) for peer in peers)
    head = f"{_name(share['folder'])} as {one_line(share['label'])!r}, with {whom}"
    return f"{head}\n  {_contents(share)}"


def shares_text(shares: Sequence[ShareShown]) -> str:
    """Return all shared folders, each with the first files that are left out and who else can read it."""
    return "\n".join("\n".join([share_text(share), *_skipped(share), *_leaks(share)]) for share in shares)


def removed_text(removed: Unshared) -> str:
    return f"{_name(removed['folder'])} is no longer shared"


def sources_text(citations: Sequence[CitationShown]) -> str:
    """Return where an answer comes from: `sources: handbook/opening.md, lines 12-31`; "" for nowhere."""
    places = [f"{_whose(each)}{_name(each['file'])}, {_place(each)}" for each in citations]
    return f"sources: {'; '.join(places)}" if places else ""


def citations_shown(cited: Sequence[CitedPlace]) -> list[CitationShown]:
    """Return the citations of an own turn's event in the shape that HTTP has."""
    return [
        {
            "peer": each.peer,
            "file": each.file,
            "first": each.first,
            "last": each.last,
            "unit": each.unit,
            "quote": each.quote,
        }
        for each in cited
    ]


def _contents(share: ShareShown) -> str:
    if share["problem"]:
        return f"the folder {one_line(share['problem'], PATH_MAX_CHARS)}"
    if share["scannedAt"] is None:
        return "its files are being read; `palaver share` shows how far that is"
    files = f"{share['files']} file{'s' if share['files'] != 1 else ''}"
    total = sum(share["skipped"].values())
    if not total:
        return files
    reasons = ", ".join(f"{count} {one_line(reason, 120)}" for reason, count in share["skipped"].items())
    return f"{files}, {total} skipped: {reasons}"


def _skipped(share: ShareShown) -> list[str]:
    shown = share["skippedFiles"][:SKIPPED_SHOWN]
    more = sum(share["skipped"].values()) - len(shown)
    lines = [f"    not {_name(each['file'])}: {one_line(each['reason'], 120)}" for each in shown]
    return [*lines, f"    and {more} more"] if more > 0 and shown else lines


def _leaks(share: ShareShown) -> list[str]:
    return [f"  {one_line(each, PATH_MAX_CHARS)}" for each in share["alsoReadable"]]


def _whose(citation: CitationShown) -> str:
    peer = one_line(citation.get("peer", ""))
    return f"{peer}: " if peer else ""


def _place(citation: CitationShown) -> str:
    first, last, unit = citation["first"], citation["last"], one_line(citation["unit"])
    return f"{unit} {first}" if first == last else f"{unit}s {first}\u2013{last}"


def _name(text: str) -> str:
    return one_line(text, PATH_MAX_CHARS)
