"""Singling out: the words by which a message chooses among the kind in force: "an electric one", "one for women"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from retrieval.constraints import Facets
from retrieval.text import forms, normalize
from retrieval.types import Constraint

_SUCH = re.compile(
    r"\b(?:an?|the|any|some|only)\s+(?P<no>non[\s-]+|not?\s+)?(?P<such>[a-z][a-z-]{2,})\s+ones?\b"
    r"|\bones?\s+for\s+(?P<whom>women|men|ladies|girls|boys|kids|children|adults|beginners|seniors)\b",
    re.IGNORECASE,
)


def singled(text: str, facets: Facets, held: Sequence[Constraint], meant: Callable[[str], object]) -> list[Constraint]:
    """Return limits to those of the goods in force whose texts say what a message singles them out by.

    Args:
        text: the message.
        facets: of the catalogue.
        held: the limits in force; without any there is nothing to choose from.
        meant: whether a word means a value of a column, which limits in its own way.
    """
    match = _SUCH.search(text) if held and not facets.of_works else None
    if match is None:
        return []
    said = normalize(match["such"] or match["whom"])
    if match["such"] and meant(said):
        return []
    word = next((form for form in forms(said) if facets.document_frequency(form)), "")
    limit = Constraint("topic", "is_not" if match["no"] else "is", word)
    among, kept = facets.mask(held), facets.mask([*held, limit])
    return [limit] if word and kept.any() and kept.sum() < among.sum() else []
