"""The HTTP interface: JSON and server-sent events under `/api`, and the Gradio page at `/`.

Every method of the assistant blocks, so each is called in a worker thread; those that take a turn queue up for one of a
few (`chat.limits`). Whatever goes wrong is answered by `chat.problems`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from chat.bodies import (
    ChatBody,
    Export,
    FeedbackBody,
    Forgotten,
    Health,
    Judged,
    Limit,
    RecommendBody,
    Recommended,
    SessionPath,
)
from chat.callers import Caller
from chat.covers import cover
from chat.embedding import allow_origins, mount_widget
from chat.hardening import MAX_BODY, Hardening
from chat.limits import AddressLimit, Limits, Rates, TurnQueue, attended
from chat.mcp import Tools
from chat.memory_api import memory_routes
from chat.messages import Event, Openings, Reply, Status
from chat.openai_api import openai_routes
from chat.problems import RETRY_AFTER_S, STREAMED, Nowhere, answers, explain, explain_errors
from chat.reference import describe, mount_reference
from chat.state import Language
from chat.store import unknown
from chat.telemetry import Observed, Telemetry
from chat.ui import mount_ui
from retrieval.errors import NotReady, UnknownItem
from retrieval.types import Constraint

if TYPE_CHECKING:
    from chat.assistant import Assistant

_COVER_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cache-Control": "public, max-age=300",
    "Cross-Origin-Resource-Policy": "cross-origin",  # the widget shows them on pages that isolate themselves
}

_AS_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The reply; as events: `items`, `text` (a piece each), `done` (the whole reply), or `error`.",
        "content": {"text/event-stream": {}},
    }
}
_DRAWN: dict[int | str, dict[str, Any]] = {200: {"description": "The cover.", "content": {"image/svg+xml": {}}}}
_NOT_READY = "Not yet, or not at all: `detail` says why."


_quoted = json.JSONEncoder(ensure_ascii=False).encode  # as pydantic does, but quicker: a reply has dozens of pieces


def _sse(event: str, data: str) -> str:
    return f"event: {event}\ndata: {data}\n\n"


def _frame(event: Event) -> str:
    match event.type:
        case "items":
            return _sse("items", event.model_dump_json(include={"items", "constraints"}))
        case "text":
            return _sse("text", f'{{"text":{_quoted(event.text)}}}')
        case _:
            return _sse("done", event.reply.model_dump_json() if event.reply else "{}")


async def _frames(first: list[Event], events: AsyncGenerator[list[Event]]) -> AsyncIterator[str]:
    """Send events as they come; a person who leaves stops the generation, an error becomes the last event."""
    try:
        async with aclosing(events):
            yield "".join(map(_frame, first))
            async for there in events:
                yield "".join(map(_frame, there))
    except Exception as error:
        yield _sse("error", bytes(explain(error).response().body).decode())


def _wants_events(request: Request) -> bool:
    return "text/event-stream" in request.headers.get("accept", "")


def _require_ready(status: Status) -> None:
    if status.state == "loading":
        raise NotReady(f"The assistant is still loading: {status.detail or 'its models are not there yet'}.")
    if status.state == "failed":
        raise HTTPException(503, "The assistant could not start; the server's log says why.")


def _conversations(assistant: Assistant, turns: TurnQueue, rates: Rates) -> APIRouter:
    """Return the routes of a conversation; FastAPI runs `def` ones in a worker thread, so they may block."""
    api = APIRouter()

    @api.post("/chat", response_model=Reply, responses=answers(401, 403, 409) | _AS_EVENTS)
    async def chat(body: ChatBody, request: Request, caller: Caller) -> Reply | Response:
        """Answer a message: one JSON object or, if the client accepts `text/event-stream`, events as they come."""
        rates.session(body.session)
        customer = assistant.customer(body.customer) if body.customer else caller
        who: dict[str, Any] = {"customer": customer, "page_item": body.page_item, "visitor": body.visitor}
        if _wants_events(request):
            events = turns.stream(assistant.stream(body.message, body.session, **who))
            first = await attended(request, anext(events))  # a turn that is refused is refused with its status
            return StreamingResponse(_frames(first, events), media_type="text/event-stream", headers=STREAMED)
        return await attended(request, turns.run(lambda: assistant.reply(body.message, body.session, **who)))

    @api.post("/feedback", responses=answers(401, 403, 404, 409))
    def feedback(body: FeedbackBody, caller: Caller) -> Judged:
        """Note what the person thinks of an item; `undo` takes it back."""
        view = assistant.feedback(body.session, body.item_id, body.signal, customer=caller)
        ids = {name: tuple(card.id for card in getattr(view, name)) for name in ("liked", "disliked", "seen")}
        return Judged(session=view.session, **ids)

    @api.post("/sessions/{session}/constraints/remove", responses=answers(401, 403, 404, 409))
    async def remove_constraint(session: SessionPath, body: Limit, request: Request, caller: Caller) -> Reply:
        """Drop one limit of a conversation and answer anew."""
        rates.session(session)
        work = partial(assistant.remove_constraint, session, body.field, body.op, body.value, customer=caller)
        return await attended(request, turns.run(work))

    @api.get("/sessions/{session}", responses=answers(401, 403, 404, 409))
    def export(session: SessionPath, caller: Caller) -> Export:
        """Return everything kept about a conversation."""
        view = assistant.export(session, customer=caller)
        ids = dict.fromkeys(item_id for message in view.messages for item_id in message.items)
        cards = {item_id: card for item_id in ids if (card := assistant.card(item_id))}
        return Export(**dict(view), cards=cards)

    @api.delete("/sessions/{session}", responses=answers(401, 403, 404, 409))
    def forget(session: SessionPath, caller: Caller) -> Forgotten:
        """Delete everything kept about a conversation."""
        if not assistant.forget(session, customer=caller):
            raise unknown(session)
        return Forgotten(forgotten=True)

    return api


def _items(assistant: Assistant, turns: TurnQueue) -> APIRouter:
    """Return the routes that need no conversation."""
    api = APIRouter()

    @api.post("/recommend", responses=answers(404))
    async def recommend(body: RecommendBody, request: Request) -> Recommended:
        """Recommend without a conversation."""
        constraints = tuple(Constraint(limit.field, limit.op, limit.value, limit.label) for limit in body.constraints)
        ids = {"liked": tuple(body.liked), "disliked": tuple(body.disliked)}
        work = partial(assistant.recommend, text=body.text, constraints=constraints, k=body.k, **ids)
        return Recommended(items=await attended(request, turns.run(work)))

    @api.get("/openings", responses=answers())
    def openings(language: Language = "en") -> Openings:
        """Return what a person might begin with in this shop; no texts where those of the page fit."""
        return assistant.openings(language)

    @api.get("/covers/{item_id:path}.svg", response_class=Response, responses=answers(404) | _DRAWN)
    def draw(item_id: str) -> Response:
        """Return the cover that the project draws for an item."""
        card = assistant.card(item_id)
        if card is None:
            raise UnknownItem(f"The catalogue has no item '{item_id}'.")
        return Response(cover(card), media_type="image/svg+xml", headers=_COVER_HEADERS)

    return api


def _health(assistant: Assistant) -> APIRouter:
    """Return the routes by which a machine asks how the server is."""
    api = APIRouter()

    @api.head("/healthz", include_in_schema=False)
    @api.get("/healthz")
    async def healthz() -> Health:
        """Say that the process lives, and how far the assistant is; always 200."""
        return Health(status="ok", assistant=assistant.status.state)

    @api.head("/readyz", include_in_schema=False)
    @api.get("/readyz", response_model=Status, responses={503: {"model": Status, "description": _NOT_READY}})
    async def readyz() -> JSONResponse:
        """Return 200 once answers come, 503 with the reason until then."""
        status = assistant.status
        headers = {"Retry-After": str(RETRY_AFTER_S)} if status.state == "loading" else None
        return JSONResponse(status.model_dump(), 200 if status.state == "ready" else 503, headers)

    return api


def create_app(assistant: Assistant, *, origins: Sequence[str] = (), limits: Limits | None = None) -> FastAPI:
    """Return the application: the API, the health checks, the widget and the Gradio page, all hardened.

    Args:
        assistant: answers; it may still be loading.
        origins: the origins, besides the application's own, whose pages may call the API.
        limits: how much it takes on.

    Raises:
        BadOrigin: one of `origins` is not an origin.
        NamedropError: a rate of `limits` cannot be read.
    """
    limits = limits or Limits()
    turns, rates = TurnQueue(limits.workers, limits.waiting), Rates(limits)
    telemetry = Telemetry(lambda: assistant.status, lambda: len(turns))
    assistant.on_turn(telemetry.took)

    tools = Tools(assistant, turns)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with tools.running():
            yield
        turns.close()

    async def ready() -> None:
        _require_ready(assistant.status)

    app = FastAPI(title="Namedrop", docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.assistant = assistant
    app.include_router(_health(assistant))
    app.include_router(telemetry.routes())
    for routes in (_conversations(assistant, turns, rates), memory_routes(assistant), _items(assistant, turns)):
        app.include_router(routes, prefix="/api", dependencies=[Depends(ready)])
    app.include_router(openai_routes(assistant, turns, rates), prefix="/v1", dependencies=[Depends(ready)])
    explain_errors(app)
    app.router.routes.append(tools.route)
    mount_widget(app)
    mount_reference(app)
    app.router.routes.append(Nowhere(app.router.routes))
    mount_ui(app)
    describe(app)
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY)
    app.add_middleware(AddressLimit, rates=rates)
    allow_origins(app, origins)  # outside the limits, so that the widget can read what they refuse
    app.add_middleware(Hardening)
    app.add_middleware(Observed, telemetry=telemetry)
    return app
