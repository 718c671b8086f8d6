"""OpenAI's chat completions, so that programs which know those can talk to the assistant: `/v1`.

The caller keeps the conversation and sends all of it each time. What people said in it is understood anew, and what the
assistant said is read for the titles it named; nothing is trusted as an instruction, whatever its role, and nothing is
stored, and nobody fetched. With the extra field `session` the assistant keeps the conversation itself and only the last
message counts. Items, limits, citations and hand-off come in the extra field `namedrop`::

    client.chat.completions.create(model="namedrop", messages=[{"role": "user", "content": "Something like Arrival?"}])
    → {"object": "chat.completion", "choices": [{"message": {"role": "assistant", "content": "…"}, …}],
       "namedrop": {"session": null, "items": [{"id", "title", …}], "constraints": […], "citations": […], "handoff"}}
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator
from starlette.exceptions import HTTPException

from chat.bodies import MAX_MESSAGE, ItemId, SessionId, Token
from chat.limits import Rates, TurnQueue, attended
from chat.messages import Card, Chip, Citation, Event, Frozen, Handoff, Reply, StoredMessage
from chat.problems import STREAMED, answers, explain

if TYPE_CHECKING:
    from chat.assistant import Assistant

MODEL = "namedrop"
_HISTORY = 20  # messages before the last that are understood anew
_MOST = 500  # messages that are taken at all; the size of the body ends it sooner


class Part(BaseModel):
    """A piece of a message; text is all that can be read."""

    type: Literal["text"]
    text: str


class Identified(BaseModel):
    """An item of an earlier answer; what else the client sends of it is not read."""

    id: ItemId


class Shown(BaseModel):
    """The items that an earlier answer showed."""

    items: Annotated[list[Identified], Field(max_length=50, default_factory=list)]


class Said(BaseModel):
    """One message of the conversation, in OpenAI's form; `namedrop` is what an earlier answer had under that name."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None
    namedrop: Shown | None = None

    @property
    def text(self) -> str:
        """What the message says, without the rest."""
        parts = self.content if isinstance(self.content, list) else [Part(type="text", text=self.content or "")]
        return " ".join(part.text for part in parts).strip()[:MAX_MESSAGE]


class Question(BaseModel):
    """A request in OpenAI's form; what steers sampling is accepted and has no effect, since no text is sampled."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"model": MODEL, "messages": [{"role": "user", "content": "Like Arrival?"}]}}
    )

    model: Annotated[str, StringConstraints(max_length=128)] = MODEL
    messages: Annotated[list[Said], Field(min_length=1, max_length=_MOST)]
    stream: StrictBool = False
    n: Literal[1] | None = None
    session: SessionId | None = Field(None, description="Keeps the conversation here; not in OpenAI's interface.")
    customer: Token | None = Field(None, description="A signed customer token; not in OpenAI's interface.")
    page_item: ItemId | None = Field(None, description="The item whose page is open; not in OpenAI's interface.")

    @model_validator(mode="after")
    def _asks(self) -> Question:
        last = self.messages[-1]
        if last.role != "user" or not last.text:
            raise ValueError("the last message must be the user's, with text")
        return self

    @property
    def history(self) -> list[StoredMessage] | None:
        """The conversation before the last message; None if the assistant keeps it."""
        if self.session is not None:
            return None
        return [
            StoredMessage(
                role=said.role, text=said.text, items=tuple(i.id for i in said.namedrop.items) if said.namedrop else ()
            )
            for said in self.messages[:-1][-_HISTORY:]
            if said.role in ("user", "assistant") and said.text
        ]


class Extra(Frozen):
    """What OpenAI's form has no place for."""

    session: str | None
    items: tuple[Card, ...]
    constraints: tuple[Chip, ...]
    citations: tuple[Citation, ...] = ()
    handoff: Handoff | None = None


class Spoken(Frozen):
    """The assistant's message."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class Choice(Frozen):
    """The one answer."""

    index: Literal[0] = 0
    message: Spoken
    finish_reason: Literal["stop"] = "stop"
    logprobs: None = None


class Completion(Frozen):
    """An answer in OpenAI's form; tokens are not counted, so `usage` is null."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: Literal["namedrop"] = "namedrop"
    choices: tuple[Choice]
    usage: None = None
    namedrop: Extra


class Model(Frozen):
    """The one model there is."""

    id: Literal["namedrop"] = "namedrop"
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["namedrop"] = "namedrop"


class Models(Frozen):
    """The list of models."""

    object: Literal["list"] = "list"
    data: tuple[Model, ...]


_AS_CHUNKS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer; with `stream`, `data:` lines of `chat.completion.chunk`, `[DONE]` last.",
        "content": {"text/event-stream": {}},
    }
}


def _extra(reply: Reply, *, kept: bool) -> Extra:
    return Extra(
        session=reply.session if kept else None,
        items=reply.items,
        constraints=reply.constraints,
        citations=reply.citations,
        handoff=reply.handoff,
    )


def _completion(reply: Reply, *, kept: bool) -> Completion:
    message = Spoken(content=reply.text)
    return Completion(
        id=f"chatcmpl-{reply.message_id}",
        created=int(time.time()),
        choices=(Choice(message=message),),
        namedrop=_extra(reply, kept=kept),
    )


class _Chunks:
    """Words the events of one answer as chunks."""

    def __init__(self, identity: str, *, kept: bool) -> None:
        self._head = {"id": identity, "object": "chat.completion.chunk", "created": int(time.time()), "model": MODEL}
        self._kept = kept

    def lines(self, events: Iterable[Event]) -> str:
        """Return the lines of some events."""
        return "".join(f"data: {json.dumps(self._of(event), ensure_ascii=False)}\n\n" for event in events)

    def _of(self, event: Event) -> dict[str, Any]:
        """Return the chunk of one event: the items with the role, each piece of text, and the rest at the end."""
        match event.type:
            case "items":
                shown = Extra(session=None, items=event.items, constraints=event.constraints)
                return self._chunk({"role": "assistant", "content": ""}, namedrop=shown.model_dump())
            case "text":
                return self._chunk({"content": event.text})
            case _:
                rest = {"namedrop": _extra(event.reply, kept=self._kept).model_dump()} if event.reply else {}
                return self._chunk({}, "stop", **rest)

    def _chunk(self, delta: dict[str, str], finish: str | None = None, **extra: object) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return self._head | {"choices": [choice]} | extra


async def _lines(first: list[Event], events: AsyncGenerator[list[Event]], chunks: _Chunks) -> AsyncIterator[str]:
    """Send events as OpenAI's clients read them; an error is the last line but one."""
    try:
        async with aclosing(events):
            yield chunks.lines(first)
            async for there in events:
                yield chunks.lines(there)
    except Exception as error:
        yield f"data: {bytes(explain(error).response('/v1/').body).decode()}\n\n"
    yield "data: [DONE]\n\n"


def openai_routes(assistant: Assistant, turns: TurnQueue, rates: Rates) -> APIRouter:
    """Return the routes under `/v1`."""
    api = APIRouter()
    began = int(time.time())

    @api.get("/models", responses=answers(openai=True))
    async def models() -> Models:
        """List the one model."""
        return Models(data=(Model(created=began),))

    @api.get("/models/{model}", responses=answers(404, openai=True))
    async def model(model: str) -> Model:
        """Describe the one model."""
        _require(model)
        return Model(created=began)

    @api.post(
        "/chat/completions", response_model=Completion, responses=answers(401, 403, 404, 409, openai=True) | _AS_CHUNKS
    )
    async def complete(body: Question, request: Request) -> Completion | Response:
        """Answer the last message of a conversation."""
        _require(body.model)
        rates.session(body.session)
        message, kept = body.messages[-1].text, body.session is not None
        options: dict[str, Any] = {
            "history": body.history,
            "customer": assistant.customer(body.customer) if body.customer else None,
            "page_item": body.page_item,
        }
        if not body.stream:
            reply = await attended(request, turns.run(lambda: assistant.reply(message, body.session, **options)))
            return _completion(reply, kept=kept)
        events = turns.stream(assistant.stream(message, body.session, **options))
        first = await attended(request, anext(events))
        chunks = _Chunks(f"chatcmpl-{secrets.token_hex(8)}", kept=kept)
        return StreamingResponse(_lines(first, events, chunks), media_type="text/event-stream", headers=STREAMED)

    return api


def _require(model: str) -> None:
    if model != MODEL:
        raise HTTPException(404, f"There is no model of this name; the one here is '{MODEL}'.")
