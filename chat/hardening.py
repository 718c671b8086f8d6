"""What every response gets before it leaves: security headers, and a page that points to no other host."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024  # bytes
OPENAI = "/v1/"  # the routes that speak as OpenAI's do
_TYPES = {429: "rate_limit_error", 500: "server_error", 503: "server_error"}  # what OpenAI's clients tell errors by

# Nothing is ever fetched from, sent to or framed by another host. Gradio's own inline scripts carry a nonce; its HTML
# component compiles its (static) template, hence 'unsafe-eval'. Inline handlers never run, wherever they come from.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval' 'nonce-{nonce}'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}

# Routes of Gradio's that the page does not use: uploads, files, proxies, the queue, its settings and the rest.
_CLOSED = ("/gradio_api", "/svelte", "/monitoring", "/login", "/logout", "/config", "/manifest.json", "/pwa_icon")

# The social preview that Gradio puts into the page's head links an image on another site.
_PREVIEW = re.compile(rb'<meta\s+(?:property="og:|name="twitter:)[^>]*>|<link rel="manifest"[^>]*>')


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as it is answered; `headers` go out with it."""

    status: int
    message: str
    expected: str = ""
    remedy: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, path: str = "") -> JSONResponse:
        """Return the answer in the shape that every error has, and under `/v1` in OpenAI's, which its clients read."""
        error: dict[str, str | None] = {"message": self.message, "expected": self.expected, "remedy": self.remedy}
        if path.startswith(OPENAI):
            wrong = f"{self.expected}." if self.status == 422 and self.expected else ""
            error["message"] = " ".join(filter(None, (self.message, wrong, self.remedy)))
            error |= {"type": _TYPES.get(self.status, "invalid_request_error"), "param": None, "code": None}
        return JSONResponse({"error": error}, self.status, {**HEADERS, **self.headers})


class Hardening:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer closed paths at once and pass everything else on, with a guarded `send`."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        sender = _Sender(send, rewrite=path == "/")
        size = Headers(scope=scope).get("content-length", "0")
        if path.startswith(_CLOSED):
            await Problem(404, "There is nothing at this address.").response(path)(scope, receive, sender)
        elif not size.isdecimal() or int(size) > MAX_BODY:  # a body of unknown length is counted as it comes
            limit = f"a body of at most {MAX_BODY // 1024} kB"
            await Problem(413, "The request is too large.", limit, "Send less.").response(path)(scope, receive, sender)
        else:
            await self.app(scope, receive, sender)


class _Sender:
    """Adds the headers to a response and, for the page, holds it back until its head is cleaned."""

    def __init__(self, send: Send, *, rewrite: bool) -> None:
        self.send = send
        self.rewrite = rewrite
        self.nonce = secrets.token_urlsafe(12)
        self.start: Message = {}
        self.body = b""

    async def __call__(self, message: Message) -> None:
        """Pass one message of the response on."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Content-Security-Policy", _POLICY.format(nonce=self.nonce))
            self.start = message
            self.rewrite = self.rewrite and headers.get("content-type", "").startswith("text/html")
            if not self.rewrite:
                await self.send(message)
        elif self.rewrite and message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                page = _PREVIEW.sub(b"", self.body).replace(b"<script", f'<script nonce="{self.nonce}"'.encode())
                MutableHeaders(scope=self.start)["content-length"] = str(len(page))
                await self.send(self.start)
                await self.send({"type": "http.response.body", "body": page})
        else:
            await self.send(message)
