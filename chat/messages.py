"""What goes in and out of a dialogue: cards, replies and events, as the HTTP interface shows them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Signal = Literal["like", "dislike", "seen", "undo"]


class Frozen(BaseModel):
    """A value that does not change once made."""

    model_config = ConfigDict(frozen=True)


class Card(Frozen):
    """One recommended item. Every field but `why` and `score` is quoted from the catalogue."""

    id: str
    kind: str = ""
    title: str
    year: int | None = None
    creators: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    price: float | None = None
    currency: str = ""
    in_stock: bool = True
    url: str = ""
    image_url: str = ""
    description: str = ""
    why: str = Field("", description="Why this one, from catalogue facts and the person's own words.")
    score: float = 0.0


class Chip(Frozen):
    """One constraint in force; `field`, `op` and `value` identify it when the person removes it."""

    field: str
    op: str
    value: str | float | bool | tuple[str, ...]
    label: str


class Citation(Frozen):
    """A passage of the shop's own knowledge that an answer quotes."""

    id: str
    title: str
    quote: str


class Handoff(Frozen):
    """The conversation goes on with a person."""

    reason: str
    ticket: str


class Reply(Frozen):
    """The assistant's whole answer to one message."""

    session: str
    message_id: str
    text: str
    items: tuple[Card, ...] = ()
    constraints: tuple[Chip, ...] = ()
    citations: tuple[Citation, ...] = ()
    handoff: Handoff | None = None


class Event(Frozen):
    """One step of a streamed answer.

    `items` comes first (with the cards and chips), then `text` pieces, then `done` with the whole reply.
    """

    type: Literal["items", "text", "done"]
    items: tuple[Card, ...] = ()
    constraints: tuple[Chip, ...] = ()
    text: str = ""
    reply: Reply | None = None


class StoredMessage(Frozen):
    """One message as it is kept and exported; `whys` are the reasons shown on the cards of `items`, in their order."""

    role: Literal["user", "assistant"]
    text: str
    items: tuple[str, ...] = ()
    whys: tuple[str, ...] = ()


class SessionView(Frozen):
    """Everything the assistant keeps about one conversation."""

    session: str
    messages: tuple[StoredMessage, ...] = ()
    liked: tuple[Card, ...] = ()
    disliked: tuple[Card, ...] = ()
    seen: tuple[Card, ...] = ()
    constraints: tuple[Chip, ...] = ()


class Status(Frozen):
    """Whether the assistant can answer, and with what.

    Attributes:
        problem: why the latest edit of the catalogue file is being ignored, if it is.
    """

    state: Literal["loading", "ready", "failed"]
    detail: str = ""
    items: int = 0
    model: str = ""
    problem: str | None = None
