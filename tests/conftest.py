"""What holds for every test: a requirement mark names a row that exists, and a slow machine proves nothing."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import settings

# The machine may be slow or busy; how long an example takes proves nothing.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

MISSION_ROWS = tomllib.loads(Path(__file__).with_name("mission.toml").read_text("utf-8"))["rows"].keys()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for mark in item.iter_markers("requirement"):
            if unknown := set(mark.args) - MISSION_ROWS:
                raise pytest.UsageError(
                    f"{item.nodeid} is marked for {sorted(unknown)}: no rows of tests/mission.toml"
                )
