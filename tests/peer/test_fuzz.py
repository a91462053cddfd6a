"""Random and spoilt frames through both sides of a link; `scripts/fuzz_peer.py` alone carries a million."""

import re
import subprocess
import sys
from pathlib import Path

from tests.mission import requirement

FUZZ = Path(__file__).parent.parent.parent / "scripts" / "fuzz_peer.py"
FRAMES = 20_000
COUNT = re.compile(r"^(\S.*?)  +([\d,]+)$", re.MULTILINE)
REACHED = [
    f"{side}: {change}"
    for side, changes in {
        "Dialler": ["GREETING to CLOSED", "GREETING to PROVING"],
        "Listener": [],
    }.items()
    for change in (
        *changes,
        *("PROVING to CLOSED", "PROVING to COMPARING", "PROVING to OPEN"),
        *("COMPARING to CLOSED", "COMPARING to OPEN", "OPEN to CLOSED"),
    )
]


@requirement("F7", "F9")
def test_random_and_spoilt_frames_raise_nothing_and_lead_to_no_state_that_was_not_earned() -> None:
    done = subprocess.run(
        [sys.executable, str(FUZZ), str(FRAMES)], check=False, capture_output=True, text=True, timeout=50
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = {name.strip(): int(count.replace(",", "")) for name, count in COUNT.findall(done.stdout)}
    for change in REACHED:
        assert counts[change] > 0, "the fuzz has lost its way to this state"
    assert counts["frames spoilt"] > FRAMES / 20
