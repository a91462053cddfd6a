"""A shell line taken apart: every command in it, also those in subshells, substitutions and here-documents.

What this reader does not understand it refuses, so that nothing passes unread.
"""

import re
from dataclasses import dataclass, field, replace

from agent.shell.words import GLOBS, HOME, MARKS, UNKNOWN, Word

DEPTH_MAX = 20

KEYWORDS = frozenset(
    ("if", "then", "else", "elif", "fi", "while", "until", "do", "done", "!", "{", "}", "coproc")
)
"""Words that stand before a command and change nothing in what it does."""
NOT_READ = frozenset(("case", "function", "select"))

_ENDS_WORD = frozenset(" \t\n;&|()<>")
_REDIRECTION = re.compile(r"(?:&>>?|(?:\d+)?(?:<<<|<<-?|<>|<&|>>|>\||>&|<|>))")
_NAME = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!-]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_ANSI_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}
_ANSI_CODE = re.compile(r"x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|[0-7]{1,3}")


class UnreadableLine(ValueError):
    """The line cannot be taken apart; the text says where it went wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    operator: str
    """Without the number of the stream."""
    target: Word


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One simple command of a line."""

    source: str
    """As typed, without its redirections and the keywords before it."""
    words: tuple[Word, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    text_in: tuple[str, ...] = ()
    """What here-documents and here-strings hand it."""
    is_piped_to: bool = False
    defines: bool = False
    """Gives a name a new meaning, as `ls() { ...; }` does."""

    @property
    def substitutes(self) -> bool:
        """Whether the output of a command becomes part of this one."""
        return any(word.substitutes for word in (*self.words, *(each.target for each in self.redirects)))


def commands_of(line: str) -> tuple[Command, ...]:
    """Return every command of a line in the order of reading; raises `UnreadableLine`."""
    line = line.replace("\r\n", "\n")
    if _CONTROL.search(line) or not MARKS.isdisjoint(line):
        raise UnreadableLine("it holds control characters")
    return _read(line, depth=0)


def _read(line: str, depth: int) -> tuple[Command, ...]:
    reader = _Reader(line, depth)
    reader.program(until="")
    return tuple(reader.commands)


@dataclass(slots=True)
class _Draft:
    """The command that is being read."""

    words: list[Word] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    text_in: list[str] = field(default_factory=list)
    is_piped_to: bool = False


class _Reader:
    """A cursor over the text; nested programs are read by the same cursor."""

    def __init__(self, text: str, depth: int) -> None:
        self.text = text
        self.at = 0
        self.depth = depth
        self.commands: list[Command] = []
        self._here: list[tuple[_Draft, str, bool, bool]] = []
        self._drafts: list[tuple[int, _Draft]] = []
        """Finished commands that still wait for their here-documents."""

    # --- programs and commands ---

    def program(self, until: str) -> None:
        """Read commands up to the closing character, or to the end of the text."""
        self._go_deeper()
        draft = _Draft()
        while True:
            self._skip_blanks()
            character = self._peek()
            if character == "":
                if until:
                    raise UnreadableLine(f"a {until!r} is missing")
                break
            if character == until:
                self.at += 1
                break
            draft = self._step(draft, character)
        self._finish(draft)
        if not until:
            self._read_here_documents()
        self.depth -= 1

    def _step(self, draft: _Draft, character: str) -> _Draft:
        if found := self._redirection():
            self._redirect(draft, found)
        elif character == "\n":
            self.at += 1
            draft = self._finish(draft)
            self._read_here_documents()
        elif character in ";&|":
            draft = self._separator(draft, character)
        elif character == "(":
            self._parenthesis(draft)
        elif character == ")":
            raise UnreadableLine("a ')' closes nothing")
        elif character == "#":
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
        else:
            self._add(draft, self.word())
        return draft

    def _separator(self, draft: _Draft, character: str) -> _Draft:
        if self.text.startswith(";;", self.at):
            raise UnreadableLine("a `;;` stands outside of a case")
        pipes = character == "|" and not self.text.startswith("||", self.at)
        self.at += 2 if self.text[self.at : self.at + 2] in {"&&", "||", "|&"} else 1
        draft = self._finish(draft)
        draft.is_piped_to = pipes
        return draft

    def _parenthesis(self, draft: _Draft) -> None:
        """Read a subshell, or the `()` that makes the word before it a function."""
        self.at += 1
        if not draft.words:
            piped, before = draft.is_piped_to, len(self.commands)
            self.program(until=")")
            if piped:
                self.commands[before:] = [_fed(command) for command in self.commands[before:]]
            return
        self._skip_blanks()
        if len(draft.words) != 1 or self._peek() != ")":
            raise UnreadableLine("a '(' stands where none can be")
        self.at += 1
        (name,) = draft.words
        draft.words.clear()
        self.commands.append(Command(source=f"{name.source}()", words=(name,), defines=True))

    def _add(self, draft: _Draft, word: Word) -> None:
        if draft.words or word.source not in KEYWORDS | NOT_READ:
            draft.words.append(word)
        elif word.source in NOT_READ:
            raise UnreadableLine(f"it uses `{word.source}`")

    def _finish(self, draft: _Draft) -> _Draft:
        """Keep a command that has ended and begin the next."""
        if draft.words or draft.redirects or draft.text_in or any(each[0] is draft for each in self._here):
            self._drafts.append((len(self.commands), draft))
            self.commands.append(_command(draft))
        return _Draft()

    # --- redirections ---

    def _redirection(self) -> str:
        if self.text[self.at : self.at + 2] in {"<(", ">("}:
            return ""
        found = _REDIRECTION.match(self.text, self.at)
        return found[0] if found else ""

    def _redirect(self, draft: _Draft, found: str) -> None:
        self.at += len(found)
        operator = found.lstrip("0123456789")
        self._skip_blanks()
        if self._peek() in {"", "\n"}:
            raise UnreadableLine("a redirection leads nowhere")
        target = self.word()
        if operator in {"<<", "<<-"}:
            is_quoted = target.source != target.marked
            self._here.append((draft, target.marked, is_quoted, operator == "<<-"))
        elif operator == "<<<":
            draft.text_in.append(target.marked)
            draft.redirects.append(Redirect(operator=operator, target=target))
        elif not (operator in {">&", "<&"} and re.fullmatch(r"\d+-?|-", target.marked)):
            draft.redirects.append(Redirect(operator=operator, target=target))

    def _read_here_documents(self) -> None:
        """Read the bodies that begin on this line; text that is not quoted may run commands."""
        for draft, delimiter, is_quoted, strips in self._here:
            body = self._body(delimiter, strips=strips)
            if not is_quoted:
                inner = _Reader(body, self.depth)
                marked, substitutes = inner.quoted(until="")
                self.commands += inner.commands
                draft.redirects += (
                    [Redirect(operator="<<", target=Word(source="", marked="", substitutes=True))]
                    if substitutes
                    else []
                )
                body = marked
            draft.text_in.append(body)
        if self._here:
            for index, draft in self._drafts:
                self.commands[index] = _command(draft)
        self._here.clear()

    def _body(self, delimiter: str, *, strips: bool) -> str:
        lines = []
        while self.at < len(self.text):
            end = self.text.find("\n", self.at)
            end = len(self.text) if end < 0 else end
            line = self.text[self.at : end]
            self.at = min(end + 1, len(self.text))
            line = line.lstrip("\t") if strips else line
            if line == delimiter:
                break
            lines.append(line)
        return "\n".join(lines)

    # --- words ---

    def word(self) -> Word:
        start, marked, substitutes = self.at, "", False
        while (character := self._peek()) and not self._ends_word(character):
            piece, runs = self._piece(character, is_first=self.at == start)
            marked += piece
            substitutes |= runs
        if self.at == start:
            raise UnreadableLine(f"{self._peek()!r} stands where a word should be")
        return Word(source=self.text[start : self.at], marked=marked, substitutes=substitutes)

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
        while (character := self._peek()) != until:
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
        self._go_deeper()
        self.at += 2
        start, runs = self.at, False
        while (character := self._peek()) != "}":
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
        self.commands += _read(inner, self.depth)
        return UNKNOWN, True

    def _ansi_quoted(self) -> str:
        self.at += 2
        text = ""
        while (character := self._peek()) != "'":
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
        character = self._peek()
        self.at += 1
        return _ANSI_ESCAPES.get(character, character)

    # --- the cursor ---

    def _go_deeper(self) -> None:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise UnreadableLine("it is nested too deeply")

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _skip_blanks(self) -> None:
        while self._peek() in {" ", "\t"} or self.text.startswith("\\\n", self.at):
            self.at += 1 if self._peek() in {" ", "\t"} else 2


def _command(draft: _Draft) -> Command:
    return Command(
        source=" ".join(word.source for word in draft.words),
        words=tuple(draft.words),
        redirects=tuple(draft.redirects),
        text_in=tuple(draft.text_in),
        is_piped_to=draft.is_piped_to,
    )


def _fed(command: Command) -> Command:
    return replace(command, is_piped_to=True)
