"""A voice: puts what a simulated person says into words, in one language and one manner.

The phrases stand in `english.py` and `chinese.py`; here they are chosen and filled. Nothing is said that the facts do
not hold, and titles are the only words that are ever misspelt.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

from babel.numbers import format_currency, get_currency_name

from chat import facts
from chat.state import Language
from finetune.says import Says
from finetune.tastes import ABOUT, Value, World
from finetune.wordings import chinese, english
from retrieval.lexicon import display
from retrieval.numbers import LENGTH_FIELDS
from retrieval.text import is_cjk
from retrieval.types import Constraint, Item

Manner = Literal["plain", "terse", "careless"]
Part = Literal["train", "test", "all"]

_TABLES: Mapping[str, ModuleType] = {"en": english, "zh": chinese}
_IN_OTHER_WORDS = 0.45  # how often a mood or genre is described instead of named
_SPLIT_FROM = 6  # phrases; smaller tables are shared by training and measuring
_MEASURES = {"film": "部", "series": "部", "book": "本", "album": "张", "game": "款", "course": "门"}
_KEYS = "qwertyuiop asdfghjkl zxcvbnm"
_TERSE_LEADS = {"like": "like ", "dislike": "not like ", "refuse": "no ", "less": "less ", "retract": "not "}


def choose(options: Sequence[str], rng: random.Random, part: Part = "all") -> str:
    """Choose a phrase; of a table with six or more, every third is for "test" and the others for "train"."""
    if part != "all" and len(options) >= _SPLIT_FROM:
        options = [o for at, o in enumerate(options) if (at % 3 == 2) == (part == "test")]
    return rng.choice(options)


def misspelt(title: str, rng: random.Random) -> str:
    """Return a title with one slip in one of its longer words, as fingers make them; unchanged if it has none."""
    spans = [m.span() for m in re.finditer(r"[A-Za-z]{5,}", title)]
    if not spans:
        return title
    start, end = rng.choice(spans)
    at = rng.randrange(start + 1, end - 1)
    slip = rng.choice(("swap", "drop", "double", "beside"))
    if slip == "swap":
        middle = title[at + 1] + title[at]
        return title[:at] + middle + title[at + 2 :]
    if slip == "beside" and (key := _KEYS.find(title[at].lower())) >= 0 and _KEYS[key - 1 : key].strip():
        return title[:at] + _KEYS[key - 1] + title[at + 1 :]
    return title[:at] + title[at] * (2 if slip == "double" else 0) + title[at + 1 :]


@dataclass(frozen=True)
class Voice:
    """How one person talks.

    Attributes:
        world: the catalogue.
        language: English or Chinese.
        manner: whole sentences, keywords, or lower case without much punctuation.
        slips: the chance that a known item's title is misspelt.
        part: which phrases may be used.
    """

    world: World
    language: Language = "en"
    manner: Manner = "plain"
    slips: float = 0.0
    part: Part = "all"

    @property
    def _table(self) -> ModuleType:
        return _TABLES[self.language]

    @property
    def _zh(self) -> bool:
        return self.language == "zh"

    def can_say(self, value: Value) -> bool:
        """Whether this language has a word for a facet value."""
        field, name = value
        return not self._zh or field == "creators" or is_cjk(self._word(field, name))

    def opening(self, says: Sequence[Says], rng: random.Random) -> str:
        """Word a first message."""
        if self.manner == "terse" and any(s.act != "more" for s in says):
            return self._keywords(says, rng)
        likes = [s for s in says if s.act == "like"]
        things = [s for s in says if s.act in ("want", "limit", "refuse", "less")]
        beside = things[4:] + [s for s in things[:4] if s.act == "refuse" and rng.random() < 0.5]
        things = [s for s in things if s not in beside]
        sentences = []
        for like in likes:
            alone = not things and like is likes[-1] and rng.random() < 0.7
            table = self._table.LIKE_THEM if alone else self._table.LIKED
            sentences.append(self._fill(table, rng, titles=self.titles(like.items, rng)))
        if things:
            sentences.append(self._fill(self._table.OPENERS, rng, thing=self.thing(things, rng)))
        elif not likes:
            sentences.append(self._fill(self._table.OPENERS_VAGUE, rng))
        sentences += [self.sentence(s, rng) for s in [*beside, *(s for s in says if s.act == "dislike")]]
        lead = self._fill(self._table.LEADS, rng) if rng.random() < 0.2 else ""
        return self._finished(lead, sentences)

    def reaction(self, says: Sequence[Says], rng: random.Random) -> str:
        """Word an answer to what was shown."""
        if self.manner == "terse" and not any(s.act in ("closer", "more", "seen") for s in says):
            return self._keywords(says, rng)
        lead = self._fill(self._table.REACTIONS, rng) if rng.random() < 0.25 else ""
        return self._finished(lead, [self.sentence(s, rng) for s in says])

    def acceptance(self, target: Says, rng: random.Random) -> str:
        """Word that the right thing has been shown."""
        titles = self.titles(target.items, rng, exact=True)
        return self._finished("", [self._fill(self._table.ACCEPT, rng, titles=titles, this=self._this(target, rng))])

    def _finished(self, lead: str, sentences: Sequence[str]) -> str:
        text = ("" if self._zh else " ").join(sentences)
        text = lead + text
        if self.manner != "careless":
            return text
        return re.sub(r"[.。]\s*$", "", text).replace("'", "").lower()

    def _fill(self, phrases: Sequence[str], rng: random.Random, **slots: str) -> str:
        text = choose(phrases, rng, self.part).format(**slots)
        return text[:1].upper() + text[1:]

    def _keywords(self, says: Sequence[Says], rng: random.Random) -> str:
        """Put the facts as one does in a search box: ``slow science fiction film, before 1990, no horror``."""
        things = [s for s in says if s.act in ("want", "limit") and not s.places]
        parts = [self.thing(things, rng, bare=True)] if things else []
        for s in says:
            if s in things:
                continue
            if self._zh or s.act in ("relative", "reject", "closer", "seen", "more"):
                parts.append(self.sentence(s, rng).rstrip(".。"))
            else:
                parts.append(_TERSE_LEADS[s.act] + self._object(s, rng))
        return ("，" if self._zh else ", ").join(part for part in parts if part)

    def _object(self, s: Says, rng: random.Random) -> str:
        if s.items:
            return self.titles(s.items, rng)
        if s.limit is not None and s.limit.op != "is_not":
            return self.tail(s, rng)
        return self._word(s.limit.field, str(s.limit.value)) if s.limit is not None else self._word(s.field, s.value)

    # Sentences

    def sentence(self, s: Says, rng: random.Random) -> str:
        """Word one fact as a sentence of its own."""
        text = getattr(self, f"_say_{s.act}")(s, rng)
        if not s.again:
            return str(text)
        lead = choose(self._table.AGAIN, rng, self.part)
        return lead + (text[:1].lower() + text[1:] if not text.startswith(("I ", "I'")) else text)

    def _say_like(self, s: Says, rng: random.Random) -> str:
        return self._fill(self._table.LIKED, rng, titles=self.titles(s.items, rng))

    def _say_dislike(self, s: Says, rng: random.Random) -> str:
        return self._fill(self._table.DISLIKED, rng, titles=self.titles(s.items, rng))

    def _say_want(self, s: Says, rng: random.Random) -> str:
        if that := self._that((s.field, s.value), rng):
            return self._fill(self._table.WANT_THAT, rng, that=that)
        word = self._word(s.field, s.value)
        if s.field == "moods":
            more = rng.choice(self._table.MORE.get(s.value, (f"更{word}" if self._zh else f"more {word}",)))
            return self._fill(self._table.WANT_MOOD, rng, more=more)
        if s.field == "genres":
            return self._fill(self._table.WANT_GENRE, rng, x=self._table.GENRE_ALONE.get(s.value, word))
        tables = {"creators": "WANT_MAKER"} | dict.fromkeys(ABOUT, "WANT_ABOUT")
        return self._fill(getattr(self._table, tables.get(s.field, "WANT_OTHER")), rng, x=word)

    def _say_limit(self, s: Says, rng: random.Random) -> str:
        table = self._table.LIMIT_KIND if _is_kind(s.limit) else self._table.LIMIT
        return self._fill(table, rng, x=self.tail(s, rng))

    def _say_refuse(self, s: Says, rng: random.Random) -> str:
        assert s.limit is not None
        tables = {"moods": self._table.REFUSE_MOOD, "genres": self._table.REFUSE_GENRE}
        return self._fill(tables.get(s.limit.field, self._table.REFUSE), rng, x=self._refused(s.limit))

    def _say_less(self, s: Says, rng: random.Random) -> str:
        assert s.limit is not None
        return self._fill(self._table.LESS, rng, x=self._word(s.limit.field, str(s.limit.value)))

    def _say_relative(self, s: Says, rng: random.Random) -> str:
        assert s.limit is not None
        field = "length" if s.limit.field in LENGTH_FIELDS else s.limit.field
        return self._fill(self._table.RELATIVE[f"{field} {_sign(s.limit)}"], rng)

    def _say_closer(self, s: Says, rng: random.Random) -> str:
        return self._fill(self._table.CLOSER, rng, this=self._this(s, rng))

    def _say_reject(self, s: Says, rng: random.Random) -> str:
        return self._fill(self._table.REJECT, rng, this=self._this(s, rng))

    def _say_seen(self, s: Says, rng: random.Random) -> str:
        kinds = {self.world.kind(at) for at in s.items}
        knew = choose(
            self._table.KNEW.get(kinds.pop(), self._table.KNEW_ANY) if len(kinds) == 1 else self._table.KNEW_ANY, rng
        )
        return self._fill(self._table.SEEN, rng, this=self._this(s, rng), knew=knew)

    def _say_more(self, s: Says, rng: random.Random) -> str:
        return self._fill(self._table.MORE_OF_IT, rng)

    def _say_retract(self, s: Says, rng: random.Random) -> str:
        if s.limit is None:
            return self._fill(self._table.RETRACT_WISH, rng, x=self._word(s.field, s.value))
        if s.limit.field == "kind":
            return self._fill(self._table.RETRACT_KIND, rng, x=self.tail(s, rng))
        table = self._table.RETRACT_LIMIT.get("year" if s.limit.field == "decade" else s.limit.field)
        return self._fill(table or self._table.RETRACT_LIMIT_ANY, rng, x=self.tail(s, rng))

    # Parts of sentences

    def titles(self, items: Sequence[int], rng: random.Random, *, exact: bool = False) -> str:
        """Name works from memory, perhaps misspelt, perhaps with the year."""
        return self._listed([self._title(self.world.item(at), rng, exact) for at in items])

    def _title(self, item: Item, rng: random.Random, exact: bool) -> str:
        if self._zh:
            name = facts.name(item, "zh")
            return name.removesuffix(f"（{item.year}）") if item.year else name
        if not exact and rng.random() < self.slips:
            return misspelt(item.title, rng)
        how = rng.random()
        if how < 0.12 and item.year and self.manner == "plain":
            return f"{item.title} ({item.year})"
        return f'"{item.title}"' if how < 0.2 and self.manner == "plain" else item.title

    def thing(self, says: Sequence[Says], rng: random.Random, *, bare: bool = False) -> str:
        """Put wishes and limits into one phrase: ``a slow Russian film about grief, before 1990``."""
        wants = [(s.field, s.value) for s in says if s.act == "want"]
        described = {v: that for v in wants if not bare and (that := self._that(v, rng))}
        wants = [v for v in wants if v not in described]
        moods = [self._word(*v) for v in wants if v[0] == "moods"]
        genres = [v[1] for v in wants if v[0] == "genres"]
        kind = next((str(s.limit.value) for s in says if s.limit is not None and _is_kind(s.limit)), "")
        rest = [s for s in says if not (s.act == "want" and s.field in ("moods", "genres")) and not _is_kind(s.limit)]
        tails = [self.tail(s, rng) for s in rest]
        if self._zh:
            return self._zh_thing([*moods, *described.values()], genres, kind, tails, rng)
        tails += [f"that {that}" for that in described.values()]
        spoken = ", ".join(moods) if kind or genres else " and ".join(moods)
        if kind:
            before = [self._table.GENRE_BEFORE_NOUN.get(g, self._word("genres", g)) for g in genres]
            head = " ".join(part for part in (spoken, *before, self._noun(kind, rng)) if part)
            head = head if bare else _article(head)
        elif genres:
            head = " ".join(part for part in (spoken, " or ".join(self._word("genres", g) for g in genres)) if part)
            head = head if bare else f"some {head}"
        else:
            head = spoken if bare else f"something {spoken}".strip()
        return (head + " " + ", ".join(tails)).strip() if tails else head

    def _zh_thing(
        self, moods: Sequence[str], genres: Sequence[str], kind: str, tails: Sequence[str], rng: random.Random
    ) -> str:
        before = [t if t.endswith("的") else t + "的" for t in tails if not t.startswith(("不", "别", "除", "没"))]
        after = [t for t in tails if t.startswith(("不", "别", "除", "没"))]
        if moods:
            before.append("、".join(moods) + "的")
        head = "".join(before) + "".join(self._word("genres", g) for g in genres)
        head += self._noun(kind, rng) if kind else ("作品" if head.endswith("的") or not head else "")
        return "，".join([head, *after])

    def _that(self, value: Value, rng: random.Random) -> str:
        """Return a mood or genre in other words, most often ""."""
        said = self._table.THAT.get(value, ())
        return rng.choice(said) if said and rng.random() < _IN_OTHER_WORDS else ""

    def tail(self, s: Says, rng: random.Random) -> str:
        """Put one fact into a phrase that follows a noun: ``before 1990``, ``about grief``, ``no horror``."""
        if s.limit is None:
            about = "about" if s.field in ABOUT else s.field if s.field in ("creators",) else "other"
            if s.field in ("genres", "moods"):
                return self._word(s.field, s.value)
            return choose(self._table.TAILS[about], rng, self.part).format(x=self._word(s.field, s.value))
        limit = s.limit
        if s.act in ("refuse", "less"):
            key = "refuse mood" if limit.field == "moods" else "refuse"
            return choose(self._table.TAILS[key], rng, self.part).format(x=self._refused(limit))
        if _is_kind(limit):
            noun = self._noun(str(limit.value), rng)
            return noun if self._zh else _article(noun)
        field = "length" if limit.field in LENGTH_FIELDS else limit.field
        return choose(self._table.TAILS[f"{field} {_sign(limit)}"], rng, self.part).format(x=self._amount(limit, rng))

    def _amount(self, limit: Constraint, rng: random.Random) -> str:
        if limit.field == "language":
            return display("language", str(limit.value), self.language)
        value = float(limit.value)  # type: ignore[arg-type]
        if limit.field == "price":
            return self._price(value)
        if limit.field == "decade":
            return self._decade(int(value), rng)
        if limit.field in LENGTH_FIELDS:
            if limit.field == "minutes" and value % 60 == 0:
                hours = f"{value / 60:g}"
                return f"{hours}小时" if self._zh else f"{hours} hour{'' if hours == '1' else 's'}"
            return f"{value:g}{'' if self._zh else ' '}{self._table.UNITS[limit.field]}"
        return f"{value:g}"

    def _price(self, value: float) -> str:
        currency = self.world.facets.currency
        if not currency:
            return f"{value:g}"
        if self._zh:
            return f"{value:g}{get_currency_name(currency, locale='zh')}"
        return str(format_currency(value, currency, locale="en")).removesuffix(".00")

    def _decade(self, start: int, rng: random.Random) -> str:
        if self._zh:
            return str(start % 100) if 1930 <= start < 2000 else str(start)
        how = rng.random()
        if how < 0.3 and start in self._table.DECADES:
            return str(self._table.DECADES[start])
        return f"{start % 100}s" if how < 0.5 and 1930 <= start < 2000 else f"{start}s"

    def _word(self, field: str, value: str) -> str:
        if field == "creators":
            return self.world.facets.name(value)
        return display("topic" if field in ABOUT else field, value, self.language)

    def _refused(self, limit: Constraint) -> str:
        word = self._word(limit.field, str(limit.value))
        return str(self._table.GENRE_REFUSED.get(limit.value, word)) if limit.field == "genres" else word

    def _noun(self, kind: str, rng: random.Random) -> str:
        return str(rng.choice(self._table.NOUNS.get(kind, (display("kind", kind, self.language),))))

    def _this(self, s: Says, rng: random.Random) -> str:
        if rng.random() < 0.3 or not s.places:
            return self.titles(s.items, rng, exact=True)
        kinds = [self.world.kind(at) for at in s.items]
        if self._zh:
            measures = [_MEASURES.get(kind, "个") for kind in kinds]
            return "和".join(self._table.ORDINALS[p] + m for p, m in zip(s.places, measures, strict=True))
        ordinals = self._listed([f"the {self._table.ORDINALS[p]}" for p in s.places])
        if len(s.places) > 1:
            return ordinals
        noun = "one" if rng.random() < 0.6 or kinds[0] not in self._table.NOUNS else self._noun(kinds[0], rng)
        return rng.choice((f"{ordinals} {noun}", f"{ordinals} {noun}", f"number {s.places[0] + 1}"))

    def _listed(self, parts: Sequence[str]) -> str:
        joint = "和" if self._zh else " and "
        comma = "、" if self._zh else ", "
        return joint.join(part for part in (comma.join(parts[:-1]), parts[-1]) if part) if parts else ""


def _is_kind(limit: Constraint | None) -> bool:
    return limit is not None and limit.field == "kind" and limit.op == "is"


def _sign(limit: Constraint) -> str:
    return limit.op.removesuffix("=")


def _article(noun: str) -> str:
    return ("an " if noun[:1].lower() in "aeiou" else "a ") + noun
