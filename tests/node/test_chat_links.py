"""Chat links from outside: what their readers get, what they never get, and when there is nothing any more."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from node.chat_links import door
from node.chat_links.near import is_near, near_addresses
from node.interfaces import Interface
from node.replies import ChatLinkMade, NodeError
from tests.fakes.ollama_server import answer, done, reply, text
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RunningNode, running_node, talking
from tests.node.program import palaver
from tests.node.slash import typed
from tests.node.test_lock import listening_hosts

CALL = {"name": "notes.read", "arguments": {"name": "diary"}, "ok": True, "result": "Dear diary"}
ASK = {
    "name": "agent.ask_peer",
    "arguments": {"peerId": "bob", "prompt": "How long?"},
    "ok": True,
    "result": json.dumps({"from": "bob", "node": "b7", "answer": "Eight <b>hours</b>."}),
}
BREAD = {
    "title": "Bread",
    "messages": [
        {"role": "user", "content": "How long does it proof?"},
        {
            "role": "agent",
            "content": "**Eight** hours.",
            "model": "gemma4:e2b",
            "reasoning": "They bake rye.",
            "toolCalls": [CALL, ASK],
        },
        {"role": "system", "content": "for the model alone"},
        {"role": "user", "content": "And then?"},
        {"role": "agent", "content": "Bake", "state": "failed", "error": "no such file: secret.txt"},
    ],
}
NEXT = re.compile(r'href="([^"]+)" rel="next"')
LATER = "What did I say last?"


@dataclass(frozen=True, slots=True)
class Read:
    """One answer of the readers' door."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> str:
        return self.text.partition("<body>")[2]


async def read(url: str, method: str = "GET", *, data: bytes | None = None, **headers: str) -> Read:
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, url, data=data, headers=headers, allow_redirects=False) as response,
    ):
        return Read(response.status, dict(response.headers), await response.text())


@dataclass(frozen=True, slots=True)
class Sharing:
    """A node with one conversation, `session`, that its owner gives away."""

    node: RunningNode
    session: str

    async def link(self, **wanted: object) -> ChatLinkMade:
        return await self.node.client.add_chat_link(self.session, wanted)

    async def page(self, **wanted: object) -> Read:
        return await read((await self.link(**wanted))["url"])

    async def say(self, text: str) -> None:
        async with self.node.socket() as socket:
            await socket.whole_turn(text, text, sessionId=self.session)


@asynccontextmanager
async def sharing(data: Path) -> AsyncIterator[Sharing]:
    async with running_node(data) as node:
        yield Sharing(node, (await node.client.import_session(BREAD))["id"])


def other_secret(url: str) -> str:
    """Return an address of the same shape that nobody made."""
    return url[:-8] + ("A" * 8 if not url.endswith("A" * 8) else "B" * 8)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def until_ended(url: str) -> Read:
    async with asyncio.timeout(PATIENCE_S):
        while (now := await read(url)).status != 404:
            pass
    return now


@requirement("R5")
async def test_a_link_shows_who_asked_and_who_answered_and_not_how(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat:
        page = await chat.page()
        assert page.status == 200
        assert "<title>Bread · Palaver</title>" in page.text
        assert "How long does it proof?" in page.body
        assert "<strong>Eight</strong> hours." in page.body
        assert "gemma4:e2b" in page.body
        assert "2 tool calls, not shown; the agent of somebody else was asked" in page.body
        assert "This turn failed before it came to an answer." in page.body
        for kept in ("They bake rye", "diary", "notes.read", "bob", "for the model alone", "secret.txt"):
            assert kept not in page.text
        for own in (chat.node.name, chat.node.token, chat.node.node_id, chat.session, str(tmp_path)):
            assert own not in page.text + json.dumps(dict(page.headers))


@requirement("R5")
async def test_details_are_shown_where_the_owner_wants_it_and_peers_under_their_names(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat:
        page = await chat.page(details=True)
        for shown in ("They bake rye.", "notes.read", "Dear diary", "for the model alone", "secret.txt"):
            assert (shown in page.body) == (shown not in {"for the model alone", "secret.txt"})
        peer = page.body.partition('<section class="peer">')[2].partition("</section>")[0]
        assert '<bdi>bob</bdi> <small class="badge">peer</small>' in peer
        assert "Eight &lt;b&gt;hours&lt;/b&gt;." in peer


@requirement("R5")
async def test_what_is_said_later_is_shown_only_where_the_owner_wants_it(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat:
        frozen, live = await chat.link(), await chat.link(follows=True)
        await chat.say(LATER)
        assert LATER not in (await read(frozen["url"])).text
        assert LATER in (await read(live["url"])).body


@requirement("R5")
async def test_the_answer_to_what_was_asked_before_a_link_was_made_is_shown_when_it_is_there(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as (node, ollama, socket):
        gate = asyncio.Event()
        ollama.chat(reply(gate, *text("Eight hours."), done()), answer(LATER))
        await socket.ask("How long?", sessionId="s")
        await socket.until("queued")
        url = (await node.client.add_chat_link("s", {}))["url"]
        await socket.ask("And then?", "t2", sessionId="s")
        gate.set()
        await socket.until("done", turnId="t2")
        page = await read(url)
        assert "Eight hours." in page.body
        assert "And then?" not in page.text
        assert LATER not in page.text


@requirement("R5")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
async def test_whoever_has_a_link_can_read_and_nothing_else(tmp_path: Path, method: str) -> None:
    async with sharing(tmp_path) as chat:
        made = await chat.link(follows=True)
        before = await chat.node.client.session(chat.session, 100)
        owner = f"Bearer {chat.node.token}"
        body = json.dumps({"message": "do something", "sessionId": chat.session}).encode()
        door_url = made["url"].partition("/read/")[0]
        for path in ("/api/agents/self/chat", "/api/chat/sessions", "/ws", "/", "/health"):
            assert (await read(door_url + path, method, data=body, Authorization=owner)).status == 405
            assert (await read(door_url + path, Authorization=owner)).status == 404
        refused = await read(made["url"], method, data=body, Authorization=owner)
        assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")
        assert await chat.node.client.session(chat.session, 100) == before
        assert await chat.node.client.queue() == []


@requirement("R5")
async def test_a_link_is_no_way_to_a_socket_and_opens_nothing_of_the_owners_door(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat, aiohttp.ClientSession() as http:
        made = await chat.link()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await http.ws_connect(made["url"])
        assert refusal.value.status == 200  # a page, and no upgrade
        secret = made["url"].rpartition("/")[2]
        for path in (f"/read/{secret}", f"/?token={secret}", "/api/chat/links"):
            owners = await read(chat.node.url + path, Authorization=f"Bearer {secret}")
            assert owners.status == 401


@requirement("R5")
async def test_ended_revoked_and_unknown_links_look_the_same(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat:
        revoked, ended, stays = await chat.link(), await chat.link(hours=1e-5), await chat.link()
        await chat.node.client.revoke_chat_link(revoked["id"])
        gone = [
            await read(revoked["url"]),
            await until_ended(ended["url"]),
            await read(other_secret(stays["url"])),
            await read(stays["url"] + "x"),
        ]
        assert {page.status for page in gone} == {404}
        assert len({page.text for page in gone}) == 1
        assert len({json.dumps(sorted(page.headers.keys())) for page in gone}) == 1
        assert (await read(stays["url"])).status == 200
        listed = await chat.node.client.chat_links()
        assert [link["id"] for link in listed] == [stays["id"]]
        with pytest.raises(NodeError, match="there is no chat link"):
            await chat.node.client.revoke_chat_link(revoked["id"])


@requirement("R5")
@pytest.mark.parametrize("end", ["reset", "delete", "replace"])
async def test_a_conversation_that_is_emptied_replaced_or_deleted_takes_its_links_along(
    tmp_path: Path, end: str
) -> None:
    async with sharing(tmp_path) as chat:
        client, made = chat.node.client, await chat.link(follows=True)
        other = await client.import_session(BREAD)
        stays = await client.add_chat_link(other["id"], {})
        match end:
            case "reset":
                await client.reset_session(chat.session)
            case "delete":
                await client.delete_session(chat.session, "Bread")
            case _:
                fresh = {"messages": [{"role": "user", "content": "something private"}]}
                await client.call("PUT", f"/api/chat/sessions/{chat.session}", fresh)
        assert (await read(made["url"])).status == 404
        assert (await read(stays["url"])).status == 200


@requirement("R5")
async def test_the_secret_is_told_once_and_stands_nowhere_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with sharing(tmp_path) as chat:
        made = await chat.link(reach="loopback")
        typed_one = (await typed(chat.node.client, "/link add", chat.session)).split()[0]
        secrets = [url.rpartition("/")[2] for url in (made["url"], typed_one)]
        assert len(set(secrets)) == 2
        for url in (made["url"], typed_one):
            assert (await read(url)).status == 200
        told = json.dumps(
            [
                await chat.node.client.chat_links(),
                await chat.node.client.call("GET", "/api/telemetry?limit=1000"),
                await chat.node.client.session(chat.session, 100),
            ]
        )
        assert f"chat link {made['id']}" in told
        assert made["qr"]["path"] not in told
        for secret in secrets:
            assert secret not in told
            assert secret not in caplog.text
    stored = await asyncio.to_thread(everything_in, tmp_path)
    for secret in secrets:
        assert secret.encode() not in stored


@requirement("R5")
async def test_a_page_holds_no_script_and_asks_nobody_for_anything(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat:
        made = await chat.link(details=True)
        for page in (
            await read(made["url"]),
            await read(other_secret(made["url"])),
            await read(made["url"], "PUT"),
        ):
            policy = page.headers["Content-Security-Policy"].split("; ")
            assert {"default-src 'none'", "form-action 'none'", "frame-ancestors 'none'", "sandbox"} < set(
                policy
            )
            assert not [rule for rule in policy if "unsafe" in rule or rule.startswith("script-src")]
            assert page.headers["Referrer-Policy"] == "no-referrer"
            assert page.headers["Cache-Control"] == "no-store"
            assert page.headers["X-Content-Type-Options"] == "nosniff"
            assert "Set-Cookie" not in page.headers
            assert "aiohttp" not in page.headers["Server"]
            assert not re.search(
                r"<(script|link|img|form|iframe|object|base)|<[^>]+ (on\w+|style|src)=", page.body
            )
        head = await read(made["url"], "HEAD")
        assert (head.status, head.text) == (200, "")


@requirement("R5")
async def test_a_long_conversation_is_read_part_by_part(tmp_path: Path) -> None:
    said = [
        {"role": role, "content": f"{role} {number}"} for number in range(60) for role in ("user", "agent")
    ]
    said.append({"role": "user", "content": "x" * 60_000})
    said.append({"role": "agent", "content": "**the last word**"})
    async with running_node(tmp_path) as node:
        session = await node.client.import_session({"title": "Long", "messages": said})
        url = (await node.client.add_chat_link(session["id"], {}))["url"]
        address, articles, parts = url, 0, 0
        while address:
            page = await read(address)
            assert page.status == 200
            articles, parts = articles + page.body.count("<article"), parts + 1
            more = NEXT.search(page.body)
            address = url + more[1] if more else ""
        assert (articles, parts) == (122, 4)
        assert "<strong>the last word</strong>" in page.body
        assert "From the beginning" in page.body
        assert "user 0" in (await read(url + "?from=nonsense")).body


@requirement("R5")
async def test_a_link_outlives_the_node_at_the_same_address(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat:
        made = await chat.link()
    with pytest.raises(aiohttp.ClientConnectorError):
        await read(made["url"])
    async with running_node(tmp_path) as node:
        assert (await read(made["url"])).status == 200
        (listed,) = await node.client.chat_links()
        assert made["url"].startswith(f"http://{listed['addresses'][0]}/read/")


@requirement("R5")
async def test_reads_are_counted_and_a_list_of_sessions_shows_what_can_be_read(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat, chat.node.socket() as socket:
        client = chat.node.client
        await socket.send("subscribe", {}, channel="sessions")
        await socket.until("changed")
        made = await chat.link()
        changed = await socket.until("changed")
        assert [session["links"] for session in changed["data"]["sessions"]] == [1]
        await read(made["url"])
        await read(made["url"])
        (link,) = await client.chat_links()
        assert (link["title"], link["reads"], link["follows"]) == ("Bread", 2, False)
        assert link["lastReadAt"] is not None
        assert await client.call("GET", f"/api/chat/sessions/{chat.session}/links") == [link]
        await client.revoke_chat_link(link["id"])
        changed = await socket.until("changed")
        assert [session["links"] for session in changed["data"]["sessions"]] == [0]


@requirement("R6")
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the kernel's table of sockets is Linux's")
async def test_without_the_owners_word_a_link_is_served_on_loopback_alone(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat:
        made = await chat.link()
        port = int(made["addresses"][0].rpartition(":")[2])
        assert made["addresses"] == [f"127.0.0.1:{port}"]
        assert listening_hosts(port) == ["127.0.0.1"]
        with pytest.raises(aiohttp.ClientConnectorError):
            await read(made["url"].replace("127.0.0.1", "127.0.0.2"))


@requirement("R6")
async def test_a_link_is_served_where_its_owner_wants_it_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second address of loopback stands for that of the network."""
    monkeypatch.setattr("node.chat_links.links.near_addresses", lambda *_: ["127.0.0.2"])
    async with sharing(tmp_path) as chat:
        here, there = await chat.link(), await chat.link(reach="lan")
        assert there["url"].startswith("http://127.0.0.2:")
        for made in (here, there):
            assert (await read(made["url"])).status == 200
        own, net = (made["url"].rpartition("/") for made in (here, there))
        assert (await read(f"{net[0]}/{own[2]}")).status == 404
        assert (await read(f"{own[0]}/{net[2]}")).status == 404
        second = await chat.link(reach="lan")
        await chat.node.client.revoke_chat_link(there["id"])
        assert (await read(second["url"])).status == 200
        await chat.node.client.revoke_chat_link(second["id"])
        with pytest.raises(aiohttp.ClientConnectorError):
            await read(second["url"])
        assert (await read(here["url"])).status == 200


@requirement("R6")
async def test_without_a_network_of_its_own_a_machine_serves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.chat_links.links.near_addresses", lambda *_: [])
    async with sharing(tmp_path) as chat:
        with pytest.raises(NodeError, match="no address in a network of its own"):
            await chat.link(reach="lan")
        assert await chat.node.client.chat_links() == []


@requirement("R6")
async def test_a_link_is_read_thirty_times_a_minute_and_others_are_not_held_up(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat:
        busy, calm = await chat.link(), await chat.link()
        assert [(await read(busy["url"])).status for _ in range(30)] == [200] * 30
        refused = await read(busy["url"])
        assert refused.status == 429
        assert int(refused.headers["Retry-After"]) > 0
        assert "How long" not in refused.text
        assert (await read(calm["url"])).status == 200


@requirement("R6")
async def test_a_link_ends_after_its_time(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat:
        usual = await chat.link()
        assert usual["expiresAt"] - usual["createdAt"] == pytest.approx(24 * 3_600)
        await chat.node.client.set_setting("chat.linkHours", 2.0)
        shorter = await chat.link()
        assert shorter["expiresAt"] - shorter["createdAt"] == pytest.approx(2 * 3_600)
        short = await chat.link(hours=5e-5)
        await until_ended(short["url"])
        for hours in (0, -1, 721):
            with pytest.raises(NodeError, match="does not fit"):
                await chat.link(hours=hours)


@requirement("R6")
async def test_other_pages_and_made_up_names_read_nothing(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat:
        made = await chat.link()
        port = made["addresses"][0].rpartition(":")[2]
        assert (await read(made["url"], Host=f"evil.example:{port}")).status == 404
        assert (await read(made["url"], Host="")).status == 404
        assert (await read(made["url"], Origin="http://evil.example")).status == 404
        assert (await read(made["url"], Host=f"localhost:{port}")).status == 200


@requirement("R6")
async def test_a_crowd_at_the_readers_door_is_turned_away_and_the_silent_are_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "CONNECTION_MAX_S", 0.5)
    async with sharing(tmp_path) as chat:
        made = await chat.link()
        host, _, port = made["addresses"][0].rpartition(":")
        crowd = [
            await asyncio.open_connection(host, int(port)) for _ in range(door.CONNECTIONS_PER_HOST_MAX + 1)
        ]
        async with asyncio.timeout(PATIENCE_S):
            with suppress(ConnectionResetError):
                assert await crowd[-1][0].read() == b""
            for reader, _ in crowd:
                with suppress(ConnectionResetError):
                    assert await reader.read() == b""
        for _, writer in crowd:
            writer.close()
        assert (await read(made["url"])).status == 200


@requirement("R6")
async def test_a_port_that_is_taken_is_told_and_another_can_be_set(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat:
        client = chat.node.client
        taken = int(chat.node.url.rpartition(":")[2])
        await client.set_setting("chat.linkPort", taken)
        with pytest.raises(NodeError, match="cannot be used"):
            await chat.link()
        await client.set_setting("chat.linkPort", 0)
        assert (await read((await chat.link())["url"])).status == 200


@requirement("R5")
async def test_links_are_made_listed_and_revoked_from_the_command_line(tmp_path: Path) -> None:
    data = tmp_path / "node"
    async with sharing(data) as chat:
        assert "no conversation can be read by link" in (await palaver("link", data=data)).err
        made = await palaver("link", "add", chat.session, "--hours", "2", data=data)
        assert "Whoever is on this machine" in made.err
        assert (await read(made.out.strip())).status == 200
        whole = (
            await palaver("link", "add", chat.session, "--follow", "--details", "--json", data=data)
        ).json()
        assert (whole["follows"], whole["details"], whole["reach"]) == (True, True, "loopback")
        listed = (await palaver("link", "list", data=data)).out
        assert "what is said, also later, and how" in listed
        assert (await palaver("link", "revoke", whole["id"], data=data)).code == 0
        assert (await read(whole["url"])).status == 404
        again = await palaver("link", "revoke", whole["id"], data=data)
        assert (again.code, "there is no chat link" in again.err) == (1, True)
        nowhere = await palaver("link", "add", "nothing", data=data)
        assert (nowhere.code, "there is no session" in nowhere.err) == (1, True)


@requirement("R5")
async def test_the_console_makes_lists_and_revokes_links_to_its_session(tmp_path: Path) -> None:
    async with sharing(tmp_path) as chat:
        client = chat.node.client
        assert "no conversation" in await typed(client, "/link")
        made = await typed(client, "/link add follow 3h", chat.session)
        url, note = made.split("\n", 1)
        assert (await read(url)).status == 200
        assert "revoke it as" in note
        listed = await typed(client, "/link")
        assert "Bread" in listed
        assert "what is said, also later" in listed
        with pytest.raises(NodeError, match="usage: /link"):
            await typed(client, "/link add everywhere", chat.session)
        with pytest.raises(NodeError, match="no session is open"):
            await typed(client, "/link add")
        (link,) = await client.chat_links()
        assert "revoked" in await typed(client, f"/link revoke {link['id']}")
        assert (await read(url)).status == 404


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("192.168.1.7", True), ("10.0.0.1", True), ("172.16.0.9", True), ("169.254.3.3", True),
        ("127.0.0.1", True), ("100.64.0.2", True), ("8.8.8.8", False), ("172.32.0.1", False),
        ("2001:4860:4860::8888", False), ("", False), ("here", False),
    ],
)  # fmt: skip
@requirement("R6")
def test_only_addresses_that_the_internet_does_not_carry_are_near(address: str, near: bool) -> None:
    assert is_near(address) is near


@requirement("R6")
def test_links_are_served_on_own_networks_and_not_on_tunnels_bridges_or_the_internet() -> None:
    present = [
        Interface(name=name, address=address)
        for name, address in (
            ("lo", "127.0.0.1"), ("eth0", "192.168.1.7"), ("eth1", "8.8.4.4"),
            ("wg0", "10.9.0.1"), ("docker0", "172.17.0.1"),
        )
    ]  # fmt: skip
    assert near_addresses(present, ()) == ["192.168.1.7"]
    assert near_addresses(present, ("wg0", "eth1", "lo")) == ["10.9.0.1"]
