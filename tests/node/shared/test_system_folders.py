"""Which folders belong to the system, on each of them."""

from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from node.shared.system_folders import MAC, MAC_WHOLE, POSIX, POSIX_WHOLE, VAR, WINDOWS, is_systems

DOCS = Path(__file__).parent.parent.parent.parent / "docs" / "shared-folders.md"
HOMES = {
    "linux": PurePosixPath("/home/anna"),
    "darwin": PurePosixPath("/Users/anna"),
    "win32": PureWindowsPath(r"C:\Users\anna"),
}
ENVIRONMENT = {
    "SystemRoot": r"C:\Windows", "ProgramFiles": r"C:\Program Files",
    "ProgramFiles(x86)": r"C:\Program Files (x86)", "ProgramData": r"C:\ProgramData",
}  # fmt: skip


def is_refused(folder: str, platform: str, home: PurePath | None = None) -> bool:
    path = PureWindowsPath(folder) if platform == "win32" else PurePosixPath(folder)
    return is_systems(path, home or HOMES[platform], platform=platform, environ=ENVIRONMENT)


@pytest.mark.parametrize(
    ("platform", "folders"),
    [
        ("linux", "/etc /etc/ssl /usr/share /run /run/user/1000 /lib64 /var /var/log /var/lib/mysql /var/run /opt /home"),
        ("darwin", "/System/Volumes /Library /library/Logs /private /private/etc /PRIVATE/ETC /private/var /private/var/db /Users"),
        ("win32", r"C:\Windows c:\windows\System32 C:\ProgramData\App"),
    ],
)  # fmt: skip
def test_a_folder_of_the_system_is_known(platform: str, folders: str) -> None:
    assert [each for each in folders.split() if not is_refused(each, platform)] == []


def test_windows_folder_of_programs_is_known() -> None:
    assert is_refused(r"C:\Program Files\Git", "win32")
    assert is_refused(r"C:\Program Files (x86)", "win32")


@pytest.mark.parametrize(
    ("platform", "folders"),
    [
        ("linux", "/home/anna/notes /home/public /opt/club /srv /srv/club /var/www /var/tmp/x /run/media/anna/stick /mnt/disk /tmp/x /variety /Library"),
        ("darwin", "/Users/anna/Library/Notes /private/var/folders/zz/x /var/folders/zz/x /private/tmp/x /Volumes/disk"),
        ("win32", r"C:\Users\anna\notes D:\Windows C:\Windows.old C:\Users\anna\AppData\Local\Temp\x"),
    ],
)  # fmt: skip
def test_a_folder_of_somebodys_own_is_not_the_systems(platform: str, folders: str) -> None:
    assert [each for each in folders.split() if is_refused(each, platform)] == []


def test_what_lies_in_a_home_is_its_owners_wherever_that_home_is() -> None:
    home = PurePosixPath("/var/lib/palaver")
    assert not is_refused("/var/lib/palaver/handbook", "linux", home)
    assert is_refused("/var/lib/mysql", "linux", home)
    for no_home in ("/", "/var", "/usr"):
        assert is_refused("/usr/share", "linux", PurePosixPath(no_home))


def test_the_document_names_every_folder_that_is_refused() -> None:
    text = DOCS.read_text()
    for name in (*POSIX, *POSIX_WHOLE, *MAC, *MAC_WHOLE, *WINDOWS):
        shown = name.rpartition("/")[2] if name.rpartition("/")[2] in VAR else name
        assert f"`{shown}`" in text, name
