"""Things that titles name and no column of kinds does: the "inner tubes" among the spare parts of a shop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.constraints import Facets
from retrieval.stances import Hit
from retrieval.text import Token, forms, words

_LEAST = 3  # letters of a noun
_ADJECTIVES = 2  # between a determiner and the noun
_LONGEST = 3  # words of a name
_COMMON = 0.3  # of all titles, from which a word tells nothing
_NO_THINGS = frozenset(  # which stand in titles all the same
    """
    gift gifts present presents set sets pair pairs new kid kids child children baby women woman men man womens mens
    ladies girl girls boy boys family junior adult adults dog dogs cat cats face eye eyes lip lips skin hair hand hands
    nail nails foot feet head body small little big large mini tiny light heavy long short good nice great best
    easy soft one two three four five six seven eight nine ten twelve
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_DETERMINERS = frozenset("a an the some any my our your his her new another matching".split())  # noqa: SIM905
_WANTING = frozenset(
    """
    need needs want wants buy get recommend suggest which any also plus replace sell stock carry offer
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_WITH_FOR = frozenset("looking look searching search asking shopping".split())  # noqa: SIM905
_OPENING = frozenset("and or also plus then maybe just ok okay so now hi hello".split())  # noqa: SIM905
_NEEDED = frozenset("need needs want replace recommend suggest".split())  # noqa: SIM905
_GOING_ON = frozenset("please would should could instead first too now then under below".split())  # noqa: SIM905
_ENDING = _GOING_ON.union(STOPWORDS_EN_PLUS, {"already", "from"})
_STATES = frozenset("is are was were keeps keep".split())  # noqa: SIM905
ASKING = _WANTING | _WITH_FOR | _OPENING | _GOING_ON
_TO = frozenset("want wants like love loves going start learn trying plan planning".split())  # noqa: SIM905 - to do with it
_SOME = frozenset({"a", "an", "some", "our", "my"})
_VERBS = 3  # between "want to" and the thing: "want to go fly a kite"
_NO_DOING = frozenset("talk speak ask know tell return send see be".split())  # noqa: SIM905 - with it
_MEANS = frozenset({"ve", "ll", "s", "t", "d", "m"})


class Things:
    """The nouns of the titles of a catalogue of goods.

    Args:
        facets: of the catalogue; one of works has no such things, its titles are names.
        common: normalised words that a column explains.
        is_plain: whether a word is one of everyday language; of others one title alone has the name of its item.
    """

    def __init__(
        self, facets: Facets, common: Collection[str], is_plain: Callable[[str], bool] = lambda word: True
    ) -> None:
        self._titles: list[str] = []
        self._having: dict[str, set[int]] = defaultdict(set)
        if facets.of_works:
            return
        makers = {word for maker in facets.postings.get("creators", {}) for word in words(maker)}
        none = {*common, *makers, *_NO_THINGS, *STOPWORDS_EN_PLUS}
        for at, item in enumerate(facets.catalog.items):
            said = words(item.title)
            self._titles.append(f" {' '.join(said)} ")
            for word in said:
                if len(word) >= _LEAST and word.isalpha() and word not in none:
                    self._having[word].add(at)
        most = _COMMON * len(self._titles)
        self._having = {w: at for w, at in self._having.items() if len(at) <= most and (len(at) > 1 or is_plain(w))}

    def spelt(self, word: str) -> str:
        """Return a word as titles write it, in the plural or not; "" if none has it."""
        return next((form for form in forms(word) if form in self._having), "")

    def find(self, text: str, tokens: Sequence[Token]) -> list[Hit]:
        """Return the nouns of titles that a message names, with the words before them that titles have too."""
        found: list[Hit] = []
        for at, token in enumerate(tokens):
            name = self.spelt(token.norm)
            if not name or not self.ends(text, tokens, at):
                continue
            start = at
            while (
                start
                and at - start < _LONGEST - 1
                and tokens[start - 1].norm not in STOPWORDS_EN_PLUS  # "a bucket", of blocks in one
                and self._stands(f"{tokens[start - 1].norm} {name}")
            ):
                start, name = start - 1, f"{tokens[start - 1].norm} {name}"
            found.append(Hit("title", (name,), start, at + 1))
        return found

    def several(self, name: str) -> bool:
        """Whether more than one title has a name."""
        return self._bearers(name) > 1

    def holds(self, name: str, word: str) -> bool:
        """Whether a title has a name of two words or more and another word besides."""
        held = (self._titles[at] for at in self._having.get(name.rpartition(" ")[2], ()) if " " in name)
        return any(f" {name} " in title and f" {form} " in title for title in held for form in forms(word))

    def _stands(self, name: str) -> bool:
        return self._bearers(name) > 0

    def _bearers(self, name: str) -> int:
        return sum(f" {name} " in self._titles[at] for at in self._having.get(name.rpartition(" ")[2], ()))

    @staticmethod
    def ends(text: str, tokens: Sequence[Token], at: int) -> bool:
        """Whether a phrase ends with a word: no further noun stands behind it."""
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        if after is None or text[tokens[at].end : after.start].strip():
            return True
        if after.norm in _STATES:
            needed = bool(_NEEDED.intersection(t.norm for t in tokens))  # "the chain is worn, what do I need?"
            return needed or (at > 0 and tokens[at - 1].norm in ("which", "what"))
        return after.norm in _ENDING

    @staticmethod
    def is_asked_for(text: str, tokens: Sequence[Token], hit: Hit) -> bool:
        """Whether a word of wanting stands before a thing, or nothing does in its sentence."""
        at, skipped = hit.start, 0
        while at and skipped < _ADJECTIVES and _plain(tokens[at - 1].norm):
            at, skipped = at - 1, skipped + 1
        while at and tokens[at - 1].norm in _DETERMINERS:
            if tokens[at - 1].norm == "any":
                return True
            at -= 1
        before = [t.norm for t in tokens[:at]]
        if at and text[tokens[at - 1].end : tokens[at].start].strip(" ") and before[-1] not in _OPENING:
            return False
        last = before[-1] if before else ""
        asks = last in ("have", "got") and "you" in before[-3:-1]
        looks = last == "for" and bool(_WITH_FOR.intersection(before[-2:-1]))
        likes = last in ("like", "love") and before[-2:-1] in (["id"], ["wed"], ["would"])
        about = last == "about" and before[-2:-1] in (["what"], ["how"])
        opens = _OPENING.issuperset(before) or (last == "and" and bool(_NEEDED.intersection(t.norm for t in tokens)))
        does = tokens[at].norm in _SOME and _would_do(before)  # "we want to go fly a kite"
        return last in _WANTING or asks or looks or likes or about or opens or does


def _would_do(before: Sequence[str]) -> bool:
    """Whether words end in what somebody would like to do: "we want to go fly"."""
    to = next((at for at in range(len(before) - 2, 0, -1) if before[at] == "to"), 0)
    verbs = before[to + 1 :]
    return bool(to) and before[to - 1] in _TO and 0 < len(verbs) <= _VERBS and not _NO_DOING.intersection(verbs)


def _plain(word: str) -> bool:
    return word not in STOPWORDS_EN_PLUS and word not in _WANTING and word not in _DETERMINERS | _OPENING | _MEANS
