"""Pointing: which card on screen a message describes: "the guitar one", "the one with the basket", "the glove"."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from chat.holding import stems
from retrieval.cues import Mention
from retrieval.knowledge import terms
from retrieval.lexicon import display
from retrieval.text import forms, words
from retrieval.types import Item
from retrieval.units import wanted

PLACES = ("first", "second", "third", "fourth", "fifth")
_SUCH_ONE = re.compile(
    rf"\bthe\s+(?!(?:{'|'.join(PLACES)}|last|other|same|next|only|right|top|new|old|non|not)\b)((?:(?!the\b)[\w'’&-]+:?\s+){{1,6}})one\b",
    re.IGNORECASE,
)
_OVER = (
    r"(?:then|please|instead|and|but|or|how|what|when|is|are|does|do|has|have|costs?|looks?|sounds?|seems?|would|will)"
)
_ONE_WITH = re.compile(
    r"\bthe\s+one\s+(?:with|for|in|made\s+(?:out\s+)?of|(?:that|which)(?:['’]s|\s+(?:is|has|comes\s+with)))\s+(?:the\s+|an?\s+)?"
    rf"((?!{_OVER}\b)[\w'’-]+(?:\s+(?!{_OVER}\b)[\w'’-]+){{0,3}})",
    re.IGNORECASE,
)
_SO_MANY = re.compile(r"(\d+)[\s-]*([^\W\d_]+)")
_TWO = 2
_SIZES = (  # columns by which things of one kind are big or small, the plainest first
    ("volume", "capacity", "litre", "_ml", "size", "diameter", "height", "width", "length_cm", "_cm", "_mm"),
    ("pieces", "parts", "count", "serves", "people"), ("weight", "_kg", "_g"),
)  # fmt: skip
_THE = r"\b(?:is|are|does|do|has|have|can|will|of)\s+the\s+"
_MEASURED = re.compile(r"\b\w{2,}(?:er|est)\b|\b(?:most|least|more|less)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pointed:
    """Words, from character `start` to `end`, that describe a card, and the places of the cards that they fit."""

    start: int
    end: int
    described: str
    places: tuple[int, ...]


def pointed(text: str, cards: Sequence[Item], kinds: Collection[str] = ()) -> Pointed | None:
    """Return what a message describes a card by, None if by nothing.

    Args:
        text: the message.
        cards: those on screen.
        kinds: of the catalogue, by whose names a card among others may be called.
    """
    match = _ONE_WITH.search(text) or _SUCH_ONE.search(text)
    if match is None:
        return _called(text, cards, kinds)
    asked = set(terms(match[1]))
    if not asked:
        return None
    fits = [at for at, item in enumerate(cards) if asked <= _named(item) or _counts(item, match[1])]
    fits = fits or [at for at, item in enumerate(cards) if asked <= _named(item) | stems(item.description)]
    return Pointed(*match.span(), match[1].strip(), tuple(fits))


def _counts(item: Item, described: str) -> bool:
    """Whether an item has so many of something, in a column of its own: "the 60 piece one"."""
    match = _SO_MANY.fullmatch(described.strip())
    if match is None:
        return False
    said = set(forms(match[2].casefold()))
    having = (column for column, value in item.attributes.items() if value == float(match[1]))
    return any(said.intersection(words(column.replace("_", " "))) for column in having)


def by_noun(text: str, spoken: Sequence[Item]) -> str:
    """Return a message with "that one" for "that keyboard", where the item spoken of is one.

    Args:
        text: the message.
        spoken: the item spoken of, or else the cards on screen, the likeliest first.
    """
    kind = words(spoken[0].kind.replace("_", " ")) if spoken else []
    if not kind or (len(spoken) > 1 and spoken[0].kind != spoken[1].kind):
        return text
    nouns = {*forms(kind[-1]), *(f"{' '.join(kind[:-1])} {form}" for form in forms(kind[-1]))}
    noun = "|".join(map(re.escape, sorted(nouns, key=len, reverse=True)))
    return re.sub(
        rf"\b(that|this)\s+(?:{noun})\b(?!\s+(?:one|that|which|for|with)\b|['’-])", r"\1 one", text, flags=re.IGNORECASE
    )


def sized(text: str, cards: Sequence[Item], taken: Callable[[str], bool]) -> str:
    """Return a message with places for "the small set" and "the big one", of cards of one kind that differ in size.

    Args:
        text: the message.
        cards: those on screen.
        taken: whether words are a name of their own.
    """
    if len(cards) < _TWO or len({item.kind for item in cards}) > 1 or len(cards) > len(PLACES):
        return text
    sizes = next((found for names in _SIZES if (found := _numbers(cards, names))), None)

    def place(match: re.Match[str]) -> str:
        least = match["little"] is not None
        if sizes is None or taken(match.group()):
            return match.group()
        best = (min if least else max)(sizes)
        return f"the {PLACES[sizes.index(best)]} one" if sizes.count(best) == 1 else match.group()

    nouns = {form for item in cards for form in forms((words(item.kind) or [""])[-1])} | {
        "one",
        "set",
        "pack",
        "version",
    }
    noun = "|".join(sorted(map(re.escape, nouns - {""})))
    return re.sub(
        rf"\bthe\s+(?:(?P<little>small(?:er|est)?|littl(?:e|er|est))|(?:big(?:ger|gest)?|larg(?:e|er|est)))\s+(?:{noun})\b",
        place,
        text,
        flags=re.IGNORECASE,
    )


def _numbers(cards: Sequence[Item], names: Sequence[str]) -> list[float] | None:
    """Return a number of each card from a column so named, if all have one and they are not all the same."""
    for column in dict.fromkeys(column for item in cards for column in item.attributes):
        values = [item.attributes.get(column) for item in cards]
        numbers = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
        if any(name in column.casefold() for name in names) and len(numbers) == len(cards) and len(set(numbers)) > 1:
            return numbers
    return None


def measured(described: str) -> bool:
    """Whether a card is described by how much it has of something: "the lighter one"."""
    return _MEASURED.search(described) is not None


def of_part(text: str, mention: Mention, cards: Sequence[Item], frequency: Callable[[str], int]) -> bool:
    """Whether a name is a bare word for a part of what is on screen: "the battery" is no "Spare Battery X5".

    No card is called so, and fewer items bear the word in their titles than have it besides.

    Args:
        text: the message.
        mention: of an item by a word of its title.
        cards: those on screen.
        frequency: how many items have a word in whatever is told of them.
    """
    word = mention.surface
    before = words(text[: mention.start])[-1:]
    if not cards or not word.islower() or len(words(word)) > 1 or before not in (["the"], ["its"], ["their"]):
        return False
    said = forms(word)
    if any(set(said).intersection((*words(item.title), *words(item.kind))) for item in cards):
        return False
    return max(map(frequency, said)) > 2 * len(mention.positions)


def _called(text: str, cards: Sequence[Item], kinds: Collection[str]) -> Pointed | None:
    """Return the one card of a kind that a question calls by it; no places if there is none of that kind."""
    said = text.lower()
    for kind in kinds if cards else ():
        named = forms(kind.replace("_", " "))
        if not any(form.lower() in said for form in named):  # a pattern for each of many kinds would take its time
            continue
        names = "|".join(map(re.escape, named))
        match = re.search(rf"{_THE}((?:{names}))\b(?!\s+(?:one|of|for|that|which)\b)", text, re.IGNORECASE)
        if match is None:
            continue
        called = set(words(match[1]))
        fits = tuple(at for at, item in enumerate(cards) if called <= _forms(item.kind))
        part = any(called & _forms(item.description) for item in cards)
        if len(fits) == 1 or not (fits or part):
            return Pointed(match.start(1) - len("the "), match.end(1), match[1], fits)
    return None


def _forms(text: str) -> set[str]:
    return {form for word in words(text) for form in forms(word)}


def _named(item: Item) -> frozenset[str]:
    """Return the words, without their endings, of all that an item is and has, its description apart."""
    values = [item.title, item.kind, *item.genres, *item.creators, display("language", item.language, "en")]
    for column, value in item.attributes.items():
        if isinstance(value, tuple):
            values += value
        elif value is True:
            values.append(wanted(column))
        elif isinstance(value, str):
            values.append(value)
    return frozenset().union(*(stems(value) for value in values if value))
