"""What goes in and out of a dialogue: cards, replies and events, as the HTTP interface shows them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Signal = Literal["like", "dislike", "seen", "undo"]


class Frozen(BaseModel):
    """A value that does not change once made."""

    model_config = ConfigDict(frozen=True)


class Card(Frozen):
    """One recommended item. Every field but `why`, `score` and `sponsored` is quoted from the catalogue."""

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
    sponsored: bool = Field(False, description="A sponsored rule of the shop put it forward; it must be labelled so.")


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
    visitor: str | None = Field(
        None,
        exclude_if=lambda visitor: visitor is None,
        description="Given once, to an unnamed person who has just asked to be remembered: send it as `visitor` with "
        "the first message of their next conversations.",
    )


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
    """One message as it is kept and exported.

    Attributes:
        items: ids of the cards shown, or of the items that the person named.
        whys: the reasons shown on those cards, in their order.
        citations: the passages that it quotes.
        at: when, in seconds since 1970.
        points: it names items by their place in the row of cards ("the second one").
        sponsored: ids of those cards that a sponsored rule put forward.
    """

    role: Literal["user", "assistant"]
    text: str
    items: tuple[str, ...] = ()
    whys: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    at: float = 0.0
    points: bool = False
    sponsored: tuple[str, ...] = ()


class Feedback(Frozen):
    """A judgement by a card's buttons, and where the conversation stood.

    Attributes:
        at: when, in seconds since 1970.
        place: where in the latest row of cards the item stood, from 0; None if it was not in it.
        limits: the labels of the limits in force.
        wishes: the soft preferences in force, as (field, value).
    """

    item_id: str
    signal: Signal
    at: float
    place: int | None = None
    limits: tuple[str, ...] = ()
    wishes: tuple[tuple[str, str], ...] = ()


class Remembered(Frozen):
    """What is remembered of a person from one conversation to the next.

    Attributes:
        consent: whether anything is.
        training: whether the shop may learn recommendations from their conversations.
        since: when they consented, in seconds since 1970.
        visitor: the id of an unnamed person, told once, when they consent.
    """

    consent: bool = False
    training: bool = False
    since: float | None = None
    visitor: str | None = None
    liked: tuple[Card, ...] = ()
    disliked: tuple[Card, ...] = ()
    seen: tuple[Card, ...] = ()
    constraints: tuple[Chip, ...] = ()


class SessionView(Frozen):
    """Everything the assistant keeps about one conversation, and about the person if they consented.

    Attributes:
        customer: the id of the verified customer whom it belongs to.
        shown: ids of all items shown.
        wishes: the soft preferences in force, as (field, value).
        feedback: every judgement by buttons, taken back or not.
        handoff: the open ticket of the conversation, if a person of the shop has it.
    """

    session: str
    customer: str = ""
    messages: tuple[StoredMessage, ...] = ()
    liked: tuple[Card, ...] = ()
    disliked: tuple[Card, ...] = ()
    seen: tuple[Card, ...] = ()
    shown: tuple[str, ...] = ()
    constraints: tuple[Chip, ...] = ()
    wishes: tuple[tuple[str, str], ...] = ()
    feedback: tuple[Feedback, ...] = ()
    remembered: Remembered = Remembered()
    handoff: Handoff | None = None


class PersonView(Frozen):
    """Everything the assistant keeps about a person: a verified customer, or a visitor who asked to be remembered."""

    remembered: Remembered = Remembered()
    sessions: tuple[SessionView, ...] = ()


class TurnTaken(Frozen):
    """What there is to count of a turn; nothing that anybody wrote.

    Attributes:
        route: what the message asked for.
        cards, citations: how many were shown.
        abstained: what was asked could not be answered.
        handoff: why it was handed over to a person, "" if it was not.
        seconds: what it took, without waiting.
    """

    session: str
    route: str
    cards: int
    citations: int
    abstained: bool
    handoff: str
    seconds: float


class Opening(Frozen):
    """A text that a person might begin with, beside an item that it could lead to."""

    text: str
    item_id: str


class Openings(Frozen):
    """How a person might begin; without `openings`, as the page says.

    Attributes:
        of_goods: the shop has no works, which one is in the mood for.
    """

    of_goods: bool
    openings: tuple[Opening, ...] = ()


class Status(Frozen):
    """Whether the assistant can answer, and with what.

    Attributes:
        problem: why the latest edit of the catalogue or of the rules is being ignored, if it is.
        undelivered: how many hand-offs the webhook has not taken yet; for the operator alone.
    """

    state: Literal["loading", "ready", "failed"]
    detail: str = ""
    items: int = 0
    model: str = ""
    problem: str | None = None
    undelivered: int = Field(0, exclude=True)
