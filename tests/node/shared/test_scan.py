"""What of a folder is indexed, what is left out and why, and that reading goes nowhere else."""

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.shared import admission, pdf, walk
from node.shared.admission import (
    BAD_PDF,
    HIDDEN,
    LINK,
    MACHINE_MADE,
    NO_PDF_READER,
    NO_TEXT,
    NODE_FOLDER,
    SECRET,
    SPECIAL,
    TOO_DEEP,
    TOO_LARGE,
    TOO_MANY,
)
from node.shared.beneath import Refused, contents, opened_file
from node.shared.index import ShareIndex, files, search
from node.shared.pdf import Stopped
from node.shared.scan import Report, scan
from tests.mission import requirement

links_only = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes need rights on Windows")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "plain.md").write_text("Apples and pears.\n")
    return folder


@pytest.fixture
def index(tmp_path: Path) -> Iterator[ShareIndex]:
    index = ShareIndex(tmp_path / "shared.db")
    yield index
    index.close()


def scanned(index: ShareIndex, folder: Path) -> Report:
    return scan(index, folder, lambda: False)


def found(index: Path, folder: Path, words: str) -> list[str]:
    return [passage.file for passage in search(index, words, 6, {str(folder): "h"}).passages]


@requirement("U5")
@links_only
def test_what_must_not_be_shared_is_left_out_and_counted_by_reason(
    tmp_path: Path, folder: Path, index: ShareIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "private.md").write_text("apples")
    (folder / ".env").write_text("apples")
    (folder / ".ssh").mkdir()
    (folder / ".ssh" / "notes.md").write_text("apples")
    for name in ("id_ed25519", "server.PEM", "site.key", "pw.kdbx", "prod.env", "passwords.txt"):
        (folder / name).write_text("apples")
    (folder / "link.md").symlink_to(tmp_path / "private.md")
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    (folder / "picture.png").write_bytes(b"\x89PNG\0apples")
    (folder / "node_modules").mkdir()
    monkeypatch.setattr(admission, "FILE_MAX_BYTES", 1_000)
    (folder / "large.txt").write_text("apples " * 200)
    node = folder / "node"
    node.mkdir()
    for name in ("node.lock", "palaver.db", "identity"):
        (node / name).write_text("apples")
    report = scanned(index, folder)
    assert report.files == 1
    assert report.reasons == {
        HIDDEN: 2, SECRET: 6, LINK: 2, SPECIAL: 1, NO_TEXT: 1, MACHINE_MADE: 1, TOO_LARGE: 1, NODE_FOLDER: 1
    }  # fmt: skip
    assert [each.file for each in files(tmp_path / "shared.db", {str(folder): "h"})] == ["h/plain.md"]


def test_a_folder_of_too_many_files_or_too_deep_is_taken_as_far_as_it_may_be(
    folder: Path, index: ShareIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "FILES_MAX", 3)
    monkeypatch.setattr(walk, "DEPTH_MAX", 2)
    for number in range(5):
        (folder / f"a{number}.txt").write_text("apples")
    (folder / "b" / "c" / "d").mkdir(parents=True)
    report = scanned(index, folder)
    assert report.files == 3
    assert report.reasons == {TOO_MANY: 3, TOO_DEEP: 1}
    monkeypatch.setattr(walk, "ENTRIES_MAX", 2)
    assert scanned(index, folder).reasons == {TOO_MANY: 1}


def test_a_file_is_read_again_only_when_it_changed(
    folder: Path, tmp_path: Path, index: ShareIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "other.md").write_text("Plums.")
    scanned(index, folder)
    (folder / "plain.md").write_text("Quinces instead.")
    (folder / "new.txt").write_text("Cherries.")
    (folder / "other.md").unlink()
    opened: list[str] = []

    def recording(root: Path, path: str) -> object:
        opened.append(path)
        return opened_file(root, path)

    monkeypatch.setattr("node.shared.scan.opened_file", recording)
    scanned(index, folder)
    assert sorted(opened) == ["new.txt", "plain.md"]
    database = tmp_path / "shared.db"
    assert found(database, folder, "quince") == ["h/plain.md"]
    assert found(database, folder, "cherry") == ["h/new.txt"]
    assert found(database, folder, "apples") == found(database, folder, "plums") == []
    opened.clear()
    scanned(index, folder)
    assert opened == []


def test_a_folder_that_is_gone_says_so_and_nothing_of_it_is_found(
    folder: Path, tmp_path: Path, index: ShareIndex
) -> None:
    scanned(index, folder)
    shutil.rmtree(folder)
    report = scanned(index, folder)
    assert "No such file" in report.problem
    assert found(tmp_path / "shared.db", folder, "apples") == []


@links_only
def test_a_folder_above_that_became_a_link_leads_nowhere(
    tmp_path: Path, folder: Path, index: ShareIndex
) -> None:
    above = tmp_path / "above"
    (above / "shared").mkdir(parents=True)
    (above / "shared" / "a.md").write_text("apples")
    share = (above / "shared").resolve()
    assert scanned(index, share).files == 1
    above.rename(tmp_path / "moved")
    secret = tmp_path / "secret"
    (secret / "shared").mkdir(parents=True)
    (secret / "shared" / "a.md").write_text("swordfish")
    above.symlink_to(secret)
    assert scanned(index, share).problem
    with pytest.raises(OSError), opened_file(share, "a.md"):
        pass


@links_only
@pytest.mark.parametrize("step", ["file", "folder"])
def test_a_link_that_takes_the_place_of_what_was_indexed_is_not_followed(
    tmp_path: Path, folder: Path, step: str
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "a.md").write_text("swordfish")
    place = folder / "sub" / "a.md"
    if step == "file":
        place.parent.mkdir()
        place.symlink_to(secret / "a.md")
    else:
        place.parent.symlink_to(secret)
    with pytest.raises(OSError), opened_file(folder, "sub/a.md"):
        pass


@links_only
def test_a_pipe_that_takes_the_place_of_a_file_holds_nobody_up(folder: Path) -> None:
    (folder / "plain.md").unlink()
    os.mkfifo(folder / "plain.md")
    with pytest.raises(Refused, match=SPECIAL), opened_file(folder, "plain.md"):
        pass


def test_a_file_that_grows_while_it_is_read_is_refused(folder: Path) -> None:
    with opened_file(folder, "plain.md") as handle, pytest.raises(Refused, match="over"):
        contents(handle, 5)


@pytest.mark.parametrize("path", ["../private.md", "/etc/passwd", "", ".", "a/../../b", ".env", "x/.ssh/y"])
def test_a_path_that_leaves_the_folder_or_is_hidden_is_not_opened(folder: Path, path: str) -> None:
    with pytest.raises((Refused, OSError)), opened_file(folder, path):
        pass


def test_a_damaged_index_is_made_anew(tmp_path: Path, folder: Path) -> None:
    database = tmp_path / "shared.db"
    database.write_bytes(b"this is no database" * 100)
    index = ShareIndex(database)
    assert scanned(index, folder).files == 1
    index.close()
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    index = ShareIndex(database)
    assert index.known(str(folder)) == {}
    index.close()


def test_a_scan_ends_when_the_node_does(folder: Path, index: ShareIndex) -> None:
    with pytest.raises(Stopped):
        scan(index, folder, lambda: True)


def document(*texts: str) -> bytes:
    """Return a PDF with a page for each text."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(texts)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(texts)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(texts):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /Contents {5 + 2 * number} 0 R /MediaBox [0 0 300 300]"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        stream = f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    body, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(body))
        body += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return (
        body
        + f"{head}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n".encode()
    )


@requirement("U5")
def test_a_pdf_is_found_by_its_page(folder: Path, tmp_path: Path, index: ShareIndex) -> None:
    pytest.importorskip("pypdf")
    (folder / "manual.pdf").write_bytes(document("About the mixer", "The whisk turns at forty"))
    assert scanned(index, folder).files == 2
    (passage,) = search(
        tmp_path / "shared.db", "how fast does the whisk turn", 3, {str(folder): "h"}
    ).passages
    assert (passage.cite, passage.unit, passage.text) == (
        "[h/manual.pdf:p2]",
        "page",
        "The whisk turns at forty",
    )


def test_a_pdf_that_cannot_be_read_costs_nothing_but_itself(folder: Path, index: ShareIndex) -> None:
    pytest.importorskip("pypdf")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4\n" + os.urandom(2_000))
    report = scanned(index, folder)
    assert (report.files, report.reasons) == (1, {BAD_PDF: 1})


def test_a_pdf_that_takes_too_long_is_given_up(
    folder: Path, index: ShareIndex, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("pypdf")
    endless = tmp_path / "endless.py"
    endless.write_text("while True: pass")
    monkeypatch.setattr(pdf, "_CHILD", endless)
    monkeypatch.setattr(pdf, "TIME_MAX_S", 0.2)
    (folder / "manual.pdf").write_bytes(document("whatever"))
    assert scanned(index, folder).reasons == {BAD_PDF: 1}


def test_a_pdf_that_is_being_read_holds_up_no_stop(
    folder: Path, tmp_path: Path, index: ShareIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pypdf")
    endless = tmp_path / "endless.py"
    endless.write_text("while True: pass")
    monkeypatch.setattr(pdf, "_CHILD", endless)
    (folder / "manual.pdf").write_bytes(document("whatever"))
    looks = iter([False] * 4)
    with pytest.raises(Stopped):
        scan(index, folder, lambda: next(looks, True))
    assert index.known(str(folder)) == {}


def test_without_a_reader_a_pdf_says_what_to_install_and_is_read_once_there_is_one(
    folder: Path, index: ShareIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pypdf")
    (folder / "manual.pdf").write_bytes(document("About the mixer"))
    with monkeypatch.context() as without:
        without.setattr(pdf, "has_reader", lambda: False)
        without.setattr("node.shared.scan.has_reader", lambda: False)
        assert scanned(index, folder).reasons == {NO_PDF_READER: 1}
        assert "palaver[documents]" in NO_PDF_READER
    assert scanned(index, folder).files == 2
