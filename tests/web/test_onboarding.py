"""From a fresh node to a model that answers, in the cockpit: every state says what to do next."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fakes.ollama_server import ALL, FakeOllama, answer, error, line
from tests.fakes.scripted_server import Reply, Step
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.conftest import StartNode, Visit
from tests.web.node_process import NodeProcess, running
from tests.web.stage import Stage
from tests.web.talk import ask, composer, expect_answered
from tests.web.watch import Watch

GEMMA = "gemma4:e2b"
NOWHERE = "http://127.0.0.1:9"


def card(page: Page) -> Locator:
    return page.locator(".find-model")


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[NodeProcess]:
    """A node on a machine without any model server."""
    with running(tmp_path / "lonely", name="lonely", more={"PALAVER_OLLAMA_URL": NOWHERE}) as node:
        yield node


@requirement("C8", "Q2")
def test_without_any_server_rules_answer_at_once_and_every_way_on_is_said(
    lonely: NodeProcess, visit: Visit
) -> None:
    page, watch = visit(lonely)
    watch.expect("404 .Not Found.|400 .Bad Request.|503 .Service Unavailable.")
    expect(card(page).get_by_role("heading", name="Rules (no model)")).to_be_visible()
    expect(card(page)).to_contain_text("Start Ollama, LM Studio, vLLM or llama-server")
    page.wait_for_load_state("networkidle")
    assert_accessible(page)
    # By keyboard alone: a file that is not there is told of, and nothing is lost.
    card(page).get_by_text("Other ways to a model").focus()
    page.keyboard.press("Enter")
    card(page).get_by_role("textbox", name="A model file").focus()
    page.keyboard.type("/nowhere/model.gguf")
    page.keyboard.press("Enter")
    expect(card(page).get_by_role("alert")).to_contain_text("/nowhere/model.gguf")
    card(page).get_by_role("button", name="Go on with rules").press("Enter")
    expect(card(page)).to_have_count(0)
    ask(page, "what time is it")
    expect(page.locator("article.turn")).to_have_attribute("data-state", "done")


@requirement("U7")
def test_what_rules_answer_is_not_pushed_away_by_the_ways_to_a_model(
    lonely: NodeProcess, visit: Visit
) -> None:
    page, _ = visit(lonely)
    ask(page, "what time is it")
    expect_answered(page, "It is")
    expect(card(page)).to_have_count(0)
    page.get_by_role("button", name="Find a model").click()
    expect(card(page)).to_be_visible()


@requirement("C8")
def test_a_pull_shows_how_far_it_is_and_its_model_answers_when_it_is_there(
    model: FakeOllama, visit: Visit, start_node: StartNode, stage: Stage
) -> None:
    model.models.clear()
    gate = asyncio.Event()

    def fetched(_: object) -> Reply:
        model.models = {GEMMA: ALL}
        layer = {"status": "pulling 1", "digest": "sha256:1", "total": 200, "completed": 100}
        steps: list[Step] = [
            line({"status": "pulling manifest"}),
            line(layer),
            gate,
            line({"status": "success"}),
        ]
        return Reply(steps=steps, content_type="application/x-ndjson")

    model.answer("/api/pull", fetched)
    page, _ = visit(start_node())
    card(page).get_by_role("button", name=f"Fetch {GEMMA}").click()
    expect(card(page).get_by_role("progressbar")).to_have_attribute("value", "50")
    expect(card(page)).to_contain_text("Fetching gemma4:e2b: pulling 1, 50 %")
    expect(card(page).get_by_role("button", name="Stop")).to_be_visible()
    stage.let(gate)
    expect(card(page)).to_have_count(0)
    model.chat(answer("Paris."))
    ask(page, "capital of France?")
    expect_answered(page, "Paris.")


@requirement("C8")
def test_a_pull_that_fails_says_why_and_can_be_tried_with_another_name(
    model: FakeOllama, visit: Visit, start_node: StartNode
) -> None:
    model.models.clear()
    model.answer("/api/pull", error(500, "pull model manifest: file does not exist"))
    page, watch = visit(start_node())
    watch.expect("the server responded with a status of")
    card(page).get_by_text("Fetch another").click()
    card(page).get_by_role("textbox", name="Name of the model to fetch").fill("nosuch:1b")
    page.keyboard.press("Enter")
    expect(card(page).get_by_role("alert")).to_contain_text("nosuch:1b could not be fetched")
    expect(card(page).get_by_role("alert")).to_contain_text("file does not exist")
    expect(card(page).get_by_role("button", name=f"Fetch {GEMMA}")).to_be_visible()


@requirement("C10", "C8", "P1", "P7")
def test_a_chosen_model_that_is_gone_is_told_with_its_remedy_and_another_is_one_press_away(
    page: Page, node: NodeProcess, model: FakeOllama
) -> None:
    node.call("PUT", "/api/settings/models.default", {"value": "gone:1b"})
    page.reload()
    expect(card(page).get_by_role("heading", name="The model cannot be used")).to_be_visible()
    status = node.call("GET", "/api/agent/status")["readiness"]
    # One resolver: card, status bar and composer say the same.
    for place in (card(page), page.locator(".status-bar"), page.locator(".reason-to-wait")):
        expect(place).to_contain_text(status["text"], ignore_case=True)
    composer(page).fill("hello")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    expect(card(page).get_by_role("heading", name="Ollama")).to_be_visible()
    assert_accessible(page)
    card(page).get_by_role("button", name="Use tiny:latest").click()
    expect(card(page)).to_have_count(0)
    model.chat(answer("Here."))
    ask(page, "hello")
    expect_answered(page, "Here.")


@requirement("C10")
def test_a_server_that_is_down_leaves_rules_as_a_way_on_and_a_way_back(page: Page, node: NodeProcess) -> None:
    node.call("PUT", "/api/settings/models.url", {"value": NOWHERE})
    page.reload()
    expect(card(page)).to_contain_text("Start the model server")
    card(page).get_by_role("button", name="Go on with rules").click()
    expect(card(page)).to_have_count(0)
    expect(page.locator(".status-bar")).to_contain_text("Rules (no model)")
    page.get_by_role("button", name="Find a model").click()
    expect(card(page).get_by_role("button", name="Use tiny:latest")).to_be_visible()
    card(page).get_by_role("button", name="All settings").click()
    expect(page.locator(".settings")).to_be_visible()


@requirement("Q13")
def test_a_template_goes_into_the_composer_with_the_cursor_at_its_first_gap(page: Page, watch: Watch) -> None:
    page.get_by_role("button", name="Task, inputs, output, constraints").click()
    expect(composer(page)).to_have_value("Task: \nInputs: \nOutput: \nConstraints: ")
    expect(composer(page)).to_be_focused()
    page.keyboard.type("bake")
    expect(composer(page)).to_have_value("Task: bake\nInputs: \nOutput: \nConstraints: ")
    composer(page).fill("")
    page.get_by_role("button", name="Look into my notes").click()
    expect(composer(page)).to_have_value("Search my notes for ")
    assert not watch.faults
