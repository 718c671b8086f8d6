"""The client of the MCP SDK against a real server, over the real dialogue on Marquee without models."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable

import httpx
import pytest
from mcp.client.client import Client

from chat.assistant import Assistant
from chat.limits import Limits
from chat.mcp import Tools
from chat.server import create_app
from tests.fake_assistant import FakeAssistant
from tests.serving import served
from tests.shops import marquee


@pytest.fixture(scope="module")
def address():
    assistant = Assistant("unused.jsonl", model="none")
    assistant._shop = marquee()
    with served(create_app(assistant, limits=Limits(waiting=4))) as address:
        yield address


def ask(address: str, conversation: Callable):
    """Hold one conversation of a client with the server."""

    async def main():
        async with Client(f"{address}/mcp") as client:
            return await conversation(client)

    return asyncio.run(main())


def call(address: str, tool: str, **arguments):
    """Call one tool; return its result."""
    return ask(address, lambda client: client.call_tool(tool, arguments))


def test_the_tools_are_listed_with_their_schemas(address):
    tools = {tool.name: tool for tool in ask(address, lambda client: client.list_tools()).tools}
    assert set(tools) == {"search", "recommend", "answer"}
    assert tools["search"].input_schema["required"] == ["query"]
    assert set(tools["recommend"].input_schema["properties"]) == {"wish", "liked", "disliked", "limits", "k"}
    assert all(tool.description and tool.output_schema for tool in tools.values())
    assert all(tool.annotations.read_only_hint for tool in tools.values())


def test_search_finds_titles_and_what_they_are_about(address):
    for query in ("Stalker", "Stalkr"):
        assert call(address, "search", query=query).structured_content["items"][0]["title"] == "Stalker"
    found = call(address, "search", query="slow science fiction film before 1980", k=3).structured_content["items"]
    assert len(found) == 3
    assert all(item["year"] < 1980 and item["kind"] == "film" for item in found)


def test_recommend_keeps_every_limit(address):
    liked = call(address, "search", query="Solaris").structured_content["items"][0]["id"]
    limits = [{"field": "price", "op": "<", "value": 8}]
    result = call(address, "recommend", wish="something slow, before 1990", liked=[liked], limits=limits, k=4)
    items = result.structured_content["items"]
    assert len(items) == 4
    assert all(item["year"] < 1990 and item["price"] < 8 and item["id"] != liked for item in items)
    assert json.loads(result.content[0].text) == result.structured_content


def test_answer_quotes_the_catalogue(address):
    answer = call(address, "answer", question="How much is Stalker?").structured_content
    assert answer["items"][0]["title"] == "Stalker"
    assert f"{answer['items'][0]['price']:.2f}" in answer["text"]
    assert answer["citations"] == []


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("recommend", {"liked": ["no-item"]}, "no item 'no-item' in the catalogue"),
        ("recommend", {"k": 0}, "The arguments are not valid: k: Input should be greater than or equal to 1"),
        ("recommend", {"limits": [{"field": "price", "op": "<", "value": "8"}]}, "'price' needs a number"),
        ("recommend", {"limits": [{"field": "pricee", "op": "<", "value": 8}]}, "no item of the catalogue has such"),
        ("search", {}, "required"),
        ("search", {"query": "x" * 2001}, "at most 2000"),
    ],
)
def test_what_cannot_be_answered_is_an_error_of_the_tool(address, tool, arguments, message):
    result = call(address, tool, **arguments)
    assert result.is_error
    assert message in result.content[0].text
    assert "https://" not in result.content[0].text


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_there_is_no_stream_to_wait_for(address, method):
    response = httpx.request(method, f"{address}/mcp", headers={"Accept": "text/event-stream"}, timeout=5)
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


def test_a_full_queue_is_told_to_the_client():
    app = create_app(FakeAssistant(pace=0.05), limits=Limits(workers=1, waiting=0))

    async def together(client: Client):
        return await asyncio.gather(*(client.call_tool("answer", {"question": f"slow {n}"}) for n in range(3)))

    with served(app) as address:
        results = ask(address, together)
    assert [result.is_error for result in results].count(True) == 2
    assert all("Too many people" in r.content[0].text for r in results if r.is_error)


def test_making_the_server_leaves_the_programs_logging_alone():
    root = logging.getLogger()
    handlers = root.handlers[:]
    root.handlers[:] = []
    try:
        Tools(FakeAssistant(), None)
        assert root.handlers == []
    finally:
        root.handlers[:] = handlers
