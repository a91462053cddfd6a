"""The conversation in the cockpit: what its owner types, sees and decides, in a real browser."""

import asyncio
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.fakes.ollama_server import (
    ALL,
    TINY,
    WINDOW,
    FakeOllama,
    answer,
    calls,
    done,
    reply,
    text,
    thinking,
)
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.conftest import StartNode, Visit
from tests.web.node_process import NodeProcess
from tests.web.stage import Stage
from tests.web.talk import ask, composer, expect_answered, transcript, turn
from tests.web.watch import Watch

NOTE = {"name": "bread", "text": "Feed it daily.", "mode": "replace"}
HIDDEN = """
    window.told = [];
    window.Notification = class {
        static permission = "granted";
        constructor(title, { body }) { window.told.push(`${title}: ${body}`); }
    };
    Object.defineProperty(document, "hidden", { get: () => window.isAway === true });
"""


def writes(model: FakeOllama, said: str = "Noted.") -> None:
    """Have the model write a note, which its owner is asked about, and then say something."""
    model.chat(reply(calls(("notes.write", NOTE)), done()), answer(said))


def question(page: Page) -> Locator:
    return page.locator("section.approval")


def note(node: NodeProcess) -> str:
    return (node.data / "notes" / "bread.md").read_text("utf-8")


@pytest.fixture
def gate() -> asyncio.Event:
    """Holds a model's answer until the test lets it go on."""
    return asyncio.Event()


def another(page: Page, node: NodeProcess) -> Page:
    """Open a second window of the same browser."""
    other = page.context.new_page()
    other.goto(node.url)
    return other


# Enter sends, and the message is there before the node has said anything of it.


@requirement("A5", "A6", "H1", "Q2")
def test_an_answer_is_seen_word_by_word_and_its_reasoning_apart(
    page: Page, model: FakeOllama, stage: Stage, gate: asyncio.Event
) -> None:
    model.chat(reply(*thinking("Hm, ", "bread."), *text("Fl", "our"), gate, *text(" and water"), done()))
    ask(page, "what is in bread")
    expect(turn(page)).to_contain_text("what is in bread")
    expect(turn(page)).to_contain_text("Flour")
    expect(turn(page)).to_have_attribute("aria-busy", "true")
    stage.let(gate)
    expect_answered(page, "Flour and water")
    expect(turn(page)).to_have_attribute("aria-busy", "false")
    expect(turn(page).locator(".markdown")).not_to_contain_text("Hm, bread.")
    turn(page).get_by_text("Thought").click()
    expect(turn(page).get_by_text("Hm, bread.")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="The agent answered: Flour")).to_be_attached()


# Shift+Enter breaks the line, and Enter belongs to an input method while it composes.


@requirement("Q3", "Q12")
def test_only_a_plain_enter_sends(page: Page, model: FakeOllama) -> None:
    composer(page).fill("one")
    composer(page).press("Shift+Enter")
    composer(page).type("two")
    composer(page).dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(composer(page)).to_have_value("one\ntwo")
    expect(page.locator("article.turn")).to_have_count(0)
    model.chat(answer("both"))
    composer(page).press("Enter")
    expect_answered(page, "both")
    expect(composer(page)).to_have_value("")
    composer(page).press("ArrowUp")
    expect(composer(page)).to_have_value("one\ntwo")


# Escape stops, and Stop is where it always is.


@requirement("Q3")
def test_escape_stops_the_agent(page: Page, model: FakeOllama, gate: asyncio.Event) -> None:
    model.chat(reply(*text("Once upon"), gate, done()))
    ask(page, "tell a story")
    expect(turn(page)).to_contain_text("Once upon")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    composer(page).press("Escape")
    expect(turn(page)).to_have_attribute("data-state", "cancelled")
    expect(turn(page)).to_contain_text("Stopped")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)


# What would act is shown in full, and no single key allows it.


@requirement("E6", "Q12")
def test_a_call_that_acts_is_shown_whole_and_allowed_by_a_chord_alone(
    page: Page, model: FakeOllama, node: NodeProcess
) -> None:
    writes(model)
    ask(page, "note it")
    expect(question(page)).to_contain_text("Feed it daily.")
    expect(question(page)).to_contain_text("Allow notes.write bread?")
    for key in ("Enter", "y", "Space", "Control+Enter"):
        page.keyboard.press(key)
    expect(question(page)).to_be_visible()
    assert not (node.data / "notes" / "bread.md").exists()
    assert_accessible(page)
    composer(page).focus()
    page.keyboard.press("Control+Alt+Enter")
    expect_answered(page, "Noted.")
    expect(question(page)).to_have_count(0)
    expect(turn(page)).to_contain_text("Allowed once: notes.write bread")
    assert note(node).strip() == "Feed it daily."


@requirement("E7")
def test_a_call_is_denied_by_a_chord_and_never_runs(page: Page, model: FakeOllama, node: NodeProcess) -> None:
    writes(model, "Then not.")
    ask(page, "note it")
    expect(question(page)).to_be_visible()
    page.keyboard.press("Control+Alt+Backspace")
    expect_answered(page, "Then not.")
    expect(turn(page)).to_contain_text("Denied")
    assert not (node.data / "notes" / "bread.md").exists()


@requirement("E10")
def test_what_the_owner_edits_before_is_what_runs(page: Page, model: FakeOllama, node: NodeProcess) -> None:
    writes(model)
    ask(page, "note it")
    question(page).get_by_role("button", name="Edit first").click()
    field = question(page).get_by_role("textbox", name="text")
    expect(field).to_have_value(NOTE["text"])
    # Text is edited as text: a quote or a line break needs no sign before it.
    field.fill('Feed it "twice".\nTalk to it.')
    assert_accessible(page)
    question(page).get_by_role("button", name="Allow once").click()
    expect_answered(page, "Noted.")
    expect(turn(page)).to_contain_text("Allowed once, with changes")
    assert note(node).strip() == 'Feed it "twice".\nTalk to it.'


@requirement("E6")
def test_a_call_that_changes_a_note_shows_what_goes_and_what_comes(
    page: Page, model: FakeOllama, node: NodeProcess
) -> None:
    node.call(
        "PUT",
        "/api/files/content",
        {"uri": "note:bread", "content": "# Bread\n\nFeed it weekly.\n", "revision": None},
    )
    model.chat(
        reply(calls(("notes.write", {**NOTE, "text": "# Bread\n\nFeed it daily."})), done()), answer("Noted.")
    )
    ask(page, "note it")
    change = question(page).get_by_role("group", name="What it changes")
    expect(change.locator("[data-sign='-']")).to_have_text("- Feed it weekly.")
    expect(change.locator("[data-sign='+']")).to_have_text("+ Feed it daily.")
    question(page).get_by_text("All arguments").click()
    expect(question(page).locator(".arguments")).to_contain_text("replace")
    assert_accessible(page)
    page.keyboard.press("Control+Alt+Enter")
    expect_answered(page, "Noted.")
    assert note(node) == "# Bread\n\nFeed it daily.\n"


@requirement("E7")
def test_the_rule_to_keep_is_shown_and_can_be_changed(
    page: Page, model: FakeOllama, node: NodeProcess
) -> None:
    writes(model)
    ask(page, "note it")
    question(page).get_by_text("Do not ask again").click()
    rule = question(page).get_by_role("textbox", name="Calls that match")
    expect(rule).to_have_value("notes.write(bread)")
    rule.fill("shell.run(ls)")
    question(page).get_by_role("button", name="Always allow").click()
    expect(page.get_by_role("alert")).to_contain_text("does not match this call")
    rule.fill("notes.write(b*)")
    question(page).get_by_role("button", name="Always allow").click()
    expect_answered(page, "Noted.")
    assert "notes.write(b*)" in page.request.get(f"{node.url}/api/permissions").text()
    writes(model, "Noted again.")
    ask(page, "once more")
    expect_answered(page, "Noted again.")


# Two windows agree: what one is told or decides, the other shows.


@requirement("A17", "E15")
def test_two_pages_show_the_same_and_the_first_answer_closes_the_question_in_both(
    page: Page, model: FakeOllama, node: NodeProcess
) -> None:
    model.chat(answer("hello"))
    ask(page, "hi")
    expect_answered(page, "hello")
    other = another(page, node)
    expect_answered(other, "hello")
    writes(model)
    ask(other, "note it")
    expect(question(page)).to_be_visible()
    question(other).get_by_role("button", name="Deny").click()
    expect(question(page)).to_have_count(0)
    expect_answered(page, "Noted.")
    expect(turn(page)).to_contain_text("Denied")


# Messages sent meanwhile wait where they can be seen, changed and taken back.


@requirement("H13")
def test_waiting_messages_can_be_changed_and_taken_back(
    page: Page, model: FakeOllama, stage: Stage, gate: asyncio.Event
) -> None:
    model.chat(reply(*text("first"), gate, done()), answer("second answer"))
    ask(page, "one")
    expect(turn(page)).to_contain_text("first")
    ask(page, "two")
    ask(page, "three")
    waiting = page.get_by_role("region", name="Waiting messages")
    expect(waiting.get_by_role("listitem")).to_have_count(2)
    waiting.get_by_role("button", name="Withdraw").last.click()
    expect(waiting.get_by_role("listitem")).to_have_count(1)
    composer(page).press("ArrowUp")
    waiting.get_by_role("textbox", name="Waiting message").fill("two, but better")
    waiting.get_by_role("button", name="Save").click()
    expect(waiting).to_contain_text("two, but better")
    stage.let(gate)
    expect(transcript(page).get_by_text("second answer")).to_be_visible()
    asked = [said["content"] for said in model.asked[-1]["messages"] if said["role"] == "user"]
    assert asked == ["one", "two, but better"]
    expect(turn(page)).to_contain_text("Taken back")
    page.reload()
    expect(turn(page)).to_contain_text("Taken back")
    model.chat(answer("third answer"))
    turn(page).get_by_role("button", name="Send it after all").click()
    expect_answered(page, "third answer")


@requirement("A8", "H14")
def test_a_failed_message_says_why_and_is_said_again_with_one_press(page: Page, model: FakeOllama) -> None:
    model.chat(reply(*text("par"), {"error": "the engine was killed"}))
    ask(page, "try")
    expect(turn(page).get_by_role("alert")).to_contain_text("the engine was killed")
    model.chat(answer("now it works"))
    turn(page).get_by_role("button", name="Try again").click()
    expect_answered(page, "now it works")
    expect(page.locator("article.turn")).to_have_count(1)


# A reload, a closed tab, a node that restarts: nothing that was written or said is lost.


@requirement("A16", "G5")
def test_a_page_that_is_reloaded_in_the_middle_shows_the_same_turn_go_on(
    page: Page, model: FakeOllama, stage: Stage, gate: asyncio.Event
) -> None:
    model.chat(reply(*text("before "), gate, *text("after"), done()))
    ask(page, "go on")
    expect(turn(page)).to_contain_text("before")
    composer(page).fill("half a thought")
    page.reload()
    expect(turn(page)).to_contain_text("before")
    expect(composer(page)).to_have_value("half a thought")
    stage.let(gate)
    expect_answered(page, "before after")
    expect(page.locator("article.turn")).to_have_count(1)


@requirement("R3")
def test_the_answer_waits_for_a_page_that_was_closed(
    page: Page, model: FakeOllama, stage: Stage, gate: asyncio.Event, node: NodeProcess
) -> None:
    model.chat(reply(*text("slowly"), gate, *text(" done"), done()))
    ask(page, "take your time")
    expect(turn(page)).to_contain_text("slowly")
    page.goto("about:blank")
    stage.let(gate)
    page.goto(node.url)
    expect_answered(page, "slowly done")


@requirement("A16", "Q9")
def test_a_page_that_lost_its_connection_takes_the_turn_up_where_it_was(
    page: Page, model: FakeOllama, stage: Stage, gate: asyncio.Event
) -> None:
    sockets: list[WebSocketRoute] = []

    def pass_on(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server()

    page.route_web_socket("**/ws", pass_on)
    page.reload()
    model.chat(reply(*text("before "), gate, *text("after"), done()))
    ask(page, "go on")
    expect(turn(page)).to_contain_text("before")
    composer(page).fill("half a thought")
    sockets[0].close()
    stage.let(gate)
    expect_answered(page, "before after")
    assert len(sockets) == 2
    expect(page.locator("article.turn")).to_have_count(1)
    expect(composer(page)).to_have_value("half a thought")


@requirement("P7")
def test_without_its_node_a_page_says_why_nothing_goes_and_keeps_the_draft(
    page: Page, model: FakeOllama, node: NodeProcess, start_node: StartNode, watch: Watch
) -> None:
    watch.expect("ERR_CONNECTION_REFUSED|WebSocket connection|401")
    model.chat(answer("still here"))
    ask(page, "hello")
    expect_answered(page, "still here")
    node.process.terminate()
    node.process.wait(10)
    expect(page.get_by_text("The connection to the node is lost")).to_be_visible()
    expect(page.get_by_text("start it with").first).to_be_visible()
    composer(page).fill("are you back")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    composer(page).press("Enter")
    expect(composer(page)).to_have_value("are you back")
    again = start_node(port=int(node.url.rpartition(":")[2]))
    page.get_by_role("button", name="Try now").click()
    expect(page.get_by_text("locked this page: run palaver open")).to_be_visible()
    page.goto(again.entrance)
    expect(page.locator("article.turn")).to_have_count(1)
    expect(composer(page)).to_have_value("are you back")
    model.chat(answer("I am back"))
    composer(page).press("Enter")
    expect_answered(page, "I am back")


# How full the window is, as the server counts; unknown is unknown.


@requirement("N9", "N10", "N11")
def test_the_meter_tells_how_full_the_window_is_and_when_to_compact(page: Page, model: FakeOllama) -> None:
    model.loaded[TINY] = WINDOW
    meter = page.locator(".meter")
    for tokens, shown, level in ((1000, "1K / 4K (24 %)", "fine"), (3200, "3.2K / 4K (78 %)", "filling")):
        model.chat(reply(*text(f"at {tokens}"), done(prompt_eval_count=tokens, eval_count=5)))
        ask(page, "count")
        expect_answered(page, f"at {tokens}")
        expect(meter).to_contain_text(shown)
        expect(meter).to_have_attribute("data-level", level)
    expect(meter).to_contain_text("/compact")
    model.chat(reply(*text("uncounted"), done()))
    ask(page, "count")
    expect_answered(page, "uncounted")
    expect(meter).to_contain_text("unknown")


@requirement("Q3")
def test_a_slash_lists_the_commands_and_one_of_them_names_the_conversation(
    page: Page, model: FakeOllama
) -> None:
    model.chat(answer("hello"))
    ask(page, "hi")
    expect_answered(page, "hello")
    composer(page).type("/ti")
    expect(page.get_by_role("option", name="/rename TITLE")).to_be_visible()
    composer(page).press("Tab")
    expect(composer(page)).to_have_value("/rename ")
    composer(page).type("Sourdough")
    composer(page).press("Enter")
    expect(page.get_by_text("Sourdough").first).to_be_visible()
    ask(page, "/nonsense")
    expect(page.get_by_text("there is no command /nonsense")).to_be_visible()
    page.keyboard.press("Control+Shift+O")
    expect(page.locator("article.turn")).to_have_count(0)
    expect(composer(page)).to_be_focused()


# A long conversation mounts only its end, and keeps the place of who reads further up.


def test_a_long_transcript_loads_earlier_messages_as_its_reader_goes_up(
    page: Page, node: NodeProcess
) -> None:
    messages = [{"role": "user" if n % 2 else "agent", "content": f"line {n}"} for n in range(300)]
    file: dict[str, Any] = {**exported(page, node), "messages": messages}
    made = page.request.post(f"{node.url}/api/chat/sessions/import", data=file).json()
    page.request.put(f"{node.url}/api/chat/sessions/active", data={"id": made["id"]})
    page.reload()
    expect(page.get_by_text("line 299", exact=True)).to_be_in_viewport()
    page.get_by_text("line 299", exact=True).hover()
    expect(page.get_by_role("button", name="Jump to latest")).to_be_hidden()
    for number in range(280, 0, -10):
        page.mouse.wheel(0, -20_000)
        expect(page.get_by_text(f"line {number}", exact=True)).to_be_attached()
        assert transcript(page).locator(".owner-said, .agent-said").count() <= 60
    expect(page.get_by_text("line 299", exact=True)).not_to_be_attached()
    page.get_by_role("button", name="Jump to latest").click()
    expect(page.get_by_text("line 299", exact=True)).to_be_in_viewport()


def exported(page: Page, node: NodeProcess) -> dict[str, Any]:
    """Return an exported session of this node as a pattern for another."""
    made = page.request.post(f"{node.url}/api/agents/self/chat", data={"message": "what time is it"}).json()
    answered = page.request.get(f"{node.url}/api/chat/sessions/{made['sessionId']}/export")
    file: dict[str, Any] = answered.json()
    return file


# Whoever looks elsewhere is told of questions.


@requirement("E16", "R1")
def test_a_question_is_told_to_an_owner_who_looks_elsewhere_and_to_no_other(
    page: Page, model: FakeOllama
) -> None:
    page.add_init_script(HIDDEN)
    page.reload()
    writes(model)
    ask(page, "note it")
    expect(question(page)).to_be_visible()
    assert page.evaluate("() => window.told") == []
    question(page).get_by_role("button", name="Deny").click()
    expect_answered(page, "Noted.")
    writes(model)
    composer(page).fill("again")
    page.evaluate("() => { window.isAway = true; }")
    composer(page).press("Enter")
    expect(question(page)).to_be_visible()
    page.wait_for_function("() => window.told.length > 0")
    assert page.evaluate("() => window.told") == ["Your agent asks: Allow notes.write bread?"]
    expect(page).to_have_title(re.compile(r"^\(1\) "))


# A first visit without a model works, says so, and offers one.


def test_a_node_without_a_model_says_so_and_fetches_one_with_two_presses(
    visit: Visit, model: FakeOllama, start_node: StartNode
) -> None:
    model.models.clear()
    page, _ = visit(start_node())
    expect(page.get_by_role("heading", name="Rules (no model)")).to_be_visible()
    assert_accessible(page)

    def fetched(_: object) -> Any:
        model.models["gemma4:e2b"] = ALL
        return reply({"status": "pulling", "total": 10, "completed": 5}, {"status": "success"})

    model.answer("/api/pull", fetched)
    page.get_by_role("button", name="Fetch gemma4:e2b").click()
    expect(page.get_by_role("heading", name="Rules (no model)")).to_have_count(0)
    model.chat(answer("hello from a model"))
    ask(page, "hi")
    expect_answered(page, "hello from a model")
