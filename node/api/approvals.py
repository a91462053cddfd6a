"""`/api/approvals`: the calls that wait for the owner's word, and that word."""

from aiohttp import web
from pydantic import Field

from agent.events import ApprovalResponse, Decision
from agent.finite import FiniteObject
from node.api.errors import ApiError
from node.api.requests import Body, body_of
from node.approvals import Approvals


class GivenAnswer(Body):
    """As `approval_response` has it over the socket."""

    decision: Decision
    rule: str | None = Field(default=None, max_length=1_000)
    args: FiniteObject | None = None


class ApprovalsApi:
    def __init__(self, approvals: Approvals) -> None:
        self._approvals = approvals

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/api/approvals", self.list)
        app.router.add_post("/api/approvals/{id}", self.answer)

    async def list(self, request: web.Request) -> web.Response:
        """List what waits, the oldest first, each as the `approval_request` that told of it."""
        waiting = self._approvals.waiting(request.query.get("sessionId"))
        return web.json_response([asked.model_dump(mode="json") for asked in waiting])

    async def answer(self, request: web.Request) -> web.Response:
        """Answer; the first answer of any client holds."""
        given = await body_of(request, GivenAnswer)
        response = ApprovalResponse(
            approval_id=request.match_info["id"], decision=given.decision, rule=given.rule, args=given.args
        )
        if problem := await self._approvals.answer(response):
            raise ApiError(409, "approval_refused", problem)
        return web.Response(status=204)
