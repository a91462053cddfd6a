"""Every setting of the node: its key, type, default, meaning and check. Secrets never live here."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Strict, TypeAdapter, ValidationError

from agent.errors import RuleError
from agent.rules import read_rule
from node.envelope import said_plainly
from node.store.settings import SettingStore

logger = logging.getLogger(__name__)

T = TypeVar("T")


class UnknownSetting(KeyError):
    """There is no setting of this key."""

    def __str__(self) -> str:
        return f"there is no setting {self.args[0]!r}"


class BadSetting(ValueError):
    """A value does not fit its setting; the text says what would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    key: str
    type: TypeAdapter[Any]
    default: object
    description: str

    def checked(self, value: object) -> object:
        """Return the value as its type has it; raise `BadSetting`."""
        try:
            return self.type.validate_python(value)
        except ValidationError as error:
            first = error.errors()[0]
            where = "".join(f"[{step}]" for step in first["loc"] if isinstance(step, int))
            text = f"{self.key}{where} cannot be {first['input']!r:.200}: {said_plainly(first)}"
            raise BadSetting(text) from None


class Settings:
    """The owner's choices over the defaults, at hand without waiting."""

    def __init__(self, store: SettingStore, chosen: Mapping[str, object]) -> None:
        self._store = store
        self._chosen = dict(chosen)
        self._watchers: list[tuple[frozenset[str], Callable[[], None]]] = []

    @classmethod
    async def load(cls, store: SettingStore) -> "Settings":
        """Read the stored choices. One that does not fit (any more) counts as its default."""
        chosen = {}
        for key, value in (await store.all()).items():
            try:
                chosen[key] = _setting(key).checked(value)
            except (UnknownSetting, BadSetting) as error:
                logger.warning("a stored setting is ignored: %s", error)
        return cls(store, chosen)

    def get(self, key: str) -> object:
        """Return the value in force; raise `UnknownSetting`."""
        return self._chosen.get(key, _setting(key).default)

    def text(self, key: str) -> str:
        return self._of(key, str)

    def texts(self, key: str) -> tuple[str, ...]:
        return self._of(key, tuple)

    def flag(self, key: str) -> bool:
        return self._of(key, bool)

    def whole(self, key: str) -> int:
        return self._of(key, int)

    def number(self, key: str) -> float:
        return self._of(key, float)

    def whole_or_none(self, key: str) -> int | None:
        return None if self.get(key) is None else self.whole(key)

    def number_or_none(self, key: str) -> float | None:
        return None if self.get(key) is None else self.number(key)

    def all(self) -> dict[str, object]:
        return {key: self.get(key) for key in SETTINGS}

    def watch(self, *keys: str, changed: Callable[[], None]) -> None:
        """Call `changed` after every change of one of these keys; raise `UnknownSetting`."""
        self._watchers.append((frozenset(_setting(key).key for key in keys), changed))

    async def put(self, key: str, value: object) -> object:
        """Check, store and return a value; raise `UnknownSetting` or `BadSetting`."""
        setting = _setting(key)
        checked = setting.checked(value)
        await self._store.put(key, setting.type.dump_python(checked, mode="json"))
        self._chosen[key] = checked
        self._tell(key)
        return checked

    async def delete(self, key: str) -> object:
        """Go back to the default and return it; raise `UnknownSetting`."""
        setting = _setting(key)
        await self._store.delete(key)
        self._chosen.pop(key, None)
        self._tell(key)
        return setting.default

    def _tell(self, key: str) -> None:
        for keys, changed in self._watchers:
            if key in keys:
                changed()

    def _of(self, key: str, kind: type[T]) -> T:
        value = self.get(key)
        assert isinstance(value, kind), f"{key} is no {kind.__name__}"
        return value


def _setting(key: str) -> Setting:
    if key not in SETTINGS:
        raise UnknownSetting(key)
    return SETTINGS[key]


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("write one line without control characters")
    return value


def _local_or_web_address(value: str) -> str:
    address = urlsplit(value)
    if value and (address.scheme not in {"http", "https"} or not address.hostname):
        raise ValueError("write an address as http://127.0.0.1:11434, or leave it blank")
    return value.rstrip("/")


def _absolute_folder(value: str) -> str:
    if value and not Path(value).is_absolute():
        raise ValueError("write the whole path of a folder, from the root on, or leave it blank")
    return value


def _with_port(value: tuple[str, ...]) -> tuple[str, ...]:
    if value and not (value[0].strip() and any("{port}" in part for part in value[1:])):
        raise ValueError("write a program and its arguments, one of which holds {port}")
    return value


def _rule(value: str) -> str:
    try:
        return str(read_rule(value))
    except RuleError as error:
        raise ValueError(str(error)) from None


Line: TypeAlias = Annotated[str, Field(max_length=200), AfterValidator(_one_line)]
ModelName: TypeAlias = Annotated[str, Field(max_length=1_000), AfterValidator(_one_line)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
RuleText: TypeAlias = Annotated[str, AfterValidator(_rule)]
RuleList: TypeAlias = Annotated[tuple[RuleText, ...], Strict(strict=False), Field(max_length=1_000)]
GrantList: TypeAlias = Annotated[
    tuple[Literal["ask", "shared", "notes", "model"], ...], Strict(strict=False), Field(max_length=4)
]
LINK_HOURS_MAX = 24 * 30
Mode: TypeAlias = Literal["plan", "default", "acceptEdits", "autonomous"]


def _make(key: str, kind: Any, default: object, description: str) -> Setting:
    # Strict: "5" is no number and 1 is no flag; a client that sends them has a fault worth hearing of.
    adapter = TypeAdapter[Any](kind, config=ConfigDict(strict=True))
    return Setting(key=key, type=adapter, default=default, description=description)


_TABLE = (
    _make(
        "agent.orchestrator.model",
        ModelName,
        "",
        "Model of the agent's turns alone: a name, `gguf:/path/to/model.gguf` to run that file here, or"
        " `peer:NAME` for the one that a peer lends. Blank: `models.default`.",
    ),
    _make(
        "agent.orchestrator.temperature",
        Annotated[float, Field(ge=0, le=2)],
        0.0,
        "Sampling temperature. 0 makes tool calls as repeatable as the model allows.",
    ),
    _make(
        "agent.orchestrator.contextSize",
        Annotated[Annotated[int, Field(ge=512, le=10_000_000)] | None, BeforeValidator(_blank_is_none)],
        None,
        "Context window in tokens, where the server lets the client choose, and of a model file that runs"
        " here. Blank: the server's default; 8,192 for a file.",
    ),
    _make(
        "agent.orchestrator.maxTokens",
        Annotated[Annotated[int, Field(ge=1, le=1_000_000)] | None, BeforeValidator(_blank_is_none)],
        None,
        "Most tokens of one reply. Blank: the server's default.",
    ),
    _make(
        "agent.orchestrator.topP",
        Annotated[Annotated[float, Field(gt=0, le=1)] | None, BeforeValidator(_blank_is_none)],
        None,
        "Nucleus sampling. Blank: the server's default.",
    ),
    _make(
        "agent.maxRounds",
        Annotated[int, Field(ge=-1, le=1_000)],
        24,
        "Model calls of one turn that may bring tool calls. 0 is 24, too; below 0 is one.",
    ),
    _make(
        "agent.toolTimeoutS",
        Seconds,
        30.0,
        "Seconds that a tool call may take before the model reads that it did not answer.",
    ),
    _make(
        "agent.approvalTimeoutS",
        Seconds,
        300.0,
        "Seconds that an approval waits for a person; no answer denies.",
    ),
    _make(
        "agent.turnIdleS",
        Seconds,
        120.0,
        "Seconds without any sign of life from the model after which a turn ends.",
    ),
    _make(
        "agent.statusEveryS",
        Seconds,
        10.0,
        "Seconds between signs of life while a model thinks or is silent.",
    ),
    _make(
        "agent.replyMaxChars",
        Annotated[int, Field(ge=1_000, le=20_000_000)],
        400_000,
        "Characters of one reply, its reasoning included, after which the turn is stopped.",
    ),
    _make(
        "agent.compactAt",
        Annotated[float, Field(ge=0, le=1)],
        0.8,
        "Share of the model's context window from which the older turns of a session are read as a summary."
        " 0: only when you ask for it with `/compact`.",
    ),
    _make(
        "agent.avatarAnimation",
        bool,
        True,
        "Let the agent's face in the cockpit move while it thinks and works. Off, or where the system asks"
        " for less motion: it keeps still, and its look alone tells.",
    ),
    _make("agent.turnMaxS", Seconds, 900.0, "Seconds that a whole turn may take."),
    _make(
        "agent.tools.learn",
        bool,
        True,
        "Learn which words of your requests go with which tools, to have them in view sooner. Words only, on"
        " this machine only; `/tools forget` forgets them.",
    ),
    _make(
        "agent.permissions.mode",
        Mode,
        "default",
        "What the agent may do unasked: `plan` only reads, `default` asks before it acts, `acceptEdits` edits"
        " unasked, `autonomous` acts unless a rule says otherwise.",
    ),
    _make(
        "agent.permissions.allow",
        RuleList,
        (),
        "Calls that run unasked: `Tool` or `Tool(specifier)`, `*` is a wildcard.",
    ),
    _make("agent.permissions.ask", RuleList, (), "Calls that ask, whatever the mode or an allow rule says."),
    _make(
        "agent.permissions.allowAlways",
        bool,
        True,
        "Let an approval keep its rule for good. Off: once, or for the session.",
    ),
    _make(
        "agent.workspace",
        Annotated[str, Field(max_length=1_000), AfterValidator(_absolute_folder)],
        "",
        "Where relative paths, and path rules with one leading `/`, begin; the cockpit's editor opens its"
        " files. Blank: the owner's home, of which the editor opens nothing.",
    ),
    _make("agent.permissions.deny", RuleList, (), "Calls that never run, not even reading ones."),
    _make(
        "models.default",
        ModelName,
        "",
        "Model of all that is no turn of the agent, such as short completions, and of turns that have none of"
        " their own. Blank: the node's own choice.",
    ),
    _make(
        "models.url",
        Annotated[str, Field(max_length=2_000), AfterValidator(_local_or_web_address)],
        "",
        "Address of the model server. Blank: look for one on this machine.",
    ),
    _make(
        "models.allowRemote",
        bool,
        False,
        "Let the model server be on another machine. Conversations then leave this one.",
    ),
    _make(
        "models.spawn",
        Annotated[
            tuple[Annotated[str, Field(max_length=4_000)], ...],
            Strict(strict=False),
            Field(max_length=200),
            AfterValidator(_with_port),
        ],
        (),
        "Command line of a model server that the node starts on request and ends with itself, as a list;"
        " `{port}` stands for the free port that it is to listen on.",
    ),
    _make(
        "telemetry.keep",
        Annotated[int, Field(ge=0, le=10_000)],
        500,
        "How many of its calls the node remembers for `/api/telemetry`; fewer when their bodies exceed 4 MB."
        " They are never stored.",
    ),
    _make(
        "events.keepTurns",
        Annotated[int, Field(ge=1, le=10_000)],
        3,
        "Ended turns per session whose events are kept for clients that come back. Messages are always kept.",
    ),
    _make("network.nodeName", Line, "", "What peers read as this node's name. Blank: the machine's name."),
    _make(
        "network.trustMode",
        Literal["manual"],
        "manual",
        "How a peer becomes trusted: `manual`, by invite or by comparing codes. Being found is never enough.",
    ),
    _make(
        "network.allowRemoteAgent",
        bool,
        False,
        "Let trusted peers ask this node's agent. Off: none may, whatever it was granted.",
    ),
    _make(
        "network.defaultGrants",
        GrantList,
        ("ask", "shared"),
        "What a trusted peer may do here that has no grants of its own: `ask` the agent, read the folders"
        " that are `shared` with it, read your `notes`, use your `model`. Without `ask`, nothing.",
    ),
    _make(
        "network.keepAsks",
        Annotated[int, Field(ge=0, le=1_000_000)],
        5_000,
        "How many asks, sent and received, the record keeps; the oldest go first.",
    ),
    _make(
        "network.keepAskContent",
        bool,
        False,
        "Keep the words of asks and answers in the record, too, up to 8,000 characters of each.",
    ),
    _make(
        "network.signAsks",
        bool,
        False,
        "Sign the questions that begin here, so that every node they are passed on to can check, and keep,"
        " that it was this one. Off: nodes further on than your peers do not learn who asked first.",
    ),
    _make(
        "network.remoteAgentMode",
        Mode,
        "plan",
        "The permission mode of a peer's turn. Anything unknown counts as `plan`.",
    ),
    _make(
        "network.lendModel",
        bool,
        False,
        "Lend this node's model to the peers that were granted `model`. Their messages then pass through it;"
        " they are neither shown nor kept here. Off: to nobody, whatever was granted.",
    ),
    _make(
        "network.lendTokensPerDay",
        Annotated[int, Field(ge=0, le=1_000_000_000)],
        200_000,
        "Tokens that each peer may use of this node's model in a day.",
    ),
    _make("network.enableLanDiscovery", bool, False, "Show this node on the local network; look for others."),
    _make("network.hidden", bool, False, "Look for others on the local network without being shown there."),
    _make(
        "network.interfaces",
        Annotated[tuple[Line, ...], Strict(strict=False), Field(max_length=16)],
        (),
        "Names of the network interfaces to look on and be shown on, as a list. Empty: all but loopback, the"
        " bridges of containers, and VPNs.",
    ),
    _make(
        "network.listen",
        Literal["auto", "loopback", "lan"],
        "auto",
        "Where the peers' door listens: `loopback`, `lan`, or `auto`: on loopback until a peer is paired or"
        " discovery shows this node.",
    ),
    _make(
        "chat.activeSession",
        Line,
        "",
        "Id of the session that a client opens first; clients set it.",
    ),
    _make(
        "chat.waitMaxS",
        Seconds,
        120.0,
        "Seconds after which a message that nobody watches, as one over HTTP, leaves the queue unanswered.",
    ),
    _make(
        "chat.maxRunning",
        Annotated[int, Field(ge=1, le=64)],
        64,
        "Turns of different sessions that run at once.",
    ),
    _make(
        "chat.linkHours",
        Annotated[float, Field(gt=0, le=LINK_HOURS_MAX, allow_inf_nan=False)],
        24.0,
        "Hours after which a chat link ends, unless it was made for another time.",
    ),
    _make(
        "chat.linkPort",
        Annotated[int, Field(ge=0, le=65_535)],
        0,
        "Port at which new chat links are served. 0: a free one. Each link keeps the port it was made with.",
    ),
    _make(
        "console.bellAfterS",
        Annotated[
            Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] | None,
            BeforeValidator(_blank_is_none),
        ],
        5.0,
        "Seconds that a turn has to take for the console to ring the terminal's bell and mark its title at"
        " the end; a call that waits for your word does so at once. Blank: never.",
    ),
    _make(
        "ui.theme",
        Literal["auto", "light", "dark"],
        "auto",
        "Colours of the cockpit; `auto` follows the system.",
    ),
    _make("ui.workspace", Line, "", "Id of the workspace that the cockpit shows first; clients set it."),
    _make(
        "ui.keys",
        Annotated[dict[Line, Line], Field(max_length=200)],
        {},
        "Keys of the cockpit's commands where they are not the usual ones, as"
        ' `{"palette.open": "Ctrl+K"}`; blank takes the key away.',
    ),
)  # fmt: skip

SETTINGS: Mapping[str, Setting] = MappingProxyType({setting.key: setting for setting in _TABLE})
