"""From what people write to typed constraints (hard limits) and wishes (soft preferences), in English and Chinese.

Hard is what can be checked against a column and is said as a limit: years, prices, lengths, a kind, a genre asked for,
"by …", a language, and every "no …". Soft is what tells taste: moods, themes, and whatever follows "I like".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from bm25s.stopwords import STOPWORDS_EN_PLUS
from rapidfuzz.distance import DamerauLevenshtein

from retrieval import numbers as numeric
from retrieval.columns import Columns, forms, graded
from retrieval.constraints import Facets
from retrieval.described import Describer
from retrieval.endings import REFUSED, WISHED, endings
from retrieval.grownups import not_for_children
from retrieval.labels import label
from retrieval.lexicon import genres_full_of, of_country, origins, shared, shared_origins, synonyms, vocabulary
from retrieval.parsed import Parsed, Told, Wish, as_tuple, joined, spanned
from retrieval.short import ShortNames
from retrieval.stances import JOINS, Hit, Stance, stances
from retrieval.text import Token, is_cjk, normalize, tokenize, words
from retrieval.types import Constraint, Op

_ALL_BUT = re.compile(r"\b((?:any|every)thing|all)(\s+)but\b", re.IGNORECASE)
_NOTHING_HERE = re.compile(  # "you have nothing from Africa among them?" wants some
    r"\b(?:you(?:'ve|\s+have)?(?:\s+got)?|have\s+you(?:\s+got)?|is\s+there|^|(?<=[.!?]))\s*\b(nothing)\b(?=\s+(?:from|by|about|with|in)\b[^.!?]*\?)",
    re.IGNORECASE,
)
_ALLOWED = re.compile(
    r"\b(?:don'?t|do\s+not|wouldn'?t)\s+mind\s+(?:a\s+(?:bit|little)(?:\s+of)?\s+|some\s+|any\s+)?(\w+)", re.IGNORECASE
)
_BY = re.compile(r"\bby\b")
_AT_MOST = re.compile(r"\b(?:no|not)\s+(?:more|less|fewer)\s+than\b", re.IGNORECASE)  # refuses nothing
_SUBTITLES = re.compile(
    r"(?:\b(?:no|without|nothing\s+with|hates?|dislikes?|avoids?|(?:do(?:es)?n'?t|do(?:es)?\s+not|can'?t)\s+(?:\w+\s+){1,2}?)\s*"
    r"(?:films?\s+with\s+)?(?:any\s+)?|(?:不要|不想看|不看|没有|无|讨厌)(?:带|有)?)(?:subtitles|subs\b|字幕)(?:的|片)*",
    re.IGNORECASE,
)
_ABOUT = frozenset(
    """
    about with featuring involving concerning around
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_WITH_SOMEBODY = frozenset({"obsessed", "familiar", "done", "start", "happy", "up", "bored", "ok", "okay", "fine"})
_CJK_ABOUT = ("关于", "有关", "带有", "讲")
_LIKING = frozenset(
    """
    like likes liked love loves loved enjoy enjoys enjoyed prefer adore into especially mostly fan
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_CJK_LIKING = ("喜欢", "爱看", "特别是", "尤其", "偏爱", "爱")
_ASKING = re.compile(
    r"\b(i'?d|would|we'?d|id|feel|feels|something|anything|looks|sounds|more)\s+(really\s+)?(like|love|prefer)\b"
)
_STOP_TOPICS = frozenset(
    """
    a an the it that this them one ones any anything something much many more less too very so my your me
    you i in on at sure interested idea now thanks today tonight problem worries really only good bad great
    longer shorter later earlier older newer yet quite exactly either necessarily all anymore for like want
    because another other heard seen read played known plot plots story stories ending endings scene scenes
    complicated kind sort thing things people lot
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
# Words that name a genre only next to a kind ("country music"), and something else elsewhere ("in my country").
_AMBIGUOUS = frozenset(
    """
    country soul metal rock pop art family war design writing history science score rhythm management
    business folk latin experimental indie survival racing stealth fighting sim punk children crime kids
    teen games
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_FOR_CHILDREN = ("children", "family")  # genres, where the catalogue has no column for the audience
_OF_WORKS = ("audience", "genres", "moods")
_HARD_FIELDS = ("kind", "audience", "language", "genres", "creators")
_IDIOMS = frozenset(  # no course, nothing energetic, no album, no language
    {(word, "american") for word in ("latin", "south", "african", "native", "north", "asian")}
    | {("of", "course"), ("how", "fast"), ("as", "fast")}
    | {(word, "record") for word in ("to", "world", "track", "on")}
    | {(word, "work") for word in ("one", "it", "this", "that", "they", "to", "will", "would", "does", "can", "not")}
)
_HATING = frozenset({"hate", "hates", "dislike", "dislikes"})
_REFUSING = frozenset(  # the two words before what is refused; "anything but" has become "anything not"
    {("cant", "stand"), ("cannot", "stand"), ("dont", "want"), ("not", "want"), ("not", "have"), ("no", "more"),
     ("anything", "not"), ("everything", "not"), ("tired", "of"), ("sick", "of"), ("spare", "me")}
)  # fmt: skip
_ANY_OF = frozenset({"any", "much", "too", "all"})
_PRIORITY = ("kind", "audience", "genres", "language", "moods", "creators")
_LONGEST_PHRASE = 8
_STUDIED = frozenset(  # what is done with a language, rather than with works in it
    """
    excuse my teach teaches taught learn learns learning study studies studying speak speaks year gcse
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_BEFORE_MAKERS = frozenset({"not", "no", "more", "another", "love", "like", "hate"})
_RARE = 2  # items whose texts hold a maker's name by chance
_BRIEF = 8  # words of a message in which a maker's name alone asks for their works
_TYPED = 4  # letters from which a word may be misspelt
_PLURAL = 5  # letters from which a word may be a plural
_PRESENTS = frozenset({"gift", "gifts", "present", "presents"})
_DETERMINERS = frozenset({"the", "my", "our", "his", "her", "their", "a", "an", "this", "that"})
_ALSO = JOINS | {"also", "plus", "but"}
_OFTEN = 0.2  # of the items that have the rarer of two values
_LONGEST_COUNTRY = 3  # "the Soviet Union"
_PARTICLES = ("le", "von", "van", "de", "del", "da", "di", "la")


def _untold(start: int, end: int) -> Told:
    return ""


class _Reading:
    """What has been found of a message so far; constraints with where they stand."""

    def __init__(self) -> None:
        self.constraints: list[tuple[int, Constraint]] = []
        self.spans: list[tuple[int, int]] = []
        self.hard: list[tuple[int, int]] = []
        self.refused: list[tuple[int, int]] = []
        self.wishes: list[Wish] = []
        self.opened: list[str] = []
        self.unchecked: list[str] = []
        self.taken_back: list[tuple[str, str]] = []


class Parser:
    """Parses messages against the facets of one catalogue.

    Attributes:
        columns: the catalogue's own.
        short_names: finds its goods by words of their titles.

    Args:
        facets: what the catalogue holds.
        describer: reads moods and genres that are described; None reads only those that are named.
        english: words that are no slips of the keyboard; None corrects none.
    """

    def __init__(
        self, facets: Facets, describer: Describer | None = None, english: Container[str] | None = None
    ) -> None:
        self._english = english
        self._facets = facets
        self._describer = describer
        self.columns = Columns(facets)
        self._phrases = self._gazetteer()
        self._longest = max((len(p.split()) for p in self._phrases), default=1)
        self._kind_words = {w for kind in vocabulary("kind") for w in synonyms("kind", kind)}
        self.short_names = ShortNames(facets, self._plain_words())

    @property
    def facet_words(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Every normalised phrase that stands for a facet value, with the (field, value) pairs it may mean."""
        return self._phrases

    @cached_property
    def common_words(self) -> frozenset[str]:
        """The phrases that make a bare title ambiguous: kinds, genres, moods, languages, topics."""
        fields = ("kind", "genres", "moods", "language", "topic")
        return frozenset(p for p, meanings in self._phrases.items() if any(f in fields for f, _ in meanings))

    @cached_property
    def own_words(self) -> frozenset[str]:
        """The phrases for kinds and genres that the lexicon does not know: of this catalogue alone."""
        known = {p for f in ("kind", "genres", "moods", "topic") for v in vocabulary(f) for p in synonyms(f, v)}
        values = (v for field in ("kind", "genres") for v in self._facets.postings.get(field, {}))
        return frozenset(p for value in values for p in synonyms("kind", value) if p not in known)

    def carries(self, field: str, value: str) -> bool:
        """Whether any item has a canonical value of a field, or the catalogue does not have the field at all."""
        return not self._facets.knows(field) or value in self._facets.postings.get(field, {})

    def _plain_words(self) -> frozenset[str]:
        """Return every word that says what something is like or of what kind, rather than naming it."""
        naming = ("creators", "topic")
        said = (p for p, meanings in self._phrases.items() if any(f not in naming for f, _ in meanings))
        return frozenset((*(word for phrase in said for word in phrase.split()), *STOPWORDS_EN_PLUS))

    def _gazetteer(self) -> dict[str, list[tuple[str, str]]]:
        phrases: dict[str, list[tuple[str, str]]] = {}
        for phrase, field, value in self._namings():
            if phrase and len(phrase.split()) <= _LONGEST_PHRASE:
                meanings = phrases.setdefault(phrase, [])
                if (field, value) not in meanings:
                    meanings.append((field, value))
        return phrases

    def _namings(self) -> Iterator[tuple[str, str, str]]:
        """Yield (phrase, field, value) for what the lexicon knows and for what the catalogue holds."""
        held = self._facets.postings
        for field in ("kind", "audience", "genres", "moods", "topic"):
            for value in vocabulary(field):
                if field in _OF_WORKS and not self._facets.of_works and value not in held.get(field, {}):
                    continue  # in a shop of tents "light" is no mood, and "rock" no music
                yield from ((phrase, field, value) for phrase in synonyms(field, value))
        for name, field in self.columns.flags.items():
            yield name, field, "yes"
        for field, postings in held.items():
            for value in postings:
                yield from ((phrase, field, value) for phrase in self._called(field, value))

    def _called(self, field: str, value: str) -> Iterator[str]:
        """Yield what people call a value that the catalogue holds."""
        if field == "genres" and not self._facets.of_works:
            yield from (*graded(value), *self._modifiers(value))
        if field == "creators":
            yield from (value, _surname(value), *synonyms(field, value))
        elif field in ("kind", "genres") or self.columns.limits(field):
            yield from (form for phrase in synonyms(field, value) for form in forms(phrase))
            yield from of_country(value)
        elif field == "language":  # its code is left out: "it", "no" and "so" are words first
            yield from (phrase for phrase in synonyms(field, value) if len(phrase) > 2)
            yield from shared(value)
        elif value not in ("yes", "no"):  # a column of yes and no gives no words for its values
            yield from synonyms(field, value)

    def _modifiers(self, value: str) -> Iterator[str]:
        """Yield what is left of a sort of goods without its kind: "black" of "black tea"."""
        head, _, last = value.rpartition(" ")
        kinds = self._facets.postings.get("kind", {})
        plain = head not in STOPWORDS_EN_PLUS and head not in self._facets.postings["genres"]
        if head and plain and any(form in kinds for form in forms(last)):
            yield head

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
        found = _Reading()
        measured = list(self.columns.read(free, language))
        rest = numeric.blank(free, [(limit.start, limit.end) for limit in measured])
        for number in (*measured, *numeric.parse(rest, self._facets, language)):
            if told(number.start, number.end) == "aside":
                continue  # "order 4471, it cost over $30"; who asks for advice sets a limit
            found.constraints.extend((number.start, c) for c in number.constraints)
            found.unchecked.extend([number.lacking] if number.lacking else [])
            found.spans.append((number.start, number.end))
        subtitles = _SUBTITLES.search(free) if self._facets.knows("language") else None
        if subtitles is not None:  # what needs none is in the language that the person speaks
            found.constraints.append((subtitles.start(), self._constraint("language", (language,), False, language)))
            found.spans.append(subtitles.span())
        found.hard = list(found.spans)
        compared = []
        for field, op, span in self.columns.relative(free):
            compared.append((field, op))
            found.spans.append(span)
        free = numeric.blank(free, found.spans)
        free = _ALL_BUT.sub(r"\1\2not", free)  # of the same length, so that offsets stay true
        free = numeric.blank(free, [m.span() for m in _AT_MOST.finditer(free)])
        free = self._take_endings(found, free, told, language)
        free = self._take_grown_ups(found, free, language)
        tokens = tokenize(free)
        hits = list(self._hits(free, tokens))
        described = list(self._described(free, tokens, hits))
        # "Something that helps me unwind after work" is not about work.
        moods = {at for hit, _ in described if hit.field == "moods" for at in range(hit.start, hit.end)}
        hits = [hit for hit in hits if hit.start not in moods or hit.field in ("kind", *_HARD_FIELDS)]
        for hit, stance in zip(hits, stances(free, tokens, hits), strict=True):
            words_told = self._told(hit, told(tokens[hit.start].start, tokens[hit.end - 1].end))
            before = [t.norm for t in tokens[: hit.start]]
            if stance == "refused" and ((words_told == "idle" and _lacks(before)) or before[-1:] == ["non"]):
                words_told = "refused"  # "a film without any obsession", whatever it is taken for
            meant = _meant(hit, stance, words_told)
            if meant is not None:
                self._take(found, free, tokens, hit, meant, language)
        for hit, stance in described:
            meant = _meant(hit, stance, told(tokens[hit.start].start, tokens[hit.end - 1].end))
            self._take_described(found, text, tokens, hit, meant, language)
        covered = {at for hit in hits for at in range(hit.start, hit.end)}
        for start, end, topic in self._free_topics(free, tokens, covered, told):
            found.spans.append((start, end))
            found.hard.append((start, end))
            found.refused.append((start, end))
            found.constraints.append((start, self._constraint("topic", (topic,), True, language)))
        found.constraints.sort(key=lambda pair: pair[0])
        merged = joined(
            spanned([c for _, c in found.constraints], language),
            lambda field, op, values: self._label(field, op, values, language),
            self._both(free, found.constraints),
        )
        return Parsed(
            constraints=merged,
            wishes=tuple(found.wishes),
            relative=(*_relative(free, merged), *compared),
            spans=tuple(sorted(found.spans)),
            hard=tuple(sorted(found.hard)),
            refused=tuple(sorted(found.refused)),
            implied=self._implied(merged, language),
            opened=tuple(found.opened),
            unchecked=tuple(found.unchecked),
            taken_back=tuple(found.taken_back),
            allowed=tuple(normalize(match[1]) for match in _ALLOWED.finditer(text)),
        )

    def _take(
        self, found: _Reading, text: str, tokens: Sequence[Token], hit: Hit, stance: Stance, language: str
    ) -> None:
        """Take over what a message does with a value that it names."""
        start, end = tokens[hit.start].start, tokens[hit.end - 1].end
        if hit.field == "language" and normalize(text[start:end]) in shared_origins():
            found.unchecked.append("country")
        if stance != "allowed":
            found.spans.append((start, end))
        if stance in ("refused", "both") or (stance == "said" and self._is_hard(text, tokens, hit)):
            found.hard.append((start, end))
            if stance == "refused":
                found.refused.append((start, end))
            kept = (*_HARD_FIELDS, *self.columns.flags.values(), *(("moods",) if self._facets.of_works else ()))
            own = stance != "refused" and self.columns.limits(hit.field)
            field = hit.field if own or hit.field in kept else "topic"
            found.constraints.append((start, self._constraint(field, hit.values, stance == "refused", language)))
        elif stance == "not_only" and hit.field == "kind":
            found.opened.append("kind")
        elif stance == "taken_back":
            found.hard.append((start, end))
            found.taken_back.extend((hit.field, value) for value in hit.values)
        elif stance in ("said", "not_only"):
            found.wishes.extend(Wish(hit.field, value, text[start:end], start) for value in hit.values)

    def _take_described(
        self, found: _Reading, text: str, tokens: Sequence[Token], hit: Hit, stance: Stance | None, language: str
    ) -> None:
        """Take over what a message does with a value that it describes."""
        start = tokens[hit.start].start
        if stance == "refused":
            found.refused.append((start, tokens[hit.end - 1].end))
            found.constraints.append((start, self._constraint(hit.field, hit.values, True, language)))
        elif stance == "said":
            found.wishes.append(Wish(hit.field, hit.values[0], text[start : tokens[hit.end - 1].end], start))

    def _take_endings(self, found: _Reading, text: str, told: Callable[[int, int], Told], language: str) -> str:
        """Take over how a work is to end, and return the text without it."""
        moods, spans = self._facets.postings.get("moods", {}), []
        for start, end, happy in endings(text):
            known = {mood for mood in (*WISHED[happy], *REFUSED[happy]) if mood in moods}
            if known and told(start, end) != "aside":
                spans.append((start, end))
                wished = [mood for mood in WISHED[happy] if mood in known]
                found.wishes.extend(Wish("moods", mood, text[start:end], start) for mood in wished)
                refused = [mood for mood in REFUSED[happy] if mood in known]
                found.constraints.extend((start, self._constraint("moods", (m,), True, language)) for m in refused)
        found.spans.extend(spans)
        found.hard.extend(spans)
        return numeric.blank(text, spans)

    def _take_grown_ups(self, found: _Reading, text: str, language: str) -> str:
        """Refuse what is for children where a message says so and the catalogue knows, and return the rest of it."""
        field = next((f for f in ("audience", "genres") if "children" in self._facets.postings.get(f, {})), "")
        spans = list(not_for_children(text)) if field else []
        found.constraints.extend((s, self._constraint(field, ("children",), True, language)) for s, _ in spans[:1])
        for places in (found.spans, found.hard, found.refused):
            places.extend(spans)
        return numeric.blank(text, spans)

    def _described(self, text: str, tokens: Sequence[Token], hits: Sequence[Hit]) -> Iterator[tuple[Hit, Stance]]:
        """Yield the moods and genres that a message describes instead of naming them, and what it does with them."""
        if self._describer is None:
            return
        named = [tokens[hit.start].start for hit in hits if hit.field in ("moods", "genres")]
        for found in self._describer.read(text, lambda field, value: value in self._facets.postings.get(field, {})):
            inside = [at for at, token in enumerate(tokens) if found.start <= token.start < found.end]
            if inside and not any(found.start <= at < found.end for at in named):
                hit = Hit(found.field, (found.value,), inside[0], inside[-1] + 1)
                yield hit, stances(text, tokens, [hit])[0]

    def _implied(self, constraints: Sequence[Constraint], language: str) -> tuple[Constraint, ...]:
        refused = [m for c in constraints if (c.field, c.op) == ("moods", "is_not") for m in as_tuple(c.value)]
        genres = dict.fromkeys(genre for mood in refused for genre in genres_full_of(mood))
        held = self._facets.postings.get("genres", {})
        return tuple(self._constraint("genres", (genre,), True, language) for genre in genres if genre in held)

    def _hits(self, text: str, tokens: Sequence[Token]) -> Iterator[Hit]:
        at = 0
        last: Hit | None = None
        while at < len(tokens):
            hit = self._origin(tokens, at, last) or self._hit(text, tokens, at)
            if hit is None:
                at += 1
                continue
            yield hit
            last, at = hit, hit.end
            if hit.field == "genres" and tokens[at:] and tokens[at].norm == "片" and self._facets.knows("kind"):
                yield Hit("kind", ("film",), at, at + 1)  # 科幻片
                at += 1

    def _origin(self, tokens: Sequence[Token], at: int, before: Hit | None) -> Hit | None:
        """Read "from Japan" as the language, and the second country of "from Korea or Japan"."""
        word = tokens[at - 1].norm if at else ""
        joined = word in JOINS and before is not None and (before.field, before.end) == ("language", at - 1)
        if word != "from" and not joined:
            return None
        for length in range(min(_LONGEST_COUNTRY, len(tokens) - at), 0, -1):
            code = origins().get(" ".join(t.norm for t in tokens[at : at + length]), "")
            if code in self._facets.postings.get("language", {}):
                return Hit("language", (code,), at, at + length)
        return None

    def _hit(self, text: str, tokens: Sequence[Token], at: int) -> Hit | None:
        """Return the longest phrase that begins at a token and means something here."""
        for length in range(min(self._longest, len(tokens) - at), 0, -1):
            phrase = " ".join(t.norm for t in tokens[at : at + length])
            meanings = self._phrases.get(phrase) or self._of_one(phrase) or self._misspelt(phrase)
            if meanings is None or (at and (tokens[at - 1].norm, phrase) in _IDIOMS):
                continue
            if phrase in _PRESENTS and tokens[at + length : at + length + 1] and tokens[at + length].norm == "for":
                continue  # whatever a shop calls so, anything may be given
            if phrase in _LIKING and not (at and tokens[at - 1].norm in _ABOUT):
                continue  # "I love it" is no wish for love stories
            hit = self._meaning(text, tokens, at, at + length, meanings)
            if hit is not None:
                return hit
        return None

    @cached_property
    def _spellings(self) -> dict[tuple[str, str], list[str]]:
        """The words that may be misspelt, by their first and last letters: kinds, genres, moods and the like."""
        fields = ("kind", "genres", "moods")
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for word, meanings in self._phrases.items():
            typed = len(word) >= _TYPED and word.isalpha() and word.isascii()
            if typed and any(field in fields or field in self.columns for field, _ in meanings):
                found[word[0], word[-1]].append(word)
        return found

    def _misspelt(self, word: str) -> list[tuple[str, str]] | None:
        """Return what a word means that the catalogue does not have and that is one slip away: "comdy", "reisling"."""
        if self._english is None or len(word) < _TYPED or word in self._english or self._held(word):
            return None
        near = (known for known in self._spellings.get((word[0], word[-1]), ()) if _slip(word, known))
        found = next(near, None)
        return None if found is None else [m for m in self._phrases[found] if m[0] not in ("creators", "topic")]

    def _of_one(self, phrase: str) -> list[tuple[str, str]] | None:
        """Return what the singular of a word means as a theme: "heists"."""
        if len(phrase) < _PLURAL or not phrase.endswith("s"):
            return None
        return [meaning for meaning in self._phrases.get(phrase[:-1], ()) if meaning[0] in ("themes", "topic")] or None

    def _meaning(
        self, text: str, tokens: Sequence[Token], start: int, end: int, meanings: Sequence[tuple[str, str]]
    ) -> Hit | None:
        """Choose what a phrase means here: "about war" is a topic, "a war film" a genre."""
        fields = list(dict.fromkeys(f for f, _ in meanings))
        phrase = " ".join(t.norm for t in tokens[start:end])
        if self._is_topic(text, tokens, start, fields):
            topic = next((v for f, v in meanings if f == "topic"), phrase)
            return Hit("topic", (topic,), start, end)
        flags = self.columns.flags.values()
        field = next((f for f in (*flags, *_PRIORITY) if f in fields), fields[0])
        if field == "genres" and phrase in _AMBIGUOUS and not self._beside_kind(tokens, start, end):
            others = [f for f in fields if f != "genres"]
            if not others:
                return None
            field = others[0]
        if self._said_aside(tokens, start, end, field):
            return None
        values = tuple(v for f, v in meanings if f == field)
        if field == "creators" and end - start == 1 and not self._named(text, tokens, start):
            return None
        if field == "kind" and not self._facets.knows("kind"):
            return None
        if field == "audience" and not self._facets.knows("audience"):
            return Hit("genres", _FOR_CHILDREN, start, end)
        return Hit(field, values, start, end)

    def _said_aside(self, tokens: Sequence[Token], start: int, end: int, field: str) -> bool:
        """Whether a phrase only tells of something else: of what is studied, of what a thing is for."""
        before = [t.norm for t in tokens[max(0, start - 2) : start]]
        if field == "language":
            return bool(_STUDIED.intersection(before))  # "I teach Year 10 English"
        if field == "kind":
            holds = [t.norm for t in tokens[end : end + 2]] == ["in", "it"]  # "a film with a bit of music in it"
            for_it = before[-2:-1] == ["for"] and before[-1] in _DETERMINERS  # "a mat for my tent"
            return holds or (for_it and self._kind_before(tokens, start))
        return field == "genres" and before[-1:] == ["for"] and tokens[end - 1].norm.endswith("ing")  # "for cooking"

    def _kind_before(self, tokens: Sequence[Token], end: int) -> bool:
        """Whether a kind is named before a token."""
        return any(f == "kind" for token in tokens[:end] for f, _ in self._phrases.get(token.norm, ()))

    def _is_topic(self, text: str, tokens: Sequence[Token], start: int, fields: Sequence[str]) -> bool:
        """Whether a phrase that may mean some fields says what a work is about: "about war", "with horses"."""
        before = [t.norm for t in tokens[max(0, start - 2) : start]]
        if before[-1:] == ["with"] and before[-2:-1] and before[-2] in _WITH_SOMEBODY:
            return False  # "obsessed with anime"
        asked_of = before[-2:-1] in (["what"], ["how"]) and before[-1] == "about"  # "what about creepy?"
        about = (bool(_ABOUT.intersection(before)) and not asked_of) or text[: tokens[start].start].endswith(_CJK_ABOUT)
        if "audience" in fields and before[-1:] != ["about"]:
            return False  # "with my kids" says who watches, not what
        if "kind" in fields and before[-1:] in (["a"], ["an"]):
            kinds = self._kind_words.intersection(t.norm for t in tokens[:start])
            about = about and bool(kinds)  # "to write about a film" names no topic
        return about and bool(set(fields) - {"creators", "kind", "language"})

    def _beside_kind(self, tokens: Sequence[Token], start: int, end: int) -> bool:
        near = [t.norm for t in (*tokens[max(0, start - 1) : start], *tokens[end : end + 2])]
        return len(tokens) <= 2 or any(n in self._kind_words or n in ("片", "类") for n in near)

    def _named(self, text: str, tokens: Sequence[Token], at: int) -> bool:
        """Whether a surname alone is meant as a person: capitalised inside the sentence, or behind "by"."""
        start = tokens[at].start
        initial = at == 0 or text[:start].rstrip()[-1:] in ".!?;:\n"
        before = tokens[at - 1] if at > 1 else None
        named = before is not None and before.norm not in STOPWORDS_EN_PLUS and before.norm not in self._kind_words
        if before is not None and named and text[before.start].isupper() and text[before.end : start] == " ":
            return text[: before.start].rstrip()[-1:] in ".!?;:\n"  # the "Moon" of "Pink Moon" is no maker
        beside = at + 1 < len(tokens) and tokens[at + 1].norm in self._kind_words
        if not beside and _longer_name(text, tokens, at):
            return False
        if text[start].islower() and at and tokens[at - 1].norm in _BEFORE_MAKERS:  # "not nolan again"
            return self._facets.document_frequency(tokens[at].norm) <= _RARE
        return (text[start].isupper() and (not initial or beside)) or (at > 0 and tokens[at - 1].norm in ("by", "from"))

    def _is_hard(self, text: str, tokens: Sequence[Token], hit: Hit) -> bool:
        if hit.field in ("language", "genres") and not self._facets.knows(hit.field):
            return False  # nothing could satisfy it; a wish is looked for in the texts
        if hit.field in ("kind", "audience", "language", *self.columns.flags.values()):
            return True
        if hit.field not in _HARD_FIELDS and not self.columns.limits(hit.field):
            return False
        sentence = re.split(r"[.!?;。！？；\n]", text[: tokens[hit.start].start])[-1].casefold()
        asked = _ASKING.sub(" ", sentence)
        liking = bool(_LIKING.intersection(words(asked))) or any(w in asked for w in _CJK_LIKING)
        if hit.field == "creators":
            near = {t.norm for t in (*tokens[max(0, hit.start - 2) : hit.start], *tokens[hit.end : hit.end + 2])}
            named = bool(near & {"by", "anything", "something", "from", "of", "other", "another", *self._kind_words})
            return named or bool(_BY.search(asked)) or (not liking and len(tokens) <= _BRIEF)
        return not liking

    def _free_topics(
        self, text: str, tokens: Sequence[Token], covered: set[int], told: Callable[[int, int], Told]
    ) -> Iterator[tuple[int, int, str]]:
        """Yield what "no clowns", "nothing with clowns" and "I hate clowns" refuse: words of the texts, no facets."""
        for at, token in enumerate(tokens):
            before = [t.norm for t in tokens[max(0, at - 3) : at]]
            if at in covered or token.norm in _STOP_TOPICS or len(token.norm) < 3 or token.norm.isdigit() or not before:
                continue
            about = before[-1] in _ABOUT and bool({"no", "nothing", "not"}.intersection(before[:-1]))
            about = about and "," not in text[tokens[max(0, at - 3)].start : token.start]
            plain = (
                _refuses(before)
                and text[tokens[at - 1].end : token.start] == " "
                and token.norm not in STOPWORDS_EN_PLUS
                and self._held(token.norm)
            )
            plain = plain or (_not_this(text, tokens, at, self.columns.value_words) and self._held(token.norm))
            lacks = before[-1] == "without" and not token.norm.endswith("ing")  # "without being embarrassing"
            if (lacks or about or plain) and told(token.start, token.end) not in ("idle", "aside", "wanted"):
                yield token.start, token.end, token.norm

    def _told(self, hit: Hit, told: Told) -> Told:
        """Return what is made of words: those of a shop of goods are seldom idle, and what tells that knows works."""
        goods = not self._facets.of_works and (hit.field in ("kind", "genres") or hit.field in self.columns)
        return "" if goods and told in ("idle", "aside") else told

    def _held(self, word: str) -> bool:
        return self._facets.document_frequency(word) > 0

    def _both(self, text: str, placed: Sequence[tuple[int, Constraint]]) -> Callable[[Constraint, Constraint], bool]:
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

    def _constraint(self, field: str, values: tuple[str, ...], no: bool, language: str) -> Constraint:
        value = values if len(values) > 1 else values[0]
        op: Op = "is_not" if no else "is"
        return Constraint(field, op, value, self._label(field, op, value, language))

    def _label(self, field: str, op: Op, value: str | tuple[str, ...], language: str) -> str:
        return label(field, op, value, language, self._facets.currency, self._facets.name)


def _meant(hit: Hit, stance: Stance, told: Told) -> Stance | None:
    """Return what a message does with a value, by rule and by what the whole of it makes of the words; None: nothing.

    What is allowed or taken back asks for nothing, so there the whole message has no say; nor has it for whom it is.
    """
    for_whom = stance == "said" and (hit.field == "audience" or hit.values in (_FOR_CHILDREN, ("yes",)))
    if stance not in ("said", "refused", "of_what") or for_whom:
        return stance
    if told == "aside" or (told == "idle" and (hit.field != "kind" or stance == "refused")):
        return None  # who wants advice for a "movie night" may be given films; who never agrees on films refuses none
    if told == "known":  # who has all of Pessoa already wants none of his
        return "refused" if hit.field == "creators" else stance
    if told == "refused" and stance == "said":
        return "refused"
    return "said" if told == "wanted" and stance == "refused" else stance


def _relative(text: str, constraints: Sequence[Constraint]) -> tuple[tuple[str, Op], ...]:
    """Return the comparatives of a text, but for what it says outright: "anything older, from the 60s"."""
    whole = {"decade": "year"} | dict.fromkeys(numeric.LENGTH_FIELDS, "length")
    said = {whole.get(limit.field, limit.field) for limit in constraints}
    return tuple((field, op) for field, op in numeric.relative(text) if field not in said)


def _slip(word: str, known: str) -> bool:
    """Whether two words are a letter apart: one wrong, missing, too many, or two in the wrong order."""
    return abs(len(word) - len(known)) <= 1 and DamerauLevenshtein.distance(word, known, score_cutoff=1) == 1


def _not_this(text: str, tokens: Sequence[Token], at: int, known: frozenset[str]) -> bool:
    """Whether a clause is a bare "not" and this word, which must say something or be known: "for winter, not down"."""
    if tokens[at - 1].norm != "not" or (tokens[at].norm in STOPWORDS_EN_PLUS and tokens[at].norm not in known):
        return False
    before, after = text[: tokens[at - 1].start].rstrip(), text[tokens[at].end :].lstrip()
    begins = not before or before[-1] in ",.;:(–—-" or before.casefold().endswith((" but", " and"))
    return begins and (not after or after[0] in ",.;:!?)" or after.casefold().startswith(("please", "again")))


def _refuses(before: Sequence[str]) -> bool:
    no = before[-1] == "no" and before[-2:-1] != ["in"]  # "in no hurry" refuses nothing
    return no or before[-1] in _HATING or tuple(before[-2:]) in _REFUSING


def _lacks(before: Sequence[str]) -> bool:
    """Whether words end in "without", perhaps without any: none of somebody's ("without the kids")."""
    return next((word for word in reversed(before) if word not in _ANY_OF), "") == "without"


def _longer_name(text: str, tokens: Sequence[Token], at: int) -> bool:
    """Whether a surname is a word of some other name: "Wolf Hall", "Once Upon a Time in the West"."""
    end = tokens[at].end
    follows = at + 1 < len(tokens) and text[end : tokens[at + 1].start] == " " and text[tokens[at + 1].start].isupper()
    by = at > 0 and tokens[at - 1].norm == "by"
    return (follows and not by) or (at > 0 and tokens[at - 1].norm == "the")


def _surname(name: str) -> str:
    """Return what a person is called for short: "miyazaki", "le guin"; "" if the name is one word."""
    parts = name.split()
    if len(parts) < 2 or is_cjk(name):
        return ""
    return " ".join(parts[-2:]) if len(parts) > 2 and parts[-2] in _PARTICLES else parts[-1]
