"""The mark that ties a test to the mission rows it shows to work: `@requirement("F16")`."""

import pytest


def requirement(*ids: str) -> pytest.MarkDecorator:
    """Say which rows of `tests/mission.toml` a test shows to work."""
    return pytest.mark.requirement(*ids)
