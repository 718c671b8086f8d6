"""Hits: which values of the catalogue a message names, read as people mean them: "about war" is no war film."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.columns import Columns
from retrieval.constraints import Facets
from retrieval.lexicon import origins
from retrieval.phrases import Phrases
from retrieval.shades import is_colour
from retrieval.stances import JOINS, Hit
from retrieval.text import Token, forms
from retrieval.units import of_header

ABOUT = frozenset(
    """
    about with featuring involving concerning around
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
WITH_SOMEBODY = frozenset({"obsessed", "familiar", "done", "start", "happy", "up", "bored", "ok", "okay", "fine"})
_CJK_ABOUT = ("关于", "有关", "带有", "讲")
LIKING = frozenset(
    """
    like likes liked love loves loved enjoy enjoys enjoyed prefer adore into especially mostly fan
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
# Words that name a genre only next to a kind ("country music"), and something else elsewhere ("in my country").
_AMBIGUOUS = frozenset(
    """
    country soul metal rock pop art family war design writing history science score rhythm management
    business folk latin experimental indie survival racing stealth fighting sim punk children crime kids
    teen games language
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
VERY = frozenset("super very really so quite extremely rather pretty totally always a bit little".split())  # noqa: SIM905
FOR_CHILDREN = ("children", "family")  # genres, where the catalogue has no column for the audience
_VERBS = frozenset({"can", "may", "will", "might", "must"})  # that something may be called, too
_BEFORE_NOUNS = frozenset("a an the one per in of from by tin or no".split())  # noqa: SIM905
_IDIOMS = frozenset(  # no course, nothing energetic, no album, no language
    {(word, "american") for word in ("latin", "south", "african", "native", "north", "asian")}
    | {(word, "language") for word in ("difficult", "hard", "easy", "easier", "simple", "simpler", "plain")}
    | {("of", "course"), ("how", "fast"), ("as", "fast"), ("live", "action")}
    | {(word, "record") for word in ("to", "world", "track", "on")}
    | {(word, "work") for word in ("one", "it", "this", "that", "they", "to", "will", "would", "does", "can", "not")}
)
AGREES = frozenset("fine good great ok okay alright".split())  # noqa: SIM905
_IS = frozenset("is are be thats its sounds seems works would".split())  # noqa: SIM905
_PRIORITY = ("kind", "audience", "genres", "language", "moods", "creators")
_STUDIED = frozenset(  # what is done with a language, rather than with works in it
    """
    excuse my teach teaches taught learn learns learning study studies studying speak speaks year gcse
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_OF_A_COUNTRY = frozenset(  # what comes from where a language is spoken, and is in no language
    """
    food foods cuisine cooking cookery dish dishes recipe recipes meal meals kitchen chef chefs restaurant restaurants
    wine wines cheese cheeses bread pastry pastries tea beer garden gardens gardening furniture fashion perfume
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_GRADES = frozenset({"low", "high", "medium"})
_BEFORE_MAKERS = frozenset({"not", "no", "more", "another", "love", "like", "hate"})
_RARE = 2  # items whose texts hold a maker's name by chance
_PRESENTS = frozenset({"gift", "gifts", "present", "presents"})
_DETERMINERS = frozenset({"the", "my", "our", "his", "her", "their", "a", "an", "this", "that"})
_LONGEST_COUNTRY = 3  # "the Soviet Union"


class Hits:
    """Finds the values that messages name.

    Args:
        facets: what the catalogue holds.
        columns: the catalogue's own.
        phrases: what people call it.
    """

    def __init__(self, facets: Facets, columns: Columns, phrases: Phrases) -> None:
        self._facets = facets
        self._columns = columns
        self._phrases = phrases

    def find(self, text: str, tokens: Sequence[Token]) -> Iterator[Hit]:
        """Yield the hits of a message, in its order."""
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
        for length in range(min(self._phrases.longest, len(tokens) - at), 0, -1):
            phrase = " ".join(t.norm for t in tokens[at : at + length])
            meanings = self._phrases.get(phrase)
            if meanings is None or (at and (tokens[at - 1].norm, phrase) in _IDIOMS):
                continue
            if phrase in _PRESENTS and tokens[at + length : at + length + 1] and tokens[at + length].norm == "for":
                continue  # whatever a shop calls so, anything may be given
            if phrase in _VERBS and not (at and tokens[at - 1].norm in _BEFORE_NOUNS):
                continue  # "one she can open" asks for no can
            if phrase in LIKING and not (at and tokens[at - 1].norm in ABOUT):
                continue  # "I love it" is no wish for love stories
            hit = self._meaning(text, tokens, at, at + length, meanings)
            if hit is not None:
                return hit
        return None

    def _meaning(
        self, text: str, tokens: Sequence[Token], start: int, end: int, meanings: Sequence[tuple[str, str]]
    ) -> Hit | None:
        """Choose what a phrase means here: "about war" is a topic, "a war film" a genre."""
        fields = list(dict.fromkeys(f for f, _ in meanings))
        phrase = " ".join(t.norm for t in tokens[start:end])
        if self._is_topic(text, tokens, start, fields):
            topic = next((v for f, v in meanings if f == "topic"), phrase)
            return Hit("topic", (topic,), start, end)
        if self._agrees(tokens, start, end, fields):
            return None
        flags = self._columns.flags.values()
        field = next((f for f in (*flags, *_PRIORITY) if f in fields), "") or self._of_column(
            fields, tokens, start, end
        )
        if not field:
            return Hit("topic", tuple(v for f, v in meanings if f == fields[0]), start, end)
        if field == "genres" and phrase in _AMBIGUOUS and not self._beside_kind(tokens, start, end):
            others = [f for f in fields if f != "genres"]
            if not others:
                return None
            field = others[0]
        if self._said_aside(tokens, start, end, field) or self._is_of_another(tokens, start, end, field):
            return None
        values = tuple(sorted((v for f, v in meanings if f == field), key=lambda value: value != phrase))
        if field == "creators" and end - start == 1 and not self._named(text, tokens, start):
            return None
        if field == "kind" and not self._facets.knows("kind"):
            return None
        if field == "audience" and not self._facets.knows("audience"):
            return Hit("genres", FOR_CHILDREN, start, end)
        return Hit(field, self._commoner(field, values, meanings), start, end)

    def _commoner(self, field: str, values: tuple[str, ...], meanings: Sequence[tuple[str, str]]) -> tuple[str, ...]:
        """Return the theme that more works have, of two that a word may mean: "ageing" is rather "old age"."""
        subject = next((value for name, value in meanings if name == "topic"), "") if field == "themes" else ""
        held = self._facets.postings.get("themes", {})
        return (subject,) if subject and len(held.get(subject, ())) > len(held.get(values[0], ())) else values

    def _of_column(self, fields: Sequence[str], tokens: Sequence[Token], start: int, end: int) -> str:
        """Choose among columns that hold a value: one that is named beside it ("purple flowers"), else the only one.

        Where several are left, any of them will do: "".
        """
        reach = 4 if tokens[end : end + 1] and tokens[end].norm in JOINS else 2  # "blue or purple flowers"
        while start and tokens[start - 1].norm in VERY:  # "my skin is super dry"
            start -= 1
        near = {t.norm for t in (*tokens[max(0, start - 2) : start], *tokens[end : end + reach])}
        near |= {form for word in near for form in forms(word)}
        named = [f for f in fields if near.intersection(of_header(f)[0].split())]
        limiting = [f for f in fields if self._columns.limits(f)]
        return named[0] if named else fields[0] if len(limiting) < 2 else ""

    def _said_aside(self, tokens: Sequence[Token], start: int, end: int, field: str) -> bool:
        """Whether a phrase only tells of something else: of what is studied, of what a thing is for."""
        before = [t.norm for t in tokens[max(0, start - 2) : start]]
        if field == "language":
            follows = tokens[end].norm if end < len(tokens) else ""  # "I teach Year 10 English", "French food"
            return bool(_STUDIED.intersection(before)) or follows in _OF_A_COUNTRY
        if field == "kind":
            holds = [t.norm for t in tokens[end : end + 2]] == ["in", "it"]  # "a film with a bit of music in it"
            behind = before[-1:] and before[-1] in _DETERMINERS
            aim = [t.norm for t in tokens[max(0, start - 4) : start]]
            aims = any(pair[0] == "for" and pair[1] in _DETERMINERS for pair in pairwise(aim))
            for_it = self._facets.of_works and aims and self._kind_before(tokens, start - 2)  # "a film for a book club"
            in_it = behind and before[-2:-1] == ["in"] and not self._facets.of_works  # "something green in a pot"
            return bool(holds or for_it or in_it)
        if is_colour(of_header(field)[0]) and before[-1:] == ["for"] and self._kind_before(tokens, start):
            return self._is_of_a_thing(tokens, end)  # "a kettle for green tea"
        return field == "genres" and before[-1:] == ["for"] and tokens[end - 1].norm.endswith("ing")  # "for cooking"

    def _is_of_another(self, tokens: Sequence[Token], start: int, end: int, field: str) -> bool:
        """Whether a grade is one of what its column does not measure: "low in acid" is not low in caffeine."""
        if end - start > 1 or tokens[start].norm not in _GRADES or not self._columns.limits(field):
            return False
        end += tokens[end : end + 1] != [] and tokens[end].norm == "in"
        measured = {form for word in of_header(field)[0].split() for form in forms(word)}
        return self._is_of_a_thing(tokens, end) and tokens[end].norm not in measured

    def _is_of_a_thing(self, tokens: Sequence[Token], end: int) -> bool:
        """Whether a noun follows that the catalogue has no kind or value for."""
        word = tokens[end].norm if end < len(tokens) else ""
        return bool(word) and word not in STOPWORDS_EN_PLUS and not self._phrases.get(word)

    def _agrees(self, tokens: Sequence[Token], start: int, end: int, fields: Sequence[str]) -> bool:
        """Whether a word that may be a value only agrees: "waterproof is fine", unlike "my hair is fine"."""
        if not {t.norm for t in tokens[start:end]} <= AGREES or "kind" in fields:
            return False
        before = [t.norm for t in tokens[max(0, start - 4) : start]]
        after = [t.norm for t in tokens[end : end + 2]]
        if after[:1] in (["by"], ["with"], ["for"], ["on"]):
            return True
        said = AGREES.issuperset(before) or bool(_IS.intersection(before[-2:])) or before[-1].endswith(("thats", "its"))
        named = {word for field in fields for word in of_header(field)[0].split()}
        return said and not after and not any(set(forms(word)).intersection(named) for word in before)

    def _kind_before(self, tokens: Sequence[Token], end: int) -> bool:
        """Whether a kind is named before a token."""
        return any(f == "kind" for token in tokens[:end] for f, _ in self._phrases.meanings.get(token.norm, ()))

    def _is_topic(self, text: str, tokens: Sequence[Token], start: int, fields: Sequence[str]) -> bool:
        """Whether a phrase that may mean some fields says what a work is about: "about war", "with horses"."""
        clause = max((text.rfind(mark, 0, tokens[start].start) for mark in ",;.!?"), default=-1)
        # In "with my husband, something sad" it is not about that.
        before = [t.norm for t in tokens[max(0, start - 2) : start] if t.start > clause]
        if before[-1:] == ["with"] and before[-2:-1] and before[-2] in WITH_SOMEBODY:
            return False  # "obsessed with anime"
        plain = [t.norm for t in tokens[max(0, start - 3) : start] if t.norm not in _DETERMINERS]
        asked_of = plain[-2:] in (
            ["what", "about"],
            ["how", "about"],
        )  # "what about creepy?", "what about a gravel bike?"
        about = (bool(ABOUT.intersection(before)) and not asked_of) or text[: tokens[start].start].endswith(_CJK_ABOUT)
        if before[-1:] == ["with"] and fields == ["genres"]:
            return False  # "something romantic with action"
        if "audience" in fields and before[-1:] != ["about"]:
            return False  # "with my kids" says who watches, not what
        if "kind" in fields and before[-1:] in (["a"], ["an"]):
            kinds = self._phrases.kinds.intersection(t.norm for t in tokens[:start])
            about = about and bool(kinds)  # "to write about a film" names no topic
        return about and bool(set(fields) - {"creators", "kind", "language"})

    def _beside_kind(self, tokens: Sequence[Token], start: int, end: int) -> bool:
        near = [t.norm for t in (*tokens[max(0, start - 1) : start], *tokens[end : end + 2])]
        return len(tokens) <= 2 or any(n in self._phrases.kinds or n in ("片", "类") for n in near)

    def _named(self, text: str, tokens: Sequence[Token], at: int) -> bool:
        """Whether a surname alone is meant as a person: capitalised inside the sentence, or behind "by"."""
        start = tokens[at].start
        initial = at == 0 or text[:start].rstrip()[-1:] in ".!?;:\n"
        before = tokens[at - 1] if at > 1 else None
        named = before is not None and before.norm not in STOPWORDS_EN_PLUS and before.norm not in self._phrases.kinds
        if before is not None and named and text[before.start].isupper() and text[before.end : start] == " ":
            return text[: before.start].rstrip()[-1:] in ".!?;:\n"  # the "Moon" of "Pink Moon" is no maker
        beside = at + 1 < len(tokens) and tokens[at + 1].norm in self._phrases.kinds
        if not beside and _longer_name(text, tokens, at):
            return False
        if text[start].islower() and at and tokens[at - 1].norm in _BEFORE_MAKERS:  # "not nolan again"
            return self._facets.document_frequency(tokens[at].norm) <= _RARE
        return (text[start].isupper() and (not initial or beside)) or (at > 0 and tokens[at - 1].norm in ("by", "from"))


def _longer_name(text: str, tokens: Sequence[Token], at: int) -> bool:
    """Whether a surname is a word of some other name: "Wolf Hall", "Once Upon a Time in the West"."""
    end = tokens[at].end
    follows = at + 1 < len(tokens) and text[end : tokens[at + 1].start] == " " and text[tokens[at + 1].start].isupper()
    by = at > 0 and tokens[at - 1].norm == "by"
    return (follows and not by) or (at > 0 and tokens[at - 1].norm == "the")


def likeliest_makers(hits: Sequence[Hit], facets: Facets) -> list[Hit]:
    """Return what a message names with surnames that several makers bear read as those of most items.

    "Miyazaki films" are by the one who makes films; of two who made as many, or who work together, either is meant.
    """
    postings = facets.postings
    kinds = {value for hit in hits if hit.field == "kind" for value in hit.values}
    of_kind = {int(at) for kind in kinds for at in postings.get("kind", {}).get(kind, ())}

    def meant(hit: Hit) -> Hit:
        if hit.field != "creators" or len(hit.values) < 2:
            return hit
        made = {value: {int(at) for at in postings.get("creators", {}).get(value, ())} for value in hit.values}
        fitting = {value: items & of_kind if of_kind else items for value, items in made.items()}
        most = max(fitting.values(), key=len)
        kept = tuple(value for value in hit.values if 2 * len(fitting[value]) > len(most) or made[value] & most)
        return replace(hit, values=kept) if kept else hit

    return [meant(hit) for hit in hits]
