"""Afresh: whether a message among works turns to something else, and what was said before of other works then.

"And an album for her, something folky", after sad films, has nothing to do with the film that was liked, and need not
be sad. What is refused stays refused, and prices, years and languages stay, unless "newer" meant newer than that film.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.shop import Shop
from chat.state import DialogueState, Limit
from chat.subjects import is_subject
from chat.turn import Turn
from chat.typed import EVERYDAY, for_whom, telling_words
from retrieval.numbers import LENGTH_FIELDS
from retrieval.parsed import as_tuple
from retrieval.types import Constraint

_LIKENED = re.compile(  # what is wanted goes by what has been spoken of
    r"\b(?:same|similar|alike|such|version|adaptation|too\s+\w+)\b|\b(?:like|than|of|with|from)\s+(?:it|that|this|these|those|them)\b"
    r"|\b(?:that|this)\s+(?:style|vein|sort|kind|vibe|mood|spirit|world|universe|author|director|line)\b|\b(?:as|also)\s+an?\s+\w+\W*$",
    re.IGNORECASE,
)
_BESIDES = re.compile(  # the message begins with another wish
    r"^\W*(?:(?:ok(?:ay)?|k|great|good|perfect|lovely|nice|cool|fine|right|thanks?|thank\s+you|very|well|and|oh|yes|sure|so|but)\b\W*)*"
    r"(?:now\b|next\b(?!\s+one)|another\s+thing\b|one\s+(?:more|last)\s+thing\b|last\s+thing\b|separately\b|different\s+(?:question|topic)\b"
    r"|while\s+i['’]?m\s+here\b|(?:i|we)\s+(?:also|still)\s+(?:need|want)\b)",
    re.IGNORECASE,
)
_INSTEAD = re.compile(r"\b(?:instead|rather)\b", re.IGNORECASE)
_GROWN_UP = re.compile(  # for whom nothing need be for children
    r"(?<!look )(?<!looks )(?<!rather )(?<!too )(?<!bit )(?<!so )\b(?:adults?|grown[\s-]?ups?)\b"
    r"|\bfor\s+(?:myself|me|(?:just\s+)?the\s+two\s+of\s+us|both\s+of\s+us)\b"
    r"|\bfor\s+(?:my|his|her|our|their|the)\s+(?:mum|mom|mother|dad|father|wife|husband|parents?|boyfriend|girlfriend|partner|boss|colleagues?"
    r"|grandm\w+|grandf\w+|gran|aunt\w*|uncle|neighbou?r)\b|\bnot\s+for\s+(?:kids|children|(?:a|my)\s+(?:kid|child))\b",
    re.IGNORECASE,
)
_OF_THE_WORKS = ("genres", "moods", "themes", "topic", "title", "creators", *LENGTH_FIELDS)


def turns(turn: Turn, shop: Shop, state: DialogueState) -> bool:
    """Whether a message wants other works than those talked of: of another kind, or besides, and says what they are."""
    understood, parsed = turn.understood, turn.understood.parsed
    if shop.of_goods or understood.act not in ("recommend", "availability") or parsed.relative:
        return False
    kinds = {v for c in parsed.constraints if (c.field, c.op) == ("kind", "is") for v in as_tuple(c.value)}
    held = {v for x in state.taste.limits if (x.field, x.op) == ("kind", "is") for v in as_tuple(x.value)}
    another = bool(kinds and held) and kinds.isdisjoint(held)
    if not (another or _BESIDES.search(turn.text)) or _LIKENED.search(turn.text):
        return False
    says = parsed.wishes or any(c.field != "kind" and c.op == "is" for c in parsed.constraints)
    if _INSTEAD.search(turn.text) and not (says or turn.named):
        return False  # "perhaps a book instead" is to be as the film was
    told = [word for word in telling_words(understood.gist) if word not in EVERYDAY]
    return bool(says or turn.named or told or for_whom(turn.text))


def says_its_own(turn: Turn, shop: Shop) -> bool:
    """Whether a message wishes for works by a genre, a mood or a subject, and not for what is like those named."""
    understood, parsed = turn.understood, turn.understood.parsed
    if shop.of_goods or understood.act != "recommend" or parsed.relative or _LIKENED.search(turn.text):
        return False
    return bool(parsed.wishes) or any((c.field, c.op) == ("genres", "is") for c in parsed.constraints)


def begin(turn: Turn, shop: Shop, state: DialogueState) -> None:
    """Let go of what was said of the works talked of before."""
    taste, said = state.taste, turn.understood.parsed.constraints
    gone = [x for x in taste.limits if _is_theirs(x) and x.constraint not in said]
    turn.lift(state, [x for x in gone if x.inferred or x.field not in LENGTH_FIELDS], silently=True)
    told = [x for x in gone if not x.inferred and x.field in LENGTH_FIELDS]  # whose end nobody would notice
    turn.lift(state, [*told, *_in_its_way(turn, shop, state)])
    taste.wishes, taste.earlier, taste.wish_text = [], [], []
    named = _ids(turn.named, shop)
    taste.aside.extend(item for item in taste.liked if item not in {*named, *taste.aside})
    turn.refined, turn.changed_subject = False, True


def _in_its_way(turn: Turn, shop: Shop, state: DialogueState) -> list[Limit]:
    """Return the languages wanted before that nothing on the subject has: French, of courses about cooking."""
    parsed = turn.understood.parsed
    subjects = [Constraint("topic", "is", w.value) for w in parsed.wishes if is_subject(w, turn.text)]
    wanted = [*parsed.constraints, *subjects]
    held = [x for x in state.taste.limits if (x.field, x.op) == ("language", "is") and x.constraint not in wanted]
    mask = shop.index.facets.mask
    if not (subjects and held and mask(wanted).any()):
        return []
    return [x for x in held if not (x.lasting or mask([*wanted, x.constraint]).any())]


def no_child_now(turn: Turn, shop: Shop) -> bool:
    """Whether works that children are to like are no longer wanted: "no, for an adult"."""
    says = any(c.field == "audience" and c.op == "is" for c in turn.understood.parsed.constraints)
    return not (shop.of_goods or says) and _GROWN_UP.search(turn.text) is not None


def _is_theirs(limit: Limit) -> bool:
    """Whether a limit says what works were wanted; what is refused stays refused."""
    theirs = limit.field in _OF_THE_WORKS or limit.inferred or (limit.measured and limit.field == "year")
    return theirs and limit.op != "is_not" and not limit.lasting


def _ids(positions: Sequence[int], shop: Shop) -> list[str]:
    return [shop.index.catalog[at].id for at in positions]
