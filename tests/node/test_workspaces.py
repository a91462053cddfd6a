"""The owner's workspaces as the cockpit keeps them with the node."""

from pathlib import Path
from typing import Any

import pytest

from node.store.layouts import WORKSPACES_MAX
from tests.mission import requirement
from tests.node.nodes import RunningNode, running_node
from tests.node.test_http import http

CHAT = {"id": "chat-1", "kind": "chat", "params": {}}
PEERS = {"id": "peers-3", "kind": "peers", "params": {"peer": "bob"}}
LEFT = {"type": "group", "id": "group-2", "panes": [CHAT], "active": "chat-1"}
RIGHT = {"type": "group", "id": "group-4", "panes": [PEERS], "active": "peers-3"}
ROW = {"type": "split", "id": "split-5", "axis": "row", "weights": [0.25, 0.75], "children": [LEFT, RIGHT]}
FRAME = {"x": 0.1, "y": 0.2, "width": 0.5, "height": 0.5}


def layout(root: object = ROW, **more: object) -> dict[str, Any]:
    return {"root": root, "floats": [], "maximized": None, "next": 6, **more}


async def made(node: RunningNode, title: str = "Main", tree: object = None) -> dict[str, Any]:
    status, workspace, _ = await http(
        node, "POST", "/api/layout", {"title": title, "layout": tree or layout()}
    )
    assert status == 201
    assert isinstance(workspace, dict)
    return workspace


@requirement("Q8")
async def test_workspaces_outlive_the_node(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        assert await made(node, "Main") == {"id": "main", "title": "Main", "revision": 1}
        assert (await made(node, "Ada's résumé!", layout(None)))["id"] == "ada-s-resume"
        assert (await made(node, "main"))["id"] == "main-2"
        await http(node, "PUT", "/api/settings/ui.workspace", {"value": "main-2"})
    async with running_node(tmp_path) as node:
        _, listed, _ = await http(node, "GET", "/api/layout")
        assert [one["id"] for one in listed["workspaces"]] == ["main", "ada-s-resume", "main-2"]
        assert listed["active"] == "main-2"
        _, stored, _ = await http(node, "GET", "/api/layout/main")
        assert stored == {"id": "main", "title": "Main", "revision": 1, "layout": layout()}


@requirement("D18")
async def test_a_change_to_what_is_no_longer_so_is_refused_with_what_is(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        await made(node)
        path, other = "/api/layout/main", layout(LEFT)
        status, changed, _ = await http(node, "PUT", path, {"revision": 1, "layout": other})
        assert (status, changed["revision"]) == (200, 2)
        status, stale, _ = await http(node, "PUT", path, {"revision": 1, "layout": layout()})
        assert (status, stale["code"]) == (409, "layout_stale")
        assert (stale["revision"], stale["layout"]) == (2, other)
        status, renamed, _ = await http(node, "PUT", path, {"revision": 2, "title": "Home"})
        assert (status, renamed) == (200, {"id": "main", "title": "Home", "revision": 3})
        _, kept, _ = await http(node, "GET", path)
        assert kept["layout"] == other


async def test_two_pages_that_make_the_first_workspace_agree_on_one(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        first = {"revision": 0, "title": "Main", "layout": layout()}
        status, _, _ = await http(node, "PUT", "/api/layout/main", first)
        assert status == 200
        status, stale, _ = await http(node, "PUT", "/api/layout/main", first)
        assert (status, stale["revision"]) == (409, 1)


async def test_what_is_gone_is_not_found_and_not_made_again_by_a_late_change(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        await made(node)
        status, _, _ = await http(node, "DELETE", "/api/layout/main")
        assert status == 204
        for method, body in (("GET", None), ("DELETE", None), ("PUT", {"revision": 1, "layout": layout()})):
            status, gone, _ = await http(node, method, "/api/layout/main", body)
            assert (status, gone["code"]) == (404, "no_such_workspace")
        _, listed, _ = await http(node, "GET", "/api/layout")
        assert listed == {"workspaces": [], "active": None}


@requirement("D18")
async def test_every_client_hears_of_a_change(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, node.socket() as one, node.socket() as other:
        await made(node)
        await http(node, "PUT", "/api/layout/main", {"revision": 1, "layout": layout(LEFT)})
        await http(node, "DELETE", "/api/layout/main")
        for client in (one, other):
            heard = [await client.next() for _ in range(3)]
            assert {frame["channel"] for frame in heard} == {"layout"}
            assert [frame["data"]["revision"] for frame in heard] == [1, 2, None]


@pytest.mark.parametrize(
    ("tree", "complaint"),
    [
        (layout({**LEFT, "active": "peers-3"}), "not in it"),
        (layout({**LEFT, "panes": []}), "at least 1"),
        (layout({**ROW, "weights": [0.5, 0.6]}), "sum to 1"),
        (layout({**ROW, "weights": [0.01, 0.99]}), "less than 0.02"),
        (layout({**ROW, "weights": [0.2, 0.2, 0.6]}), "one weight per child"),
        (layout({**ROW, "children": [LEFT, {**ROW, "id": "split-1"}]}), "its own direction"),
        (layout({**ROW, "children": [LEFT, LEFT]}), "twice"),
        (layout(next=5), "below `next`"),
        (layout(maximized="group-1"), "not there"),
        (layout(LEFT, floats=[{"group": RIGHT, "frame": {**FRAME, "x": 0.6}, "home": None}]), "inside the view"),
        (layout(LEFT, floats=[{"group": RIGHT, "frame": {**FRAME, "width": 0.01}, "home": None}]), "0.05"),
        (layout({**LEFT, "panes": [{**CHAT, "id": "<img>-1"}]}), "pattern"),
        (layout({**LEFT, "panes": [{**CHAT, "params": {"path": "x" * 1_001}}]}), "1000 characters"),
        (layout(script="alert(1)"), "not permitted"),
    ],
)  # fmt: skip
async def test_what_is_no_layout_is_refused_with_what_is_wrong(
    tmp_path: Path, tree: object, complaint: str
) -> None:
    async with running_node(tmp_path) as node:
        status, refusal, _ = await http(node, "POST", "/api/layout", {"title": "Main", "layout": tree})
        assert (status, refusal["code"]) == (400, "bad_request")
        assert complaint in refusal["error"]


async def test_a_floating_group_and_where_it_came_from_are_kept(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        home = {"beside": "chat-1", "side": "right"}
        tree = layout(LEFT, floats=[{"group": RIGHT, "frame": FRAME, "home": home}], maximized="group-4")
        await made(node, "Main", tree)
        _, stored, _ = await http(node, "GET", "/api/layout/main")
        assert stored["layout"] == tree


async def test_a_tree_deeper_than_any_reader_is_refused(tmp_path: Path) -> None:
    tree: object = LEFT
    for depth in range(100):
        tree = {
            **ROW, "id": f"split-{depth}", "axis": ["row", "column"][depth % 2], "children": [RIGHT, tree]
        }  # fmt: skip
    async with running_node(tmp_path) as node:
        status, _, _ = await http(node, "POST", "/api/layout", {"title": "Deep", "layout": layout(tree)})
        assert status == 400


async def test_there_is_an_end_of_workspaces(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        for _ in range(WORKSPACES_MAX):
            await made(node)
        status, full, _ = await http(node, "POST", "/api/layout", {"title": "Another"})
        assert (status, full["code"]) == (409, "too_many_workspaces")
