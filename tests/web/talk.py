"""The cockpit's conversation as a test drives it: the composer, what was said, the questions."""

from playwright.sync_api import Locator, Page, expect


def composer(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Message", exact=True)


def ask(page: Page, text: str) -> None:
    composer(page).fill(text)
    composer(page).press("Enter")


def turn(page: Page, number: int = -1) -> Locator:
    """Return a turn by its place; the last one if none is given."""
    turns = page.locator("article.turn")
    return turns.last if number < 0 else turns.nth(number)


def transcript(page: Page) -> Locator:
    return page.get_by_role("region", name="Transcript")


def expect_answered(page: Page, text: str) -> None:
    """Wait until the last turn has ended with this text in it."""
    expect(turn(page)).to_contain_text(text)
    expect(turn(page)).to_have_attribute("data-state", "done")
