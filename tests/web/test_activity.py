"""What goes on in the cockpit: the panes of activity and of recent sessions."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply, text
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.conftest import StartNode, Visit
from tests.web.network import allow_asks, node_id, pair
from tests.web.node_process import NodeProcess
from tests.web.stage import Stage
from tests.web.talk import ask, composer, expect_answered, turn

NOTE = {"name": "bread", "text": "Feed it daily.", "mode": "replace"}
CLOCK: tuple[str, dict[str, object]] = ("clock.now", {})


@pytest.fixture
def gate() -> asyncio.Event:
    """Holds a model's answer until the test lets it go on."""
    return asyncio.Event()


def opens(page: Page, name: str) -> None:
    composer(page).wait_for()  # until then there is no layout
    page.get_by_role("group", name="Panes").get_by_role("button", name=name).click()


def activity(page: Page) -> Locator:
    return page.locator(".activity")


def lately(page: Page) -> Locator:
    return activity(page).get_by_role("list", name="What happened lately").get_by_role("listitem")


@requirement("Q7")
def test_activity_names_the_tool_that_waits_and_folds_calls_of_one_tool(
    page: Page, model: FakeOllama, stage: Stage, gate: asyncio.Event
) -> None:
    reads = reply(
        calls(CLOCK, ("clock.now", {"timezone": "UTC"}), ("clock.now", {"timezone": "Asia/Tokyo"})), done()
    )
    model.chat(
        reads, reply(calls(("notes.write", NOTE)), done()), reply(*text("No"), gate, *text("ted."), done())
    )
    opens(page, "Activity")
    expect(activity(page)).to_contain_text("The agent is idle.")
    expect(activity(page)).to_contain_text("Nothing has happened yet")
    ask(page, "note the time")
    under_way = activity(page).get_by_role("list", name="Under way")
    expect(under_way).to_contain_text("notes.write waits for your answer")
    page.keyboard.press("Control+Alt+Enter")
    expect(lately(page).first).to_contain_text("clock.now \u00d73")
    expect(lately(page).first).to_contain_text("notes.write")
    expect(under_way).not_to_contain_text("notes.write")
    stage.let(gate)
    expect_answered(page, "Noted.")
    expect(activity(page)).to_contain_text("The agent is idle.")
    assert_accessible(page)
    lately(page).first.get_by_role("button").click()
    expect(page.locator(".inspector").get_by_role("heading", name="note the time")).to_be_visible()


@requirement("E7", "Q7")
def test_a_call_that_was_denied_is_said_to_be_denied(page: Page, model: FakeOllama) -> None:
    model.chat(reply(calls(("notes.write", NOTE)), done()), answer("Then not."))
    opens(page, "Activity")
    ask(page, "note it")
    page.get_by_role("button", name="Deny").click()
    expect_answered(page, "Then not.")
    expect(lately(page).first).to_contain_text("notes.write, 1 denied")
    expect(lately(page).first).not_to_contain_text("failed")
    # Nobody is asked where only reading is allowed: the call itself says how it ended.
    page.get_by_role("combobox", name="What the agent may do").select_option(label="Plan: reads only")
    model.chat(reply(calls(("notes.write", NOTE)), done()), answer("I only read."))
    ask(page, "note it all the same")
    expect_answered(page, "I only read.")
    expect(turn(page).locator(".call")).to_contain_text("notes.write")
    expect(turn(page).locator(".call .time")).to_have_text("denied")


@requirement("Q7")
def test_activity_is_of_all_sessions_and_filtered_by_one(
    page: Page, model: FakeOllama, node: NodeProcess
) -> None:
    model.chat(answer("Here."), answer("There."))
    ask(page, "asked in the page")
    expect_answered(page, "Here.")
    opens(page, "Activity")
    expect(lately(page)).to_have_count(1)
    node.call("POST", "/api/agents/self/chat", {"message": "asked by a script"})
    expect(lately(page)).to_have_count(2)
    expect(lately(page).first).to_contain_text("asked by a script")
    activity(page).get_by_label("Conversation", exact=True).select_option(label="asked in the page")
    expect(lately(page)).to_have_count(1)
    activity(page).get_by_label("Kind of activity").select_option(label="Peers")
    expect(activity(page)).to_contain_text("Nothing of this kind lately.")


@requirement("Q7")
def test_activity_shows_what_peers_ask(
    visit: Visit, start_node: StartNode, model: FakeOllama, stage: Stage, gate: asyncio.Event
) -> None:
    alice, bob = start_node("alice"), start_node("bob")
    pair(alice, bob)
    allow_asks(alice)
    page, _ = visit(alice)
    opens(page, "Activity")
    model.chat(reply(*text("Flour"), gate, *text(" and water"), done()))
    question = {"peerId": node_id(alice), "prompt": "what is in bread?"}
    with ThreadPoolExecutor(1) as elsewhere:
        asked = elsewhere.submit(bob.call, "POST", "/api/network/ask-peer", question)
        expect(activity(page).get_by_role("list", name="Under way")).to_contain_text("bob asks this node")
        stage.let(gate)
        assert asked.result()["answer"] == "Flour and water"
    expect(lately(page).first).to_contain_text("bob asked this node")
    expect(activity(page)).to_contain_text("The agent is idle.")
    assert_accessible(page)


@requirement("Q10")
def test_recent_sessions_open_from_their_pane_and_show_how_they_stand(
    page: Page, model: FakeOllama, node: NodeProcess
) -> None:
    model.chat(answer("Here."), answer("There."))
    opens(page, "Recent sessions")
    recent = page.get_by_role("list", name="Recent sessions").get_by_role("listitem")
    expect(page.locator(".recent")).to_contain_text("What you talk about with your agent appears here.")
    node.call("POST", "/api/agents/self/chat", {"message": "about bread"})
    node.call("POST", "/api/agents/self/chat", {"message": "about wine"})
    expect(recent).to_have_count(2)
    expect(recent.first).to_contain_text("about wine")
    expect(recent.first).to_contain_text("answered")
    recent.last.get_by_role("button").click()
    expect(turn(page)).to_contain_text("about bread")
    expect(recent.last.get_by_role("button")).to_have_attribute("aria-current", "true")
    expect(composer(page)).to_be_visible()
    assert_accessible(page)
