"""The words of a shell line, read one after the other: quotes, escapes, and what the shell fills in."""

import re
from abc import ABC, abstractmethod

from agent.shell.words import GLOBS, HOME, MARKS, UNKNOWN, Word

DEPTH_MAX = 20

_TESTS = frozenset(("[", "[["))
"""Names of programs, although a bracket begins a pattern elsewhere."""
_ENDS_WORD = frozenset(" \t\n;&|()<>")
_NAME = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!-]")
_TILDE = re.compile(r"~([\w.+-]*)")
_BROKEN = "\\\n"
"""A line that goes on: both characters vanish before bash looks at what stands around them."""
_INDEX = r"(?:\[(?:[@*]|\d+)\])?"
_SET = rf"(?:[A-Za-z_]\w*|\d+|[@*#?$-]){_INDEX}"
_NUMBER = r":[ ]?-?\d+"
_PARAMETER = re.compile(
    rf"!(?=\}})|\#?{_SET}(?=\}})|{_SET}(?::?[-=?+]|\#\#?|%%?|//?|\^\^?|,,?)"
    rf"|{_SET}(?:@[QEAKUuLak]|{_NUMBER}(?:{_NUMBER})?)(?=\}})",
    re.ASCII,
)
"""What `${` may begin with. All else, as `${x[i]}`, `${!x}` and `${x@P}`, reads a value once more."""
_COMMAND_IN_TEXT = re.compile(r"\$(?:[({\[]|\Z)|`")
_ANSI_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}
_ANSI_CODE = re.compile(r"x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|[0-7]{1,3}")
_ANSI_RARE = re.compile(r"x\{[^}']*\}?|c[^'\\]?", re.DOTALL)


class UnreadableLine(ValueError):
    """The line cannot be taken apart; the text says where it went wrong."""


class WordReader(ABC):
    """A cursor over the text of a line. Words may hold programs; how to read those is for a subclass."""

    def __init__(self, text: str, depth: int) -> None:
        self.text = text
        self.at = 0
        self.depth = depth
        self.rereads = False
        """A value is read once more, and a command in it would run: arithmetic does that."""
        self.hides = False
        """Quotes hold text that would be a command if it were read once more."""

    @abstractmethod
    def program(self, until: str) -> None:
        """Read commands up to the closing character, or to the end of the text."""

    @abstractmethod
    def run_inside(self, text: str) -> None:
        """Take a text whose commands run, as between back-ticks."""

    @abstractmethod
    def arithmetic(self, begin: int) -> str | None:
        """Read on from behind `((` and return the arithmetic; None where it begins subshells."""

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
                return self.single_quoted(), False
            case '"':
                self.at += 1
                return self.quoted(until='"')
            case "$":
                return self._dollar(in_quotes=False)
            case "`":
                return self._back_ticks(in_quotes=False)
            case "<" | ">" if self.text.startswith("(", self.at + 1):
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
        self.notice(character)
        return "" if character == "\n" else character

    def single_quoted(self) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise UnreadableLine("a quote is not closed")
        text = self.text[self.at + 1 : end]
        self.at = end + 1
        self.notice(text)
        return text

    def notice(self, text: str) -> None:
        """Take note of text that is not read now."""
        self.hides |= _COMMAND_IN_TEXT.search(text) is not None

    def quoted(self, until: str) -> tuple[str, bool]:
        """Read text in double quotes, or the body of a here-document, whose end is the end of the text."""
        marked, substitutes = "", False
        while (character := self.peek()) != until:
            if not character:
                raise UnreadableLine("a quote is not closed")
            piece, runs = self.quoted_piece(character)
            marked += piece
            substitutes |= runs
        self.at += len(until)
        return marked, substitutes

    def quoted_piece(self, character: str) -> tuple[str, bool]:
        match character:
            case "\\" if self.text[self.at + 1 : self.at + 2] in {"$", "`", '"', "\\", "\n"}:
                return self._escaped(), False
            case "$":
                return self._dollar(in_quotes=True)
            case "`":
                return self._back_ticks(in_quotes=True)
            case _:
                self.at += 1
                return character, False

    def _tilde(self) -> str:
        """Read `~`, `~name` or `~+`: somebody's home, or a folder that only the shell knows."""
        found = _TILDE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        self._refuse_broken()
        if self.peek() != "/" and not self._ends_word(self.peek() or " "):
            return found[0]
        return UNKNOWN if found[1] in {"+", "-"} else HOME

    # --- what the shell fills in ---

    def _dollar(self, *, in_quotes: bool) -> tuple[str, bool]:
        match self.text[self.at + 1 : self.at + 2]:
            case "(":
                return self._substitution()
            case "{":
                return self._braced_in_quotes() if in_quotes else self._braced()
            case "[":
                raise UnreadableLine("it uses `$[`")
            case "'" if not in_quotes:
                return self._ansi_quoted(), False
            case '"' if not in_quotes:
                self.at += 2
                return self.quoted(until='"')
        return self._variable(), False

    def _variable(self) -> str:
        found = _NAME.match(self.text, self.at + 1)
        self.at = found.end() if found else self.at + 1
        self._refuse_broken()
        if found is None:
            self.notice("$")
            return "$"
        return HOME if found[0] == "HOME" else UNKNOWN

    def _substitution(self) -> tuple[str, bool]:
        """Read `$(...)` or `$((...))`."""
        self.refuse_broken_double()
        if not self.text.startswith("((", self.at + 1):
            self.at += 2
            self.program(until=")")
        elif self.arithmetic(self.at + 3) is None:
            raise UnreadableLine("`$((` begins no arithmetic; a subshell needs a blank before it")
        return UNKNOWN, True

    def _braced(self) -> tuple[str, bool]:
        """Read `${...}` that stands in no quotes; commands inside it run."""
        self.go_deeper()
        start, computes = self.at + 2, self._parameter()
        runs = computes
        while (character := self.peek()) != "}":
            if not character:
                raise UnreadableLine("a '}' is missing")
            if computes and character in "'\\":
                raise UnreadableLine("quotes stand in what a `${...}` computes")
            _, ran = self._piece(character, is_first=False)
            runs |= ran
        return self._closed_brace(start), runs

    def _braced_in_quotes(self) -> tuple[str, bool]:
        """Read `${...}` in double quotes. Whether a `'` in it is a quote, shells do not agree on."""
        self.go_deeper()
        start, runs, is_inner = self.at + 2, self._parameter(), False
        while (character := self.peek()) != "}" or is_inner:
            if character in {"", "'", "}"}:
                raise UnreadableLine("a `${...}` in quotes holds quotes, or is not closed")
            if character == "\\":
                self._escaped()
            elif character == '"':
                is_inner = not is_inner
                self.at += 1
            else:
                _, ran = self.quoted_piece(character)
                runs |= ran
        return self._closed_brace(start), runs

    def _parameter(self) -> bool:
        """Go behind the name in `${name...}`; say whether its value is read once more."""
        self.at += 2
        found = _PARAMETER.match(self.text, self.at)
        self.at = found.end() if found else self.at
        self.rereads |= found is None
        return found is None

    def _closed_brace(self, start: int) -> str:
        inside = self.text[start : self.at]
        self.at += 1
        self.depth -= 1
        return HOME if re.match(r"HOME(?!\w)", inside) else UNKNOWN

    def _back_ticks(self, *, in_quotes: bool) -> tuple[str, bool]:
        end = self.at + 1
        while end < len(self.text) and self.text[end] != "`":
            end += 2 if self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise UnreadableLine("a back-tick is not closed")
        inner = self.text[self.at + 1 : end]
        if in_quotes and '\\"' in inner:
            raise UnreadableLine("a quote is escaped between back-ticks in quotes")
        self.at = end + 1
        self.run_inside(re.sub(r"\\([$`\\])", r"\1", inner))
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
        self.notice(text)
        return text

    def _ansi_escape(self) -> str:
        if self.peek() == "'":  # a shell that does not know $'...' ends the quote here
            raise UnreadableLine("a quote is escaped within $'...'")
        if found := _ANSI_RARE.match(self.text, self.at):
            self.at = found.end()
            return UNKNOWN
        if found := _ANSI_CODE.match(self.text, self.at):
            self.at = found.end()
            digits = found[0].lstrip("xuU") if found[0][0] in "xuU" else found[0]
            code = int(digits or "0", 16 if found[0][0] in "xuU" else 8)
            code &= 0xFF if found[0][0].isdigit() else code
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

    def refuse_broken_double(self) -> None:
        """Whether bash sees `((` here is hard to say if a broken line stands between."""
        if re.compile(r"\$?\((?:\\\n)+\(").match(self.text, self.at):
            raise UnreadableLine("a line is broken between two parentheses")

    def _refuse_broken(self) -> None:
        if self.text.startswith(_BROKEN, self.at):
            raise UnreadableLine("a line is broken within a name")
