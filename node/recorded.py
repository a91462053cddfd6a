"""What the node says and hears beside its model, recorded: frames of its clients, asks of peers."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from node.channels import telemetry as telemetry_channel
from node.envelope import Envelope
from node.router import Router
from node.telemetry import Telemetry
from node.ws import Client
from peer.answering import Answered, InboundAsk, Policy
from peer.asking import OnEvent, PeerAnswer
from peer.errors import InternalError, PeerError, Stopped
from peer.hub import PeerHub, Profile
from peer.identity import Identity, NodeId
from peer.lending import Lend
from peer.lineage import OpenLineage
from peer.loans import LoanPolicy
from peer.rotation import Former
from peer.told import ANSWERED, AskEnd, AskRecorder, AskStart
from peer.transport import LinkTransport
from peer.trust import PeerRecord, TrustStore

Answer: TypeAlias = Callable[[InboundAsk], Awaitable[Answered]]


class RecordedRouter(Router[Client]):
    """A router that records the frames it routes, but for those that ask for the record."""

    def __init__(self, telemetry: Telemetry) -> None:
        super().__init__()
        self._telemetry = telemetry

    async def route(self, client: Client, envelope: Envelope) -> None:
        if envelope.channel == telemetry_channel.CHANNEL:
            await super().route(client, envelope)
            return
        target = f"{client.id} {envelope.channel}"
        data = json.dumps(envelope.data, ensure_ascii=False)
        with self._telemetry.during("inbound", "frame", envelope.event, target, received=data):
            await super().route(client, envelope)


class RecordedHub(PeerHub):
    """A hub that records the questions that it asks peers, and the asks and links that went wrong."""

    def __init__(
        self,
        *,
        telemetry: Telemetry,
        identity: Identity,
        transport: LinkTransport,
        trust: TrustStore,
        profile: Callable[[], Profile],
        policy: Callable[[PeerRecord], Policy],
        answer: Answer,
        loan_policy: Callable[[PeerRecord], LoanPolicy],
        lend: Lend,
        recorder: AskRecorder,
        signs_asks: Callable[[], bool],
        former: Sequence[Former],
    ) -> None:
        super().__init__(
            identity=identity,
            transport=transport,
            trust=trust,
            profile=profile,
            policy=policy,
            answer=recorded_answer(telemetry, answer),
            loan_policy=loan_policy,
            lend=lend,
            recorder=recorder,
            signs_asks=signs_asks,
            former=former,
        )
        self._recorder = recorder
        self._telemetry = telemetry
        self.on_incident = self._record_incident

    async def ask(
        self,
        peer: str,
        prompt: str,
        *,
        lineage: OpenLineage | None = None,
        on_event: OnEvent | None = None,
        timeout_s: float | None = None,
        among: int = 1,
    ) -> PeerAnswer:
        lineage = lineage or self.new_lineage()
        with (
            self._telemetry.during("outbound", "peer", "ask", peer, sent=prompt) as call,
            self._kept(peer, prompt, lineage) as came,
        ):
            answer = await super().ask(
                peer, prompt, lineage=lineage, on_event=on_event, timeout_s=timeout_s, among=among
            )
            call.received(answer.text.encode())
            came.append(answer.text)
            return answer

    @contextmanager
    def _kept(self, peer: str, prompt: str, lineage: OpenLineage) -> Iterator[list[str]]:
        """Keep a record of an ask of ours; the block hands over the answer in the list."""
        start = AskStart(
            direction="out",
            peer=self.find(peer),
            ask=lineage.lineage.ask,
            hops=len(lineage.lineage.seen) + 1,
            prompt=prompt,
            at=time.time(),
        )
        ended, came = self._recorder.began(start), list[str]()
        try:
            yield came
        except BaseException as error:
            ended(AskEnd(outcome=outcome_of(error)))
            raise
        ended(AskEnd(outcome=ANSWERED, answer="".join(came)))

    def _record_incident(self, peer: NodeId, error: PeerError) -> None:
        call = self._telemetry.begin("inbound", "peer", "incident", peer)
        call.answered(error.code)
        call.ended(str(error))


def outcome_of(error: BaseException) -> str:
    """Return the code for what ended an ask of ours."""
    match error:
        case PeerError(code=code):
            return code
        case asyncio.CancelledError():
            return Stopped.code
        case _:
            return InternalError.code


def recorded_answer(telemetry: Telemetry, answer: Answer) -> Answer:
    """Record the questions that peers ask."""

    async def recording(ask: InboundAsk) -> Answered:
        with telemetry.during("inbound", "peer", "ask", ask.peer.label, received=ask.prompt) as call:
            answered = await answer(ask)
            call.replied(answered.text.encode())
            return answered

    return recording
