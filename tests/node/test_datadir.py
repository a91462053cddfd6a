import asyncio
import os
import stat
import sys
from pathlib import Path

import pytest

from node import datadir
from node.datadir import DataDir, DataDirError, Runtime, read_runtime, read_token

RUNTIME = Runtime(
    pid=os.getpid(), url="http://127.0.0.1:8765", port=8765, peer_address="127.0.0.1:8766", node_id="n"
)
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no mode bits")


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datadir, "LOCK_WAIT_S", 0.0)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@posix
def test_a_new_folder_and_its_secrets_are_the_owners_alone(tmp_path: Path) -> None:
    folder = DataDir.open(tmp_path / "a" / "b")
    folder.announce(RUNTIME)
    assert mode(folder.path) == mode(folder.notes) == 0o700
    assert mode(folder.path / "ui.token") == mode(folder.path / "node.json") == 0o600
    folder.close()


@posix
def test_a_folder_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    DataDir.open(tmp_path).close()
    assert mode(tmp_path) == 0o700


def test_the_token_is_long_and_new_at_every_start(tmp_path: Path) -> None:
    first = DataDir.open(tmp_path)
    assert read_token(tmp_path) == first.token
    first.close()
    second = DataDir.open(tmp_path)
    assert len(first.token) >= 43
    assert second.token != first.token
    second.close()


@posix
def test_the_token_is_never_written_through_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched", encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    (home / "ui.token").symlink_to(elsewhere)
    folder = DataDir.open(home)
    assert elsewhere.read_text(encoding="utf-8") == "untouched"
    assert read_token(home) == folder.token
    folder.close()


def test_a_folder_in_use_names_the_node_that_has_it(tmp_path: Path) -> None:
    folder = DataDir.open(tmp_path)
    with pytest.raises(DataDirError, match="in use by another process; stop it, or choose another folder"):
        DataDir.open(tmp_path)
    folder.announce(RUNTIME)
    with pytest.raises(DataDirError, match=f"process id {os.getpid()} at http://127.0.0.1:8765"):
        DataDir.open(tmp_path)
    folder.close()
    DataDir.open(tmp_path).close()


def test_two_folders_are_open_at_once(tmp_path: Path) -> None:
    one, two = DataDir.open(tmp_path / "one"), DataDir.open(tmp_path / "two")
    assert one.database != two.database
    one.close()
    two.close()


def test_a_folder_that_cannot_be_made_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(
        DataDirError, match=r"cannot use '.*inside' as data folder: .*choose a folder that you may write"
    ):
        DataDir.open(tmp_path / "file" / "inside")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission_is_named_with_the_reason(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(DataDirError, match="Permission denied"):
            DataDir.open(tmp_path / "inside")
    finally:
        tmp_path.chmod(0o700)


def test_clients_find_the_running_node(tmp_path: Path) -> None:
    folder = DataDir.open(tmp_path)
    with pytest.raises(DataDirError, match="is starting; try again"):
        read_runtime(tmp_path)
    folder.announce(RUNTIME)
    folder.announce(RUNTIME)
    assert read_runtime(tmp_path) == RUNTIME
    folder.close()


@pytest.mark.parametrize("name", ["empty", "missing"])
def test_clients_are_told_when_no_node_runs(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    for read in (read_runtime, read_token):
        with pytest.raises(DataDirError, match=r"no node runs .* start one with `palaver up`"):
            read(tmp_path / name)


def test_a_closed_folder_tells_clients_nothing(tmp_path: Path) -> None:
    folder = DataDir.open(tmp_path)
    folder.announce(RUNTIME)
    folder.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["node.lock", "notes"]
    with pytest.raises(DataDirError, match="no node runs"):
        read_runtime(tmp_path)


def test_an_announcement_that_makes_no_sense_is_reported(tmp_path: Path) -> None:
    folder = DataDir.open(tmp_path)
    (tmp_path / "node.json").write_text('{"pid": "x"}', encoding="utf-8")
    with pytest.raises(DataDirError, match=r"cannot read .*node\.json"):
        read_runtime(tmp_path)
    folder.close()


CHILD = """
import sys, time
from pathlib import Path
from node.datadir import DataDir, Runtime

folder = DataDir.open(Path(sys.argv[1]))
folder.announce(Runtime(pid=1, url="http://127.0.0.1:1", port=1, peer_address="", node_id="n"))
print("open", flush=True)
time.sleep(60)
"""


async def test_a_killed_node_leaves_a_folder_that_the_next_one_opens(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    async with asyncio.timeout(20):
        assert child.stdout is not None
        assert await child.stdout.readline() == b"open\n"
        assert read_runtime(tmp_path).port == 1
        child.kill()
        await child.wait()
    with pytest.raises(DataDirError, match="no node runs"):
        read_runtime(tmp_path)
    DataDir.open(tmp_path).close()
