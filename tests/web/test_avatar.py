"""The agent's face beside its last words: a mood for what goes on, and no motion for whoever wants none."""

import asyncio

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fakes.ollama_server import FakeOllama, answer, calls, done, error, reply, text, thinking
from tests.mission import requirement
from tests.web.axe import assert_accessible
from tests.web.node_process import NodeProcess
from tests.web.stage import Stage
from tests.web.talk import ask, composer, expect_answered, turn

NOTE = ("notes.write", {"name": "bread", "text": "x", "mode": "replace"})
MOTIONS = "(face) => face.getAnimations({ subtree: true }).filter(({ playState }) => playState === 'running').length"


@pytest.fixture
def face(page: Page) -> Locator:
    return page.locator(".avatar")


def expect_mood(face: Locator, mood: str) -> None:
    expect(face).to_have_attribute("data-mood", mood)


@requirement("Q11")
def test_the_face_thinks_works_asks_and_rests_as_its_turn_does(
    page: Page, face: Locator, model: FakeOllama, stage: Stage, gate: asyncio.Event
) -> None:
    model.chat(
        reply(*thinking("Let me see."), gate, *text("I will note it."), calls(NOTE), done()),
        answer("Noted."),
    )
    ask(page, "note it")
    expect_mood(face, "thinking")
    stage.let(gate)
    expect_mood(face, "asking")
    # What it says stands in words beside it, so it is nothing for who cannot see it.
    expect(face).to_have_attribute("aria-hidden", "true")
    assert_accessible(page)
    page.get_by_role("button", name="Allow once").click()
    expect_answered(page, "Noted.")
    expect_mood(face, "idle")
    expect(face).to_have_count(1)


@requirement("Q11")
def test_the_face_of_a_turn_that_failed_says_so_and_the_next_turn_has_its_own(
    page: Page, face: Locator, model: FakeOllama, gate: asyncio.Event
) -> None:
    model.chat(error(400, "broken"), reply(*text("Noon"), gate, done()))
    ask(page, "what time is it")
    expect(turn(page)).to_have_attribute("data-state", "failed")
    expect_mood(face, "failed")
    ask(page, "once more")
    expect(turn(page)).to_contain_text("Noon")
    expect_mood(face, "working")


@requirement("Q11")
def test_the_face_moves_unless_its_owner_or_the_system_wants_it_still(
    page: Page, face: Locator, node: NodeProcess, model: FakeOllama, gate: asyncio.Event
) -> None:
    model.chat(reply(*thinking("Let me see."), gate, *text("Noon."), done()))
    ask(page, "what time is it")
    expect_mood(face, "thinking")
    expect(face).to_have_attribute("data-animated", "true")
    assert face.evaluate(MOTIONS) > 0
    page.emulate_media(reduced_motion="reduce")
    assert face.evaluate(MOTIONS) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert face.evaluate(MOTIONS) > 0
    page.keyboard.press("Control+.")
    page.locator("[data-key='agent.avatarAnimation']").get_by_role("switch").uncheck()
    expect(face).to_have_attribute("data-animated", "false")
    assert face.evaluate(MOTIONS) == 0
    assert node.call("GET", "/api/settings/agent.avatarAnimation")["value"] is False
    page.reload()
    expect(composer(page)).to_be_visible()
    expect(face).to_have_attribute("data-animated", "false")
