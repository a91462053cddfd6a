"""Machines on one cable, or joined by a tunnel alone: network namespaces of Linux, made and removed here as root."""

import asyncio
import ctypes
import fcntl
import os
import secrets
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

MULTICAST_FROM = 224
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
PACKET_MAX = 65_536


def obstacle() -> str | None:
    """Say why no machines can be made here. In continuous integration as root they have to be."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "network namespaces need Linux, and root"
    if os.environ.get("CI") == "true":
        return None
    if shutil.which("ip") is None:
        return "the program ip is missing (package iproute2)"
    probe = f"plv-{secrets.token_hex(3)}"
    tried = subprocess.run(("ip", "netns", "add", probe), check=False, capture_output=True, text=True)
    subprocess.run(("ip", "netns", "del", probe), check=False, capture_output=True)
    return f"network namespaces are not permitted: {tried.stderr.strip()}" if tried.returncode else None


@dataclass(frozen=True, slots=True)
class Machine:
    """A namespace with an address of its own; what enters it by `command` sees no other network."""

    namespace: str
    address: str
    cable: tuple[str, str] | None = None
    """The namespace and name of the far end of its cable."""

    @property
    def command(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.namespace)

    def cut(self) -> None:
        """Pull the cable."""
        self._set_cable("down")

    def mend(self) -> None:
        self._set_cable("up")

    def _set_cable(self, state: str) -> None:
        assert self.cable is not None
        namespace, name = self.cable
        ip("-n", namespace, "link", "set", name, state)

    def socket(self) -> socket.socket:
        """Return a TCP socket of this machine, to be used from anywhere in this process."""
        with self.entered():
            return socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Put this thread into the machine's network until the block ends; nothing may be awaited in it."""
        with (
            Path("/proc/thread-self/ns/net").open() as own,
            Path("/run/netns", self.namespace).open() as there,
        ):
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(own.fileno())


@contextmanager
def on_one_cable(count: int) -> Iterator[list[Machine]]:
    """Make machines whose cables end in one switch; nothing else is on it."""
    run = secrets.token_hex(3)
    with ExitStack() as made:
        switch = made.enter_context(_namespace(f"plv-{run}-switch"))
        ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", switch, "link", "set", "bridge", "up")
        machines = []
        for number in range(1, count + 1):
            host = made.enter_context(_namespace(f"plv-{run}-{number}"))
            cable = f"to{number}"
            ip("-n", switch, "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", host)
            ip("-n", switch, "link", "set", cable, "master", "bridge", "up")
            ip("-n", host, "address", "add", f"10.77.0.{number}/24", "dev", "eth0")
            ip("-n", host, "link", "set", "eth0", "up")
            machines.append(Machine(host, f"10.77.0.{number}", cable=(switch, cable)))
        yield machines


@asynccontextmanager
async def on_a_tunnel(seen: bytearray) -> AsyncIterator[list[Machine]]:
    """Make two machines that only a tunnel joins, which carries no multicast; `seen` gets every packet."""
    run, loop = secrets.token_hex(3), asyncio.get_running_loop()
    with ExitStack() as made:
        machines, ends = [], []
        for number in (1, 2):
            machine = Machine(made.enter_context(_namespace(f"plv-{run}-{number}")), f"100.64.0.{number}")
            with machine.entered():
                end = made.enter_context(_tunnel_end("tun0"))
            ip("-n", machine.namespace, "address", "add", f"{machine.address}/24", "dev", "tun0")
            ip("-n", machine.namespace, "link", "set", "tun0", "multicast", "off", "up")
            machines.append(machine)
            ends.append(end)
        for source, sink in (ends, ends[::-1]):
            loop.add_reader(source, _carry, source, sink, seen)
        try:
            yield machines
        finally:
            for end in ends:
                loop.remove_reader(end)


@asynccontextmanager
async def relay(
    listening: socket.socket, dial: Callable[[], socket.socket], to: tuple[str, int], *, delay_s: float = 0.0
) -> AsyncIterator[int]:
    """Pass TCP on from one socket to another place, each byte `delay_s` late; give the port it listens on."""
    passing: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far = dial()
        try:
            await asyncio.get_running_loop().sock_connect(far, to)
        except OSError:
            far.close()
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(sock=far)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            passing.add(asyncio.create_task(_pass_on(source, sink, delay_s)))

    server = await asyncio.start_server(accept, sock=listening)
    try:
        yield listening.getsockname()[1]
    finally:
        server.close()
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)


def own_socket() -> socket.socket:
    """Return a socket of the machine that the test runs on."""
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)


def bound(one: socket.socket, host: str, port: int = 0) -> socket.socket:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((host, port))
    return one


def ip(*arguments: str) -> None:
    done = subprocess.run(("ip", *arguments), check=False, capture_output=True, text=True, timeout=10)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"


@contextmanager
def _namespace(name: str) -> Iterator[str]:
    ip("netns", "add", name)
    try:
        ip("-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        ip("netns", "del", name)


def _enter(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def _tunnel_end(name: str) -> Iterator[int]:
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
        yield end
    finally:
        os.close(end)


def _carry(source: int, sink: int, seen: bytearray) -> None:
    """Move one packet; of IPv4 only, and none that is for many."""
    with suppress(OSError):
        packet = os.read(source, PACKET_MAX)
        if packet[0] >> 4 == 4 and packet[16] < MULTICAST_FROM:
            seen.extend(packet)
            os.write(sink, packet)


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter, delay_s: float) -> None:
    due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=1_000)
    clock = asyncio.get_running_loop().time

    async def deliver() -> None:
        while True:
            at, data = await due.get()
            await asyncio.sleep(max(0.0, at - clock()))
            if not data:
                return
            sink.write(data)
            await sink.drain()

    delivering = asyncio.create_task(deliver())
    try:
        with suppress(ConnectionError):
            while data := await source.read(PACKET_MAX):
                await due.put((clock() + delay_s, data))
            await due.put((clock() + delay_s, b""))
            await delivering
    finally:
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
        sink.close()
