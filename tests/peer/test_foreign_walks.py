"""A node that somebody else wrote, with nothing but the protocol's document, pairs, links and asks."""

from peer.hub import InboundAsk
from peer.messages import EVENT_WINDOW
from tests.mission import requirement
from tests.peer.foreign import ForeignNode
from tests.peer.nodes import at_rest, nodes

SEED = bytes(range(32))


@requirement("F4", "F7", "F22")
async def test_a_foreign_node_redeems_a_ticket_comes_back_and_asks() -> None:
    async with nodes("anna") as (anna,):

        async def answer(ask: InboundAsk) -> str:
            for number in range(EVENT_WINDOW * 3):
                await ask.emit("token", f"{number} ")
            return f"{ask.peer.name} asked {ask.prompt}"

        anna.answer = answer
        zoe = ForeignNode("zoe", SEED)
        await zoe.join(anna.hub.invite(addresses=[anna.address]).ticket)
        assert await zoe.ask("once") == "zoe asked once"
        await zoe.close()
        await anna.until(lambda: not any(one.connected for one in anna.hub.peers()))
        again = ForeignNode("zoe", SEED)
        await again.link(anna.address, anna.identity.public_key)
        assert await again.ask("twice") == "zoe asked twice"
        assert len(anna.asked[-1].lineage.lineage.seen) == 1
        await again.close()
        await at_rest(anna)


@requirement("U2")
async def test_a_foreign_node_compares_codes() -> None:
    async with nodes("anna") as (anna,):
        anna.hub.let_pair(allowed=True)
        zoe = ForeignNode("zoe", SEED)
        code = await zoe.compare(anna.address, anna.identity.public_key)
        await anna.until(lambda: anna.hub.pairing().comparison is not None)
        shown = anna.hub.pairing().comparison
        assert shown is not None
        assert (shown.code, shown.name) == (code, "zoe")
        anna.hub.agree(code)
        await zoe.agree()
        await anna.until(lambda: any(one.connected for one in anna.hub.peers()))
        assert await zoe.ask("paired?") == "anna heard paired?"
        await zoe.close()
