"""However nodes are linked, one question ends, costs no more than its budget, and leaves nobody at work."""

import asyncio
from collections import Counter
from itertools import combinations, pairwise

import pytest

from peer.errors import BudgetSpent, HopsSpent, PeerError
from peer.hub import InboundAsk, OpenLineage
from peer.lineage import MAX_ASKS, PEER_AGENT_TIMEOUT_S, LineageLimits
from tests.mission import requirement
from tests.peer.nodes import Node, at_rest, in_time, lies_on, nodes, pair, passes_on


async def ring(members: list[Node]) -> None:
    """Link each to the next, the last to the first, and have each pass questions on to its next."""
    for node, following in pairwise([*members, members[0]]):
        await pair(node, following)
        passes_on(node, following)


async def mesh(members: list[Node]) -> None:
    """Link everybody to everybody."""
    for one, other in combinations(members, 2):
        await pair(one, other)


async def asks_all(node: Node, members: list[Node], prompt: str, lineage: OpenLineage) -> list[object]:
    others = [other for other in members if other is not node]
    asks = (node.hub.ask(other.id, prompt, lineage=lineage) for other in others)
    return await asyncio.gather(*asks, return_exceptions=True)


def pass_to_all(members: list[Node]) -> None:
    """Have everybody answer a question by asking everybody."""

    async def answer(node: Node, ask: InboundAsk) -> str:
        await asks_all(node, members, ask.prompt, ask.lineage)
        return "done"

    for node in members:
        node.answer = lambda ask, node=node: answer(node, ask)  # type: ignore[misc]


@requirement("F16", "F17", "U3")
@pytest.mark.parametrize(("size", "code", "turns"), [(3, "cycle", 2), (5, "hops", 3)])
async def test_a_question_that_goes_round_in_a_ring_ends_with_a_reason(
    size: int, code: str, turns: int
) -> None:
    async with nodes(*"abcde"[:size]) as members:
        await ring(members)
        first, second, *_ = members
        with pytest.raises(PeerError) as refused:
            await in_time(first.hub.ask(second.id, "round and round"))
        assert refused.value.code == code
        assert [len(node.asked) for node in members] == [0, *[1] * turns, *[0] * (size - 1 - turns)]
        await at_rest(*members)


@requirement("F17")
async def test_a_chain_of_five_nodes_stops_after_three_hops() -> None:
    async with nodes("a", "b", "c", "d", "e") as chain:
        for left, right in pairwise(chain):
            await pair(left, right)
            passes_on(left, right)
        with pytest.raises(HopsSpent, match="gone through 3 nodes"):
            await chain[0].hub.ask(chain[1].id, "further")
        assert [len(node.asked) for node in chain] == [0, 1, 1, 1, 0]
        await at_rest(*chain)


@requirement("U3")
async def test_in_a_mesh_where_everybody_asks_everybody_one_question_causes_eight_asks() -> None:
    async with nodes(*"abcdefgh") as members:
        await mesh(members)
        pass_to_all(members)
        first = members[0]
        await in_time(asks_all(first, members, "all", first.hub.new_lineage()))
        assert 0 < sum(len(node.asked) for node in members) <= MAX_ASKS
        await at_rest(*members)


@requirement("U3")
async def test_in_a_mesh_where_everybody_asks_one_after_the_other_it_is_eight_asks_too() -> None:
    """Asked at once, many refuse because each waits for the other, which hides what the budget does."""
    async with nodes(*"abcdefgh") as members:
        await mesh(members)

        async def asks_each(node: Node, prompt: str, lineage: OpenLineage) -> str:
            for other in members:
                if other is not node:
                    await asyncio.gather(
                        node.hub.ask(other.id, prompt, lineage=lineage), return_exceptions=True
                    )
            return "done"

        for node in members:
            node.answer = lambda ask, node=node: asks_each(node, ask.prompt, ask.lineage)  # type: ignore[misc]
        first = members[0]
        await in_time(asks_each(first, "all", first.hub.new_lineage()))
        assert sum(len(node.asked) for node in members) == MAX_ASKS
        await at_rest(*members)


@requirement("U3")
async def test_two_ways_to_one_node_are_no_cycle_and_both_are_paid_from_the_budget() -> None:
    async with nodes("anna", "ben", "carl", "dora") as (anna, ben, carl, dora):
        for one, other in ((anna, ben), (anna, carl), (ben, dora), (carl, dora)):
            await pair(one, other)
        passes_on(ben, dora)
        passes_on(carl, dora)
        lineage = anna.hub.new_lineage()
        answers = [await anna.hub.ask(name, "hi", lineage=lineage) for name in ("ben", "carl")]
        assert [answer.text for answer in answers] == ["ben: dora heard hi", "carl: dora heard hi"]
        # Three pay for ben and all below, two for carl, and what is spent does not come back.
        poor = OpenLineage.root(now=asyncio.get_running_loop().time(), limits=LineageLimits(asks=3))
        assert (await anna.hub.ask("ben", "hi", lineage=poor)).text == "ben: dora heard hi"
        with pytest.raises(BudgetSpent):
            await anna.hub.ask("carl", "hi", lineage=poor)
        assert len(dora.asked) == 3
        await at_rest(ben, carl, dora)


@requirement("U3")
async def test_a_node_that_lies_about_all_that_is_left_gains_no_more_than_by_asking_afresh() -> None:
    async with nodes(*"abmdefg") as chain:
        for left, right in pairwise(chain):
            await pair(left, right)
            passes_on(left, right)
        lies_on(chain[2], chain[3], seen=(), hops=255, asks=60_000, ms=86_400_000)
        with pytest.raises(HopsSpent):
            await in_time(chain[0].hub.ask(chain[1].id, "further"))
        assert [len(node.asked) for node in chain] == [0, 1, 1, 1, 1, 1, 0]
        granted = chain[3].asked[0].lineage.lineage
        assert (granted.hops, granted.asks) == (2, MAX_ASKS)
        assert granted.ms <= PEER_AGENT_TIMEOUT_S * 1000
        await at_rest(*chain)


@requirement("U3", "F16")
@pytest.mark.parametrize(
    ("as_new", "code", "turns"),
    [(False, "duplicate", 1), (True, "cycle", 2)],
    ids=["strips the ancestors", "gives the question a new id each time, too"],
)
async def test_a_ring_that_a_liar_keeps_going_ends_at_an_honest_node(
    *, as_new: bool, code: str, turns: int
) -> None:
    """By the question's id where it is the same; else by the liar's own mark, which its link leaves."""
    async with nodes("anna", "ben", "carl", "liar") as members:
        anna, ben, carl, liar = members
        await pair(anna, ben)
        await ring([ben, carl, liar])
        lies_on(liar, ben, seen=(), hops=255, asks=60_000, as_new=as_new)
        with pytest.raises(PeerError) as refused:
            await in_time(anna.hub.ask("ben", "for ever"))
        assert refused.value.code == code
        assert len(carl.asked) == turns
        await at_rest(*members)


@requirement("U3", "F21")
async def test_a_liar_that_asks_everybody_afresh_whenever_it_is_asked_stays_within_its_own_limits() -> None:
    async with nodes("anna", "ben", "carl", "liar") as members:
        await mesh(members)
        pass_to_all(members)
        liar = members[-1]

        async def answer(ask: InboundAsk) -> str:
            await asks_all(liar, members, ask.prompt, liar.hub.new_lineage())
            return "done"

        liar.answer = answer
        anna = members[0]
        await in_time(asks_all(anna, members, "all", anna.hub.new_lineage()))
        await at_rest(*members)
        for node in members[:-1]:
            answered = Counter(ask.peer.node_id for ask in node.asked)
            assert answered[liar.id] <= node.policy.per_minute
