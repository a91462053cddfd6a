"""Run the tests from a clone: `test.py [ARGS]` is `pytest [ARGS]`; without arguments, every test."""

import os
import sys

import browser
import cockpit
import environment

EVERYTHING = ("-n", "auto")
"""What runs when nothing is asked for: the whole suite, one worker per core."""
ONCE_MORE = ("--reruns", "1", "--max-suite-reruns", "3", "--rerun-show-tracebacks")
"""Where continuous integration runs, a machine that is busy with others may fail a test once. A few run
once more; what passes then is printed with its fault: something to mend, no reason to stop everybody."""


def main() -> None:
    environment.prepare("dev")
    cockpit.prepare()
    if not sys.argv[1:]:
        browser.prepare()
    os.chdir(environment.ROOT)
    everything = (*EVERYTHING, *ONCE_MORE) if os.environ.get("CI") else EVERYTHING
    environment.become([str(environment.tool("python")), "-m", "pytest", *(sys.argv[1:] or everything)])


if __name__ == "__main__":
    main()
