"""Holding: which words of a question an item's genres, columns or description have, and where.

"Does it come with a pen?" is answered by a sentence of the description as well as by a column, and always in its words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chat.typed import telling_words
from retrieval.knowledge import sentences, terms
from retrieval.text import is_cjk
from retrieval.types import Item

DESCRIPTION = "description"
_ASIDE = frozenset(  # words of a question that say nothing of what is asked for
    terms(
        "come comes came made make makes include includes included including work works use uses used using need needs"
        " suitable special kind type contain contains possible able buy item product ones thing go often usually"
    )
)
LASTS = re.compile(
    r"\b(?:\d+|an?|one|two|three|four|five|six|seven|ten|few|same|next|several)[\s-]+(?:\w+\s+)?"
    r"(?:minutes?|hours?|days?|weeks?|months?|years?)\b",
    re.IGNORECASE,
)
_HOW_LONG = re.compile(
    r"\bhow\s+(?:long|many\s+(?:minutes|hours|days|weeks|months|years))\s+(?:does|do|will|would|can)\b|\blasts?\b",
    re.IGNORECASE,
)
_FREE = frozenset(terms("free"))  # "acetone free" asks of acetone
_SHARE = 2  # one in so many of the words asked for is the least that an answer has
_SEVERAL = re.compile(  # what asks about the cards on screen together, or which of them it is
    r"^\W*(?:(?:and|so|but|ok(?:ay)?|great|hm+)\W+)*(?:"
    r"(?:[^?!.;]*[,;.!]\s+)?(?P<which>which|what|who)\s+(?:ones?|(?:one\s+)?of\s+(?:these|those|them|the\s+(?:two|three|four|five)))\b(?!\W*$)"
    r"|(?P<is>which)\s+(?:is|are|has|have|does|do|can|comes?|needs?|will|would)\b(?!\W*$)"
    r"|how\s+(?!much\b|many\b|long\b|about\b|come\b|old\b)\w+\s+(?:do|are|can|will)\s+(?:they|these|those)\b(?!\s+(?:you|we|i)\b)"
    r"|(?:do|does|are|is|have|has|can|could|will|did|would)\s+(?:(?:any|all|both|some|either|none|one)\s+(?:of\s+)?)?(?:they|these|those|them)\b"
    r"(?!\s+(?:ones?\s+)?(?:all\s+)?(?:you|we|i)\b))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where an item has what was asked for.

    Attributes:
        item: the item.
        field: "genres", a column, or "description".
        value: the value, or the sentences of the description.
        whole: it has every word asked for.
    """

    item: Item
    field: str
    value: str
    whole: bool


def of_several(text: str) -> bool:
    """Whether a question is about the cards on screen together: "which one has a lid?", "are they loud?"."""
    return _SEVERAL.search(text) is not None and bool(asked_words(text))


def of_which(text: str) -> bool:
    """Whether such a question asks which of the cards it is."""
    match = _SEVERAL.search(text)
    return match is not None and bool(match["which"] or match["is"])


def asked_words(text: str, items: Sequence[Item] = (), names: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the words that a question asks for, without their endings, and without what names the items."""
    for name in filter(None, names):
        text = text.replace(name, " ")
    asked = dict.fromkeys(each for each in terms(" ".join(telling_words(text))) if each not in _ASIDE)
    ours = {stem for item in items for stem in terms(f"{item.kind} {item.title}")}
    return tuple(each for each in asked if each not in ours) or tuple(asked)


def evidence(item: Item, asked: Sequence[str]) -> Evidence | None:
    """Return where an item has most of what is asked for, None if it has less than half of it."""
    asked = [word for word in asked if word not in _FREE] or asked
    best: tuple[int, Evidence] | None = None
    for field, value, said in _places(item):
        found = _found(asked, said)
        if _SHARE * len(found) < max(len(asked), 1):
            continue
        if best is None or len(found) > best[0]:
            best = len(found), Evidence(item, field, value, len(found) == len(asked))
    return best[1] if best is not None else None


def lasting(text: str, item: Item) -> Evidence | None:
    """Return the sentence of a description that tells a time, where a question asks how long something lasts."""
    told = sentences(item.description) if _HOW_LONG.search(text) and not is_cjk(item.description) else []
    quote = next((each for each in told if LASTS.search(each)), "")
    return Evidence(item, DESCRIPTION, quote, whole=True) if quote else None


def stems(text: str) -> frozenset[str]:
    """Return the words of a text without their endings, and those that two of them make: "frostproof"."""
    one = list(terms(text))
    return frozenset((*one, *(a + b for a, b in pairwise(one))))


def _found(asked: Sequence[str], said: Collection[str]) -> set[str]:
    """Return the words asked for that were said; "water proof" is "waterproof"."""
    found = {word for word in asked if word in said}
    return found.union(*({a, b} for a, b in pairwise(asked) if a + b in said))


def _places(item: Item) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield what may answer: field, value, and its words."""
    for genre in item.genres:
        yield "genres", genre, stems(genre)
    for maker in item.creators:
        yield "creators", maker, stems(maker)
    for column, value in item.attributes.items():
        name = column.replace("_", " ")
        if isinstance(value, bool):
            does = " ".join(word.removesuffix("able") for word in name.split())  # what is washable goes in the wash
            yield column, "yes" if value else "", stems(name) | stems(does)
        elif isinstance(value, tuple):
            yield from ((column, each, stems(each) | stems(f"{each} {name}")) for each in value)
        elif isinstance(value, str) and value:
            yield column, value, stems(value)
    if not is_cjk(item.description):
        told = sentences(item.description)
        yield from ((DESCRIPTION, each, stems(each)) for each in told)
        yield DESCRIPTION, item.description, frozenset().union(*(stems(each) for each in told))
