"""How well questions in plain words find the passage that answers them, in two small collections of files."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from node.shared.excerpt import EXCERPT_LINES
from node.shared.index import ShareIndex, search
from node.shared.passages import OVERLAP_LINES
from node.shared.scan import scan
from tests.mission import requirement

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
BAKERY = FIXTURES / "bakery"
WORKSHOP = FIXTURES / "workshop"
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
WORKSHOP_QUESTIONS = (
    ("what does F.22 mean on the boiler?", "home/heating.md", "too little water"),
    ("the heating shows F.28, what should I do?", "home/heating.md", "gas tap"),
    ("phone number of the heating service", "home/heating.md", "030 555 0143"),
    ("what is the password of the guest wifi?", "home/wifi.md", "cupboard door"),
    ("the printer does not answer", "home/wifi.md", "ten seconds"),
    ("who feeds the hens when you are away?", "home/garden.md", "Petersen"),
    ("how big is the rain barrel?", "home/garden.md", "300 litres"),
    ("when are pear trees pruned?", "home/garden.md", "February"),
    ("where are the winter tyres?", "home/car.txt", "Reifen-Schulz"),
    ("what tyre pressure do I need at the back?", "home/car.txt", "2.6 bar"),
    ("which policy number does the household insurance have?", "home/insurance.md", "HR-88213-04"),
    ("what is PH-11942-77?", "home/insurance.md", "Liability"),
    ("how long do I bake the rye bread and at what temperature?", "recipes/bread.md", "250"),
    ("which allergens are in the apple cake?", "recipes/cake.md", "almonds"),
    ("can the pumpkin soup be frozen?", "recipes/soup.md", "three months"),
    ("how much does membership cost next year?", "work/minutes/2026-06-board.md", "20 euros"),
    ("who is the treasurer since July?", "work/minutes/2026-04-board.md", "Ayşe takes over"),
    ("when is the open evening?", "work/minutes/2026-03-board.md", "Thursday"),
    ("can I rent the workshop for a birthday party?", "work/minutes/2026-02-board.md", "40 euros"),
    ("what did the laser cutter cost?", "work/minutes/2026-01-board.md", "4,200"),
    ("is alcohol served at events with children?", "work/minutes/2026-05-board.md", "No alcohol"),
    ("may I cut PVC with the laser?", "work/onboarding.md", "PVC never"),
    ("where do we meet in case of fire?", "work/onboarding.md", "bus stop"),
    ("laser settings for 6 mm plywood", "work/laser.md", "80 %"),
    ("what do I do if something burns in the laser cutter?", "work/laser.md", "emergency stop"),
    ("to whom is A Pattern Language lent?", "work/books.csv", "Chiara"),
    ("when does the nightly backup run?", "scripts/backup.sh", "02:30"),
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
def indexes(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    """Index each collection."""
    made: dict[Path, Path] = {}
    for folder, files in ((BAKERY, 15), (WORKSHOP, 18)):
        made[folder] = tmp_path_factory.mktemp("index") / "shared.db"
        with closing(ShareIndex(made[folder])) as index:
            assert scan(index, folder, lambda: False).files == files
    return made


@pytest.fixture(scope="module")
def handbook(indexes: dict[Path, Path]) -> Path:
    return indexes[BAKERY]


def rank(index: Path, folder: Path, question: str, file: str, words: str) -> int | None:
    found = search(index, question, 6, {str(folder): "shared"}).passages
    hits = (
        number
        for number, passage in enumerate(found, start=1)
        if passage.file == f"shared/{file}" and words in passage.text
    )
    return next(hits, None)


@requirement("U5")
@pytest.mark.parametrize(
    ("folder", "questions", "firsts"), [(BAKERY, QUESTIONS, 15), (WORKSHOP, WORKSHOP_QUESTIONS, 25)]
)
def test_the_passage_that_answers_comes_among_the_first_three(
    indexes: dict[Path, Path], folder: Path, questions: Sequence[tuple[str, str, str]], firsts: int
) -> None:
    index = indexes[folder]
    ranks = {question: rank(index, folder, question, file, words) for question, file, words in questions}
    missed = [question for question, place in ranks.items() if place is None or place > 3]
    assert missed == []
    assert sum(place == 1 for place in ranks.values()) >= firsts


@pytest.mark.parametrize("question", ELSEWHERE)
def test_a_question_about_something_else_finds_nothing(handbook: Path, question: str) -> None:
    assert search(handbook, question, 6, {str(BAKERY): "bakery"}).passages == []


def test_a_passage_is_what_stands_in_these_lines_of_its_file(handbook: Path) -> None:
    for question, _, _ in QUESTIONS:
        for passage in search(handbook, question, 6, {str(BAKERY): "bakery"}).passages:
            lines = (BAKERY / passage.file.removeprefix("bakery/")).read_text().splitlines()
            assert passage.text == "\n".join(lines[passage.first - 1 : passage.last])


def test_one_file_does_not_crowd_out_the_others(handbook: Path) -> None:
    found = search(handbook, "bread dough flour oven deck degrees", 6, {str(BAKERY): "bakery"}).passages
    files = [passage.file for passage in found]
    assert max(files.count(file) for file in files) <= 2


def test_of_a_long_passage_the_lines_that_answer_are_found_and_few_lines_come_twice(tmp_path: Path) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    log = [
        f"{number:03} the machine ran all night without a fault that anybody noted" for number in range(200)
    ]
    log[77] = "077 the gearbox lost oil, seal 6204-2RS was changed"
    log[78] = "078 oil was filled up to the upper mark"
    (folder / "log.txt").write_text("\n".join(log))
    index = tmp_path / "shared.db"
    with closing(ShareIndex(index)) as written:
        scan(written, folder, lambda: False)
    found = search(index, "which seal of the gearbox lost oil?", 6, {str(folder): "long"}).passages
    assert "6204-2RS" in found[0].text
    assert "upper mark" in found[0].text
    assert all(each.last - each.first < EXCERPT_LINES for each in found)
    lines = [number for each in found for number in range(each.first, each.last + 1)]
    assert len(lines) - len(set(lines)) <= OVERLAP_LINES
    assert search(index, "6204-2RS", 6, {str(folder): "long"}).passages[0].first <= 78


def test_a_share_that_is_not_named_is_not_searched(handbook: Path) -> None:
    assert search(handbook, "what does E4 mean", 6, {}).passages == []
    assert search(handbook, "what does E4 mean", 6, {"/elsewhere": "bakery"}).passages == []
