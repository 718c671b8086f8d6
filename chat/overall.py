"""Overall: what is asked of all that the shop has, not of the cards: how many there are, and "his longest film"."""

from __future__ import annotations

import re
from dataclasses import replace

from chat.picking import Picking
from chat.questions import any_measure, extremes
from chat.replies import Say
from chat.shop import Shop
from chat.state import DialogueState, Language
from chat.turn import Turn
from chat.typed import telling_words
from chat.understanding import Understanding
from retrieval.labels import label
from retrieval.lexicon import canonical
from retrieval.parsed import Parsed
from retrieval.types import Constraint

NUMBER = "number"  # what is asked then of all that fits
_HAVE = r"(?:do\s+you\s+(?:\w+\s+)?(?:sell|have|stock|carry|offer)|have\s+you\s+got|are\s+there)"
_HOW_MANY = re.compile(
    rf"\bhow\s+many\b(?![^.?!;]*\b(?:left|in\s+(?:it|this|that|stock|an?|the|one|each))\b)[^.?!;]{{0,60}}?\b(?:{_HAVE}|(?:by|from)\s+\w+)(?:\s+(?:by|from)\b[^.?!;]*)?\W*(?=$|[.?!;]|\b(?:and|also)\b)"
    r"|(?:^|[.?!;,]\s)\W*(?:(?:and|so|but|ok(?:ay)?)\W+)*how\s+many"
    r"(?:\s+(?:of\s+(?:them|those|these)|is\s+that|are\s+there|altogether|in\s+total))?\s*(?=$|[.?!;])"
    r"|有(?:几|多少)[部本张款个种]",
    re.IGNORECASE,
)
_FIRST = r"(?:(?:very\s+)?(?P<first>first|earliest|debut)|(?P<last>last|latest))"
_THEIRS = re.compile(
    rf"\b(?:his|her|their)\s+(?:{_FIRST}\b|(?:\w+est|most\s+\w+|least\s+\w+)\b)|\ball\s+(?:of\s+)?(?:his|her|their)\s|[他她]们?的?最",
    re.IGNORECASE,
)
_OF_CARDS = re.compile(
    r"\b(?:of|among|from|between)\s+(?:all\s+(?:of\s+)?)?(?:these|those|them|the\s+(?:two|three|four|five))\b|\byou\s+(?:just\s+)?(?:show|list|suggest)\w*"
    r"|这些|那些|其中|里面",
    re.IGNORECASE,
)


def counts(text: str) -> bool:
    """Whether a text asks how many of something the shop has: not how many are left, or how many pages one has."""
    return _HOW_MANY.search(text) is not None


def of_all(text: str, understood: Understanding, shop: Shop, state: DialogueState) -> Understanding | None:
    """Return a question about all that the shop has by a maker spoken of, or how much of it; None if it is none.

    "Which is his longest film?" and, of what is limited to a maker, "the oldest one" are not asked of the cards alone.
    """
    theirs, parsed = _THEIRS.search(text), understood.parsed
    held = [x.constraint for x in state.taste.limits if (x.field, x.op) == ("creators", "is")]
    said = [c for c in parsed.constraints if (c.field, c.op) == ("creators", "is")]
    makers = said or held or (_makers(shop, state, understood.language) if theirs else [])
    extreme = understood.extreme or (_measure(text, theirs) if theirs else None)
    of_cards = _OF_CARDS.search(text) or not (theirs or understood.of_these)
    if makers and extreme is not None and not of_cards:
        kept = [c for c in parsed.constraints if c.field == "kind" or not theirs]
        parsed = replace(parsed, constraints=tuple(dict.fromkeys((*makers, *kept))), relative=())
        return _anew(understood, parsed, extreme)
    if not counts(text) or understood.questions not in ((), ("other",)) or any(o.surface for o in understood.opinions):
        return None
    parsed = shop.parser.parse(text, (), understood.language)  # whatever the words are told for
    if not (parsed.constraints or parsed.wishes):  # of what is in force: "how many?"
        number = replace(understood, act="question", questions=(NUMBER,), opinions=(), of_shown=False)
        return None if set(telling_words(text)) - {"many"} else number
    wished = (_limit(shop, wish.field, wish.value, understood.language) for wish in parsed.wishes)
    parsed = replace(parsed, constraints=(*parsed.constraints, *wished), wishes=())
    return _anew(understood, parsed, understood.extreme)


def number_told(shop: Shop, state: DialogueState, say: Say) -> str:
    """Say how many there are of what the limits in force ask for."""
    constraints = Picking(shop, state, say).constraints()
    number = int(shop.recommender.allowed(constraints).sum())
    limits = say.quoted([c.label for c in constraints if c.label])
    return say("counted", limits=limits, number=number) if limits else say("counted_all", number=number)


def other_told(turn: Turn, shop: Shop, state: DialogueState, say: Say) -> str:
    """Return the second that a message singles out of all there is, "" if it does not: "…, and the shortest?"."""
    others = extremes(turn.text)[1:]
    best = Picking(shop, state, say).utmost(turn, *others[0]) if turn.understood.extreme and others else []
    return say.utmost(shop.index.catalog[best[0].position], others[0]) if best else ""


def _anew(understood: Understanding, parsed: Parsed, extreme: tuple[str, int] | None) -> Understanding:
    """Return a message as a wish for what all the shop has of some limits."""
    blank = replace(understood, questions=(), opinions=(), of_these=False, of_shown=False, unknown_name="")
    return replace(blank, act="recommend", parsed=parsed, extreme=extreme, asked_title="")


def _measure(text: str, theirs: re.Match[str]) -> tuple[str, int] | None:
    if theirs["first"] or theirs["last"]:
        return ("year", -1 if theirs["first"] else 1)
    return any_measure(text)


def _makers(shop: Shop, state: DialogueState, language: Language) -> list[Constraint]:
    """Return a limit to the maker of the item spoken of last, none where nothing or several have made it."""
    taste = state.taste
    spoken = shop.items([taste.about] if taste.about else taste.focus[:1])
    makers = spoken[0].creators if spoken else ()
    if len(makers) != 1:
        return []
    return [_limit(shop, "creators", canonical("creators", makers[0]), language)]


def _limit(shop: Shop, field: str, value: str, language: Language) -> Constraint:
    return Constraint(field, "is", value, label(field, "is", value, language, "", shop.index.facets.name))
