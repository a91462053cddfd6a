"""Slash commands in the cockpit: the list at the slash, what they say, and that the model hears nothing of most of them."""

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.conftest import Visit
from tests.web.node_process import NodeProcess
from tests.web.talk import ask, composer, expect_answered, turn

NOTE = {"name": "bread", "text": "Feed it daily.", "mode": "replace"}


def bubble(page: Page, number: int = -1) -> Locator:
    """Return what a command said, by its place; the last one if none is given."""
    bubbles = page.locator("section.bubble")
    return bubbles.last if number < 0 else bubbles.nth(number)


def listed(page: Page) -> Locator:
    return page.locator(".suggestions").get_by_role("option")


def chosen(page: Page) -> Locator:
    return page.locator('.suggestions [aria-selected="true"]')


def talked(page: Page, model: FakeOllama) -> None:
    model.chat(answer("hello"))
    ask(page, "hi")
    expect_answered(page, "hello")


@requirement("O1")
def test_a_slash_opens_the_list_arrows_cycle_tab_fills_the_stub_and_escape_closes(page: Page) -> None:
    composer(page).type("/")
    expect(listed(page).first).to_contain_text("/help")
    composer(page).press("ArrowUp")
    expect(chosen(page)).to_contain_text("/unblock PEER")
    composer(page).press("ArrowDown")
    expect(chosen(page)).to_contain_text("/help")
    composer(page).type("as")
    expect(listed(page)).to_have_count(3)
    expect(chosen(page)).to_contain_text("/ask PEER TEXT")
    expect(chosen(page)).to_contain_text("ask a peer's agent")
    expect(chosen(page)).to_contain_text("control")
    composer(page).press("Tab")
    expect(composer(page)).to_have_value("/ask ")
    composer(page).fill("")
    composer(page).type("/qui")
    expect(listed(page)).to_have_count(0)
    composer(page).fill("")
    composer(page).type("/pe")
    expect(listed(page)).not_to_have_count(0)
    composer(page).press("Escape")
    expect(listed(page)).to_have_count(0)
    expect(composer(page)).to_have_value("/pe")


@requirement("O2", "O3", "O5", "O7")
def test_what_commands_say_reaches_no_model_and_is_gone_after_a_reload(
    page: Page, model: FakeOllama, node: NodeProcess
) -> None:
    talked(page, model)
    asked = len(model.asked)
    ask(page, "/?")
    expect(bubble(page).get_by_role("row", name="/ask PEER TEXT control ask a peer's agent")).to_be_visible()
    expect(bubble(page).get_by_role("row", name="/status prompt")).to_be_visible()
    ask(page, "/agents")
    expect(bubble(page).get_by_role("row", name="node alice")).to_be_visible()
    ask(page, "/nonsense")
    expect(bubble(page)).to_contain_text("there is no command /nonsense; /help lists them")
    expect(composer(page)).to_have_value("")
    expect(page.locator("section.bubble")).to_have_count(3)
    (session,) = node.call("GET", "/api/chat/sessions")
    stored = node.call("GET", f"/api/chat/sessions/{session['id']}")
    assert [message["content"] for message in stored["messages"]] == ["hi", "hello"]
    assert_accessible(page)
    ask(page, "/localclear")
    expect(page.locator("section.bubble")).to_have_count(0)
    expect(turn(page)).to_contain_text("hello")
    ask(page, "/queue")
    expect(bubble(page)).to_contain_text("nothing runs")
    page.reload()
    expect(turn(page)).to_contain_text("hello")
    expect(page.locator("section.bubble")).to_have_count(0)
    assert len(model.asked) == asked
    model.chat(answer("again"))
    ask(page, "hi again")
    expect_answered(page, "again")
    assert "no command" not in json.dumps(model.asked[-1])


@requirement("O4")
def test_clear_asks_first_then_erases_for_every_page_and_the_conversation_stays(
    page: Page, model: FakeOllama, node: NodeProcess
) -> None:
    talked(page, model)
    other = page.context.new_page()
    other.goto(node.url)
    expect(turn(other)).to_contain_text("hello")
    (session,) = node.call("GET", "/api/chat/sessions")
    ask(page, "/clear")
    expect(bubble(page)).to_contain_text(f"Erase all 2 messages of “{session['title']}”")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("Enter")
    expect(page.locator("section.bubble")).to_have_count(0)
    expect(composer(page)).to_be_focused()
    assert node.call("GET", f"/api/chat/sessions/{session['id']}")["messageCount"] == 2
    ask(page, "/reset")
    page.get_by_role("button", name="Erase").click()
    expect(bubble(page)).to_contain_text("emptied")
    expect(page.locator("article.turn")).to_have_count(0)
    expect(other.locator("article.turn")).to_have_count(0)
    (left,) = node.call("GET", "/api/chat/sessions")
    assert (left["id"], left["title"], left["messageCount"]) == (session["id"], session["title"], 0)


@requirement("O8", "O9")
def test_status_is_sent_at_once_from_the_list_as_one_message(
    page: Page, model: FakeOllama, node: NodeProcess
) -> None:
    talked(page, model)
    model.chat(answer("All done."))
    composer(page).type("/stat")
    expect(chosen(page)).to_contain_text("prompt")
    composer(page).press("Enter")
    expect_answered(page, "All done.")
    expect(page.locator("article.turn")).to_have_count(2)
    # What was sent stands in the conversation; nothing of it is only here.
    expect(page.locator("section.bubble")).to_have_count(0)
    (session,) = node.call("GET", "/api/chat/sessions")
    stored = node.call("GET", f"/api/chat/sessions/{session['id']}")["messages"]
    assert [message["role"] for message in stored] == ["user", "agent"] * 2
    assert stored[2]["content"].startswith("Where do you stand?")


@requirement("O6", "O15")
def test_approve_answers_the_call_that_waits_and_new_begins_a_conversation(
    page: Page, model: FakeOllama, node: NodeProcess
) -> None:
    model.chat(reply(calls(("notes.write", NOTE)), done()), answer("Noted."))
    ask(page, "note it")
    expect(page.locator("section.approval")).to_be_visible()
    ask(page, "/approve")
    expect(bubble(page)).to_contain_text("allowed once: notes.write")
    expect_answered(page, "Noted.")
    assert (node.data / "notes" / "bread.md").read_text("utf-8") == "Feed it daily.\n"
    ask(page, "/newchat")
    expect(page.locator("article.turn")).to_have_count(0)
    expect(composer(page)).to_be_focused()


@requirement("O14")
def test_panes_model_and_mode_are_shown_and_set(page: Page, node: NodeProcess) -> None:
    ask(page, "/panes")
    expect(bubble(page).get_by_role("row", name="conversation-1 in front")).to_be_visible()
    ask(page, "/llm temperature 0.4")
    expect(bubble(page).get_by_role("row", name="temperature 0.4")).to_be_visible()
    assert node.call("GET", "/api/settings/agent.orchestrator.temperature")["value"] == 0.4
    ask(page, "/llm reset")
    expect(bubble(page).get_by_role("row", name="temperature 0.0")).to_be_visible()
    ask(page, "/mode plan")
    expect(bubble(page)).to_contain_text("mode plan in this session")
    expect(page.locator('.picker[data-mode="plan"]')).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_table_can_be_read_in_a_narrow_window_in_both_themes(
    visit: Visit, node: NodeProcess, theme: str
) -> None:
    node.call("PUT", "/api/settings/ui.theme", {"value": theme})
    page, _ = visit(node)
    page.set_viewport_size({"width": 360, "height": 740})
    ask(page, "/tools")
    expect(bubble(page)).to_contain_text("tokens")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@requirement("O1", "O2")
def test_a_command_is_one_in_capitals_too(page: Page, model: FakeOllama) -> None:
    composer(page).type("/HEL")
    expect(chosen(page)).to_contain_text("/help")
    composer(page).type("P")
    composer(page).press("Enter")
    expect(bubble(page).get_by_role("row", name="/ask PEER TEXT control ask a peer's agent")).to_be_visible()
    assert model.asked == []


@pytest.mark.parametrize("line", ["/usage", "/clear", "/compact"])
def test_a_command_about_what_was_said_says_of_an_empty_conversation_that_it_is_empty(
    page: Page, line: str
) -> None:
    ask(page, line)
    expect(bubble(page)).to_contain_text("nothing was said here yet")
    expect(bubble(page)).not_to_contain_text("there is no session")
