"""Answers to questions about items, from the catalogue's columns only.

Which item is meant: those the message names, else those on screen if it speaks of "these", else the one last spoken of.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chat import facts
from chat.clauses import clauses
from chat.contents import CONTENTS, contents
from chat.explaining import COMMON, REASON, common, for_whom, reason
from chat.fitting import FITS, fitting
from chat.holding import DESCRIPTION, Evidence, asked_words, evidence, lasting, of_which
from chat.lengths import of_length
from chat.meant import MOST, TOGETHER, Meant
from chat.moods import MOODS, each_in_short, moods_asked, of_these, told_of
from chat.overall import NUMBER, number_told
from chat.picking import Picking
from chat.pointing import measured, pointed
from chat.questions import asks_for_what, asks_of_all, extremes, of_no_column
from chat.quoting import TITLE, alike, amount, beside, included, question_alone, thing_included
from chat.recommender import Recommended
from chat.replies import Say
from chat.restock import RESTOCK
from chat.shop import Shop
from chat.state import DialogueState
from chat.turn import Turn
from chat.typed import telling_words
from chat.valued import Valued
from chat.variants import YES_NO, variants
from retrieval.constraints import as_values, satisfies, values_of
from retrieval.knowledge import terms
from retrieval.lexicon import display
from retrieval.numbers import blank
from retrieval.ranges import of_sizes
from retrieval.text import forms, normalize
from retrieval.types import Item, Query

_MOST_OTHERS = 2  # and others that are named beside the one asked about
_PAIR = 2  # items whose descriptions are told beside each other
_BIG = re.compile(r"\b(?:bigg|small|larg|compact)|最[大小]", re.IGNORECASE)
_EITHER = re.compile(r"\bwhich\b|\bor\b|还是|哪", re.IGNORECASE)
_DIFFER = re.compile(r"\bdiffer|区别|不同", re.IGNORECASE)
_WITH = re.compile(
    r"(?:\bprice|\bcosts?|\d)\b[^.!?;]*?\b(?:with|includ\w+|incl\.?)\s+((?:(?:the|an?|its|all|both)\s+)?[\w'’-]+(?:\s+[\w'’-]+)?)\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer about items.

    Attributes:
        text: what is said.
        items: in the order of their cards.
        known: the catalogue had it.
        column: one of its columns did, for a question that names none.
    """

    text: str
    items: tuple[Item, ...]
    known: bool = True
    column: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """Answers what a message asks of items."""

    shop: Shop
    state: DialogueState
    say: Say

    def answer(self, turn: Turn) -> Asked:
        """Answer from the catalogue; what it does not say is said to be unknown."""
        return self._vague(turn) or self._of_items(turn)

    def _of_items(self, turn: Turn) -> Asked:
        items = Meant(self.shop, self.state, self.say).items(turn)
        turn = of_length(turn, items)
        understood = turn.understood
        if understood.questions == (NUMBER,):
            shown = self.shop.items(self.state.taste.focus)
            return Asked(number_told(self.shop, self.state, self.say), tuple(shown))
        if not items:
            return Asked(self.say("which"), ())
        if (own := self._of_one(items[0], understood.questions)) is not None:
            return own
        if understood.mood is not None or (understood.extreme is not None and len(items) > 1):
            return self._singled_out(turn, items)
        if understood.compares:
            return self._compared(turn, items)
        fields = understood.questions
        special = self._made_in(turn, items) or self._graded(turn, items) or self._included(turn, items)
        special = special or self._told_instead(turn, items)
        if (held := special or self._beyond_values(turn, items) or self._held(turn, items)) is not None:
            return held
        if fields == ("pick",):
            return self._picked(turn, items)
        if (
            fields in (("other",), (CONTENTS,))
            or self._of_no_length(fields, items)
            or self._in_other_words(turn, items)
        ):
            return self._in_description(turn, items)
        if understood.form:
            return self._valued(turn, items, ()) or self._in_form(items[0], understood.form)
        return self._by_columns(turn, items)

    def _singled_out(self, turn: Turn, items: Sequence[Item]) -> Asked:
        """Say which of several items has most of a mood or a measure, or of both: "which is shorter and slower?"."""
        understood = turn.understood
        text, order = of_these(items, *understood.mood, self.say) if understood.mood is not None else ("", list(items))
        if understood.extreme is None or len(items) < _PAIR:
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

    def _included(self, turn: Turn, items: Sequence[Item]) -> Asked | None:
        """Quote what descriptions say of what items come with, unless a column of yes and no does: "with a whisk?"."""
        thing, flags = set(terms(thing_included(turn.text))), self.shop.parser.columns.flags
        if any(field in turn.understood.questions or thing & set(terms(name)) for name, field in flags.items()):
            return None
        found = [each for item in items if (each := included(turn.text, item)) is not None]
        return Asked(self._told(found, among_several=len(items) > 1), tuple(items)) if found else None

    def _beyond_values(self, turn: Turn, items: Sequence[Item]) -> Asked | None:
        """Answer from the description where a value of a column is but a part of what is asked: "freshly roasted".

        What is not in a list of tastes is not denied by that; what it is for is, if that is a thing that the shop has.
        """
        understood, columns = turn.understood, self.shop.parser.columns
        values = [c for c in understood.parsed.constraints if c.op == "is" and columns.limits(c.field)]
        lists = [c for c in values if any(isinstance(item.attributes.get(c.field), tuple) for item in items)]
        kinds = self.shop.index.facets.postings.get("kind", {})
        lists = [c for c in lists if not any(value in kinds for value in as_values(c))]
        said, names = f" {normalize(turn.text)} ", {field: name for name, field in columns.named.items()}
        named = any(f" {names.get(field, field)} " in said for field in understood.questions)
        if not lists or named or {*understood.questions} != {c.field for c in lists}:
            return None
        rest = replace(turn, text=blank(turn.text, understood.parsed.spans))
        if any(satisfies(item, c) for item in items for c in lists) or not self._asked_words(rest, items):
            return None
        turn = replace(turn, understood=replace(understood, questions=("other",)))
        return self._held(turn, items) or self._in_description(turn, items, listed=False)

    def _told_instead(self, turn: Turn, items: Sequence[Item]) -> Asked | None:
        """Quote the descriptions that have all that is asked where the columns asked about are empty."""
        fields, columns = turn.understood.questions, self.shop.parser.columns
        if not fields or not all(field in columns for field in fields) or self._says_any(items, fields):
            return None
        asked = self._asked_words(turn, items)
        found = [each for item in items if asked and (each := evidence(item, asked)) is not None]
        found = [each for each in found if each.whole and each.field == DESCRIPTION]
        return Asked(self._told(found, among_several=len(items) > 1), tuple(items)) if found else None

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
        unnamed = all(field in own and f" {own[field]} " not in said for field in fields)
        return bool(fields) and unnamed and not turn.understood.of_shown and not self._says_any(items, fields)

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
        said = [item for item in items if not understood.of_shown or self._says_any([item], fields)]
        if 0 < len(said) < len(items):
            answers = [self.say.answer(item, fields) for item in said]
            return Asked(self.say.sentences(*answers, self.say("others_unknown")), tuple(items))
        moods = moods_asked(turn.text, understood.opinions, self.shop.parser) if MOODS in fields else []
        answers = [told_of(item, fields, moods, self.say) for item in items]
        total = facts.total(items, self.say.language) if "price" in fields and TOGETHER.search(turn.text) else ""
        last = self.say("total", value=total) if total else self.say.compared(items, fields)
        last = last or (self._beyond(turn, items) if "price" in fields else "")
        return Asked(self.say.sentences(*answers, last, unsaid), tuple(items))

    def _beside_columns(self, turn: Turn, items: Sequence[Item]) -> str:
        """Say what of a question no column answers, behind what they do: "how long is it, and who's in it?"."""
        parts = [part for part in clauses(turn.text) if of_no_column(part)]
        if not parts:
            return self.say("not_said", title=facts.names(items, self.say.language))
        return self.say.sentences(*(self.say("no_answer_to", question=part) for part in parts))

    def _beyond(self, turn: Turn, items: Sequence[Item]) -> str:
        """Tell what is known of that with which a price is asked: "is that the price with the seats?"."""
        match = _WITH.search(turn.text)
        if match is None or len(items) > 1 or pointed(turn.text, self.shop.items(self.state.taste.focus)) is not None:
            return ""
        asked = asked_words(match[1])
        found = evidence(items[0], asked) if asked else None
        if found is not None and found.value and found.whole:
            return self._told([found], among_several=False)
        return self.say("price_with", asked=match[1]) if asked else ""

    def _valued(self, turn: Turn, items: Sequence[Item], fields: Sequence[str]) -> Asked | None:
        """Answer whether items have the colour or the size that a question names, beside the columns asked about."""
        valued = Valued(self.shop.parser.columns, self.shop.index.facets.name, self.say)
        whether = valued.asked(turn.text, turn.understood.parsed.constraints, fields)
        if not whether or (turn.understood.of_shown and not any(valued.of_own(x) for x in whether)):
            return None
        told = {item.id: tuple(valued.answers(item, whether)) for item in items}
        if not any(told.values()):
            return None
        if len(whether) == 1 and whether[0].op != "is_not" and len(items) > _PAIR and all(told.values()):
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
            if any(item.id == taste.about for item in fitting):
                return None
            return Asked(self.say("which_of", titles=facts.names(fitting, self.say.language, either=True)), ())
        told = telling_words(found.described)
        known = any(facets.document_frequency(form) for word in told for form in forms(word))
        asked = turn.text[found.start : found.end]
        return Asked(self.say("none_such", asked=asked), ()) if known and shown else None

    def _compared(self, turn: Turn, items: Sequence[Item]) -> Asked:
        """Tell of the items all that people compare by, and what they differ in; of a name that means none, say so."""
        if turn.understood.questions == (COMMON,):
            return Asked(common(items, self.say), tuple(items))
        two = Meant(self.shop, self.state, self.say).two(turn)
        if two is not None and two.unknown:
            return Asked(self.say("not_compared", name=two.unknown[0]), two.items, known=False)
        return Asked(self._beside_each_other(items, differing=_DIFFER.search(turn.text) is not None), tuple(items))

    def _beside_each_other(self, items: Sequence[Item], *, differing: bool = False) -> str:
        """Tell of items what people compare by, all or what is `differing`, and which has more of it."""
        described = []
        for item in items:
            others = [other for other in items if other is not item] if differing else []
            described += [self.say.described(item, others), facts.gist(item) if len(items) == _PAIR else ""]
        return self.say.sentences(*described, self.say.differences(items))

    def _restocked(self, item: Item) -> str:
        title = facts.name(item, self.say.language)
        return self.say.answer(item, ("in_stock",)) if item.in_stock else self.say(RESTOCK, title=title)

    def _held(self, turn: Turn, items: Sequence[Item]) -> Asked | None:
        """Answer whether, or which of, the items have what is asked for, where it is found; None if it is not asked."""
        understood = turn.understood
        if len(items) == 1 and understood.questions == ("other",):
            names = [opinion.surface for opinion in understood.opinions if opinion.surface]
            if of_name := variants(turn.text, items[0], names, self.shop)[:MOST]:
                titles = facts.join([self.say.listed(item) for item in of_name], self.say.language)
                return Asked(self.say("has_form", titles=titles), tuple(of_name))
        if understood.asks_genre and not self.shop.of_goods:
            return None  # works are of one genre or another, and all are told
        if not understood.looks_up or not (asked := self._asked_words(turn, items)):
            return None
        found = [each for item in items if (each := evidence(item, asked)) is not None]
        if of_which(turn.text):
            found = [each for each in found if each.value]
        found = [each for each in found if each.whole] or found
        if not found and understood.of_shown:
            found = [each for item in items if (each := self._worded(turn.text, item)) is not None]
        if not found:
            if understood.of_shown and not self._says_any(items, understood.questions):
                told = each_in_short(items, self.say) if of_which(turn.text) else ""
                return Asked(self.say.sentences(self.say("not_said_these"), told), tuple(items), known=False)
            return Asked(self._unsaid(items, turn.text), tuple(items), known=False) if understood.asks_genre else None
        told = self._told(found, among_several=len(items) > 1)
        rest = self.say("held_not") if len(found) < len(items) else ""
        order = {each.item.id for each in found}
        column = any(isinstance(each.item.attributes.get(each.field), bool) for each in found)
        more = beside(items[0], asked) if column and len(items) == 1 else ""  # "two AA batteries, not included"
        text = self.say.sentences(told, more, rest)
        ordered = tuple(sorted(items, key=lambda item: item.id not in order))
        return Asked(text, ordered, column=column)

    def _says_any(self, items: Sequence[Item], fields: Sequence[str]) -> bool:
        """Whether any of the items has a value in a column asked about; the genres of goods do not tell all."""
        fields = [field for field in fields if field != "other" and (field != "genres" or not self.shop.of_goods)]
        return any(
            field in ("in_stock", "creators", "language")
            or values_of(item, field)
            or item.attributes.get(field) is not None
            for item in items
            for field in fields
        )

    def _asked_words(self, turn: Turn, items: Sequence[Item]) -> tuple[str, ...]:
        return asked_words(question_alone(turn.text), items, [opinion.surface for opinion in turn.understood.opinions])

    def _told(self, found: Sequence[Evidence], *, among_several: bool) -> str:
        """Say where what was asked for is found: those with the same value in one sentence, descriptions verbatim."""
        alike: dict[tuple[str, str], list[Item]] = {}
        for each in found:
            alike.setdefault((each.field, each.value), []).append(each.item)
        parts = []
        for (field, value), items in alike.items():
            titles = facts.names(items, self.say.language)
            if field in (DESCRIPTION, TITLE):
                told = "held_told" if field == DESCRIPTION else "held_name"
                parts.append(self.say(told, title=titles, quote=value))
            elif field == "genres" or (among_several and isinstance(items[0].attributes.get(field), tuple)):
                yes = "held_some" if among_several else "held_yes"
                parts.append(self.say(yes, title=titles, value=display(field, value, self.say.language)))
            else:
                parts.extend(self.say.answer(item, (field,)) for item in items)
        return self.say.sentences(*parts)

    def _of_no_length(self, fields: Sequence[str], items: Sequence[Item]) -> bool:
        """Whether goods that have no length are asked how long something takes: "how long does the battery last?"."""
        return (
            tuple(fields) == ("length",) and self.shop.of_goods and not any(facts.length(item, "en") for item in items)
        )

    def _in_description(self, turn: Turn, items: Sequence[Item], *, listed: bool = True) -> Asked:
        """Answer what no column does by the description, a column that lists such things, or another card."""
        if turn.understood.questions == (CONTENTS,) and any(within := [contents(item, self.say) for item in items]):
            return Asked(self.say.sentences(*within), tuple(items))
        text = question_alone(turn.text)
        told = [each for item in items if (each := self._worded(text, item)) is not None]
        if told:
            return Asked(self._told(told, among_several=False), tuple(items))
        asked = self._asked_words(turn, items)
        others = [item for item in self.shop.items(self.state.taste.focus) if item not in items]
        having = [each for other in others if asked and (each := evidence(other, asked)) is not None]
        having = [each for each in having if each.whole and each.value][:_MOST_OTHERS] if len(items) == 1 else []
        if len(items) == 1 and listed and (field := self._listing(asked, items[0])):
            beside_it = self._told(having, among_several=True)
            return Asked(self.say.sentences(self.say.answer(items[0], (field,)), beside_it), tuple(items), column=True)
        worded = [each for other in others if (each := self._worded(text, other)) is not None][:_MOST_OTHERS]
        if len(items) == 1 and worded and not having:
            unsaid = self.say("not_said", title=facts.names(items, self.say.language))
            return Asked(self.say.sentences(unsaid, self._told(worded, among_several=True)), tuple(items))
        if not having or not YES_NO.search(turn.text):
            return Asked(self._unsaid(items, turn.text), tuple(items), known=False)
        unsaid = self.say("not_said", title=facts.names(items, self.say.language))
        return Asked(self.say.sentences(unsaid, self._told(having, among_several=True)), tuple(items), known=False)

    def _worded(self, text: str, item: Item) -> Evidence | None:
        """Return where an item's description answers a question in words of its own."""
        text = question_alone(text)
        return amount(text, item) or lasting(text, item) or alike(text, item)

    def _listing(self, asked: Sequence[str], item: Item) -> str:
        """Return the column of an item that lists what others have and is asked for, "" if none: its connections."""
        catalog, postings = self.shop.index.catalog, self.shop.index.facets.postings
        for field in item.attributes if self.shop.of_goods else ():
            values = (frozenset(terms(str(each))) for each in postings.get(field, {}))
            if any(said and said.issubset(asked) for said in values) and any(
                isinstance(other.attributes.get(field), tuple) for other in catalog
            ):
                return field
        return ""

    def _unsaid(self, items: Sequence[Item], text: str) -> str:
        """Say that the catalogue does not say it, and what it says of the item, unless that was just said."""
        unsaid = self.say("not_said", title=facts.names(items, self.say.language))
        told = items[0].description if len(items) == 1 else ""
        new = told and told not in self.state.answered
        beside = self._beside_each_other(items) if len(items) == _PAIR and _EITHER.search(text) else ""
        return self.say.sentences(unsaid, self.say("says_only", told=told) if new else beside)

    def _picked(self, turn: Turn, named: Sequence[Item]) -> Asked:
        """Advise one of the items named, or of those on screen: the one that was put first, and why it was."""
        several = named if len(turn.asked) > 1 else self.shop.items(self.state.taste.focus) or named
        order = [*self.state.taste.focus, *(item.id for item in several)]
        near = self.shop.index.retrievers["dense"].scores(Query(turn.text)) if asks_for_what(turn.text) else None
        places = self.shop.index.catalog.positions
        best = min(several, key=lambda i: order.index(i.id) if near is None else -float(near[places[i.id]]))
        at = self.shop.index.catalog.positions[best.id]
        cards = Picking(self.shop, self.state, self.say).cards([Recommended(at, 0.0)])
        why = cards[0].why if cards else ""
        others = [item for item in several if item is not best] if len(turn.asked) > 1 else []
        said = self.say("picks", title=facts.name(best, self.say.language), why=why).strip()
        beside = self._beside_each_other([best, *others]) if len(others) == _PAIR - 1 else ""
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
