"""The open questions to the owner: each is answered once, by whichever client answers first."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from agent.errors import RuleError
from agent.events import ApprovalResponse
from agent.rules import matches, read_rule, rule_for
from tools.spec import ToolSpec


@dataclass(frozen=True, slots=True)
class Question:
    tool: ToolSpec
    specifier: str
    answer: asyncio.Future[str]


class Approvals:
    def __init__(self, keep_rule: Callable[[str], Awaitable[None]]) -> None:
        self._keep_rule = keep_rule
        """Stores one more allow rule."""
        self._open: dict[str, Question] = {}

    @contextmanager
    def open(self, approval_id: str, tool: ToolSpec, specifier: str) -> Iterator[asyncio.Future[str]]:
        """Open a question; its future gets the decision. Closed on leaving, answered or not."""
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._open[approval_id] = Question(tool, specifier, answer)
        try:
            yield answer
        finally:
            del self._open[approval_id]

    async def answer(self, response: ApprovalResponse) -> str | None:
        """Take an answer; return why it does not count, or None.

        The rule is stored only by the answer that decided, so a lost race leaves no rule behind.
        """
        question = self._open.get(response.approval_id)
        if question is None or question.answer.done():
            return "this question is closed"
        if response.decision != "allow_always":
            question.answer.set_result(response.decision)
            return None
        rule = response.rule or rule_for(question.tool.name, question.specifier)
        if problem := rule_problem(rule, question):
            return problem
        question.answer.set_result(response.decision)
        await self._keep_rule(rule)
        return None


def rule_problem(rule: str, question: Question) -> str | None:
    """Say why a rule cannot be kept: it is unreadable, or it would not have allowed this very call."""
    try:
        if matches(read_rule(rule), question.tool.name, question.specifier):
            return None
    except RuleError as error:
        return str(error)
    return f"the rule {rule!r} does not match this call of {question.tool.name}"
