"""The console's screen: the live prompt, and the transcript above it.

A prompt that is drawn over an unfinished line would erase it. So the unfinished end of the transcript is part
of the prompt's message, and only finished lines are committed to the terminal's scrollback.
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import Completer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import FormattedText, StyleAndTextTuples
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.renderer import print_formatted_text
from prompt_toolkit.styles import Style as Colours

from node.console.bell import Bell
from node.console.render import Piece, Style, escape
from node.console.tail import Tail

REDRAW_EVERY_S = 0.04
"""A redraw per token falls behind a fast model; the eye is content with 25 a second."""
MENU_ROWS = 6

COLOURS = Colours.from_dict(
    {
        Style.ANSWER: "",
        Style.REASONING: "italic ansibrightblack",
        Style.TOOL: "ansicyan",
        Style.NOTE: "ansibrightblack",
        Style.ERROR: "ansired",
        Style.YOU: "bold",
        Style.QUESTION: "ansiyellow",
        "bottom-toolbar": "noreverse ansibrightblack",
    }
)


class View:
    """Shows pieces of the transcript in order; `below` and `toolbar` are asked at every redraw."""

    def __init__(
        self,
        *,
        below: Callable[[], StyleAndTextTuples],
        toolbar: Callable[[], str],
        keys: KeyBindings,
        completer: Completer,
        history: Path,
    ) -> None:
        self._tail = Tail()
        self._committing = asyncio.Lock()
        """One commit at a time, in the order they came."""
        self._below = below
        self._session: PromptSession[None] = PromptSession(
            message=self._message,
            bottom_toolbar=toolbar,
            key_bindings=keys,
            completer=completer,
            complete_while_typing=Condition(lambda: self.line.startswith(("/", "@"))),
            reserve_space_for_menu=MENU_ROWS,
            history=private_history(history),
            auto_suggest=AutoSuggestFromHistory(),
            enable_suspend=True,
            multiline=True,
            erase_when_done=True,
            style=COLOURS,
        )
        self._session.app.min_redraw_interval = REDRAW_EVERY_S
        self._bell = Bell(self._session.app.output)
        self._session.app.key_processor.before_key_press += lambda _: self._bell.seen()

    @property
    def line(self) -> str:
        """What is typed and not yet sent."""
        return self._session.default_buffer.text

    @line.setter
    def line(self, text: str) -> None:
        self._session.default_buffer.document = Document(text)

    async def run(self) -> None:
        """Show the prompt until the owner leaves."""
        try:
            await self._session.prompt_async()
        finally:
            self._bell.close()

    def leave(self) -> None:
        # A terminal without cursor movement (TERM=dumb) is served by an application of its own.
        get_app().exit()

    def ring(self, title: str) -> None:
        """Call the owner back to the terminal."""
        self._bell.ring(title)

    async def show(self, pieces: Iterable[Piece]) -> None:
        """Append to the transcript."""
        width = self._session.app.output.get_size().columns - 1
        lines = [line for piece in pieces for line in self._tail.add(piece, width)]
        if lines:
            await self._commit(lines)
        self.redraw()

    async def insert(self, style: Style, text: str) -> None:
        """Put whole lines above the unfinished one, which goes on below them."""
        lines = [Piece(style=style, text=line) for line in escape(text).split("\n")]
        await self._commit(lines)

    def clear(self) -> None:
        """Empty the screen; the scrollback stays."""
        self._session.app.renderer.clear()
        self.redraw()

    def redraw(self) -> None:
        self._session.app.invalidate()

    async def _commit(self, lines: Iterable[Piece]) -> None:
        """Print lines above the prompt.

        `run_in_terminal` would give the terminal back its own echo for a moment: keys pressed just then would
        land in the transcript, and Ctrl-C would be a signal.
        """
        app = self._session.app
        text = FormattedText([(f"class:{line.style}", line.text + "\n") for line in lines])
        async with self._committing:
            # The terminal still owes the position of the prompt that goes away now.
            await app.renderer.wait_for_cpr_responses()
            if app.is_running:
                app.renderer.erase()
            print_formatted_text(app.output, text, COLOURS)
            if app.is_running:
                app.renderer.request_absolute_cursor_position()
                # At once: `invalidate` would leave the screen without its prompt until the next tick.
                app._redraw()  # noqa: SLF001

    def _message(self) -> StyleAndTextTuples:
        unfinished: StyleAndTextTuples = []
        if self._tail.text:
            unfinished = [(f"class:{self._tail.style}", self._tail.text + "\n")]
        return [*unfinished, *self._below(), ("class:you", "> ")]


def private_history(path: Path) -> FileHistory:
    """Return the history in a file that only its owner can read: prompts are private."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    return FileHistory(path)
