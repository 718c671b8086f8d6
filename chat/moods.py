"""Moods: whether an item is listed with one, and which of several are; the catalogue does not say how much of it."""

from __future__ import annotations

from collections.abc import Sequence

from chat import facts
from chat.opinions import Opinion
from chat.reading import asking, without_names
from chat.replies import Say
from retrieval.constraints import listed_values, values_of
from retrieval.lexicon import display, genres_full_of, moods_near
from retrieval.parsing import Parser
from retrieval.types import Item

MOODS = "moods"


def moods_asked(text: str, opinions: Sequence[Opinion], parser: Parser) -> list[str]:
    """Return the moods that a question names: "is it scary?"."""
    parsed = parser.parse(asking(without_names(text, opinions)))
    found = [wish.value for wish in parsed.wishes if wish.field == MOODS]
    found += [str(c.value) for c in parsed.constraints if (c.field, c.op) == (MOODS, "is")]
    return list(dict.fromkeys(found))


def told_of(item: Item, fields: Sequence[str], moods: Sequence[str], say: Say) -> str:
    """Answer a question from an item's columns, whether it is listed with the moods asked about as yes or no."""
    listed = _whether_listed(item, moods, say) if moods and MOODS in fields else ""
    rest = [field for field in fields if field != MOODS or not listed]
    return say.sentences(say.answer(item, rest) if rest else "", listed)


def _whether_listed(item: Item, moods: Sequence[str], say: Say) -> str:
    """Say which of the moods asked about an item is listed with, and all that it is; "" if it is with none at all.

    A genre that is full of a mood, and moods near it, speak for it where the mood itself is not listed.
    """
    own = listed_values(item, MOODS)
    if not own:
        return ""
    title, language = facts.name(item, say.language), say.language
    lacking = [mood for mood in moods if mood not in own]
    word = facts.join([display(MOODS, mood, language) for mood in lacking or moods], language, either=bool(lacking))
    others = [display(MOODS, mood, language) for mood in own if mood not in moods]
    told = facts.join(others, language)
    if not lacking:
        return say("mood_listed" if told else "mood_alone", title=title, mood=word, told=told)
    full = [g for mood in lacking for g in genres_full_of(mood) if g in values_of(item, "genres")]
    if full:
        return say("mood_by_genre", title=title, genre=display("genres", full[0], language), told=told)
    near = [display(MOODS, near, language) for mood in lacking for near in moods_near(mood) if near in own]
    if near:
        return say("mood_near", title=title, mood=word, near=facts.join(near, language), told=told)
    return say("mood_unlisted", title=title, mood=word, told=told)


def of_these(items: Sequence[Item], mood: str, sign: int, say: Say) -> tuple[str, list[Item]]:
    """Say which of several items have a mood, or have it not, with those first; of a pair alike in it, what each is."""
    fitting = [item for item in items if (mood in values_of(item, MOODS)) == (sign > 0)]
    word = display(MOODS, mood, say.language)
    if not fitting or len(fitting) == len(items):
        all_of = say("mood_all" if bool(fitting) == (sign > 0) else "mood_none", mood=word)
        each = [say.answer(item, (MOODS,)) for item in items] if len(items) == 2 else []
        return say.sentences(all_of, *each), list(items)
    titles = facts.names(fitting, say.language)
    some = "mood_some" if len(fitting) > 1 else "mood_some_one"
    text = say(some if sign > 0 else "mood_not", titles=titles, mood=word)
    return text, sorted(items, key=lambda item: item not in fitting)


def each_in_short(items: Sequence[Item], say: Say) -> str:
    """Tell the moods of several items in a sentence, and which is for children; "" if they have none."""
    shown = [f for f in (MOODS, "audience") if any(values_of(item, f) for item in items)]
    told = [
        (item, facts.join([facts.attribute(item, f, say.language) for f in shown if values_of(item, f)], say.language))
        for item in items
    ]
    each = [say("held_some", title=item.title, value=value).rstrip(".。") for item, value in told if value]
    mark, end = ("；", "。") if say.language == "zh" else ("; ", ".")
    return say("says_of_each", told=mark.join(each) + end) if MOODS in shown else ""
