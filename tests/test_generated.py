"""Requests that schemathesis makes up from `/openapi.json`, to the real assistant on Marquee without models.

Here a few of every operation, both what the description allows and what it forbids; `python -m benchmarks.requests`
sends thousands over a socket.
"""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chat.assistant import Assistant
from chat.limits import Limits
from chat.server import create_app
from tests.shops import marquee

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 5  # of each kind, of every operation


@pytest.fixture(scope="module")
def schema():
    assistant = Assistant("unused.jsonl", model="none")
    assistant._shop = marquee()
    app = create_app(assistant, limits=Limits(rate="off", session_rate="off"))
    return schemathesis.openapi.from_asgi("/openapi.json", app)


def send(operation, mode: GenerationMode) -> int:
    """Send requests of one operation and check every answer; return how many."""
    sent = 0

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    def one(case):
        nonlocal sent
        response = case.call()
        case.validate_response(response, checks=CHECKS)
        if response.status_code >= 400:
            assert json.loads(response.content)["error"]["message"]
        sent += 1

    with suppress(Unsatisfiable):  # any text is a model's or an item's name: nothing to send is wrong
        one()
    return sent


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_no_generated_request_breaks_the_server_or_its_description(schema, mode):
    operations = [found.ok() for found in schema.get_all_operations()]
    if mode is GenerationMode.NEGATIVE:  # where there is something to send that is wrong
        operations = [o for o in operations if o.body or o.path_parameters or o.headers]
    sent = {operation.label: send(operation, mode) for operation in operations}
    assert sum(sent.values()) >= 40
