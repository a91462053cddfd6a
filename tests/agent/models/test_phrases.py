"""The template language, and the choice between phrases."""

import re
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.phrases import INPUT_MAX_CHARS, Phrasebook
from agent.models.templates import SLOT_MAX_CHARS, compiled, example
from tools.clock import clock_tools
from tools.spec import ToolSpec

PEERS = ("alice", "Bob", "Bob Smith")
TOOLS = (
    *clock_tools(),
    ToolSpec(
        name="ask",
        description="",
        phrases=("ask {peer:who} {what*}", "ask {peer:who} to {what*}", "@{peer:who} {what*}"),
    ),
    ToolSpec(name="say", description="", phrases=("ask {name} {what*}",)),
    ToolSpec(
        name="put", description="", phrases=("put {thing} in[to] [the] {place}", "write {name}: {text*}")
    ),
    ToolSpec(name="list", description="", phrases=("(list|show [me]) [all] peer[s] [now]",)),
)
FRAGMENTS = st.sampled_from(
    [
        "ask",
        "Bob",
        "bob smith",
        "to",
        "and",
        "then",
        "put",
        "in",
        "into",
        "write",
        "x",
        ":",
        "@bob",
        "list",
        "peers",
        "what time is it",
        " ",
        "\n",
        "please",
        "can you",
        "?",
        ".",
        "\u2019",
    ]
)


def only(message: str, peers: Sequence[str] = PEERS) -> tuple[str, dict[str, str]] | None:
    orders = Phrasebook(TOOLS, {"peer": peers}).orders(message)
    assert len(orders) <= 1
    return (orders[0].tool, dict(orders[0].arguments)) if orders else None


@pytest.mark.parametrize(
    ("template", "matching", "other"),
    [
        (
            "list [all] peers",
            ["list peers", "LIST ALL PEERS"],
            ["list", "list allpeers", "peers", "list all"],
        ),
        ("[please] list", ["list", "please list"], ["pleaselist", "please"]),
        ("list [now]", ["list", "list now"], ["listnow"]),
        ("a [b] [c]", ["a", "a b", "a c", "a b c"], ["ab", "a c b"]),
        ("(list|show [me]) it", ["list it", "show it", "show me it"], ["me it", "list me it"]),
        ("peer[s]", ["peer", "peers"], ["peer s"]),
        ("wh(at|o) is[n't] it", ["what is it", "who isn't it"], ["wh is it", "what is n't it"]),
        ("[un]known", ["known", "unknown"], ["un known"]),
        ("[[very] well|ok] done", ["done", "well done", "very well done", "ok done"], ["very done"]),
        ("1+1=(2|two).", ["1+1=2.", "1+1=two."], ["11=2.", "1+1=2x"]),
    ],
)
def test_a_template_means_these_sentences_and_no_others(
    template: str, matching: list[str], other: list[str]
) -> None:
    pattern = compiled(template).pattern

    assert [text for text in matching + other if pattern.fullmatch(text + " ")] == matching


@pytest.mark.parametrize(
    "template",
    [
        "a [b",
        "a (b",
        "a b]",
        "a )",
        "a | b",
        "a {b",
        "a b}",
        "{b*} c",
        "{b*} {c*}",
        "{a} {b} {c}",
        "{a b}",
        "[a)]",
        "{a} {a}",
    ],
)
def test_a_template_that_cannot_be_compiled_says_which(template: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(template))):
        compiled(template)


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("ask {peer:who} [to] {what*}", "ask <peer> <what>"),
        ("(list|show [me]) [all|all [of]] my (peers|friends)", "list my peers"),
        ("[is] (anyone|anybody (here|there)) in", "anyone in"),
    ],
)
def test_a_template_is_shown_as_its_shortest_sentence(template: str, shown: str) -> None:
    assert example(template) == shown


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("  What   TIME\nis it ?!", ("clock.now", {})),
        ("what time is it in New York?", ("clock.now", {"timezone": "New York"})),
        ("Could you please show me all peers, thanks!", ("list", {})),
        ("What\u2019s the time", ("clock.now", {})),
        (
            "ask bob When do you  open?\n\nBest, Ann.",
            ("ask", {"who": "Bob", "what": "When do you  open?\n\nBest, Ann."}),
        ),
        ("ask BOB SMITH to come, please", ("ask", {"who": "Bob Smith", "what": "come, please"})),
        ("ask bob smith hello", ("ask", {"who": "Bob Smith", "what": "hello"})),
        ("put The  Milk into the fridge.", ("put", {"thing": "The  Milk", "place": "fridge"})),
        ("write a, b: c: d", ("put", {"name": "a, b", "text": "c: d"})),
        ("ask bobby hello", ("say", {"name": "bobby", "what": "hello"})),
        ("ask", None),
        ("", None),
        (" \n ", None),
        ("what time is it?" + " " * INPUT_MAX_CHARS, None),
    ],
)
def test_a_message_means_this_call_with_values_as_they_were_written(
    message: str, expected: tuple[str, dict[str, str]] | None
) -> None:
    assert only(message) == expected


def test_fewer_free_characters_win_then_more_values_from_lists() -> None:
    assert only("ask alice to sing") == ("ask", {"who": "alice", "what": "sing"})
    assert only("ask alice sing") == ("ask", {"who": "alice", "what": "sing"})
    assert only("ask carol sing") == ("say", {"name": "carol", "what": "sing"})


def test_a_slot_of_a_few_words_ends_at_its_limit() -> None:
    assert only(f"put {'x' * SLOT_MAX_CHARS} in y") is not None
    assert only(f"put {'x' * (SLOT_MAX_CHARS + 1)} in y") is None


@pytest.mark.parametrize(
    ("message", "tools"),
    [
        ("list peers and what time is it", ["list", "clock.now"]),
        ("ask bob to come and then list peers", ["ask", "list"]),
        ("show me all peers, then tell me the time", ["list", "clock.now"]),
        ("ask bob to come and sing", ["ask"]),
        ("ask bob who comes and what time is it", ["ask"]),
        ("list peers and dance", []),
        ("and", []),
        ("put salt and pepper in the soup", ["put"]),
    ],
)
def test_two_orders_are_split_only_when_both_are_understood(message: str, tools: list[str]) -> None:
    orders = Phrasebook(TOOLS, {"peer": PEERS}).orders(message)

    assert [order.tool for order in orders] == tools


@pytest.mark.parametrize("message", ["ask carol hello", "@carol hello", "Please ask carol hello"])
def test_a_name_that_no_list_has_is_named_with_the_known_ones(message: str) -> None:
    found = Phrasebook(TOOLS[1:2], {"peer": PEERS}).unknown(message)

    assert found is not None
    assert (found.list_name, found.value, found.known) == ("peer", "carol", PEERS)


@pytest.mark.parametrize("message", ["ask me anything", "ask the teacher", "carol hello", "", "ask"])
def test_a_common_word_is_not_taken_for_a_name(message: str) -> None:
    assert Phrasebook(TOOLS[1:2], {"peer": PEERS}).unknown(message) is None


def test_the_nearest_phrases_share_words_with_the_message() -> None:
    book = Phrasebook(TOOLS, {"peer": PEERS})

    assert book.nearest("list it", limit=1) == ["list peer"]
    assert book.nearest("zebra") == []
    assert book.nearest("put it into a list with the time") == [
        "what time is it",
        "put <thing> in <place>",
        "list peer",
    ]


def test_names_with_signs_of_the_pattern_language_are_plain_text() -> None:
    names = ["a.*", "(b", "c|d", "e  f", ""]

    assert only("@a.* hi", names) == ("ask", {"who": "a.*", "what": "hi"})
    assert only("@e f hi", names) == ("ask", {"who": "e  f", "what": "hi"})
    assert only("@axx hi", names) is None


@given(st.lists(FRAGMENTS | st.text(max_size=6), max_size=14).map(" ".join))
def test_any_message_is_matched_or_not_and_free_values_come_from_it(message: str) -> None:
    book = Phrasebook(TOOLS, {"peer": PEERS})

    for order in book.orders(message):
        for slot, value in order.arguments.items():
            assert value in (PEERS if slot == "who" else message)
    book.unknown(message)
    assert len(book.nearest(message)) <= 3


HOSTILE = {
    "one long line": "x" * 20_000,
    "a repeated phrase": "what time is it " * 1_250,
    "short of the limit": "x" * INPUT_MAX_CHARS,
    "repeated joints": "a and then " * (INPUT_MAX_CHARS // 11),
    "repeated literals": "put in " * (INPUT_MAX_CHARS // 7),
    "repeated openings": "please hey ok " * (INPUT_MAX_CHARS // 14),
    "spaces": "what" + " " * (INPUT_MAX_CHARS - 5) + "x",
    "full stops": "what" + "." * (INPUT_MAX_CHARS - 5) + "x",
    "colons": "write " + ": " * (INPUT_MAX_CHARS // 2 - 4),
    "closings": "list peers" + " please" * (INPUT_MAX_CHARS // 7 - 2),
}


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
def test_no_message_costs_much_more_than_a_sentence(message: str) -> None:
    """Processor time of this thread, which other work on the machine does not change; a sentence takes 0.5 ms."""
    book = Phrasebook(TOOLS, {"peer": PEERS})
    book.orders("warm up and compile")

    started = time.thread_time()
    book.orders(message)
    book.unknown(message)

    assert time.thread_time() - started < 0.2
