"""The open questions to the owner: each is answered once, by whichever client answers first."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from agent.beside import beside
from agent.errors import RuleError
from agent.events import ApprovalRequest, ApprovalResponse, Decision
from agent.gate import specifier_of
from agent.paths import Places
from agent.rules import Rule, Rules, read_rule
from agent.subject import Subject, subject_of
from tools.schema import checked
from tools.spec import Effect, JsonObject, ToolError, ToolSpec

CLOSED = "this question is closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the owner said."""

    decision: Decision
    arguments: JsonObject | None = None
    """Changed by the owner, and fit for the tool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    session_id: str
    tool: ToolSpec
    specifier: str
    decisions: Sequence[Decision]
    """The answers that count."""
    rules: Rules
    """Those in force when it was asked."""
    places: Places
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Answers are looked at in the order in which they came."""

    @property
    def is_editable(self) -> bool:
        return self.tool.effect is Effect.WRITE


class Approvals:
    def __init__(self, keep: Callable[[str, Decision, Sequence[str]], Awaitable[None]]) -> None:
        self._keep = keep
        """Keeps allow rules: for which session, with which answer, which rules."""
        self._open: dict[str, Question] = {}
        self._told: dict[str, ApprovalRequest] = {}
        """How each open question was put."""

    @contextmanager
    def open(self, request: ApprovalRequest, question: Question) -> Iterator[asyncio.Future[Answer]]:
        """Open a question; its future gets the answer. Closed on leaving, answered or not."""
        approval_id = request.approval_id
        self._open[approval_id], self._told[approval_id] = question, request
        try:
            yield question.answer
        finally:
            question.answer.cancel()
            del self._open[approval_id], self._told[approval_id]

    def asking(self) -> frozenset[str]:
        """Return the sessions with a question that nobody has answered."""
        return frozenset(
            question.session_id for question in self._open.values() if not question.answer.done()
        )

    def waiting(self, session_id: str | None = None) -> list[ApprovalRequest]:
        """Return the questions that nobody has answered, of one session or of all, the oldest first."""
        return [
            self._told[approval_id]
            for approval_id, question in self._open.items()
            if not question.answer.done() and session_id in {None, question.session_id}
        ]

    async def answer(self, response: ApprovalResponse) -> str | None:
        """Take an answer; return why it does not count, or None.

        A rule is kept only by the answer that decided, so that a lost race leaves none behind.
        """
        question = self._open.get(response.approval_id)
        if question is None or question.answer.done():
            return CLOSED
        async with question.one_at_a_time:
            try:
                answer, rules = await beside(question.tool, partial(read_answer, response, question))
            except (RuleError, ToolError) as error:
                return str(error)
            if question.answer.done():
                return CLOSED
            question.answer.set_result(answer)
        await self._keep(question.session_id, answer.decision, rules)
        return None


def read_answer(response: ApprovalResponse, question: Question) -> tuple[Answer, tuple[str, ...]]:
    """Return what a client's answer means, and the rules to keep with it; raises `ToolError` or `RuleError`.

    A rule for a path looks at the disk.
    """
    if response.decision not in question.decisions:
        raise RuleError(f"{response.decision} is no answer here; say one of {', '.join(question.decisions)}")
    if response.decision == "deny":
        return Answer(decision="deny"), ()
    arguments = changed_arguments(response, question)
    answer = Answer(decision=response.decision, arguments=arguments)
    if response.decision == "allow_once":
        return answer, ()
    specifier = question.specifier if arguments is None else specifier_of(question.tool, arguments)
    subject = subject_of(question.tool, specifier, question.places)
    return answer, rules_to_keep(response.rule, subject, question.rules.allow)


def changed_arguments(response: ApprovalResponse, question: Question) -> JsonObject | None:
    """Return the owner's version of the arguments as the tool takes them; raises `ToolError`."""
    if response.args is None:
        return None
    if not question.is_editable:
        raise ToolError(f"{question.tool.name} only reads: there is nothing to change before it goes out")
    return question.tool.fit(checked(response.args, question.tool.parameters))


def rules_to_keep(given: str | None, subject: Subject, before: Sequence[Rule]) -> tuple[str, ...]:
    """Return the rules that let this call run from now on; raises `RuleError` for one that would not."""
    if given is None:
        return tuple(map(str, subject.rules_to_keep(before)))
    rule = read_rule(given)
    if subject.not_allowed_by((*before, rule)):
        raise RuleError(f"the rule {given!r} does not match this call of {subject.tools[0]}")
    return (str(rule),)
