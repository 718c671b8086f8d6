"""Meaning: what a wish of a message comes to: whether it buys, asks more than a column tells, or says anything."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.clauses import asks, clauses
from chat.pieces import AGREES, BUYS, Piece, buys
from chat.senses import Purpose
from chat.typed import telling_words
from chat.understanding import Understanding
from retrieval.text import forms, words
from retrieval.types import Item

CHAT_SURE = 0.7  # a confidence from which "are you a robot?" is no wish for robots
_MEANT = 0.7  # a share of a purpose from which it is what the message is meant for
_THING = r"(?:it|this|that|them|one|both|the\s+\w+\s+one)\b"
_HOW_TO_BUY = re.compile(  # not "how do I get it off?"
    rf"\bhow\s+(?:do|can|would)\s+(?:i|we)\s+(?:(?:buy|order|purchase)\s+{_THING}"
    rf"|get\s+{_THING}(?=\s*(?:$|[.,;:!?])|\s+(?:here|now|then|please|online|today|from)\b))",
    re.IGNORECASE,
)


def means(piece: Piece, purpose: Purpose) -> bool:
    """Whether the message as a whole is clearly meant for a purpose."""
    return piece.understood.purposes.get(purpose, 0.0) > _MEANT


def beside_the_point(piece: Piece) -> bool:
    """Whether a part was taken for a wish although it wishes for nothing: "if I start it and find it isn't for me"."""
    if not piece.understood.purposes:
        return False  # nobody can tell
    advised = means(piece, "recommend") and telling_words(piece.text)
    parsed = piece.understood.parsed
    says = parsed.wishes or parsed.relative or any(c.field != "kind" for c in parsed.constraints)
    named = any(opinion.surface or opinion.attitude != "neutral" for opinion in piece.understood.opinions)
    told = not asks(piece.text) or not means(piece, "item")
    return piece.route in ("recommend", "item") and told and not (advised or says or named or buys(piece))


def merely_buys(piece: Piece) -> bool:
    """Whether a wish is to buy what has been spoken of, and nothing else."""
    if _HOW_TO_BUY.search(piece.text):
        return True
    if not buys(piece) or (piece.takes is None and piece.understood.unknown_name and not piece.understood.opinions):
        return False  # "Normal People then" asks for what is not on screen
    if BUYS.search(piece.text) and any(asks(part) for part in clauses(piece.text) if not BUYS.search(part)):
        return False
    return piece.routed.confidence < CHAT_SURE or piece.route not in ("policy", "order", "human")


def called(text: str, shown: Sequence[Item]) -> bool:
    """Whether a text has a word of what has been shown, agrees to it or tells nothing else: not "blue please"."""
    told = set() if AGREES.search(text) else {form for word in telling_words(text) for form in forms(word)}
    names = {form for item in shown for word in words(f"{item.title} {item.kind}") for form in forms(word)}
    return bool(shown) and (not told or not told.isdisjoint(names))


def asks_more(understood: Understanding) -> bool:
    """Whether a question about an item is one that no column answers: it takes no stand and sets no limit."""
    parsed = understood.parsed
    limits = parsed.relative or any(c.field != "kind" for c in parsed.constraints)  # "play it" says of what
    plain = all(o.attitude == "neutral" for o in understood.opinions) and not limits
    titled = understood.asked_title != understood.asked_title.casefold()
    have = understood.act == "availability" and any(opinion.surface for opinion in understood.opinions)
    return plain and not titled and not have and understood.act in ("recommend", "unclear", "availability")


def says_something(understood: Understanding) -> bool:
    """Whether the catalogue makes anything of a message."""
    parsed = understood.parsed
    return bool(
        understood.opinions
        or parsed.spans
        or parsed.relative
        or understood.asked_title
        or understood.extreme
        or understood.dropped
        or understood.act in ("more", "question", "availability")
    )
