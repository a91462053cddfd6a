"""A peer that floods, or never reads, loses its link; what it costs is bounded, and the others notice nothing."""

import asyncio
import json
import socket

import pytest

from peer.connection import OUTBOX_MAX
from peer.hub import InboundAsk
from peer.identity import Identity
from peer.links import SPARE_MAX
from peer.messages import ANSWER_MAX_BYTES, EVENT_WINDOW, OpenFrame, Ping, Pong, encode
from tests.mission import requirement
from tests.peer.nodes import Node, at_rest, blocked, in_time, nodes, pair
from tests.peer.test_hostile_walks import outcome, request
from tests.peer.test_stranger_walks import auth, greeted
from tests.peer.wire import HandDriven, hand_driven

SMALL_BUFFER = 4_096


def shrink_buffers(node: Node, peer: HandDriven) -> None:
    """Have the kernel keep little of what the peer does not read."""
    for link in node.hub._links:
        if link.peer == peer.identity.node_id:
            transport = link.connection._socket._ws._req.transport  # type: ignore[attr-defined]
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
    own = peer.socket._ws.transport.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)


async def floods(peer: HandDriven, frames: list[OpenFrame]) -> None:
    """Send and never read, until the link is gone."""
    try:
        for frame in frames:
            await peer.send(frame)
    except ConnectionError:
        return


def is_let_go(node: Node, peer: HandDriven) -> bool:
    return all(link.peer != peer.identity.node_id for link in node.hub._links)


@requirement("F21")
@pytest.mark.parametrize("kind", ["asks", "pings"])
async def test_a_flood_by_a_peer_that_does_not_read_ends_its_link_and_no_other(kind: str) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        mallory = await hand_driven(anna)
        shrink_buffers(anna, mallory)
        anna.answer, _, _ = blocked()
        frames: list[OpenFrame] = [
            request() if kind == "asks" else Ping(n=number) for number in range(OUTBOX_MAX * 40)
        ]
        flood = asyncio.create_task(floods(mallory, frames))
        await anna.until(lambda: is_let_go(anna, mallory))
        assert len(anna.asked) <= anna.policy.max_running
        await at_rest(anna)
        anna.answer = anna._echo
        assert (await ben.hub.ask("anna", "busy?")).text == "anna heard busy?"
        flood.cancel()
        await asyncio.gather(flood, return_exceptions=True)
        # It never read the close either.
        mallory.socket._ws.transport.abort()


@requirement("F21")
async def test_a_flood_of_asks_by_a_peer_that_reads_is_refused_ask_by_ask() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        mallory = await hand_driven(anna)
        anna.answer, _, _ = blocked()
        for _ in range(100):
            await mallory.send(request())
        await mallory.send(Ping(n=7))
        await mallory.hear(Pong)
        assert anna.incidents == ["busy"] * 98
        assert len(anna.hub.inbound()) == 2
        assert not is_let_go(anna, mallory)
        await mallory.socket.close()
        await at_rest(anna)


@requirement("F19", "F21")
async def test_a_peer_that_asks_and_never_reads_the_answers_is_let_go_and_the_others_are_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.connection.WRITE_TIMEOUT_S", 0.5)
    monkeypatch.setattr("peer.sockets.CLOSE_WAIT_S", 0.1)
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        mallory = await hand_driven(anna)
        shrink_buffers(anna, mallory)
        emitted = 0

        async def answer(ask: InboundAsk) -> str:
            nonlocal emitted
            if ask.prompt == "short":
                return "short answer"
            while emitted < EVENT_WINDOW:
                await ask.emit("token", "x" * 30_000)
                emitted += 1
            return "y" * ANSWER_MAX_BYTES

        anna.answer = answer
        for _ in range(10):
            await mallory.send(request("long"))
        assert (await ben.hub.ask("anna", "short")).text == "short answer"
        await anna.until(lambda: is_let_go(anna, mallory))
        assert (await ben.hub.ask("anna", "short")).text == "short answer"
        await at_rest(anna)
        mallory.socket._ws.transport.abort()


@requirement("U3")
@pytest.mark.parametrize(
    ("marks", "close"), [(30_000, (1009, "")), (17, (1002, "protocol"))], ids=["1 MB", "17 marks"]
)
async def test_a_lineage_longer_than_allowed_ends_the_link_and_starts_nothing(
    marks: int, close: tuple[int, str]
) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        mallory = await hand_driven(anna)
        sent = json.loads(encode(request().model_copy(update={"seq": 1})))
        sent["lineage"]["seen"] = ["ab" * 16] * marks
        await mallory.socket.send_text(json.dumps(sent))
        code, reason = await mallory.hear_close()
        assert code == close[0]
        assert close[1] in reason
        await anna.until(lambda: is_let_go(anna, mallory))
        assert anna.asked == []
        await at_rest(anna)
        assert (await in_time(ben.hub.ask("anna", "all well?"))) is not None


@requirement("U3", "F9")
@pytest.mark.parametrize("where", ["frame", "lineage", "root"])
async def test_a_field_that_nobody_defined_ends_the_link_wherever_it_stands(where: str) -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        sent = json.loads(encode(request().model_copy(update={"seq": 1})))
        sent["lineage"]["root"] = {"id": mallory.identity.node_id, "at": 1, "sig": "00" * 64}
        place = {"frame": sent, "lineage": sent["lineage"], "root": sent["lineage"]["root"]}[where]
        place["trusted"] = True
        await mallory.socket.send_text(json.dumps(sent))
        assert await mallory.hear_close() == (1002, "protocol")
        assert anna.asked == []


@requirement("F21", "F27")
async def test_a_peer_that_opens_link_after_link_keeps_few_of_them() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        identity = Identity.generate()
        links = [await hand_driven(anna, identity) for _ in range(SPARE_MAX * 2 + 1)]
        for link in links[:SPARE_MAX]:
            assert await link.hear_close() == (4429, "link_refused")
        await anna.until(
            lambda: sum(one.peer == identity.node_id for one in anna.hub._links) <= 1 + SPARE_MAX
        )
        assert (await outcome(links[-1], request("the newest works"))).ok
        assert anna.is_linked(ben)
        for link in links:
            await link.socket.close()


@requirement("F21")
async def test_a_peer_that_comes_back_all_the_time_is_refused_and_the_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.opening.LINKS_PER_MINUTE", 3)
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        mallory = Identity.generate()
        links = [await hand_driven(anna, mallory) for _ in range(3)]
        again, hello = await greeted(anna)
        await again.socket.send_text(encode(auth(mallory, anna, hello)))
        assert await again.hear_close() == (4429, "link_refused")
        assert (await ben.hub.ask("anna", "all well?")).text == "anna heard all well?"
        for link in links:
            await link.socket.close()


@pytest.mark.timeout(10)
async def test_a_frame_of_very_many_faults_ends_the_link() -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        await mallory.socket.send_text(json.dumps({"t": "ping", **{f"k{n}": 1 for n in range(30_000)}}))
        assert await mallory.hear_close() == (1002, "protocol")
        await anna.until(lambda: "protocol" in anna.incidents)
