"""The provider for a node without a model: plain sentences become tool calls, results become sentences.

It keeps nothing between rounds and never chats: what it does not understand it says so.
"""

import json
import re
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence

from agent.history import AssistantMessage, Call, History, SystemMessage, ToolMessage, UserMessage
from agent.models.answers import rendered
from agent.models.base import CallDelta, Delta, Finish, FinishReason, ModelFacts, ModelRequest, TextDelta
from agent.models.phrases import INPUT_MAX_CHARS, Order, Phrasebook
from tools.spec import ToolSpec

PIECE_CHARS = 60
PIECES_MAX = 200
"""A long answer comes in larger pieces instead of more."""

_GREETING = re.compile(
    r"\s*(?:hello|hi|hey|good (?:morning|afternoon|evening))(?: there)?[\s.!]*", re.IGNORECASE
)
_HELP = re.compile(
    r"\s*(?:please )?(?:help(?: me)?|what can (?:you|i) (?:do|ask|say)(?: here)?|\?)[\s.!?]*", re.IGNORECASE
)
_NO_MODEL = "I work by rules, no model is connected."
_CONNECT = "To talk freely, connect a model: start Ollama or LM Studio, or name a server in the settings."


class RulesModel:
    """Answers each round from the last messages alone."""

    def __init__(
        self,
        tools: Callable[[], Sequence[ToolSpec]],
        peers: Callable[[], Sequence[str]],
        *,
        lookup: str | None = None,
    ) -> None:
        """Take the tools that the node owns, offered or not, and the names of the peers connected now.

        `lookup` names a tool that takes a `query`: where it is offered it is called with a message that means
        no other call.
        """
        self._tools = tools
        self._peers = peers
        self._lookup = lookup

    @property
    def facts(self) -> ModelFacts:
        return ModelFacts(
            provider="rules", name="rules", label="Rules (no model)", calls_tools=True, thinks=False
        )

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Delta, None]:
        tools = tuple({tool.name: tool for tool in (*self._tools(), *request.tools)}.values())
        orders: tuple[Order, ...] = ()
        messages = _without_prodding(request)
        if results := _results(messages):
            text = "\n".join(_reported(result, tools) for result in results)
        elif messages and isinstance(messages[-1], AssistantMessage):
            text = messages[-1].text
        else:
            text, orders = self._read(request, tools)
        for order in orders:
            yield CallDelta(_call(order))
        for piece in _pieces(text):
            yield TextDelta(piece)
        yield Finish(FinishReason.CALLS if orders else FinishReason.STOP)

    async def close(self) -> None:
        """Nothing is held."""

    def _read(self, request: ModelRequest, tools: Sequence[ToolSpec]) -> tuple[str, tuple[Order, ...]]:
        """Return the calls that the last message means, or a text that says why there are none."""
        message = _last_message(request.messages)
        from_peer = all(tool.remote for tool in request.tools)
        # Who else is connected is the owner's business: a peer may not find out by asking for names.
        knows_peers = not from_peer or any(tool.name == "agent.ask_peer" for tool in request.tools)
        peers = self._peers() if knows_peers else ()
        # An owner's tool that is not offered is called all the same: the turn then says why it may not run,
        # which tells a person more than "not understood". A peer asks a question, whatever phrase it is like.
        usable = request.tools if from_peer else tools
        if orders := Phrasebook(usable, {"peer": peers}).orders(message):
            return "", orders
        if any(tool.name == self._lookup for tool in request.tools) and not _is_small_talk(message):
            return "", (_lookup(str(self._lookup), message),)
        if from_peer and self._lookup is not None and not _is_small_talk(message):
            return _nothing_to_quote(message, Phrasebook(request.tools, {})), ()
        if from_peer:
            return _not_understood(message, Phrasebook(request.tools, {})), ()
        return _advice(message, Phrasebook(tools, {"peer": peers}), peers), ()


def _is_small_talk(message: str) -> bool:
    return bool(_GREETING.fullmatch(message) or _HELP.fullmatch(message))


def _lookup(tool: str, message: str) -> Order:
    return Order(
        tool=tool,
        arguments={"query": message[:INPUT_MAX_CHARS]},
        wildcard_chars=len(message),
        list_slots=0,
        has_rest=True,
    )


def _without_prodding(request: ModelRequest) -> History:
    """Leave out what the loop says for itself, that a call or an answer is due now: no person wrote it."""
    messages = request.messages
    if len(messages) < 2 or not isinstance(messages[-1], UserMessage):
        return messages
    nudged = request.must_call and isinstance(messages[-2], AssistantMessage)
    ended = not request.tools and isinstance(messages[-2], ToolMessage)
    return messages[:-1] if nudged or ended else messages


def _results(messages: History) -> list[ToolMessage]:
    """Return the results that have come in since anybody spoke, in the order of their calls."""
    results: list[ToolMessage] = []
    for message in reversed(messages):
        if isinstance(message, SystemMessage):
            continue
        if not isinstance(message, ToolMessage):
            break
        results.insert(0, message)
    return results


def _last_message(messages: History) -> str:
    return next((message.text for message in reversed(messages) if isinstance(message, UserMessage)), "")


def _call(order: Order) -> Call:
    return Call(id=f"call_{secrets.token_hex(4)}", name=order.tool, arguments=dict(order.arguments))


def _reported(result: ToolMessage, tools: Sequence[ToolSpec]) -> str:
    """Return one result as a sentence, or why there is none."""
    if not result.ok:
        return f"That did not work: {result.text.removeprefix('error: ')}"
    template = next((tool.answer for tool in tools if tool.name == result.call.name), "")
    try:
        return rendered(template, json.loads(result.text))
    except (ValueError, RecursionError):
        return result.text


def _advice(message: str, book: Phrasebook, peers: Sequence[str]) -> str:
    """Say to the owner why nothing was done and what could be."""
    if (unknown := book.unknown(message)) is not None:
        known = ", ".join(unknown.known) or "nobody is connected"
        return f"There is no {unknown.list_name} called {unknown.value}; known: {known}."
    lines = [_not_understood(message, book)]
    if peers and not _GREETING.fullmatch(message):
        lines.append(f"You can ask a peer, as in: ask {peers[0]} <your question>")
    return "\n\n".join([*lines, _CONNECT])  # paragraphs: a line after a bullet would be part of it


def _not_understood(message: str, book: Phrasebook) -> str:
    """Say what this is and which sentences it knows."""
    if _GREETING.fullmatch(message):
        return f'Hello. {_NO_MODEL} Say "help" to see what I understand.'
    if len(message) > INPUT_MAX_CHARS:
        return f"{_NO_MODEL} I read up to {INPUT_MAX_CHARS} characters; this message is longer."
    if _HELP.fullmatch(message):
        return "\n".join([f"{_NO_MODEL} I understand sentences such as:", *_bullets(book.examples())])
    near = book.nearest(message)
    if not near:
        return f'{_NO_MODEL} I did not understand that. Say "help" to see what I understand.'
    return "\n".join([f"{_NO_MODEL} I did not understand that. The nearest that I know:", *_bullets(near)])


def _nothing_to_quote(message: str, book: Phrasebook) -> str:
    """Say to a peer why its question has no answer here, and what could be asked instead."""
    lines = ["There is no model here, and no file is shared with you to quote from, so I cannot answer that."]
    lines += ["For a peer I only read."]
    if known := book.nearest(message) or book.examples():
        lines += ["What I understand:", *_bullets(known)]
    return "\n".join(lines)


def _bullets(lines: Sequence[str]) -> list[str]:
    return [f"- {line}" for line in lines]


def _pieces(text: str) -> list[str]:
    size = max(PIECE_CHARS, -(-len(text) // PIECES_MAX))
    return [text[start : start + size] for start in range(0, len(text), size)]
