"""The browser of the tests: the Chromium of this machine, told to ask nobody but the node."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
APPLICATIONS = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
ARGUMENTS = (
    "--no-sandbox",  # continuous integration runs as root, where Chromium starts in no other way
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def path() -> str | None:
    """Return where Chromium is: `PALAVER_CHROMIUM` if set, else the first of the usual names."""
    found = os.environ.get("PALAVER_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and APPLICATIONS.exists():
        return str(APPLICATIONS)
    return found
