"""The inspector in the cockpit: how a turn went, and what the node sent and heard."""

import asyncio

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply, text, thinking
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.node_process import NodeProcess
from tests.web.stage import Stage
from tests.web.talk import ask, expect_answered, turn

NOTE = {"name": "bread", "text": "Feed it daily.", "mode": "replace"}


@pytest.fixture
def gate() -> asyncio.Event:
    """Holds a model's answer until the test lets it go on."""
    return asyncio.Event()


def inspector(page: Page) -> Locator:
    return page.locator(".inspector")


def looks_at_the_clock(model: FakeOllama, said: str = "Noon.") -> None:
    first = reply(
        *thinking("What now?"), calls(("clock.now", {})), done(prompt_eval_count=1_200, eval_count=7)
    )
    model.chat(first, answer(said))


@requirement("Q2", "B18", "G9", "C11", "N9")
def test_a_call_opens_in_the_inspector_with_its_turns_rounds_and_figures(
    page: Page, model: FakeOllama
) -> None:
    looks_at_the_clock(model)
    ask(page, "what time is it")
    expect_answered(page, "Noon.")
    turn(page).get_by_role("button", name="clock.now").click()
    shown = inspector(page)
    expect(shown.get_by_role("heading", name="what time is it")).to_be_visible()
    expect(shown.locator("dl")).to_contain_text("answered")
    expect(shown.locator("dl")).to_contain_text("1.2K in, 8 out")
    first, second = shown.locator(".step").all()
    expect(first).to_contain_text("1.2K in, 7 out")
    expect(second).to_contain_text("20 in, 1 out")
    expect(first.get_by_role("group", name="Result")).to_contain_text('"time"')
    expect(first).to_contain_text("Permission: it only reads")
    expect(shown.get_by_text("What now?")).to_be_hidden()
    shown.get_by_text("Reasoning").click()
    expect(shown.get_by_text("What now?")).to_be_visible()
    shown.get_by_text("tools were shown to the model").click()
    expect(shown.locator(".shown-tools")).to_contain_text("clock.now")
    assert_accessible(page)


def test_a_turn_that_is_to_be_inspected_is_shown_in_place_of_the_io(page: Page, model: FakeOllama) -> None:
    looks_at_the_clock(model)
    ask(page, "what time is it")
    expect_answered(page, "Noon.")
    turn(page).get_by_role("button", name="clock.now").click()
    inspector(page).get_by_role("tab", name="I/O").click()
    turn(page).get_by_role("button", name="clock.now").click()
    expect(inspector(page).get_by_role("heading", name="what time is it")).to_be_visible()


@requirement("Q2", "B18")
def test_the_inspector_follows_a_turn_while_it_asks_and_runs(
    page: Page, model: FakeOllama, stage: Stage, gate: asyncio.Event
) -> None:
    model.chat(reply(calls(("notes.write", NOTE)), done()), reply(*text("No"), gate, *text("ted."), done()))
    ask(page, "note it")
    turn(page).locator("section.approval").wait_for()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find").fill("Inspect the last turn")
    page.keyboard.press("Enter")
    call = inspector(page).locator(".traced-call")
    expect(call).to_contain_text("asks you")
    page.keyboard.press("Control+Alt+Enter")
    expect(call.locator("summary")).to_contain_text("done")
    call.locator("summary").click()
    expect(call).to_contain_text("allowed by the owner; asked because")
    expect(call.get_by_role("group", name="Arguments")).to_contain_text('"text": "Feed it daily."')
    expect(inspector(page).locator("dl")).to_contain_text("running")
    expect(inspector(page).locator("dl")).to_contain_text("tokens unknown")
    stage.let(gate)
    expect(inspector(page).locator("dl")).to_contain_text("answered")


@requirement("Q2")
def test_a_long_result_is_cut_until_its_owner_wants_the_whole(
    page: Page, model: FakeOllama, node: NodeProcess
) -> None:
    folder = node.data / "notes"
    folder.mkdir(exist_ok=True)
    (folder / "long.md").write_text("crumb " * 600 + "the end")
    model.chat(reply(calls(("notes.read", {"name": "long"})), done()), answer("Long."))
    ask(page, "read my long note")
    expect_answered(page, "Long.")
    turn(page).get_by_role("button", name="notes.read").click()
    result = inspector(page).get_by_role("group", name="Result")
    expect(result).to_contain_text("crumb")
    expect(result).not_to_contain_text("the end")
    inspector(page).get_by_role("button", name="Show all").click()
    expect(result).to_contain_text("the end")


@requirement("Q2")
def test_earlier_turns_are_chosen_from_a_list_and_survive_a_reload(page: Page, model: FakeOllama) -> None:
    model.chat(answer("One."), answer("Two."))
    ask(page, "first question")
    expect_answered(page, "One.")
    ask(page, "second question")
    expect_answered(page, "Two.")
    turn(page, 0).get_by_role("button", name="Inspect this turn").click()
    shown = inspector(page)
    expect(shown.get_by_role("heading", name="first question")).to_be_visible()
    page.reload()
    expect(shown.get_by_role("heading", name="first question")).to_be_visible()
    shown.get_by_label("Which turn").select_option(label="The latest turn")
    expect(shown.get_by_role("heading", name="second question")).to_be_visible()


def test_the_record_of_calls_grows_while_it_is_shown_and_opens_to_bodies(
    page: Page, model: FakeOllama
) -> None:
    model.chat(answer("One."), answer("Two."))
    ask(page, "first question")
    expect_answered(page, "One.")
    turn(page).get_by_role("button", name="Inspect this turn").click()
    page.get_by_role("tab", name="Turn").press("ArrowRight")
    shown = inspector(page)
    shown.get_by_label("Which calls").select_option(label="Model servers")
    asked = shown.locator(".calls-made > li").filter(has_text="/api/chat")
    expect(asked).to_have_count(1)
    ask(page, "second question")
    expect_answered(page, "Two.")
    expect(asked).to_have_count(2)
    asked.first.locator("summary").click()
    expect(asked.first.get_by_role("group", name="Request")).to_contain_text("second question")
    assert_accessible(page)


def test_the_sources_of_an_answer_are_there_after_a_reload(
    page: Page, model: FakeOllama, node: NodeProcess
) -> None:
    folder = node.data.parent / "handbook"
    folder.mkdir()
    (folder / "oven.md").write_text("# Oven\n\nE4 means that the steam generator has run dry.\n")
    node.call("POST", "/api/network/shares", {"folder": str(folder)})
    look = calls(("shared.search", {"query": "what E4 means on the oven"}))
    model.chat(reply(look, done()), answer("It has run dry [handbook/oven.md:3]."))
    ask(page, "what is E4?")
    sources = turn(page).get_by_role("list", name="Sources")
    expect(sources).to_contain_text("handbook/oven.md, line 3")
    page.reload()
    expect(sources).to_contain_text("handbook/oven.md, line 3")
    sources.get_by_text("handbook/oven.md, line 3").press("Enter")
    expect(sources.locator("blockquote")).to_contain_text("E4 means")
    assert_accessible(page)
