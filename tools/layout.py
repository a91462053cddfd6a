"""The verbs that arrange the owner's cockpit, as a client that has one announces them; none runs in the node.

Names, arguments and effects are the node's own: a client says which verbs it has, not what they do.
"""

from collections.abc import Mapping
from types import MappingProxyType

from tools.spec import Canonical, Effect, JsonObject, ToolError, ToolSpec

LAYOUT = "layout"
"""Their group, and the `kind` by which a client announces them."""

COCKPIT_TOOL = "list_open_panes"
"""Every cockpit announces it, and nothing else does."""

SIDES: Mapping[str, str] = MappingProxyType({"vertical": "right", "horizontal": "below"})
"""Where the new pane goes when a model names the line between the panes; clients know four sides only."""
_FOUR_SIDES = ("left", "right", "above", "below")
_INSTANCE = "instanceId of an open pane, from list_open_panes"


def _text(description: str) -> JsonObject:
    return {"type": "string", "description": description}


def _size(description: str) -> JsonObject:
    return {"type": "integer", "minimum": 1, "description": description}


def _verb(
    name: str,
    description: str,
    parameters: JsonObject | None = None,
    *,
    optional: JsonObject | None = None,
    effect: Effect = Effect.WRITE,
    core: bool = False,
    canonical: Canonical | None = None,
) -> ToolSpec:
    """Make a verb of the layout. It moves what the owner sees and nothing else, so it is not gated."""
    required = dict(parameters or {})
    return ToolSpec(
        name=name,
        description=description,
        parameters={
            "type": "object",
            "properties": required | dict(optional or {}),
            "required": list(required),
            "additionalProperties": False,
        },
        effect=effect,
        is_gated=False,
        canonical=canonical,
        core=core,
        in_group=LAYOUT,
    )


def _look(
    name: str, description: str, parameters: JsonObject | None = None, *, core: bool = False
) -> ToolSpec:
    return _verb(name, description, parameters, effect=Effect.READ, core=core)


def _with_side(arguments: JsonObject) -> JsonObject:
    direction = str(arguments["direction"])
    return {**arguments, "direction": SIDES.get(direction, direction)}


def _with_a_size(arguments: JsonObject) -> JsonObject:
    if "width" not in arguments and "height" not in arguments:
        raise ToolError("Wrong arguments: give width, height, or both. Correct this and call the tool again.")
    return arguments


_TOOLS = (
    _verb(
        "show",
        "Show the owner something in the cockpit: a pane, a conversation, a peer, a file or a setting.",
        {"target": _text("its name or id")},
        core=True,
    ),
    _look("list_available_panes", "List the kinds of panes that can be opened, with their ids."),
    _look("list_workspaces", "List the workspaces and say which is shown."),
    _look(
        "list_open_panes",
        "List the open panes: kind, instanceId, title, and whether they have content to read.",
        core=True,
    ),
    _look(
        "get_pane_context", "Read what is in an open pane.", {"instanceId": _text(_INSTANCE)}
    ),
    _verb(
        "open_pane",
        "Open a pane.",
        {"id": _text("kind of pane, from list_available_panes")},
        core=True,
    ),
    _verb("close_pane", "Close an open pane.", {"id": _text(_INSTANCE)}, core=True),
    _verb(
        "create_workspace",
        "Create a workspace with the sessions and the conversation, and show it.",
        {"name": _text("its title")},
    ),
    _verb("switch_workspace", "Show another workspace.", {"id": _text("from list_workspaces")}),
    _verb(
        "split_pane",
        "Open another pane beside, above or below an open one.",
        {
            "instanceId": _text(_INSTANCE),
            "direction": {
                "type": "string",
                "enum": [*SIDES, *_FOUR_SIDES],
                "description": "vertical puts the new pane to the right, horizontal below",
            },
            "paneId": _text("kind of the new pane, from list_available_panes"),
        },
        canonical=_with_side,
    ),
    _verb(
        "resize_pane",
        "Give an open pane another width, height, or both, in pixels.",
        {"instanceId": _text(_INSTANCE)},
        optional={"width": _size("in pixels"), "height": _size("in pixels")},
        canonical=_with_a_size,
    ),
    _verb(
        "move_pane",
        "Move an open pane to a side of another.",
        {
            "instanceId": _text(_INSTANCE),
            "reference": _text("instanceId of the pane to move it to"),
            "direction": {"type": "string", "enum": list(_FOUR_SIDES), "description": "its side"},
        },
    ),
    _verb("float_pane", "Take a pane out of the grid, to float above it.", {"instanceId": _text(_INSTANCE)}),
    _verb("dock_pane", "Put a floating pane back into the grid.", {"instanceId": _text(_INSTANCE)}),
    _verb("maximize_pane", "Let a pane take the whole workspace.", {"instanceId": _text(_INSTANCE)}),
    _verb("restore_pane", "Undo maximize_pane.", {"instanceId": _text(_INSTANCE)}),
)  # fmt: skip

LAYOUT_TOOLS: Mapping[str, ToolSpec] = MappingProxyType({tool.name: tool for tool in _TOOLS})
