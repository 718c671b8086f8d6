"""Denials: what a message says it is not about, mostly after the wrong page was quoted.

"It's not the download, the game crashes" asks nothing of downloads, and "A course?! I bought a game" of courses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain

from chat.messages import StoredMessage
from retrieval.knowledge import terms
from retrieval.text import words

_END = r"(?=\W*(?:$|[.,;:!?\n–—-]|\b(?:but|and|so|it|that|i)\b))"
_NOT_A = re.compile(  # "a lost parcel, not a download"
    rf"(?:\b(?:it|that|this)(?:['’]?s|\s+is|\s+was)\s+)?,?\s*\bnot\s+(?:about\s+)?(?:an?|the|any|my)\s+(?P<what>[\w-]+){_END}",
    re.IGNORECASE,
)
_DID_NOT = re.compile(  # "I didn't return anything", "I don't want to cancel"
    r"\b(?:i|we)\s+(?:did\s?n['’]?t|did\s+not|never|do\s?n['’]?t\s+(?:want|need)\s+to|(?:am|was)\s+not\s+(?:trying|going)\s+to)\s+"
    r"(?P<what>\w+)(?:\s+(?:it|them|this|that|anything|any\s+\w+))?(?=\W*(?:$|[.,;!?\n]))(?!\s+yet)[.,;!?]*",
    re.IGNORECASE,
)
_NOTHING = re.compile(  # whatever has been quoted before
    r"\b(?:i|we)\s+(?:(?:did\s?n['’]?t|did\s+not|have\s?n['’]?t|never)\s+(?!rec|get|got|hear|see|find|say|ask|mean|understand|know)"
    r"(?P<what>\w+)\s+any(?:thing|\s+\w+)|do\s?n['’]?t\s+want\s+to\s+(?P<wish>\w+)(?:\s+(?:it|them|this|that|anything))?)(?=\W*(?:$|[.,;!?\n]))",
    re.IGNORECASE,
)
_ECHO = re.compile(r"^\W*(?:(?:an?|the)\s+)?(?P<what>[\w-]+(?:\s+[\w-]+)?)\s*(?:\?{2,}|\?!|!\?)[?!]*", re.IGNORECASE)
_CHINESE = re.compile(r"(?:我)?(?:不是(?:在)?(?:问|说)|没(?:有)?问)(?P<what>[\u3400-\u9fff]{1,12})[，,。；;！!]?")
_SUPPOSED = re.compile(r"\b(?:if|whether|when|unless)\b[^.;!?\n]*$", re.IGNORECASE)


def denied(text: str) -> tuple[str, frozenset[str]]:
    """Return a question without the subject that it sets aside ("a parcel, not a download"), and that one's terms."""
    return _without(text, chain(_NOT_A.finditer(text), _NOTHING.finditer(text)))


def denied_of(text: str, messages: Sequence[StoredMessage]) -> tuple[str, frozenset[str]]:
    """Return a message without what it denies of the page quoted last, and the terms of that.

    Args:
        text: the message.
        messages: of the conversation so far.
    """
    last = next((entry for entry in reversed(messages) if entry.role == "assistant"), None)
    if last is None or last.items or not last.citations:
        return text, frozenset()
    echo = _ECHO.match(text)
    text = text[echo.end() :].lstrip() if echo and words(text[echo.end() :]) else text
    titles = {term for citation in last.citations for term in terms(citation.title)}
    told = titles.union(*(terms(citation.quote) for citation in last.citations))
    matches = [
        match
        for pattern, known in ((_NOT_A, titles), (_DID_NOT, told), (_CHINESE, told))
        for match in pattern.finditer(text)
        if not known.isdisjoint(terms(match["what"]))
    ]
    matches = matches or [*_NOTHING.finditer(text)]
    said, out = _without(text, matches)
    return said, out | {term for term in terms(echo["what"]) if term in titles} if echo else out


def _without(text: str, matches: Iterable[re.Match[str]]) -> tuple[str, frozenset[str]]:
    said, out = text, set[str]()
    for match in matches:
        if not _SUPPOSED.search(text[: match.start()]):
            said = said.replace(match.group(), " ")
            out.update(terms(" ".join(filter(None, match.groups()))))
    said = " ".join(said.split()).lstrip(" ,.;:!?，。")
    return (said, frozenset(out)) if out and words(said) else (text, frozenset(out))
