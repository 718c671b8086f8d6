"""What the catalogue's descriptions answer, where no column does: quoted from them, or said to be unknown."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chat import facts
from chat.contents import CONTENTS, contents
from chat.fitting import FITS
from chat.holding import DESCRIPTION, Evidence, asked_words, evidence, lasting, of_which
from chat.lines import NEAR, PERHAPS, Read
from chat.meant import MOST
from chat.moods import MOODS, each_in_short
from chat.pointing import pointed
from chat.questions import COLUMNS, of_no_column
from chat.quoting import TITLE, alike, amount, beside, included, question_alone, thing_included
from chat.scene import Scene
from chat.turn import Turn
from chat.variants import YES_NO, variants
from retrieval.constraints import Facets, as_values, satisfies, values_of
from retrieval.knowledge import reads, terms
from retrieval.lexicon import display
from retrieval.numbers import blank
from retrieval.ranges import of_sizes
from retrieval.text import normalize
from retrieval.types import Item
from retrieval.units import of_header
from retrieval.untold import untold

_SEVERAL = frozenset({"pick", "description", CONTENTS, FITS, MOODS})  # which ask for more than one line
PAIR = 2  # items whose descriptions are told beside each other
_MOST_OTHERS = 2  # and others that are named beside the one asked about
_FACT = re.compile(
    r"\b(?:silent|subtitl\w+|subs|dubbed|online|offline|colou?r|cast|actors?|tracks?|pages|chapters|episodes|discs?|editions?)\b",
    re.IGNORECASE,
)
_EITHER = re.compile(r"\bwhich\b|\bor\b|还是|哪", re.IGNORECASE)
_WITH = re.compile(
    r"(?:\bprice|\bcosts?|\d)\b[^.!?;]*?\b(?:with|includ\w+|incl\.?)\s+((?:(?:the|an?|its|all|both)\s+)?[\w'’-]+(?:\s+[\w'’-]+)?)\W*$",
    re.IGNORECASE,
)


def bare_fact(text: str, facets: Facets) -> bool:
    """Whether a question about a work asks a fact that no description tells: who is in it, how many can play it."""
    lacking = {name for name, _, _ in untold(text, facets) if name} - {"difficulty", "reading level"}
    return bool(lacking) or of_no_column(text) or _FACT.search(text) is not None


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
class Descriptions(Scene):
    """Answers by the descriptions of items; None where they do not, and something else may."""

    def by_line(self, turn: Turn, items: Sequence[Item]) -> Asked | None:
        """Answer by the line of an item that its question is nearest to; None where rules know what is asked.

        They do of a column that is named, or that every shop has, of sizes, and of more than one line.
        """
        lines, understood, fields = self.shop.lines, turn.understood, turn.understood.questions
        own = [field for field in fields if field != "other"]
        several = len(items) != 1 or len(own) > 1 or not _SEVERAL.isdisjoint(fields) or any(map(of_sizes, own))
        question = question_alone(turn.text)
        if lines is None or understood.form or several or not reads(question):
            return None
        item, found = items[0], lines.read(question, items[0])
        if found is None or not found.answers:
            named = any(f" {of_header(field)[0]} " in f" {normalize(turn.text)} " for field in own)
            known = named or not COLUMNS.isdisjoint(own)
            return None if known else self._nearest(turn, item, found)
        if found.line.field in own:
            return None
        if found.line.field == DESCRIPTION:
            quoted = Evidence(item, DESCRIPTION, found.line.text, whole=True)
            return Asked(self._told([quoted], among_several=False), (item,))
        return Asked(self.say.answer(item, (found.line.field,)), (item,), column=True)

    def _nearest(self, turn: Turn, item: Item, found: Read | None) -> Asked:
        """Answer by what is likely meant where no line surely is: its very words, the nearest sentence, an amount."""
        title, near = facts.name(item, self.say.language), found.odds if found is not None else -math.inf
        asked = self._asked_words(turn, [item])
        told = evidence(item, asked) if asked else None
        if told is not None and told.whole and told.field == DESCRIPTION and told.value:
            return Asked(self._told([told], among_several=False), (item,))
        line = found.line if found is not None and near >= NEAR else None
        if line is not None and line.field == DESCRIPTION and line.text not in self.state.answered:
            return Asked(self.say("told_nearest", title=title, quote=line.text), (item,))
        told = amount(turn.text, item)
        if told is not None and (near >= PERHAPS or told.field == TITLE):
            return Asked(self._told([told], among_several=False), (item,))
        unsaid = self.unsaid([item], turn.text) if near >= PERHAPS else self.say("not_said", title=title)
        return Asked(unsaid, (item,), known=False)

    def of_each(self, turn: Turn, items: Sequence[Item]) -> Asked | None:
        """Answer of two items that a question names by the column of both that is nearest to it: "loads of A and B"."""
        lines, question = self.shop.lines, question_alone(turn.text)
        if lines is None or len(items) != PAIR or len(set(turn.asked)) != PAIR or not reads(question):
            return None
        found = [lines.read(question, item) for item in items]
        fields = {each.line.field for each in found if each is not None and each.odds >= NEAR} - {DESCRIPTION, "kind"}
        sure = any(each is not None and each.answers for each in found)
        if not sure or len(fields) != 1 or any(each is None or each.line.field not in fields for each in found):
            return None
        (field,) = fields
        return Asked(
            self.say.sentences(*(self.say.answer(item, (field,)) for item in items)), tuple(items), column=True
        )

    def comes_with(self, turn: Turn, items: Sequence[Item]) -> Asked | None:
        """Quote what descriptions say of what items come with, unless a column of yes and no does: "with a whisk?"."""
        thing, flags = set(terms(thing_included(turn.text))), self.shop.parser.columns.flags
        if any(field in turn.understood.questions or thing & set(terms(name)) for name, field in flags.items()):
            return None
        found = [each for item in items if (each := included(turn.text, item)) is not None]
        return Asked(self._told(found, among_several=len(items) > 1), tuple(items)) if found else None

    def beyond_values(self, turn: Turn, items: Sequence[Item]) -> Asked | None:
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
        return self.held(turn, items) or self.in_description(turn, items, listed=False)

    def told_instead(self, turn: Turn, items: Sequence[Item]) -> Asked | None:
        """Quote the descriptions that have all that is asked where the columns asked about are empty."""
        fields, columns = turn.understood.questions, self.shop.parser.columns
        if not fields or not all(field in columns for field in fields) or self.says_any(items, fields):
            return None
        asked = self._asked_words(turn, items)
        found = [each for item in items if asked and (each := evidence(item, asked)) is not None]
        found = [each for each in found if each.whole and each.field == DESCRIPTION]
        return Asked(self._told(found, among_several=len(items) > 1), tuple(items)) if found else None

    def held(self, turn: Turn, items: Sequence[Item]) -> Asked | None:
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
        if understood.of_shown and not self.shop.of_goods and bare_fact(turn.text, self.shop.index.facets):
            return Asked(self.say("not_said_these"), tuple(items), known=False)  # "which of these runs on PS5?"
        found = [each for item in items if (each := evidence(item, asked)) is not None]
        if of_which(turn.text):
            found = [each for each in found if each.value]
        found = [each for each in found if each.whole] or found
        if not found and understood.of_shown:
            found = [each for item in items if (each := self._worded(turn.text, item)) is not None]
        if not found:
            if understood.of_shown and not self.says_any(items, understood.questions):
                told = each_in_short(items, self.say) if of_which(turn.text) else ""
                return Asked(self.say.sentences(self.say("not_said_these"), told), tuple(items), known=False)
            return Asked(self.unsaid(items, turn.text), tuple(items), known=False) if understood.asks_genre else None
        told = self._told(found, among_several=len(items) > 1)
        rest = self.say("held_not") if len(found) < len(items) else ""
        order = {each.item.id for each in found}
        column = any(isinstance(each.item.attributes.get(each.field), bool) for each in found)
        more = beside(items[0], asked) if column and len(items) == 1 else ""  # "two AA batteries, not included"
        text = self.say.sentences(told, more, rest)
        ordered = tuple(sorted(items, key=lambda item: item.id not in order))
        return Asked(text, ordered, column=column)

    def says_any(self, items: Sequence[Item], fields: Sequence[str]) -> bool:
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

    def in_description(self, turn: Turn, items: Sequence[Item], *, listed: bool = True) -> Asked:
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
            return Asked(self.unsaid(items, turn.text), tuple(items), known=False)
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

    def unsaid(self, items: Sequence[Item], text: str) -> str:
        """Tell what the catalogue says of an item, unless that was just said, and that more is not known.

        That it says nothing of it is not claimed: it may do so in other words than the question's.
        """
        title = facts.names(items, self.say.language)
        if not self.shop.of_goods and len(items) == 1 and bare_fact(text, self.shop.index.facets):
            return self.say("not_said", title=title)
        told = items[0].description if len(items) == 1 else ""
        listed = self.say.moods_of(items[0]) if len(items) == 1 and not self.shop.of_goods else ""
        if told and not self.state.has_said(told):
            return self.say("says_only", title=title, told=self.say.sentences(told, listed))
        if listed and listed not in self.state.answered:
            return self.say.sentences(self.say("not_said", title=title), listed)
        beside = self.beside_each_other(items) if len(items) == PAIR and _EITHER.search(text) else ""
        unsaid = "not_said_these" if len(items) > PAIR else "not_said"
        return self.say.sentences(self.say(unsaid, title=title), beside)

    def beside_each_other(self, items: Sequence[Item], *, differing: bool = False) -> str:
        """Tell of items what people compare by, all or what is `differing`, and which has more of it."""
        described = []
        for item in items:
            others = [other for other in items if other is not item] if differing else []
            described += [self.say.described(item, others), facts.gist(item) if len(items) == PAIR else ""]
        return self.say.sentences(*described, self.say.differences(items))

    def with_price(self, turn: Turn, items: Sequence[Item]) -> str:
        """Tell what is known of that with which a price is asked: "is that the price with the seats?"."""
        match = _WITH.search(turn.text)
        if match is None or len(items) > 1 or pointed(turn.text, self.shop.items(self.state.taste.focus)) is not None:
            return ""
        asked = asked_words(match[1])
        found = evidence(items[0], asked) if asked else None
        if found is not None and found.value and found.whole:
            return self._told([found], among_several=False)
        return self.say("price_with", asked=match[1]) if asked else ""
