from collections.abc import Sequence

import pytest

from tests.mission import requirement
from tools.peers import PeerCard, PeerReply
from tools.peers_many import ANSWERS_MAX_CHARS, ASKED_MAX, PeerOutcome, many_peers_tools
from tools.spec import JsonObject, ToolContext, ToolError, ToolSpec

IDS = {"bob": "id-bob", "carol": "id-carol"}


class Circle:
    """Bob and carol are connected; both say `text`."""

    def __init__(self, text: str = "noon") -> None:
        self.text = text
        self.asked: list[Sequence[str]] = []

    def connected(self) -> Sequence[PeerCard]:
        return [PeerCard(node_id=node_id, name=name) for name, node_id in IDS.items()]

    def names(self, peer: str) -> tuple[str, ...]:
        known = next((name for name, node_id in IDS.items() if peer.casefold() in {name, node_id}), None)
        return (known, IDS[known]) if known else ()

    async def ask(self, peer: str, prompt: str, *, context: ToolContext) -> PeerReply:
        raise AssertionError((peer, prompt, context))

    async def ask_each(
        self, peers: Sequence[str], prompt: str, *, context: ToolContext
    ) -> Sequence[PeerOutcome]:
        assert prompt
        assert context.call_id
        self.asked.append(peers)
        return [PeerOutcome(node_id=IDS.get(peer, ""), name=peer, text=self.text) for peer in peers]


def tool_over(circle: Circle) -> ToolSpec:
    (tool,) = many_peers_tools(circle)
    return tool


async def result(circle: Circle, arguments: JsonObject, **refused: str) -> JsonObject:
    tool = tool_over(circle)
    assert tool.handler is not None
    context = ToolContext(turn_id="t", call_id="c", refused=refused)
    value = await tool.handler(context, tool.fit({"question": "when", **arguments}))
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (None, ["bob", "carol"]),
        ([], ["bob", "carol"]),
        (["CAROL", "id-bob", "bob"], ["carol", "bob"]),
        ("bob", ["bob"]),
        ('["bob", "zoe"]', ["bob", "zoe"]),
    ],
)
def test_whoever_is_meant_is_named_once_and_by_one_name(given: object, meant: list[str]) -> None:
    assert tool_over(Circle()).fit({"question": "when", "peers": given})["peers"] == meant


def test_more_peers_than_one_call_may_name_are_refused_at_once() -> None:
    with pytest.raises(ToolError, match=f"at most {ASKED_MAX}"):
        tool_over(Circle()).fit({"question": "when", "peers": [f"p{n}" for n in range(ASKED_MAX + 1)]})


@requirement("U6")
async def test_all_answers_together_stay_within_a_bound_and_say_what_was_cut() -> None:
    told = await result(Circle("x" * 100_000), {})
    answers = [str(each["answer"]) for each in told["answers"]]  # type: ignore[attr-defined]
    assert sum(map(len, answers)) < ANSWERS_MAX_CHARS + 100
    assert all("[cut: 88000 more characters]" in answer for answer in answers)
    assert "who said what" in str(told["task"])


async def test_a_refused_peer_is_told_of_and_not_asked() -> None:
    circle = Circle()
    told = await result(circle, {}, bob="the owner said so")
    assert circle.asked == [["carol"]]
    assert [each["from"] for each in told["answers"]] == ["carol", "bob"]  # type: ignore[attr-defined]
    assert "the owner said so" in str(told)
