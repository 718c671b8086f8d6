"""One turn of the dialogue: what a message changes in the state, and the answer that follows.

`take` is the whole turn. It first lets the message change the state (`chat.updating`), then answers by the act that
the message is: a table of methods, one an act.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from chat import facts, memory
from chat.acts import Act
from chat.asking import Asking
from chat.care import CONSOLING, Sorrow, in_danger, told
from chat.corrections import as_meant
from chat.dead_ends import DeadEnds
from chat.descriptions import Asked
from chat.hearing import Hearing
from chat.known import REMEMBERED, of_memory
from chat.listing import everything, listed
from chat.messages import Card, Citation, Handoff
from chat.overall import counts, number_told, other_told
from chat.picking import CARDS, Picking
from chat.recommender import Recommended
from chat.replies import Say
from chat.routing import Route
from chat.sayings import plainly
from chat.scene import Scene
from chat.shop import Shop
from chat.sorts import by_maker
from chat.state import DialogueState, Language
from chat.telling import Telling
from chat.thread import make_way
from chat.tongues import unread
from chat.turn import Turn
from chat.typed import respelled, spelled_out
from chat.understanding import Understanding
from chat.updating import Updater
from retrieval.constraints import satisfies, satisfies_all
from retrieval.lexicon import canonical
from retrieval.parsed import Wish
from retrieval.text import language_of
from retrieval.types import Constraint, Query

_SAID: frozenset[Act] = frozenset({"crisis", "service", "help", "thanks", "farewell"})  # by one sentence of that name
_RESEMBLES = 75.0  # a similarity, in [0, 100], from which words may be meant for a title
_LONG, _RESEMBLES_SHORT = 7, 85.0  # and from which a word of fewer letters may
_KINDS = 8  # that are told of a shop that has more


@dataclass(frozen=True, slots=True)
class Answer:
    """What one turn says and shows.

    Attributes:
        about: the id of the item that it is about, if not that of the first card.
        compared: the ids of the items that it is about, if several.
        citations: the passages that it quotes.
        handoff: the person who goes on, if one does.
        route: what the message asked for.
        abstained: what was asked could not be answered.
        column: it was answered from one of the item's columns.
        spread: the ids of what lies on the table from now on, where that is more than the cards.
    """

    text: str
    cards: tuple[Card, ...] = ()
    about: str = ""
    compared: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    handoff: Handoff | None = None
    route: Route = "recommend"
    abstained: bool = False
    column: bool = False
    spread: tuple[str, ...] = ()


class Dialogue:
    """One conversation over one version of the shop.

    Attributes:
        whole: the message of this turn.
        parts: those of its parts that are going to be read one by one.
        sorrow: what it tells of the person that deserves a word of sympathy.
    """

    def __init__(self, shop: Shop, state: DialogueState) -> None:
        self.whole = ""
        self.parts: Sequence[str] = ()
        self.sorrow: Sorrow | Literal[""] = ""
        self.shop = shop
        self.state = state
        self.say = Say(state.language, shop.of_goods)

    def take(self, text: str) -> Answer:
        """Answer one message and record both in the state."""
        return self.record(self.answer(self.hear(text)))

    def understand(self, text: str, served: Collection[Act] = ()) -> Understanding:
        """Read a message in the light of what is on screen; `served` are acts that the desk sees to."""
        return Hearing(self.shop, self.state, self.say, self.whole, self.parts).understand(text, served)

    def hear(self, text: str) -> Turn:
        """Record one message and let it change the state, without answering; training reads its dialogues so."""
        read = self.heard(text)
        understood = self.understand(read)
        self.listen(text, understood.language)
        return self.absorb(read, understood)

    def heard(self, text: str) -> str:
        """Return what a message asks, spelled out, and keep in mind the sorrow that it tells of."""
        told_of = self.shop.parser.columns.people.columns
        known = self.shop.parser.phrases.is_english, self.shop.linker.knows
        spelled = spelled_out(text, ages="age" in told_of or "people" in told_of)
        spelled = respelled(spelled, lambda word: any(knows(word) for knows in known))
        if in_danger(spelled):
            return spelled
        asked, self.sorrow = told(spelled)
        asked = asked if self.shop.of_goods else plainly(asked)
        taste = self.state.taste
        asked = as_meant(asked, self.shop, self.state)
        return by_maker(asked, self.shop, taste.focus, [limit.constraint for limit in taste.limits])

    def listen(self, text: str, language: Language) -> None:
        """Record a message, and speak its language from now on."""
        if self.sorrow:  # what is left of the message may have no language
            language = "zh" if language_of(text) == "zh" else "en"
        self.state.language = language
        self.say = Say(language, self.shop.of_goods)
        self._updater().relabel()
        self.state.say("user", text)

    def absorb(self, text: str, understood: Understanding) -> Turn:
        """Let what a message, or a part of one, says change the state."""
        turn = Turn(self._consoled(understood), text)
        if understood.act != "undo":
            self.state.snapshot()
        self._updater().absorb(turn)
        if len(turn.named) == 1:
            self.state.taste.spoken = self._id(turn.named[0])
        points = any(opinion.places for opinion in understood.opinions)
        self.state.named([*self._ids(turn.named), *turn.rejected, *turn.seen], points=points)
        return turn

    def _consoled(self, understood: Understanding) -> Understanding:
        """Let who tells of a sorrow and wishes for nothing themselves wish for what may do them good."""
        parsed = understood.parsed
        says = understood.opinions or understood.asked_title or understood.extreme or parsed.wishes
        limits = any(c.field != "kind" and c.op == "is" for c in parsed.constraints)
        if not self.sorrow or says or limits or understood.act not in ("recommend", "unclear"):
            return understood
        moods = self.shop.index.facets.postings.get("moods", {})
        wishes = tuple(Wish("moods", mood, mood, 0) for mood in CONSOLING[self.sorrow] if mood in moods)
        return replace(understood, act="recommend", parsed=replace(parsed, wishes=wishes))

    def without(self, field_: str, op: str, value: object) -> Answer:
        """Remove a constraint, as its chip's × does, and recommend again."""
        self.say = Say(self.state.language, self.shop.of_goods)
        self.state.snapshot()
        self.state.unlimit(field_, op, value)
        turn = Turn(Understanding("recommend", self.state.language), refined=True)
        return self.record(self._recommend(turn))

    def answer(self, turn: Turn) -> Answer:
        """Answer what has been absorbed, from the catalogue."""
        act = turn.understood.act
        if act in _SAID:
            return Answer(self.say(act))
        if act in REMEMBERED:
            return Answer(of_memory(act, self.state, self.shop, self.say, turn.notes))
        return self._ANSWERS[act](self, turn)

    @property
    def scene(self) -> Scene:
        """What reads, picks and tells in this conversation goes by."""
        return Scene(self.shop, self.state, self.say)

    @property
    def picking(self) -> Picking:
        """What chooses from the catalogue for this conversation."""
        return Picking.of(self.scene)

    def _updater(self) -> Updater:
        return Updater.of(self.scene)

    def record(self, answer: Answer) -> Answer:
        """Record an answer in the state, and return it; sympathy comes first."""
        if self.sorrow:
            answer = replace(answer, text=self.say.sentences(self.say(self.sorrow), answer.text))
        cards = answer.cards
        sponsored = [c.id for c in cards if c.sponsored]
        self.told(answer.text, [c.id for c in cards], [c.why for c in cards], answer.citations, sponsored)
        if cards and answer.spread:
            self.state.taste.focus = list(answer.spread)
        if answer.route == "item" and answer.about and not answer.compared:
            self.state.taste.spoken = answer.about
        if answer.cards or answer.compared:
            self.state.taste.compared = list(answer.compared)
        if answer.about and answer.about not in (self.state.taste.focus[:1] if cards else ()):
            self.state.taste.about = answer.about
        return answer

    def told(
        self,
        text: str,
        ids: Sequence[str],
        whys: Sequence[str] = (),
        citations: Sequence[Citation] = (),
        sponsored: Sequence[str] = (),
    ) -> None:
        """Record what the assistant said, the ids of the items it showed, why, and what it quoted."""
        if ids:
            self.state.taste.focus = list(ids)
            self.state.taste.about = ""
            shown = self.state.taste.shown
            shown.extend(i for i in ids if i not in shown)
        self.state.say("assistant", text, ids, whys, citations, sponsored)

    # What is answered

    def _recommend(self, turn: Turn) -> Answer:
        ends = DeadEnds.of(self.scene)
        picks = self.picking.picks(turn) or ends.furthest(turn) or ends.anew(turn)
        if not picks and turn.understood.act != "more":
            picks = self.picking.picks_with_room(turn) or ends.nearest(turn)
        picks = ends.without_genre(turn, picks) or ends.elsewhere(turn)
        if not picks and (left := ends.left(turn)):
            return self._left(turn, left)
        telling = Telling.of(self.scene)
        notes = list(turn.notes)
        if turn.lifted:
            notes.append(self.say("lifted", limits=self.say.quoted([f"“{label}”" for label in turn.lifted])))
        notes.extend(self.say("no_kind", kind=self.say.plural(kind)) for kind in turn.understood.lacking)
        notes.extend(telling.outside(turn))
        notes.extend((telling.stranger(turn), telling.apart(turn, self.picking.compared_in(turn))))
        if not picks:
            return Answer(self.say.sentences(*notes, telling.nothing(turn)))
        cards = self.picking.cards(everything(turn, self.picking, picks), turn)
        shown = self.shop.items(c.id for c in cards)
        items = [item for item in shown if self.shop.index.catalog.positions[item.id] not in turn.beside] or shown
        pinned = {self._id(pick.position) for pick in picks if pick.pinned}
        ours = [item for item in items if item.id not in pinned] or items  # a pin is not spoken of as our advice
        said = [
            *notes,
            number_told(self.shop, self.state, self.say) if counts(turn.text) else "",
            telling.unmeasured(turn, items),
            telling.unmet(turn, items),
            telling.each(items),
            listed(turn, self.picking, items)
            or self.say.sentences(
                telling.lead(turn, ours),
                other_told(turn, self.shop, self.state, self.say),
                telling.rest(ours, {card.id: card.score for card in cards}),
            ),
            telling.beside(turn, shown),
            telling.scarce(turn, items),
        ]
        said.append(telling.invitation(turn))
        asked = turn.understood.act == "availability" or turn.understood.bare_title
        about = self._id(turn.named[0]) if asked and len(turn.named) == 1 else ""  # on screen or not: "how much?"
        return Answer(self.say.sentences(*said), cards, about)

    def _left(self, turn: Turn, picks: Sequence[Recommended]) -> Answer:
        """Say that all has been seen, and show once more what of it still stands."""
        telling = Telling.of(self.scene)
        cards = self.picking.cards(picks, turn)
        beside = telling.beside(turn, self.shop.items(card.id for card in cards))
        return Answer(self.say.sentences(*turn.notes, telling.all_seen(turn, len(picks)), beside), cards)

    def _id(self, at: int) -> str:
        return str(self.shop.index.catalog[at].id)

    def _ids(self, positions: Sequence[int]) -> list[str]:
        return [self._id(at) for at in positions]

    # The other acts

    def _availability(self, turn: Turn) -> Answer:
        asked = turn.understood.asked_title.removeprefix("those ").removeprefix("these ")
        if not asked:
            return self._recommend(turn)
        grounding = self.shop.grounder.ground(asked)
        if grounding.positions:
            turn.named = [self.shop.best(grounding.positions)]
            self.state.signal(self._id(turn.named[0]), "like", wanted=self.shop.of_goods)
            return self._recommend(turn)
        same = make_way(self.shop, self.state, turn, asked, grounding.nearest)
        if not same and asked.isascii() and asked == asked.casefold() and not any(c.isdigit() for c in asked):
            near = self.shop.linker.nearest(asked, 1)
            if not near or near[0][1] < (
                _RESEMBLES if len(asked) >= _LONG else _RESEMBLES_SHORT
            ):  # "fridges" is no title that we could lack
                return self._of_kind_at_least(turn, self.say("no_such", thing=asked))
        constraints = self.picking.constraints()
        known = self.shop.positions([*self.state.taste.disliked, *self.state.taste.seen])
        allowed = self.shop.recommender.allowed(constraints, known)
        nearest = [at for at in dict.fromkeys((*same, *grounding.nearest)) if not self.shop.hides(at)]
        fitting = [at for at in nearest if allowed[at]]
        picks = [Recommended(at, 0.0) for at in fitting[:CARDS]]
        if same and (cards := self.picking.cards([pick for pick in picks if pick.position in same])):
            telling, items = Telling.of(self.scene), self.shop.items(card.id for card in cards)
            return Answer(self.say.sentences(telling.lead(turn, items), telling.rest(items)), cards)
        if len(picks) < CARDS:
            query = Query(asked, tuple(nearest[:2]))
            exclude = {*known, *fitting}
            picks += self.shop.recommender.recommend(query, constraints, exclude=exclude, k=CARDS - len(picks))
        said = [self.say("not_carried", asked=asked), self._nearest(nearest[:3], constraints)]
        return Answer(self.say.sentences(*said), self.picking.cards(picks))

    def _of_kind_at_least(self, turn: Turn, unknown: str) -> Answer:
        """Say that what is asked for is not here, and show what there is of its kind, if one is named."""
        if not any((c.field, c.op) == ("kind", "is") for c in turn.understood.parsed.constraints):
            return Answer(unknown, abstained=True)
        answer = self._recommend(turn)
        return replace(answer, text=self.say.sentences(unknown, answer.text))

    def _nearest(self, positions: Sequence[int], constraints: Sequence[Constraint]) -> str:
        near = [self.shop.index.catalog[at] for at in positions]
        fitting = [item for item in near if satisfies_all(item, constraints)]
        if fitting:
            return self.say("nearest", titles=facts.names(fitting, self.say.language))
        broken = [c.label for c in constraints if any(not satisfies(item, c) for item in near)]
        if not near or not broken:
            return ""
        return self.say("nearest_outside", titles=facts.names(near, self.say.language), limits=self.say.quoted(broken))

    def _question(self, turn: Turn) -> Answer:
        """Answer from the catalogue's columns; what is asked about is shown, the others stay on the table.

        One of them is still "the second one" after it has been asked about.
        """
        taste, catalog = self.state.taste, self.shop.index.catalog
        asking = Asking(self.shop, self.state, self.say)
        asked = asking.answer(turn)
        if not asked.items and (described := self._described(turn)) is not None:
            turn.asked.append(described)
            asked = asking.answer(turn)
            if not asked.known:
                return self._recommend(replace(turn, understood=replace(turn.understood, act="recommend")))
        if turn.understood.same_maker and "creators" in turn.understood.questions and asked.items:
            return self._and_more_by(turn, asked)
        constraints = self.picking.constraints()
        ids = dict.fromkeys(item.id for item in asked.items)
        ids = dict.fromkeys((*taste.focus, *ids) if len(ids) == 1 else (*ids, *taste.focus))
        spread = [
            item
            for item in self.shop.items(ids)
            if item.in_stock and satisfies_all(item, constraints) and item.id not in taste.disliked
        ]
        shown = [catalog.positions[item.id] for item in asked.items if item in spread]
        cards = self.picking.cards([Recommended(at, 0.0) for at in dict.fromkeys(shown[:CARDS])])
        about = asked.items[0].id if asked.items else ""
        text = self.say.sentences(*turn.notes, asked.text)
        compared = tuple(item.id for item in asked.items) if len(asked.items) > 1 else ()
        return Answer(
            text,
            cards,
            about,
            compared,
            route="item",
            abstained=not asked.known,
            column=asked.column,
            spread=tuple(item.id for item in spread),
        )

    def _described(self, turn: Turn) -> int | None:
        """Return the position of the good that a question describes and does not name: "that ladder you pull out"."""
        needs, taste = self.shop.recommender.needs, self.state.taste
        if needs is None or turn.asked or taste.focus or taste.about or needs.speaks(turn.text) <= 0:
            return None
        near = needs.scores(turn.text)
        return int(np.where(self.shop.recommender.allowed([]), near, -np.inf).argmax())

    def _and_more_by(self, turn: Turn, asked: Asked) -> Answer:
        """Tell who made a work, and show what else is theirs: "who wrote it, and what else of hers do you have?"."""
        understood = replace(turn.understood, act="recommend", questions=(), opinions=(), gist="", bare_title=False)
        more = Turn(understood, turn.text, named=self.shop.positions([asked.items[0].id]))
        self._updater().absorb(more)
        answer = self._recommend(more)
        return replace(answer, text=self.say.sentences(*turn.notes, asked.text, answer.text))

    def _greeting(self, turn: Turn) -> Answer:
        if self.state.page and self.state.taste.about == self.state.page:  # they are looking at something already
            (item,) = self.shop.items([self.state.page])
            return Answer(self.say("greeting_page", title=facts.name(item, self.say.language)))
        return Answer(
            self.say.sentences(self.say("greeting"), self.say("starters")), self.picking.cards(self.picking.picks(turn))
        )

    def _meta(self, turn: Turn) -> Answer:
        return Answer(
            self.say.sentences(self.say("meta"), self.say("perhaps")), self.picking.cards(self.picking.picks(turn))
        )

    def _foreign(self, turn: Turn) -> Answer:
        return Answer(unread(turn.text), route="out_of_scope")

    def _unclear(self, turn: Turn) -> Answer:
        cards = self.picking.cards(everything(turn, self.picking, self.picking.picks(turn)))
        told = listed(turn, self.picking, self.shop.items(card.id for card in cards))
        return Answer(told or self.say("unclear"), cards)

    def _range(self, turn: Turn) -> Answer:
        """Say what the shop has: how many works of each kind."""
        shown = self.shop.recommender.allowed([])
        items = self.shop.index.catalog.items
        kinds = Counter(items[at].kind for at in np.flatnonzero(shown).tolist() if items[at].kind)
        counts = [f"{self.say.plural(canonical('kind', kind))} ({n:,})" for kind, n in kinds.most_common(_KINDS)]
        told = self.say("range", kinds=facts.join(counts, self.say.language)) if counts else ""
        return Answer(self.say.sentences(told, self.say("invite")))

    def _undo(self, turn: Turn) -> Answer:
        if not self.state.undo():
            return Answer(self.say("nothing_to_undo"))
        taste = self.state.taste
        kept = [i for i in taste.focus if i not in (*taste.disliked, *taste.seen)]
        return Answer(
            self.say("undone"), self.picking.cards([Recommended(at, 0.0) for at in self.shop.positions(kept)])
        )

    def _reset(self, turn: Turn) -> Answer:
        self.state.taste = memory.started(self.state)
        return Answer(self.say("reset"))

    _ANSWERS: Mapping[Act, Callable[[Dialogue, Turn], Answer]] = {
        "recommend": _recommend,
        "more": _recommend,
        "availability": _availability,
        "question": _question,
        "undo": _undo,
        "reset": _reset,
        "greeting": _greeting,
        "range": _range,
        "meta": _meta,
        "foreign": _foreign,
        "unclear": _unclear,
    }
