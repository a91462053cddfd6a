"""`palaver models`, `model` and `pull`: which models there are, which one is used, and fetching another."""

import argparse
from contextlib import aclosing

from node.client import NodeClient
from node.commands.output import diagnose, note, rewrite, say, say_json
from node.config import data_folder
from node.console.tables import model_in_use, models_table, pull_progress


async def models(arguments: argparse.Namespace) -> int:
    """List every server's models."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        providers = await node.providers()
    if arguments.json:
        say_json(providers)
    else:
        say(models_table(providers))
    return 0


async def model(arguments: argparse.Namespace) -> int:
    """Work with another model from the next turn on."""
    async with NodeClient.at(data_folder(arguments.data)) as node:
        note(model_in_use(await node.choose_model(arguments.name)))
    return 0


async def pull(arguments: argparse.Namespace) -> int:
    """Fetch a model; on a terminal the progress stays on one line."""
    async with (
        NodeClient.at(data_folder(arguments.data)) as node,
        aclosing(node.pull(arguments.name)) as parts,
    ):
        shown = ""
        async for part in parts:
            progress = pull_progress(part)
            if progress != shown:
                rewrite(progress)
            shown = progress
    rewrite(f"{arguments.name} is there; `palaver model {arguments.name}` works with it")
    diagnose("\n")
    return 0
