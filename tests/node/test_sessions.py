"""Sessions over HTTP: reset, pinned, archived, found, exported, deleted, and the ones that cannot be read."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply, text
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RunningNode, running_node
from tests.node.test_http import CHAT, http, turns_running

ROOT = "/api/chat/sessions"


async def say(node: RunningNode, message: str, session_id: str | None = None) -> dict[str, Any]:
    body = {"message": message, "sessionId": session_id}
    status, chat, _ = await http(node, "POST", CHAT, body)
    assert status == 200, chat
    return dict(chat)


async def get(node: RunningNode, path: str = "") -> Any:
    status, content, _ = await http(node, "GET", ROOT + path)
    assert status == 200, content
    return content


@requirement("G11")
async def test_after_a_reset_everything_is_zero_and_the_next_message_starts_fresh(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        ollama.chat(answer("Paris."), answer("Which one?"))
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
            node.socket() as socket,
        ):
            await socket.whole_turn("capital of France?", sessionId="s")
            before = await get(node, "/s")
            assert before["totals"]["contextUsed"] > 0
            status, reset, _ = await http(node, "POST", f"{ROOT}/s/reset")
            assert status == 200
            await socket.until("emptied", sessionId="s")
            whole = await get(node, "/s")
            assert whole["messages"] == []
            totals = {
                "messages": 0,
                "tokensIn": 0,
                "tokensOut": 0,
                "contextUsed": 0,
                "contextMax": None,
                "cost": 0,
            }
            assert reset["totals"] == whole["totals"] == totals
            assert (whole["id"], whole["title"]) == ("s", before["title"])
            await say(node, "are you sure?", "s")
            assert [m["content"] for m in ollama.asked[1]["messages"]][1:] == ["are you sure?"]


@requirement("G11")
async def test_a_reset_and_a_delete_stop_what_runs_and_what_waits(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        ollama.chat(*[reply(asyncio.Event(), *text("never"), done()) for _ in range(2)])
        async with running_node(tmp_path, model=None, ollama_url=ollama.address) as node:
            for method, path in (("POST", f"{ROOT}/s/reset"), ("DELETE", f"{ROOT}/s")):
                asks = [
                    asyncio.create_task(http(node, "POST", CHAT, {"message": word, "sessionId": "s"}))
                    for word in ("one", "two")
                ]
                await turns_running(node, 1)
                assert (await http(node, method, path))[0] in {200, 204}
                async with asyncio.timeout(PATIENCE_S):
                    assert {(await ask)[1]["code"] for ask in asks} == {"cancelled"}
                assert (await http(node, "GET", "/api/queue"))[1] == []
            assert (await http(node, "GET", f"{ROOT}/s"))[0] == 404


@requirement("G11")
async def test_a_message_that_was_taken_back_is_told_so_until_it_is_said_again(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        gate = asyncio.Event()
        ollama.chat(reply(gate, *text("late"), done()), answer("Yes."))
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
            node.socket() as ws,
        ):
            await ws.ask("runs", "t1", sessionId="s")
            await ws.until("status")
            await ws.ask("waits", "t2", sessionId="s")
            await ws.until("queued", turnId="t2")
            await node.client.withdraw("t2", "s")
            gate.set()
            await ws.until("done", turnId="t1")
            exported = await get(node, "/s/export")
            states = ["complete", "complete", "cancelled"]
            assert [message["state"] for message in exported["messages"]] == states
            assert "## You, taken back\n\nwaits" in await node.client.transcript("s")
            _, brought, _ = await http(node, "POST", f"{ROOT}/import", exported)
            await say(node, "and now?", brought["id"])
            read = [message["content"] for message in ollama.asked[1]["messages"][1:]]
            assert read == ["runs", "late", "and now?"]
            ollama.chat(answer("No."))
            await node.client.retry("t2", "s")
            await ws.until("done", turnId="t2", reason="answered")
            assert [message["state"] for message in (await get(node, "/s"))["messages"]] == ["complete"] * 4


@requirement("G6")
async def test_there_is_one_default_thread_and_any_number_beside_it(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        (_, first, _), (_, second, _) = [await http(node, "POST", f"{ROOT}/default") for _ in range(2)]
        assert first == second
        assert await get(node) == []
        await say(node, "what time is it", first["id"])
        await say(node, "what is the date")
    async with running_node(tmp_path) as node:
        _, third, _ = await http(node, "POST", f"{ROOT}/default")
        await say(node, "what time is it", third["id"])
        assert third == first
        assert len(await get(node)) == 2
        assert (await get(node, f"/{third['id']}"))["messageCount"] == 4


@requirement("G12")
async def test_the_history_of_the_agent_is_that_of_the_last_session_and_can_be_cleared(
    tmp_path: Path,
) -> None:
    async with running_node(tmp_path) as node:
        root = "/api/agents/self"
        assert (await http(node, "GET", f"{root}/chat/history"))[1]["messages"] == []
        await say(node, "what is the date")
        chat = await say(node, "what time is it")
        _, history, _ = await http(node, "GET", f"{root}/chat/history")
        assert history["sessionId"] == chat["sessionId"]
        assert [m["content"] for m in history["messages"]] == ["what time is it", chat["answer"]]
        _, facts, _ = await http(node, "GET", f"{root}/session")
        assert (facts["messageCount"], facts["totalCost"]) == (2, 0)
        _, cleared, _ = await http(node, "DELETE", f"{root}/chat/history")
        assert (cleared["sessionId"], cleared["messageCount"]) == (chat["sessionId"], 0)
        assert (await http(node, "GET", f"{root}/history?sessionId={chat['sessionId']}"))[1]["messages"] == []
        assert (await http(node, "GET", "/api/agents/bob/chat/history"))[0] == 404


@requirement("G20")
async def test_the_history_of_a_session_that_is_not_there_is_not_an_empty_one(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        for method, path in (("GET", "chat/history"), ("GET", "chat/session"), ("DELETE", "history")):
            status, body, _ = await http(node, method, f"/api/agents/self/{path}?sessionId=never")
            assert (status, body["code"]) == (404, "no_such_session")


@requirement("G1")
@pytest.mark.parametrize(
    ("session_id", "why"), [("active", "reserved"), ("x" * 129, "128 characters")], ids=["reserved", "long"]
)
async def test_no_door_opens_a_session_that_another_one_could_not_show(
    tmp_path: Path, session_id: str, why: str
) -> None:
    async with running_node(tmp_path) as node, node.socket() as socket:
        chat = {"message": "hi", "sessionId": session_id}
        for method, path, body in (
            ("POST", CHAT, chat),
            ("POST", "/api/agent/chat", chat),
            ("PUT", f"{ROOT}/{session_id}", {"messages": [{"role": "user", "content": "hi"}]}),
        ):
            assert (await http(node, method, path, body))[0] == 400
        await socket.ask("hi", sessionId=session_id)
        refused = (await socket.until("error"))["data"]
        assert refused["about"] == "ask"
        assert why in refused["message"]
        assert await get(node) == []


@requirement("G14", "G15")
async def test_pinned_sessions_lead_and_archived_ones_leave_the_list_but_are_found(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        ids = [(await say(node, f"what time is it number{i}"))["sessionId"] for i in range(3)]
        await http(node, "PUT", f"{ROOT}/{ids[0]}", {"pinned": True})
        await http(node, "PUT", f"{ROOT}/{ids[1]}", {"archived": True})
        assert [row["id"] for row in await get(node)] == [ids[0], ids[2]]
        assert [row["id"] for row in await get(node, "?archived=true")] == [ids[1]]
        [hit] = await get(node, "?q=number1")
        assert (hit["id"], hit["archived"]) == (ids[1], True)
        await http(node, "PUT", f"{ROOT}/{ids[1]}", {"archived": False})
        assert {row["id"] for row in await get(node)} == set(ids)


@requirement("G13")
async def test_a_search_shows_where_the_words_stand(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        ollama.chat(answer("Emperor penguins live in Antarctica."))
        async with running_node(tmp_path, model=None, ollama_url=ollama.address) as node:
            chat = await say(node, "where are they?")
            await http(node, "PUT", f"{ROOT}/{chat['sessionId']}", {"archived": True})
            [hit] = await get(node, "?q=antarc")
            assert hit["id"] == chat["sessionId"]
            assert "live in Antarctica" in hit["excerpt"]


@requirement("G13")
@pytest.mark.parametrize(
    "words",
    ["budget", "überblick", "UBERBLICK", "BUDGET über", "u\u0308berbl", "blick", "日本", "ΣΟΦΌΣ", "GRÖSSE"],
)
async def test_a_title_is_found_by_its_parts_whatever_their_case_and_accents(
    tmp_path: Path, words: str
) -> None:
    async with running_node(tmp_path) as node:
        await say(node, "what time is it", "other")
        await say(node, "what time is it", "s")
        await http(
            node, "PUT", f"{ROOT}/s", {"title": "Quarterly Budget Überblick: σοφός, Größe, 今日は日本語の"}
        )
        assert [hit["id"] for hit in await get(node, f"?q={quote(words)}")] == ["s"]


@requirement("G16")
async def test_deleting_can_ask_for_the_title_and_is_final(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        chat = await say(node, "what time is it")
        one = f"{ROOT}/{chat['sessionId']}"
        await http(node, "PUT", f"{ROOT}/active", {"id": chat["sessionId"]})
        status, refused, _ = await http(node, "DELETE", f"{one}?title=another")
        assert (status, refused["code"]) == (409, "wrong_title")
        assert "'what time is it'" in refused["error"]
        assert (await http(node, "DELETE", f"{one}?title=what%20time%20is%20it"))[0] == 204
        assert (await http(node, "GET", one))[0] == 404
        assert await get(node, "/active") == {"id": None}


async def test_the_active_session_is_kept_and_has_to_exist(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        chat = await say(node, "what time is it")
        assert (await http(node, "PUT", f"{ROOT}/active", {"id": "ghost"}))[0] == 404
        await http(node, "PUT", f"{ROOT}/active", {"id": chat["sessionId"]})
    async with running_node(tmp_path) as node:
        assert await get(node, "/active") == {"id": chat["sessionId"]}
        await http(node, "PUT", f"{ROOT}/active", {"id": None})
        assert await get(node, "/active") == {"id": None}


@requirement("G17")
async def test_two_sessions_share_neither_history_nor_a_file_of_the_same_name_nor_tools(
    tmp_path: Path,
) -> None:
    async with FakeOllama() as ollama:
        ollama.chat(
            reply(calls(("load_tools", {"groups": ["zeta"]})), done()),
            answer("a read"),
            answer("b read"),
            answer("a on"),
        )
        async with (
            running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
            node.socket() as socket,
        ):
            pushed = [
                {"name": f"{group}.tool{i}", "description": "Does a thing."}
                for group in ("alpha", "zeta")
                for i in range(30)
            ]
            await socket.send("manifest", {"tools": pushed})
            for session, content in (("a", "RED"), ("b", "BLUE")):
                context = {"uri": "file:///todo.txt", "title": "todo.txt", "content": content}
                await socket.whole_turn("read it", f"t-{session}", sessionId=session, context=context)
            await socket.whole_turn("go on", "t-a2", sessionId="a")
            first, _, other, again = [str(asked["messages"]) for asked in ollama.asked]
            assert "RED" in first
            assert "BLUE" in other
            assert "RED" not in other
            assert "a read" not in other
            assert "BLUE" not in again
            assert "b read" not in again
            shown = ["zeta" in str(asked.get("tools")) for asked in ollama.asked]
            assert shown == [False, True, False, True]


@requirement("G19")
async def test_an_export_comes_back_as_it_was(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        chat = await say(node, "what time is it")
        await say(node, "what is the date", chat["sessionId"])
        await http(node, "PUT", f"{ROOT}/{chat['sessionId']}", {"pinned": True, "title": "Clock"})
        exported = await get(node, f"/{chat['sessionId']}/export")
        status, brought, _ = await http(node, "POST", f"{ROOT}/import", exported)
        assert (status, brought["title"]) == (201, "Clock")
        assert brought["id"] != chat["sessionId"]
        again = await get(node, f"/{brought['id']}/export")
        assert {**again, "id": ""} == {**exported, "id": ""}
        assert len(await get(node)) == 2
        assert (await get(node, "?q=date"))[0]["id"] == brought["id"]


@requirement("G19")
async def test_an_emptied_session_is_brought_back_empty(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        chat = await say(node, "what time is it")
        await http(node, "POST", f"{ROOT}/{chat['sessionId']}/reset")
        exported = await get(node, f"/{chat['sessionId']}/export")
        status, brought, _ = await http(node, "POST", f"{ROOT}/import", exported)
        assert (status, brought["title"], brought["messageCount"]) == (201, "what time is it", 0)
        assert (await say(node, "what is the date", brought["id"]))["answer"]


UNSTORABLE: list[dict[str, object]] = [
    {"tokensIn": 10**30}, {"executionTimeMs": -1}, {"createdAt": float("inf")}, {"createdAt": float("nan")},
    {"createdAt": 1e15}, {"position": 10**30}, {"toolCalls": [{"name": "x", "arguments": {"x": [float("inf")]}}]},
    {"toolCalls": [{"name": 5}]}, {"toolCalls": [{"name": "clock.now", "arguments": "none"}]},
]  # fmt: skip
"""What would make the store refuse the session, or its reader stumble over what it holds."""


@requirement("G2")
async def test_a_transcript_is_replaced_in_the_words_of_model_servers_too(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}]
    async with running_node(tmp_path) as node:
        status, session, _ = await http(node, "PUT", f"{ROOT}/mine", {"messages": messages, "title": "Mine"})
        assert (status, session["title"], session["messageCount"]) == (200, "Mine", 2)
        whole = await get(node, "/mine")
        assert [(m["role"], m["content"]) for m in whole["messages"]] == [("user", "hi"), ("agent", "yo")]


@requirement("G19")
async def test_a_transcript_from_elsewhere_needs_only_roles_and_texts(tmp_path: Path) -> None:
    file = {
        "title": "Old chat",
        "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "# Hello\nyou"}],
    }
    async with running_node(tmp_path) as node:
        _, brought, _ = await http(node, "POST", f"{ROOT}/import", file)
        whole = await get(node, f"/{brought['id']}")
        assert [(m["role"], m["content"]) for m in whole["messages"]] == [
            ("user", "hi"),
            ("agent", "# Hello\nyou"),
        ]
        written = await node.client.transcript(brought["id"])
        assert "# Old chat\n" in written
        assert "## You\n\nhi\n\n## Agent\n\n### Hello\nyou" in written
        bad_exports: list[object] = [
            {"title": "x"}, {"messages": [{"role": "boss", "content": ""}]}, [],
            *[{"title": "x", "messages": [{"role": "user", "content": "", **odd}]} for odd in UNSTORABLE],
        ]  # fmt: skip
        for bad in bad_exports:
            assert (await http(node, "POST", f"{ROOT}/import", bad))[0] == 400
        assert len(await get(node)) == 1


async def test_a_long_transcript_is_read_page_by_page(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": f"m{i}"} for i in range(25)]
    async with running_node(tmp_path) as node:
        _, brought, _ = await http(node, "POST", f"{ROOT}/import", {"title": "long", "messages": messages})
        one = f"/{brought['id']}"
        seen: list[str] = []
        page = await get(node, f"{one}?limit=10")
        while True:
            seen = [m["content"] for m in page["messages"]] + seen
            if not page["hasEarlier"]:
                break
            page = await get(node, f"{one}?limit=10&before={page['messages'][0]['position']}")
        assert (
            seen
            == [m["content"] for m in messages]
            == [m["content"] for m in (await get(node, one))["messages"]]
        )
        assert (await http(node, "GET", f"{ROOT}{one}?limit=many"))[0] == 400


@requirement("G20")
async def test_a_session_that_cannot_be_read_says_so_and_no_other_takes_its_place(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        chat = await say(node, "what time is it")
        await say(node, "what is the date", "whole")
        with sqlite3.connect(tmp_path / "palaver.db") as file:
            file.execute(
                "UPDATE messages SET tool_calls = '[{' WHERE session_id = ? AND role = 'agent'",
                (chat["sessionId"],),
            )
        file.close()
        one = f"{ROOT}/{chat['sessionId']}"
        for path in (
            one,
            f"{one}?limit=5",
            f"{one}/export",
            f"/api/agents/self/history?sessionId={chat['sessionId']}",
        ):
            status, body, _ = await http(node, "GET", path)
            assert (status, body["code"]) == (500, "session_unreadable")
            assert "message 2 is damaged" in body["error"]
        body = {"message": "and now?", "sessionId": chat["sessionId"]}
        status, refused, _ = await http(node, "POST", CHAT, body)
        assert (status, refused["code"]) == (500, "session_unreadable")
        assert {row["id"] for row in await get(node)} == {chat["sessionId"], "whole"}
        assert len((await get(node, "/whole"))["messages"]) == 2


@requirement("G20")
@pytest.mark.parametrize(
    ("lost", "told"),
    [(("answer", "done"), ["error", "done"]), (("done",), ["done"])],
    ids=["answer-untold", "answer-told"],
)
async def test_a_node_starts_though_the_answer_that_it_still_has_to_tell_of_is_damaged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, lost: tuple[str, ...], told: list[str]
) -> None:
    async with running_node(tmp_path) as node, node.socket() as socket:
        seen = (await socket.whole_turn("what time is it", sessionId="s"))[-1 - len(lost)]["seq"]
    with sqlite3.connect(tmp_path / "palaver.db") as file:
        # As a node leaves it that was killed before the log had the end of the turn.
        file.execute("UPDATE turns SET owed = 'done'")
        file.execute(f"DELETE FROM events WHERE event IN ({', '.join('?' * len(lost))})", lost)
        file.execute("UPDATE messages SET tool_calls = '{broken' WHERE role = 'agent'")
    file.close()
    async with running_node(tmp_path) as node, node.socket() as socket:
        await socket.send("resume", {"sessionId": "s", "lastSeq": seen})
        end = await socket.until("done")
        assert [frame["event"] for frame in socket.frames[1:]] == told
        assert end["data"]["reason"] == ("failed" if "error" in told else "answered")
        assert all("is damaged" in frame["data"]["message"] for frame in socket.frames[1:-1])
        assert "message 2 is damaged" in caplog.text
        assert (await say(node, "what is the date", "whole"))["answer"]


@requirement("B18")
async def test_what_an_answer_cites_stays_with_it_in_every_form_of_the_transcript(tmp_path: Path) -> None:
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "oven.md").write_text("# Oven\n\nE4 means that the steam generator has run dry.\n")
    look = calls(("shared.search", {"query": "what E4 means on the oven"}))
    async with FakeOllama() as ollama:
        ollama.chat(reply(look, done()), answer("It has run dry [handbook/oven.md:3]."))
        async with (
            running_node(tmp_path / "node", model=None, ollama_url=ollama.address) as node,
            node.socket() as socket,
        ):
            await node.client.share(str(folder), ["all"])
            frames = await socket.whole_turn("what is E4?", sessionId="s")
            (live,) = frames[-2]["data"]["citations"]
            assert (live["file"], live["first"], live["last"]) == ("handbook/oven.md", 3, 3)
            assert (await get(node, "/s"))["messages"][-1]["citations"] == [live]
            exported = await get(node, "/s/export")
            _, brought, _ = await http(node, "POST", f"{ROOT}/import", exported)
            assert (await get(node, f"/{brought['id']}"))["messages"][-1]["citations"] == [live]
            async with node.socket() as other:
                # A number that was never given out: it cannot be gone on from.
                await other.send("resume", {"sessionId": "s", "lastSeq": 9_999})
                shown = (await other.until("snapshot"))["data"]["messages"]
                assert [message["citations"] for message in shown] == [[], [live]]
            exported["messages"][-1]["citations"] = [{"file": "no lines"}]
            status, _, _ = await http(node, "POST", f"{ROOT}/import", exported)
            assert status == 400
