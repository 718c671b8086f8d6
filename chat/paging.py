"""Paging: when the shop's pages answer a question about an item, and when they merely share a word with it."""

from __future__ import annotations

from chat.desk import Desk, Served
from chat.holding import asked_words, stems
from chat.pieces import Piece, masked
from chat.replies import Say

_PERHAPS = 0.1  # a share of purposes from which the shop's pages may answer what the catalogue does not
_MUST_BE = 0.7  # and how likely their answer must be below that


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
        return desk.mentioned(asked, say)  # one word in common is not enough
    if not shares or shares["policy"] + shares["order"] >= _PERHAPS:
        return desk.quoted(asked, say)
    page = desk.quoted(asked, say, least=_MUST_BE)
    # "Is it frost proof?" is answered by no page on deliveries in frost.
    return page if page is not None and _shares_most(page, asked) else None


def _shares_most(page: Served, asked: str) -> bool:
    """Whether a page that is quoted has more than half of the words asked for."""
    words = asked_words(asked)
    said = stems(" ".join(f"{citation.title} {citation.quote}" for citation in page.citations))
    return not words or 2 * sum(word in said for word in words) > len(words)
