from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.grants import granted
from peer.identity import NodeId
from peer.trust import Grant, PeerRecord, TrustState
from tests.mission import requirement

GRANTS = st.frozensets(st.sampled_from(Grant))
BOB = PeerRecord(node_id=NodeId("b" * 52), state=TrustState.TRUSTED, added_at=0)
USUAL = frozenset({Grant.ASK, Grant.SHARED})


@requirement("E17")
@given(own=st.none() | GRANTS, default=GRANTS)
def test_nobody_has_any_right_while_the_master_switch_is_off(
    own: frozenset[Grant] | None, default: frozenset[Grant]
) -> None:
    assert not granted(replace(BOB, grants=own), default=default, allowed=False)


@requirement("E17")
@given(own=GRANTS, default=GRANTS)
def test_a_peers_own_grants_go_before_the_general_ones_both_ways(
    own: frozenset[Grant], default: frozenset[Grant]
) -> None:
    in_force = granted(replace(BOB, grants=own), default=default, allowed=True)
    assert in_force == (own if Grant.ASK in own else frozenset())


@requirement("E17")
def test_a_peer_without_grants_of_its_own_has_the_general_ones() -> None:
    assert granted(BOB, default=USUAL, allowed=True) == USUAL


@pytest.mark.parametrize("state", [state for state in TrustState if state is not TrustState.TRUSTED])
def test_who_is_not_trusted_has_no_right_whatever_was_granted(state: TrustState) -> None:
    record = replace(BOB, state=state, grants=frozenset(Grant))
    assert not granted(record, default=frozenset(Grant), allowed=True)


def test_without_the_right_to_ask_no_other_counts() -> None:
    record = replace(BOB, grants=frozenset({Grant.NOTES, Grant.MODEL}))
    assert not granted(record, default=USUAL, allowed=True)
