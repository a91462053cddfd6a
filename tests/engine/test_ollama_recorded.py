"""Our reader, our fake and our shim beside what a real Ollama said."""

import json
import re
from typing import Any

import aiohttp
import pytest

from agent.models.base import ErrorKind, FinishReason
from agent.models.find import identify
from agent.models.ollama import OllamaModel
from agent.models.ollama_control import OllamaControl
from tests.agent.models.play import ask, called, collected, counted, failed, finish, said, thought
from tests.engine.ollama_shim import OllamaShim
from tests.engine.recorded import CHATS, EXCHANGES, Exchange
from tests.engine.servers import Engine
from tests.fakes import ollama_server
from tests.fakes.ollama_server import CREATED, FakeOllama
from tests.fakes.scripted_server import Reply

BLANKED_TIME = re.compile('"T"')
DEBUG = "chat debug render"
"""A debugging aid without an end; nothing here asks for it."""
TAGGED = "chat empty tools on no-tools model"
"""A bare model's thinking comes as tags within its text, which we tell apart and Ollama does not."""
ANSWERED = [exchange for exchange in CHATS if exchange.status == 200 and exchange.name != DEBUG]
REFUSED = [exchange for exchange in CHATS if exchange.status >= 400]
KINDS = {
    "chat unknown model": ErrorKind.NO_MODEL,
    "chat one message too long": ErrorKind.TOO_LONG,
    "chat one message too long stream": ErrorKind.TOO_LONG,
    "chat history too long no truncate": ErrorKind.TOO_LONG,
    "chat option wrong type": ErrorKind.BROKEN,
    "chat format bogus": ErrorKind.BROKEN,
}
"""Every other refusal is one of the request."""
NOT_PLAYED_BY_THE_SHIM = {
    "chat bad image": "no test sends images",
    "chat cloud name": "there is no cloud behind it",
    "chat stop": "stop words are not used here",
    "chat role unknown": "an endless reply that only Ollama's own limit ends",
    "chat runs past context": "an endless reply that only Ollama's own limit ends",
    "chat runs past context no shift": "an endless reply that only Ollama's own limit ends",
    DEBUG: "a debugging aid",
}


def named(exchange: Exchange) -> str:
    return exchange.name


def played(exchange: Exchange) -> Reply:
    """Answer as the real server did."""
    body = BLANKED_TIME.sub(f'"{CREATED}"', "".join(line + "\n" for line in exchange.lines)).encode()
    return Reply(steps=[body], status=exchange.status, content_type=exchange.content_type)


def told(chunks: list[dict[str, Any]]) -> dict[str, object]:
    """Return what a reply comes to, its texts by their length: streamed letters are recorded as dots."""
    messages = [chunk["message"] for chunk in chunks]
    return {
        "said": sum(len(message["content"]) for message in messages),
        "thought": sum(len(message.get("thinking", "")) for message in messages),
        "called": [call["function"] for message in messages for call in message.get("tool_calls", [])],
        "reason": chunks[-1]["done_reason"],
        "counts": (chunks[-1].get("prompt_eval_count"), chunks[-1].get("eval_count")),
    }


@pytest.mark.parametrize("exchange", ANSWERED, ids=named)
async def test_our_reader_takes_what_a_real_server_answered(exchange: Exchange) -> None:
    async with FakeOllama() as fake:
        fake.chat(played(exchange))
        model = OllamaModel(fake.address, "tiny")
        deltas = await collected(model, ask())
        await model.close()
    expected = told(exchange.chunks)
    if exchange.name == TAGGED:
        assert (thought(deltas).strip(), said(deltas)) == ("just answer", "ok")
    else:
        assert (len(said(deltas)), len(thought(deltas))) == (expected["said"], expected["thought"])
    assert [
        {"index": 0, "name": call.name, "arguments": call.arguments} for call in called(deltas)
    ] == expected["called"]
    assert (counted(deltas).prompt, counted(deltas).completion) == expected["counts"]
    wanted = (
        FinishReason.LENGTH
        if expected["reason"] == "length"
        else FinishReason.CALLS
        if expected["called"]
        else FinishReason.STOP
    )
    assert finish(deltas).reason is wanted


@pytest.mark.parametrize("exchange", REFUSED, ids=named)
async def test_our_reader_tells_a_real_servers_refusal_in_its_words(exchange: Exchange) -> None:
    async with FakeOllama() as fake:
        fake.answer("/api/chat", played(exchange))
        model = OllamaModel(fake.address, "tiny")
        deltas, error = await failed(model, ask())
        await model.close()
    assert not deltas
    assert error.kind is KINDS.get(exchange.name, ErrorKind.REFUSED)
    words = json.loads(exchange.body)["error"]
    words = json.loads(words)["error"]["message"] if words.startswith("{") else words
    assert words in str(error)
    assert '{"' not in str(error)


async def test_our_control_reads_a_real_servers_catalogue() -> None:
    async with FakeOllama() as fake:
        for path, name in (
            ("/api/version", "version"),
            ("/api/tags", "tags"),
            ("/api/show", "show"),
            ("/api/ps", "ps"),
        ):
            fake.answer(path, played(EXCHANGES[name]))
        control = OllamaControl(fake.address)
        assert (await identify(fake.address)).provider == "ollama"
        assert await control.names() == [
            "tiny-chat:latest",
            "tiny-nothink:latest",
            "tiny:latest",
            "rnd:latest",
        ]
        facts = await control.facts("tiny")
    assert (facts.calls_tools, facts.thinks, facts.context_window) == (True, True, 4096)


def shape(value: object) -> object:
    """Return the keys and types of a JSON value; of a list, its first item's."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def fits(ours: object, real: object) -> bool:
    """Whether all of our shape is in the real one, which may hold more."""
    if isinstance(ours, dict) and isinstance(real, dict):
        return all(key in real and fits(value, real[key]) for key, value in ours.items())
    if isinstance(ours, list) and isinstance(real, list):
        return all(fits(mine, real[0]) for mine in ours if real)
    return ours == real


@pytest.mark.parametrize(
    ("method", "path", "body", "recorded"),
    [
        ("GET", "/api/version", None, "version"),
        ("GET", "/api/tags", None, "tags"),
        ("GET", "/api/ps", None, "ps"),
        ("POST", "/api/show", {"model": "tiny"}, "show"),
        ("POST", "/api/show", {"model": "zzz"}, "show missing"),
    ],
)
async def test_our_fake_answers_in_the_shapes_of_a_real_server(
    method: str, path: str, body: object, recorded: str
) -> None:
    async with FakeOllama() as fake, aiohttp.ClientSession(fake.address) as http:
        fake.loaded["tiny:latest"] = 4096
        async with http.request(method, path, json=body) as answer:
            assert answer.status == EXCHANGES[recorded].status
            assert fits(shape(await answer.json()), shape(EXCHANGES[recorded].chunks[0]))


def test_our_fakes_chunks_have_the_shapes_of_real_ones() -> None:
    thinking, text, done = (EXCHANGES["chat stream"].chunks[index] for index in (0, -2, -1))
    called = EXCHANGES["chat tools stream"].chunks[-1]
    ours = [
        (ollama_server.thinking("a")[0], thinking),
        (ollama_server.text("a")[0], text),
        (ollama_server.done(prompt_eval_count=1, eval_count=1), done),
        (ollama_server.done(("read_note", {"name": "alpha"})), called),
        ({**ollama_server.calls(("read_note", {"name": "alpha"})), "done": True}, called),
    ]
    for mine, real in ours:
        assert fits(shape(mine), shape(real)), mine


@pytest.mark.parametrize("exchange", [e for e in CHATS if e.name not in NOT_PLAYED_BY_THE_SHIM], ids=named)
async def test_our_shim_says_what_a_real_server_said(exchange: Exchange, engine: Engine) -> None:
    async with (
        OllamaShim(engine.address) as shim,
        aiohttp.ClientSession(shim.address) as http,
        http.post(exchange.path, data=exchange.sent) as answer,
    ):
        body = await answer.text()
    assert (answer.status, answer.content_type) == (exchange.status, exchange.content_type)
    if exchange.status == 200:
        assert told([json.loads(line) for line in body.splitlines()]) == told(exchange.chunks)
    else:
        assert json.loads(body) == json.loads(exchange.body)
