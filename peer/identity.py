"""Who this node is: one Ed25519 key, the node id that is its public half, the certificate made of it."""

import base64
import datetime as dt
import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NewType

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import NameOID

from peer.errors import BadProof, KeyFileError

NodeId = NewType("NodeId", str)
"""The raw public key in lower-case base32 without padding: 52 characters."""

SEED_BYTES = 32
NODE_ID_CHARS = 52
COMMON_NAME = "palaver"
"""The same in every certificate: only the key says who somebody is."""


class Identity:
    """A node's key. The private half never leaves this object except into a TLS context."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.node_id = node_id_of(self.public_key)

    @classmethod
    def generate(cls) -> "Identity":
        return cls(os.urandom(SEED_BYTES))

    @classmethod
    def load_or_create(cls, path: Path) -> "Identity":
        """Read the key file, or make it with mode 0600; refuse one that others can read. Blocks."""
        try:
            return cls(_create_seed(path))
        except FileExistsError:
            return cls(_read_seed(path))

    def __repr__(self) -> str:
        return f"Identity({self.node_id})"

    def sign(self, label: str, *fields: bytes) -> bytes:
        return self._key.sign(transcript(label, *fields))

    def certificate(self) -> x509.Certificate:
        """Return the self-signed certificate of this key. It carries no name, address or date of its own."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, COMMON_NAME)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(1)
            .not_valid_before(dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
            .not_valid_after(dt.datetime(9999, 12, 31, tzinfo=dt.UTC))
        )
        return builder.sign(self._key, None)

    def private_pem(self, password: bytes) -> bytes:
        """Return the private key, encrypted with `password`."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password),
        )


def transcript(label: str, *fields: bytes) -> bytes:
    """Join label and fields, each behind its length, so that no two lists of fields sign alike."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in (label.encode(), *fields))


def negotiated(offered: Sequence[int], chosen: int) -> bytes:
    """Return the field of a transcript that says which versions a listener offered, and which was chosen."""
    return f"{','.join(map(str, offered))} {chosen}".encode()


def verify(node_id: NodeId, signature: bytes, label: str, *fields: bytes) -> None:
    """Raise `BadProof` unless `node_id` signed these fields under this label."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key_of(node_id)).verify(
            signature, transcript(label, *fields)
        )
    except (InvalidSignature, ValueError):
        raise BadProof("The other node could not prove that the key it named is its own.") from None


def node_id_of(public_key: bytes) -> NodeId:
    return NodeId(base64.b32encode(public_key).decode().lower().rstrip("="))


def public_key_of(node_id: str) -> bytes:
    """Return the raw key of a node id; raise ValueError when the text is not exactly one."""
    try:
        raw = base64.b32decode(node_id.upper() + "====")
    except ValueError:
        raw = b""
    # The last character holds spare bits: only the one spelling that we write ourselves counts.
    if len(raw) != SEED_BYTES or node_id_of(raw) != node_id:
        raise ValueError(
            f"{node_id[:80]!r} is not a node id: those are {NODE_ID_CHARS} characters a-z and 2-7"
        )
    return raw


def parse_node_id(text: str) -> NodeId:
    """Return the text as a node id; raise ValueError when it is none."""
    return node_id_of(public_key_of(text))


def node_id_of_certificate(der: bytes) -> NodeId | None:
    """Return whose certificate this is, or None when it is not one of ours."""
    try:
        key = x509.load_der_x509_certificate(der).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    return node_id_of(key.public_bytes_raw()) if isinstance(key, Ed25519PublicKey) else None


def fingerprint(node_id: NodeId) -> str:
    """Return five groups of four digits that two people can read to each other."""
    digest = int.from_bytes(hashlib.sha256(b"palaver/fingerprint/1" + node_id.encode()).digest(), "big")
    digits = f"{digest % 10**20:020}"
    return " ".join(digits[at : at + 4] for at in range(0, 20, 4))


def _create_seed(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Windows would turn line feeds within the key into two bytes.
    binary = getattr(os, "O_BINARY", 0)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | binary, 0o600)
    seed = os.urandom(SEED_BYTES)
    with os.fdopen(handle, "wb") as file:
        file.write(seed)
        file.flush()
        os.fsync(file.fileno())
    return seed


def _read_seed(path: Path) -> bytes:
    mode = path.stat().st_mode
    # Windows has no such bits: there the data folder's own access list protects the file.
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyFileError(
            f"Other users can read the node's key {str(path)!r}. If nobody has, run: chmod 600 {path}; "
            "otherwise delete it, and this node gets a new identity."
        )
    seed = path.read_bytes()
    if len(seed) != SEED_BYTES:
        raise KeyFileError(
            f"{str(path)!r} is not a node's key: it has {len(seed)} bytes and not {SEED_BYTES}. "
            "Put the right one there, or delete it, and this node gets a new identity."
        )
    return seed
