"""`palaver ask`: one question to the own agent."""

import argparse

from node.client import NodeClient
from node.commands.output import say_json
from node.commands.running import FAILED
from node.commands.stdin import read_question
from node.commands.turn import question, take_turn
from node.config import data_folder


async def ask(arguments: argparse.Namespace) -> int:
    """Ask, and show the answer as it comes or, as JSON, when it is there."""
    request = question(read_question(arguments.text), session_id=arguments.session, mode=arguments.mode)
    async with NodeClient.at(data_folder(arguments.data)) as node, node.socket() as socket:
        report = await take_turn(socket, request, show_answer=not arguments.json)
    if arguments.json:
        say_json(report.as_json())
    return 0 if report.ok else FAILED
