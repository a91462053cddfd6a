"""Messages that wait, while they are changed: what is typed there is lost to nobody."""

import asyncio

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fakes.ollama_server import FakeOllama, answer, done, reply, text
from tests.web.stage import Stage
from tests.web.talk import ask, composer, expect_answered, turn


@pytest.fixture
def editor(page: Page, model: FakeOllama, gate: asyncio.Event) -> Locator:
    """The field in which a message is changed that waits behind a turn."""
    model.chat(reply(*text("first"), gate, done()), answer("second"))
    ask(page, "one")
    expect(turn(page)).to_contain_text("first")
    ask(page, "two")
    page.get_by_role("button", name="Edit", exact=True).click()
    return page.get_by_role("textbox", name="Waiting message")


def test_a_change_that_came_too_late_for_its_message_goes_to_the_composer(
    page: Page, model: FakeOllama, stage: Stage, gate: asyncio.Event, editor: Locator
) -> None:
    editor.fill("two, but better")
    stage.let(gate)
    expect_answered(page, "second")
    expect(composer(page)).to_have_value("two, but better")
    expect(composer(page)).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("stays as it was. Your change of it is below")
    assert model.asked[-1]["messages"][-1]["content"].endswith("two")


def test_a_message_that_was_not_changed_leaves_nothing_behind_in_the_composer(
    page: Page, stage: Stage, gate: asyncio.Event, editor: Locator
) -> None:
    expect(editor).to_be_focused()
    stage.let(gate)
    expect_answered(page, "second")
    expect(composer(page)).to_be_focused()
    expect(composer(page)).to_have_value("")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_shortcuts_go_on_while_a_waiting_message_is_changed_and_the_composer_keeps_the_keyboard(
    page: Page, editor: Locator
) -> None:
    editor.press("Control+k")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(editor).to_be_focused()
    composer(page).press_sequentially("three")
    expect(composer(page)).to_have_value("three")
    expect(editor).to_have_value("two")
