"""Approvals during `palaver ask`: a question when a person is at the terminal, else a denial that says so."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from agent.events import ApprovalRequest, ApprovalResolved, ApprovalResponse, Decision, Event, TurnEvent
from node.commands.output import note
from node.console.approving import choices
from node.console.render import one_line


class Approver:
    """Answers the approval requests of a turn; closes a question that another client answered first."""

    def __init__(self, send: Callable[[Event], Awaitable[None]], *, a_person_is_here: bool) -> None:
        self._send = send
        self._a_person_is_here = a_person_is_here
        self._open: dict[str, asyncio.Task[None]] = {}
        self._terminal = asyncio.Lock()
        """One question at a time."""

    def receive(self, event: TurnEvent) -> None:
        match event:
            case ApprovalRequest(approval_id=approval_id):
                self._open[approval_id] = asyncio.create_task(self._answer(event))
            case ApprovalResolved(approval_id=approval_id) if approval_id in self._open:
                self._open.pop(approval_id).cancel()

    async def _answer(self, request: ApprovalRequest) -> None:
        decision: Decision = "deny"
        if self._a_person_is_here:
            decision = await self._choice(request)
        else:
            note(f"denied {one_line(request.tool)}: it needs an approval, and stdin is no terminal")
        await self._send(ApprovalResponse(approval_id=request.approval_id, decision=decision))

    async def _choice(self, request: ApprovalRequest) -> Decision:
        from node.console.question import choose  # noqa: PLC0415  heavy, and most asks need no approval

        async with self._terminal:
            return await choose(choices(request, can_edit=False), request.decisions)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._open.values():
            task.cancel()
        await asyncio.gather(*self._open.values(), return_exceptions=True)
