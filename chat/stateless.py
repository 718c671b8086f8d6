"""What is answered without a conversation that we keep: a recommendation, a search, the next turn of a told history."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from chat.dialogue import Dialogue
from chat.facts import reasons
from chat.messages import Card, StoredMessage
from chat.prompt import UserContext, render
from chat.shop import Shop, card
from chat.state import DialogueState
from retrieval.errors import UnknownItem
from retrieval.types import Constraint, Query


def recommend(
    shop: Shop, text: str, liked: Sequence[str], disliked: Sequence[str], constraints: Sequence[Constraint], k: int
) -> tuple[Card, ...]:
    """Return at most k cards for a wish in words, item ids and constraints.

    Raises:
        UnknownItem: an id is not in the catalogue.
    """
    for item_id in (*liked, *disliked):
        if shop.position(item_id) is None:
            raise UnknownItem(f"no item {item_id!r} in the catalogue; it may have been removed")
    parsed = shop.parser.parse(text)
    wishes = tuple((w.field, w.value) for w in parsed.wishes)
    limits = [*constraints, *parsed.constraints]
    query = Query(text, tuple(shop.positions(liked)), tuple(shop.positions(disliked)), wishes)
    context = UserContext(
        said=[("user", text)] if text else (),
        liked=shop.items(liked),
        disliked=shop.items(disliked),
        limits=[c.label for c in limits if c.label],
    )
    exclude = shop.positions([*liked, *disliked])
    picks = shop.recommender.recommend(query, limits, exclude=exclude, prompt=render(context), k=k)
    liked_items, catalog, facets = shop.items(liked), shop.index.catalog, shop.index.facets
    return tuple(
        card(
            catalog[p.position],
            reasons(
                catalog[p.position],
                facets=facets,
                language="en",
                liked=liked_items,
                wishes=wishes,
                said=text,
                constraints=limits,
            ),
            p.score,
        )
        for p in picks
    )


def search(shop: Shop, text: str, k: int) -> tuple[Card, ...]:
    """Return at most k cards in stock: those of a title, also misspelt, else what fits the words, then near titles."""
    catalog = shop.index.catalog
    grounding = shop.grounder.ground(text, nearest=k)
    titled = [card(catalog[at]) for at in grounding.positions if catalog[at].in_stock][:k]
    if titled:
        return tuple(titled)
    found = recommend(shop, text, (), (), (), k)
    ids = {one.id for one in found}
    near = [card(catalog[at]) for at in grounding.nearest if catalog[at].in_stock and catalog[at].id not in ids]
    return (*found, *near)[:k]


def retold(shop: Shop, history: Sequence[StoredMessage]) -> DialogueState:
    """Return the state of a conversation that somebody else kept, understood anew; unknown item ids are left out."""
    state = DialogueState(session=secrets.token_urlsafe(16), retold=True)
    dialogue = Dialogue(shop, state)
    for message in history:
        if message.role == "user":
            dialogue.hear(message.text)
            continue
        shown = shop.positions(message.items) or [shop.best(m.positions) for m in shop.linker.link(message.text)]
        dialogue.told(message.text, [shop.index.catalog[at].id for at in dict.fromkeys(shown)])
    return state
