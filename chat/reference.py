"""The page at `/docs`: every route of `/openapi.json`, to read and to try, without anything from another host.

Swagger's files come from the `fastapi-offline` package; the page itself is ours, since it has to do without inline
scripts.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Namedrop: the API</title>
<link rel="icon" type="image/svg+xml" href="/ui/mark.svg">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/ui/docs.js"></script>
</body>
</html>
"""


def describe(app: FastAPI) -> None:
    """Correct what FastAPI writes into `/openapi.json`: nobody has to send a customer token."""
    written = app.openapi

    def openapi() -> dict[str, Any]:
        described = written()
        for methods in described["paths"].values():
            for route in methods.values():
                if route.get("security") and {} not in route["security"]:
                    route["security"].append({})
        return described

    app.openapi = openapi  # type: ignore[method-assign]


def mount_reference(app: FastAPI) -> None:
    """Serve the page at `/docs` and Swagger's files below it."""

    @app.get("/docs", include_in_schema=False)
    async def reference() -> HTMLResponse:
        """Return the page."""
        return HTMLResponse(_PAGE)

    app.mount("/docs", StaticFiles(directory=str(files("fastapi_offline") / "static")), name="reference")
