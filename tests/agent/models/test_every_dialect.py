"""What holds for every model behind a socket, whatever it speaks."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from agent.history import UserMessage
from agent.models.base import ErrorKind, Model, ModelFacts, TextDelta
from agent.models.ollama import OllamaModel
from agent.models.openai import OpenAIModel
from tests.agent.models.play import DEADLINE_S, ask, collected, failed, said
from tests.fakes import ollama_server as ollama
from tests.fakes import openai_server as openai
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.scripted_server import Break, Reply, ScriptedServer, Step
from tests.mission import requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    server: ScriptedServer
    model: Model
    path: str
    first: bytes
    """The piece of a stream that says `x`."""
    answer: Reply
    """A whole reply that says `ok`."""

    def hangs(self) -> Reply:
        """Say `x` and then nothing more."""
        steps: list[Step] = [self.first, asyncio.Event()]
        return Reply(steps=steps, content_type=self.answer.content_type)


@pytest.fixture(params=["ollama", *openai.PROVIDERS])
async def dialect(request: pytest.FixtureRequest) -> AsyncGenerator[Dialect, None]:
    if request.param == "ollama":
        async with FakeOllama() as server:
            model: Model = OllamaModel(server.address, ollama.TINY)
            (first,) = ollama.text("x")
            yield Dialect(
                server=server,
                model=model,
                path="/api/chat",
                first=ollama.line(first),
                answer=ollama.answer("ok"),
            )
            await model.close()
        return
    async with FakeOpenAI(request.param) as other:
        model = OpenAIModel(ModelFacts(provider=request.param, name="m", label="m", address=other.address))
        (part,) = openai.text("x")
        yield Dialect(
            server=other,
            model=model,
            path="/v1/chat/completions",
            first=openai.event(part),
            answer=openai.answer("ok"),
        )
        await model.close()


async def test_closing_a_stream_closes_the_connection_at_the_server(dialect: Dialect) -> None:
    dialect.server.play(dialect.path, dialect.hangs())
    async with asyncio.timeout(DEADLINE_S):
        async with aclosing(dialect.model.stream(ask())) as stream:
            assert await anext(stream) == TextDelta("x")
            assert not dialect.server.disconnected.is_set()
        await dialect.server.disconnected.wait()


async def test_cancelling_the_reader_closes_the_connection_at_the_server(dialect: Dialect) -> None:
    dialect.server.play(dialect.path, dialect.hangs())
    begun = asyncio.Event()

    async def read() -> None:
        async with aclosing(dialect.model.stream(ask())) as stream:
            async for _ in stream:
                begun.set()

    async with asyncio.timeout(DEADLINE_S):
        task = asyncio.create_task(read())
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await dialect.server.disconnected.wait()


async def test_cancelling_before_the_first_byte_closes_the_connection_too(dialect: Dialect) -> None:
    asked = asyncio.Event()

    def silent(_: object) -> Reply:
        asked.set()
        return Reply(steps=[asyncio.Event()], content_type=dialect.answer.content_type)

    dialect.server.play(dialect.path, silent)
    async with asyncio.timeout(DEADLINE_S):
        task = asyncio.create_task(collected(dialect.model))
        await asked.wait()
        task.cancel()
        await asyncio.wait([task])
        await dialect.server.disconnected.wait()


async def test_rounds_that_follow_at_once_use_a_connection_each(dialect: Dialect) -> None:
    """llama-server promises keep-alive and closes after every stream; a reused connection would fail."""
    rounds = 20
    dialect.server.answer(dialect.path, dialect.answer)
    for _ in range(rounds):
        assert said(await collected(dialect.model)) == "ok"
    asked = [seen for seen in dialect.server.seen if seen.path == dialect.path]
    assert len({seen.connection for seen in asked}) == rounds
    assert {seen.headers["connection"] for seen in asked} == {"close"}


async def test_many_streams_run_beside_each_other(dialect: Dialect) -> None:
    dialect.server.answer(dialect.path, dialect.answer)
    answers = await asyncio.gather(*(collected(dialect.model) for _ in range(50)))
    assert {said(deltas) for deltas in answers} == {"ok"}


async def test_a_proxy_of_the_environment_is_not_used(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    dialect.server.play(dialect.path, dialect.answer)
    assert said(await collected(dialect.model)) == "ok"


@requirement("C9")
async def test_a_redirect_is_an_error_and_not_followed(dialect: Dialect) -> None:
    async with ScriptedServer() as elsewhere:
        there = (("Location", f"{elsewhere.address}{dialect.path}"),)
        dialect.server.play(dialect.path, Reply(status=307, headers=there))
        _, error = await failed(dialect.model)
        assert error.kind is ErrorKind.REFUSED
        assert elsewhere.seen == []


async def test_a_prompt_of_megabytes_arrives_whole(dialect: Dialect) -> None:
    dialect.server.play(dialect.path, dialect.answer)
    prompt = "é" * 1_000_000
    assert said(await collected(dialect.model, ask(UserMessage(text=prompt)))) == "ok"
    assert dialect.server.bodies(dialect.path)[0]["messages"] == [{"role": "user", "content": prompt}]


@requirement("A8")
async def test_a_connection_reset_before_any_answer_is_an_error(dialect: Dialect) -> None:
    dialect.server.play(dialect.path, Reply(steps=[Break.ABORT]))
    seen, error = await failed(dialect.model)
    assert seen == []
    assert error.kind is ErrorKind.BROKEN


async def test_the_stream_of_a_model_is_not_compressed(dialect: Dialect) -> None:
    dialect.server.play(dialect.path, dialect.answer)
    await collected(dialect.model)
    assert dialect.server.seen[0].headers["accept-encoding"] == "identity"
    assert dialect.server.seen[0].headers["content-type"] == "application/json"
