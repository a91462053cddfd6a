"""The cockpit's panes, arranged by hand, by keys, and by the agent's tools: one set of operations for all."""

import asyncio
import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, reply
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.stage import Stage
from tests.web.watch import Watch

AT_FIRST = {"row": ["sessions", "conversation"]}
WITH_ANOTHER = {"row": ["sessions", "conversation+conversation"]}

# Asks the node, not the page, whether a workspace is stored in this shape.
IS_STORED = """async ({workspace, root, floats, maximized}) => {
    const {layout} = await (await fetch(`/api/layout/${workspace}`)).json();
    const kinds = (group) => group.panes.map((pane) => pane.kind).join("+");
    const shape = (tree) => tree === null ? null
        : tree.type === "group" ? kinds(tree) : {[tree.axis]: tree.children.map(shape)};
    const groups = (tree) => tree === null ? [] : tree.type === "group" ? [tree] : tree.children.flatMap(groups);
    const all = [...groups(layout.root), ...layout.floats.map((float) => float.group)];
    const large = all.find((group) => group.id === layout.maximized);
    return JSON.stringify(shape(layout.root)) === JSON.stringify(root)
        && JSON.stringify(layout.floats.map((float) => kinds(float.group))) === JSON.stringify(floats)
        && (large ? kinds(large) : null) === maximized;
}"""


def expect_stored(
    page: Page,
    root: object,
    *,
    floats: Sequence[str] = (),
    maximized: str | None = None,
    workspace: str = "main",
) -> None:
    """Wait until the node has this layout: `{row: [...]}` and `{column: [...]}` over kinds of panes."""
    wanted = {"workspace": workspace, "root": root, "floats": list(floats), "maximized": maximized}
    page.wait_for_function(IS_STORED, arg=wanted, polling=100)


def pane(page: Page, kind: str) -> Locator:
    return page.locator(f"section[data-kind={kind}]")


def tab(page: Page, name: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("tab", name=name)


def composer(page: Page) -> Locator:
    return page.locator("[data-kind=conversation]:not([data-hidden]) textarea").first


def ask(page: Page, model: FakeOllama, *wanted: tuple[str, dict[str, Any]]) -> list[Any]:
    """Have the model make these calls, one per round, and return what it read of each."""
    before = len(model.asked)
    said = f"Arranged after {before} requests."
    model.chat(*(reply(calls(call), done()) for call in wanted), answer(said))
    composer(page).fill("split, float, maximize, resize and move panes and workspaces")
    composer(page).press("Enter")
    expect(pane(page, "conversation").get_by_text(said).first).to_be_attached()
    return [asked["messages"][-1]["content"] for asked in model.asked[before + 1 :]]


def palette(page: Page, words: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.keyboard.press("Enter")


@pytest.fixture
def cockpit(page: Page) -> Page:
    expect(composer(page)).to_be_visible()
    expect_stored(page, AT_FIRST)
    return page


# --- the agent ---------------------------------------------------------------------------------------


@requirement("D11", "D12")
def test_the_agent_lists_opens_and_closes_what_the_owner_sees(cockpit: Page, model: FakeOllama) -> None:
    kinds, panes, spaces = (
        json.loads(read)
        for read in ask(
            cockpit,
            model,
            ("list_available_panes", {}),
            ("list_open_panes", {}),
            ("list_workspaces", {}),
        )
    )
    assert {"conversation", "sessions"} <= {kind["id"] for kind in kinds}
    assert spaces == {"shown": "main", "workspaces": [{"id": "main", "title": "Main"}]}
    for told in panes:
        box = pane(cockpit, told["id"]).first.bounding_box()
        assert box
        assert (round(box["x"]), round(box["width"])) == (told["x"], told["width"])
        assert isinstance(told["context"], bool)
    opened = json.loads(ask(cockpit, model, ("open_pane", {"id": "conversation"}))[0])
    expect(cockpit.locator(f"#pane-{opened['instanceId']}")).to_be_visible()
    expect_stored(cockpit, {"row": ["sessions", "conversation", "conversation"]})
    ask(cockpit, model, ("close_pane", {"id": opened["instanceId"]}))
    expect_stored(cockpit, AT_FIRST)


@requirement("D13", "D18")
@pytest.mark.parametrize(
    ("direction", "root"),
    [
        ("vertical", {"row": ["conversation", "sessions"]}),
        ("horizontal", {"column": ["conversation", "sessions"]}),
        ("left", {"row": ["sessions", "conversation"]}),
        ("right", {"row": ["conversation", "sessions"]}),
        ("above", {"column": ["sessions", "conversation"]}),
        ("below", {"column": ["conversation", "sessions"]}),
    ],
)
def test_the_agent_splits_a_pane_in_every_direction_and_the_node_keeps_it(
    cockpit: Page, model: FakeOllama, direction: str, root: object
) -> None:
    ask(
        cockpit,
        model,
        ("close_pane", {"id": "sessions"}),
        ("split_pane", {"instanceId": "conversation", "direction": direction, "paneId": "sessions"}),
    )
    expect_stored(cockpit, root)
    expect(pane(cockpit, "sessions")).to_be_visible()


@requirement("D14", "D15", "D16", "D17", "D18")
def test_the_agent_resizes_moves_floats_docks_maximizes_and_restores(
    cockpit: Page, model: FakeOllama
) -> None:
    resized, wrong, moved = ask(
        cockpit,
        model,
        ("resize_pane", {"instanceId": "sessions", "width": 420}),
        ("resize_pane", {"instanceId": "sessions", "height": 100}),
        ("move_pane", {"instanceId": "sessions", "reference": "conversation", "direction": "below"}),
    )
    assert json.loads(resized)["width"] == 420
    assert "only its width can change" in wrong
    assert json.loads(moved)["y"] > 0
    expect_stored(cockpit, {"column": ["conversation", "sessions"]})
    ask(
        cockpit,
        model,
        ("float_pane", {"instanceId": "sessions"}),
        ("dock_pane", {"instanceId": "sessions"}),
        ("maximize_pane", {"instanceId": "sessions"}),
        ("restore_pane", {"instanceId": "sessions"}),
    )
    expect_stored(cockpit, {"column": ["conversation", "sessions"]})


@requirement("D16", "D17")
def test_what_floats_has_no_sides_and_goes_back_to_where_it_was(cockpit: Page, model: FakeOllama) -> None:
    _, refused, _ = ask(
        cockpit,
        model,
        ("float_pane", {"instanceId": "sessions"}),
        ("split_pane", {"instanceId": "sessions", "direction": "left", "paneId": "conversation"}),
        ("maximize_pane", {"instanceId": "conversation"}),
    )
    assert "dock it first (dock_pane)" in refused
    expect_stored(cockpit, "conversation", floats=["sessions"], maximized="conversation")
    expect(pane(cockpit, "sessions")).to_be_hidden()


@requirement("D12")
def test_the_agent_makes_and_switches_workspaces(cockpit: Page, model: FakeOllama) -> None:
    ask(cockpit, model, ("create_workspace", {"name": "Night watch"}), ("switch_workspace", {"id": "main"}))
    expect(cockpit.get_by_role("link", name="Night watch")).to_be_visible()
    expect(cockpit.get_by_role("link", name="Main")).to_have_attribute("aria-current", "page")
    expect_stored(cockpit, AT_FIRST, workspace="night-watch")


@requirement("D11", "D12")
def test_what_the_agent_does_to_the_screen_is_said_and_leaves_the_keyboard_alone(
    cockpit: Page, model: FakeOllama
) -> None:
    ask(
        cockpit,
        model,
        ("split_pane", {"instanceId": "conversation", "direction": "right", "paneId": "sessions"}),
    )
    said = cockpit.get_by_role("status").filter(has_text="Sessions opened to the right of Conversation")
    expect(said).to_have_count(1)
    expect(composer(cockpit)).to_be_focused()


@requirement("D12")
@pytest.mark.parametrize(
    "arranged",
    [
        (("open_pane", {"id": "peers"}), "Peers opened"),
        (("show", {"target": "shared"}), "Shared folders shown"),
        (("create_workspace", {"name": "Night watch"}), "Workspace Night watch made and shown"),
    ],
)
def test_whoever_writes_while_the_agent_arranges_loses_no_letter(
    cockpit: Page,
    model: FakeOllama,
    gate: asyncio.Event,
    stage: Stage,
    arranged: tuple[tuple[str, dict[str, Any]], str],
) -> None:
    call, said = arranged
    model.chat(reply(gate, calls(call), done()), answer("Arranged."))
    composer(cockpit).fill("arrange panes and workspaces and show them")
    composer(cockpit).press("Enter")
    cockpit.keyboard.type("half a ")
    stage.let(gate)
    expect(cockpit.get_by_role("status").filter(has_text=said)).to_have_count(1)
    cockpit.keyboard.type("thought")
    expect(composer(cockpit)).to_be_focused()
    expect(composer(cockpit)).to_have_value("half a thought")


def test_the_agent_shows_a_pane_beside_the_one_that_it_would_cover(cockpit: Page, model: FakeOllama) -> None:
    palette(cockpit, "Show Peers")
    tab(cockpit, "Conversation").click()
    ask(cockpit, model, ("show", {"target": "Peers"}))
    expect_stored(cockpit, {"row": ["sessions", "conversation", "peers"]})
    expect(composer(cockpit)).to_be_focused()


@requirement("Q4")
def test_the_bar_at_the_top_says_which_workspace_and_which_conversation(
    cockpit: Page, model: FakeOllama
) -> None:
    model.chat(answer("Rye, mostly."))
    composer(cockpit).fill("which flour for bread")
    composer(cockpit).press("Enter")
    banner = cockpit.get_by_role("banner")
    expect(banner.get_by_role("link", name="Main")).to_have_attribute("aria-current", "page")
    expect(banner.get_by_text("which flour for bread")).to_be_visible()
    expect(cockpit).to_have_title(re.compile("which flour for bread"))


@requirement("D10")
def test_a_command_that_is_for_the_agent_is_its_tool_and_asks_before_it_acts(
    cockpit: Page, model: FakeOllama
) -> None:
    model.chat(reply(calls(("theme.dark", {})), done()), answer("Dark it is."))
    composer(cockpit).fill("make the cockpit dark")
    composer(cockpit).press("Enter")
    expect(cockpit.get_by_text("theme.dark").first).to_be_visible()
    expect(cockpit.locator("html")).to_have_attribute("data-theme", "auto")
    cockpit.keyboard.press("Control+Alt+Enter")
    expect(cockpit.locator("html")).to_have_attribute("data-theme", "dark")
    expect(cockpit.get_by_text("Dark it is.").first).to_be_visible()
    cockpit.reload()
    expect(cockpit.locator("html")).to_have_attribute("data-theme", "dark")


# --- the owner's pointer -----------------------------------------------------------------------------


def drag(page: Page, source: Locator, x: float, y: float) -> None:
    box = source.bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x, y, steps=5)


@requirement("D18", "Q2")
def test_a_tab_is_dragged_to_a_side_with_a_preview_and_to_another_bar(cockpit: Page) -> None:
    box = pane(cockpit, "conversation").bounding_box()
    assert box
    drag(cockpit, tab(cockpit, "Sessions"), box["x"] + box["width"] / 2, box["y"] + box["height"] - 30)
    preview = cockpit.locator(".drop").bounding_box()
    assert preview
    assert preview["y"] > box["y"] + box["height"] / 3
    cockpit.mouse.up()
    expect_stored(cockpit, {"column": ["conversation", "sessions"]})
    target = tab(cockpit, "Conversation").bounding_box()
    assert target
    drag(cockpit, tab(cockpit, "Sessions"), target["x"] + 5, target["y"] + 10)
    cockpit.mouse.up()
    expect_stored(cockpit, "sessions+conversation")


def test_escape_takes_a_drag_back(cockpit: Page) -> None:
    drag(cockpit, tab(cockpit, "Sessions"), 700, 600)
    expect(cockpit.locator(".drop")).to_be_visible()
    cockpit.keyboard.press("Escape")
    cockpit.mouse.up()
    expect(cockpit.locator(".drop")).to_have_count(0)
    expect_stored(cockpit, AT_FIRST)


def test_a_tab_that_is_let_go_with_shift_floats_there_and_its_bar_moves_it(cockpit: Page) -> None:
    drag(cockpit, tab(cockpit, "Sessions"), 500, 300)
    cockpit.keyboard.down("Shift")
    cockpit.mouse.move(505, 300)
    cockpit.mouse.up()
    cockpit.keyboard.up("Shift")
    expect_stored(cockpit, "conversation", floats=["sessions"])
    before = pane(cockpit, "sessions").bounding_box()
    assert before
    cockpit.mouse.move(before["x"] + before["width"] / 2, before["y"] - 10)
    cockpit.mouse.down()
    cockpit.mouse.move(before["x"] + before["width"] / 2 + 80, before["y"] + 40, steps=4)
    cockpit.mouse.up()
    after = pane(cockpit, "sessions").bounding_box()
    assert after
    assert (round(after["x"] - before["x"]), round(after["y"] - before["y"])) == (80, 50)


@requirement("Q9")
def test_a_pane_that_floats_docks_and_moves_keeps_its_elements_and_the_draft_in_them(cockpit: Page) -> None:
    composer(cockpit).fill("half a thought")
    element = composer(cockpit).element_handle()
    for words in ("Float pane", "Dock pane", "Move pane to the left", "Maximize pane", "Restore pane"):
        palette(cockpit, words)
    expect_stored(cockpit, {"row": ["conversation", "sessions"]})
    assert composer(cockpit).evaluate("(now, before) => now === before", element)
    expect(composer(cockpit)).to_have_value("half a thought")


# --- the keyboard ------------------------------------------------------------------------------------


@requirement("Q12")
def test_everything_can_be_arranged_without_a_pointer(cockpit: Page) -> None:
    expect(composer(cockpit)).to_be_focused()
    cockpit.keyboard.press("Shift+F6")
    expect(pane(cockpit, "sessions")).to_have_attribute("data-active", "true")
    cockpit.keyboard.press("F6")
    expect(composer(cockpit)).to_be_focused()
    cockpit.keyboard.press("Control+Alt+ArrowLeft")
    expect(pane(cockpit, "sessions").locator(":focus")).to_have_count(1)
    palette(cockpit, "Move pane below")
    palette(cockpit, "Move pane to the right")
    expect_stored(cockpit, {"row": ["conversation", "sessions"]})
    gutter = cockpit.get_by_role("separator")
    before = gutter.get_attribute("aria-valuenow") or ""
    gutter.focus()
    cockpit.keyboard.press("ArrowLeft")
    expect(gutter).not_to_have_attribute("aria-valuenow", before)
    tab(cockpit, "Sessions").focus()
    cockpit.keyboard.press("Delete")
    expect_stored(cockpit, "conversation")
    palette(cockpit, "Show Sessions")
    expect_stored(cockpit, AT_FIRST)


@pytest.fixture
def behind(cockpit: Page) -> Page:
    """A page that began with Peers in front of the conversation."""
    palette(cockpit, "Show Peers")
    expect_stored(cockpit, {"row": ["sessions", "conversation+peers"]})
    cockpit.reload()
    expect(pane(cockpit, "peers")).to_be_visible()
    return cockpit


@pytest.mark.parametrize("keys", ["Control+Shift+O", "Shift+Escape"])
def test_a_key_that_leads_to_the_composer_shows_the_conversation_first(behind: Page, keys: str) -> None:
    behind.keyboard.press(keys)
    expect(composer(behind)).to_be_focused()


def test_a_new_conversation_comes_to_the_front_from_the_first_click_on(behind: Page) -> None:
    pane(behind, "sessions").get_by_role("button", name="New conversation").click()
    expect(composer(behind)).to_be_visible()


def test_the_palette_shows_the_conversation_that_is_out_of_sight_before_it_opens_another(
    behind: Page,
) -> None:
    palette(behind, "Open Conversation")
    expect(composer(behind)).to_be_focused()
    expect(tab(behind, "Conversation 2")).to_have_count(0)


def test_f6_goes_on_when_the_last_pane_is_closed(cockpit: Page) -> None:
    for _ in range(2):
        cockpit.keyboard.press("Control+Alt+x")
    expect(cockpit.locator(".layout")).to_be_focused()
    cockpit.keyboard.press("F6")
    expect(cockpit.get_by_role("contentinfo").locator(":focus")).to_have_count(1)


def test_the_keyboard_goes_on_in_the_other_workspace_when_one_is_deleted(cockpit: Page) -> None:
    cockpit.get_by_role("button", name="New workspace").click()
    cockpit.keyboard.type("Night watch")
    cockpit.keyboard.press("Enter")
    expect(cockpit).to_have_url(re.compile(r"#/w/night-watch$"))
    composer(cockpit).focus()
    palette(cockpit, "Delete workspace")
    cockpit.get_by_role("alertdialog").get_by_role("button", name="Delete").press("Enter")
    expect(cockpit).to_have_url(re.compile(r"#/w/main$"))
    expect(composer(cockpit)).to_be_focused()


@requirement("Q12")
def test_a_tab_bar_is_one_stop_and_its_arrows_go_round(cockpit: Page) -> None:
    palette(cockpit, "Open Conversation")
    expect_stored(cockpit, WITH_ANOTHER)
    first, second = tab(cockpit, "Conversation").first, tab(cockpit, "Conversation 2")
    expect(second).to_have_attribute("aria-selected", "true")
    expect(cockpit.locator("[role=tab][tabindex='0']")).to_have_count(2)
    second.focus()
    for key, target in (("ArrowRight", first), ("End", second), ("Home", first), ("ArrowLeft", second)):
        cockpit.keyboard.press(key)
        expect(target).to_be_focused()
        expect(target).to_have_attribute("aria-selected", "true")


@requirement("Q3")
def test_the_palette_takes_letters_at_once_and_its_keys_can_be_changed(cockpit: Page) -> None:
    composer(cockpit).focus()
    cockpit.keyboard.press("Control+/")
    cockpit.get_by_role("button", name="Keys of Find anything: Ctrl+K").click()
    cockpit.keyboard.press("Control+j")
    expect(cockpit.get_by_role("button", name="Keys of Find anything: Ctrl+J")).to_be_visible()
    cockpit.get_by_role("button", name="Close", exact=True).click()
    cockpit.reload()
    expect(composer(cockpit)).to_be_focused()
    cockpit.keyboard.press("Control+j")
    cockpit.keyboard.type("reset")
    expect(cockpit.locator("#palette-choices [role=option]").first).to_have_text(re.compile("Reset layout"))
    expect(composer(cockpit)).to_have_value("")


# --- what lasts --------------------------------------------------------------------------------------


@requirement("D18", "Q8")
def test_a_reload_and_another_page_show_the_same_layout_and_change_it_together(cockpit: Page) -> None:
    palette(cockpit, "Open Conversation")
    palette(cockpit, "Split to the right")
    expect_stored(cockpit, {"row": ["sessions", "conversation", "conversation"]})
    cockpit.reload()
    expect(cockpit.get_by_role("separator")).to_have_count(2)
    other = cockpit.context.new_page()
    other.goto(cockpit.url)
    tab(other, "Sessions").focus()
    other.keyboard.press("Delete")
    expect(pane(cockpit, "sessions")).to_have_count(0)
    expect_stored(cockpit, {"row": ["conversation", "conversation"]})


@requirement("Q8")
def test_a_workspace_has_an_address_of_its_own(cockpit: Page) -> None:
    cockpit.get_by_role("button", name="New workspace").click()
    cockpit.keyboard.type("Night watch")
    cockpit.keyboard.press("Enter")
    expect(cockpit).to_have_url(re.compile(r"#/w/night-watch$"))
    expect(pane(cockpit, "sessions")).to_be_visible()
    tab(cockpit, "Sessions").focus()
    cockpit.keyboard.press("Delete")
    expect_stored(cockpit, "conversation", workspace="night-watch")
    cockpit.get_by_role("link", name="Main").click()
    expect(pane(cockpit, "sessions")).to_be_visible()
    cockpit.go_back()
    expect(pane(cockpit, "sessions")).to_have_count(0)


def test_with_many_workspaces_the_one_that_is_shown_and_the_way_to_another_are_in_view(
    cockpit: Page, model: FakeOllama
) -> None:
    cockpit.evaluate("""async () => {
        for (let number = 0; number < 10; number += 1) {
            const body = JSON.stringify({title: `Workspace number ${number}`});
            await fetch("/api/layout", {method: "POST", body});
        }
    }""")
    ask(cockpit, model, ("list_workspaces", {}))
    cockpit.reload()
    expect(composer(cockpit)).to_be_visible()
    banner = cockpit.get_by_role("banner")
    cockpit.keyboard.press("Control+Alt+PageUp")
    shown = banner.get_by_role("link", name="Workspace number 9")
    expect(shown).to_have_attribute("aria-current", "page")
    expect(shown).to_be_in_viewport(ratio=1)
    expect(banner.get_by_role("button", name="New workspace")).to_be_in_viewport(ratio=1)
    expect(banner.locator(".crumb")).to_be_in_viewport()


def test_an_address_of_no_workspace_gives_way_to_that_of_the_one_that_is_shown(cockpit: Page) -> None:
    cockpit.goto(cockpit.url.replace("main", "nowhere"))
    expect(cockpit).to_have_url(re.compile(r"#/w/main$"))


def test_a_workspace_of_blanks_is_told_in_plain_words(cockpit: Page) -> None:
    cockpit.get_by_role("button", name="New workspace").click()
    cockpit.keyboard.type("  ")
    cockpit.keyboard.press("Enter")
    expect(cockpit.get_by_role("alert").filter(has_text="There are only blanks here.")).to_be_visible()


def test_a_stored_layout_that_names_unknown_panes_is_shown_without_them(cockpit: Page) -> None:
    stale = cockpit.evaluate("""async () => {
        const {revision} = await (await fetch("/api/layout/main")).json();
        const panes = [{id: "telescope-1", kind: "telescope", params: {}}];
        const root = {type: "group", id: "group-2", panes, active: "telescope-1"};
        const layout = {root, floats: [], maximized: null, next: 3};
        return (await fetch("/api/layout/main", {method: "PUT", body: JSON.stringify({revision, layout})})).status;
    }""")
    assert stale == 200
    expect(cockpit.get_by_text("Nothing is open here")).to_be_visible()
    palette(cockpit, "Reset layout")
    expect(composer(cockpit)).to_be_visible()


# --- for everybody -----------------------------------------------------------------------------------


@requirement("Q12")
def test_the_shell_has_no_barrier_that_axe_can_find_with_and_without_what_opens_above_it(
    cockpit: Page,
) -> None:
    palette(cockpit, "Show Sessions")
    palette(cockpit, "Float pane")
    expect_stored(cockpit, "conversation", floats=["sessions"])
    assert_accessible(cockpit)
    cockpit.keyboard.press("Control+k")
    expect(cockpit.locator("#palette-choices [role=option]").first).to_be_visible()
    assert_accessible(cockpit)
    cockpit.keyboard.press("Escape")
    cockpit.keyboard.press("Control+/")
    assert_accessible(cockpit)


@requirement("Q12")
def test_nothing_moves_by_itself_for_whoever_wants_less_motion(cockpit: Page) -> None:
    cockpit.emulate_media(reduced_motion="reduce")
    drag(cockpit, tab(cockpit, "Sessions"), 700, 600)
    cockpit.mouse.move(1200, 300)
    assert cockpit.evaluate("() => document.getAnimations().length") == 0
    cockpit.mouse.up()


@requirement("Q12")
def test_a_narrow_window_shows_one_pane_at_a_time(cockpit: Page) -> None:
    cockpit.set_viewport_size({"width": 420, "height": 800})
    expect(tab(cockpit, "Sessions")).to_be_visible()
    expect(composer(cockpit)).to_be_visible()
    expect(pane(cockpit, "sessions")).to_be_hidden()
    tab(cockpit, "Sessions").click()
    expect(pane(cockpit, "sessions")).to_be_visible()
    expect(composer(cockpit)).to_be_hidden()
    assert_accessible(cockpit)
    cockpit.set_viewport_size({"width": 1280, "height": 800})
    expect_stored(cockpit, AT_FIRST)


def test_a_pane_that_is_wanted_before_the_workspaces_are_here_opens_when_they_come(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        # The page that goes may still be storing its layout.
        held.append(route) if route.request.method == "GET" else route.continue_()

    page.route("**/api/layout", hold)
    with page.expect_request(lambda request: request.method == "GET" and request.url.endswith("/api/layout")):
        page.reload()
    page.get_by_role("button", name="Peers", exact=True).click()
    expect(page.get_by_text("Waiting for the node…")).to_be_visible()
    for route in held:
        route.continue_()
    expect(pane(page, "peers")).to_be_visible()
    expect_stored(page, {"row": ["sessions", "conversation+peers"]})
    expect(page.get_by_text("Waiting for the node…")).to_have_count(0)


def test_a_pane_that_could_not_be_fetched_is_fetched_when_the_connection_is_back(
    page: Page, watch: Watch
) -> None:
    watch.expect("ERR_FAILED|WebSocket|dynamically imported|preload")
    sockets: list[WebSocketRoute] = []

    def pass_on(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket("**/ws", pass_on)
    page.reload()
    expect(composer(page)).to_be_visible()
    page.route("**/*.js", lambda route: route.abort())
    page.get_by_role("button", name="Peers", exact=True).click()
    expect(page.get_by_text("This pane could not be fetched")).to_be_visible()
    page.unroute("**/*.js")
    sockets[-1].close()
    expect(pane(page, "peers")).to_contain_text("Nobody is here yet")
