"""Peers in the cockpit: two owners pair in their browsers, ask each other, and part."""

import asyncio
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from node.rotation import rotate
from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply, text
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.conftest import StartNode, Visit
from tests.web.network import allow_asks, ask, node_id, open_peer, pair, peers, row
from tests.web.node_process import NodeProcess, stop
from tests.web.stage import Stage
from tests.web.watch import Watch

BACKGROUND = "(element) => getComputedStyle(element).backgroundColor"
BAKERY = Path(__file__).parent.parent / "fixtures" / "bakery"
PATIENCE_S = 20.0
HOSTILE = "<img src=x onerror=alert(1)> <b>bold</b> [a link](javascript:alert(1))"


@pytest.fixture
def bob(start_node: StartNode) -> NodeProcess:
    return start_node("bob")


@pytest.fixture
def friend(node: NodeProcess, bob: NodeProcess) -> NodeProcess:
    """A bob who is paired with `node` and lets peers ask."""
    pair(node, bob)
    allow_asks(bob)
    return bob


@pytest.fixture
def gate() -> asyncio.Event:
    """Holds a model's answer until the test lets it go on."""
    return asyncio.Event()


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Pair with another node")


def comparing(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Compare the digits")


def digits(page: Page) -> str:
    return comparing(page).locator(".digits > :first-child").inner_text().replace(" ", "")


def compare_with(page: Page, node: NodeProcess) -> None:
    """Have a page's owner ask a node to compare, which lets others ask."""
    node.call("POST", "/api/network/pairing", {"open": True})
    address = node.call("GET", "/api/network/identity")["peerAddress"]
    peers(page).get_by_role("button", name="Look on this network").click()
    dialog(page).get_by_role("textbox", name="By its address").fill(address)
    dialog(page).get_by_role("button", name="Compare").click()
    expect(comparing(page)).to_be_visible()


# Pairing.


@requirement("U2", "Q2")
def test_two_owners_pair_by_a_ticket(page: Page, visit: Visit, bob: NodeProcess) -> None:
    peers(page).get_by_role("button", name="Invite a friend").click()
    dialog(page).get_by_role("button", name="Make a ticket").click()
    expect(dialog(page).get_by_role("img", name="The ticket as a QR code")).to_be_visible()
    ticket = dialog(page).get_by_role("textbox", name="The ticket").input_value()
    assert ticket.startswith("palaver1:")
    bobs, _ = visit(bob)
    peers(bobs).get_by_role("button", name="Join with a ticket").click()
    dialog(bobs).get_by_role("textbox", name="The ticket").fill(f"  {ticket}\n")
    dialog(bobs).get_by_role("button", name="Pair", exact=True).click()
    expect(dialog(bobs)).to_contain_text("You are paired with alice.")
    expect(dialog(page)).to_contain_text("bob used the ticket: you are paired.")
    dialog(page).get_by_role("button", name="Close").click()
    dialog(bobs).get_by_role("button", name="Done").click()
    expect(row(page.locator("body"), "bob")).to_contain_text("trusted, connected")
    expect(bobs.get_by_role("article", name="alice")).to_contain_text("trusted, connected")


@requirement("U2")
def test_a_ticket_that_is_none_is_refused_in_plain_words(page: Page, watch: Watch) -> None:
    watch.expect("status of 400")
    peers(page).get_by_role("button", name="Join with a ticket").click()
    dialog(page).get_by_role("textbox", name="The ticket").fill("palaver1:rubbish")
    dialog(page).get_by_role("button", name="Pair", exact=True).click()
    expect(dialog(page).get_by_role("alert").filter(has_text="ticket")).to_be_visible()


@requirement("U2")
def test_a_node_that_wants_to_compare_calls_its_owner_from_whatever_is_open(
    page: Page, node: NodeProcess, visit: Visit, bob: NodeProcess
) -> None:
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible()
    bobs, _ = visit(bob)
    compare_with(bobs, node)
    card = page.get_by_role("complementary", name="Pairing")
    expect(card).to_contain_text("bob asks to pair")
    card.get_by_role("button", name="Compare").click()
    assert len(digits(page)) == 6
    assert digits(page) == digits(bobs)
    expect(comparing(page)).to_contain_text("Do both screens show the same digits?")
    comparing(page).get_by_role("button", name="They are the same").click()
    expect(comparing(page)).to_contain_text("Waiting for the other owner.")
    comparing(bobs).get_by_role("button", name="They are the same").click()
    for at, other in ((page, "bob"), (bobs, "alice")):
        expect(comparing(at)).to_contain_text(f"You are paired with {other}.")
        comparing(at).get_by_role("button", name="Done").click()
    expect(row(bobs.locator("body"), "alice")).to_contain_text("trusted, connected")


@requirement("U2")
def test_different_digits_pair_nobody(page: Page, node: NodeProcess, visit: Visit, bob: NodeProcess) -> None:
    bobs, _ = visit(bob)
    compare_with(bobs, node)
    card = page.get_by_role("complementary", name="Pairing")
    card.get_by_role("button", name="Compare").click()
    page.keyboard.press("Escape")
    expect(card).to_be_visible()
    card.get_by_role("button", name="Compare").click()
    comparing(page).get_by_role("button", name="They are different").click()
    for at in (page, bobs):
        expect(comparing(at)).to_contain_text("Not paired with")
    comparing(bobs).get_by_role("button", name="Back").click()
    dialog(bobs).get_by_role("button", name="Close").click()
    for each in (node, bob):
        assert [peer for peer in each.call("GET", "/api/network/peers") if peer["state"] == "trusted"] == []


@requirement("F2")
def test_a_node_looks_on_its_network_only_once_its_owner_says_so(page: Page, node: NodeProcess) -> None:
    assert not node.call("GET", "/api/network/discovery")["enabled"]
    peers(page).get_by_role("button", name="Look on this network").click()
    dialog(page).get_by_role("switch", name="Look on this network: off").click()
    expect(dialog(page).get_by_role("switch", name="Look on this network: on")).to_be_checked()
    assert node.call("GET", "/api/network/discovery")["enabled"]


# Who may ask.


@requirement("E17", "F12")
def test_what_an_owner_grants_and_takes_back_counts_at_once(
    page: Page, node: NodeProcess, bob: NodeProcess, visit: Visit, model: FakeOllama
) -> None:
    pair(node, bob)
    bobs, _ = visit(bob)
    at_bob = peers(bobs)
    at_bob.get_by_role("switch", name="Asks from peers: off").click()
    rights = open_peer(at_bob, "alice")
    asking = open_peer(peers(page), "bob")
    model.chat(answer("Four."))
    ask(asking, "bob", "what is two and two")
    expect(asking.get_by_role("region", name="bob answered")).to_contain_text("Four.")
    rights.get_by_role("checkbox", name="Ask my agent").uncheck()
    expect(rights).to_contain_text("These rights are its own.")
    expect(row(at_bob, "alice")).to_contain_text("nothing")
    ask(asking, "bob", "and three and three")
    expect(asking.get_by_role("region", name="bob did not answer")).to_contain_text("does not let you ask")
    rights.get_by_role("button", name="As for peers in general").click()
    expect(rights.get_by_role("checkbox", name="Ask my agent")).to_be_checked()
    model.chat(answer("Eight."))
    ask(asking, "bob", "and four and four")
    expect(asking.get_by_role("region", name="bob answered").last).to_contain_text("Eight.")


@requirement("F20")
def test_an_owner_sees_what_a_peer_asks_just_now_and_stops_it(
    page: Page, friend: NodeProcess, visit: Visit, model: FakeOllama, gate: asyncio.Event
) -> None:
    bobs, _ = visit(friend)
    at_bob = peers(bobs)
    asking = open_peer(peers(page), "bob")
    model.chat(reply(*text("Once upon"), gate, done()))
    ask(asking, "bob", "tell a story without an end")
    told = at_bob.get_by_role("region", name="Asking your agent now")
    expect(told).to_contain_text("alice")
    expect(told).to_contain_text("tell a story without an end")
    expect(told).to_contain_text("over 1 link")
    expect(at_bob.locator(".fabric .asking")).to_have_count(1)
    told.get_by_role("button", name="Stop the ask of alice").click()
    expect(told).to_be_hidden()
    expect(asking.get_by_role("region", name="bob did not answer")).to_contain_text("stopped")
    at_bob.get_by_text("Asks so far").click()
    expect(at_bob.get_by_role("region", name="Asks so far")).to_contain_text("alice askedstopped here")


@requirement("F20", "F12")
@pytest.mark.usefixtures("friend")
def test_an_asker_who_stops_stops_the_peers_model(
    page: Page, model: FakeOllama, stage: Stage, gate: asyncio.Event
) -> None:
    asking = open_peer(peers(page), "bob")
    model.chat(reply(*text("Once upon"), gate, done()))
    ask(asking, "bob", "tell a story without an end")
    expect(asking).to_contain_text("bob is being asked")
    expect(page.get_by_role("button", name="1 of 1 peer")).to_be_visible()
    page.wait_for_function("async () => (await (await fetch('/api/network/asks')).json()).length > 0")
    asking.get_by_role("button", name="Stop", exact=True).click()
    expect(asking).to_contain_text("bob was stopped")
    stage.run(asyncio.wait_for(model.disconnected.wait(), PATIENCE_S))


# What peers say.


@requirement("F12", "F29", "U5")
def test_an_answer_stands_under_its_peers_name_with_the_lines_it_rests_on(
    page: Page, friend: NodeProcess, model: FakeOllama, tmp_path: Path
) -> None:
    bakery = shutil.copytree(BAKERY, tmp_path / "bakery")
    friend.call("POST", "/api/network/shares", {"folder": str(bakery)})
    searched = reply(calls(("shared.search", {"query": "what does E4 mean"})), done())
    model.chat(searched, answer("The steam generator ran dry. [bakery/oven.md:8-11]"))
    asking = open_peer(peers(page), "bob")
    ask(asking, "bob", "what does E4 mean?")
    said = asking.get_by_role("region", name="bob answered")
    expect(said).to_contain_text("The steam generator ran dry.")
    expect(said.locator("header")).to_contain_text("bobpeer")
    source = said.get_by_role("list", name="Sources that bob names")
    source.get_by_text("bakery/oven.md, lines 8\u201311").click()
    expect(source.locator("blockquote")).to_contain_text("E4 means")


@requirement("F29")
def test_what_a_peer_says_and_calls_itself_stays_text(
    page: Page, node: NodeProcess, start_node: StartNode, model: FakeOllama
) -> None:
    mallory = start_node("<i>mallory")
    pair(node, mallory)
    allow_asks(mallory)
    model.chat(answer(HOSTILE))
    pane = peers(page)
    asking = open_peer(pane, "<i>mallory")
    ask(asking, "<i>mallory", "who are you")
    said = asking.get_by_role("region", name="<i>mallory answered")
    expect(said).to_contain_text("<img src=x onerror=alert(1)> <b>bold</b>")
    assert pane.locator("img, i, b").count() == 0
    expect(said.get_by_role("link")).to_have_count(0)


@requirement("F12")
@pytest.mark.usefixtures("friend")
def test_several_peers_are_asked_at_once_and_answer_side_by_side(
    page: Page, node: NodeProcess, start_node: StartNode, model: FakeOllama
) -> None:
    pair(node, start_node("carol"))
    pane = peers(page)
    expect(row(pane, "carol")).to_contain_text("connected")
    expect(row(pane, "bob")).to_contain_text("connected")
    model.chat(answer("Rye."))
    ask(pane, "2 peers", "which flour?")
    good, bad = (
        pane.get_by_role("region", name="bob answered"),
        pane.get_by_role("region", name="carol did not answer"),
    )
    expect(good).to_contain_text("Rye.")
    expect(bad).to_contain_text("does not let you ask")
    left, right = good.bounding_box(), bad.bounding_box()
    assert left
    assert right
    assert left["y"] == right["y"]


# Names, presence, and the end of trust.


@requirement("F25", "Q2")
def test_presence_is_seen_without_asking_for_it(page: Page, node: NodeProcess, bob: NodeProcess) -> None:
    pane = peers(page)
    expect(pane).to_contain_text("Nobody is here yet")
    pair(node, bob)
    expect(row(pane, "bob")).to_contain_text("trusted, connected")
    expect(row(pane, "bob")).to_contain_text(" ms")
    expect(pane.locator(".fabric .node")).to_have_count(1)
    stop(bob.process)
    expect(row(pane, "bob")).to_contain_text("trusted, away")
    expect(pane.locator(".fabric .node[data-connected=false]")).to_have_count(1)


@requirement("Q2")
def test_a_peer_is_called_what_its_owner_likes(page: Page, node: NodeProcess, bob: NodeProcess) -> None:
    pair(node, bob)
    pane = peers(page)
    open_peer(pane, "bob").get_by_role("textbox", name="Your name for it").fill("Robert")
    pane.get_by_role("button", name="Rename").click()
    expect(pane.get_by_role("article", name="Robert")).to_contain_text("Calls itselfbob")
    expect(row(pane, "Robert")).to_be_visible()


@requirement("F6")
def test_trust_ends_only_when_its_owner_is_sure(
    page: Page, node: NodeProcess, bob: NodeProcess, visit: Visit
) -> None:
    pair(node, bob)
    pane = peers(page)
    details = open_peer(pane, "bob")
    details.get_by_role("button", name="Revoke", exact=True).click()
    page.keyboard.press("Escape")
    expect(details.get_by_role("button", name="Revoke", exact=True)).to_be_focused()
    details.get_by_role("button", name="Revoke", exact=True).click()
    expect(details.get_by_role("group", name="Revoke")).to_contain_text("Forget bob?")
    details.get_by_role("button", name="Revoke bob").click()
    expect(pane).to_contain_text("Nobody is here yet")
    bobs, _ = visit(bob)
    asking = open_peer(peers(bobs), "alice")
    expect(asking).to_contain_text("trusted, away")
    ask(asking, "alice", "are you there?")
    expect(asking.get_by_role("region", name="alice did not answer")).to_be_visible()


@requirement("F6")
def test_a_blocked_peer_stays_out_until_it_is_unblocked(
    page: Page, node: NodeProcess, bob: NodeProcess
) -> None:
    pair(node, bob)
    pane = peers(page)
    details = open_peer(pane, "bob")
    details.get_by_role("button", name="Block", exact=True).click()
    details.get_by_role("button", name="Block bob").click()
    expect(row(pane, "bob")).to_contain_text("blocked")
    details.get_by_role("button", name="Unblock bob").click()
    expect(row(pane, "blocked")).to_have_count(0)


def test_a_new_key_counts_only_once_the_owner_trusts_it(
    page: Page, node: NodeProcess, bob: NodeProcess, start_node: StartNode
) -> None:
    pair(node, bob)
    old = node_id(bob)
    stop(bob.process)
    rotate(bob.data)
    again = start_node("bob")
    pane = peers(page)
    card = pane.get_by_role("region", name="New key of bob")
    expect(card).to_contain_text("ask them, best by phone", timeout=30_000)
    (known,) = node.call("GET", "/api/network/peers")
    assert known["nodeId"] == old
    card.get_by_role("button", name="Trust the new key").click()
    expect(card).to_have_count(0)
    expect(row(pane, "bob")).to_contain_text("trusted")
    (known,) = node.call("GET", "/api/network/peers")
    assert known["nodeId"] == node_id(again)


@pytest.mark.usefixtures("friend")
def test_a_question_that_is_being_written_stays_with_its_peer_and_the_answer_comes_into_view(
    page: Page, node: NodeProcess, start_node: StartNode, model: FakeOllama
) -> None:
    pair(node, start_node("carol"))
    page.set_viewport_size({"width": 1280, "height": 420})
    pane = peers(page)
    bob = open_peer(pane, "bob")
    button = bob.get_by_role("button", name="Ask", exact=True)
    idle = button.evaluate(BACKGROUND)
    box = bob.get_by_role("textbox", name="Ask bob", exact=True)
    box.fill("which flour")
    assert button.evaluate(BACKGROUND) != idle
    open_peer(pane, "carol")
    open_peer(pane, "bob")
    expect(box).to_have_value("which flour")
    model.chat(answer("\n\n".join(f"Flour number {number}." for number in range(3))))
    box.press("Enter")
    expect(bob.get_by_text("Flour number 2.")).to_be_in_viewport()
    expect(box).to_have_value("")
    bob.get_by_role("button", name="Close bob").press("Enter")
    expect(bob).to_have_count(0)
    expect(pane.locator(":focus")).to_have_count(1)


# For everybody.


@requirement("Q2")
def test_a_pane_says_when_what_it_shows_is_old(page: Page, watch: Watch, node: NodeProcess) -> None:
    watch.expect("ERR_|WebSocket")
    pane = peers(page)
    expect(pane).to_contain_text("Nobody is here yet")
    stop(node.process)
    expect(pane).to_contain_text("The node does not answer; this is how things stood.")


@requirement("Q12", "F31")
@pytest.mark.usefixtures("friend")
def test_the_fabric_stands_still_for_those_who_want_it_so(
    page: Page, model: FakeOllama, gate: asyncio.Event
) -> None:
    page.emulate_media(reduced_motion="reduce")
    pane = peers(page)
    asking = open_peer(pane, "bob")
    model.chat(reply(*text("Once upon"), gate, done()))
    ask(asking, "bob", "a story")
    expect(pane.locator(".fabric .asking")).to_have_count(1)
    assert page.evaluate("document.getAnimations().length") == 0
    asking.get_by_role("button", name="Stop", exact=True).click()
    expect(pane.locator(".fabric .asking")).to_have_count(0)


@requirement("Q12")
def test_pairing_and_peers_have_no_barrier_that_axe_can_find(
    page: Page, node: NodeProcess, bob: NodeProcess, start_node: StartNode, model: FakeOllama
) -> None:
    pane = peers(page)
    expect(pane).to_contain_text("Nobody is here yet")
    assert_accessible(page)
    pane.get_by_role("button", name="Invite a friend").click()
    dialog(page).get_by_role("button", name="Make a ticket").click()
    expect(dialog(page).get_by_role("img")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    pair(node, bob)
    pair(node, start_node("carol"))
    allow_asks(bob)
    asking = open_peer(pane, "bob")
    model.chat(answer("Rye."))
    ask(asking, "bob", "which flour?")
    expect(asking.get_by_role("region", name="bob answered")).to_be_visible()
    asking.get_by_role("button", name="Revoke", exact=True).click()
    assert_accessible(page)


@requirement("Q12")
def test_the_ways_to_pair_are_reached_by_arrow_keys(page: Page) -> None:
    peers(page).get_by_role("button", name="Pair", exact=True).press("Enter")
    dialog(page).get_by_role("tab", name="Invite").press("ArrowRight")
    expect(dialog(page).get_by_role("tab", name="Join")).to_be_focused()
    expect(dialog(page).get_by_role("textbox", name="The ticket")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog(page)).to_be_hidden()
