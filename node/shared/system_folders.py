"""Which folders belong to the system, and not to the people who use it."""

import os
import sys
from collections.abc import Mapping
from pathlib import PurePath, PurePosixPath, PureWindowsPath

VAR = (
    "adm", "at", "audit", "backups", "cache", "crash", "db", "empty", "install", "lib", "lock", "log", "logs",
    "mail", "protected", "root", "run", "snap", "spool", "vm",
)  # fmt: skip
"""What of `/var` is the system's; `/var/www` may be somebody's own, and macOS keeps temporary files there."""
POSIX = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/nix", "/proc", "/run", "/sbin",
    "/snap", "/sys", "/usr", *(f"/var/{name}" for name in VAR),
)  # fmt: skip
"""With all that is in them."""
POSIX_WHOLE = ("/home", "/opt", "/var")
"""These alone: what is in them may be somebody's own."""
DRIVES = "/run/media"
"""Where sticks and disks are found that somebody plugged in."""
MAC = ("/Library", "/System", "/private/etc", *(f"/private/var/{name}" for name in VAR))
MAC_WHOLE = ("/Users", "/private", "/private/var")
WINDOWS = ("SystemRoot", "ProgramFiles", "ProgramFiles(x86)", "ProgramW6432", "ProgramData")
"""The environment's names for them."""


def is_systems(
    folder: PurePath, home: PurePath, *, platform: str = sys.platform, environ: Mapping[str, str] = os.environ
) -> bool:
    """Whether a real folder is the system's; what lies in somebody's home is not, wherever that home is."""
    places, whole = _places(platform, environ)
    asked, own = _folded(folder, platform), _folded(home, platform)
    if asked.is_relative_to(own) and own.parent != own and own not in {*places, *whole}:
        return False
    if platform != "win32" and asked.is_relative_to(DRIVES):
        return False
    return asked in whole or any(asked.is_relative_to(place) for place in places)


def _places(platform: str, environ: Mapping[str, str]) -> tuple[list[PurePath], list[PurePath]]:
    """Return the system's folders, and those that are the system's by themselves only."""
    if platform == "win32":
        return [_folded(environ[name], platform) for name in WINDOWS if environ.get(name)], []
    is_mac = platform == "darwin"
    within, whole = (*POSIX, *(MAC if is_mac else ())), (*POSIX_WHOLE, *(MAC_WHOLE if is_mac else ()))
    return [_folded(each, platform) for each in within], [_folded(each, platform) for each in whole]


def _folded(path: PurePath | str, platform: str) -> PurePath:
    """Return a path so that two of one folder are equal."""
    if platform == "win32":
        return PureWindowsPath(path)
    # The file system of macOS finds a folder under its name in capitals, too.
    return PurePosixPath(str(path).casefold() if platform == "darwin" else path)
