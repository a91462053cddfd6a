"""The console: keys and frames go into the conversation, what it adds goes onto the screen."""

import asyncio
from contextlib import aclosing
from pathlib import Path

from prompt_toolkit.formatted_text import StyleAndTextTuples

from agent.events import Decision, Event
from node.client import NodeClient
from node.client_socket import Socket
from node.console.approving import as_editable, read_edited
from node.console.arming import Arming
from node.console.completer import ConsoleCompleter
from node.console.conversation import Conversation
from node.console.drawn import asked, drawn
from node.console.foot import above_the_line, toolbar
from node.console.keys import console_keys
from node.console.news import NewsWatch
from node.console.own import bring, export, help_text
from node.console.render import Style, one_line
from node.console.surroundings import Surroundings
from node.console.view import View
from node.replies import BlockShown, NodeError, OutcomeShown
from node.slash.commands import UsageError, is_command, read

OPENED_MESSAGES = 20
"""Of a session's transcript, as many are shown when it is opened."""
HISTORY_FILE = "console_history"
WAITING_MAX = 32
OUTGOING_MAX = 1024
RECONNECT_EVERY_S = 0.5
HINT_S = 3.0


class Left(Exception):
    """The owner left; whatever the console still does ends with it."""


class Console:
    """Implements `Keyboard`: what a key does to the conversation."""

    def __init__(self, data: Path, session_id: str | None = None) -> None:
        self._data = data
        self._joins = session_id
        """The session to open as soon as there is a connection."""
        self._conversation = Conversation()
        self._surroundings = Surroundings()
        self._news = NewsWatch()
        self._node: NodeClient | None = None
        self._outgoing: asyncio.Queue[Event] = asyncio.Queue(OUTGOING_MAX)
        self._tasks = asyncio.TaskGroup()
        self._hint = ""
        self._leaves_before = 0.0
        self._stopped = ""
        """The turn that was stopped last."""
        """On the loop's clock: until then another Ctrl-C leaves."""
        self._edited: str | None = None
        """The approval whose arguments are in the line."""
        self._line_before = ""
        self._view = View(
            below=self._below,
            toolbar=self._toolbar,
            keys=console_keys(self),
            completer=ConsoleCompleter(self._surroundings.peer_names),
            history=data / HISTORY_FILE,
        )
        self._arming = Arming(self._view.redraw)

    async def run(self) -> None:
        """Run until the owner leaves."""
        try:
            async with self._tasks:
                self._tasks.create_task(self._stay_connected())
                await self._until_left()
        except* Left:
            pass

    async def _until_left(self) -> None:
        await self._view.run()
        raise Left

    # --- the keyboard ---

    def submit(self, text: str) -> None:
        if self._edited:
            self._send_edited(text)
        elif is_command(text):
            self._tasks.create_task(self._command(text))
        elif len(self._conversation.waiting) >= WAITING_MAX:
            self.hint(f"{WAITING_MAX} messages wait already")
        else:
            self._conversation.say(text.removeprefix("/") if text.startswith("//") else text)
            self._send_what_can_go()

    def question_is_open(self) -> bool:
        return self._arming.is_armed and self._node is not None and self._edited is None

    def decide(self, decision: Decision) -> None:
        if response := self._conversation.decide(decision):
            self._post(response)
            self._arm_question()

    def is_prompting(self) -> bool:
        return self._edited is None

    def edit(self) -> None:
        question = self._conversation.question
        if question and question.editable:
            self._line_before, self._edited = self._view.line, question.approval_id
            self._view.line = as_editable(question.args)

    def _send_edited(self, text: str) -> None:
        try:
            response = self._conversation.decide("allow_once", read_edited(text))
        except ValueError as error:
            self._view.line = text
            self.hint(str(error))
            return
        self._leave_edit()
        if response:
            self._post(response)
            self._arm_question()

    def _leave_edit(self) -> bool:
        """Go back to the line that was being typed; return whether arguments were being edited."""
        if self._edited is None:
            return False
        self._edited, self._view.line = None, self._line_before
        return True

    def stop_turn(self, *, then_leave: bool) -> bool:
        if self._leave_edit():
            return True
        cancel = self._conversation.cancel()
        if cancel is None or cancel.turn_id == self._stopped:
            return False
        self._post(cancel)
        self._stopped = cancel.turn_id
        if then_leave:
            self._leaves_before = asyncio.get_running_loop().time() + HINT_S
        return True

    def leave(self) -> None:
        """Leave when this is the second time at once that the owner wants to stop."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._leaves_before:
            self._view.leave()
            return
        self._leaves_before = loop.time() + HINT_S
        self.hint("Ctrl-C again leaves")

    def toggle_reasoning(self) -> None:
        transcript = self._conversation.transcript
        transcript.show_reasoning = not transcript.show_reasoning
        self.hint(f"reasoning {'shown' if transcript.show_reasoning else 'hidden'}")

    def hint(self, text: str) -> None:
        self._hint = text
        asyncio.get_running_loop().call_later(HINT_S, self._forget_hint, text)
        self._view.redraw()

    def _forget_hint(self, text: str) -> None:
        if self._hint == text:
            self._hint = ""
            self._view.redraw()

    # --- the commands ---

    async def _command(self, line: str) -> None:
        try:
            await self._view.insert(Style.YOU, f"> {line}")
            command, argument = read(line)
            if command.by == "client" or command.name == "help":
                await self._do(command.name, argument)
            else:
                await self._have_done(line)
        except (NodeError, UsageError) as error:
            await self._view.insert(Style.ERROR, str(error))

    async def _do(self, name: str, argument: str) -> None:
        match name:
            case "quit":
                self._view.leave()
            case "help":
                await self._view.insert(Style.NOTE, help_text())
            case "localclear":
                self._view.clear()
            case "export":
                session_id = self._conversation.session_id
                if session_id is None:
                    raise UsageError("no session is open yet that could be written")
                await self._view.insert(Style.NOTE, await export(self._connected(), session_id, argument))
            case "import":
                await self._view.insert(Style.NOTE, await bring(self._connected(), argument))

    async def _have_done(self, line: str) -> None:
        """Have the node do what a line says, and take over what it comes to."""
        session_id, here = self._conversation.session_id, Path.cwd()
        running = self._connected().run_command(line, session_id=session_id, folder=here)
        async with aclosing(running) as parts:
            async for part in parts:
                if "outcome" in part:
                    await self._take(part["outcome"])
                else:
                    await self._show_step(part["step"])

    async def _show_step(self, step: BlockShown) -> None:
        if "progress" in step:
            self.hint(step["progress"])
        else:
            await self._view.insert(Style.NOTE, drawn(step))

    async def _take(self, outcome: OutcomeShown) -> None:
        if outcome["begins"]:
            await self._begin_anew()
        if outcome["opens"]:
            await self._open(self._connected(), outcome["opens"])
        for block in outcome["shown"]:
            await self._view.insert(Style.NOTE, drawn(block))
        if confirm := outcome["confirm"]:
            await self._view.insert(Style.QUESTION, asked(confirm))
        if prompt := outcome["prompt"]:
            self._conversation.say(prompt)
            self._send_what_can_go()

    def _connected(self) -> NodeClient:
        """Return the node; raises `NodeError` while there is none."""
        if self._node is None:
            raise NodeError("not connected to the node")
        return self._node

    async def _begin_anew(self) -> None:
        await self._view.show(self._conversation.transcript.end())
        shows = self._conversation.transcript.show_reasoning
        self._conversation = Conversation(show_reasoning=shows)

    async def _open(self, node: NodeClient, session_id: str) -> None:
        """Show the end of a session, and go on in it."""
        waits = {turn["turnId"] for turn in await node.queue(session_id)}
        session = await node.session(session_id, OPENED_MESSAGES)
        await self._begin_anew()
        self._conversation.go_on_in(session["id"], None if waits else session["lastSeq"])
        answered = {message["turnId"] for message in session["messages"] if message["role"] != "user"}
        for message in session["messages"]:
            if message["turnId"] in waits - answered:
                continue  # it is shown as soon as its turn is
            if message["role"] == "user":
                await self._view.insert(Style.YOU, f"> {message['content']}")
            elif message["content"]:
                await self._view.insert(Style.ANSWER, message["content"])
        for missed in self._conversation.reconnected():
            self._post(missed)

    # --- the node ---

    async def _stay_connected(self) -> None:
        while True:
            try:
                async with NodeClient.at(self._data) as node, node.socket() as socket:
                    await self._view.insert(Style.NOTE, f"connected to {one_line(socket.hello.name)}; /help")
                    await self._converse(node, socket)
            except NodeError:
                pass  # the next try may succeed; the toolbar says that none has yet
            if self._node:
                self._node = None
                await self._view.insert(Style.NOTE, "the connection to the node is lost; trying again")
            await asyncio.sleep(RECONNECT_EVERY_S)

    async def _converse(self, node: NodeClient, socket: Socket) -> None:
        """Read the socket until the node goes away; write and look around beside it."""
        self._node, self._surroundings.node = node, socket.hello.name
        self._outgoing = asyncio.Queue(OUTGOING_MAX)
        for missed in self._conversation.reconnected():
            self._post(missed)
        self._send_what_can_go()
        if joins := self._joins:
            self._joins = None
            await self._open(node, joins)
        beside = [
            self._tasks.create_task(self._write(socket, self._outgoing)),
            self._tasks.create_task(self._surroundings.keep_current(node, self._view.redraw)),
        ]
        try:
            async for frame in socket:
                if event := frame.opened():
                    await self._receive(event, frame.seq)
        finally:
            for task in beside:
                task.cancel()

    async def _receive(self, event: Event, seq: int | None) -> None:
        await self._view.show(self._conversation.receive(event, seq))
        self._call_back(event)
        self._send_what_can_go()
        self._arm_question()

    def _call_back(self, event: Event) -> None:
        """Ring for what an owner who looks elsewhere wants to know."""
        now, after_s = asyncio.get_running_loop().time(), self._surroundings.bell_after_s
        news = self._news.of(event, self._conversation, now=now)
        if news is not None and after_s is not None and news.took_s >= after_s:
            self._view.ring(f"{self._surroundings.node} {news.what}")

    async def _write(self, socket: Socket, outgoing: asyncio.Queue[Event]) -> None:
        while True:
            try:
                await socket.send(await outgoing.get())
            except NodeError:
                return  # the reader sees the same end and connects again

    def _send_what_can_go(self) -> None:
        if self._node:
            for ask in self._conversation.to_send():
                self._post(ask)

    def _post(self, event: Event) -> None:
        """Have an event sent. A node that has not taken the last thousand will not take this one either."""
        if self._outgoing.full():
            self.hint("the node takes nothing in")
        else:
            self._outgoing.put_nowait(event)

    def _arm_question(self) -> None:
        question = self._conversation.question
        if self._edited and (question is None or question.approval_id != self._edited) and self._leave_edit():
            self.hint("the question is closed")
        self._arming.follow(question.approval_id if question else None)

    # --- what the view asks at every redraw ---

    def _below(self) -> StyleAndTextTuples:
        return above_the_line(
            self._conversation,
            armed=self._arming.is_armed,
            line=self._view.line,
            editing=self._edited is not None,
        )

    def _toolbar(self) -> str:
        return toolbar(
            self._conversation,
            surroundings=self._surroundings.line(),
            connected=self._node is not None,
            hint=self._hint,
        )
