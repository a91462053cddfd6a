"""Draw the PNG icons of the cockpit from the SVG beside them, for systems that want no other kind."""

import sys
from pathlib import Path

import environment

environment.enter("dev")

from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from node.page import PAPER  # noqa: E402
from tests.web import chromium  # noqa: E402

FOLDER = environment.ROOT / "node" / "web" / "public" / "icons"
SHARE_OF_MASKABLE = 0.6
"""A system may cut a maskable icon to a circle of four fifths of its width."""


def main() -> int:
    executable = chromium.path()
    if executable is None:
        print("There is no Chromium; name one with PALAVER_CHROMIUM.", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.ARGUMENTS))
        for size in (192, 512):
            draw(browser, FOLDER / f"palaver-{size}.png", size)
        draw(browser, FOLDER / "palaver-maskable-512.png", 512, background=PAPER, share=SHARE_OF_MASKABLE)
        browser.close()
    return 0


def draw(
    browser: Browser, path: Path, size: int, *, background: str = "transparent", share: float = 1
) -> None:
    with browser.new_page(viewport={"width": size, "height": size}) as page:
        page.set_content(
            f"<style>html, body {{ height: 100%; margin: 0; background: {background} }}"
            f"body {{ display: grid; place-items: center }} svg {{ width: {share:.0%} }}</style>"
            + (FOLDER / "palaver.svg").read_text("utf-8")
        )
        page.screenshot(path=path, omit_background=True)
    print(f"{path.relative_to(environment.ROOT)}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    sys.exit(main())
