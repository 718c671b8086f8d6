"""Quoting: the sentence of a description, or the amount in a title, that answers what no column does.

"How big is it?" is answered by "Finished size 68 x 48 cm" although it shares no word with it, and "is it hard to put
together?" by "Assembly takes about an hour".
"""

from __future__ import annotations

import re

from chat.holding import DESCRIPTION, LASTS, Evidence, evidence, stems
from retrieval.knowledge import sentences, terms
from retrieval.text import is_cjk
from retrieval.types import Item

TITLE = "title"
_N = r"\d+(?:[.,]\d+)?"
_SIZE = rf"\b{_N}(?:\s?(?:x|×|by)\s?{_N})*\s?(?:mm|cm|m|km|metres?|meters?|inch(?:es)?|ft|feet)\b|\b{_N}\s?[\"″]"
_WEIGHT = rf"\b{_N}\s?(?:g|kg|grams?|kilos?|kilograms?|lbs?|pounds|oz|ounces)\b"
_VOLUME = rf"\b{_N}\s?(?:ml|cl|l|litres?|liters?|gallons?|cups?)\b"
_DEGREES = rf"[-−–]?{_N}\s?(?:°|℃|degrees\b)"
_DECIBELS = rf"\b{_N}\s?(?:dB|decibels?)\b"
_AMOUNTS = tuple(  # what is asked, and what amount answers it; "how big" is a size, and else a volume
    (re.compile(asked, re.IGNORECASE), tuple(re.compile(amount, re.IGNORECASE) for amount in amounts))
    for asked, amounts in (
        (
            r"\bhow\s+(?:tall|high|wide|deep|thick|broad|large|big|small|long(?:\s+(?:is|are)\b|\W*$))|\b(?:size|dimensions|measurements)\b|多[高宽大]",
            (_SIZE,),
        ),
        (r"\bhow\s+(?:heavy|light)\b|\bweighs?\b|多重", (_WEIGHT,)),
        (r"\bhow\s+(?:big|large)\b|\bhow\s+much\s+(?:does|do|will|can)\s+\w+\s+(?:hold|take|fit)\b", (_VOLUME,)),
        (r"\bhow\s+(?:cold|warm|hot|low)\b", (_DEGREES,)),
        (r"\bhow\s+(?:loud|quiet|noisy)\b", (_DECIBELS,)),
        (r"\bhow\s+long\s+(?:does|do|did|will|would|can)\b", (LASTS.pattern,)),
    )
)
_AMOUNT_ASKED = re.compile(r"\bhow\s+many\s+(?P<what>\w+)", re.IGNORECASE)
_ALIKE = tuple(  # how people ask, and what descriptions say of it
    (re.compile(asked, re.IGNORECASE), tuple(terms(said)))
    for asked, said in (
        (
            r"\bput\w*\s+(?:(?:it|this|that|them)\s+)?together\b|\bassembl\w+|\bset(?:ting)?\s+(?:(?:it|this|that|them)\s+)?up\b|\bbuild\s+(?:it|them)\b",
            "assembly assembled assemble assembling",
        ),
        (r"\b(?:hard|difficult|easy|easier|complicated|tricky)\b", "easy difficult simple beginners rules complicated"),
        (r"\b(?:loud|noisy|noise|quiet)\b", "quiet loud noise noisy silent"),
        (
            r"\b(?:hold|holds|keep|keeps|stay|stays)\s+(?:\w+\s+){0,3}?(?:temperature|heat|warm|hot|cold|cool)\b",
            "hold holds keep keeps stay stays",
        ),
        (r"\b(?:sturdy|durable|robust|break\s+easily|last\s+(?:long|for))\b", "sturdy durable robust unbreakable"),
        (r"\b(?:alone|by\s+(?:my|her|him|your)sel(?:f|ves)|on\s+(?:my|her|his|their)\s+own|solo)\b", "alone solo"),
    )
)
_LIGHT = (  # words too common to be looked for one by one
    re.compile(r"\b(?:dark|dim|dimly|gloomy|badly\s+lit)\b", re.IGNORECASE),
    re.compile(r"\b(?:poor|low|bad|dim|little)[\s-]+light\b|\b(?:dark|darkness|dimly|at\s+night)\b", re.IGNORECASE),
)
_INCLUDED = re.compile(  # "does the set include a bowl?", "is the battery included?"
    r"\b(?:do|does|will)\b[^.?!]*?\b(?:include|come\s+with)\s+(?P<behind>[^.?!,;]+)"
    r"|\b(?:is|are)\s+(?P<before>[^.?!,;]+?)\s+(?:also\s+|already\s+)?(?:included|supplied|in\s+the\s+(?:box|set|pack(?:age)?))\b",
    re.IGNORECASE,
)
_TOLD = re.compile(  # what tells of the person behind a question: "…, I'm not very handy"
    r"(?<=\w)\s*[,;.?]\s*(?:because\s+|as\s+|since\s+)?(?:i|i['’]?m|we|we['’]?re|he|he['’]?s|she|she['’]?s|my|our)\b[^?]*$",
    re.IGNORECASE,
)


def question_alone(text: str) -> str:
    """Return a question without what it tells of the person."""
    return _TOLD.sub("", text)


def amount(text: str, item: Item) -> Evidence | None:
    """Return where an item's title or description gives the amount that a question asks for, None if nowhere."""
    for asked, amounts in _AMOUNTS:
        for pattern in amounts if asked.search(text) else ():
            titled = pattern.search(item.title)
            if titled is not None:
                return Evidence(item, TITLE, titled.group().strip(), whole=True)
            quote = next((each for each in _sentences(item) if pattern.search(each)), "")
            if quote:
                return Evidence(item, DESCRIPTION, quote, whole=True)
    return _counted(text, item)


def alike(text: str, item: Item) -> Evidence | None:
    """Return the sentence of a description that says, in words of its own, what a question asks, None if none."""
    for asked, said in _ALIKE:
        for quote in _sentences(item) if asked.search(text) else ():
            if set(terms(quote)).intersection(said):
                return Evidence(item, DESCRIPTION, quote, whole=True)
    quote = next((e for e in _sentences(item) if _LIGHT[0].search(text) and _LIGHT[1].search(e)), "")
    return Evidence(item, DESCRIPTION, quote, whole=True) if quote else None


def thing_included(text: str) -> str:
    """Return what a question asks whether an item comes with, "" if it asks no such thing."""
    match = _INCLUDED.search(text)
    return (match["behind"] or match["before"] or "") if match is not None else ""


def included(text: str, item: Item) -> Evidence | None:
    """Return the sentence of a description that tells of what a question asks whether it is included, None if none."""
    asked = set(terms(thing_included(text)))
    quote = max(_sentences(item), key=lambda each: len(asked & stems(each)), default="")
    enough = bool(asked) and 2 * len(asked & stems(quote)) >= len(asked)
    return Evidence(item, DESCRIPTION, quote, whole=True) if enough else None


def beside(item: Item, asked: tuple[str, ...]) -> str:
    """Return the sentence of a description with words asked for, to stand beside a column that says yes or no."""
    told = next((each for each in _sentences(item) if set(asked).intersection(terms(each))), "")
    return told if told and evidence(item, asked) is not None else ""


def _counted(text: str, item: Item) -> Evidence | None:
    match = _AMOUNT_ASKED.search(text)
    what = set(terms(match["what"])) if match is not None else set()
    quote = next((e for e in _sentences(item) if what and what & set(terms(e)) and re.search(r"\d", e)), "")
    return Evidence(item, DESCRIPTION, quote, whole=True) if quote else None


def _sentences(item: Item) -> list[str]:
    return [] if is_cjk(item.description) else list(sentences(item.description))
