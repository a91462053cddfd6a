"""The command line with a node that really runs."""

import asyncio
import json
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from node.client import NodeClient
from tests.mission import requirement
from tests.node.program import LIMIT_S, palaver, started
from tests.node.terminal import on_a_terminal

UP = ("up", "--port", "0", "--peer-port", "0", "--model", "rules")


@asynccontextmanager
async def node(data: Path, name: str = "alice") -> AsyncIterator[Process]:
    """Run a node from `up` to its end."""
    async with started(*UP, "--json", "--name", name, data=data) as process:
        await first_line(process)
        yield process


async def first_line(process: Process) -> bytes:
    assert process.stdout
    async with asyncio.timeout(LIMIT_S):
        return await process.stdout.readline()


async def test_up_tells_programs_in_one_line_that_it_is_ready(tmp_path: Path) -> None:
    async with started(*UP, "--json", "--name", "alice", data=tmp_path) as process:
        ready = json.loads(await first_line(process))
        assert ready["ready"] is True
        assert ready["url"].startswith("http://127.0.0.1:")
        assert len(ready["nodeId"]) == 52
        assert ready["peerAddress"].startswith("127.0.0.1:")
        assert ready["model"] == "rules"
        process.terminate()
        out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")


async def test_up_tells_people_where_the_page_is_and_how_to_stop_it(tmp_path: Path) -> None:
    async with asyncio.timeout(LIMIT_S), started(*UP, "--name", "alice", data=tmp_path) as process:
        assert process.stdout
        shown = (await process.stdout.readuntil(b"stops it.\n")).decode()
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
    assert shown.startswith("alice is running: node ")
    assert "/?token=" in shown
    assert "Rules (no model)" in shown


async def test_a_second_node_on_the_same_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    async with node(tmp_path):
        second = await palaver(*UP, data=tmp_path)
    assert (second.code, second.out) == (1, "")
    assert "in use" in second.err
    assert "Traceback" not in second.err


@requirement("S4")
async def test_a_script_asks_in_one_session_and_reads_json(tmp_path: Path) -> None:
    async with node(tmp_path):
        first = (await palaver("ask", "what time is it", "--json", data=tmp_path)).json()
        again = await palaver(
            "ask", "what time is it", "--json", "--session", first["sessionId"], data=tmp_path
        )
        peers = await palaver("peers", "--json", data=tmp_path)
    assert first["answer"].startswith("It is ")
    assert again.json()["sessionId"] == first["sessionId"]
    assert again.json()["toolCalls"][0]["name"] == "clock.now"
    assert (peers.code, peers.json()) == (0, [])


async def test_settings_are_changed_and_a_bad_value_is_refused(tmp_path: Path) -> None:
    async with node(tmp_path):
        changed = await palaver("config", "set", "network.allowRemoteAgent", "true", data=tmp_path)
        refused = await palaver("config", "set", "network.allowRemoteAgent", "perhaps", data=tmp_path)
        back = await palaver("config", "unset", "network.allowRemoteAgent", data=tmp_path)
        listed = await palaver("config", "list", data=tmp_path)
    assert changed.out == "network.allowRemoteAgent = true\n"
    assert (refused.code, refused.out) == (1, "")
    assert back.out == "network.allowRemoteAgent = false\n"
    assert "agent.permissions.mode = " in listed.out


async def test_open_gives_the_browser_the_address_that_unlocks_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o700)
    monkeypatch.setenv("BROWSER", str(browser))
    async with node(tmp_path / "data"):
        finished = await palaver("open", data=tmp_path / "data")
        token = (tmp_path / "data" / "ui.token").read_text()
    assert finished.code == 0
    assert finished.out.endswith(f"/?token={token}\n")
    assert (tmp_path / "opened").read_text() == finished.out


async def test_two_owners_pair_and_ask_with_the_words_that_the_commands_tell_them(tmp_path: Path) -> None:
    alice, bob = tmp_path / "alice", tmp_path / "bob"
    async with node(alice), node(bob, "bob"):
        for data in (alice, bob):
            await palaver("config", "set", "network.listen", "loopback", data=data)
        ticket = (await palaver("invite", "--json", data=alice)).json()["ticket"]
        joined = await palaver("join", ticket, data=bob)
        assert joined.out.startswith("Paired with alice (")
        refused = await palaver("ask-peer", "alice", "what time is it", data=bob)
        assert (refused.code, refused.out) == (1, "")
        assert "did not answer" in refused.err
        await palaver("config", "set", "network.allowRemoteAgent", "true", data=alice)
        answered = await palaver("ask-peer", "alice", "what time is it", data=bob)
        assert (answered.code, answered.err) == (0, "alice answers:\n")
        assert answered.out.startswith("It is ")
        (peer,) = (await palaver("peers", "--json", data=bob)).json()
    assert (peer["name"], peer["state"], peer["connected"]) == ("alice", "trusted", True)


@requirement("S1")
async def test_the_console_asks_approves_and_leaves(tmp_path: Path) -> None:
    async with node(tmp_path), on_a_terminal(["console", "--data", str(tmp_path)], {}) as (terminal, exited):
        await terminal.until_shows("Rules (no model)")
        terminal.type("what time is it\r")
        await terminal.until_shows("It is ")
        terminal.type("note that the door is open\r")
        await terminal.until_shows("[y] once")
        terminal.type("y")
        await terminal.until_shows("allowed once: notes.write")
        await terminal.until_shows("✓ notes.write")
        terminal.type("/tools\r")
        await terminal.until_shows("clock.now  read")
        terminal.type("\x04")
        async with asyncio.timeout(10):
            assert await exited == 0
    assert "the door is open" in (tmp_path / "notes" / "inbox.md").read_text()


@requirement("O2")
async def test_slash_commands_leave_no_trace_in_the_store(tmp_path: Path) -> None:
    async with node(tmp_path), on_a_terminal(["console", "--data", str(tmp_path)], {}) as (terminal, _):
        await terminal.until_shows("Rules (no model)")
        for line, answer in (
            ("/tools", "clock.now  read"),
            ("/peers", "no peers yet"),
            ("/help", "ask a peer's agent"),
        ):
            terminal.type(line + "\r")
            await terminal.until_shows(answer)
        terminal.type("/sessions\r")
        await terminal.until_shows("no sessions yet")
        terminal.type("what time is it\r")
        await terminal.until_shows("It is ")
        async with NodeClient.at(tmp_path) as client:
            (session,) = await client.sessions()
    assert session["title"] == "what time is it"


async def test_the_console_finds_a_node_that_was_started_again(tmp_path: Path) -> None:
    arguments = ["console", "--data", str(tmp_path)]
    async with node(tmp_path) as process, on_a_terminal(arguments, {}) as (terminal, _):
        await terminal.until_shows("Rules (no model)")
        terminal.type("what time is it\r")
        await terminal.until_shows("It is ")
        process.terminate()
        await process.wait()
        await terminal.until_shows("the connection to the node is lost")
        async with node(tmp_path):
            await terminal.until(
                lambda: terminal.lines().count("connected to alice; /help") == 2, "a new start"
            )
            terminal.type("list my peers\r")
            await terminal.until_shows("No peer is connected.")


async def test_ask_on_a_terminal_takes_one_key_for_an_approval(tmp_path: Path) -> None:
    async with node(tmp_path):
        arguments = ["ask", "note that the door is open", "--data", str(tmp_path)]
        async with on_a_terminal(arguments, {}) as (terminal, exited):
            await terminal.until_shows("[y] once")
            terminal.type("x")
            terminal.type("n")
            async with asyncio.timeout(10):
                assert await exited == 0
            await terminal.until_shows("denied: notes.write")
    assert not list((tmp_path / "notes").iterdir())
