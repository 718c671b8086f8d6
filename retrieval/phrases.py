"""What people call the values that a catalogue holds, and those that the lexicon knows: phrases and what they mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from functools import cached_property

from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.columns import Columns
from retrieval.constraints import Facets
from retrieval.headed import Headed
from retrieval.lexicon import canonical, of_country, shared, synonyms, vocabulary
from retrieval.othernames import other_names
from retrieval.qualities import graded
from retrieval.quantities import QUANTITIES
from retrieval.shades import is_shade, plainer
from retrieval.text import forms, is_cjk, slip, words
from retrieval.units import of_header

_OF_WORKS = ("kind", "audience", "genres", "moods")
_LONGEST_PHRASE = 8
_TYPED = 4  # letters from which a word may be misspelt
_FAMILY = 3  # kinds with one last word, from which their first ones tell them apart
_PLURAL = 5  # letters from which a word may be a plural
_SHORT_FOR = {  # what people say for short, where a kind's name has the long word
    "amplifier": "amp", "microphone": "mic", "saxophone": "sax", "synthesizer": "synth", "ukulele": "uke",
    "refrigerator": "fridge", "television": "tv", "bicycle": "bike", "motorcycle": "motorbike", "trousers": "pants",
    "sunglasses": "shades", "photograph": "photo", "camera": "cam", "veterinary": "vet", "aquarium": "fish tank",
}  # fmt: skip
_CONTRACTED = frozenset(
    """
    whats thats theres heres hows wheres whens whos lets shes hes youre theyre weve ive youve theyve dont wont cant
    isnt arent wasnt werent doesnt didnt wouldnt couldnt shouldnt hasnt havent
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_UNSPOKEN = frozenset("all any none other others both either various some each every no n/a".split())  # noqa: SIM905 - what cells say of no value
_ENSEMBLES = frozenset(  # with which names end that are no surnames: "a piano trio" is not Bill Evans's
    "trio quartet quintet sextet band orchestra ensemble choir group club experience society project".split()  # noqa: SIM905
)
_PARTICLES = ("le", "von", "van", "de", "del", "da", "di", "la")


class Phrases:
    """The phrases of one catalogue.

    Attributes:
        meanings: every normalised phrase that stands for a value, with the (field, value) pairs it may mean.
        longest: words of the longest.
        kinds: every word for a kind that the lexicon knows.
        headed: what the kinds of a catalogue of works are called by their last words.

    Args:
        facets: what the catalogue holds.
        columns: the catalogue's own.
        english: words that are no slips of the keyboard; None corrects none.
    """

    def __init__(self, facets: Facets, columns: Columns, english: Container[str] | None) -> None:
        self._facets = facets
        self._columns = columns
        self._english = english
        self.headed = Headed(facets)
        self.meanings = self._gazetteer()
        self.longest = max((len(p.split()) for p in self.meanings), default=1)
        self.kinds = {w for kind in vocabulary("kind") for w in synonyms("kind", kind)}

    def get(self, phrase: str) -> Sequence[tuple[str, str]] | None:
        """Return what a phrase may mean, perhaps in the plural or misspelt; None if nothing."""
        joined = self.meanings.get(phrase.replace(" ", ""), ()) if phrase.count(" ") == 1 else ()  # "smart watch"
        things = [meant for meant in joined if meant[0] != "creators"]  # but no O'Neill in "one! I'll"
        found = self.meanings.get(phrase) or things or self._theirs(phrase) or self._of_one(phrase)
        return found or (self._misspelt_maker(phrase) if " " in phrase else self._misspelt(phrase))

    @cached_property
    def common_words(self) -> frozenset[str]:
        """The phrases that make a bare title ambiguous: kinds, genres, moods, languages, topics."""
        fields = ("kind", "genres", "moods", "language", "topic")
        return frozenset(p for p, meanings in self.meanings.items() if any(f in fields for f, _ in meanings))

    @cached_property
    def own_words(self) -> frozenset[str]:
        """The phrases for kinds and genres that the lexicon does not know: of this catalogue alone."""
        known = {p for f in ("kind", "genres", "moods", "topic") for v in vocabulary(f) for p in synonyms(f, v)}
        values = (v for field in ("kind", "genres") for v in self._facets.postings.get(field, {}))
        return frozenset(p for value in values for p in synonyms("kind", value) if p not in known)

    def is_english(self, word: str) -> bool:
        """Whether a word is an English one, as far as anything here knows: "airplane" is, "frostpunk" is not."""
        return self._english is None or word in self._english

    @cached_property
    def plain_words(self) -> frozenset[str]:
        """Return every word that says what something is like or of what kind, rather than naming it."""
        held = self._facets.postings
        makers = held.get("creators", {}).keys()
        naming = {"creators", "topic", *(field for field, values in held.items() if values.keys() <= makers)}  # brands
        said = (p for p, meanings in self.meanings.items() if any(f not in naming for f, _ in meanings))
        return frozenset((*(word for phrase in said for word in phrase.split()), *STOPWORDS_EN_PLUS))

    def _gazetteer(self) -> dict[str, list[tuple[str, str]]]:
        phrases: dict[str, list[tuple[str, str]]] = {}
        for phrase, field, value in self._namings():
            if phrase and len(phrase.split()) <= _LONGEST_PHRASE:
                meanings = phrases.setdefault(phrase, [])
                if (field, value) not in meanings:
                    meanings.insert(0 if phrase == value else len(meanings), (field, value))
        return phrases

    def _namings(self) -> Iterator[tuple[str, str, str]]:
        """Yield (phrase, field, value) for what the lexicon knows and for what the catalogue holds."""
        held = self._facets.postings
        for field in ("kind", "audience", "genres", "moods", "topic"):
            for value in vocabulary(field):
                if field in _OF_WORKS and not self._facets.of_works and value not in held.get(field, {}):
                    continue  # in a shop of tents "light" is no mood, and "rock" no music
                for phrase in synonyms(field, value):
                    meant = self.headed.other(value, phrase) if field == "kind" else value
                    own = field == "kind" and phrase != value and self._of_column(phrase)
                    yield from ((phrase, field, meant),) if meant and not own else ()
        for name, field in self._columns.flags.items():
            yield name, field, "yes"
        for field, postings in held.items():
            for value in postings:
                yield from ((phrase, field, value) for phrase in self._called(field, value))

    def _of_column(self, phrase: str) -> bool:
        """Whether a phrase is a value of one of the catalogue's own columns: "paperback" of one of bindings."""
        held = (values for field, values in self._facets.postings.items() if self._columns.limits(field))
        return any(form in values for values in held for form in forms(phrase))

    def _called(self, field: str, value: str) -> Iterator[str]:
        """Yield what people call a value that the catalogue holds."""
        if self._columns.grades.is_mute(field, value):  # low in what, only the column's name tells
            return
        if value in _UNSPOKEN:  # "got any lights" asks for none that is for any room
            return
        if field != "creators" and not self._facets.of_works:
            yield from self._of_goods(field, value)
        elif field in ("kind", "genres"):
            yield from (*(self.headed.names(value) if field == "kind" else ()), *other_names(value))
        if field == "creators":
            yield from (value, _without_initials(value), _surname(value), *synonyms(field, value))
        elif field in ("kind", "genres") or self._columns.limits(field):
            known = (p for p in synonyms(field, value) if field != "kind" or p == value or not self._of_column(p))
            called = (form for phrase in known for form in forms(phrase))
            yield from (form for form in called if form == value or not is_shade(form))  # "blue" is no blues
            yield from of_country(value)
            yield from plainer(of_header(field)[0], value)
        elif field == "language":  # its code is left out: "it", "no" and "so" are words first
            yield from (phrase for phrase in synonyms(field, value) if len(phrase) > 2)
            yield from shared(value)
        elif value not in ("yes", "no"):  # a column of yes and no gives no words for its values
            yield from synonyms(field, value)

    def _of_goods(self, field: str, value: str) -> Iterator[str]:
        """Yield what people call a value of goods by parts of its words, and by other words."""
        yield from other_names(value)
        head = value.rpartition(" ")[2]
        if field == "genres":
            yield from (*graded(value), *self._modifiers(value))
        if field == "kind":
            yield from (form for short in _shortened(value) for form in forms(short))
        if field == "kind" and value.count(" ") > 1:
            first, *_, last = value.split()
            yield from forms(f"{first} {last}")  # "wet food", of dogs or of cats
        if field == "kind":
            yield from self._sort_of(value)
        if field == "kind" and " " in value:  # "chairs" are dining chairs and office chairs
            yield from () if head in self._facets.postings["kind"] else forms(head)
            if head in QUANTITIES:  # "a set of pans"
                thing = value.rpartition(" ")[0]
                yield from (f"{one} of {many}" for one in forms(head) for many in forms(thing))
        if " " in value and self._columns.limits(field):  # a "dark blue" bike is blue
            yield from (head,) if head in self._facets.postings[field] else ()

    def _sort_of(self, kind: str) -> Iterator[str]:
        """Yield the word by which one of several kinds with one last word goes alone: "an oolong", of teas.

        It is no word of everyday English, and stands in titles of that kind only.
        """
        head, _, last = kind.rpartition(" ")
        family = [each for each in self._facets.postings["kind"] if each.rpartition(" ")[2] == last]
        if not head or " " in head or len(family) < _FAMILY or self.is_english(head):
            return
        named = {canonical("kind", i.kind) for i in self._facets.catalog.items if head in words(i.title)}
        if named == {kind}:
            yield from forms(head)

    @cached_property
    def modifiers(self) -> frozenset[str]:
        """What is left of sorts of goods without their kinds."""
        genres = () if self._facets.of_works else self._facets.postings.get("genres", {})
        return frozenset(head for value in genres for head in self._modifiers(value))

    def _modifiers(self, value: str) -> Iterator[str]:
        """Yield what is left of a sort of goods without its kind: "black" of "black tea"."""
        head, _, last = value.rpartition(" ")
        kinds = self._facets.postings.get("kind", {})
        plain = head not in STOPWORDS_EN_PLUS and head not in self._facets.postings["genres"]
        if head and plain and any(form in kinds for form in forms(last)):
            yield head

    @cached_property
    def _spellings(self) -> dict[tuple[str, str], list[str]]:
        """The words that may be misspelt, by their first and last letters: kinds, genres, moods and the like."""
        fields = ("kind", "genres", "moods")
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for word, meanings in self.meanings.items():
            typed = len(word) >= _TYPED and word.isalpha() and word.isascii()
            if typed and any(field in fields or field in self._columns for field, _ in meanings):
                found[word[0], word[-1]].append(word)
        return found

    def _misspelt(self, word: str) -> list[tuple[str, str]] | None:
        """Return what a word means that the catalogue does not have and that is one slip away: "comdy", "reisling"."""
        if (
            self._english is None
            or len(word) < _TYPED
            or word in self._english
            or word in _CONTRACTED
            or self._facets.document_frequency(word) > 0
        ):
            return None
        near = (known for known in self._spellings.get((word[0], word[-1]), ()) if slip(word, known))
        found = next(near, None)
        return None if found is None else [m for m in self.meanings[found] if m[0] not in ("creators", "topic")]

    def _theirs(self, phrase: str) -> list[tuple[str, str]]:
        """Return whom a name in the genitive means: "Hayao Miyazaki's"."""
        named = self.meanings.get(phrase[:-1], ()) if phrase.endswith("s") and " " in phrase else ()
        return [meaning for meaning in named if meaning[0] == "creators"]

    @cached_property
    def _makers_but_one_word(self) -> dict[tuple[str, ...], list[tuple[str, str]]]:
        """The makers of several words by all of those but one, "" in its place, with that word and the phrase."""
        found: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
        for phrase, meanings in self.meanings.items():
            parts = phrase.split()
            if len(parts) > 1 and any(field == "creators" for field, _ in meanings):
                for at, part in enumerate(parts):
                    found[(*parts[:at], "", *parts[at + 1 :])].append((part, phrase))
        return found

    def _misspelt_maker(self, phrase: str) -> list[tuple[str, str]] | None:
        """Return whom a name means of which one word, that nothing else has, is one slip away: "cristopher nolan"."""
        parts = phrase.split()
        for at, part in enumerate(parts) if self._english is not None else ():
            if len(part) < _TYPED or part in self._english or self._facets.document_frequency(part):  # type: ignore[operator]
                continue
            near = self._makers_but_one_word.get((*parts[:at], "", *parts[at + 1 :]), ())
            named = next((name for word, name in near if slip(part, word)), "")
            if named:
                return [meaning for meaning in self.meanings[named] if meaning[0] == "creators"]
        return None

    def _of_one(self, phrase: str) -> list[tuple[str, str]] | None:
        """Return what the singular of a word means as a theme: "heists"."""
        if len(phrase) < _PLURAL or not phrase.endswith("s"):
            return None
        return [meaning for meaning in self.meanings.get(phrase[:-1], ()) if meaning[0] in ("themes", "topic")] or None


def _without_initials(name: str) -> str:
    """Return a name as who leaves out the initials in it writes it: "ursula le guin"."""
    first, *middle = name.split()
    return " ".join([first, *(part for part in middle if len(part) > 1)]) if len(first) > 1 else name


def _surname(name: str) -> str:
    """Return what a person is called for short: "miyazaki", "le guin"; "" if the name is one word."""
    parts = name.split()
    if len(parts) < 2 or is_cjk(name) or parts[-1] in _ENSEMBLES:
        return ""
    return " ".join(parts[-2:]) if len(parts) > 2 and parts[-2] in _PARTICLES else parts[-1]


def _shortened(kind: str) -> Iterator[str]:
    """Yield what a kind is called for short: "bass amp" for "bass amplifier"."""
    for long, short in _SHORT_FOR.items():
        if long in kind.split():
            yield " ".join(short if word == long else word for word in kind.split())
