from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from agent.models.base import ErrorKind, ModelError
from agent.models.ollama_control import OllamaControl, PullProgress
from tests.fakes import ollama_server as ollama
from tests.fakes.ollama_server import ALL, FakeOllama
from tests.fakes.scripted_server import Break, Reply, html_reply, json_reply
from tests.mission import requirement


@pytest.fixture
async def fake() -> AsyncGenerator[FakeOllama, None]:
    async with FakeOllama({"gemma4:e2b": ALL, "plain:latest": ["completion"]}) as server:
        yield server


@requirement("C4")
async def test_installed_models_are_listed(fake: FakeOllama) -> None:
    assert await OllamaControl(fake.address).names() == ["gemma4:e2b", "plain:latest"]


async def test_what_a_model_can_do_comes_from_the_server(fake: FakeOllama) -> None:
    fake.loaded["gemma4:e2b"] = 8192
    control = OllamaControl(fake.address)
    gemma, plain = await control.facts("gemma4:e2b"), await control.facts("plain")
    assert (gemma.calls_tools, gemma.thinks, gemma.context_window) == (True, True, 8192)
    assert (plain.calls_tools, plain.thinks, plain.context_window) == (False, False, None)
    assert gemma.label == "gemma4:e2b on Ollama"


@requirement("C1", "C4")
async def test_a_server_that_speaks_the_dialect_in_part_leaves_open_what_it_cannot_be_asked(
    fake: FakeOllama,
) -> None:
    fake.answer("/api/tags", json_reply({"models": [{"name": "plain:latest", "modified_at": "then"}]}))
    fake.answer("/api/show", json_reply({"error": "Not Found"}, 404))
    fake.answer("/api/ps", json_reply({"error": "Not Found"}, 404))
    control = OllamaControl(fake.address)
    assert await control.names() == ["plain:latest"]
    facts = await control.facts("plain")
    assert (facts.calls_tools, facts.thinks, facts.context_window) == (None, None, None)


async def test_a_server_that_leaves_out_model_info_leaves_the_facts_open(fake: FakeOllama) -> None:
    fake.answer("/api/show", json_reply({"capabilities": ["tools"]}))
    facts = await OllamaControl(fake.address).facts("plain")
    assert (facts.calls_tools, facts.thinks, facts.context_window) == (None, None, None)


async def test_a_model_that_is_missing_is_named(fake: FakeOllama) -> None:
    with pytest.raises(ModelError, match="model 'nope:latest' not found") as caught:
        await OllamaControl(fake.address).facts("nope")
    assert caught.value.kind is ErrorKind.NO_MODEL


@requirement("C7")
async def test_a_pull_tells_how_far_it_is(fake: FakeOllama) -> None:
    parts: list[ollama.Chunk] = [
        {"status": "pulling manifest"},
        {"status": "pulling 0123456789ab", "digest": "sha256:0", "total": 10, "completed": 4},
        {"status": "success"},
    ]
    fake.play("/api/pull", ollama.reply(*parts))
    assert [part async for part in OllamaControl(fake.address).pull("gemma4:e2b")] == [
        PullProgress(status="pulling manifest"),
        PullProgress(status="pulling 0123456789ab", total=10, completed=4),
        PullProgress(status="success"),
    ]


async def test_a_pull_that_fails_tells_why(fake: FakeOllama) -> None:
    parts = [{"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"}]
    fake.play("/api/pull", ollama.reply(*parts))
    progress = OllamaControl(fake.address).pull("nope")
    assert (await anext(progress)).status == "pulling manifest"
    with pytest.raises(ModelError, match="file does not exist"):
        await anext(progress)


async def test_the_key_for_the_cloud_and_the_proxy_of_the_environment_are_not_used(
    fake: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", "secret")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    await OllamaControl(fake.address).names()
    assert "authorization" not in fake.seen[0].headers


@requirement("A8")
@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (html_reply(), ErrorKind.REFUSED),
        (html_reply(404), ErrorKind.REFUSED),
        (json_reply([1]), ErrorKind.REFUSED),
        (json_reply({"models": 7}), ErrorKind.REFUSED),
        (json_reply({"error": "busy"}, 503), ErrorKind.BUSY),
        (Reply(status=302, headers=(("Location", "http://10.0.0.1/"),)), ErrorKind.REFUSED),
        (Reply(steps=[b'{"models": [', Break.ABORT]), ErrorKind.BROKEN),
    ],
)
async def test_answers_that_are_not_ollamas_become_one_kind_of_error(
    fake: FakeOllama, reply: Reply, kind: ErrorKind
) -> None:
    fake.answer("/api/tags", reply)
    with pytest.raises(ModelError) as caught:
        await OllamaControl(fake.address).names()
    assert caught.value.kind is kind
    assert fake.address in str(caught.value)


@pytest.mark.parametrize(
    "ask", [OllamaControl.names, lambda control: anext(control.pull("x"))], ids=["list", "pull"]
)
async def test_a_server_that_is_down_is_the_same_error_for_every_call(
    ask: Callable[[OllamaControl], Awaitable[object]],
) -> None:
    async with FakeOllama() as gone:
        control = OllamaControl(gone.address)
    with pytest.raises(ModelError, match=control.address) as caught:
        await ask(control)
    assert caught.value.kind is ErrorKind.UNREACHABLE


@requirement("C9")
async def test_a_redirect_is_an_error_and_not_followed(fake: FakeOllama) -> None:
    async with FakeOllama() as elsewhere:
        fake.answer("/api/tags", Reply(status=307, headers=(("Location", f"{elsewhere.address}/api/tags"),)))
        with pytest.raises(ModelError, match="answered 307"):
            await OllamaControl(fake.address).names()
        assert elsewhere.seen == []


def test_an_address_elsewhere_is_refused() -> None:
    with pytest.raises(ModelError, match="not on this machine"):
        OllamaControl("http://10.0.0.1:11434")
