"""Completion: slash commands at the start of a line, peers after @ and after /ask."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from node.console.render import one_line
from node.slash.commands import COMMANDS

OF_A_PEER = ("/ask ", "/grant ", "/trust ", "/call ", "/revoke ", "/block ", "/unblock ")
"""Commands whose first word is a peer."""
SHOWN_MAX_CHARS = 45
"""Of a command with its arguments: one that is long would leave no room for what any of them does."""


class ConsoleCompleter(Completer):
    def __init__(self, peers: Callable[[], Sequence[str]]) -> None:
        self._peers = peers
        """The peers' names as they are known now."""

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        before = document.text_before_cursor
        word = before.rpartition(" ")[2]
        if before.startswith(OF_A_PEER) and before.count(" ") == 1:
            yield from self._peer_completions(word, prefix="")
        elif before.startswith("/"):
            yield from command_completions(before)
        elif word.startswith("@"):
            yield from self._peer_completions(word[1:], prefix="@")

    def _peer_completions(self, start: str, prefix: str) -> Iterator[Completion]:
        for name in map(one_line, self._peers()):
            if name.casefold().startswith(start.casefold()):
                yield Completion(
                    f"{prefix}{name} ", start_position=-len(prefix + start), display=prefix + name
                )


def command_completions(before: str) -> Iterator[Completion]:
    """Complete a command's name; once its arguments are typed there is nothing to add."""
    for command in COMMANDS:
        name = f"/{command.name}"
        if name.startswith(before) and command.where != "cockpit":
            yield Completion(
                f"{name} " if command.arguments else name,
                start_position=-len(before),
                display=one_line(f"{name} {command.arguments}".strip(), SHOWN_MAX_CHARS),
                display_meta=f"{command.kind}: {command.hint}",
            )
