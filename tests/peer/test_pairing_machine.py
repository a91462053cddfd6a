"""Both ways to pair against somebody who holds all the wires: drops, reorders, replays, rewrites, and joins in.

Anna listens, Ben dials, Eve carries every text and talks to both under her own key. The adversary is stronger than
the real one: it reads and rewrites even what TLS would protect, and only the keys that TLS shows are out of reach.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import event as hypothesis_event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from peer.comparing import DIALLER_MATCH, ComparingDialler, commitment
from peer.errors import CodesRefused, PeerLost
from peer.identity import Identity, NodeId, public_key_of
from peer.messages import PairConfirm, PairReveal, PairShare, encode
from peer.pairing import Ticket, TicketBook
from peer.protocol import CodeShown, Dialler, Listener, Opened, PeerProtocol, State
from peer.trust import TrustState
from peer.window import PairingWindow
from tests.mission import requirement

ANNA, BEN, EVE = Identity(b"a" * 32), Identity(b"b" * 32), Identity(b"e" * 32)
TICKET_S = 100.0

FIELDS = ("id", "n", "r", "sig", "commit", "t", "mac")

number = st.integers(0, 1_000)


@dataclass(eq=False)
class Session:
    """One side of one connection."""

    owner: Identity
    protocol: PeerProtocol
    ticket: Ticket | None = None
    shown: CodeShown | None = None
    has_agreed: bool = False
    opened: Opened | None = None
    has_left: bool = False
    took: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    heard: dict["Session", int] = field(default_factory=dict)


class Cheating(ComparingDialler):
    """Chooses its share once it knows the listener's, as after a search for one that makes two codes agree."""

    def reveal(self, frame: PairShare) -> PairReveal:
        self._share = bytes.fromhex(frame.r)
        return super().reveal(frame)


class Pairing(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.book = TicketBook()
        self.window = PairingWindow()
        self.sessions: list[Session] = []
        self.connections: list[tuple[Session, Session]] = []
        self.carried: list[str] = []
        self.tickets: list[Ticket] = []
        self.trusted: dict[Identity, set[NodeId]] = {ANNA: set(), BEN: set(), EVE: set()}

    # What the honest do

    @initialize()
    def anna_lets_others_pair(self) -> None:
        self.window.open(self.now)
        self.anna_gives_ben_a_ticket()
        self.anna_gives_ben_a_ticket()

    def anna_gives_ben_a_ticket(self) -> None:
        """By hand: Eve does not see it."""
        until = self.now + TICKET_S
        self.tickets.append(self.book.issue(node_id=ANNA.node_id, addresses=(), expires_at=until))

    @rule(seconds=st.sampled_from([1, 30, 150]), opens=st.booleans())
    def time_passes_and_anna_opens_or_shuts_the_window(self, seconds: int, *, opens: bool) -> None:
        self.now += seconds
        if opens:
            self.window.open(self.now)
        else:
            self.window.shut()

    @rule(reaches=st.sampled_from([ANNA, EVE]), passes=st.booleans())
    def ben_dials_to_compare(self, reaches: Identity, *, passes: bool) -> None:
        """The address may lead to Eve: Ben then sees her key, and has no way to know whose it should be."""
        side = ComparingDialler(BEN, listener=reaches.node_id, name="ben")
        dialler = Dialler(BEN, listener=reaches.node_id, name="ben", pairing=side)
        self.connect(dialler, BEN, reaches, passes=passes)

    @rule(at=number, passes=st.booleans())
    def ben_dials_anna_with_a_ticket_or_as_a_friend(self, at: int, *, passes: bool) -> None:
        """Whatever shows another key than the ticket's is left before this begins."""
        ticket = ([*self.tickets, None])[at % (len(self.tickets) + 1)]
        dialler = Dialler(BEN, listener=ANNA.node_id, name="ben", pairing=ticket)
        self.connect(dialler, BEN, ANNA, ticket, passes=passes)

    @rule(
        left=number,
        right=number,
        says=st.sampled_from(["both", "both", "anna", "ben"]),
        passes=st.sampled_from([True, True, False]),
    )
    def the_owners_look_at_both_screens(self, left: int, right: int, says: str, *, passes: bool) -> None:
        """They agree if the codes are the same, and even then one of them may say no."""
        annas, bens = self.showing(ANNA), self.showing(BEN)
        if not annas or not bens:
            return
        anna, ben = annas[left % len(annas)], bens[right % len(bens)]
        is_same = anna.shown is not None and ben.shown is not None and anna.shown.code == ben.shown.code
        for session, name in ((anna, "anna"), (ben, "ben")):
            session.has_agreed = is_same and says in (name, "both")
            if session.has_agreed:
                self.note(session, session.protocol.agree())
            else:
                session.protocol.fail(CodesRefused("The owner said no."))
                self.leave(session)
        if passes and (ben, anna) in self.connections:
            self.talk(ben, anna)

    # What Eve does

    @rule(passes=st.booleans(), cheats=st.booleans())
    def eve_dials_anna(self, *, passes: bool, cheats: bool) -> None:
        side = (Cheating if cheats else ComparingDialler)(EVE, listener=ANNA.node_id, name="ben")
        dialler = Dialler(EVE, listener=ANNA.node_id, name="ben", pairing=side)
        self.connect(dialler, EVE, ANNA, passes=passes)

    @rule(
        at=number,
        to=number,
        other=number,
        how=st.sampled_from(["", *FIELDS]),
        char=st.sampled_from(["", *'09af{}"']),
    )
    def eve_passes_a_text_on(self, at: int, to: int, other: int, how: str, char: str) -> None:
        """Any text to anybody, in any order, again and again; what she never passes on is dropped.

        She may change a character, or take a field from another text.
        """
        text = self.text(at)
        if how:
            source = self.frame(other)
            text = json.dumps({**self.frame(at), **({how: source[how]} if how in source else {})})
        if char:
            place = other % len(text)
            text = text[:place] + char + text[place + 1 :]
        if alive := self.alive():
            self.take(alive[to % len(alive)], text)

    @rule(to=number)
    def eve_forges_a_yes(self, to: int) -> None:
        if comparing := [one for one in self.sessions if one.protocol.state is State.COMPARING]:
            self.take(comparing[to % len(comparing)], encode(PairConfirm(sig=EVE.sign(DIALLER_MATCH).hex())))

    @rule(at=number)
    def eve_says_that_the_codes_agree(self, at: int) -> None:
        shown = [session for session in self.sessions if session.owner is EVE and session.shown]
        if shown:
            session = shown[at % len(shown)]
            self.note(session, session.protocol.agree())

    @rule(left=number, right=number, is_one_connection=st.booleans())
    def eve_lets_two_sessions_talk(self, left: int, right: int, *, is_one_connection: bool) -> None:
        """Without this, hardly a run would come to its end."""
        if not self.connections:
            return
        dialler, listener = self.connections[left % len(self.connections)]
        if not is_one_connection:
            _, listener = self.connections[right % len(self.connections)]
        self.talk(dialler, listener)

    @precondition(lambda self: self.sessions)
    @rule(at=number)
    def eve_cuts_a_connection(self, at: int) -> None:
        """What that side said before may still reach the other one."""
        session = self.sessions[at % len(self.sessions)]
        session.protocol.fail(PeerLost("The wire was cut."))
        self.leave(session)

    # What must hold whatever they do

    @invariant()
    def nobody_trusts_a_key_whose_owner_did_not_agree(self) -> None:
        assert self.trusted[ANNA] <= {BEN.node_id}
        assert self.trusted[BEN] <= {ANNA.node_id}

    @invariant()
    def equal_codes_mean_that_each_saw_the_others_key(self) -> None:
        """Up to one chance in a million per pair of codes."""
        for anna in self.sessions:
            for ben in self.sessions:
                if anna.owner is ANNA and ben.owner is BEN and anna.shown and ben.shown:
                    is_same = anna.shown.code == ben.shown.code
                    assert not is_same or (anna.shown.peer, ben.shown.peer) == (BEN.node_id, ANNA.node_id)

    # How the machine works

    def connect(
        self, dialler: Dialler, who: Identity, whom: Identity, ticket: Ticket | None = None, *, passes: bool
    ) -> None:
        """Eve's own listener lets everybody compare; Anna's goes by her window."""
        may_compare = (lambda: self.window.enter(self.now)) if whom is ANNA else (lambda: True)
        ends = Session(who, dialler, ticket), Session(whom, self.listener(whom, may_compare))
        self.connections.append(ends)
        for session in ends:
            self.sessions.append(session)
            self.sent(session)
        if passes:
            self.talk(*ends)

    def listener(self, identity: Identity, may_compare: Callable[[], bool]) -> Listener:
        def trust(node_id: NodeId) -> TrustState | None:
            return TrustState.TRUSTED if node_id in self.trusted[identity] else None

        book = self.book if identity is ANNA else TicketBook()
        return Listener(
            identity,
            name="anna",
            trust=trust,
            spoken=lambda _: 0,
            tickets=book,
            may_compare=may_compare,
            key_changed=lambda _: None,
            now=lambda: self.now,
        )

    def showing(self, owner: Identity) -> list[Session]:
        return [
            session
            for session in self.sessions
            if session.owner is owner and session.protocol.state is State.COMPARING and not session.has_agreed
        ]

    def alive(self) -> list[Session]:
        return [one for one in self.sessions if one.protocol.state not in (State.OPEN, State.CLOSED)]

    def passed_on(self, speaker: Session, hearer: Session) -> bool:
        """Have the one hear what the other has said since it heard last."""
        heard = hearer.heard.get(speaker, 0)
        texts = speaker.said[heard:]
        hearer.heard[speaker] = len(speaker.said)
        for text in texts:
            self.take(hearer, text)
        return bool(texts)

    def sent(self, session: Session) -> None:
        texts = session.protocol.text_to_send()
        session.said += texts
        self.carried += texts

    def text(self, at: int) -> str:
        return self.carried[at % len(self.carried)] if self.carried else "{}"

    def frame(self, at: int) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self.text(at))
        return frame

    def talk(self, dialler: Session, listener: Session) -> None:
        while self.passed_on(dialler, listener) or self.passed_on(listener, dialler):
            pass

    def take(self, session: Session, text: str) -> None:
        session.took.append(text)
        self.note(session, session.protocol.receive(text))
        self.sent(session)
        if session.protocol.state is State.CLOSED:
            self.leave(session)

    def note(self, session: Session, events: list[Any]) -> None:
        for event in events:
            if isinstance(event, CodeShown):
                session.shown = event
                hypothesis_event("a code is shown")
                if session.owner is ANNA:
                    assert_was_committed_to(session)
            if isinstance(event, Opened):
                self.note_opened(session, event)
        self.sent(session)

    def note_opened(self, session: Session, event: Opened) -> None:
        hypothesis_event(
            f"{session.protocol.__class__.__name__} opened, {'codes' if session.shown else 'ticket'}"
        )
        assert session.opened is None
        session.opened = event
        if not event.is_pairing:
            assert session.owner is BEN or event.peer in self.trusted[session.owner]
            return
        self.trusted[session.owner].add(event.peer)
        if session.shown is not None and session.owner is not EVE:
            other = BEN if session.owner is ANNA else ANNA
            assert session.has_agreed
            assert any(
                one.owner is other and one.has_agreed and one.shown and one.shown.code == session.shown.code
                for one in self.sessions
            )
        self.leave(session)

    def leave(self, session: Session) -> None:
        """Give Anna's one place back, as the node does when a connection ends."""
        has_place = session.owner is ANNA and getattr(session.protocol, "_comparing", None) is not None
        if has_place and not session.has_left:
            session.has_left = True
            self.window.leave(self.now, is_paired=session.opened is not None, counts=True)


def assert_was_committed_to(session: Session) -> None:
    """The share that Anna took is the one fixed before she showed hers, for the two keys she knows of."""
    asked, revealed = [json.loads(text) for text in session.took]
    keys = public_key_of(ANNA.node_id), public_key_of(asked["id"])
    assert commitment(*keys, bytes.fromhex(revealed["r"])) == asked["commit"]


class TicketsOnce(Pairing):
    """The same, and each ticket opens at most one of Anna's links."""

    @invariant()
    def a_ticket_is_used_once(self) -> None:
        opened = [one for one in self.sessions if one.owner is ANNA and one.opened and not one.shown]
        redeemed = [one for one in opened if one.opened and one.opened.is_pairing]
        assert len(redeemed) <= len(self.tickets)
        ours = [one.ticket for one in self.sessions if one.owner is BEN and one.opened and one.ticket]
        assert len(ours) == len({ticket.secret for ticket in ours})


TestPairing = requirement("U2", "F4", "F5")(TicketsOnce.TestCase)
TestPairing.settings = settings(
    max_examples=250, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
