"""A shell line taken apart: every command in it, also those in subshells, substitutions and here-documents.

What this reader does not understand it refuses, so that nothing passes unread.
"""

import re
from dataclasses import dataclass, field, replace

from agent.shell.rereading import begins_unclear_index, rereads
from agent.shell.word_reader import UnreadableLine, WordReader
from agent.shell.words import MARKS, Word

__all__ = ["Command", "Redirect", "UnreadableLine", "commands_of"]

KEYWORDS = frozenset(("if", "then", "else", "elif", "fi", "while", "until", "do", "done", "!", "{", "}"))
"""Words that stand before a command and change nothing in what it does."""
NOT_READ = frozenset(("case", "coproc", "function", "select"))

_REDIRECTION = re.compile(r"(?:&>>?|(?:\d+)?(?:<<<|<<-?|<>|<&|>>|>\||>&|<|>))")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_DELIMITER = re.compile(r"\\?[\w.+@%:!=/-]+|'[^'\\\n]*'|\"[^\"\\$`\n]*\"")
"""How the end of a here-document is written where all shells agree on what it is."""


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
    arithmetic: str = ""
    """What stands in `((...))`; a shell that knows no arithmetic runs it."""

    @property
    def substitutes(self) -> bool:
        """Whether the output of a command becomes part of this one."""
        return any(word.substitutes for word in (*self.words, *(each.target for each in self.redirects)))


def commands_of(line: str) -> tuple[Command, ...]:
    """Return every command of a line in the order of reading; raises `UnreadableLine`."""
    if _CONTROL.search(line) or not MARKS.isdisjoint(line):
        raise UnreadableLine("it holds control characters")
    reader = _read(line, depth=0)
    if reader.hides and (reader.rereads or any(rereads(each.words) for each in reader.commands)):
        raise UnreadableLine("quoted text that may hold a command may be read once more")
    return tuple(reader.commands)


def _read(line: str, depth: int) -> "_Reader":
    reader = _Reader(line, depth)
    reader.program(until="")
    return reader


@dataclass(slots=True)
class _Draft:
    """The command that is being read."""

    words: list[Word] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    text_in: list[str] = field(default_factory=list)
    is_piped_to: bool = False
    arithmetic: str = ""


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
        start, pending = self.at, len(self._here)
        self._commands(until)
        if len(self._here) > pending or (pending and "\n" in self.text[start : self.at]):
            raise UnreadableLine("a here-document and a substitution are in each other's way")

    def _commands(self, until: str) -> None:
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
            draft = self._add(draft, self.word())
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
        """Read a subshell, `((...))`, or the `()` that makes the word before it a function."""
        if not draft.words:
            self.refuse_broken_double()
            if not (self.text.startswith("((", self.at) and self._takes_arithmetic(draft)):
                self._subshell(draft)
            return
        self.at += 1
        self.skip_blanks()
        if len(draft.words) != 1 or self.peek() != ")":
            raise UnreadableLine("a '(' stands where none can be")
        self.at += 1
        (name,) = draft.words
        draft.words.clear()
        self.commands.append(Command(source=f"{name.source}()", words=(name,), defines=True))

    def _subshell(self, draft: _Draft) -> None:
        self.at += 1
        before = len(self.commands)
        self._commands(until=")")
        if draft.is_piped_to:
            self.commands[before:] = [replace(each, is_piped_to=True) for each in self.commands[before:]]
            for index, each in self._drafts:
                each.is_piped_to |= index >= before

    def _takes_arithmetic(self, draft: _Draft) -> bool:
        start, inside = self.at, self.arithmetic(self.at + 2)
        if inside is None:
            return False
        source = self.text[start : self.at]
        draft.words.append(Word(source=source, marked=source, substitutes=True))
        draft.arithmetic = inside
        return True

    def arithmetic(self, begin: int) -> str | None:
        """Read on from behind `((` and return the arithmetic; None where it begins subshells."""
        start, kept = self.at, (len(self.commands), len(self._drafts), len(self._here))
        self.go_deeper()
        has_quotes = self._skip_arithmetic(begin)
        self.depth -= 1
        inside = self.text[begin : self.at - 1]
        if self.peek() != ")":
            self.at = start
            del self.commands[kept[0] :], self._drafts[kept[1] :], self._here[kept[2] :]
            return None
        if has_quotes:  # they quote nothing there
            raise UnreadableLine("quotes stand in arithmetic")
        self.at += 1
        self.rereads |= re.search(r"[A-Za-z_$`]", inside) is not None
        return inside

    def _skip_arithmetic(self, begin: int) -> bool:
        """Go behind the `)` that closes the last `(`; say whether there were quotes."""
        self.at, depth, has_quotes = begin, 1, False
        while depth:
            match self.peek():
                case "":
                    raise UnreadableLine("a '))' is missing")
                case "'":
                    has_quotes = True
                    self.single_quoted()
                case "\\":
                    has_quotes = True
                    self.at += 2
                case '"':
                    self.at += 1
                    self.quoted(until='"')
                case character:
                    depth += {"(": 1, ")": -1}.get(character, 0)
                    self.quoted_piece(character)
        return has_quotes

    def _add(self, draft: _Draft, word: Word) -> _Draft:
        bare = word.source.replace("\\\n", "")
        if [each.source for each in draft.words[:1]] == ["for"] and len(draft.words) == 2 and bare == "do":
            return self._finish(draft)
        if bare.startswith("{") and self.peek() in {"<", ">"}:
            self._refuse_computed_stream(bare)
        elif draft.words:
            draft.words.append(word)
        elif bare in NOT_READ:
            raise UnreadableLine(f"it uses `{bare}`")
        elif begins_unclear_index(word):
            raise UnreadableLine("it begins with a name whose index is not clear")
        elif bare not in KEYWORDS:
            draft.words.append(word)
        return draft

    def _refuse_computed_stream(self, word: str) -> None:
        """`{name}>file` keeps the number of a stream in a variable; an index of that would be computed."""
        if not re.fullmatch(r"\{[A-Za-z_]\w*\}", word):
            raise UnreadableLine("it keeps the number of a stream in an unclear place")

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
            if not _DELIMITER.fullmatch(target.source):
                raise UnreadableLine("the end of a here-document is written in an unusual way")
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
            body = self._body(delimiter, strips=strips, goes_on=not is_quoted)
            if is_quoted:
                self.notice(body)
            else:
                inner = _Reader(body, self.depth)
                marked, substitutes = inner.quoted(until="")
                self._take(inner)
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

    def _body(self, delimiter: str, *, strips: bool, goes_on: bool) -> str:
        lines, joined = list[str](), ""
        while self.at < len(self.text):
            line = self._body_line()
            line = line.lstrip("\t") if strips else line
            joined = joined[:-1] + line if goes_on and joined.endswith("\\") else line
            if (line == delimiter) != (joined == delimiter):
                raise UnreadableLine("the end of a here-document is a broken line")
            if line == delimiter:
                break
            lines.append(line)
        return "\n".join(lines)

    def _body_line(self) -> str:
        end = self.text.find("\n", self.at)
        end = len(self.text) if end < 0 else end
        line = self.text[self.at : end]
        self.at = min(end + 1, len(self.text))
        return line

    def run_inside(self, text: str) -> None:
        self._take(_read(text, self.depth))

    def _take(self, inner: "_Reader") -> None:
        self.commands += inner.commands
        self.rereads |= inner.rereads
        self.hides |= inner.hides


def _command(draft: _Draft) -> Command:
    return Command(
        source=" ".join(word.source for word in draft.words),
        words=tuple(draft.words),
        redirects=tuple(draft.redirects),
        text_in=tuple(draft.text_in),
        is_piped_to=draft.is_piped_to,
        arithmetic=draft.arithmetic,
    )
