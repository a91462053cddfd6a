from tests.mission import requirement
from tests.peer.nodes import nodes, pair


@requirement("F4", "F5")
async def test_a_ticket_pairs_two_nodes_and_each_knows_the_other_by_name() -> None:
    async with nodes("anna", "ben") as (anna, ben):
        await pair(anna, ben)
        assert ben.status(anna).record.name == "anna"
        await anna.until(lambda: anna.status(ben).record.name == "ben")
        answer = await ben.hub.ask("anna", "are you there?")
        assert answer.text == "anna heard are you there?"
