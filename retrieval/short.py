"""Short names of goods: "the Chablis" for "Domaine Laurent Chablis Premier Cru", "the Squall Shell" for two jackets.

The titles of works are said whole; those of goods hold a brand, a model and a size, and people say what tells them
apart.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.constraints import Facets
from retrieval.cues import Mention
from retrieval.text import Token, forms, slip, tokenize, words
from retrieval.things import Things
from retrieval.units import is_size, is_unit

_BEARERS = 8  # items that one short name may mean
_LONGEST = 6  # words
_TYPED = 5  # letters from which a word may be misspelt
_SUFFIXES = frozenset({"ic", "al", "y", "en", "ed", "ing"})
_LEAST = 3  # letters of a word that names
_BEFORE = frozenset("the your that this my our a an any some like about of".split())  # noqa: SIM905 - before a name in lower case
_ARTICLES = frozenset({"a", "an", "the", "some", "any", "those", "these", "that", "this", "your"})
_OPENING = frozenset("ok okay well so and no yes yeah then maybe alright right good great fine i ill take".split())  # noqa: SIM905
_THEN = re.compile(r"\s+then\b\s*(?:$|[.,;:!?–—-])", re.IGNORECASE)
_COUNTING = frozenset("one first second third fourth fifth last next other both two three four five new best".split())  # noqa: SIM905
_DEFINITE = frozenset({"the", "your", "that", "this"})


class ShortNames:
    """Finds the items of a catalogue of goods by words of their titles.

    Args:
        facets: of the catalogue; one of works has no short names.
        common: normalised words that name no item: kinds, genres, what columns hold.
        is_plain: whether a word is one of everyday language; "kurbel" is none, and a name wherever it stands.
    """

    def __init__(
        self, facets: Facets, common: Collection[str], is_plain: Callable[[str], bool] = lambda word: True
    ) -> None:
        self._is_plain = is_plain
        self._having: dict[str, set[int]] = defaultdict(set)
        if not facets.of_works:
            for at, item in enumerate(facets.catalog.items):
                for word in words(item.title):
                    self._having[word].add(at)
        headers = {*facets.postings, *facets.numeric_fields}  # "never mind the colour" names no "Colour-Coded Boards"
        self._common = frozenset((*common, *(form for name in headers for word in words(name) for form in forms(word))))

    def find(self, text: str, taken: Sequence[tuple[int, int]]) -> list[Mention]:
        """Return the short names in a message, outside the spans that are titles already."""
        found = list(self._find(text, tokenize(text), taken)) if self._having else []
        for mention in found:  # in "the P9 and the P9 Ultra" the first is not the Ultra
            longer = {at for other in found if len(other.surface) > len(mention.surface) for at in other.positions}
            others = tuple(at for at in mention.positions if at not in longer)
            if others and longer:
                found[found.index(mention)] = replace(mention, positions=others)
        return found

    def bearing(self, said: Collection[str]) -> set[int]:
        """Return the items whose titles have all of some normalised words."""
        having = [self._having.get(word, set()) for word in said]
        return set.intersection(*having) if having else set()

    def named(self, name: str) -> tuple[int, ...]:
        """Return the items that a name asked for may mean, if its words are words of theirs: "chablis", "monstra"."""
        tokens = [self._spelt(token) for token in tokenize(name)] if self._having else []
        length, positions = max(
            (self._longest(tokens, at) for at in range(len(tokens))), key=lambda found: found[0], default=(0, set())
        )
        others = [t.norm for t in tokens if t.norm not in self._common | _ARTICLES]
        whole = all(any(at in self._having.get(word, ()) for at in positions) for word in others)
        return self._meant(positions, tokens) if length and whole else ()

    def asked_of(self, text: str, is_plain: Callable[[str], bool], is_quality: Callable[[str], bool]) -> list[Mention]:
        """Return the goods that a question names by one word, where nothing else in it is a name.

        Args:
            text: the question.
            is_plain: whether a word is one of everyday language: "how hot for gyokuro?" has one that is not.
            is_quality: whether a word tells what things are like; behind "the" it names: "is the peru mild?".
        """
        tokens = tokenize(text) if self._having else []
        for at, token in enumerate(tokens):
            having = self._having.get(token.norm, set())
            strange = self._names(token.norm) and not is_plain(token.norm)
            ends = Things.ends(text, tokens, at) or (at > 1 and tokens[at - 2].norm in ("do", "does"))
            definite = at and tokens[at - 1].norm in _DEFINITE and ends
            if strange or (len(having) == 1 and definite and is_quality(token.norm)):
                said = text[token.start : token.end]
                return [Mention(tuple(sorted(having)), token.start, token.end, said, "alias", 0.9)]
        return []

    def describes(self, thing: str) -> bool:
        """Whether all words of a thing stand in one title, though each of them is common: "a music stand"."""
        said = [token.norm for token in tokenize(thing) if token.norm not in _ARTICLES]
        return len(said) > 1 and bool(set.intersection(*(self._having.get(word, set()) for word in said)))

    def _spelt(self, token: Token) -> Token:
        """Return a word of a title for one that is a slip away from it."""
        if len(token.norm) < _TYPED or token.norm in self._having or token.norm in self._common:
            return token
        near = (word for word in self._having if slip(token.norm, word) or _of_one_stem(token.norm, word))
        return next((replace(token, norm=word) for word in near), token)

    def _meant(
        self, positions: Collection[int], tokens: Sequence[Token], start: int = 0, length: int = 0
    ) -> tuple[int, ...]:
        """Return those of several items of whose titles most is said: the women's, of two jackets.

        Where another name of theirs is said too ("the P9 and the P9 Ultra"), each goes by its own words.
        """
        first = tokens[start].norm if length else ""
        twice = length and sum(token.norm == first for token in tokens) > 1
        said = {token.norm for token in (tokens[start : start + length] if twice else tokens)}
        counts = {at: sum(at in self._having[word] for word in said if word in self._having) for at in positions}
        most = max(counts.values(), default=0)
        return tuple(sorted(at for at, count in counts.items() if count == most))

    def _find(self, text: str, tokens: Sequence[Token], taken: Sequence[tuple[int, int]]) -> Iterator[Mention]:
        at = 0
        while at < len(tokens):
            length, positions = self._longest(tokens, at)
            start, end = tokens[at].start, tokens[at + max(length, 1) - 1].end
            free = not any(s < end and start < e for s, e in taken)
            if length and free and self._is_name(text, tokens, at, length):
                yield Mention(self._meant(positions, tokens, at, length), start, end, text[start:end], "alias", 0.9)
                at += length
            else:
                at += 1

    def _longest(self, tokens: Sequence[Token], at: int) -> tuple[int, set[int]]:
        """Return how many words from one on stand in one title, at least one of them a name, and the titles."""
        best: tuple[int, set[int]] = (0, set())
        positions: set[int] | None = None
        named = False
        for length, token in enumerate(tokens[at : at + _LONGEST], 1):
            having = self._having.get(token.norm, set())
            positions = having if positions is None else positions & having
            if not positions:
                break
            own = token.norm not in self._common | _COUNTING and not token.norm.isdigit() and not is_unit(token.norm)
            named = named or self._names(token.norm) or (own and length > 1)
            if named and len(positions) <= _BEARERS:
                best = (length, positions)
        return best

    def _names(self, word: str) -> bool:
        rare = 0 < len(self._having.get(word, ())) <= _BEARERS
        long = len(word) >= _LEAST or not (word.isalpha() or word.isdigit())  # "p9" is a name
        return rare and long and not (word.isdigit() or is_size(word)) and word not in self._common | _COUNTING

    def _is_name(self, text: str, tokens: Sequence[Token], at: int, length: int) -> bool:
        """Whether words are meant as a name: capitalised inside a sentence, or behind "the"; several alone will do."""
        before = tokens[at - 1].norm if at else ""
        capital = text[tokens[at].start].isupper()
        begins = at == 0 or re.search(r"[.!?\n]\s*$", text[: tokens[at].start]) is not None
        telling = sum(t.norm not in STOPWORDS_EN_PLUS for t in tokens[at : at + length])  # "small for", "a bucket"
        coded = any(not (t.norm.isalpha() or t.norm.isdigit()) for t in tokens[at : at + length])
        strange = any(self._names(t.norm) and not self._is_plain(t.norm) for t in tokens[at : at + length])
        return (
            coded
            or strange
            or before in _DEFINITE
            or self._is_chosen(text, tokens, at, length)
            or (capital and (not begins or length > 1))
            or (telling > 1 and before not in _BEFORE)
        )

    @staticmethod
    def _is_chosen(text: str, tokens: Sequence[Token], at: int, length: int) -> bool:
        """Whether a clause takes what it names and says no more: "ok, chablis then. How dry is it?"."""
        opens = _OPENING.issuperset(t.norm for t in tokens[:at]) or text[: tokens[at].start].rstrip()[-1:] in ".!?;"
        return opens and _THEN.match(text, tokens[at + length - 1].end) is not None


def _of_one_stem(word: str, known: str) -> bool:
    """Whether a word is another without its ending: "magnet tiles" are "Magnetic Tiles"."""
    return known.startswith(word) and known[len(word) :] in _SUFFIXES
