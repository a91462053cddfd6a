"""`palaver ask`: one question to the own agent, its answer as it comes."""

import argparse
import asyncio
import sys
from collections.abc import Iterable
from uuid import uuid4

from agent.events import Ask, Cancel
from node.client import NodeClient
from node.commands.approver import Approver
from node.commands.output import diagnose, say_json, write
from node.commands.question import read_question
from node.commands.report import Report
from node.commands.running import FAILED
from node.config import data_folder
from node.console.render import Piece, Style
from node.console.transcript import Transcript


async def ask(arguments: argparse.Namespace) -> int:
    """Ask; the answer goes to stdout, tools and trouble to stderr."""
    request = Ask(
        turn_id=uuid4().hex,
        prompt=read_question(arguments.text),
        session_id=arguments.session,
        mode=arguments.mode,
    )
    a_person_is_here = sys.stdin.isatty() and sys.stderr.isatty()
    report, transcript = Report(request.turn_id), Transcript()
    async with NodeClient.at(data_folder(arguments.data)) as node, node.socket() as socket:
        try:
            async with Approver(socket.send, a_person_is_here=a_person_is_here) as approver:
                async for event in socket.turn(request):
                    report.receive(event)
                    show(transcript.receive(event), answer=not arguments.json)
                    approver.receive(event)
        except asyncio.CancelledError:
            await socket.send(Cancel(turn_id=request.turn_id))
            raise
    if arguments.json:
        say_json(report.as_json())
    return 0 if report.ok else FAILED


def show(pieces: Iterable[Piece], *, answer: bool) -> None:
    for piece in pieces:
        if piece.style is not Style.ANSWER:
            diagnose(piece.text)
        elif answer:
            write(piece.text)
