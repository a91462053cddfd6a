"""A browser, a node as a process with a scripted model, and a page of it whose every fault fails the test."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from node.page import COCKPIT
from tests.fakes.ollama_server import FakeOllama
from tests.web import chromium
from tests.web.node_process import NodeProcess, running
from tests.web.stage import Stage
from tests.web.watch import Watch

WAIT_MS = 20_000
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}

StartNode = Callable[..., NodeProcess]
Visit = Callable[[NodeProcess], tuple[Page, Watch]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module: its driver keeps an event loop, which tests with one of their own cannot share."""
    found = chromium.path()
    if found is None:
        _do_without("there is no Chromium; name one with PALAVER_CHROMIUM")
    if not (COCKPIT / "index.html").exists():
        _do_without("the cockpit is not built: python3 scripts/build_ui.py")
    with sync_playwright() as playwright:
        expect.set_options(timeout=WAIT_MS)
        browser = playwright.chromium.launch(executable_path=found, args=chromium.ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that nobody has let in, and whose faults nobody watches."""
    with browser.new_context(viewport=VIEWPORT) as context:
        context.set_default_timeout(WAIT_MS)
        yield context


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as stage:
        yield stage


@pytest.fixture
def gate(stage: Stage) -> Iterator[asyncio.Event]:
    """Holds a model's answer until the test lets it go on, or ends."""
    gate = asyncio.Event()
    yield gate
    stage.let(gate)


@pytest.fixture
def model(stage: Stage) -> FakeOllama:
    """The model server of every node of the test: `model.chat(answer("hello"))` says what it will say."""
    return stage.enter(FakeOllama(seed=None))


@pytest.fixture
def start_node(model: FakeOllama, tmp_path: Path) -> Iterator[StartNode]:
    """Start a node: `start_node("bob")`. Each has a data folder of its name."""
    with ExitStack() as stack:

        def start(name: str = "alice", *, port: int = 0, module: str = "node.cli") -> NodeProcess:
            more = {"PALAVER_OLLAMA_URL": model.address}
            return stack.enter_context(
                running(tmp_path / name, name=name, port=port, more=more, module=module)
            )

        yield start


@pytest.fixture
def node(start_node: StartNode) -> NodeProcess:
    return start_node()


@pytest.fixture
def visit(browser: Browser, start_node: StartNode, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Open the cockpit of a node as its owner does, in a browser of its own: `bobs, watch = visit(bob)`.

    It asks for `start_node` so that its pages end before their nodes: a node that is gone is a fault of the page.
    """
    watches: list[Watch] = []
    with ExitStack() as stack:

        def open_page(node: NodeProcess) -> tuple[Page, Watch]:
            context = stack.enter_context(browser.new_context(viewport=VIEWPORT))
            context.set_default_timeout(WAIT_MS)
            page = context.new_page()
            watches.append(Watch(page, node.url))
            page.goto(node.entrance)
            return page, watches[-1]

        yield open_page
        if folder := os.environ.get("PALAVER_SCREENSHOTS"):
            for number, watch in enumerate(watches):
                watch.page.screenshot(path=Path(folder, f"{request.node.name}-{number}.png"))
        faults = [fault for watch in watches for fault in watch.faults]
        assert not faults, "\n".join(faults)


@pytest.fixture
def opened(visit: Visit, node: NodeProcess) -> tuple[Page, Watch]:
    return visit(node)


@pytest.fixture
def page(opened: tuple[Page, Watch]) -> Page:
    """The cockpit of `node`."""
    return opened[0]


@pytest.fixture
def watch(opened: tuple[Page, Watch]) -> Watch:
    """What went wrong behind the back of `page`; at the end it must hold no fault."""
    return opened[1]


def _do_without(reason: str) -> None:
    """Skip; where continuous integration runs, what is missing is a fault."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
