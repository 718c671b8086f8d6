"""The HTTP interface: JSON and server-sent events under `/api`, and the Gradio page at `/`.

Every method of the assistant blocks, so each is called in a worker thread. Whatever goes wrong is answered in one
shape, and never with a traceback::

    {"error": {"message": "No conversation is called 'ann'.", "expected": "…", "remedy": "…"}}
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from chat.covers import cover
from chat.hardening import MAX_BODY, Hardening, error_response
from chat.messages import Card, Event, Frozen, Reply, SessionView, Signal, Status
from chat.ui import mount_ui
from retrieval.errors import NamedropError, NotReady, UnknownItem, UnknownSession
from retrieval.types import Constraint, Op

if TYPE_CHECKING:
    from chat.assistant import Assistant

log = logging.getLogger(__name__)

MAX_MESSAGE = 2_000
RETRY_AFTER_S = 2

_COVER_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cache-Control": "public, max-age=300",
}

SessionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
SessionPath = Annotated[SessionId, Path()]
ItemId = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Message = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_MESSAGE)]
Value = bool | float | Annotated[str, StringConstraints(max_length=256)] | tuple[str, ...]


class Body(BaseModel):
    """A request; a field that is not known is refused, since it is most likely misspelt."""

    model_config = ConfigDict(extra="forbid")


class ChatBody(Body):
    """`{"message": "Something like Arrival?", "session": "ann"}`."""

    message: Message
    session: SessionId | None = None


class Limit(Body):
    """A constraint as a client writes it: `{"field": "year", "op": "<", "value": 1990}`."""

    field: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    op: Op
    value: Value
    label: Annotated[str, StringConstraints(max_length=256)] = ""


class RecommendBody(Body):
    """`{"text": "slow science fiction", "liked": ["film-arrival-2016"], "constraints": […], "k": 5}`."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_MESSAGE)] = ""
    liked: Annotated[list[ItemId], Field(max_length=200, default_factory=list)]
    disliked: Annotated[list[ItemId], Field(max_length=200, default_factory=list)]
    constraints: Annotated[list[Limit], Field(max_length=50, default_factory=list)]
    k: Annotated[int, Field(ge=1, le=50)] = 5


class FeedbackBody(Body):
    """`{"session": "ann", "item_id": "film-arrival-2016", "signal": "like"}`."""

    session: SessionId
    item_id: ItemId
    signal: Signal


class Recommended(Frozen):
    """The answer to a stateless request."""

    items: tuple[Card, ...]


class Judged(Frozen):
    """What the person has said about items so far, as item ids."""

    session: str
    liked: tuple[str, ...]
    disliked: tuple[str, ...]
    seen: tuple[str, ...]


class Export(SessionView):
    """A whole conversation, with the cards of every item in it that the catalogue still has."""

    cards: dict[str, Card] = Field(default_factory=dict)


def _explain(error: Exception) -> JSONResponse:
    """Turn an error of ours into its answer; anything unforeseen is logged and answered in general words."""
    match error:
        case NotReady():
            remedy = f"Try again in {RETRY_AFTER_S} seconds; /readyz says when."
            return error_response(503, str(error), "a running assistant", remedy, Retry_After=str(RETRY_AFTER_S))
        case UnknownSession():
            return error_response(404, str(error), "the id of a conversation that has begun", "Send a message first.")
        case UnknownItem():
            return error_response(
                404, str(error), "the id of an item of the catalogue", "Use an `id` from a reply's items."
            )
        case NamedropError():
            return error_response(500, str(error), "", "Ask the operator to look at the server's log.")
        case _:
            log.error("A request failed.", exc_info=error)
            return error_response(500, "Something went wrong on our side.", "an answer", "Try again.")


def _explain_validation(error: RequestValidationError) -> JSONResponse:
    problems = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"] if part not in ("body", "path")) or "body"
        problems.append(f"{where}: {problem['msg']}")
    remedy = "Correct the request; /openapi.json describes every field."
    return error_response(422, "The request is not valid.", "; ".join(problems[:8]), remedy)


def _sse(event: str, data: str) -> str:
    return f"event: {event}\ndata: {data}\n\n"


def _frame(event: Event) -> str:
    match event.type:
        case "items":
            return _sse("items", event.model_dump_json(include={"items", "constraints"}))
        case "text":
            return _sse("text", event.model_dump_json(include={"text"}))
        case _:
            return _sse("done", event.reply.model_dump_json() if event.reply else "{}")


async def _frames(events: Iterator[Event]) -> AsyncIterator[str]:
    """Send events as they come; a person who leaves stops the generation, an error becomes the last event."""
    try:
        async for event in iterate_in_threadpool(events):
            yield _frame(event)
    except Exception as error:
        yield _sse("error", bytes(_explain(error).body).decode())
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            await run_in_threadpool(close)


def _wants_events(request: Request) -> bool:
    return "text/event-stream" in request.headers.get("accept", "")


def _require_ready(status: Status) -> None:
    if status.state == "loading":
        raise NotReady(f"The assistant is still loading: {status.detail or 'its models are not there yet'}.")
    if status.state == "failed":
        raise HTTPException(503, "The assistant could not start; the server's log says why.")


def _conversations(assistant: Assistant) -> APIRouter:
    """Return the routes of a conversation; FastAPI runs `def` ones in a worker thread, so they may block."""
    api = APIRouter()

    @api.post("/chat", response_model=Reply)
    def chat(body: ChatBody, request: Request) -> Reply | Response:
        """Answer a message: one JSON object or, if the client accepts `text/event-stream`, events as they come."""
        if _wants_events(request):
            frames = _frames(assistant.stream(body.message, body.session))
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            return StreamingResponse(frames, media_type="text/event-stream", headers=headers)
        return assistant.reply(body.message, body.session)

    @api.post("/feedback")
    def feedback(body: FeedbackBody) -> Judged:
        """Note what the person thinks of an item; `undo` takes it back."""
        view = assistant.feedback(body.session, body.item_id, body.signal)
        ids = {name: tuple(card.id for card in getattr(view, name)) for name in ("liked", "disliked", "seen")}
        return Judged(session=view.session, **ids)

    @api.post("/sessions/{session}/constraints/remove")
    def remove_constraint(session: SessionPath, body: Limit) -> Reply:
        """Drop one limit of a conversation and answer anew."""
        return assistant.remove_constraint(session, body.field, body.op, body.value)

    @api.get("/sessions/{session}")
    def export(session: SessionPath) -> Export:
        """Return everything kept about a conversation."""
        view = assistant.export(session)
        ids = dict.fromkeys(item_id for message in view.messages for item_id in message.items)
        cards = {item_id: card for item_id in ids if (card := assistant.card(item_id))}
        return Export(**dict(view), cards=cards)

    @api.delete("/sessions/{session}")
    def forget(session: SessionPath) -> dict[str, bool]:
        """Delete everything kept about a conversation."""
        if not assistant.forget(session):
            raise UnknownSession(f"No conversation is called '{session}'.")
        return {"forgotten": True}

    return api


def _items(assistant: Assistant) -> APIRouter:
    """Return the routes that need no conversation."""
    api = APIRouter()

    @api.post("/recommend")
    def recommend(body: RecommendBody) -> Recommended:
        """Recommend without a conversation."""
        constraints = tuple(Constraint(limit.field, limit.op, limit.value, limit.label) for limit in body.constraints)
        items = assistant.recommend(
            text=body.text, liked=tuple(body.liked), disliked=tuple(body.disliked), constraints=constraints, k=body.k
        )
        return Recommended(items=items)

    @api.get("/covers/{item_id:path}.svg")
    def draw(item_id: str) -> Response:
        """Return the cover that the project draws for an item."""
        card = assistant.card(item_id)
        if card is None:
            raise UnknownItem(f"The catalogue has no item '{item_id}'.")
        return Response(cover(card), media_type="image/svg+xml", headers=_COVER_HEADERS)

    return api


def create_app(assistant: Assistant) -> FastAPI:
    """Return the application: the API, the health checks and the Gradio page, all hardened."""
    app = FastAPI(title="Namedrop", docs_url=None, redoc_url=None)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Say that the process lives, and how far the assistant is; always 200."""
        return {"status": "ok", "assistant": assistant.status.state}

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        """Return 200 once answers come, 503 with the reason until then."""
        status = assistant.status
        headers = {"Retry-After": str(RETRY_AFTER_S)} if status.state == "loading" else None
        return JSONResponse(status.model_dump(), 200 if status.state == "ready" else 503, headers)

    ready = Depends(lambda: _require_ready(assistant.status))
    for routes in (_conversations(assistant), _items(assistant)):
        app.include_router(routes, prefix="/api", dependencies=[ready])
    app.add_exception_handler(NamedropError, lambda _, error: _explain(error))
    app.add_exception_handler(Exception, lambda _, error: _explain(error))
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    mount_ui(app)
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY)
    app.add_middleware(Hardening)
    return app


async def _on_invalid(_: Request, error: Exception) -> Response:
    return _explain_validation(error) if isinstance(error, RequestValidationError) else _explain(error)


async def _on_http_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return _explain(error)
    return error_response(error.status_code, str(error.detail), **dict(error.headers or {}))
