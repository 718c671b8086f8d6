"""The thread: what a conversation among goods is about where no kind says it, and what a message leaves of it.

Who asked for a kite and then "is there one in blue?" still wants a kite, although the catalogue has no such kind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.opinions import SIMILAR
from chat.shop import Shop
from chat.state import DialogueState
from chat.turn import Turn
from chat.typed import EVERYDAY, FILLER, STOPWORDS, telling_words
from retrieval.constraints import called, satisfies
from retrieval.text import forms, tokenize, words
from retrieval.things import Things
from retrieval.types import Constraint, Item

_BACK = 2  # messages in which the thing may have been named
_LEAST = 3  # letters of a noun
_NEAREST = 20  # titles among which one that has the words of a name is looked for
_STEM = 5  # letters of a word that stands for longer ones
_SHARE = 0.5  # of the catalogue, from which whatever is called so is no thing
_BESIDE = frozenset(  # what stands behind these is a subject, a place or a person's taste, not the thing itself
    "about with for of on in at from to like likes loves love enjoys into around and than instead no not".split()  # noqa: SIM905
)
_DETERMINERS = frozenset("a an the some any my our your his her their".split())  # noqa: SIM905
_ONE = re.compile(
    r"\b(?:is|are)\s+there\s+(?:also\s+)?(?:any\s+)?ones?\b|\b(?:have|got|get|want|need|like|see|show\s+me)\s+(?:me\s+)?ones?\b"
    r"|\b(?:a|an|any)\s+(?:\w+\s+){1,2}ones?\b|\bones?\s+(?:in|that|which|with|without|under|for|where)\b",
    re.IGNORECASE,
)
THE_ONES = re.compile(
    r"\b(?:the|those|these)\s+ones?\s+(?:with|without|that|which|in|under|made|from)\b"
    r"|\bwhich\s+of\s+(?:those|these|them)\b|\bof\s+(?:those|these|them)\b",
    re.IGNORECASE,
)


def held_on_to(shop: Shop, state: DialogueState, turn: Turn, said: Sequence[Constraint]) -> list[Constraint]:
    """Return the limit to the thing talked of, if a message only says more of it and no limit has it yet.

    Args:
        shop: the catalogue.
        state: the conversation, the message included.
        turn: of the message.
        said: the limits that it sets.
    """
    held = [limit.constraint for limit in state.taste.limits]
    fields = {limit.field for limit in (*said, *held) if limit.op == "is"}
    if not shop.of_goods or turn.named or fields & {"kind", "title"} or turn.understood.anything:
        return []
    parsed = turn.understood.parsed
    refines = said and not (turn.understood.gist or parsed.wishes)
    if not (refines or _ONE.search(turn.text)) or turn.understood.other or turn.understood.act == "more":
        return []
    asked = [entry.text for entry in state.messages if entry.role == "user"][:-1]
    shown = shop.items(state.taste.focus)
    for text in reversed(asked[-_BACK:]):
        found = _thing(text, shown, shop) if shown else _kind(text, shop)
        if found is not None:
            needs, left = shop.recommender.needs, shop.index.facets.mask([found])
            beside = needs is not None and needs.doubted(text, left)  # "she can't open jars"
            return [] if beside else [found]
    return []


def make_way(shop: Shop, state: DialogueState, turn: Turn, asked: str, near: Sequence[int]) -> list[int]:
    """Let the thing talked of go where another is asked for by name; return what is all but called so.

    "Do you have magnet tiles?", after bricks, means "Magnetic Tiles, 32 Pieces".
    """
    said = telling_words(asked)
    if not shop.of_goods or not said:
        return []
    spelt = (at for at, _ in shop.linker.nearest(asked, _NEAREST))
    items = {at: shop.index.catalog[at] for at in (*near, *spelt)}
    same = [at for at, item in items.items() if all(_begins(word, words(item.title)) for word in said)]
    if same:
        let_go(state, turn, [items[at] for at in same])
    return same


def let_go(state: DialogueState, turn: Turn, named: Sequence[Item]) -> None:
    """Let go of the thing talked of that none of the items is which are now asked for by name."""
    things = [x for x in state.taste.limits if x.is_thing]
    others = [x for x in things if not any(satisfies(item, x.constraint) for item in named)]
    turn.lift(state, others, silently=True)


def similar(text: str, state: DialogueState) -> str:
    """Return the id of the item to which "something similar" is to be, if none is on screen as the one spoken of."""
    taste = state.taste
    wants = SIMILAR.search(text) is not None and not taste.about and taste.spoken not in taste.disliked
    return taste.spoken if wants else ""


def _begins(word: str, title: Sequence[str]) -> bool:
    """Whether a title has a word, or a longer one that begins with it: "magnetic", for "magnet"."""
    return any(form in title for form in forms(word)) or (
        len(word) >= _STEM and any(each.startswith(word) for each in title)
    )


def of_those(text: str) -> bool:
    """Whether a message chooses among what is on screen: "the ones without a lid"."""
    return THE_ONES.search(text) is not None


def _thing(text: str, shown: Sequence[Item], shop: Shop) -> Constraint | None:
    """Return a limit to what a message calls by a noun that titles of what was shown for it have."""
    tokens = tokenize(text)
    for at, token in enumerate(tokens):
        word = token.norm
        if len(word) < _LEAST or word in FILLER or word in STOPWORDS or word in EVERYDAY:
            continue
        if not (shop.parser.phrases.is_english(word) or shop.parser.things.spelt(word)):
            continue  # the name of one of them
        if not Things.ends(text, tokens, at) or _beside([t.norm for t in tokens[:at]], shown):
            continue
        name = next((form for form in (word, *forms(word)) if any(called(item, form) for item in shown)), "")
        limit = Constraint("title", "is", name, name)
        if name and shop.index.facets.mask([limit]).mean() < _SHARE:
            return limit
    return None


def _beside(before: Sequence[str], shown: Sequence[Item]) -> bool:
    """Whether the words before a noun make it something that is beside the thing: "about dinosaurs", "likes cats"."""
    left = list(before)
    while left and any(called(item, left[-1]) for item in shown):
        left.pop()  # "wooden" blocks
    while left and left[-1] in _DETERMINERS:
        left.pop()
    return bool(left) and left[-1] in _BESIDE


def _kind(text: str, shop: Shop) -> Constraint | None:
    """Return the kind that a message named which was answered from a page: a frying pan's care, then "over 25 cm"."""
    parsed = shop.parser.parse(text)
    named = [c for c in (*parsed.constraints, *parsed.owned) if c.field in ("kind", "title")]
    return Constraint(named[0].field, "is", named[0].value) if named else None
