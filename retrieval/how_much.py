"""How much there is of a thing: which columns answer a question that names none."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from retrieval import units
from retrieval.measures import Column
from retrieval.text import forms

# Behind "how much", and no price: "is in a bag", "coffee is in it", "fits in".
AMOUNT_IN = (
    r"\s+(?:(?P<of>\w+)\s+)?(?:(?:is|are|comes?)\s+(?:there\s+)?in(?:side)?\b"
    r"(?!\s+(?:total|all|stock|euros?|dollars|pounds|(?:the|your)\s+(?:sale|shop|store))\b)"
    r"|(?P<fits>fits?|goes)\s+in(?:to|side)?\b|do\s+(?:i|we|you)\s+get\b(?!\s+(?:back|off|if|when)\b))"
)
_HOW_MUCH_IN = re.compile(rf"\bhow\s+much{AMOUNT_IN}|里面?有多少|[包袋盒罐瓶]里?有多少|(?P<holds>装(?:得下)?多少)")
_CONTENTS = frozenset("weight mass net content contents amount capacity volume".split())  # noqa: SIM905 - of columns


def how_much(text: str, numbers: Sequence[Column], kinds: Collection[str]) -> list[str]:
    """Return the columns that tell how much there is of a thing: "how much is in a bag?", "how many grams?".

    Args:
        text: the question.
        numbers: the columns of numbers.
        kinds: what kinds the catalogue's goods are of.
    """
    text = text.casefold()
    match = _HOW_MUCH_IN.search(text)
    of = match["of"] if match is not None else None
    fits = match is not None and (match["fits"] or match["holds"])
    if of and not fits and not any(form in kind.split() for kind in kinds for form in forms(of)):
        match = None  # how much sugar is in it, the weight does not tell
    asked = () if match is None else ("volume",) if fits else ("mass", "volume")
    found = []
    for dimension in ("mass", "volume"):
        units_of = units.called(dimension)
        if dimension in asked or re.search(rf"\bhow\s+many\s+(?:{units_of})\b|多少(?:{units_of})", text):
            held = [c for c in numbers if c.unit is not None and c.unit.dimension == dimension]
            found += [c.field for c in held if len(held) == 1 or _CONTENTS.intersection(c.words.split())]
    return found
