"""What may be shared at all: which folders, and which names in them. Pure."""

import re
from fnmatch import fnmatchcase
from pathlib import Path

from node.shared.system_folders import is_systems

FILE_MAX_BYTES = 2_000_000
PDF_MAX_BYTES = 20_000_000
FILES_MAX = 20_000
"""Of one folder; what lies beyond is not indexed, and said so."""
TEXT_MAX_BYTES = 256_000_000
"""Of all files of one folder together."""
DEPTH_MAX = 32

HIDDEN = "hidden"
SECRET = "named like a key or password file"  # noqa: S105  a reason
LINK = "linked elsewhere"
SPECIAL = "not a plain file"
TOO_LARGE = f"over {FILE_MAX_BYTES // 1_000_000} MB ({PDF_MAX_BYTES // 1_000_000} MB for a PDF)"
NO_TEXT = "without text"
UNREADABLE = "unreadable"
NO_PDF_READER = "PDF, which needs pypdf: install palaver[documents] and start the node again"
BAD_PDF = "PDF whose text could not be read"
TOO_DEEP = f"more than {DEPTH_MAX} folders deep"
TOO_MANY = f"beyond {FILES_MAX:,} files or {TEXT_MAX_BYTES // 1_000_000} MB"
NODE_FOLDER = "the data folder of a node"
MACHINE_MADE = "made by programs"

_SECRET_NAMES = (
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks",
    "*.keystore", "*.kdb", "*.kdbx", "*.ppk", "*.gpg", "*.asc", "*.age", "*.env", "*.token",
    "*.ovpn", "_netrc", "*.htpasswd", "credentials", "credentials.*", "secrets", "secrets.*",
    "passwords", "passwords.*",
)  # fmt: skip
_MACHINE_MADE = frozenset({"node_modules", "__pycache__", "lost+found", "$recycle.bin"})
_LABEL_ODD = re.compile(r"[^\w.,()+ -]+")
LABEL_MAX_CHARS = 60


def name_refused(name: str) -> str | None:
    """Return why a file or folder of this name is not shared; None when it may be."""
    if name.startswith("."):
        return HIDDEN
    folded = name.casefold()
    if folded in _MACHINE_MADE:
        return MACHINE_MADE
    if any(fnmatchcase(folded, pattern) for pattern in _SECRET_NAMES):
        return SECRET
    # Such a name could not be told from the words around it in a citation, or would steer a terminal.
    return None if name.isprintable() and "\\" not in name else UNREADABLE


def is_pdf(name: str) -> bool:
    return name.casefold().endswith(".pdf")


def max_bytes(name: str) -> int:
    return PDF_MAX_BYTES if is_pdf(name) else FILE_MAX_BYTES


def folder_refused(folder: Path, *, data: Path, home: Path) -> str | None:
    """Return why a real, existing folder cannot be shared; None when it can."""
    if folder in (home, *home.parents):
        return f"{str(folder)!r} holds your whole home folder; share a folder in it"
    if folder == data or data in folder.parents:
        return f"{str(folder)!r} is the node's own data, keys and conversations; it is never shared"
    if folder in data.parents:
        return f"{str(folder)!r} holds the node's own data folder {str(data)!r}; share a folder beside that"
    if is_systems(folder, home):
        return f"{str(folder)!r} belongs to the system; share a folder of yours"
    if any(name_refused(part) for part in folder.parts[1:]):
        return f"{str(folder)!r} lies in a hidden folder, or has a name like a key's; share another one"
    return None


def label_of(folder: Path, taken: frozenset[str]) -> str:
    """Return what peers read in place of the folder's path; each folder has its own."""
    plain = " ".join(_LABEL_ODD.sub(" ", folder.name).split())[:LABEL_MAX_CHARS] or "shared"
    numbered = (f"{plain} {number}" for number in range(2, len(taken) + 3))
    return next(label for label in (plain, *numbered) if label.casefold() not in taken)
