"""What people ask of works that a catalogue may not tell of: whether one stands alone, is in colour, is short or easy.

"Not part of a series" cannot be kept where no column knows of series; it is owned up to rather than passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from retrieval.constraints import Facets, number_of
from retrieval.lexicon import canonical
from retrieval.numbers import LENGTH_FIELDS


@dataclass(frozen=True, slots=True)
class _Quality:
    """Something asked of works.

    Attributes:
        asked: how.
        columns: any of these would tell it.
        taken: nothing else is to be read from those words: "not part of a series" wants no television.
    """

    asked: re.Pattern[str]
    columns: frozenset[str]
    taken: bool = False


_QUALITIES = {
    "series": _Quality(
        re.compile(
            r"(?:\b(?:not|isn['’]?t|aren['’]?t)\s+)?\bpart\s+of\s+(?:an?|any|some|the)\s+(?:long\s+)?(?:series|saga|trilogy)\b|\bno\s+(?:series|sagas?|trilog(?:y|ies)|sequels?)\b|\bstand[\s-]?alones?\b|不要系列的?",
            re.IGNORECASE,
        ),
        frozenset({"series", "part of", "volume"}),
        taken=True,
    ),
    "colour": _Quality(
        re.compile(r"\bblack[\s-](?:and|&|n)[\s-]white\b|\bb\s?&\s?w\b|黑白片?", re.IGNORECASE),
        frozenset({"colour", "color"}),
        taken=True,
    ),
    "region": _Quality(
        re.compile(
            r"\b(?:european|asian|african|scandinavian|nordic|latin[\s-]american|south[\s-]american|middle[\s-]eastern)"
            r"(?=\s+(?:\w+\s+)?(?:films?|movies?|cinema|books?|novels?|games?|music|albums?)\b)|欧美|亚洲|非洲|北欧",
            re.IGNORECASE,
        ),
        frozenset({"country", "countries", "region", "origin"}),
    ),
    "difficulty": _Quality(
        re.compile(
            r"\b(?:eas(?:y|ier)|difficult|hard)\s+(?:\w+\s+)?games?\b|\beasy\s+to\s+(?:play|read)\b", re.IGNORECASE
        ),
        frozenset({"difficulty", "level", "reading level"}),
    ),
    "reading level": _Quality(
        re.compile(
            r"\b(?:easy|simple|plain|not\s+(?:too|so|very)\s+(?:difficult|hard|complicated))\s+(?:to\s+)?(?:language|english|words)(?:\s+please)?\b",
            re.IGNORECASE,
        ),
        frozenset({"difficulty", "level", "reading level"}),
        taken=True,
    ),
    "platform": _Quality(
        re.compile(
            r"\b(?:(?:on|for)\s+(?:the\s+|my\s+|his\s+|her\s+|our\s+)?)?(?:(?:nintendo\s+)?(?<!to\s)switch(?!\s+(?:to|it|off|on|over)\b)(?=\W*$|\s+(?:games?|if|please|or|and|version)\b|[,.!?])"
            r"|ps\s?[345]|playstation(?:\s?[345])?|xbox(?:\s+\w+)?|steam\s?deck)\b",
            re.IGNORECASE,
        ),
        frozenset({"platform", "platforms", "console", "consoles", "system"}),
        taken=True,
    ),
    "gender": _Quality(
        re.compile(
            r"\bby\s+(?:an?\s+|only\s+)?(?:woman|women|female\s+\w+|man|men)\b(?:\s+(?:if\s+possible|please|ideally))?"
            r"|\b(?:only\s+)?(?:wom[ae]n|female|lady)\s+(?:singers?|vocalists?|musicians?|voices?|authors?|writers?|novelists?|directors?|artists?|composers?|filmmakers?)\b",
            re.IGNORECASE,
        ),
        frozenset({"gender"}),
        taken=True,
    ),
    "cast": _Quality(
        re.compile(
            r"\b(?:starring|featuring)\s+(?:him|her|them)\b|\b(?:films?|movies?|ones?|anything|something)\s+(?:else\s+)?with\s+(?:him|her)(?:\s+in\s+it)?\b",
            re.IGNORECASE,
        ),
        frozenset({"cast", "actors", "stars", "starring"}),
        taken=True,
    ),
    "players": _Quality(
        re.compile(
            r"\b(?:one|two|three|four|1|2|3|4)[\s-]players?\b|\b(?:two|2)\s+people\b[^.?!]{0,12}\bplay\b|\bgames?\s+for\s+(?:two|2|both\s+of\s+us)\b|\bfor\s+two\s+(?:people|persons)\b|\b(?:single|multi)[\s-]?player\b|\bco-?op\b|双人游戏|多人游戏",
            re.IGNORECASE,
        ),
        frozenset({"players", "modes"}),
    ),
}
_SHORT = re.compile(
    r"\b(?:short|brief|quick|long)\s+(\w+)(?:\s+(\w+))?"
    r"|\b(\w+),?\s+(?:(?:that|which)(?:['’]s|\s+is)\s+)?(?:but\s+)?(?:not|isn['’]?t)\s+too\s+long\b",
    re.IGNORECASE,
)


def untold(text: str, facets: Facets) -> Iterator[tuple[str, tuple[int, int], bool]]:
    """Yield what a message asks of works, "" where a column tells it, where, and whether the words say nothing else."""
    if not facets.of_works:
        return
    for name, quality in _QUALITIES.items():
        told = any(facets.knows(column) for column in quality.columns)
        for match in quality.asked.finditer(text):
            if quality.taken or not told:
                yield "" if told else name, match.span(), quality.taken
    for match in _SHORT.finditer(text):
        kinds, named = facets.postings.get("kind", {}), [canonical("kind", word) for word in match.groups() if word]
        held = next((kinds[kind] for kind in named if kind in kinds), np.empty(0, dtype=np.int32))
        items = (facets.catalog[at] for at in held.tolist())
        if held.size and not any(number_of(item, field) is not None for item in items for field in LENGTH_FIELDS):
            yield "length", match.span(), False
