"""Whom goods are for, where no column tells: children, men or women, by what kinds, titles and descriptions say.

Who wants something for a child is shown what is made for children; who has a family, or wants it for a man or a woman,
is shown such things first and others behind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from chat.shop import Shop
from chat.typed import spelled_out
from retrieval import persons
from retrieval.constraints import Facets
from retrieval.text import words
from retrieval.types import BoolArray, Constraint

Whom = Literal["", "child", "family", "man", "woman"]

_CHILD = r"(?:kids?|child(?:ren)?|toddlers?|bab(?:y|ies)|little\s+ones?|grandkids?|grandchild(?:ren)?)"
_OUR = r"(?:(?:my|our|his|her|their|the|an?|two|three)\s+)(?:\w+\s+)?"
_MAN = r"(?:m[ae]n|guys?|husband|hubby|boyfriend|dad|father|brother|uncle|grand(?:pa|dad|father)|him)"
_WOMAN = r"(?:wom[ae]n|lad(?:y|ies)|wife|girlfriend|m[uo]m|mother|sister|aunt|grand(?:ma|mother)|gran|her)"
_WANTS = r"\s+(?:wants?|needs?|would\s+like)\b"
_PATTERNS: Sequence[tuple[Whom, str]] = (
    (
        "child",  # "safe for my kids" asks for what is safe, and the kids' room is a room
        r"(?<!safe )(?<!ok )(?<!okay )(?<!dangerous )(?<!harmful )(?<!toxic )(?<!poisonous )"
        rf"\bfor\s+(?:{_OUR})?{_CHILD}\b"
        r"(?!['’]|\s+(?:room|bedroom|corner))"
        rf"|\bmy\s+kid\b.*{_WANTS}|\bmy\s+kid\s+aged\b|\bmy\s+kid\s*$|给(?:我的?)?(?:孩子|宝宝|小朋友)",
    ),
    ("family", rf"\b(?:we|i)(?:['’]ve|\s+have|\s+got)+\s+(?:\w+\s+)?(?:\w+\s+)?{_CHILD}\b"),
    ("man", rf"\bfor\s+(?:{_OUR})?{_MAN}\b|\bmy\s+{_MAN}{_WANTS}|给(?:我的?)?(?:老公|爸爸|男朋?友)"),
    ("woman", rf"\bfor\s+(?:{_OUR})?{_WOMAN}\b|\bmy\s+{_WOMAN}{_WANTS}|给(?:我的?)?(?:老婆|妈妈|女朋?友)"),
)
_SAYS = tuple((whom, re.compile(pattern, re.IGNORECASE)) for whom, pattern in _PATTERNS)
_ONESELF = re.compile(r"\bfor\s+(?:me|myself|us|adults?|grown[\s-]?ups?)\b(?!\s+to\s+(?:give|buy))", re.IGNORECASE)
_NAMES: Mapping[Whom, frozenset[str]] = {
    "child": frozenset("child children childrens kid kids toddler toddlers baby babies schoolchildren youth".split()),  # noqa: SIM905
    "man": frozenset("man men mens him gentleman gentlemen unisex".split()),  # noqa: SIM905
    "woman": frozenset("woman women womens her lady ladies unisex".split()),  # noqa: SIM905
}
_KEPT_FROM = re.compile(  # "keep away from children" is not for them
    r"\b(?:away\s+from|out\s+of\s+(?:the\s+)?reach\s+of|not\s+(?:suitable\s+)?for|unsuitable\s+for|(?:toxic|poisonous|harmful)\b[^.]*)"
    rf"\s+(?:\w+\s+)?{_CHILD}\b",
    re.IGNORECASE,
)
_STATED = re.compile(
    r"\b(?P<low>\d{1,2})\s*(?:to|-|–)\s*(?P<high>\d{1,2})\b(?!\s*(?:cm|mm|m|kg|g|km|inch|l|ml)\b)"
    r"|\bfrom\s+(?:about\s+)?(?P<from>\d{1,2})\s+(?P<unit>months|years)|\b(?P<teens>youth|teen\w*)\b",
    re.IGNORECASE,
)
_TEENS = (11.0, 18.0)
_MONTHS = 12


def whom(text: str) -> Whom | None:
    """Return for whom a message wants something, "" for the person themselves; None if it does not say."""
    if _ONESELF.search(text):
        return ""
    return next((whom for whom, pattern in _SAYS if pattern.search(text)), None)


def age_of(text: str) -> float:
    """Return the age of the child of whom a message tells, in years; 0 if it tells none."""
    ages = (one.value for one in persons.told(spelled_out(text, ages=True).casefold()) if one.part == "age")
    return next(ages, 0.0)


def tiers(shop: Shop, wanted: str, age: float = 0.0) -> list[BoolArray]:
    """Return what is shown first and what behind it, each (N,); where nothing is made for somebody, all is.

    Only what is made for children is for a child, and what is for its age comes first.
    """
    everything = np.ones(len(shop.index.catalog), dtype=np.bool_)
    if not wanted or shop.index.facets.of_works:
        return [everything]
    made = _made_for(shop, "child" if wanted == "family" else wanted)
    if wanted == "family":
        return [made, everything]
    if wanted == "child":
        return [*_of_age(shop, made, age), made] if age else [made]
    other = _made_for(shop, "woman" if wanted == "man" else "man")
    return [made, made | ~other, everything]


def _of_age(shop: Shop, made: BoolArray, age: float) -> list[BoolArray]:
    """Return what is said to be for an age, and with it what of the same kinds says nothing of ages."""
    items = shop.index.catalog.items
    fits, silent = made.copy(), made.copy()
    for at in np.flatnonzero(made).tolist():
        bounds = _stated(items[at].description)
        fits[at] = bounds is not None and bounds[0] <= age <= bounds[1]
        silent[at] = bounds is None
    kinds = {items[at].kind for at in np.flatnonzero(fits).tolist()}
    same = np.array([item.kind in kinds for item in items], dtype=np.bool_)
    return [fits, fits | (silent & same)]


def _stated(text: str) -> tuple[float, float] | None:
    """Return for what ages a text says that something is: "for children from 2 to 4"; None if it does not."""
    match = _STATED.search(text)
    if match is None:
        return None
    if match["teens"]:
        return _TEENS
    if match["low"]:
        return float(match["low"]), float(match["high"])
    low = float(match["from"]) / (_MONTHS if match["unit"].casefold() == "months" else 1)
    return low, 2 * low


def _made_for(shop: Shop, whom: str) -> BoolArray:
    """Return what is made for somebody: its kind is named so, or its text says it of them."""
    facets, names = shop.index.facets, _NAMES[whom]  # type: ignore[index]
    found = facets.mask([Constraint("topic", "is", tuple(sorted(names)))])
    for at in np.flatnonzero(found).tolist():
        found[at] = not _KEPT_FROM.search(shop.index.catalog[at].description)
    return found | _of_kinds(facets, names)


def _of_kinds(facets: Facets, names: frozenset[str]) -> BoolArray:
    kinds = tuple(kind for kind in facets.postings.get("kind", {}) if names.intersection(words(kind)))
    none = np.zeros(len(facets.catalog), dtype=np.bool_)
    return facets.mask([Constraint("kind", "is", kinds)]) if kinds else none
