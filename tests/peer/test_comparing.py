"""The two sides of a comparison without a socket, and what somebody between them cannot do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.comparing import (
    DIALLER_MATCH,
    SHARE_BYTES,
    ComparingDialler,
    ComparingListener,
    code,
    commitment,
)
from peer.errors import BadProof
from peer.identity import Identity
from peer.messages import PairCompare, PairConfirm, PairReveal
from peer.window import MAX_FAILURES, PAUSE_S, WINDOW_S, PairingWindow
from tests.mission import requirement

ANNA, BEN, EVE = Identity(b"a" * 32), Identity(b"b" * 32), Identity(b"e" * 32)
NONCES = {"nonce": b"c" * 32, "heard": b"s" * 32}

share = st.binary(min_size=SHARE_BYTES, max_size=SHARE_BYTES)


def dialler(who: Identity = BEN, sees: Identity = ANNA) -> tuple[ComparingDialler, PairCompare]:
    side = ComparingDialler(who, listener=sees.node_id, name="ben")
    return side, side.begin(version=1, offered=[1], **NONCES)


def listener(asked: PairCompare, who: Identity = ANNA) -> ComparingListener:
    return ComparingListener(who, name="anna", nonce=NONCES["heard"], asked=asked, offered=[1])


def compared() -> tuple[ComparingDialler, ComparingListener]:
    ben, asked = dialler()
    anna = listener(asked)
    anna.check(ben.reveal(anna.share()))
    return ben, anna


def test_both_sides_come_to_one_code_and_believe_each_others_yes() -> None:
    ben, anna = compared()
    assert ben.code == anna.code
    assert (ben.peer, ben.peer_name) == (ANNA.node_id, "anna")
    assert (anna.peer, anna.peer_name) == (BEN.node_id, "ben")
    anna.take(ben.agree())
    ben.take(anna.agree())


def test_the_code_of_two_keys_and_two_shares_stays_what_it_is() -> None:
    """Nodes of different versions must show the same."""
    assert code(ANNA.public_key, BEN.public_key, bytes(32), bytes(32)) == "783137"


@given(share, share)
def test_a_code_is_always_six_digits(one: bytes, other: bytes) -> None:
    shown = code(ANNA.public_key, BEN.public_key, one, other)
    assert len(shown) == 6
    assert shown.isdecimal()


@requirement("U2")
@given(share)
def test_a_share_chosen_after_the_others_was_seen_shows_nothing(other: bytes) -> None:
    ben, asked = dialler()
    anna = listener(asked)
    honest = ben.reveal(anna.share())
    if other.hex() == honest.r:
        return
    with pytest.raises(BadProof):
        anna.check(PairReveal(r=other.hex(), sig=honest.sig))
    assert anna.code == ""


@requirement("U2")
def test_a_dialler_that_saw_somebody_elses_key_is_shown_nothing() -> None:
    """Eve passes Ben's frames on to Anna as they are: he committed for Eve's key."""
    ben, asked = dialler(sees=EVE)
    anna = listener(asked)
    with pytest.raises(BadProof):
        anna.check(ben.reveal(anna.share()))
    assert anna.code == ""


@requirement("U2")
def test_somebody_in_between_with_two_good_sessions_shows_two_codes() -> None:
    ben, to_eve = dialler(sees=EVE)
    eve_listens = listener(to_eve, EVE)
    eve_dials, to_anna = dialler(EVE)
    anna = listener(to_anna)
    eve_listens.check(ben.reveal(eve_listens.share()))
    anna.check(eve_dials.reveal(anna.share()))
    assert anna.code != ben.code


def test_a_code_is_of_both_keys_and_both_shares() -> None:
    one, other = b"1" * 32, b"2" * 32
    shown = [
        code(ANNA.public_key, BEN.public_key, one, other),
        code(EVE.public_key, BEN.public_key, one, other),
        code(ANNA.public_key, EVE.public_key, one, other),
        code(ANNA.public_key, BEN.public_key, one, one),
        code(ANNA.public_key, BEN.public_key, other, other),
    ]
    assert len(set(shown)) == len(shown)
    assert commitment(ANNA.public_key, BEN.public_key, one) != commitment(EVE.public_key, BEN.public_key, one)


def test_a_yes_is_the_owners_own_and_for_this_comparison_and_this_side() -> None:
    ben, anna = compared()
    again, _ = compared()
    for forged in (again.agree(), anna.agree(), PairConfirm(sig=EVE.sign(DIALLER_MATCH).hex())):
        with pytest.raises(BadProof):
            anna.take(forged)
    for forged in (ben.agree(), PairConfirm(sig="0" * 128)):
        with pytest.raises(BadProof):
            ben.take(forged)


@requirement("F5")
def test_the_window_is_open_for_two_minutes_and_for_one_at_a_time() -> None:
    window = PairingWindow()
    assert not window.enter(0)
    assert window.open(0)
    assert window.enter(WINDOW_S - 1)
    assert not window.enter(WINDOW_S - 1)
    assert not window.take(WINDOW_S - 1)
    window.leave(WINDOW_S, is_paired=False, counts=True)
    assert not window.enter(WINDOW_S)
    assert window.take(WINDOW_S)


@requirement("F5")
def test_three_tries_are_all_that_a_stranger_has() -> None:
    window = PairingWindow()
    for _ in range(MAX_FAILURES):
        assert window.open(0)
        assert window.enter(0)
        window.leave(0, is_paired=False, counts=True)
    assert not window.open(0)
    assert not window.take(PAUSE_S - 1)
    assert window.pause_s(PAUSE_S - 1) == 1
    assert window.open(PAUSE_S)


def test_pairing_forgives_earlier_failures_and_shuts_the_window() -> None:
    window = PairingWindow()
    for is_paired in (False, False, True, False, False):
        window.open(0)
        assert window.enter(0)
        window.leave(0, is_paired=is_paired, counts=True)
        assert (window.open_s(0) == 0) is is_paired
    assert window.pause_s(0) == 0
