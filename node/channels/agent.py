"""The `agent` channel: what a client may say to the agent over `/ws`."""

from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from agent.events import (
    ApprovalResponse,
    Ask,
    Cancel,
    CatalogueTool,
    Compact,
    ListTools,
    Manifest,
    Resume,
    ToolResultEvent,
    Tools,
)
from node.catalogue import Catalogue, source_of
from node.compaction import AlreadyCompacting, Compaction, NothingToCompact
from node.envelope import FrameError, FrameRefused
from node.owner_turns import OwnerTurns
from node.replay import Replay
from node.router import Router
from node.store.errors import QueueFull, StoreFull, TurnIdReused
from node.store.messages import Draft, Role
from node.store.turn import NewTurn
from node.streams import Streams
from node.ws import Client
from tools.manifest import read_manifest
from tools.registry import Registry
from tools.spec import ToolSpec

CHANNEL = "agent"

ROLES = {"user": Role.USER, "assistant": Role.AGENT, "agent": Role.AGENT}
"""The roles that a client's own history may bring; everything else in it is dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChannel:
    """The handlers of the channel. Each is short: a turn runs beside the socket's reader."""

    turns: OwnerTurns
    streams: Streams
    replay: Replay
    registry: Registry
    catalogue: Catalogue
    compaction: Compaction

    def add_to(self, router: Router[Client]) -> None:
        router.on(CHANNEL, Ask)(self.on_ask)
        router.on(CHANNEL, Cancel)(self.on_cancel)
        router.on(CHANNEL, Resume)(self.on_resume)
        router.on(CHANNEL, Compact)(self.on_compact)
        router.on(CHANNEL, Manifest)(self.on_manifest)
        router.on(CHANNEL, ToolResultEvent)(self.on_tool_result)
        router.on(CHANNEL, ApprovalResponse)(self.on_approval)
        router.on(CHANNEL, ListTools)(self.on_list_tools)

    async def on_ask(self, client: Client, ask: Ask) -> None:
        """Store the message and let it wait for its turn; the asker follows the session from here on."""
        new = new_turn(ask)
        assert new.session_id is not None
        take = self.replay.join if ask.session_id else self.replay.open
        try:
            await take(client, new.session_id, partial(self.turns.submit, new))
        except QueueFull as full:
            client.show(CHANNEL, queue_full(ask, full))
        except StoreFull as full:
            refused = FrameError(code=full.code, message=str(full), about=ask.event, turn_id=ask.turn_id)
            client.show(CHANNEL, refused)
        except TurnIdReused as error:
            raise FrameRefused("turn_id_reused", str(error), channel=CHANNEL, event=ask.event) from None

    async def on_cancel(self, client: Client, cancel: Cancel) -> None:
        """Stop a turn of a session that this client follows; a stranger's word does not count."""
        for session_id in self.streams.followed_by(client):
            if await self.turns.cancel(session_id, cancel.turn_id):
                return
        text = f"no turn {cancel.turn_id!r} runs or waits in a session that you follow"
        raise FrameRefused("no_such_turn", text, channel=CHANNEL, event=cancel.event)

    async def on_resume(self, client: Client, resume: Resume) -> None:
        await self.replay.resume(client, resume.session_id, resume.last_seq)

    async def on_compact(self, client: Client, compact: Compact) -> None:
        """Begin to summarise a session's older turns; everybody who follows it is told of the end."""
        self.streams.follow(client, compact.session_id)
        try:
            self.compaction.start(await self.compaction.plan(compact.session_id))
        except (NothingToCompact, AlreadyCompacting) as error:
            raise FrameRefused("not_compacted", str(error), channel=CHANNEL, event=compact.event) from None

    async def on_manifest(self, client: Client, manifest: Manifest) -> None:
        """Replace the client's tools; a bad one is refused by itself."""
        specs, problems = read_manifest(manifest.tools, own_names=self.registry)
        client.tools = {spec.name: spec for spec in specs}
        for problem in problems:
            client.show(CHANNEL, FrameError(code="bad_tool", message=problem, about=manifest.event))
        await self.catalogue.prepare(specs)

    async def on_tool_result(self, client: Client, result: ToolResultEvent) -> None:
        """Take a result; one that nothing waits for is late or foreign, and of no use."""
        self.turns.relays.answer(client, result)

    async def on_approval(self, _: Client, response: ApprovalResponse) -> None:
        if problem := await self.turns.approvals.answer(response):
            raise FrameRefused("approval_refused", problem, channel=CHANNEL, event=response.event)

    async def on_list_tools(self, client: Client, _: ListTools) -> None:
        tools = self.catalogue.all(client.tools.values())
        client.show(CHANNEL, Tools(tools=[listed(tool) for tool in tools]))


def listed(tool: ToolSpec) -> CatalogueTool:
    return CatalogueTool(
        name=tool.name, description=tool.description, source=source_of(tool), effect=tool.effect.value
    )


def new_turn(ask: Ask) -> NewTurn:
    return NewTurn(
        turn_id=ask.turn_id,
        prompt=ask.prompt,
        session_id=ask.session_id or uuid4().hex,
        priority=ask.priority,
        mode=ask.mode,
        context=ask.context.model_dump(by_alias=False) if ask.context else None,
        history=[
            Draft(role=ROLES[item.role], content=item.content) for item in ask.history if item.role in ROLES
        ],
    )


def queue_full(ask: Ask, full: QueueFull) -> FrameError:
    return FrameError(
        code="queue_full",
        message=str(full),
        about="ask",
        turn_id=ask.turn_id,
        queue_length=full.queue_length,
        retry_after=full.retry_after,
    )
