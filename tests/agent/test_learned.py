from hypothesis import given
from hypothesis import strategies as st

from agent.learned import REQUEST_MAX_WORDS, TOOLS_MAX, WORD_MAX_CHARS, WORDS_MAX, Bag, Learned
from agent.request import words_to_learn


def test_words_are_counted_once_per_request() -> None:
    bag = Bag().with_request(["note", "note", "rome"]).with_request(["note"])
    assert bag.words == {"note": 2.0, "rome": 1.0}
    assert bag.requests == 2


def test_after_eight_requests_old_words_fade_and_leave() -> None:
    bag = Bag().with_request(["old"])
    for _ in range(15):
        bag = bag.with_request(["new"])
    assert "old" not in bag.words
    assert bag.words["new"] <= 9


@given(st.lists(st.lists(st.text(min_size=1, max_size=50), max_size=300), max_size=30))
def test_a_bag_is_bounded(requests: list[list[str]]) -> None:
    bag = Bag()
    for words in requests:
        bag = bag.with_request(words)
    assert len(bag.words) <= WORDS_MAX
    assert all(len(word) <= WORD_MAX_CHARS for word in bag.words)
    assert bag.requests <= 9


def test_one_request_teaches_only_so_many_words() -> None:
    assert len(Bag().with_request(f"w{n}" for n in range(1_000)).words) == REQUEST_MAX_WORDS


def test_the_tool_not_used_for_longest_is_forgotten_when_there_are_too_many() -> None:
    learned = Learned({f"t{n}": Bag(requests=1, words={"word": 1}) for n in range(TOOLS_MAX)})
    learned.put("t0", Bag(requests=2, words={"word": 2}))
    assert learned.put("another", Bag(requests=1, words={"word": 1})) == ("t1",)
    assert len(learned) == TOOLS_MAX
    assert "t1" not in learned.tools("word")
    assert learned.tools("word")["t0"] == 2


def test_words_that_a_tool_lost_no_longer_lead_to_it() -> None:
    learned = Learned()
    learned.put("a.b", Bag(requests=1, words={"old": 1}))
    learned.put("a.b", Bag(requests=1, words={"new": 1}))
    assert learned.tools("old") == {}
    assert learned.tools("new") == {"a.b": 1}
    learned.clear()
    assert not learned.tools("new")
    assert len(learned) == 0


def test_what_everybody_says_is_not_learned() -> None:
    assert words_to_learn("Hello, could you please help me to jot 17 things down for Rome?") == [
        "jot", "down", "rome",
    ]  # fmt: skip
