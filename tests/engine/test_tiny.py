"""The model itself: the prompts in these tests were chosen for exactly these weights."""

import hashlib

from tests.engine.tiny import TINY, TINY_SHA256


def test_the_weights_are_those_that_the_prompts_were_chosen_for() -> None:
    assert hashlib.sha256(TINY.read_bytes()).hexdigest() == TINY_SHA256
