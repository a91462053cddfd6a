"""Kill a node at random moments of its turns: `python -m tests.flows.kill N [--seed S]`, exit code 1 on any fault.

Each turn has a slow tool of the node, a note that is asked about, and a tool that the client runs, in an order
of its own. After every kill the node starts again, and all turns have to come to exactly one end.
"""

import argparse
import asyncio
import logging
import random
import sqlite3
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from node.client import NodeClient
from tests.fakes.ollama_server import FakeOllama, calls, done, line, reply, text
from tests.fakes.scripted_server import Reply, Step
from tests.flows.crane_node import LIFTS
from tests.flows.owner import Owner
from tests.node.program import started

UP = ("up", "--json", "--port", "0", "--peer-port", "0", "--name", "alice")
AT_ONCE = 3
PATIENCE_S = 30.0
MOMENTS = (
    "submit",
    "queued",
    "token",
    "approval_request",
    "tool_call",
    "tool_done",
    "usage",
    "answer",
    "done",
)
"""What is waited for before a kill; a random pause follows."""
PAUSE_S = 0.03
UNEVENTFUL_S = 1.0
SETTLES = 0.6
"""How likely all turns may end before the next kill."""


@dataclass(slots=True)
class Report:
    kills: int
    seed: int
    turns: int = 0
    at: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    reused: int = 0
    unknown: int = 0
    lost: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Outcomes that are not exactly one, and events that a client missed."""
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.repeated or self.stuck or self.faults)

    def __str__(self) -> str:
        moments = ", ".join(f"{event} {count}" for event, count in self.at.most_common())
        endings = ", ".join(f"{count} {ending}" for ending, count in self.endings.most_common())
        return (
            f"{self.kills} kills (seed {self.seed}) in {self.turns} turns, {self.seconds:.0f} s: "
            f"{len(self.lost)} messages lost, {len(self.repeated)} side effects repeated, "
            f"{len(self.stuck)} turns stuck, {len(self.faults)} other faults. Turns: {endings}. "
            f"Calls reused: {self.reused}, of unknown end: {self.unknown}. Killed after: {moments}."
        )

    def details(self) -> Iterator[str]:
        for name in ("lost", "repeated", "stuck", "faults"):
            yield from (f"{name}: {what}" for what in getattr(self, name))


async def kill_often(kills: int, seed: int, data: Path) -> Report:
    """Run the whole story on an empty folder and report what it came to."""
    began, report, chance = time.monotonic(), Report(kills, seed), random.Random(seed)
    async with FakeOllama(seed=None) as ollama:
        ollama.answer("/api/chat", play)
        hunter = Hunter(chance)
        owner = Owner(data, chance, hunter.see)
        for _ in range(kills):
            async with node(data, ollama) as process, owner.connected():
                # Sometimes the turns that were killed come to their end first.
                if chance.random() < SETTLES:
                    await settle(owner, report)
                report.at[await hunter.strike(owner, process)] += 1
        async with node(data, ollama) as process, owner.connected():
            await settle(owner, report)
            await examine(owner, data, report)
            process.terminate()  # what was told in the last moments is in the log only then
            await process.wait()
    examine_log(owner, data, report)
    report.turns, report.reused, report.unknown = len(owner.turns), owner.reused, owner.unknown
    report.faults += owner.faults
    report.seconds = time.monotonic() - began
    return report


async def settle(owner: Owner, report: Report) -> None:
    """Let all turns come to their end; one that does not is given up."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await owner.all_ended()
    except TimeoutError:
        for turn in owner.open_turns:
            report.stuck.append(f"{turn.id} after event {turn.seq}, of {turn.ends}")
            turn.ends.append("stuck")


class Hunter:
    """Kills the node a random time after a random event."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._awaited = ""
        self._came = asyncio.Event()

    def see(self, event: str) -> None:
        if event == self._awaited:
            self._came.set()

    async def strike(self, owner: Owner, process: Process) -> str:
        self._awaited = self._chance.choice(MOMENTS)
        self._came.clear()
        while len(owner.open_turns) < AT_ONCE:
            await owner.ask(f"t{len(owner.turns)}")
        moment = self._awaited
        if moment != "submit":
            try:
                async with asyncio.timeout(UNEVENTFUL_S):
                    await self._came.wait()
            except TimeoutError:
                moment = "nothing"
        await asyncio.sleep(self._chance.uniform(0, PAUSE_S))
        process.kill()
        await process.wait()
        return moment


@asynccontextmanager
async def node(data: Path, ollama: FakeOllama) -> AsyncIterator[Process]:
    more = {"PALAVER_OLLAMA_URL": ollama.address, LIFTS: str(data / "lifts")}
    async with started(*UP, data=data, more=more, module="tests.flows.crane_node") as process:
        assert process.stdout
        assert process.stderr
        async with asyncio.timeout(PATIENCE_S):
            ready = await process.stdout.readline()
            assert ready, (await process.stderr.read()).decode()
        async with NodeClient.at(data) as client:
            await client.set_setting("agent.permissions.allow", ["crane.lift"])
        yield process


def play(body: Any) -> Reply:
    """Answer as a model that does three things and then says so: which ones are done, the results tell."""
    name = next(said["content"] for said in reversed(body["messages"]) if said["role"] == "user")
    name = name.removeprefix("Do your work for ").rstrip(".")
    acts: list[tuple[str, object]] = [
        ("crane.lift", {"load": name}),
        ("notes.write", {"name": "log", "text": name, "mode": "append"}),
        ("flag.wave", {"to": name}),
    ]
    random.Random(name).shuffle(acts)
    finished = sum(said["role"] == "tool" for said in body["messages"])
    if finished < len(acts):
        return reply(*slowly("Next ", "step. "), calls(acts[finished]), done())
    return reply(
        *slowly(*(f"word{number} " for number in range(10))), done(prompt_eval_count=9, eval_count=9)
    )


def slowly(*words: str) -> list[Step]:
    return [step for word in words for step in (0.004, line(text(word)[0]))]


async def examine(owner: Owner, data: Path, report: Report) -> None:
    """Compare what the owner did with what the node has, by its own door."""
    notes = data / "notes" / "log.md"
    effects = {
        "crane.lift": Counter(lines(data / "lifts")),
        "notes.write": Counter(lines(notes)),
        "flag.wave": owner.waves,
    }
    async with NodeClient.at(data) as client:
        for turn in owner.turns.values():
            session: Any = await client.call("GET", f"/api/chat/sessions/{turn.id}")
            said = [message for message in session["messages"] if message["role"] == "user"]
            ends = [message for message in session["messages"] if message["role"] == "agent"]
            if [message["content"] for message in said] != [turn.prompt]:
                report.lost.append(f"{turn.id}: {len(said)} messages are stored")
            if len(ends) != 1:
                report.faults.append(f"{turn.id} has {len(ends)} outcomes")
            for message in ends:
                report.endings[message["state"]] += 1
                report.repeated += repeats(turn.id, message["toolCalls"], effects)
        if waiting := await client.call("GET", "/api/queue"):
            report.stuck.append(str(waiting))


def repeats(name: str, log: Sequence[dict[str, Any]], effects: dict[str, Counter[str]]) -> Iterator[str]:
    """Name what happened more than once, and what did not happen although the turn says so."""
    for tool, happened in effects.items():
        if happened[name] > 1:
            yield f"{name}: {tool} happened {happened[name]} times"
        if not happened[name] and any(row["name"] == tool and row["ok"] for row in log):
            yield f"{name}: {tool} is said to have happened, and did not"


def examine_log(owner: Owner, data: Path, report: Report) -> None:
    """Count the endings in the stored log, which every client reads."""
    with closing(sqlite3.connect(data / "palaver.db")) as db:
        rows = db.execute(
            "SELECT turn_id, sum(event = 'answer'), sum(event = 'done'"
            " AND json_extract(data, '$.reason') <> 'interrupted') FROM events GROUP BY turn_id"
        ).fetchall()
    told = {turn_id: (answers, ends) for turn_id, answers, ends in rows}
    for name in owner.turns:
        answers, ends = told.get(name, (0, 0))
        if ends != 1 or answers > 1:
            report.faults.append(f"the log of {name} has {answers} answers and {ends} endings")


def lines(file: Path) -> list[str]:
    return file.read_text("utf-8").split() if file.exists() else []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kills", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.getLogger("aiohttp.server").disabled = True  # the model server complains of each killed node
    with tempfile.TemporaryDirectory(prefix="palaver-kill-") as folder:
        report = asyncio.run(kill_often(options.kills, options.seed, Path(folder)))
    print(report, *report.details(), sep="\n")  # noqa: T201 - a program's output
    return 0 if report.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
