"""Purposes: of the kinds of goods that a message names, which are wanted, and which are what those are for.

Where a column tells what things suit ("brew method: moka pot"), who wants coffee for a moka pot limits that column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.clauses import Reading
from retrieval.columns import Columns
from retrieval.constraints import Facets
from retrieval.nearest import Nearest
from retrieval.passing import SOUGHT, WHATEVER, no_other, owned_from, roles, told_to, wants_anything
from retrieval.phrases import Phrases
from retrieval.stances import Hit
from retrieval.text import Token, forms, tokenize
from retrieval.things import Things
from retrieval.types import Constraint

_FOR = re.compile(r"\bfor\s+(?:(?:an?|the|my|our|his|her|their)\s+)?$", re.IGNORECASE)


class Purposes:
    """Tells what is wanted from what that is for, against one catalogue of goods.

    Args:
        facets: of the catalogue.
        columns: its own columns.
        phrases: what people call its values.
        things: the nouns of its titles.
        nearest: finds kinds by other names.
    """

    def __init__(self, facets: Facets, columns: Columns, phrases: Phrases, things: Things, nearest: Nearest) -> None:
        self._columns, self._phrases, self._things, self._nearest = columns, phrases, things, nearest
        kinds = () if facets.of_works else facets.postings.get("kind", {})
        self._of_kinds = {word for kind in kinds for word in kind.split()[:-1]}.difference(STOPWORDS_EN_PLUS)

    def read(
        self,
        found: Reading,
        text: str,
        tokens: Sequence[Token],
        hits: Sequence[Hit],
        items: Sequence[tuple[int, int]],
        limit: Callable[[Hit, bool], Constraint],
    ) -> list[Hit]:
        """Leave out the kinds of goods that a message names in passing; what somebody has is not wanted again.

        Args:
            found: what has been found so far, which is added to.
            text: the message.
            tokens: its words.
            hits: what it names of the catalogue.
            items: where it names or points at items.
            limit: makes the limit that what a hit names is wanted, or (True) that it is not.
        """
        explained = {at for hit in hits for at in range(hit.start, hit.end)}
        things = [hit for hit in self._things.find(text, tokens) if hit.end - 1 not in explained]
        others = [hit for hit in hits if not any(thing.start <= hit.start < thing.end for thing in things)]
        hits = sorted([*others, *things], key=lambda hit: hit.start)  # "tent pegs" are no tents
        told = roles(text, tokens, hits, self._names_things, items)
        aims = [self._as_purpose(tokens, hit) for hit in hits]
        for hit, role, aim in zip(hits, told, aims, strict=True):
            # Oil for a chain is a "Chain Oil"; coffee for a French press is told from that by its column.
            not_it = role == "suits" and hit.field == "kind" and (aim is None or wants_anything(tokens))
            if role == "owns" or not_it:
                found.owned.append(limit(hit, True))
            if role in ("owns", "does"):  # what it must suit is searched for
                end = told_to(text, tokens, hit) if role == "owns" else tokens[hit.end - 1].end
                span = tokens[owned_from(tokens, hit)].start, end
                found.hard.append(span)
                found.spans.append(span)
        if found.owned:
            found.hard.extend(no_other(text))
            found.spans.extend(no_other(text))
        kept = self._filled(found, tokens, [h for h, role in zip(hits, told, strict=True) if role == "wanted"], limit)
        kinds = any(hit.field == "kind" for hit in kept)
        asked = [
            hit for hit in kept if hit.field == "title" and not kinds and self._things.is_asked_for(text, tokens, hit)
        ]
        another = kinds or (any(aims) and bool(self._nearest.find(text, tokens, explained)))
        if another or asked:
            # Who wants lights for the bike that they have wants lights; things of one kind may be had and wanted.
            found.owned = [c for c in found.owned if c.field == "title" and not asked]
        suited = {"suits", "part", *(("owns",) if another else ())}
        purposes = [aim for aim, role in zip(aims, told, strict=True) if aim is not None and role in suited]
        kept = [*(hit for hit in kept if hit.field != "title" or hit in asked[:1]), *purposes]
        return sorted(kept, key=lambda hit: hit.start)

    def _filled(
        self, found: Reading, tokens: Sequence[Token], hits: Sequence[Hit], limit: Callable[[Hit, bool], Constraint]
    ) -> list[Hit]:
        """Let a kind say what is in a thing that titles name with it: "a gift box of tea" is no tea."""
        for thing, kind in pairwise(hits):
            word, between = tokens[kind.end - 1].norm, [t.norm for t in tokens[thing.end : kind.start]]
            if (thing.field, kind.field) != ("title", "kind") or between != ["of"]:
                continue
            if self._things.holds(thing.values[0], word):
                span = tokens[kind.start].start, tokens[kind.end - 1].end
                found.constraints.append((span[0], limit(replace(kind, field="topic", values=(word,)), False)))
                found.spans.append(span)
                found.hard.append(span)
                return [hit for hit in hits if hit is not kind]
        return [*hits]

    def tells_of_owned(self, text: str, start: int) -> bool:
        """Whether a message says at a place what somebody has already: "she has the balance bike already"."""
        tokens = tokenize(text)
        things = self._things.find(text, tokens)
        told = roles(text, tokens, things, self._names_things)
        places = [(tokens[hit.start].start, tokens[hit.end - 1].end) for hit in things]
        return any(s <= start < e and role == "owns" for (s, e), role in zip(places, told, strict=True))

    def suits(self, text: str, start: int) -> bool:
        """Whether what stands at a place is what a thing named before it must suit: "papers for the P9"."""
        before = _FOR.search(text[:start])
        said = [token.norm for token in tokenize(re.split(r"[.!?;]", text[: before.start()])[-1])] if before else []
        if not said or said[-1] in SOUGHT:
            return False
        known = (field for word in said for field, _ in self._phrases.meanings.get(word, ()))
        named = any(field == "kind" or self._columns.limits(field) for field in known)
        return named or not WHATEVER.isdisjoint(said) or any(map(self._names_things, said))

    def _as_purpose(self, tokens: Sequence[Token], hit: Hit) -> Hit | None:
        """Return a kind that a message names as the value that a column has of it, None if none has."""
        if hit.field != "kind":
            return None
        said = " ".join(token.norm for token in tokens[hit.start : hit.end])
        names = (said, *hit.values[:1]) if len(hit.values) == 1 else (said,)  # "my tea" is of many kinds
        meant = [m for name in names for m in self._phrases.get(name) or () if self._columns.limits(m[0])]
        values = tuple(dict.fromkeys(value for field, value in meant if field == meant[0][0]))
        return replace(hit, field=meant[0][0], values=values, purpose=True) if meant else None

    def _names_things(self, word: str) -> bool:
        """Whether a word stands in titles as a noun, or leads the name of a kind: "coffee", of coffee beans."""
        return bool(self._things.spelt(word)) or not self._of_kinds.isdisjoint(forms(word))
