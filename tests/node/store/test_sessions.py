import pytest

from agent.desk import TurnOutcome
from agent.models.base import Usage
from node.store.db import Database
from node.store.errors import NoSuchSession, SessionBusy
from node.store.messages import Draft, Role
from node.store.sessions import SessionStore, title_from
from node.store.summaries import SummaryStore
from node.store.turn import NewTurn
from node.store.turns import TurnStore
from node.store.waiting import TurnKey, WaitingTurns
from tests.mission import requirement
from tests.node.store.claims import claim_one
from tests.node.store.clock import Clock


async def say(
    turns: TurnStore, session_id: str, prompt: str, reply: str = "ok", usage: Usage | None = None
) -> None:
    """One whole turn."""
    await turns.submit(NewTurn(turn_id=prompt, session_id=session_id, prompt=prompt))
    turn = await claim_one(turns)
    assert turn is not None
    await turns.conclude(turn, TurnOutcome(turn_id=prompt, text=reply, usage=usage, context_window=4096))


@requirement("G3")
async def test_a_session_exists_from_its_first_prompt_is_titled_from_it_and_can_be_renamed(
    turns: TurnStore, sessions: SessionStore
) -> None:
    assert await sessions.list() == []
    await say(turns, "s", "  What is\n a  monad? ")
    assert [session.title for session in await sessions.list()] == ["What is a monad?"]
    renamed = await sessions.update("s", title="Monads")
    assert renamed.title == (await sessions.get("s")).title == "Monads"


def test_a_title_is_one_line_of_at_most_sixty_characters() -> None:
    title = title_from("word " * 100)
    assert len(title) <= 60
    assert title.endswith("word…")
    assert title_from("x" * 60) == "x" * 60
    asked = "What does E4 on the deck oven mean, and what should I do before baking tomorrow?"
    assert title_from(asked) == "What does E4 on the deck oven mean, and what should I do…"


@requirement("G7")
async def test_the_session_spoken_in_last_leads_the_list(
    turns: TurnStore, sessions: SessionStore, clock: Clock
) -> None:
    for session_id in ("a", "b", "a"):
        clock.now += 1
        await say(turns, session_id, f"at {clock.now}")
    listed = await sessions.list()
    assert [session.id for session in listed] == ["a", "b"]
    assert [session.message_count for session in listed] == [4, 2]
    assert listed[0].last_message_at == clock.now


async def test_pinned_sessions_come_first_and_archived_ones_leave_the_list(
    turns: TurnStore, sessions: SessionStore, clock: Clock
) -> None:
    for session_id in ("old", "middle", "new"):
        clock.now += 1
        await say(turns, session_id, "hello")
    await sessions.update("old", pinned=True)
    await sessions.update("new", archived=True)
    assert [session.id for session in await sessions.list()] == ["old", "middle"]
    assert [session.id for session in await sessions.list(archived=True)] == ["new"]
    await sessions.update("new", archived=False)
    assert [session.id for session in await sessions.list()] == ["old", "new", "middle"]


async def test_a_session_that_is_not_there_is_named_in_the_refusal(sessions: SessionStore) -> None:
    with pytest.raises(NoSuchSession, match="'ghost'"):
        await sessions.get("ghost")
    with pytest.raises(NoSuchSession, match="'ghost'"):
        await sessions.update("ghost", title="boo")
    assert not await sessions.delete("ghost")


async def test_a_transcript_can_be_replaced_or_brought_for_a_new_session(
    turns: TurnStore, sessions: SessionStore
) -> None:
    await say(turns, "s", "hello")
    await sessions.update("s", messages=[Draft(role=Role.SYSTEM, content="imported")])
    assert [(m.role, m.content) for m in await sessions.messages("s")] == [(Role.SYSTEM, "imported")]
    brought = await sessions.update("brought", messages=[Draft(role=Role.USER, content="from elsewhere")])
    assert (brought.title, brought.message_count) == ("from elsewhere", 1)


async def test_an_emptied_session_starts_afresh(turns: TurnStore, sessions: SessionStore) -> None:
    await say(turns, "s", "hello", usage=Usage(prompt=10, completion=5))
    await sessions.update("s", messages=[])
    totals = await sessions.totals("s")
    assert (totals.messages, totals.tokens_in, totals.context_used) == (0, 0, 0)
    await turns.submit(NewTurn(turn_id="next", session_id="s", prompt="again"))
    turn = await claim_one(turns)
    assert turn is not None
    assert await turns.history(turn) == []


async def test_a_transcript_in_use_is_not_replaced(turns: TurnStore, sessions: SessionStore) -> None:
    await turns.submit(NewTurn(turn_id="t", session_id="s", prompt="hello"))
    with pytest.raises(SessionBusy):
        await sessions.update("s", messages=[])
    assert len(await sessions.messages("s")) == 1


@requirement("G10")
async def test_totals_are_the_sums_of_the_messages_and_the_context_of_the_last_answer(
    turns: TurnStore, sessions: SessionStore
) -> None:
    await say(turns, "s", "one", usage=Usage(prompt=100, completion=20))
    await say(turns, "s", "two", usage=Usage(prompt=150, completion=None))
    await say(turns, "s", "three", usage=None)
    totals = await sessions.totals("s")
    assert totals.messages == 6
    assert (totals.tokens_in, totals.tokens_out) == (250, 20)
    assert (totals.context_used, totals.context_max) == (150, 4096)


async def test_a_deleted_session_leaves_nothing_behind(
    turns: TurnStore, sessions: SessionStore, db: Database
) -> None:
    await say(turns, "s", "findable")
    await say(turns, "kept", "other")
    assert await sessions.delete("s")
    assert await sessions.search("findable") == []
    for table in ("messages", "turns", "sessions"):
        column = "id" if table == "sessions" else "session_id"
        assert await db.rows(f"SELECT 1 FROM {table} WHERE {column} = 's'") == []
    assert await sessions.search("other")


@requirement("G13")
async def test_search_finds_words_in_messages_and_titles_also_of_archived_sessions(
    turns: TurnStore, sessions: SessionStore
) -> None:
    await say(turns, "s", "Where do penguins live?", reply="In Antarctica, and some in Africa.")
    await say(turns, "t", "Unrelated")
    await sessions.update("t", title="About albatrosses")
    await sessions.update("s", archived=True)
    [hit] = await sessions.search("antarc")
    assert hit.session.id == "s"
    assert "Antarctica" in hit.excerpt
    assert [hit.session.id for hit in await sessions.search("albatross")] == ["t"]
    assert await sessions.search("penguins albatrosses") == []


@pytest.mark.parametrize("text", ["", "%", '"', "* AND", "(", "NEAR(a", "a:b", "-x", "\\", "_"])
async def test_search_takes_what_people_type_as_words_not_as_a_query(
    turns: TurnStore, sessions: SessionStore, text: str
) -> None:
    await say(turns, "s", "plain words")
    assert await sessions.search(text) == []


async def test_a_message_edited_while_it_waits_is_found_by_its_new_words_alone(
    db: Database, turns: TurnStore, sessions: SessionStore, clock: Clock
) -> None:
    await turns.submit(NewTurn(turn_id="t", session_id="s", prompt="walrus"))
    await WaitingTurns(db, clock=clock).edit(TurnKey(session_id="s", turn_id="t"), "narwhal")
    assert await sessions.search("walrus") == []
    assert [hit.session.title for hit in await sessions.search("narwhal")] == ["narwhal"]


async def test_a_part_of_a_transcript_has_the_summaries_that_stand_in_it(
    db: Database, sessions: SessionStore
) -> None:
    await sessions.update("s", messages=[Draft(role=Role.USER, content=f"m{i}") for i in range(6)])
    last = (await sessions.messages("s"))[3]
    await SummaryStore(db).add("s", "summary", seam_at=last.position, last=last, model="")
    whole = [message.content for message in await sessions.messages("s")]
    assert whole == ["m0", "m1", "m2", "summary", "m3", "m4", "m5"]
    late = await sessions.part("s", 3)
    early = await sessions.part("s", 3, before=late.messages[1].position)
    assert (late.has_earlier, early.has_earlier) == (True, False)
    assert [message.content for message in [*early.messages, *late.messages]] == whole
