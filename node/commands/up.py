"""`palaver up`: run the node until it is stopped."""

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from node import app
from node.commands.output import say, say_json
from node.config import NodeConfig
from node.datadir import read_token


async def up(arguments: argparse.Namespace) -> int:
    """Start the node; return when it was asked to stop."""
    config = NodeConfig.from_environment(
        port=arguments.port,
        peer_port=arguments.peer_port,
        name=arguments.name,
        data=arguments.data,
        model=arguments.model,
    )
    await app.run(config, say_json if arguments.json else partial(say_ready, config.data))
    return 0


def say_ready(data: Path, ready: Mapping[str, object]) -> None:
    """Tell the owner where the node is and how to stop it."""
    say(
        f"Palaver is running: node {str(ready['nodeId'])[:8]}\n"
        f"  page   {ready['url']}/?token={read_token(data)}\n"
        f"  model  {ready['model']}\n"
        f"  peers  {ready['peerAddress']}\n"
        "Ctrl-C stops it."
    )
