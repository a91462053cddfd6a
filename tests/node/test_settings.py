import json
import math
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node.settings import SETTINGS, BadSetting, Settings, UnknownSetting
from node.store.db import Database
from node.store.settings import SettingStore
from tests.mission import requirement

MODES = ["plan", "default", "acceptEdits", "autonomous"]

# key: default, values that are taken, values that are refused
TABLE: dict[str, tuple[object, list[object], list[object]]] = {
    "agent.orchestrator.model": ("", ["qwen3:8b", ""], [7, None, "two\nlines", "x" * 1_001]),
    "agent.orchestrator.temperature": (0.0, [0.7, 2.0], [-0.1, 2.1, "hot", True, math.nan]),
    "agent.orchestrator.contextSize": (None, [8192, None], [1, "8192", 1.5, True]),
    "agent.orchestrator.maxTokens": (None, [1, 4096, None], [0, "many"]),
    "agent.orchestrator.topP": (None, [0.9, 1.0, None], [0.0, 1.1]),
    "agent.maxRounds": (24, [0, -1, 24], [-2, 2.5, 100_000]),
    "agent.toolTimeoutS": (30.0, [1.0, 0.5], [0.0, -1.0, math.inf, "30"]),
    "agent.approvalTimeoutS": (300.0, [1.0], [0.0]),
    "agent.turnIdleS": (120.0, [1.0], [0.0]),
    "agent.turnMaxS": (900.0, [1.0], [0.0]),
    "agent.statusEveryS": (10.0, [0.5], [0.0, -1.0]),
    "agent.replyMaxChars": (400_000, [1_000], [999, 1e9, "many"]),
    "agent.compactAt": (0.8, [0.0, 0.5, 1.0], [-0.1, 1.1, math.nan]),
    "agent.avatarAnimation": (True, [False, True], [0, "off", None]),
    "agent.tools.learn": (True, [False, True], [1, "yes"]),
    "agent.permissions.mode": ("default", list(MODES), ["ask", "", None, 1]),
    "agent.permissions.allow": ((), [("files.read(notes/*)", "list_peers")], ["files.read", ["a b"], [1]]),
    "agent.permissions.ask": ((), [("files.*",)], [["x("]]),
    "agent.permissions.allowAlways": (True, [False, True], [0, "no"]),
    "agent.workspace": ("", ["/srv/notes", ""], ["notes", "./x", 7]),
    "agent.permissions.deny": ((), [("files.read(**/.env)",), ()], [[""]]),
    "models.default": ("", ["qwen3:8b", ""], [7, None, "two\nlines"]),
    "models.url": ("", ["http://127.0.0.1:11434", "https://[::1]:1", ""], ["localhost:11434", "file:///x", "http://"]),
    "models.allowRemote": (False, [True, False], [1, "yes", None]),
    "models.spawn": (
        (), [("llama-server", "--port", "{port}"), ()], [["llama-server"], ["{port}"], "llama-server {port}", [1]],
    ),
    "telemetry.keep": (500, [0, 10_000], [-1, 10_001, 1.5, "all"]),
    "network.nodeName": ("", ["Ada's laptop"], ["bell\x07", 1]),
    "network.trustMode": ("manual", ["manual"], ["open-lan", "directory"]),
    "network.allowRemoteAgent": (False, [True, False], [1, "true"]),
    "network.defaultGrants": (("ask", "shared"), [("ask",), ()], [["all"], "ask", [1]]),
    "network.keepAsks": (5_000, [0, 1_000_000], [-1, 1.5, "all"]),
    "network.keepAskContent": (False, [True, False], [0, "no"]),
    "network.signAsks": (False, [True, False], [1, "yes"]),
    "network.remoteAgentMode": ("plan", list(MODES), ["ask", "root", None]),
    "network.lendModel": (False, [True, False], [1, "yes"]),
    "network.lendTokensPerDay": (200_000, [0, 10**9], [-1, 1.5, "all"]),
    "network.enableLanDiscovery": (False, [True, False], [0]),
    "network.hidden": (False, [True, False], [0, "no"]),
    "network.interfaces": ((), [("eth0", "wlan0"), ()], ["eth0", [1], ["two\nlines"]]),
    "network.listen": ("auto", ["auto", "loopback", "lan"], ["0.0.0.0"]),
    "chat.activeSession": ("", ["some id"], ["x" * 201]),
    "chat.waitMaxS": (120.0, [0.5], [0.0, -1.0]),
    "chat.maxRunning": (64, [1, 64], [0, 65, "all"]),
    "chat.linkHours": (24.0, [0.5, 720.0], [0.0, 721.0]),
    "chat.linkPort": (0, [0, 65_535], [-1, 65_536]),
    "console.bellAfterS": (5.0, [0.0, 60, None], [-1.0, math.inf, "soon", True]),
    "ui.theme": ("auto", ["light", "dark"], ["pink", None]),
    "ui.workspace": ("", ["main"], ["x" * 201, 1]),
    "ui.keys": ({}, [{"palette.open": "Ctrl+J"}, {}], [{"palette.open": 1}, ["Ctrl+K"], {"x": "y" * 201}]),
    "events.keepTurns": (3, [1, 100], [0, 10_001, "all"]),
}  # fmt: skip


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SettingStore]:
    db = await Database.open(tmp_path / "palaver.db")
    yield SettingStore(db)
    await db.close()


@requirement("T2")
def test_the_table_holds_exactly_the_settings_that_are_tested() -> None:
    assert SETTINGS.keys() == TABLE.keys()


@requirement("T2")
@pytest.mark.parametrize("key", TABLE)
async def test_a_setting_has_its_default_takes_what_fits_keeps_it_and_refuses_the_rest(
    store: SettingStore, key: str
) -> None:
    default, taken, refused = TABLE[key]
    settings = await Settings.load(store)
    assert settings.get(key) == default
    for value in taken:
        assert await settings.put(key, value) == value
        assert (await Settings.load(store)).get(key) == settings.get(key) == value
    for value in refused:
        with pytest.raises(BadSetting, match=f"^{key}"):
            await settings.put(key, value)
    assert settings.get(key) == taken[-1]
    assert await settings.delete(key) == settings.get(key) == default
    assert (await Settings.load(store)).get(key) == default


@pytest.mark.parametrize("key", TABLE)
def test_a_setting_has_a_meaning_a_schema_and_a_default_that_fits(key: str) -> None:
    setting = SETTINGS[key]
    assert setting.description.endswith(".")
    assert setting.checked(setting.default) == setting.default
    json.dumps([setting.type.json_schema(), setting.default])


@pytest.mark.parametrize("key", ["contextSize", "maxTokens", "topP"])
async def test_a_blank_leaves_the_choice_to_the_server(store: SettingStore, key: str) -> None:
    settings = await Settings.load(store)
    assert await settings.put(f"agent.orchestrator.{key}", "") is None


async def test_an_unknown_key_is_refused_everywhere(store: SettingStore) -> None:
    settings = await Settings.load(store)
    with pytest.raises(UnknownSetting, match=r"no setting 'agent\.secret'"):
        settings.get("agent.secret")
    with pytest.raises(UnknownSetting):
        await settings.put("agent.secret", 1)
    with pytest.raises(UnknownSetting):
        await settings.delete("agent.secret")
    assert await store.all() == {}


async def test_a_stored_value_that_does_not_fit_reads_as_the_default(
    store: SettingStore, caplog: pytest.LogCaptureFixture
) -> None:
    await store.put("network.remoteAgentMode", "ask")
    await store.put("gone.since.long", 1)
    settings = await Settings.load(store)
    assert settings.get("network.remoteAgentMode") == "plan"
    assert settings.all().keys() == SETTINGS.keys()
    assert "network.remoteAgentMode cannot be 'ask'" in caplog.text


async def test_a_bad_rule_is_named_with_its_place_in_the_list(store: SettingStore) -> None:
    settings = await Settings.load(store)
    with pytest.raises(BadSetting, match=r"agent\.permissions\.deny\[1\] cannot be 'x\('.*Tool"):
        await settings.put("agent.permissions.deny", ["files.read", "x("])


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("agent.permissions.deny", 5, ": Input should be a valid list"),
        ("agent.permissions.deny", ["x("], ": cannot read the rule 'x('"),
        ("models.spawn", ["llama-server"], ": write a program and its arguments"),
    ],
)
async def test_what_is_wrong_with_a_value_is_said_in_plain_words(
    store: SettingStore, key: str, value: object, why: str
) -> None:
    settings = await Settings.load(store)
    with pytest.raises(BadSetting, match=re.escape(why)):
        await settings.put(key, value)


async def test_typed_reads_give_the_declared_type(store: SettingStore) -> None:
    settings = await Settings.load(store)
    await settings.put("agent.toolTimeoutS", 5)
    assert settings.text("network.listen") == "auto"
    assert settings.flag("models.allowRemote") is False
    assert settings.number("agent.toolTimeoutS") == 5.0
    assert settings.whole("agent.maxRounds") == 24
    assert settings.texts("agent.permissions.allow") == ()
    assert settings.whole_or_none("agent.orchestrator.contextSize") is None
    await settings.put("agent.orchestrator.topP", 0.5)
    assert settings.number_or_none("agent.orchestrator.topP") == 0.5


async def test_whoever_watches_a_setting_is_told_after_each_change_of_it(store: SettingStore) -> None:
    settings = await Settings.load(store)
    heard: list[bool] = []
    settings.watch("network.hidden", changed=lambda: heard.append(settings.flag("network.hidden")))
    await settings.put("network.hidden", value=True)
    await settings.put("network.nodeName", "anna")
    await settings.delete("network.hidden")
    with pytest.raises(BadSetting):
        await settings.put("network.hidden", "perhaps")
    assert heard == [True, False]
    with pytest.raises(UnknownSetting):
        settings.watch("network.hiden", changed=lambda: None)
