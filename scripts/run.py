"""Run Palaver from a clone: `run.py [ARGS]` is `palaver [ARGS]`; without arguments, `palaver up`."""

import sys

import cockpit
import environment


def main() -> None:
    environment.prepare()
    cockpit.prepare()
    environment.become([str(environment.tool("palaver")), *(sys.argv[1:] or ["up"])])


if __name__ == "__main__":
    main()
