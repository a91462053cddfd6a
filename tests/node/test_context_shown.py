"""How full the window is, as the owner reads it: by the server's own count, never guessed, never above all."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.events import UsageEvent
from node.api.history import percent
from node.console.conversation import Conversation
from node.console.foot import toolbar
from node.console.render import context_text
from tests.fakes import openai_server as openai
from tests.fakes.openai_server import FakeOpenAI
from tests.mission import requirement
from tests.node.nodes import running_node
from tests.node.slash import typed


def foot_after(data: dict[str, object]) -> str:
    conversation = Conversation()
    conversation.say("hi")
    [ask] = conversation.to_send()
    told = {"model": "m"} | data | {"turnId": ask.turn_id, "sessionId": "s"}
    conversation.receive(UsageEvent.model_validate(told))
    return toolbar(conversation, surroundings="alice", connected=True, hint="")


@requirement("N9")
@pytest.mark.parametrize(
    ("used", "window", "shown"),
    [
        (2_500, 200_000, "context 2.5K / 200.0K (1%)"),
        (512, 4_096, "context 512 / 4.1K (12%)"),
        (9_000, 8_192, "context 9.0K / 8.2K (100%)"),
        (2_500, None, "context 2.5K / ?"),
        (None, 8_192, "context ? / 8.2K"),
        (None, None, "context ?"),
    ],
)
def test_the_foot_of_the_console_shows_what_is_known(
    used: int | None, window: int | None, shown: str
) -> None:
    assert context_text(used, window) == shown
    assert f" · {shown} · " in foot_after(
        {"promptTokens": used, "completionTokens": 1, "contextWindow": window}
    )


@requirement("N9")
@given(st.integers(0, 10**9), st.integers(1, 10**7))
def test_no_share_is_above_the_whole(used: int, window: int) -> None:
    assert int(context_text(used, window).partition("(")[2].partition("%")[0]) <= 100


@requirement("N9", "U10")
async def test_cached_tokens_are_part_of_the_prompt_and_not_added_to_it(tmp_path: Path) -> None:
    async with FakeOpenAI("vllm") as server:
        counts = openai.usage(2_000, 5, prompt_tokens_details={"cached_tokens": 1_900})
        server.chat(openai.reply(*openai.text("ok"), openai.delta("stop"), counts, openai.DONE))
        settings = {"models.url": server.address}
        async with running_node(tmp_path, model=None, settings=settings) as node, node.socket() as ws:
            await ws.ask("hi")
            usage = (await ws.until("usage"))["data"]
            assert (usage["promptTokens"], usage["contextWindow"]) == (2_000, 2_048)
            assert "(98%)" in foot_after(usage)


@requirement("N10")
async def test_a_server_that_counts_nothing_leaves_it_unknown(tmp_path: Path) -> None:
    async with FakeOpenAI() as server:
        server.chat(openai.reply(*openai.text("ok"), openai.delta("stop"), openai.DONE))
        settings = {"models.url": server.address}
        async with running_node(tmp_path, model=None, settings=settings) as node, node.socket() as ws:
            await ws.ask("hi", sessionId="s")
            usage = (await ws.until("usage"))["data"]
            assert (usage["promptTokens"], usage["contextWindow"]) == (None, None)
            assert "context ?" in foot_after(usage)
            await ws.until("done")
            session: Any = await node.client.call("GET", "/api/chat/sessions/s")
            for kept in (session["messages"][-1], session["totals"]):
                assert (kept["tokensIn"], kept["contextUsed"], kept["contextMax"]) == (None, None, None)
            of_agent: Any = await node.client.call("GET", "/api/agents/self/chat/session?sessionId=s")
            assert (of_agent["contextTokens"], of_agent["contextPercent"]) == (None, None)
            assert "not reported" in await typed(node.client, "/usage", "s")


@pytest.mark.parametrize(
    ("used", "window", "share"),
    [
        (2_500, 200_000, 1.2),
        (9_999, 2_000, 100.0),
        (0, 2_000, 0.0),
        (0, None, None),
        (5, None, None),
        (None, 2_000, None),
    ],
)
@requirement("N9", "N10")
def test_the_share_over_http_is_unknown_or_at_most_the_whole(
    used: int | None, window: int | None, share: float | None
) -> None:
    assert percent(used, window) == share
