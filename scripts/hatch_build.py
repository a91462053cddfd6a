"""Hatchling's hook: every wheel and every source archive carries the built cockpit."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.append(str(Path(__file__).parent))

import build_ui  # beside this file, which hatchling does not import as part of a package
import npm


class CockpitHook(BuildHookInterface[Any]):
    def dependencies(self) -> list[str]:
        """Ask for Node from PyPI only when something is to be built and the machine has no good one."""
        if build_ui.is_skipped() or build_ui.is_current() or npm.on_path():
            return []
        return [npm.NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if build_ui.is_skipped() or build_ui.is_current():
            return
        try:
            build_ui.build()
        except build_ui.BuildFailed as failure:
            if version != "editable":
                # SystemExit, because of every other error pip shows a traceback instead of the text.
                raise SystemExit(f"\n{failure}\n") from None
            self.app.display_warning(f"{failure}\nGoing on without it: / says how to build it later.")
