"""Who asked first, signed: a label that every node on the way can check, and that gives no rights.

The signature says that the node `id` began the question `ask` at the time `at`, and sent it to the first node
of the way. It does not say what was asked: each node words its own question, and may lie about why.
Nor does its absence say anything. Clocks have to agree within `FRESH_S`, which is how long a signature that
somebody kept can be shown again, with the same question id and the same beginning of the way.
"""

from collections.abc import Sequence

from peer.errors import BadProof
from peer.identity import Identity, NodeId, verify
from peer.lineage import Root, tag

LABEL = "palaver/ask/1"
FRESH_S = 600


def signed(identity: Identity, *, ask: str, to: NodeId, now: float) -> Root:
    """Sign that this node begins the question `ask` and sends it to `to`."""
    at = int(now)
    return Root(id=identity.node_id, at=at, sig=identity.sign(LABEL, *_fields(ask, at, tag(ask, to))).hex())


def proven(root: Root | None, *, ask: str, seen: Sequence[str], own: NodeId, now: float) -> Root | None:
    """Return the root if it holds for a question that came to `own` by way of `seen`, else None."""
    if root is None or not seen or seen[0] != tag(ask, root.id) or abs(now - root.at) > FRESH_S:
        return None
    first = seen[1] if len(seen) > 1 else tag(ask, own)
    try:
        verify(root.id, bytes.fromhex(root.sig), LABEL, *_fields(ask, root.at, first))
    except BadProof:
        return None
    return root


def _fields(ask: str, at: int, first: str) -> tuple[bytes, ...]:
    return bytes.fromhex(ask), at.to_bytes(8, "big"), bytes.fromhex(first)
