"""The same walks over each transport: what carries a link makes no difference to protocol, guard and hub."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from peer.errors import NotAllowed, NotTrusted, PortInUse, TicketWrongNode, Unreachable, WrongNode
from peer.guard import Policy
from peer.identity import Identity
from peer.transport import LinkTransport
from peer.websocket import WsTransport
from tests.mission import requirement
from tests.peer.memory import MemoryDoor, MemoryTransport
from tests.peer.nodes import Node, at_rest, blocked, in_time, pair, passes_on

Nodes = Callable[..., AbstractAsyncContextManager[list[Node]]]


@pytest.fixture(params=["websockets", "memory"])
def nodes(request: pytest.FixtureRequest) -> Nodes:
    network: dict[str, MemoryDoor] = {}

    def transport(identity: Identity) -> LinkTransport:
        if request.param == "memory":
            return MemoryTransport(identity.node_id, network)
        return WsTransport(identity)

    @asynccontextmanager
    async def running(*names: str) -> AsyncIterator[list[Node]]:
        made = [Node(name, who := Identity.generate(), transport=transport(who)) for name in names]
        try:
            for node in made:
                await node.hub.start()
                node.address = await node.hub.listen("127.0.0.1", 0)
            yield made
        finally:
            for node in made:
                await node.hub.close()

    return running


@requirement("F10", "F11")
async def test_two_nodes_pair_ask_each_other_and_stream(nodes: Nodes) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        heard: list[str] = []

        async def on_event(_: str, text: str) -> None:
            heard.append(text)

        async def answer(ask: object) -> str:
            for piece in ("one", "two"):
                await ask.emit("token", piece)  # type: ignore[attr-defined]
            return "three"

        ben.answer = answer
        assert (await anna.hub.ask("ben", "count", on_event=on_event)).text == "three"
        assert heard == ["one", "two"]
        assert (await ben.hub.ask("anna", "hello")).text == "anna heard hello"


async def test_two_owners_compare_a_code_and_are_linked(nodes: Nodes) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        anna.hub.let_pair(allowed=True)
        shown = await ben.hub.compare(address=anna.address)
        await anna.until(lambda: anna.hub.pairing().comparison is not None)
        theirs = anna.hub.pairing().comparison
        assert theirs is not None
        assert theirs.code == shown.code
        for node in (anna, ben):
            node.hub.agree(shown.code)
        await anna.until(lambda: anna.is_linked(ben))


@requirement("F16")
async def test_a_question_does_not_come_back_over_it(nodes: Nodes) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        passes_on(ben, anna)
        with pytest.raises(Exception, match="already part of this conversation"):
            await anna.hub.ask("ben", "round?")


@requirement("F13")
async def test_a_peer_that_may_not_ask_is_refused(nodes: Nodes) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        ben.policy = Policy(allowed=False)
        with pytest.raises(NotAllowed):
            await anna.hub.ask("ben", "please?")


@requirement("F6")
async def test_ending_the_trust_ends_link_and_turn(nodes: Nodes) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        ben.answer, begun, cancelled = blocked()
        asking = asyncio.create_task(anna.hub.ask("ben", "wait"))
        await in_time(begun.wait())
        await ben.hub.revoke(anna.id)
        await in_time(cancelled.wait())
        with pytest.raises(NotTrusted):
            await asking
        await at_rest(ben)


async def test_what_is_dialled_is_who_it_should_be(nodes: Nodes) -> None:
    async with nodes("anna", "ben", "carl") as (anna, ben, carl):
        assert (await carl.hub.meet(anna.address)).node_id == anna.id
        ticket = anna.hub.invite(addresses=[ben.address]).ticket
        with pytest.raises(TicketWrongNode):
            await carl.hub.join(ticket)
        with pytest.raises(WrongNode):
            await carl.hub.meet(carl.address)


async def test_a_door_that_is_taken_or_gone_is_said(nodes: Nodes) -> None:
    async with nodes("anna", "ben") as (anna, ben):
        host, _, port = ben.address.rpartition(":")
        with pytest.raises(PortInUse):
            await anna.hub.listen(host, int(port))
        await ben.hub.close()
        with pytest.raises(Unreachable):
            await anna.hub.meet(ben.address)
