"""The assistant as tools for other programs' models: `search`, `recommend` and `answer` over MCP at `/mcp`.

Streamable HTTP without sessions: every call stands alone, and none can change anything; who asks for a person is told
how to reach the shop. A tool's turn queues up with those of people.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import Field, ValidationError
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from chat.bodies import MAX_MESSAGE, Count, Ids, Limits, Message, Recommended
from chat.hardening import MAX_BODY, Problem
from chat.limits import TurnQueue
from chat.messages import Card, Citation, Frozen
from chat.problems import wrong_fields
from retrieval.errors import NamedropError
from retrieval.types import Constraint

if TYPE_CHECKING:
    from chat.assistant import Assistant

PATH = "/mcp"
_SAYS = (
    "A shop's assistant. Items, prices and policies come from the shop's own data: repeat them as they are, and do not "
    "name an item that no tool returned."
)
_READS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
# There is no cookie and no right that a page of another origin could borrow, and a proxy may give any host name.
_ANY_HOST = TransportSecuritySettings(enable_dns_rebinding_protection=False)

T = TypeVar("T")


class Answered(Frozen):
    """What the shop's data says to a question; `citations` are the passages quoted, none if it does not say."""

    text: str
    citations: tuple[Citation, ...]
    items: tuple[Card, ...]


class _Server(MCPServer):
    """Says what is wrong with a tool's arguments as the API does: without what was sent, and without links."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool."""
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            raise ToolError(f"The arguments are not valid: {wrong_fields(error.__cause__.errors())}") from error


def _server() -> MCPServer:
    """Return a server without tools; its constructor would set up the logging of the whole program."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    server: MCPServer = _Server("namedrop", title="Namedrop", instructions=_SAYS, log_level="WARNING")
    root.handlers[:], root.level = handlers, level
    return server


class Tools:
    """The MCP server over one assistant, as an ASGI application that answers while `running` is entered."""

    def __init__(self, assistant: Assistant, turns: TurnQueue) -> None:
        self._assistant = assistant
        self._turns = turns
        self._answering: ASGIApp | None = None
        self._server = _server()
        for tool in (self.search, self.recommend, self.answer):
            self._server.tool(annotations=_READS)(tool)

    async def search(self, query: Message, k: Count = 5) -> Recommended:
        """Find items by title (a misspelt one too), or by what they are about."""
        return Recommended(items=await self._turn(partial(self._assistant.search, query, k=k)))

    async def recommend(
        self,
        wish: Annotated[str, Field(max_length=MAX_MESSAGE)] = "",
        liked: Ids | None = None,
        disliked: Ids | None = None,
        limits: Limits | None = None,
        k: Count = 5,
    ) -> Recommended:
        """Recommend items for a wish in plain words ("something slow, before 1990"), liked and disliked item ids.

        Every item returned keeps every limit, said in words or given: {"field": "year", "op": "<", "value": 1990}.
        """
        constraints = [Constraint(x.field, x.op, x.value, x.label) for x in limits or ()]
        ask = partial(self._assistant.recommend, text=wish.strip(), constraints=constraints, k=k)
        return Recommended(items=await self._turn(partial(ask, liked=liked or (), disliked=disliked or ())))

    async def answer(self, question: Message) -> Answered:
        """Answer a question about the shop (delivery, returns, payment …) or about an item, quoting the shop's data."""
        reply = await self._turn(partial(self._assistant.reply, question, history=()))
        return Answered(text=reply.text, citations=reply.citations, items=reply.items)

    async def _turn(self, work: Callable[[], T]) -> T:
        try:
            return await self._turns.run(work)
        except NamedropError as error:  # its message is written for whoever asks
            raise ToolError(str(error)) from error

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answer calls until the context ends."""
        app = self._server.streamable_http_app(
            streamable_http_path=PATH,
            stateless_http=True,
            json_response=True,
            max_request_body_size=MAX_BODY,
            transport_security=_ANY_HOST,
        )
        async with self._server.session_manager.run():
            self._answering = app
            yield
        self._answering = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; nothing is ever sent unasked, so there is no stream to GET and no session to DELETE."""
        if scope["method"] != "POST":
            problem = Problem(405, "This address has no such method.", "POST", headers={"Allow": "POST"})
            await problem.response(PATH)(scope, receive, send)
        elif self._answering is None:
            await Problem(503, "The tools are not running.").response(PATH)(scope, receive, send)
        else:
            await self._answering(scope, receive, send)

    @property
    def route(self) -> Route:
        """The route to add to an application."""
        return Route(PATH, endpoint=self)
