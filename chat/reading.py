"""Parts of reading a message: what it asks, what it leaves open, and what is left of its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from chat.about import ADVICE, untitled
from chat.holding import of_several
from chat.naming import (
    HAVE,
    HAVE_IT,
    HOLDS,
    unknown_name,
)
from chat.opinions import LIKE, Opinion
from chat.questions import Questions, questions
from chat.senses import Sensed
from chat.typed import telling_words
from retrieval.cues import Mention
from retrieval.lexicon import canonical, display, vocabulary
from retrieval.linking import TitleLinker
from retrieval.numbers import LENGTH_FIELDS, blank
from retrieval.parsed import Parsed, Told
from retrieval.parsing import Parser
from retrieval.text import is_cjk, normalize, words

_THEN_IT = re.compile(r"(?:\s+(?:then|please|it\s+is))?\W*?[.,;:!?–—-]\s[^.?!]*\bits?\b", re.IGNORECASE)
_ANY_ADVICE = re.compile(r"\b(?:surprise\s+me|recommend|suggest)\b", re.IGNORECASE)
_OPEN_QUESTION = re.compile(
    r"^\W*(?:(?:and|so|but|oh|ok(?:ay)?|nice|great|lovely|cool|thanks|hm+)\b\W*)*(?:who|whose|when|where|how|does|do|did|is|are|was|were|has|have|can|will|what|which|why)\b"
    r"|吗\W*$|谁|什么|怎么样",
    re.IGNORECASE,
)
_FORM = re.compile(  # "is there a film of it?"
    r"\b(?:is|are|isn'?t|aren'?t)\s+there\s+(?:also\s+)?(?:an?|any)\s+(\w+)\s+(?:of|version|adaptation|(?:too|as\s+well)(?!\s+(?:that|which|for|to|with|where)\b))\b"
    r"|\b(?:does|do|is|are)\s+(?:it|that|this|they)\s+(?:also\s+)?(?:come|exist|available|out)\s+(?:as|in)\s+(?:an?\s+)?(\w+)"
    r"|\b(?:have|get|got|sell)\s+(?:it|that|this)\s+as\s+an?\s+(\w+)|\bthe\s+(\w+)\s+of\s+(?:it|that|this)\b",
    re.IGNORECASE,
)
_SUITS = re.compile(  # "is the Skarn good for a family?", "can I use it on gas?"
    r"(?:^|[.!?,;]\s|\b(?:and|so|but|ok(?:ay)?|hi)\W+)(?:is|are|does|do|will|would|can|could)\s+(?!there\b|you\s+(?!use)|we\s+have)[^.?!]*?"
    r"\b(?:good|great|best|ok(?:ay)?|fine|right|suitable|suited|made|meant|safe|work|use|used|go|fit)\b(?:\s+(?:it|this|that))?[^.?!]{0,30}?"
    r"\s(?:for|with|in|on)\b",
    re.IGNORECASE,
)
_WHAT_KIND = re.compile(r"\b(?:is|was)\s+(?:it|that|this|the\s+\w+\s+one)\s+an?\s+(\w+)\b", re.IGNORECASE)
_WHAT_LIKE = re.compile(
    r"\bwhat(?:['’]?s|\s+is|\s+are|\s+was)\b[^.?!]*?\blike\b(?=\s+in\b|\s*[,?]|\s*$)", re.IGNORECASE
)
_REFUSAL = frozenset(  # words that refuse, and say nothing else
    """
    nah nope without doesnt didnt smell scent taste flavour flavor look feel texture sound stand bear wear handle
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_SENTENCE = re.compile(r"[^.!?。！？]+[.!?。！？]?")
_STORY = 12  # words from which a message that wishes for something tells of the person besides
_DESCRIBES = re.compile(
    r"\b(?:ones?|something|anything|stuff|films?|movies?|flicks?|books?|novels?|games?|albums?|records?|music|courses?)\b"
    r"[^.,;:!?\n]{0,20}?\b(?:that|which|to|for|where|with|about)\b[^.,;:!?\n]*",
    re.IGNORECASE,
)
_PERSON = 2  # words of a person's name
_ABOUT_SOMETHING = re.compile(r"\b(?:it|its|this|that|they|these|those|them|both)\b|这|那|它|两", re.IGNORECASE)
_NOT_LOOKED_UP = frozenset({"pick", "price", "year", "length", "description", "moods"})  # all have answers of their own
_MEASURED = {"price": "price", "year": "year", "decade": "year"} | dict.fromkeys(LENGTH_FIELDS, "length")


def measures(about: Questions, text: str, parser: Parser) -> bool:
    """Whether a message singles out by one of the catalogue's own columns, and names it: "the highest voltage"."""
    named = (words for words, field in parser.columns.named.items() if about.extreme and field == about.extreme[0])
    return any(f" {name} " in f" {normalize(text)} " for name in named)


def unknown(
    text: str, strange: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]], linker: TitleLinker
) -> list[tuple[int, int]]:
    """Return where up to two names stand that nothing in the catalogue bears: (start, end) each."""
    name = "" if strange else unknown_name(text, spans, linker)
    return [(text.find(name), text.find(name) + len(name))] if name else [*strange[:2]]


def merely_points(text: str, opinions: Sequence[Opinion], pointing: Sequence[tuple[int, int]]) -> bool:
    """Whether a message is the place of a card and nothing else: "ok, the first one then" wants to hear of it."""
    places = [place for opinion in opinions for place in opinion.places if opinion.attitude == "neutral"]
    return len(opinions) == len(places) == 1 and not opinions[0].that and not telling_words(blank(text, pointing))


def stands_for(text: str, mentions: Sequence[Mention], opinions: Sequence[Opinion]) -> bool:
    """Whether "it" stands for what a message names in the clause before: "ok, the Puck. Is it loud?"."""
    calm = all(opinion.attitude == "neutral" for opinion in opinions)
    return calm and any(_THEN_IT.match(text, mention.end) for mention in mentions)


def of_value(text: str, opinions: Sequence[Opinion], said: Sequence[tuple[int, int]]) -> bool:
    """Whether a message points at a card, and asks if it has something: "nice, the second one. In red?"."""
    pointed = any(opinion.places and not opinion.that and opinion.attitude != "dislike" for opinion in opinions)
    return pointed and text.rstrip().endswith(("?", "？")) and not telling_words(blank(text, said))


def descriptive(name: str, parser: Parser) -> bool:
    """Whether a name says something by its words: "The Thursday Murder Club" does, "Lee Child" does not."""
    return len(words(name)) > _PERSON and any(word in parser.phrases.meanings for word in telling_words(name))


def says(
    text: str, opinions: Sequence[Opinion], unknown: Sequence[tuple[int, int]], gist: str, linker: TitleLinker
) -> bool:
    """Whether a message names something, asks for advice, or has a word of the catalogue's; Chinese may well have."""
    if opinions or unknown or _ANY_ADVICE.search(text):
        return True
    return is_cjk(gist) or any(linker.knows(word) for word in telling_words(gist))


def questions_of(text: str, mentions: Sequence[Mention], parser: Parser, shown: int, spoken_of: bool) -> Questions:
    """Return what a message asks about the works it names, or those on screen."""
    if not (mentions or shown or spoken_of or _ABOUT_SOMETHING.search(text)):
        asked = questions(text, parser.columns, several=False)  # "the cheapest game" asks about the whole catalogue
        return asked if asked.extreme is not None else Questions()
    # "Lite 2 waterproof" counts nothing, and "My Name Is Red" tells who nobody is
    return questions(untitled(text, mentions), parser.columns, several=shown > 1 or several(mentions))


def several(mentions: Sequence[Mention]) -> bool:
    """Whether more than one work is named."""
    return sum(len(mention.positions) for mention in mentions) > 1


def fields(text: str, about: Questions, parsed: Parsed, opinions: Sequence[Opinion], asked: str) -> tuple[str, ...]:
    """Return the columns asked about; ("other",) for a question about an item that no column answers."""
    it = HAVE_IT.search(text)
    if it is not None and not about.fields and any(opinion.that for opinion in opinions):
        return (whether(parsed) or ("other",)) if it[1] else ("in_stock",)  # "do you have it in blue?"
    if any(opinion.surface and opinion.surface == text.strip(" .!?") for opinion in opinions):
        return about.fields  # "How Life on Earth Began" is a title, not a question
    kind = _WHAT_KIND.search(without_names(text, opinions))
    if opinions and kind is not None and canonical("kind", kind[1]) in vocabulary("kind"):
        return ("kind",) if display("kind", canonical("kind", kind[1]), "en") == kind[1] else ("kind", "genres")
    if opinions and not about.fields and HOLDS.search(text):
        return whether(parsed) or ("other",)
    if opinions and not about.fields and _SUITS.search(text) and (asked_of := whether(parsed)):
        return asked_of
    like = _WHAT_LIKE.search(text)
    advice = LIKE.search(_WHAT_LIKE.sub(" ", text)) or HAVE.search(text) or ADVICE.search(text)
    if about.fields or about.compares or asked or not opinions or advice:
        return about.fields
    if about.yes_no or like is not None:
        plain = like is not None and re.match(r"[\s?!.]*$", text[like.end() :])  # not "what is it like in the rain?"
        return whether(parsed) or (("description",) if plain else ("other",))
    return ("other",) if not parsed.spans and _OPEN_QUESTION.search(text) else ()


def without_names(text: str, opinions: Sequence[Opinion]) -> str:
    """Return a message with "that" for the names that it takes a stand on."""
    for opinion in opinions:
        text = text.replace(opinion.surface, "that") if opinion.surface else text
    return text


def of_shown(text: str, about: Questions, parsed: Parsed, opinions: Sequence[Opinion]) -> bool:
    """Whether a message asks about all cards, or which of them has something; a measure or advice is another matter."""
    measured = parsed.relative or any(isinstance(c.value, float | int) for c in parsed.constraints)
    other = about.extreme or about.mood or about.compares or set(about.fields) & _NOT_LOOKED_UP
    placed = any(opinion.attitude != "neutral" or opinion.that for opinion in opinions)
    return of_several(text) and not (measured or other or placed or ADVICE.search(text) or LIKE.search(text))


def asking(text: str) -> str:
    """Return a message with blanks for the sentences that ask nothing, if others do."""
    told = [match.span() for match in _SENTENCE.finditer(text) if not match.group().endswith(("?", "？"))]
    return blank(text, told) if "?" in text or "？" in text else text


def told(sensed: Sensed, offered: bool, lost: bool) -> Callable[[int, int], Told]:
    """Return what the words of a message are; of what we are asked to have a kind may be wanted, whatever it is for.

    Who has read films and books only is `lost` among tents and cheeses, and has no say there.
    """

    def told(start: int, end: int) -> Told:
        found = sensed.told(start, end)
        if lost and found in ("aside", "idle"):
            return ""
        return "idle" if offered and found == "aside" else found

    return told


def told_beside(text: str, sensed: Sensed) -> list[tuple[int, int]]:
    """Return where words stand that tell of the person; "one that longs for another time" tells of the work."""
    if len(words(text)) < _STORY or not sensed.wishes:
        return []
    described = [match.span() for match in _DESCRIBES.finditer(text)]
    return [(s, e) for s, e in sensed.idle() if not any(start <= s < end for start, end in described)]


def whether(parsed: Parsed) -> tuple[str, ...]:
    """Return the columns that "is it scary?" and "is it for children?" ask about."""
    fields = [c.field for c in parsed.constraints if c.op == "is" and isinstance(c.value, str | tuple)]
    fields += [w.field for w in parsed.wishes]
    fields += [_MEASURED.get(c.field, c.field) for c in parsed.constraints if isinstance(c.value, float | int)]
    fields = [f for f in fields if f != "genres" or "audience" not in fields]  # "for children" is no genre then
    return tuple(dict.fromkeys(f for f in fields if f not in ("kind", "title", "creators", "topic")))


def form(text: str) -> str:
    """Return the kind as which an item is asked for, "" if none."""
    match = _FORM.search(text)
    kind = canonical("kind", next(g for g in match.groups() if g)) if match else ""
    return kind if kind in vocabulary("kind") else ""


def of_carried_kinds(parsed: Parsed, parser: Parser) -> tuple[Parsed, tuple[str, ...]]:
    """Return what was read without limits to kinds that this catalogue does not have, and those kinds."""
    lacking: list[str] = []
    kept = []
    for limit in parsed.constraints:
        values = limit.value if isinstance(limit.value, tuple) else (limit.value,)
        sorts = (str(v) if parser.carries("kind", str(v)) else str(v).split()[-1] for v in values)  # "board games"
        ours = tuple(dict.fromkeys(sort for sort in sorts if parser.carries("kind", sort)))
        if (limit.field, limit.op) == ("kind", "is") and set(ours) != {str(v) for v in values}:
            lacking.extend(str(v) for v in values if v not in ours)
            kept.extend([replace(limit, value=ours if len(ours) > 1 else ours[0], label="")] if ours else [])
        else:
            kept.append(limit)
    return (replace(parsed, constraints=tuple(kept)), tuple(lacking)) if lacking else (parsed, ())


def gist(text: str, spans: Sequence[tuple[int, int]], parsed: Parsed) -> str:
    """Return the words that retrieval by meaning and by words should go by, "" if they are all about something else.

    Titles are left out, since the liked items speak for themselves; limits too, since they are enforced, and "nothing
    with space" would look for space.
    """
    told = telling_words(blank(text, [*spans, *parsed.spans]))
    refuses = bool(parsed.refused) and not parsed.wishes and all(c.op == "is_not" for c in parsed.constraints)
    if not told or (refuses and _REFUSAL.issuperset(told)):
        return ""
    return " ".join(blank(text, [*spans, *parsed.hard]).split())
