"""Hearing: how one message is read in the light of what is on screen and of what has been said before."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from chat.about import wishes
from chat.acts import Act
from chat.clauses import asks, clauses
from chat.comparing import compared
from chat.explaining import COMMON, REASON, asks_common, asks_why, objects, wonders_why
from chat.fitting import FITS
from chat.opinions import Opinion
from chat.overall import of_all
from chat.pointing import PLACES, by_noun, of_part, pointed, sized
from chat.quoting import question_alone
from chat.reading import whether
from chat.restock import RESTOCK, asks_for_return, sold_out
from chat.scene import Scene
from chat.senses import Sensed
from chat.sorts import all_of_kind, companion
from chat.thread import similar
from chat.typed import telling_words
from chat.understanding import Understanding, understand
from retrieval.constraints import satisfies_all
from retrieval.cues import Mention
from retrieval.ranges import part_of, range_of
from retrieval.text import words

_AND_THAT = re.compile(r"^\W*(?:and|also)\s+(?:that|this)(?:\s+one)?(?:\s+(?:too|as\s+well|also))?\W*$", re.IGNORECASE)
_POINTS = re.compile(r"\b(?:that|this|it)\b", re.IGNORECASE)
_WHICH = re.compile(
    r"\b(?:which|what)\s+(?:(?:sort|kind|type)s?\s+of\s+)?(?:other\s+)?$", re.IGNORECASE
)  # before a kind
_LOOSE: frozenset[Act] = frozenset({"recommend", "more", "unclear"})  # what is left where no rule speaks
_PLAINLY = 0.8  # a share of the purpose from which a message asks about an item
_AT_ALL = 0.2  # and one from which it may, where whoever knows works alone takes it for none of our business
_PAIR = 2  # works that are weighed against each other
_OR = re.compile(r"\b(?:or|vs|versus)\b", re.IGNORECASE)
_BRIEF = 5  # words of a message that says something of a card and little else
_OF_CARDS = re.compile(rf"\b(?:ones?|{'|'.join(PLACES)}|last|these|those|both)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hearing(Scene):
    """Reads the messages of one conversation.

    Attributes:
        whole: the message of this turn.
        parts: those of its parts that are going to be read one by one.
    """

    whole: str = ""
    parts: Sequence[str] = ()

    def understand(self, text: str, served: Collection[Act] = ()) -> Understanding:
        """Read a message in the light of what is on screen; `served` are acts that the desk sees to."""
        of_stranger = self.state.answered.endswith(self.say("invite_about")) and not _OF_CARDS.search(text)
        spoken_of = bool(self.state.taste.about or self.state.page or self.state.route == "item")
        shown = 0 if of_stranger else len(self.state.taste.focus)  # "it" is the work that we asked about
        taste = self.state.taste
        text = self._repeated(self._counted(companion(text, self.shop, taste.focus)))
        sensed = self._sensed(text)
        understood = understand(
            text,
            self.shop.linker,
            self.shop.parser,
            shown,
            spoken_of=spoken_of,
            served=served,
            sensed=sensed,
            is_part=self._is_part,
        )
        missing = sold_out(self.shop, self.state, self.say)
        if asks_for_return(text, missing) and (missing is not None or shown or spoken_of or understood.opinions):
            return replace(understood, act="question", questions=(RESTOCK,), extreme=None, of_shown=False)
        related = _related(understood.opinions) if asks_common(text) else ()
        if sum(len(opinion.places) or 1 for opinion in related) > 1:
            return replace(understood, act="question", questions=(COMMON,), opinions=related, compares=True)
        if (overall := of_all(text, understood, self.shop, self.state)) is not None:
            return overall
        if asks_why(text, understood.opinions, shown):
            if objects(text):
                return _objected(text, understood)
            return replace(understood, act="question", questions=(REASON,), extreme=None, of_shown=False)
        if understood.questions == ("pick",) and self._wants_others(text, understood):
            return replace(understood, act="recommend", questions=())
        if self._counts_heads(understood):
            return replace(understood, act="question", questions=(FITS,), extreme=None, of_shown=False)
        if understood.act not in ("question", "availability") and compared(text, self.shop, self.state) is not None:
            return replace(understood, act="question", questions=(), compares=True)
        meant = similar(text, self.state) if understood.act in ("recommend", "more", "unclear") else ""
        if meant and not understood.opinions:  # "something similar but cheaper", whatever has been shown since
            alike = tuple(Opinion("like", (at,)) for at in self.shop.positions([meant]))
            return replace(understood, act="recommend", opinions=alike)
        understood = self._as_asked(text, self._of_all(text, understood), spoken_of or shown > 0)
        return self._between(text, self._asked_behind(text, understood, shown))

    def _as_asked(self, text: str, understood: Understanding, spoken_of: bool) -> Understanding:
        """Read as a question about an item what is plainly meant as one, though no rule knows its form.

        "Are the pieces magnetic?", "board or paper pages, she chews": the purpose of a message has been learnt.
        """
        parsed, named = understood.parsed, [opinion for opinion in understood.opinions if opinion.surface]
        others = understood.extreme or understood.mood or understood.same_maker or understood.asked_title
        stands = len(clauses(text)) > 1 and any(opinion.attitude != "neutral" for opinion in named)
        turned = parsed.relative or understood.dropped or others or stands
        item = understood.purposes.get("item", 0.0)
        share = item / max(1 - understood.purposes.get("out_of_scope", 0.0), item, _AT_ALL)  # "what size hole" is ours
        of_item = item > _AT_ALL and share > _PLAINLY and (spoken_of or named)
        if understood.act not in _LOOSE or turned or not (of_item or self._has_line(text, understood)):
            return understood
        of_it = tuple(replace(opinion, attitude="neutral") for opinion in understood.opinions)
        return replace(understood, act="question", questions=whether(parsed) or ("other",), opinions=of_it)

    def _asked_behind(self, text: str, understood: Understanding, shown: int) -> Understanding:
        """Read what names one work as the question about it that follows: "Spiritfarer, nice. Isn't it sad?"."""
        named = [opinion for opinion in understood.opinions if opinion.surface]
        parts = clauses(text)
        if self.shop.of_goods or understood.act not in _LOOSE or len(named) != 1 or len(parts) < 2:
            return understood
        (opinion,) = named
        behind = [part for part in parts if opinion.surface not in part]
        if (
            opinion.attitude == "dislike"
            or not behind
            or any(wishes(part.replace(opinion.surface, "that")) for part in parts)
        ):
            return understood
        read = [self._as_asked(part, self._alone(part, shown), spoken_of=True) for part in behind]
        if any(each.act != "question" or any(o.surface for o in each.opinions) for each in read):
            return understood
        fields = tuple(dict.fromkeys(field for each in read for field in each.questions))
        of_it = (replace(opinion, attitude="neutral"),)
        return replace(understood, act="question", questions=fields, opinions=of_it)

    def _between(self, text: str, understood: Understanding) -> Understanding:
        """Read "Toy Story or Monsters, Inc., which one" as wanting the two beside each other."""
        named = [opinion for opinion in understood.opinions if opinion.surface]
        if self.shop.of_goods or len(named) != _PAIR or understood.act not in _LOOSE or understood.parsed.relative:
            return understood
        first, last = sorted(text.find(opinion.surface) for opinion in named)
        between = _OR.search(text, max(first, 0), last) is not None
        if not between or any(opinion.attitude not in ("neutral", "like") for opinion in named) or wishes(text):
            return understood
        both = tuple(replace(opinion, attitude="neutral") for opinion in named)
        return replace(understood, act="question", questions=(), compares=True, opinions=both)

    def _alone(self, part: str, shown: int) -> Understanding:
        """Read a part of a message for itself."""
        sensed = self._sensed(part)
        return understand(part, self.shop.linker, self.shop.parser, shown, spoken_of=True, sensed=sensed)

    def _has_line(self, text: str, understood: Understanding) -> bool:
        """Whether a line of the item that a message names, or that is spoken of, answers it: "can I wear it?"."""
        lines, shares = self.shop.lines, understood.purposes
        named = [at for opinion in understood.opinions if opinion.surface for at in opinion.positions]
        meant = shares.get("item", 0.0) > max(shares.get("recommend", 0.0), _AT_ALL) or (named and asks(text))
        if lines is None or not meant:
            return False
        spoken = [self.state.taste.about, self.state.page, *self.state.taste.focus]
        items = self.shop.items(filter(None, spoken))
        item = self.shop.index.catalog[named[0]] if named else next(iter(items), None)
        found = lines.read(question_alone(text), item) if item is not None else None
        return found is not None and found.answers

    def _wants_others(self, text: str, understood: Understanding) -> bool:
        """Whether "which cheese would you recommend?" asks for things of which none is on screen."""
        parsed = understood.parsed
        things = [limit for limit in parsed.constraints if limit.is_thing]
        if not things or not any(_WHICH.search(text[:start]) for start, _ in parsed.hard):
            return False
        return not any(satisfies_all(item, things) for item in self.shop.items(self.state.taste.focus))

    def _counts_heads(self, understood: Understanding) -> bool:
        """Whether a message only says how many people there are, after a question about an item: is it for so many?"""
        parsed, taste = understood.parsed, self.state.taste
        heads = [c for c in parsed.constraints if c.op == "fits" and part_of(c.field) == "people"]
        more = len(parsed.constraints) > len(heads) or parsed.wishes or parsed.relative or understood.opinions
        told = telling_words(understood.gist)  # "an escape room for 4 then"
        if not heads or more or told or understood.act == "question" or self.state.route != "item":
            return False
        spoken = self.shop.items([taste.about] if taste.about else taste.focus)
        return len(spoken) == 1 and range_of(spoken[0], heads[0].field) is not None

    def _of_all(self, text: str, understood: Understanding) -> Understanding:
        """Read "are the brushes made of wood?" as a question about each of them, if the catalogue tells it of any."""
        items = all_of_kind(text, understood, self.shop, self.state.taste.focus)
        if not items:
            return understood
        each = tuple(Opinion("neutral", (self.shop.index.catalog.positions[item.id],)) for item in items)
        return replace(understood, act="question", questions=("other",), opinions=each)

    def _sensed(self, text: str) -> Sensed | None:
        """Return what the words of a message, or of a part of this turn's, are about in the light of all of it."""
        senses = self.shop.senses
        own = senses.read(text, *self.parts) if senses is not None else None
        at = self.whole.find(text)
        whole = senses.read(self.whole) if senses is not None and at >= 0 and text != self.whole else None
        return whole.part(at, at + len(text), own.purposes) if whole is not None and own is not None else own

    def _repeated(self, text: str) -> str:
        """Read "and that one" after "seen it" as "seen it" once more, of what is shown now."""
        if not _AND_THAT.search(text):
            return text
        said = [entry.text for entry in self.state.messages if entry.role == "user"]
        before = next((each for each in reversed(said) if not _AND_THAT.search(each)), "")
        return before if len(before.split()) <= _BRIEF and _POINTS.search(before) else text

    def _counted(self, text: str) -> str:
        """Read "the guitar one" and "the one with a lid" as "the second one", if only that card is so described."""
        shown = self.shop.items(self.state.taste.focus)
        if self.shop.of_goods:
            text = by_noun(text, self.shop.items([self.state.taste.about] if self.state.taste.about else []) or shown)
            text = sized(text, shown, lambda name: bool(self.shop.linker.exact(name)))
        called = self.shop.index.facets.postings.get("kind", {}) if self.shop.of_goods and asks(text) else {}
        described = pointed(text, shown, called)
        if described is None:
            return text
        if len(described.places) == 1 and described.places[0] < len(PLACES):
            meant = f"the {PLACES[described.places[0]]} one"
        else:
            several = len(words(described.described)) > 1
            named = self.shop.linker.exact(described.described) if several else ()
            meant = self.shop.index.catalog[named[0]].title if named else text[described.start : described.end]
        return text[: described.start] + meant + text[described.end :]

    def _is_part(self, text: str, mention: Mention) -> bool:
        """Whether a title that a message seems to name is part of what is on screen, or of what it asks of that."""
        shown = self.shop.items([*self.state.taste.focus, *filter(None, [self.state.page])])
        if shown and mention.surface.islower():  # "do they keep the rain out?" names no rain jacket
            limits = self.shop.parser.columns.read(text, "en")
            if any(limit.start < mention.start and mention.end < limit.end for limit in limits):
                return True
        return of_part(text, mention, shown, self.shop.index.facets.document_frequency)


def _related(opinions: Sequence[Opinion]) -> tuple[Opinion, ...]:
    """Return the items that are asked what they have in common: those named, else those pointed at too."""
    named = [opinion for opinion in opinions if opinion.surface]
    return tuple(replace(opinion, attitude="neutral") for opinion in (named if len(named) > 1 else opinions))


def _objected(text: str, understood: Understanding) -> Understanding:
    """Refuse the item that a message asks the reason of and objects to: the others that it names are what is wanted."""
    named = [opinion for opinion in understood.opinions if opinion.surface]
    why = next(clause for clause in (*clauses(text), text) if wonders_why(clause))
    asked = next((o for o in named if o.surface in why), next((o for o in named if o.attitude != "like"), None))
    refused = replace(asked or Opinion("dislike", places=(0,), that=True), attitude="dislike")
    opinions = (refused, *(opinion for opinion in named if opinion is not asked))
    return replace(understood, act="recommend", opinions=opinions, questions=(), extreme=None, of_shown=False)
