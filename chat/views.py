"""What a person is shown of what is kept about them: everything, with the items as cards."""

from __future__ import annotations

from collections.abc import Iterable

from chat.messages import Card, Feedback, PersonView, Remembered, SessionView, StoredMessage
from chat.shop import Shop, card
from chat.state import DialogueState, Judgement, Memory
from chat.store import Kept


def session_view(shop: Shop, kept: Kept) -> SessionView:
    """Return everything kept about one conversation."""
    return _view(shop, kept.state, kept.messages, kept.feedback)


def state_view(shop: Shop, state: DialogueState) -> SessionView:
    """Return where a conversation stands in the middle of a turn; its older messages and feedback are left out."""
    return _view(shop, state, state.messages, state.feedback)


def person_view(shop: Shop, kept: Iterable[Kept], memory: Memory | None) -> PersonView:
    """Return everything kept about a person."""
    sessions = tuple(session_view(shop, one) for one in kept)
    return PersonView(remembered=remembered(shop, memory), sessions=sessions)


def remembered(shop: Shop, memory: Memory | None, visitor: str = "") -> Remembered:
    """Return what is remembered of a person across conversations; `visitor` tells them their new id."""
    if memory is None:
        return Remembered()

    def cards(signal: Judgement) -> tuple[Card, ...]:
        return _cards(shop, (j.item for j in memory.judged if j.signal == signal))

    return Remembered(
        consent=True,
        training=memory.training,
        since=memory.since,
        visitor=visitor or None,
        liked=cards("like"),
        disliked=cards("dislike"),
        seen=cards("seen"),
        constraints=tuple(x.limit.chip for x in memory.limits),
    )


def _view(
    shop: Shop, state: DialogueState, messages: Iterable[StoredMessage], feedback: Iterable[Feedback]
) -> SessionView:
    taste = state.taste
    return SessionView(
        session=state.session,
        customer=state.customer,
        messages=tuple(messages),
        liked=_cards(shop, taste.liked),
        disliked=_cards(shop, taste.disliked),
        seen=_cards(shop, taste.seen),
        shown=tuple(taste.shown),
        constraints=tuple(limit.chip for limit in taste.limits),
        wishes=tuple(taste.wishes),
        feedback=tuple(feedback),
        remembered=remembered(shop, state.memory),
    )


def _cards(shop: Shop, ids: Iterable[str]) -> tuple[Card, ...]:
    return tuple(card(item) for item in shop.items(ids))
