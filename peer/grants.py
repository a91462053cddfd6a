"""What a peer may do here: decided from the master switch, its own grants, and those of peers in general."""

from collections.abc import Collection

from peer.trust import Grant, PeerRecord

NOTHING: frozenset[Grant] = frozenset()


def granted(record: PeerRecord | None, *, default: Collection[Grant], allowed: bool) -> frozenset[Grant]:
    """Return the grants in force; `default` holds for a peer without its own, `allowed` is the master switch.

    Without ASK nothing is in force, so that taking it away takes everything away.
    """
    if not allowed or record is None or not record.is_trusted:
        return NOTHING
    given = frozenset(default if record.grants is None else record.grants)
    return given if Grant.ASK in given else NOTHING
