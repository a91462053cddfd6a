"""The lock of the owner's door, tried from outside."""

import socket as sockets
from pathlib import Path

import aiohttp
import pytest

from tests.mission import requirement
from tests.node.nodes import RunningNode, running_node


async def status(
    node: RunningNode, path: str, *, token: bool = True, **headers: str
) -> tuple[int, dict[str, str], str]:
    own = {"Authorization": f"Bearer {node.token}"} if token else {}
    async with (
        aiohttp.ClientSession() as http,
        http.get(node.url + path, headers=own | headers, allow_redirects=False) as response,
    ):
        return response.status, dict(response.headers), await response.text()


@requirement("A24")
async def test_a_request_without_the_token_is_refused(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        assert (await status(node, "/api/settings", token=False))[0] == 401
        assert (await status(node, "/api/settings", token=False, Authorization="Bearer wrong"))[0] == 401
        assert (await status(node, "/api/settings"))[0] == 200


@requirement("A24")
async def test_a_foreign_page_is_refused_even_with_the_token(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        assert (await status(node, "/api/settings", Origin="http://evil.example"))[0] == 403
        assert (await status(node, "/api/settings", Origin="null"))[0] == 403
        assert (await status(node, "/api/settings", Origin=node.url))[0] == 200


@requirement("A24")
async def test_a_name_rebound_to_loopback_is_refused(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        port = node.url.rpartition(":")[2]
        assert (await status(node, "/api/settings", Host=f"evil.example:{port}"))[0] == 403
        assert (await status(node, "/health", Host="evil.example"))[0] == 403
        assert (await status(node, "/api/settings", Host=f"localhost:{port}"))[0] == 200


@pytest.mark.parametrize(
    ("headers", "refused_with"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Origin": "http://evil.example"}, 403),
    ],
)
@requirement("A24")
async def test_the_socket_is_refused_to_strangers(
    tmp_path: Path, headers: dict[str, str], refused_with: int
) -> None:
    async with running_node(tmp_path) as node, aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await http.ws_connect(node.url + "/ws", headers=headers)
        assert refusal.value.status == refused_with


@requirement("A24")
async def test_a_foreign_origin_with_the_right_token_does_not_get_a_socket(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {node.token}", "Origin": "http://evil.example"}
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await http.ws_connect(node.url + "/ws", headers=headers)
        assert refusal.value.status == 403


@requirement("A24")
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the kernel's table of sockets is Linux's")
async def test_the_door_listens_on_loopback_alone(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        port = int(node.url.rpartition(":")[2])
        assert listening_hosts(port) == ["127.0.0.1"]


def listening_hosts(port: int) -> list[str]:
    """Return the addresses on which this machine listens at a port, as the kernel lists them."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    local = [row[1].partition(":") for row in rows if row[3] == "0A"]
    return [
        sockets.inet_ntoa(bytes.fromhex(host)[::-1])
        for host, _, hex_port in local
        if int(hex_port, 16) == port
    ]


@requirement("P9")
async def test_health_needs_no_token_and_tells_nothing_private(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        code, _, text = await status(node, "/health", token=False)
        assert code == 200
        assert node.node_id not in text
        assert node.token not in text
        assert node.name not in text


async def test_the_token_in_the_address_becomes_a_cookie_that_scripts_cannot_read(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        code, headers, _ = await status(node, f"/?token={node.token}", token=False)
        assert (code, headers["Location"]) == (303, "/")
        cookie = headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        code, _, page = await status(node, "/", token=False, Cookie=cookie.partition(";")[0])
        assert code == 200
        assert "<title>Palaver</title>" in page
        assert (await status(node, "/?token=wrong", token=False))[0] == 401


async def test_every_answer_carries_the_strict_content_policy(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        for path in ("/", "/health", "/plain/plain.js", "/api/nothing"):
            policy = (await status(node, path))[1]["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
