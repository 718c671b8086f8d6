"""How a work is to end: "a happy ending", "where nobody dies", "that doesn't end well".

Read by rule before anything that goes by meaning: to an encoder, what ends well is next to what ends badly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from retrieval.text import words

_GOOD = re.compile(
    r"\b(?:happy|happier|hopeful|uplifting|joyful|good|cheerful|feel[\s-]?good)\s+end(?:ings?|s)?\b|\bhappily\s+ever\s+after\b"
    r"|\b(?:ends?|ending|finish(?:es)?|turns?\s+out|works?\s+out)\s+(?:really\s+|very\s+)?(?:well|happily|(?:all\s?right|ok(?:ay)?|fine)\s+in\s+the\s+end"
    r"|on\s+a\s+(?:happy|high|good|hopeful)\s+note)\b"
    r"|\b(?:nobody|no[\s-]?one|none\s+of\s+them|no\s+(?:animals?|dogs?|pets?|children|characters?))\s+(?:dies|die|gets?\s+killed|is\s+killed)\b"
    r"|\b\w+\s+(?:doesn['’]?t|does\s+not|don['’]?t|do\s+not|never)\s+dies?\b"
    r"|\b(?:everybody|everyone|they\s+all)\s+(?:lives?|survives?|makes?\s+it)\b|(?:圆满|美好|幸福|好)的?结局|大团圆|结局(?:是)?(?:圆满|美好|幸福|好的)|没有?人死|皆大欢喜",
    re.IGNORECASE,
)
_BAD = re.compile(
    r"\b(?:sad|sadder|unhappy|tragic|heart-?breaking|devastating|bleak|depressing|downbeat)\s+end(?:ings?|s)?\b"
    r"|\bends?\s+(?:really\s+|very\s+)?(?:badly|sadly|tragically|terribly|in\s+(?:tears|tragedy|heartbreak))\b"
    r"|\b(?:everybody|everyone|they\s+all)\s+(?:dies|die)\b|(?:悲惨|悲伤|悲剧|不幸)的?结局|结局(?:是)?(?:悲惨|悲伤|悲剧|很惨)",
    re.IGNORECASE,
)
_NOT = frozenset("no not never without hate hates dislike dislikes avoid avoids nothing".split())  # noqa: SIM905
_OF = frozenset({("sick", "of"), ("tired", "of"), ("instead", "of"), ("fed", "up")})
_CJK_NOT = re.compile(r"(?:不要|不想要|不是|不喜欢|讨厌|别|没有|不)$")
_NEAR = 5  # words before it among which "doesn't" turns an ending round
_BREAKS = re.compile(r"[.,;:!?，。；：！？\n]|\bbut\b|但", re.IGNORECASE)

WISHED: dict[bool, tuple[str, ...]] = {True: ("hopeful", "warm"), False: ("tragic", "melancholic")}
REFUSED: dict[bool, tuple[str, ...]] = {True: ("tragic", "bleak"), False: ("hopeful",)}


class Ending(NamedTuple):
    """An ending that a message asks for, from character `start` to `end`."""

    start: int
    end: int
    happy: bool


def endings(text: str) -> Iterator[Ending]:
    """Yield the endings that a message asks for; who wouldn't mind one asks for none."""
    for pattern, happy in ((_GOOD, True), (_BAD, False)):
        for found in pattern.finditer(text):
            clause = _BREAKS.split(text[: found.start()])[-1]
            near = words(clause)[-_NEAR:]
            if "mind" in near:
                continue
            turned = any(word in _NOT or word.endswith("nt") for word in near if word != "want")
            turned = turned or any(pair in _OF for pair in pairwise(near))
            yield Ending(found.start(), found.end(), happy != (turned or _CJK_NOT.search(clause) is not None))
