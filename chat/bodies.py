"""What requests and answers hold, beside the messages of a dialogue: the schemas of `/openapi.json`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, Strict, StrictBool, StringConstraints

from chat.messages import Card, Frozen, SessionView, Signal
from retrieval.types import Op

MAX_MESSAGE = 2_000

SessionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
SessionPath = Annotated[SessionId, Path()]
Token = Annotated[str, StringConstraints(min_length=1, max_length=4_096)]
VisitorId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
ItemId = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Message = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_MESSAGE)]
_Word = Annotated[str, StringConstraints(max_length=256)]
Value = StrictBool | Annotated[float, Strict()] | _Word | Annotated[tuple[_Word, ...], Field(max_length=50)]


class Body(BaseModel):
    """A request; a field that is not known is refused, since it is most likely misspelt."""

    model_config = ConfigDict(extra="forbid")


class ChatBody(Body):
    """`{"message": "Something like Arrival?", "session": "ann"}`."""

    message: Message
    session: SessionId | None = None
    customer: Token | None = Field(None, description="A customer token, for those who cannot send it as a header.")
    page_item: ItemId | None = Field(None, description="The item whose page the person is looking at.")
    visitor: VisitorId | None = Field(None, description="The id that an unnamed person got when they consented.")


class Limit(Body):
    """A constraint as a client writes it: `{"field": "year", "op": "<", "value": 1990}`."""

    field: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    op: Op
    value: Value
    label: Annotated[str, StringConstraints(max_length=256)] = ""


Ids = Annotated[list[ItemId], Field(max_length=200)]
Limits = Annotated[list[Limit], Field(max_length=50)]
Count = Annotated[int, Strict(), Field(ge=1, le=50)]


class RecommendBody(Body):
    """`{"text": "slow science fiction", "liked": ["film-arrival-2016"], "constraints": […], "k": 5}`."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_MESSAGE)] = ""
    liked: Ids = Field(default_factory=list)
    disliked: Ids = Field(default_factory=list)
    constraints: Limits = Field(default_factory=list)
    k: Count = 5


class FeedbackBody(Body):
    """`{"session": "ann", "item_id": "film-arrival-2016", "signal": "like"}`."""

    session: SessionId
    item_id: ItemId
    signal: Signal


class ConsentBody(Body):
    """`{"consent": true}`; `training`: the shop may also learn recommendations from the person's conversations."""

    consent: StrictBool
    training: StrictBool = True


class Recommended(Frozen):
    """Items in stock, best first."""

    items: tuple[Card, ...]


class Judged(Frozen):
    """What the person has said about items so far, as item ids."""

    session: str
    liked: tuple[str, ...]
    disliked: tuple[str, ...]
    seen: tuple[str, ...]


class Forgotten(Frozen):
    """Everything about a conversation has been deleted."""

    forgotten: bool


class Health(Frozen):
    """Whether the process lives, and how far the assistant is."""

    status: Literal["ok"]
    assistant: Literal["loading", "ready", "failed"]


class Export(SessionView):
    """A whole conversation, with the cards of every item in it that the catalogue still has."""

    cards: dict[str, Card] = Field(default_factory=dict)
