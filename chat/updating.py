"""What one message changes in the state of its dialogue: opinions, limits, wishes, and what gives way to them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from chat import afresh, facts
from chat.further import Further
from chat.grown import for_grown_ups
from chat.messages import Signal
from chat.opinions import Attitude, Opinion, asks_about
from chat.room import CORRECTS, Room
from chat.scene import Scene
from chat.softening import softened
from chat.stand_ins import called_on_screen, name_before, stands_for_name
from chat.standing import standing
from chat.state import Limit
from chat.subjects import is_subject
from chat.thread import held_on_to, let_go
from chat.turn import Turn
from chat.whom import age_of, whom
from retrieval.constraints import number_of, satisfies, values_of
from retrieval.lexicon import canonical, display, genres_wanted_with
from retrieval.numbers import LENGTH_FIELDS
from retrieval.ranges import of_sizes
from retrieval.text import forms, words
from retrieval.types import Constraint, Item

_EARLIER = 6  # wishes that are kept behind newer ones
_TEXTS = 1  # messages whose words are still searched for beside the last one's
_CHANGES_NOTHING = frozenset(
    "meta help greeting thanks farewell undo reset service crisis foreign unclear about_me forget_me".split()  # noqa: SIM905
)
_ON_PAGE = re.compile(r"\bthis\s+(?:product|item|article|page)\b|这个(?:商品|产品)|本(?:商品|品)|这款", re.IGNORECASE)
_REMOVES = re.compile(
    r"\b(?:remov(?:e|ing)|delete|take\s+(?:out|away|off)|get\s+rid\s+of|drop)\b|去掉|取消|删掉|删除", re.IGNORECASE
)
_LESS = re.compile(
    r"\b(?:less|not\s+(?:so|as|too|that|quite\s+(?:so|as))|too)\s+(?!of\b|than\b|then\b)(\w{3,})|(?:不要?那么|没那么|太)(\w{1,3})",
    re.IGNORECASE,
)
_NO_SUBJECTS = frozenset("listen watch read play mum mom dad time money idea way thing".split())  # noqa: SIM905
_WITH_PART = re.compile(r"^\W*(?:and\s+|but\s+)?with\s+(?:an?|some)\b", re.IGNORECASE)  # of what has been shown
_TOGETHER = {"year": ("year", "decade"), "decade": ("year", "decade"), "length": LENGTH_FIELDS}  # fields that go as one
_SIGNALS: dict[Attitude, Signal] = {"like": "like", "neutral": "like", "dislike": "dislike", "seen": "seen"}


class Updater(Scene):
    """Applies what a message says to a state."""

    @property
    def _further(self) -> Further:
        return Further.of(self)

    def absorb(self, turn: Turn) -> None:
        """Let a message change the state, and note in the turn what the answer should know or say of it."""
        turn.before = list(self.state.taste.limits)
        if turn.understood.act in _CHANGES_NOTHING:
            return
        self._lift(turn)
        refused_now = self._removed_afresh(turn)
        chips = self._chips_removed(turn)
        self._take_back(turn.understood.parsed.taken_back)
        self._allow(turn)
        if afresh.no_child_now(turn, self.shop):
            taste = self.state.taste
            taste.limits = [x for x in taste.limits if (x.field, x.op) != ("audience", "is")]
        self._take_stands(turn)
        if turn.understood.act == "question":  # "would it fit me at 1.95?" tells for whom it is to be
            # Who asks whether a shoe is made in 44 is told so, and may still look at it.
            fits = [c for c in turn.understood.parsed.constraints if c.op == "fits" and not of_sizes(c.field)]
            self.state.limit(fits)
            return
        narrows = self._soften(turn)
        implied = self._newly_implied(turn)
        constraints = self._asked_for(turn, chips, refused_now)
        thread = [self._further.labelled(c) for c in held_on_to(self.shop, self.state, turn, constraints)]
        beside = self._beside(turn, constraints)
        fields = {c.field for c in constraints if c.op == "is" and c not in beside}
        self._note_subject(turn, fields, narrows=narrows or bool(chips), refuses=bool(constraints))
        self._note_whom(turn)
        self._leave_behind(turn)
        if afresh.turns(turn, self.shop, self.state):
            afresh.begin(turn, self.shop, self.state)
        Room(self.shop, self.state).make(turn, fields)
        self.state.limit(thread)
        self.state.limit(constraints, lasting=turn.understood.lasting, beside=beside)
        for limit in self.state.taste.limits:
            limit.measured = limit.measured or limit.constraint in turn.further
        self.state.limit([c for c in turn.understood.parsed.owned if c not in constraints], implied=True)
        self._imply(turn, implied)
        self._unlimit_what_nothing_has(turn)
        if afresh.says_its_own(turn, self.shop):  # nobody has said to like what was but named
            taste, named = self.state.taste, [self.shop.index.catalog[at].id for at in turn.named]
            taste.aside.extend(i for i in taste.wanted if i not in (*named, *taste.aside))
        self._wish(turn, constraints)
        self._infer_kind(turn, fields)

    def _lift(self, turn: Turn) -> None:
        """Let go of limits on what the message says not to matter, and of wishes for it: "forget the genre"."""
        taste = self.state.taste
        for dropped in turn.understood.dropped:
            for name in _TOGETHER.get(dropped, (dropped,)):
                self.state.unlimit(name)
            values = self.shop.index.facets.postings.get(dropped, {})  # "no black" is refused wherever it stands
            taste.limits = [x for x in taste.limits if (x.field, x.op) != ("topic", "is_not") or x.value not in values]
            self._take_back([wish for wish in (*taste.wishes, *taste.earlier) if wish[0] == dropped])

    def _allow(self, turn: Turn) -> None:
        """Refuse no longer what the message allows or wishes for, though not what is refused for good."""
        parsed = turn.understood.parsed
        wished = {(wish.field, wish.value) for wish in parsed.wishes}

        def stands(limit: Limit) -> bool:
            values = _values(limit.value)
            allowed = not set(parsed.allowed).isdisjoint(values)
            return not allowed and (limit.lasting or not any((limit.field, v) in wished for v in values))

        taste = self.state.taste
        taste.limits = [limit for limit in taste.limits if limit.op != "is_not" or stands(limit)]

    def _take_stands(self, turn: Turn) -> None:
        """Take over what the message says of items, and let go of what one that it asks for by name does not meet."""
        for opinion in turn.understood.opinions:
            self._absorb_opinion(turn, opinion)
        by_name = turn.understood.act == "availability" or turn.understood.bare_title
        if turn.named and by_name and self.shop.of_goods:
            let_go(self.state, turn, [self.shop.index.catalog[at] for at in turn.named])
        refused = [item for item in turn.rejected if item not in turn.seen]  # "not Alien, seen it"
        for what, ids in (("rejected", refused), ("seen", turn.seen)):
            if ids:
                turn.notes.append(self.say(what, titles=facts.names(self.shop.items(ids), self.say.language)))

    def _soften(self, turn: Turn) -> bool:
        """Read limits that nothing of the kind in force has as wishes, and own up to columns that we lack.

        Return whether any limit has been read so.
        """
        held = [limit.constraint for limit in self.state.taste.limits]
        stands = standing(turn.understood, self.state, self.shop)
        understood = turn.understood = stands.understood
        turn.outgrown = stands.outgrown
        turn.understood = softened(understood, held, self.shop.parser.columns)
        unchecked = self.say.all_unchecked(turn.understood.parsed.unchecked)
        turn.notes.extend(note for note in unchecked if note not in self.state.answered)  # which has just said so
        return turn.understood is not understood

    def _newly_implied(self, turn: Turn) -> list[Constraint]:
        """Return what its refusals rule out besides; what is wanted is ruled out no longer."""
        taste, wanted = self.state.taste, self._wanted_genres(turn)
        taste.limits = [x for x in taste.limits if not (x.implied and x.value in wanted)]
        held = {(x.field, x.op, x.value) for x in taste.limits}
        implied = turn.understood.parsed.implied
        return [c for c in implied if c.value not in wanted and (c.field, c.op, c.value) not in held]

    def _asked_for(
        self, turn: Turn, chips: Collection[tuple[str, str, object]], refused_now: Sequence[Constraint]
    ) -> list[Constraint]:
        """Return the limits that the message sets, in words of its own or by what has been shown, but removed chips."""
        further, limits = self._further, turn.understood.parsed.constraints
        fits = any(c.op == "fits" for c in limits)
        limits = tuple(c for c in limits if self.shop.of_goods or not _of_nothing(c))
        worded = [for_grown_ups(c, turn.text, self.state, fits) for c in limits]
        said = [c if c.label else further.labelled(c) for c in worded if (c.field, c.op, c.value) not in chips]
        turn.further = further.against_shown(turn, said)
        found = [*said, *further.by_its_words(turn), *refused_now, *turn.further, *further.among_wanted(turn)]
        return [*found, *further.beyond(turn, found)]

    def _note_subject(self, turn: Turn, fields: Collection[str], *, narrows: bool, refuses: bool) -> None:
        """Note whether a message changes the subject, and whether it only chooses from what has been shown.

        It says of some `fields` what is wanted; it `narrows` by a removed chip or a softened limit; limits `refuse`.
        """
        understood, of_works = turn.understood, self.shop.index.facets.of_works
        thing = not {"kind", "genres", "topic", "title"}.isdisjoint(fields)
        names = bool(turn.named or understood.parsed.wishes or thing or understood.asked_title)
        turn.changed_subject = names or bool(understood.gist)
        told = turn.changed_subject if of_works else names  # "we've got an induction hob now" narrows what is shown
        refuses = refuses or bool(understood.parsed.owned)  # who has it already wants none of it
        part = not of_works and not fields and _WITH_PART.search(turn.text)
        turn.refined = (refuses and not told) or narrows or bool(understood.dropped or part)

    def _leave_behind(self, turn: Turn) -> None:
        """Let go of the limits that a message has outgrown: "and something to clean it", after a coffee machine."""
        if not turn.outgrown:
            return
        for limit in turn.outgrown:  # what is plainly spoken of no more is not worth a word, an amount is
            turn.lift(self.state, [limit], silently=limit.op in ("is", "is_not"))
        if any(x.op == "is" and (x.is_thing or x.field == "creators") for x in turn.outgrown):
            turn.refined, turn.changed_subject = False, True
            taste = self.state.taste
            taste.aside.extend(liked for liked in taste.anchors if liked not in taste.aside)

    def _note_whom(self, turn: Turn) -> None:
        """Keep in mind for whom goods are to be; what has been shown may be for them, too."""
        told = None if self.shop.index.facets.of_works else whom(turn.text)
        if told is None:
            return
        said = next((entry.text for entry in reversed(self.state.messages) if entry.role == "user"), "")
        age = age_of(said) if told == "child" else 0.0
        turn.refined = turn.refined or not turn.changed_subject
        self.state.taste.whom, self.state.taste.age = told, age

    def _beside(self, turn: Turn, constraints: Sequence[Constraint]) -> list[Constraint]:
        """Return those limits that narrow what an earlier one of their column asks for: "a Riesling", then "dry".

        Works are of one genre or another; goods have several qualities, unless the message says that it corrects.
        """
        facets, old = self.shop.index.facets, [limit.constraint for limit in self.state.taste.limits]
        if facets.of_works or CORRECTS.search(turn.text):
            return []
        named = [c for c in constraints if c.op == "is" and c.field not in ("kind", "title", "creators", "language")]
        return [c for c in named if isinstance(c.value, str) and facets.mask([*old, c]).any()]

    def _imply(self, turn: Turn, implied: Sequence[Constraint]) -> None:
        """Rule out what a refused mood is full of, and say so apart, if there is any of the kind asked for."""
        kinds = [x.constraint for x in self.state.taste.limits if (x.field, x.op) == ("kind", "is")]
        there = [c for c in implied if self.shop.index.facets.mask([*kinds, replace(c, op="is")]).any()]
        self.state.limit(there, lasting=turn.understood.lasting, implied=True)
        if there:
            names = [display(c.field, str(c.value), self.say.language) for c in there]
            turn.notes.append(self.say("implied", genres=self.say.quoted(names)))

    def _unlimit_what_nothing_has(self, turn: Turn) -> None:
        """Let go of limits on what nothing of the kind asked for has, and own up to it if this message sets them.

        "A game under an hour"; a book after films of at most two hours, a lamp after sofas that seat three.
        """
        said, facets = turn.understood.parsed.constraints, self.shop.index.facets
        kinds = [limit for limit in said if limit.is_thing]
        if not kinds or not facets.mask(kinds).any():
            return
        columns = self.shop.parser.columns
        of_kind = [self.shop.index.catalog[at] for at in np.flatnonzero(facets.mask(kinds)).tolist()]
        measured = [x for x in self.state.taste.limits if x.field in LENGTH_FIELDS or x.field in columns]
        for limit in measured:
            if limit.op in ("is_not", "fits") or any(_has(item, limit.field) for item in of_kind):
                continue
            turn.lift(self.state, [limit], silently=limit.constraint in said)
            note = self.say.unchecked(limit.field)
            if limit.constraint in said and note not in turn.notes:
                turn.notes.append(note)

    def _take_back(self, values: Sequence[tuple[str, str]]) -> None:
        """Give up wishes and limits that asked for some values: "forget the thriller"."""
        taste = self.state.taste
        if any(wish in values for wish in (*taste.wishes, *taste.earlier)):
            taste.wishes = [wish for wish in taste.wishes if wish not in values]
            taste.earlier = [wish for wish in taste.earlier if wish not in values]
            taste.wish_text = []
        asked = [x for x in taste.limits if x.op == "is" and any((x.field, v) in values for v in _values(x.value))]
        if any(limit.field == "kind" for limit in asked):
            taste.any_kind = True
        taste.limits = [x for x in taste.limits if x not in asked]

    def _chips_removed(self, turn: Turn) -> set[tuple[str, str, object]]:
        """Remove the limits that a message calls by the words of their chips: "remove “no horror”"."""
        said = turn.text.casefold()
        found = (m.end() for m in _REMOVES.finditer(said))
        behind = [said[end:].lstrip(" \"“‘'").removeprefix("the ") for end in found]
        gone = [x for x in self.state.taste.limits if x.label and any(b.startswith(x.label.casefold()) for b in behind)]
        for limit in gone:
            self.state.unlimit(limit.field, limit.op, limit.value)
        return {(x.field, x.op, x.value) for x in gone}

    def _removed_afresh(self, turn: Turn) -> list[Constraint]:
        """Return refusals of what is to be removed and was never asked for: "take out the horror", shown some."""
        taste, parsed = self.state.taste, turn.understood.parsed
        if not _REMOVES.search(turn.text):
            return []
        held: set[tuple[str, object]] = {(x.field, v) for x in taste.limits for v in _values(x.value)}
        held.update(taste.wishes, taste.earlier)
        return [self._further.labelled(Constraint(f, "is_not", v)) for f, v in parsed.taken_back if (f, v) not in held]

    def _wanted_genres(self, turn: Turn) -> set[object]:
        """Return the genres asked for, now or before: who wants "horror, but not too scary" still wants horror."""
        parsed = turn.understood.parsed
        limits = [*parsed.constraints, *(limit.constraint for limit in self.state.taste.limits)]
        wishes = [*((w.field, w.value) for w in parsed.wishes), *self.state.taste.wishes]
        asked = {v for c in limits if (c.field, c.op) == ("genres", "is") for v in _values(c.value)}
        refused = {v for c in limits if (c.field, c.op) == ("moods", "is_not") for v in _values(c.value)}
        moods = {value for field_, value in wishes if field_ == "moods"}
        return {*asked, *genres_wanted_with(moods, refused), *(value for field_, value in wishes if field_ == "genres")}

    def _absorb_opinion(self, turn: Turn, opinion: Opinion) -> None:
        taste, catalog = self.state.taste, self.shop.index.catalog
        if stands_for_name(turn, opinion, of_goods=self.shop.of_goods):
            return
        positions = self._meant(turn, opinion)
        if opinion.attitude == "neutral" and turn.understood.act not in ("availability", "question"):
            positions = [at for at in positions if catalog[at].id not in taste.disliked]
        ids = [catalog[at].id for at in self._refused_too(opinion, positions)]
        if turn.understood.act == "question" and not self._told_beside(turn, opinion):
            turn.asked.extend(positions)
            return
        if opinion.places and opinion.attitude == "neutral":
            return
        named_alone = self.shop.of_goods or turn.understood.act == "availability" or turn.understood.bare_title
        wanted = opinion.attitude == "neutral" and (named_alone or opinion.that)
        for item_id in ids:
            self.state.signal(item_id, _SIGNALS[opinion.attitude], wanted=wanted)
        if len(ids) == 1 and opinion.attitude == "like":
            self.state.taste.about = ids[0]  # "the second one sounds great, how long is it?"
        if opinion.attitude in ("like", "neutral"):
            turn.named.extend(at for at in positions if at not in turn.named)
        else:
            (turn.rejected if opinion.attitude == "dislike" else turn.seen).extend(ids)

    def _meant(self, turn: Turn, opinion: Opinion) -> Sequence[int]:
        """Return the positions of what a stand is on: cards, the item spoken of, or one of those that bear a name."""
        taste = self.state.taste
        if opinion.that and (name := name_before(turn)) is not None:
            return [self.shop.best(name.positions)]
        if opinion.that and (spoken_of := self._spoken_of(turn)):
            return self.shop.positions([spoken_of])
        if opinion.places:
            return self.shop.positions(taste.focus[p] for p in opinion.places if p < len(taste.focus))
        if turn.understood.compares and len(turn.understood.opinions) == 1 and len(opinion.positions) > 1:
            return opinion.positions  # "Solaris, the book or the film?"
        kind = next((str(x.value) for x in taste.limits if x.field == "kind" and x.op == "is"), "")
        if (shown := called_on_screen(self.shop, taste.focus, turn, opinion)) is not None:
            return [shown]
        best = self.shop.best(self._as_said(turn, opinion), kind, self.shop.positions(taste.focus))
        self._note_reading(turn, opinion, best)
        return [best]

    def _as_said(self, turn: Turn, opinion: Opinion) -> Sequence[int]:
        """Return what a name may mean: of several what has what the message says besides: "the Trekker in red"."""
        own = [c for c in turn.understood.parsed.constraints if c.op == "is" and c.field in self.shop.parser.columns]
        fitting = [at for at in opinion.positions if all(satisfies(self.shop.index.catalog[at], c) for c in own)]
        return fitting if own and fitting else opinion.positions

    def _told_beside(self, turn: Turn, opinion: Opinion) -> bool:
        """Whether a question only tells of a work: "Looper was boring. How long is Ex Machina?"."""
        if opinion.attitude == "neutral" or not (opinion.surface or len(opinion.places) == 1):
            return False
        if opinion.attitude in ("dislike", "seen") and not asks_about(turn.text, opinion.surface):
            return True
        understood = turn.understood
        asked = any(other.surface and other.attitude == "neutral" for other in understood.opinions)
        return asked and not (understood.extreme or understood.mood or understood.compares)

    def _refused_too(self, opinion: Opinion, positions: Sequence[int]) -> list[int]:
        """Return what a stand is on: who refuses "Star Wars" refuses all of those shown."""
        shown = self.shop.positions(self.state.taste.focus) if opinion.attitude == "dislike" else []
        return list(dict.fromkeys([*positions, *(at for at in opinion.positions if at in shown)]))

    def _spoken_of(self, turn: Turn) -> str:
        """Return the id of the item that "it" means, "" if none; "this product" is always that of the page."""
        return self.state.page if self.state.page and _ON_PAGE.search(turn.text) else self.state.taste.about

    def _note_reading(self, turn: Turn, opinion: Opinion, at: int) -> None:
        """Say how a misspelt or ambiguous title was read, so that a wrong reading can be corrected."""
        title = facts.name(self.shop.index.catalog[at], self.say.language)
        short = set(words(opinion.surface)) <= set(words(self.shop.index.catalog[at].title))
        if not short and not self.shop.linker.exact(opinion.surface):
            turn.notes.append(self.say("typo", said=opinion.surface, title=title))
        elif (
            (self.shop.namesakes(opinion.positions) > 1 or (short and len(opinion.positions) > 1))
            and turn.understood.act != "availability"
            and opinion.attitude != "seen"
            and turn.understood.act == "question"  # what is recommended is said to be like it, by its whole name
            and not any((x.field, x.op) == ("kind", "is") for x in self.state.taste.limits)
            and not self.shop.of_goods
        ):
            kind = self.say.kind(self.shop.index.catalog[at])
            turn.notes.append(self.say("assumed", said=opinion.surface, title=title, kind=kind))

    def label(self, limit: Limit) -> str:
        """Word a limit in the language the person now writes."""
        return self._further.labelled(limit.constraint).label

    def relabel(self) -> None:
        """Word the limits of earlier turns in the language the person now writes."""
        for limit in self.state.taste.limits:
            limit.label = self.label(limit)

    def _wish(self, turn: Turn, constraints: Sequence[Constraint]) -> None:
        """Take over what is wished: "something funny" goes before what was wished so far, "darker" stands beside it."""
        taste, understood = self.state.taste, turn.understood
        said = understood.parsed.wishes
        if not self.shop.of_goods:  # one word of a story is no subject, and neither is an occasion
            said = tuple(
                w for w in said if w.field not in facts.ABOUT or (not understood.describes and is_subject(w, turn.text))
            )
        wishes = [(w.field, w.value) for w in said]
        # Who has read what we do not know wants what was wished before.
        gist = "" if understood.only_unknown and not taste.blank else understood.gist
        afresh = bool(turn.named) or bool((wishes or gist) and not understood.refining)
        if understood.other:
            taste.wishes, taste.earlier, taste.wish_text = [], [], []
        replaced = {f for f, _ in taste.wishes} if afresh and understood.act != "more" else {f for f, _ in wishes}
        refused = {(c.field, v) for c in constraints if c.op == "is_not" for v in _values(c.value)}
        left = [w for w in (*taste.earlier, *taste.wishes) if w not in wishes and w not in refused]
        kept = [w for w in taste.wishes if w in left and w[0] not in replaced]
        taste.earlier = [w for w in left if w not in kept][-_EARLIER:]
        taste.wishes = [*kept, *dict.fromkeys(wishes)]
        taste.wish_text = [_less_of(turn.text, said) for said in taste.wish_text]
        if gist:
            taste.wish_text = [*taste.wish_text[-_TEXTS:], gist]

    def _infer_kind(self, turn: Turn, fields: set[str]) -> None:
        """Who loved a film asks for films, until they say otherwise; shown as a chip, so that they can."""
        taste = self.state.taste
        taste.any_kind = taste.any_kind and "kind" not in fields
        if any(x.field == "kind" and not x.inferred for x in taste.limits) or taste.any_kind or "creators" in fields:
            return
        anchors = turn.named or self.shop.positions(taste.anchors[-1:])
        medium = turn.understood.medium
        if not anchors and not medium and not any(x.inferred for x in taste.limits):
            anchors = self.shop.positions([*turn.seen, *turn.rejected])  # "Hereditary was too much" is about films
        if not anchors and not medium:
            return
        taste.limits = [x for x in taste.limits if not x.inferred]
        kinds = {canonical("kind", self.shop.index.catalog[at].kind) for at in anchors} - {""}
        if medium and self.shop.parser.carries("kind", medium):
            kinds = {medium}  # who read The Martian reads, although ours is a film
        if len(kinds) == 1:
            kind = kinds.pop()
            label = display("kind", kind, self.say.language)
            taste.limits.append(Limit(field="kind", op="is", value=kind, label=label, inferred=True))


def _less_of(text: str, said: str) -> str:
    """Return what was said without the words of which a message wants less: "less smoky", after "a smoky tea"."""
    words_of = {form for match in _LESS.finditer(text) for form in forms(next(filter(None, match.groups())).casefold())}
    return re.sub(r"\w+", lambda word: "" if word[0].casefold() in words_of else word[0], said) if words_of else said


def _of_nothing(limit: Constraint) -> bool:
    """Whether a limit refuses a word that says nothing of a work: "learn, not listen", "not with mum"."""
    refused = (word for value in _values(limit.value) for word in words(str(value)))
    return (limit.field, limit.op) == ("topic", "is_not") and all(word in _NO_SUBJECTS for word in refused)


def _has(item: Item, field_: str) -> bool:
    """Whether the catalogue says anything of an item in a column."""
    return number_of(item, field_) is not None or bool(values_of(item, field_))


def _values(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)
