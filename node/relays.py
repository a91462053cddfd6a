"""Calls that wait for a client to run them."""

import asyncio

from agent.events import ToolResultEvent
from node.ws import Client
from tools.spec import ToolResult


class Relays:
    def __init__(self) -> None:
        self._waiting: dict[tuple[Client, str, str], asyncio.Future[ToolResult]] = {}

    async def result(self, client: Client, turn_id: str, call_id: str, timeout_s: float) -> ToolResult:
        """Wait for a client's result; time running out, or the client leaving, is a failure to read."""
        answer: asyncio.Future[ToolResult] = asyncio.get_running_loop().create_future()
        self._waiting[client, turn_id, call_id] = answer
        gone = asyncio.create_task(client.gone.wait())
        try:
            await asyncio.wait((answer, gone), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._waiting[client, turn_id, call_id]
            gone.cancel()
        if answer.done():
            return answer.result()
        if client.gone.is_set():
            return ToolResult.failure("the client that ran it left before it answered")
        return ToolResult.failure(f"no client answered within {timeout_s:g} s")

    def answer(self, client: Client, event: ToolResultEvent) -> bool:
        """Take the result of the client that was asked; say whether anything waited for it."""
        answer = self._waiting.get((client, event.turn_id, event.call_id))
        if answer is None or answer.done():
            return False
        answer.set_result(ToolResult(ok=event.ok, value=event.result, error=event.error))
        return True
