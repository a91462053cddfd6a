import secrets
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.errors import AskError, BudgetSpent, Cycle, DeadlinePassed, HopsSpent
from peer.identity import Identity, NodeId
from peer.lineage import MAX_ASKS, MAX_PEER_HOPS, AskBudget, Lineage, LineageLimits, OpenLineage, tag
from tests.mission import requirement

NODES = [Identity(bytes([n]) * 32).node_id for n in range(8)]
LIMITS = LineageLimits()

lineages = st.builds(
    Lineage,
    ask=st.binary(min_size=16, max_size=16).map(bytes.hex),
    seen=st.lists(st.binary(min_size=16, max_size=16).map(bytes.hex), max_size=5).map(tuple),
    hops=st.integers(0, 300),
    asks=st.integers(0, 70_000),
    ms=st.integers(0, 10**8),
)


@requirement("U3")
@given(lineages, st.integers(0, 5), st.integers(0, 20), st.integers(0, 10**6))
def test_clamping_only_shrinks(lineage: Lineage, hops: int, asks: int, ms: int) -> None:
    limits = LineageLimits(hops=hops, asks=asks, ms=ms)
    cut = lineage.clamped(limits)
    assert cut.hops <= min(lineage.hops, hops)
    assert cut.asks <= min(lineage.asks, asks)
    assert cut.ms <= min(lineage.ms, ms)
    assert (cut.ask, cut.seen) == (lineage.ask, lineage.seen)
    assert cut.clamped(limits) == cut


@requirement("U3")
@given(lineages, st.floats(0, 300))
def test_what_is_sent_on_is_smaller_in_everything_or_is_not_sent(lineage: Lineage, later: float) -> None:
    admitted = lineage.clamped(LIMITS)
    turn = OpenLineage.inbound(admitted, now=0.0)
    try:
        child = turn.forward(own=NODES[0], to=NODES[1], now=later)
    except AskError:
        return
    assert child.hops < admitted.hops
    assert 1 <= child.asks < admitted.asks
    assert child.ms < admitted.ms
    assert child.seen == (*admitted.seen, tag(lineage.ask, NODES[0]))


@requirement("U3")
@given(st.integers(0, 100))
def test_the_shares_of_a_budget_never_sum_to_more_than_it_holds(asks: int) -> None:
    budget = AskBudget(asks)
    shares = [budget.draw() for _ in range(asks + 3)]
    assert sum(shares) == asks
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == 0


def test_a_budget_reaches_down_a_whole_chain() -> None:
    turn = OpenLineage.root(now=0.0)
    for own, to in pairwise(NODES[: MAX_PEER_HOPS + 1]):
        turn = OpenLineage.inbound(turn.forward(own=own, to=to, now=0.0).clamped(LIMITS), now=0.0)
    with pytest.raises(HopsSpent):
        turn.forward(own=NODES[3], to=NODES[4], now=0.0)


def mesh(asker: NodeId, turn: OpenLineage, now: float) -> int:
    """Have everybody ask everybody, and count the asks."""
    asks = 0
    for other in NODES:
        if other == asker:
            continue
        try:
            child = turn.forward(own=asker, to=other, now=now)
        except AskError:
            continue
        if tag(child.ask, other) in child.seen:
            continue
        asks += 1 + mesh(other, OpenLineage.inbound(child.clamped(LIMITS), now=now), now)
    return asks


@requirement("U3")
def test_eight_nodes_that_all_ask_each_other_make_eight_asks() -> None:
    assert mesh(NODES[0], OpenLineage.root(now=0.0), 0.0) == MAX_ASKS


def test_each_end_of_a_lineage_has_its_own_error() -> None:
    root = OpenLineage.root(now=0.0, limits=LineageLimits(asks=1))
    root.forward(own=NODES[0], to=NODES[1], now=0.0)
    with pytest.raises(BudgetSpent):
        root.forward(own=NODES[0], to=NODES[2], now=0.0)
    with pytest.raises(DeadlinePassed):
        root.forward(own=NODES[0], to=NODES[2], now=120.0)
    with pytest.raises(HopsSpent):
        OpenLineage.root(now=0.0, limits=LineageLimits(hops=0)).forward(own=NODES[0], to=NODES[1], now=0.0)


@requirement("F16")
def test_an_ancestor_is_not_asked_again() -> None:
    child = OpenLineage.root(now=0.0).forward(own=NODES[0], to=NODES[1], now=0.0)
    turn = OpenLineage.inbound(child.clamped(LIMITS), now=0.0)
    left = turn.budget.left
    with pytest.raises(Cycle):
        turn.forward(own=NODES[1], to=NODES[0], now=0.0)
    assert turn.budget.left == left


def test_a_nodes_mark_differs_from_question_to_question() -> None:
    one, other = secrets.token_hex(16), secrets.token_hex(16)
    assert tag(one, NODES[0]) == tag(one, NODES[0])
    assert len({tag(one, NODES[0]), tag(other, NODES[0]), tag(one, NODES[1])}) == 3


@given(st.floats(0, 10**6))
def test_time_only_runs_out(later: float) -> None:
    turn = OpenLineage.root(now=0.0)
    assert 0 <= turn.remaining_s(later) <= 120
