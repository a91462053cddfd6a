"""The cockpit's editor: documents of the workspace and notes, what the agent proposes, and what goes along."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.conftest import Visit
from tests.web.node_process import NodeProcess
from tests.web.talk import ask, composer, expect_answered, turn
from tests.web.watch import Watch

PLAN = "# Plan\n\nbake bread\nwash up\nread a book\n\nsleep early\n"
CHANGES = {
    "uri": "file:docs/plan.md",
    "summary": "tidier verbs",
    "edits": [
        {"oldText": "bake bread", "newText": "bake rye bread"},
        {"oldText": "sleep early", "newText": "sleep late"},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "plan.md").write_text(PLAN)
    (folder / "hello.py").write_text('def hello() -> str:\n    return "hello"\n')
    return folder


@pytest.fixture
def node(node: NodeProcess, folder: Path) -> NodeProcess:
    """A node whose owner has set a workspace."""
    node.call("PUT", "/api/settings/agent.workspace", {"value": str(folder)})
    return node


def editor(page: Page) -> Locator:
    return page.locator("section[data-kind=editor]:not([data-hidden])")


def text(page: Page, name: str = "plan.md") -> Locator:
    return editor(page).get_by_role("textbox", name=name, exact=True)


def choose(page: Page) -> Locator:
    """Open an empty editor and return where names are typed."""
    page.keyboard.press("Control+Alt+o")
    return editor(page).get_by_role("searchbox", name="Find a file or note")


def open_plan(page: Page) -> Locator:
    """Open the plan, and put the cursor before its first line."""
    expect(composer(page)).to_be_visible()
    choose(page).fill("plan")
    editor(page).get_by_role("button", name="docs/plan.md").click()
    expect(text(page)).to_be_focused()
    page.keyboard.press("Control+Home")
    return text(page)


def on_disk(folder: Path) -> str:
    return (folder / "docs" / "plan.md").read_text()


@requirement("Q2")
def test_a_document_is_found_by_its_name_changed_and_saved(page: Page, folder: Path) -> None:
    open_plan(page)
    page.keyboard.type("First ")
    expect(page.get_by_role("tab", name="plan.md •")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(editor(page).get_by_text("Saved", exact=True)).to_be_visible()
    expect(page.get_by_role("tab", name="plan.md", exact=True)).to_be_visible()
    assert on_disk(folder) == f"First {PLAN}"


def test_a_document_is_found_folder_by_folder(page: Page) -> None:
    expect(composer(page)).to_be_visible()
    expect(choose(page)).to_be_focused()
    editor(page).get_by_role("button", name="docs folder").click()
    editor(page).get_by_role("button", name="plan.md").click()
    expect(text(page)).to_contain_text("wash up")
    expect(editor(page).locator(".tok-heading").filter(has_text="Plan")).to_be_visible()


def test_windows_line_ends_stay_as_they_are(page: Page, folder: Path) -> None:
    (folder / "docs" / "plan.md").write_bytes(b"one\r\ntwo\r\n")
    open_plan(page)
    page.keyboard.type("zero")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    expect(editor(page).get_by_text("Saved", exact=True)).to_be_visible()
    assert (folder / "docs" / "plan.md").read_bytes() == b"zero\r\none\r\ntwo\r\n"


def test_a_change_from_elsewhere_is_shown_and_the_owner_chooses(
    page: Page, folder: Path, watch: Watch
) -> None:
    watch.expect("409")
    open_plan(page)
    page.keyboard.type("Mine ")
    (folder / "docs" / "plan.md").write_text(f"{PLAN}theirs\n")
    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog", name="plan.md was changed elsewhere")
    expect(dialog.locator(".cm-deletedChunk").filter(has_text="theirs")).to_be_visible()
    assert_accessible(page)
    assert on_disk(folder) == f"{PLAN}theirs\n"
    dialog.get_by_role("button", name="Decide later").click()
    page.keyboard.press("Control+s")
    dialog.get_by_role("button", name="Keep mine").click()
    expect(editor(page).get_by_text("Saved", exact=True)).to_be_visible()
    assert on_disk(folder) == f"Mine {PLAN}"
    text(page).focus()
    page.keyboard.type("again ")
    (folder / "docs" / "plan.md").write_text("theirs\n")
    page.keyboard.press("Control+s")
    dialog.get_by_role("button", name="Reload").click()
    expect(text(page)).to_have_text("theirs")
    expect(page.get_by_role("tab", name="plan.md", exact=True)).to_be_visible()


def test_what_was_not_saved_is_there_after_a_reload(page: Page, folder: Path) -> None:
    open_plan(page)
    page.keyboard.type("Half a thought ")
    expect(page.get_by_role("tab", name="plan.md •")).to_be_visible()
    page.reload()
    expect(text(page)).to_contain_text("Half a thought")
    expect(editor(page).get_by_text("What you had not saved is here again")).to_be_visible()
    assert on_disk(folder) == PLAN


def test_a_new_text_becomes_a_note(page: Page, node: NodeProcess) -> None:
    expect(composer(page)).to_be_visible()
    choose(page)
    editor(page).get_by_role("button", name="New text").click()
    expect(text(page, "Untitled")).to_be_focused()
    page.keyboard.type("rye and water")
    page.keyboard.press("Control+s")
    page.get_by_role("dialog", name="Save this text").get_by_role("textbox").fill("note:bread")
    page.keyboard.press("Enter")
    expect(text(page, "bread")).to_contain_text("rye and water")
    assert node.call("GET", "/api/files/content?uri=note:bread")["content"] == "rye and water"


def test_without_a_folder_the_editor_says_so_and_takes_one(
    visit: Visit, node: NodeProcess, folder: Path
) -> None:
    node.call("DELETE", "/api/settings/agent.workspace")
    page, _ = visit(node)
    expect(composer(page)).to_be_visible()
    choose(page)
    expect(editor(page).get_by_text("No folder is set")).to_be_visible()
    assert_accessible(page)
    editor(page).get_by_role("button", name="Choose a folder…").click()
    page.get_by_role("dialog").get_by_role("textbox").fill(str(folder))
    page.keyboard.press("Enter")
    expect(editor(page).get_by_role("button", name="hello.py")).to_be_visible()


def test_escape_and_tab_leave_the_text(page: Page) -> None:
    open_plan(page)
    page.keyboard.press("Tab")
    expect(text(page)).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(text(page)).not_to_be_focused()


@requirement("Q9")
def test_a_document_that_moves_keeps_its_text_and_what_can_be_undone(page: Page) -> None:
    open_plan(page)
    page.keyboard.type("First ")
    page.keyboard.press("Control+k")
    page.keyboard.type("Float pane")
    page.keyboard.press("Enter")
    expect(text(page)).to_contain_text("First # Plan")
    text(page).focus()
    page.keyboard.press("Control+z")
    expect(text(page)).not_to_contain_text("First")


# --- what the agent proposes -------------------------------------------------------------------------


def propose(page: Page, model: FakeOllama, arguments: dict[str, Any] | None = None) -> Locator:
    """Have the model propose, and return the bar that says so."""
    model.chat(reply(calls(("editor.proposeEdit", arguments or CHANGES)), done()), answer("As you decided."))
    ask(page, "tidy up the plan")
    return editor(page).get_by_role("group", name="Proposal of the agent")


def read_of(model: FakeOllama) -> Any:
    """Return what the model read of its last call."""
    return json.loads(model.asked[-1]["messages"][-1]["content"])


@requirement("D10", "E10")
def test_each_proposed_change_is_accepted_or_rejected_and_the_agent_hears_which(
    page: Page, folder: Path, model: FakeOllama
) -> None:
    open_plan(page)
    bar = propose(page, model)
    expect(bar).to_contain_text("tidier verbs")
    expect(bar).to_contain_text("2 of 2 to decide")
    editor(page).get_by_role("button", name="Accept this change").first.click()
    expect(bar).to_contain_text("1 of 2 to decide")
    assert on_disk(folder) == PLAN
    editor(page).get_by_role("button", name="Reject this change").click()
    expect_answered(page, "As you decided.")
    expect(bar).to_have_count(0)
    told = read_of(model)
    assert (told["decision"], told["left"]) == ("partly accepted", 0)
    assert [(hunk["decision"], hunk["newText"]) for hunk in told["hunks"]] == [
        ("accepted", "bake rye bread"),
        ("rejected", "sleep late"),
    ]
    assert "the owner saves it" in told["note"]
    assert on_disk(folder) == PLAN
    text(page).focus()
    page.keyboard.press("Control+s")
    expect(editor(page).get_by_text("Saved", exact=True)).to_be_visible()
    assert on_disk(folder) == PLAN.replace("bake bread", "bake rye bread")


@requirement("D10")
def test_a_proposal_is_decided_by_keys_and_all_at_once(page: Page, folder: Path, model: FakeOllama) -> None:
    open_plan(page)
    bar = propose(page, model)
    expect(bar).to_be_visible()
    text(page).focus()
    page.keyboard.press("Control+s")
    expect(editor(page).get_by_role("alert")).to_contain_text("Decide about the proposal first")
    page.keyboard.press("Control+Alt+n")
    expect(bar).to_contain_text("1 of 2 to decide")
    page.keyboard.press("Control+Alt+y")
    expect_answered(page, "As you decided.")
    assert [hunk["decision"] for hunk in read_of(model)["hunks"]] == ["rejected", "accepted"]
    expect(text(page)).to_contain_text("sleep late")
    propose(page, model, {**CHANGES, "edits": [{"oldText": "wash up", "newText": "iron"}]})
    bar.get_by_role("button", name="Reject all").click()
    expect(turn(page)).to_have_attribute("data-state", "done")
    assert read_of(model)["decision"] == "rejected"
    expect(text(page)).to_contain_text("wash up")
    assert on_disk(folder) == PLAN


def test_what_the_owner_writes_meanwhile_stays_whatever_is_decided(
    page: Page, folder: Path, model: FakeOllama
) -> None:
    open_plan(page)
    bar = propose(page, model)
    expect(bar).to_be_visible()
    text(page).focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("My own words.")
    bar.get_by_role("button", name="Accept", exact=True).click()
    expect(bar).to_contain_text("1 of 2 to decide")
    bar.get_by_role("button", name="Reject all").click()
    expect_answered(page, "As you decided.")
    assert [hunk["newText"] for hunk in read_of(model)["hunks"]] == ["bake rye bread", "sleep late"]
    expect(text(page)).to_be_focused()
    page.keyboard.press("Control+s")
    expect(editor(page).get_by_text("Saved", exact=True)).to_be_visible()
    assert on_disk(folder) == f"{PLAN.replace('bake bread', 'bake rye bread')}My own words."


@requirement("D10")
def test_an_owner_who_takes_time_is_not_waited_for_and_can_still_decide(
    page: Page, node: NodeProcess, model: FakeOllama
) -> None:
    node.call("PUT", "/api/settings/agent.toolTimeoutS", {"value": 1})
    open_plan(page)
    bar = propose(page, model)
    expect_answered(page, "As you decided.")
    told = read_of(model)
    assert (told["decision"], told["hunks"]) == ("not decided yet", [])
    assert_accessible(page)
    bar.get_by_role("button", name="Accept all").click()
    expect(text(page)).to_contain_text("bake rye bread")
    model.chat(reply(calls(("editor.list", {})), done()), answer("Listed."))
    ask(page, "what came of it in the editor")
    expect_answered(page, "Listed.")
    assert read_of(model)["buffers"][0]["lastProposal"]["decision"] == "accepted"


@requirement("D10")
def test_the_agent_opens_and_reads_what_is_no_secret_and_is_told_what_does_not_fit(
    page: Page, folder: Path, model: FakeOllama
) -> None:
    (folder / ".env").write_text("KEY=hunter2")
    expect(composer(page)).to_be_visible()
    wanted: list[tuple[str, dict[str, Any]]] = [
        ("editor.open", {"path": ".env"}),
        ("editor.open", {"path": "hello.py"}),
        ("editor.read", {"uri": "file:hello.py", "fromLine": 2}),
        ("editor.proposeEdit", {"edits": [{"oldText": "good bye", "newText": "x"}]}),
        ("editor.read", {"uri": "file:docs/plan.md"}),
    ]
    model.chat(*(reply(calls(call), done()) for call in wanted), answer("Done."))
    ask(page, "look at the editor")
    expect_answered(page, "Done.")
    read = [asked["messages"][-1]["content"] for asked in model.asked[1:]]
    assert "named like a secret" in read[0]
    assert (json.loads(read[1])["uri"], json.loads(read[1])["language"]) == ("file:hello.py", "python")
    assert json.loads(read[2])["content"] == '    return "hello"\n'
    assert "not in the buffer" in read[3]
    assert "no such buffer is open" in read[4]
    assert all("hunter2" not in one for one in read)
    expect(composer(page)).to_be_focused()


# --- what goes along ---------------------------------------------------------------------------------


def asked(page: Page, model: FakeOllama, said: str) -> str:
    """Ask, and return all that the model read of it."""
    model.chat(answer("Well."))
    ask(page, said)
    expect(page.locator("article.turn[data-state=done]").filter(has_text=said)).to_be_visible()
    return json.dumps(model.asked[-1]["messages"][-2:])


@requirement("B17")
def test_the_document_in_the_editor_goes_along_until_it_is_left_out(page: Page, model: FakeOllama) -> None:
    open_plan(page)
    page.keyboard.type("Unsaved words ")
    expect(page.get_by_text("Goes along: plan.md")).to_be_visible()
    assert "Unsaved words # Plan" in asked(page, model, "what is this")
    page.get_by_role("button", name="Leave plan.md out").click()
    expect(page.get_by_text("plan.md stays out")).to_be_visible()
    assert_accessible(page)
    assert "wash up" not in asked(page, model, "and now")
    page.get_by_role("button", name="Take it along").click()
    assert "wash up" in asked(page, model, "and again")


@requirement("B17")
def test_a_text_that_was_never_saved_and_a_secret_stay_out(
    page: Page, folder: Path, model: FakeOllama
) -> None:
    (folder / ".env").write_text("KEY=hunter2")
    expect(composer(page)).to_be_visible()
    choose(page)
    editor(page).get_by_role("button", name="New text").click()
    page.keyboard.type("nobody knows")
    expect(page.get_by_text("Goes along")).to_have_count(0)
    assert "nobody knows" not in asked(page, model, "what is this")
    choose(page)
    editor(page).get_by_role("checkbox", name="Hidden files, too").check()
    editor(page).get_by_role("button", name=".env").click()
    expect(text(page, ".env")).to_contain_text("hunter2")
    expect(editor(page).get_by_text("not for the agent")).to_be_visible()
    assert "hunter2" not in asked(page, model, "and this")


@requirement("B17")
def test_a_long_document_goes_along_in_part_and_is_not_to_be_written_as_a_whole(
    page: Page, folder: Path, model: FakeOllama
) -> None:
    (folder / "docs" / "plan.md").write_text("word " * 6_000)
    open_plan(page)
    expect(page.get_by_text("its first 24,000 characters")).to_be_visible()
    assert "Never write the whole file" in asked(page, model, "what is this")
    model.chat(reply(calls(("editor.proposeEdit", {"newContent": "short"})), done()), answer("I may not."))
    ask(page, "make it short")
    expect_answered(page, "I may not.")
    assert "not newContent" in model.asked[-1]["messages"][-1]["content"]


def test_the_editor_can_be_used_by_everybody(page: Page) -> None:
    expect(composer(page)).to_be_visible()
    choose(page)
    expect(editor(page).get_by_role("button", name="hello.py")).to_be_visible()
    assert_accessible(page)
    open_plan(page)
    page.keyboard.press("Control+f")
    expect(editor(page).get_by_role("textbox", name="Find")).to_be_focused()
    assert_accessible(page)
