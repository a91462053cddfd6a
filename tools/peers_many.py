"""The tool that asks several peers' agents at once and returns what each of them said, or why it did not."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from tools.peers import ASK_PEER, FOREIGN, PeerDirectory
from tools.registry import tool
from tools.spec import JsonObject, SpecifierKind, ToolContext, ToolError, ToolSpec

ASKED_MAX = 16
ANSWERS_MAX_CHARS = 24_000
"""Of all answers together: each gets an equal share of the model's window."""
SYNTHESIS = (
    "Say who said what, each by name. Where they disagree, say so instead of choosing."
    " Name those who did not answer."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerOutcome:
    """What one of several peers made of a question."""

    node_id: str
    """Empty for a name that means nobody."""
    name: str
    text: str = ""
    sources: tuple[str, ...] = ()
    """Places in its owner's shared files on which the answer rests."""
    error: str = ""
    """Why there is no answer; empty when there is one."""
    code: str = ""
    duration_ms: int = 0


class ManyPeers(PeerDirectory, Protocol):
    async def ask_each(
        self, peers: Sequence[str], prompt: str, *, context: ToolContext
    ) -> Sequence[PeerOutcome]:
        """Put a question to all these peers at the same time; outcomes have the order of `peers`."""
        ...


def many_peers_tools(directory: ManyPeers) -> tuple[ToolSpec, ...]:
    """Return the tool over the peers of a directory."""

    def by_one_name_each(arguments: JsonObject) -> JsonObject:
        """Name all who are meant, each by one name: rules and people judge peers, not spellings or `all`."""
        named = _listed(arguments.get("peers")) or [card.node_id for card in directory.connected()]
        peers = dict.fromkeys(next(iter(directory.names(peer)), peer) for peer in named)
        if len(peers) > ASKED_MAX:
            raise ToolError(f"{len(peers)} peers are too many at once; name at most {ASKED_MAX}")
        return {**arguments, "peers": list(peers)}

    @tool(
        name="agent.ask_peers",
        specifier="{peers}",
        specifier_kind=SpecifierKind.NAMES,
        judged_as=ASK_PEER,
        canonical=by_one_name_each,
        aliases=directory.names,
        phrases=(
            "ask (everyone|everybody|all) [of] [my] [peers|friends] {question*}",
            "ask (everyone|everybody)(:|,) {question*}",
            "ask all [of] [my] (peers|friends)[:|,] {question*}",
            "(find out|check) (from|with) (everyone|everybody|all [my] peers) {question*}",
        ),
        answer="{#answers}{from}: {answer}{/answers}",
    )
    async def ask_peers(
        question: Annotated[str, "complete in itself: the peers see nothing else"],
        peers: Annotated[list[str] | None, "names or node ids; left out: every connected peer"] = None,
        *,
        context: ToolContext,
    ) -> object:
        """Ask the agents of several peers the same question at once, and return each one's answer by name.

        It acts as one `agent.ask_peer` for each of them, and each is judged as that.
        """
        asked = [peer for peer in peers or () if peer not in context.refused]
        if not asked and not context.refused:
            raise ToolError("no peer is connected")
        outcomes = await directory.ask_each(asked, question, context=context)
        heard = [shown(outcome, ANSWERS_MAX_CHARS // len(asked)) for outcome in outcomes]
        refused = [_refused(name, reason) for name, reason in context.refused.items()]
        return {"answers": [*heard, *refused], "notice": FOREIGN, "task": SYNTHESIS}

    return (ask_peers,)


def _listed(given: object) -> list[str]:
    """Return the names in a list, or in a text that holds one: `["bob"]`, or `bob` for one name."""
    if isinstance(given, str):
        try:
            listed = json.loads(given)
        except (ValueError, RecursionError):
            return [given] if given.strip() else []
        return _listed(listed) if isinstance(listed, list) else [given]
    return [str(name) for name in given] if isinstance(given, list) else []


def shown(outcome: PeerOutcome, limit: int) -> dict[str, object]:
    """Return an outcome as the model reads it, its answer cut at `limit` characters with a note."""
    if outcome.error:
        return {
            "from": outcome.name,
            "node": outcome.node_id,
            "ok": False,
            "answer": f"(no answer: {outcome.error[:limit]})",
            "code": outcome.code,
        }
    sources = {"sources": list(outcome.sources)} if outcome.sources else {}
    answer = cut(outcome.text, limit)
    return {"from": outcome.name, "node": outcome.node_id, "ok": True, "answer": answer, **sources}


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}\n[cut: {len(text) - limit} more characters]"


def _refused(name: str, reason: str) -> dict[str, object]:
    return {"from": name, "ok": False, "answer": f"(not asked: {reason})", "code": "not_permitted"}
