"""The settings pane: every setting with a fitting control, the permission rules with their tester, the keys."""

from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.fakes.ollama_server import ALL, FakeOllama, answer, calls, done, reply
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.node_process import NodeProcess
from tests.web.talk import ask, expect_answered, turn
from tests.web.watch import Watch

NOTE = {"name": "bread", "text": "Feed it daily.", "mode": "replace"}


@pytest.fixture
def settings(page: Page) -> Locator:
    """The pane, opened by its keys."""
    expect(page.get_by_role("region", name="Transcript")).to_be_visible()
    page.keyboard.press("Control+.")
    opened = page.locator(".settings")
    expect(opened.locator("[data-key='agent.maxRounds']")).to_be_visible()
    return opened


def row(settings: Locator, key: str) -> Locator:
    return settings.locator(f"[data-key='{key}']")


def value(node: NodeProcess, key: str) -> object:
    return node.call("GET", f"/api/settings/{key}")["value"]


def sent(page: Page) -> AbstractContextManager[object]:
    """Wait until what is done in the block has been answered by the node."""
    return page.expect_response(lambda answer: "/api/settings/" in answer.url and answer.ok)


@requirement("Q2", "T2")
def test_every_setting_of_the_node_is_there_with_what_it_means(settings: Locator, node: NodeProcess) -> None:
    for setting in node.call("GET", "/api/settings"):
        there = row(settings, setting["key"])
        expect(there).to_have_count(1)
        expect(there.get_by_text(setting["key"], exact=True).first).to_be_attached()
    expect(row(settings, "chat.maxRunning")).to_contain_text("Turns of different sessions that run at once.")


@requirement("T2")
def test_what_is_typed_while_a_setting_is_being_saved_stays(
    settings: Locator, page: Page, node: NodeProcess
) -> None:
    held: list[Route] = []
    page.route("**/api/settings/agent.maxRounds", lambda route: held.append(route))  # noqa: PLW0108  playwright asks for a function
    field = row(settings, "agent.maxRounds").get_by_role("textbox")
    field.fill("7")
    with page.expect_request("**/api/settings/agent.maxRounds"):
        field.press("Enter")
    field.fill("72")
    page.unroute("**/api/settings/agent.maxRounds")
    with sent(page):
        held[0].continue_()
    expect(
        row(settings, "agent.maxRounds").get_by_role("button", name="Reset Max rounds to 24")
    ).to_be_visible()
    expect(field).to_have_value("72")
    with sent(page):
        field.press("Enter")
    assert value(node, "agent.maxRounds") == 72


def test_the_search_field_stays_within_a_narrow_pane(settings: Locator, page: Page) -> None:
    page.set_viewport_size({"width": 180, "height": 800})
    field = settings.get_by_role("searchbox")
    assert field.evaluate("(field) => field.getBoundingClientRect().right <= innerWidth")


@requirement("Q2", "T2")
def test_a_value_is_kept_and_one_that_does_not_fit_is_told_in_its_place(
    settings: Locator, page: Page, node: NodeProcess, watch: Watch
) -> None:
    watch.expect("400 .Bad Request.")
    rounds = row(settings, "agent.maxRounds")
    field = rounds.get_by_role("textbox", name="Max rounds")
    field.fill("2000")
    field.press("Enter")
    expect(rounds.get_by_role("alert")).to_have_text("write a whole number from -1 to 1,000")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("7")
    field.press("Enter")
    expect(rounds.get_by_role("alert")).to_have_count(0)
    rounds.get_by_role("button", name="Reset Max rounds to 24").click()
    expect(field).to_have_value("24")
    expect(rounds.get_by_role("button", name="Reset")).to_have_count(0)
    # What only the node can tell is told in its words.
    address = row(settings, "models.url")
    address.get_by_role("textbox").fill("not an address")
    address.get_by_role("textbox").press("Enter")
    expect(address.get_by_role("alert")).to_contain_text("write an address as http://127.0.0.1:11434")
    row(settings, "network.signAsks").get_by_role("switch").check()
    expect(row(settings, "network.signAsks")).to_contain_text("On")
    assert value(node, "network.signAsks") is True
    with sent(page):
        row(settings, "network.defaultGrants").get_by_label("Read notes").check()
    assert value(node, "network.defaultGrants") == ["ask", "shared", "notes"]
    row(settings, "ui.theme").get_by_role("combobox").select_option("Dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@requirement("Q2")
def test_a_setting_is_found_by_words_and_opened_from_the_palette(settings: Locator, page: Page) -> None:
    settings.get_by_role("searchbox").fill("approval waits person")
    expect(settings.locator(".setting")).to_have_count(1)
    expect(row(settings, "agent.approvalTimeoutS")).to_be_visible()
    settings.get_by_role("searchbox").fill("no such thing")
    expect(settings).to_contain_text("No setting fits “no such thing”.")
    page.keyboard.press("Control+k")
    page.keyboard.type("telemetry.keep")
    expect(page.get_by_role("option", name="telemetry.keep")).to_be_visible()
    page.keyboard.press("Enter")
    expect(row(settings, "telemetry.keep").get_by_role("textbox")).to_be_focused()


@requirement("T3", "C7")
def test_the_model_is_chosen_from_those_that_answer_and_blank_is_the_node_s_choice(
    model: FakeOllama, settings: Locator, page: Page, node: NodeProcess
) -> None:
    model.models["gemma4:e2b"] = ALL
    model.models["plain:latest"] = ("completion",)
    picker = row(settings, "agent.orchestrator.model").get_by_role("combobox")
    expect(picker.locator("option:checked")).to_have_text("The node chooses: tiny:latest on Ollama")
    page.reload()
    expect(picker.locator("option")).to_contain_text(["gemma4:e2b", "plain:latest · no tools"])
    picker.select_option("gemma4:e2b")
    expect(page.locator(".status-bar")).to_contain_text("gemma4:e2b")
    assert value(node, "agent.orchestrator.model") == "gemma4:e2b"
    picker.select_option("Another: write its name")
    row(settings, "agent.orchestrator.model").get_by_label("Name of the model").fill("gguf:/nowhere.gguf")
    page.keyboard.press("Enter")
    expect(picker.locator("option:checked")).to_have_text("gguf:/nowhere.gguf (not there now)")
    row(settings, "agent.orchestrator.model").get_by_role("button", name="Reset").click()
    expect(picker.locator("option:checked")).to_have_text("The node chooses: gemma4:e2b on Ollama")


@requirement("E2", "E3", "E8")
def test_rules_are_added_changed_tried_and_removed(
    settings: Locator, page: Page, node: NodeProcess, watch: Watch
) -> None:
    watch.expect("400 .Bad Request.")
    never = settings.locator("[data-list=deny]")
    never.get_by_role("combobox").fill("notes.write(")
    never.get_by_role("button", name="Add").click()
    expect(never.get_by_role("alert")).to_contain_text("cannot read the rule")
    never.get_by_role("combobox").fill("notes.write(diary)")
    never.get_by_role("button", name="Add").click()
    expect(never.locator("li")).to_contain_text(["notes.write(diary)"])
    never.get_by_role("combobox").fill("notes.wirte")
    never.get_by_role("button", name="Add").click()
    expect(never.locator("li").nth(1)).to_contain_text("did you mean notes.write?")
    never.get_by_role("button", name="Change the rule notes.wirte").click()
    never.get_by_label("Change the rule notes.wirte").fill("notes.write(se*)")
    page.keyboard.press("Enter")
    expect(never.locator("li").nth(1)).to_have_text("notes.write(se*)")
    unasked = settings.locator("[data-list=allow]")
    unasked.get_by_role("combobox").fill("notes.write")
    unasked.get_by_role("button", name="Add").click()
    expect(unasked.locator("li")).to_have_text(["notes.write"])
    settings.get_by_label("Call to try").fill("notes.write(secret)")
    page.keyboard.press("Enter")
    verdict = settings.locator(".verdict")
    expect(verdict).to_contain_text("Never runs")
    expect(verdict).to_contain_text("notes.write(se*)")
    never.get_by_role("button", name="Remove the rule notes.write(se*)").click()
    expect(never.locator("li")).to_have_count(1)
    settings.get_by_role("button", name="Try", exact=True).click()
    expect(verdict).to_contain_text("Runs unasked")
    settings.locator(".rule-tester select").select_option("plan: reads only")
    settings.get_by_role("button", name="Try", exact=True).click()
    expect(verdict).to_contain_text("Never runs")
    settings.get_by_label("Call to try").fill("((")
    page.keyboard.press("Enter")
    expect(settings.locator(".rule-tester")).to_contain_text("write tool(specifier)")
    assert value(node, "agent.permissions.deny") == ["notes.write(diary)"]


@requirement("E2", "Q2")
def test_rules_added_while_the_node_has_not_answered_are_all_kept_and_so_is_what_is_typed(
    settings: Locator, page: Page
) -> None:
    held: list[Route] = []
    page.route("**/agent.permissions.deny", lambda route: held.append(route))  # noqa: PLW0108  playwright asks for a function
    never = settings.locator("[data-list=deny]")
    field, add = never.get_by_role("combobox"), never.get_by_role("button", name="Add")
    field.fill("notes.write(diary)")
    with page.expect_request("**/agent.permissions.deny"):
        add.click()
    field.fill("notes.write(letters)")
    add.click()
    field.fill("notes.write(se")
    page.unroute("**/agent.permissions.deny")
    for route in held:
        route.continue_()
    expect(never.locator("li")).to_have_text(["notes.write(diary)", "notes.write(letters)"])
    expect(field).to_have_value("notes.write(se")


@requirement("E4")
def test_the_mode_is_chosen_in_plain_words(settings: Locator, page: Page, node: NodeProcess) -> None:
    picker = settings.get_by_role("radiogroup", name="Mode")
    expect(picker.get_by_role("radio", name="Ask before acting")).to_be_checked()
    picker.get_by_role("radio", name="Plan").check()
    expect(row(settings, "agent.permissions.mode").get_by_role("button", name="Reset")).to_be_visible()
    assert value(node, "agent.permissions.mode") == "plan"


@requirement("E7")
def test_what_was_allowed_for_a_session_or_always_can_be_taken_back(
    model: FakeOllama, page: Page, settings: Locator
) -> None:
    model.chat(reply(calls(("notes.write", NOTE)), done()), answer("Noted."))
    ask(page, "write it down")
    turn(page).get_by_text("Do not ask again for").click()
    turn(page).get_by_role("button", name="Allow in this session").click()
    expect_answered(page, "Noted.")
    page.reload()
    kept = settings.get_by_role("button", name="Forget the rule notes.write(bread)")
    kept.click()
    expect(kept).to_have_count(0)
    settings.get_by_label("Call to try").fill("notes.write(bread)")
    page.keyboard.press("Enter")
    expect(settings.locator(".verdict")).to_contain_text("Asks you first")


@requirement("Q9")
def test_keys_are_recorded_and_a_conflict_is_said(settings: Locator, page: Page) -> None:
    keys = row(settings, "ui.keys")
    keys.get_by_role("button", name="Keys of Write a message").click()
    page.keyboard.press("Control+k")
    expect(keys.get_by_role("status")).to_have_text("Ctrl+K is already Find anything.")
    keys.get_by_role("button", name="Keys of Write a message").click()
    page.keyboard.press("Control+Alt+w")
    expect(keys.get_by_role("button", name="Keys of Write a message: Ctrl+Alt+W")).to_be_visible()
    page.keyboard.press("Control+Alt+w")
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_focused()
    keys.get_by_role("button", name="Usual").click()
    expect(keys.get_by_role("button", name="Keys of Write a message: Shift+Escape")).to_be_visible()


@requirement("Q2")
def test_the_settings_can_be_used_by_everybody(settings: Locator, page: Page) -> None:
    field = row(settings, "agent.maxRounds").get_by_role("textbox")
    field.fill("many")
    field.press("Enter")
    settings.locator("[data-list=deny]").get_by_role("combobox").fill("notes.wirte")
    page.keyboard.press("Enter")
    expect(settings.locator(".flaw")).to_be_visible()
    settings.get_by_label("Call to try").fill("notes.read(bread)")
    page.keyboard.press("Enter")
    expect(settings.locator(".verdict")).to_be_visible()
    assert_accessible(page)
