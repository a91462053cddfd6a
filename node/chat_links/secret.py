"""The secret of a chat link: how it is made, kept, and found in an address. Pure."""

import re
import secrets
from hashlib import sha256

SECRET_BYTES = 32
_PATH = re.compile(r"/read/([\w-]{43})", re.ASCII)


def new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_of(secret: str) -> bytes:
    """Return what is kept of a secret. It is too long to be guessed, so that a plain hash hides it."""
    return sha256(secret.encode()).digest()


def path_of(secret: str) -> str:
    return f"/read/{secret}"


def secret_in(path: str) -> str | None:
    """Return the secret of a request's path; None for any other path."""
    found = _PATH.fullmatch(path)
    return found[1] if found else None
