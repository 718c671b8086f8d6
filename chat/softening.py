"""What reads as a limit and is none, and comparatives that are alternatives.

"The dishwasher has nowhere to go" asks for no dishwasher: what is told is plainly met by other goods (`chat.needs`).
And shown perfumes, who wants "something fresh" is not helped by a column of scents in which no perfume is "fresh": the
word is wished for then, and looked for in the descriptions. What is fine besides widens a limit: "black is ok, too".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import compress, islice, takewhile

from bm25s.stopwords import STOPWORDS_EN_PLUS

from chat.needs import Needs
from chat.senses import SENSES, Sensed
from chat.shop import Shop
from chat.state import DialogueState
from chat.understanding import Understanding
from retrieval.columns import Columns
from retrieval.parsed import Parsed, Wish, as_tuple
from retrieval.shades import distinct
from retrieval.text import forms, tokenize, words
from retrieval.types import Constraint

_PROMISES = (True, False, "yes", "no")  # values of columns like "vegan" and "waterproof"
_PLAINLY_REFUSED, _HARDLY_REFUSED = 0.85, 0.1  # shares of a sense
_ASKS_FOR = re.compile(
    r"\b(?:need|want|(?:look|search|ask)(?:ing)?\s+for|i\s+(?:search|seek)|(?:do|does|would|will)\s+you\s+(?:guys\s+)?(?:have|sell|stock|carry|do)"
    r"|(?:have|has)\s+(?:you|u)(?:\s+got)?|(?:you|u)\s+(?:have|sell|got)|got|show\s+me|give\s+me|recommend(?:\s+me)?|(?:i|we)['’]?d\s+like)\s+"
    r"(?:(?:a|an|the|some|any|your|my|our|new|good|proper|decent)\s+)*",
    re.IGNORECASE,
)
_LONGEST = 4  # words of what is asked for
_OR = re.compile(r"\bor\b|或", re.IGNORECASE)


def undoubted(understood: Understanding, state: DialogueState, shop: Shop) -> Understanding:
    """Return what was understood without what reads as a limit on goods and is told of something else.

    Args:
        understood: the last message.
        state: the conversation, the message included.
        shop: knows which goods meet what is told, if anybody does.
    """
    needs, parsed = shop.recommender.needs, understood.parsed
    if needs is None or understood.act != "recommend":
        return understood
    understood = _unrefused(understood, state, shop, needs)
    parsed = understood.parsed
    said = [(entry.role, entry.text) for entry in state.messages]
    asked = " , ".join(_asked_for(said[-1][1])) if said else ""
    loose = [c for c in parsed.constraints if c.is_thing or (c.field in shop.parser.columns and _by_chance(c, parsed))]
    loose = [c for c in loose if not _stands_in(c, asked)]
    if not loose:
        return understood
    fields = list(dict.fromkeys(c.field for c in loose))
    left = [shop.index.facets.mask([c for c in loose if c.field == field]) for field in fields]
    doubted = set(compress(fields, needs.doubted(said, left)))
    stands = tuple(c for c in parsed.constraints if c not in loose or c.field not in doubted)
    return replace(understood, parsed=replace(parsed, constraints=stands)) if doubted else understood


def _asked_for(text: str) -> Iterator[str]:
    """Yield what a message plainly asks for, normalised: "need a cheap stout for the party", "got any vegan kits?"."""
    for match in _ASKS_FOR.finditer(text):
        named = takewhile(
            lambda word: word not in STOPWORDS_EN_PLUS, words(re.split(r"[.,;:!?]", text[match.end() :])[0])
        )
        yield " ".join(islice(named, _LONGEST))


def _stands_in(limit: Constraint, asked: str) -> bool:
    """Whether what is asked for names what a limit is to."""
    values = as_tuple(limit.value) if isinstance(limit.value, str | tuple) else ()
    return any(f" {form} " in f" {asked} " for value in values for form in forms(value))


def _unrefused(understood: Understanding, state: DialogueState, shop: Shop, needs: Needs) -> Understanding:
    """Return what was understood without refusals that are none: "I own nothing decent in black", "without everyone".

    Such a one is not plainly one by the words around it either, and what it seems to refuse is what is meant.
    """
    said = [(entry.role, entry.text) for entry in state.messages]
    refusing = [c for c in understood.parsed.constraints if c.op == "is_not"]
    sensed = shop.senses.read(said[-1][1]) if shop.senses is not None and said and refusing else None
    if sensed is None:
        return understood
    shares = [_refused_at(c, said[-1][1], sensed) for c in refusing]
    weak = [c for c, share in zip(refusing, shares, strict=True) if share < _PLAINLY_REFUSED]
    left = [shop.index.facets.mask([c]) for c in weak]
    gone = list(compress(weak, needs.doubted(said, left, refusals=True)))
    idle = [c for c, share in zip(refusing, shares, strict=True) if share < _HARDLY_REFUSED]
    gone += [c for c in idle if shop.index.facets.mask([c]).all()]  # nothing here is so
    stands = tuple(c for c in understood.parsed.constraints if c not in gone)
    return replace(understood, parsed=replace(understood.parsed, constraints=stands)) if gone else understood


def _refused_at(limit: Constraint, text: str, sensed: Sensed) -> float:
    """Return how likely a message refuses what a limit excludes, by the words around it; 1 where it is not named."""
    first = {form for value in as_tuple(limit.value) for form in forms(str(value).split()[0])}
    at = next((token for token in tokenize(text) if token.norm in first), None)
    return float(sensed.of(at.start, at.end)[SENSES.index("refused")]) if at is not None else 1.0


def _by_chance(limit: Constraint, parsed: Parsed) -> bool:
    """Whether words may set a limit on a column by chance: a value that they name, or a bare number, about which it is.

    Not "at least 80 mm", nor whether something is vegan.
    """
    if limit.op == "is":
        return limit.value not in _PROMISES
    return {"<=", ">="} <= {c.op for c in parsed.constraints if c.field == limit.field}


def softened(understood: Understanding, in_force: Sequence[Constraint], columns: Columns) -> Understanding:
    """Return what was understood with wishes in the place of limits that no item of the kind in force has."""
    parsed = _widened(understood.parsed, in_force)
    own = [c for c in parsed.constraints if (c.field, c.op) == ("kind", "is")]
    kinds = [] if own else [c for c in in_force if (c.field, c.op) == ("kind", "is")]
    valued = [c for c in parsed.constraints if c.op == "is" and columns.limits(c.field) and not columns.grades.holds(c)]
    soft = [c for c in valued if not columns.occurs(c, kinds)]
    genres = [c for c in parsed.constraints if (c.field, c.op) == ("genres", "is") and c not in soft]
    soft += [c for c in genres if own and not columns.occurs(c, own)]  # "songs from old musicals", of albums
    if not soft:
        return understood if parsed is understood.parsed else replace(understood, parsed=parsed)
    wishes = [
        Wish(c.field, value, value, -1 - at) for at, c in enumerate(soft) for value in distinct(as_tuple(c.value))
    ]
    said = " ".join(dict.fromkeys(wish.value for wish in wishes))
    kept = tuple(c for c in parsed.constraints if c not in soft)
    return replace(
        understood,
        parsed=replace(parsed, constraints=kept, wishes=(*parsed.wishes, *wishes)),
        gist=" ".join(filter(None, (understood.gist, said))),
    )


def _widened(parsed: Parsed, in_force: Sequence[Constraint]) -> Parsed:
    """Return what was read with limits that also let in what a message says to be fine: "black is ok", after "red"."""
    for old in in_force:
        fine = [w for w in parsed.wishes if w.field == old.field and w.value in parsed.allowed]
        if fine and old.op == "is" and isinstance(old.value, str | tuple):
            wider = tuple(dict.fromkeys((*as_tuple(old.value), *(wish.value for wish in fine))))
            wishes = tuple(wish for wish in parsed.wishes if wish not in fine)
            parsed = replace(
                parsed, constraints=(*parsed.constraints, Constraint(old.field, "is", wider)), wishes=wishes
            )
    return parsed


def either(text: str, limits: Sequence[Constraint], leaves: Callable[[Constraint], int]) -> Sequence[Constraint]:
    """Return the limits that comparatives set, of alternatives the one that leaves most: "smaller, or cheaper"."""
    if len(limits) < 2 or not _OR.search(text):
        return limits
    return [max(limits, key=leaves)]
