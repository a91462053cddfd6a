"""The cockpit comes from its node alone, to its owner alone."""

from playwright.sync_api import BrowserContext, Page, expect

from tests.mission import requirement
from tests.web.axe import assert_accessible, settle
from tests.web.conftest import StartNode
from tests.web.node_process import NodeProcess
from tests.web.watch import Watch

# The named files that the page has fetched, with how many bytes of each came over the wire.
ASSETS = """() => Object.fromEntries(performance.getEntriesByType("resource")
    .filter((entry) => entry.name.includes("/assets/")).map((entry) => [entry.name, entry.transferSize]))"""


@requirement("Q1")
def test_the_cockpit_loads_without_a_network_and_asks_nobody_but_its_node(
    page: Page, watch: Watch, node: NodeProcess
) -> None:
    expect(page.get_by_role("heading", name="Palaver", level=1)).to_be_attached()
    assert page.url.startswith(f"{node.url}/")
    assert "token" not in page.url
    assert len([url for url in watch.requests if "/assets/" in url]) >= 2


@requirement("Q1")
def test_what_the_policy_forbids_fails_the_test_that_does_it(page: Page, watch: Watch) -> None:
    page.evaluate("""() => {
        const style = document.createElement("style");
        style.textContent = "body { color: red; }";
        document.head.append(style);
        const image = document.createElement("img");
        image.src = "https://example.com/pixel.png";
        document.body.append(image);
        try { document.body.innerHTML = "<b>markup</b>"; } catch { /* Chromium has told the console. */ }
    }""")
    expect(page.locator("b", has_text="markup")).to_have_count(0)
    said = "\n".join(watch.faults)
    for directive in ("style-src", "img-src", "TrustedHTML"):
        assert directive in said
    watch.expect("")


def test_without_the_token_a_browser_sees_nothing_but_how_to_get_in(
    context: BrowserContext, node: NodeProcess
) -> None:
    page = context.new_page()
    page.goto(node.url)
    expect(page.get_by_text("palaver open")).to_be_visible()
    assert page.request.get(node.url).status == 401
    assert page.request.get(f"{node.url}/assets/index.js").status == 401
    assert page.request.get(f"{node.url}/plain/").status == 401


def test_a_second_visit_needs_no_token_and_fetches_no_named_file_again(page: Page, node: NodeProcess) -> None:
    settle(page)
    first = page.evaluate(ASSETS)
    again = page.context.new_page()
    again.goto(node.url)
    expect(again.get_by_role("heading", name="Palaver", level=1)).to_be_attached()
    sizes = [size for name, size in again.evaluate(ASSETS).items() if name in first]
    assert sizes
    assert set(sizes) == {0}


def test_a_node_without_its_cockpit_says_so_and_offers_the_plain_conversation(
    context: BrowserContext, start_node: StartNode
) -> None:
    node = start_node("bob", module="tests.web.without_cockpit")
    page = context.new_page()
    watch = Watch(page, node.url)
    page.goto(node.entrance)
    expect(page.get_by_text("scripts/build_ui.py")).to_be_visible()
    page.get_by_role("link", name="a plain conversation").click()
    expect(page.get_by_text("bob")).to_be_visible()
    assert watch.faults == []


@requirement("Q12")
def test_the_cockpit_has_no_barrier_that_axe_can_find(page: Page) -> None:
    expect(page.get_by_role("heading", name="Palaver", level=1)).to_be_attached()
    assert_accessible(page)
