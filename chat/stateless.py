"""What is answered without a conversation that we keep: a recommendation, a search, the next turn of a told history."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from chat.desk import Desk
from chat.dialogue import Dialogue
from chat.facts import reasons
from chat.messages import Card, StoredMessage
from chat.prompt import UserContext
from chat.recommender import Recommended
from chat.replies import Say
from chat.rules import Situation
from chat.shop import Shop, card
from chat.state import DialogueState
from retrieval.constraints import as_values
from retrieval.errors import UnknownItem
from retrieval.lexicon import genres_wanted_with
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
    asked = {w.value for w in parsed.wishes} | {v for c in parsed.constraints if c.op == "is" for v in as_values(c)}
    refused = {v for c in parsed.constraints if c.op == "is_not" for v in as_values(c)}
    asked.update(genres_wanted_with(asked, refused))
    limits = [*constraints, *parsed.constraints, *(c for c in parsed.implied if c.value not in asked)]
    query = Query(text, tuple(shop.positions(liked)), tuple(shop.positions(disliked)), wishes)
    context = UserContext(
        said=[("user", text)] if text else (),
        liked=shop.items(liked),
        disliked=shop.items(disliked),
        limits=[c.label for c in limits if c.label],
    )
    exclude = set(shop.positions([*liked, *disliked]))
    kinds = frozenset(v for c in limits if (c.field, c.op) == ("kind", "is") for v in as_values(c))
    placed = shop.placed(Situation(text, kinds))
    first = placed.first(shop.recommender.allowed(limits), exclude)[:k]
    exclude.update(first)
    picks = [Recommended(at, 0.0, pinned=True) for at in first] + shop.recommender.recommend(
        query, limits, exclude=exclude, context=context, k=k - len(first), lift=placed.lift
    )
    liked_items, facets = shop.items(liked), shop.index.facets
    cards = []
    for pick in picks:
        item = shop.index.catalog[pick.position]
        why = reasons(
            item, facets=facets, language="en", liked=liked_items, wishes=wishes, said=text, constraints=limits
        )
        if pick.pinned:
            why = f"{Say('en')('shop_pick')} {why}"
        cards.append(card(item, why, pick.score, sponsored=pick.position in placed.sponsored))
    return tuple(cards)


def search(shop: Shop, text: str, k: int) -> tuple[Card, ...]:
    """Return at most k cards in stock: those of a title, also misspelt, else what fits the words, then near titles."""
    catalog, hidden = shop.index.catalog, shop.hidden()
    grounding = shop.grounder.ground(text, nearest=k)

    def shows(at: int) -> bool:
        return catalog[at].in_stock and at not in hidden

    titled = [card(catalog[at]) for at in grounding.positions if shows(at)][:k]
    if titled:
        return tuple(titled)
    found = recommend(shop, text, (), (), (), k)
    ids = {one.id for one in found}
    near = [card(catalog[at]) for at in grounding.nearest if shows(at) and catalog[at].id not in ids]
    return (*found, *near)[:k]


def alone(desk: Desk | None) -> Desk | None:
    """Return a desk that fetches nobody: a conversation that is not kept has no ticket, and nobody could answer it."""
    return replace(desk, outbox=None) if desk is not None else None


def retold(shop: Shop, history: Sequence[StoredMessage]) -> DialogueState:
    """Return the state of a conversation that somebody else kept, understood anew; unknown item ids are left out.

    Where an answer comes without its items, those that its text names count, but for what the person had named: "with
    Arrival in mind" shows no Arrival.
    """
    state = DialogueState(session=secrets.token_urlsafe(16), retold=True)
    dialogue = Dialogue(shop, state)
    theirs: set[int] = set()
    asked_of = False
    for message in history:
        named = [] if message.items else [shop.best(m.positions) for m in shop.linker.link(message.text)]
        if message.role == "user":
            asked_of = dialogue.hear(message.text).understood.act == "question"
            theirs.update(named)
            continue
        shown = shop.positions(message.items) or [at for at in named if at not in theirs] or named
        ids, spread = [shop.index.catalog[at].id for at in dict.fromkeys(shown)], state.taste.focus
        dialogue.told(message.text, ids)
        if len(ids) == 1 and ids[0] in spread and asked_of:  # the others still lie on the table
            state.taste.focus, state.taste.about = spread, ids[0]
    return state
