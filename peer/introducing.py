"""What this node tells its peers about itself, and what it notes of what they tell."""

from collections.abc import Callable
from dataclasses import dataclass

from peer.dial import join_address
from peer.errors import plain
from peer.identity import NodeId
from peer.lending import Lending
from peer.link import Link
from peer.links import Links
from peer.messages import CAPABILITIES_MAX, CAPABILITY_MAX_CHARS, NAME_MAX_CHARS, About
from peer.roster import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What this node tells its peers about itself."""

    name: str
    capabilities: tuple[str, ...] = ()


class Introducing:
    def __init__(
        self, profile: Callable[[], Profile], *, roster: Roster, lending: Lending, links: Links
    ) -> None:
        self.port: int | None = None
        """Where this node listens, once it does."""
        self._profile = profile
        self._roster = roster
        self._lending = lending
        self._links = links

    @property
    def name(self) -> str:
        return plain(self._profile().name, NAME_MAX_CHARS)

    def about(self, peer: NodeId) -> About:
        """Say who this node is, and which model this peer may borrow."""
        capabilities = self._profile().capabilities[:CAPABILITIES_MAX]
        return About(
            name=self.name,
            caps=[plain(text, CAPABILITY_MAX_CHARS) for text in capabilities],
            port=self.port,
            model=self._lending.offer(peer),
        )

    def announce(self) -> None:
        """Tell all linked peers the profile afresh."""
        for link in self._links:
            link.connection.send_soon(self.about(link.peer))

    async def note(self, link: Link, about: About) -> None:
        """Note what a peer says of itself; where it listens only if it dialled: else we know better."""
        address = None
        if about.port is not None and link.dialler == link.peer:
            address = join_address(link.connection.remote_host, about.port)
        await self._roster.meet(link.peer, name=plain(about.name, NAME_MAX_CHARS), address=address)
