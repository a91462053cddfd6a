"""A new key for a node, as its owner and a friend of theirs go through it."""

import asyncio
import stat
from pathlib import Path

from node.rotation import FORMER_FILE, load_former
from peer.identity import Identity
from tests.mission import requirement
from tests.node.nodes import PATIENCE_S, RunningNode, Together, running_node
from tests.node.program import palaver


def mode_of(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def until_asked(node: RunningNode) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if await node.client.key_changes():
                return


@requirement("F6")
async def test_a_friend_is_asked_about_the_new_key_and_goes_on_under_it(tmp_path: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        async with running_node(tmp_path / "bob", name="bob") as bob:
            await bob.client.join((await alice.client.invite())["ticket"])
            old = bob.node_id
            refused = await palaver("rotate-key", "--yes", data=bob.data)
            assert (refused.code, "in use" in refused.err) == (1, True)
        await alice.client.change_peer(old, petName="Bobby")
        made = (await palaver("rotate-key", "--yes", "--json", data=tmp_path / "bob")).json()
        assert made["old"] == old
        assert mode_of(made["kept"]) == 0o600
        assert Identity.load_or_create(Path(made["kept"])).node_id == old
        async with running_node(tmp_path / "bob", name="bob") as bob:
            assert bob.node_id == made["new"]
            await until_asked(alice)
            assert "Bobby says its key changed" in (await palaver("peers", data=alice.data)).err
            shown = await palaver("key-changes", data=alice.data)
            assert "Bobby says its key changed, signed by the old key." in shown.out
            assert (await bob.client.identity())["fingerprint"] in shown.out
            assert [peer["nodeId"] for peer in await alice.client.peers() if peer["state"] == "trusted"] == [
                old
            ]
            assert (await palaver("accept-key", "Bobby", data=alice.data)).code == 0
            (peer,) = [one for one in await alice.client.peers() if one["state"] == "trusted"]
            assert (peer["nodeId"], peer["label"]) == (bob.node_id, "Bobby")
            await alice.client.set_setting("network.allowRemoteAgent", value=True)
            assert (await bob.client.ask_peer("alice", "what time is it"))["ok"]


async def test_without_a_yes_nothing_is_changed(tmp_path: Path) -> None:
    key = tmp_path / "identity.key"
    assert "no key yet" in (await palaver("rotate-key", "--yes", data=tmp_path)).err
    before = Identity.load_or_create(key).node_id
    finished = await palaver("rotate-key", data=tmp_path, stdin="n\n")
    assert (finished.code, "nothing was changed" in finished.err) == (1, True)
    assert Identity.load_or_create(key).node_id == before
    assert [name for name in names_in(tmp_path) if name.startswith("identity")] == ["identity.key"]


async def test_each_former_key_says_that_the_newest_one_follows_it(tmp_path: Path) -> None:
    key = tmp_path / "identity.key"
    ids = [Identity.load_or_create(key).node_id]
    for _ in range(2):
        await palaver("rotate-key", "--yes", data=tmp_path)
        ids.append(Identity.load_or_create(key).node_id)
    assert {one.id for one in load_former(tmp_path, ids[2])} == set(ids[:2])
    # A change that was broken off after its statements were written says nothing of the key that stayed.
    assert load_former(tmp_path, ids[1]) == []
    (tmp_path / FORMER_FILE).write_text("rubbish")
    assert load_former(tmp_path, ids[2]) == []
