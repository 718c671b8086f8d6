"""Which limits on goods stand: what a message never set, though it reads like a limit, and what it has outgrown.

"The dishwasher has nowhere to go" asks for no dishwasher, and after jackets under 80 "and something to clean my boots"
asks for no jacket. What speaks for a limit is told in cues, above all by how much goods that it excludes are nearer to
what is told than those that it leaves; `chat.decisions` weighs them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress, islice, takewhile
from typing import NamedTuple

import numpy as np
from bm25s.stopwords import STOPWORDS_EN_PLUS

from chat.decisions import Doubt
from chat.needs import Needs, need_of
from chat.senses import SENSES
from chat.shop import Shop
from chat.state import DialogueState, Limit
from chat.typed import EVERYDAY, telling_words
from chat.understanding import Understanding
from retrieval.knowledge import reads
from retrieval.parsed import Parsed, as_tuple
from retrieval.text import forms, tokenize, words
from retrieval.types import BoolArray, Constraint, FloatArray

_BESIDES = re.compile(  # before, in or behind what else is wanted
    r"^\W*(?:(?:and|oh|ok(?:ay)?|k|good|great|then|thanks|actually)\W+)*(?:also|besides|another\s+thing|other\s+thing|next|something\s+else|one\s+more)\b"
    r"|^\W*(?:oh\W+)?(?:and|plus|now)\s+(?:(?:also|then|for|we|i|he|she|they|my|our|a|an|some|something|new)\b|\w+s\b(?<!this)(?<!its)(?<!is)(?<!does)(?<!was)(?<!has))"
    r"|\b(?:need|needs|want|wants|like)\s+(?:too|also)\b|\b(?:also|too|as\s+well|besides)\s*(?:[.,!]|$)",
    re.IGNORECASE,
)
_PROMISES = (True, False, "yes", "no")  # values of columns like "vegan" and "waterproof"
_ASKS_FOR = re.compile(
    r"\b(?:need|want|(?:look|search|ask)(?:ing)?\s+for|i\s+(?:search|seek)|(?:do|does|would|will)\s+you\s+(?:guys\s+)?(?:have|sell|stock|carry|do)"
    r"|(?:have|has)\s+(?:you|u)(?:\s+got)?|(?:you|u)\s+(?:have|sell|got)|got|show\s+me|give\s+me|recommend(?:\s+me)?|(?:i|we)['’]?d\s+like)\s+"
    r"(?:(?:a|an|the|some|any|your|my|our|new|good|proper|decent)\s+)*",
    re.IGNORECASE,
)
_LONGEST = 4  # words of what is asked for
_FEW = 2  # telling words: who says less mostly goes on about what was said before
_HARDLY = 0.1  # a share of the sense "refused"
_BRIEF = 3  # words: so many narrow what was said before, unless they say that something is wanted besides
_MEANT = 3  # goods that the message before means
_MOST = 0.6  # by which cosines are compared
_SENSES = ("none", "wanted", "refused", "liked")


class Stands(NamedTuple):
    """What a message leaves standing.

    Attributes:
        understood: the message without the limits that it only seems to set.
        outgrown: of the limits in force those that no longer hold.
    """

    understood: Understanding
    outgrown: Sequence[Limit]


def standing(understood: Understanding, state: DialogueState, shop: Shop) -> Stands:
    """Return what stands of the limits that a message seems to set, and of those in force.

    Args:
        understood: the last message.
        state: the conversation, the message included.
        shop: knows which goods meet what is told, if anybody does.
    """
    said = [(entry.role, entry.text) for entry in state.messages]
    needs, decisions = shop.recommender.needs, shop.decisions
    last = said[-1][1] if said else ""
    if needs is None or decisions is None or understood.act != "recommend" or not (reads(last) and telling_words(last)):
        return Stands(understood, ())
    parsed = understood.parsed
    new = [c for c in parsed.constraints if _may_be_none(c, parsed)]
    stated = {(c.field, c.op, c.value) for c in parsed.constraints}
    tells = _turns(last, understood)
    old = [x for x in state.taste.limits if tells and not _holds(x) and (x.field, x.op, x.value) not in stated]
    if not (new or old):
        return Stands(understood, ())
    doubts = Told(understood, said, shop, needs).of(new, old)
    gone = decisions.gone(doubts)
    never = [*compress(new, gone), *(doubt.limit for doubt in doubts if _is_idle(doubt, shop))]
    if never:
        stands = tuple(c for c in parsed.constraints if c not in never)
        understood = replace(understood, parsed=replace(parsed, constraints=stands))
    return Stands(understood, [*compress(old, gone[len(new) :])])


def _is_idle(doubt: Doubt, shop: Shop) -> bool:
    """Whether a limit hardly refuses what nothing has, or a word that tells nothing: "without everyone looking"."""
    limit, refused = doubt.limit, doubt.cues.get("refusal refused", 1.0)
    everyday = limit.field == "topic" and limit.op == "is_not" and limit.value in EVERYDAY
    return everyday or (refused < _HARDLY and bool(shop.index.facets.mask([limit]).all()))


def _turns(last: str, understood: Understanding) -> bool:
    """Whether a message may turn to something else: not "not wool", nor "hard shell", whatever else is so."""
    return bool(telling_words(understood.gist)) and (len(last.split()) > _BRIEF or _BESIDES.search(last) is not None)


def _may_be_none(limit: Constraint, parsed: Parsed) -> bool:
    """Whether words may set a limit by chance: no price, no "at least 80 mm", nor that something is vegan."""
    if limit.op in ("is", "is_not"):
        return limit.value not in _PROMISES and limit.field != "price"
    exactly = {"<=", ">="} <= {c.op for c in parsed.constraints if c.field == limit.field}
    return exactly and limit.field != "price"


def _holds(limit: Limit) -> bool:
    """Whether a limit holds whatever else is wanted: what was promised never to be, or that something is vegan."""
    return limit.lasting or limit.op == "fits" or (limit.op == "is" and limit.value in _PROMISES)


class Told:
    """What the last message tells about limits.

    Args:
        understood: the message.
        said: the (role, text) of the conversation, oldest first, the message included.
        shop: the catalogue.
        needs: scores its goods.
    """

    def __init__(self, understood: Understanding, said: Sequence[tuple[str, str]], shop: Shop, needs: Needs) -> None:
        self._understood, self._facets = understood, shop.index.facets
        self._last = said[-1][1]
        need = needs.need(said)
        self._alone = needs.scores(self._last)
        self._both = needs.scores(need_of(said) or self._last)
        self._need = need.near if need is not None else self._alone
        self._turned = self._turn([text for role, text in said if role == "user"][:-1], needs)
        self._sensed = shop.senses.read(self._last) if shop.senses is not None else None
        self._asked = " , ".join(_asked_for(self._last))

    def of(self, new: Sequence[Constraint], old: Sequence[Limit]) -> list[Doubt]:
        """Return what speaks against limits that the message seems to set, and then against those in force."""
        before = [limit.constraint for limit in old]
        found = [Doubt(limit, self._cues(limit, _bounds(limit, new), old=False)) for limit in new]
        return [*found, *(Doubt(limit, self._cues(limit, _bounds(limit, before), old=True)) for limit in before)]

    def _turn(self, before: Sequence[str], needs: Needs) -> float:
        """Return by how much the goods that the message means lead those that the telling one before it meant."""
        told = next((text for text in reversed(before) if telling_words(text)), "")
        if not told:
            return 0.0
        meant = np.argsort(-needs.scores(told))[:_MEANT]
        return float(self._alone.max() - self._alone[meant].max())

    def _cues(self, limit: Constraint, bounds: Sequence[Constraint], *, old: bool) -> dict[str, float]:
        left = self._facets.mask(bounds)
        leads = [_lead(near, left) for near in (self._alone, self._both, self._need)]
        named, senses = self._named(limit) if not old else (False, {})
        few = float(len(telling_words(self._last)) <= _FEW)
        understood, sort = self._understood, _sort(limit)
        cues = {
            "1": 1.0,
            "led, by the last message": leads[0],
            "led, by two messages": leads[1],
            "led, by the need": leads[2],
            "led, at least": min(leads),
            "few words": few,
            "led, in few words": few * leads[0],
            "telling words": math.log1p(len(telling_words(self._last))),
            "words": math.log1p(len(self._last.split())),
            "asked for": float(not old and _stands_in(limit, self._asked)),
            "left, log": math.log(max(float(left.mean()), 0.01)),
            "turned": self._turned,
            "besides": float(_BESIDES.search(self._last) is not None),
            "wish": understood.purposes.get("recommend", 0.0),
            "named": float(named),
            "compares": float(bool(understood.parsed.relative)),
            "names": float(bool(understood.opinions)),
            "another thing": float(old and any(c.is_thing for c in understood.parsed.constraints)),
            sort: 1.0,
            f"led, {sort}": leads[0],
            **senses,
        }
        if old:
            cues |= {"old": 1.0, f"old {sort}": 1.0, "led, old": leads[0], "led by two, old": leads[1]}
            cues |= {"turned, old": self._turned, "besides, old": cues["besides"], "few words, old": few}
        return cues

    def _named(self, limit: Constraint) -> tuple[bool, Mapping[str, float]]:
        """Return whether a message names what a limit is to, and what the words around it make of that."""
        if self._sensed is None or not isinstance(limit.value, str | tuple):
            return False, {}
        first = {form for value in as_tuple(limit.value) for form in forms(str(value).split()[0])}
        at = next((token for token in tokenize(self._last) if token.norm in first), None)
        if at is None:
            return False, {}
        shares = self._sensed.of(at.start, at.end)
        way = "refusal" if limit.op == "is_not" else "wish"
        return True, {f"{way} {sense}": float(shares[SENSES.index(sense)]) for sense in _SENSES}


def _bounds(limit: Constraint, among: Sequence[Constraint]) -> list[Constraint]:
    """Return a limit with the other bound of its column, if it is one of two: "10 cm" is from 9 to 11."""
    if limit.op not in ("<=", ">="):
        return [limit]
    return [each for each in among if each.field == limit.field and each.op in ("<=", ">=")]


def _lead(near: FloatArray, left: BoolArray) -> float:
    """Return by how much goods outside a limit are nearer than any within it, as a cosine."""
    ahead = float(near[~left].max(initial=-1.0) - near[left].max(initial=-1.0))
    return min(max(ahead, -_MOST), _MOST)


def _sort(limit: Constraint) -> str:
    """Return what sort of limit one is."""
    if limit.op == "is_not":
        return f"refused {limit.field}" if limit.field in ("kind", "title", "topic", "creators") else "refused value"
    if limit.field == "price":
        return "price"
    if limit.op != "is":
        return "number"
    return limit.field if limit.field in ("kind", "title", "creators") else "value"


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
