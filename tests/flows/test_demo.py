"""`palaver demo`, as somebody sees it who has just installed the program."""

from pathlib import Path

import pytest

from tests.mission import requirement
from tests.node.program import palaver


@requirement("T9", "U7")
async def test_two_nodes_pair_ask_each_other_and_refuse_what_a_peer_must_not_do(tmp_path: Path) -> None:
    finished = await palaver("demo", "--json", data=tmp_path / "unused")
    assert finished.code == 0, finished.err
    steps = finished.json()["steps"]
    assert [(step["from"], step["to"]) for step in steps] == [
        ("alice", "bob"), ("bob", "alice"), ("alice", "bob"), ("alice", "bob"),
    ]  # fmt: skip
    assert [step["name"] for step in steps[:2]] == ["bob", "alice"]
    assert all("It is" in step["answer"] for step in steps[:2])
    refused = [step.get("answer") or step["error"] for step in steps[2:]]
    assert "For a peer I only read" in refused[0]
    assert "already part of this conversation" in refused[1]


async def test_the_transcript_can_be_read_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    finished = await palaver("demo", data=tmp_path / "unused")
    assert finished.code == 0, finished.err
    assert finished.err == ""
    for line in ("alice asks bob: what time is it", "bob's agent: It is", "alice's agent: It is", "Done in"):
        assert line in finished.out
    assert left_in(tmp_path) == []


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())
