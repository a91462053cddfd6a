"""`palaver up --model gguf:FILE`: the node runs a model itself, in a process that ends with it."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from agent.events import Ask, Done, ErrorEvent, Status, Token, TurnEvent, UsageEvent
from node.client import NodeClient
from node.engine_file import open_file
from tests.engine.tiny import TINY
from tests.mission import requirement
from tests.node.program import LIMIT_S, palaver, started
from tests.node.test_child import gone

UP = ("up", "--json", "--port", "0", "--peer-port", "0", "--name", "alice", "--model", f"gguf:{TINY}")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    process: Process
    client: NodeClient
    ready: dict[str, object]

    def engine(self) -> int:
        """Return the process id of the engine."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        (child,) = listed.split()
        return int(child)

    async def turn(self, prompt: str, turn_id: str = "t1") -> list[TurnEvent]:
        async with self.client.socket() as socket, asyncio.timeout(LIMIT_S):
            return [event async for event in socket.turn(Ask(turn_id=turn_id, prompt=prompt))]

    async def state(self) -> str:
        readiness = (await self.client.status())["readiness"]
        return f"{readiness['state']}: {readiness['text']}"


@asynccontextmanager
async def node(data: Path, engine: object, *command: str) -> AsyncIterator[Running]:
    """Run a node; `engine` only says that the wheel is there."""
    async with started(*(command or UP), data=data) as process:
        assert process.stdout
        async with asyncio.timeout(LIMIT_S):
            ready = json.loads(await process.stdout.readline())
        async with NodeClient.at(data) as client:
            yield Running(process=process, client=client, ready=ready)


def answer(events: list[TurnEvent]) -> str:
    done = events[-1]
    assert isinstance(done, Done)
    assert done.reason == "answered", events
    return "".join(event.delta for event in events if isinstance(event, Token))


def holds_engine(pid: int) -> bool:
    """Whether a process has the inference engine's library in its memory."""
    return "xllamacpp" in Path(f"/proc/{pid}/maps").read_text()


@linux_only
@requirement("C17")
async def test_a_model_file_answers_without_any_server_and_outside_the_nodes_memory(
    engine: object, tmp_path: Path
) -> None:
    async with node(tmp_path, engine) as running:
        assert (running.ready["model"], running.ready["modelLabel"]) == ("tiny", "tiny in this node")
        assert answer(await running.turn("say the sky is blue")) == "the sky is blue"
        assert await running.state() == "ready: tiny in this node"
        assert holds_engine(running.engine())
        assert not holds_engine(running.process.pid)


@linux_only
@requirement("C17")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
async def test_the_engine_ends_with_the_node_however_that_ends(
    engine: object, tmp_path: Path, end: signal.Signals
) -> None:
    async with node(tmp_path, engine) as running:
        answer(await running.turn("say ok"))
        child = running.engine()
        running.process.send_signal(end)
        async with asyncio.timeout(LIMIT_S):
            assert await running.process.wait() == (0 if end is signal.SIGTERM else -signal.SIGKILL)
        await gone(child)


@linux_only
@requirement("C17")
async def test_an_engine_that_crashes_is_reported_and_started_again_once(
    engine: object, tmp_path: Path
) -> None:
    async with node(tmp_path, engine) as running:
        answer(await running.turn("say ok", "t1"))
        first = running.engine()
        broken = await crash_in(running, "t2")
        assert "ended (killed" in broken.message
        assert "started again with the next turn" in broken.message
        assert (await running.state()).startswith("provider_unreachable: tiny in this node ended")
        again = await running.turn("say hello there", "t3")
        assert answer(again) == "hello there"
        assert any(isinstance(event, Status) and "loading tiny" in event.text for event in again)
        assert running.engine() != first
        assert await running.state() == "ready: tiny in this node"


@linux_only
async def test_an_engine_that_crashes_twice_in_a_row_stays_down_and_says_so(
    engine: object, tmp_path: Path
) -> None:
    async with node(tmp_path, engine) as running:
        await crash_in(running, "t1")
        assert "not started again by itself" in (await crash_in(running, "t2")).message
        events = await running.turn("say ok", "t3")
        assert [event.message.removesuffix(".") for event in events if isinstance(event, ErrorEvent)] == [
            (await running.state()).removeprefix("provider_unreachable: ")
        ]


async def crash_in(running: Running, turn_id: str) -> ErrorEvent:
    """Kill the engine in the middle of a reply and return how the turn failed."""
    async with running.client.socket() as socket, asyncio.timeout(LIMIT_S):
        killed, errors = False, []
        async for event in socket.turn(Ask(turn_id=turn_id, prompt="repeat ab forever")):
            if isinstance(event, Token) and not killed:
                os.kill(running.engine(), signal.SIGKILL)
                killed = True
            if isinstance(event, ErrorEvent):
                errors.append(event)
        (error,) = errors
        return error


@linux_only
@requirement("C17")
async def test_the_settings_choose_a_model_file_its_window_and_something_else_again(
    engine: object, tmp_path: Path
) -> None:
    async with node(tmp_path, engine, *UP[:-2]) as running:
        await running.client.set_setting("agent.orchestrator.model", f"gguf:{TINY}")
        assert answer(await running.turn("say ok", "t1")) == "ok"
        large = running.engine()
        await running.client.set_setting("agent.orchestrator.contextSize", 1024)
        events = await running.turn("say ok", "t2")
        assert [event.context_window for event in events if isinstance(event, UsageEvent)] == [1024]
        await gone(large)
        small = running.engine()
        await running.client.set_setting("agent.orchestrator.model", "rules")
        answer(await running.turn("what time is it", "t3"))
        await gone(small)


@linux_only
async def test_nobody_but_the_node_can_use_its_engine(engine: object, tmp_path: Path) -> None:
    async with node(tmp_path, engine) as running:
        answer(await running.turn("say ok"))
        address = listening(running.engine())
        async with aiohttp.ClientSession() as http:
            async with http.post(f"{address}/v1/chat/completions", json={"messages": []}) as refused:
                assert refused.status == 401
            async with http.get(f"{address}/health", headers={"Origin": "http://evil.example"}) as known:
                assert known.headers["Access-Control-Allow-Origin"] == "null"


def listening(pid: int) -> str:
    """Find where a process listens, as another user of the machine could."""
    sockets = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, *_, inode = line.split()[:10]
        if state == "0A" and f"socket:[{inode}]" in sockets:
            return f"http://127.0.0.1:{int(local.partition(':')[2], 16)}"
    raise AssertionError("the engine listens nowhere")


async def test_a_path_that_leads_to_no_model_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "junk.gguf").write_bytes(b"\x00" * 4096)
    for path, reason in (
        (tmp_path / "none.gguf", "No such file"),
        (tmp_path / "junk.gguf", "GGUF"),
        (tmp_path, ""),
    ):
        refused = await palaver("up", "--port", "0", "--model", f"gguf:{path}", data=tmp_path / "data")
        assert refused.code == 1
        assert str(path) in refused.err
        assert reason in refused.err
        assert "Traceback" not in refused.err


async def test_a_running_node_is_given_a_model_file_by_a_command(engine: object, tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").symlink_to(TINY)
    data = tmp_path / "data"
    async with started(*UP[:-2], data=data) as process:
        assert process.stdout
        async with asyncio.timeout(LIMIT_S):
            await process.stdout.readline()
        refused = await palaver("model", "gguf:none.gguf", data=data)
        assert refused.code == 1
        assert f"{Path.cwd()}/none.gguf cannot be read" in refused.err
        chosen = await palaver("model", f"gguf:{tmp_path}/mine.gguf", data=data)
        assert (chosen.code, "mine in this node" in chosen.err) == (0, True)
        asked = await palaver("ask", "say green tea", data=data)
        assert "green tea" in asked.out


async def test_a_file_that_is_cut_off_fails_the_turn_with_the_engines_own_reason(
    engine: object, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(TINY.read_bytes()[:1_000_000])
    async with started(*UP[:-1], f"gguf:{cut}", data=tmp_path / "data") as process:
        assert process.stdout
        async with asyncio.timeout(LIMIT_S):
            await process.stdout.readline()
        async with NodeClient.at(tmp_path / "data") as client:
            running = Running(process=process, client=client, ready={})
            (error,) = [e for e in await running.turn("say ok") if isinstance(e, ErrorEvent)]
    assert "corrupted or incomplete" in error.message


def test_without_the_wheel_the_way_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(Exception, match=r"pip install palaver\[engine\]") as refused:
        open_file(f"gguf:{TINY}")
    assert f"{sys.executable} -m pip install xllamacpp" in str(refused.value)


def test_the_window_is_as_set_and_never_more_than_the_model_can_read(engine: object) -> None:
    assert open_file(f"gguf:{TINY}").window == 4096
    assert open_file(f"gguf:{TINY}", 2048).window == 2048
    assert open_file(f"gguf:{TINY}", 100_000).window == 4096
