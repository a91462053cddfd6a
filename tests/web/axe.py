"""Whether a page can be used by everybody, as far as axe can tell: WCAG 2.2 A and AA, in both themes."""

from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
SETTLE = """() => document.getAnimations()
    .filter((moving) => moving.effect.getComputedTiming().endTime < Infinity)
    .forEach((moving) => moving.finish())"""
THEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")


def assert_accessible(page: Page) -> None:
    """Look at the page as it is now, settled, in the dark and in the light theme."""
    page.wait_for_load_state("networkidle")
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        settle(page)
        violations = Axe().run(page, options=OPTIONS).response["violations"]
        assert not violations, f"{theme}:\n" + "\n".join(map(_told, violations))


def settle(page: Page) -> None:
    """Bring to its end what moves: contrast is wrong in the middle of a transition. What never ends goes on."""
    page.evaluate(SETTLE)


def _told(violation: dict[str, object]) -> str:
    nodes = violation["nodes"]
    assert isinstance(nodes, list)
    where = "\n".join(f"    {node['html'][:200]}" for node in nodes)
    return f"  {violation['id']} ({violation['impact']}): {violation['help']}\n{where}"
