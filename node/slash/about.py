"""Slash commands about the node as a whole: what there is, and how it stands."""

from collections.abc import Mapping

from node.console.render import one_line
from node.console.tables import tool_groups, tools_total
from node.layout import Layout
from node.replies import NodeError
from node.slash.call import Action, Call
from node.slash.commands import COMMANDS, usage
from node.slash.outcome import Block, Outcome, Table, Text, said
from tools.layout import COCKPIT_TOOL

NO_COCKPIT = "no cockpit is attached; `palaver open` opens one"


async def show_help(_: Call) -> Outcome:
    return said(
        Table(
            [(f"/{c.name} {c.arguments}".rstrip(), c.kind, c.hint) for c in COMMANDS if c.where != "console"],
            ("COMMAND", "CLASS", "WHAT IT DOES"),
        ),
        "Only those of the class prompt reach the model. What is no command goes to the agent; //x sends /x.",
    )


async def show_info(call: Call) -> Outcome:
    """Say who this node is, what it works with, whom it knows, and what this session is."""
    node = call.node
    identity, status, peers = await node.identity(), await node.status(), await node.peers()
    permissions = await node.permissions(call.session_id)
    trusted = [peer for peer in peers if peer["state"] == "trusted"]
    model = status["model"]["label"] if status["model"] else status["readiness"]["text"]
    rows = [
        ("node", identity["name"]),
        ("id", identity["nodeId"]),
        ("version", str((await node.health())["version"])),
        ("model", model),
        ("mode", permissions["mode"]),
        ("peers", f"{len(trusted)} trusted, {sum(peer['connected'] for peer in trusted)} online"),
        ("session", await _session(call)),
    ]
    return said(Table(rows), *([status["readiness"]["remedy"]] if status["readiness"]["remedy"] else []))


async def _session(call: Call) -> str:
    if call.session_id is None:
        return "begins with your first message"
    try:
        return (await call.node.session(call.session_id, 1))["title"] or call.session_id
    except NodeError:
        return f"{call.session_id}, nothing said yet"


async def tools(call: Call) -> Outcome:
    """List the tools, or forget what was learned of their use."""
    match call.argument:
        case "":
            listed = await call.node.tools()
            blocks: list[Block] = []
            for line, rows in tool_groups(listed):
                blocks += [Text(line), *([Table(rows)] if rows else [])]
            return said(*blocks, tools_total(listed))
        case "forget":
            return said(f"forgot the words of requests that {await call.node.forget_learned()} tools had")
        case _:
            raise usage("tools")


async def list_panes(call: Call) -> Outcome:
    """List the panes of the workspace that attached cockpits show."""
    listed = await call.node.tools()
    if all(tool["name"] != COCKPIT_TOOL for tool in listed["tools"]):
        return said(NO_COCKPIT)
    workspaces = await call.node.workspaces()
    shown = next((one for one in workspaces["workspaces"] if one["id"] == workspaces["active"]), None)
    stored = await call.node.layout(shown["id"]) if shown else None
    if shown is None or stored is None:
        return said("the cockpit shows its usual panes; nobody has rearranged them yet")
    rows = pane_rows(Layout.model_validate(stored))
    return said(f"workspace {one_line(shown['title'])}", Table(rows) if rows else Text("no pane is open"))


def pane_rows(layout: Layout) -> list[tuple[str, ...]]:
    """Return each open pane with what it was opened for, and whether it is in front of its group."""
    return [
        (pane.id, ", ".join(pane.params.values()), "in front" if pane.id == group.active else "")
        for group in layout.groups()
        for pane in group.panes
    ]


ABOUT: Mapping[str, Action] = {
    "help": show_help,
    "info": show_info,
    "tools": tools,
    "panes": list_panes,
}
