"""Calling an owner back to the terminal: its bell, and its title until the next key."""

from prompt_toolkit.output import Output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.utils import is_dumb_terminal

from node.console.render import one_line

TITLE = "Palaver"
TITLE_MAX_CHARS = 80
PUSH, POP = "\x1b[22;2t", "\x1b[23;2t"
"""Put the title on the terminal's stack and take it back; a terminal without a stack ignores both."""


class Bell:
    """On a terminal that knows no control sequences it does nothing."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._is_marked = False
        self._is_kept = False
        """Whether the title that was there before is on the stack."""

    def ring(self, title: str) -> None:
        """Ring, and show this title until `seen`."""
        if is_dumb_terminal():
            return
        if not self._is_kept:
            self._is_kept = True
            self._write(PUSH)
        self._is_marked = True
        self._output.set_title(one_line(title, TITLE_MAX_CHARS))
        self._output.bell()
        self._output.flush()

    def seen(self) -> None:
        """Take the mark away: the owner is here."""
        if self._is_marked:
            self._is_marked = False
            self._output.set_title(TITLE)
            self._output.flush()

    def close(self) -> None:
        """Give the terminal the title that it had."""
        if self._is_kept:
            self._write(POP)
            self._output.flush()

    def _write(self, sequence: str) -> None:
        # The console of Linux has no title, and would print a part of this.
        if isinstance(self._output, Vt100_Output) and self._output.term != "linux":
            self._output.write_raw(sequence)
