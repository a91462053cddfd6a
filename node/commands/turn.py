"""One turn on the command line: the answer goes to stdout as it comes, tools and trouble to stderr."""

import asyncio
import sys
from collections.abc import Iterable
from uuid import uuid4

from pydantic import ValidationError

from agent.events import Ask, Cancel
from node.client_socket import Socket
from node.commands.approver import Approver
from node.commands.output import diagnose, write
from node.commands.report import Report
from node.console.render import Piece, Style
from node.console.transcript import Transcript
from node.envelope import first_problem
from node.slash.commands import UsageError


def question(prompt: str, **more: str | None) -> Ask:
    """Return a question as `Ask` has it; raises `UsageError` for one that no node takes."""
    try:
        return Ask.model_validate({"turn_id": uuid4().hex, "prompt": prompt, **more})
    except ValidationError as error:
        raise UsageError(f"this cannot be asked: {first_problem(error)}") from None


async def take_turn(socket: Socket, ask: Ask, *, show_answer: bool = True) -> Report:
    """Ask and return what came of it; when this task is cancelled, so is the turn."""
    report, transcript = Report(ask.turn_id), Transcript()
    a_person_is_here = sys.stdin.isatty() and sys.stderr.isatty()
    try:
        async with Approver(socket.send, a_person_is_here=a_person_is_here) as approver:
            async for event in socket.turn(ask):
                report.receive(event)
                show(transcript.receive(event), show_answer=show_answer)
                approver.receive(event)
    except asyncio.CancelledError:
        await socket.send(Cancel(turn_id=ask.turn_id))
        raise
    return report


def show(pieces: Iterable[Piece], *, show_answer: bool) -> None:
    for piece in pieces:
        if piece.style is not Style.ANSWER:
            diagnose(piece.text)
        elif show_answer:
            write(piece.text)
