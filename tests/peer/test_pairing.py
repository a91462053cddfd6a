import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.errors import BadProof, TicketExpired, TicketUnreadable, TicketUsed
from peer.identity import Identity
from peer.pairing import (
    JOINER,
    MAX_FAILURES,
    MAX_TICKETS,
    PREFIX,
    SECRET_BYTES,
    Ticket,
    TicketBook,
    proof,
)
from tests.mission import requirement

NODE_ID = Identity(bytes(32)).node_id
FIELDS = (b"both keys", b"both nonces")

addresses = st.lists(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60), max_size=8
).map(tuple)
tickets = st.builds(
    Ticket,
    node_id=st.binary(min_size=32, max_size=32).map(lambda seed: Identity(seed).node_id),
    secret=st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES),
    addresses=addresses,
)


@given(tickets)
def test_a_ticket_is_read_as_it_was_written(ticket: Ticket) -> None:
    assert Ticket.parse(str(ticket)) == ticket


def test_the_written_form_of_a_ticket_stays_as_it_is() -> None:
    ticket = Ticket(node_id=NODE_ID, secret=bytes(range(16)), addresses=("192.168.1.2:8766",))
    assert str(ticket) == (
        "palaver1:ae5wuj54z23killcuounaktpbvzwkmqvo4o6eq5ghlaerimllhncsaabaibqibiga4eascqlbqgq4dyq"
        "ge4telrrgy4c4mjogi5dqnzwgyvivxnh"
    )


@given(tickets, st.data())
def test_a_ticket_broken_over_lines_or_in_capitals_is_still_read(ticket: Ticket, data: st.DataObject) -> None:
    text = str(ticket).upper()
    at = data.draw(st.integers(0, len(text)))
    assert Ticket.parse(f"  {text[:at]}\n {text[at:]}\n") == ticket


@given(tickets, st.data())
def test_a_ticket_with_one_character_changed_or_its_end_missing_is_refused(
    ticket: Ticket, data: st.DataObject
) -> None:
    text = str(ticket)
    at = data.draw(st.integers(len(PREFIX), len(text) - 2))
    other = data.draw(
        st.sampled_from("abcdefghijklmnopqrstuvwxyz234567").filter(lambda char: char != text[at])
    )
    for broken in (text[:at], text[:at] + other + text[at + 1 :]):
        with pytest.raises(TicketUnreadable):
            Ticket.parse(broken)


def test_a_ticket_that_was_cut_anywhere_is_said_to_be_cut_and_not_misspelt() -> None:
    whole = str(issued(TicketBook()))
    for size in range(len(PREFIX) + 1, len(whole)):
        with pytest.raises(TicketUnreadable, match="damaged or cut off"):
            Ticket.parse(whole[:size])
    with pytest.raises(TicketUnreadable, match="characters that no ticket has"):
        Ticket.parse(whole[:-1] + "1")


@given(
    st.text()
    | st.text().map(PREFIX.__add__)
    | st.text("abcdefghijklmnopqrstuvwxyz234567").map(PREFIX.__add__)
)
def test_text_that_is_no_ticket_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(TicketUnreadable, match=r"\.$"):
        Ticket.parse(text)


def redeem(book: TicketBook, ticket: Ticket, *, now: float = 0, secret: bytes | None = None) -> bytes:
    mac = proof(secret or ticket.secret, JOINER, *FIELDS)
    return book.redeem(tid=ticket.ticket_id, mac=mac, fields=FIELDS, now=now)


def issued(book: TicketBook) -> Ticket:
    return book.issue(node_id=NODE_ID, addresses=("127.0.0.1:1",), expires_at=100)


@requirement("F4")
def test_a_ticket_is_good_once_and_until_its_time() -> None:
    book = TicketBook()
    first, second = issued(book), issued(book)
    assert redeem(book, first, now=99) == first.secret
    with pytest.raises(TicketUsed):
        redeem(book, first, now=99)
    with pytest.raises(TicketExpired):
        redeem(book, second, now=100)


def test_whoever_does_not_hold_the_secret_does_not_hear_what_became_of_the_ticket() -> None:
    book = TicketBook()
    used, late = issued(book), issued(book)
    redeem(book, used)
    for ticket, now in ((used, 0), (late, 100), (Ticket(node_id=NODE_ID, secret=bytes(16), addresses=()), 0)):
        with pytest.raises(BadProof):
            redeem(book, ticket, now=now, secret=b"a guess, no more")


def test_failed_tries_burn_a_ticket() -> None:
    book = TicketBook()
    ticket = issued(book)
    for _ in range(MAX_FAILURES):
        with pytest.raises(BadProof):
            redeem(book, ticket, secret=b"guess")
    with pytest.raises(TicketUsed):
        redeem(book, ticket)


def test_a_proof_for_one_connection_is_none_for_another() -> None:
    book = TicketBook()
    ticket = issued(book)
    mac = proof(ticket.secret, JOINER, *FIELDS)
    with pytest.raises(BadProof):
        book.redeem(tid=ticket.ticket_id, mac=mac, fields=(b"both keys", b"other nonces"), now=0)


def test_the_book_forgets_the_oldest_tickets() -> None:
    book = TicketBook()
    oldest = issued(book)
    newest = [issued(book) for _ in range(MAX_TICKETS)]
    with pytest.raises(BadProof):
        redeem(book, oldest)
    assert redeem(book, newest[0]) == newest[0].secret
