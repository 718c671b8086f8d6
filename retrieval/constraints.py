"""Hard constraints: what they mean for one item, and as a mask over the whole catalogue.

`satisfies` and `Facets.mask` are two implementations of one meaning. The mask is what retrieval uses; `satisfies`
checks every item once more before it is shown. The tests hold them against each other.
"""

from __future__ import annotations

import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache

import numpy as np

from retrieval.absence import present, titled
from retrieval.catalog import Catalog
from retrieval.lexicon import PARTS, canonical, is_place, synonyms, vocabulary
from retrieval.ranges import bound_of, of_sizes, part_of, range_of
from retrieval.scales import are_grades, rank_of
from retrieval.shades import is_colour, plainer
from retrieval.text import words
from retrieval.types import BoolArray, Constraint, Item, Op, Value
from retrieval.units import of_header

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMERIC = ("year", "decade", "price")
LEFT = "left"  # as a measure: how many are in stock
_UNORDERED = ("moods", "themes", "audience", "popularity", "length", "duration", "runtime")  # whatever words they hold
_LONGEST_FACET = 60  # characters; longer attribute values are prose, not facets
_RANGES = 0.8  # of the texts in a column, if it holds ranges


def number_of(item: Item, field: str) -> float | None:
    """Return the number an item has in a column, or None; `decade` derives from the year (1979 → 1970)."""
    if field == "year":
        return item.year
    if field == "decade":
        return None if item.year is None else item.year // 10 * 10
    if field == "price":
        return item.price
    if field == LEFT and item.left is not None:
        return item.left
    value = item.attributes.get(field)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if field == "minutes" and (hours := number_of(item, "hours")) is not None:
        return 60 * hours  # films count minutes and courses hours: "under 2 hours" is asked of both
    return None


def in_currency(item: Item, currency: str) -> bool:
    """Whether an item's price may be compared with one in a currency; any may where one of them names none."""
    return not currency or item.currency in ("", currency)


def values_of(item: Item, field: str) -> frozenset[str]:
    """Return an item's canonical values in a categorical column."""
    return _canonical(field, _raw(item, field))


def listed_values(item: Item, field: str) -> list[str]:
    """Return an item's canonical values in a categorical column, in the order of the catalogue."""
    known = values_of(item, field)
    return [value for value in dict.fromkeys(canonical(field, each) for each in _raw(item, field)) if value in known]


def _raw(item: Item, field: str) -> tuple[str, ...]:
    raw: object = getattr(item, field, None) if field in _CATEGORICAL else item.attributes.get(field)
    if isinstance(raw, bool):
        raw = "yes" if raw else "no"
    if isinstance(raw, str):
        raw = (raw,) if raw else ()
    return raw if isinstance(raw, tuple) else ()


@lru_cache(16_384)  # items that go through a turn are asked for the same columns dozens of times
def _canonical(field: str, values: tuple[str, ...]) -> frozenset[str]:
    return frozenset(canonical(field, value) for value in values if len(value) <= _LONGEST_FACET)


_CATEGORICAL = ("kind", "genres", "creators", "language")
_GOOD_PART = 0.25  # of a catalogue, from which it is one of works
_WORKS = frozenset(("film", "book", "game", "album", "course", "series"))


def parts_of(item: Item) -> frozenset[str]:
    """Return the names of those parts of its kind that an item belongs to, as far as its genres tell."""
    return _parts(values_of(item, "kind"), values_of(item, "genres"))


@lru_cache(4_096)
def _parts(kinds: frozenset[str], genres: frozenset[str]) -> frozenset[str]:
    return frozenset(
        name for name, part in PARTS.items() if part.kind in kinds and part.genres & genres and not part.others & genres
    )


def topic_words(item: Item) -> list[str]:
    """Return the words in which a topic is looked for: title, description, genres and every short attribute.

    What the title or the description says to be lacking is not among them.
    """
    parts: list[str] = [titled(item.title), present(item.description), *item.genres]
    for value in item.attributes.values():
        if isinstance(value, str):
            parts.append(value)
        elif isinstance(value, tuple):
            parts.extend(value)
    return list(_words(" . ".join(parts)))


@lru_cache(8_192)  # the same items are shown, and checked, again and again
def _words(text: str) -> tuple[str, ...]:
    return tuple(words(text))


def _forms(phrase: str) -> Iterable[str]:
    yield phrase
    if phrase.isascii() and not is_place(phrase):  # Brás Cubas is no Cuban
        yield phrase + "s"
        if phrase.endswith("s"):
            yield phrase[:-1]


@lru_cache(1_024)
def topic_phrases(topic: str) -> tuple[str, ...]:
    """Return every normalised phrase that counts as a topic: "space" also finds "astronauts"."""
    name = canonical("topic", topic)
    return tuple(dict.fromkeys(form for phrase in synonyms("topic", name) for form in _forms(phrase) if form))


def called(item: Item, name: str) -> bool:
    """Whether an item's title has the words of a name or its kind ends with them; an "oat cream cleanser" is no cream.

    An eye cream may be titled "Gentle Eye Balm".
    """
    kind = _words(item.kind)
    if any(f" {' '.join(kind)}".endswith(f" {form}") for form in _forms(name)):
        return True
    said = f" {' '.join(_words(item.title))} "
    behind = [said.partition(f" {form} ")[2] for form in _forms(name) if f" {form} " in said]
    return bool(behind) and not (kind and f"{behind[0]} ".startswith(f"{' '.join(kind)} "))


def as_values(constraint: Constraint) -> tuple[str, ...]:
    """Return a categorical constraint's values as a tuple of canonical forms."""
    value = constraint.value
    if isinstance(value, bool):
        value = "yes" if value else "no"
    raw = value if isinstance(value, tuple) else (str(value),)
    return tuple(canonical(constraint.field, v) for v in raw)


def _is_numeric(constraint: Constraint) -> bool:
    value = constraint.value
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return constraint.op in _COMPARE or constraint.field in _NUMERIC or number


def satisfies(item: Item, constraint: Constraint) -> bool:
    """Whether an item keeps a constraint; an item whose column is empty keeps only `is_not` and `fits`."""
    field, op = constraint.field, constraint.op
    if op == "fits":  # whether others of its kind have a range, one item cannot tell: that is left to the mask
        bounds = range_of(item, field)
        return bounds is None or bounds[0] <= float(constraint.value) <= bounds[1]  # type: ignore[arg-type]
    if field == "in_stock":
        return (item.in_stock == bool(constraint.value)) == (op == "is")
    if field == "topic":
        text = " " + " ".join(topic_words(item)) + " "
        found = any(f" {p} " in text for value in as_values(constraint) for p in topic_phrases(value))
        return found == (op == "is")
    if field == "title":
        return any(called(item, value) for value in as_values(constraint)) == (op == "is")
    if _is_numeric(constraint):
        number = number_of(item, field) if field != "price" or in_currency(item, constraint.currency) else None
        if op in _COMPARE:
            return number is not None and _COMPARE[op](number, float(constraint.value))  # type: ignore[arg-type]
        same = number is not None and number == float(constraint.value)  # type: ignore[arg-type]
        return same == (op == "is")
    if op == "is_not" and is_colour(of_header(field)[0]):
        return not _in_no_other(item, field, set(as_values(constraint)))
    held = values_of(item, field) | (parts_of(item) if field == "kind" else frozenset())
    return bool(held.intersection(as_values(constraint))) == (op == "is")


def _in_no_other(item: Item, field: str, refused: set[str]) -> bool:
    """Whether an item comes in colours that are refused, and in none besides."""
    value = item.attributes.get(field)
    colours = [
        canonical(field, one) for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, str)
    ]
    return bool(colours) and all(refused.intersection((one, *plainer(of_header(field)[0], one))) for one in colours)


def satisfies_all(item: Item, constraints: Iterable[Constraint]) -> bool:
    """Whether an item is in stock and keeps every constraint: the check behind promise 1 of the design.

    Of several people, as of two children, it must be for one at least: whether anything is for all the mask knows.
    """
    kept, fits = item.in_stock, dict[str, bool]()
    for constraint in constraints:
        keeps = satisfies(item, constraint)
        if constraint.op == "fits":
            fits[constraint.field] = fits.get(constraint.field, False) or keeps
        else:
            kept = kept and keeps
    return kept and all(fits.values())


class Facets:
    """Posting lists over a catalogue's columns, so that a mask costs milliseconds at 100,000 items."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        collected: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        numbers: set[str] = set()
        for at, item in enumerate(catalog.items):
            for field in (*_CATEGORICAL, *item.attributes):
                if isinstance(item.attributes.get(field), float):
                    numbers.add(field)
                    continue
                for value in values_of(item, field):
                    collected[field][value].append(at)
        self.postings: dict[str, dict[str, np.ndarray]] = {
            field: {value: np.array(at, dtype=np.int32) for value, at in values.items()}
            for field, values in collected.items()
        }
        self.numeric_fields: frozenset[str] = frozenset(numbers)

    @cached_property
    def currency(self) -> str:
        """The currency of most prices, "" if the catalogue names none."""
        return self.currencies[0] if self.currencies else ""

    @cached_property
    def currencies(self) -> tuple[str, ...]:
        """The currencies of the prices, the most frequent first."""
        found = Counter(item.currency for item in self.catalog.items if item.currency and item.price is not None)
        return tuple(currency for currency, _ in found.most_common())

    @property
    def compared_in(self) -> str:
        """The currency in which prices are compared where none is said: "" if there is but one."""
        return self.currency if len(self.currencies) > 1 else ""

    def _prices(self, currency: str) -> np.ndarray:
        """Return the prices in a currency: (N,), nan where an item has none."""
        theirs = np.array([in_currency(item, currency) for item in self.catalog.items], dtype=np.bool_)
        return np.where(theirs, self.catalog.price, np.float32(np.nan))

    @cached_property
    def _names(self) -> dict[str, str]:
        named = {canonical("creators", name): name for item in self.catalog.items for name in item.creators}
        known = {field: frozenset(vocabulary(field)) for field in ("genres", "moods")}  # which have names of their own
        for item in self.catalog.items:
            for field, value in (("genres", item.genres), *item.attributes.items()):
                for text in (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ():
                    form = canonical(field, text) if len(text) <= _LONGEST_FACET else ""
                    if text != text.casefold() and form and form not in known.get(field, ()):
                        named.setdefault(form, text)
        return named

    @cached_property
    def of_works(self) -> bool:
        """Whether the catalogue holds works, which have moods, rather than goods.

        Its kinds tell, if a good part of it is of such, or a column of moods; where it has neither, years, genres and
        words that are those of works. A camera shop has films, a toy shop games, and a stationer albums.
        """
        kinds = self.postings.get("kind", {})
        if kinds or "moods" in self.postings:
            works = sum(len(at) for kind, at in kinds.items() if kind in _WORKS)
            return "moods" in self.postings or works >= _GOOD_PART * len(self.catalog)
        work = np.isfinite(self.catalog.year)
        for genre in set(vocabulary("genres")).intersection(self.postings.get("genres", {})):
            work[self.postings["genres"][genre]] = True
        for phrase in (phrase for kind in _WORKS for phrase in synonyms("kind", kind)):
            work[self._with_phrase(phrase)] = True
        return bool(2 * work.sum() >= len(work))

    @cached_property
    def _columns(self) -> dict[str, np.ndarray]:
        prices = self._prices(self.compared_in) if self.compared_in else self.catalog.price
        columns = {"year": self.catalog.year, "price": prices, "decade": self.catalog.year // 10 * 10}
        for field in self.numeric_fields:
            values = [number_of(item, field) for item in self.catalog.items]
            columns[field] = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
        for field in self.graded:
            ranks = [rank_of(item.attributes.get(field)) for item in self.catalog.items]
            columns[field] = np.array([np.nan if v is None else v for v in ranks], dtype=np.float64)
        return columns

    @cached_property
    def graded(self) -> tuple[str, ...]:
        """The columns whose values are words of an order: none, low, medium, high."""
        own = (field for field in self.postings if field not in (*_CATEGORICAL, *_UNORDERED, *self.numeric_fields))
        return tuple(f for f in own if are_grades([(value, len(at)) for value, at in self.postings[f].items()]))

    @cached_property
    def ranges(self) -> Mapping[str, np.ndarray]:
        """The columns of ranges: the lowest and the highest number of every item, (N, 2), nan where it has none."""
        ends = defaultdict[str, set[int]](set)
        for bound in filter(None, map(bound_of, self.numeric_fields)):
            ends[bound[0]].add(bound[1])
        found = {}
        for field in (*ends, *self.postings):
            alone = field not in self.postings and field not in self.numeric_fields
            pair = alone and (len(ends[field]) == 2 or bool(part_of(field)))
            if pair or (not alone and self._holds_ranges(field)):
                read = [range_of(item, field) or (np.nan, np.nan) for item in self.catalog.items]
                found[field] = np.array(read, dtype=np.float64).reshape(-1, 2)
        return found

    def _holds_ranges(self, field: str) -> bool:
        """Whether the cells of a column are ranges: nearly all read as such, and not each as a single number.

        Sizes listed one by one ("38; 39; 41") are none: what is not listed is not made.
        """
        sizes = of_sizes(field)
        if field in _CATEGORICAL or not (of_header(field)[1] is not None or part_of(field) or sizes):
            return False
        filled = [item for item in self.catalog.items if field in item.attributes]
        if sizes and any(isinstance(item.attributes[field], tuple) for item in filled):
            return False
        read = [bounds for item in filled if (bounds := range_of(item, field)) is not None]
        return len(read) >= _RANGES * len(filled) and any(low < high for low, high in read)

    @cached_property
    def _without_range(self) -> Mapping[str, BoolArray]:
        """Which items have no range in a column and are of a kind that never has one."""
        kinds = np.array([item.kind for item in self.catalog.items], dtype=np.str_)
        return {name: ~np.isin(kinds, kinds[~np.isnan(held[:, 0])]) for name, held in self.ranges.items()}

    @cached_property
    def _topics(self) -> dict[str, np.ndarray]:
        collected: dict[str, list[int]] = defaultdict(list)
        for at, item in enumerate(self.catalog.items):
            for word in set(topic_words(item)):
                collected[word].append(at)
        return {word: np.array(at, dtype=np.int32) for word, at in collected.items()}

    def numbers(self, field: str) -> np.ndarray:
        """Return the numbers in a column: (N,), nan where an item has none."""
        return self._columns[field]

    def values(self, field: str) -> Sequence[str]:
        """Return a column's canonical values, the most frequent first."""
        found = self.postings.get(field, {})
        return sorted(found, key=lambda value: (-len(found[value]), value))

    def name(self, value: str) -> str:
        """Return a creator's name, or another value, as the catalogue writes it, from its canonical form."""
        return self._names.get(value, value)

    def document_frequency(self, word: str) -> int:
        """Return how many items have a word in title, description or facets."""
        return len(self._topics.get(word, ()))

    def knows(self, field: str) -> bool:
        """Whether any item has a value in this column, so that constraining it can mean something."""
        known = field in self._known or field in self.postings or field in self.numeric_fields
        return known or field in self.ranges

    @cached_property
    def _known(self) -> frozenset[str]:
        columns = {"year": self.catalog.year, "decade": self.catalog.year, "price": self.catalog.price}
        return frozenset(
            ("topic", "in_stock", *(name for name, values in columns.items() if np.isfinite(values).any()))
        )

    @cached_property
    def counts_stock(self) -> bool:
        """Whether the catalogue tells of any item how many are left."""
        return any(item.left is not None for item in self.catalog.items)

    def mask(self, constraints: Iterable[Constraint]) -> BoolArray:
        """Return which items keep every constraint and are in stock: (N,) bool."""
        constraints = list(constraints)
        allowed = self.catalog.in_stock.copy()
        for constraint in (c for c in constraints if c.op != "fits"):
            allowed &= self._mask(constraint)
        named = any((c.field, c.op) == ("kind", "is") for c in constraints)
        for field in dict.fromkeys(c.field for c in constraints if c.op == "fits"):
            each = [self._mask(c) for c in constraints if (c.field, c.op) == (field, "fits")]
            held = allowed & np.logical_and.reduce(each)
            if not held.any():  # nothing is for both children: then for the one or the other
                held = allowed & np.logical_or.reduce(each)
            # A lock is for people of any height; where no kind is asked for, what is made for one's own goes alone.
            open_to_all = self._without_range.get(field, held)
            allowed = held | (allowed & open_to_all) if named or not held.any() else held
        return allowed

    @cached_property
    def _name_words(self) -> dict[str, list[int]]:
        """Where each word of a title or a kind stands."""
        found: dict[str, list[int]] = defaultdict(list)
        for at, item in enumerate(self.catalog.items):
            for word in {*_words(item.title), *_words(item.kind)}:
                found[word].append(at)
        return found

    @cached_property
    def _of_name(self) -> dict[str, list[int]]:
        return {}

    def _called(self, name: str) -> list[int]:
        """Return the positions of what is called by a name, kept: of the nouns that titles have there are few."""
        if name not in self._of_name:
            heads = {form.split()[0] for form in _forms(name) if form}
            near = sorted({at for head in heads for at in self._name_words.get(head, ())})
            self._of_name[name] = [at for at in near if called(self.catalog.items[at], name)]
        return self._of_name[name]

    def _fitting(self, constraint: Constraint) -> BoolArray:
        """Return which items have a range that holds a number; all, if there is no such column."""
        held = self.ranges.get(constraint.field)
        if held is None:
            return np.ones(len(self.catalog), dtype=np.bool_)
        number = float(constraint.value)  # type: ignore[arg-type]
        return np.asarray((held[:, 0] <= number) & (number <= held[:, 1]))

    def _mask(self, constraint: Constraint) -> BoolArray:
        """Return which items keep a constraint, in stock or not; not to be written to."""
        return self._kept(constraint.field, constraint.op, constraint.value, constraint.currency)

    @cached_property
    def _kept(self) -> Callable[[str, Op, Value, str], BoolArray]:
        """Makes masks, and keeps some: the limits of a turn are asked for again and again, in the next ones too."""
        return lru_cache(128, typed=True)(self._keeping)  # True is not 1 here

    def _keeping(self, field: str, op: Op, value: Value, currency: str) -> BoolArray:
        kept = self._masked(Constraint(field, op, value, currency=currency))
        kept.flags.writeable = False
        return kept

    def _masked(self, constraint: Constraint) -> BoolArray:
        field, op = constraint.field, constraint.op
        if field == "in_stock":
            return (self.catalog.in_stock == bool(constraint.value)) == (op == "is")
        if op == "fits":
            return self._fitting(constraint)
        if field == "title":
            said = np.zeros(len(self.catalog), dtype=np.bool_)
            said[[at for value in as_values(constraint) for at in self._called(value)]] = True
            return said == (op == "is")
        if field != "topic" and _is_numeric(constraint):
            column = self._columns.get(field)
            if field == "price" and constraint.currency not in ("", self.currency):
                column = self._prices(constraint.currency)
            if column is None:
                return np.full(len(self.catalog), op == "is_not")
            compare = _COMPARE.get(op, operator.eq)
            with np.errstate(invalid="ignore"):
                kept: BoolArray = np.asarray(compare(column, constraint.value))
            return ~kept if op == "is_not" else kept
        found = self._holding(field, as_values(constraint))
        if op == "is_not" and is_colour(of_header(field)[0]):
            items, refused = self.catalog.items, set(as_values(constraint))
            found[[at for at in np.flatnonzero(found) if not _in_no_other(items[at], field, refused)]] = False
        return found if op == "is" else ~found

    def _holding(self, field: str, values: Iterable[str]) -> BoolArray:
        """Return which items have one of some values in a column, or in their texts where these are a topic."""
        found = np.zeros(len(self.catalog), dtype=np.bool_)
        for value in values:
            if field == "topic":
                for phrase in topic_phrases(value):
                    found[self._with_phrase(phrase)] = True
            elif (at := self.postings.get(field, {}).get(value)) is not None:
                found[at] = True
            if field == "kind" and value in PARTS:
                found[[at for at, item in enumerate(self.catalog.items) if value in parts_of(item)]] = True
        return found

    def _with_phrase(self, phrase: str) -> np.ndarray:
        none = np.empty(0, dtype=np.int32)
        parts = phrase.split()
        at = self._topics.get(parts[0], none)
        for word in parts[1:]:
            at = np.intersect1d(at, self._topics.get(word, none), assume_unique=True)
        if len(parts) > 1:
            texts = (" " + " ".join(topic_words(self.catalog.items[i])) + " " for i in at)
            at = at[[f" {phrase} " in text for text in texts]] if len(at) else at
        return at
