import asyncio

from hypothesis import given
from hypothesis import strategies as st

from peer.errors import DeadlinePassed, NotAllowed, UnknownPeer, Unreachable
from peer.hub import InboundAsk, OpenLineage, Policy
from peer.lineage import MAX_ASKS, AskBudget, LineageLimits
from peer.many import Heard, ask_many, connected
from tests.mission import requirement
from tests.peer.nodes import Node, blocked, in_time, nodes, pair


def lineage(*, ms: int = 120_000) -> OpenLineage:
    return OpenLineage.root(now=asyncio.get_running_loop().time(), limits=LineageLimits(ms=ms))


@requirement("U6")
async def test_one_dead_one_slow_and_one_refusing_peer_take_nothing_from_the_one_that_answers() -> None:
    async with nodes("anna", "ben", "cora", "dan", "ed") as (anna, ben, cora, dan, ed):
        for other in (ben, cora, dan, ed):
            await pair(anna, other)
        await ben.hub.close()
        await anna.until(lambda: not anna.is_linked(ben))
        cora.answer, begun, cancelled = blocked()
        dan.policy = Policy(allowed=False, reason="dan's owner says no")
        answered = asyncio.Event()
        early: list[str] = []

        async def on_heard(heard: Heard) -> None:
            early.append(heard.asked)
            if heard.asked == "ed":
                answered.set()

        asking = asyncio.create_task(
            ask_many(
                anna.hub, ["ben", "cora", "dan", "ed"], "hello", lineage=lineage(ms=1_500), on_heard=on_heard
            )
        )
        await in_time(answered.wait())
        await in_time(begun.wait())
        assert not asking.done()
        heard = await asking
        await in_time(cancelled.wait())
        assert [each.asked for each in heard] == ["ben", "cora", "dan", "ed"]
        assert [each.peer and each.peer.node_id for each in heard] == [ben.id, cora.id, dan.id, ed.id]
        assert [type(each.error) for each in heard[:3]] == [Unreachable, DeadlinePassed, NotAllowed]
        assert str(heard[2].error) == "dan's owner says no"
        assert heard[3].answer is not None
        assert (heard[3].answer.node_id, heard[3].answer.text) == (ed.id, "ed heard hello")
        assert early[-1] == "cora"


async def test_a_peer_with_two_names_is_asked_once_and_a_name_of_nobody_says_so() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        heard = await ask_many(anna.hub, ["ben", "zoe", ben.id], "hello")
        assert [each.asked for each in heard] == ["ben", "zoe"]
        assert isinstance(heard[1].error, UnknownPeer)
        assert len(ben.asked) == 1


async def test_all_means_the_peers_that_are_linked_now_by_their_labels() -> None:
    async with nodes("anna", "Cora", "ben", "dan") as (anna, cora, ben, dan):
        for other in (cora, ben, dan):
            await pair(anna, other)
        await dan.hub.close()
        await anna.until(lambda: not anna.is_linked(dan))
        assert connected(anna.hub) == [ben.id, cora.id]


async def test_stopping_the_question_stops_every_peer() -> None:
    async with nodes("anna", "ben", "cora") as (anna, ben, cora):
        stops = []
        for other in (ben, cora):
            await pair(anna, other)
            other.answer, begun, cancelled = blocked()
            stops.append((begun, cancelled))
        asking = asyncio.create_task(ask_many(anna.hub, ["ben", "cora"], "hello"))
        for begun, _ in stops:
            await in_time(begun.wait())
        asking.cancel()
        for _, cancelled in stops:
            await in_time(cancelled.wait())


@requirement("U6")
async def test_everybody_asking_everybody_causes_no_more_asks_than_one_question_may() -> None:
    async with nodes("anna", "ben", "cora", "dan", "ed") as mesh:
        for at, node in enumerate(mesh):
            for other in mesh[at + 1 :]:
                await pair(node, other)
            asks_all(node, mesh)
        heard = await ask_many(mesh[0].hub, connected(mesh[0].hub), "hello")
        assert all(each.answer for each in heard)
        assert sum(len(node.asked) for node in mesh) <= MAX_ASKS


def asks_all(node: Node, mesh: list[Node]) -> None:
    """Have a node answer by asking all others."""

    async def answer(ask: InboundAsk) -> str:
        others = [other.id for other in mesh if other is not node]
        heard = await ask_many(node.hub, others, ask.prompt, lineage=ask.lineage)
        return f"{node.name} asked {sum(each.answer is not None for each in heard)}"

    node.answer = answer


@given(left=st.integers(0, 40), among=st.integers(1, 40))
def test_the_shares_of_several_never_exceed_the_budget_and_leave_nobody_out_whom_it_can_pay(
    left: int, among: int
) -> None:
    budget = AskBudget(left)
    shares = [budget.draw(among) for _ in range(among)]
    assert sum(shares) + budget.left == left
    assert sum(share > 0 for share in shares) == min(left, among)
