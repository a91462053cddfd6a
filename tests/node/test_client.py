"""The client of the owner's door, against a node that follows a script."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.events import Answer, Ask, Done, Event, Queued, Token
from node.client import NodeClient
from node.replies import NodeError, NoNodeError
from tests.node import fake_node
from tests.node.fake_node import FakeNode, FakeTurn


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[FakeNode]:
    async with fake_node.running(tmp_path) as fake:
        yield fake


async def test_a_turn_is_its_own_events_up_to_done(node: FakeNode, tmp_path: Path) -> None:
    async def two_turns(turn: FakeTurn) -> None:
        await turn.emit(Token, turn_id="somebody-else", delta="not ours")
        await fake_node.echo(turn)
        await turn.emit(Token, turn_id="somebody-else", delta="not ours")

    node.play = two_turns
    async with NodeClient.at(tmp_path) as client, client.socket() as socket:
        events: list[Event] = [event async for event in socket.turn(Ask(turn_id="t1", prompt="hello you"))]
    assert [type(event) for event in events] == [Queued, Token, Token, Answer, Done]


async def test_the_greeting_says_whose_node_it_is(node: FakeNode, tmp_path: Path) -> None:
    async with NodeClient.at(tmp_path) as client, client.socket() as socket:
        assert (socket.hello.name, socket.hello.protocol) == ("alice", 1)


async def test_a_node_that_goes_away_ends_the_turn_with_a_reason(node: FakeNode, tmp_path: Path) -> None:
    async def hang_up(_: FakeTurn) -> None:
        await node.hang_up()

    node.play = hang_up
    async with NodeClient.at(tmp_path) as client, client.socket() as socket:
        with pytest.raises(NodeError, match="closed the connection") as caught:
            async for _ in socket.turn(Ask(turn_id="t1", prompt="hello")):
                pass
    assert caught.value.code == "connection_lost"


async def test_a_refusal_carries_its_text_and_code(node: FakeNode, tmp_path: Path) -> None:
    async with NodeClient.at(tmp_path) as client:
        with pytest.raises(NodeError, match="no setting 'nope'") as caught:
            await client.setting("nope")
    assert caught.value.code == "unknown_setting"


async def test_a_wrong_token_is_told_as_such(node: FakeNode) -> None:
    async with NodeClient(node.url, "wrong") as client:
        with pytest.raises(NodeError) as caught:
            await client.peers()
        assert caught.value.code == "no_token"
        with pytest.raises(NodeError, match="refused the connection"):
            async with client.socket():
                pass


async def test_no_node_is_found_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(NoNodeError, match="palaver up"):
        NodeClient.at(tmp_path)


async def test_no_node_answers_at_a_closed_port(unused_tcp_port: int) -> None:
    async with NodeClient(f"http://127.0.0.1:{unused_tcp_port}", "token") as client:
        with pytest.raises(NoNodeError):
            await client.health()
        with pytest.raises(NoNodeError):
            async with client.socket():
                pass


async def test_settings_are_put_read_and_taken_back(node: FakeNode, tmp_path: Path) -> None:
    async with NodeClient.at(tmp_path) as client:
        assert await client.set_setting("network.allowRemoteAgent", value=True) is True
        assert await client.setting("network.allowRemoteAgent") is True
        assert await client.unset_setting("network.allowRemoteAgent") is None


async def test_the_tools_are_listed_with_what_they_cost(node: FakeNode, tmp_path: Path) -> None:
    async with NodeClient.at(tmp_path) as client:
        listed = await client.tools()
        assert [(tool["name"], tool["tokens"]) for tool in listed["tools"]] == [("clock.now", 24)]
        assert await client.forget_learned() == 3
