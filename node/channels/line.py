"""The `agent` channel's events about the line: a message taken back, edited, or said again."""

from dataclasses import dataclass

from agent.events import Edit, Retry, Withdraw
from node.channels.agent import CHANNEL
from node.line import Line
from node.router import Router
from node.store.errors import NoSuchTurn
from node.store.waiting import TurnKey
from node.streams import Streams
from node.ws import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChannel:
    """A client changes only what stands in a session that it follows. A refusal is told as an error."""

    line: Line
    streams: Streams

    def add_to(self, router: Router[Client]) -> None:
        router.on(CHANNEL, Withdraw)(self.on_withdraw)
        router.on(CHANNEL, Edit)(self.on_edit)
        router.on(CHANNEL, Retry)(self.on_retry)

    async def on_withdraw(self, client: Client, withdraw: Withdraw) -> None:
        await self.line.take_back(await self._followed(client, withdraw.turn_id))

    async def on_edit(self, client: Client, edit: Edit) -> None:
        await self.line.edit(await self._followed(client, edit.turn_id), edit.prompt)

    async def on_retry(self, client: Client, retry: Retry) -> None:
        await self.line.retry(await self._followed(client, retry.turn_id))

    async def _followed(self, client: Client, turn_id: str) -> TurnKey:
        for session_id in self.streams.followed_by(client):
            if await self.line.has(key := TurnKey(session_id=session_id, turn_id=turn_id)):
                return key
        raise NoSuchTurn(turn_id)
