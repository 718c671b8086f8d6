"""Picking: what is recommended at a turn, under the limits in force, and the cards that show it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from chat import facts
from chat.grown import not_for_toddlers
from chat.messages import Card
from chat.needs import Need
from chat.prompt import UserContext
from chat.recommender import Recommended
from chat.rules import Situation
from chat.scene import Scene
from chat.shop import card
from chat.sidelines import sidelines
from chat.subjects import Subjects
from chat.telling import ENOUGH
from chat.thread import of_those
from chat.turn import Turn
from chat.typed import EVERYDAY, telling_words
from chat.whom import tiers
from chat.worth import Worth
from retrieval.constraints import as_values, in_currency, satisfies_all, topic_words
from retrieval.lexicon import moods_near
from retrieval.numbers import currency_said
from retrieval.ranges import part_of
from retrieval.text import is_cjk
from retrieval.types import BoolArray, Constraint, FloatArray, Query

CARDS = 5
_RECENT_LIKES = 6
_MEANT = 3  # goods that a need means, though they have been shown
_DESCRIBED = 2  # telling words of a message that describes what is wanted
_PROMPT_TURNS = 40
_SHADE = 0.5  # standard deviations by which a mood near a refused one is worth less
# Limits that a new request may lift; numbers and "no …" stay.
_GIVES_WAY = ("kind", "genres", "creators", "language", "title", "topic")
_LIKENED = re.compile(  # where what is named is had, or is what others are to be like
    r"\b(?:like|than|similar|alternatives?|instead|besides|already|have|has|had|got|own|owns|bought|other|another|beside)\b",
    re.IGNORECASE,
)


class Picking(Scene):
    """Chooses from the catalogue what suits one conversation."""

    def picks(self, turn: Turn) -> list[Recommended]:
        """Recommend; a work asked for by its title comes first, shown ones return only if little else fits."""
        extreme = turn.understood.extreme
        measured = extreme is not None and (extreme[0] != "popularity" or self.shop.knows_popularity)
        best = self.utmost(turn, *extreme) if extreme is not None and measured else []
        if best:  # else nothing that fits has the measure, and what fits is better than nothing
            return best
        taste = self.state.taste
        constraints = self.constraints()
        allowed = self.shop.recommender.allowed(constraints)
        pinned: list[int] = []
        if turn.understood.bare_title or turn.understood.act == "availability":
            pinned = [at for at in turn.named if allowed[at]]
        liked = [item for item in taste.liked if item not in taste.wanted]
        described = self._described(turn)
        known = {*self.shop.positions([*liked, *taste.disliked, *taste.seen]), *turn.named}
        known -= self._asked_for(turn) & described - {*pinned}
        shown = set() if turn.refined else set(self.shop.positions(taste.shown)) - described
        placed = self.shop.placed(self._situation(turn))
        first = placed.first(allowed, known | shown)
        known.update(first)
        stay = self._stay(turn, allowed, known)
        if stay and of_those(turn.text):
            return [Recommended(at, 0.0) for at in stay]
        known.update(stay)
        k = CARDS - len(pinned) - len(first) - len(stay)
        aside = sidelines(self.shop, constraints, " ".join([*self.state.taste.wish_text, turn.text]))
        subjects = Subjects.of(self)
        on = subjects.on(turn, allowed, known)
        if on is not None:
            aside |= {*np.flatnonzero(~on).tolist()}
        picks = self._ask(constraints, known | shown | aside, k, placed.lift)
        if shown and CARDS - k + len(picks) < ENOUGH and turn.understood.act != "more":
            picks = self._ask(constraints, known | aside, k, placed.lift)
        if on is not None and len(picks) < min(k, ENOUGH):
            others = allowed & ~on
            others[[*known, *shown]] = False
            picks += subjects.related(turn, others, ENOUGH - len(picks))
            if not picks:  # what came nearest before still does
                others[[*shown]] = allowed[[*shown]] & ~on[[*shown]]
                others[[*known]] = False
                picks = subjects.related(turn, others, ENOUGH)
        if aside and not picks:
            picks = self._ask(constraints, known, k, placed.lift)
        picks = Worth.of(self).kept(turn, self._need(), picks, behind=bool(stay or pinned))
        picks = [*(Recommended(at, 0.0) for at in stay), *picks]
        put = [Recommended(at, 0.0, pinned=True) for at in first]
        ranked = [replace(pick, sponsored=pick.position in placed.sponsored) for pick in (*put, *picks)]
        return [*(Recommended(at, 0.0) for at in pinned), *ranked]

    def _need(self) -> Need | None:
        """Return what the conversation tells of a need, None where nobody reads it."""
        needs = self.shop.recommender.needs
        return needs.need(self.context().said) if needs is not None else None

    def _asked_for(self, turn: Turn) -> set[int]:
        """Return the goods that a message names and wants itself: "a proper chef's knife", none like one."""
        wanted = self.shop.positions(self.state.taste.wanted) if not _LIKENED.search(turn.text) else []
        return {at for at in wanted if at in turn.named}

    def _described(self, turn: Turn) -> set[int]:
        """Return the goods shown before that a message means: their texts have all that it asks for, or a need does."""
        asked = {w for w in telling_words(turn.understood.gist) if w not in EVERYDAY}
        if not self.shop.of_goods or turn.understood.act == "more":
            return set()
        need = self._need() if telling_words(turn.text) else None
        meant = {*np.argsort(-need.near)[:_MEANT].tolist()} if need is not None else set()
        if len(asked) < _DESCRIBED:
            return meant
        catalog = self.shop.index.catalog
        return meant | {
            at for at in self.shop.positions(self.state.taste.shown) if asked.issubset(topic_words(catalog[at]))
        }

    def _stay(self, turn: Turn, allowed: BoolArray, known: Collection[int]) -> list[int]:
        """Return which goods on screen stay there, in their order: those left by a message that only refuses some."""
        said = turn.understood.parsed
        refuses = said.constraints or said.owned
        only_refuses = refuses and all(c.op == "is_not" for c in said.constraints) and not said.wishes
        chooses = said.constraints and of_those(turn.text)
        if turn.changed_subject and not turn.understood.refining:
            return []
        if self.shop.index.facets.of_works or not (only_refuses or chooses) or turn.named:
            return []
        for_them = self.tiers(self.constraints())[-1]
        shown = self.shop.positions(self.state.taste.focus)
        return [at for at in shown if allowed[at] and for_them[at] and at not in known][:CARDS]

    def _situation(self, turn: Turn) -> Situation:
        kinds = (v for c in self.constraints() if (c.field, c.op) == ("kind", "is") for v in as_values(c))
        said = " ".join([*self.state.taste.wish_text, turn.text])
        return Situation(said, frozenset(kinds), self.state.page)

    def utmost(self, turn: Turn, field: str, sign: int) -> list[Recommended]:
        """Return the cheapest, newest, most popular … that the limits leave, and what this message wishes for."""
        known = self.shop.positions([*self.state.taste.disliked, *self.state.taste.seen])
        allowed = self.shop.recommender.allowed(self.constraints(), known)
        if self.state.taste.whom == "child":
            allowed = allowed & self.tiers(self.constraints())[-1]
        for wish in turn.understood.parsed.wishes:
            wished = allowed & self.shop.index.facets.mask([Constraint(wish.field, "is", wish.value)])
            allowed = wished if wished.any() else allowed
        catalog = self.shop.index.catalog
        known_for = self.shop.index.retrievers["popularity"].scores(Query())
        measured: list[tuple[float, int]] = []
        currency = self.compared_in(turn) if field == "price" else ""
        for at in np.flatnonzero(allowed).tolist():
            if currency and not in_currency(catalog[at], currency):
                continue
            value = float(known_for[at]) if field == "popularity" else facts.measure(catalog[at], field)
            if value is not None:
                measured.append((value, at))
        measured.sort(key=lambda pair: (-sign * pair[0], -known_for[pair[1]]))
        return [Recommended(at, 0.0) for _, at in measured[:CARDS]]

    def _ask(
        self, constraints: Sequence[Constraint], exclude: set[int], k: int, lift: FloatArray | None
    ) -> list[Recommended]:
        picks: list[Recommended] = []
        lift = Subjects.of(self).firsts(constraints, self._without_shades(constraints, lift))
        for tier in self.tiers(constraints):
            if k <= len(picks):
                break
            out = {*exclude, *(pick.position for pick in picks), *np.flatnonzero(~tier).tolist()}
            picks += self.shop.recommender.recommend(
                self.query(), constraints, exclude=out, context=self.context(), k=k - len(picks), lift=lift
            )
        return picks

    def _without_shades(self, constraints: Sequence[Constraint], lift: FloatArray | None) -> FloatArray | None:
        """Let works come later whose moods are near a refused one, unless they are wished for."""
        refused = {v for c in constraints if (c.field, c.op) == ("moods", "is_not") for v in as_values(c)}
        wished = {value for _, value in self.state.taste.wishes}
        near = {mood for each in refused for mood in moods_near(each)} - refused - wished
        held = self.shop.index.facets.postings.get("moods", {})
        if not near.intersection(held):
            return lift
        added = np.zeros(len(self.shop.index.catalog), dtype=np.float32)
        for mood in sorted(near.intersection(held)):
            added[held[mood]] -= _SHADE
        return added if lift is None else lift + added

    def tiers(self, constraints: Sequence[Constraint]) -> list[BoolArray]:
        """Return what is for whom the person wants it, and what may stand behind; all, where none of it fits."""
        allowed = self.shop.recommender.allowed(constraints)
        whom, age = self.state.taste.whom, self.state.taste.age
        if any(c.op == "fits" and part_of(c.field) == "age" for c in constraints):  # a column says it of every item
            whom, age = ("family" if whom == "child" else whom), 0.0
        found = [tier for tier in tiers(self.shop, whom, age) if (tier & allowed).any()]
        if age and len(found) > 1:
            found.pop()  # there is something for that age
        grown = not_for_toddlers(self.shop.index.facets, self.state) if whom not in ("child", "family") else None
        if grown is not None:
            first = [tier & grown for tier in found or [np.ones(len(allowed), dtype=np.bool_)]]
            found = [*(tier for tier in first if (tier & allowed).any()), *(found or [np.ones_like(allowed)])]
        return found or [np.ones(len(allowed), dtype=np.bool_)]

    def picks_with_room(self, turn: Turn) -> list[Recommended]:
        """Lift older limits on kind, genre, maker or language, one by one, until the new request has an answer."""
        constraints = turn.understood.parsed.constraints
        new = {(c.field, c.op) for c in constraints}
        columns = self.shop.parser.columns
        goods = not self.shop.index.facets.of_works and not turn.named
        of_same = all(c.field in columns or c.field == "price" for c in constraints)
        of_same = of_same and (goods or not turn.changed_subject)
        of_same = of_same or (goods and not turn.changed_subject and all(c.op == "is_not" for c in constraints))
        if (constraints and of_same) or (not constraints and turn.understood.extreme is not None):
            return []  # "in blue", of waterproof jackets, is no wish for other things that are blue
        for old in [
            x for x in self.state.taste.limits if (x.field in _GIVES_WAY or x.field in columns) and x.op == "is"
        ]:
            if (old.field, old.op) in new or not (new or turn.changed_subject):
                continue
            # Nobody has asked for what is inferred, and who asks for another thing knows that it is another.
            turn.lift(self.state, [old], silently=old.inferred or old.is_thing)
            picks = self.picks(turn)
            if picks:
                return picks
        return []

    def compared_in(self, turn: Turn) -> str:
        """Return the currency in which prices are compared: one that is said or in force, or that of most prices.

        It is "" where there is but one.
        """
        facets = self.shop.index.facets
        if not facets.compared_in:
            return ""
        limits = [*turn.further, *self.constraints()]
        held = next((c.currency for c in limits if c.field == "price" and c.currency), facets.compared_in)
        return currency_said(turn.text, facets.currencies) or held

    def constraints(self) -> list[Constraint]:
        """Return the limits in force."""
        return [x.constraint for x in self.state.taste.limits]

    def query(self) -> Query:
        """Return what the retrievers are asked; what one has seen is taste where nothing else is known."""
        taste = self.state.taste
        told = taste.anchors or taste.wishes or taste.earlier or taste.wish_text
        liked = self.shop.positions((taste.anchors if told else taste.seen)[-_RECENT_LIKES:])
        disliked = self.shop.positions(taste.disliked)
        return Query(self._search_text(), tuple(liked), tuple(disliked), tuple(taste.wishes), tuple(taste.earlier))

    def _search_text(self) -> str:
        """Return the words to search by: the person's own, and the wishes that no column can meet.

        A wish that a column can meet is left to the facets: to an encoder, "slow" is next to "fast". Chinese goes by
        its canonical English wishes, since the embedded encoder knows English only.
        """
        taste, facets = self.state.taste, self.shop.index.facets
        said = " ".join(taste.wish_text)
        chinese = is_cjk(said)
        unmet = [v for f, v in taste.wishes if chinese or not facets.mask([Constraint(f, "is", v)]).any()]
        return ". ".join(part for part in ("" if chinese and unmet else said, ", ".join(unmet)) if part)

    def context(self) -> UserContext:
        """Return what the language model is told of the person now, in training as in serving."""
        taste = self.state.taste
        return UserContext(
            said=[(m.role, m.text) for m in self.state.messages[-_PROMPT_TURNS:]],
            liked=self.shop.items(taste.anchors[-_RECENT_LIKES:]),
            disliked=self.shop.items(taste.disliked[-_RECENT_LIKES:]),
            limits=[x.label for x in taste.limits],
            wishes=[value for _, value in taste.wishes],
        )

    def cards(self, picks: Sequence[Recommended], turn: Turn | None = None) -> tuple[Card, ...]:
        """Make the cards of what was picked, each with why; what does not fit any longer is left out.

        Behind them stands what a turn shows beside them, which some limits need not hold for.
        """
        taste, constraints = self.state.taste, self.constraints()
        liked = self.shop.items(taste.anchors[-_RECENT_LIKES:])
        hidden = self.shop.hidden()
        made: list[Card] = []
        needs, need = self.shop.recommender.needs, self._need()
        beside, freed = (turn.beside, [x.constraint for x in turn.freed]) if turn is not None else ([], [])
        free = [c for c in constraints if c not in freed]
        for pick in (*picks, *(Recommended(at, 0.0) for at in beside)):
            item = self.shop.index.catalog[pick.position]
            limits = free if pick.position in beside else constraints
            if not satisfies_all(item, limits) or pick.position in hidden:
                continue
            quoted = needs.because(need.text, item) if needs is not None and need is not None else ""
            why = quoted or facts.reasons(
                item,
                facets=self.shop.index.facets,
                language=self.say.language,
                liked=[other for other in liked if other.id != item.id],
                wishes=[wish for wish in taste.wishes if needs is None or wish[0] not in facts.ABOUT],
                said=" ".join(taste.wish_text) if needs is None else "",  # a drill is for "tiles" in another sense
                constraints=constraints,
            )
            if pick.pinned:
                why = self.say.sentences(self.say("shop_pick"), why)
            made.append(card(item, why, pick.score, sponsored=pick.sponsored))
        return tuple(made)
