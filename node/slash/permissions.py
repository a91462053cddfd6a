"""Slash commands about what the agent may do: the mode, the rules, the call that waits for a word."""

from collections.abc import Mapping
from typing import get_args

from agent.events import Decision
from node.console.permissions import overview_text, read_test, verdict_text
from node.console.render import one_line
from node.replies import OpenQuestion
from node.settings import Mode
from node.slash.call import Action, Call
from node.slash.commands import UsageError, usage
from node.slash.outcome import Outcome, Text, said

MODES: tuple[str, ...] = get_args(Mode)
ANSWERS: Mapping[str, Decision] = {
    "": "allow_once",
    "once": "allow_once",
    "session": "allow_session",
    "always": "allow_always",
    "deny": "deny",
    "no": "deny",
}
DONE: Mapping[Decision, str] = {
    "allow_once": "allowed once",
    "allow_session": "allowed for this session",
    "allow_always": "allowed from now on",
    "deny": "denied",
}


async def permissions(call: Call) -> Outcome:
    """Show what is in force, in a session where there is one, or test a call."""
    verb, _, rest = call.argument.partition(" ")
    match verb:
        case "" | "list":
            return said(overview_text(await call.node.permissions(call.session_id)))
        case "test" if rest.strip():
            verdict = await call.node.test_permission(*read_test(rest), call.session_id)
            return said(verdict_text(verdict))
        case _:
            raise UsageError(
                "usage: /permissions [test CALL [--mode MODE]], as /permissions test shell.run(ls)"
            )


async def mode(call: Call) -> Outcome:
    """Show the mode, or have another one hold in this session until the node stops."""
    if not call.argument:
        shown = await call.node.permissions(call.session_id)
        whose = "of this session" if shown["session"]["mode"] else "as set for all sessions"
        return said(f"mode {shown['mode']}, {whose}; /mode {' | '.join(MODES)} changes it here")
    wanted = next((each for each in MODES if each.lower() == call.argument.lower()), None)
    if wanted is None:
        raise UsageError(f"a mode is one of {', '.join(MODES)}")
    await call.node.set_session_mode(call.session, wanted)
    return Outcome(mode=wanted, shown=[Text(f"mode {wanted} in this session until the node stops")])


async def approve(call: Call) -> Outcome:
    """Answer the call that has waited longest for a word in this session."""
    decision = ANSWERS.get(call.argument)
    if decision is None:
        raise usage("approve")
    waiting = await call.node.questions(call.session)
    if not waiting:
        return said("nothing waits for your word in this session")
    question = waiting[0]
    if decision not in question["decisions"]:
        offered = [word for word, meant in ANSWERS.items() if word and meant in question["decisions"]]
        raise UsageError(f"{_name(question)} takes no such answer; say one of {', '.join(offered)}")
    await call.node.answer_question(question["approvalId"], decision)
    more = f"; {len(waiting) - 1} more wait" if len(waiting) > 1 else ""
    return said(f"{DONE[decision]}: {_name(question)}{more}")


def _name(question: OpenQuestion) -> str:
    inside = f"({one_line(question['specifier'])})" if question["specifier"] else ""
    return f"{one_line(question['tool'])}{inside}"


PERMISSIONS: Mapping[str, Action] = {"permissions": permissions, "mode": mode, "approve": approve}
