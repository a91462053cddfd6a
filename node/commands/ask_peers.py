"""`palaver ask-peers`: one question to several peers; each answer is shown when it comes."""

import argparse
from contextlib import aclosing

from node.client import NodeClient
from node.commands.output import note, say, say_json
from node.commands.running import FAILED
from node.commands.stdin import read_question
from node.config import data_folder
from node.console.tables import answer_under_name, together
from node.replies import PeersReply


async def ask_peers(arguments: argparse.Namespace) -> int:
    """Ask; done means that somebody answered."""
    question = read_question(arguments.text)
    reply: PeersReply = {"answers": []}
    async with (
        NodeClient.at(data_folder(arguments.data)) as node,
        aclosing(node.ask_peers(question, arguments.peer, synthesize=arguments.together)) as parts,
    ):
        async for part in parts:
            reply = part.get("reply", reply)
            if (heard := part.get("heard")) and not arguments.json:
                (say if heard["ok"] else note)(answer_under_name(heard))
    if arguments.json:
        say_json(reply)
    elif not reply["answers"]:
        note("no peer is connected; `palaver peers` lists them")
    elif arguments.together:
        say(together(reply))
    return 0 if any(answer["ok"] for answer in reply["answers"]) else FAILED
