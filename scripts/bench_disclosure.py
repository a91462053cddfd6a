"""How well the right tools come into view: data sets of requests with the tools that they needed.

A set is `NAME.tools.jsonl` (`name`, `group`, `description`, `parameters`) and `NAME.queries.jsonl` (`query`,
`gold`, and for dialogues `dialog`, in order). No model takes part, and no figure but the times depends on the
machine: a rerun gives the same.
"""

import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench_figure import percentile

from agent.context import tokens_of
from agent.definitions import DEFINITION_TOKENS, fitted
from agent.disclosure import carried, guesses
from agent.finder import ToolFinder
from agent.index import ToolIndex
from agent.learned import Learned
from agent.ranking import Ranking
from agent.request import request_of, words_to_learn
from agent.turn import RECENT_PROMPTS
from tools.spec import Effect, ToolSpec

BESIDE = Path("shared", "data")
"""Where the data is looked for when no folder is named: beside the checkout."""
REQUESTS_MAX = 5_000
SLOTS = (30, 12)
SEARCH_LIMIT = 5
TOOLS_TIMED, REQUESTS_TIMED = 600, 1_000
_STEP = re.compile(r"(?<=[.!?;])\s+|,?\s+\b(?:and then|then|after that|and)\b\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    text: str
    gold: frozenset[str]
    dialog: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSet:
    name: str
    tools: tuple[ToolSpec, ...]
    queries: tuple[Query, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One measured figure; `target` is the least, or for times and tokens the most, that is wanted."""

    name: str
    text: str
    is_met: bool | None = None
    target: str = ""

    def __str__(self) -> str:
        said = "" if self.is_met is None else f"  {'met' if self.is_met else 'MISSED'}: {self.target}"
        return f"{self.name:34} {self.text}{said}"


def measure(*, quick: bool, folder: Path | None = None) -> Iterator[Line | str]:
    """Measure every set of a folder, or say why there is none."""
    folder = folder or Path(__file__).resolve().parents[2] / BESIDE
    names = sorted(path.name.removesuffix(".tools.jsonl") for path in folder.glob("*.tools.jsonl"))
    if not names:
        yield f"disclosure: skipped, no NAME.tools.jsonl in {str(folder)!r}; name a folder that has some"
        return
    yield (
        "In view: the share of needed tools among 30 or 12 slots; in brackets the share of requests that have"
        " all. Search: the same with one search for each sentence or clause of the request, 5 hits each."
        " Warm: after each request the words of the tools that it needed are learned."
    )
    largest = None
    for name in names:
        data = read_set(folder, name, requests_max=200 if quick else REQUESTS_MAX)
        if largest is None or len(data.tools) > len(largest.tools):
            largest = data
        for is_warm in (False, True):
            yield from walked(data, is_warm=is_warm)
        yield tokens_shown(data)
    assert largest is not None
    yield from timed(largest)


def read_set(folder: Path, name: str, *, requests_max: int) -> DataSet:
    """Read a set. Requests that form no dialogue come in a fixed mixed order, as a person would send them."""
    tools = [tool_of(row) for row in rows(folder / f"{name}.tools.jsonl")]
    known = {tool.name for tool in tools}
    queries = [query_of(row) for row in rows(folder / f"{name}.queries.jsonl")]
    queries = [query for query in queries if query.gold and query.gold <= known]
    if not any(query.dialog for query in queries):
        random.Random(name).shuffle(queries)  # noqa: S311  the same order in every run
    return DataSet(name=name, tools=tuple(tools), queries=tuple(queries[:requests_max]))


def rows(path: Path) -> list[dict[str, object]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def tool_of(row: dict[str, object]) -> ToolSpec:
    return ToolSpec(
        name=str(row["name"]),
        description=str(row.get("description") or ""),
        parameters=row.get("parameters") or {},  # type: ignore[arg-type]  # the set's own, an object
        effect=Effect.READ,
        in_group=str(row.get("group") or ""),
    )


def query_of(row: dict[str, object]) -> Query:
    gold = row["gold"]
    assert isinstance(gold, list)
    dialog = row.get("dialog")
    return Query(text=str(row["query"]), gold=frozenset(gold), dialog=None if dialog is None else str(dialog))


# --- how well --------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tally:
    """Sums over the requests of a set."""

    requests: int = 0
    with_groups: int = 0
    needed: int = 0
    recall: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    group_recall: defaultdict[int, float] = field(default_factory=lambda: defaultdict(float))
    in_view: Counter[str] = field(default_factory=Counter)
    covered: Counter[str] = field(default_factory=Counter)

    def add(self, query: Query, ranking: Ranking, groups: dict[str, str], searched: frozenset[str]) -> None:
        self.requests += 1
        self.needed += len(query.gold)
        order = [tool.name for tool in ranking.tools]
        for depth in (1, 3, 5, 10):
            self.recall[depth] += len(query.gold.intersection(order[:depth])) / len(query.gold)
        if gold_groups := {groups[name] for name in query.gold if name in groups}:
            self.with_groups += 1
            known = set(groups.values())
            best = [group for group in ranking.groups if group in known]
            for depth in (1, 3, 5):
                found = gold_groups.intersection(best[:depth])
                self.group_recall[depth] += len(found) / len(gold_groups)
        for slots in SLOTS:
            shown = {tool.name for tool in guesses(ranking, slots=slots)}
            self._see(f"{slots}", query, shown)
            self._see(f"{slots}+search", query, shown | searched)

    def _see(self, policy: str, query: Query, shown: set[str]) -> None:
        seen = len(query.gold & shown)
        self.in_view[policy] += seen
        self.covered[policy] += seen == len(query.gold)

    def recall_at(self, depth: int) -> float:
        return 100 * self.recall[depth] / self.requests

    def group_recall_at(self, depth: int) -> float:
        return 100 * self.group_recall[depth] / self.with_groups

    def in_view_at(self, policy: str) -> float:
        return 100 * self.in_view[policy] / self.needed

    def covered_at(self, policy: str) -> float:
        return 100 * self.covered[policy] / self.requests


def walked(data: DataSet, *, is_warm: bool) -> Iterator[Line]:
    """Send all requests of a set, one after the other, and say what they found."""
    finder, tally = ToolFinder(Learned()), Tally()
    groups = {tool.name: tool.in_group for tool in data.tools if tool.in_group}
    dialog = None
    recent: list[str] = []
    used: list[str] = []
    for query in data.queries:
        if query.dialog is None or query.dialog != dialog:
            dialog, recent, used = query.dialog, [], []
        request = request_of(query.text, recent[-RECENT_PROMPTS:])
        ranking = finder.rank(data.tools, request, carried=carried(used))
        tally.add(query, ranking, groups, searched(finder, data, query))
        recent.append(query.text)
        used = [*used, *sorted({groups[name] for name in query.gold if name in groups} - set(used))]
        if is_warm:
            learn(finder, query)
    label = f"{data.name}, {'warm' if is_warm else 'cold'}"
    return lines_of(label, tally)


def searched(finder: ToolFinder, data: DataSet, query: Query) -> frozenset[str]:
    """Return what one search per step finds; a step is a sentence or clause of the request."""
    steps = dict.fromkeys(step for step in _STEP.split(query.text) if step.strip())
    rankings = (finder.rank(data.tools, request_of(step)) for step in steps)
    return frozenset(tool.name for ranking in rankings for tool in ranking.tools[:SEARCH_LIMIT])


def learn(finder: ToolFinder, query: Query) -> None:
    words = words_to_learn(query.text)
    for name in sorted(query.gold):
        finder.learned.put(name, finder.learned.bag(name).with_request(words))


TARGETS = {
    ("bfcl_mt, cold", "in view"): 97.0,
    ("tier80, cold", "group@3"): 86.0,
    ("tier80, cold", "in view"): 92.0,
    ("metatool, cold", "R@5"): 65.0,
    ("metatool, warm", "R@5"): 75.0,
    ("bfcl_live, cold", "R@5"): 85.0,
    ("bfcl_live, cold", "R@10"): 91.0,
}


def lines_of(label: str, tally: Tally) -> Iterator[Line]:
    recalls = " / ".join(f"{tally.recall_at(depth):.1f}" for depth in (1, 3, 5, 10))
    yield Line(name=f"{label}: R@1/3/5/10", text=f"{recalls} % of {tally.requests} requests")
    for depth in (5, 10):
        yield from against_target(label, f"R@{depth}", tally.recall_at(depth))
    if tally.with_groups:
        recalls = " / ".join(f"{tally.group_recall_at(depth):.1f}" for depth in (1, 3, 5))
        yield Line(name=f"{label}: group R@1/3/5", text=f"{recalls} %")
        yield from against_target(label, "group@3", tally.group_recall_at(3))
    views = [f"{slots}{way}" for slots in SLOTS for way in ("", "+search")]
    seen = "   ".join(
        f"{view}: {tally.in_view_at(view):.1f} ({tally.covered_at(view):.1f})" for view in views
    )
    yield Line(name=f"{label}: in view (covered)", text=f"{seen} %")
    yield from against_target(label, "in view", tally.in_view_at(f"{SLOTS[0]}"))


def against_target(label: str, figure: str, value: float) -> Iterator[Line]:
    if (least := TARGETS.get((label, figure))) is not None:
        met = round(value, 1) >= least
        yield Line(
            name=f"{label}: {figure}", text=f"{value:.1f} %", is_met=met, target=f"{least:g} % at least"
        )


# --- at what cost ----------------------------------------------------------------------------------


def tokens_shown(data: DataSet) -> Line:
    """Compare the definitions in view with those of the whole catalogue."""
    finder, whole = ToolFinder(Learned()), sum(map(tokens_of, data.tools))
    costs = []
    for query in data.queries[:200]:
        likely = guesses(finder.rank(data.tools, request_of(query.text)), slots=SLOTS[0])
        costs.append(sum(map(tokens_of, fitted(likely, tokens=DEFINITION_TOKENS))))
    mean = sum(costs) / len(costs)
    saved = 100 * (1 - mean / whole)
    is_large = len(data.tools) >= 500
    return Line(
        name=f"{data.name}: tokens shown",
        text=f"{mean:.0f} (at most {max(costs)}) of {whole}, {saved:.1f} % saved, {SLOTS[0]} slots",
        is_met=(saved >= 95 and max(costs) <= DEFINITION_TOKENS) if is_large else None,
        target=f"95 % saved at least, {DEFINITION_TOKENS} at most",
    )


def timed(data: DataSet) -> Iterator[Line]:
    """Time a request over the first 600 tools of the largest set, and the build of their index."""
    tools = data.tools[:TOOLS_TIMED]
    builds = [elapsed_ms(lambda: ToolIndex(tools)) for _ in range(5)]
    finder = ToolFinder(Learned())
    finder.index(tools)
    texts = [query.text for query in data.queries[:REQUESTS_TIMED]]
    for query in data.queries[:REQUESTS_TIMED]:
        learn(finder, query)
    times = [elapsed_ms(lambda text=text: finder.rank(tools, request_of(text))) for text in texts]  # type: ignore[misc]
    p50, p95 = percentile(times, 50), percentile(times, 95)
    yield Line(
        name=f"time per request, {len(tools)} tools",
        text=f"p50 {p50:.2f} ms, p95 {p95:.2f} ms",
        is_met=p95 <= 1,
        target="p95 1 ms at most",
    )
    yield Line(
        name=f"build of the index, {len(tools)} tools",
        text=f"first {builds[0]:.0f} ms, median {median(builds):.0f} ms",
        is_met=median(builds) <= 150,
        target="150 ms at most",
    )


def elapsed_ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000
