"""Openings: what a person might begin with in this shop, made of its own titles, kinds, prices and makers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from chat import facts
from chat.messages import Opening, Openings
from chat.replies import Say
from chat.shop import Shop
from chat.state import Language
from retrieval.lexicon import canonical, display
from retrieval.types import Item, Query
from retrieval.units import wanted

_MOST = 6
_OF_DEMO = frozenset({"film", "book", "game", "album", "course"})  # kinds that the page's own openings speak of
_STEPS = (1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000)  # prices are said in round numbers of about so much


def openings(shop: Shop, language: Language) -> Openings:
    """Return how a person might begin; no texts where those of the page fit, which speak of all kinds of works."""
    kinds = set(shop.index.facets.postings.get("kind", {}))
    made = () if kinds >= _OF_DEMO else tuple(_openings(shop, Say(language, shop.of_goods)))
    return Openings(of_goods=shop.of_goods, openings=made[:_MOST])


def _openings(shop: Shop, say: Say) -> Iterator[Opening]:
    catalog = shop.index.catalog
    popularity = shop.index.retrievers["popularity"].scores(Query())
    allowed = np.flatnonzero(shop.recommender.allowed([])).tolist()
    items = [catalog[at] for at in sorted(allowed, key=lambda at: (-float(popularity[at]), at))]
    if not items:
        return
    kinds = [kind for kind, _ in Counter(canonical("kind", item.kind) for item in items if item.kind).most_common(4)]
    of_kind = [[item for item in items if canonical("kind", item.kind) == kind] for kind in kinds]
    yield _one(say("open_like", title=items[0].title), items[0])
    for kind, those in zip(kinds[:1], of_kind[:1], strict=True):
        price = _round(those)
        if price:
            yield _one(say("open_price", kind=_a(say, kind), price=price), those[1 % len(those)])
    for kind, those in zip(kinds[1:3], of_kind[1:3], strict=True):
        quality, item = _quality(shop, those, say)
        yield _one(say("open_kind", kind=_a(say, kind), quality=quality) if quality else _a(say, kind), item)
    makers = Counter(maker for item in items for maker in item.creators[:1]).most_common(1)
    if makers and makers[0][1] > 1:
        yield _one(say("open_maker", maker=makers[0][0]), next(i for i in items if makers[0][0] in i.creators))
    last = of_kind[-1][0] if of_kind else items[-1]
    yield _one(say("open_cost", title=last.title), last)


def _one(text: str, item: Item) -> Opening:
    return Opening(text=text[:1].upper() + text[1:], item_id=item.id)


def _a(say: Say, kind: str) -> str:
    return say.a(display("kind", kind, say.language))


def _quality(shop: Shop, items: Sequence[Item], say: Say) -> tuple[str, Item]:
    """Return a quality that some items of a kind have, by a column of yes and no, mood or genre, and one of them."""
    for field in shop.parser.columns.flags.values():
        having = [item for item in items if item.attributes.get(field) is True]
        if having:
            return wanted(field), having[0]
    for field in ("moods", "genres"):
        for item in items:
            values = item.genres if field == "genres" else item.attributes.get(field)
            if isinstance(values, tuple) and values:
                return display(field, canonical(field, values[0]), say.language), item
    return "", items[0]


def _round(items: Sequence[Item]) -> str:
    """Return a round price that about half of some items are below, "" if they have none in one currency."""
    prices = sorted(item.price for item in items if item.price is not None)
    if not prices or len({item.currency for item in items}) > 1:
        return ""
    middle = prices[len(prices) // 2]
    step = next((step for step in _STEPS if middle < 10 * step), _STEPS[-1])
    return facts.money(step * (int(middle // step) + 1), items[0].currency)
