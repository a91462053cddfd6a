"""Take the pictures of the documents: two demo nodes with a scripted model, every pane, dark and light.

`screenshots.py [NAMES]` writes `docs/screenshots/NAME-THEME.png` of 1280 x 800.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import environment

environment.enter("dev")

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright  # noqa: E402

from tests.fakes.ollama_server import ALL, FakeOllama, calls, done, reply, text, thinking  # noqa: E402
from tests.web import chromium  # noqa: E402
from tests.web.axe import THEMES, settle  # noqa: E402
from tests.web.network import allow_asks, pair  # noqa: E402
from tests.web.node_process import NodeProcess, running  # noqa: E402
from tests.web.stage import Stage  # noqa: E402
from tests.web.talk import ask, expect_answered, turn  # noqa: E402

FOLDER = environment.ROOT / "docs" / "screenshots"
BAKERY = environment.ROOT / "tests" / "fixtures" / "bakery"
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
WAIT_MS = 20_000
DONE = done(prompt_eval_count=2_140, eval_count=96)
MODEL = "gemma4:e2b"
PEER_SAID = (
    "E4 means that the steam generator has run dry. Close the red tap, wait ten minutes, open it a quarter "
    "turn and press reset. [bakery/oven.md:10-11]"
)
SAID = """**E4 means that the steam generator has run dry.** Before baking tomorrow:

1. Close the red tap and wait for **ten minutes**.
2. Open it a *quarter turn*, then press **reset**.
3. Start in time: the deck takes seventy minutes until it is hot.

If E4 comes back, leave the deck off and call Ofen-Maier.
"""
HOURS = "On Saturday the shop is open from 6:30 to 13:00. [bakery/shop/opening.md:3-4]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Mara's node, whose cockpit is shown, the bakery's, which she is paired with, and a neighbour's."""

    mara: NodeProcess
    bakery: NodeProcess
    theo: NodeProcess
    model: FakeOllama


Picture: TypeAlias = Callable[[Page, Demo], None]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", metavar="NAMES", nargs="*", help=f"some of: {', '.join(PICTURES)} (all)")
    wanted = parser.parse_args().names or list(PICTURES)
    executable = chromium.path()
    if executable is None:
        print("There is no Chromium; name one with PALAVER_CHROMIUM.", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="palaver-pictures-")))
        stage = stack.enter_context(Stage())
        demo = started(stack, stage, folder)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.ARGUMENTS))
        # The first is what the others look at.
        for name in [name for name in PICTURES if name in wanted or name == FIRST]:
            take(browser, demo, name)
        browser.close()
    return 0


def started(stack: ExitStack, stage: Stage, folder: Path) -> Demo:
    model = stage.enter(FakeOllama({MODEL: ALL}, seed=None))
    model.loaded[MODEL] = 32_768
    more = {"PALAVER_OLLAMA_URL": model.address}
    mara, bakery, theo = (
        stack.enter_context(running(folder / name, name=name, more=more))
        for name in ("mara", "korn-bakery", "theo")
    )
    pair(mara, bakery)
    allow_asks(mara)
    allow_asks(bakery)
    texts = shutil.copytree(BAKERY, folder / "bakery")
    bakery.call("POST", "/api/network/shares", {"folder": str(texts)})
    mara.call("POST", "/api/network/shares", {"folder": str(texts / "recipes")})
    allowed = {"value": ["agent.ask_peer(korn-bakery)"]}
    mara.call("PUT", "/api/settings/agent.permissions.allow", allowed)
    mara.call("PUT", "/api/settings/agent.workspace", {"value": str(texts)})
    return Demo(mara=mara, bakery=bakery, theo=theo, model=model)


def take(browser: Browser, demo: Demo, name: str) -> None:
    with browser.new_context(viewport=VIEWPORT, reduced_motion="reduce") as context:
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.goto(demo.mara.entrance)
        expect(page.get_by_role("tab").first).to_be_visible()
        palette(page, "Reset layout")
        expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible(timeout=WAIT_MS)
        PICTURES[name](page, demo)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            settle(page)
            path = FOLDER / f"{name}-{theme}.png"
            page.screenshot(path=path)
            print(f"{path.relative_to(environment.ROOT)}: {path.stat().st_size / 1000:.0f} KB", flush=True)


def palette(page: Page, words: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def opened(page: Page, name: str) -> None:
    """Open a pane as the palette does, and wait until it holds something."""
    palette(page, name)
    expect(page.locator(".pane-coming")).to_have_count(0)
    settle(page)


def conversation(page: Page, demo: Demo) -> None:
    """The owner's agent asks the bakery's, which answers from its shared folder."""
    question = "What does E4 on the deck oven mean, and what should I do before baking tomorrow?"
    wanted = {"peerId": "korn-bakery", "prompt": "What does E4 on the deck oven mean?"}
    demo.model.chat(
        reply(
            *thinking("The oven is at the bakery, so their agent knows. I will ask it."),
            calls(("agent.ask_peer", wanted)),
            DONE,
        ),
        reply(calls(("shared.search", {"query": "deck oven E4"})), DONE),
        reply(*text(PEER_SAID), DONE),
        reply(*text(SAID), DONE),
    )
    ask(page, question)
    expect_answered(page, "before baking")
    turn(page).get_by_role("button", name="agent.ask_peer").wait_for()


def approval(page: Page, demo: Demo) -> None:
    """What acts waits for a yes."""
    note = {"name": "deck oven", "text": "- E4: steam generator dry\n- Ofen-Maier, if it comes back\n"}
    demo.model.chat(reply(*text("I will keep that as a note."), calls(("notes.write", note)), DONE))
    page.keyboard.press("Control+Shift+O")
    ask(page, "Keep what we found out about the oven as a note.")
    page.get_by_role("button", name="Allow once").wait_for()


def peers(page: Page, demo: Demo) -> None:
    demo.model.chat(
        reply(calls(("shared.search", {"query": "opening hours of the shop"})), DONE),
        reply(*text(HOURS), DONE),
    )
    opened(page, "Show Peers")
    page.get_by_role("button", name="korn-bakery", exact=True).first.click()
    box = page.get_by_role("textbox", name="Ask korn-bakery", exact=True)
    box.fill("When do you open on Saturday?")
    box.press("Enter")
    page.get_by_role("region", name="korn-bakery answered").wait_for()


def compare(page: Page, demo: Demo) -> None:
    """Two owners in one room compare six digits."""
    demo.theo.call("POST", "/api/network/pairing", {"open": True})
    address = demo.theo.call("GET", "/api/network/identity")["peerAddress"]
    opened(page, "Show Peers")
    palette(page, "Pair with a node on this network")
    dialog = page.get_by_role("dialog", name="Pair with another node")
    dialog.get_by_role("textbox", name="By its address").fill(address)
    dialog.get_by_role("button", name="Compare").click()
    page.get_by_role("dialog", name="Compare the digits").wait_for()


def inspector(page: Page, _demo: Demo) -> None:
    turn(page).get_by_role("button", name="agent.ask_peer").click()
    page.locator(".inspector .step").first.wait_for()


def editor(page: Page, _demo: Demo) -> None:
    opened(page, "Open Editor")
    page.get_by_role("searchbox", name="Find a file or note").fill("sourdough")
    page.locator("[data-kind=editor]").get_by_role("button", name="sourdough").first.click()
    page.locator(".cm-content").wait_for()


def link(page: Page, demo: Demo) -> None:
    """What somebody sees who was given the conversation to read."""
    session = next(one for one in demo.mara.call("GET", "/api/chat/sessions") if "E4" in one["title"])
    page.goto(demo.mara.call("POST", f"/api/chat/sessions/{session['id']}/links", {})["url"])


def simple(command: str) -> Picture:
    return lambda page, _demo: opened(page, command)


FIRST = "conversation"
PICTURES: Mapping[str, Picture] = {
    "conversation": conversation,
    "peers": peers,
    "inspector": inspector,
    "activity": simple("Show Activity"),
    "shared": simple("Show Shared folders"),
    "sessions": simple("Show Sessions"),
    "recent": simple("Show Recent"),
    "editor": editor,
    "settings": simple("Show Settings"),
    "palette": lambda page, _demo: page.keyboard.press("Control+k"),
    "link": link,
    "approval": approval,
    "compare": compare,
}
"""In the order in which they are taken: what was said before is in later ones, and the last two stay open."""


if __name__ == "__main__":
    sys.exit(main())
