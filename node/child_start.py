"""Runs in a new child of the node, on Linux: have the kernel end it with the node, then become the program.

`child_start.py NODE_PID PROGRAM ARGUMENT…`. A script of its own, since code between fork and exec in the node
itself could meet locks that the node's other threads hold. Imports nothing of ours and nothing heavy.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(node_pid: int, command: list[str]) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != node_pid:  # the node went before the kernel knew
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606  a command line from the owner's settings, and no shell


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
