"""Variants: items of the same name that have what is asked for in their titles: "is there a step-through version?"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.holding import asked_words, stems
from chat.quoting import thing_included
from chat.shop import Shop
from retrieval.knowledge import terms
from retrieval.text import words
from retrieval.types import Item

YES_NO = re.compile(
    r"^\W*(?:(?:and|so|but|ok(?:ay)?)\W+)*(?:is|are|isn['’]?t|does|do|doesn['’]?t|has|have|was)\b", re.IGNORECASE
)
_MODEL = frozenset(terms("version versions variant variants model models edition"))


def variants(text: str, item: Item, names: Sequence[str], shop: Shop) -> list[Item]:
    """Return the items of one name whose titles have all that a question asks for beside it.

    Args:
        text: the question.
        item: that it is about.
        names: by which the question calls it; none if it says "it".
        shop: the catalogue.
    """
    if not YES_NO.search(text) or thing_included(text):
        return []  # what a thing comes with is no other version of it
    asked = set(asked_words(text, names=names)) - _MODEL - set(terms(item.kind))
    name = {word for said in names for word in words(said)} or set(words(item.title))
    if not asked:
        return []
    of_name = sorted(shop.parser.short_names.bearing(name) - shop.hidden())
    alike = [other for at in of_name if (other := shop.index.catalog[at]).kind == item.kind]
    return [other for other in alike if other.creators == item.creators and asked <= stems(other.title)]
