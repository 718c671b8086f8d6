"""How many people a message tells of: "for 4 players", "a family of five", "two adults and two kids"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval import units
from retrieval.numbers import COUNTS, COUNTS_ZH, has_number

_N = rf"(?:\d{{1,2}}(?![\d%]|[.,:]\d)|(?:{'|'.join(word for word, count in COUNTS.items() if count <= 20)})\b)"
_ADULTS = r"(?:adults?|grown[\s-]?ups?|parents?|people|persons?)"
_KIDS = r"(?:kids?|children|child|boys?|girls?|toddlers?|bab(?:y|ies)|grandkids|grandchildren|teen\w*)"
_PEOPLE = r"(?:people|persons?|players?|adults?|grown[\s-]?ups|guests?|diners?|of\s+us|friends|folks)\b"
_WE_ARE = r"\bwe(?:['’]re|['’]d\s+be|['’]ll\s+be|\s+are|\s+were|\s+would\s+be|\s+will\s+be)"
_THERE_ARE = r"\bthere(?:['’]s|['’]ll\s+be|['’]d\s+be|\s+are|\s+is|\s+will\s+be|\s+would\s+be)"
_SO = r"\s+(?:(?:about|around|only|just|usually|mostly|normally|always|up\s+to|at\s+(?:least|most)|maybe|like)\s+)*"
_ENDS = (
    r"(?=\s*(?:$|[.,;!?)]|(?:so|and|but|at|usually|altogether|in\s+total|in\s+all|normally|most|sometimes|then|tho|though)"
    r"\b))"
)
_SUM = re.compile(
    rf"\b(?P<adults>{_N})\s+{_ADULTS}\s*(?:,|and|&|\+|plus|with)\s*"
    rf"(?:(?P<kids>{_N}|an?)\s+(?:\w+\s+)?{_KIDS}\b|(?:(?:my|our|the|their)\s+)?{_KIDS}\s*(?:\(|,|of\s+|aged?\s+)*(?P<ages>{_N}"
    rf"(?:(?:\s*(?:,|and|&)\s*)+{_N})*))",
    re.IGNORECASE,
)
_COUNTED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:\b(?:for|with|serves?|feeds?|seats?|sleeps?|suits?){_SO}|{_WE_ARE}{_SO}|{_THERE_ARE}{_SO}"
        rf"|(?:^|[,;:(])\W*(?:and\s+|for\s+)?(?:(?:about|around|maybe|roughly|up\s+to)\s+)?)"
        rf"(?:the\s+|an?\s+|us\s+)?(?P<n>{_N})[\s-]*{_PEOPLE}",
        rf"\b(?P<n>{_N})[\s-]*(?:players?|of\s+us)\b",
        rf"\b(?:can|could|will|would)\s+(?P<n>{_N})\s+(?:{_PEOPLE}|{_KIDS})",
        rf"\b(?:family|household|party|group|table|team|crowd)\s+(?:of|for)\s+(?:about\s+|around\s+)?(?P<n>{_N})",
        rf"{_WE_ARE}{_SO}(?P<n>{_N}){_ENDS}",
        r"(?P<n>\d{1,2}|[一二两三四五六七八九十])\s*(?:个人|人(?:玩|用|吃|份)|位玩家|个玩家)",
    )
)
_BARE = re.compile(
    rf"\b(?:for|feeds?|serves?){_SO}(?P<n>{_N})(?=\s*(?:$|[.,;!?)]|(?:{_KIDS}|please|then|or\s+so|would|in\s+total|under|below|up\s+to|max\w*)\b))"
    rf"(?!\s*{units.pattern()})",
    re.IGNORECASE,
)
_FEW = 8  # up to so many a bare "for 4" may mean people
_MANY = 20  # more than so many are somebody's age, or money


@dataclass(frozen=True, slots=True)
class Heads:
    """So many people are told of in `text[start:end]`; `plain`: nothing but "for" says that they are people."""

    start: int
    end: int
    count: int
    plain: bool = False


def heads(text: str) -> Iterator[Heads]:
    """Yield how many people a message tells of: the first number that does, and of adults and children their sum."""
    if not has_number(text):
        return
    if match := _SUM.search(text):
        children = len(re.findall(_N, match["ages"], re.IGNORECASE)) if match["ages"] else _count(match["kids"])
        yield Heads(match.start(), match.end("adults"), _count(match["adults"]) + children)
        return
    for pattern in (*_COUNTED, _BARE):
        for match in pattern.finditer(text):
            count, plain = _count(match["n"]), pattern is _BARE
            said_alone = plain and (count > _FEW or count < 2)  # "looking for one", "something for 10"
            if 0 < count <= _MANY and not said_alone:
                yield Heads(*match.span(), count, plain)
                return


def _count(said: str) -> int:
    low = said.casefold()
    return int(low) if low.isdigit() else COUNTS.get(low) or COUNTS_ZH.get(low, 1)
