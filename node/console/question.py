"""A question that one key answers, on stderr, so that the answer on stdout stays clean."""

import signal
import sys
from collections.abc import Sequence
from typing import cast

from prompt_toolkit import PromptSession
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import create_output

from agent.events import Decision
from node.console.approving import decision_of


async def choose(question: str, offered: Sequence[Decision]) -> Decision:
    """Show the question until one of its keys is pressed. Whoever waits for the turn bounds the wait."""
    session: PromptSession[str] = PromptSession(
        key_bindings=choice_keys(offered), output=create_output(stdout=sys.stderr), erase_when_done=True
    )
    return cast("Decision", await session.prompt_async(f"{question} "))


def choice_keys(offered: Sequence[Decision]) -> KeyBindings:
    keys = KeyBindings()

    @keys.add(Keys.Any)
    def _(event: KeyPressEvent) -> None:
        if decision := decision_of(event.data, offered):
            event.app.exit(result=decision)

    @keys.add("c-c")
    def _(event: KeyPressEvent) -> None:
        # The terminal is in raw mode: without this the key would never stop the turn.
        event.app.exit(result="deny")
        signal.raise_signal(signal.SIGINT)

    return keys
