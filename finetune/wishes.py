"""Described wishes, made from the items' own facets: the examples of a shop that has no logs yet (cold start).

A wish names some of an item's facets in a person's words; every item of its kind that has them all is an answer to it.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from retrieval.catalog import Catalog
from retrieval.constraints import values_of
from retrieval.types import Item

_LONGEST = 40  # characters of a value that people would say
_ANSWERS = 4  # items that answer one wish, of all that do; they share its prompt
_MOST_FACETS = 3
_PLOT = 0.2  # share of the wishes that tell what it is about in the description's words
_CLAUSE = re.compile(r"[^,.;:!?—–]+")
_JOINING = ("and", "but", "or", "while", "who", "which", "as", "then", "with", "where")

# Where a column's value stands in the wish; any other list column is said with "with".
_ADJECTIVES = ("moods", "genres")
_JOINED: Mapping[str, str] = {"themes": "about", "topics": "about", "creators": "by", "decade": "from the"}
_OFTEN: Mapping[str, float] = {"moods": 3, "genres": 3, "themes": 3, "decade": 1, "creators": 0.7}

_OPENINGS = (
    "I'd like {}",
    "Can you recommend {}?",
    "I'm looking for {}",
    "Do you have {}?",
    "I'm in the mood for {}",
    "{}, please",
    "{}",
    "What would you suggest? I want {}",
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish in words and what answers it.

    Attributes:
        source: tells wishes apart, e.g. ``wish:film-stalker-1979:0``.
        text: what the person says.
        query: the same as search words.
        answers: catalogue positions, the item it was made from first.
    """

    source: str
    text: str
    query: str
    answers: tuple[int, ...]


Facet = tuple[str, str]  # (field, value)


def make_wishes(catalog: Catalog, each: int, seed: int, left_out: frozenset[int] = frozenset()) -> Iterator[Wish]:
    """Yield `each` wishes for every item that has facets or a description, but those left out."""
    facets = [_facets(item) for item in catalog]
    having: dict[Facet, set[int]] = defaultdict(set)
    for at, found in enumerate(facets):
        if at not in left_out:
            for facet in (*found, *_kind(catalog[at])):
                having[facet].add(at)
    for at, item in enumerate(catalog):
        if at in left_out:
            continue
        rng = random.Random(f"{seed}:{item.id}")
        for n in range(each):
            wish = _wish(f"wish:{item.id}:{n}", at, item, facets[at], having, rng)
            if wish is not None:
                yield wish


def _kind(item: Item) -> list[Facet]:
    """Return an item's kind as a facet, of which it has one at most: a film is no answer to who asks for a book."""
    return [("kind", value) for value in values_of(item, "kind")]


def _facets(item: Item) -> list[Facet]:
    lists: dict[str, Sequence[str]] = {"genres": item.genres, "creators": item.creators}
    lists.update({name: value for name, value in item.attributes.items() if isinstance(value, tuple)})
    found = [(name, value) for name, values in lists.items() for value in values if len(value) <= _LONGEST]
    if item.year:
        found.append(("decade", f"{item.year // 10 * 10}s"))
    return found


def _wish(
    source: str, at: int, item: Item, facets: Sequence[Facet], having: Mapping[Facet, set[int]], rng: random.Random
) -> Wish | None:
    noun = next((value for _, value in _kind(item)), "something")
    clauses = [c.strip() for c in _CLAUSE.findall(item.description) if 4 <= len(c.split()) <= 14]
    clauses = [c for c in clauses if c.split()[0].lower() not in _JOINING]
    if clauses and (not facets or rng.random() < _PLOT):
        plot = rng.choice(clauses)
        text = _opened(f"{_article(noun)} about {plot[:1].lower()}{plot[1:]}", rng)
        return Wish(source, text, f"{plot} {noun}".strip(), (at,))
    if not facets:
        return None
    chosen = _choose(facets, rng)
    answering = set.intersection(*(having[facet] for facet in (*chosen, *_kind(item))))
    others = sorted(answering - {at})
    answers = (at, *rng.sample(others, min(len(others), _ANSWERS - 1)))
    query = " ".join([*(value for _, value in chosen), *([noun] if noun != "something" else [])])
    return Wish(source, _opened(_phrase(noun, chosen), rng), query, answers)


def _choose(facets: Sequence[Facet], rng: random.Random) -> list[Facet]:
    rest = list(facets)
    chosen: list[Facet] = []
    for _ in range(min(rng.randint(1, _MOST_FACETS), len(rest))):
        facet = rng.choices(rest, [_OFTEN.get(name, 0.5) for name, _ in rest])[0]
        chosen.append(facet)
        # A second genre is understood as an alternative, a second creator or decade is another wish.
        rest = [f for f in rest if f != facet and (f[0] in ("moods", "themes") or f[0] != facet[0])]
        if not rest:
            break
    return chosen


def _phrase(noun: str, facets: Sequence[Facet]) -> str:
    """Word facets: ``a slow science fiction film about space from the 1970s``."""
    adjectives = [value for name in _ADJECTIVES for field, value in facets if field == name]
    head = f"something {', '.join(adjectives)}" if noun == "something" else _article(" ".join([*adjectives, noun]))
    said: dict[str, list[str]] = defaultdict(list)
    for field, value in facets:
        if field not in _ADJECTIVES:
            said[_JOINED.get(field, "with")].append(value)
    return " ".join([head.strip(), *(f"{word} {' and '.join(values)}" for word, values in said.items())])


def _article(noun: str) -> str:
    if noun == "something":
        return noun
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def _opened(phrase: str, rng: random.Random) -> str:
    text = rng.choice(_OPENINGS).format(phrase)
    return text[:1].upper() + text[1:]
