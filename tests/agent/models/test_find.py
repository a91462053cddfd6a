import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest

from agent.models import find
from agent.models.base import ErrorKind, Model, ModelError
from agent.models.find import Server, base_address, default_addresses, find_model, identify, models_of
from agent.models.http import BODY_MAX_BYTES
from tests.agent.models.play import DEADLINE_S, collected, said
from tests.fakes import ollama_server as ollama
from tests.fakes.ollama_server import ALL, FakeOllama
from tests.fakes.openai_server import PROVIDERS, FakeOpenAI
from tests.fakes.scripted_server import Reply, ScriptedServer, html_reply, json_reply
from tests.mission import requirement

PLAIN = ("completion",)


@pytest.fixture
async def stack() -> AsyncGenerator[AsyncExitStack, None]:
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
async def gone() -> str:
    """An address where nothing listens any more."""
    async with ScriptedServer() as server:
        return server.address


async def taken(stack: AsyncExitStack, *addresses: str, wanted: str | None = None) -> Model:
    async with asyncio.timeout(DEADLINE_S):
        found = await find_model(addresses, wanted)
    assert found.model is not None, found.tried
    stack.push_async_callback(found.model.close)
    return found.model


def test_servers_are_looked_for_where_they_usually_listen_ollama_first() -> None:
    ports = [address.rpartition(":")[2] for address in default_addresses()]
    assert ports == ["11434", "1234", "8001", "8000", "8080"]
    assert default_addresses("http://127.0.0.1:9999")[0] == "http://127.0.0.1:9999"


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("localhost:1234", "http://localhost:1234"),
        (" http://127.0.0.1:8000/v1/ ", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("https://localhost/models/v1", "https://localhost/models"),
    ],
)
def test_an_address_is_understood_as_people_type_it(typed: str, base: str) -> None:
    assert base_address(typed) == base


@requirement("C1", "C4")
async def test_an_ollama_server_is_recognised() -> None:
    async with FakeOllama() as fake:
        assert await identify(fake.address) == Server(provider="ollama", address=fake.address)
        assert [facts.name for facts in await models_of(Server(provider="ollama", address=fake.address))] == [
            ollama.TINY
        ]


@requirement("C1", "C4")
async def test_a_server_that_only_lists_and_chats_as_ollama_does_is_taken_for_one(
    stack: AsyncExitStack,
) -> None:
    async with ScriptedServer() as fake:
        fake.answer("/api/tags", json_reply({"models": [{"name": "small:1b"}]}))
        fake.answer("/api/chat", ollama.answer("ok"))
        model = await taken(stack, fake.address)
        assert (model.facts.provider, model.facts.name) == ("ollama", "small:1b")
        assert said(await collected(model)) == "ok"


@requirement("C2", "C3", "C4")
@pytest.mark.parametrize(
    ("provider", "window"), [("llama-server", 1024), ("vllm", 2048), ("lmstudio", 4096), ("openai", None)]
)
async def test_a_server_of_the_openai_dialect_is_recognised_with_the_window_of_its_model(
    provider: str, window: int | None
) -> None:
    async with FakeOpenAI(provider) as fake:
        server = await identify(f"{fake.address}/v1")
        assert server == Server(provider=provider, address=fake.address)
        facts = (await models_of(server))[0]
    assert (facts.name, facts.provider, facts.context_window) == ("tiny", provider, window)


async def test_lm_studio_offers_language_models_only_the_loaded_ones_first() -> None:
    async with FakeOpenAI("lmstudio") as fake:
        models = await models_of(Server(provider="lmstudio", address=fake.address))
    assert [facts.name for facts in models] == ["tiny", "big-cold"]


@requirement("C1")
@pytest.mark.parametrize(
    ("models", "chosen"),
    [
        ({"other:1b": ALL, "gemma4:e2b": ALL}, "gemma4:e2b"),
        ({"plain:latest": PLAIN, "other:1b": ALL, "third:1b": ALL}, "other:1b"),
    ],
)
async def test_the_node_takes_the_default_model_or_else_the_first_that_calls_tools(
    stack: AsyncExitStack, models: dict[str, tuple[str, ...]], chosen: str
) -> None:
    fake = await stack.enter_async_context(FakeOllama(models))
    model = await taken(stack, fake.address)
    assert model.facts.name == chosen
    assert (model.facts.calls_tools, model.facts.thinks) == (True, True)
    fake.chat(ollama.answer("hi"))
    assert said(await collected(model)) == "hi"


async def test_a_wanted_model_is_found_wherever_it_is(stack: AsyncExitStack) -> None:
    first = await stack.enter_async_context(FakeOllama({"gemma4:e2b": ALL}))
    second = await stack.enter_async_context(FakeOllama({"gemma4:e2b": ALL, "mine:latest": PLAIN}))
    model = await taken(stack, first.address, second.address, wanted="mine")
    assert (model.facts.address, model.facts.name) == (second.address, "mine:latest")


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_the_first_server_that_answers_is_taken(
    stack: AsyncExitStack, gone: str, provider: str
) -> None:
    first = await stack.enter_async_context(FakeOpenAI(provider))
    second = await stack.enter_async_context(FakeOllama())
    model = await taken(stack, gone, first.address, second.address)
    assert model.facts.provider == provider
    assert second.bodies("/api/show") == []


async def test_a_server_that_answers_does_not_wait_for_a_silent_one_of_less_preference(
    stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "PROBE_TIMEOUT_S", 10 * DEADLINE_S)
    first, silent = FakeOllama(), ScriptedServer()
    for server in (first, silent):
        await stack.enter_async_context(server)
    silent.answer("/api/version", Reply(steps=[asyncio.Event()]))
    assert (await taken(stack, first.address, silent.address)).facts.address == first.address


async def test_without_a_model_each_address_says_why(stack: AsyncExitStack, gone: str) -> None:
    page, loading = ScriptedServer(), ScriptedServer()
    plain, empty = FakeOllama({"plain:latest": PLAIN}), FakeOllama({})
    for server in (page, loading, plain, empty):
        await stack.enter_async_context(server)
    for path in ("/api/version", "/api/v1/models", "/v1/models"):
        page.answer(path, html_reply())
        loading.answer(path, json_reply({"error": {"message": "Loading model", "code": 503}}, 503))
    addresses = [gone, page.address, loading.address, plain.address, empty.address, "http://10.0.0.1:11434"]
    found = await find_model(addresses)
    assert found.model is None
    assert [tried.address for tried in found.tried] == addresses
    assert [tried.kind for tried in found.tried] == [
        ErrorKind.UNREACHABLE,
        ErrorKind.REFUSED,
        ErrorKind.LOADING,
        ErrorKind.NO_MODEL,
        ErrorKind.NO_MODEL,
        ErrorKind.NOT_LOCAL,
    ]
    assert all(tried.address in tried.text for tried in found.tried)


async def test_a_server_that_never_answers_is_given_up(
    stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find, "PROBE_TIMEOUT_S", 0.05)
    silent = await stack.enter_async_context(ScriptedServer())
    silent.answer("/api/version", Reply(steps=[asyncio.Event()]))
    with pytest.raises(ModelError, match="did not answer in time"):
        await identify(silent.address)


async def test_an_answer_beyond_every_listing_is_not_read_to_its_end(stack: AsyncExitStack) -> None:
    endless = await stack.enter_async_context(ScriptedServer(seed=None))
    endless.answer("/v1/models", json_reply({"data": [], "padding": "x" * BODY_MAX_BYTES}))
    with pytest.raises(ModelError, match="sent what cannot be read"):
        await identify(endless.address)


@requirement("C9")
async def test_a_probe_is_not_led_elsewhere(stack: AsyncExitStack) -> None:
    there = await stack.enter_async_context(FakeOllama())
    here = await stack.enter_async_context(ScriptedServer())
    here.answer("/api/version", Reply(status=307, headers=(("Location", f"{there.address}/api/version"),)))
    with pytest.raises(ModelError, match="answered 404"):
        await identify(here.address)
    assert there.seen == []


async def test_a_server_of_another_kind_is_named_as_such(stack: AsyncExitStack) -> None:
    other = await stack.enter_async_context(ScriptedServer())
    other.answer("/v1/models", json_reply(["x"]))
    with pytest.raises(ModelError, match="no model server known here"):
        await identify(other.address)
