"""Brands: makers that a message asks for and that the catalogue has nothing of: "do you have anything from Acme?"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.naming import HAVE
from chat.typed import FILLER, STOPWORDS, telling_words
from retrieval.linking import TitleLinker
from retrieval.numbers import blank
from retrieval.parsing import Parser
from retrieval.text import forms, is_cjk, words

_FROM = re.compile(
    r"\b(?:from|by)\s+(?!(?:the|an?|my|your|our|this|that|last|next|scratch|abroad|home|here|there|stock|today|tomorrow|tonight|now|then"
    r"|christmas|easter|\w+day)\b)(?P<who>[\w'’&.-]+(?:\s+[\w'’&.-]+){0,2})\W*$",
    re.IGNORECASE,
)


def from_stranger(text: str, linker: TitleLinker, parser: Parser) -> str:
    """Return the maker by whom a message asks for something, if the catalogue has no word of the name; else ""."""
    have = HAVE.search(text)
    match = _FROM.search(text, have.end()) if have is not None else None
    return match["who"].rstrip(".") if match is not None and _unheard(match["who"], linker, parser) else ""


def before_kind(
    text: str, strange: Sequence[tuple[int, int]], linker: TitleLinker, parser: Parser
) -> tuple[str, list[tuple[int, int]]]:
    """Return the unknown brand of what is asked for by brand and kind, "" if none, and the spans without the kind.

    Args:
        text: the message.
        strange: where names stand that are none of ours: "the Acme Deluxe tent".
        linker: of the catalogue.
        parser: of the catalogue.
    """
    left = list(strange)
    for start, end in strange if HAVE.search(text) else ():
        parsed = parser.parse(text[start:end])
        kinds = [span for span in parsed.spans if span[1] == end - start]
        if not kinds or not any(c.field == "kind" for c in parsed.constraints):
            continue
        brand = text[start : start + kinds[0][0]].strip()
        brand = re.sub(r"^(?:the|an?|any|your)\s+", "", brand, flags=re.IGNORECASE)
        if brand and _unheard(brand, linker, parser):
            at = text.find(brand, start)
            left[left.index((start, end))] = (at, at + len(brand))
            return brand, left
    return "", left


def _unheard(name: str, linker: TitleLinker, parser: Parser) -> bool:
    """Whether no word of a name is the catalogue's."""
    said = [word for word in words(name) if word not in STOPWORDS | FILLER]
    if not said or is_cjk(name) or telling_words(blank(name, parser.parse(name).spans)) != telling_words(name):
        return False
    return not any(word.isdigit() or any(linker.knows(form) for form in forms(word)) for word in said)
