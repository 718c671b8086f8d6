"""Metrics and logs, and that neither holds a word of a conversation."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Mapping

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from chat.assistant import Assistant
from chat.logs import REQUESTS, JsonFormatter, TextFormatter, configure, hashed, request_id
from chat.messages import TurnTaken
from chat.server import create_app
from tests.fake_assistant import FakeAssistant
from tests.shops import marquee

SECRET = "my landlord Mr Pemberton"
EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture
def log():
    """The lines that the server's loggers write, as a list of objects."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    loggers = [logging.getLogger(name) for name in (REQUESTS, "chat")]
    before = [(logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in dict.fromkeys(stream.getvalue().splitlines())]
    for logger, (level, propagate) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.propagate = propagate
        logger.removeHandler(handler)


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(FakeAssistant())) as client:
        yield client


def metrics(client, since: Mapping[tuple[str, ...], float] | None = None) -> dict[tuple[str, ...], float]:
    """Return the samples by name and label values, or how much they have grown."""
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    return {
        (key := (sample.name, *sample.labels.values())): sample.value - (since or {}).get(key, 0)
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_status(client):
    before = metrics(client)
    client.post("/api/chat", json={"message": "hello", "session": "s"})
    client.post("/api/chat", json={"message": ""})
    client.get("/api/sessions/s")
    client.get("/api/sessions/nobody")
    client.get("/v1/models")
    client.get("/wp-login.php")
    brewed = client.request("BREW", "/api/chat").status_code
    seen = metrics(client, before)
    name = "namedrop_requests_total"
    assert seen[name, "POST", "/api/chat", "200"] == 1
    assert seen[name, "POST", "/api/chat", "422"] == 1
    assert seen[name, "GET", "/api/sessions/{session}", "200"] == 1
    assert seen[name, "GET", "/api/sessions/{session}", "404"] == 1
    assert seen[name, "GET", "/v1/models", "200"] == 1
    assert seen[name, "GET", "other", "404"] == 1
    assert seen[name, "other", "other", str(brewed)] == 1
    assert seen["namedrop_request_seconds_count", "/api/chat"] == 2
    assert seen["namedrop_first_byte_seconds_count", "/api/chat"] == 2
    assert ("process_cpu_seconds_total",) in seen


def test_turns_are_counted_by_what_they_were_about(client):
    before = metrics(client)
    client.post("/api/chat", json={"message": "hello"}, headers=EVENTS)
    client.post("/api/chat", json={"message": "nothing"})
    seen = metrics(client, before)
    assert seen["namedrop_turns_total", "recommend"] == 2
    assert seen["namedrop_abstentions_total", "recommend"] == 1
    assert seen["namedrop_cards_total",] == 5
    assert seen["namedrop_turn_seconds_count", "recommend"] == 2
    now = metrics(client)
    assert [now[f"namedrop_{name}",] for name in ("turns_pending", "ready", "model_loaded", "items")] == [0, 1, 1, 10]


def test_what_nobody_foresaw_is_counted_logged_and_told_in_general_words(client, log):
    before = metrics(client)
    response = client.post("/api/chat", json={"message": f"break {SECRET}"})
    assert response.status_code == 500
    assert "secret detail" not in response.text
    assert metrics(client, before)["namedrop_requests_total", "POST", "/api/chat", "500"] == 1
    failure = next(line for line in log() if line["level"] == "ERROR")
    assert failure["error"]["type"] == "RuntimeError"
    assert any("fake_assistant.py" in place for place in failure["error"]["at"])
    assert failure["request"] == response.headers["x-request-id"]
    assert "secret detail" not in json.dumps(log())


def test_the_log_tells_requests_and_turns_without_a_word_of_them(client, log):
    first = client.post("/api/chat", json={"message": SECRET, "session": "annsession"}, headers={"X-Request-Id": "r-1"})
    client.post("/api/chat", json={"message": SECRET, "session": "annsession"}, headers=EVENTS)
    client.post("/api/chat", json={"message": SECRET, "session": "bob"}, headers={"X-Request-Id": "a b\n"})
    client.get("/api/sessions/annsession")
    client.get("/healthz")
    lines = log()
    assert first.headers["x-request-id"] == "r-1"
    turn, request = lines[0], lines[1]
    assert (turn["message"], turn["route"], turn["cards"], turn["request"]) == ("turn", "recommend", 5, "r-1")
    assert (request["message"], request["method"], request["route"], request["status"]) == (
        "request", "POST", "/api/chat", 200,
    )  # fmt: skip
    assert request["request"] == "r-1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", request["time"])
    sessions = [line["session"] for line in lines if line["message"] == "turn"]
    assert sessions == [hashed("annsession")] * 2 + [hashed("bob")]
    assert [line["route"] for line in lines if line["message"] == "request"][-1] == "/api/sessions/{session}"
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", line["request"]) for line in lines)
    written = json.dumps(lines)
    for word in ("Pemberton", "annsession", "bob", "testclient"):
        assert word not in written


def test_metrics_hold_no_word_either(client):
    client.post("/api/chat", json={"message": SECRET, "session": "annsession"})
    client.get(f"/api/{SECRET}")
    client.get("/api/covers/film-heat-1995.svg")
    text = client.get("/metrics").text
    assert "/api/covers/{item_id:path}.svg" in text
    for word in ("Pemberton", "annsession", "film-heat"):
        assert word not in text


def test_a_real_turn_tells_what_it_was():
    assistant = Assistant("unused.jsonl", model="none")
    assistant._shop = marquee()
    taken: list[TurnTaken] = []
    assistant.on_turn(taken.append)
    reply = assistant.reply("a film before 1990", "s")
    assert (taken[0].session, taken[0].route, taken[0].cards) == ("s", "recommend", len(reply.items))
    assert 0 < taken[0].seconds < 60
    assistant.reply("a film before 1990", history=[])
    assert len(taken) == 2


def _record(error: Exception) -> logging.LogRecord:
    try:
        raise error
    except type(error) as raised:
        info = (type(raised), raised, raised.__traceback__)
        return logging.LogRecord("chat", logging.ERROR, "", 0, "failed", (), info)


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_an_errors_words_are_left_out_of_a_request_only(formatter):
    assert SECRET in formatter.format(_record(ValueError(SECRET)))
    token = request_id.set("r-2")
    try:
        text = formatter.format(_record(ValueError(SECRET)))
    finally:
        request_id.reset(token)
    assert SECRET not in text
    assert "ValueError" in text
    assert "r-2" in text
    assert "test_telemetry.py" in text


def test_configuring_sets_every_logger_at_once(capsys):
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        configure("json")
        logging.getLogger("another.library").warning("from afar")
        logging.getLogger(REQUESTS).info("request", extra={"fields": {"status": 200}})
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert [line["message"] for line in lines] == ["from afar", "request"]
        assert lines[1]["status"] == 200
        configure("text")
        logging.getLogger(REQUESTS).info("request")
        logging.getLogger("chat.assistant").info("ready")
        assert capsys.readouterr().err == "chat.assistant: ready\n"
    finally:
        root.handlers[:], root.level = before
        for name in ("chat", "retrieval", REQUESTS):
            logging.getLogger(name).setLevel(logging.NOTSET)


def test_a_named_error_is_no_surprise(client, log):
    assert client.get("/api/sessions/nobody").status_code == 404
    assert not [line for line in log() if line["level"] == "ERROR"]
