"""The peers that the owner knows, stored."""

from node.store.db import Database


class PeerStore:
    """Implements the trust store of `peer/trust.py`."""

    def __init__(self, db: Database) -> None: ...
