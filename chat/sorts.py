"""Sorts: goods that a question means by the name of their kind, or by their maker: "are the brushes soft?"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.holding import asked_words, evidence
from chat.shop import Shop
from chat.understanding import Understanding
from retrieval.constraints import as_values, satisfies
from retrieval.text import forms, words
from retrieval.types import Constraint, Item

_ARE_THE = re.compile(
    r"^\W*(?:(?:and|but|so|ok(?:ay)?)\W+)*(?:are|do|have|can|will)\s+(?:all\s+)?(?:of\s+)?(?:the|your)\s", re.IGNORECASE
)
_THE = re.compile(r"\bthe\s+([a-z'’-]{3,})\b(?!\s+one\b)")
_ONE_BY = re.compile(
    r"\bthe\s+one\s+(?:from|by)\s+((?:(?!(?:why|is|isn['’]?t|does|doesn['’]?t|has|how|what|then|please|instead)\b)[\w'’&.-]+\s*){1,4})(?<=[\w'’&-])",
    re.IGNORECASE,
)
_THEN_IT = re.compile(r"^\s*,\s*((?:why|how|is|does|has|can|isn['’]?t|doesn['’]?t)\b[^,.;?!]*?)\bit\b", re.IGNORECASE)
_MOST = 5  # items that one answer tells of


def all_of_kind(text: str, understood: Understanding, shop: Shop, shown: Sequence[str]) -> list[Item]:
    """Return the items of the kind that a question is about, those on screen first; none if it asks what none tells.

    Args:
        text: the message.
        understood: what it says.
        shop: the catalogue.
        shown: ids of the items on screen.
    """
    limits = understood.parsed.constraints
    kinds = [c for c in limits if (c.field, c.op) == ("kind", "is")]
    wishes = understood.opinions or understood.parsed.wishes or understood.parsed.relative or understood.extreme
    if not shop.of_goods or len(kinds) != 1 or len(limits) > 1 or wishes or understood.act != "recommend":
        return []
    if not _ARE_THE.search(text):
        return []
    catalog = shop.index.catalog
    held = shop.index.facets.postings.get("kind", {})
    hidden = shop.hidden()
    all_ = [int(at) for kind in as_values(kinds[0]) for at in held.get(kind, ()) if int(at) not in hidden]
    items = [item for item in shop.items(shown) if satisfies(item, kinds[0])] or [catalog[at] for at in all_]
    asked = asked_words(text, items)
    named = {form for item in items for word in words(item.kind) for form in forms(word)}
    asked = tuple(word for word in asked if word not in named)
    told = asked and any(evidence(item, asked) is not None for item in items)
    return items if told and len(items) <= _MOST else []


def companion(text: str, shop: Shop, shown: Sequence[str]) -> str:
    """Return a message with the title of what goes with the kind on screen: "the remover", of nail polish."""
    items = shop.items(shown[:1]) if shop.of_goods else []
    kind = words(items[0].kind.replace("_", " ")) if items else []
    for match in _THE.finditer(text) if kind else ():
        having = shop.parser.short_names.bearing([*kind, match[1]])
        found = [item for at in having if _together((item := shop.index.catalog[at]).title, [*kind, match[1]])]
        if len(found) == 1 and not any(match[1] in words(f"{item.title} {item.kind}") for item in shop.items(shown)):
            return text[: match.start(1)] + found[0].title + text[match.end(1) :]
    return text


def by_maker(text: str, shop: Shop, shown: Sequence[str], limits: Sequence[Constraint]) -> str:
    """Return a message with the title of "the one by …": of what is on screen, or else of the kind in force.

    Of several it is the one that fits most of the limits.
    """
    match = _ONE_BY.search(text) if shop.of_goods else None
    said = shop.parser.parse(f"by {match[1]}").constraints if match is not None else ()
    makers = [c for c in said if (c.field, c.op) == ("creators", "is")]
    kinds = [c for c in limits if (c.field, c.op) == ("kind", "is")]
    if match is None or not makers:
        return text
    held = shop.index.facets.postings.get("creators", {})
    made = sorted({int(at) for maker in as_values(makers[0]) for at in held.get(maker, ())} - shop.hidden())
    theirs = [item for item in shop.items(shown) if satisfies(item, makers[0])]
    theirs = theirs or [shop.index.catalog[at] for at in made]
    theirs = [item for item in theirs if all(satisfies(item, kind) for kind in kinds)]
    if not theirs:
        return text
    meant = max(theirs, key=lambda item: sum(satisfies(item, limit) for limit in limits))
    rest = _THEN_IT.sub(lambda found: f"{found[1]}{meant.title}", text[match.end() :])
    same = rest == text[match.end() :]
    return text[: match.start()] + (meant.title if same else "") + rest


def _together(title: str, phrase: Sequence[str]) -> bool:
    return f" {' '.join(phrase)} " in f" {' '.join(words(title))} "
