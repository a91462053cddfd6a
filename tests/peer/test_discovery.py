"""Discovery over real multicast on loopback. Each test has a service of its own: others may run beside it."""

import asyncio
import errno
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any

import pytest
from zeroconf import (  # type: ignore[attr-defined]  # public names that its __all__ leaves out
    DNSAddress,
    DNSOutgoing,
    DNSPointer,
    DNSService,
    DNSText,
)
from zeroconf.asyncio import AsyncZeroconf
from zeroconf.const import _CLASS_IN, _FLAGS_QR_RESPONSE, _TYPE_A, _TYPE_PTR, _TYPE_SRV, _TYPE_TXT

from peer.announcement import NOWHERE, Presence, host_name, instance_name
from peer.discovery import RESOLVING_MAX, Discovery
from peer.identity import NodeId, node_id_of
from peer.sightings import STRANGERS_MAX, Sightings
from tests.mission import requirement
from tests.peer.nodes import WITHIN_S

LOOPBACK = ("127.0.0.1",)
TXT_ID = b"\x37id="
"""The length of an id and its key, as a TXT record has it."""


@dataclass(eq=False)
class Looking:
    """A node's discovery, and what it noticed."""

    service: str
    node_id: NodeId = field(default_factory=lambda: node_id_of(secrets.token_bytes(32)))
    changes: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.sightings = Sightings(
            own=self.node_id, is_known=lambda _: False, now=lambda: 0.0, noticed=lambda _: self.changes.set()
        )
        self.discovery = Discovery(self.node_id, self.sightings, service=self.service)

    async def show(self, port: int = 1, *, hidden: bool = False) -> None:
        addresses = () if hidden else LOOPBACK
        await self.discovery.show(Presence(interfaces=LOOPBACK, addresses=addresses, port=port))

    def sees(self, other: "Looking", *addresses: str) -> bool:
        seen = {one.node_id: one.addresses for one in self.sightings.strangers()}
        return seen.get(other.node_id, ()) == addresses

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not seen():
                self.changes.clear()
                await self.changes.wait()


@asynccontextmanager
async def looking(count: int) -> AsyncIterator[list[Looking]]:
    service = f"_p{secrets.token_hex(5)}._tcp.local."
    async with AsyncExitStack() as stack:
        made = [Looking(service) for _ in range(count)]
        for one in made:
            stack.push_async_callback(one.discovery.close)
        yield made


@requirement("F2")
async def test_two_nodes_see_each_other_and_one_that_leaves_is_gone() -> None:
    async with looking(2) as (anna, ben):
        await anna.show(port=1111)
        await ben.show(port=2222)
        await anna.until(lambda: anna.sees(ben, "127.0.0.1:2222"))
        await ben.until(lambda: ben.sees(anna, "127.0.0.1:1111"))
        await ben.discovery.close()
        await anna.until(lambda: anna.sees(ben))
        assert ben.sees(anna), "who looks no more sees nobody"


@requirement("F2")
async def test_who_hides_sees_others_and_is_not_seen_until_it_shows_itself() -> None:
    async with looking(3) as (anna, ben, carl):
        await anna.show(port=1111, hidden=True)
        await ben.show(port=2222)
        await anna.until(lambda: anna.sees(ben, "127.0.0.1:2222"))
        await carl.show(port=3333)
        await ben.until(lambda: ben.sees(carl, "127.0.0.1:3333"))
        assert ben.sees(anna), "Carl came later, and was seen; Anna never was"
        await anna.show(port=1111)
        await ben.until(lambda: ben.sees(anna, "127.0.0.1:1111"))
        await anna.show(port=1111, hidden=True)
        await ben.until(lambda: ben.sees(anna))


async def test_a_door_that_moved_is_announced_anew() -> None:
    async with looking(2) as (anna, ben):
        await anna.show(port=1111)
        await ben.show(port=2222)
        await ben.until(lambda: ben.sees(anna, "127.0.0.1:1111"))
        await anna.show(port=1112)
        await ben.until(lambda: ben.sees(anna, "127.0.0.1:1112"))


async def test_without_an_interface_there_is_nobody_and_with_one_again_everybody_is_back() -> None:
    async with looking(2) as (anna, ben):
        await ben.show(port=2222)
        for _ in range(2):
            await anna.show(port=1111)
            await anna.until(lambda: anna.sees(ben, "127.0.0.1:2222"))
            await anna.discovery.show(NOWHERE)
            assert anna.sees(ben)


async def test_a_network_that_cannot_be_used_is_an_error_and_the_next_try_starts_afresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def taken(**_: object) -> AsyncZeroconf:
        raise OSError(errno.EADDRINUSE, "Address already in use")

    async with looking(2) as (anna, ben):
        await ben.show(port=2222)
        with monkeypatch.context() as patch:
            patch.setattr("peer.discovery.AsyncZeroconf", taken)
            with pytest.raises(OSError, match="already in use"):
                await anna.show(port=1111)
        await anna.show(port=1111)
        await anna.until(lambda: anna.sees(ben, "127.0.0.1:2222"))


def announced_by_a_liar(node_id: NodeId, service: str, *, with_address: bool) -> list[Any]:
    """Return the records of an announcement that anybody could make up."""
    name, host = instance_name(node_id, service), host_name(node_id)
    text = b"\x03v=1" + TXT_ID + node_id.encode()
    records = [
        DNSPointer(service, _TYPE_PTR, _CLASS_IN, 4_500, name),
        DNSService(name, _TYPE_SRV, _CLASS_IN, 120, 0, 0, 6_666, host),
        DNSText(name, _TYPE_TXT, _CLASS_IN, 4_500, text),
        DNSAddress(host, _TYPE_A, _CLASS_IN, 120, socket.inet_aton("10.6.6.6")),
    ]
    return records if with_address else records[:1]


async def flood(service: str, count: int, *, with_address: bool) -> None:
    liar = AsyncZeroconf(interfaces=list(LOOPBACK))
    try:
        await liar.zeroconf.async_wait_for_start()
        for _ in range(count):
            out = DNSOutgoing(_FLAGS_QR_RESPONSE)
            for record in announced_by_a_liar(
                node_id_of(secrets.token_bytes(32)), service, with_address=with_address
            ):
                out.add_answer_at_time(record, 0)
            liar.zeroconf.async_send(out)
            await asyncio.sleep(0)
    finally:
        await liar.async_close()


@requirement("F2")
async def test_a_flood_of_made_up_nodes_stays_small_and_leaves_the_real_one_listed() -> None:
    async with looking(2) as (anna, ben):
        await ben.show(port=2222)
        await anna.show(port=1111)
        await anna.until(lambda: anna.sees(ben, "127.0.0.1:2222"))
        await flood(anna.service, 200, with_address=True)
        await anna.until(lambda: len(anna.sightings.strangers()) == STRANGERS_MAX)
        assert anna.sees(ben, "127.0.0.1:2222")
        await flood(anna.service, 200, with_address=False)
        assert len(anna.discovery._resolving) <= RESOLVING_MAX
        await ben.show(port=2223)
        await anna.until(lambda: anna.sees(ben, "127.0.0.1:2223"))
        assert len(anna.sightings.strangers()) == STRANGERS_MAX


async def test_garbage_on_the_network_is_no_fault() -> None:
    async with looking(2) as (anna, ben):
        await anna.show(port=1111)
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as liar:
            liar.setblocking(False)
            liar.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            for _ in range(200):
                liar.sendto(secrets.token_bytes(200), ("224.0.0.251", 5353))
        await ben.show(port=2222)
        await anna.until(lambda: anna.sees(ben, "127.0.0.1:2222"))
