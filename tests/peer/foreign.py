"""A node written after docs/protocol.md alone: nothing of ours is imported, so the document has to be complete."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import ssl
from dataclasses import dataclass
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from websockets.asyncio.client import ClientConnection, connect

WITHIN_S = 20
VERSION = 1


def id_of(key: bytes) -> str:
    return base64.b32encode(key).decode().lower().rstrip("=")


def transcript(label: str, *fields: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in (label.encode(), *fields))


def mark(ask: str, node_id: str) -> str:
    return hmac.new(bytes.fromhex(ask), node_id.encode(), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, kw_only=True)
class ReadTicket:
    key: bytes
    secret: bytes
    address: str

    @classmethod
    def of(cls, text: str) -> Self:
        encoded = text.removeprefix("palaver1:").upper()
        raw = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
        body, check = raw[:-4], raw[-4:]
        assert hashlib.sha256(b"palaver/ticket" + body).digest()[:4] == check
        assert body[0] == 1
        size = body[49]
        return cls(key=body[1:33], secret=body[33:49], address=body[50 : 50 + size].decode())


class ForeignNode:
    """One key, and one link that it dials."""

    def __init__(self, name: str, seed: bytes) -> None:
        self.name = name
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = self._private.public_key().public_bytes_raw()
        self.node_id = id_of(self.key)
        self._ws: ClientConnection
        self._listener = b""
        self._greeting: tuple[bytes, ...] = ()
        self._seq = 0

    async def dial(self, address: str, listener: bytes) -> None:
        """Connect, compare the key, and take `hello`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["palaver/1"])
        self._ws = await connect(
            f"wss://{address}/peer-ws",
            ssl=context,
            server_hostname="palaver",
            compression=None,
            ping_interval=None,
            proxy=None,
        )
        der = self._ws.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        shown = x509.load_der_x509_certificate(der).public_key()
        assert isinstance(shown, Ed25519PublicKey)
        assert shown.public_bytes_raw() == listener
        self._listener = listener
        hello = await self.hear("hello")
        self._nonce = secrets.token_bytes(32)
        offer = f"{','.join(map(str, hello['v']))} {VERSION}".encode()
        self._greeting = (listener, self.key, bytes.fromhex(hello["n"]), self._nonce, offer)

    async def join(self, text: str) -> None:
        """Redeem a ticket."""
        ticket = ReadTicket.of(text)
        await self.dial(ticket.address, ticket.key)
        fields = (*self._greeting, self.name.encode())
        joiner = transcript("palaver/pair/1/joiner", *fields)
        tid = hashlib.sha256(transcript("palaver/pair/1/tid", ticket.secret)).hexdigest()[:16]
        mac = hmac.new(ticket.secret, joiner, hashlib.sha256).hexdigest()
        await self._greet("pair_ticket", sig=self._sign(joiner), name=self.name, tid=tid, mac=mac)
        done = await self.hear("pair_done")
        inviter = transcript("palaver/pair/1/inviter", *fields, done["name"].encode())
        assert hmac.new(ticket.secret, inviter, hashlib.sha256).hexdigest() == done["mac"]
        self._check(done["sig"], inviter)

    async def link(self, address: str, listener: bytes) -> None:
        """Link to a node that trusts this one."""
        await self.dial(address, listener)
        await self._greet("auth", sig=self._sign(transcript("palaver/link/1/client", *self._greeting)))
        welcome = await self.hear("welcome")
        self._check(welcome["sig"], transcript("palaver/link/1/server", *self._greeting))

    async def compare(self, address: str, listener: bytes) -> str:
        """Ask to compare; return the code. `agree` goes on."""
        await self.dial(address, listener)
        share = secrets.token_bytes(32)
        keys = (listener, self.key)
        commit = hashlib.sha256(transcript("palaver/sas/1/commit", *keys, share)).hexdigest()
        await self._greet("pair_compare", name=self.name, commit=commit)
        theirs = await self.hear("pair_share")
        shares = (bytes.fromhex(theirs["r"]), share)
        self._compared = (*self._greeting, *shares, self.name.encode(), theirs["name"].encode())
        sig = self._sign(transcript("palaver/sas/1/reveal", *self._compared))
        await self.say("pair_reveal", r=share.hex(), sig=sig)
        digest = hashlib.sha256(transcript("palaver/sas/1", *keys, *shares)).digest()
        return f"{int.from_bytes(digest[:8], 'big') % 10**6:06}"

    async def agree(self) -> None:
        await self.say("pair_confirm", sig=self._sign(transcript("palaver/sas/1/dialler", *self._compared)))
        confirm = await self.hear("pair_confirm")
        self._check(confirm["sig"], transcript("palaver/sas/1/listener", *self._compared))

    async def ask(self, prompt: str) -> str:
        """Ask the other node's agent, and give it credit as its events are read."""
        await self.say_open("about", name=self.name, caps=[])
        rid, ask = secrets.token_urlsafe(16), secrets.token_hex(16)
        seen = [mark(ask, self.node_id)]
        lineage = {"ask": ask, "seen": seen, "hops": 2, "asks": 8, "ms": 60_000}
        await self.say_open("agent_request", rid=rid, prompt=prompt, lineage=lineage)
        parts: list[str] = []
        while True:
            frame = await self.hear()
            if frame["t"] == "agent_event":
                await self.say_open("agent_credit", rid=rid, n=frame["n"] + 1)
            if frame["t"] == "agent_result":
                assert frame["ok"], frame
                parts.append(frame["text"])
                if not frame.get("more"):
                    return "".join(parts)

    async def close(self) -> None:
        await self._ws.close()

    async def say(self, kind: str, **fields: object) -> None:
        await self._ws.send(json.dumps({"t": kind, **fields}))

    async def say_open(self, kind: str, **fields: object) -> None:
        self._seq += 1
        await self.say(kind, seq=self._seq, **fields)

    async def hear(self, kind: str = "") -> dict[str, Any]:
        async with asyncio.timeout(WITHIN_S):
            while True:
                frame: dict[str, Any] = json.loads(await self._ws.recv())
                if kind in {"", frame["t"]}:
                    return frame

    async def _greet(self, kind: str, **fields: object) -> None:
        await self.say(kind, v=VERSION, id=self.node_id, n=self._nonce.hex(), **fields)

    def _sign(self, text: bytes) -> str:
        return self._private.sign(text).hex()

    def _check(self, signature: str, text: bytes) -> None:
        Ed25519PublicKey.from_public_bytes(self._listener).verify(bytes.fromhex(signature), text)
