"""Singling out: the words by which a message chooses among the kind in force: "an electric one", "one for women"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from retrieval.columns import forms
from retrieval.constraints import Facets
from retrieval.parsed import as_tuple
from retrieval.text import normalize
from retrieval.types import Constraint

_SUCH = re.compile(
    r"\b(?:an?|the|any|some|only)\s+(?P<no>non[\s-]+|not?\s+)?(?P<such>[a-z][a-z-]{2,})\s+ones?\b"
    r"|\bones?\s+for\s+(?P<whom>women|men|ladies|girls|boys|kids|children|adults|beginners|seniors)\b",
    re.IGNORECASE,
)
_ROUND = r"(?<!why )\b(?:non[\s-]+|not?\s+(?:an?\s+|the\s+)?|without\s+(?:an?\s+|any\s+)?)"


def contrary(text: str, held: Sequence[Constraint]) -> list[Constraint]:
    """Return refusals of what the limits in force ask for, where a message now wants things without it."""
    found: list[Constraint] = []
    for limit in held:
        for value in as_tuple(limit.value) if isinstance(limit.value, str | tuple) else ():
            said = "|".join(re.escape(form) for form in forms(value))
            if re.search(rf"{_ROUND}(?:{said})\b(?!\s+(?:enough|only))", text, re.IGNORECASE):
                found.append(Constraint(limit.field, "is_not", value))
    return found


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
