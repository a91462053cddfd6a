"""The tools of a peer's turn: few, fixed, all in view."""

from collections.abc import Callable, Collection, Sequence

from agent.disclosure import TOOL_BUDGET
from agent.gate import Mode, can_run_unattended
from agent.rules import Rules
from tools.spec import ToolSpec


class PeerToolbox:
    """The few tools of a peer's turn: granted to it, and able to pass the gate with nobody there."""

    active: Sequence[str] = ()
    dropped: Sequence[str] = ()

    def __init__(
        self,
        tools: Sequence[ToolSpec],
        *,
        mode: Mode,
        rules: Rules,
        rights: Callable[[], Collection[str]],
    ) -> None:
        fit = [tool for tool in tools if tool.remote and can_run_unattended(tool, mode=mode, rules=rules)]
        self._tools = {tool.name: tool for tool in fit[:TOOL_BUDGET]}
        self._rights = rights
        """Read each time, so that a right taken away counts at once."""

    def open(self, prompt: str, *, recent: Sequence[str] = (), before: Sequence[str] = ()) -> None:
        """Change nothing: all that there is is shown."""

    def present(self) -> Sequence[ToolSpec]:
        return self.shown

    @property
    def shown(self) -> Sequence[ToolSpec]:
        rights = self._rights()
        return tuple(tool for tool in self._tools.values() if tool.remote in rights)

    @property
    def names(self) -> Collection[str]:
        return {tool.name for tool in self.shown}

    def find(self, name: str) -> ToolSpec | None:
        return next((tool for tool in self.shown if tool.name == name), None)

    def use(self, tool: ToolSpec) -> None:
        """Change nothing: all that there is is shown."""

    def refusal(self, name: str) -> str:
        """Say the same of a private tool and of an invented one, so that nothing can be probed."""
        names = ", ".join(tool.name for tool in self.shown)
        usable = f"only {names} can" if names else "it has no tools"
        return f"{name!r} cannot be used in a peer's turn: {usable}"
