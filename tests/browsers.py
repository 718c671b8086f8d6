"""What the browser tests share: Chromium, and pages of other origins."""

from __future__ import annotations

import shutil

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH: install Debian's `chromium` package"),
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def in_browser(test):
    """Mark one test of a module as `MARKS` do all of them."""
    for mark in MARKS:
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def browser():
    """Yield headless Chromium; for one module, since Playwright keeps an event loop running meanwhile."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def site(pages: dict[str, str], headers: dict[str, str] | None = None) -> Starlette:
    """Return a site for another origin; both dicts may be filled while it runs."""

    async def page(request):
        body = pages.get(request.url.path)
        if body is None:
            return Response(status_code=204)
        kind = "text/javascript" if request.url.path.endswith(".js") else "text/html"
        return Response(body, media_type=f"{kind}; charset=utf-8", headers=headers)

    return Starlette(routes=[Route("/{path:path}", page)])
