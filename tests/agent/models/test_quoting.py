"""How a piece of a file looks in an answer that quotes it."""

import pytest

from agent.models.answers import rendered
from agent.models.quoting import quoted


def test_markdown_stays_markdown_inside_the_quotation() -> None:
    assert quoted("# Hours\n\nNine to five.", "h/shop.md") == "> # Hours\n>\n> Nine to five."


@pytest.mark.parametrize("file", ["h/car.txt", "h/stock.csv", "h/manual.PDF", "h/README"])
def test_lines_of_other_texts_stay_lines(file: str) -> None:
    assert quoted("one\ntwo", file) == "> one  \n> two  "


def test_code_stays_as_it_is_written_and_cannot_step_out() -> None:
    assert quoted("# no heading\n    *x*", "h/backup.sh") == "```sh\n# no heading\n    *x*\n```"
    assert quoted("```\nout?", "h/a.py").startswith("````py\n")
    assert quoted("x", "h/a.p`y\n").startswith("```\n")


def test_only_a_slot_that_asks_for_it_quotes() -> None:
    result = {"items": [{"file": "a.md", "text": "x\ny"}]}
    assert rendered("{#items}{text}{/items}", result) == "x\ny"
    assert rendered("{#items}{file}\n{>text}{/items}", result) == "a.md\n> x\n> y"
    assert rendered("{>text}", {"text": "no file is named"}) == "> no file is named"
