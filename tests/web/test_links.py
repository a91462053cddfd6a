"""A conversation is given to read by link: its owner's way through the cockpit, and the page that others see."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect

from tests.fakes.ollama_server import FakeOllama, answer
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.conftest import WAIT_MS
from tests.web.node_process import NodeProcess
from tests.web.talk import ask, expect_answered
from tests.web.test_markdown import CORPUS, EVERYTHING
from tests.web.watch import Watch

NARROW, WIDE = 320, 1280
TOO_WIDE = "() => document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture
def reader(browser: Browser) -> Iterator[Page]:
    """Somebody else's browser, which knows nothing of the node."""
    with browser.new_context() as context:
        context.set_default_timeout(WAIT_MS)
        yield context.new_page()


@pytest.fixture
def told(page: Page, model: FakeOllama) -> Page:
    """A cockpit in which something was said."""
    model.chat(answer("It is **noon**."))
    ask(page, "what time is it")
    expect_answered(page, "noon")
    return page


def share(told: Page) -> Locator:
    """Open the dialog from the conversation's menu in the list."""
    told.locator(".session", has_text="what time is it").hover()
    told.get_by_role("button", name="More for what time is it").click()
    told.get_by_role("menuitem", name="Share by link").click()
    dialog = told.get_by_role("dialog", name="Share “what time is it” by link")
    expect(dialog).to_be_visible()
    return dialog


def brought(node: NodeProcess, *said: str, **wanted: object) -> str:
    """Store a conversation in which the agent said this, and return a link to it."""
    messages = [{"role": role, "content": text} for text in said for role in ("user", "agent")]
    session = node.call("POST", "/api/chat/sessions/import", {"title": "Bread", "messages": messages})
    made = node.call("POST", f"/api/chat/sessions/{session['id']}/links", wanted)
    return str(made["url"])


def made(dialog: Locator) -> object:
    """Press the button, and return what the node is asked for."""
    with dialog.page.expect_request(is_making) as sent:
        dialog.get_by_role("button", name="Make the link").click()
    return sent.value.post_data_json


def is_making(request: Request) -> bool:
    return request.method == "POST" and request.url.endswith("/links")


def parts(reader: Page, *urls: str) -> Iterator[str]:
    """Show each part of what is behind these links, one after the other."""
    for url in urls:
        reader.goto(url)
        yield reader.url
        while (more := reader.get_by_role("link", name="Read on")).count():
            more.click()
            yield reader.url


@requirement("R5")
def test_a_conversation_is_shared_read_by_somebody_else_and_revoked_in_the_settings(
    told: Page, reader: Page
) -> None:
    dialog = share(told)
    assert_accessible(told)
    expect(dialog.get_by_role("radio", name="Only this machine")).to_be_checked()
    dialog.get_by_role("button", name="Make the link").click()
    url = dialog.get_by_role("textbox", name="The link").input_value()
    assert_accessible(told)
    dialog.get_by_role("button", name="Done").click()
    expect(told.get_by_title("Others can read it by link")).to_be_visible()
    reader.goto(url)
    expect(reader.get_by_role("article").nth(1)).to_contain_text("It is noon.")
    assert reader.locator("a, button, input, textarea, form").count() == 0
    told.keyboard.press("Control+k")
    told.keyboard.type("shares")
    expect(told.get_by_role("option", name="Shares", selected=True)).to_be_visible()
    told.keyboard.press("Enter")
    row = told.locator(".chat-links li")
    expect(row).to_contain_text("what time is it")
    expect(row).to_contain_text("read 1 time")
    row.get_by_role("button", name="Revoke the link to what time is it").click()
    row.get_by_role("button", name="Revoke it").click()
    expect(told.get_by_text("No conversation can be read by link.")).to_be_visible()
    expect(told.get_by_title("Others can read it by link")).to_have_count(0)
    gone = reader.goto(url)
    assert gone is not None
    assert gone.status == 404
    expect(reader.get_by_role("heading")).to_have_text("Nothing to read here")


@requirement("R6")
def test_the_network_and_all_else_beyond_words_are_the_owners_explicit_choice(
    told: Page, watch: Watch
) -> None:
    watch.expect("409 .Conflict.")
    usual = {"reach": "loopback", "hours": 24, "follows": False, "details": False}
    dialog = share(told)
    assert made(dialog) == usual
    dialog.get_by_role("button", name="Done").click()
    dialog = share(told)
    expect(dialog.get_by_label("It ends after").locator("option:checked")).to_have_text("1 day")
    dialog.get_by_role("radio", name="The local network").check()
    dialog.get_by_label("It ends after").select_option("1 h")
    dialog.get_by_label("Show what is said from now on, too").check()
    dialog.get_by_label("Show reasoning, tool calls and what they brought").check()
    # The last word is the node's: a machine without a network is told why not.
    told.route(
        "**/links", lambda route: route.fulfill(status=409, json={"error": "no network here", "code": "x"})
    )
    assert made(dialog) == {"reach": "lan", "hours": 1, "follows": True, "details": True}
    expect(dialog.get_by_role("alert")).to_have_text("no network here")


@requirement("R5", "Q12")
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_the_page_can_be_read_by_everybody_on_a_small_screen_and_on_a_large_one(
    node: NodeProcess, reader: Page, width: int
) -> None:
    reader.set_viewport_size({"width": width, "height": 800})
    long_line = "x" * 400
    url = brought(node, EVERYTHING, f"`{long_line}`\n\n```\n{long_line}\n```\n\n{long_line}", details=True)
    for address in (url[:-2] + "xx", url):
        reader.goto(address)
        assert reader.evaluate(TOO_WIDE) <= 0
        with reader.context.new_page() as copy:
            # axe is a script, which the page's own policy does not let run.
            copy.set_content(reader.content())
            assert_accessible(copy)
    expect(reader.get_by_role("heading", level=1)).to_have_text("Bread")
    expect(reader.get_by_role("heading", name="Bread", level=3).first).to_be_visible()
    expect(reader.get_by_role("cell", name="375 g").first).to_be_visible()


@requirement("R5")
def test_nothing_that_was_said_runs_loads_or_leads_astray_on_the_page(
    node: NodeProcess, reader: Page
) -> None:
    url = brought(node, *CORPUS[:24], details=True)
    rest = brought(node, *CORPUS[24:])
    watch = Watch(reader, url.partition("/read/")[0])
    for _ in parts(reader, url, rest):
        assert reader.evaluate("() => window.hacked") is None
        said = reader.get_by_role("article")
        assert said.locator("script, img, iframe, form, input, style, object").count() == 0
        for link in said.get_by_role("link").all():
            assert re.match(r"(https?|mailto):", link.get_attribute("href") or "")
            assert "noreferrer" in (link.get_attribute("rel") or "")
    assert watch.faults == []
    assert all("/read/" in request for request in watch.requests)
