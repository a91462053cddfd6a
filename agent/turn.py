"""One turn, from the prompt to `done`: assemble, run the loop, keep and tell what it came to."""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from agent.call_log import CallLog, UnkeptCalls
from agent.calls import Caller, Permissions
from agent.definitions import token_budget
from agent.desk import Desk, TurnOutcome
from agent.ending import Ending, finish, to_the_end
from agent.errors import Failure, TurnLimitError, failure_of
from agent.events import FocusedContext
from agent.finder import ToolFinder
from agent.gate import NOWHERE, Mode
from agent.history import History, Message, SystemMessage, UserMessage, with_calls_closed, without_reasoning
from agent.limits import Limits
from agent.loop import run_agent_loop
from agent.models.base import Model, Options
from agent.paths import Places
from agent.peer_toolbox import PeerToolbox
from agent.prompt import context_message, owner_system, peer_system
from agent.rules import Rules
from agent.toolbox import OwnerToolbox, Toolbox
from agent.transcript import Transcript
from tools.spec import ToolSpec

logger = logging.getLogger(__name__)

RECENT_PROMPTS = 3
EDIT_TOOL = "editor.proposeEdit"
"""By this name a cockpit offers to change what the owner looks at."""
"""The latest prompts of the session that help to guess the tools of this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """All that one turn is made from."""

    turn_id: str
    prompt: str
    model: Model
    node_name: str
    today: date
    session_id: str | None = None
    history: History = ()
    context: FocusedContext | None = None
    mode: Mode = Mode.DEFAULT
    rules: Callable[[], Rules] = Rules
    """Asked for every call: a rule that the owner adds counts at once."""
    places: Places = NOWHERE
    """What path rules begin at."""
    tools: Sequence[ToolSpec] = ()
    """The node's own; those of clients come from the desk."""
    groups: Sequence[str] = ()
    """`TurnOutcome.groups` of the session's last turn."""
    finder: ToolFinder = field(default_factory=ToolFinder)
    """Keeps its indexes from turn to turn, and knows what earlier requests needed."""
    options: Options = field(default_factory=Options)
    limits: Limits = field(default_factory=Limits)
    remote: str | None = None
    """The peer's name when a peer asks. History and context of the owner then stay out."""
    asker: str = ""
    """The peer's node id. Without one it may still ask, yet nothing is shared with it."""
    rights: Callable[[], Collection[str]] = frozenset
    """What the peer may use; read for every call, so that a right taken away counts at once."""
    origin: object | None = None
    """The lineage that the asks of this turn share, handed on to tools."""
    log: CallLog = field(default_factory=UnkeptCalls)
    """What earlier runs of this turn called, and where this run writes down its calls."""


async def run_turn(desk: Desk, turn: Turn) -> TurnOutcome:
    """Run a turn and return what it came to, which the desk was told in full.

    Ends with `answer` and `done` or with `error` and `done`, whatever happens. A cancelled turn says
    `done` and raises `CancelledError`.
    """
    caller = Caller(
        turn_id=turn.turn_id,
        session_id=turn.session_id,
        asker=None if turn.remote is None else turn.asker,
        origin=turn.origin,
    )
    toolbox, transcript = _toolbox(desk, turn), Transcript()

    def finished(ending: Ending) -> Coroutine[None, None, TurnOutcome]:
        return finish(desk, caller, transcript, ending, model=turn.model.facts, toolbox=toolbox)

    try:
        ending = await _played(desk, turn, caller, toolbox, transcript)
    except asyncio.CancelledError:
        await to_the_end(finished(Ending(text=transcript.text, cancelled=True)))
        raise
    return await to_the_end(finished(ending))


def _toolbox(desk: Desk, turn: Turn) -> Toolbox:
    if turn.remote is not None:
        return PeerToolbox(turn.tools, mode=turn.mode, rules=turn.rules(), rights=turn.rights)
    tokens = token_budget(turn.model.facts.context_window)
    return OwnerToolbox(turn.tools, client_tools=desk.client_tools, finder=turn.finder, tokens=tokens)


async def _played(desk: Desk, turn: Turn, caller: Caller, toolbox: Toolbox, transcript: Transcript) -> Ending:
    """Run the loop within the turn's time; whatever it raises becomes a failure."""
    try:
        async with asyncio.timeout(turn.limits.total_s) as cap:
            return Ending(text=await _answer(desk, turn, caller, toolbox, transcript))
    except Exception as error:  # noqa: BLE001 - the top of a turn: everything has to end in words
        if isinstance(error, TimeoutError) and cap.expired():
            error = TurnLimitError(turn.limits.total_s)
        return Ending(text=transcript.text, failure=_failure(error, turn, transcript))


async def _answer(desk: Desk, turn: Turn, caller: Caller, toolbox: Toolbox, transcript: Transcript) -> str:
    return await run_agent_loop(
        desk,
        turn.model,
        _messages(turn, toolbox),
        toolbox,
        caller=caller,
        permissions=Permissions(
            mode=turn.mode, rules=turn.rules, places=turn.places, attended=turn.remote is None
        ),
        limits=turn.limits,
        options=turn.options,
        transcript=transcript,
        log=turn.log,
    )


def _messages(turn: Turn, toolbox: Toolbox) -> list[Message]:
    """Put together what the model reads: system, history, focused context, user."""
    asked = UserMessage(text=turn.prompt)
    if turn.remote is not None:
        system = peer_system(node=turn.node_name, peer=turn.remote, today=turn.today)
        return [SystemMessage(text=system), asked]
    recent = [said.text for said in turn.history if isinstance(said, UserMessage)][-RECENT_PROMPTS:]
    toolbox.open(turn.prompt, recent=recent, before=turn.groups)
    context = _context(turn, toolbox)
    toolbox.present()
    system = owner_system(node=turn.node_name, today=turn.today, dropped=toolbox.dropped)
    history = without_reasoning(with_calls_closed(turn.history, error="the turn ended before a result came"))
    return [SystemMessage(text=system), *history, *([context] if context else []), asked]


def _context(turn: Turn, toolbox: Toolbox) -> UserMessage | None:
    """Return what the owner looks at; the tool that changes it comes into view with it."""
    edit = toolbox.find(EDIT_TOOL)
    context = context_message(turn.context, edit_with=edit.name if edit else "")
    if context and edit:
        toolbox.use(edit)
    return context


def _failure(error: Exception, turn: Turn, transcript: Transcript) -> Failure:
    failure = failure_of(error)
    if failure is None:
        logger.error("turn %s failed", turn.turn_id, exc_info=error)
        return Failure(code="internal_error", message="internal error; the log of the node has the details")
    # Without a log that lasts, a turn that already ran tools is not tried again: that would run them twice.
    return replace(failure, transient=failure.transient and (turn.log.is_kept or not transcript.calls))
