"""Two honest sides of a link over a wire that is not, and what must hold whatever the wire does."""

import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from fuzz_frames import Frames

from peer.comparing import ComparingDialler
from peer.errors import ProtocolError
from peer.identity import Identity, NodeId
from peer.messages import AnyFrame, Ping, decode
from peer.pairing import MAX_TICKETS, Ticket, TicketBook
from peer.protocol import CodeShown, Dialler, Event, Listener, Opened, PeerProtocol, Received, State
from peer.rotation import KeyChange, KeyChanges, followed_by
from peer.trust import TrustState
from peer.window import PAUSE_S, PairingWindow

ANNA, BEN, OLD = Identity(b"a" * 32), Identity(b"b" * 32), Identity(b"o" * 32)
CHANGE = KeyChange(old=OLD.node_id, new=BEN.node_id)
FORMER = (followed_by(OLD, BEN.node_id),)
FLOWS = ("proof", "ticket", "codes", "changed key", "stranger")
FRAMES_MAX = 40
"""Of one connection."""
CARRIED_MAX = 200
"""Texts of this and earlier connections, kept to be played again."""
LAWFUL = {
    State.GREETING: {State.PROVING, State.CLOSED},
    State.PROVING: {State.COMPARING, State.OPEN, State.CLOSED},
    State.COMPARING: {State.OPEN, State.CLOSED},
    State.OPEN: {State.CLOSED},
    State.CLOSED: set(),
}
"""Where each state leads."""


class Breach(Exception):
    """A promise of the protocol does not hold."""


@dataclass(eq=False)
class Side:
    protocol: PeerProtocol
    said: list[str] = field(default_factory=list)
    """All of it, as it was meant."""
    passed: int = 0
    """How many of these the wire has let go."""
    took: list[str] = field(default_factory=list)
    """What it heard before it was open."""
    has_agreed: bool = False
    heard_seq: int = 0

    @property
    def name(self) -> str:
        return type(self.protocol).__name__


class Fuzz:
    """The same seed makes the same choices; nonces and shares differ all the same."""

    def __init__(self, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self.frames = 0
        self._chance = random.Random(seed)  # noqa: S311 - chooses what is tried, guards nothing
        self._texts = Frames(self._chance)
        self._carried: deque[str] = deque(["{}"], maxlen=CARRIED_MAX)
        self._book = TicketBook()
        self._window = PairingWindow()
        self._changes = KeyChanges()
        self._now = 0.0

    def run(self, frames: int) -> None:
        """Carry so many frames; raise `Breach`, or what a side raised."""
        while self.frames < frames:
            self._connection(self._chance.choice(FLOWS))

    def _connection(self, flow: str) -> None:
        self._now += PAUSE_S + 1
        self._window.open(self._now)
        sides = Side(self._listener(flow)), Side(self._dialler(flow))
        # Honest for a while: else hardly a connection would come to its end.
        honest = self._chance.choice((0, 1, 2, 3, 4, 5, 8))
        for step in range(self._chance.randrange(2, FRAMES_MAX)):
            alive = [side for side in sides if side.protocol.state is not State.CLOSED]
            if not alive:
                break
            # Now and then also to the one that is closed: it must stay so.
            hearer = self._chance.choice(alive if self._chance.random() < 0.9 else sides)
            speaker = sides[hearer is sides[0]]
            for side in sides:
                self._collect(side)
            if step < honest:
                self._pass_on(hearer, speaker)
            else:
                self._interfere(hearer, speaker)
            self._decide(hearer, speaker)
        if self._window.is_taken:
            self._window.leave(self._now, is_paired=sides[0].protocol.state is State.OPEN, counts=True)
        self._check_kept()

    def _listener(self, flow: str) -> Listener:
        known: dict[str, dict[NodeId, TrustState]] = {
            "proof": {BEN.node_id: TrustState.TRUSTED},
            "changed key": {OLD.node_id: TrustState.TRUSTED},
        }
        return Listener(
            ANNA,
            name="anna",
            trust=known.get(flow, {}).get,
            spoken=lambda _: 1,
            tickets=self._book,
            may_compare=lambda: self._window.enter(self._now),
            key_changed=self._key_changed,
            now=lambda: self._now,
        )

    def _dialler(self, flow: str) -> Dialler:
        pairing: Ticket | ComparingDialler | None = None
        if flow == "ticket":
            pairing = self._book.issue(node_id=ANNA.node_id, addresses=(), expires_at=self._now + 1)
        if flow == "codes":
            pairing = ComparingDialler(BEN, listener=ANNA.node_id, name="ben")
        former = FORMER if flow == "changed key" else ()
        return Dialler(BEN, listener=ANNA.node_id, name="ben", pairing=pairing, former=former, spoken=1)

    # What the wire does

    def _collect(self, speaker: Side) -> None:
        if self._chance.random() < 0.3:
            speaker.protocol.send(Ping(n=1))
        texts = speaker.protocol.text_to_send()
        # One answer, its owner's yes, and the ping of just now.
        if len(texts) > 3:
            raise Breach(f"{len(texts)} frames were said at once")
        speaker.said += texts
        self._carried += texts

    def _pass_on(self, hearer: Side, speaker: Side) -> None:
        if speaker.passed < len(speaker.said):
            speaker.passed += 1
            self._hear(hearer, speaker, "passed on", speaker.said[speaker.passed - 1])

    def _interfere(self, hearer: Side, speaker: Side) -> None:
        earlier = self._chance.choice(self._carried)
        last = speaker.said[-1] if speaker.said else earlier
        ways: dict[str, Callable[[], str]] = {
            "spoilt": lambda: self._texts.spoilt(last, earlier),
            "repeated": lambda: last,
            "of another connection": lambda: earlier,
            "invented": self._texts.lawful,
            "invented and spoilt": lambda: self._texts.spoilt(self._texts.lawful(), earlier),
        }
        way = self._chance.choice(("passed on", *ways))
        if way == "passed on":
            self._pass_on(hearer, speaker)
        else:
            self._hear(hearer, speaker, way, ways[way]())

    def _hear(self, hearer: Side, speaker: Side, way: str, text: str) -> None:
        self.frames += 1
        self.counts[f"frames {way}"] += 1
        before = hearer.protocol.state
        if before not in (State.OPEN, State.CLOSED):
            hearer.took.append(text)
        self._check(hearer, speaker, before, hearer.protocol.receive(text))

    def _decide(self, side: Side, other: Side) -> None:
        """Have the owner agree, now and then, also where nothing is shown."""
        if self._chance.random() < 0.3:
            before = side.protocol.state
            side.has_agreed = side.has_agreed or before is State.COMPARING
            self._check(side, other, before, side.protocol.agree())

    # What must hold

    def _check(self, side: Side, other: Side, before: State, events: list[Event]) -> None:
        protocol, after = side.protocol, side.protocol.state
        if after is not before:
            self.counts[f"{side.name}: {before.name} to {after.name}"] += 1
            if after not in LAWFUL[before]:
                raise Breach(f"{side.name} went from {before.name} to {after.name}")
        has_reason = protocol.failure is not None and protocol.close is not None
        if has_reason != (after is State.CLOSED):
            raise Breach("it ended without a reason, or goes on with one")
        opens = after is State.OPEN and before is not State.OPEN
        if opens != any(isinstance(event, Opened) for event in events):
            raise Breach("it is open without saying so, or says so without being open")
        for event in events:
            self._check_event(side, other, before, event)

    def _check_event(self, side: Side, other: Side, before: State, event: Event) -> None:
        match event:
            case Received(frame=frame):
                if before is not State.OPEN or frame.seq <= side.heard_seq:
                    raise Breach(f"frame {frame.seq} was heard after {side.heard_seq}, {before.name}")
                side.heard_seq = frame.seq
            case Opened():
                self._check_genuine(side, other)
                if before is State.COMPARING and not side.has_agreed:
                    raise Breach("it paired without its owner's word")
            case CodeShown() if side.name == "Listener":
                # A dialler cannot know yet: that is what the code is for.
                self._check_genuine(side, other)

    def _check_genuine(self, side: Side, other: Side) -> None:
        """Whoever believes took the other's own words, all of them, unchanged and in their order."""
        took, meant = _frames(side.took), _frames(other.said[: len(side.took)])
        if took != meant:
            raise Breach(f"{side.name} believed {took} where {meant} was said")

    def _key_changed(self, change: KeyChange) -> None:
        if change != CHANGE:
            raise Breach(f"a change of key was believed that nobody signed: {change}")
        self.counts["changes of key"] += 1
        self._changes.ask(change)

    def _check_kept(self) -> None:
        tickets = len(self._book._issued)  # noqa: SLF001 - how much it keeps is the question
        if tickets > MAX_TICKETS or len(self._changes.waiting()) > 1:
            raise Breach(f"{tickets} tickets and {self._changes.waiting()} are kept")


def _frames(texts: list[str]) -> list[AnyFrame | None]:
    return [_frame(text) for text in texts]


def _frame(text: str) -> AnyFrame | None:
    try:
        return decode(text)
    except ProtocolError:
        return None
