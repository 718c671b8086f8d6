"""A shop's own columns: what people may limit, ask and compare by them, and in which words.

A column of yes and no is wanted by its name ("vegan"), a number by its name, its unit or what it is about ("under
1 kg", "over 60 litres", "the lightest"), a text by its values ("merino", "from Portugal"). Nothing has to be told of a
column but its header: ``weight_kg``, ``capacity (litres)``, ``gluten_free``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from retrieval import units
from retrieval.amounts import Held, Named
from retrieval.constraints import LEFT, Facets, as_values, number_of
from retrieval.flags import Flags
from retrieval.for_whom import ForWhom
from retrieval.grades import Grades
from retrieval.heads import heads
from retrieval.how_much import how_much
from retrieval.labels import COUNTED, label
from retrieval.measures import Column, Measures
from retrieval.numbers import COUNTS, LENGTH_FIELDS, Found, blank, number
from retrieval.qualities import Quality, quality_of, stem
from retrieval.ranges import bound_of, part_of
from retrieval.shades import is_colour
from retrieval.sizes import Sizes
from retrieval.text import forms, slip
from retrieval.types import Constraint, Op

# Columns that tell of taste: what has their values is liked, not demanded.
TASTES = frozenset(
    "moods mood themes theme tags keywords subjects subject topics topic style styles popularity".split()  # noqa: SIM905
)
_FEW = 120  # values of a column that sorts a catalogue, rather than naming people or telling a story
_SHARED = 1.25  # items that one of them has on average, at least
_IS_IT = r"\b(?:is|are)\s+(?:it|this|that|they|these)(?:\s+ones?)?\s+(?:(?:very|really|quite|so|that|rather)\s+)*"
_IS_ONE = r"^\W*(?:(?:and|so)\s+)?(?:is|are)\s+[^.?!,;]{1,60}?\s(?=[a-z]+\W*$)"  # "is the Trekker heavy?"
_WHERE_FROM = frozenset("country origin region place made_in country_of_origin".split())  # noqa: SIM905
_FOR_HOW_MANY = frozenset("sleeps people persons players serves servings seats portions".split())  # noqa: SIM905
_ROOM = frozenset("sleeps people persons seats berths".split())  # noqa: SIM905 - of these, more than are needed will do
_IT = r"(?:it|this|that|they|these|those)(?:\s+one)?"
_HOW_MANY = (
    r"\bhow\s+many\s+(?:players|persons|adults|kids|children|guests|of\s+us|(?:can|could|may)\s+(?:play|join|sit|sleep|eat|ride)"
    rf"|(?:is|are)\s+{_IT}\s+(?:\w+\s+)?for|(?:does|do|would|will)\s+{_IT}\s+(?:serve|feed|seat|sleep))\b"
)
_HOW_LONG = re.compile(
    r"\bhow\s+(?:long|many\s+(?:minutes|hours))\s+(?:does|do|did|will|would|can|should)\b|要?多久|多长时间"
)
_HOW_LONG_IS = re.compile(r"\bhow\s+(?:long\s+(?:is|are)|many\s+(?:minutes|hours))\b|\bhow\s+long\W*$")
_WHAT_AGE = re.compile(
    r"\b(?:what|which)\s+ages?\b|\bage\s+(?:range|limit|group|rating|recommendation)\b|\b(?:minimum|recommended)\s+age\b"
    r"|\bhow\s+old\s+(?:do|does|should|must)\b|\bfrom\s+what\s+age\b|几岁|多大年龄"
)
_WAITS = frozenset("delivery dispatch shipping lead warranty guarantee return returns".split())  # noqa: SIM905
_ASKED = (  # further wordings of questions, and the columns that answer them
    (re.compile(r"\bwhere\b[^.?!]*\b(?:from|made|come)\b|\bwhich\s+country\b|哪里(?:产|来)|产地"), _WHERE_FROM),
    (re.compile(r"\bmade\s+(?:out\s+)?of\b|什么材料|材质"), frozenset({"material", "materials", "ingredients"})),
    (re.compile(r"\b(?:what|which|other)\s+colou?rs?\b|什么颜色"), frozenset({"color", "colour", "colors", "colours"})),
    (re.compile(r"\b(?:what|which)\s+sizes?\b|\bhow\s+big\b|尺寸|多大"), frozenset({"size", "sizes", "dimensions"})),
    (re.compile(rf"\bhow\s+many\s+people\b|几个?人|{_HOW_MANY}", re.IGNORECASE), _FOR_HOW_MANY | {"size"}),
)
_DIVIDING = frozenset("animal animals pet species instrument sport vehicle device gender sex".split())  # noqa: SIM905
_NAMELESS = frozenset("number count quantity stock code id sku ean".split())  # noqa: SIM905 - words that name no measure
_FOR_PEOPLE = re.compile(
    rf"\b(?:for|fits?|sleeps?)\s+({'|'.join(COUNTS)}|\d{{1,2}})\b(?:\s+(?:people|persons?|adults|of\s+us))?"
    r"(?=\s*(?:$|[.,;!?]|(?:for|from|in|under|below|with|that|and|but|up|around|about)\b))",
    re.IGNORECASE,
)
_ROOMIER = 2  # what is for so many more will do, where nothing is for just so many
_MOST, _LEAST = (
    "most|highest|longest|biggest|largest|greatest|best|tallest|widest",
    "least|lowest|fewest|shortest|smallest",
)
_TYPED = 6  # letters of a column's name from which it may be misspelt
_MORE, _LESS = "more|higher|longer|bigger|larger|greater|better|taller|wider", "less|lower|fewer|shorter|smaller"
_TOO = r"(?<!\bnot )(?<!n't )(?<!n’t )(?<!\bnothing )(?<!\bnever )\btoo\s+"  # "not too heavy" compares with nothing
_HOW_BIG = re.compile(r"\bhow\s+(?:big|large|small)\b|多大")
_FEWEST_LEFT = re.compile(
    r"\b(?:nearly|almost|about\s+to\s+(?:be\s+)?|close\s+to\s+(?:being\s+)?)\s*(?:sold\s+out|out\s+of\s+stock|selling\s+out|sell\s+out)\b"
    r"|\b(?:which|what)\b[^.!?]*\b(?:(?:nearly|almost)\s+gone|(?:selling|running)\s+(?:out|low))\b"
    r"|\b(?:lowest|least|low)\s+(?:in|on)\s+stock\b|\bfewest\s+(?:\w+\s+)?(?:left|in\s+stock)\b"
    r"|快(?:要)?(?:卖完|售罄|没货)|库存最少",
    re.IGNORECASE,
)
_HOW_HOT = re.compile(r"\bhow\s+(?:hot|warm|cold)\b|\bhow\s+many\s+degrees\b|几度|多少度|多热|水温|温度")
_SIZES = ("size", "volume")  # dimensions of which "small" may be said: a small present weighs what it will


class Columns:
    """The own columns of one catalogue."""

    def __init__(self, facets: Facets) -> None:
        self._facets = facets
        self.has_moods = facets.knows("moods")
        attributes = dict.fromkeys(name for item in facets.catalog.items for name in item.attributes)
        self.named: Mapping[str, str] = {
            words: name for name in sorted(attributes) if len(words := units.of_header(name)[0]) > 2
        }
        self.numbers: Sequence[Column] = [
            Column(name, *units.of_header(name), quality_of(name))
            for name in attributes
            if name in facets.numeric_fields and name not in (*LENGTH_FIELDS, *TASTES) and not self._is_end(name)
        ]
        self.grades = Grades(facets)
        self._ordered = [
            *self.numbers,
            *(Column(f, names[-1], None, self.grades.quality(f)) for f, names in self.grades.names.items()),
        ]
        single = [c for c in self.numbers if c.field not in self._heads(facets)]
        bare = [c for c in single if c.unit is None and c.field not in COUNTED]
        lasts = [c.words.split()[-1] for c in bare]
        sized = [c for c in self.numbers if c.unit is not None and c.unit.dimension in ("size", "mass")]
        self.people = ForWhom(facets, self._kinds, [name for c in sized for name in c.names])
        held = Held(facets, self._kinds)
        self.made_in = Sizes(facets, self._kinds)
        self._measures = Measures(facets, single, held, self._kinds)
        self._named = Named(
            [(c.field, _called(c.words, last, lasts)) for c, last in zip(bare, lasts, strict=True)], held
        )
        self.flags: Mapping[str, str] = {
            units.wanted(name): name
            for name in attributes
            if (values := set(facets.postings.get(name, {}))) and values <= {"yes", "no"}
        }
        self._flags = Flags(self.flags)

    def bound(self, field: str, op: Op, number: float) -> Constraint:
        """Return the limit of a column to one side of a number, or of the rank of a grade."""
        return self.grades.bound(field, op, number) if field in self.grades else Constraint(field, op, number)

    @staticmethod
    def _heads(facets: Facets) -> list[str]:
        """Return the columns of ranges of people; "4" in one of them is a range like "2-4"."""
        return [field for field in facets.ranges if part_of(field) == "people"]

    def _is_end(self, field: str) -> bool:
        """Whether a column is one end of a range."""
        bound = bound_of(field)
        return bound is not None and bound[0] in self._facets.ranges

    def __contains__(self, field: str) -> bool:
        """Whether a field is one of the shop's own columns that people limit."""
        return (
            field in self._facets.ranges
            or field in self.flags.values()
            or any(c.field == field for c in self.numbers)
            or self.limits(field)
        )

    @cached_property
    def value_words(self) -> frozenset[str]:
        """The words of what the text columns hold: "down" is a word of "goose down"."""
        held = self._facets.postings
        return frozenset(w for field in held if self.limits(field) for value in held[field] for w in value.split())

    def ambiguous(self, value: str) -> bool:
        """Whether several text columns hold a value: blue pots, and blue flowers."""
        return sum(value in held and self.limits(field) for field, held in self._facets.postings.items()) > 1

    def limits(self, field: str) -> bool:
        """Whether naming a value of a text column demands it: "merino", "from Portugal"."""
        postings = self._facets.postings.get(field, {})
        own = field not in ("kind", "genres", "creators", "language", *TASTES)
        own = own and field not in self.flags.values() and field not in self._facets.ranges
        return own and 0 < len(postings) <= _FEW and _SHARED * len(postings) <= sum(map(len, postings.values()))

    def lists_colours(self, field: str) -> bool:
        """Whether a column lists the colours that an item comes in, one or several."""
        return field in self._colour_lists

    @cached_property
    def _colour_lists(self) -> frozenset[str]:
        fields = {name for name in self.named.values() if is_colour(units.of_header(name)[0])}
        items = self._facets.catalog.items
        return frozenset(name for name in fields if any(isinstance(x.attributes.get(name), tuple) for x in items))

    @staticmethod
    def divides(field: str) -> bool:
        """Whether a column says for whom or for what things are, so that "for a dog" is a limit like any other."""
        return bool(_DIVIDING.intersection(units.of_header(field)[0].split()))

    def occurs(self, limit: Constraint, kinds: Sequence[Constraint]) -> bool:
        """Whether some item of the kinds asked for, be it sold out, has a value that a limit asks for."""

        def among(one: Constraint) -> set[int]:
            held = self._facets.postings.get(one.field, {})
            return {int(at) for value in as_values(one) for at in held.get(value, ())}

        there = among(limit)
        return not there or not kinds or any(there & among(kind) for kind in kinds)

    @cached_property
    def _speaking(self) -> tuple[tuple[re.Pattern[str], Column, int, bool], ...]:
        """What singles out or compares by a quality: pattern, column, direction, and whether it is a superlative."""
        rows: list[tuple[str, Column, int, bool]] = []
        for column in self._ordered:
            names = "|".join(map(re.escape, column.names))
            for most, much, little in ((True, _MOST, _LEAST), (False, _MORE, _LESS)):
                rows.append((rf"(?<!\bat )\b(?:{much})\s+(?:\w+\s+)?(?:{names})\b", column, 1, most))
                rows.append((rf"(?<!\bat )\b(?:{little})\s+(?:\w+\s+)?(?:{names})\b", column, -1, most))
            rows.append((rf"{_TOO}(?:much|high(?:\s+in)?)\s+(?:{names})\b", column, -1, False))
        for column, sign, adjective in self.adjectives():
            root = stem(adjective)
            goes = r"(?:go|get|reach|come)\w*\s+" if adjective == "far" else ""  # "any further questions?"
            rows.append((rf"\b(?:{root}est|most\s+{adjective})\b", column, sign, True))
            rows.append(
                (rf"\b(?:{goes}{root}er|more\s+{adjective})\b|\bnot\s+{adjective}\s+enough\b", column, sign, False)
            )
            rows.append((rf"\bleast\s+{adjective}\b", column, -sign, True))
            rows.append((rf"\bless\s+{adjective}\b|{_TOO}{adjective}\b", column, -sign, False))
        return tuple((re.compile(p, re.IGNORECASE), column, sign, most) for p, column, sign, most in rows)

    def spelt(self, text: str) -> str:
        """Return a text in which the words of the columns' names are spelt as there: "plyers" as "players"."""
        known = {word for name in self.named for word in name.split() if len(word) >= _TYPED}

        def corrected(match: re.Match[str]) -> str:
            word = match.group().casefold()
            if word in known or self._facets.document_frequency(word):
                return match.group()
            return next((name for name in known if slip(word, name)), match.group())

        return re.sub(rf"\w{{{_TYPED - 1},}}", corrected, text)

    def adjectives(self) -> Iterator[tuple[Column, int, str]]:
        """Yield each adjective with its column and direction; "small" is of some size, where nothing says of which."""
        said = set()
        for column in self._ordered:
            for sign, words in ((-1, column.quality.little), (1, column.quality.much)) if column.quality else ():
                for adjective in words:
                    said.add(adjective)
                    yield column, sign, adjective
        sizes = [
            c for dimension in _SIZES for c in self.numbers if c.unit is not None and c.unit.dimension == dimension
        ]
        for sign, words in ((-1, ("small", "compact")), (1, ("big", "large"))) if sizes else ():
            yield from ((sizes[0], sign, adjective) for adjective in words if adjective not in said)
        if len(self._times) == 1 and not self._sized and "long" not in said:  # a shorter game takes less time
            yield from ((self._times[0], sign, adjective) for sign, adjective in ((-1, "short"), (1, "long")))
        if len(self._times) == 1:
            yield self._times[0], -1, "quick"

    @cached_property
    def _times(self) -> list[Column]:
        """The columns that tell how long something takes or lasts."""
        timed = [c for c in self.numbers if c.unit is not None and c.unit.dimension == "time"]
        return [c for c in timed if not _WAITS.intersection(c.words.split())]

    @cached_property
    def _sized(self) -> bool:
        """Whether columns tell how long a thing is."""
        return any(c.unit is not None and c.unit.dimension == "size" for c in self.numbers)

    @cached_property
    def sizes(self) -> tuple[str, ...]:
        """The columns of which "the biggest" may be said."""
        big = (c for c in self.numbers if c.quality is not None and "big" in c.quality.much)
        of_size = (c for c in self.numbers if c.unit is not None and c.unit.dimension in _SIZES)
        return tuple(dict.fromkeys(c.field for c in (*of_size, *big)))

    @cached_property
    def adjective_words(self) -> frozenset[str]:
        """The words for little and for much of what the columns measure."""
        return frozenset(adjective for _, _, adjective in self.adjectives())

    def extreme(self, text: str) -> tuple[tuple[str, int], bool] | None:
        """Return the measure by which one is singled out and whether of all there is: (("weight_kg", -1), True)."""
        if _FEWEST_LEFT.search(text) and self._facets.counts_stock:
            return (LEFT, -1), True
        for pattern, column, sign, superlative in self._speaking:
            if pattern.search(text):
                return (column.field, sign), superlative
        return None

    def relative(self, text: str) -> Iterator[tuple[str, Op, tuple[int, int]]]:
        """Yield (field, op, span) of the comparatives that a column decides: "something lighter"."""
        for pattern, column, sign, superlative in self._speaking:
            match = None if superlative else pattern.search(text)
            if match is not None and not re.match(r"\s+than\s+[-\d]", text[match.end() :]):
                yield column.field, ">" if sign > 0 else "<", match.span()

    def asked(self, text: str) -> list[str]:
        """Return the columns that a question asks about without naming them: "how heavy is it?"."""
        low = text.casefold()
        found = [
            column.field
            for column in self._ordered
            if (quality := column.quality) is not None
            and (
                re.search(rf"(?:\bhow\s+|{_IS_IT}|{_IS_ONE})(?:{'|'.join(_words_for(quality)) or '$^'})\b", low)
                or re.search(rf"\b(?:{'|'.join(map(_asking, quality.asked)) or '$^'})\b", low)
                or (column.unit and re.search(rf"\bhow\s+many\s+{re.escape(column.unit.name)}\b", low))
                or re.search(rf"\b(?:{'|'.join(quality.names)})\b", low)
            )
        ]
        found += self.amounts(low)
        found += self._flags.asked(low)
        if _HOW_HOT.search(low):
            found += [c.field for c in self.numbers if c.unit is not None and c.unit.dimension == "temperature"]
        if _HOW_BIG.search(low):
            found += [c.field for c in self.numbers if c.unit is not None and c.unit.dimension in _SIZES]
        if _HOW_LONG.search(low) or (_HOW_LONG_IS.search(low) and not self._sized):
            found += [c.field for c in self._times]
        if "age" in self.people.columns and _WHAT_AGE.search(low):
            found.append(self.people.columns["age"])
        texts = {name for name in self.named.values() if name in self._facets.postings}
        for pattern, names in _ASKED:
            if pattern.search(low):
                held = texts | ({name for name in self.named.values()} if names > _FOR_HOW_MANY else set())
                found += [name for name in sorted(held) if units.of_header(name)[0].replace(" ", "_") in names]
        return list(dict.fromkeys(found))

    def amounts(self, text: str) -> list[str]:
        """Return the columns that tell how much there is of a thing: "how much is in a bag?", "how many grams?"."""
        return how_much(text, self.numbers, self._facets.postings.get("kind", {}))

    def read(self, text: str, language: str) -> Iterator[Found]:
        """Yield the limits that a message sets on columns of numbers, in units of its own, and of yes and no.

        A limit in a unit that no column has is yielded without constraints, with what is lacking.
        """
        free = text.casefold()
        free = free if len(free) == len(text) else text
        readers: list[Callable[[str, str], Iterator[Found]]] = [
            self._none_of,
            self._flags.read,
            self.grades.read,
            self.made_in.read,
            self.made_in.who,
            self._for_people,
            self.people.read,
            self._named.read,
            *self._measures.readers,
        ]
        for reader in readers:
            found = list(reader(free, language))
            yield from found
            free = blank(free, [(one.start, one.end) for one in found])

    def _none_of(self, text: str, language: str) -> Iterator[Found]:
        """Yield the columns of which nothing is wanted, where some items have nothing of it: "without alcohol"."""
        for column in self.numbers:
            match = self._without(column).search(text)
            if match is not None and any(number_of(item, column.field) == 0 for item in self._facets.catalog.items):
                yield _one(match, Constraint(column.field, "<=", 0.0, label(column.field, "<=", 0.0, language)))

    def _for_people(self, text: str, language: str) -> Iterator[Found]:
        said = [(one.start, one.end, one.count) for one in heads(text)]
        for start, end, count in said or [(*m.span(), int(number(m[1]))) for m in _FOR_PEOPLE.finditer(text)]:
            more = range(count, count + _ROOMIER + 1) if said else (count,)
            values = next(filter(None, map(self._of_people, more)), [])  # for five there is what six have room in
            chosen = tuple(value for field, value in values if field == values[0][0])
            if chosen:
                field, value = values[0][0], chosen if len(chosen) > 1 else chosen[0]
                yield Found(start, end, (Constraint(field, "is", value, label(field, "is", value, language)),))
            elif room := self._room_for(count, language):
                yield Found(start, end, room)

    def _room_for(self, count: int, language: str) -> tuple[Constraint, ...]:
        """Return the limit to what has room for so many, by a column of numbers; () where none tells."""
        fields = (name for name in sorted(self._facets.numeric_fields) if units.of_header(name)[0] in _ROOM)
        return tuple(Constraint(f, ">=", float(count), label(f, ">=", float(count), language)) for f in fields)[:1]

    @staticmethod
    def _without(column: Column) -> re.Pattern[str]:
        """Return what asks for none of a column: "without alcohol", "non-alcoholic", "sugar-free"."""
        names = "|".join(map(re.escape, (*column.names, *(column.quality.asked if column.quality is not None else ()))))
        return re.compile(rf"\b(?:no|non|without|zero)[\s-]+(?:any\s+)?(?:{names})\b|\b(?:{names})[\s-]free\b")

    def _of_people(self, count: int) -> list[tuple[str, str]]:
        """Return (field, value) of the text columns that say for how many people something is: ("size", "2 person")."""
        held = self._facets.postings
        size = re.compile(rf"{count} (?:person|persons|people|man|men|berth)")
        return [
            (field, value) for field in held if self.limits(field) for value in held[field] if size.fullmatch(value)
        ]

    def _kinds(self, text: str) -> list[int]:
        """Return the positions of what is of the kinds that a message names, in full or else by their last words."""
        held = self._facets.postings.get("kind", {})
        named = [k for k in held if _says(text, k)] or [k for k in held if _says(text, k.rpartition(" ")[2])]
        return [at for kind in named for at in held[kind].tolist()]


def _words_for(quality: Quality) -> tuple[str, ...]:
    return (*quality.little, *quality.much, *quality.asked)


def _asking(word: str) -> str:
    """Return what asks for a measure by a verb: how much it holds, but not whether it holds the heat."""
    return rf"how\s+(?:much|many)\b[^.?!]*?\b{word}" if word in ("hold", "holds") else word


def _says(text: str, name: str) -> bool:
    """Whether a message says a name, in the singular or the plural."""
    return re.search(rf"\b(?:{'|'.join(map(re.escape, forms(name)))})\b", text) is not None


def _called(words: str, last: str, lasts: Sequence[str]) -> list[str]:
    """Return what a column without a unit is called: its name, and the last word of it where that is its alone."""
    alone = len(last) > 3 and last not in _NAMELESS and lasts.count(last) == 1
    return [form for name in (words, *([last] if alone else ())) for form in forms(name)]


def _one(match: re.Match[str], constraint: Constraint) -> Found:
    return Found(*match.span(), (constraint,))
