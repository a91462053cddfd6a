"""Fuzz the rules of a link and both ways to pair: `fuzz_peer.py [FRAMES] [--seed N]`.

It ends with 1 at the first promise that does not hold, and says which seed led there.
"""

import argparse
import os
import secrets
import sys
import time
import traceback

import environment

FRAMES = 1_000_000


def main() -> int:
    options = _arguments()
    environment.enter()
    # Here, not above: these modules need the environment's packages.
    from bench_memory import resident_mb  # noqa: PLC0415
    from fuzz_link import Fuzz  # noqa: PLC0415

    fuzz, began = Fuzz(options.seed), time.monotonic()
    try:
        fuzz.run(options.frames // 10)
        early_mb = resident_mb(os.getpid())
        fuzz.run(options.frames)
    except Exception:  # noqa: BLE001 - any at all is what it looks for
        traceback.print_exc()
        print(
            f"after {fuzz.frames:,} frames; again with: fuzz_peer.py {options.frames} --seed {options.seed}"
        )
        return 1
    took_s, grew_mb = time.monotonic() - began, resident_mb(os.getpid()) - early_mb
    for name, count in sorted(fuzz.counts.items()):
        print(f"{name:40} {count:9,}")
    print(
        f"{fuzz.frames:,} frames in {took_s:.0f} s, seed {options.seed}: no exception, no unlawful state; "
        f"{grew_mb:.1f} MB more memory after the first tenth"
    )
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Carry random and spoilt frames between two sides of a link."
    )
    parser.add_argument("frames", metavar="FRAMES", nargs="?", type=int, default=FRAMES)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32), help="of the choices (random)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
