"""`palaver` as it is where the cockpit was never built: `python -m tests.web.without_cockpit ARGS`."""

import sys
from pathlib import Path

from node import cli, page

page.COCKPIT = Path(__file__).parent / "never-built"
sys.exit(cli.main())
