"""Buying: what is said to somebody who takes goods, which nobody can put into a basket from here."""

from __future__ import annotations

import re
from dataclasses import replace

from chat.dialogue import Answer, Dialogue
from chat.opinions import Opinion
from chat.pieces import Piece
from chat.reading import without_names
from chat.taking import spoken_of, taken
from retrieval.constraints import satisfies, satisfies_all

_AND = re.compile(r"\band\b|[,&+]", re.IGNORECASE)


def bought(piece: Piece, dialogue: Dialogue) -> Answer:
    """Say that nothing can be bought here, what the items cost that are taken, and what there is of others wished for.

    Args:
        piece: takes items.
        dialogue: in which they have been spoken of.
    """
    understood, say, named = piece.understood, dialogue.say, _named(piece, dialogue)
    priced = replace(understood, act="question", questions=("price",), opinions=named or understood.opinions)
    answer = dialogue.answer(dialogue.absorb(piece.text, priced))
    things = [limit for limit in understood.parsed.constraints if limit.is_thing]
    spoken = dialogue.shop.items([answer.about] if answer.about else [])
    other = things and not named and not any(satisfies(item, c) for item in spoken for c in things)  # "the kettle"
    if dialogue.shop.of_goods and (other or not spoken):
        return replace(answer, text=say("cannot_buy"), cards=(), about="")
    said = say.sentences(say("cannot_buy"), answer.text if spoken and not other else "")
    catalog, by_title = dialogue.shop.index.catalog, len(named) == len([o for o in understood.opinions if o.surface])
    lacking = [catalog[at] for at in piece.positions] if by_title else []
    if lacking and things and not any(satisfies_all(item, things) for item in lacking):  # "the oil, and a jug"
        wish = replace(understood, act="recommend", opinions=(), questions=(), compares=False, asked_title="", gist="")
        answer = dialogue.answer(dialogue.absorb(piece.text, wish))
        said = say.sentences(said, answer.text)
    return replace(answer, text=said)


def _named(piece: Piece, dialogue: Dialogue) -> tuple[Opinion, ...]:
    """Return what a message names by titles, and of goods what else it calls by words of those spoken of."""
    named = tuple(opinion for opinion in piece.understood.opinions if opinion.surface)
    if not dialogue.shop.of_goods or (named and not _AND.search(piece.text)):
        return named
    places, known = dialogue.shop.index.catalog.positions, {at for opinion in named for at in opinion.positions}
    called = taken(without_names(piece.text, named), spoken_of(dialogue.shop, dialogue.state))
    others = {places[item.id]: item.title for item in called if places[item.id] not in known}
    return (*named, *(Opinion("neutral", (at,), surface=title) for at, title in others.items()))
