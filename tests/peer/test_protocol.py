"""Both sides of the greeting without a socket, honest and not."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer.closing import Close
from peer.comparing import ComparingDialler
from peer.errors import TicketUsed, VersionDowngrade, VersionMismatch
from peer.identity import Identity, NodeId
from peer.messages import LINK_FRAMES, VERSIONS, About, Hello, OpenFrame, Ping, encode
from peer.pairing import Ticket, TicketBook
from peer.protocol import Dialler, Listener, Opened, PeerProtocol, Received, State
from peer.trust import TrustState
from tests.mission import requirement

ANNA, BEN, EVE = Identity(b"a" * 32), Identity(b"b" * 32), Identity(b"e" * 32)
PING = Ping(n=1)


def listener(
    *friends: Identity,
    book: TicketBook | None = None,
    state: TrustState = TrustState.TRUSTED,
    spoken: int = 0,
    may_compare: bool = False,
) -> Listener:
    known: dict[NodeId, TrustState] = {friend.node_id: state for friend in friends}
    return Listener(
        ANNA,
        name="anna",
        trust=known.get,
        spoken=lambda _: spoken,
        tickets=book or TicketBook(),
        may_compare=lambda: may_compare,
        key_changed=lambda _: None,
        now=lambda: 0.0,
    )


def dialler(identity: Identity = BEN, pairing: Ticket | ComparingDialler | None = None) -> Dialler:
    return Dialler(identity, listener=ANNA.node_id, name="ben", pairing=pairing)


def talk(left: PeerProtocol, right: PeerProtocol) -> None:
    """Carry messages both ways until both are silent."""
    while texts := [(right, text) for text in left.text_to_send()] + [
        (left, text) for text in right.text_to_send()
    ]:
        for receiver, text in texts:
            receiver.receive(text)


def opened() -> tuple[Listener, Dialler]:
    anna, ben = listener(BEN), dialler()
    talk(anna, ben)
    assert anna.state is ben.state is State.OPEN
    return anna, ben


def test_two_that_trust_each_other_open_a_link_and_hear_what_is_sent() -> None:
    anna, ben = listener(BEN), dialler()
    [hello] = anna.text_to_send()
    assert ben.receive(hello) == []
    [auth] = ben.text_to_send()
    assert anna.receive(auth) == [Opened(peer=BEN.node_id, version=1)]
    [welcome] = anna.text_to_send()
    assert ben.receive(welcome) == [Opened(peer=ANNA.node_id, version=1)]
    ben.send(PING)
    [text] = ben.text_to_send()
    assert anna.receive(text) == [Received(frame=PING.model_copy(update={"seq": 1}))]


def test_a_ticket_opens_a_link_between_strangers_and_both_learn_the_names() -> None:
    book = TicketBook()
    ticket = book.issue(node_id=ANNA.node_id, addresses=(), expires_at=1)
    anna, ben = listener(book=book), dialler(pairing=ticket)
    [hello] = anna.text_to_send()
    ben.receive(hello)
    [redemption] = ben.text_to_send()
    assert anna.receive(redemption) == [Opened(peer=BEN.node_id, is_pairing=True, name="ben", version=1)]
    [done] = anna.text_to_send()
    assert ben.receive(done) == [Opened(peer=ANNA.node_id, is_pairing=True, name="anna", version=1)]
    assert ticket.secret.hex() not in hello + redemption + done
    again = dialler(EVE, ticket)
    second = listener(book=book)
    talk(second, again)
    assert second.close == Close(code=4401, reason="ticket_used")
    assert isinstance(second.close.as_error(), TicketUsed)


@pytest.mark.parametrize("state", [TrustState.SEEN, TrustState.PENDING, TrustState.BLOCKED])
def test_only_a_trusted_key_gets_in(state: TrustState) -> None:
    anna, ben = listener(BEN, state=state), dialler()
    talk(anna, ben)
    assert anna.close == Close(code=4403, reason="not_trusted")


@requirement("F7")
@pytest.mark.parametrize("versions", [[99], [2, 99]])
def test_a_listener_that_speaks_none_of_our_versions_is_left(versions: list[int]) -> None:
    ben = dialler()
    ben.receive(encode(Hello(v=versions, n="0" * 64)))
    assert ben.close == Close(code=4406, reason="version")
    assert isinstance(ben.failure, VersionMismatch)
    assert ben.text_to_send() == []


def test_the_best_common_version_is_taken() -> None:
    ben = dialler()
    ben.receive(encode(Hello(v=[99, *VERSIONS], n="0" * 64)))
    assert json.loads(ben.text_to_send()[0])["v"] == VERSIONS[0]


@requirement("F7")
@pytest.mark.parametrize("way", ["proof", "ticket", "codes"])
def test_whoever_takes_versions_off_the_offer_on_its_way_opens_no_link(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("peer.protocol.VERSIONS", (2, 1))
    book = TicketBook()
    ticket = book.issue(node_id=ANNA.node_id, addresses=(), expires_at=1)
    anna = listener(BEN, book=book, may_compare=way == "codes")
    comparing = ComparingDialler(BEN, listener=ANNA.node_id, name="ben")
    ben = dialler(pairing={"proof": None, "ticket": ticket, "codes": comparing}[way])
    hello = json.loads(anna.text_to_send()[0])
    assert hello["v"] == [2, 1]
    ben.receive(json.dumps({**hello, "v": [1]}))
    talk(anna, ben)
    assert anna.close == Close(code=4401, reason="bad_proof")
    assert ben.state is not State.OPEN


@requirement("F7")
def test_a_listener_that_goes_back_behind_the_version_it_has_spoken_is_told_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.protocol.VERSIONS", (2, 1))
    ben = Dialler(BEN, listener=ANNA.node_id, name="ben", spoken=2)
    ben.receive(encode(Hello(v=[1], n="0" * 64)))
    assert ben.close == Close(code=4406, reason="downgrade")
    assert isinstance(ben.close.as_error(), VersionDowngrade)
    assert ben.text_to_send() == []


@requirement("F7")
def test_a_dialler_that_goes_back_behind_the_version_it_has_spoken_is_turned_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ben = dialler()
    monkeypatch.setattr("peer.protocol.VERSIONS", (2, 1))
    anna = listener(BEN, spoken=2)
    hello = anna.text_to_send()
    monkeypatch.setattr("peer.protocol.VERSIONS", (1,))
    ben.receive(hello[0])
    monkeypatch.setattr("peer.protocol.VERSIONS", (2, 1))
    anna.receive(ben.text_to_send()[0])
    assert anna.close == Close(code=4406, reason="downgrade")


def test_a_node_that_itself_went_back_does_not_ask_more_of_its_peers_than_it_speaks() -> None:
    anna, ben = listener(BEN, spoken=2), Dialler(BEN, listener=ANNA.node_id, name="ben", spoken=2)
    talk(anna, ben)
    assert anna.state is ben.state is State.OPEN


def test_a_pairing_by_the_owners_begins_anew_with_whatever_version_is_spoken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("peer.protocol.VERSIONS", (2, 1))
    book = TicketBook()
    ticket = book.issue(node_id=ANNA.node_id, addresses=(), expires_at=1)
    ben = Dialler(BEN, listener=ANNA.node_id, name="ben", pairing=ticket, spoken=2)
    monkeypatch.setattr("peer.protocol.VERSIONS", (1,))
    anna = listener(BEN, book=book, spoken=2)
    talk(anna, ben)
    assert anna.state is ben.state is State.OPEN


def test_a_relay_under_another_key_cannot_use_the_diallers_proof() -> None:
    """Ben dials Eve; Eve passes everything on to Anna, who trusts Ben."""
    anna = listener(BEN)
    ben = Dialler(BEN, listener=EVE.node_id, name="ben")
    [hello] = anna.text_to_send()
    ben.receive(hello)
    [auth] = ben.text_to_send()
    anna.receive(auth)
    assert anna.close == Close(code=4401, reason="bad_proof")


def test_a_relay_cannot_use_the_joiners_ticket_proof_either() -> None:
    book = TicketBook()
    ticket = book.issue(node_id=ANNA.node_id, addresses=(), expires_at=1)
    anna = listener(book=book)
    ben = Dialler(BEN, listener=EVE.node_id, name="ben", pairing=ticket)
    [hello] = anna.text_to_send()
    ben.receive(hello)
    [redemption] = ben.text_to_send()
    anna.receive(redemption)
    assert anna.close == Close(code=4401, reason="bad_proof")
    talk(listener(book=book), honest := dialler(pairing=ticket))
    assert honest.state is State.OPEN


def test_a_welcome_that_the_listener_did_not_sign_opens_nothing() -> None:
    ben = dialler()
    ben.receive(encode(Hello(v=[1], n="0" * 64)))
    ben.receive(json.dumps({"t": "welcome", "sig": "0" * 128}))
    assert ben.close == Close(code=4401, reason="bad_proof")


@pytest.mark.parametrize(("field", "size"), [("sig", 128), ("mac", 64)])
def test_a_ticket_that_the_inviter_did_not_prove_to_know_opens_nothing(field: str, size: int) -> None:
    book = TicketBook()
    ticket = book.issue(node_id=ANNA.node_id, addresses=(), expires_at=1)
    anna, ben = listener(book=book), dialler(pairing=ticket)
    ben.receive(anna.text_to_send()[0])
    anna.receive(ben.text_to_send()[0])
    done = json.loads(anna.text_to_send()[0])
    assert ben.receive(json.dumps({**done, field: "0" * size})) == []
    assert ben.close == Close(code=4401, reason="bad_proof")


def test_open_frames_before_the_proof_and_greetings_after_it_end_the_link() -> None:
    anna = listener(BEN)
    anna.receive(encode(PING))
    assert anna.close == Close(code=1002, reason="protocol")
    anna, _ = opened()
    anna.receive(encode(Hello(v=[1], n="0" * 64)))
    assert anna.close == Close(code=1002, reason="protocol")


@requirement("F9")
@given(st.lists(st.integers(min_value=0, max_value=6), min_size=1, max_size=6))
def test_only_frames_whose_number_grows_are_heard(numbers: list[int]) -> None:
    anna, _ = opened()
    heard = [event.frame.seq for seq in numbers for event in _received(anna, seq)]
    assert heard == sorted(set(heard))
    assert (anna.state is State.OPEN) == (heard == numbers)


def _received(protocol: PeerProtocol, seq: int) -> list[Received]:
    events = protocol.receive(encode(PING.model_copy(update={"seq": seq})))
    return [event for event in events if isinstance(event, Received)]


def test_nothing_is_sent_on_a_link_that_is_not_open() -> None:
    ben = dialler()
    ben.send(About(name="ben", caps=[]))
    assert ben.text_to_send() == []


tags = st.sampled_from([frame.model_fields["t"].default for frame in LINK_FRAMES] + ["nonsense", None])
fields = st.dictionaries(
    st.sampled_from(
        ["v", "id", "n", "sig", "name", "tid", "mac", "seq", "rid", "ok", "text", "caps", "port"]
    ),
    st.none() | st.integers() | st.text() | st.just("0" * 64) | st.just("0" * 128) | st.just(BEN.node_id),
)
junk = st.text() | st.builds(lambda t, rest: json.dumps({"t": t, **rest}), tags, fields)


@settings(max_examples=200)
@given(texts=st.lists(junk, max_size=6), is_listener=st.booleans(), has_ticket=st.booleans())
def test_no_junk_raises_or_opens_a_link(texts: list[str], *, is_listener: bool, has_ticket: bool) -> None:
    book = TicketBook()
    ticket = book.issue(node_id=ANNA.node_id, addresses=(), expires_at=1)
    side = listener(BEN, book=book) if is_listener else dialler(pairing=ticket if has_ticket else None)
    for text in texts:
        assert side.receive(text) == []
    assert side.state is not State.OPEN


@settings(max_examples=100)
@given(st.lists(st.integers(0, 4), max_size=12), st.data())
def test_dropping_doubling_reordering_and_rewriting_never_opens_a_link_to_the_wrong_node(
    moves: list[int], data: st.DataObject
) -> None:
    """Eve carries all messages between Anna, who trusts Ben, and Ben, who dialled Anna."""
    anna, ben = listener(BEN), dialler()
    carried: list[str] = []
    opened_by: list[PeerProtocol] = []
    for move in moves:
        carried += anna.text_to_send() + ben.text_to_send()
        if not carried:
            break
        # Numbers, not choices from the texts: nonces differ from run to run, lengths do not.
        text = carried[data.draw(st.integers(0, 50)) % len(carried)]
        if move == 4:
            at = data.draw(st.integers(0, 500)) % len(text)
            text = text[:at] + data.draw(st.sampled_from('09af{}",')) + text[at + 1 :]
        receiver = anna if move % 2 else ben
        events = receiver.receive(text)
        for event in events:
            if isinstance(event, Opened):
                assert event.peer == (BEN.node_id if receiver is anna else ANNA.node_id)
                opened_by.append(receiver)
            else:
                assert isinstance(event, Received)
                assert isinstance(event.frame, OpenFrame)
    assert opened_by in ([], [anna], [anna, ben])
