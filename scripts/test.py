"""Run the tests from a clone: `test.py [ARGS]` is `pytest [ARGS]`; without arguments, every test."""

import os
import sys

import browser
import cockpit
import environment

EVERYTHING = ("-n", "auto")
"""What runs when nothing is asked for: the whole suite, one worker per core."""


def main() -> None:
    environment.prepare("dev")
    cockpit.prepare()
    if not sys.argv[1:]:
        browser.prepare()
    os.chdir(environment.ROOT)
    environment.become([str(environment.tool("python")), "-m", "pytest", *(sys.argv[1:] or EVERYTHING)])


if __name__ == "__main__":
    main()
