"""A cockpit without a screen: a raw client that announces the layout and keeps it as JSON."""

from typing import Any

from tests.node.nodes import RawSocket
from tools.layout import LAYOUT_TOOLS

KINDS = {"chat": "Chat", "peers": "Peers", "files": "Files"}


class Cockpit:
    """Runs the verbs that the node relays to it on `layout`, as a page would on its grid."""

    def __init__(self, ws: RawSocket) -> None:
        self.ws = ws
        self.layout: dict[str, Any] = {"workspace": "main", "workspaces": {"main": {}}}
        self.seen: list[tuple[str, dict[str, Any]]] = []

    async def attach(self) -> None:
        """Announce the layout; of each verb only the name and the kind are said."""
        await self.ws.send("manifest", {"tools": [{"name": name, "kind": "layout"} for name in LAYOUT_TOOLS]})

    async def turn(self, prompt: str, turn_id: str = "t1") -> list[dict[str, Any]]:
        """Ask, run what is relayed, and return the turn's frames up to `done`."""
        await self.ws.ask(prompt, turn_id, sessionId="s1")
        start = len(self.ws.frames)
        while True:
            frame = await self.ws.next()
            if frame["event"] == "tool_call" and frame["data"]["relay"]:
                await self._run(frame["data"])
            if frame["event"] == "done":
                return self.ws.frames[start:]

    @property
    def panes(self) -> dict[str, dict[str, Any]]:
        """The panes of the workspace that is shown, by their instanceId."""
        panes: dict[str, dict[str, Any]] = self.layout["workspaces"][self.layout["workspace"]]
        return panes

    async def _run(self, call: dict[str, Any]) -> None:
        self.seen.append((call["name"], call["args"]))
        outcome: dict[str, Any] = {"turnId": call["turnId"], "callId": call["callId"]}
        try:
            outcome |= {"ok": True, "result": getattr(self, call["name"])(**call["args"])}
        except KeyError as missing:
            outcome |= {"ok": False, "error": f"there is no {missing}"}
        await self.ws.send("tool_result", outcome)

    # --- the verbs ---

    def show(self, target: str) -> object:
        return {"shown": target}

    def list_available_panes(self) -> object:
        return [{"id": kind, "title": title} for kind, title in KINDS.items()]

    def list_workspaces(self) -> object:
        return {"shown": self.layout["workspace"], "workspaces": list(self.layout["workspaces"])}

    def list_open_panes(self) -> object:
        return [
            {
                "id": pane["id"],
                "instanceId": key,
                "title": KINDS[pane["id"]],
                "context": pane["id"] == "files",
            }
            for key, pane in self.panes.items()
        ]

    def get_pane_context(self, instanceId: str) -> object:  # noqa: N803  as on the wire
        return {"pane": self.panes[instanceId]["id"], "text": "what is in it"}

    def open_pane(self, id: str, **place: object) -> object:  # noqa: A002  as on the wire
        key = f"{id}-{1 + sum(pane['id'] == id for pane in self.panes.values())}"
        self.panes[key] = {"id": id, "title": KINDS[id], **place}
        return {"instanceId": key}

    def close_pane(self, id: str) -> object:  # noqa: A002  as on the wire
        del self.panes[id]
        return {"closed": id}

    def create_workspace(self, name: str) -> object:
        self.layout["workspaces"][name] = {}
        return self.switch_workspace(name)

    def switch_workspace(self, id: str) -> object:  # noqa: A002  as on the wire
        if id not in self.layout["workspaces"]:
            raise KeyError(id)
        self.layout["workspace"] = id
        return {"shown": id}

    def split_pane(self, instanceId: str, direction: str, paneId: str) -> object:  # noqa: N803
        assert instanceId in self.panes
        return self.open_pane(paneId, at=[direction, instanceId])

    def resize_pane(self, instanceId: str, **size: int) -> object:  # noqa: N803  as on the wire
        self.panes[instanceId] |= size
        return self.panes[instanceId]

    def move_pane(self, instanceId: str, reference: str, direction: str) -> object:  # noqa: N803
        assert reference in self.panes
        self.panes[instanceId]["at"] = [direction, reference]
        return self.panes[instanceId]

    def float_pane(self, instanceId: str) -> object:  # noqa: N803  as on the wire
        self.panes[instanceId]["floats"] = True
        return self.panes[instanceId]

    def dock_pane(self, instanceId: str) -> object:  # noqa: N803  as on the wire
        self.panes[instanceId].pop("floats")
        return self.panes[instanceId]

    def maximize_pane(self, instanceId: str) -> object:  # noqa: N803  as on the wire
        self.panes[instanceId]["maximized"] = True
        return self.panes[instanceId]

    def restore_pane(self, instanceId: str) -> object:  # noqa: N803  as on the wire
        self.panes[instanceId].pop("maximized")
        return self.panes[instanceId]
