"""Singling out: the words by which a message chooses among the kind in force: "an electric one", "one for women"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from retrieval.constraints import Facets
from retrieval.parsed import as_tuple
from retrieval.text import forms, normalize
from retrieval.types import Constraint

_SUCH = re.compile(
    r"\b(?:an?|the|any|some|only)\s+(?P<no>non[\s-]+|not?\s+)?(?P<such>(?!little\b)[a-z][a-z-]{2,})\s+ones?\b"
    r"|\bones?\s+for\s+(?P<whom>women|men|ladies|girls|boys|kids|children|adults|beginners|seniors)\b",
    re.IGNORECASE,
)
_DEEDS: Mapping[str, str] = {
    "loss": r"(?:los(?:e|es|ing|t)|fall(?:s|ing)\s+out)", "breakage": r"break(?:s|ing)?", "growth": r"grow(?:s|ing)?",
    "irritation": r"irritat(?:es|ed|ing)", "damage": r"damag(?:es|ed|ing)", "burn": r"burn(?:s|t|ed|ing)?",
    "pain": r"hurt(?:s|ing)?",
}  # fmt: skip
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


def undergone(text: str, value: str) -> bool:
    """Whether a message tells by a verb what a value calls by a noun: "losing his hair", for "hair loss"."""
    thing, _, deed = value.rpartition(" ")
    if not thing or deed not in _DEEDS:
        return False
    own = r"(?:(?:my|his|her|their|our|the|its|so\s+much|some|a\s+lot\s+of)\s+)?"
    said = rf"\b{_DEEDS[deed]}\s+{own}{re.escape(thing)}\b|\b{re.escape(thing)}\s+(?:keeps?\s+|is\s+)?{_DEEDS[deed]}\b"
    return re.search(said, text, re.IGNORECASE) is not None


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
