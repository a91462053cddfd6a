"""A shell line taken apart: every command in it, also those in subshells, substitutions and here-documents.

What this reader does not understand it refuses, so that nothing passes unread.
"""

import re
from dataclasses import dataclass, field, replace

from agent.shell.word_reader import UnreadableLine, WordReader
from agent.shell.words import MARKS, Word

__all__ = ["Command", "Redirect", "UnreadableLine", "commands_of"]

KEYWORDS = frozenset(
    ("if", "then", "else", "elif", "fi", "while", "until", "do", "done", "!", "{", "}", "coproc")
)
"""Words that stand before a command and change nothing in what it does."""
NOT_READ = frozenset(("case", "function", "select"))

_REDIRECTION = re.compile(r"(?:&>>?|(?:\d+)?(?:<<<|<<-?|<>|<&|>>|>\||>&|<|>))")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


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


class _Reader(WordReader):
    """Reads programs; nested ones with the same cursor."""

    def __init__(self, text: str, depth: int) -> None:
        super().__init__(text, depth)
        self.commands: list[Command] = []
        self._here: list[tuple[_Draft, str, bool, bool]] = []
        self._drafts: list[tuple[int, _Draft]] = []
        """Finished commands that still wait for their here-documents."""

    # --- programs and commands ---

    def program(self, until: str) -> None:
        """Read commands up to the closing character, or to the end of the text."""
        self.go_deeper()
        draft = _Draft()
        while True:
            self.skip_blanks()
            character = self.peek()
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
        self.skip_blanks()
        if len(draft.words) != 1 or self.peek() != ")":
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
        self.skip_blanks()
        if self.peek() in {"", "\n"}:
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

    def run_inside(self, text: str) -> None:
        self.commands += _read(text, self.depth)


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
