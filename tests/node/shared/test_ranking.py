"""How well questions in plain words find the passage that answers them, in a bakery's handbook."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from node.shared.index import ShareIndex, search
from node.shared.scan import scan
from tests.mission import requirement

BAKERY = Path(__file__).parent.parent.parent / "fixtures" / "bakery"
QUESTIONS = (
    ("When do you open on Sunday?", "shop/opening.md", "from 8:00 to 11:00"),
    ("what does a rye sourdough cost?", "shop/prices.md", "Rye sourdough | 750 g"),
    ("How much is the deposit for a wedding cake?", "shop/prices.md", "The deposit is a third"),
    ("How often should the starter be fed?", "recipes/sourdough.md", "Feed it twice a day"),
    ("At what temperature are croissants baked?", "recipes/croissants.md", "at 190 degrees"),
    ("Are there nuts in the walnut bread? My friend is allergic.", "recipes/allergens.md", "Walnut bread"),
    ("The oven shows E4, what should we do?", "oven.md", "Close the red tap"),
    ("Can I cancel an order?", "shop/orders.md", "until noon of the day before"),
    ("Do you deliver across the river?", "shop/orders.md", "Beyond the river"),
    ("Who repairs the oven at night?", "people/contacts.md", "Ofen-Maier"),
    ("how many days of leave do employees have", "people/shifts.md", "28 days"),
    ("What do I do when a customer found glass in the bread?", "shop/complaints.md", "stop selling"),
    ("Are the fridges allowed to be warmer than 8 degrees?", "hygiene.md", "Above 8 degrees"),
    ("how long is a voucher valid?", "till.md", "three years"),
    ("How is the batch number on the label made up?", "label_printer.js", "day of the year"),
    ("How much spelt is left?", "flour_stock.csv", "spelt"),
    ("are you open on public holidays", "shop/opening.md", "Sunday hours"),
    ("Is it possible for somebody with coeliac disease to eat your biscuits?", "recipes/allergens.md", "coeliac"),
    ("can I pay by card?", "till.md", "Cards are taken"),
)  # fmt: skip
ELSEWHERE = (
    "What is the capital of France?",
    "Who won the world cup in 2018?",
    "how do I fly to mars",
    "Do you have a dog?",
    "is it?",
    "",
    "*",
    '" OR "',
    "NEAR(a b)",
)


@pytest.fixture(scope="module")
def handbook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("index") / "shared.db"
    index = ShareIndex(path)
    assert scan(index, BAKERY, lambda: False).files == 15
    yield path
    index.close()


def rank(index: Path, question: str, file: str, words: str) -> int | None:
    found = search(index, question, 6, {str(BAKERY): "bakery"})
    hits = (
        number
        for number, passage in enumerate(found, start=1)
        if passage.file == f"bakery/{file}" and words in passage.text
    )
    return next(hits, None)


@requirement("U5")
def test_the_passage_that_answers_comes_among_the_first_three(handbook: Path) -> None:
    ranks = {question: rank(handbook, question, file, words) for question, file, words in QUESTIONS}
    missed = [question for question, place in ranks.items() if place is None or place > 3]
    assert missed == []
    assert sum(place == 1 for place in ranks.values()) >= 15


@pytest.mark.parametrize("question", ELSEWHERE)
def test_a_question_about_something_else_finds_nothing(handbook: Path, question: str) -> None:
    assert search(handbook, question, 6, {str(BAKERY): "bakery"}) == []


def test_a_passage_is_what_stands_in_these_lines_of_its_file(handbook: Path) -> None:
    for question, _, _ in QUESTIONS:
        for passage in search(handbook, question, 6, {str(BAKERY): "bakery"}):
            lines = (BAKERY / passage.file.removeprefix("bakery/")).read_text().splitlines()
            assert passage.text == "\n".join(lines[passage.first - 1 : passage.last])


def test_one_file_does_not_crowd_out_the_others(handbook: Path) -> None:
    found = search(handbook, "bread dough flour oven deck degrees", 6, {str(BAKERY): "bakery"})
    files = [passage.file for passage in found]
    assert max(files.count(file) for file in files) <= 2


def test_a_share_that_is_not_named_is_not_searched(handbook: Path) -> None:
    assert search(handbook, "what does E4 mean", 6, {}) == []
    assert search(handbook, "what does E4 mean", 6, {"/elsewhere": "bakery"}) == []
