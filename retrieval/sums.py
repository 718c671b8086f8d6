"""Money said loosely: "around 30, could be a bit more", "400-800", "75 is more than I wanted to spend", "not too dear".

No sign or word of money stands beside such a number, so it must look like the shop's prices and like nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from retrieval.constraints import Facets
from retrieval.labels import label
from retrieval.numbers import Found, number
from retrieval.ranges import part_of
from retrieval.types import Constraint, Op

_N = r"(?<![\w.,-])(\d{2,5}(?:[.,]\d{2})?)(?![\d%])"
_CUR = r"\s*(?:[€£$]|euros?|eur|pounds?|quid|dollars?|bucks?)?"
_STARTS = (
    r"(?:^\W*(?:(?:ok|well|hm+|and|so|maybe|perhaps|let['’]?s\s+say)\W+)*|[,;.(:]\s*(?:so\s+|maybe\s+|say\s+)?"
    r"|\b(?:spend|pay|budget(?:\s+(?:is|of))?|costs?|costing|price|be|for|say|something|anything|ones?|maybe)\s+)"
)
_ENDS = r"(?=\s*(?:$|[,.;!?)](?!\d)|(?:or\s+so|ish|max|and|but|please|pls|if|could|can|would|is\s+(?:ok|fine|good))\b))"
_ABOUT = re.compile(
    rf"(?:^|(?<=[\s,;.(:]))(?:around|about|roughly|circa|approx\w*\.?|~)\s*{_N}(?:\s*ish)?{_ENDS}", re.IGNORECASE
)
_BETWEEN = re.compile(
    rf"{_STARTS}(?:between\s+|from\s+)?{_N}\s*(?:-|–|to|and)\s*(\d{{2,5}}){_CUR}{_ENDS}", re.IGNORECASE
)
_BIT_MORE = re.compile(  # asks for no more cards
    r"\b(?:(?:can|could|may|might)\s+(?:also\s+)?be\s+(?:a\s+)?(?:\w+\s+)?(?:more|over)|(?:a\s+)?(?:bit|little)\s+(?:more|over)\s+(?:is|would\s+be)"
    r"\s+(?:also\s+)?(?:ok(?:ay)?|fine|alright|all\s+right))\b",
    re.IGNORECASE,
)
_SO = r"(?:(?:a\s+(?:bit|little|lot)|way|rather|far|much|quite|really|still|slightly|already|probably|just)\s+)*"
_IS = r"\s*(?:(?:is|was|would\s+be|seems|feels)\s+|['’]s\s+)?"
_MINE = (
    r"(?:i|we)(?:['’]d|['’]ve)?\s+(?:\w+\s+){0,3}?"
    r"(?:spend|pay|had\s+in\s+mind|budgeted|afford|thinking|planned|expected|hoped|hoping|thought)"
)
_TOO_MUCH = re.compile(
    rf"{_N}{_CUR}{_IS}{_SO}(?:(?:more|over|above|higher)\s+(?:than\s+)?(?:what\s+)?(?:{_MINE}|(?:my|our)\s+(?:budget|limit))"
    r"|(?:too\s+(?:much|expensive|dear|pricey|steep)|out\s+of\s+(?:my\s+|our\s+)?budget)\b)",
    re.IGNORECASE,
)
_NOT_DEAR = re.compile(
    r"\b(?:not|nothing|isn['’]t|aren['’]t)\s+(?:\w+\s+)?(?:too|very|so|that|overly)\s+(?:expensive|dear|pricey|costly)\b"
    r"|\b(?:without\s+|doesn['’]t\s+|won['’]t\s+|not\s+)break(?:ing)?\s+the\s+bank\b|\bon\s+a\s+(?:tight|small|low|tiny)\s+budget\b",
    re.IGNORECASE,
)
_MEASURED = re.compile(  # "not too heavy, around 12" is no price
    r"\b(?:long|length|heavy|light|weigh\w*|tall|high|height|wide|width|deep|diameter|size\w*|big|aged?|old|at|people)\b[^.!?]{0,20}$",
    re.IGNORECASE,
)
_ROOM, _MORE_ROOM = 1.3, 1.5  # how far beyond "around 30" a price may go, and where "a bit more" is fine
_FAR = 3.0  # how far beyond all prices the end of "100-200" may be
_NEAR = 0.97  # who says 75 may mean 74.90
_COUNTS = 20  # up to so much a bare number may be an age or so many people
_FINE = 50  # from here a sum is rounded to tens, below to fives


def loose(text: str, facets: Facets, language: str) -> Iterator[Found]:
    """Yield the limits of price that a text sets without a word of money.

    Args:
        text: the message, without what other limits have been read from.
        facets: of the catalogue.
        language: of the labels.
    """
    if facets.of_works or not facets.knows("price"):  # of works a bare number may be minutes or pages
        return
    prices = facets.numbers("price")
    held = np.round(prices[~np.isnan(prices)].astype(np.float64), 2)

    def found(match: re.Match[str], *limits: tuple[Op, float]) -> Found:
        made = (
            Constraint("price", op, v, label("price", op, v, language, facets.currency), facets.compared_in)
            for op, v in limits
        )
        return Found(*match.span(), tuple(made))

    more = _BIT_MORE.search(text)
    if match := _TOO_MUCH.search(text):
        said = number(match[1])
        near = held[(held <= said) & (held > _NEAR * said)]
        yield found(match, ("<", float(near.min()) if len(near) else said))
    elif (match := _BETWEEN.search(text)) and _may_be_prices(facets, held, number(match[1]), number(match[2])):
        low, high = sorted((number(match[1]), number(match[2])))
        yield found(match, (">=", low), ("<=", high))
    elif (
        (match := _ABOUT.search(text))
        and not _MEASURED.search(text[: match.start()])
        and _may_be_prices(facets, held, number(match[1]))
    ):
        said = number(match[1])
        yield found(match, (">=", round(0.7 * said)), ("<=", round((_MORE_ROOM if more else _ROOM) * said)))
    if match := _NOT_DEAR.search(text):  # how much that is, the things spoken of tell
        yield found(match)
    if more is not None and re.search(r"\d", text):
        yield Found(*more.span(), ())


def not_dear(text: str, facets: Facets, among: Sequence[Constraint]) -> list[Constraint]:
    """Return what "not too dear" limits to, where it is said: the cheaper half of the things spoken of."""
    if facets.of_works or not facets.knows("price") or not _NOT_DEAR.search(text):
        return []
    prices = facets.numbers("price")[facets.mask(among)]
    prices = prices[~np.isnan(prices)]
    return (
        [Constraint("price", "<=", _rounded_up(float(np.median(prices))), currency=facets.compared_in)]
        if len(prices) > 1
        else []
    )


def too_much(text: str) -> bool:
    """Whether a text says of a sum that it is too much: "75 is more than I wanted to spend"."""
    return _TOO_MUCH.search(text) is not None


def _may_be_prices(facets: Facets, held: np.ndarray, *said: float) -> bool:
    """Whether bare numbers are like the shop's prices, and not like what its ranges are of: heights, ages, people."""
    if not len(held) or min(said) > _ROOM * held.max() or max(said) > _FAR * held.max() or max(said) < held.min():
        return False
    if max(said) <= _COUNTS and any(part_of(field) in ("age", "people") for field in facets.ranges):
        return False
    for field in (name for name in facets.ranges if part_of(name) not in ("", "age", "people")):
        ends = facets.ranges[field][np.isfinite(facets.ranges[field])]
        if len(ends) and ends.min() <= min(said) and max(said) <= ends.max():
            return False
    return True


def _rounded_up(price: float) -> float:
    step = 10 if price >= _FINE else 5
    return float(-(-price // step) * step)
