"""What is answered when something goes wrong: one shape for every route, and OpenAI's under `/v1`.

    {"error": {"message": "No conversation is called 'ann'.", "expected": "…", "remedy": "…"}}

Nothing of the inside is ever told: no traceback, no text of an error that was not written for the person who reads it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import Receive, Scope, Send

from chat.given import BadLimit, NoSuchLimit
from chat.hardening import MAX_BODY, OPENAI, Problem
from chat.identity import SECRET_VARIABLE, BadToken, NoSecret, NotYours
from chat.limits import Left, TooMany
from chat.messages import Frozen
from chat.store import Conflict
from retrieval.errors import NamedropError, NotReady, UnknownItem, UnknownSession

log = logging.getLogger(__name__)

_OURS = ("/api/", OPENAI)
_KIND = re.compile(r"(?:bool|float|str|constrained-str|(?:list|tuple)\[.*)$")  # one of several that fit a field
_METHODS = ("DELETE", "GET", "POST", "PUT")

RETRY_AFTER_S = 2
_SIGN_IN = "Send a fresh token of that customer as `Authorization: Bearer …`, or begin a new conversation."
STREAMED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the headers of an answer in events


class Trouble(Frozen):
    """What went wrong, what was expected instead, and what to do."""

    message: str
    expected: str = ""
    remedy: str = ""


class Failed(Frozen):
    """The body of every error."""

    error: Trouble


class OpenAITrouble(Frozen):
    """What went wrong, as OpenAI's clients read it."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None
    expected: str = ""
    remedy: str = ""


class OpenAIFailed(Frozen):
    """The body of every error under `/v1`."""

    error: OpenAITrouble


_SAID = {
    400: "The body is not JSON in UTF-8.",
    401: "The customer token is not valid.",
    403: "The conversation belongs to another customer.",
    404: "There is no such conversation or item.",
    409: "Somebody else has changed the same at the same time; send it again.",
    413: "The body is too large.",
    422: "The request is not valid.",
    429: "Too many requests, or too many people wait already; `Retry-After` says how many seconds to wait.",
    500: "Something went wrong on our side.",
    503: "The models are still loading, or could not be loaded.",
}


def answers(*statuses: int, openai: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return the errors of a route for its OpenAPI entry; those that any route may give are always among them."""
    return {
        status: {"model": OpenAIFailed if openai else Failed, "description": _SAID[status]}
        for status in sorted({*statuses, 400, 413, 422, 429, 500, 503})
    }


def explain(error: Exception) -> Problem:
    """Turn an error into its answer; one that no caller can help is logged and answered in general words."""
    match error:
        case TooMany():
            return error.problem
        case Left():
            return Problem(499, str(error))  # nginx's number for it; only the log sees it
        case NotReady():
            remedy = f"Try again in {RETRY_AFTER_S} seconds; /readyz says when."
            return Problem(503, str(error), "a running assistant", remedy, {"Retry-After": str(RETRY_AFTER_S)})
        case BadToken() | NotYours():
            return _of_whom(error)
        case UnknownSession():
            return Problem(404, str(error), "the id of a conversation that has begun", "Send a message first.")
        case UnknownItem():
            return Problem(404, str(error), "the id of an item of the catalogue", "Use an `id` from a reply's items.")
        case NoSuchLimit() | BadLimit():
            return _of_limit(error)
        case Conflict():
            return Problem(409, str(error), "", "Send it again.", {"Retry-After": "1"})
        case _:
            log.error("A request failed.", exc_info=error)
            return Problem(500, "Something went wrong on our side.", "an answer", "Try again.")


def _of_whom(error: BadToken | NotYours) -> Problem:
    match error:
        case NoSecret():
            return Problem(401, str(error), "no token", f"Start the server with {SECRET_VARIABLE}, the shop's own.")
        case BadToken():
            headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return Problem(401, str(error), "a customer token of the shop's site, or none", _SIGN_IN, headers)
    return Problem(403, str(error), "the customer it belongs to", _SIGN_IN)


def _of_limit(error: BadLimit | NoSuchLimit) -> Problem:
    if isinstance(error, NoSuchLimit):
        return Problem(404, str(error), "a limit of the conversation", "Send one of an answer's `constraints`.")
    return Problem(422, "The request is not valid.", str(error), "Correct the limit.")


def explain_validation(error: RequestValidationError) -> Problem:
    """Say which fields of a request are wrong, and how."""
    remedy = "Correct the request; /openapi.json describes every field."
    return Problem(422, "The request is not valid.", wrong_fields(error.errors()), remedy)


def wrong_fields(errors: Sequence[Any]) -> str:
    """Say in one line which fields are wrong, and how; `errors` are pydantic's."""
    problems: dict[str, list[str]] = {}
    for problem in errors:
        place = [str(part) for part in problem["loc"] if part not in ("body", "path")]
        where = ".".join(part for part in place if not _KIND.match(part)) or "body"
        if problem["type"] == "json_invalid":
            where, said = "body", f"no JSON: {problem['ctx']['error']} at character {place[-1]}"
        elif where == "body" and isinstance(problem["input"], bytes | str):
            said = "JSON is expected, with the header `Content-Type: application/json`"
        else:
            said = problem["msg"]
        problems.setdefault(where, []).append(said)
    told = [f"{where}: {', or '.join(dict.fromkeys(said))}" for where, said in problems.items()]
    return "; ".join(told[:8])


def _refused(error: HTTPException) -> Problem:
    """Answer what the frameworks beneath refuse, with what they leave out."""
    bare = error.detail in (HTTPStatus.NOT_FOUND.phrase, HTTPStatus.METHOD_NOT_ALLOWED.phrase)  # no route says more
    match error.status_code:
        case 400:
            return Problem(400, "The body cannot be read.", "JSON in UTF-8", "Correct the request.")
        case 404 if bare:
            return _nowhere()
        case 405 if bare:
            return _no_method((error.headers or {}).get("Allow", ""))
        case 413:
            return Problem(413, "The request is too large.", f"a body of at most {MAX_BODY // 1024} kB", "Send less.")
        case _:
            return Problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))


def _nowhere() -> Problem:
    return Problem(404, "There is nothing at this address.", remedy="/docs lists what there is.")


def _no_method(methods: str) -> Problem:
    return Problem(405, "This address has no such method.", methods, headers={"Allow": methods})


class Nowhere(BaseRoute):
    """Answers what no route before it does, under `/api` and `/v1` or by another method: 404, or 405 with the methods.

    The page's application, which comes after it, has all other paths.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = [route for route in routes if not isinstance(route, Mount)]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take a request that is the API's."""
        ours = scope["type"] == "http" and (f"{scope['path']}/".startswith(_OURS) or self._methods(scope))
        return (Match.FULL if ours else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        methods = ", ".join(self._methods(scope))
        problem = _no_method(methods) if methods else _nowhere()
        await problem.response(scope["path"])(scope, receive, send)

    def _methods(self, scope: Scope) -> list[str]:
        """Return the methods that the path has."""
        asked = [dict(scope, method=method) for method in _METHODS]
        return [s["method"] for s in asked if any(route.matches(s)[0] is Match.FULL for route in self._routes)]


def _on_error(request: Request, error: Exception) -> Response:
    match error:
        case RequestValidationError():
            problem = explain_validation(error)
        case HTTPException():
            problem = _refused(error)
        case _:
            problem = explain(error)
    return problem.response(request.url.path)


def explain_errors(app: FastAPI) -> None:
    """Let the foreseen errors of an application be answered here; the others end in `chat.telemetry.Observed`."""
    for kind in (NamedropError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _on_error)
