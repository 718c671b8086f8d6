"""One wish of a message, answered where it belongs: by the catalogue, the shop's pages, its orders or a person.

What a route says is weighed against what the catalogue makes of the words and what the pages know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chat.buying import bought
from chat.cases import stays
from chat.clauses import BARE, asks, clauses, questions_of, wonders
from chat.descriptions import bare_fact
from chat.desk import Desk, wish
from chat.dialogue import Answer, Dialogue
from chat.evidence import FOR_A_PERSON, SHORT
from chat.facts import attribute
from chat.forms import form_asked
from chat.listing import bare_all
from chat.meaning import asks_more, called, means, merely_buys, says_something
from chat.meant import BOTH, TOGETHER
from chat.moods import moods_asked, told_of
from chat.ours import of_ours
from chat.overall import counts, number_told
from chat.paging import (
    asked_by_page,
    bare_name,
    followed,
    in_trouble,
    instead,
    of_case,
    of_kind,
    of_this_kind,
    trouble_in,
)
from chat.pieces import BUYS, Piece, masked
from chat.questions import questions
from chat.reaching import handed_over
from chat.restock import RESTOCK
from chat.routing import SHOP, SURE, Route
from chat.served import Served
from chat.shop import Shop
from chat.state import DialogueState
from chat.troubles import demands, troubled
from chat.typed import telling_words
from chat.understanding import Understanding
from retrieval import units
from retrieval.lexicon import canonical
from retrieval.text import forms, words
from retrieval.types import Item

if TYPE_CHECKING:
    from chat.identity import Customer

_OUT_SURE = 0.65  # a confidence from which something is said to be none of the shop's business
_IT = re.compile(r"\b(?:it|that|this)\b", re.IGNORECASE)
_PACKED = re.compile(  # words of a question about an amount that ask for nothing besides
    rf"\b(?:how\s+(?:much|many)|(?:bag|pack(?:et|age)?|box|tin|can|jar|bottle|tube|tub)(?:e?s)?|{units.called('mass')}|{units.called('volume')})\b",
    re.IGNORECASE,
)
_LEADS = re.compile(r"^\W*(?:and\s+|so\s+|ok\W+)?(?:what|how)\s+about\b", re.IGNORECASE)
_WISHES = re.compile(r"\b(?:like|similar|else|instead|recommend|suggest|next)\b|推荐|类似", re.IGNORECASE)
_SHIPPED = re.compile(r"\b(?:shipping|postage|deliver(?:y|ed)|shipped|posted|post)\b|运费|邮费|包邮", re.IGNORECASE)
_HOW_TO = re.compile(r"\bhow\s+(?:(?:do|can|should|would|must)\s+(?:i|we|you)|to)\b", re.IGNORECASE)


@dataclass(slots=True)
class Answering:
    """Answers the wishes of one message, one after the other.

    Attributes:
        shop: the catalogue now.
        dialogue: answers from the catalogue.
        state: the conversation.
        desk: answers what the catalogue does not.
        customer: who the person is, if verified.
        read: what the catalogue makes of a text.
        quoted: the title of the page quoted last, "" if there is none.
        paged: whether the wish before was answered by it.
    """

    shop: Shop
    dialogue: Dialogue
    state: DialogueState
    desk: Desk
    customer: Customer | None
    read: Callable[[str], Understanding]
    quoted: str = ""
    paged: bool = False

    def answer(self, piece: Piece) -> Answer:
        """Answer one wish where it belongs; what nobody is sure of is looked up, and else asked back."""
        route, sure, understood = piece.route, piece.routed.confidence, piece.understood
        if (told := self._at_once(piece)) is not None:
            return told
        form = form_asked(piece.text)
        if form and route not in ("human", "order") and (told := self._in_form(piece, form)) is not None:
            return told
        if bare_all(piece.text) and self.shop.of_goods and self.state.taste.focus:
            wish = replace(understood, act="recommend", opinions=(), questions=())
            return self.dialogue.answer(self.dialogue.absorb(piece.text, wish))
        if merely_buys(piece) and (BUYS.search(piece.text) or self._on_offer(piece)):
            return bought(piece, self.dialogue)
        if route in ("recommend", "item") or understood.questions == (RESTOCK,) or self._has_amount(piece):
            wished = route == "recommend" and (len(telling_words(piece.text)) > 1 or means(piece, "recommend"))
            asked = route == "item" and understood.act == "question" and self.state.taste.focus  # of what is on screen
            if sure >= SURE or wished or asked or says_something(understood):
                return self._of_shop(piece)
            return self._doubted(piece)
        if of_ours(piece, self.shop, self.state):
            # "How do I wash my sleeping bag?" names what we have, and is for the pages.
            quoted = self._of_care(piece) if route == "out_of_scope" else None
            return _answer(quoted, "policy") if quoted is not None else self._of_shop(piece)
        if sure < (_OUT_SURE if route == "out_of_scope" else SURE):
            return self._doubted(piece)
        served = self.desk.serve(piece, self.state, self.dialogue.say, self.customer, self._named(piece))
        served = self._of_this_kind(piece, served)
        named = any(opinion.surface for opinion in understood.opinions)
        wished = not asks(piece.text) and any(c.op == "is" for c in understood.parsed.constraints)
        wished = wished or any((c.field, c.op) == ("title", "is") for c in understood.parsed.constraints)
        needs = self.shop.recommender.needs
        tells = needs is not None and not wonders(piece.text) and needs.speaks(piece.text) > 0  # "I'm in month five"
        if served.abstained and route == "policy" and (named or wished or tells):  # "or maybe just a voucher"
            # "I've had Kind of Blue on repeat, where do I go from there?"
            return self._of_shop(piece if named or wished else _wishing(piece))
        silent = served.abstained or route == "out_of_scope"
        page = self._of_its_kind(piece) if silent else None
        page = page or (followed(piece, self.quoted, self.desk, self.dialogue.say) if silent else None)
        return _answer(page or served, route)

    def _at_once(self, piece: Piece) -> Answer | None:
        """Answer what is no matter of the route: a trouble, what goes on about a page, a sum; None for any other."""
        if (helped := self._in_trouble(piece)) is not None:
            return self._with_person(piece, helped)
        return self._of_page(piece) or (self._summed(piece) if self._sums(piece) else None)

    def _of_page(self, piece: Piece) -> Answer | None:
        """Answer a bare "how much?", and what is asked of "it", from the page spoken of; both may be of an item."""
        taste, text, say = self.state.taste, piece.text, self.dialogue.say
        if not self.quoted:
            return None
        if BARE.search(text) is None:
            after = self.state.route == "policy" and len(text.split()) <= SHORT and wonders(text) and _IT.search(text)
            of_item = piece.route in SHOP and piece.understood.opinions
            page = self.desk.of_the_same(text, self.quoted, say) if after and not of_item else None
            return _answer(page, "policy") if page is not None else None
        if not self.paged and piece.understood.opinions and (taste.focus or self.state.page):
            return None
        if not self.paged and _IT.search(text) and (taste.focus or taste.about or self.state.page):
            return None
        page = self.desk.continued(text, self.quoted, say)
        return _answer(page, "policy") if page is not None else None

    def _in_trouble(self, piece: Piece) -> Answer | None:
        """Quote what the pages say of what was bought and fails, or fetch a person; an order is looked up first."""
        if not troubled(piece.text):
            exact = self.shop.linker.exact(bare_name(piece.text))
            named = self._named(piece) or [self.shop.index.catalog[at].id for at in exact[:1]]
            titles = [item.title for item in self.shop.items(named)]
            if (followed_up := of_case(piece, titles, self.state, self.dialogue.say)) is not None:
                return followed_up
            looked_up = piece.route == "order" and self.desk.orders is not None
            return None if looked_up else stays(piece, self.desk, self.state, self.dialogue.say)
        if piece.route == "order" and self.desk.orders is not None:
            return None
        say = self.dialogue.say
        only_demands = demands(piece.text) and not any(not demands(part) for part in trouble_in(piece.text))
        if only_demands and (case := stays(piece, self.desk, self.state, say)) is not None:
            return case
        page = in_trouble(piece, self.desk, say)
        if page is not None:
            return _answer(page, "policy")
        served = handed_over(self.desk, "complaint", self.state, say, self.customer)
        page = self.desk.quoted(say("returning"), say) if demands(piece.text) else None
        if page is not None:  # what the shop's pages say of it is told at once
            served = replace(served, text=say.sentences(served.text, page.text), citations=page.citations)
        return _answer(served, "human")

    def _with_person(self, piece: Piece, helped: Answer) -> Answer:
        """Fetch a person as well, if what failed is told together with asking for one."""
        if helped.handoff is not None or FOR_A_PERSON.search(piece.text) is None:
            return helped
        served = handed_over(self.desk, "asked", self.state, self.dialogue.say, self.customer)
        text = self.dialogue.say.sentences(helped.text, served.text)
        return replace(
            helped, text=text, citations=(*helped.citations, *served.citations), handoff=served.handoff, route="human"
        )

    def _sums(self, piece: Piece) -> bool:
        """Whether a wish asks what several items come to, however much it says of shipping: "both, with postage"."""
        if "price" not in piece.understood.questions or TOGETHER.search(piece.text) is None:
            return False
        return bool(self._named(piece)) or (BOTH.search(piece.text) is not None and len(self.state.taste.focus) > 1)

    def _summed(self, piece: Piece) -> Answer:
        """Tell what several items come to, and beside it what the pages say of shipping, if that is asked for."""
        say = self.dialogue.say
        asked = replace(piece.understood, act="question")
        answer = self.dialogue.answer(self.dialogue.absorb(piece.text, asked))
        page = self.desk.quoted(say("delivery_cost"), say) if _SHIPPED.search(piece.text) else None
        if page is None:
            return answer
        return replace(answer, text=say.sentences(answer.text, page.text), citations=page.citations)

    def _in_form(self, piece: Piece, form: str) -> Answer | None:
        """Quote what the pages say of forms; a column that is named so goes first, and an item is not guessed about.

        What else is asked for beside it is answered after it: "is it on Blu-ray, and do you have the soundtrack?".
        """
        parts = clauses(piece.text)
        others = [part for part in parts if form_asked(part) != form]
        if others and len(others) < len(parts) and all(map(asks, others)):
            alone, rest = " ".join(part for part in parts if part not in others), " ".join(others)
            told = self._in_form(replace(piece, text=alone, understood=self.read(alone)), form)
            if told is None or not says_something(self.read(rest)):
                return told
            other = self.answer(replace(piece, text=rest, understood=self.read(rest)))
            text = self.dialogue.say.sentences(told.text, other.text)
            return replace(other, text=text, citations=(*told.citations, *other.citations))
        understood = piece.understood
        limits = [c for c in understood.parsed.constraints if c.field not in ("kind", "language")]
        wished = understood.parsed.wishes or limits  # "a paperback about cooking" is a wish
        if set(understood.questions) - {"other", "in_stock", "language"} or understood.form or wished:
            return None
        if piece.route == "policy" and self.desk.quoted(piece.text, self.dialogue.say) is not None:
            return None
        page = self.desk.in_form(masked(piece.text, understood), form, self.dialogue.say)
        if page is not None:
            return _answer(page, "policy")
        if not understood.opinions:
            return None
        asked = replace(understood, act="question", questions=("other",), asked_title="")
        return self.dialogue.answer(self.dialogue.absorb(piece.text, asked))

    def _on_offer(self, piece: Piece) -> bool:
        """Whether what a wish names, or anything, has been spoken of: a bare title at the beginning takes nothing."""
        named, shown = self._named(piece), {*self.state.taste.shown, self.state.page}
        if piece.takes is not None:
            return bool(named) or called(piece.text, self.shop.items(filter(None, shown)))
        return any(item in shown for item in named) if named else len(shown) > 1 or self.state.page != ""

    def _of_shop(self, piece: Piece) -> Answer:
        """Answer from the catalogue; a question that it does not answer may be one for the shop's pages."""
        understood, about_item = piece.understood, piece.route == "item"
        spoken_of = bool(understood.opinions) or bool(self.state.page) or self.state.route == "item"
        asked_of = asks(piece.text) or means(piece, "item")
        if about_item and spoken_of and asked_of and asks_more(understood) and not counts(piece.text):
            understood = replace(understood, act="question", questions=("other",), asked_title="")
        elif about_item and not says_something(understood):
            return self._doubted(piece)
        elif piece.route == "recommend" and understood.act == "unclear":
            understood = replace(understood, act="recommend")
        of_items = understood.opinions or understood.extreme or understood.of_shown
        if understood.act == "question" and not (of_items or self._has_amount(piece)):
            page = self.desk.quoted(piece.text, self.dialogue.say)  # "how much is shipping?" asks of no item
            if page is not None:
                return _answer(page, "policy")
        answer = self.dialogue.answer(self.dialogue.absorb(piece.text, understood))
        which = understood.act == "question" and not answer.about  # "how long is it for roses?" is of no item
        if understood.act == "question" and not answer.abstained and not (which and self.quoted):
            of_all = understood.questions == ("other",) and not answer.column  # the item's own column knows better
            page = asked_by_page(piece, self.desk, self.dialogue.say) if of_all else None
            return self._on_page(page, answer) if page is not None else self._with_the_rest(piece, answer)
        say = self.dialogue.say
        page = instead(piece, self.desk, say) if answer.abstained else None
        page = page or (self._of_its_kind(piece) if answer.abstained else None)
        page = page or (followed(piece, self.quoted, self.desk, say) if answer.abstained or which else None)
        return self._on_page(page, answer) if page is not None else answer

    def _has_amount(self, piece: Piece) -> bool:
        """Whether a question asks but how much there is of an item, and a column tells: "how many grams?"."""
        asked = self.shop.parser.columns.amounts(piece.text)
        besides = telling_words(_PACKED.sub(" ", masked(piece.text, piece.understood))) if asked else []
        items = [] if besides or piece.understood.act != "question" else self._spoken(piece)
        return any(attribute(item, field, self.dialogue.say.language) for item in items for field in asked)

    def _spoken(self, piece: Piece) -> Sequence[Item]:
        """Return the item that a question is about, if there is one and the shop has goods."""
        taste = self.state.taste
        spoken = self._named(piece) or [*filter(None, [taste.about or self.state.page]), *taste.focus]
        return self.shop.items(spoken[:1]) if self.shop.of_goods else []

    def _of_this_kind(self, piece: Piece, served: Served) -> Served:
        """Return the page on goods of the kind spoken of, if there is one: "can I return it?", of a bra."""
        if piece.route != "policy" or not piece.understood.opinions:
            return served
        kinds = self.shop.index.facets.postings.get("kind", {})
        return of_this_kind(piece, served, self._spoken(piece), kinds, self.desk, self.dialogue.say)

    def _of_care(self, piece: Piece) -> Served | None:
        """Quote the page on how to do something with goods of ours: "how do I wash a jacket like that?"."""
        opinions, how_to = piece.understood.opinions, _HOW_TO.search(piece.text)
        if opinions and (how_to is None or any(opinion.surface for opinion in opinions)):
            return None
        if how_to is None and not asks(piece.text):
            return None
        return self.desk.quoted(piece.text[how_to.start() :] if opinions and how_to else piece.text, self.dialogue.say)

    def _of_its_kind(self, piece: Piece) -> Served | None:
        """Quote what the pages tell of using such an item as a question is about, None if of none or nothing."""
        items = self._spoken(piece)
        kinds = self.shop.index.facets.postings.get("kind", {})
        return of_kind(piece, items[0], kinds, self.desk, self.dialogue.say) if items else None

    def _on_page(self, page: Served, answer: Answer) -> Answer:
        """Let a page answer in place of the catalogue, beside the same cards."""
        return replace(_answer(page, "policy"), cards=answer.cards, about=answer.about, spread=answer.spread)

    def _with_the_rest(self, piece: Piece, answer: Answer) -> Answer:
        """Add to what the columns answer what the pages do of its other questions, or that nobody knows."""
        say, text, cited = self.dialogue.say, answer.text, answer.citations
        for part in questions_of(piece.text):
            read = self.read(part)
            named = self._columns_asked(part)
            others = [name for name in read.questions or named if name not in (*piece.understood.questions, "other")]
            about = self._spoken_in(read) or ([answer.about] if answer.about and not answer.compared else [])
            about_it = self.shop.items(about) if others else []
            if about_it and (known := [name for name in others if attribute(about_it[0], name, say.language)]):
                moods = moods_asked(part, read.opinions, self.shop.parser)
                text = say.sentences(text, told_of(about_it[0], known, moods, say))
            if (read.questions or named) not in ((), ("other",)) or read.extreme is not None or read.parsed.relative:
                continue
            if (
                _LEADS.match(part)
                or not wonders(part)
                or _WISHES.search(part)
                or (BARE.search(part) and len(piece.understood.questions) > 1)
                or read.act in ("more", "availability")
                or (read.opinions and not wonders(part))
            ):
                continue
            if counts(part):
                told = number_told(self.shop, self.state, say)
                text = text if told in text else say.sentences(text, told)
                continue
            if say("no_answer_to", question=part) in text:
                continue
            page = self.desk.quoted(masked(part, read), say)
            page = None if page is not None and self._of_another_kind(page, answer.about) else page
            # A sentence that is quoted of goods may hold the rest, in other words.
            held = not {form for word in telling_words(part) for form in forms(word)}.isdisjoint(words(text))
            unknown = "" if held or (self.shop.of_goods and not answer.column) else self._unknown(answer, text, part)
            text = say.sentences(text, page.text if page is not None else unknown)
            cited = (*cited, *(page.citations if page is not None else ()))
        return replace(answer, text=text, citations=cited)

    def _of_another_kind(self, page: Served, about: str) -> bool:
        """Whether a page is on works of another kind than the one asked about: what a game needs, of a course."""
        items = self.shop.items([about] if about and not self.shop.of_goods else [])
        kinds = {kind for cited in page.citations for word in words(cited.title) if (kind := canonical("kind", word))}
        carried = {kind for kind in kinds if self.shop.parser.carries("kind", kind)}
        return any(carried and canonical("kind", item.kind) not in carried for item in items)

    def _unknown(self, answer: Answer, text: str, part: str) -> str:
        """Say that nobody knows, or tell of a work what has not been told of it: it may well be in there."""
        items = self.shop.items([answer.about] if answer.about and not (self.shop.of_goods or answer.compared) else [])
        told = next((item.description for item in items if item.description), "")
        fact = bare_fact(part, self.shop.index.facets)
        if told and not fact and told not in text and not self.state.has_said(told):
            return self.dialogue.say("rest_told", told=told)
        return self.dialogue.say("no_answer_to", question=part)

    def _spoken_in(self, read: Understanding) -> list[str]:
        """Return the id of the item that a part of a message names, none if it names none."""
        named = [opinion.positions for opinion in read.opinions if opinion.surface and opinion.positions]
        return [self.shop.index.catalog[self.shop.best(named[0])].id] if named else []

    def _columns_asked(self, text: str) -> tuple[str, ...]:
        """Return the shop's own columns that a question asks about, though it names no item: "how many can play?"."""
        columns = self.shop.parser.columns
        return tuple(f for f in questions(text, columns, several=False).fields if f in columns.named.values())

    def _doubted(self, piece: Piece) -> Answer:
        """Look a message up that is not clear, and else ask which of the likeliest it means."""
        say = self.dialogue.say
        page = self.desk.in_context(piece.text, self.state, say) or self._of_its_kind(piece)
        page = page or followed(piece, self.quoted, self.desk, say)
        if page is not None:
            return _answer(page, "policy")
        likely = sorted(piece.routed.scores, key=lambda route: -piece.routed.scores[route])
        named = [route for route in likely if wish(route, say)][:2]
        if not words(piece.text) or len(named) < 2:  # nothing to choose by, or chosen already
            return Answer(say("unclear"), route=piece.route)
        self.state.doubt = [*named, piece.text]
        text = say("doubt", first=wish(named[0], say), second=wish(named[1], say))
        return Answer(text, route=piece.route)

    def _named(self, piece: Piece) -> list[str]:
        """Return the ids of the items that a wish names."""
        return [self.shop.index.catalog[at].id for at in piece.positions]


def _wishing(piece: Piece) -> Piece:
    """Return what somebody tells of themselves as a wish for what helps them."""
    return replace(piece, understood=replace(piece.understood, act="recommend", questions=()))


def _answer(served: Served, route: Route) -> Answer:
    return Answer(
        served.text, citations=served.citations, handoff=served.handoff, route=route, abstained=served.abstained
    )
