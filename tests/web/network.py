"""The cockpit's panes of peers and shared folders as a test drives them, and pairing past the page."""

from playwright.sync_api import Locator, Page, expect

from tests.web.node_process import NodeProcess
from tests.web.talk import composer


def open_pane(page: Page, title: str) -> Locator:
    """Open a pane from the top bar once the cockpit stands, and return it."""
    expect(composer(page)).to_be_visible()
    page.get_by_role("button", name=title, exact=True).click()
    return page.get_by_role("tabpanel", name=title)


def peers(page: Page) -> Locator:
    return open_pane(page, "Peers")


def row(pane: Locator, name: str) -> Locator:
    """Return the line of a peer in the table."""
    return pane.get_by_role("region", name="Peers", exact=True).get_by_role("row").filter(has_text=name)


def open_peer(pane: Locator, name: str) -> Locator:
    """Show one peer in full."""
    pane.get_by_role("button", name=name, exact=True).click()
    return pane.get_by_role("article", name=name, exact=True)


def ask(where: Locator, name: str, question: str) -> None:
    box = where.get_by_role("textbox", name=f"Ask {name}", exact=True)
    box.fill(question)
    box.press("Enter")


def pair(inviter: NodeProcess, joiner: NodeProcess) -> None:
    """Pair two nodes without their pages."""
    ticket = inviter.call("POST", "/api/network/invite", {})["ticket"]
    joiner.call("POST", "/api/network/pair", {"ticket": ticket})


def allow_asks(node: NodeProcess) -> None:
    node.call("PUT", "/api/settings/network.allowRemoteAgent", {"value": True})


def node_id(node: NodeProcess) -> str:
    return str(node.call("GET", "/api/network/identity")["nodeId"])
