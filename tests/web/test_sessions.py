"""The sessions pane: what its owner finds, opens, renames and deletes, and what it shows of work elsewhere."""

import asyncio
import json
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply, text
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.node_process import NodeProcess
from tests.web.stage import Stage
from tests.web.talk import ask, expect_answered, turn

ROOT = "/api/chat/sessions"
NOTE = {"name": "bread", "text": "Feed it daily.", "mode": "replace"}


def pane(page: Page) -> Locator:
    return page.locator(".sessions")


def rows(page: Page) -> Locator:
    return pane(page).locator(".session-open")


def row(page: Page, title: str) -> Locator:
    return pane(page).locator(".session").filter(has_text=title)


def bring(node: NodeProcess, title: str, at: float, said: str = "hello", **more: object) -> str:
    """Store a session whose last message was at a time, and return its id."""
    messages = [{"role": "user", "content": title}, {"role": "agent", "content": said}]
    body = {"title": title, "createdAt": at, "lastMessageAt": at, "messages": messages, **more}
    return str(node.call("POST", f"{ROOT}/import", body)["id"])


def menu_item(page: Page, title: str, item: str) -> None:
    row(page, title).hover()
    row(page, title).get_by_role("button", name=f"More for {title}").click()
    page.get_by_role("menuitem", name=item).click()


@pytest.fixture
def three(node: NodeProcess) -> None:
    """Sessions that were there before the page: the latest first, bread, birds, tax."""
    bring(node, "tax", 1_000, "The form is due in May.")
    bring(node, "birds", 2_000)
    bring(node, "bread", 3_000)


@requirement("Q2", "G13")
def test_a_session_is_found_by_its_words_and_opened(three: None, page: Page) -> None:
    expect(rows(page)).to_have_text(["bread", "birds", "tax"])
    pane(page).get_by_role("searchbox").fill("due in")
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("The form is due in May.")
    pane(page).get_by_role("searchbox").press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Transcript")).to_contain_text("The form is due in May.")
    expect(rows(page)).to_have_attribute("aria-current", "true")
    pane(page).get_by_role("searchbox").fill("nothing like it")
    expect(pane(page)).to_contain_text("Nothing holds “nothing like it”.")
    pane(page).get_by_role("searchbox").press("Escape")
    expect(rows(page)).to_have_count(3)


@requirement("Q2", "G14", "G15")
def test_sessions_are_pinned_archived_and_restored(three: None, page: Page) -> None:
    menu_item(page, "tax", "Pin")
    expect(rows(page)).to_have_text(["tax, pinned", "bread", "birds"])
    menu_item(page, "bread", "Archive")
    expect(rows(page)).to_have_text(["tax, pinned", "birds"])
    pane(page).get_by_role("button", name="More for sessions").click()
    page.get_by_role("menuitemradio", name="Archived conversations").click()
    expect(rows(page)).to_have_text(["bread, archived"])
    menu_item(page, "bread", "Restore")
    expect(pane(page)).to_contain_text("Nothing is archived.")
    pane(page).get_by_role("button", name="Back to the list").click()
    expect(rows(page)).to_have_text(["tax, pinned", "bread", "birds"])


@requirement("Q2", "G3")
def test_a_session_is_renamed_in_its_place_by_keyboard_and_by_mouse(three: None, page: Page) -> None:
    rows(page).nth(1).focus()
    page.keyboard.press("F2")
    expect(page.get_by_role("textbox", name="New name of birds")).to_be_focused()
    page.keyboard.type("Wrens")
    page.keyboard.press("Escape")
    expect(rows(page).nth(1)).to_have_text("birds")
    page.keyboard.press("F2")
    page.keyboard.type("Wrens")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_text(["bread", "Wrens", "tax"])
    expect(rows(page).nth(1)).to_be_focused()
    row(page, "tax").dblclick()
    page.get_by_role("textbox", name="New name of tax").fill("Taxes")
    pane(page).get_by_role("searchbox").click()
    expect(rows(page)).to_have_text(["bread", "Wrens", "Taxes"])


@requirement("Q2", "G16")
def test_deleting_names_what_goes_and_begins_on_cancel(three: None, page: Page, node: NodeProcess) -> None:
    rows(page).first.focus()
    page.keyboard.press("Delete")
    question = page.get_by_role("alertdialog", name="Delete “bread”?")
    expect(question).to_contain_text("Its 2 messages are deleted for good.")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(question).to_have_count(0)
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("Delete")
    question.get_by_role("button", name="Delete").click()
    expect(rows(page)).to_have_text(["birds", "tax"])
    assert {one["title"] for one in node.call("GET", ROOT)} == {"birds", "tax"}


def by_keys(page: Page, title: str, item: str) -> None:
    row(page, title).locator(".session-open").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name=item).press("Enter")


@requirement("Q12")
def test_the_keyboard_stays_in_the_list_whatever_is_done_to_a_session(three: None, page: Page) -> None:
    row(page, "bread").locator(".session-open").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="More for bread")).to_be_focused()
    by_keys(page, "tax", "Pin")
    expect(rows(page)).to_have_text(["tax, pinned", "bread", "birds"])
    expect(page.get_by_role("button", name="More for tax")).to_be_focused()
    by_keys(page, "bread", "Share by link")
    expect(page.get_by_role("dialog").last).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="More for bread")).to_be_focused()
    by_keys(page, "bread", "Archive")
    expect(rows(page)).to_have_text(["tax, pinned", "birds"])
    expect(rows(page).last).to_be_focused()
    by_keys(page, "tax", "Delete")
    page.get_by_role("alertdialog").get_by_role("button", name="Delete").press("Enter")
    expect(rows(page)).to_have_text(["birds"])
    expect(rows(page)).to_be_focused()


def test_the_cockpits_keys_work_while_a_session_is_renamed(three: None, page: Page) -> None:
    rows(page).first.focus()
    page.keyboard.press("F2")
    page.keyboard.type("rye")
    page.keyboard.press("F6")
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_focused()
    expect(rows(page).first).to_have_text("rye")


@requirement("Q2", "G2")
def test_the_list_is_walked_with_the_arrow_keys(three: None, page: Page) -> None:
    rows(page).first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows(page).nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(rows(page).nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows(page).nth(2)).to_have_attribute("aria-current", "true")
    page.keyboard.press("Home")
    expect(rows(page).first).to_be_focused()


@requirement("Q2")
def test_what_goes_on_elsewhere_and_what_came_unseen_is_marked(
    page: Page, node: NodeProcess, model: FakeOllama, stage: Stage
) -> None:
    gate = asyncio.Event()
    model.chat(reply(gate, calls(("notes.write", NOTE)), done()), answer("Noted."))
    ask(page, "write it down")
    marked = row(page, "write it down")
    expect(marked.locator("[data-mark=running]")).to_be_visible()
    pane(page).get_by_role("button", name="New conversation").click()
    expect(marked).to_contain_text("answering")
    stage.let(gate)
    expect(marked).to_contain_text("asks you")
    marked.get_by_role("button").first.click()
    turn(page).get_by_role("button", name="Allow once").click()
    expect_answered(page, "Noted.")
    expect(marked.locator(".session-mark")).not_to_have_attribute("data-mark", "asking")
    # Spoken in from elsewhere while another one is shown.
    pane(page).get_by_role("button", name="New conversation").click()
    model.chat(answer("Later."))
    session_id = node.call("GET", ROOT)[0]["id"]
    node.call("POST", "/api/agents/self/chat", {"message": "and then", "sessionId": session_id})
    expect(marked).to_contain_text("unread")
    page.reload()
    expect(marked).to_contain_text("unread")
    marked.get_by_role("button").first.click()
    expect(marked).not_to_contain_text("unread")


@requirement("Q2")
def test_a_long_list_is_read_on_and_few_of_its_rows_are_in_the_page(page: Page, node: NodeProcess) -> None:
    for number in range(230):
        bring(node, f"session {number:03}", 1_000 + number)
    page.reload()
    expect(rows(page).first).to_have_text("session 229")
    rows(page).first.focus()
    for last in ("session 130", "session 030"):
        with page.expect_response("**/sessions?*after=*"):
            page.keyboard.press("End")
        expect(row(page, last).get_by_role("button").first).to_be_focused()
    expect(rows(page).locator("xpath=ancestor::li").last).to_have_attribute("aria-setsize", "230")
    page.keyboard.press("End")
    expect(rows(page).last).to_have_text("session 000")
    expect(rows(page).last).to_be_focused()
    assert rows(page).count() < 80


@requirement("Q2")
def test_a_session_leaves_as_a_file_and_comes_back(three: None, page: Page, tmp_path: Path) -> None:
    with page.expect_download() as download:
        menu_item(page, "tax", "Export as JSON")
    assert download.value.suggested_filename == "tax.json"
    file = tmp_path / "tax.json"
    download.value.save_as(file)
    file.write_text(json.dumps({**json.loads(file.read_text()), "title": "tax again"}))
    with page.expect_download() as download:
        menu_item(page, "tax", "Export as Markdown")
    assert download.value.suggested_filename == "tax.md"
    with page.expect_file_chooser() as chooser:
        pane(page).get_by_role("button", name="More for sessions").click()
        page.get_by_role("menuitem", name="Import a conversation").click()
    chooser.value.set_files(file)
    expect(row(page, "tax again")).to_be_visible()
    expect(page.get_by_role("region", name="Transcript")).to_contain_text("The form is due in May.")


@requirement("Q2")
def test_the_palette_acts_on_the_conversation_that_is_shown(page: Page, model: FakeOllama) -> None:
    model.chat(reply(*text("Flour."), done()))
    ask(page, "bread")
    expect_answered(page, "Flour.")
    page.keyboard.press("Control+k")
    page.keyboard.type("rename the conv")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Name").fill("Sourdough")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_text(["Sourdough"])


@requirement("Q2")
def test_the_list_can_be_used_by_everybody(three: None, page: Page) -> None:
    menu_item(page, "tax", "Pin")
    expect(rows(page).first).to_have_text("tax, pinned")
    pane(page).get_by_role("searchbox").fill("form")
    expect(rows(page)).to_have_count(1)
    assert_accessible(page)
    pane(page).get_by_role("searchbox").fill("")
    expect(rows(page)).to_have_count(3)
    assert_accessible(page)
