"""How a command runs and ends, whatever it does."""

import asyncio
import subprocess
import sys

import pytest

DEAF = """
import argparse, asyncio, signal, sys, threading, time
from node.commands import running

def interrupt():
    time.sleep(0.1)
    # To this thread: the main one sleeps on, as it does when a signal comes just before it goes to sleep.
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)

async def story(_):
    threading.Thread(target=interrupt, daemon=True).start()
    await asyncio.sleep(60)

sys.modules["sleeping"] = sys.modules[__name__]
sys.exit(running.run(argparse.Namespace(module="sleeping", story="story")))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a thread of Windows cannot be sent a signal")
async def test_ctrl_c_is_heeded_at_once_also_when_it_does_not_wake_the_loop() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", DEAF, stderr=subprocess.PIPE)
    try:
        async with asyncio.timeout(20):
            _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, said.decode()) == (130, "stopped\n")
