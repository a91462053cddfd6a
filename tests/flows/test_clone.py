"""What a newcomer does: one command in a clone."""

import asyncio
import json
import sys
from pathlib import Path

import aiohttp
import pytest

from node.datadir import read_token
from tests.mission import requirement
from tests.node.program import LIMIT_S

ROOT = Path(__file__).parents[2]
UP = ("up", "--json", "--port", "0", "--peer-port", "0", "--model", "rules")


@requirement("T5", "Q1")
@pytest.mark.skipif(
    Path(sys.prefix) != ROOT / ".venv", reason="the tests run outside the clone's own environment"
)
async def test_one_command_in_a_clone_starts_a_node_that_answers_and_serves_its_cockpit(
    tmp_path: Path,
) -> None:
    python = getattr(sys, "_base_executable", sys.executable)  # the one a newcomer has, not the environment's
    process = await asyncio.create_subprocess_exec(
        python, "scripts/run.py", *UP, "--data", str(tmp_path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        async with asyncio.timeout(LIMIT_S):
            ready = json.loads(await process.stdout.readline())
        headers = {"Authorization": f"Bearer {read_token(tmp_path)}"}
        async with aiohttp.ClientSession(ready["url"], headers=headers) as http:
            async with http.get("/") as page:
                text = await page.text()
            assert 'src="/assets/' in text
            asked = {"message": "what time is it"}
            async with http.post("/api/agents/self/chat", json=asked) as reply:
                assert "UTC" in (await reply.json())["answer"]
    finally:
        process.terminate()
        await process.wait()
