"""The lines of docs/api.md, in their order, against the real assistant on Marquee without models."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from chat.assistant import Assistant
from chat.server import create_app
from tests.serving import served
from tests.shops import marquee

PAGE = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8")


def requests():
    """Return method, path, headers and body of every curl line."""
    for line in re.findall(r"^curl .*(?:\n {5,}.*)*", PAGE, re.MULTILINE):
        words = shlex.split(line.replace("\\\n", " "))
        values = {flag: [b for a, b in pairwise(words) if a == flag] for flag in ("-H", "-d", "-X")}
        (address,) = [word for word in words if word.startswith("localhost:7860")]
        headers = dict(header.split(": ", 1) for header in values["-H"])
        body = values["-d"][0].encode() if values["-d"] else None
        yield (values["-X"] or ["POST" if body else "GET"])[0], address.removeprefix("localhost:7860"), headers, body


@pytest.fixture(scope="module")
def app():
    assistant = Assistant("unused.jsonl", model="none")
    assistant._shop = marquee()
    return create_app(assistant)


def test_every_line_is_answered(app):
    sent = list(requests())
    assert len(sent) >= 14
    with TestClient(app) as client:
        for method, path, headers, body in sent:
            response = client.request(method, path, headers=headers, content=body)
            assert response.status_code == 200, (method, path, response.text)
        described = client.get("/openapi.json").json()["paths"]
    asked = {(path, method.lower()) for method, path, *_ in sent}
    for path, methods in described.items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        for method in methods:
            if path not in ("/widget.js", "/v1/models/{model}"):
                assert any(re.fullmatch(pattern, p) and m == method for p, m in asked), (method, path)


def test_the_programs_run(app, capsys):
    programs = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(programs) == 2
    with served(app) as address:
        for program in programs:
            exec(compile(program.replace("http://localhost:7860", address), "api.md", "exec"), {})
    said = capsys.readouterr().out
    assert "Arrival" in said
    assert said.rstrip().endswith("Stalker")
