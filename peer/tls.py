"""TLS for links: 1.3 only, self-signed certificates, and trust in keys instead of names."""

import secrets
import ssl
import tempfile
from asyncio import sslproto
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from peer.identity import Identity

ALPN = "palaver/1"
SERVER_NAME = "palaver"
"""Sent instead of the address that was dialled."""
READ_BUFFER_BYTES = 16 * 1024
"""As much as one TLS record holds. asyncio's own 256 KB per connection are four fifths of an idle link."""


def server_context(identity: Identity) -> ssl.SSLContext:
    """Make the listener's context. Reads and writes files: call it off the event loop."""
    context = _context(ssl.PROTOCOL_TLS_SERVER)
    # No resumption: every link proves its key anew.
    context.num_tickets = 0
    _load(context, identity)
    return context


def client_context() -> ssl.SSLContext:
    """Make the dialler's context. It accepts every certificate: `dial` compares the key before it speaks."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _context(protocol: int) -> ssl.SSLContext:
    # For all TLS of this process: asyncio offers no other place to say it.
    sslproto.SSLProtocol.max_size = READ_BUFFER_BYTES
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols([ALPN])
    return context


def _load(context: ssl.SSLContext, identity: Identity) -> None:
    # ssl reads keys from files only; a throw-away password keeps the clear key off the disk.
    password = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="palaver-") as folder:
        certificate, key = Path(folder, "cert.pem"), Path(folder, "key.pem")
        certificate.write_bytes(identity.certificate().public_bytes(Encoding.PEM))
        key.write_bytes(identity.private_pem(password.encode()))
        context.load_cert_chain(certificate, key, password=password)
