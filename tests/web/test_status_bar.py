"""The bar at the bottom of the cockpit: how the node stands and the conversation in hand, by pointer and by keys."""

import asyncio

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fakes.ollama_server import TINY, WINDOW, FakeOllama, answer, calls, done, reply, text
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.conftest import StartNode
from tests.web.network import pair
from tests.web.node_process import NodeProcess
from tests.web.talk import ask, composer, expect_answered, turn
from tests.web.watch import Watch

NOTE = ("notes.write", {"name": "bread", "text": "x", "mode": "replace"})
FULL = done(prompt_eval_count=3_900, eval_count=5)
IN_BAR = "() => document.activeElement.closest('.status-bar') !== null"


@pytest.fixture
def bar(page: Page) -> Locator:
    return page.get_by_role("contentinfo", name="Status")


def fact(bar: Locator, name: str) -> Locator:
    return bar.get_by_role("button", name=name)


@requirement("Q5", "N9")
def test_the_bar_tells_which_model_answers_how_much_it_may_do_and_how_full_its_window_is(
    page: Page, bar: Locator, model: FakeOllama
) -> None:
    model.loaded[TINY] = WINDOW
    expect(fact(bar, "Model: tiny:latest on Ollama")).to_be_visible()
    expect(fact(bar, "Mode: Ask before acting")).to_be_visible()
    expect(bar).to_contain_text("Context unknown")
    model.chat(reply(*text("Noon."), done(prompt_eval_count=1_000, eval_count=5)))
    ask(page, "what time is it")
    expect_answered(page, "Noon.")
    expect(bar).to_contain_text("Context 1K / 4K (24 %)")
    # How full it is is said here alone, and the mode where no composer names it.
    expect(page.locator(".meter")).to_have_count(1)
    words = fact(bar, "Mode:").get_by_text("Ask before acting")
    expect(words).to_have_class("visually-hidden")
    page.keyboard.press("Shift+F6")
    page.keyboard.press("Control+Alt+M")
    expect(words).to_have_class("wide")
    page.keyboard.press("Control+Alt+M")
    expect(words).to_have_class("visually-hidden")
    page.keyboard.press("Control+Shift+O")
    expect(bar).to_contain_text("Context up to 4K")


@requirement("Q5", "E8")
def test_the_mode_is_that_of_the_conversation_in_hand_whoever_chose_it(
    page: Page, bar: Locator, node: NodeProcess, model: FakeOllama
) -> None:
    page.get_by_role("combobox", name="What the agent may do").select_option(label="Act without asking")
    expect(fact(bar, "Mode: Act without asking")).to_be_visible()
    page.keyboard.press("Control+Shift+O")
    expect(fact(bar, "Mode: Ask before acting")).to_be_visible()
    model.chat(answer("Noon."))
    ask(page, "what time is it")
    expect_answered(page, "Noon.")
    (session,) = node.call("GET", "/api/chat/sessions")
    node.call("PUT", f"/api/permissions/sessions/{session['id']}", {"mode": "plan"})
    page.reload()
    expect(fact(bar, "Mode: Plan")).to_be_visible()


@requirement("Q5")
def test_a_press_leads_to_where_a_fact_is_changed(
    page: Page, bar: Locator, node: NodeProcess, start_node: StartNode
) -> None:
    pair(node, start_node("bob"))
    expect(fact(bar, "1 of 1 peer")).to_be_visible()
    fact(bar, "Mode:").click()
    chosen = page.get_by_role("radio", name="Accept edits")
    chosen.check()
    expect(fact(bar, "Mode: Accept edits")).to_be_visible()
    fact(bar, "Model:").click()
    expect(page.locator("[data-key='agent.orchestrator.model'][data-wanted]")).to_be_visible()
    fact(bar, "1 of 1 peer").click()
    expect(page.get_by_role("tabpanel", name="Peers")).to_be_visible()


@requirement("Q5")
def test_what_runs_waits_and_asks_in_any_conversation_is_counted_and_one_press_away(
    page: Page, bar: Locator, model: FakeOllama, gate: asyncio.Event
) -> None:
    expect(fact(bar, "running")).to_have_count(0)
    model.chat(reply(*text("Let me see"), gate, done()), reply(calls(NOTE), done()), answer("Rye."))
    ask(page, "which flour")
    expect(turn(page)).to_contain_text("Let me see")
    ask(page, "and how much")
    expect(fact(bar, "1 running, 1 waiting")).to_be_visible()
    page.keyboard.press("Control+Shift+O")
    ask(page, "note it")
    expect(page.get_by_role("button", name="Allow once")).to_be_visible()
    fact(bar, "1 running").click()
    expect(page.get_by_role("tabpanel", name="Activity")).to_be_visible()
    page.keyboard.press("Control+Shift+O")
    expect(page.get_by_role("button", name="Allow once")).to_have_count(0)
    fact(bar, "1 asks you").click()
    expect(page.get_by_role("button", name="Allow once")).to_be_visible()
    expect(composer(page)).to_be_focused()
    assert_accessible(page)


@requirement("N11")
def test_a_full_window_is_emptied_from_the_bar(page: Page, bar: Locator, model: FakeOllama) -> None:
    model.loaded[TINY] = WINDOW
    for said in ("one", "two"):
        model.chat(reply(*text(said), FULL))
        ask(page, "count")
        expect_answered(page, said)
    expect(page.locator(".meter")).to_have_attribute("data-level", "full")
    assert_accessible(page)
    model.chat(answer("They counted."))
    fact(bar, "/compact makes room").click()
    expect(page.get_by_text("read as a summary from here on")).to_be_visible()


@requirement("Q5", "Q12")
def test_f6_goes_on_from_the_panes_to_the_bar_and_round(page: Page, bar: Locator) -> None:
    expect(composer(page)).to_be_focused()
    expect(fact(bar, "Model:")).to_be_visible()
    page.keyboard.press("F6")
    assert page.evaluate(IN_BAR)
    expect(fact(bar, "Model:")).to_be_focused()
    page.keyboard.press("Tab")
    expect(fact(bar, "Mode:")).to_be_focused()
    page.keyboard.press("F6")
    expect(page.get_by_role("tabpanel", name="Sessions").locator(":focus")).to_have_count(1)
    page.keyboard.press("Shift+F6")
    assert page.evaluate(IN_BAR)
    page.keyboard.press("Shift+F6")
    expect(composer(page)).to_be_focused()


@requirement("Q5", "Q12")
@pytest.mark.parametrize("width", [960, 360])
def test_in_a_narrow_window_every_fact_is_in_view_and_words_are_left_to_those_who_cannot_see(
    page: Page, bar: Locator, model: FakeOllama, gate: asyncio.Event, width: int
) -> None:
    model.loaded[TINY] = WINDOW
    model.chat(reply(*text("one"), FULL), reply(*text("Let me see"), gate, done()))
    ask(page, "count")
    expect_answered(page, "one")
    ask(page, "again")
    expect(fact(bar, "1 running")).to_be_visible()
    page.set_viewport_size({"width": width, "height": 700})
    for name in ("Model: tiny:latest", "Mode: Ask before acting", "/compact", "1 running", "no peers"):
        expect(fact(bar, name)).to_be_in_viewport(ratio=1)
    assert bar.evaluate("(bar) => bar.scrollWidth <= bar.clientWidth")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(fact(bar, "running")).to_have_count(0)
    assert_accessible(page)


@requirement("Q5", "P1")
def test_without_its_node_the_bar_tells_what_the_composer_tells_and_counts_nobody(
    page: Page, bar: Locator, node: NodeProcess, start_node: StartNode, watch: Watch
) -> None:
    watch.expect("ERR_CONNECTION_REFUSED|WebSocket connection|401")
    expect(fact(bar, "no peers")).to_be_visible()
    expect(composer(page)).to_be_visible()
    page.wait_for_load_state("networkidle")
    node.process.terminate()
    node.process.wait(10)
    down = "the node is not running"
    for place in (bar, page.locator(".reason-to-wait")):
        expect(place).to_contain_text(down, ignore_case=True)
        expect(place).to_contain_text("palaver up")
        expect(place).not_to_contain_text("`")
    expect(fact(bar, "peers")).to_have_count(0)
    start_node(port=int(node.url.rpartition(":")[2]))
    page.get_by_role("button", name="Try now").click()
    for place in (bar, page.locator(".reason-to-wait")):
        expect(place).to_contain_text("this page is locked", ignore_case=True)
        expect(place).to_contain_text("palaver open")
