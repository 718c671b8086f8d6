"""The widget on a shop's own pages: the script at `/widget.js`, and the origins whose pages may talk to the API.

A page of another origin may load the script, but its requests are refused by the browser unless the shop's operator
has listed that origin (`--allow-origin https://shop.example`). No cookie is ever set or read, so no request carries
more rights than the token that the page itself sends.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.middleware.cors import CORSMiddleware

from retrieval.errors import NamedropError

SCRIPT = Path(__file__).parent / "assets" / "widget.js"

_METHODS = ("GET", "POST", "PUT", "DELETE")
_HEADERS = ("Authorization", "Content-Type", "Namedrop-Visitor", "X-Request-Id")
_EXPOSED = ("Retry-After", "X-Request-Id")
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?/?")
_PORTS = {"http": "80", "https": "443"}
_PREFLIGHT_S = 600
_FRESH_S = 300


class BadOrigin(NamedropError):
    """An origin that no browser would ever send."""


def origin(text: str) -> str:
    """Return an origin as browsers write it: `https://Shop.example:443` is `https://shop.example`.

    Raises:
        BadOrigin: it is a pattern, an address with a path, or no http(s) origin at all.
    """
    match = _ORIGIN.fullmatch(text.strip().lower())
    if match is None:
        raise BadOrigin(
            f"--allow-origin has value {text!r}, which is not an origin; "
            "give scheme, host and perhaps port and nothing more, as in https://shop.example"
        )
    scheme, host, port = match.groups()
    return f"{scheme}://{host}" if port in (None, _PORTS[scheme]) else f"{scheme}://{host}:{port}"


def allow_origins(app: FastAPI, origins: Sequence[str]) -> None:
    """Let pages of these origins, and of no other, call the API; without any, only Namedrop's own page can.

    The middleware is there even without any: the page's own, Gradio's, would let every origin ask.

    Raises:
        BadOrigin: one of them is not an origin.
    """
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[origin(text) for text in origins],
        allow_methods=_METHODS,
        allow_headers=_HEADERS,
        allow_credentials=False,
        expose_headers=_EXPOSED,
        max_age=_PREFLIGHT_S,
    )


def mount_widget(app: FastAPI) -> None:
    """Serve the widget's script at `/widget.js`."""
    script = SCRIPT.read_bytes()
    etag = f'"{hashlib.sha256(script).hexdigest()[:16]}"'
    headers = {
        "ETag": etag,
        "Cache-Control": f"public, max-age={_FRESH_S}",
        "Cross-Origin-Resource-Policy": "cross-origin",  # pages that isolate themselves may load it too
    }

    @app.head("/widget.js", include_in_schema=False)
    @app.get("/widget.js", response_class=Response, responses={200: {"content": {"text/javascript": {}}}})
    async def widget(request: Request) -> Response:
        """Return the script that puts the chat on a page."""
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(script, media_type="text/javascript", headers=headers)
