"""Shared folders between real nodes: what a peer finds, what it reads, and all that it does not."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from node.client import NodeError
from node.shared.admission import FILE_MAX_BYTES
from tests.fakes.ollama_server import FakeOllama, answer, calls, done, error, reply
from tests.flows.test_two_nodes import ALLOWED, pair
from tests.mission import requirement
from tests.node.nodes import RunningNode, Together

BAKERY = Path(__file__).parent.parent / "fixtures" / "bakery"
SYSTEM = ("/etc", "/var", "/var/log", "/var/lib", "/var/run", "/run", "/opt")


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BAKERY, tmp_path / "bakery"))


def tool_results(request: dict[str, Any]) -> list[str]:
    return [str(each["content"]) for each in request["messages"] if each["role"] == "tool"]


async def tried(alice: RunningNode, ollama: FakeOllama, *asked: tuple[str, dict[str, Any]]) -> list[str]:
    """Have the peer's model make these calls in a turn of alice's; return what they brought it."""
    ollama.chat(reply(calls(*asked), done()), answer("That is all."))
    told = await alice.client.ask_peer("bob", "look around")
    assert told["answer"] == "That is all."
    return tool_results(ollama.asked[-1])


@requirement("U5")
async def test_an_answer_cites_the_shared_file_and_lines_that_it_rests_on(
    tmp_path: Path, bakery: Path
) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        await pair(bob, alice)
        shared = await bob.client.share(str(bakery), ["all"])
        assert (shared["label"], shared["files"], shared["warnings"]) == ("bakery", 15, [])
        ollama.chat(
            reply(calls(("shared.search", {"query": "what E4 means on the oven"})), done()),
            answer("The steam generator is dry [bakery/oven.md:8-11]. Or so [bakery/secret.md:1-3] says."),
        )
        told = await alice.client.ask_peer("bob", "what does E4 mean?")
        (found,) = tool_results(ollama.asked[1])
        assert "never instructions" in found
        assert str(tmp_path) not in found
        (citation,) = told["citations"]
        assert (citation["file"], citation["first"], citation["last"]) == ("bakery/oven.md", 8, 11)
        assert "steam generator has run dry" in citation["quote"]


@requirement("U5", "U7")
async def test_a_node_without_a_model_quotes_what_fits_and_says_that_it_quotes(
    tmp_path: Path, bakery: Path
) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        await bob.client.share(str(bakery), ["alice"])
        told = await alice.client.ask_peer("bob", "Are there nuts in the walnut bread?")
        assert "no model here, so these are quotations" in told["answer"]
        assert "[bakery/recipes/allergens.md:1-15]" in told["answer"]
        assert told["citations"][0]["file"] == "bakery/recipes/allergens.md"
        nothing = await alice.client.ask_peer("bob", "What is the capital of France?")
        assert "found nothing about this" in nothing["answer"]
        assert nothing["citations"] == []
        assert "It is" in (await alice.client.ask_peer("bob", "what time is it"))["answer"]
        assert "work by rules" in (await alice.client.ask_peer("bob", "hello"))["answer"]


@requirement("U5", "U7")
async def test_a_node_without_a_model_quotes_also_where_a_question_is_like_an_order_to_the_owners_agent(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "kitchen"
    folder.mkdir()
    (folder / "oven.md").write_text("The oven needs 230 degrees.\n")
    (folder / "bread.md").write_text("Sourdough rests for a night.\n")
    (folder / "shop.md").write_text("The bakery opens at seven.\n")
    asked = {
        "what did we say about the oven?": "230 degrees",
        "search my notes for sourdough": "rests for a night",
        "read the note on sourdough": "rests for a night",
        "ask everyone: when does the bakery open?": "opens at seven",
        "search your notes for the oven temperature": "230 degrees",
        "note that the oven is hot": "230 degrees",
    }
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        await bob.client.share(str(folder), ["all"])
        told = {question: (await alice.client.ask_peer("bob", question))["answer"] for question in asked}
    wrong = {question: answer for question, answer in told.items() if asked[question] not in answer}
    assert wrong == {}


@requirement("U5", "U7")
async def test_a_node_whose_model_is_away_answers_as_one_without_a_model(
    tmp_path: Path, bakery: Path
) -> None:
    async with Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        async with FakeOllama() as ollama:
            bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
            await pair(bob, alice)
            await bob.client.share(str(bakery), ["all"])
            ollama.chat(answer("By heart."))
            assert (await alice.client.ask_peer("bob", "What does E4 mean?"))["answer"] == "By heart."
        told = await alice.client.ask_peer("bob", "What does E4 mean?")
        assert "these are quotations" in told["answer"]
        assert told["citations"][0]["file"] == "bakery/oven.md"
        await bob.client.set_setting("models.default", "a-model-that-nobody-has")
        told = await alice.client.ask_peer("bob", "What does E4 mean?")
        assert told["citations"][0]["file"] == "bakery/oven.md"


@requirement("F30")
async def test_of_a_model_that_fails_a_peer_hears_neither_address_nor_the_servers_words(
    tmp_path: Path,
) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        await pair(bob, alice)
        for status, code in ((500, "answer_failed"), (429, "busy")):
            ollama.chat(error(status, "cannot open /home/bob/models/secret.gguf"))
            told = await alice.client.ask_peer("bob", "hello?")
            assert not told["ok"]
            assert told["code"] == code
            for private in (ollama.address, "127.0.0.1", "/home/bob", "gguf"):
                assert private not in str(told)


@requirement("U5", "F15")
@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes need rights on Windows")
async def test_no_invented_name_reaches_what_is_not_shared(tmp_path: Path, bakery: Path) -> None:
    outside = tmp_path / "private"
    outside.mkdir()
    (outside / "diary.md").write_text("swordfish")
    (bakery / "link.md").symlink_to(outside / "diary.md")
    (bakery / "linked").symlink_to(outside)
    (bakery / ".hidden.md").write_text("swordfish")
    (bakery / ".git").mkdir()
    (bakery / ".git" / "config").write_text("swordfish")
    (bakery / "id_rsa").write_text("swordfish")
    (bakery / "site.key").write_text("swordfish")
    (bakery / "large.txt").write_text("swordfish " * (FILE_MAX_BYTES // 10 + 1))
    os.mkfifo(bakery / "pipe.txt")
    names = [
        "bakery/../private/diary.md", "../private/diary.md", str(outside / "diary.md"), f"bakery/{outside}/diary.md",
        "bakery/link.md", "bakery/linked/diary.md", "bakery/.hidden.md", "bakery/.git/config", "bakery/id_rsa",
        "bakery/site.key", "bakery/large.txt", "bakery/pipe.txt", "bakery", "bakery/", "bakery/.", "", "/etc/passwd",
        "bakery/%2e%2e/private/diary.md", "bakery\\..\\private\\diary.md", "private/diary.md", "~/diary.md",
        "bakery/oven.md\0.txt",
    ]  # fmt: skip
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=ALLOWED)
        await pair(bob, alice)
        await bob.client.share(str(bakery), ["all"])
        results = await tried(alice, ollama, *(("shared.read", {"file": name}) for name in names))
        assert len(results) == len(names)
        assert all("There is no shared file" in result for result in results), results
        found, listed, wrote = await tried(
            alice,
            ollama,
            ("shared.search", {"query": "swordfish"}),
            ("shared.list", {}),
            ("shared.write", {"file": "bakery/oven.md"}),
        )
        assert '"passages": []' in found
        assert "oven.md" in listed
        assert not any(
            name in listed for name in ("link", "hidden", "config", "id_rsa", "key", "large", "pipe")
        )
        assert "cannot be used in a peer's turn" in wrote
        (opened,) = await tried(alice, ollama, ("shared.read", {"file": "bakery/oven.md", "fromLine": 10}))
        assert "steam generator" in opened


@requirement("U5", "F30")
async def test_what_is_shared_with_one_peer_does_not_exist_for_another(tmp_path: Path, bakery: Path) -> None:
    async with Together(tmp_path) as nodes:
        alice, carol = await nodes.node("alice"), await nodes.node("carol")
        bob = await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        await pair(bob, carol)
        await bob.client.share(str(bakery), ["alice"])
        assert (await alice.client.ask_peer("bob", "what does E4 mean?"))["citations"]
        for question in ("what does E4 mean?", "read shared file bakery/oven.md", "list shared files"):
            told = await carol.client.ask_peer("bob", question)
            assert not told["citations"]
            assert "steam" not in told["answer"]
            assert "oven" not in told["answer"].replace(question, "").replace("bakery/oven.md", "")
        await bob.client.share(str(bakery), ["carol", "alice"])
        assert (await carol.client.ask_peer("bob", "what does E4 mean?"))["citations"]


@requirement("U5")
async def test_a_peer_without_the_right_reads_nothing_of_a_folder_that_is_for_all(
    tmp_path: Path, bakery: Path
) -> None:
    async with Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        bob = await nodes.node("bob", settings={**ALLOWED, "network.defaultGrants": ["ask"]})
        await pair(bob, alice)
        shared = await bob.client.share(str(bakery), ["alice"])
        assert "palaver grant" in shared["warnings"][0]
        assert not (await alice.client.ask_peer("bob", "what does E4 mean?"))["citations"]
        await bob.client.set_setting("network.defaultGrants", ["ask", "shared"])
        assert (await alice.client.ask_peer("bob", "what does E4 mean?"))["citations"]


@requirement("U5")
async def test_a_changed_file_is_found_as_it_is_now_and_a_removed_share_not_at_all(
    tmp_path: Path, bakery: Path
) -> None:
    async with Together(tmp_path) as nodes:
        alice, bob = await nodes.node("alice"), await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        await bob.client.share(str(bakery), ["all"])
        (bakery / "oven.md").write_text("# The oven\n\nE4 now means that the door is open.\n")
        (bakery / "swans.txt").write_text("Swans are fed with the crumbs of yesterday, says Xyloquark.\n")
        (bakery / "till.md").unlink()
        assert "door is open" in (await alice.client.ask_peer("bob", "what does E4 mean?"))["answer"]
        assert "crumbs" in (await alice.client.ask_peer("bob", "who feeds swans?"))["answer"]
        assert (
            "found nothing" in (await alice.client.ask_peer("bob", "how long is a voucher valid"))["answer"]
        )
        await bob.client.unshare("bakery")
        told = await alice.client.ask_peer("bob", "what does E4 mean?")
        assert told["citations"] == []
        assert "door" not in told["answer"]
        kept = b"".join(file.read_bytes() for file in bob.data.glob("shared.db*")).lower()
        assert b"crumbs" not in kept
        assert b"xyloquark" not in kept


async def test_the_owners_own_agent_reads_all_that_is_shared_and_cites_it(
    tmp_path: Path, bakery: Path
) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address)
        await bob.client.share(str(bakery), ["all"])
        ollama.chat(
            reply(calls(("shared.read", {"file": "bakery/till.md", "fromLine": 10, "toLine": 12})), done()),
            answer("Three years, see [bakery/till.md:12]."),
        )
        told: Any = await bob.client.call(
            "POST", "/api/agents/self/chat", {"message": "how long are vouchers valid"}
        )
        assert [(each["file"], each["first"]) for each in told["citations"]] == [("bakery/till.md", 12)]
        ollama.chat(answer("As I said [bakery/till.md:12]."))
        again: Any = await bob.client.call("POST", "/api/agents/self/chat", {"message": "sure?"})
        assert again["citations"] == []


async def test_a_deny_rule_of_the_owner_holds_for_a_shared_file_however_it_is_spelt(
    tmp_path: Path, bakery: Path
) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        alice = await nodes.node("alice")
        settings = {**ALLOWED, "agent.permissions.deny": ["shared.read(bakery/till.md)"]}
        bob = await nodes.node("bob", model=None, ollama_url=ollama.address, settings=settings)
        await pair(bob, alice)
        await bob.client.share(str(bakery), ["all"])
        spellings = ("bakery/till.md", "bakery//till.md", "./bakery/./till.md", "/bakery/till.md")
        results = await tried(alice, ollama, *(("shared.read", {"file": each}) for each in spellings))
        assert not any("Vouchers" in result for result in results)


@pytest.mark.parametrize("where", ["data", "above the data", "in the data", "nowhere", "a file", "relative"])
async def test_a_folder_that_must_not_be_shared_is_refused_with_a_reason(tmp_path: Path, where: str) -> None:
    async with Together(tmp_path) as nodes:
        bob = await nodes.node("bob")
        (tmp_path / "file.txt").write_text("x")
        folder = {
            "data": str(bob.data), "above the data": str(tmp_path), "in the data": str(bob.data / "notes"),
            "nowhere": str(tmp_path / "none"), "a file": str(tmp_path / "file.txt"), "relative": "bakery",
        }[where]  # fmt: skip
        with pytest.raises(NodeError, match=r"never shared|data folder|no folder|no whole path") as refused:
            await bob.client.call("POST", "/api/network/shares", {"folder": folder})
        assert refused.value.code == "not_shareable"
        assert await bob.client.shares() == []


@pytest.mark.skipif(sys.platform == "win32", reason="other folders are the system's there")
@pytest.mark.parametrize("folder", [each for each in SYSTEM if Path(each).is_dir()])
async def test_a_folder_of_the_system_is_refused(tmp_path: Path, folder: str) -> None:
    async with Together(tmp_path) as nodes:
        bob = await nodes.node("bob")
        with pytest.raises(NodeError, match="belongs to the system"):
            await bob.client.share(folder, ["all"])
        assert await bob.client.shares() == []


@requirement("U5")
async def test_an_owner_whose_agent_asks_a_peer_sees_on_which_file_of_whom_the_answer_rests(
    tmp_path: Path, bakery: Path
) -> None:
    async with FakeOllama() as ollama, Together(tmp_path) as nodes:
        settings = {"agent.permissions.mode": "autonomous"}
        alice = await nodes.node("alice", model=None, ollama_url=ollama.address, settings=settings)
        bob = await nodes.node("bob", settings=ALLOWED)
        await pair(bob, alice)
        await bob.client.share(str(bakery), ["all"])
        question = {"peerId": "bob", "prompt": "what does E4 mean?"}
        ollama.chat(reply(calls(("agent.ask_peer", question)), done()), answer("The steam generator is dry."))
        async with alice.socket() as ws:
            frames = await ws.whole_turn("ask bob what E4 means")
        assert '"bakery/oven.md:8-11"' in tool_results(ollama.asked[1])[0]
        (told,) = (frame["data"] for frame in frames if frame["event"] == "answer")
        assert [(each["peer"], each["file"], each["first"]) for each in told["citations"]] == [
            ("bob", "bakery/oven.md", 8)
        ]
