"""`/api/permissions`: what is in force, what differs in a session, and what the gate would say of a call."""

from collections.abc import Callable, Mapping
from functools import partial

from aiohttp import web
from pydantic import ConfigDict, Field

from agent.beside import beside
from agent.errors import RuleError
from agent.gate import Judgement, judge, specifier_of
from agent.gate import Mode as GateMode
from agent.rules import Rule, read_rule
from node.api.errors import ApiError
from node.api.requests import Body, body_of
from node.permissions import Override, OwnerPermissions
from node.settings import Mode, RuleList
from tools.spec import ToolError, ToolSpec


class SessionOverride(Body):
    mode: Mode | None = None
    deny: RuleList = ()
    ask: RuleList = ()
    allow: RuleList = ()


class CallToTest(Body):
    model_config = ConfigDict(populate_by_name=True)

    call: str = Field(min_length=1, max_length=32_000)
    """`tool(specifier)`"""
    mode: Mode | None = None
    session_id: str | None = Field(default=None, alias="sessionId", max_length=128)


class PermissionsApi:
    def __init__(self, permissions: OwnerPermissions, tools: Callable[[], Mapping[str, ToolSpec]]) -> None:
        self._permissions = permissions
        self._tools = tools
        """The tools of the node and of the clients that are here now, by name."""

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/permissions", self.list)
        app.router.add_post("/api/permissions/test", self.test)
        app.router.add_put("/api/permissions/sessions/{id}", self.override)
        app.router.add_delete("/api/permissions/sessions/{id}", self.reset)

    async def list(self, request: web.Request) -> web.Response:
        return self._overview(request.query.get("sessionId"))

    async def override(self, request: web.Request) -> web.Response:
        """Let a mode and rules hold in one session until the node stops."""
        session_id, new = request.match_info["id"], await body_of(request, SessionOverride)
        mode = None if new.mode is None else GateMode(new.mode)
        own = Override(mode=mode, deny=new.deny, ask=new.ask, allow=new.allow)
        self._permissions.set_override(session_id, own)
        return self._overview(session_id)

    async def reset(self, request: web.Request) -> web.Response:
        self._permissions.set_override(request.match_info["id"], Override())
        return self._overview(request.match_info["id"])

    async def test(self, request: web.Request) -> web.Response:
        """Say what the gate would decide; nothing runs."""
        asked = await body_of(request, CallToTest)
        call = read_call(asked.call)
        tool = self._tools().get(call.tool) or ToolSpec(name=call.tool, description="")
        mode = self._permissions.mode(asked.mode, asked.session_id)
        judged = partial(
            judge,
            tool,
            canonical_specifier(tool, call.specifier or ""),
            mode=mode,
            rules=self._permissions.rules(asked.session_id),
            places=self._permissions.places(),
        )
        judgement = await beside(tool, judged)
        return web.json_response(verdict_json(call, mode, judgement, is_known=call.tool in self._tools()))

    def _overview(self, session_id: str | None) -> web.Response:
        return web.json_response(self._permissions.overview(self._tools().values(), session_id))


def read_call(text: str) -> Rule:
    """Read `tool(specifier)`, which is written as a rule is; raises `ApiError`."""
    try:
        return read_rule(text)
    except RuleError:
        text = f"cannot read the call {text[:200]!r}: write tool(specifier), as shell.run(git status)"
        raise ApiError(400, "bad_call", text) from None


def canonical_specifier(tool: ToolSpec, specifier: str) -> str:
    """Return what the specifier becomes when the tool is called with it."""
    name = tool.specifier.removeprefix("{").removesuffix("}")
    if tool.canonical is None or tool.specifier != f"{{{name}}}":
        return specifier
    try:
        return specifier_of(tool, tool.fit({name: specifier}))
    except ToolError as error:
        raise ApiError(400, "bad_call", str(error)) from None


def verdict_json(call: Rule, mode: GateMode, judgement: Judgement, *, is_known: bool) -> dict[str, object]:
    return {
        "call": str(call),
        "tool": call.tool,
        "known": is_known,
        "mode": mode.value,
        "verdict": judgement.verdict.value,
        "reason": judgement.reason,
    }
