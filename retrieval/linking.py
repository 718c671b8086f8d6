"""Linking: which catalogue items a message mentions, by title or alias, exactly or with a typo.

Titles are ordinary words too often ("Her", "Moon", "The Thing"), so a match counts only with evidence that a title was
meant: quotation marks, capitals, a cue before it ("I loved …"), or a message that is nothing else.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Literal

from rapidfuzz import fuzz, process

from retrieval.constraints import Facets
from retrieval.cues import (
    CJK_PRONOUNS,
    CUES,
    PRONOUNS,
    Mention,
    continues,
    cued,
    meant_in_chinese,
    numbered,
    numbers_in,
    quoted,
    slots,
)
from retrieval.lexicon import canonical
from retrieval.text import Token, is_cjk, tokenize, words

_ARTICLES = ("the", "a", "an")
_LONGEST = 14  # tokens of a title that are looked at; longer titles are found by their first tokens
_TITLE_OF_WORDS = 4  # tokens of a title that nobody says by chance
_COMMON_FROM = 3  # a word in this many items' texts is an ordinary word
_FUZZY_LENGTH, _FUZZY_SCORE, _FUZZY_SCORE_SHORT = 5, 88.0, 90.0
_SHORT = 8
_LONGEST_NAME = 5  # tokens of a maker's name
_WHOLE_LENGTH, _WHOLE_SCORE = 10, 92.0  # of a message that is nothing but a misspelt title

_DETERMINERS = ("a", "an", "this", "that", "some", "any", "no", "my", "your")  # "a lighthouse keeper"
_COUNTS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")  # "ten years" is not "The Years"
_AFTER_TITLES = frozenset(
    """
    too also so again yesterday today last already very really because before after until from about lots
    loads twice once please instead well immensely years ages though when while as than
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_ANSWERS = frozenset({"no", "yes", "go", "now", "more"})  # said alone, these name no film
_SAYINGS = frozenset({"never mind"})  # no misspelt "Nevermind"
_SEQUEL = frozenset({"part", "vol", "volume", "chapter", "episode", "season", "number", "no"})


def _head(title: str) -> str:
    """Return what a series is called: "Animal Crossing", "Harry Potter"; the title itself where that says nothing."""
    head = title.partition(":")[0]
    series, _, rest = title.partition(" and the ")
    if rest and series.istitle() and words(series)[0] not in _ARTICLES:
        head = series
    return head if len(words(head)) > 1 else title  # "Life" names nothing


def begin_alike(one: str, other: str) -> bool:
    """Whether two names begin with one letter behind an article that both have: "the switch" is not "the witch"."""
    begin, begins = (name.split()[:2] for name in (one, other))
    both = begin[:1] == begins[:1] and begin[0] in _ARTICLES and len(begin) == len(begins) == 2
    return not both or begin[1][0] == begins[1][0]


def _ampersands(name: str) -> tuple[str, ...]:
    """Return a name with "and" for its ampersand and without its "and", as "&" is no word."""
    if "&" in name:
        return (re.sub(r"\s*&\s*", " and ", name),)
    parts = re.split(r"\s+and\s+", name)
    return (" ".join(parts),) if len(parts) == 2 and all(len(words(part)) < 3 for part in parts) else ()


class TitleLinker:
    """Finds the catalogue's titles and aliases in free text."""

    def __init__(self, facets: Facets) -> None:
        self._facets = facets
        self._items = facets.catalog.items
        names: dict[str, dict[int, bool]] = defaultdict(dict)
        for at, item in enumerate(self._items):
            head = _head(item.title)
            other = (spelt for name in (item.title, *item.aliases) for spelt in _ampersands(name))
            for is_title, name in ((True, item.title), *((False, alias) for alias in (*item.aliases, head, *other))):
                tokens = words(name)
                if not tokens:
                    continue
                names[" ".join(tokens)].setdefault(at, is_title)
                if tokens[0] in _ARTICLES and any(len(t) > 1 and t not in PRONOUNS for t in tokens[1:]):
                    names[" ".join(tokens[1:])].setdefault(at, False)
        self._names: dict[str, dict[int, bool]] = dict(names)
        self._longest = min(_LONGEST, max((len(name.split()) for name in self._names), default=1))
        self._starts = {name.split()[0] for name in self._names}

    @cached_property
    def _fuzzy_names(self) -> dict[str, tuple[list[int], list[str]]]:
        """The names by their first letter: their lengths, ascending, and themselves."""
        found: dict[str, list[str]] = defaultdict(list)
        for name in self._names:
            if len(name) >= _FUZZY_LENGTH and not is_cjk(name):
                found[name[0]].append(name)
        for names in found.values():
            names.sort(key=len)
        return {first: ([len(name) for name in names], names) for first, names in found.items()}

    def by_their_maker(self, text: str, mention: Mention) -> tuple[tuple[int, ...], int]:
        """Return those of a mention's works whose maker stands behind it, and where: "Blue by Joni Mitchell"."""
        match = re.match(r"\s*,?\s+by\s+(?=\w)", text[mention.end :], re.IGNORECASE)
        behind = tokenize(text[mention.end + match.end() :])[:_LONGEST_NAME] if match else []
        found = self._made_by(mention.positions, [token.norm for token in behind])
        if match is None or not found:
            return (), mention.end
        return tuple(found), mention.end + match.end() + behind[max(found.values()) - 1].end

    def _made_by(self, positions: Iterable[int], said: Sequence[str]) -> dict[int, int]:
        """Return the works whose maker's name, or its last part, these words begin with, and how many words that is."""
        found: dict[int, int] = {}
        for at in positions:
            for maker in self._items[at].creators:
                name = words(maker)
                for part in (name, name[-1:]):
                    if part and said[: len(part)] == part:
                        found[at] = max(found.get(at, 0), len(part))
        return found

    def exact(self, name: str) -> tuple[int, ...]:
        """Return the items whose title or alias is this name, titles before aliases."""
        return self._bearers(" ".join(words(name)))

    def _bearers(self, normalised: str) -> tuple[int, ...]:
        """Return the items of a normalised name; normalised twice, "8½" is two words."""
        found = self._names.get(normalised, {})
        return tuple(sorted(found, key=lambda at: (not found[at], at)))

    def knows(self, word: str) -> bool:
        """Whether a normalised word occurs in any title, maker's name, facet value or description."""
        return self._facets.document_frequency(word) > 0 or word in self._creator_words

    @cached_property
    def _creator_words(self) -> frozenset[str]:
        return frozenset(w for creator in self._facets.values("creators") for w in creator.split())

    def having(self, said: str) -> tuple[int, ...]:
        """Return the items whose title has all words of a text: "klimt" of "Klimt: The Kiss"."""
        asked = set(words(said))
        return tuple(at for at, item in enumerate(self._items) if asked and asked <= set(words(item.title)))

    def narrowed(self, positions: Sequence[int], kind: str = "", year: int | None = None) -> tuple[int, ...]:
        """Return those of several items with one name that are of a kind or a year."""
        return tuple(
            at
            for at in positions
            if (not kind or canonical("kind", self._items[at].kind) == kind)
            and (year is None or self._items[at].year == year)
        )

    def fuzzy(self, name: str, score: float = _FUZZY_SCORE) -> tuple[tuple[int, ...], float]:
        """Return the items whose name is nearest in spelling and the similarity in [0, 100]; () below `score`.

        Numbers must agree ("The Matrix 9" is not "The Matrix"): they tell sequels apart, typos do not change them. So
        must the first letter: hardly a typo changes it, and "switch" is not "witch".
        """
        query = " ".join(words(name))
        if len(query) < _FUZZY_LENGTH:
            return (), 0.0
        lengths, names = self._fuzzy_names.get(query[0], ([], []))
        # A ratio counts equal letters, so names that are much shorter or longer cannot reach the score.
        low = bisect_left(lengths, len(query) * score / (200 - score))
        high = bisect_right(lengths, len(query) * (200 - score) / score)
        for found, similarity, _ in process.extract(
            query, names[low:high], scorer=fuzz.ratio, score_cutoff=score, limit=5
        ):
            if numbers_in(found.split()) == numbers_in(query.split()) and begin_alike(found, query):
                return self._bearers(found), similarity
        return (), 0.0

    def nearest(self, name: str, k: int = 5) -> list[tuple[int, float]]:
        """Return up to k items whose names share the most with a name, with the similarity in [0, 100]."""
        query = " ".join(words(name))
        found: dict[int, float] = {}
        names = list(self._names)
        for near, similarity, _ in process.extract(query, names, scorer=fuzz.token_set_ratio, limit=4 * k):
            # token_set_ratio calls "it" a perfect match of "it 9": weigh by how much of the query is covered
            weighed = similarity * min(1.0, 0.5 + len(near) / (2 * max(len(query), 1)))
            for at in self._names[near]:
                found[at] = max(found.get(at, 0.0), weighed)
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:k]

    def named(self, text: str, start: int, end: int) -> Mention | None:
        """Return the title that `text[start:end]` is, exactly or misspelt; None if it is none."""
        surface = text[start:end]
        name = " ".join(words(surface))
        beside = (text[:start].rstrip().rpartition(" ")[2], text[end:].lstrip().partition(" ")[0])
        if " " not in name and any(word[:1].isupper() for word in beside):
            return None  # a word of a longer name
        found = self._names.get(name, {})
        if found:
            positions = self._bearers(name)
            is_title = found[positions[0]]
            whole = is_title or " " in name  # "learn to play piano" is not The Piano
            return Mention(positions, start, end, surface, "title" if is_title else "alias", 1.0) if whole else None
        positions, score = self.fuzzy(surface)
        return Mention(positions, start, end, surface, "fuzzy", score / 100) if positions else None

    def link(self, text: str, facet_words: Collection[str] = ()) -> list[Mention]:
        """Return the titles that a message mentions, in order, without overlaps.

        Args:
            text: the message.
            facet_words: normalised words that mean a genre, kind or mood; such a title ("Drama") needs quotation marks.
        """
        tokens = tokenize(text)
        whole = self._whole(text, tokens, facet_words)
        if whole is not None:
            return [whole]
        mentions: list[Mention] = []
        at = 0
        while at < len(tokens):
            mention, after = self._at(text, tokens, at, mentions, facet_words)
            if mention is not None:
                mentions.append(mention)
                at = after
            else:
                at += 1
        for start, end in slots(text, tokens, mentions):
            mention = self._fuzzy_in(text, tokens[start:end], facet_words)
            if mention is not None and not any(
                (m.start < mention.end and mention.start < m.end) or m.positions == mention.positions for m in mentions
            ):  # in "Holmes, not Holes" the first is no slip for the second
                mentions.append(mention)
        return sorted(mentions, key=lambda m: m.start)

    def _at(
        self,
        text: str,
        tokens: Sequence[Token],
        at: int,
        before: Sequence[Mention],
        facet_words: Collection[str],
    ) -> tuple[Mention | None, int]:
        if tokens[at].norm not in self._starts:
            return None, at
        for length in range(min(self._longest, len(tokens) - at), 0, -1):
            span = tokens[at : at + length]
            name = " ".join(t.norm for t in span)
            if name not in self._names:
                continue
            after = at + length
            if self._continued(text, tokens, after, name):
                return None, at  # "The Matrix 9" names something else
            if not self._meant(text, tokens, at, after, before, name, facet_words):
                continue
            positions = self._bearers(name)
            how: Literal["title", "alias"] = "title" if self._names[name][positions[0]] else "alias"
            start, end = span[0].start, span[-1].end
            return Mention(positions, start, end, text[start:end], how, 1.0), after
        return None, at

    def _meant(
        self,
        text: str,
        tokens: Sequence[Token],
        at: int,
        after: int,
        before: Sequence[Mention],
        name: str,
        facet_words: Collection[str],
    ) -> bool:
        span = tokens[at:after]
        surface = text[span[0].start : span[-1].end]
        if quoted(text, span[0].start, span[-1].end) or re.match(r"\s*\(\d{4}\)", text[span[-1].end :]):
            return True
        whole = len(span) == len(tokens)
        if is_cjk(surface):
            pronoun = "".join(t.norm for t in span) in CJK_PRONOUNS  # "Us" is a film, and everybody else
            plain = pronoun or name in facet_words
            return meant_in_chinese(text, span, whole) and (whole or not plain)
        if len(span) == 1 and self._inside_a_phrase(text, tokens, at):
            return False
        content = [t for t in span if t.norm not in PRONOUNS]
        behind = [t.norm for t in tokens[after : after + 1 + _LONGEST_NAME]]
        if surface[0].isupper() and behind[:1] == ["by"] and self._made_by(self._names[name], behind[1:]):
            return True  # "Blue by Joni Mitchell"
        capitals = bool(content or span) and all(text[t.start].isupper() or t.norm.isdigit() for t in content or span)
        initial = at == 0 or text[: span[0].start].rstrip()[-1:] in ".!?;:\n"
        if not content or all(t.norm.isdigit() for t in span):  # "It", "Her", "1917"
            return (
                (capitals and not initial and surface[0].isupper())
                or (whole and name not in _ANSWERS and (surface[0].isupper() or name not in PRONOUNS))
                or numbered(text, tokens, at, after, before)
            )
        refused = len(content) > 1 and at > 0 and tokens[at - 1].norm == "not"  # "dinosaurs, not star wars"
        led_to = refused or cued(tokens, at) or continues(text, tokens, at, before)
        if name in facet_words:
            return capitals and not initial and (len(span) > 1 or led_to)
        if len(span) > 1 and at and tokens[at - 1].norm == "the" and not self._facets.of_works:
            return True  # "does the barrier cream come in a smaller size?"
        if len(content) == 1 and at and tokens[at - 1].norm == "from":
            return False  # "films from Brazil"
        if whole or (capitals and (not initial or len(content) > 1)):
            return True
        stripped = len(span) == 1 and surface.islower() and f"the {name}" in self._names  # "to host my book club"
        return led_to or (not stripped and self._unusual(tokens, at, after, content))

    def _inside_a_phrase(self, text: str, tokens: Sequence[Token], at: int) -> bool:
        """Whether one word is part of something else: "a way", "No-Face", "Pink Moon", "stranger things"."""
        word, before, behind = tokens[at], tokens[at - 1] if at else None, tokens[at + 1 : at + 2]
        capital = text[word.start].isupper()
        if text[word.end : word.end + 1] == "-":
            return True
        if before is not None and not capital and before.norm in _DETERMINERS:
            return True
        if before is not None and capital:
            initial = at == 1 or text[: before.start].rstrip()[-1:] in ".!?;:\n"
            named = text[before.start].isupper() and len(before.norm) > 1 and text[before.end : word.start] == " "
            return named and not initial and before.norm not in PRONOUNS and before.norm not in CUES
        if not behind or capital or text[word.end : behind[0].start] != " " or not behind[0].norm.isalpha():
            return False
        goes_on = not ({behind[0].norm} & (PRONOUNS | CUES | _AFTER_TITLES)) and not is_cjk(behind[0].norm)
        return goes_on and f"the {word.norm}" in self._names

    def _unusual(self, tokens: Sequence[Token], at: int, after: int, content: Sequence[Token]) -> bool:
        """Whether the words alone tell that a title is meant: long ones do, and those that no other text has."""
        name = " ".join(t.norm for t in tokens[at:after])
        if after - at == 1 and (name in CUES or (at and tokens[at - 1].norm in _DETERMINERS)):
            return False  # "I hate horror" does not mention "Hate", nor "a lighthouse keeper" "The Lighthouse"
        if after - at >= _TITLE_OF_WORDS or (after - at >= 3 and len(content) >= 2):
            return True  # "what we do in the shadows"
        bearers = len(self._names[name])  # the works of that name make a word no more ordinary
        return any(
            self._facets.document_frequency(t.norm) - bearers < _COMMON_FROM and len(t.norm) > 3 for t in content
        )

    def _whole(self, text: str, tokens: Sequence[Token], facet_words: Collection[str]) -> Mention | None:
        """Read a message as one misspelt title, before the words in it are taken for shorter ones."""
        name = " ".join(t.norm for t in tokens)
        if not 2 <= len(tokens) <= _LONGEST or len(name) < _WHOLE_LENGTH or name in self._names or is_cjk(name):
            return None
        if all(t.norm in PRONOUNS or t.norm in facet_words for t in tokens):
            return None
        positions, score = self.fuzzy(name, _WHOLE_SCORE)
        start, end = tokens[0].start, tokens[-1].end
        return Mention(positions, start, end, text[start:end], "fuzzy", score / 100) if positions else None

    def _continued(self, text: str, tokens: Sequence[Token], after: int, name: str) -> bool:
        """Whether a number behind a name makes it another work's: "The Matrix 9", but not "Solaris 1972"."""
        if after < len(tokens) and tokens[after].norm in _SEQUEL:
            after += 1
            numbered = after < len(tokens) and bool(numbers_in([tokens[after].norm]))
        else:
            numbered = after < len(tokens) and tokens[after].norm.isdigit()
        if not numbered or text[tokens[after - 1].end : tokens[after].start].strip(" .-"):
            return False
        number = tokens[after].norm
        return not any(str(self._items[at].year) == number for at in self._names[name])

    def _fuzzy_in(self, text: str, span: Sequence[Token], facet_words: Collection[str]) -> Mention | None:
        for length in range(len(span), 0, -1):
            for first in range(len(span) - length + 1):
                part = span[first : first + length]
                if first + length < len(span) and span[first + length].norm.isdigit():
                    continue  # "The Matrix 9" is not a misspelt "The Matrix"
                name = " ".join(t.norm for t in part)
                if (
                    len(name) < _FUZZY_LENGTH
                    or name in facet_words
                    or name in _SAYINGS
                    or name in self._names  # seen before, and not meant as a title
                    or (part[0].norm in _DETERMINERS and name.partition(" ")[2] in self._names)
                    or all(t.norm in PRONOUNS or t.norm in facet_words for t in part)
                ):
                    continue
                capital = text[part[0].start].isupper()
                if length == 1 and self._facets.document_frequency(name) >= (1 if capital else _COMMON_FROM):
                    continue  # a real word, or somebody's name, not a misspelling
                if length == 2 and part[0].norm in ("the", *_COUNTS) and self.knows(part[1].norm):
                    continue  # "for the whole family" does not mean "The Whale"
                positions, score = self.fuzzy(name, _FUZZY_SCORE_SHORT if len(name) < _SHORT else _FUZZY_SCORE)
                if positions:
                    start, end = part[0].start, part[-1].end
                    return Mention(positions, start, end, text[start:end], "fuzzy", score / 100)
            if length <= len(span) - 3:
                break  # misspelt titles are near the slot's full length; shorter ones invite accidents
        return None
