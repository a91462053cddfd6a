"""A console's conversation: its session, what waits, what runs, what is asked of the owner. Pure."""

from collections.abc import Mapping
from uuid import uuid4

from agent.events import (
    ApprovalRequest,
    ApprovalResolved,
    ApprovalResponse,
    Ask,
    Cancel,
    Compacted,
    Decision,
    Done,
    Emptied,
    Event,
    Queued,
    Resume,
    Snapshot,
    Status,
    TurnEvent,
    UsageEvent,
)
from node.console.render import Piece, Style, context_text, one_line
from node.console.transcript import Transcript
from node.envelope import FrameError

BEYOND_ALL = 2**53 - 1
"""No event has this number, so who names it as the last one it saw is told how the session stands."""
MORE_HAPPENED = "(more happened meanwhile than is shown here)"


class Conversation:
    """Feed it what is typed and what the node sends; it says what to send and what to show.

    A prompt is shown in the transcript when its turn begins, so that the transcript never mixes two turns.
    """

    def __init__(self, *, show_reasoning: bool = False) -> None:
        self.session_id: str | None = None
        self.running: str | None = None
        self.status = ""
        self.context = ""
        """How full the model's window was in the last round."""
        self.transcript = Transcript(show_reasoning=show_reasoning)
        self._questions: dict[str, ApprovalRequest] = {}
        self._answered: ApprovalRequest | None = None
        """Answered here, but the node has not said that the answer counts."""
        self._unsent: dict[str, Ask] = {}
        self._unconfirmed: dict[str, Ask] = {}
        """Sent, but the node has not said that it has them."""
        self._queued: dict[str, str] = {}
        """The prompts that the node has stored, by turn."""
        self._last_seq = 0
        self._joins = False
        """Nothing is missing but what the open turns have streamed so far."""

    @property
    def waiting(self) -> list[str]:
        """The prompts whose turn has not begun."""
        asks = [*self._unconfirmed.values(), *self._unsent.values()]
        return [*self._queued.values(), *(ask.prompt for ask in asks)]

    @property
    def question(self) -> ApprovalRequest | None:
        """The open question that is to be answered first."""
        return next(iter(self._questions.values()), None)

    def asks(self, approval_id: str) -> bool:
        """Return whether a question is open."""
        return approval_id in self._questions

    def go_on_in(self, session_id: str, last_seq: int | None) -> None:
        """Continue a stored session: all is known up to a number, or, with None, but for its open turns."""
        self.session_id, self._joins = session_id, last_seq is None
        self._last_seq = BEYOND_ALL if last_seq is None else last_seq

    def say(self, prompt: str) -> None:
        """Take a prompt; `to_send` says when it can go."""
        turn_id = uuid4().hex
        self._unsent[turn_id] = Ask(turn_id=turn_id, prompt=prompt)

    def to_send(self) -> list[Ask]:
        """Return the asks that can go now: until the session has an id, the first one goes alone."""
        ready = list(self._unsent.values())
        if self.session_id is None:
            ready = [] if self._unconfirmed or self.running else ready[:1]
        for ask in ready:
            self._unconfirmed[ask.turn_id] = self._unsent.pop(ask.turn_id)
        return [ask.model_copy(update={"session_id": self.session_id}) for ask in ready]

    def receive(self, event: Event, seq: int | None = None) -> list[Piece]:
        """Take an event of the node and return what it adds to the transcript."""
        if isinstance(event, FrameError):
            return self._refused(event)
        if isinstance(event, Snapshot) and event.session_id == self.session_id:
            return self._stand(event, seq)
        if not isinstance(event, TurnEvent) or not self._is_ours(event):
            return []
        if seq is not None and seq <= self._last_seq:
            return []  # replayed, and seen before
        self._last_seq = seq if seq is not None else self._last_seq
        self.session_id = self.session_id or event.session_id
        if isinstance(event, Queued):
            self._confirm(event)
            return []
        if isinstance(event, Done) and event.turn_id != self.running:
            return self._withdrawn(event)
        if isinstance(event, Emptied):
            return self._emptied()
        if isinstance(event, Compacted):
            return self.transcript.receive(event)  # also of a summary that no turn asked for
        begun = self._begin(event.turn_id)
        self._follow(event)
        return [*begun, *self.transcript.receive(event)]

    def cancel(self) -> Cancel | None:
        """Return the request to stop the running turn, or None when none runs."""
        return Cancel(turn_id=self.running) if self.running else None

    def decide(self, decision: Decision, args: dict[str, object] | None = None) -> ApprovalResponse | None:
        """Answer the oldest open question, with changed arguments if there are any."""
        question = self.question
        if question is None or decision not in question.decisions:
            return None
        self._answered = self._questions.pop(question.approval_id)
        return ApprovalResponse(approval_id=question.approval_id, decision=decision, args=args)

    def reconnected(self) -> list[Event]:
        """Return what a new socket has to be told: what we follow, and what the old one may have lost."""
        self._unsent = self._unconfirmed | self._unsent
        self._unconfirmed = {}
        return [Resume(session_id=self.session_id, last_seq=self._last_seq)] if self.session_id else []

    def _is_ours(self, event: TurnEvent) -> bool:
        known: tuple[Mapping[str, object], ...] = (self._unconfirmed, self._queued)
        return event.session_id == self.session_id is not None or any(event.turn_id in asks for asks in known)

    def _confirm(self, event: Queued) -> None:
        ask = self._unconfirmed.pop(event.turn_id, None)
        self._queued[event.turn_id] = ask.prompt if ask else event.prompt

    def _withdrawn(self, event: Done) -> list[Piece]:
        """A turn ended before it began."""
        prompt = self._queued.pop(event.turn_id, None)
        return (
            []
            if prompt is None
            else self.transcript.line(Style.NOTE, f"({event.reason}: {one_line(prompt)})")
        )

    def _emptied(self) -> list[Piece]:
        self.context = ""
        return self.transcript.line(Style.NOTE, "(everything above is erased from this session)")

    def _begin(self, turn_id: str) -> list[Piece]:
        if turn_id == self.running:
            return []
        ask = self._unconfirmed.pop(turn_id, None)
        prompt = self._queued.pop(turn_id, ask.prompt if ask else "")
        self.running = turn_id
        return self.transcript.line(Style.YOU, f"> {prompt}") if prompt else []

    def _follow(self, event: TurnEvent) -> None:
        match event:
            case Status(text=text, starts_over=starts_over):
                self.status = one_line(text)
                if starts_over:
                    self.transcript.starts_over("")
            case UsageEvent(prompt_tokens=used, context_window=window):
                self.context = context_text(used, window)
            case ApprovalRequest(approval_id=approval_id):
                self._questions[approval_id] = event
            case ApprovalResolved(approval_id=approval_id):
                self._questions.pop(approval_id, None)
                self._answered = None
            case Done():
                self.running, self.status = None, ""
                self._questions.clear()
                self._answered = None

    def _stand(self, snapshot: Snapshot, seq: int | None) -> list[Piece]:
        """Take over how the session stands, in place of the events that led there."""
        self._last_seq = seq if seq is not None else self._last_seq
        running = next((turn for turn in snapshot.turns if turn.running), None)
        self._queued = {turn.turn_id: turn.prompt for turn in snapshot.turns}
        self._questions = (
            {question.approval_id: question for question in running.approvals} if running else {}
        )
        note = [] if self._joins else self.transcript.line(Style.NOTE, MORE_HAPPENED)
        self._joins = False
        if running is None:
            self.running, self.status = None, ""
            return note
        self.running = None
        begun = self._begin(running.turn_id)
        return [*note, *begun, *self.transcript.starts_over(running.text)]

    def _refused(self, error: FrameError) -> list[Piece]:
        if error.about == "ask" and self._unconfirmed:
            del self._unconfirmed[next(iter(self._unconfirmed))]
        if error.about == "approval_response" and self._answered:
            self._questions = {self._answered.approval_id: self._answered, **self._questions}
        if error.about == "resume":
            self.running = None
        return self.transcript.line(Style.ERROR, error.message)
