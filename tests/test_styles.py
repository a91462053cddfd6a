"""The cockpit's stylesheets: they are all in one page, so those of one pane must not touch another's."""

import re
from collections import defaultdict
from pathlib import Path

SOURCES = Path(__file__).parent.parent / "node" / "web" / "src"
COMMON = frozenset({"style", "shell", "layout", "traces", "markdown", "conversation"})
"""Rooms whose styles are there from the start, or meant for others."""
SELECTORS = re.compile(r"(?<=[{};,])\s*(?:[a-z]+)?\.([a-z][a-z-]*)")
CLASSES = re.compile(r'class(?:Name)?=(?:\{`|")([^"`]+)')


def test_no_pane_is_touched_by_the_styles_of_another() -> None:
    """A pane's stylesheet comes with the pane: what it does to others, it does only sometimes."""
    used = defaultdict(set)
    borrows = defaultdict(set)
    for source in SOURCES.rglob("*.tsx"):
        room, text = source.relative_to(SOURCES).parts[0], source.read_text("utf-8")
        for names in CLASSES.findall(text):
            used[room].update(names.split())
        borrows[room].update(re.findall(r'from "\.\./(\w+)/', text))
    strayed = {
        f"{sheet.relative_to(SOURCES)}: .{name} is used in {other}"
        for sheet in SOURCES.rglob("*.css")
        if (room := sheet.relative_to(SOURCES).parts[0]) not in COMMON
        for name in SELECTORS.findall(
            "}" + re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL)
        )
        for other in used
        if other != room and room not in borrows[other] and name in used[other]
    }
    assert not strayed, "\n".join(sorted(strayed))
