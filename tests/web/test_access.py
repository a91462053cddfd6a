"""Every pane can be used by everybody: what axe can find in it, and all of it by keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply
from tests.mission import requirement
from tests.web.axe import assert_accessible, settle
from tests.web.conftest import StartNode
from tests.web.network import pair
from tests.web.node_process import NodeProcess
from tests.web.talk import ask, composer, expect_answered

OPENS = re.compile(r"^(?:Show|Open) ")
IN_HAND = """() => {
    const { activeElement } = document;
    return activeElement.closest('[data-kind]')?.dataset.kind ?? (activeElement.closest('.status-bar') && 'the bar');
}"""


@pytest.fixture
def lived_in(page: Page, node: NodeProcess, start_node: StartNode, model: FakeOllama) -> Page:
    """A cockpit with something to show: a turn with a call, a note, a peer, a shared folder, a chat link."""
    pair(node, start_node("bob"))
    folder = node.data.parent / "recipes"
    folder.mkdir()
    (folder / "rye.md").write_text("# Rye\n\nFeed it daily.\n")
    node.call("POST", "/api/network/shares", {"folder": str(folder)})
    node.call("PUT", "/api/settings/agent.workspace", {"value": str(folder)})
    model.chat(reply(calls(("clock.now", {})), done()), answer("It is **noon**.\n\n```py\nnoon = 12\n```"))
    ask(page, "what time is it")
    expect_answered(page, "noon")
    (session,) = node.call("GET", "/api/chat/sessions")
    node.call("POST", f"/api/chat/sessions/{session['id']}/links", {})
    return page


def palette(page: Page, words: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def openers(page: Page) -> list[str]:
    """Return the commands that open the panes there are, from the menu: a new pane is among them by itself."""
    page.get_by_role("button", name="Menu", exact=True).click()
    titles = [text.split("\n")[0] for text in page.get_by_role("menuitem").all_inner_texts()]
    page.keyboard.press("Escape")
    return [title for title in titles if OPENS.match(title)]


@requirement("Q12")
@pytest.mark.timeout(240)
def test_no_pane_has_a_barrier_that_axe_can_find_in_either_theme(lived_in: Page) -> None:
    found = openers(lived_in)
    assert len(found) >= 9
    for opener in found:
        palette(lived_in, opener)
        expect(lived_in.locator(".pane-coming")).to_have_count(0)
        try:
            assert_accessible(lived_in)
        except AssertionError as fault:
            fault.add_note(f"after {opener!r}")
            raise


@requirement("Q12")
@pytest.mark.timeout(120)
def test_every_pane_is_opened_gone_round_and_closed_without_a_pointer(lived_in: Page) -> None:
    shown = lived_in.locator("section.pane:not([data-hidden])")
    for opener in openers(lived_in):
        palette(lived_in, opener)
        expect(lived_in.locator(".pane-coming")).to_have_count(0)
        expect(lived_in.get_by_role("tab", selected=True, name=OPENS.sub("", opener)).first).to_be_visible()
    settle(lived_in)
    met = []
    for _ in range(shown.count() + 1):
        lived_in.keyboard.press("F6")
        met.append(lived_in.evaluate(IN_HAND))
    panes = shown.evaluate_all("(panes) => panes.map((pane) => pane.dataset.kind)")
    assert sorted(met) == sorted([*panes, "the bar"])
    panes = lived_in.locator("section.pane")
    while (left := panes.count()) > 0:
        palette(lived_in, "Close pane")
        expect(panes).to_have_count(left - 1)
    expect(lived_in.get_by_text("Nothing is open here.")).to_be_visible()
    palette(lived_in, "Reset layout")
    expect(composer(lived_in)).to_be_visible()
