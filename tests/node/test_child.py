"""Programs that run as the node's children."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from node.child import Child, ChildError

PATIENCE_S = 20.0
TALKS = "import sys; print('loading'); print('no such file', file=sys.stderr); sys.exit(3)"
WAITS = "import time; print('here', flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('here', flush=True); time.sleep(60)"
HAS_A_WORKER = (
    "import subprocess, sys, time;"
    "worker = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(worker.pid, flush=True); time.sleep(60)"
)
NODE = (
    "import asyncio, sys\n"
    "from node.child import Child\n"
    "async def main():\n"
    "    child = await Child.start([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "    print(child.pid, flush=True)\n"
    "    await child.ended()\n"
    "asyncio.run(main())\n"
)

linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux ends the children of a killed process"
)


class Watched(Child):
    """A child whose first words can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.spoke = asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        super().pipe_data_received(fd, data)
        self.spoke.set()

    async def first_words(self) -> str:
        async with asyncio.timeout(PATIENCE_S):
            await self.spoke.wait()
        return self.said()


async def gone(pid: int) -> None:
    """Wait until a process that is no child of this one has ended."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(process, ended.set)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await ended.wait()
    finally:
        loop.remove_reader(process)
        os.close(process)


async def test_the_last_words_of_a_child_and_its_exit_code_are_known() -> None:
    child = await Child.start([sys.executable, "-c", TALKS])
    async with asyncio.timeout(PATIENCE_S):
        assert await child.ended() == 3
    assert sorted(child.said(2).splitlines()) == ["loading", "no such file"]
    assert not child.is_running


async def test_a_child_runs_in_the_folder_and_with_the_variables_it_is_given(tmp_path: Path) -> None:
    shows = "import os; print(os.getcwd(), os.environ['MODEL'])"
    child = await Child.start([sys.executable, "-c", shows], folder=tmp_path, more={"MODEL": "tiny"})
    async with asyncio.timeout(PATIENCE_S):
        await child.ended()
    assert child.said() == f"{tmp_path} tiny"


async def test_a_stop_ends_a_child_and_a_second_stop_finds_nothing_to_do() -> None:
    child = await Watched.start([sys.executable, "-c", WAITS])
    assert await child.first_words() == "here"
    async with asyncio.timeout(PATIENCE_S):
        await child.stop()
        assert await child.ended() == -signal.SIGTERM
        await child.stop()


async def test_a_child_that_will_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.child.STOP_GRACE_S", 0.05)
    child = await Watched.start([sys.executable, "-c", STUBBORN])
    assert await child.first_words() == "here"
    async with asyncio.timeout(PATIENCE_S):
        await child.stop()
        assert await child.ended() == -signal.SIGKILL


@linux_only
async def test_the_workers_of_a_child_end_with_it_however_it_ends() -> None:
    for end in (signal.SIGTERM, signal.SIGKILL):
        child = await Watched.start([sys.executable, "-c", HAS_A_WORKER])
        worker = int(await child.first_words())
        async with asyncio.timeout(PATIENCE_S):
            os.kill(child.pid, end)
            await child.ended()
        await gone(worker)


@linux_only
async def test_a_child_ends_when_the_node_is_killed() -> None:
    node = await asyncio.create_subprocess_exec(sys.executable, "-c", NODE, stdout=asyncio.subprocess.PIPE)
    assert node.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        pid = int(await node.stdout.readline())
        os.kill(pid, 0)  # it runs
        node.kill()
        await node.wait()
    await gone(pid)


async def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(ChildError, match="no program 'no-such-server'"):
        await Child.start(["no-such-server", "--port", "1"])
