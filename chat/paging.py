"""Paging: when the shop's pages answer a question about an item, and when they merely share a word with it.

And what the page quoted last says to a question that follows it: "and how long do I have for that?".
"""

from __future__ import annotations

import re
from collections.abc import Collection

from chat.desk import MUST_BE, PERHAPS, Desk, Served, cited, stretch
from chat.holding import LASTS, asked_words, stems
from chat.pieces import SHOP, Piece, asks, clauses, masked
from chat.replies import Say
from retrieval.knowledge import Found, terms
from retrieval.lexicon import display
from retrieval.text import is_cjk
from retrieval.types import Item

_HALF = 0.5  # of the words asked for, or how likely a page must answer what is asked of a kind
_NEAR = 5  # passages among which the one quoted last is found again by its title
_HOW_LONG = re.compile(
    r"\bhow\s+(?:long|soon|quick(?:ly)?|fast|many\s+(?:days|weeks|months))\b|\b(?:until|till|by|since)?\s*when\b|\bwhat(?:'s|\s+is)\s+the\s+deadline\b",
    re.IGNORECASE,
)
_WHO_DOES = re.compile(  # what somebody may or must do, rather than what a thing is
    r"\b(?:can|could|may|must|should|do|does|did|will|would)\s+(?:i|we|you|he|she|my\s+\w+)\b|\bhow\s+to\b",
    re.IGNORECASE,
)
_IT = re.compile(r"\b(?:(?:this|that|the)\s+one|it|this|that|them|these|those)\b", re.IGNORECASE)
_AND = re.compile(r"^\W*(?:(?:and|so|but|ok(?:ay)?)\b\W*)+", re.IGNORECASE)
_HOW_MUCH = re.compile(r"\bhow\s+much\b(?=\s+(?:do|does|should|can|must|would)\b)", re.IGNORECASE)
_WITH = re.compile(r"\b(?:use|wear|mix|apply|take)\b[^.?!,;]*?\bwith\s+([^.?!,;]+)", re.IGNORECASE)
_OF_IT = re.compile(r"\b(?:it|that|this|(?:i|we)\s+(?:have|get))\b", re.IGNORECASE)


def asked_by_page(piece: Piece, desk: Desk, say: Say) -> Served | None:
    """Quote the page that asks what a question about an item asks: "are pots included?", for all plants alike."""
    asked = masked(piece.text, piece.understood)
    words, page = set(asked_words(asked)), desk.quoted(asked, say)
    if not words or page is None:
        return None
    return page if any(words <= stems(citation.title) for citation in page.citations) else None


def instead(piece: Piece, desk: Desk, say: Say) -> Served | None:
    """Quote the page that answers what the catalogue does not say of an item, None if there is none."""
    asked = masked(piece.text, piece.understood)  # whether Portal 2 can be returned is said of no title in particular
    shares = piece.understood.purposes
    if piece.understood.of_shown:
        page = desk.quoted(asked, say)
        return page if page is not None and _shares(page, asked) == 1 else None  # one word in common is not enough
    if not shares or shares["policy"] + shares["order"] >= PERHAPS:
        return desk.quoted(asked, say)
    page = desk.quoted(asked, say, least=MUST_BE)
    if page is not None and _WHO_DOES.search(piece.text):
        return page  # "can she try it first?" asks for no column
    # "Is it frost proof?" is answered by no page on deliveries in frost.
    return page if page is not None and _shares(page, asked) > _HALF else None


def of_kind(piece: Piece, item: Item, kinds: Collection[str], desk: Desk, say: Say) -> Served | None:
    """Quote the page that tells how things of an item's kind are used: "how much do I put on?", of a sunscreen.

    A page whose title names another kind is about that.

    Args:
        piece: the question.
        item: that it is about.
        kinds: of the catalogue.
        desk: knows the pages.
        say: the sentences of its language.
    """
    parts = (_AND.sub("", part) for part in clauses(masked(piece.text, piece.understood)))
    text = next((part for part in parts if _WHO_DOES.search(part)), "")
    kind = display("kind", item.kind, "en")
    if not kind or not text or is_cjk(text):
        return None
    of_it = _IT.sub(f"the {kind}", text, count=1) if _IT.search(text) else _HOW_MUCH.sub(f"how much {kind}", text)
    beside = _WITH.search(text)
    asked = [of_it, *([say("combined", other=beside[1].strip())] if beside else [])]
    others = [frozenset(terms(display("kind", each, "en"))) for each in kinds if each != item.kind]
    own = frozenset(terms(kind))
    found = [each for question in asked if question != text and (each := desk.found(question)) is not None]
    for each in sorted(found, key=lambda one: -one.confidence):
        title = stems(each.passage.title)
        if each.confidence >= _HALF and (own <= title or not any(other <= title for other in others)):
            return cited(each, say)
    return None


def followed(piece: Piece, title: str, desk: Desk, say: Say) -> Served | None:
    """Quote what the page quoted last says to a question that no other answers, None if nothing.

    It has a word of the question, or tells a time where one is asked for. Of an item on screen it has every word.
    """
    if not title or desk.knowledge is None or not asks(piece.text) or any(o.surface for o in piece.understood.opinions):
        return None
    passage = next((f.passage for f in desk.knowledge.search(title, _NEAR) if f.passage.title == title), None)
    words = asked_words(piece.text)
    if passage is None or not words:
        return None
    if piece.route in SHOP and piece.understood.opinions and not set(words) <= stems(passage.text):
        return None
    quote = stretch(passage.text, lambda sentence: bool(stems(sentence).intersection(words)))
    if not quote and _HOW_LONG.search(piece.text) and _OF_IT.search(piece.text):
        quote = stretch(passage.text, lambda sentence: LASTS.search(sentence) is not None)
    return cited(Found(passage, quote, MUST_BE), say) if quote else None


def _shares(page: Served, asked: str) -> float:
    """Return how many of the words asked for stand in a page that is quoted, as a share; 1 if nothing is asked for."""
    words = asked_words(asked)
    said = stems(" ".join(f"{citation.title} {citation.quote}" for citation in page.citations))
    return sum(word in said for word in words) / len(words) if words else 1.0
