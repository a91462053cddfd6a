"""The unfinished end of a stream of text; what is finished comes out as lines that fit the screen."""

from prompt_toolkit.utils import get_cwidth

from node.console.render import Piece, Style

TAB = "    "


class Tail:
    """Gives out only lines that stay as they are: a terminal cannot take back what has scrolled up."""

    def __init__(self) -> None:
        self.text = ""
        self.style = Style.ANSWER

    def add(self, piece: Piece, width: int) -> list[Piece]:
        """Append text and return the lines that are finished by it, without their newlines."""
        self.style = piece.style
        *ended, last = (self.text + piece.text.replace("\t", TAB)).split("\n")
        *full, self.text = wrapped(last, width)
        lines = [row for line in ended for row in wrapped(line, width)]
        return [Piece(style=piece.style, text=row) for row in (*lines, *full)]


def wrapped(line: str, width: int) -> list[str]:
    """Return a line as rows of at most `width` columns, broken at spaces where there are any.

    More text at the end of the line never changes any row but the last.
    """
    rows = []
    while (fits := prefix_that_fits(line, width)) < len(line):
        space = line.rfind(" ", 0, fits + 1)
        cut = space if space > 0 and line[:space].strip() else fits
        rows.append(line[:cut])
        line = line[cut:].removeprefix(" ") if cut == space else line[cut:]
    return [*rows, line]


def prefix_that_fits(line: str, width: int) -> int:
    """Return how many characters fit into `width` columns; at least one, so that every wrap ends."""
    columns = 0
    for i, character in enumerate(line):
        columns += get_cwidth(character)
        if columns > width:
            return max(i, 1)
    return len(line)
