"""Words of absence: what a text says to be lacking, what a message wants to be lacking, and what columns call so.

"A plant-based alternative to retinol" and "leaves no white cast" name what is not there; who wants no retinol and no
cast is served by them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache

from bm25s.stopwords import STOPWORDS_EN_PLUS

_STOPS = "|".join(sorted({*map(re.escape, STOPWORDS_EN_PLUS)} - {"no", "without"}, key=len, reverse=True))
_SOME = r"(?:(?:any|an?|the|added|all|its|artificial)\s+)*"
_WORD = r"[^\W_]+(?:-[^\W_]+)*"
_THING = rf"(?!(?:{_STOPS})\b){_WORD}"
_THINGS = rf"{_THING}(?:\s+{_THING})?"  # "no white cast"
_LIST = rf"{_THINGS}(?:\s+(?:or|nor)\s+{_SOME}{_THINGS})*"
# "No longer sweet" and "no ordinary love story" lack no sweetness and no love.
_NO = r"no\s+(?!(?:longer|more|less|other|ordinary|mere|simple|better|matter|doubt|need|one|two|such|fewer|idea)\b)"
_LACKS = rf"(?:without|free\s+(?:of|from)|alternative\s+to|instead\s+of|in\s+place\s+of)\s+{_SOME}"
_NEVER = r"(?:never|(?:does|do|will)(?:n['’]?t|\s+not)|won['’]?t)\s+"
_HOLDS = rf"(?:leave|contain|have|use|include|cause)s?\s+{_SOME}{_LIST}"
_FREE = re.compile(rf"(?<!\bnot\s)\b{_THING}[\s-]free\b(?!\s+(?:of|from|to|with|delivery|shipping)\b)", re.IGNORECASE)
_ABSENT = re.compile(
    rf"\b(?:{_LACKS}{_LIST}|{_NO}{_LIST}|{_NEVER}(?:{_HOLDS}|{_THING}))|{_FREE.pattern}", re.IGNORECASE
)
_ABSENT_AT_ALL = re.compile(
    r"\b(?:without|free|alternative|instead|place|never|no|not)\b|n['’]t\b|\bwont\b", re.IGNORECASE
)
# "That doesn't leave a white cast", "one that won't smudge": what is wanted to be absent.
_WITHOUT = re.compile(
    r"\b(?:that|which|who)\s+(?:(?:does|do|will|would|did)(?:n['’]?t|\s+not)|won['’]?t|never)\s+(?:just\s+|really\s+|only\s+)?"
    rf"(?:leaves?|contains?|includes?|uses?|causes?|(?:smells?|tastes?|stinks?)\s+(?:of|like))\s+(?:(?:an?|any|the|too|much|so)\s+)*"
    rf"({_THING}(?:\s+{_THING})?)",
    re.IGNORECASE,
)
# What a column "… free" grants, by its word; not the other way round, since what lacks lactose may well be milk.
_GRANTS: tuple[tuple[str, ...], ...] = (
    ("fragrance", "perfume", "scent", "smell", "odour", "odor", "parfum"),
    ("alcohol", "ethanol"),
    ("sugar", "added sugar"),
    ("gluten", "wheat"),
    ("dairy", "milk", "lactose"),
    ("nut", "peanut", "almond", "hazelnut", "walnut"),
    ("silicone",),
    ("sulphate", "sulfate"),
    ("paraben",),
)
_ALIKE: Mapping[str, str] = {"perfume": "fragrance", "scent": "fragrance", "nuts": "nut", "sulfate": "sulphate"}
_WORDLESS: Mapping[str, str] = {  # what is said without "no"
    "fragrance": r"(?:un|non[\s-]?)(?:scented|perfumed|fragranced)|(?:scent|odou?r|perfume|fragrance)less",
    "sugar": r"(?:un|non[\s-]?)sweetened|sugarless",
    "alcohol": r"non[\s-]?alcoholic|alcoholless",
    "dairy": r"non[\s-]?dairy",
    "fluoride": r"non[\s-]?fluoridated",
    "caffeine": r"decaf(?:feinated|s)?|(?:un|non[\s-]?)caffeinated",
}


@lru_cache(8_192)  # an item's texts are read again and again
def present(text: str) -> str:
    """Return a text without what it says to be lacking."""
    return _ABSENT.sub(" . ", text) if _ABSENT_AT_ALL.search(text) else text


@lru_cache(8_192)
def titled(title: str) -> str:
    """Return a title without what it says to be lacking: "Walnut-Free Scrub"; "No Country" is a name."""
    return _FREE.sub(" . ", title)


def wanted_absent(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, phrase) of what a message wants to be lacking by a clause: "that doesn't leave a cast"."""
    for match in _WITHOUT.finditer(text):
        yield match.start(1), match.end(1), match[1]


def asked_free(word: str, others: Collection[str] = ()) -> str:
    """Return a regular expression for what asks for a column "… free", by the word before its "free".

    What `others`, further such columns, are called after is theirs.
    """
    known = _ALIKE.get(word, word)
    granted = next((group for group in _GRANTS if group[0] == known), (word,))
    called = {word, *granted}.difference(set(others) - {word})
    names = "|".join(rf"{re.escape(name)}s?" for name in sorted(called, key=len, reverse=True))
    said = rf"(?:no|without|free\s+(?:of|from)|zero|0)\s+(?:(?:any|added|strong)\s+)*(?:{names})|(?:{names})[\s-]free"
    return rf"{said}|{_WORDLESS[known]}" if known in _WORDLESS else said
