"""Plain titles: which works of common words a message means, because they have been shown or spoken of.

Nobody can tell from "is the others scary" alone that The Others is a film; where it is on screen, it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.shop import Shop
from chat.state import DialogueState
from chat.typed import telling_words
from retrieval.cues import PRONOUNS, quoted_spans
from retrieval.text import Token, tokenize, words
from retrieval.types import Item

_LATELY = 15  # works shown last that a plain title may mean
_WHOLE = 2  # telling words of a title that is one wherever it stands
_LEADS = re.compile(  # to a title that is one common word
    r"\b(?:what(?:['’]?s|\s+is|\s+was)|is|was|isn['’]?t|does|did|has|tell\s+me\s+(?:more\s+)?about|ask(?:ed|ing)\s+(?:about|if)|about|called"
    r"|watch(?:ed|ing)?|seen|saw|read(?:ing)?|play(?:ed|ing)?|heard|take|buy|get|mean|meant|said|like|not|no|or|and"
    r"|how\s+\w+\s+is|who\s+(?:directed|wrote|made|makes|composed|developed|recorded|sings))\s+$",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\W*(?:$|[?!.,;:])|\s+(?:about|like|is|was|isn['’]?t|in|on|for|or|and|but|then|too|instead|please|actually|sounds?|looks?|good|any|has|does"
    r"|had|suitable|ok(?:ay)?|available|scary|funny|sad|long|i)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:20[3-9]|2[1-9]\d|[3-9]\d\d)\d")  # that is no year of a work
_POINTING = frozenset("others other one ones two three first second third last next rest same".split())  # noqa: SIM905
_ASKED_OF = re.compile(r"\s+(?:about|like)\b", re.IGNORECASE)


def with_titles_marked(text: str, shop: Shop, state: DialogueState) -> str:
    """Return a message with the years behind plain titles of works that have been shown or spoken of."""
    if quoted_spans(text):
        return text  # what is meant as a title is marked as one
    taste = state.taste
    spoken = dict.fromkeys(filter(None, [taste.about, taste.spoken, *taste.focus, *reversed(taste.shown[-_LATELY:])]))
    linked = [(m.start, m.end) for m in shop.linker.link(text)]
    items = shop.items(spoken)
    parts = _parts([item.title for item in items])
    tokens = tokenize(text)
    for item in items:
        names = [name for name in (" ".join(words(item.title)), *_without_article(item.title)) if name]
        called = [*((name, False) for name in names), *((p, True) for p, title in parts.items() if title == item.title)]
        places = (_meant(text, tokens, name, linked, part=part) for name, part in called)
        found = next((at for at in places if at is not None), None)
        if found is not None:
            start, end = found
            text = text[:start] + marked(item) + text[end:]
            tokens = tokenize(text)
            linked = [(m.start, m.end) for m in shop.linker.link(text)]
    return text


def _parts(titles: Sequence[str]) -> dict[str, str]:
    """Return what several words of one title alone are, "wild things", or a number in it, the longest first."""
    owners: dict[str, set[str]] = {}
    for title in titles:
        said = words(title)
        for number in filter(_NUMBER.fullmatch, said[1:]):
            owners.setdefault(number, set()).add(title)
        for start in range(len(said)):
            for end in range(start + 2, len(said) + (start > 0)):
                part = said[start:end]
                if PRONOUNS.isdisjoint(part) and telling_words(" ".join(part)):
                    owners.setdefault(" ".join(part), set()).add(title)
    alone = {part: having.pop() for part, having in owners.items() if len(having) == 1}
    return dict(sorted(alone.items(), key=lambda pair: -len(pair[0])))


def marked(item: Item) -> str:
    """Return a title so that nobody reads it as common words: "The Others (2001)"."""
    return f"{item.title} ({item.year})" if item.year is not None else f"“{item.title}”"


def _without_article(title: str) -> tuple[str, ...]:
    said = words(title)
    return (" ".join(said[1:]),) if said[:1] == ["the"] and len(said) > _WHOLE else ()


def _meant(
    text: str, tokens: Sequence[Token], name: str, linked: Sequence[tuple[int, int]], *, part: bool
) -> tuple[int, int] | None:
    """Return where a message means a title by its words, or by several of them, None if it does not."""
    said = name.split()
    for at in range(len(tokens) - len(said) + 1):
        span = tokens[at : at + len(said)]
        start, end = span[0].start, span[-1].end
        if [token.norm for token in span] != said or any(s < end and start < e for s, e in linked):
            continue
        content = [token for token in span if token.norm not in PRONOUNS] or span
        capitals = all(text[token.start].isupper() for token in content)
        pointing = _POINTING.issuperset(token.norm for token in content if token.norm != "the")
        if len(telling_words(name)) >= _WHOLE or (part and _ENDS.match(text, end)):
            return start, end
        if pointing and not (capitals and text[start:end].isupper()):
            if _ASKED_OF.match(text, end) and re.search(r"\bwhat", text[:start], re.IGNORECASE):
                return start, end
            continue
        if PRONOUNS.issuperset(said) and not (capitals and start):
            continue  # "is it long?" asks of no It
        if _ENDS.match(text, end) and (capitals or _LEADS.search(text[:start])):
            return start, end
    return None
