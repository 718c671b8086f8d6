"""From what people write to typed constraints (hard limits) and wishes (soft preferences), in English and Chinese.

Hard is what can be checked against a column and is said as a limit: years, prices, lengths, a kind, a genre asked for,
"by …", a language, and every "no …". Soft is what tells taste: moods, themes, and whatever follows "I like".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace
from functools import partial

from retrieval import numbers as numeric
from retrieval.clauses import Clauses, Reading
from retrieval.columns import Columns
from retrieval.constraints import Facets
from retrieval.counts import Counts
from retrieval.described import Describer
from retrieval.groups import Groups
from retrieval.hits import FOR_CHILDREN, Hits, likeliest_makers
from retrieval.labels import label
from retrieval.lexicon import genres_full_of, part_called, shared_origins
from retrieval.limiting import HARD_FIELDS, Limiting
from retrieval.nearest import Nearest
from retrieval.parsed import Parsed, Told, Wish, as_tuple, joined, spanned
from retrieval.passing import unsuited
from retrieval.phrases import Phrases
from retrieval.purposes import Purposes
from retrieval.quantities import without_quantities
from retrieval.refusals import also_refused, lacks_one, refused_words
from retrieval.short import ShortNames
from retrieval.stances import Hit, Stance, agreed, asked_after, complained_of, stances
from retrieval.tails import Tails
from retrieval.text import Token, forms, normalize, tokenize
from retrieval.things import Things
from retrieval.types import Constraint, Op
from retrieval.untold import untold

_ALL_BUT = re.compile(r"\b((?:any|every)thing|all|any\s+colou?r)(\s+)but\b", re.IGNORECASE)
_OTHER_COLOURS = re.compile(r"\b(other)\s(colou?rs?)\s+(?=than\b)", re.IGNORECASE)
_NOTHING_HERE = re.compile(  # "you have nothing from Africa among them?" wants some
    r"\b(?:you(?:'ve|\s+have)?(?:\s+got)?|have\s+you(?:\s+got)?|is\s+there|^|(?<=[.!?]))\s*\b(nothing)\b(?=\s+(?:from|by|about|with|in)\b[^.!?]*\?)",
    re.IGNORECASE,
)
_ALLOWED = re.compile(
    r"\b(?:don'?t|do\s+not|wouldn'?t)\s+mind\s+(?:a\s+(?:bit|little)(?:\s+of)?\s+|some\s+|any\s+)?(\w+)", re.IGNORECASE
)
_AT_MOST = re.compile(r"\b(?:no|not)\s+(?:more|less|fewer)\s+than\b", re.IGNORECASE)  # refuses nothing
_FOR_ALL = re.compile(r"\b(?:for|in)\s+(?:the|my|our|his|her|their|a)\s+(?:new\s+)?(\w+)\b(?!\s+\w)", re.IGNORECASE)
_SUBTITLES = re.compile(
    r"(?:\b(?:no|without|nothing\s+with|hates?|dislikes?|avoids?|(?:do(?:es)?n'?t|do(?:es)?\s+not|can'?t)\s+(?!mind\b)(?:\w+\s+){1,2}?)\s*"
    r"(?:films?\s+with\s+)?(?:any\s+)?|(?:不要|不想看|不看|没有|无|讨厌)(?:带|有)?)(?:subtitles|subs\b|字幕)(?:的|片)*",
    re.IGNORECASE,
)


def _untold(start: int, end: int) -> Told:
    return ""


class Parser:
    """Parses messages against the facets of one catalogue.

    Attributes:
        columns: the catalogue's own.
        phrases: what people call its values.
        short_names: finds its goods by words of their titles.
        things: the nouns that those titles have besides.
        tails: the words with which its kinds end.
        purposes: tells what is wanted from what that is for.

    Args:
        facets: what the catalogue holds.
        describer: reads moods and genres that are described; None reads only those that are named.
        english: words that are no slips of the keyboard; None corrects none.
    """

    def __init__(
        self, facets: Facets, describer: Describer | None = None, english: Container[str] | None = None
    ) -> None:
        self._facets = facets
        self.columns = Columns(facets)
        self.phrases = Phrases(facets, self.columns, english)
        self.short_names = ShortNames(facets, self.phrases.plain_words, self.phrases.is_english)
        self.things = Things(facets, self.phrases.plain_words, self.phrases.is_english)
        self.tails = Tails(facets)
        self._limiting = Limiting(facets, self.columns, self.phrases, self.carries)
        self._counts = Counts(facets, self.columns)
        self._groups = Groups(facets)
        self._nearest = Nearest(facets, describer.encoder if describer is not None else None)
        self._hits = Hits(facets, self.columns, self.phrases)
        self.purposes = Purposes(facets, self.columns, self.phrases, self.things, self._nearest)
        self._clauses = Clauses(facets, describer, lambda field, vs, lang: self._constraint(field, vs, True, lang))

    @property
    def of_works(self) -> bool:
        """Whether the catalogue is one of works: films, books, music; else it is one of goods."""
        return self._facets.of_works

    def carries(self, field: str, value: str) -> bool:
        """Whether any item has a canonical value of a field, or the catalogue does not have the field at all."""
        return not self._facets.knows(field) or value in self._facets.postings.get(field, {})

    def is_quality(self, word: str) -> bool:
        """Whether a word stands in columns of its own only, and for no colour: "peru", of origins."""
        meant = self.phrases.meanings.get(word, ())
        return bool(meant) and all(self.columns.limits(f) and not self.columns.lists_colours(f) for f, _ in meant)

    def asks_for(self, text: str, start: int) -> bool:
        """Whether a message asks at a place for things of a sort, rather than for the one item that bears a name."""
        tokens = tokenize(text)
        things = [hit for hit in self.things.find(text, tokens) if tokens[hit.start].start == start]
        return any(self.things.several(hit.values[0]) and self.things.is_asked_for(text, tokens, hit) for hit in things)

    def for_all(self, text: str) -> list[tuple[int, int]]:
        """Return where a message says that something is for what the whole shop is for: "for the kitchen"."""
        found = (m for m in _FOR_ALL.finditer(text) if not self.phrases.get(normalize(m[1])))
        return [m.span() for m in found if self._nearest.is_of_all(normalize(m[1]))]

    def parse(
        self,
        text: str,
        taken: Iterable[tuple[int, int]] = (),
        language: str = "en",
        told: Callable[[int, int], Told] = _untold,
    ) -> Parsed:
        """Parse a message.

        Args:
            text: what the person wrote.
            taken: character spans that are titles and therefore say nothing about facets.
            language: the language of the chips' labels, "en" or "zh".
            told: what the whole message makes of the words in a span, where that is known.
        """
        free = numeric.blank(text, taken)
        free = numeric.blank(free, [m.span(1) for m in _NOTHING_HERE.finditer(free)])
        found = Reading()
        free = self._without_untold(found, free)
        self._counts.take(found, free, told, language)
        self._take_subtitles(found, free, language)
        found.hard = list(found.spans)
        compared = list(self.columns.relative(free))
        found.spans.extend(span for _, _, span in compared)
        free = self._clauses.take(found, _without_turns(numeric.blank(free, found.spans)), told, language)
        tokens = tokenize(free)
        hits, described = self._named(free, tokens)
        covered = {at for hit in hits for at in range(hit.start, hit.end)}
        if not self._facets.of_works:
            limit = partial(self._limit, language)
            hits = self.purposes.read(found, free, tokens, hits, tuple(taken), limit)
        groups = self._groups.find(free, tokens, covered)
        covered.update(at for hit in groups for at in range(hit.start, hit.end))
        hits = self._by_other_names(free, tokens, sorted([*hits, *groups], key=lambda hit: hit.start), covered)
        self._take_hits(found, free, tokens, hits, told, language)
        for hit, stance in described:
            meant = _meant(hit, stance, told(tokens[hit.start].start, tokens[hit.end - 1].end))
            self._clauses.take_described(found, text, tokens, hit, meant, language)
        self._take_refusals(found, free, tokens, covered, told, language)
        found.constraints = self._limiting.without_strays(text, sorted(found.constraints, key=lambda pair: pair[0]))
        self._limiting.soften(found, text)
        return self._parsed(found, text, free, [(field, op) for field, op, _ in compared], language)

    def _parsed(
        self, found: Reading, text: str, free: str, compared: Sequence[tuple[str, Op]], language: str
    ) -> Parsed:
        """Put together what has been found: the limits of one column joined, the comparatives that are no limits."""
        merged = joined(
            spanned([c for _, c in found.constraints], language),
            lambda field, op, values: self._label(field, op, values, language),
            self._limiting.both(free, found.constraints),
        )
        return Parsed(
            constraints=merged,
            wishes=tuple(found.wishes),
            relative=(*_relative(free, merged), *(one for one in compared if one[0] not in {c.field for c in merged})),
            spans=tuple(sorted(found.spans)),
            hard=tuple(sorted(found.hard)),
            refused=tuple(sorted(found.refused)),
            implied=self._implied(merged, language),
            opened=tuple(found.opened),
            unchecked=tuple(found.unchecked),
            taken_back=tuple(found.taken_back),
            owned=tuple(found.owned),
            allowed=(*(normalize(match[1]) for match in _ALLOWED.finditer(text)), *found.allowed),
        )

    def _without_untold(self, found: Reading, text: str) -> str:
        """Note what is asked that no column tells of, and return the text without what says nothing else."""
        asked = list(untold(text, self._facets))
        found.unchecked.extend(dict.fromkeys(name for name, _, _ in asked if name))
        taken = [span for _, span, alone in asked if alone]
        found.spans.extend(taken)
        found.hard.extend(taken)
        return numeric.blank(text, taken)

    def _take_subtitles(self, found: Reading, text: str, language: str) -> None:
        """Read "no subtitles" as a limit: what needs none is in the language that the person speaks."""
        match = _SUBTITLES.search(text) if self._facets.knows("language") else None
        if match is not None:
            found.constraints.append((match.start(), self._constraint("language", (language,), False, language)))
            found.spans.append(match.span())

    def _named(self, text: str, tokens: Sequence[Token]) -> tuple[list[Hit], list[tuple[Hit, Stance]]]:
        """Return the values that a message names, and those that it describes, each with what it does with them."""
        hits = without_quantities(text, tokens, list(self._hits.find(text, tokens)))
        hits = [hit for hit in hits if not (self.tails.is_tail(tokens, hit) and self._is_anything(tokens, hit))]
        hits = self.phrases.headed.things(tokens, hits)
        described = list(self._clauses.described(text, tokens, hits))
        # "Something that helps me unwind after work" is not about work.
        moods = {at for hit, _ in described if hit.field == "moods" for at in range(hit.start, hit.end)}
        return [hit for hit in hits if hit.start not in moods or hit.field in ("kind", *HARD_FIELDS)], described

    def _take_refusals(
        self,
        found: Reading,
        text: str,
        tokens: Sequence[Token],
        covered: set[int],
        told: Callable[[int, int], Told],
        language: str,
    ) -> None:
        """Refuse the words that a message refuses and that name no value."""
        known = self.columns.value_words
        besides = list(also_refused(text, tokens, covered, self._held, known))
        refused = [r for r in refused_words(text, tokens, covered, self._held, known) if r not in besides]
        refused = [r for r in refused if told(r[0], r[1]) not in ("idle", "aside", "wanted")]
        for start, end, topic in (*refused, *besides):
            found.spans.append((start, end))
            found.hard.append((start, end))
            found.refused.append((start, end))
            none = self.columns.grades.none_of(topic, language)
            found.constraints.append((start, none or self._constraint("topic", (topic,), True, language)))

    def _by_other_names(self, text: str, tokens: Sequence[Token], hits: Sequence[Hit], covered: set[int]) -> list[Hit]:
        """Return what a message names, with the kinds that it asks for by names that the catalogue does not have."""
        if not any(hit.field in ("kind", "title") for hit in hits):
            return sorted([*hits, *self._nearest.find(text, tokens, covered)], key=lambda hit: hit.start)
        return [
            (self._nearest.of_two(text, tokens, hit, covered) or hit) if self.tails.is_tail(tokens, hit) else hit
            for hit in hits
        ]

    def _take_hits(
        self,
        found: Reading,
        free: str,
        tokens: Sequence[Token],
        hits: Sequence[Hit],
        told: Callable[[int, int], Told],
        language: str,
    ) -> None:
        """Take over what a message does with the values that it names; what it also refuses, it asks for nowhere."""
        taken_up: list[Stance] = [
            "said" if hit.purpose and stance == "refused" and not unsuited(free[: tokens[hit.start].start]) else stance
            for hit, stance in zip(hits, stances(free, tokens, hits), strict=True)
        ]
        hits = [_in_part(found, free, tokens, hit, one) for hit, one in zip(hits, taken_up, strict=True)]
        refused = {v for hit, stance in zip(hits, taken_up, strict=True) if stance == "refused" for v in hit.values}
        hits = self.tails.meant(tokens, hits, taken_up, self._is_of_column)
        hits = likeliest_makers(hits, self._facets)
        for hit, stance in zip(hits, taken_up, strict=True):
            if stance == "said" and refused.intersection(hit.values):  # "no orchid, everybody gives her orchids"
                found.hard.append((tokens[hit.start].start, tokens[hit.end - 1].end))
                continue
            before = [t.norm for t in tokens[: hit.start]]
            words_told = self._limiting.words_told(hit, told(tokens[hit.start].start, tokens[hit.end - 1].end), before)
            if stance == "refused" and ((words_told == "idle" and lacks_one(before)) or before[-1:] == ["non"]):
                words_told = "refused"  # "a film without any obsession", whatever it is taken for
            if complained_of(free, tokens[hit.start].start, tokens[hit.end - 1].end):
                words_told = "refused"
            if asked_after(free, tokens[hit.start].start, tokens[hit.end - 1].end):
                words_told = "wanted"
            meant = _meant(hit, stance, words_told)
            if meant is not None:
                self._take(found, free, tokens, hit, meant, language)

    def _take(
        self, found: Reading, text: str, tokens: Sequence[Token], hit: Hit, stance: Stance, language: str
    ) -> None:
        """Take over what a message does with a value that it names."""
        start, end = tokens[hit.start].start, tokens[hit.end - 1].end
        if hit.field == "language" and normalize(text[start:end]) in shared_origins():
            found.unchecked.append("country")
        if stance != "allowed":
            found.spans.append((start, end))
        if stance in ("refused", "both") or (stance == "said" and self._limiting.is_hard(text, tokens, hit)):
            found.hard.append((start, end))
            if stance == "refused":
                found.refused.append((start, end))
            said = normalize(text[start:end])
            if stance == "refused" and said in self.phrases.modifiers:
                hit = replace(hit, field="topic", values=(said,))  # "no gas" refuses more than gas stoves
            field = self._limited(hit, stance)
            found.constraints.append((start, self._constraint(field, hit.values, stance == "refused", language)))
        elif stance == "allowed" and agreed(text, tokens, hit):
            found.allowed.extend((normalize(text[start:end]), *hit.values))
            found.wishes.extend(Wish(hit.field, v, text[start:end], start) for v in hit.values if v != "yes")
        elif stance == "not_only" and hit.field == "kind":
            found.opened.append("kind")
        elif stance in ("taken_back", "denied"):
            found.hard.append((start, end))
            found.allowed.extend(hit.values if stance == "denied" else ())  # a refusal goes, too
            found.taken_back.extend((hit.field, value) for value in hit.values)
        elif stance in ("said", "not_only"):
            found.wishes.extend(Wish(hit.field, value, text[start:end], start) for value in hit.values)

    def _limited(self, hit: Hit, stance: Stance) -> str:
        """Return the field in which a value is demanded or refused; a genre that no item has would refuse nothing."""
        kept = (*HARD_FIELDS, *self.columns.flags.values(), *(("moods",) if self._facets.of_works else ()))
        own = (stance != "refused" or hit.purpose) and self.columns.limits(hit.field)
        listed = stance == "refused" and self.columns.lists_colours(hit.field)  # what comes in others too may stay
        lacking = hit.field == "genres" and not any(self.carries("genres", value) for value in hit.values)
        return hit.field if (own or listed or hit.field in kept) and not lacking else "topic"

    def _implied(self, constraints: Sequence[Constraint], language: str) -> tuple[Constraint, ...]:
        refused = [m for c in constraints if (c.field, c.op) == ("moods", "is_not") for m in as_tuple(c.value)]
        genres = dict.fromkeys(genre for mood in refused for genre in genres_full_of(mood))
        held = self._facets.postings.get("genres", {})
        return tuple(self._constraint("genres", (genre,), True, language) for genre in genres if genre in held)

    def _is_anything(self, tokens: Sequence[Token], hit: Hit) -> bool:
        return self._nearest.is_anything(tokens[hit.start].norm)

    def _is_of_column(self, word: str) -> bool:
        """Whether a word is a value of a column other than that of kinds."""
        return any(field == "genres" or field in self.columns for field, _ in self.phrases.meanings.get(word, ()))

    def _held(self, word: str) -> bool:
        return any(self._facets.document_frequency(form) for form in forms(word))

    def _constraint(self, field: str, values: tuple[str, ...], no: bool, language: str) -> Constraint:
        value = values if len(values) > 1 else values[0]
        op: Op = "is_not" if no else "is"
        return Constraint(field, op, value, self._label(field, op, value, language))

    def _limit(self, language: str, hit: Hit, no: bool) -> Constraint:
        return self._constraint(hit.field, hit.values, no, language)

    def _label(self, field: str, op: Op, value: str | tuple[str, ...], language: str) -> str:
        kinds = self._facets.postings.get("kind", {})
        return label(field, op, value, language, self._facets.currency, self._facets.name, kinds)


def _without_turns(text: str) -> str:
    """Return a message, of the same length, without the turns of phrase that refuse nothing: "any colour but black"."""
    text = _ALL_BUT.sub(r"\1\2not", _OTHER_COLOURS.sub(r"\2 \1 ", text))
    return numeric.blank(text, [m.span() for m in _AT_MOST.finditer(text)])


def _meant(hit: Hit, stance: Stance, told: Told) -> Stance | None:
    """Return what a message does with a value, by rule and by what the whole of it makes of the words; None: nothing.

    What is allowed or taken back asks for nothing, so there the whole message has no say; nor has it for whom it is.
    """
    for_whom = stance == "said" and (hit.field == "audience" or hit.values in (FOR_CHILDREN, ("yes",)))
    if stance not in ("said", "refused", "of_what") or for_whom:
        return stance
    if told == "aside" or (told == "idle" and (hit.field != "kind" or stance == "refused")):
        return None  # who wants advice for a "movie night" may be given films; who never agrees on films refuses none
    if told == "known":  # who has all of Pessoa already wants none of his
        return "refused" if hit.field == "creators" else stance
    if told == "refused" and stance == "said":
        return "refused"
    return "said" if told == "wanted" and stance == "refused" else stance


def _in_part(found: Reading, text: str, tokens: Sequence[Token], hit: Hit, stance: Stance) -> Hit:
    """Return a kind by its part where a message refuses only that: "no novels". Asked for, it is refused no longer."""
    word = normalize(text[tokens[hit.start].start : tokens[hit.end - 1].end])
    part = part_called(hit.values[0], word) if hit.field == "kind" else ""
    if part and stance != "refused":
        found.allowed.append(part)
    return replace(hit, values=(part,)) if part and stance in ("refused", "denied") else hit


def _relative(text: str, constraints: Sequence[Constraint]) -> tuple[tuple[str, Op], ...]:
    """Return the comparatives of a text, but for what it says outright: "anything older, from the 60s"."""
    whole = {"decade": "year"} | dict.fromkeys(numeric.LENGTH_FIELDS, "length")
    said = {whole.get(limit.field, limit.field) for limit in constraints}
    return tuple((field, op) for field, op in numeric.relative(text) if field not in said)
