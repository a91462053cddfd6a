"""The keyboard in the conversation: what is pressed there is often gone a moment later, and typing goes on."""

import asyncio

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply, text
from tests.web.node_process import NodeProcess
from tests.web.stage import Stage
from tests.web.talk import ask, composer, expect_answered, transcript, turn

NOTE = {"name": "bread", "text": "Feed it daily.", "mode": "replace"}


def writes(model: FakeOllama) -> None:
    model.chat(reply(calls(("notes.write", NOTE)), done()), answer("Noted."))


def question(page: Page) -> Locator:
    return page.locator("section.approval")


def waiting(page: Page) -> Locator:
    return page.get_by_role("region", name="Waiting messages")


def expect_typing_goes_on(page: Page) -> None:
    expect(composer(page)).to_be_focused()
    page.keyboard.type("next")
    expect(composer(page)).to_have_value("next")
    composer(page).fill("")


def press(page: Page, name: str) -> None:
    """Press a button as the keyboard does."""
    button = page.get_by_role("button", name=name).last
    button.focus()
    page.keyboard.press("Enter")


def to_the_top(page: Page) -> None:
    transcript(page).focus()
    page.keyboard.press("Home")
    expect(transcript(page)).to_have_js_property("scrollTop", 0)


class Line:
    """The socket of a page; while it is held, nothing that the page says reaches the node."""

    def __init__(self, page: Page) -> None:
        self._held: list[str | bytes] | None = None
        self._node: WebSocketRoute | None = None
        page.route_web_socket("**/ws", self._pass_on)
        page.reload()

    def _pass_on(self, socket: WebSocketRoute) -> None:
        self._node = node = socket.connect_to_server()
        socket.on_message(lambda said: node.send(said) if self._held is None else self._held.append(said))

    def hold(self) -> None:
        self._held = []

    def let_go(self) -> int:
        """Pass on what was said meanwhile, and return how much it was."""
        held, self._held = self._held or [], None
        for said in held:
            assert self._node is not None
            self._node.send(said)
        return len(held)


def test_typing_goes_on_after_send_stop_and_try_again_were_pressed(
    page: Page, model: FakeOllama, stage: Stage, gate: asyncio.Event
) -> None:
    model.chat(reply(*text("on and on"), gate, done()), answer("at last"))
    composer(page).fill("go on")
    page.get_by_role("button", name="Send", exact=True).click()
    expect_typing_goes_on(page)
    expect(turn(page)).to_contain_text("on and on")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(turn(page)).to_contain_text("Stopped")
    expect_typing_goes_on(page)
    press(page, "Try again")
    expect_answered(page, "at last")
    expect_typing_goes_on(page)


def test_stop_says_that_it_stops_until_the_node_has_heard_it(
    page: Page, model: FakeOllama, gate: asyncio.Event
) -> None:
    line = Line(page)
    model.chat(reply(*text("on and on"), gate, done()))
    ask(page, "go on")
    expect(turn(page)).to_contain_text("on and on")
    line.hold()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Stopping…")).to_be_disabled()
    assert line.let_go() == 1
    expect(turn(page)).to_contain_text("Stopped")


@pytest.mark.parametrize("name", ["Allow once", "Deny", "Allow in this session"])
def test_typing_goes_on_after_a_question_was_answered(page: Page, model: FakeOllama, name: str) -> None:
    writes(model)
    ask(page, "note it")
    question(page).get_by_text("Do not ask again").click()
    press(page, name)
    expect_answered(page, "Noted.")
    expect_typing_goes_on(page)


def test_typing_goes_on_after_a_call_was_allowed_out_of_a_field_of_it(page: Page, model: FakeOllama) -> None:
    writes(model)
    ask(page, "note it")
    press(page, "Edit first")
    question(page).get_by_role("textbox", name="text").fill("Feed it weekly.")
    page.keyboard.press("Control+Alt+Enter")
    expect_answered(page, "Noted.")
    expect_typing_goes_on(page)


def test_typing_goes_on_after_a_question_was_answered_in_another_window(
    page: Page, model: FakeOllama, node: NodeProcess
) -> None:
    other = page.context.new_page()
    writes(model)
    ask(page, "note it")
    press(page, "Edit first")
    expect(question(page).get_by_role("textbox", name="name")).to_be_focused()
    other.goto(node.url)
    question(other).get_by_role("button", name="Deny").click()
    expect_answered(page, "Noted.")
    expect_typing_goes_on(page)


def test_an_answer_counts_once_and_its_question_says_that_it_is_on_its_way(
    page: Page, model: FakeOllama
) -> None:
    line = Line(page)
    writes(model)
    ask(page, "note it")
    allow = question(page).get_by_role("button", name="Allow once")
    expect(allow).to_be_enabled()
    line.hold()
    allow.click()
    expect(allow).to_be_disabled()
    expect(question(page)).to_contain_text("Sending…")
    allow.click(force=True)
    question(page).get_by_role("button", name="Deny").click(force=True)
    page.keyboard.press("Control+Alt+Enter")
    assert line.let_go() == 1
    expect_answered(page, "Noted.")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_typing_goes_on_after_a_waiting_message_was_left_as_it_was_or_taken_back(
    page: Page, model: FakeOllama, stage: Stage, gate: asyncio.Event
) -> None:
    model.chat(reply(*text("first"), gate, done()), answer("third answer"))
    ask(page, "one")
    expect(turn(page)).to_contain_text("first")
    ask(page, "two")
    ask(page, "three")
    press(page, "Edit")
    expect(waiting(page).get_by_role("textbox")).to_be_focused()
    page.keyboard.press("Escape")
    expect_typing_goes_on(page)
    press(page, "Withdraw")
    expect(waiting(page).get_by_role("listitem")).to_have_count(1)
    expect_typing_goes_on(page)


def test_typing_goes_on_after_a_bubble_was_taken_away(page: Page) -> None:
    ask(page, "/queue")
    press(page, "Take away")
    expect(page.locator("section.bubble")).to_have_count(0)
    expect_typing_goes_on(page)


def test_typing_goes_on_at_the_latest_message_and_where_a_message_was_sent_from_further_up(
    page: Page, model: FakeOllama
) -> None:
    long = "\n\n".join(f"line {number}" for number in range(80))
    model.chat(answer(long), answer("short"))
    ask(page, "tell me much")
    expect_answered(page, "line 79")
    for _ in range(2):
        to_the_top(page)
        press(page, "Jump to latest")
        expect(page.get_by_text("line 79")).to_be_in_viewport()
        expect_typing_goes_on(page)
    to_the_top(page)
    ask(page, "and less")
    expect_answered(page, "short")
    expect(turn(page).get_by_text("short")).to_be_in_viewport()


def test_the_keyboard_stays_where_its_owner_has_taken_it(
    page: Page, model: FakeOllama, stage: Stage, gate: asyncio.Event
) -> None:
    model.chat(reply(*text("first"), gate, done()))
    ask(page, "one")
    expect(turn(page)).to_contain_text("first")
    page.get_by_role("button", name="Stop", exact=True).focus()
    tab = page.get_by_role("tab", name="Conversation")
    tab.focus()
    stage.let(gate)
    expect_answered(page, "first")
    expect(tab).to_be_focused()
