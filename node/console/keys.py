"""What the keys of the console do."""

from typing import Protocol

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition, completion_is_selected, has_completions, is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from agent.events import Decision
from node.console.approving import APPROVAL_KEYS, EDIT_KEY


class Keyboard(Protocol):
    """What the keys act on."""

    def submit(self, text: str) -> None:
        """Take a line that was sent."""
        ...

    def question_is_open(self) -> bool:
        """Say whether an approval can be answered with one key now."""
        ...

    def decide(self, decision: Decision) -> None: ...

    def is_prompting(self) -> bool:
        """Say whether the line is for the agent, and not the arguments of a call."""
        ...

    def edit(self) -> None:
        """Put the arguments of the call that is asked about into the line."""
        ...

    def stop_turn(self, *, then_leave: bool) -> bool:
        """Stop what runs; return whether something did that was not stopped already.

        With `then_leave` it counts as the first of the two times that leave.
        """
        ...

    def leave(self) -> None:
        """Take note that nothing is left to stop; said twice, leave."""
        ...

    def toggle_reasoning(self) -> None: ...

    def hint(self, text: str) -> None:
        """Show a line that passes."""
        ...


def console_keys(console: Keyboard) -> KeyBindings:
    keys = KeyBindings()
    add_line_keys(keys, console)
    add_stop_keys(keys, console)
    add_approval_keys(keys, console)
    return keys


def add_line_keys(keys: KeyBindings, console: Keyboard) -> None:
    @keys.add("enter", filter=~is_searching & ~completion_is_selected)
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        text = buffer.text
        if text.strip():
            buffer.reset(append_to_history=not text.startswith(" ") and console.is_prompting())
            console.submit(text.strip())

    @keys.add("enter", filter=completion_is_selected)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None

    @keys.add("tab", filter=~has_completions)
    def _(event: KeyPressEvent) -> None:
        event.app.create_background_task(complete(event.current_buffer))

    # Eager: while the list is open Escape closes it at once instead of waiting for a second key.
    @keys.add("escape", filter=has_completions, eager=True)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None

    @keys.add("escape", "enter", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("f2")
    def _(_: KeyPressEvent) -> None:
        console.toggle_reasoning()


async def complete(buffer: Buffer) -> None:
    """Take the first of the list; that of letters which came in the same moment was begun just before."""
    if buffer.complete_state:
        buffer.complete_next()
    else:
        buffer.start_completion(insert_common_part=True)


def add_stop_keys(keys: KeyBindings, console: Keyboard) -> None:
    @keys.add("c-c", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        if console.stop_turn(then_leave=not event.current_buffer.text):
            return
        if event.current_buffer.text:
            event.current_buffer.reset()
        else:
            console.leave()

    @keys.add("c-d", filter=Condition(lambda: not get_app().current_buffer.text))
    def _(event: KeyPressEvent) -> None:
        event.app.exit()


def add_approval_keys(keys: KeyBindings, console: Keyboard) -> None:
    """While a line is half typed its letters belong to it; with Esc before them they always decide."""
    is_open = Condition(console.question_is_open)
    line_is_empty = Condition(lambda: not get_app().current_buffer.text)
    for key, decision in APPROVAL_KEYS.items():

        def decide(_: KeyPressEvent, decision: Decision = decision) -> None:
            console.decide(decision)

        keys.add(key, filter=is_open & line_is_empty)(decide)
        keys.add("escape", key, filter=is_open)(decide)

    @keys.add(EDIT_KEY, filter=is_open & line_is_empty)
    @keys.add("escape", EDIT_KEY, filter=is_open)
    def _(_: KeyPressEvent) -> None:
        console.edit()
