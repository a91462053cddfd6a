"""`palaver up`: run the node until it is stopped."""

import argparse
import asyncio
from collections.abc import Mapping
from functools import partial

from agent.models.base import ModelError
from node import app
from node.commands.output import note, say, say_json
from node.config import NodeConfig, StartError
from node.datadir import read_token
from node.engine_file import PREFIX, open_file
from node.health import ReadinessState

SHORT_ID_CHARS = 8


async def up(arguments: argparse.Namespace) -> int:
    """Start the node; return when it was asked to stop."""
    config = NodeConfig.from_environment(
        port=arguments.port,
        peer_port=arguments.peer_port,
        name=arguments.name,
        data=arguments.data,
        model=arguments.model,
        spawn=arguments.spawn,
    )
    if config.model and config.model.startswith(PREFIX):
        await asyncio.to_thread(check_file, config.model)
    await app.run(config, say_json if arguments.json else partial(say_ready, config), note)
    return 0


def check_file(model: str) -> None:
    """Refuse a model file that cannot run before anything starts; raises `StartError`."""
    try:
        open_file(model)
    except ModelError as error:
        raise StartError(str(error)) from error


def say_ready(config: NodeConfig, ready: Mapping[str, object]) -> None:
    """Tell the owner where the node is, what it works with, and how to stop it."""
    say(
        f"{ready['name']} is running: node {str(ready['nodeId'])[:SHORT_ID_CHARS]}\n"
        f"  page   {ready['url']}/?token={read_token(config.data)}\n"
        f"  model  {ready['modelLabel']}: {why(config, ready)}\n"
        f"  peers  {ready['peerAddress']}\n"
        "Ctrl-C stops it."
    )


def why(config: NodeConfig, ready: Mapping[str, object]) -> str:
    """Say how the node came to its model, or why it has none."""
    readiness = ready["readiness"]
    if isinstance(readiness, Mapping) and readiness["state"] != ReadinessState.READY:
        return f"{readiness['text'].rstrip('.')}; {readiness['remedy']}"
    if config.model:
        return "as it was started with"
    return "from the first server that answers, or as the settings say"
