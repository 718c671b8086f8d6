import re

import pytest
from fastapi.testclient import TestClient

import app as program
from chat.embedding import SCRIPT as PATH
from chat.embedding import BadOrigin, origin
from chat.limits import Limits
from chat.server import create_app
from tests.fake_assistant import FakeAssistant

SHOP = "https://shop.example"
ASKED = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
SCRIPT = PATH.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def client():
    app = create_app(FakeAssistant(), origins=[SHOP, "http://localhost:8000"], limits=Limits(rate="30/minute"))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" HTTPS://Shop.Example:443/ ", SHOP),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(text, expected):
    assert origin(text) == expected


@pytest.mark.parametrize(
    "text",
    ["*", "null", "", "shop.example", "https://*.shop.example", "https://shop.example/chat", "https://a:b@shop.example",
     "https://shop.example?x", "ftp://shop.example", "https://shop.example https://b.example", "https://x:0"],
)  # fmt: skip
def test_what_is_no_origin_is_refused_with_the_remedy(text):
    with pytest.raises(BadOrigin, match="give scheme, host and perhaps port"):
        origin(text)


def test_the_program_refuses_a_bad_origin_in_one_line(capsys):
    assert program.main(["--allow-origin", "https://*.shop.example", "--port", "0"]) == 2
    assert "--allow-origin" in capsys.readouterr().err


def test_pages_of_a_listed_origin_may_ask_and_no_cookie_goes_along(client):
    asked = client.options("/api/chat", headers=ASKED | {"Origin": SHOP})
    assert asked.status_code == 200
    answered = client.post("/api/chat", json={"message": "hello"}, headers={"Origin": SHOP})
    for response in (asked, answered):
        assert response.headers["access-control-allow-origin"] == SHOP
        assert "Origin" in response.headers["vary"]
        assert "access-control-allow-credentials" not in response.headers
        assert "set-cookie" not in response.headers


@pytest.mark.parametrize("other", ["https://evil.example", "https://shop.example.evil.example", "http://shop.example",
                                   "https://shop.example:8443", "null"])  # fmt: skip
def test_pages_of_any_other_origin_may_not(client, other):
    asked = client.options("/api/chat", headers=ASKED | {"Origin": other})
    assert asked.status_code == 400
    answered = client.get("/healthz", headers={"Origin": other})
    for response in (asked, answered):
        assert "access-control-allow-origin" not in response.headers


def test_without_a_list_only_the_own_page_may():
    with TestClient(create_app(FakeAssistant())) as client:
        assert client.options("/api/chat", headers=ASKED | {"Origin": SHOP}).status_code == 400
        assert "access-control-allow-origin" not in client.get("/healthz", headers={"Origin": SHOP}).headers


def test_the_widget_can_read_why_it_is_refused(client):
    for _ in range(40):
        refused = client.post("/api/chat", json={"message": "hello"}, headers={"Origin": SHOP})
    assert refused.status_code == 429
    assert refused.headers["access-control-allow-origin"] == SHOP
    assert "Retry-After" in refused.headers["access-control-expose-headers"]
    assert int(refused.headers["retry-after"]) >= 1


def test_the_script_is_served_as_it_is_written_and_kept_by_browsers():
    with TestClient(create_app(FakeAssistant())) as client:
        response = client.get("/widget.js")
        assert response.text == SCRIPT
        assert response.headers["content-type"].startswith("text/javascript")
        assert response.headers["cross-origin-resource-policy"] == "cross-origin"
        again = client.get("/widget.js", headers={"If-None-Match": response.headers["etag"]})
        assert again.status_code == 304


def test_the_script_is_small_and_has_no_way_to_make_markup_or_code_of_text():
    assert len(SCRIPT.encode()) < 25_000
    makers = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(|setHTML|DOMParser|createContext"
    assert re.findall(makers + r"|Fragment|import\(|<style|\.style\s*=|setAttribute\(\"style", SCRIPT) == []


def test_a_page_may_send_and_read_the_id_of_a_request(client):
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x-request-id"}
    assert client.options("/api/sessions/ann", headers=asked).status_code == 200
    answer = client.get("/healthz", headers={"Origin": SHOP, "X-Request-Id": "mine"})
    assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
    assert answer.headers["x-request-id"] == "mine"
