"""Answers to questions about items, from the catalogue's columns and descriptions only.

Which item is meant: those the message names, else those on screen if it speaks of "these", else the one last spoken of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chat import facts
from chat.clauses import clauses, wonders
from chat.contents import CONTENTS
from chat.descriptions import PAIR, Asked, Descriptions, bare_fact
from chat.explaining import COMMON, REASON, common, for_whom, reason
from chat.fitting import FITS, fitting
from chat.lengths import of_length
from chat.meant import MOST, TOGETHER, Meant
from chat.moods import MOODS, moods_asked, of_these, told_of
from chat.overall import NUMBER, number_told
from chat.picking import Picking
from chat.pointing import measured, pointed
from chat.questions import asks_for_what, asks_of_all, extremes, of_no_column
from chat.reading import without_names
from chat.recommender import Recommended
from chat.restock import RESTOCK
from chat.scene import Scene
from chat.turn import Turn
from chat.typed import telling_words
from chat.valued import Valued
from retrieval.constraints import values_of
from retrieval.lexicon import display
from retrieval.ranges import of_sizes
from retrieval.text import forms, normalize, words
from retrieval.types import Item, Query

_BIG = re.compile(r"\b(?:bigg|small|larg|compact)|最[大小]", re.IGNORECASE)
_HOW_MANY = re.compile(
    r"\W*(?:and\s+)?(?:how\s+(?:many|much|long|big|old)|what\s+(?:size|length|weight))\b", re.IGNORECASE
)
_DIFFER = re.compile(r"\bdiffer|区别|不同", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asking(Scene):
    """Answers what a message asks of items."""

    @property
    def _descriptions(self) -> Descriptions:
        return Descriptions.of(self)

    def answer(self, turn: Turn) -> Asked:
        """Answer from the catalogue; what it does not say is said to be unknown."""
        return self._vague(turn) or self._of_items(turn)

    def _of_items(self, turn: Turn) -> Asked:
        items = Meant.of(self).items(turn)
        turn = of_length(turn, items)
        understood = turn.understood
        if understood.questions == (NUMBER,):
            shown = self.shop.items(self.state.taste.focus)
            return Asked(number_told(self.shop, self.state, self.say), tuple(shown))
        if not items:
            return Asked(self.say("which"), ())
        if (own := self._of_one(items[0], understood.questions)) is not None:
            return own
        extreme = understood.extreme
        measured = extreme is not None and any(facts.measure(item, extreme[0]) is not None for item in items)
        of_each = self._descriptions.of_each(turn, items) if not measured and understood.mood is None else None
        if of_each is not None:
            return of_each
        if understood.mood is not None or (extreme is not None and len(items) > 1):
            return self._singled_out(turn, items)
        return self._compared(turn, items) if understood.compares else self._of_fields(turn, items)

    def _of_fields(self, turn: Turn, items: Sequence[Item]) -> Asked:
        """Answer from the columns and descriptions that a question is about."""
        fields, descriptions = turn.understood.questions, self._descriptions
        asked = telling_words(without_names(turn.text, turn.understood.opinions))
        if fields == ("other",) and len(items) == 1 and items[0].description and not asked:  # "what's The Incal then?"
            return Asked(
                self.say(
                    "described", title=facts.name(items[0], self.say.language), value=items[0].description.rstrip(".。")
                ),
                (items[0],),
            )
        if _HOW_MANY.match(turn.text):  # a column of yes and no tells no number: "how many are in the vegan box?"
            flags = {field for field in fields if isinstance(items[0].attributes.get(field), bool)}
            fields = tuple(field for field in fields if field not in flags) or ("other",)
            turn = replace(turn, understood=replace(turn.understood, questions=fields))
        if not self.shop.of_goods and "themes" in fields and not self._told(items):  # "is there any singing on it?"
            fields = tuple(dict.fromkeys("description" if field == "themes" else field for field in fields))
            turn = replace(turn, understood=replace(turn.understood, questions=fields))
        special = (
            descriptions.by_line(turn, items)
            or self._made_in(turn, items)
            or self._graded(turn, items)
            or descriptions.comes_with(turn, items)
        )
        special = special or descriptions.told_instead(turn, items) or descriptions.beyond_values(turn, items)
        if (held := special or descriptions.held(turn, items)) is not None:
            return held
        if fields == ("pick",):
            return self._picked(turn, items)
        if (
            fields in (("other",), (CONTENTS,))
            or self._of_no_length(fields, items)
            or self._in_other_words(turn, items)
        ):
            return descriptions.in_description(turn, items)
        if turn.understood.form:
            return self._valued(turn, items, ()) or self._in_form(items[0], turn.understood.form)
        return self._by_columns(turn, items)

    def _told(self, items: Sequence[Item]) -> bool:
        """Whether the description of an item has been told."""
        return len(items) != 1 or not items[0].description or self.state.has_said(items[0].description)

    def _singled_out(self, turn: Turn, items: Sequence[Item]) -> Asked:
        """Say which of several items has most of a mood or a measure, or of both: "which is shorter and slower?"."""
        understood = turn.understood
        text, order = of_these(items, *understood.mood, self.say) if understood.mood is not None else ("", list(items))
        if understood.extreme is None or len(items) < PAIR:
            return Asked(text, tuple(order))
        extreme = self._measure(turn.text, items, understood.extreme)
        measured, best = self.say.singled_out(items, extreme)
        aside = (extreme[0], MOODS) if text else (extreme[0],)
        rest = [field for field in understood.questions if field not in aside] if best is not None else []
        of_it = self.say.answer(best, rest) if best is not None and rest else ""
        if best is not None:
            order = sorted(order, key=lambda item: item is not best)
        also = [self.say.singled_out(items, each)[0] for each in extremes(turn.text)[1:]]  # "…, and the shortest?"
        return Asked(self.say.sentences(measured, of_it, *also, text), tuple(order))

    def _of_one(self, item: Item, fields: Sequence[str]) -> Asked | None:
        """Answer what is asked of one item and stands in no column: when it is back, why it was shown, for whom."""
        if fields == (RESTOCK,):
            return Asked(self._restocked(item), (item,))
        if fields == (REASON,):
            return Asked(reason(item, self.state, self.say), (item,))
        if fields == ("audience",) and not self.shop.of_goods and not values_of(item, "audience"):
            return Asked(for_whom(item, self.say), (item,))
        return None

    def _made_in(self, turn: Turn, items: Sequence[Item]) -> Asked | None:
        """Answer whether items are made in the size, or in other colours than those, that a question names."""
        fields = turn.understood.questions
        colours = self.shop.parser.columns.lists_colours
        other = any(c.op == "is_not" and colours(c.field) for c in turn.understood.parsed.constraints)
        return self._valued(turn, items, fields) if other or any(map(of_sizes, fields)) else None

    def _graded(self, turn: Turn, items: Sequence[Item]) -> Asked | None:
        """Answer which of the cards have little or none of something: "which of those are without caffeine?"."""
        valued = Valued(self.shop.parser.columns, self.shop.index.facets.name, self.say)
        limits = [*turn.understood.parsed.constraints, *self.shop.parser.columns.grades.asked_any(turn.text)]
        text = valued.graded(items, limits) if turn.understood.of_shown else ""
        return Asked(text, tuple(items)) if text else None

    def _portrait(self, item: Item) -> str:
        """Tell of an item all that there is: its description, and what its columns say."""
        return self.say.sentences(self.say.described(item), item.description)

    def _measure(self, text: str, items: Sequence[Item], extreme: tuple[str, int]) -> tuple[str, int]:
        """Return the measure that singles one out; "the biggest" is by the size that most of the items have."""
        sizes = self.shop.parser.columns.sizes
        if extreme[0] not in sizes or not _BIG.search(text):
            return extreme
        having = {f: sum(facts.measure(item, f) is not None for item in items) for f in (extreme[0], *sizes)}
        return max(having, key=lambda field: having[field]), extreme[1]

    def _in_other_words(self, turn: Turn, items: Sequence[Item]) -> bool:
        """Whether a column is asked about that the question does not name, and that no item has: "how tall is it?"."""
        columns, said = self.shop.parser.columns, f" {normalize(turn.text)} "
        own = {field: name for name, field in columns.named.items()}
        fields = turn.understood.questions
        unnamed = bool(fields) and all(field in own and f" {own[field]} " not in said for field in fields)
        return unnamed and not turn.understood.of_shown and not self._descriptions.says_any(items, fields)

    def _by_columns(self, turn: Turn, items: Sequence[Item]) -> Asked:
        """Answer from the columns asked about; of several cards those that have no value are told of together."""
        understood, fields = turn.understood, turn.understood.questions
        if fields == ("description",) and self.shop.of_goods and asks_of_all(turn.text):
            return Asked(self.say.sentences(*(self._portrait(item) for item in items)), tuple(items))
        if FITS in fields:
            fit = [fitting(item, turn.text, self.shop.parser.columns, self.state, self.say) for item in items]
            rest = [name for name in fields if name not in (FITS, "other")]
            others = [self.say.answer(item, rest) for item in items] if rest else []
            return Asked(self.say.sentences(*others, *fit), tuple(items))
        unsaid = self._beside_columns(turn, items) if "other" in fields else ""
        fields = tuple(name for name in fields if name != "other")
        if (valued := self._valued(turn, items, fields)) is not None:
            return valued
        said = [item for item in items if not understood.of_shown or self._descriptions.says_any([item], fields)]
        if 0 < len(said) < len(items):
            answers = [self.say.answer(item, fields) for item in said]
            return Asked(self.say.sentences(*answers, self.say("others_unknown")), tuple(items))
        moods = moods_asked(turn.text, understood.opinions, self.shop.parser) if MOODS in fields else []
        answers = [told_of(item, fields, moods, self.say) for item in items]
        total = facts.total(items, self.say.language) if "price" in fields and TOGETHER.search(turn.text) else ""
        last = self.say("total", value=total) if total else ""
        compares = understood.compares or TOGETHER.search(turn.text) is not None
        compares = compares or (not self.shop.of_goods and wonders(turn.text))
        if not last and compares:  # who buys two asks for no comparison
            last = self.say.compared(items, fields)
        last = last or (self._descriptions.with_price(turn, items) if "price" in fields else "")
        return Asked(self.say.sentences(*answers, last, unsaid), tuple(items))

    def _beside_columns(self, turn: Turn, items: Sequence[Item]) -> str:
        """Say what of a question no column answers, behind what they do: "how long is it, and who's in it?"."""
        if not (self.shop.of_goods or self._told(items) or bare_fact(turn.text, self.shop.index.facets)):
            return self.say("rest_told", told=items[0].description)
        parts = [part for part in clauses(turn.text) if of_no_column(part)]
        if not parts:
            return self.say("not_said", title=facts.names(items, self.say.language))
        return self.say.sentences(*(self.say("no_answer_to", question=part) for part in parts))

    def _valued(self, turn: Turn, items: Sequence[Item], fields: Sequence[str]) -> Asked | None:
        """Answer whether items have the colour or the size that a question names, beside the columns asked about."""
        valued = Valued(self.shop.parser.columns, self.shop.index.facets.name, self.say)
        whether = valued.asked(turn.text, turn.understood.parsed.constraints, fields)
        if not whether or (turn.understood.of_shown and not any(valued.of_own(x) for x in whether)):
            return None
        told = {item.id: tuple(valued.answers(item, whether)) for item in items}
        if not any(told.values()):
            return None
        if len(whether) == 1 and whether[0].op != "is_not" and len(items) > PAIR and all(told.values()):
            return Asked(valued.of_several(items, whether[0]), tuple(items))
        answers = []
        for item in items:
            done = {limit.field for limit in whether} | ({"in_stock"} if item.in_stock else set())
            rest = [field for field in fields if field not in done or not told[item.id]]
            answers += [*told[item.id], self.say.answer(item, rest) if rest else ""]
        return Asked(self.say.sentences(*answers), tuple(items))

    def _vague(self, turn: Turn) -> Asked | None:
        """Ask which card is meant, where one is described as several on screen are, or none: "the leather one"."""
        understood, taste, facets = turn.understood, self.state.taste, self.shop.index.facets
        several = understood.extreme or understood.of_shown or understood.compares or understood.mood
        if several or any(not opinion.that for opinion in understood.opinions):
            return None
        shown = self.shop.items(taste.focus)
        found = pointed(turn.text, shown, facets.postings.get("kind", {}) if self.shop.of_goods else {})
        if found is None or len(found.places) == 1 or measured(found.described):
            return None
        if found.places:
            fitting = [shown[at] for at in found.places]
            titled = [item for item in fitting if set(telling_words(found.described)).issubset(words(item.title))]
            if len(titled) == 1:  # "the singing one", of "Singing for the Shy"
                turn.asked = [self.shop.index.catalog.positions[titled[0].id]]
                return None
            if any(item.id == taste.about for item in fitting):
                return None
            return Asked(self.say("which_of", titles=facts.names(fitting, self.say.language, either=True)), ())
        told = telling_words(found.described)
        having = [item for item in shown if item.description and set(told).intersection(words(item.description))]
        if len(having) == 1:  # "the bear one", of a bear that its description tells of
            turn.asked = [self.shop.index.catalog.positions[having[0].id]]
            return None
        known = any(facets.document_frequency(form) for word in told for form in forms(word))
        asked = turn.text[found.start : found.end]
        return Asked(self.say("none_such", asked=asked), ()) if known and shown else None

    def _compared(self, turn: Turn, items: Sequence[Item]) -> Asked:
        """Tell of the items all that people compare by, and what they differ in; of a name that means none, say so."""
        if turn.understood.questions == (COMMON,):
            return Asked(common(items, self.say), tuple(items))
        two = Meant.of(self).two(turn)
        if two is not None and two.unknown:
            return Asked(self.say("not_compared", name=two.unknown[0]), two.items, known=False)
        differing = _DIFFER.search(turn.text) is not None
        return Asked(self._descriptions.beside_each_other(items, differing=differing), tuple(items))

    def _restocked(self, item: Item) -> str:
        title = facts.name(item, self.say.language)
        return self.say.answer(item, ("in_stock",)) if item.in_stock else self.say(RESTOCK, title=title)

    def _of_no_length(self, fields: Sequence[str], items: Sequence[Item]) -> bool:
        """Whether goods that have no length are asked how long something takes: "how long does the battery last?"."""
        return (
            tuple(fields) == ("length",) and self.shop.of_goods and not any(facts.length(item, "en") for item in items)
        )

    def _picked(self, turn: Turn, named: Sequence[Item]) -> Asked:
        """Advise one of the items named, or of those on screen: the one that was put first, and why it was."""
        several = named if len(turn.asked) > 1 else self.shop.items(self.state.taste.focus) or named
        order = [*self.state.taste.focus, *(item.id for item in several)]
        near = self.shop.index.retrievers["dense"].scores(Query(turn.text)) if asks_for_what(turn.text) else None
        places = self.shop.index.catalog.positions
        best = min(several, key=lambda i: order.index(i.id) if near is None else -float(near[places[i.id]]))
        at = self.shop.index.catalog.positions[best.id]
        cards = Picking.of(self).cards([Recommended(at, 0.0)])
        why = cards[0].why if cards else ""
        others = [item for item in several if item is not best] if len(turn.asked) > 1 else []
        said = self.say("picks", title=facts.name(best, self.say.language), why=why).strip()
        beside = self._descriptions.beside_each_other([best, *others]) if len(others) == PAIR - 1 else ""
        return Asked(self.say.sentences(beside, said), (best, *others))

    def _in_form(self, item: Item, kind: str) -> Asked:
        """Say whether there is a film, a book … of an item: works of the same title."""
        linker, catalog = self.shop.linker, self.shop.index.catalog
        found = [catalog[at] for at in linker.narrowed(linker.exact(item.title), kind=kind) if not self.shop.hides(at)]
        if found:
            titles = facts.join([self.say.listed(other) for other in found[:MOST]], self.say.language)
            return Asked(self.say("has_form", titles=titles), tuple(found[:MOST]))
        noun = display("kind", kind, self.say.language)
        title = facts.name(item, self.say.language)
        return Asked(self.say("no_form", title=title, kind=self.say.a(noun)), (item,))
