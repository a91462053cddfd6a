"""Shared folders in the cockpit: what is shared with whom, what is left out, and what a peer would find."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.conftest import StartNode, Visit
from tests.web.network import allow_asks, ask, node_id, open_pane, open_peer, pair, peers
from tests.web.node_process import NodeProcess
from tests.web.watch import Watch

BAKERY = Path(__file__).parent.parent / "fixtures" / "bakery"
QUESTION = "what does E4 mean"


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    """A folder of 15 texts, a hidden file, and one without text."""
    made = Path(shutil.copytree(BAKERY, tmp_path / "bakery"))
    (made / ".env").write_text("x")
    (made / "picture.png").write_bytes(b"\0")
    return made


@pytest.fixture
def friends(node: NodeProcess, start_node: StartNode) -> dict[str, NodeProcess]:
    """Bob and carol, both paired with `node`, which lets peers ask."""
    made = {name: start_node(name) for name in ("bob", "carol")}
    for friend in made.values():
        pair(node, friend)
    allow_asks(node)
    return made


def shared(page: Page) -> Locator:
    return open_pane(page, "Shared folders")


def folder(pane: Locator, label: str) -> Locator:
    return (
        pane.get_by_role("list", name="Shared folders").get_by_role("listitem").filter(has_text=label).first
    )


def share(pane: Locator, path: Path, *names: str) -> None:
    """Share a folder with these peers, or with all who may."""
    pane.get_by_role("textbox", name="Its path on this machine").fill(str(path))
    if names:
        pane.get_by_role("radio", name="Only some").check()
    for name in names:
        pane.get_by_role("checkbox", name=name).check()
    pane.get_by_role("button", name="Share it").click()


def search_as(pane: Locator, who: str, query: str = QUESTION) -> Locator:
    """Search as somebody, and return what the page says of it."""
    form = pane.get_by_role("region", name="Try a search")
    form.get_by_role("combobox", name="As").select_option(label=who)
    form.get_by_role("searchbox", name="What to find out").fill(query)
    form.get_by_role("button", name="Search", exact=True).click()
    return form.get_by_role("status")


@requirement("U5", "Q2")
def test_an_owner_shares_a_folder_and_sees_what_is_left_out_and_why(page: Page, bakery: Path) -> None:
    pane = shared(page)
    expect(pane).to_contain_text("Nothing is shared yet.")
    share(pane, bakery)
    mine = folder(pane, "bakery")
    expect(mine).to_contain_text("15 files")
    expect(mine).to_contain_text("With every peer that may search what you share")
    mine.get_by_text("2 files left out: 1 hidden, 1 without text").click()
    expect(mine.get_by_text("picture.png")).to_be_visible()
    expect(pane.get_by_role("switch", name="Asks from peers: off")).to_be_visible()


@requirement("U5")
def test_a_folder_that_must_not_be_shared_is_refused_with_a_reason(
    page: Page, watch: Watch, node: NodeProcess
) -> None:
    watch.expect("status of 409")
    pane = shared(page)
    share(pane, node.data)
    expect(pane.get_by_role("alert").filter(has_text="never shared")).to_be_visible()
    expect(pane).to_contain_text("Nothing is shared yet.")


@requirement("U5", "F30")
def test_what_is_shared_with_one_peer_is_not_found_by_another(
    page: Page, friends: dict[str, NodeProcess], bakery: Path
) -> None:
    assert set(friends) == {"bob", "carol"}
    pane = shared(page)
    share(pane, bakery, "bob")
    mine = folder(pane, "bakery")
    expect(mine).to_contain_text("With bob")
    expect(search_as(pane, "bob")).to_contain_text("bakery/oven.md, lines 8\u201311")
    expect(search_as(pane, "carol")).to_contain_text("carol would find nothing about this.")
    mine.get_by_role("button", name="Change with whom bakery is shared").click()
    mine.get_by_role("checkbox", name="carol").check()
    mine.get_by_role("button", name="Save").click()
    expect(mine).to_contain_text("With bob, carol")
    expect(search_as(pane, "carol")).to_contain_text("bakery/oven.md")
    expect(search_as(pane, "me, over all folders", "zebra stripes")).to_contain_text("You would find nothing")


@requirement("U5", "F30")
def test_of_a_folder_in_one_that_is_shared_more_widely_the_pane_says_who_reads_it_through_that(
    page: Page, friends: dict[str, NodeProcess], bakery: Path
) -> None:
    assert set(friends) == {"bob", "carol"}
    pane = shared(page)
    share(pane, bakery / "shop", "bob")
    inner = folder(pane, "shop")
    expect(inner).to_contain_text("With bob")
    share(pane, bakery)
    expect(inner).to_contain_text(
        "shop lies in bakery, through which its files can also be read by every peer"
    )
    named = page.get_by_role("heading", name="bakery", exact=True)
    outer = pane.get_by_role("list", name="Shared folders").get_by_role("listitem").filter(has=named)
    outer.get_by_role("button", name="Change with whom bakery is shared").click()
    outer.get_by_role("radio", name="Only some").check()
    outer.get_by_role("checkbox", name="bob").check()
    outer.get_by_role("button", name="Save").click()
    expect(inner).not_to_contain_text("lies in bakery")


@requirement("U5", "E17")
def test_a_peer_without_the_right_is_let_in_from_where_its_lack_is_seen(
    page: Page, node: NodeProcess, friends: dict[str, NodeProcess], bakery: Path
) -> None:
    bob = node_id(friends["bob"])
    node.call("PUT", f"/api/network/peers/{bob}/grants", {"grants": ["ask"]})
    pane = shared(page)
    share(pane, bakery, "bob")
    expect(pane).to_contain_text("bob may not search what you share yet.")
    expect(search_as(pane, "bob")).to_contain_text("bob may not search here, and would find nothing.")
    pane.get_by_role("button", name="Let bob search it").click()
    expect(pane.get_by_text("bob may not search what you share yet.")).to_have_count(0)
    expect(search_as(pane, "bob")).to_contain_text("bakery/oven.md")


@requirement("U5")
def test_a_folder_that_is_taken_back_is_found_by_nobody(
    page: Page, friends: dict[str, NodeProcess], bakery: Path, visit: Visit, model: FakeOllama
) -> None:
    pane = shared(page)
    share(pane, bakery)
    mine = folder(pane, "bakery")
    bobs, _ = visit(friends["bob"])
    asking = open_peer(peers(bobs), "alice")
    searched = reply(calls(("shared.search", {"query": QUESTION})), done())
    model.chat(searched, answer("It ran dry. [bakery/oven.md:8-11]"))
    ask(asking, "alice", QUESTION)
    expect(asking.get_by_role("list", name="Sources that alice names")).to_contain_text("bakery/oven.md")
    mine.get_by_role("button", name="Stop sharing", exact=True).click()
    expect(mine.get_by_role("group", name="Stop sharing")).to_contain_text("From now on nobody sees it")
    mine.get_by_role("button", name="Stop sharing bakery").click()
    expect(pane).to_contain_text("Nothing is shared yet.")
    assert bakery.exists()
    model.chat(searched, answer("I know nothing. [bakery/oven.md:8-11]"))
    ask(asking, "alice", QUESTION)
    expect(asking.get_by_role("region", name="alice answered").last).to_contain_text("I know nothing.")
    expect(asking.get_by_role("list", name="Sources that alice names")).to_have_count(1)


@requirement("Q12")
def test_the_pane_of_shared_folders_has_no_barrier_that_axe_can_find(page: Page, bakery: Path) -> None:
    pane = shared(page)
    expect(pane).to_contain_text("Nothing is shared yet.")
    assert_accessible(page)
    share(pane, bakery)
    mine = folder(pane, "bakery")
    mine.get_by_text("2 files left out").click()
    expect(search_as(pane, "me, over all folders")).to_contain_text("bakery/oven.md")
    mine.get_by_role("button", name="Stop sharing", exact=True).click()
    assert_accessible(page)
