"""The cockpit as an app of its own: what a browser says of its manifest, and `palaver open` with a page that is open."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.mission import requirement
from tests.web import chromium
from tests.web.node_process import STOP_LIMIT_S, NodeProcess
from tests.web.talk import composer

AWAY = """
    window.told = [];
    window.Notification = class {
        static permission = PERMISSION;
        constructor(title) { window.told.push(title); }
    };
    Object.defineProperty(document, "hidden", { get: () => true });
"""


@pytest.fixture
def browser_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A browser that writes down the address that it is to open."""
    seen, browser = tmp_path / "opened", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}\n')
    browser.chmod(0o700)
    monkeypatch.setenv("BROWSER", str(browser))
    return seen


def palaver_open(node: NodeProcess, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "node.cli", "open", "--data", str(node.data), *more]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=STOP_LIMIT_S)


def asked(page: Page, method: str) -> Any:
    return page.context.new_cdp_session(page).send(method)


@requirement("R4")
def test_the_browser_takes_the_manifest_and_would_install_the_cockpit(
    browser: Browser, node: NodeProcess, tmp_path: Path
) -> None:
    # Nothing can be installed from the private windows of which the other tests make their pages.
    with browser.browser_type.launch_persistent_context(
        tmp_path / "profile", executable_path=chromium.path(), args=chromium.ARGUMENTS
    ) as context:
        page = context.new_page()
        page.goto(node.entrance)
        expect(composer(page)).to_be_visible()
        manifest = asked(page, "Page.getAppManifest")
        assert (manifest["errors"], manifest["url"]) == ([], f"{node.url}/manifest.webmanifest")
        assert asked(page, "Page.getInstallabilityErrors")["installabilityErrors"] == []


@requirement("R4")
def test_the_colour_around_the_window_follows_the_choice_of_colours(page: Page) -> None:
    expect(composer(page)).to_be_visible()
    colour = """() => [...document.querySelectorAll('meta[name=theme-color]')]
        .filter(({ media }) => matchMedia(media).matches).map(({ content }) => content)"""
    page.emulate_media(color_scheme="light")
    assert page.evaluate(colour) == ["#fbfaf7"]
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(colour) == ["#16181a"]
    page.keyboard.press("Control+k")
    page.keyboard.type("Light colours")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert page.evaluate(colour) == ["#fbfaf7"]


@requirement("R4")
def test_a_page_that_is_on_the_screen_is_named_instead_of_a_second_one(
    page: Page, node: NodeProcess, browser_seen: Path
) -> None:
    expect(composer(page)).to_be_visible()
    done = palaver_open(node)
    assert done.stdout == ""
    assert done.stderr.startswith("The cockpit is open already, on the screen")
    assert not browser_seen.exists()
    assert palaver_open(node, "--new").stdout == f"{node.entrance}\n" == browser_seen.read_text()


@requirement("R4")
@pytest.mark.parametrize("permission", ["granted", "default"])
def test_a_page_in_the_background_notifies_its_owner_or_gives_way_to_another(
    page: Page, node: NodeProcess, browser_seen: Path, permission: str
) -> None:
    page.add_init_script(AWAY.replace("PERMISSION", repr(permission)))
    page.reload()
    expect(composer(page)).to_be_visible()
    done = palaver_open(node)
    if permission == "granted":
        assert page.evaluate("() => window.told") == ["Your cockpit is here"]
        assert "a notification leads to it" in done.stderr
        assert not browser_seen.exists()
    else:
        assert page.evaluate("() => window.told") == []
        assert "in the background" in done.stderr
        assert browser_seen.read_text() == f"{node.entrance}\n"


@requirement("R4")
def test_a_page_that_went_away_is_not_waited_for(page: Page, node: NodeProcess, browser_seen: Path) -> None:
    expect(composer(page)).to_be_visible()
    page.goto("about:blank")
    done = palaver_open(node)
    assert done.stdout == f"{node.entrance}\n" == browser_seen.read_text()
    assert done.stderr == ""
