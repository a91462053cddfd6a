"""The words of a shell line, read one after the other: quotes, escapes, and what the shell fills in."""

import re
from abc import ABC, abstractmethod

from agent.shell.words import GLOBS, HOME, MARKS, UNKNOWN, Word

DEPTH_MAX = 20

_TESTS = frozenset(("[", "[["))
"""Names of programs, although a bracket begins a pattern elsewhere."""
_ENDS_WORD = frozenset(" \t\n;&|()<>")
_NAME = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!-]")
_ANSI_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}
_ANSI_CODE = re.compile(r"x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|[0-7]{1,3}")


class UnreadableLine(ValueError):
    """The line cannot be taken apart; the text says where it went wrong."""


class WordReader(ABC):
    """A cursor over the text of a line. Words may hold programs; how to read those is for a subclass."""

    def __init__(self, text: str, depth: int) -> None:
        self.text = text
        self.at = 0
        self.depth = depth

    @abstractmethod
    def program(self, until: str) -> None:
        """Read commands up to the closing character, or to the end of the text."""

    @abstractmethod
    def run_inside(self, text: str) -> None:
        """Take a text whose commands run, as between back-ticks."""

    def word(self) -> Word:
        start, marked, substitutes = self.at, "", False
        while (character := self.peek()) and not self._ends_word(character):
            piece, runs = self._piece(character, is_first=self.at == start)
            marked += piece
            substitutes |= runs
        if self.at == start:
            raise UnreadableLine(f"{self.peek()!r} stands where a word should be")
        source = self.text[start : self.at]
        marked = source if source in _TESTS else marked
        return Word(source=source, marked=marked, substitutes=substitutes)

    def _ends_word(self, character: str) -> bool:
        return character in _ENDS_WORD and self.text[self.at : self.at + 2] not in {"<(", ">("}

    def _piece(self, character: str, *, is_first: bool) -> tuple[str, bool]:
        """Read one piece of a word; also say whether it runs a command."""
        match character:
            case "\\":
                return self._escaped(), False
            case "'":
                return self._single_quoted(), False
            case '"':
                self.at += 1
                return self.quoted(until='"')
            case "$":
                return self._dollar(in_quotes=False)
            case "`":
                return self._back_ticks()
            case "<" | ">":
                self.at += 2
                self.program(until=")")
                return UNKNOWN, True
            case "~" if is_first:
                return self._tilde(), False
            case _:
                self.at += 1
                return GLOBS.get(character, character), False

    def _escaped(self) -> str:
        if self.at + 1 >= len(self.text):
            raise UnreadableLine("it ends in a backslash")
        character = self.text[self.at + 1]
        self.at += 2
        return "" if character == "\n" else character

    def _single_quoted(self) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise UnreadableLine("a quote is not closed")
        text = self.text[self.at + 1 : end]
        self.at = end + 1
        return text

    def quoted(self, until: str) -> tuple[str, bool]:
        """Read text in double quotes, or the body of a here-document, whose end is the end of the text."""
        marked, substitutes = "", False
        while (character := self.peek()) != until:
            if not character:
                raise UnreadableLine("a quote is not closed")
            piece, runs = self._quoted_piece(character)
            marked += piece
            substitutes |= runs
        self.at += len(until)
        return marked, substitutes

    def _quoted_piece(self, character: str) -> tuple[str, bool]:
        match character:
            case "\\" if self.text[self.at + 1 : self.at + 2] in {"$", "`", '"', "\\", "\n"}:
                return self._escaped(), False
            case "$":
                return self._dollar(in_quotes=True)
            case "`":
                return self._back_ticks()
            case _:
                self.at += 1
                return character, False

    def _tilde(self) -> str:
        """Read `~`, `~name` or `~+`: somebody's home, or a folder that only the shell knows."""
        self.at += 1
        end = self.at
        while end < len(self.text) and self.text[end] not in _ENDS_WORD and self.text[end] != "/":
            end += 1
        name, self.at = self.text[self.at : end], end
        return UNKNOWN if name in {"+", "-"} else HOME

    # --- what the shell fills in ---

    def _dollar(self, *, in_quotes: bool) -> tuple[str, bool]:
        following = self.text[self.at + 1 : self.at + 2]
        if following == "(":
            self.at += 2
            self.program(until=")")
            return UNKNOWN, True
        if following == "{":
            return self._braced()
        if following == "'" and not in_quotes:
            return self._ansi_quoted(), False
        if following == '"' and not in_quotes:
            self.at += 2
            return self.quoted(until='"')
        found = _NAME.match(self.text, self.at + 1)
        self.at = found.end() if found else self.at + 1
        if found is None:
            return "$", False
        return (HOME if found[0] == "HOME" else UNKNOWN), False

    def _braced(self) -> tuple[str, bool]:
        """Read `${...}`; commands inside it run."""
        self.go_deeper()
        self.at += 2
        start, runs = self.at, False
        while (character := self.peek()) != "}":
            if not character:
                raise UnreadableLine("a '}' is missing")
            _, ran = self._piece(character, is_first=False)
            runs |= ran
        inside = self.text[start : self.at]
        self.at += 1
        self.depth -= 1
        return (HOME if re.match(r"HOME(?!\w)", inside) else UNKNOWN), runs

    def _back_ticks(self) -> tuple[str, bool]:
        end = self.at + 1
        while end < len(self.text) and self.text[end] != "`":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise UnreadableLine("a back-tick is not closed")
        inner = re.sub(r"\\([$`\\])", r"\1", self.text[self.at + 1 : end])
        self.at = end + 1
        self.run_inside(inner)
        return UNKNOWN, True

    def _ansi_quoted(self) -> str:
        self.at += 2
        text = ""
        while (character := self.peek()) != "'":
            if not character:
                raise UnreadableLine("a quote is not closed")
            self.at += 1
            text += self._ansi_escape() if character == "\\" else character
        self.at += 1
        return text

    def _ansi_escape(self) -> str:
        if found := _ANSI_CODE.match(self.text, self.at):
            self.at = found.end()
            digits = found[0].lstrip("xuU") if found[0][0] in "xuU" else found[0]
            code = int(digits or "0", 16 if found[0][0] in "xuU" else 8)
            return chr(code) if 0 < code < 0x110000 and chr(code) not in MARKS else UNKNOWN
        character = self.peek()
        self.at += 1
        return _ANSI_ESCAPES.get(character, character)

    # --- the cursor ---

    def go_deeper(self) -> None:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise UnreadableLine("it is nested too deeply")

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def skip_blanks(self) -> None:
        while self.peek() in {" ", "\t"} or self.text.startswith("\\\n", self.at):
            self.at += 1 if self.peek() in {" ", "\t"} else 2
