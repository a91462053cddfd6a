"""How the loop keeps a model in bounds, seen by a client and by the server behind the node."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import openai_server as openai
from tests.fakes.ollama_server import (
    ALL,
    TINY,
    FakeOllama,
    answer,
    calls,
    done,
    reply,
    text,
    thinking,
)
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.scripted_server import Reply
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, events, running_node, said, talking

LOOK = {
    "name": "panes.look",
    "description": "Look at a pane.",
    "params": {"type": "object", "properties": {"id": {"type": "string"}}},
    "sideEffect": False,
}
NO_CALL_RUNS_TWICE = {"agent.permissions.mode": "plan"}


def asks_for(name: str, arguments: Callable[[int], dict[str, object]]) -> Callable[[Any], Reply]:
    """Call a tool in every round that offers any, each time with other arguments."""
    rounds = iter(range(1_000))

    def script(body: Any) -> Reply:
        if "tools" not in body:
            return answer("I found some of it, then the budget ended.")
        return reply(calls((name, arguments(next(rounds)))), done())

    return script


def notices(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["data"]["text"] for frame in frames if frame["event"] == "status"]


# --- rounds --------------------------------------------------------------------------------------


@requirement("B1", "B3")
async def test_out_of_rounds_the_model_answers_once_more_without_tools(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.maxRounds": 3}) as (_, ollama, ws):
        ollama.answer("/api/chat", asks_for("sessions.search", lambda n: {"query": f"word{n}"}))
        frames = await ws.whole_turn("search my sessions for everything")
        assert ["tools" in body for body in ollama.asked] == [True, True, True, False]
        assert "budget of tool calls" in ollama.asked[-1]["messages"][-1]["content"]
        assert frames[-2]["data"]["text"] == "I found some of it, then the budget ended."
        assert "the budget of 3 rounds has ended" in notices(frames)


@requirement("B2")
async def test_rounds_of_meta_tools_alone_are_free_up_to_six(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.maxRounds": 2}) as (_, ollama, ws):
        ollama.answer("/api/chat", asks_for("load_tools", lambda _: {"groups": ["notes"]}))
        await ws.whole_turn("load for ever")
        assert len(ollama.asked) == 6 + 2 + 1


@requirement("B10")
async def test_a_model_that_only_tells_of_its_call_is_nudged_once(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        ollama.answer("/api/chat", answer("I'll call clock.now to see the time."))
        frames = await ws.whole_turn("what time is it?")
        assert len(ollama.asked) == 2
        assert ollama.asked[1]["format"]["properties"]["tool"]["enum"]
        assert events(frames)[-2:] == ["answer", "done"]


@requirement("B16")
async def test_an_unknown_tool_goes_to_no_client_and_near_names_go_to_the_model(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        ollama.chat(reply(calls(("panesLook", {"id": "a"})), done()), answer("Oh."))
        await ws.send("manifest", {"tools": [LOOK]})
        frames = await ws.whole_turn("look")
        assert "did you mean panes.look" in ollama.asked[1]["messages"][-1]["content"]
        assert "tool_call" not in events(frames)


@requirement("B20", "B19")
async def test_the_wire_has_one_system_message_and_no_reasoning_of_earlier_turns(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.chat(
            reply(*thinking("first thoughts"), calls(("clock.now", {})), done()),
            reply(*thinking("second thoughts"), *text("Noon."), done()),
            answer("Still noon."),
        )
        await ws.whole_turn("what time is it?", "t1", sessionId="s")
        await ws.whole_turn("and now?", "t2", sessionId="s")
        for body in ollama.asked:
            roles = [message["role"] for message in body["messages"]]
            assert roles.count("system") == 1
            assert roles[0] == "system"
        assert "first thoughts" in str(ollama.asked[1])
        assert "thoughts" not in str(ollama.asked[2])
        session: Any = await node.client.call("GET", "/api/chat/sessions/s")
        assert session["messages"][1]["reasoning"] == "first thoughtssecond thoughts"
        assert session["messages"][1]["content"] == "Noon."


# --- calls ---------------------------------------------------------------------------------------


@requirement("D10")
async def test_reads_of_one_round_run_at_the_same_time(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        both = calls(("panes.look", {"id": "a"}), ("panes.look", {"id": "b"}))
        ollama.chat(reply(both, done()), answer("Both."))
        await ws.send("manifest", {"tools": [LOOK]})
        await ws.ask("look at the panes")
        asked = [(await ws.until("tool_call"))["data"] for _ in range(2)]
        assert [call["args"]["id"] for call in asked] == ["a", "b"]
        for call in reversed(asked):
            result = {"turnId": "t1", "callId": call["callId"], "ok": True, "result": call["args"]["id"]}
            await ws.send("tool_result", result)
        await ws.until("done")
        read = [message["content"] for message in ollama.asked[1]["messages"] if message["role"] == "tool"]
        assert read == ["a", "b"]


async def test_the_third_same_call_in_a_row_is_put_to_the_owner(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        same = reply(calls(("clock.now", {})), done())
        ollama.chat(same, same, same, same, answer("Never."))
        await ws.ask("what time is it?")
        request = (await ws.until("approval_request"))["data"]
        assert request["tool"] == "clock.now"
        assert "the same call 3 times in a row" in request["reason"]
        assert len(ollama.asked) == 3
        await ws.send("approval_response", {"approvalId": request["approvalId"], "decision": "deny"})
        failed = (await ws.until("error"))["data"]
        assert failed["code"] == "repeated_call"
        await ws.until("done", reason="failed")
        assert len(ollama.asked) == 4


async def test_where_nobody_is_attached_a_repeated_call_is_an_error_and_then_the_end(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, _):
        ollama.answer("/api/chat", reply(calls(("clock.now", {})), done()))
        with pytest.raises(Exception, match=r"the same call of clock\.now again and again") as caught:
            await node.client.call("POST", "/api/agents/self/chat", {"message": "what time is it?"})
        assert getattr(caught.value, "code", "") == "repeated_call"
        assert len(ollama.asked) == 4
        assert "nobody is attached" in ollama.asked[3]["messages"][-1]["content"]


async def test_a_repeated_call_without_a_name_is_told_as_one(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        ollama.answer("/api/chat", reply(calls(("", {})), done()))
        await ws.ask("what time is it?")
        assert "the same call of a tool without a name again" in (await ws.until("error"))["data"]["message"]


# --- time ----------------------------------------------------------------------------------------


@requirement("B23")
async def test_a_model_that_thinks_gives_a_sign_of_life_and_one_that_writes_needs_none(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path, {"agent.statusEveryS": 0.05}) as (_, ollama, ws):
        loaded, thought = asyncio.Event(), asyncio.Event()
        ollama.chat(reply(loaded, *thinking("hm"), thought, *text("Paris."), done()))
        await ws.ask("capital of France?")
        await ws.until("status", text="waiting for the model, 0 s")
        loaded.set()
        await ws.until("status", text="thinking, 0 s")
        await ws.until("status", text="thinking, 0 s")
        thought.set()
        await ws.until("done", reason="answered")
        said_after = ws.frames[events(ws.frames).index("token") :]
        assert "status" not in events(said_after)


@requirement("B23")
async def test_a_model_that_falls_silent_after_its_first_words_is_said_to_pause(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.statusEveryS": 0.05}) as (_, ollama, ws):
        go_on = asyncio.Event()
        ollama.chat(reply(*text("Par"), go_on, *text("is."), done()))
        await ws.ask("capital of France?")
        await ws.until("status", text="the model pauses, 0 s")
        go_on.set()
        await ws.until("done", reason="answered")


@requirement("B22")
@pytest.mark.parametrize(
    ("setting", "says"), [("agent.turnIdleS", "(idle limit)"), ("agent.turnMaxS", "(hard limit)")]
)
async def test_a_stalled_turn_ends_and_the_message_names_the_limit(
    tmp_path: Path, setting: str, says: str
) -> None:
    async with talking(tmp_path, {setting: 0.2}) as (_, ollama, ws):
        ollama.chat(reply(*text("So far "), asyncio.Event(), done()))
        frames = await ws.whole_turn("tell me")
        assert says in frames[-2]["data"]["message"]
        assert "0.2 s" in frames[-2]["data"]["message"]
        assert frames[-1]["data"]["reason"] == "failed"
        async with asyncio.timeout(PATIENCE_S):
            await ollama.disconnected.wait()


@requirement("B23")
async def test_a_model_that_writes_a_call_is_seen_to_do_so(tmp_path: Path) -> None:
    often: dict[str, object] = {"agent.statusEveryS": 0.05}
    async with (
        FakeOpenAI() as server,
        running_node(tmp_path, model=None, ollama_url=server.address, settings=often) as node,
        node.socket() as ws,
    ):
        seen = asyncio.Event()
        begun, ended = (openai.call(0, "a", name="clock_now", arguments="{"), openai.call(0, arguments="}"))
        server.chat(
            openai.reply(begun, seen, ended, openai.delta("tool_calls"), openai.DONE), openai.answer("Noon.")
        )
        await ws.ask("what time is it?")
        await ws.until("status", text="writing a call of clock.now, 0 s")
        seen.set()
        await ws.until("done", reason="answered")


# --- arguments of a model that means harm -------------------------------------------------------


@requirement("B15", "G20")
@pytest.mark.parametrize("arguments", ["[" * 400 + "]" * 400, "1e999"], ids=["deep", "infinite"])
async def test_no_arguments_make_a_session_unreadable(tmp_path: Path, arguments: str) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        call = f'{{"function": {{"name": "clock.now", "arguments": {{"x": {arguments}}}}}}}'
        line = f'{{"message": {{"content": "", "tool_calls": [{call}]}}, "done": true}}\n'
        ollama.chat(reply(line.encode()), answer("ok"))
        frames = await ws.whole_turn("what time is it?", sessionId="s")
        assert frames[-1]["event"] == "done"
        assert frames[-2]["data"].get("code") != "internal_error"
        session = await node.client.session("s", 10)
        assert [message["role"] for message in session["messages"]] == ["user", "agent"]


# --- which model, and how it samples -------------------------------------------------------------


@requirement("B8")
async def test_the_orchestrators_model_is_that_of_turns_alone_and_blank_clears_it(tmp_path: Path) -> None:
    async with (
        FakeOllama({"gemma4:e2b": ALL, TINY: ALL}) as ollama,
        running_node(tmp_path, model=None, ollama_url=ollama.address) as node,
        node.socket() as ws,
    ):
        ollama.answer("/api/chat", answer("ok"))

        async def models() -> list[str]:
            await ws.whole_turn("hi", f"t{len(ollama.asked)}")
            await node.client.call("POST", "/api/agent/complete", {"prompt": "The sky is"})
            return [body["model"] for body in ollama.asked[-2:]]

        assert await models() == ["gemma4:e2b", "gemma4:e2b"]
        await node.client.set_setting("agent.orchestrator.model", TINY)
        assert await models() == [TINY, "gemma4:e2b"]
        await node.client.set_setting("agent.orchestrator.model", "")
        assert await models() == ["gemma4:e2b", "gemma4:e2b"]
        await node.client.set_setting("models.default", TINY)
        assert await models() == [TINY, TINY]


@requirement("B9")
async def test_the_agent_sets_its_sampling_when_the_owner_lets_it(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        wanted = {"temperature": 0.7, "topP": 0.5, "contextSize": 8_192, "maxTokens": 99, "model": TINY}
        ollama.chat(reply(calls(("agent.setHyperparameters", wanted)), done()), answer("Set."), answer("ok"))
        await ws.ask("be bolder", sessionId="s")
        request = (await ws.until("approval_request"))["data"]
        assert request["args"] == wanted
        await ws.send("approval_response", {"approvalId": request["approvalId"], "decision": "allow_once"})
        await ws.until("done", reason="answered")
        for key, value in wanted.items():
            assert await node.client.setting(f"agent.orchestrator.{key}") == value
        await ws.whole_turn("hi", "t2")
        assert ollama.asked[-1]["options"] == {
            "temperature": 0.7, "top_p": 0.5, "num_ctx": 8_192, "num_predict": 99,
        }  # fmt: skip


@requirement("B9")
async def test_plan_mode_lets_nobody_set_the_sampling(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        wanted = {"temperature": 0.7}
        ollama.chat(reply(calls(("agent.setHyperparameters", wanted)), done()), answer("I may not."))
        frames = await ws.whole_turn("be bolder", mode="plan")
        assert "approval_request" not in events(frames)
        assert "mode `plan`" in ollama.asked[1]["messages"][-1]["content"]
        assert await node.client.setting("agent.orchestrator.temperature") == 0.0


@requirement("B9")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [({"temperature": 9, "maxTokens": 5}, "temperature"), ({}, "at least one value"), ({"seed": 1}, "seed")],
)
async def test_values_that_do_not_fit_change_nothing_and_the_model_hears_why(
    tmp_path: Path, arguments: dict[str, object], says: str
) -> None:
    async with talking(tmp_path, {"agent.permissions.mode": "autonomous"}) as (node, ollama, ws):
        ollama.chat(reply(calls(("agent.setHyperparameters", arguments)), done()), answer("Oh."))
        await ws.whole_turn("be bolder")
        result = ollama.asked[1]["messages"][-1]["content"]
        assert result.startswith("error: ")
        assert says in result
        assert await node.client.setting("agent.orchestrator.maxTokens") is None


@requirement("B9")
async def test_zero_and_blank_go_back_to_the_defaults(tmp_path: Path) -> None:
    chosen = {"agent.orchestrator.maxTokens": 99, "agent.permissions.mode": "autonomous"}
    async with talking(tmp_path, chosen) as (node, ollama, ws):
        back = {"maxTokens": 0, "model": ""}
        ollama.chat(reply(calls(("agent.setHyperparameters", back)), done()), answer("Reset."))
        await ws.whole_turn("as before, please")
        assert await node.client.setting("agent.orchestrator.maxTokens") is None


# --- the context window --------------------------------------------------------------------------


@requirement("U10")
async def test_a_prompt_that_the_server_cut_is_said_and_kept_with_the_message(tmp_path: Path) -> None:
    async with talking(tmp_path, {"agent.compactAt": 0}) as (node, ollama, ws):
        ollama.loaded[TINY] = 4_096
        ollama.chat(reply(*text("Carrots."), done(prompt_eval_count=4_090, eval_count=3)))
        frames = await ws.whole_turn("carrot " * 5_000, sessionId="s")
        [said_so] = [notice for notice in notices(frames) if "cut the prompt" in notice]
        assert "read 4090 of about" in said_so
        assert "window of 4096" in said_so
        usage = next(frame["data"] for frame in frames if frame["event"] == "usage")
        assert (usage["promptTokens"], usage["contextWindow"]) == (4_090, 4_096)
        session: Any = await node.client.call("GET", "/api/chat/sessions/s")
        assert session["messages"][1]["notices"] == [said_so]
        assert session["messages"][1]["contextUsed"] <= session["messages"][1]["contextMax"]


@requirement("U10", "N10")
async def test_the_window_is_unknown_until_the_model_is_loaded_and_then_what_is_loaded(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        assert (await node.client.status())["model"]["contextWindow"] is None  # type: ignore[index]

        def load(_: Any) -> Reply:
            ollama.loaded[TINY] = 4_096
            return reply(*text("ok"), done())

        ollama.chat(load, answer("ok"))
        first = await ws.whole_turn("hi", "t1", sessionId="s")
        second = await ws.whole_turn("hi", "t2", sessionId="s")
        usages = [frame["data"] for frame in (*first, *second) if frame["event"] == "usage"]
        assert [(usage["promptTokens"], usage["contextWindow"]) for usage in usages] == [
            (None, 4_096),
            (20, 4_096),
        ]
        assert (await node.client.status())["model"]["contextWindow"] == 4_096  # type: ignore[index]


@requirement("U10")
async def test_a_model_that_is_loaded_when_the_node_starts_has_its_real_window_at_once(
    tmp_path: Path,
) -> None:
    async with FakeOllama() as ollama:
        ollama.loaded[TINY] = 8_192
        async with running_node(tmp_path, model=None, ollama_url=ollama.address) as node:
            assert (await node.client.status())["model"]["contextWindow"] == 8_192  # type: ignore[index]


@requirement("U10")
async def test_a_model_that_somebody_else_loads_with_another_window_has_that_one_from_the_next_turn_on(
    tmp_path: Path,
) -> None:
    async with talking(tmp_path) as (node, ollama, ws):
        ollama.answer("/api/chat", answer("ok"))
        for turn, loaded in (("t1", 4_096), ("t2", 8_192)):
            ollama.loaded[TINY] = loaded
            frames = await ws.whole_turn("hi", turn)
            [usage] = [frame["data"] for frame in frames if frame["event"] == "usage"]
            assert usage["contextWindow"] == loaded
            assert (await node.client.status())["model"]["contextWindow"] == loaded  # type: ignore[index]


@requirement("U10")
async def test_another_context_size_is_another_window(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, ws):

        def load(body: Any) -> Reply:
            ollama.loaded[TINY] = body["options"].get("num_ctx", 4_096)
            return answer("ok")

        ollama.answer("/api/chat", load)
        windows = []
        for turn, size in (("t1", None), ("t2", 16_384)):
            await node.client.set_setting("agent.orchestrator.contextSize", size)
            frames = await ws.whole_turn("hi", turn)
            windows += [frame["data"]["contextWindow"] for frame in frames if frame["event"] == "usage"]
        assert windows == [4_096, 16_384]


@requirement("U10")
async def test_a_caller_over_http_reads_of_the_cut_beside_the_answer(tmp_path: Path) -> None:
    async with talking(tmp_path) as (node, ollama, _):
        ollama.chat(reply(*text("Carrots."), done(prompt_eval_count=2_000, eval_count=3)))
        body = {"message": "carrot " * 5_000}
        told: Any = await node.client.call("POST", "/api/agents/self/chat", body)
        [notice] = told["notices"]
        assert "cut the prompt: it read 2000 of about" in notice


@requirement("B17")
@pytest.mark.parametrize(("size", "is_cut"), [(24_000, False), (24_001, True)])
async def test_a_buffer_that_is_shown_in_part_may_not_be_written_back_whole(
    tmp_path: Path, size: int, is_cut: bool
) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        ollama.answer("/api/chat", answer("ok"))
        buffer = {
            "uri": "file:///notes.md",
            "title": "notes.md",
            "language": "markdown",
            "content": "n" * size,
        }
        await ws.whole_turn("tidy this", "t1", context=buffer)
        *_, shown, asked = [message["content"] for message in ollama.asked[0]["messages"]]
        assert asked == "tidy this"
        assert "notes.md" in shown
        assert ("Never write the whole file" in shown) is is_cut
        assert ("This is its whole content" in shown) is not is_cut
        await ws.whole_turn("tidy this", "t2", context=buffer | {"uri": None})
        assert [message["role"] for message in ollama.asked[1]["messages"]] == ["system", "user"]


# --- models that misbehave -----------------------------------------------------------------------


async def test_a_model_that_says_nothing_at_all_fails_with_a_plain_reason(tmp_path: Path) -> None:
    async with talking(tmp_path) as (_, ollama, ws):
        ollama.chat(reply(done()))
        frames = await ws.whole_turn("hello?")
        assert events(frames)[-2:] == ["error", "done"]
        assert "without a word" in frames[-2]["data"]["message"]


@pytest.mark.parametrize("how", ["writes", "thinks"])
async def test_a_model_that_streams_for_ever_is_stopped_and_what_it_said_is_kept_to_a_bound(
    tmp_path: Path, how: str
) -> None:
    async with talking(tmp_path, {"agent.replyMaxChars": 5_000}) as (node, ollama, ws):
        make = text if how == "writes" else thinking
        never = asyncio.Event()
        ollama.chat(reply(*make(*["and so on "] * 1_000), never, done()))
        frames = await ws.whole_turn("tell me a story", sessionId="s")
        assert frames[-2]["data"]["code"] == "reply_too_long"
        assert "5000 characters" in frames[-2]["data"]["message"]
        assert len(said(frames, "token" if how == "writes" else "reasoning")) == 5_000
        session: Any = await node.client.call("GET", "/api/chat/sessions/s")
        kept = session["messages"][1]
        assert len(kept["content"]) + len(kept["reasoning"]) == 5_000
        assert kept["state"] == "failed"
        async with asyncio.timeout(PATIENCE_S):
            await ollama.disconnected.wait()


@pytest.mark.parametrize("size", [900_000, 100_000_000])
async def test_a_reply_of_a_hundred_megabytes_in_one_piece_does_not_fill_the_memory(
    tmp_path: Path, size: int
) -> None:
    """Below the bound of a line its text is cut; above it the line is refused unread."""
    async with talking(tmp_path) as (_, ollama, ws):
        ollama._random = None  # one write: a hundred million bytes cut small take too long
        ollama.chat(reply(*text("x" * size), done()))
        frames = await ws.whole_turn("tell me everything")
        assert events(frames)[-2:] == ["error", "done"]
        assert len(said(frames, "token")) == (400_000 if size < 1_000_000 else 0)
        ollama.chat(answer("Paris."))
        assert events(await ws.whole_turn("capital of France?", "t2"))[-2:] == ["answer", "done"]
