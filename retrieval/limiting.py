"""Limiting: which of the values that a message names are hard limits, and which of them only wishes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from retrieval.clauses import Reading
from retrieval.columns import Columns
from retrieval.constraints import Facets
from retrieval.hits import LIKING, WITH_SOMEBODY
from retrieval.parsed import Told, Wish, as_tuple
from retrieval.passing import does
from retrieval.phrases import Phrases
from retrieval.shades import distinct
from retrieval.stances import JOINS, Hit
from retrieval.text import Token, words
from retrieval.types import Constraint

HARD_FIELDS = ("kind", "audience", "language", "genres", "creators", "title")
_BY = re.compile(r"\bby\b")
_CJK_LIKING = ("喜欢", "爱看", "特别是", "尤其", "偏爱", "爱")
_ASKING = re.compile(
    r"\b(i'?d|would|we'?d|id|feel|feels|something|anything|looks|sounds|more)\s+(really\s+)?(like|love|prefer)\b"
)
_SEEMS = re.compile(
    r"\s+(?:look|feel|feeling|finish|effect|style|vibe|touch|air|appearance|glow|start)s?\b", re.IGNORECASE
)
_SEEKS = ("look", "search", "hunt", "shop", "ask", "hop")
_BRIEF = 8  # words of a message in which a maker's name alone asks for their works
_ALSO = JOINS | {"also", "plus", "but"}
_OFTEN = 0.2  # of the items that have the rarer of two values


class Limiting:
    """Decides what limits, against one catalogue.

    Args:
        facets: what the catalogue holds.
        columns: its own columns.
        phrases: what people call its values.
        carries: whether any item has a value of a field.
    """

    def __init__(self, facets: Facets, columns: Columns, phrases: Phrases, carries: Callable[[str, str], bool]) -> None:
        self._facets, self._columns, self._phrases, self._carries = facets, columns, phrases, carries

    def is_hard(self, text: str, tokens: Sequence[Token], hit: Hit) -> bool:
        """Whether what a message says of a value is said as a limit, rather than as taste."""
        if hit.field in ("language", "genres") and not self._facets.knows(hit.field):
            return False  # nothing could satisfy it; a wish is looked for in the texts
        if hit.field == "genres" and not any(self._carries("genres", value) for value in hit.values):
            return False
        if hit.purpose:
            return True
        before = [t.norm for t in tokens[max(0, hit.start - 2) : hit.start]]
        if hit.field == "genres" and before[-1:] == ["with"] and not WITH_SOMEBODY.intersection(before):
            return False  # "something romantic with action"
        if hit.field in ("kind", "audience", "language", "title", *self._columns.flags.values()):
            return True
        several = hit.field == "topic" and any(self._columns.ambiguous(value) for value in hit.values)
        if hit.field not in HARD_FIELDS and not several and not self._columns.limits(hit.field):
            return False
        aims = [t.norm for t in tokens[max(0, hit.start - 2) : hit.start]]
        seeks = hit.start > 2 and tokens[hit.start - 3].norm.startswith(_SEEKS)  # "looking for a red lipstick"
        seeks = seeks or self._columns.divides(hit.field)
        if not (self._facets.of_works or seeks) and hit.field != "creators" and aims[:1] == ["for"] and len(aims) > 1:
            return False  # "for a balcony" says where it will stand
        sentence = re.split(r"[.!?;。！？；\n]", text[: tokens[hit.start].start])[-1].casefold()
        asked = _ASKING.sub(" ", sentence)
        liking = bool(LIKING.intersection(words(asked))) or any(w in asked for w in _CJK_LIKING)
        if hit.field == "creators":
            near = {t.norm for t in (*tokens[max(0, hit.start - 2) : hit.start], *tokens[hit.end : hit.end + 2])}
            named = bool(near & {"by", "anything", "something", "from", "of", "other", "another", *self._phrases.kinds})
            return named or bool(_BY.search(asked)) or (not liking and len(tokens) <= _BRIEF)
        return not liking

    def words_told(self, hit: Hit, told: Told, before: Sequence[str]) -> Told:
        """Return what is made of words: those of a shop of goods are seldom idle, and what tells that knows works."""
        own = hit.field == "title" or self._columns.limits(hit.field)  # "is it available in hardback?", of books too
        named = hit.field in ("kind", "genres", "title") or hit.field in self._columns
        # "A christening present for my niece, who loves owls": what somebody loves is what it is for.
        loved = hit.field == "themes" and (hit.end - hit.start > 1 or bool(LIKING.intersection(before[-1:])))
        kept = own or (not self._facets.of_works and (named or loved))
        return "" if kept and told in ("idle", "aside") else told

    def without_strays(self, text: str, placed: Sequence[tuple[int, Constraint]]) -> list[tuple[int, Constraint]]:
        """Leave out a sort of goods that only a word of its name says, where what else is asked for is never so.

        In "a strong red" nobody asks for the strong honey.
        """
        asked = [c for _, c in placed if c.op == "is" and c.field in ("kind", "genres")]

        def strays(start: int, constraint: Constraint) -> bool:
            said = words(text[start:])[:1]
            if constraint not in asked or not self._phrases.modifiers.intersection(said):
                return False
            return any(c != constraint and not self._facets.mask([c, constraint]).any() for c in asked)

        return [(start, c) for start, c in placed if not strays(start, c)]

    def soften(self, found: Reading, text: str) -> None:
        """Make wishes of values that no item of the kind asked for has: "a citrus perfume", whose scent says lime.

        So is what only says how something should look, "a natural look", or what somebody does: "he runs marathons".
        """
        kinds = [c for _, c in found.constraints if (c.field, c.op) == ("kind", "is")]
        for start, limit in list(found.constraints):
            if limit.op != "is" or not self._columns.limits(limit.field) or self._columns.grades.holds(limit):
                continue
            end = next((end for at, end in found.hard if at == start), start)
            seems = not kinds and _SEEMS.match(text[end:])
            of_people = self._columns.divides(limit.field) or self._columns.lists_colours(limit.field)
            done = not of_people and does(text, start)
            if seems or done or not self._columns.occurs(limit, kinds):
                found.constraints.remove((start, limit))
                found.hard = [span for span in found.hard if span != (start, end)]
                found.wishes.extend(
                    Wish(limit.field, v, text[start:end], start) for v in distinct(as_tuple(limit.value))
                )

    def both(self, text: str, placed: Sequence[tuple[int, Constraint]]) -> Callable[[Constraint, Constraint], bool]:
        """Return what tells whether two limits of one column hold together, as in "a sweet white wine".

        They do where nothing says "or" and something in stock has both. What a comma parts ("dry, red") does in a shop
        of goods where the two often meet; of works it lists kinds that one might like.
        """
        starts = {(c.field, c.value): start for start, c in placed}

        def both(first: Constraint, second: Constraint) -> bool:
            start = starts.get((first.field, first.value), -1)
            between = text[start : starts.get((second.field, second.value), 0)] if start >= 0 else ""
            if not between or _ALSO.intersection(words(between)) or "/" in between or "、" in between:
                return False
            meet = int(self._facets.mask([first, second]).sum())
            if "," in between or "，" in between:
                fewer = min(int(self._facets.mask([one]).sum()) for one in (first, second))
                return not self._facets.of_works and meet >= _OFTEN * max(fewer, 1)
            return meet > 0

        return both
