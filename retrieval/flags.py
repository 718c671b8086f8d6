"""Columns of yes and no: what people say who want what such a column is of, or want none of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from retrieval.absence import asked_free
from retrieval.labels import label
from retrieval.numbers import Found
from retrieval.types import Constraint

# What people say for columns of yes and no that many shops have: their words, and a regular expression.
_SAFE = r"(?:safe|ok|okay|fine|harmless|suitable)\s+(?:for|with|around)\s+(?:\w+\s+){0,2}?"
_PETS, _KIDS = r"(?:pet|cat|dog|animal|kitten|pupp(?:y|ie)|rabbit)s?", r"(?:kid|child(?:ren)?|toddler|bab(?:y|ie))s?"
_HARMS = r"(?:poisonous|toxic|harmful)"
_FLAGS: tuple[tuple[str, str], ...] = (
    (
        r"pets? (?:safe|friendly)",
        rf"{_PETS}[\s-](?:safe|friendly|proof)|{_SAFE}{_PETS}|(?:not|non|isn'?t|aren'?t)[\s-]+{_HARMS}",
    ),
    (r"(?:child|kids?|baby) (?:safe|friendly|proof)", rf"{_KIDS}[\s-](?:safe|friendly|proof)|{_SAFE}{_KIDS}"),
    (
        r"waterproof|water resistant",
        r"water[\s-]?(?:proof|resistant|tight)|(?:rain|swim(?:ming)?)[\s-]?proof"
        r"|keeps?\s+(?:(?:the|me|us|everything|things|my\s+\w+)\s+)?(?:dry|(?:rain|water|wet)\s+out)",
    ),
    (r"noise cancell?ing", r"noise[\s-]?cancell?(?:ing|ation)|cancels?\s+(?:the\s+)?noise"),
    (r"wireless|cordless", r"wireless|cordless|bluetooth|without\s+(?:an?\s+)?(?:wire|cable|cord)s?"),
    (r"vegan", r"vegan|plant[\s-]based"),
    (r"organic|bio", r"organic|organically\s+\w+"),
    (r"rechargeable", r"re-?chargeable"),
    (r"(?:for )?left hand(?:ed|ers?)", r"left[\s-]?hand(?:ed|ers?)|lefty|lefties"),
)
_DENIES = re.compile(r"\b(?:not|non|isn['’]?t|aren['’]?t|never)(?:\s+(?:an?|be))?[\s-]+$")  # a flag behind


class Flags:
    """The columns of yes and no of one catalogue, by the words that want them: {"vegan": "is_vegan"}."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self._named = named

    def asked(self, text: str) -> list[str]:
        """Return the columns that a question in lower case asks about by what they rule out: "is it poisonous?"."""
        return [field for words, field in self._named.items() if "safe" in words and re.search(rf"\b{_HARMS}\b", text)]

    @cached_property
    def _words(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        """What further asks for a column of yes and no: "safe for cats", "without gluten"."""
        rows = [
            (said, field)
            for words, field in self._named.items()
            for known, said in _FLAGS
            if re.fullmatch(known, words)
        ]
        free = {words.removesuffix(" free"): field for words, field in self._named.items() if words.endswith(" free")}
        rows += [(asked_free(word, free), field) for word, field in free.items()]
        return tuple((re.compile(rf"\b(?:{said})\b", re.IGNORECASE), field) for said, field in rows)

    def read(self, text: str, language: str) -> Iterator[Found]:
        """Yield the limits that a message sets on columns of yes and no."""
        for pattern, field in self._words:
            match = pattern.search(text)
            if match is not None:
                denied = _DENIES.search(text[: match.start()])
                start, value = (denied.start(), "no") if denied else (match.start(), "yes")
                limit = Constraint(field, "is", value, label(field, "is", value, language))
                yield Found(start, match.end(), (limit,))
