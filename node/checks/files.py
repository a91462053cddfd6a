"""Whether what the node keeps on disk is there, and for its owner alone."""

import os
import stat
from pathlib import Path

from node.checks.check import Check, ok, wrong
from peer.identity import SEED_BYTES


def private(name: str, path: Path) -> Check:
    """Check that only the owner can read a path."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return wrong(name, f"{path} is not there", "`palaver up` makes it")
    except OSError as error:
        return wrong(name, f"{path} cannot be looked at: {error.strerror}", "look who owns it")
    if os.name != "nt" and mode & 0o077:
        return wrong(name, f"others can read {path} (mode {mode:o})", f"chmod go= {path} takes that away")
    return ok(name, str(path))


def key(path: Path) -> Check:
    """Check that the key is the owner's alone and can be one."""
    check = private("key", path)
    if check.ok and (size := path.stat().st_size) != SEED_BYTES:
        remedy = "put the right one there, or delete it: then the node gets a new identity"
        return wrong("key", f"{path} is no key: it has {size} bytes and not {SEED_BYTES}", remedy)
    return check
