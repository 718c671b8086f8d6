"""The state of one dialogue: what the person likes, rejects and has seen, what was shown, which limits hold.

Items are kept by id, never by title or position, so a state outlives every edit of the catalogue. Each turn keeps a
snapshot, which `undo` brings back.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from chat.messages import Chip, Citation, Feedback, Signal, StoredMessage
from retrieval.types import Constraint, Op

_KEPT_SNAPSHOTS = 20
KEPT_MESSAGES = 200

Language = Literal["en", "zh"]


class Limit(BaseModel):
    """A constraint in force.

    Attributes:
        inferred: it follows from the liked items and gives way to anything said.
        implied: nobody said it; a refused mood rules it out besides ("nothing scary" no horror).
        lasting: it was said to hold always ("I never watch horror"), so it is worth remembering.
        measured: it goes by what had been shown ("newer"), and says nothing of works of another kind.
    """

    field: str
    op: Op
    value: str | float | bool | tuple[str, ...]
    label: str = ""
    inferred: bool = False
    implied: bool = False
    lasting: bool = False
    measured: bool = False
    currency: str = ""

    @property
    def constraint(self) -> Constraint:
        """The constraint as retrieval knows it."""
        return Constraint(self.field, self.op, self.value, self.label, self.currency)

    @property
    def is_thing(self) -> bool:
        """Whether it says what thing is wanted."""
        return self.constraint.is_thing

    @property
    def chip(self) -> Chip:
        """The constraint as people see it."""
        return Chip(field=self.field, op=self.op, value=self.value, label=self.label)


class Taste(BaseModel):
    """The part of the state that a turn changes and `undo` restores."""

    liked: list[str] = Field(default_factory=list)
    wanted: list[str] = Field(default_factory=list)  # the liked goods that were but asked for: they may be shown
    disliked: list[str] = Field(default_factory=list)
    seen: list[str] = Field(default_factory=list)
    shown: list[str] = Field(default_factory=list)
    limits: list[Limit] = Field(default_factory=list)
    wishes: list[tuple[str, str]] = Field(default_factory=list)
    earlier: list[tuple[str, str]] = Field(default_factory=list)  # wishes that newer ones stand before; they count less
    wish_text: list[str] = Field(default_factory=list)
    focus: list[str] = Field(default_factory=list)
    about: str = ""  # the item that "it" means; "" is the first of the focus
    aside: list[str] = Field(default_factory=list)  # liked, but by another than it is now wanted for
    spoken: str = ""  # the item last asked about or liked, whatever has been shown since
    compared: list[str] = Field(default_factory=list)  # what "which is longer?" chooses from
    any_kind: bool = False
    whom: str = ""  # for whom goods are to be: "child", "family", "man", "woman"
    age: float = 0.0  # of that child in years, 0 if it is not told

    @property
    def blank(self) -> bool:
        """Whether a recommendation has nothing to go by yet, except perhaps a kind."""
        told = self.liked or self.disliked or self.seen or self.wishes or self.earlier or self.wish_text
        return not told and all(limit.field == "kind" for limit in self.limits)

    @property
    def anchors(self) -> list[str]:
        """Return what is liked and says something of what is wanted now."""
        return [item for item in self.liked if item not in self.aside]

    def copied(self) -> Taste:
        """Return a copy that can be changed without changing this one; a deep `model_copy` takes ten times as long."""
        lists = {name: [*value] for name, value in self if isinstance(value, list)}
        return self.model_copy(update=lists | {"limits": [limit.model_copy() for limit in self.limits]})


Judgement = Literal["like", "dislike", "seen"]


class Judged(BaseModel):
    """What a person thinks of an item, and the conversation in which they said so."""

    item: str
    signal: Judgement
    session: str


class Lasting(BaseModel):
    """A limit that holds beyond the conversation in which it was said."""

    limit: Limit
    session: str


class Memory(BaseModel):
    """What is remembered of a person from one conversation to the next, with their consent; see `chat.memory`.

    Attributes:
        since: when they consented, in seconds since 1970.
        training: whether they also agreed that recommendations may be learnt from their conversations.
    """

    since: float
    training: bool = True
    judged: list[Judged] = Field(default_factory=list)
    limits: list[Lasting] = Field(default_factory=list)


class DialogueState(BaseModel):
    """One conversation.

    Attributes:
        customer: the id of the verified customer whom it belongs to, "" while it is anybody's.
        visitor: the hash of the id under which an unnamed person is remembered, "" if they are not.
        joined: the person whose memory the taste of this conversation has taken in.
        order: the number of the order last spoken of ("when does it arrive?").
        page: the id of the item whose page the person looks at.
        route: what the last message asked for; a short one that follows is read in its light.
        doubt: what the assistant asked the person to choose between, and the message in question.
        nearest: the title of the page that was asked about, as no page was sure to answer.
        unsure: how many questions in a row the desk could not answer.
        memory: what is remembered of that person, kept beside the conversation; None without consent.
        retold: the caller keeps the conversation, nothing of it is stored here.
        fleeting: it is kept in memory only, until the program ends.
        new_visitor: the id under which the person will be remembered, until the reply has told it.
        feedback: what was judged since the state was read, for the store to write down.
    """

    session: str
    customer: str = ""
    visitor: str = ""
    joined: str = ""
    order: str = ""
    page: str = ""
    route: str = ""
    doubt: list[str] = Field(default_factory=list)
    nearest: str = ""
    language: Language = "en"
    messages: list[StoredMessage] = Field(default_factory=list)
    taste: Taste = Field(default_factory=Taste)
    snapshots: list[Taste] = Field(default_factory=list)
    unsure: int = 0
    memory: Memory | None = Field(default=None, exclude=True)
    retold: bool = Field(default=False, exclude=True)
    fleeting: bool = Field(default=False, exclude=True)
    new_visitor: str = Field(default="", exclude=True)
    feedback: list[Feedback] = Field(default_factory=list, exclude=True)

    @property
    def person(self) -> str:
        """Under what the person is remembered, across conversations; "" if nobody knows them."""
        return f"customer:{self.customer}" if self.customer else f"visitor:{self.visitor}" if self.visitor else ""

    @property
    def answered(self) -> str:
        """What the assistant has said last, "" if nothing."""
        return next((entry.text for entry in reversed(self.messages) if entry.role == "assistant"), "")

    def has_said(self, text: str) -> bool:
        """Whether the assistant has said something before."""
        return any(text in entry.text for entry in self.messages if entry.role == "assistant")

    def copied(self) -> DialogueState:
        """Return a copy that can be changed without changing this one; messages and snapshots never change."""
        update = {
            "taste": self.taste.copied(),
            "snapshots": [*self.snapshots],
            "messages": [*self.messages],
            "feedback": [*self.feedback],
        }
        return self.model_copy(update=update)

    def snapshot(self) -> None:
        """Keep the taste as it is, for `undo`."""
        self.snapshots.append(self.taste.copied())
        del self.snapshots[:-_KEPT_SNAPSHOTS]

    def undo(self) -> bool:
        """Go back to the taste before the last change; False if there is nothing to undo."""
        if not self.snapshots:
            return False
        self.taste = self.snapshots.pop().copied()
        return True

    def say(
        self,
        role: Literal["user", "assistant"],
        text: str,
        items: Sequence[str] = (),
        whys: Sequence[str] = (),
        citations: Sequence[Citation] = (),
        sponsored: Sequence[str] = (),
    ) -> None:
        """Append a message to the transcript, with the ids of its cards, why each was shown, and what it quotes."""
        at = round(time.time(), 3)
        message = StoredMessage(
            role=role,
            text=text,
            items=tuple(items),
            whys=tuple(whys),
            citations=tuple(citations),
            at=at,
            sponsored=tuple(sponsored),
        )
        self.messages.append(message)
        del self.messages[:-KEPT_MESSAGES]

    def named(self, items: Sequence[str], *, points: bool = False) -> None:
        """Note the items that the latest message names; `points`: by their place in the last row of cards."""
        said = self.messages[-1]
        update = {"items": tuple(dict.fromkeys((*said.items, *items))), "points": said.points or points}
        self.messages[-1] = said.model_copy(update=update)

    def signal(self, item_id: str, signal: Signal, *, wanted: bool = False) -> None:
        """Record what a person says of an item; the signals exclude each other, `undo` takes them all back.

        Args:
            item_id: the item.
            signal: what they say.
            wanted: it is liked only in that it was asked for, and may be shown.
        """
        taste = self.taste
        for ids in (taste.liked, taste.wanted, taste.disliked, taste.seen, taste.aside):
            if item_id in ids:
                ids.remove(item_id)
        if signal != "undo":
            {"like": taste.liked, "dislike": taste.disliked, "seen": taste.seen}[signal].append(item_id)
        if wanted:
            taste.wanted.append(item_id)

    def limit(
        self,
        constraints: Sequence[Constraint],
        *,
        lasting: bool = False,
        implied: bool = False,
        beside: Collection[Constraint] = (),
    ) -> None:
        """Add constraints; a new one replaces earlier ones that say something else about the same thing.

        Args:
            constraints: those of one message, which stand beside one another.
            lasting: they are to hold beyond this conversation.
            implied: they follow from what was said.
            beside: those of them that stand beside earlier ones too.
        """
        old, added = self.taste.limits, list[Limit]()
        for new in constraints:
            same = (new.field, new.op, new.value)
            old = [x for x in old if (x.field, x.op, x.value) != same and (new in beside or not replaces(new, x))]
            added = [limit for limit in added if _together(new, limit) or not replaces(new, limit)]
            limit = Limit(field=new.field, op=new.op, value=new.value, label=new.label, lasting=lasting)
            added.append(limit.model_copy(update={"implied": implied, "currency": new.currency}))
        self.taste.limits = [*old, *added]

    def unlimit(self, field: str, op: str | None = None, value: object = None) -> bool:
        """Remove one constraint, or all of a field if no operator is given; False if none was there."""
        kept = [
            old
            for old in self.taste.limits
            if old.field != field or (op is not None and (old.op != op or not _same(old.value, value)))
        ]
        removed = len(kept) < len(self.taste.limits)
        self.taste.limits = kept
        if field == "kind":
            self.taste.any_kind = True
        return removed


def _same(left: object, right: object) -> bool:
    as_tuple = [tuple(v) if isinstance(v, list | tuple) else v for v in (left, right)]
    return as_tuple[0] == as_tuple[1]


def _values(value: object) -> set[object]:
    return set(value) if isinstance(value, tuple) else {value}


_DIRECTION = {"<": -1, "<=": -1, ">": 1, ">=": 1}


def replaces(new: Constraint, old: Limit) -> bool:
    """Whether a new constraint takes the place of an old one ("before 1980" after "before 1990")."""
    years = ("year", "decade")
    if new.field in years and old.field in years and "is" in (new.op, old.op) and "is_not" not in (new.op, old.op):
        return not _within(new, old)
    if new.field != old.field:
        return False
    if new.op == old.op and _same(new.value, old.value):
        return True
    if "fits" in (new.op, old.op):
        return new.op == old.op
    if new.op in _DIRECTION and old.op in _DIRECTION:
        return _DIRECTION[new.op] == _DIRECTION[old.op] or _contradict(new, old)
    if new.op == "is":
        return old.op in ("is", *_DIRECTION) or bool(_values(old.value) & _values(new.value))
    if new.op == "is_not":
        return old.op == "is" and bool(_values(old.value) & _values(new.value))
    return old.op == "is"


def _together(new: Constraint, other: Limit) -> bool:
    """Whether two limits of one message hold together: both name a value or a person, and are not the same."""
    named = new.op == other.op and (new.op == "fits" or (new.op == "is" and isinstance(new.value, str | tuple)))
    return named and new.field == other.field and not _same(new.value, other.value)


def _within(new: Constraint, old: Limit) -> bool:
    """Whether a bound narrows a decade instead of leaving it: "newer", of the 2010s, with 2014 on screen."""
    if old.field != "decade" or new.op not in _DIRECTION:
        return False
    first, bound = float(old.value), float(new.value)  # type: ignore[arg-type]
    last = first + 9
    return first <= bound < last if _DIRECTION[new.op] > 0 else first < bound <= last


def _contradict(new: Constraint, old: Limit) -> bool:
    low, high = sorted([(_DIRECTION[new.op], new.value), (_DIRECTION[old.op], old.value)], reverse=True)
    return float(low[1]) >= float(high[1])  # type: ignore[arg-type]
