"""Adjectives without a number: "a light tent", "something small", "not too wide" ask for that half of what there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np

from retrieval.columns import Columns
from retrieval.constraints import Facets
from retrieval.scales import HIGH, LOW
from retrieval.stances import no_need
from retrieval.types import Constraint, Op

_VERY = r"(?:(?:really|quite|very|nice\s+and|fairly|pretty|rather|as)\s+)*"
_SOME = rf"\b(?:something|anything|ones?)\s+(?:(?:that|which)(?:['’]s|\s+is|\s+are)?\s+)?{_VERY}"
_IS = rf"\b(?:(?:should|must|to)\s+be|want\s+(?:it|them)|like\s+(?:it|them))\s+{_VERY}"
_NOT_TOO = r"\b(?:not|isn['’]?t|aren['’]?t|nothing)\s+(?:all\s+)?(?:too|so|very|that|overly)\s+"
_AND = r"(?:[a-z]+\s*(?:,|and|or|but)\s*)?"  # "small and light"
_ALONE = r"^\W*(?:(?:and|but|also|ideally|preferably|plus)\s+)*"
_PLEASE = r"(?:\s+(?:and\s+[a-z]+|if\s+possible|please|ideally|too|enough|though))*\W*$"
_NO_NOUN = r"\b(?!\s+(?!(?:please|enough|and|or|but|for|to|though|if|because|as|either)\b)[a-z])"  # "heavy going"
_SAID_BY_THE_WAY = re.compile(  # but a "sweet, fruity one" is asked for
    r"^\W*(?:(?:oh|ok(?:ay)?|yes|ah|very)\W+)*(?:cool\s*(?:[.,;!?–—-]|$)|sweet\s*[.;!–—-])", re.IGNORECASE
)
# "Quiet" is low in noise, and "not too quiet" what is not.
_BY_GRADE: Mapping[tuple[int, int], tuple[Op, float]] = {
    (-1, 1): ("<=", LOW), (1, 1): (">=", HIGH), (-1, -1): (">", LOW), (1, -1): ("<", HIGH),
}  # fmt: skip
_SHARE = 0.5  # of the things spoken of, from which a column is of them


def halves(
    text: str,
    columns: Columns,
    facets: Facets,
    among: Sequence[Constraint],
    kinds: Collection[str],
    meant: Callable[[str], object],
    refused: Callable[[int, int], bool] = lambda start, end: False,
) -> Iterator[Constraint]:
    """Yield limits to the lighter, the smaller, the longer half of the things spoken of.

    Args:
        text: the message.
        columns: the shop's own.
        facets: of the catalogue.
        among: limits that tell which things are spoken of.
        kinds: what these are called.
        meant: whether a word is a value of some column, which limits in its own way.
        refused: whether the whole message refuses what stands in `text[start:end]`: "I can't carry the heavy ones".
    """
    there = facets.mask(among) if among else np.ones(len(facets.catalog), dtype=np.bool_)
    text = _SAID_BY_THE_WAY.sub(lambda m: " " * len(m.group()), text)
    clauses = re.split(r"[,.;!?]", text)
    for column, sign, adjective in columns.adjectives():
        places = [m.span() for m in re.finditer(rf"\b{adjective}\b", text, re.IGNORECASE)]
        asks = any(_asks(clause, adjective, kinds) for clause in clauses)
        not_so = re.search(rf"{_NOT_TOO}{_AND}{adjective}{_NO_NOUN}", text, re.IGNORECASE) is not None
        turned = -1 if not_so or (asks and any(refused(*place) for place in places)) else 1
        idle = any(no_need(text, start) for start, _ in places)
        if idle or meant(adjective) or not (not_so or asks):
            continue
        values = facets.numbers(column.field)[there]
        known = values[~np.isnan(values)]
        if len(known) > 1 and len(known) >= _SHARE * len(values):
            op: Op = ">=" if sign * turned > 0 else "<="
            middle = (op, round(float(np.median(known)), 2))
            yield columns.bound(column.field, *(_BY_GRADE[sign, turned] if column.field in columns.grades else middle))


def _asks(clause: str, adjective: str, kinds: Collection[str]) -> bool:
    """Whether a clause asks for things that are light, rather than for the light: "a light tent", "small and light"."""
    called = "|".join(re.escape(kind) for kind in sorted(kinds, key=len, reverse=True))
    cues = [rf"{_SOME}{_AND}{adjective}{_NO_NOUN}", rf"{_IS}{_AND}{adjective}\b"]
    cues.append(rf"{_ALONE}{_AND}{adjective}{_PLEASE}")
    cues += [rf"(?:\b(?:an?|some|any|the)\s+|^\W*){_VERY}{_AND}{adjective}\s+(?:{called})\b"] if called else []
    return any(re.search(cue, clause, re.IGNORECASE) for cue in cues)
