"""The console for scripts: each line of stdin is an ask or a slash command, the output plain text."""

from contextlib import aclosing
from pathlib import Path

from node.client import NodeClient
from node.client_socket import Socket
from node.commands.output import note, rewrite, say
from node.commands.running import FAILED
from node.commands.stdin import lines
from node.commands.turn import question, take_turn
from node.console.drawn import asked, drawn
from node.console.own import bring, export, help_text
from node.replies import BlockShown, NodeError, OutcomeShown
from node.slash.commands import UsageError, is_command, read


async def converse_plainly(node: NodeClient, session_id: str | None = None) -> int:
    """Work off stdin; return the exit code: whether every line did what it asked for."""
    async with node.socket() as socket:
        conversation = PlainConversation(node, socket, session_id)
        async for line in lines():
            if line.strip() and not await conversation.take(line.strip()):
                break
    return FAILED if conversation.failed else 0


class PlainConversation:
    def __init__(self, node: NodeClient, socket: Socket, session_id: str | None = None) -> None:
        self.failed = False
        self._node = node
        self._socket = socket
        self._session_id = session_id

    async def take(self, line: str) -> bool:
        """Work off a line; return whether to go on."""
        try:
            if is_command(line):
                return await self._command(line)
            await self._ask(line.removeprefix("/") if line.startswith("//") else line)
        except (NodeError, UsageError) as error:
            note(str(error))
            self.failed = True
        return True

    async def _ask(self, prompt: str) -> None:
        report = await take_turn(self._socket, question(prompt, session_id=self._session_id))
        self._session_id = report.session_id
        self.failed |= not report.ok

    async def _command(self, line: str) -> bool:
        command, argument = read(line)
        match command.name:
            case "quit":
                return False
            case "help":
                say(help_text())
            case "localclear":
                pass  # what was written to a pipe cannot be taken back
            case "export":
                if self._session_id is None:
                    raise UsageError("no session is open yet that could be written")
                say(await export(self._node, self._session_id, argument))
            case "import":
                say(await bring(self._node, argument))
            case _:
                await self._have_done(line)
        return True

    async def _have_done(self, line: str) -> None:
        """Have the node do what a line says, and take over what it comes to."""
        running = self._node.run_command(line, session_id=self._session_id, folder=Path.cwd())
        async with aclosing(running) as parts:
            async for part in parts:
                if "outcome" in part:
                    await self._take_over(part["outcome"])
                else:
                    show(part["step"])

    async def _take_over(self, outcome: OutcomeShown) -> None:
        if outcome["begins"] or outcome["opens"]:
            self._session_id = outcome["opens"]
        for block in outcome["shown"]:
            show(block)
        if confirm := outcome["confirm"]:
            note(asked(confirm))
        if prompt := outcome["prompt"]:
            await self._ask(prompt)


def show(block: BlockShown) -> None:
    if "progress" in block:
        rewrite(block["progress"])
    else:
        say(drawn(block))
