"""The page at `/docs` and the description it shows."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from chat.server import create_app
from tests.browsers import MARKS
from tests.fake_assistant import FakeAssistant
from tests.serving import served

ALWAYS = {"400", "413", "422", "429", "500", "503"}


@pytest.fixture(scope="module")
def app():
    return create_app(FakeAssistant())


def test_every_route_of_the_api_is_described_with_its_errors(app):
    with TestClient(app) as client:
        described = client.get("/openapi.json").json()
    paths = described["paths"]
    assert set(paths) >= {
        "/api/chat", "/api/recommend", "/api/feedback", "/api/sessions/{session}", "/api/covers/{item_id}.svg",
        "/v1/models", "/v1/chat/completions", "/healthz", "/readyz", "/metrics", "/widget.js",
    }  # fmt: skip
    for path, methods in paths.items():
        for method, route in methods.items():
            assert route["description"], (path, method)
            if path.startswith(("/api/", "/v1/")):
                assert set(route["responses"]) >= ALWAYS, (path, method)
                shape = "OpenAIFailed" if path.startswith("/v1/") else "Failed"
                for status, answer in route["responses"].items():
                    if status >= "400":
                        assert answer["content"]["application/json"]["schema"]["$ref"].endswith(f"/{shape}")
    assert {} in paths["/api/chat"]["post"]["security"]  # a token may be sent, and need not
    assert "HTTPValidationError" not in described["components"]["schemas"]
    assert "text/event-stream" in paths["/api/chat"]["post"]["responses"]["200"]["content"]


def test_the_page_needs_no_other_host(app):
    with TestClient(app) as client:
        page = client.get("/docs")
        assert page.status_code == 200
        assert "//" not in page.text
        assert client.get("/docs/swagger-ui.css").status_code == 200


class TestInTheBrowser:
    """Rendered by Chromium under the policy that every page has."""

    pytestmark = MARKS

    def test_the_routes_are_listed_can_be_tried_and_nothing_is_refused(self, app, browser):
        complaints: list[str] = []
        with served(app) as address:
            page = browser.new_page()
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda r: None if r.url.startswith((address, "data:")) else complaints.append(r.url))
            page.goto(f"{address}/docs")
            page.get_by_text("completions").first.wait_for(timeout=60_000)
            assert page.locator(".opblock").count() >= 12
            page.locator(".opblock", has_text="/healthz").locator(".opblock-summary").click()
            page.locator("button.execute").click()
            page.locator(".live-responses-table").get_by_text("ready").first.wait_for(timeout=60_000)
            page.close()
        assert complaints == []
