"""Comparing: the two items of "compare the first one with the Puck", each found by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chat.holding import asked_words
from chat.opinions import references
from chat.shop import Shop
from chat.state import DialogueState
from chat.typed import telling_words
from retrieval.text import words
from retrieval.types import Item

_AND = r"\s+(?:with|to|and|against|from|or|vs\.?|versus)\s+"
_WORTH = r"(?:(?:really|much|any|so\s+much)\s+)?(?:worth\s+(?:it|the\s+\w+)|better|good|nicer|more\s+\w+)(?:\s+value)?"
_SIDES = re.compile(
    rf"\bcompare\s+(?P<a>[^?!;\n]+?){_AND}(?P<b>[^?!;\n]+?)\W*$"
    rf"|\bdifferences?\b.{{0,12}}?\bbetween\s+(?P<c>[^?!;\n]+?){_AND}(?P<d>[^?!;\n]+?)\W*$"
    r"|\bhow\s+(?:does|do)\s+(?P<e>[^?!;\n]+?)\s+(?:compare|differ)\s+(?:with|to|from)\s+(?P<f>[^?!;\n]+?)\W*$"
    r"|\bhow\s+(?:is|are)\s+(?P<i>[^?!;\n]+?)\s+(?:any\s+)?different\s+(?:from|to|than)\s+(?P<j>[^?!;\n]+?)\W*$"
    rf"|\b(?:is|are)\s+(?P<k>[^?!;,\n]+?)\s+{_WORTH}\s+(?:compared\s+(?:to|with)|than|or|over)\s+(?P<l>[^?!;,\n]+?)\W*$"
    rf"|(?:^\W*|\bor\s+rather\s+)(?P<m>[^?!;,\n]+?)\s+compared\s+(?:to|with)\s+(?P<n>[^?!;,.\n]+?)(?:\s*[,;–—-]\s[^?!\n]*)?\W*$"
    r"|^\W*(?P<g>[^?!;,.\n]+?)\s+(?:vs\.?|versus)\s+(?P<h>[^?!;,.\n]+?)\W*$",
    re.IGNORECASE,
)
_FROM_IT = re.compile(
    r"\bwhat(?:['’]?s|\s+is|\s+are)\s+the\s+differences?\s+(?:to|from|with)\s+([^?!;,\n]+?)\W*$", re.IGNORECASE
)
_POLITE = re.compile(  # no part of a name
    r"(?:[\s,]+(?:for\s+(?:me|us)|please|then|thanks|thank\s+you|to\s+(?:me|each\s+other)|if\s+you\s+can))+\W*$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^\W*(?:(?:the|your|an?|both)\s+)?", re.IGNORECASE)
_NEAREST = 20  # titles among which one that has the words of a name is looked for
_REST = re.compile(r"\b(?:others?|rest|ones|those|these|them|two|both|all)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Compared:
    """The two that a message compares: the items found, in its order, and the names that mean none."""

    items: tuple[Item, ...]
    unknown: tuple[str, ...]


def compared(text: str, shop: Shop, state: DialogueState) -> Compared | None:
    """Return the two items that a message compares; None unless it names two and at least one of them is found."""
    match = _SIDES.search(_POLITE.sub("", text))
    sides = [_ARTICLE.sub("", group) for group in match.groups() if group] if match else []
    if not sides and (alone := _FROM_IT.search(_POLITE.sub("", text))) is not None:
        return _with_spoken(_ARTICLE.sub("", alone[1]), shop, state)
    if len(sides) < 2 or any(_REST.search(side) for side in sides):
        return None
    found = _of_one_kind(sides, [_item(side, shop, state) for side in sides], shop)
    items = tuple(dict.fromkeys(item.id for item in found if item is not None))
    unknown = [side for side, item in zip(sides, found, strict=True) if item is None]
    if not items or any(not telling_words(side) for side in unknown):
        return None
    return Compared(tuple(shop.items(items)), tuple(unknown))


def _with_spoken(side: str, shop: Shop, state: DialogueState) -> Compared | None:
    """Return the item spoken of and the one that a message sets against it, which a kind may be: "a daylight lamp"."""
    taste = state.taste
    spoken = shop.items([taste.about] if taste.about else taste.focus[:1])
    said = [word for word in words(side) if word not in ("one", "the")]
    other = _item(side, shop, state)
    if other is None and said:
        hidden = shop.hidden()
        near = (item for at, item in enumerate(shop.index.catalog) if at not in hidden)
        other = next((item for item in near if set(said) <= {*words(item.title), *words(item.kind)}), None)
    if not spoken or not telling_words(side) or other is None:
        return None
    if other.id == spoken[0].id:  # it is set against what comes next to it
        rest = [item for item in shop.items(taste.focus) if item.id != other.id]
        return Compared((rest[0], other), ()) if rest else None
    return Compared((spoken[0], other), ())


def _item(side: str, shop: Shop, state: DialogueState) -> Item | None:
    """Return the item that one side means: by its place, by a title, or by words of one, those on screen first."""
    shown = shop.items(state.taste.focus)
    places = references(f"the {side}", [], len(shown), spoken_of=False)
    if len(places) == 1 and len(places[0].places) == 1 and shown:
        about = [state.taste.about] if places[0].that and state.taste.about else []
        return (*shop.items(about), shown[places[0].places[0]])[0]
    exact = shop.linker.exact(side)
    if exact:
        return shop.index.catalog[shop.best(exact)]
    named = [*shop.parser.short_names.named(side), *(at for at, _ in shop.linker.nearest(side, _NEAREST))]
    hidden = shop.hidden()
    near = [*shown, *(shop.index.catalog[at] for at in named if at not in hidden)]
    return _shortest(side, shown) or _shortest(side, near)


def _of_one_kind(sides: Sequence[str], found: list[Item | None], shop: Shop) -> list[Item | None]:
    """Return the two sides with what one alone leaves open: of several items told by brand and kind, the nearest two.

    "The Ironmoor one" beside "the Marlay casserole" is a casserole.
    """
    if all(item is not None for item in found):
        return found
    called = shop.index.facets.postings.get("kind", {})
    kind = next((k for k in called if any(set(words(k)) <= set(words(side)) for side in sides)), "")
    if not kind:
        return found
    having = []
    for side, item in zip(sides, found, strict=True):
        said = {word for word in (*words(side), *words(kind)) if word not in ("one", "the")}
        of_kind = (shop.index.catalog[int(at)] for at in called[kind])
        told = [each for each in of_kind if said <= {*words(each.title), *words(each.kind), *_makers(each)}]
        having.append([item] if item is not None else [each for each in told if each.in_stock] or told)
    pairs = [(a, b) for a in having[0] for b in having[1] if a is not b]
    return list(min(pairs, key=lambda pair: _apart(*pair), default=tuple(found)))


def _makers(item: Item) -> list[str]:
    return [word for maker in item.creators for word in words(maker)]


def _apart(a: Item, b: Item) -> float:
    """Return by how much the measures of two items differ: the nearer in size are the fairer pair."""
    pairs = [(x, b.attributes.get(f)) for f, x in a.attributes.items()]
    numbers = [(float(x), float(y)) for x, y in pairs if isinstance(x, int | float) and isinstance(y, int | float)]
    return sum(abs(x - y) / (max(abs(x), abs(y)) or 1.0) for x, y in numbers)


def _shortest(side: str, items: Sequence[Item]) -> Item | None:
    """Return the item whose title has all words of a name and fewest besides; None if several are as near."""
    said = {word for word in words(side) if word not in ("one", "the")}
    if not said or not asked_words(side):
        return None
    once = {item.id: item for item in items}.values()
    having = [item for item in once if said <= {*words(item.title), *words(item.kind)}]
    rest = {item.id: len(words(item.title)) for item in having}
    best = [item for item in having if rest[item.id] == min(rest.values())]
    return best[0] if len(best) == 1 else None
