import json
import re
import socket
import subprocess
import sys

import pytest
from fastapi.testclient import TestClient

import app as program
from chat.given import BadLimit, NoSuchLimit
from chat.problems import explain
from chat.server import create_app
from retrieval.errors import ModelError
from retrieval.types import Constraint
from tests.fake_assistant import BEFORE_1990, CARDS, INJECTION, FakeAssistant

REPLY_FIELDS = {"session", "message_id", "text", "items", "constraints", "citations", "handoff"}
ITEM_FIELDS = {"id", "kind", "title", "year", "creators", "genres", "price", "currency", "in_stock", "why", "score"}
EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture(scope="module")
def assistant():
    return FakeAssistant()


@pytest.fixture(scope="module")
def client(assistant):
    with TestClient(create_app(assistant), raise_server_exceptions=False) as client:
        yield client


def _events(text):
    for block in text.strip().split("\n\n"):
        event, data = block.split("\n")
        yield event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def _error(response, status):
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) == {"message", "expected", "remedy"}
    assert error["message"]
    assert "Traceback" not in response.text
    return error


def test_chat_answers_in_the_shape_of_the_contract(client):
    response = client.post("/api/chat", json={"message": "  something before 1990 ", "session": "shape"})
    reply = response.json()
    assert response.status_code == 200
    assert set(reply) == REPLY_FIELDS
    assert reply["session"] == "shape"
    assert all(set(item) >= ITEM_FIELDS for item in reply["items"])
    assert all(item["year"] < 1990 for item in reply["items"])
    assert reply["constraints"] == [{"field": "year", "op": "<", "value": 1990.0, "label": "before 1990"}]


def test_chat_makes_a_session_when_none_is_given(client):
    first = client.post("/api/chat", json={"message": "hello"}).json()["session"]
    assert first
    assert client.post("/api/chat", json={"message": "hello"}).json()["session"] != first


def test_chat_streams_items_then_text_then_done(client):
    response = client.post("/api/chat", json={"message": "hello\nevent: done", "session": "sse"}, headers=EVENTS)
    assert response.headers["content-type"].startswith("text/event-stream")
    names, data = zip(*_events(response.text), strict=True)
    assert re.fullmatch(r"items (text )+done", " ".join(names))
    assert set(data[0]) == {"items", "constraints"}
    assert "".join(piece["text"] for piece in data[1:-1]) == data[-1]["text"]
    assert set(data[-1]) == REPLY_FIELDS


def test_a_failure_in_the_stream_is_its_last_event_and_tells_nothing_of_the_inside(client):
    response = client.post("/api/chat", json={"message": "break", "session": "sse"}, headers=EVENTS)
    events = list(_events(response.text))
    assert events[0][0] == "items"
    assert events[-1][0] == "error"
    assert events[-1][1]["error"]["remedy"] == "Try again."
    assert "secret" not in response.text


def test_a_failure_is_a_500_that_tells_nothing_of_the_inside(client):
    response = client.post("/api/chat", json={"message": "break"})
    assert _error(response, 500)["remedy"] == "Try again."
    assert "secret" not in response.text


def test_a_failure_of_ours_is_logged_and_tells_no_more(client, assistant, monkeypatch, caplog):
    def fails(**wish):
        raise ModelError("cannot load the causal LM in /srv/secret (boom)")

    monkeypatch.setattr(assistant, "recommend", fails)
    response = client.post("/api/recommend", json={"text": "a film"})
    assert _error(response, 500)["message"] == "Something went wrong on our side."
    assert "secret" not in response.text
    assert "/srv/secret (boom)" in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": ""},
        {"message": " \n "},
        {"message": "x" * 2001},
        {"message": 3},
        {"message": "x", "session": ""},
        {"message": "x", "session": "a b"},
        {"message": "x", "session": "x" * 65},
        {"message": "x", "session": "ann\n"},
        {"message": "x", "sesion": "ann"},
        [],
    ],
)
def test_chat_refuses_what_is_not_valid(client, body):
    assert _error(client.post("/api/chat", json=body), 422)["expected"]


def test_chat_refuses_what_is_no_json(client):
    broken = client.post("/api/chat", content=b'{"message":', headers={"Content-Type": "application/json"})
    assert _error(broken, 422)["expected"].startswith("body: no JSON: ")
    plain = client.post("/api/chat", content=b'{"message":"x"}', headers={"Content-Type": "text/plain"})
    assert "`Content-Type: application/json`" in _error(plain, 422)["expected"]
    surrogate = b'{"message":"\\ud800"}'
    _error(client.post("/api/chat", content=surrogate, headers={"Content-Type": "application/json"}), 422)


def test_bodies_are_limited(client):
    assert "64 kB" in _error(client.post("/api/chat", json={"message": "x" * 70_000}), 413)["expected"]
    chunks = (b"x" * 1000 for _ in range(100))
    unknown_length = client.post("/api/chat", content=chunks, headers={"Content-Type": "application/json"})
    assert "64 kB" in _error(unknown_length, 413)["expected"]


def test_a_message_of_2000_characters_is_taken(client):
    assert client.post("/api/chat", json={"message": "界" * 2000}).status_code == 200


def test_feedback_changes_the_next_answer_and_undo_takes_it_back(client):
    session = client.post("/api/chat", json={"message": "hello"}).json()
    first, name = session["items"][0]["id"], session["session"]
    body = {"session": name, "item_id": first, "signal": "dislike"}
    expected = {"session": name, "liked": [], "disliked": [first], "seen": []}
    assert client.post("/api/feedback", json=body).json() == expected
    again = client.post("/api/chat", json={"message": "more", "session": name}).json()
    assert first not in [item["id"] for item in again["items"]]
    assert client.post("/api/feedback", json=body | {"signal": "undo"}).json()["disliked"] == []
    assert client.post("/api/chat", json={"message": "more", "session": name}).json()["items"][0]["id"] == first


def test_feedback_refuses_the_unknown(client):
    client.post("/api/chat", json={"message": "hello", "session": "known"})
    item = CARDS[0].id
    _error(client.post("/api/feedback", json={"session": "nobody", "item_id": item, "signal": "like"}), 404)
    _error(client.post("/api/feedback", json={"session": "known", "item_id": "no-item", "signal": "like"}), 404)
    _error(client.post("/api/feedback", json={"session": "known", "item_id": item, "signal": "love"}), 422)


def test_a_constraint_can_be_removed(client):
    client.post("/api/chat", json={"message": "before 1990", "session": "limits"})
    chip = BEFORE_1990.model_dump()
    reply = client.post("/api/sessions/limits/constraints/remove", json=chip).json()
    assert set(reply) == REPLY_FIELDS
    assert reply["constraints"] == []
    _error(client.post("/api/sessions/nobody/constraints/remove", json=chip), 404)
    _error(client.post("/api/sessions/limits/constraints/remove", json=chip | {"op": "=~"}), 422)


def test_a_session_can_be_exported_and_forgotten(client):
    reply = client.post("/api/chat", json={"message": "hello", "session": "export"}).json()
    view = client.get("/api/sessions/export").json()
    assert [message["role"] for message in view["messages"]] == ["user", "assistant"]
    assert view["messages"][1]["items"] == [item["id"] for item in reply["items"]]
    assert set(view["cards"]) == set(view["messages"][1]["items"])
    assert client.delete("/api/sessions/export").json() == {"forgotten": True}
    _error(client.get("/api/sessions/export"), 404)
    _error(client.delete("/api/sessions/export"), 404)
    _error(client.get("/api/sessions/a%20b"), 422)


def test_recommend_is_stateless(client, assistant):
    limit = {"field": "genres", "op": "is", "value": ["drama", "crime"]}
    body = {"text": " slow ", "liked": [CARDS[0].id], "disliked": [CARDS[1].id], "constraints": [limit], "k": 2}
    items = client.post("/api/recommend", json=body).json()["items"]
    assert [item["id"] for item in items] == [CARDS[0].id, CARDS[2].id]
    assert assistant.asked["text"] == "slow"
    assert assistant.asked["constraints"] == (Constraint("genres", "is", ("drama", "crime")),)
    assert len(client.post("/api/recommend", json={}).json()["items"]) == 5
    _error(client.post("/api/recommend", json={"liked": ["no-item"]}), 404)
    _error(client.post("/api/recommend", json={"k": 0}), 422)


def test_covers_are_inert_images(client):
    response = client.get(f"/api/covers/{CARDS[0].id}.svg")
    assert response.headers["content-type"] == "image/svg+xml"
    assert response.headers["content-security-policy"].startswith("default-src 'none'; sandbox")
    odd = client.get("/api/covers/odd%2F%201%3F.svg")
    assert odd.status_code == 200
    assert INJECTION not in odd.text
    _error(client.get("/api/covers/no-item.svg"), 404)


def test_covers_may_be_shown_on_pages_that_isolate_themselves(client):
    cover = client.get("/api/covers/film-stalker-1979.svg")
    assert cover.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/widget.js"])
def test_monitors_may_ask_for_the_head_alone(client, path):
    response = client.head(path)
    assert response.status_code == 200


def test_health(client):
    assert client.get("/healthz").json() == {"status": "ok", "assistant": "ready"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["items"] == len(CARDS)


def test_while_loading_everything_says_so():
    assistant = FakeAssistant()
    assistant.state = "loading"
    with TestClient(create_app(assistant)) as client:
        assert client.get("/").status_code == 200
        assert client.get("/healthz").json()["assistant"] == "loading"
        for response in (
            client.get("/readyz"),
            client.post("/api/chat", json={"message": "hello"}),
            client.post("/api/chat", json={"message": "hello"}, headers=EVENTS),
            client.get(f"/api/covers/{CARDS[0].id}.svg"),
        ):
            assert response.status_code == 503
            assert int(response.headers["retry-after"]) >= 1
            assert "reading the catalogue" in response.text
        assistant.state = "failed"
        assert client.get("/readyz").status_code == 503
        _error(client.post("/api/chat", json={"message": "hello"}), 503)


def test_the_page_points_to_no_other_host(client):
    page = client.get("/")
    assert page.status_code == 200
    assert "Namedrop" in page.text
    hosts = set(re.findall(r"(?:https?:)?//([\w.-]+\.\w+|testserver)", page.text.replace("www.w3.org/2000/svg", "")))
    assert hosts <= {"testserver"}
    assert len(page.content) == int(page.headers["content-length"])


def test_every_response_is_hardened(client):
    for path in ("/", "/healthz", "/api/covers/none.svg", "/ui/chat.js", "/nowhere"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors" in headers["content-security-policy"]
    policy, page = client.get("/").headers["content-security-policy"], client.get("/").text
    assert "script-src 'self' 'unsafe-eval' 'nonce-" in policy
    assert "<script" not in re.sub(r'<script nonce="[\w-]+"', "", page)


@pytest.mark.parametrize(
    "path", ["/gradio_api/upload", "/gradio_api/file=/etc/passwd", "/gradio_api/proxy=http://x", "/redoc", "/config"]
)
def test_what_the_page_does_not_need_is_closed(client, path):
    assert client.get(path).status_code == 404
    assert client.post(path).status_code in (404, 405)


def test_the_server_loads_no_torch():
    code = "import sys, chat.server; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_app_refuses_in_one_line(capsys, tmp_path):
    assert program.main(["--catalog", str(tmp_path / "none.csv")]) == 2
    (tmp_path / "catalog.csv").write_text("id,title\n1,Stalker\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert program.main(["--catalog", str(tmp_path / "catalog.csv"), "--port", str(port)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "no file" in lines[0]
    assert f"127.0.0.1:{port}: the port is in use" in lines[1]


@pytest.mark.parametrize(
    ("secret", "options", "said"),
    [
        ("short", [], "NAMEDROP_SECRET has 5 bytes"),
        ("", ["--webhook", "https://shop.example/"], "NAMEDROP_SECRET is not set"),
        ("x" * 32, ["--webhook", "shop.example"], "--webhook https://HOST/PATH"),
        ("x" * 32, ["--webhook", "https://shop.example/", "--database", "none"], "a webhook needs a database"),
        ("", ["--database", "foo"], "is no URL"),
        ("", ["--routes", "/nope.jsonl"], "there is no file or folder '/nope.jsonl'"),
    ],
)
def test_app_refuses_connections_before_it_takes_the_port(capsys, tmp_path, monkeypatch, secret, options, said):
    monkeypatch.setenv("NAMEDROP_SECRET", secret)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(program, "listen", None)
    (tmp_path / "catalog.csv").write_text("id,title\n1,Stalker\n")
    assert program.main(["--catalog", "catalog.csv", "--model", "none", *options]) == 2
    assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".csv"] in ([], [".cache"])


def test_what_the_api_has_not_is_told_in_its_own_shape(client):
    _error(client.get("/api/nowhere"), 404)
    assert client.get("/v1/nowhere").json()["error"]["type"] == "invalid_request_error"
    for method, path, allowed in (
        ("GET", "/api/chat", "POST"),
        ("TRACE", "/api/sessions/ann", "DELETE, GET"),
        ("PATCH", "/healthz", "GET"),
        ("DELETE", "/widget.js", "GET"),
    ):
        response = client.request(method, path)
        _error(response, 405)
        assert response.headers["allow"] == allowed


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nope", 404),
        ("POST", "/nope/", 404),
        ("GET", "/ui/nope.js", 404),
        ("GET", "/assets/nope.js", 404),
        ("DELETE", "/", 405),
        ("POST", "/ui/nope.js", 405),
    ],
)
def test_what_the_page_has_not_is_told_in_the_same_shape(client, method, path, status):
    error = _error(client.request(method, path), status)
    assert error["message"] in ("There is nothing at this address.", "This address has no such method.")


@pytest.mark.parametrize("value", [["x"] * 51, "x" * 257, ["x" * 257], {"a": 1}, "0" * 300])
def test_a_limits_value_is_bounded(client, value):
    limit = {"field": "genres", "op": "is", "value": value}
    expected = _error(client.post("/api/recommend", json={"constraints": [limit]}), 422)["expected"]
    assert expected.startswith("constraints.0.value")
    assert "constrained-str" not in expected


@pytest.mark.parametrize("value", [1990, 19.5, True, "film", ["film", "book"], "1990"])
def test_a_limits_value_keeps_its_kind(client, assistant, value):
    limit = {"field": "genres", "op": "is", "value": value}
    assert client.post("/api/recommend", json={"constraints": [limit]}).status_code == 200
    kept = assistant.asked["constraints"][0].value
    assert kept == (tuple(value) if isinstance(value, list) else value)
    assert isinstance(kept, bool) == isinstance(value, bool)


@pytest.mark.parametrize(("error", "status"), [(BadLimit("the limit on 'x' is none"), 422), (NoSuchLimit("none"), 404)])
def test_a_limit_that_is_none_is_the_clients_mistake(error, status):
    problem = explain(error)
    assert problem.status == status
    assert str(error) in (problem.message, problem.expected)


@pytest.mark.parametrize("k", ["5", True, 5.0])
def test_a_number_is_a_number(client, k):
    assert "k: " in _error(client.post("/api/recommend", json={"k": k}), 422)["expected"]


def test_a_body_that_cannot_be_read_is_refused(client):
    response = client.post("/api/chat", content=b"\xff\xfe}", headers={"Content-Type": "application/json"})
    assert "JSON in UTF-8" in _error(response, 400)["expected"]
