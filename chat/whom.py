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
from retrieval.constraints import Facets
from retrieval.text import words
from retrieval.types import BoolArray, Constraint

Whom = Literal["", "child", "family", "man", "woman"]

_CHILD = r"(?:kids?|child(?:ren)?|toddlers?|bab(?:y|ies)|little\s+ones?|grandkids?|grandchild(?:ren)?)"
_OUR = r"(?:(?:my|our|his|her|their|the|an?|two|three)\s+)(?:\w+\s+)?"
_MAN = r"(?:m[ae]n|guys?|husband|hubby|boyfriend|dad|father|brother|uncle|grand(?:pa|dad|father)|him)"
_WOMAN = r"(?:wom[ae]n|lad(?:y|ies)|wife|girlfriend|m[uo]m|mother|sister|aunt|grand(?:ma|mother)|gran|her)"
_TROUBLES = r"(?:['’]s|\s+(?:is|has|gets|suffers|wants?|needs?|would\s+like))\b"
_PATTERNS: Sequence[tuple[Whom, str]] = (
    (
        "child",  # "safe for my kids" asks for what is safe, and the kids' room is a room
        r"(?<!safe )(?<!ok )(?<!okay )(?<!dangerous )(?<!harmful )(?<!toxic )(?<!poisonous )"
        rf"\bfor\s+(?:{_OUR})?{_CHILD}\b"
        r"(?!['’]|\s+(?:room|bedroom|corner))"
        rf"|\bmy\s+kid\b.*{_TROUBLES}|\bmy\s+kid\s+aged\b|\bmy\s+kid\s*$|给(?:我的?)?(?:孩子|宝宝|小朋友)",
    ),
    ("family", rf"\b(?:we|i)(?:['’]ve|\s+have|\s+got)+\s+(?:\w+\s+)?(?:\w+\s+)?{_CHILD}\b"),
    ("man", rf"\bfor\s+(?:{_OUR})?{_MAN}\b|\bmy\s+{_MAN}{_TROUBLES}|给(?:我的?)?(?:老公|爸爸|男朋?友)"),
    ("woman", rf"\bfor\s+(?:{_OUR})?{_WOMAN}\b|\bmy\s+{_WOMAN}{_TROUBLES}|给(?:我的?)?(?:老婆|妈妈|女朋?友)"),
)
_SAYS = tuple((whom, re.compile(pattern, re.IGNORECASE)) for whom, pattern in _PATTERNS)
_ONESELF = re.compile(r"\bfor\s+(?:me|myself|us|adults?|grown[\s-]?ups?)\b(?!\s+to\s+(?:give|buy))", re.IGNORECASE)
_NAMES: Mapping[Whom, frozenset[str]] = {
    "child": frozenset("child children childrens kid kids toddler toddlers baby babies schoolchildren youth".split()),  # noqa: SIM905
    "man": frozenset("man men mens him gentleman gentlemen".split()),  # noqa: SIM905
    "woman": frozenset("woman women womens her lady ladies".split()),  # noqa: SIM905
}
_KEPT_FROM = re.compile(  # "keep away from children" is not for them
    r"\b(?:away\s+from|out\s+of\s+(?:the\s+)?reach\s+of|not\s+(?:suitable\s+)?for|unsuitable\s+for|(?:toxic|poisonous|harmful)\b[^.]*)"
    rf"\s+(?:\w+\s+)?{_CHILD}\b",
    re.IGNORECASE,
)


def whom(text: str) -> Whom | None:
    """Return for whom a message wants something, "" for the person themselves; None if it does not say."""
    if _ONESELF.search(text):
        return ""
    return next((whom for whom, pattern in _SAYS if pattern.search(text)), None)


def tiers(shop: Shop, wanted: str) -> list[BoolArray]:
    """Return what is shown first and what behind it, each (N,); where nothing is made for somebody, all is.

    Only what is made for children is for a child.
    """
    everything = np.ones(len(shop.index.catalog), dtype=np.bool_)
    if not wanted or shop.index.facets.of_works:
        return [everything]
    made = _made_for(shop, "child" if wanted == "family" else wanted)
    if wanted in ("child", "family"):
        return [made] if wanted == "child" else [made, everything]
    other = _made_for(shop, "woman" if wanted == "man" else "man")
    return [made, made | ~other, everything]


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
