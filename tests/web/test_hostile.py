"""Whatever strangers call things, in whatever pane: names, titles and errors stay text, and hide nothing."""

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.ollama_server import ALL, TINY, FakeOllama, answer, calls, done, error, reply, text, thinking
from tests.mission import requirement
from tests.web.conftest import StartNode
from tests.web.network import pair
from tests.web.node_process import NodeProcess
from tests.web.talk import ask, composer, expect_answered, turn
from tests.web.watch import Watch

HOSTILE = '"><img src=x onerror=window.hacked=1>'
IN_A_PATH = "x<img src=x onerror=window.hacked=1>"
RIGHT_TO_LEFT = "\u202e"
PANES = (
    "Show Sessions", "Show Peers", "Show Shared folders", "Show Recent", "Show Inspector", "Show Activity",
    "Open Editor", "Show Settings",
)  # fmt: skip
RUNS_OR_LOADS = (
    "body :is(img, script, iframe, object, embed, video, audio, link, svg:not(.icon, .fabric, .avatar svg))"
)


@pytest.fixture
def surrounded(page: Page, node: NodeProcess, start_node: StartNode, model: FakeOllama) -> Page:
    """A cockpit in which everything has a hostile name: model, peer, file, workspace, rule, conversation."""
    model.models = {TINY: ALL, f"{HOSTILE}:latest": ALL}
    pair(node, start_node(IN_A_PATH))
    folder = node.data.parent / "shared"
    folder.mkdir()
    (folder / f"{IN_A_PATH}.md").write_text(f"# {HOSTILE}\n")
    node.call("POST", "/api/network/shares", {"folder": str(folder)})
    node.call("PUT", "/api/settings/agent.workspace", {"value": str(folder)})
    node.call("PUT", "/api/settings/agent.permissions.ask", {"value": [f"notes.read({HOSTILE})"]})
    page.reload()
    model.chat(
        reply(
            *thinking(HOSTILE),
            calls((HOSTILE, {HOSTILE: HOSTILE}), ("notes.read", {"name": HOSTILE})),
            done(),
        ),
        answer(HOSTILE),
    )
    ask(page, HOSTILE)
    expect(page.locator("section.approval")).to_contain_text(f"Allow notes.read {HOSTILE}?")
    page.keyboard.press("Control+Alt+Backspace")
    expect_answered(page, HOSTILE)
    return page


def palette(page: Page, words: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def expect_harmless(page: Page, watch: Watch) -> None:
    assert page.evaluate("() => window.hacked") is None
    expect(page.locator(RUNS_OR_LOADS)).to_have_count(0)
    assert not [url for url in watch.requests if url.endswith("/x")]


@requirement("Q6", "F29")
@pytest.mark.timeout(120)
def test_what_things_are_called_stays_text_in_every_pane(surrounded: Page, watch: Watch) -> None:
    page = surrounded
    for opener in PANES:
        palette(page, opener)
        expect(page.locator(".pane-coming")).to_have_count(0)
        expect_harmless(page, watch)
    palette(page, "Open a file or note")
    page.get_by_role("searchbox", name="Find a file or note").fill("onerror")
    page.get_by_role("button", name=f"{IN_A_PATH}.md").first.click()
    expect(page.locator(".cm-content")).to_contain_text(HOSTILE)
    expect(page.get_by_role("tab", name=f"{IN_A_PATH}.md")).to_be_visible()
    palette(page, "Inspect the last turn")
    expect(page.locator(".inspector")).to_contain_text(HOSTILE)
    expect_harmless(page, watch)


@requirement("Q6")
def test_what_is_listed_while_somebody_types_stays_text(surrounded: Page, watch: Watch) -> None:
    page = surrounded
    page.keyboard.press("Control+k")
    page.keyboard.type("onerror")
    expect(page.get_by_role("listbox", name="Found").get_by_role("option").first).to_contain_text("onerror")
    expect_harmless(page, watch)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Shift+O")
    composer(page).type("@onerror")
    for kind in ("peer", "session", "file"):
        named = page.get_by_role("listbox", name="Suggestions").get_by_role("option").filter(has_text=kind)
        expect(named.first).to_contain_text("onerror")
    expect_harmless(page, watch)


@requirement("Q6", "C13")
def test_what_goes_wrong_is_told_as_text(page: Page, model: FakeOllama, watch: Watch) -> None:
    model.chat(error(400, HOSTILE))
    watch.expect("400 .Bad Request.")
    ask(page, "fail")
    expect(turn(page).get_by_role("alert")).to_contain_text(HOSTILE)
    ask(page, f"/ask {HOSTILE} hello")
    expect(page.get_by_role("region", name="What /ask says")).to_contain_text("onerror")
    page.get_by_role("button", name="New workspace").click()
    name = page.get_by_role("dialog").get_by_role("textbox", name="Name")
    name.fill(f"{HOSTILE}{RIGHT_TO_LEFT}")
    name.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("a line of visible characters")
    name.fill(HOSTILE)
    name.press("Enter")
    expect(page.get_by_role("navigation", name="Workspaces")).to_contain_text("onerror")
    expect_harmless(page, watch)


@requirement("E6", "F29")
def test_an_owner_who_decides_sees_the_signs_that_turn_text_round(page: Page, model: FakeOllama) -> None:
    hidden = f"rm{RIGHT_TO_LEFT}txt.\u200bharmless"
    model.chat(
        reply(calls(("notes.write", {"name": "plan", "text": hidden, "mode": "replace"})), done()),
        answer(f"`{hidden}`\n\n```sh\n{hidden}\n```"),
    )
    ask(page, "note it")
    question = page.locator("section.approval")
    expect(question.locator(".arguments")).to_contain_text("rm\\u202etxt.\\u200bharmless")
    page.keyboard.press("Control+Alt+Enter")
    expect_answered(page, "harmless")
    expect(turn(page).locator(".markdown p code")).to_have_text("rm\\u202etxt.\\u200bharmless")
    expect(turn(page).locator("pre")).to_have_text("rm\\u202etxt.\\u200bharmless")


def test_text_from_right_to_left_stands_as_its_readers_read_it(page: Page, model: FakeOllama) -> None:
    model.chat(reply(*text("שלום, עולם.\n\nHello, world.\n\n- אחת\n- שתיים"), done()))
    ask(page, "مرحبا بالعالم")
    expect_answered(page, "Hello, world.")
    direction = "(all) => all.map((one) => getComputedStyle(one).direction)"
    said = turn(page)
    assert said.locator(".owner-said p").evaluate_all(direction) == ["rtl"]
    assert said.locator(".markdown > p").evaluate_all(direction) == ["rtl", "ltr"]
    assert said.locator(".markdown > ul").evaluate_all(direction) == ["rtl"]
