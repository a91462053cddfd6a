"""A node killed again and again loses nothing, repeats nothing, and leaves nothing stuck."""

from pathlib import Path

import pytest

from tests.flows.kill import kill_often
from tests.mission import requirement


@requirement("U9", "H7", "A16")
@pytest.mark.timeout(600)
async def test_twenty_kills_at_random_moments_lose_and_repeat_nothing(tmp_path: Path) -> None:
    report = await kill_often(20, 1, tmp_path)
    assert report.is_good, "\n".join([str(report), *report.details()])
    assert report.reused
