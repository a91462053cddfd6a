"""The tool loop that every caller shares: ask the model, run its calls, until it answers in words."""

from collections.abc import Sequence

from agent.call_log import CallLog
from agent.calls import Caller, CallRunner, Permissions
from agent.desk import Desk
from agent.errors import EmptyReplyError, RepeatedCallError
from agent.history import Message, UserMessage
from agent.limits import MAX_CALLS_PER_ROUND, META_ROUNDS, Limits
from agent.models.base import Model, Options
from agent.models.names import restored
from agent.nudge import NUDGE, called_by_name, reads_like_a_call
from agent.prompt import BUDGET_ENDED
from agent.reply import Listener, Reply
from agent.toolbox import Toolbox
from agent.transcript import Transcript
from tools.meta import META_TOOLS
from tools.spec import ToolSpec

CUT_CALL = (
    "your reply reached its length limit, so this call may be incomplete and was not run;"
    " make a shorter call, or tell the owner to raise the limit (maxTokens)"
)
TOO_MANY_CALLS = f"not run: at most {MAX_CALLS_PER_ROUND} calls are run per reply"
NO_TOOLS_LEFT = "no tool can be used any more in this turn"


async def run_agent_loop(
    desk: Desk,
    model: Model,
    messages: list[Message],
    toolbox: Toolbox,
    *,
    caller: Caller,
    permissions: Permissions,
    limits: Limits,
    options: Options,
    transcript: Transcript,
    log: CallLog,
) -> str:
    """Return the model's answer; `messages` and `transcript` grow, and tell how far it came if it fails."""
    listener = Listener(
        desk=desk,
        model=model,
        caller=caller,
        limits=limits,
        options=options,
        transcript=transcript,
        own_name=lambda name: restored(name, toolbox.names),
    )
    runner = CallRunner(
        desk=desk,
        caller=caller,
        toolbox=toolbox,
        permissions=permissions,
        limits=limits,
        transcript=transcript,
        log=log,
    )
    rounds = free_rounds = 0
    narrated: Reply | None = None
    must_call = False
    while rounds < limits.max_rounds:
        tools = toolbox.present()
        reply = await listener.hear(messages, tools, must_call=must_call)
        messages.append(reply.message())
        must_call = False
        if reply.calls:
            was_stuck = runner.repeats.is_stuck
            messages += await _answered(runner, reply)
            if was_stuck and runner.repeats.is_stuck:
                raise RepeatedCallError(reply.calls[-1].name)
            if free_rounds < META_ROUNDS and _only_meta(reply):
                free_rounds += 1
            else:
                rounds += 1
        elif narrated is None and _tells_of_a_call(reply.text, tools, toolbox):
            narrated, must_call = reply, True
            messages.append(UserMessage(text=NUDGE))
            rounds += 1
        else:
            # A model that is made to call, and will not, may talk up to the limit.
            return _answer(narrated if narrated and reply.cut else reply, transcript)
    await listener.say(f"the budget of {limits.max_rounds} rounds has ended")
    return await _last_words(listener, runner, messages)


async def _last_words(listener: Listener, runner: CallRunner, messages: list[Message]) -> str:
    """Have the model answer without tools from what it knows by now."""
    messages.append(UserMessage(text=BUDGET_ENDED))
    reply = await listener.hear(messages, ())
    messages.append(reply.message())
    messages += await runner.refuse(reply.calls, NO_TOOLS_LEFT)
    return _answer(reply, listener.transcript)


async def _answered(runner: CallRunner, reply: Reply) -> list[Message]:
    if reply.cut:
        return list(await runner.refuse(reply.calls, CUT_CALL))
    results = await runner.answer(reply.calls[:MAX_CALLS_PER_ROUND])
    surplus = await runner.refuse(reply.calls[MAX_CALLS_PER_ROUND:], TOO_MANY_CALLS)
    return [*results, *surplus]


def _tells_of_a_call(text: str, shown: Sequence[ToolSpec], toolbox: Toolbox) -> bool:
    """Whether a reply tells of a call that it does not make; the tool that it names comes into view."""
    in_view = [tool.name for tool in shown]
    named = called_by_name(text, set(toolbox.names).difference(in_view))
    tool = toolbox.find(named) if named else None
    if tool is not None:
        toolbox.use(tool)
    return tool is not None or reads_like_a_call(text, in_view)


def _only_meta(reply: Reply) -> bool:
    return all(call.name in META_TOOLS for call in reply.calls)


def _answer(reply: Reply, transcript: Transcript) -> str:
    """Return the words of the last round; a turn that acted without a word says what it did."""
    if reply.text.strip():
        return reply.text
    if not transcript.calls:
        raise EmptyReplyError(cut=reply.cut)
    ran = ", ".join(dict.fromkeys(record.name for record in transcript.calls if record.ok))
    return f"(The model ended without a word. Calls that worked: {ran or 'none'}.)"
