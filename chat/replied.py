"""What leaves a turn: the reply and its events, what is counted of it, and a judgement with its context."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator

from chat.dialogue import Answer
from chat.messages import Event, Feedback, Reply, Signal, TurnTaken
from chat.state import DialogueState

_PIECE = re.compile(r"\S+\s*|\s+")


def reply_of(state: DialogueState, answer: Answer) -> Reply:
    """Return an answer as the reply that a person gets."""
    return Reply(
        session=state.session,
        message_id=secrets.token_hex(8),
        text=answer.text,
        items=answer.cards,
        constraints=tuple(limit.chip for limit in state.taste.limits),
        citations=answer.citations,
        handoff=answer.handoff,
        visitor=state.new_visitor or None,
    )


def counted(reply: Reply, answer: Answer, seconds: float) -> TurnTaken:
    """Return what is counted of an answered message."""
    return TurnTaken(
        session=reply.session,
        route=answer.route,
        cards=len(reply.items),
        citations=len(reply.citations),
        abstained=answer.abstained,
        handoff=reply.handoff.reason if reply.handoff else "",
        seconds=seconds,
    )


def in_context(state: DialogueState, item_id: str, signal: Signal) -> Feedback:
    """Return a judgement with what it was given on: the item's place, the limits and the wishes then."""
    taste = state.taste
    return Feedback(
        item_id=item_id,
        signal=signal,
        at=round(time.time(), 3),
        place=taste.focus.index(item_id) if item_id in taste.focus else None,
        limits=tuple(limit.label for limit in taste.limits),
        wishes=tuple(taste.wishes),
    )


def events(reply: Reply) -> Iterator[Event]:
    """Yield a reply as events: the items, the text in pieces, then the whole."""
    yield Event(type="items", items=reply.items, constraints=reply.constraints)
    for piece in _PIECE.findall(reply.text):
        yield Event(type="text", text=piece)
    yield Event(type="done", reply=reply)
