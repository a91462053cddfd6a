"""What is served at `/`: the built cockpit under a policy of its own, or a page that says how to build it."""

import json
import re
import struct
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from node import page
from tests.mission import requirement
from tests.node.nodes import RunningNode, running_node

PUBLIC = Path(page.__file__).parent / "web" / "public"

INDEX = '<!doctype html><meta property="csp-nonce" nonce="cockpit-nonce"><title>Palaver</title>'


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cockpit of two small files in the place of the real one."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "icons").mkdir()
    (folder / "icons" / "palaver.svg").write_text("<svg/>")
    (folder / "index.html").write_text(INDEX)
    (folder / "assets" / "index-AbC_12.js").write_text("export {};")
    (folder / "built-from").write_text("a hash")
    monkeypatch.setattr(page, "COCKPIT", folder)
    return folder


async def get(node: RunningNode, path: str) -> tuple[int, dict[str, str], str]:
    headers = {"Authorization": f"Bearer {node.token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.get(URL(node.url + path, encoded=True), headers=headers) as answer,
    ):
        return answer.status, dict(answer.headers), await answer.text()


async def test_every_load_of_the_cockpit_grants_stylesheets_a_nonce_of_its_own(
    tmp_path: Path, built: Path
) -> None:
    async with running_node(tmp_path / "data") as node:
        nonces = []
        for _ in range(2):
            status, headers, text = await get(node, "/")
            (nonce,) = re.findall(r'nonce="([^"]+)"', text)
            assert status == 200
            assert f"style-src 'self' 'nonce-{nonce}';" in headers["Content-Security-Policy"]
            assert "script-src 'self';" in headers["Content-Security-Policy"]
            nonces.append(nonce)
        assert len({*nonces, page.NONCE}) == 3


async def test_the_page_is_asked_for_each_time_and_its_named_files_only_once(
    tmp_path: Path, built: Path
) -> None:
    async with running_node(tmp_path / "data") as node:
        _, headers, _ = await get(node, "/")
        assert headers["Cache-Control"] == "no-cache"
        status, headers, text = await get(node, "/assets/index-AbC_12.js")
        assert (status, text) == (200, "export {};")
        assert "immutable" in headers["Cache-Control"]
        assert headers["Content-Type"].endswith("javascript")
        assert "nonce" not in headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/assets/",
        "/assets/..%2Fbuilt-from",
        "/assets/%2e%2e/built-from",
        "/icons/..%2Fbuilt-from",
    ],
)
async def test_nothing_but_the_named_files_is_served(tmp_path: Path, built: Path, path: str) -> None:
    async with running_node(tmp_path / "data") as node:
        assert (await get(node, path))[0] == 404


async def test_a_node_without_a_cockpit_says_how_to_build_it_and_shows_it_once_it_is_there(
    tmp_path: Path, built: Path
) -> None:
    index = built / "index.html"
    index.rename(built / "away")
    async with running_node(tmp_path / "data") as node:
        status, _, text = await get(node, "/")
        assert status == 200
        assert "scripts/build_ui.py" in text
        (link,) = re.findall(r'<a href="([^"]+)"', text)
        status, _, plain = await get(node, link)
        assert status == 200
        assert "/plain/plain.js" in plain
        (built / "away").rename(index)
        assert "csp-nonce" in (await get(node, "/"))[2]


@requirement("R4")
async def test_the_manifest_names_the_node_and_is_for_its_owner_alone(tmp_path: Path, built: Path) -> None:
    async with running_node(tmp_path / "data", name="mara") as node:
        status, headers, text = await get(node, "/manifest.webmanifest")
        assert (status, headers["Content-Type"].split(";")[0]) == (200, "application/manifest+json")
        assert json.loads(text)["name"] == "Palaver: mara"
        assert (await get(node, "/icons/palaver.svg"))[2] == "<svg/>"
        async with aiohttp.ClientSession() as stranger:
            for path in ("/manifest.webmanifest", "/icons/palaver.svg"):
                async with stranger.get(node.url + path) as refused:
                    assert refused.status == 401


@requirement("R4")
@pytest.mark.parametrize("icon", page.ICONS, ids=lambda icon: icon["src"])
def test_every_icon_of_the_manifest_is_there_in_its_size(icon: Mapping[str, str]) -> None:
    drawn = (PUBLIC / icon["src"].removeprefix("/")).read_bytes()
    if icon["type"] == "image/svg+xml":
        assert b"<svg" in drawn
        return
    signature, _, _, width, height = struct.unpack(">8sI4sII", drawn[:24])
    assert signature == b"\x89PNG\r\n\x1a\n"
    assert f"{width}x{height}" == icon["sizes"]


def test_the_colours_around_an_installed_cockpit_are_those_of_its_own_background() -> None:
    tokens = (PUBLIC.parent / "src" / "style" / "tokens.css").read_text()
    (light, dark), *_ = re.findall(r"--paper: light-dark\((#\w+), (#\w+)\)", tokens)
    html = (PUBLIC.parent / "index.html").read_text()
    assert re.findall(r'"theme-color" content="(#\w+)"', html) == [light, dark]
    assert light == page.PAPER
