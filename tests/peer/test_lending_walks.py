"""A model lent over real links, to honest and to hostile borrowers, by honest and by hostile lenders."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from peer.errors import Busy, NotAllowed, NotTrusted, PeerError, PeerLost, TooLarge
from peer.lending import Loan
from peer.loans import LoanPolicy
from peer.messages import (
    EVENT_WINDOW,
    MODEL_REQUEST_MAX_CHARS,
    PART_MAX_CHARS,
    ModelCard,
    ModelCredit,
    ModelDelta,
    ModelEnd,
    ModelRequest,
    Ping,
    Pong,
)
from tests.mission import requirement
from tests.peer.nodes import Node, in_time, nodes, pair
from tests.peer.wire import HandDriven, hand_driven

CARD = ModelCard(name="tiny", window=4_096, tools=True)


@asynccontextmanager
async def lender_and_borrower() -> AsyncIterator[tuple[Node, Node]]:
    async with nodes("anna", "ben") as (anna, ben):
        anna.loans = LoanPolicy(allowed=True, card=CARD)
        await pair(anna, ben)
        yield anna, ben


async def borrowed(node: Node, lender: Node, body: str = "hello") -> list[str]:
    async with aclosing(node.hub.borrow(lender.id, body)) as pieces:
        return [piece async for piece in pieces]


def request(text: str = "hello", *, n: int = 0, more: bool = False, rid: str = "") -> ModelRequest:
    return ModelRequest(rid=rid or secrets.token_urlsafe(16), n=n, text=text, more=more, ms=60_000)


async def answers(peer: HandDriven) -> None:
    """Wait until all that was sent has been taken."""
    await peer.send(Ping(n=7))
    await peer.hear(Pong)


@requirement("U8")
async def test_a_long_request_arrives_whole_and_a_long_reply_comes_back_in_order() -> None:
    async with lender_and_borrower() as (anna, ben):
        pieces = [f"piece {n} " + "x" * (n * 500) for n in range(EVENT_WINDOW * 3)]

        async def lend(loan: Loan) -> None:
            assert loan.body == "\u0001" * MODEL_REQUEST_MAX_CHARS
            for piece in pieces:
                await loan.emit(piece)

        anna.lend = lend
        assert await borrowed(ben, anna, "\u0001" * MODEL_REQUEST_MAX_CHARS) == pieces
        with pytest.raises(TooLarge):
            await borrowed(ben, anna, "x" * (MODEL_REQUEST_MAX_CHARS + 1))


@requirement("U8")
async def test_only_who_may_borrow_is_told_of_the_model_and_a_change_counts_at_once() -> None:
    async with nodes("anna", "ben", "cora") as (anna, ben, cora):
        anna.loans = LoanPolicy(allowed=False, reason="not you")
        await pair(anna, ben)
        assert ben.hub.offer(anna.id) is None
        with pytest.raises(NotAllowed, match="not you"):
            await borrowed(ben, anna)
        anna.loans = LoanPolicy(allowed=True, card=CARD)
        anna.hub.reconsider_loans()
        await ben.until(lambda: ben.hub.offer(anna.id) == CARD)
        assert await borrowed(ben, anna) == ["hello"]
        with pytest.raises(PeerError):
            await borrowed(cora, anna)


@requirement("U8")
@pytest.mark.parametrize("how", ["revoked", "unplugged", "taken back"])
async def test_a_loan_that_ends_in_mid_stream_is_an_error_at_once(how: str) -> None:
    async with lender_and_borrower() as (anna, ben):
        stopped = asyncio.Event()

        async def lend(loan: Loan) -> None:
            await loan.emit("first")
            try:
                await asyncio.Event().wait()
            finally:
                stopped.set()

        anna.lend = lend
        async with aclosing(ben.hub.borrow(anna.id, "hello")) as pieces:
            assert await anext(pieces) == "first"
            match how:
                case "revoked":
                    await anna.hub.revoke(ben.id)
                case "unplugged":
                    await ben.hub.revoke(anna.id)
                case _:
                    anna.loans = LoanPolicy(allowed=False, reason="no more")
                    anna.hub.reconsider_loans()
            errors = {"revoked": NotTrusted, "unplugged": PeerLost, "taken back": NotAllowed}
            with pytest.raises(errors[how]):
                await in_time(anext(pieces))
        await in_time(stopped.wait())


async def test_leaving_early_stops_the_lender_and_the_link_stays() -> None:
    async with lender_and_borrower() as (anna, ben):
        stopped = asyncio.Event()

        async def lend(loan: Loan) -> None:
            try:
                while True:
                    await loan.emit("more")
            finally:
                stopped.set()

        anna.lend = lend
        async with aclosing(ben.hub.borrow(anna.id, "hello")) as pieces:
            assert await anext(pieces) == "more"
        await in_time(stopped.wait())
        assert ben.is_linked(anna)


@requirement("U8")
async def test_a_third_round_at_once_and_one_too_many_in_a_minute_are_refused() -> None:
    async with lender_and_borrower() as (anna, ben):
        anna.loans = LoanPolicy(allowed=True, card=CARD, per_minute=3)
        finish = asyncio.Event()

        async def lend(loan: Loan) -> None:
            await loan.emit("begun")
            await finish.wait()

        anna.lend = lend
        rounds = [ben.hub.borrow(anna.id, "hello") for _ in range(2)]
        for round_ in rounds:
            assert await in_time(anext(round_)) == "begun"
        with pytest.raises(Busy, match="already runs 2"):
            await borrowed(ben, anna)
        finish.set()
        for round_ in rounds:
            assert [piece async for piece in round_] == []
        await borrowed(ben, anna)
        with pytest.raises(Busy, match="3 rounds a minute"):
            await borrowed(ben, anna)


# --- a hostile borrower -----------------------------------------------------------------------------


@requirement("U8")
async def test_a_request_longer_than_allowed_ends_the_link_and_is_never_run() -> None:
    async with nodes("anna") as (anna,):
        anna.loans = LoanPolicy(allowed=True, card=CARD)
        mallory = await hand_driven(anna)
        part = request("x" * PART_MAX_CHARS, more=True)
        for n in range(MODEL_REQUEST_MAX_CHARS // PART_MAX_CHARS + 1):
            await mallory.send(part.model_copy(update={"n": n}))
        assert await mallory.hear_close() == (1002, "protocol")
        assert anna.lent == []


@pytest.mark.parametrize("numbers", [(0, 2), (0, 0), (0, 1, 1)])
async def test_parts_out_of_order_end_the_link(numbers: tuple[int, ...]) -> None:
    async with nodes("anna") as (anna,):
        anna.loans = LoanPolicy(allowed=True, card=CARD)
        mallory = await hand_driven(anna)
        part = request(more=True)
        for n in numbers:
            await mallory.send(part.model_copy(update={"n": n}))
        assert await mallory.hear_close() == (1002, "protocol")
        assert anna.lent == []


@requirement("U8")
async def test_unfinished_requests_take_no_more_room_than_two_and_a_refused_ones_parts_are_dropped() -> None:
    async with nodes("anna") as (anna,):
        anna.loans = LoanPolicy(allowed=True, card=CARD)
        mallory = await hand_driven(anna)
        open_ = [request("x", more=True) for _ in range(3)]
        for part in open_:
            await mallory.send(part)
        refused = await mallory.hear(ModelEnd)
        assert isinstance(refused, ModelEnd)
        assert (refused.rid, refused.code) == (open_[2].rid, "busy")
        await mallory.send(open_[2].model_copy(update={"n": 1}))
        await answers(mallory)
        assert anna.lent == []


@requirement("U8")
async def test_a_borrower_that_gives_no_credit_gets_one_window_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.lending.READ_TIMEOUT_S", 0.2)
    async with nodes("anna") as (anna,):
        anna.loans = LoanPolicy(allowed=True, card=CARD)
        emitted = 0

        async def lend(loan: Loan) -> None:
            nonlocal emitted
            while True:
                await loan.emit("more")
                emitted += 1

        anna.lend = lend
        mallory = await hand_driven(anna)
        sent = request()
        await mallory.send(sent)
        await mallory.send(ModelCredit(rid=sent.rid, n=10**9))  # of what was never sent
        ended = await mallory.hear(ModelEnd)
        assert isinstance(ended, ModelEnd)
        assert (ended.ok, ended.code) == (False, "deadline")
        assert emitted <= EVENT_WINDOW * 2


# --- a hostile lender -------------------------------------------------------------------------------


@asynccontextmanager
async def borrowing_from(anna: Node) -> AsyncIterator[tuple[HandDriven, str, "asyncio.Task[list[str]]"]]:
    """Have a node borrow from a lender that the test plays by hand."""
    mallory = await hand_driven(anna)

    async def borrow() -> list[str]:
        async with aclosing(anna.hub.borrow(mallory.identity.node_id, "hello")) as pieces:
            return [piece async for piece in pieces]

    task = asyncio.create_task(borrow())
    asked = await mallory.hear(ModelRequest)
    assert isinstance(asked, ModelRequest)
    yield mallory, asked.rid, task


@requirement("U8")
@pytest.mark.parametrize("numbers", [(1,), (0, 0), (0, 2)])
async def test_a_lender_that_miscounts_loses_the_link(numbers: tuple[int, ...]) -> None:
    async with nodes("anna") as (anna,), borrowing_from(anna) as (mallory, rid, task):
        for n in numbers:
            await mallory.send(ModelDelta(rid=rid, n=n, text="x"))
        assert await mallory.hear_close() == (1002, "protocol")
        with pytest.raises(PeerLost):
            await in_time(task)


@requirement("U8")
async def test_a_lender_that_sends_more_than_was_asked_for_loses_the_link() -> None:
    async with nodes("anna") as (anna,):
        mallory = await hand_driven(anna)
        async with aclosing(anna.hub.borrow(mallory.identity.node_id, "hello")) as pieces:
            first = asyncio.ensure_future(anext(pieces))
            asked = await mallory.hear(ModelRequest)
            assert isinstance(asked, ModelRequest)
            for n in range(EVENT_WINDOW + 1):
                await mallory.send(ModelDelta(rid=asked.rid, n=n, text="x"))
            assert await in_time(first) == "x"
            assert await mallory.hear_close() == (1002, "protocol")


@requirement("U8")
async def test_an_endless_piece_ends_the_link_at_the_bound_of_a_reply(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.borrowing.MODEL_REPLY_MAX_CHARS", 1_000)
    async with nodes("anna") as (anna,), borrowing_from(anna) as (mallory, rid, task):
        for n in range(11):
            await mallory.send(ModelDelta(rid=rid, n=n, text="x" * 100, more=True))
        assert await mallory.hear_close() == (1002, "protocol")
        with pytest.raises(PeerLost):
            await in_time(task)


async def test_deltas_after_the_end_and_for_nobody_are_dropped() -> None:
    async with nodes("anna") as (anna,), borrowing_from(anna) as (mallory, rid, task):
        await mallory.send(ModelDelta(rid=secrets.token_urlsafe(16), n=5, text="?"))
        await mallory.send(ModelDelta(rid=rid, n=0, text="all"))
        await mallory.send(ModelEnd(rid=rid, ok=True))
        await mallory.send(ModelDelta(rid=rid, n=1, text="late"))
        assert await in_time(task) == ["all"]
        await answers(mallory)
