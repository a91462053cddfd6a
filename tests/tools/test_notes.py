"""Notes in a real folder."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tools.notes import INBOX, MATCHES_MAX, NOTE_MAX_CHARS, notes_tools
from tools.schema import checked
from tools.spec import Effect, ToolContext, ToolError, ToolSpec

CONTEXT = ToolContext(turn_id="turn", call_id="call")
links_only = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes need rights on Windows")


async def call(folder: Path, tool_name: str, /, **arguments: object) -> object:
    tool = by_name(folder)[tool_name]
    assert tool.handler is not None
    return await tool.handler(CONTEXT, checked(arguments, tool.parameters))


def by_name(folder: Path) -> dict[str, ToolSpec]:
    return {tool.name: tool for tool in notes_tools(folder)}


async def test_what_is_written_can_be_read_and_found(tmp_path: Path) -> None:
    folder = tmp_path / "notes"

    assert await call(folder, "notes.write", name="shopping", text="Milk and eggs") == {
        "name": "shopping",
        "characters": 13,
    }
    await call(folder, "notes.write", name="shopping", text="Bread")

    assert await call(folder, "notes.read", name="shopping") == {
        "name": "shopping",
        "text": "Milk and eggs\nBread\n",
    }
    assert await call(folder, "notes.search", query="EGGS milk") == {
        "query": "EGGS milk",
        "matches": [{"name": "shopping", "line": 1, "text": "Milk and eggs"}],
    }
    assert (folder / "shopping.md").read_text(encoding="utf-8") == "Milk and eggs\nBread\n"
    assert sorted(path.name for path in folder.iterdir()) == ["shopping.md"]


async def test_a_note_is_replaced_only_when_asked_to(tmp_path: Path) -> None:
    await call(tmp_path, "notes.write", name="plan", text="old")
    await call(tmp_path, "notes.write", name="plan", text="new", mode="replace")

    assert await call(tmp_path, "notes.read", name="plan") == {"name": "plan", "text": "new\n"}


async def test_what_a_write_would_change_is_told_before_it_does(tmp_path: Path) -> None:
    write = by_name(tmp_path)["notes.write"]
    assert write.change

    assert not write.change({"name": "plan", "text": "all of it is new"})
    await call(tmp_path, "notes.write", name="plan", text="first\nsecond")
    assert write.change({"name": "plan", "text": "third"}).splitlines()[1:] == [" first", " second", "+third"]
    replaced = write.change({"name": "plan", "text": "first\nother", "mode": "replace"})
    assert replaced.splitlines()[1:] == [" first", "-second", "+other"]
    assert await call(tmp_path, "notes.read", name="plan") == {"name": "plan", "text": "first\nsecond\n"}
    with pytest.raises(ToolError, match="cannot name a note"):
        write.change({"name": "../plan", "text": "x"})


async def test_what_many_turns_add_to_one_note_at_the_same_time_is_all_there(tmp_path: Path) -> None:
    write = by_name(tmp_path)["notes.write"]
    assert write.handler
    context = ToolContext(turn_id="t", call_id="c")
    lines = [f"line {number}" for number in range(30)]
    await asyncio.gather(
        *(write.handler(context, {"name": "log", "text": line, "mode": "append"}) for line in lines)
    )
    assert sorted((tmp_path / "log.md").read_text().splitlines()) == sorted(lines)


async def test_text_without_a_note_goes_to_the_inbox(tmp_path: Path) -> None:
    await call(tmp_path, "notes.write", text="call mum")

    assert (tmp_path / f"{INBOX}.md").read_text(encoding="utf-8") == "call mum\n"


async def test_a_note_is_found_by_its_name_too(tmp_path: Path) -> None:
    await call(tmp_path, "notes.write", name="garden plan", text="First line\nsecond line")

    assert await call(tmp_path, "notes.search", query="garden") == {
        "query": "garden",
        "matches": [{"name": "garden plan", "line": 1, "text": "First line"}],
    }


async def test_a_search_in_an_empty_or_missing_folder_finds_nothing(tmp_path: Path) -> None:
    assert await call(tmp_path / "none", "notes.search", query="x") == {"query": "x", "matches": []}


async def test_an_empty_query_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="say what to look for"):
        await call(tmp_path, "notes.search", query="  ")


async def test_a_search_ends_at_its_limit(tmp_path: Path) -> None:
    await call(tmp_path, "notes.write", name="long", text="milk\n" * (MATCHES_MAX + 5))

    found = await call(tmp_path, "notes.search", query="milk")
    assert isinstance(found, dict)
    assert len(found["matches"]) == MATCHES_MAX


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "../secret",
        "..\\secret",
        "/etc/passwd",
        "C:\\secret",
        "C:secret",
        "a/b",
        "a\\b",
        "a\0b",
        "a\nb",
        ".hidden",
        "~root",
        "note.",
        "note ",
        " note",
        "con",
        "NUL.txt",
        "com1",
        "a:b",
        "a*b",
        "x" * 81,
        "\u2024\u2024/secret",
        "\uff0e\uff0e\uff0fsecret",
    ],
)
@pytest.mark.parametrize("tool", ["notes.read", "notes.write"])
async def test_a_name_cannot_leave_the_folder_or_hide_in_it(tmp_path: Path, tool: str, name: str) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (tmp_path / "secret.md").write_text("secret", encoding="utf-8")

    with pytest.raises(ToolError, match="cannot name a note"):
        await call(folder, tool, name=name, **({"text": "x"} if tool == "notes.write" else {}))

    assert list(folder.iterdir()) == []
    assert (tmp_path / "secret.md").read_text(encoding="utf-8") == "secret"


@pytest.mark.parametrize("name", ["Private", "PRIVATE"])
async def test_a_note_answers_to_one_spelling_only(tmp_path: Path, name: str) -> None:
    await call(tmp_path, "notes.write", name="private", text="mine")

    for tool, arguments in (("notes.read", {}), ("notes.write", {"text": "x"})):
        with pytest.raises(ToolError, match="did you mean 'private'"):
            await call(tmp_path, tool, name=name, **arguments)
    assert (tmp_path / "private.md").read_text(encoding="utf-8") == "mine\n"


@links_only
async def test_a_link_is_neither_read_nor_searched_nor_written_through(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    secret = tmp_path / "secret.md"
    secret.write_text("secret", encoding="utf-8")
    (folder / "link.md").symlink_to(secret)

    for tool, arguments in (("notes.read", {}), ("notes.write", {"text": "x"})):
        with pytest.raises(ToolError, match="not a plain file"):
            await call(folder, tool, name="link", **arguments)
    assert await call(folder, "notes.search", query="secret") == {"query": "secret", "matches": []}
    assert secret.read_text(encoding="utf-8") == "secret"


@links_only
async def test_a_pipe_named_like_a_note_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")

    assert await call(tmp_path, "notes.search", query="pipe") == {"query": "pipe", "matches": []}
    with pytest.raises(ToolError, match="not a plain file"):
        await call(tmp_path, "notes.read", name="pipe")


async def test_a_note_does_not_grow_past_its_limit(tmp_path: Path) -> None:
    await call(tmp_path, "notes.write", name="big", text="x" * (NOTE_MAX_CHARS - 1))

    with pytest.raises(ToolError, match="would pass"):
        await call(tmp_path, "notes.write", name="big", text="y")
    assert (tmp_path / "big.md").stat().st_size == NOTE_MAX_CHARS


async def test_a_file_longer_than_a_note_is_not_cut_by_adding_to_it(tmp_path: Path) -> None:
    (tmp_path / "big.md").write_text("x" * (NOTE_MAX_CHARS + 10), encoding="utf-8")

    with pytest.raises(ToolError, match="would pass"):
        await call(tmp_path, "notes.write", name="big", text="y")


async def test_an_unknown_note_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    await call(tmp_path, "notes.write", name="plan", text="x")

    with pytest.raises(ToolError, match="no note called 'plans'; known: plan"):
        await call(tmp_path, "notes.read", name="plans")


def test_writing_needs_consent_and_rules_can_name_the_note(tmp_path: Path) -> None:
    tools = by_name(tmp_path)

    assert {name: tool.effect for name, tool in tools.items()} == {
        "notes.search": Effect.READ,
        "notes.read": Effect.READ,
        "notes.write": Effect.WRITE,
    }
    assert (tools["notes.read"].specifier, tools["notes.write"].specifier) == ("{name}", "{name}")
    assert {name: tool.remote for name, tool in tools.items()} == {
        "notes.search": "notes",
        "notes.read": "notes",
        "notes.write": None,
    }
