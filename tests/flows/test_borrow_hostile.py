"""A real node that lends to, or borrows from, a peer that does not keep to the rules."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from agent.history import UserMessage
from agent.models.base import Finish, FinishReason, ModelRequest, TextDelta
from node.client import NodeError
from node.loan_wire import delta_text, request_text
from peer.errors import AnswerFailed, NotAllowed
from peer.lending import Loan
from peer.loans import LoanPolicy
from peer.messages import ModelCard
from tests.fakes.ollama_server import FakeOllama, answer
from tests.flows.test_borrow import LENDS, chat, grant, offered
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RunningNode, Together
from tests.peer.nodes import Node, nodes


async def joined(node: RunningNode, stranger: Node) -> None:
    """Pair a hub of the test with a real node."""
    await stranger.hub.join((await node.client.invite())["ticket"])


@asynccontextmanager
async def lender(tmp_path: Path) -> AsyncIterator[tuple[RunningNode, Node, FakeOllama]]:
    """Run bob, who lends, and mallory, who may borrow."""
    async with FakeOllama() as ollama, Together(tmp_path) as real, nodes("mallory") as (mallory,):
        bob = await real.node("bob", model=None, ollama_url=ollama.address, settings=LENDS)
        await joined(bob, mallory)
        await grant(bob, mallory.id, "ask", "model")
        yield bob, mallory, ollama


async def borrow(stranger: Node, bob: RunningNode, body: str) -> list[str]:
    async with aclosing(stranger.hub.borrow(stranger.hub.find(bob.node_id).node_id, body)) as pieces:
        return [piece async for piece in pieces]


def request(**change: object) -> str:
    said = json.loads(request_text(ModelRequest(messages=(UserMessage(text="hello"),))))
    return json.dumps({**said, **change})


@requirement("U8")
@pytest.mark.parametrize(
    "body",
    [
        "junk",
        "[" * 200_000,
        request(messages=[{"role": "user", "text": "x"}] * 5_000),
        request(tools=[{"name": "; rm", "description": "", "parameters": {}}]),
        request(context_size=10**7),
    ],
)
async def test_a_request_that_cannot_be_read_never_reaches_the_lenders_model(
    tmp_path: Path, body: str
) -> None:
    async with lender(tmp_path) as (bob, mallory, ollama):
        with pytest.raises(AnswerFailed, match="could not read the request"):
            await borrow(mallory, bob, body)
        assert ollama.asked == []
        ollama.chat(answer("hello"))
        pieces = await borrow(mallory, bob, request())
        assert json.loads(pieces[0])["text"] == "hello"


async def test_a_borrower_chooses_neither_model_nor_window(tmp_path: Path) -> None:
    async with lender(tmp_path) as (bob, mallory, ollama):
        await bob.client.set_setting("agent.orchestrator.contextSize", 2_048)
        await bob.client.set_setting("agent.orchestrator.maxTokens", 64)
        ollama.chat(answer("hello"))
        await borrow(mallory, bob, request(max_tokens=100_000))
        assert ollama.asked[0]["options"]["num_ctx"] == 2_048
        assert ollama.asked[0]["options"]["num_predict"] == 64


async def test_a_peer_that_was_not_granted_the_model_is_refused_whatever_it_knows(tmp_path: Path) -> None:
    async with lender(tmp_path) as (bob, mallory, ollama):
        await grant(bob, mallory.id, "ask")
        with pytest.raises(NotAllowed, match="palaver grant"):
            await borrow(mallory, bob, request())
        assert ollama.asked == []


@asynccontextmanager
async def borrower(tmp_path: Path) -> AsyncIterator[tuple[RunningNode, Node]]:
    """Run alice, who works with the model that mallory lends."""
    async with Together(tmp_path) as real, nodes("mallory") as (mallory,):
        alice = await real.node("alice")
        mallory.loans = LoanPolicy(
            allowed=True, card=ModelCard(name="evil\x1b[31m\nmodel", window=4_096, tools=True)
        )
        await joined(alice, mallory)
        await offered(alice, by="mallory")
        await alice.client.choose_model("peer:mallory")
        yield alice, mallory


@requirement("U8")
@pytest.mark.parametrize("junk", ["junk", "{}", '{"kind": "shell", "run": "rm"}', "[" * 50_000])
async def test_a_reply_that_cannot_be_read_ends_the_turn_in_plain_words(tmp_path: Path, junk: str) -> None:
    async with borrower(tmp_path) as (alice, mallory):
        mallory.lend = lambda loan: loan.emit(junk)
        with pytest.raises(NodeError, match="mallory's node sent a reply that cannot be read"):
            await chat(alice, "hello")


async def test_a_reply_without_a_finish_is_not_taken_for_whole(tmp_path: Path) -> None:
    async with borrower(tmp_path) as (alice, mallory):
        mallory.lend = lambda loan: loan.emit(delta_text(TextDelta("half of it")))
        with pytest.raises(NodeError, match="stopped before its reply was complete"):
            await chat(alice, "hello")


@requirement("U8")
async def test_a_reply_without_an_end_is_stopped_at_the_borrowers_own_limit(tmp_path: Path) -> None:
    async with borrower(tmp_path) as (alice, mallory):
        await alice.client.set_setting("agent.replyMaxChars", 1_000)
        stopped = asyncio.Event()

        async def lend(loan: Loan) -> None:
            try:
                while True:
                    await loan.emit(delta_text(TextDelta("and on ")))
            finally:
                stopped.set()

        mallory.lend = lend
        with pytest.raises(NodeError, match="replyMaxChars"):
            await chat(alice, "hello")
        async with asyncio.timeout(PATIENCE_S):
            await stopped.wait()


async def test_the_name_of_a_lent_model_is_one_printable_line(tmp_path: Path) -> None:
    async with borrower(tmp_path) as (alice, mallory):
        status = await alice.client.status()
        assert status["model"] is not None
        assert status["model"]["label"].isprintable()

        async def lend(loan: Loan) -> None:
            await loan.emit(delta_text(TextDelta("fine")))
            await loan.emit(delta_text(Finish(FinishReason.STOP)))

        mallory.lend = lend
        assert (await chat(alice, "hello"))["answer"] == "fine"
