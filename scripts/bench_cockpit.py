"""The cockpit in a browser: how soon it is seen, what streaming costs it, and how a long session feels."""

import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench_figure import Bound, Figure, Target, percentile
from bench_model_server import GAP_S, MODEL, PROSE
from bench_processes import Node, running_node, running_script
from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, sync_playwright

from node.datadir import read_token
from node.store.db import Database
from tests.web import chromium

PAINT_MAX_MS = 400
STREAM_S = 15
CORE_MAX_PERCENT = 25
TASK_MAX_MS = 50
TURNS = 2_000
VIEWPORT: ViewportSize = {"width": 1280, "height": 800}
WAIT_MS = 60_000
"""On a busy machine, and a stream alone takes 15 s."""
SESSION = "f" * 32
QUESTION = "How do I keep a sourdough starter?"
WHEEL_STEP_PX = 4_000
WHEEL_STEPS_MAX = 600
AT_THE_TOP = """async () => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const isFirstThere = document.querySelector("[data-turn='turn 0']") !== null;
    return isFirstThere && document.querySelector(".transcript").scrollTop === 0;
}"""
OBSERVE = """
    window.frames = [];
    let last = 0;
    const tick = (now) => {
        if (last) window.frames.push(now - last);
        last = now;
        requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
"""
TRACED = "disabled-by-default-devtools.timeline"
PAINTED = """() => new Promise((resolve) => {
    const seen = new PerformanceObserver((list) => resolve(list.getEntries()[0].startTime));
    seen.observe({ type: "paint", buffered: true });
})"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What some seconds of a page took."""

    seconds: float
    thread_s: float
    """Of the processor, in the page's main thread."""
    longest_ms: float
    """Of the processor, in the longest task of that thread: what else runs here does not lengthen it."""
    frames: Sequence[float]
    """Milliseconds from one frame to the next."""

    @property
    def share_percent(self) -> float:
        return 100 * self.thread_s / self.seconds


def measure(*, quick: bool) -> Iterator[Figure]:
    executable = chromium.path()
    if executable is None:
        print("cockpit: skipped, there is no Chromium", file=sys.stderr)
        return
    rounds, seconds, turns = (1, 1, 100) if quick else (9, STREAM_S, TURNS)
    tokens = round(seconds / GAP_S)
    with (
        running_script("bench_model_server.py", str(tokens), "prose") as server,
        tempfile.TemporaryDirectory(prefix="palaver-bench-") as folder,
    ):
        asyncio.run(store_session(Path(folder) / "palaver.db", turns))
        with (
            running_node(Path(folder), "--model", MODEL, ollama_url=server) as node,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.ARGUMENTS))
            yield from paints(browser, node, rounds)
            yield from streams(browser, node, seconds)
            yield from long_session(browser, node, turns)
            browser.close()


def paints(browser: Browser, node: Node, rounds: int) -> Iterator[Figure]:
    """Compare first visits: to the cockpit, and without a token to the few words that say how to get in."""
    times: list[float] = []
    floors: list[float] = []
    for _ in range(rounds + 1):
        with visiting(browser, node, observed=False) as page:
            times.append(page.evaluate(PAINTED))
        with browser.new_context(viewport=VIEWPORT) as stranger:
            page = stranger.new_page()
            page.goto(node.url)
            floors.append(page.evaluate(PAINTED))
    yield Figure(
        name="first paint of a first visit",
        value=median(times[1:]),
        unit="ms",
        floor=median(floors[1:]),
        target=Target(Bound.VALUE, PAINT_MAX_MS),
        note="floor: a page of a few words from the same node",
    )


def streams(browser: Browser, node: Node, seconds: int) -> Iterator[Figure]:
    """Compare one answer in the cockpit and in the plain page, which shows it as text."""
    with visiting(browser, node) as page:
        rich = streamed(page)
    with visiting(browser, node, "/plain/") as page:
        plain = streamed(page, ended="#stop[hidden]")
    name = f"{1 / GAP_S:.0f} tokens/s for {seconds} s"
    yield Figure(
        name=f"{name}: main thread",
        value=rich.share_percent,
        unit="%",
        floor=plain.share_percent,
        target=Target(Bound.VALUE, CORE_MAX_PERCENT),
        note="of one core; floor: the plain page, which draws text",
    )
    yield from smoothness(name, rich, plain)


def long_session(browser: Browser, node: Node, turns: int) -> Iterator[Figure]:
    name = f"{turns} turns"
    with visiting(browser, node) as page:
        page.locator(".welcome").wait_for()
        empty_ms, empty_mb = page.evaluate("performance.now()"), heap_mb(page)
    with visiting(browser, node, session=SESSION) as page:
        page.locator(f"[data-turn='turn {turns - 1}'] .ending").wait_for()
        yield Figure(
            name=f"{name}: open", value=page.evaluate("performance.now()"), unit="ms", floor=empty_ms,
            note="until its last answer is seen; floor: the empty cockpit",
        )  # fmt: skip
        idle = course(page, lambda: page.wait_for_timeout(1_000))
        upwards = course(page, lambda: to_the_top(page))
        yield from smoothness(f"{name}: to the top", upwards, idle)
        yield heap(f"{name}: memory with all of them shown", page, empty_mb)
        page.get_by_role("button", name="Jump to latest").click()
        page.locator("[data-turn='turn 0']").wait_for(state="detached")
        yield from smoothness(f"{name}: stream at the end", streamed(page), idle)
        yield heap(f"{name}: memory in the end", page, empty_mb)


def smoothness(name: str, now: Course, floor: Course) -> Iterator[Figure]:
    target = Target(Bound.VALUE, TASK_MAX_MS)
    yield Figure(
        name=f"{name}, longest task",
        value=now.longest_ms,
        unit="ms",
        floor=floor.longest_ms,
        target=target,
    )
    yield Figure(
        name=f"{name}, frame to frame, p99",
        value=percentile(now.frames, 99),
        unit="ms",
        floor=percentile(floor.frames, 99),
        target=target,
    )


def streamed(page: Page, ended: str = ".turn:last-of-type[data-state=done]") -> Course:
    """Ask, and return what the page did until the answer was complete."""
    message = page.get_by_label("Message", exact=True)
    message.fill(QUESTION)

    def play() -> None:
        message.press("Enter")
        page.wait_for_function("(query) => document.querySelector(query) === null", arg=ended)
        page.locator(ended).wait_for(state="attached")

    return course(page, play)


def course(page: Page, play: Callable[[], None]) -> Course:
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate("() => { window.frames = []; }")
    browser = page.context.browser
    assert browser
    browser.start_tracing(page=page, categories=[TRACED])
    began, before = time.perf_counter(), thread_s(cdp)
    play()
    took, after = time.perf_counter() - began, thread_s(cdp)
    longest = longest_ms(json.loads(browser.stop_tracing()))
    frames = page.evaluate("() => window.frames")
    cdp.detach()
    return Course(seconds=took, thread_s=after - before, longest_ms=longest, frames=frames)


def longest_ms(trace: Mapping[str, Any]) -> float:
    """Return the processor's milliseconds of the longest task in a page's main thread."""
    events = trace["traceEvents"]
    threads = {
        (one["pid"], one["tid"]): one["args"]["name"] for one in events if one["name"] == "thread_name"
    }
    mains = {thread for thread, name in threads.items() if name == "CrRendererMain"}
    tasks = (one for one in events if one["name"] == "RunTask" and (one["pid"], one["tid"]) in mains)
    return max((one.get("tdur", 0) for one in tasks), default=0) / 1000


def thread_s(cdp: CDPSession) -> float:
    """Return the processor's time that the page's main thread took so far."""
    metrics = {one["name"]: one["value"] for one in cdp.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


def to_the_top(page: Page) -> None:
    """Turn the wheel until the first message is there, as a reader in a hurry does."""
    page.locator(".transcript").hover()
    for _ in range(WHEEL_STEPS_MAX):
        page.mouse.wheel(0, -WHEEL_STEP_PX)
        if page.evaluate(AT_THE_TOP):
            return
    raise RuntimeError(f"the first message never came: {page.locator('.turn').first.inner_text()!r} is first")


def heap(name: str, page: Page, floor: float) -> Figure:
    return Figure(
        name=name, value=heap_mb(page), unit="MB", floor=floor, note="JavaScript; floor: the empty cockpit"
    )


def heap_mb(page: Page) -> float:
    cdp = page.context.new_cdp_session(page)
    cdp.send("HeapProfiler.collectGarbage")
    used = float(cdp.send("Runtime.getHeapUsage")["usedSize"])
    cdp.detach()
    return used / 1e6


@contextmanager
def visiting(
    browser: Browser, node: Node, path: str = "/", *, session: str | None = None, observed: bool = True
) -> Iterator[Page]:
    """Open a page of the node, on a session, in a browser that was never there, but is let in."""
    with browser.new_context(viewport=VIEWPORT) as context:
        context.set_default_timeout(WAIT_MS)
        context.request.get(f"{node.url}/?token={read_token(node.data)}")
        context.request.put(f"{node.url}/api/chat/sessions/active", data={"id": session}).json()
        page = context.new_page()
        if observed:
            page.add_init_script(OBSERVE)
        page.goto(node.url + path)
        yield page


async def store_session(path: Path, turns: int) -> None:
    """Store a session of whole turns, as turns store it, with answers of one to three parts of the prose."""
    await (await Database.open(path)).close()
    parts = "".join(PROSE).split("\n\n")
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(
            "INSERT INTO sessions (id, title, created_at, last_message_at, next_position)"
            " VALUES (?, ?, ?, ?, ?)",
            (SESSION, "Two thousand turns", 1.7e9, 1.7e9 + turns, 2 * turns + 1),
        )
        for turn in range(turns):
            answer = "\n\n".join(parts[(turn + place) % len(parts)] for place in range(1 + turn % 3))
            for place, (role, text) in enumerate((("user", f"{QUESTION} ({turn})"), ("agent", answer))):
                file.execute(
                    "INSERT INTO messages (id, session_id, position, role, content, turn_id, created_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (at := 2 * turn + place + 1, SESSION, at, role, text, f"turn {turn}", 1.7e9 + turn),
                )
            file.execute(
                "INSERT INTO turns (session_id, id, message_id, position, source, priority, state, attempts,"
                " created_at) VALUES (?, ?, ?, ?, 'user', 0, 'sent', 1, ?)",
                (SESSION, f"turn {turn}", 2 * turn + 1, 2 * turn + 1, 1.7e9 + turn),
            )
