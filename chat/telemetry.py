"""What a server tells of its work: Prometheus metrics at `/metrics`, a log line a request and a turn.

Labels are routes, statuses and other words from the code, never anything that a person or a shop wrote.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat.logs import REQUESTS, hashed, request_id
from chat.messages import Status, TurnTaken
from chat.problems import explain

log = logging.getLogger(REQUESTS)

NO_MODEL = "none"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_PREFIXES = ("/api", "/v1")
_QUIET = ("/healthz", "/readyz", "/metrics")  # asked every few seconds: counted, not logged
_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH")
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Telemetry:
    """The metrics of one server.

    Args:
        status: says how the assistant is.
        pending: says how many turns run or wait.
    """

    def __init__(self, status: Callable[[], Status], pending: Callable[[], int]) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)

        def gauge(name: str, help_: str, value: Callable[[], float]) -> None:
            Gauge(f"namedrop_{name}", help_, registry=registry).set_function(value)

        def histogram(name: str, help_: str, *labels: str) -> Histogram:
            return Histogram(f"namedrop_{name}_seconds", help_, labels, registry=registry, buckets=_SECONDS)

        def counter(name: str, help_: str, *labels: str) -> Counter:
            return Counter(f"namedrop_{name}", help_, labels, registry=registry)

        self.requests = counter("requests", "Requests.", "method", "route", "status")
        self.first_byte = histogram("first_byte", "From a request to the first byte of its answer.", "route")
        self.whole = histogram("request", "From a request to the end of its answer.", "route")
        self.turns = counter("turns", "Turns, by what was asked for.", "route")
        self.turn = histogram("turn", "What a turn takes, without waiting for its turn.", "route")
        self.cards = counter("cards", "Cards shown.")
        self.citations = counter("citations", "Passages quoted.")
        self.abstentions = counter("abstentions", "Turns that could not answer what was asked.", "route")
        self.handoffs = counter("handoffs", "Turns that handed over to a person.", "reason")
        gauge("turns_pending", "Turns that run or wait.", pending)
        gauge("ready", "1 once answers come.", lambda: status().state == "ready")
        gauge("model_loaded", "1 if a language model answers.", lambda: status().model not in ("", NO_MODEL))
        gauge("handoffs_undelivered", "Hand-offs that the webhook has not taken yet.", lambda: status().undelivered)
        gauge("items", "Items of the catalogue.", lambda: status().items)
        gauge("catalog_problem", "1 while the latest edit of the catalogue is ignored.", lambda: bool(status().problem))

    def took(self, turn: TurnTaken) -> None:
        """Count a turn, and log it without a word of it."""
        self.turns.labels(turn.route).inc()
        self.turn.labels(turn.route).observe(turn.seconds)
        self.cards.inc(turn.cards)
        self.citations.inc(turn.citations)
        if turn.abstained:
            self.abstentions.labels(turn.route).inc()
        if turn.handoff:
            self.handoffs.labels(turn.handoff).inc()
        fields = turn.model_dump(exclude={"session", "seconds"})
        log.info("turn", extra={"fields": fields | {"ms": _ms(turn.seconds), "session": hashed(turn.session)}})

    def answered(self, scope: Scope, status: int, first: float, whole: float) -> None:
        """Count a request and log it; `first` and `whole` are in seconds."""
        route = template(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self.requests.labels(method, route, str(status)).inc()
        self.first_byte.labels(route).observe(first)
        self.whole.labels(route).observe(whole)
        if route not in _QUIET:
            fields = {"method": method, "route": route, "status": status, "first_ms": _ms(first), "ms": _ms(whole)}
            log.info("request", extra={"fields": fields})

    def routes(self) -> APIRouter:
        """Return the route of the metrics."""
        api = APIRouter()

        @api.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
        async def metrics() -> Response:
            """Return the metrics in Prometheus' text format."""
            return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

        return api


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)


def template(scope: Scope) -> str:
    """Return the route that a request took, as it is written in the code, or "other"."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str):
        # FastAPI keeps the prefix of an included router to itself.
        prefix = next((p for p in _PREFIXES if scope["path"].startswith(f"{p}/") and not path.startswith(p)), "")
        return prefix + path
    return next((p for p in ("/ui", "/docs", "/mcp") if scope["path"].startswith(f"{p}/")), "other")


class Observed:
    """The outermost ASGI middleware: gives a request its id, measures it, and answers what nobody foresaw."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self.app = app
        self.telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; `X-Request-Id` is taken from it where that is harmless."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        identity = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        request_id.set(identity)  # a request has a context of its own
        began = time.perf_counter()
        status, first = 0, 0.0

        async def observe(message: Message) -> None:
            nonlocal status, first
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = identity
            elif not first:
                first = time.perf_counter() - began
            await send(message)

        try:
            await self.app(scope, receive, observe)
        except Exception as error:
            problem = explain(error)
            if not status:
                await problem.response(scope["path"])(scope, receive, observe)
        finally:
            whole = time.perf_counter() - began
            self.telemetry.answered(scope, status, first or whole, whole)
