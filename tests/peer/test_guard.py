from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.guard import Policy, Standing, refusal
from peer.identity import Identity
from peer.lineage import MAX_PEER_HOPS, Lineage, tag
from peer.trust import PeerRecord, TrustState
from tests.mission import requirement

OWN, PEER = Identity(b"a" * 32).node_id, Identity(b"b" * 32).node_id
ASK = "0" * 32
FRIEND = PeerRecord(node_id=PEER, state=TrustState.TRUSTED, added_at=0)
GOOD = Lineage(ask=ASK, seen=(tag(ASK, PEER),), hops=2, asks=4, ms=60_000)
STANDING = Standing(
    own=OWN, peer=FRIEND, policy=Policy(allowed=True), running=(), is_own_question=False, wait_s=0
)

# Each breaks one rule, in the order in which the rules are judged.
WRONGS = [
    ("not_trusted", {}, {"peer": replace(FRIEND, state=TrustState.BLOCKED)}),
    ("not_allowed", {}, {"policy": Policy(allowed=False)}),
    ("hops", {"seen": tuple(f"{n:032x}" for n in range(MAX_PEER_HOPS + 1))}, {}),
    ("cycle", {}, {"is_own_question": True}),
    ("budget", {"asks": 0}, {}),
    ("busy", {}, {"running": ("1" * 32, "2" * 32)}),
    ("deadline", {"ms": 0}, {}),
    ("duplicate", {}, {"running": (ASK,)}),
]


def code(lineage: Lineage, standing: Standing, prompt: str = "hi") -> str | None:
    refused = refusal(lineage, prompt, standing)
    return refused.code if refused else None


def test_an_honest_ask_of_a_friend_is_admitted() -> None:
    assert code(GOOD, STANDING) is None


@pytest.mark.parametrize(("expected", "claims", "known"), WRONGS, ids=[wrong[0] for wrong in WRONGS])
def test_each_wrong_has_its_code(expected: str, claims: dict[str, object], known: dict[str, object]) -> None:
    assert code(replace(GOOD, **claims), replace(STANDING, **known)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("at", range(len(WRONGS) - 1))
def test_the_first_wrong_in_the_order_is_the_one_that_is_told(at: int) -> None:
    lineage, standing = GOOD, STANDING
    for _, claims, known in reversed(WRONGS[at:]):
        lineage = replace(lineage, **claims)  # type: ignore[arg-type]
        standing = replace(standing, **known)  # type: ignore[arg-type]
    assert code(lineage, standing) == WRONGS[at][0]


def test_a_stranger_of_whom_nothing_is_known_is_refused() -> None:
    assert code(GOOD, replace(STANDING, peer=None)) == "not_trusted"


def test_ones_own_mark_in_the_chain_is_a_cycle() -> None:
    assert code(replace(GOOD, seen=(*GOOD.seen, tag(ASK, OWN))), STANDING) == "cycle"


@pytest.mark.parametrize(
    ("prompt", "expected"), [("x" * 65_536, None), ("x" * 65_537, "too_large"), ("é" * 40_000, "too_large")]
)
def test_a_prompt_is_measured_in_bytes(prompt: str, expected: str | None) -> None:
    assert code(GOOD, STANDING, prompt) == expected


def test_a_full_bucket_says_how_long_to_wait() -> None:
    refused = refusal(GOOD, "hi", replace(STANDING, wait_s=1.5))
    assert refused is not None
    assert (refused.code, refused.retry_after) == ("busy", 1.5)


def test_the_owners_own_reason_is_passed_on() -> None:
    refused = refusal(GOOD, "hi", replace(STANDING, policy=Policy(allowed=False, reason="Ask me by phone.")))
    assert str(refused) == "Ask me by phone."


@requirement("F16", "F17")
@given(
    st.lists(st.sampled_from([tag(ASK, OWN), *(f"{n:032x}" for n in range(6))]), max_size=6),
    st.integers(0, 300),
    st.integers(0, 70_000),
    st.integers(0, 10**8),
)
def test_no_admitted_chain_holds_us_or_is_longer_than_the_hops(
    seen: list[str], hops: int, asks: int, ms: int
) -> None:
    lineage = Lineage(ask=ASK, seen=tuple(seen), hops=hops, asks=asks, ms=ms)
    if refusal(lineage, "hi", STANDING) is not None:
        return
    admitted = lineage.clamped(STANDING.policy.limits)
    assert tag(ASK, OWN) not in admitted.seen
    assert len(admitted.seen) + admitted.hops <= MAX_PEER_HOPS
    assert admitted.asks >= 1
    assert admitted.ms >= 1
