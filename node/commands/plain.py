"""The console for scripts: each line of stdin is an ask or a slash command, the output plain text."""

from uuid import uuid4

from agent.events import Ask
from node.client import NodeClient
from node.client_socket import Socket
from node.commands.output import note, say
from node.commands.running import FAILED
from node.commands.stdin import lines
from node.commands.turn import take_turn
from node.console.actions import ACTIONS
from node.console.commands import UsageError, is_command, read
from node.replies import NodeError


async def converse_plainly(node: NodeClient) -> int:
    """Work off stdin; return the exit code: whether every line did what it asked for."""
    async with node.socket() as socket:
        conversation = PlainConversation(node, socket)
        async for line in lines():
            if line.strip() and not await conversation.take(line.strip()):
                break
    return FAILED if conversation.failed else 0


class PlainConversation:
    def __init__(self, node: NodeClient, socket: Socket) -> None:
        self.failed = False
        self._node = node
        self._socket = socket
        self._session_id: str | None = None

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
        ask = Ask(turn_id=uuid4().hex, prompt=prompt, session_id=self._session_id)
        report = await take_turn(self._socket, ask)
        self._session_id = report.session_id
        self.failed |= not report.ok

    async def _command(self, line: str) -> bool:
        command, argument = read(line)
        match command.name:
            case "quit":
                return False
            case "new":
                self._session_id = None
            case "stop":
                note("nothing runs: in a script each line waits for the one before")
            case name:
                say(await ACTIONS[name](self._node, argument))
        return True
