"""Chat links between machines: who on the network can read one, and who cannot."""

import asyncio
from pathlib import Path

import pytest

from node.replies import ChatLinkMade
from tests.flows.machines import Machine, ip, obstacle, on_one_cable
from tests.flows.test_namespaces import PATIENCE_S, Node, node
from tests.mission import requirement

AFAR = "11.0.0.2"
"""An address of the internet, which the test gives to the second machine."""

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def _machines_can_be_made() -> None:
    if reason := obstacle():
        pytest.skip(reason)


async def status(machine: Machine, at: str, path: str, *, own: str = "") -> int | None:
    """Return what a machine is answered at `host:port`; None where nobody listens."""
    host, _, port = at.rpartition(":")
    with machine.socket() as socket:
        if own:
            socket.bind((own, 0))
        async with asyncio.timeout(PATIENCE_S):
            try:
                await asyncio.get_running_loop().sock_connect(socket, (host, int(port)))
            except ConnectionRefusedError:
                return None
            reader, writer = await asyncio.open_connection(sock=socket)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {at}\r\n\r\n".encode())
            line = await reader.readline()
            writer.close()
    return int(line.split()[1])


async def link_of(node: Node, reach: str) -> ChatLinkMade:
    session = await node.client.import_session(
        {"title": "Bread", "messages": [{"role": "user", "content": "How long does it proof?"}]}
    )
    return await node.client.add_chat_link(session["id"], {"reach": reach})


def parts(made: ChatLinkMade) -> tuple[str, str]:
    """Return `host:port` and the path of a link."""
    at, _, path = made["url"].removeprefix("http://").partition("/")
    return at, f"/{path}"


@requirement("R6")
async def test_another_machine_reads_a_link_only_where_its_owner_wants_the_network_for_it(
    tmp_path: Path,
) -> None:
    with on_one_cable(2) as (mine, theirs):
        async with node(tmp_path, "anna", mine) as anna:
            at_home, path_at_home = parts(await link_of(anna, "loopback"))
            port = at_home.rpartition(":")[2]
            assert await status(mine, at_home, path_at_home) == 200
            assert await status(theirs, f"{mine.address}:{port}", path_at_home) is None
            made = await link_of(anna, "lan")
            at, path = parts(made)
            assert at.startswith(f"{mine.address}:")
            assert await status(theirs, at, path) == 200
            assert await status(theirs, at, path_at_home) == 404
            assert await status(theirs, f"{mine.address}:{port}", path_at_home) is None
            ip("-n", theirs.namespace, "address", "add", f"{AFAR}/32", "dev", "eth0")
            ip("-n", mine.namespace, "route", "add", AFAR, "dev", "eth0")
            assert await status(theirs, at, path, own=AFAR) == 404
            await anna.client.revoke_chat_link(made["id"])
            assert await status(theirs, at, path) is None
            assert await status(mine, at_home, path_at_home) == 200
