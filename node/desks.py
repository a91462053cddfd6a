"""The two desks of a node: the owner's, before whatever clients are attached, and a peer's, before nobody."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal
from uuid import uuid4

from agent.desk import Approval, TurnOutcome
from agent.events import (
    ApprovalRequest,
    ApprovalResolved,
    Decision,
    Done,
    ErrorEvent,
    Reasoning,
    Status,
    Token,
    ToolCallEvent,
    TurnEvent,
)
from agent.gate import Judgement, Mode
from agent.history import Call
from node.approvals import Answer, Approvals
from node.change import change_of
from node.permissions import OwnerPermissions
from node.relays import Relays
from node.store.turn import ATTEMPTS, Conclusion, Ending
from node.streams import Streams
from node.ws import Client
from peer.messages import EventKind
from tools.spec import ToolResult, ToolSpec

NOBODY = "nobody is attached who could approve it"
REJOIN_S = 5.0
"""How long an open question waits for a client to come back after the last one left."""


class OwnerDesk:
    """A turn of the owner: every client of the session watches, the first answer to an approval wins."""

    def __init__(
        self,
        *,
        session_id: str,
        turn_id: str,
        mode: Mode,
        streams: Streams,
        approvals: Approvals,
        permissions: OwnerPermissions,
        relays: Relays,
        keep: Callable[[TurnOutcome], Awaitable[Conclusion]],
        approval_timeout_s: float,
        tool_timeout_s: float,
        waits_for_clients: bool = False,
    ) -> None:
        self._session_id = session_id
        self._turn_id = turn_id
        self._mode = mode
        self._streams = streams
        self._approvals = approvals
        self._permissions = permissions
        self._relays = relays
        self._keep = keep
        self._approval_timeout_s = approval_timeout_s
        self._tool_timeout_s = tool_timeout_s
        self._waits_for_clients = waits_for_clients
        """A turn that runs again puts its question also where no client is yet, and waits for one."""
        self._conclusion: Conclusion | None = None

    async def emit(self, event: TurnEvent) -> None:
        if isinstance(event, ToolCallEvent) and event.relay:
            await self._show_relayed(event)
        elif shown := told(event, self._conclusion):
            await self._streams.publish(self._session_id, shown)

    async def _show_relayed(self, event: ToolCallEvent) -> None:
        """Show a call to everybody, but tell only one client to run it."""
        runner = self._runner(event.name)
        shown = event.model_copy(update={"relay": False})
        await self._streams.publish(self._session_id, shown, {runner: event} if runner else None)

    async def approve(self, call: Call, tool: ToolSpec, specifier: str, judgement: Judgement) -> Approval:
        if not self._waits_for_clients and not self._streams.is_followed(self._session_id):
            return Approval(allowed=False, reason=NOBODY)
        question = self._permissions.question(self._session_id, tool, specifier, judgement)
        request = ApprovalRequest(
            turn_id=self._turn_id,
            session_id=self._session_id,
            approval_id=uuid4().hex,
            call_id=call.id,
            tool=tool.name,
            args=dict(call.arguments or {}),
            change=await change_of(tool, call.arguments or {}),
            specifier=specifier,
            mode=self._mode.value,
            reason=judgement.reason,
            decisions=list(question.decisions),
            editable=question.is_editable,
        )
        with self._approvals.open(request, question) as answer:
            await self.emit(request)
            return await self._answered(request.approval_id, answer)

    async def _answered(self, approval_id: str, answer: asyncio.Future[Answer]) -> Approval:
        decision = await self._decision(answer)
        arguments = None if answer.cancelled() else answer.result().arguments
        await self.emit(
            ApprovalResolved(
                turn_id=self._turn_id,
                session_id=self._session_id,
                approval_id=approval_id,
                decision="deny" if decision == "deserted" else decision,
                edited=arguments is not None,
            )
        )
        allowed = decision.startswith("allow")
        return Approval(allowed=allowed, reason=self._explained(decision), arguments=arguments)

    async def _decision(self, answer: asyncio.Future[Answer]) -> Decision | Literal["timeout", "deserted"]:
        """Wait for the first answer, for the last client to leave, or for the time to run out."""
        patience_s = self._approval_timeout_s if self._waits_for_clients else REJOIN_S
        deserted = asyncio.create_task(self._streams.deserted(self._session_id, patience_s))
        try:
            await asyncio.wait(
                (answer, deserted), timeout=self._approval_timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            deserted.cancel()
        if answer.done():
            return answer.result().decision
        answer.cancel()  # so that an answer that comes a moment too late keeps no rule
        return "deserted" if deserted.done() else "timeout"

    def _explained(self, decision: str) -> str:
        match decision:
            case "timeout":
                return f"nobody answered within {self._approval_timeout_s:g} s"
            case "deserted":
                return NOBODY
            case "deny":
                return "denied by the owner"
            case _:
                return "allowed by the owner"

    async def relay(self, call: Call, tool: ToolSpec) -> ToolResult:
        runner = self._runner(tool.name)
        if runner is None:
            return ToolResult.failure(f"{tool.name} runs in a client, and the one that had it is gone")
        return await self._relays.result(runner, self._turn_id, call.id, self._tool_timeout_s)

    def _runner(self, name: str) -> Client | None:
        return next(
            (client for client in self._streams.followers(self._session_id) if name in client.tools), None
        )

    def client_tools(self) -> Sequence[ToolSpec]:
        tools: dict[str, ToolSpec] = {}
        for client in self._streams.attached(self._session_id):
            tools = client.tools | tools
        return tuple(tools.values())

    async def conclude(self, outcome: TurnOutcome) -> None:
        self._conclusion = await self._keep(outcome)


def told(event: TurnEvent, conclusion: Conclusion | None) -> TurnEvent | None:
    """Return what clients see of a turn's end: a turn that will run again has not failed, nor is it done."""
    match event, conclusion:
        case ErrorEvent(), Conclusion(ending=Ending.RETRYING, attempts=attempts, retry_in_s=pause):
            again = f"Trying again in {pause:g} s (attempt {attempts + 1} of {ATTEMPTS})"
            text = f"{event.message.rstrip('.')}. {again}"
            return Status(turn_id=event.turn_id, session_id=event.session_id, text=text, starts_over=True)
        case Done(), Conclusion(ending=Ending.RETRYING):
            return None
        case Done(), Conclusion(ending=Ending.INTERRUPTED):
            return event.model_copy(update={"reason": "interrupted"})
        case _:
            return event


class RemoteDesk:
    """A peer's turn: nobody approves, no client runs anything, and what streams goes over the link."""

    def __init__(self, emit: Callable[[EventKind, str], Awaitable[None]]) -> None:
        self._emit = emit
        """Sends one piece (kind, text) to the asker; waits while the asker reads slowly."""

    async def emit(self, event: TurnEvent) -> None:
        match event:
            case Token(delta=text):
                await self._emit("token", text)
            case Reasoning(delta=text):
                await self._emit("reasoning", text)
            case Status(text=text):
                await self._emit("status", text)
            case _:
                pass  # calls, usage and errors of a turn are its owner's business

    async def approve(self, call: Call, tool: ToolSpec, specifier: str, judgement: Judgement) -> Approval:
        return Approval(allowed=False, reason="a peer's turn has nobody to ask")

    async def relay(self, call: Call, tool: ToolSpec) -> ToolResult:
        return ToolResult.failure("a peer's turn cannot use the owner's clients")

    def client_tools(self) -> Sequence[ToolSpec]:
        return ()

    async def conclude(self, outcome: TurnOutcome) -> None:
        pass  # the hub hands the outcome to the asker
