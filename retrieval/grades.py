"""Columns of grades, none < low < medium < high: limited by that order, and compared by it like numbers.

"Low in caffeine" is what has little or none of it, "caffeine-free" what has none, be there nothing of the sort.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from retrieval.absence import asked_free
from retrieval.constraints import Facets
from retrieval.labels import label
from retrieval.numbers import Found, blank
from retrieval.parsed import as_tuple
from retrieval.qualities import Quality, quality_of
from retrieval.scales import HIGH, LOW, MEDIUM, MOST, NONE, is_mute, of_amounts, rank_of
from retrieval.text import is_cjk
from retrieval.types import Constraint, Op
from retrieval.units import of_header

Bounds = tuple[float, float]
_ANY, _ENDLESS, _NEXT = 0.1, 9.0, 0.5  # the least of something, beyond all ranks, and less than one rank
_VERY = r"(?:very|really|extremely|super|ultra)[\s-]+"
# What is said of how much, and from which rank to which that is; the first that fits.
_SAID: tuple[tuple[str, Bounds], ...] = (
    (rf"{_VERY}(?:low|little)|minimal|hardly\s+any|barely\s+any|next\s+to\s+no", (NONE, LOW - 1)),
    (rf"{_VERY}(?:high|strong|much)|extra[\s-]+(?:high|strong)|tons|loads|maximum", (MOST, _ENDLESS)),
    (r"(?:just\s+|only\s+)?a\s+(?:little|bit|touch|hint)(?:\s+bit)?", (_ANY, LOW)),
    (r"no|zero", (NONE, NONE)),
    (r"low|little|light|reduced", (NONE, LOW)),
    (r"medium|moderate|average|normal", (MEDIUM - _NEXT, MEDIUM + _NEXT)),
    (
        r"(?:a\s+)?(?:good\s+|big\s+)?(?:lot|deal)|lots|plenty|high|strong|rich|full|packed|much",
        (HIGH - _NEXT / 2, _ENDLESS),
    ),
    (r"with(?:\s+some)?|some", (_ANY, _ENDLESS)),
)
_GRADE = rf"(?:{'|'.join(said for said, _ in _SAID)})"
_TWO = r"\s*(?:to|or|and|-|–|/)\s*"
_LINK = r"(?:\s+(?:(?:in|on|of|with)\s+)?|-)(?:the\s+)?"
_BEFORE = r"(?P<op>at\s+most|up\s+to|no\s+more\s+than|at\s+least)?\s*\b"
_OR_SO = r"(?:\s+or\s+(?P<beyond>less|lower|more|higher))?"
_NOT = re.compile(
    r"(?:\b(?:not|nothing|no|none|without|avoid|never|skip)|n['’]?t|不要|别|不)\s*"
    r"(?:\b(?:want|need|like|have|having|drink|eat|take|be|is|are|anything|something|one|ones|it|to|that|which|has|contains?"
    r"|with|an?|any|all|too|so|very|overly|really)\b\s*)*$",
    re.IGNORECASE,
)
_TOO = re.compile(r"\b(?:too|how|as|so)\s*$", re.IGNORECASE)
_REFUSES = (
    r"(?:avoid(?:ing)?|(?:can['’]?t|cannot|can\s+not|don['’]?t|do\s+not|must\s+not|shouldn['’]?t)\s+"
    r"(?:have|drink|eat|take|tolerate|do|stand|want|like))"
)
_HARMED = r"(?:allergic|intolerant|sensitive)"
_ADJECTIVES = frozenset("easy simple hard difficult challenging mild strong intense gentle hot weak".split())  # noqa: SIM905
_OF_HOW_MUCH = re.compile(r"\s+(?:level|content|amount|rating|grade|intensity)$")
_WHETHER = r"\b(?:is|are)\s+there\s+(?:any\s+)?{0}|\b(?:contains?|have|has|includes?)\s+(?:any\s+)?{0}|含(?:有)?{0}"


class Grades:
    """The columns of grades of one catalogue.

    Attributes:
        names: what each of them is called.

    Args:
        facets: the catalogue by its values.
    """

    def __init__(self, facets: Facets) -> None:
        self._held = {field: {v: rank_of(v) for v in facets.postings[field]} for field in facets.graded}
        self.names: Mapping[str, tuple[str, ...]] = {field: _called(field) for field in self._held}
        self._rows = [
            (field, _free_of(names), _limiting("|".join(names)))
            for field, names in self.names.items()
            if of_amounts(self._held[field])
        ]

    def __contains__(self, field: str) -> bool:
        """Whether a column is one of grades."""
        return field in self._held

    def quality(self, field: str) -> Quality | None:
        """Return what a column measures: by its name, or else in the words for little and much that it holds."""
        held = {v: rank for v, rank in self._held[field].items() if rank is not None and v in _ADJECTIVES}
        little, much = (tuple(v for v, rank in held.items() if sign * rank > sign * MEDIUM) for sign in (-1, 1))
        return quality_of(field) or (Quality((), little, much, ()) if held else None)

    def is_mute(self, field: str, value: str) -> bool:
        """Whether a value says nothing without its column's name: the "low" of some caffeine.

        What is between easy and hard is known for a difficulty.
        """
        held = self._held.get(field, {})
        between = MEDIUM - _NEXT <= (rank_of(value) or NONE) <= MEDIUM + _NEXT
        return (
            value in held
            and is_mute(value)
            and not (between and any(rank and not is_mute(v) for v, rank in held.items()))
        )

    def holds(self, limit: Constraint) -> bool:
        """Whether a limit is one by the order of grades, which no text says in other words."""
        return limit.op == "is" and limit.field in self and all(map(is_mute, as_tuple(limit.value)))

    def read(self, text: str, language: str) -> Iterator[Found]:
        """Yield the limits that a message sets on how much there is of something."""
        for field, free, patterns in self._rows:
            for pattern in (*patterns, free):
                matches = list(pattern.finditer(text))
                found = [one for m in matches if (one := self._graded(field, m, text, language)) is not None]
                yield from found
                text = blank(text, [(one.start, one.end) for one in found])

    def none_of(self, word: str, language: str) -> Constraint | None:
        """Return the limit that refuses what a column is called by, None if none is: "nothing with caffeine"."""
        field = next((field for field, *_ in self._rows if word in self.names[field]), None)
        return self._limit(field, (NONE, NONE), language) if field is not None else None

    def bound(self, field: str, op: Op, rank: float, language: str = "en") -> Constraint:
        """Return the limit to the grades on one side of a rank, or to the last one on that side, if none is beyond."""
        ranks = [held for held in self._held[field].values() if held is not None]
        beyond = rank + _ANY * {"<": -1, ">": 1}.get(op, 0)
        bounds = (NONE, max(beyond, min(ranks))) if op in ("<", "<=") else (min(beyond, max(ranks)), _ENDLESS)
        return self._limit(field, bounds, language)

    def asked_any(self, text: str) -> Iterator[Constraint]:
        """Yield the limits to what has anything of what a question asks for: "is there caffeine in it?"."""
        for field, *_ in self._rows:
            if re.search(_WHETHER.format(rf"(?:{'|'.join(self.names[field])})(?![\w-])"), text, re.IGNORECASE):
                yield self._limit(field, (_ANY, _ENDLESS), "en")

    def _graded(self, field: str, match: re.Match[str], text: str, language: str) -> Found | None:
        said = match.groupdict()
        bounds = [_bounds(grade) for name in ("one", "two") if (grade := said.get(name))] or [(NONE, NONE)]
        low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
        op, beyond = said.get("op") or "", said.get("beyond") or ""
        if beyond in ("less", "lower") or op[:4].casefold() in ("at m", "up t", "no m"):
            low = NONE
        elif beyond or op:
            high = _ENDLESS
        negation = _NOT.search(text[: match.start()]) if said else None
        if negation is None and _TOO.search(text[: match.start()]):
            return None  # "too much" compares, "how much" asks
        if negation is not None:
            low, high = (NONE, low - _ANY) if low > NONE else (high + _ANY, _ENDLESS)
        start = match.start() if negation is None else negation.start()
        return Found(start, match.end(), (self._limit(field, (low, max(high, NONE)), language),))

    def _limit(self, field: str, bounds: Bounds, language: str) -> Constraint:
        """Return the limit to the grades of some ranks; to one that nothing has, where there is none of them."""
        low, high = bounds
        held = {value: rank for value, rank in self._held[field].items() if rank is not None}
        if low >= MOST and held:
            low = min(low, max(HIGH, *held.values()))  # "very high" is the highest that there is
        if NONE < high < LOW and held:
            high = max(high, min(held.values()))
        chosen = sorted((v for v, rank in held.items() if low <= rank <= high), key=lambda v: held[v])
        lacking = "none" if high <= NONE else "low" if high <= LOW else "high"
        value = tuple(chosen) if len(chosen) > 1 else chosen[0] if chosen else lacking
        return Constraint(field, "is", value, label(field, "is", value, language))


def _called(field: str) -> tuple[str, ...]:
    """Return what a column is called, the shortest last: "caffeine" of a caffeine level."""
    words = of_header(field)[0]
    words = words.replace(" ", "") if is_cjk(words) else words
    return tuple(dict.fromkeys((words, _OF_HOW_MUCH.sub("", words))))


def _free_of(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return what says that nothing is wanted of something: "free of caffeine", "I can't have any caffeine"."""
    said = rf"{asked_free(names[-1])}|(?:{_REFUSES}\s+(?:(?:any|the)\s+)?|{_HARMED}\s+to\s+)(?:{'|'.join(names)})"
    return re.compile(rf"\b(?:{said})\b", re.IGNORECASE)


def _limiting(names: str) -> tuple[re.Pattern[str], ...]:
    """Return what says how much is wanted of something: "low in caffeine", "caffeine: low", 低咖啡因."""
    one = rf"(?P<one>{_GRADE})(?:{_TWO}(?P<two>{_GRADE}))?"
    level = r"(?:\s+(?:level|content))?"
    patterns = (
        rf"{_BEFORE}{one}{_LINK}(?:{names})\b(?![\s-]+free\b){_OR_SO}",
        rf"(?P<op>\b)\b(?:{names}){level}\s*(?:is|are|should\s+be|must\s+be|can\s+be|:|=)?\s*(?<!\w){one}\b{_OR_SO}",
        rf"(?P<op>)(?P<one>无|没有|不含|零|低|少|高)(?P<two>)(?:{names})(?P<beyond>)",
        rf"(?P<op>)(?:{names})(?:含量)?(?:要)?(?P<one>低|少|高)(?P<two>)(?P<beyond>)",
    )
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


_CHINESE: Mapping[str, Bounds] = {
    **dict.fromkeys(("无", "没有", "不含", "零"), (NONE, NONE)),
    **dict.fromkeys(("低", "少"), (NONE, LOW)),
    "高": (HIGH - _NEXT / 2, _ENDLESS),
}


def _bounds(said: str) -> Bounds:
    found = (bounds for pattern, bounds in _SAID if re.fullmatch(pattern, said, re.IGNORECASE))
    return _CHINESE.get(said) or next(found, (NONE, _ENDLESS))
