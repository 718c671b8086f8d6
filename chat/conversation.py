"""One message from end to end: cut into its wishes, each answered by the catalogue or by the desk, in one reply."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chat.acts import Act
from chat.cases import stays
from chat.desk import COMPLAINT, PATIENCE, Desk, Served, agrees, wish
from chat.dialogue import Answer, Dialogue
from chat.facts import attribute
from chat.forms import form_asked
from chat.meaning import CHAT_SURE, asks_more, beside_the_point, means, merely_buys, says_something
from chat.offers import helps, wants_ours
from chat.paging import (
    asked_by_page,
    bare_name,
    followed,
    in_trouble,
    instead,
    not_again,
    of_case,
    of_kind,
    of_this_kind,
)
from chat.pieces import ABOUT_SHOP, BUYS, SHOP, Piece, Reader, asks, buys, clauses, masked, questions_of, wonders
from chat.restock import RESTOCK
from chat.routing import ROUTES, SURE, Route, Routed
from chat.rules import Situation
from chat.shop import Shop
from chat.state import DialogueState
from chat.troubles import troubled
from chat.typed import telling_words
from chat.understanding import Understanding
from retrieval.constraints import values_of
from retrieval.labels import label
from retrieval.text import is_cjk, words
from retrieval.types import Constraint, Item

if TYPE_CHECKING:
    from chat.identity import Customer

# Acts that a pattern is sure of: no router is asked.
_PLAIN: frozenset[Act] = frozenset(
    (
        "meta",
        "undo",
        "reset",
        "greeting",
        "thanks",
        "farewell",
        "help",
        "range",
        "about_me",
        "forget_me",
        "remember",
        "crisis",
    )
)
_SERVED: frozenset[Act] = frozenset(("service",))  # the acts that routing takes the place of
_TOLD_SURE = 0.9  # and one from which what is told rather than asked is not even looked for
_OUT_SURE = 0.65  # a confidence from which something is said to be none of the shop's business
_HOW = re.compile(r"\b(?:how|why|what|where|which|who)\b", re.IGNORECASE)
_PLAINLY = 0.9  # a share of a purpose from which only what a message names speaks against it
_FIRST = re.compile(
    r"^\W*(?:the\s+)?(?:first|former|1|yes|yep|yeah|right|exactly)\b|^\W*(?:第一|前者|是|对)", re.IGNORECASE
)
_SECOND = re.compile(r"^\W*(?:the\s+)?(?:second|latter|2|other)\b|^\W*(?:第二|后者)", re.IGNORECASE)
_INSTEAD = re.compile(r"\binstead\b|\bin\s+(?:return|exchange)\b|换(?:个|成|一)|代替", re.IGNORECASE)
_BARE = re.compile(
    r"^\W*(?:and|so|ok(?:ay)?|but)?\W*(?:how\s+(?:much|long|many|often|soon|fast)|until\s+when|by\s+when|since\s+when|when|where|at\s+what\s+price"
    r"|what\s+(?:does|would|will)\s+(?:it|that|this)\s+cost)(?:\s+(?:exactly|then|is|does|would|will|it|that|this|be|cost|take|for|roughly|a\s+day))*\W*$"
    r"|^\W*(?:那)?(?:多少钱|多久|什么时候|到什么时候)\W*$",
    re.IGNORECASE,
)
_IT = re.compile(r"\b(?:it|that|this)\b", re.IGNORECASE)
_WISHES = re.compile(r"\b(?:like|similar|else|instead|recommend|suggest|next)\b|推荐|类似", re.IGNORECASE)
_HOW_TO = re.compile(r"\bhow\s+(?:(?:do|can|should|would|must)\s+(?:i|we|you)|to)\b", re.IGNORECASE)
_SHORT = 5  # words of an answer to "do you mean …?"


class Conversation:
    """One conversation over one version of the shop, with its desk where there is one.

    Args:
        shop: the catalogue now.
        state: the conversation.
        desk: answers what the catalogue does not; None leaves the catalogue alone.
        customer: who the person is, if verified.
        page_item: the id of the item whose page the person looks at; one that the catalogue lacks is ignored.
    """

    def __init__(
        self,
        shop: Shop,
        state: DialogueState,
        desk: Desk | None = None,
        customer: Customer | None = None,
        page_item: str | None = None,
    ) -> None:
        self._dialogue = Dialogue(shop, state)
        self._shop = shop
        self._state = state
        self._desk = desk
        self._customer = customer
        self._quoted = ""  # the title of the page quoted last
        self._paged = False  # what this message asked just before was answered by it
        self._readings: dict[str, Understanding] = {}  # of this turn's message and its parts
        if page_item and page_item != state.page and shop.position(page_item) is not None:
            state.page = state.taste.about = page_item

    def take(self, text: str) -> Answer:
        """Answer one message and record both in the state."""
        typed, text = text, self._dialogue.heard(text)
        self._dialogue.whole = text
        parts = clauses(text) if self._desk is not None else []
        self._dialogue.parts = parts if len(parts) > 1 else ()  # one alone is read as it stands
        desk, understood = self._desk, self._read(text)
        if desk is None or understood.act in _PLAIN:
            self._state.doubt, self._state.nearest = [], ""
            plain = desk is None or understood.act not in ("help", "crisis")
            return self._dialogue.take(typed) if plain or desk is None else self._helped(typed, understood, desk)
        reader = Reader(desk.router, self._read, desk.known, self._state.route)
        silent = self._dialogue.sorrow and not telling_words(text)  # who tells of a loss and asks for nothing
        pieces = [self._piece(text, "recommend")] if silent else self._settled(text, desk) or reader.read(text)
        self._dialogue.listen(typed, pieces[0].understood.language)
        return self._dialogue.record(self._answered(pieces, desk))

    def _helped(self, typed: str, understood: Understanding, desk: Desk) -> Answer:
        """Tell what help there is, the desk's included: what it knows of, or a person if there is one to offer."""
        self._dialogue.listen(typed, understood.language)
        say = self._dialogue.say
        if understood.act == "help":
            return self._dialogue.record(Answer(say.sentences(say("help"), say("help_desk"))))
        if desk.outbox is None:
            return self._dialogue.record(Answer(say("crisis"), route="human"))
        self._state.unsure = max(self._state.unsure, 1)  # a "yes" now takes up the offer
        return self._dialogue.record(Answer(say.sentences(say("crisis"), say("offer_person")), route="human"))

    def _read(self, text: str) -> Understanding:
        if text not in self._readings:
            self._readings[text] = self._dialogue.understand(text, _SERVED)
        return self._readings[text]

    def _settled(self, text: str, desk: Desk) -> list[Piece]:
        """Return what the person meant, if this message settles "do you mean …?" or takes up the offer of a person."""
        doubt, self._state.doubt = self._state.doubt, []
        nearest, self._state.nearest = self._state.nearest, ""
        if nearest and agrees(text):
            return [self._piece(nearest, "policy")]
        if len(doubt) == 3 and len(text.split()) <= _SHORT:
            routed = desk.router.route(text).route
            said = next((r for r, p in zip(doubt, (_FIRST, _SECOND), strict=False) if p.search(text)), None)
            route = next((r for r in ROUTES if r == (said or routed) and r in doubt[:2]), None)
            # "Something by Tarkovsky" is a wish of its own, and no word on what was meant before.
            if route is not None and (said or not says_something(self._read(text))):
                return [self._piece(doubt[2], route)]
        if desk.waits_for(self._state, text) or desk.accepted(self._state, text):
            return [self._piece(text, "human")]
        return []

    def _piece(self, text: str, route: Route) -> Piece:
        return Piece(text, Routed(route, 1.0, route, {route: 1.0}), self._read(text))

    def _answered(self, pieces: Sequence[Piece], desk: Desk) -> Answer:
        """Answer each wish in its turn, and join the answers."""
        asking = [piece for piece in pieces if not beside_the_point(piece)]
        pieces = asking if any(piece.route not in SHOP for piece in asking) else pieces
        answers = list(self._in_turn(pieces, desk))
        spoken = [p.route != "small_talk" or buys(p) for p in pieces]
        telling = [a for a, told in zip(answers, spoken, strict=True) if told] or answers
        advice = [a for a in telling if a.route == "recommend" and a.cards]
        # The last advice knows all that has been said, and beside it nobody misses what is none of our business.
        telling = [a for a in telling if a not in advice[:-1] and (not advice or a.route != "out_of_scope")]
        abstained = all(answer.abstained for answer in telling)
        handoff = next((a.handoff for a in telling if a.handoff is not None), None)
        last = [a for a in telling if a.route == "recommend" and a.cards]  # its cards stand below the text
        told = [a for a in telling if not a.abstained] or telling  # what has no answer needs no sentence beside one
        text = self._dialogue.say.sentences(
            *dict.fromkeys(a.text for a in (*(a for a in told if a not in last), *last))
        )
        if self._state.nearest not in text:  # another answer was found in its place
            self._state.nearest = ""
        self._state.unsure = self._state.unsure + 1 if abstained and handoff is None else 0
        if self._state.unsure >= PATIENCE and desk.outbox is not None:
            served = desk.handed_over("unanswered", text, self._state, self._dialogue.say, self._customer)
            text, handoff, self._state.unsure = served.text, served.handoff, 0
        if handoff is None and self._wants_a_person(pieces):
            served = desk.handed_over("rule", text, self._state, self._dialogue.say, self._customer)
            text, handoff = self._dialogue.say.sentences("" if abstained else text, served.text), served.handoff
        cards = next((a.cards for a in (*last, *telling) if a.cards), ())
        route = telling[0].route
        self._state.route = self._state.route if self._state.doubt else route
        citations = tuple(dict.fromkeys(c for a in telling for c in a.citations))
        about = "" if last else next((a.about for a in telling if a.about), "")
        compared = next((a.compared for a in telling if a.compared), ())
        return Answer(text, cards, about, compared, citations, handoff, route, abstained)

    def _in_turn(self, pieces: Sequence[Piece], desk: Desk) -> Iterator[Answer]:
        """Answer each wish, and keep in mind which page has been quoted last."""
        quoted = [message.citations for message in self._state.messages if message.role == "assistant"][-1:]
        self._quoted = quoted[0][-1].title if quoted and quoted[0] else ""
        for piece in self._of_one_kind(pieces):
            answer = not_again(self._answer(piece, desk), piece.text, self._state, self._dialogue.say)
            self._paged = bool(answer.citations)
            self._quoted = answer.citations[-1].title if answer.citations else self._quoted
            yield answer

    def _of_one_kind(self, pieces: Sequence[Piece]) -> Iterator[Piece]:
        """Yield the wishes; who may return a game, and asks what to get instead, asks for a game."""
        kinds = {c for p in pieces if p.route not in SHOP for c in self._kinds(p)}
        for piece in pieces:
            parsed = piece.understood.parsed
            open_kind = piece.route == "recommend" and not any(c.field == "kind" for c in parsed.constraints)
            if len(kinds) == 1 and open_kind and _INSTEAD.search(piece.text):
                parsed = replace(parsed, constraints=(*parsed.constraints, *kinds))
                yield replace(piece, understood=replace(piece.understood, parsed=parsed))
            else:
                yield piece

    def _kinds(self, piece: Piece) -> Iterator[Constraint]:
        """Yield the kinds that a wish names, or the items that it names are of."""
        yield from (c for c in piece.understood.parsed.constraints if c.field == "kind" and c.op == "is")
        for item in self._shop.items(self._named(piece)):
            for kind in values_of(item, "kind"):
                yield Constraint("kind", "is", kind, label("kind", "is", kind, piece.understood.language))

    def _wants_a_person(self, pieces: Sequence[Piece]) -> bool:
        """Whether a business rule hands over what has been said."""
        rules, page = self._shop.recommender.rules, self._state.page
        return any(rules.hands_over(Situation(piece.text, page=page)) for piece in pieces)

    def _answer(self, piece: Piece, desk: Desk) -> Answer:
        """Answer one wish where it belongs; what nobody is sure of is looked up, and else asked back."""
        route, sure, understood = piece.route, piece.routed.confidence, piece.understood
        if (helped := self._in_trouble(piece, desk)) is not None:
            return helped
        if (continued := self._of_page(piece, desk)) is not None:
            return continued
        form = form_asked(piece.text)
        if form and route not in ("human", "order") and (told := self._in_form(piece, form, desk)) is not None:
            return told
        if merely_buys(piece) and (BUYS.search(piece.text) or self._on_offer(piece)):
            return self._bought(piece)
        if route in ("recommend", "item") or understood.questions == (RESTOCK,):
            wished = route == "recommend" and (len(telling_words(piece.text)) > 1 or means(piece, "recommend"))
            if sure >= SURE or wished or says_something(understood):
                return self._of_shop(piece, desk)
            return self._doubted(piece, desk)
        if self._of_works(piece):
            # "How do I wash my sleeping bag?" names what we have, and is for the pages.
            quoted = self._of_care(piece, desk) if route == "out_of_scope" else None
            return _answer(quoted, "policy") if quoted is not None else self._of_shop(piece, desk)
        if sure < (_OUT_SURE if route == "out_of_scope" else SURE):
            return self._doubted(piece, desk)
        served = desk.serve(piece, self._state, self._dialogue.say, self._customer, self._named(piece))
        served = self._of_this_kind(piece, served, desk)
        named = any(opinion.surface for opinion in understood.opinions)
        wished = not asks(piece.text) and any(c.op == "is" for c in understood.parsed.constraints)
        if served.abstained and route == "policy" and (named or wished):  # "or maybe just a voucher"
            return self._of_shop(piece, desk)  # "I've had Kind of Blue on repeat, where do I go from there?"
        silent = served.abstained or (route == "out_of_scope" and not served.citations)
        page = self._of_its_kind(piece, desk) if silent else None
        page = page or (followed(piece, self._quoted, desk, self._dialogue.say) if silent else None)
        return _answer(page or served, route)

    def _of_page(self, piece: Piece, desk: Desk) -> Answer | None:
        """Answer a bare "how much?" or "until when?" from the page spoken of; with "it" it may be of an item."""
        taste, bare = self._state.taste, _BARE.search(piece.text)
        if bare is None or not self._quoted:
            return None
        if not self._paged and piece.understood.opinions and (taste.focus or self._state.page):
            return None
        if not self._paged and _IT.search(piece.text) and (taste.focus or taste.about or self._state.page):
            return None
        page = desk.continued(piece.text, self._quoted, self._dialogue.say)
        return _answer(page, "policy") if page is not None else None

    def _in_trouble(self, piece: Piece, desk: Desk) -> Answer | None:
        """Quote what the pages say of what was bought and fails, or fetch a person; an order is looked up first."""
        if not troubled(piece.text):
            exact = self._shop.linker.exact(bare_name(piece.text))
            named = self._named(piece) or [self._shop.index.catalog[at].id for at in exact[:1]]
            titles = [item.title for item in self._shop.items(named)]
            if (followed_up := of_case(piece, titles, self._state, self._dialogue.say)) is not None:
                return followed_up
            looked_up = piece.route == "order" and desk.orders is not None
            return None if looked_up else stays(piece, desk, self._state, self._dialogue.say)
        if piece.route == "order" and desk.orders is not None:
            return None
        say = self._dialogue.say
        page = in_trouble(piece, desk, say)
        if page is not None:
            return _answer(page, "policy")
        return _answer(desk.handed_over("complaint", piece.text, self._state, say, self._customer), "human")

    def _in_form(self, piece: Piece, form: str, desk: Desk) -> Answer | None:
        """Quote what the pages say of forms; a column that is named so goes first, and an item is not guessed about."""
        understood = piece.understood
        limits = [c for c in understood.parsed.constraints if c.field not in ("kind", "language")]
        wished = understood.parsed.wishes or limits  # "a paperback about cooking" is a wish
        if set(understood.questions) - {"other", "in_stock", "language"} or understood.form or wished:
            return None
        if piece.route == "policy" and desk.quoted(piece.text, self._dialogue.say) is not None:
            return None
        page = desk.in_form(masked(piece.text, understood), form, self._dialogue.say)
        if page is not None:
            return _answer(page, "policy")
        if not understood.opinions:
            return None
        asked = replace(understood, act="question", questions=("other",), asked_title="")
        return self._dialogue.answer(self._dialogue.absorb(piece.text, asked))

    def _on_offer(self, piece: Piece) -> bool:
        """Whether what a wish names, or anything, has been spoken of: a bare title at the beginning takes nothing."""
        named, shown = self._named(piece), {*self._state.taste.shown, self._state.page}
        return any(item in shown for item in named) if named else len(shown) > 1 or self._state.page != ""

    def _of_works(self, piece: Piece) -> bool:
        """Whether a wish is about works after all, although it was routed elsewhere."""
        route, sure, understood = piece.route, piece.routed.confidence, piece.understood
        says, told = says_something(understood), not asks(piece.text)
        match route:
            case "small_talk":
                goods = not self._shop.index.facets.of_works  # of which "sweet" and "cool" tell something
                return ((sure < CHAT_SURE or goods) and says) or (understood.act == "question" and asks(piece.text))
            case "human":
                if understood.act == "question" and understood.opinions:
                    return True
                # "No, too sad, I want to feel angry", "he gave up on Hornblower"
                calm = told and not COMPLAINT.search(piece.text) and understood.purposes.get("human", 0.0) < _PLAINLY
                return sure < 1 and not ABOUT_SHOP.search(piece.text) and (says or calm)
            case "out_of_scope":
                if understood.unknown_name or any(opinion.surface for opinion in understood.opinions):
                    return True
                if understood.act == "question" and understood.opinions and means(piece, "item"):
                    return True  # "how do I put it on?"
                if self._shop.of_goods and self._for_goods(piece):
                    return True
                if understood.ours and says:  # "caffeine free tea" is none of a film shop's business, but of ours
                    return True
                # "A lighthouse keeper in winter"; Chinese may be anything.
                told = told and sure < _TOLD_SURE and understood.act != "unclear"
                return told and (says or not is_cjk(piece.text))
            case _:
                return sure < SURE and told and says and self._state.route in SHOP

    def _for_goods(self, piece: Piece) -> bool:
        """Whether what is told, and not asked, is something that goods of the shop are for."""
        told = not asks(piece.text)
        if told and any(self._is_own(c) for c in piece.understood.parsed.constraints):
            return True  # "my skin is rather dry"
        if told and wants_ours(piece.text, self._shop.parser, self._shop.linker):
            return True  # "we'd like to start baking bread"
        # "my calves are killing me, what helps?"
        return (helps(piece.text) or not (wonders(piece.text) or _HOW.search(piece.text))) and self._shop.is_near(
            piece.text
        )

    def _is_own(self, limit: Constraint) -> bool:
        """Whether a limit is on one of the shop's own columns, or on what it calls its goods."""
        wanted = limit.is_thing
        return wanted or limit.field in self._shop.parser.columns

    def _bought(self, piece: Piece) -> Answer:
        """Say that nothing can be bought here, and what the item spoken of costs."""
        turn = self._dialogue.absorb(piece.text, replace(piece.understood, act="question", questions=("price",)))
        answer = self._dialogue.answer(turn)
        offer = answer.text if answer.about else ""
        return replace(answer, text=self._dialogue.say.sentences(self._dialogue.say("cannot_buy"), offer))

    def _of_shop(self, piece: Piece, desk: Desk) -> Answer:
        """Answer from the catalogue; a question that it does not answer may be one for the shop's pages."""
        understood, about_item = piece.understood, piece.route == "item"
        spoken_of = bool(understood.opinions) or bool(self._state.page) or self._state.route == "item"
        asked_of = asks(piece.text) or means(piece, "item")
        if about_item and spoken_of and asked_of and asks_more(understood):
            understood = replace(understood, act="question", questions=("other",), asked_title="")
        elif about_item and not says_something(understood):
            return self._doubted(piece, desk)
        elif piece.route == "recommend" and understood.act == "unclear":
            understood = replace(understood, act="recommend")
        of_items = understood.opinions or understood.extreme or understood.of_shown
        if understood.act == "question" and not of_items:
            page = desk.quoted(piece.text, self._dialogue.say)  # "how much is shipping?" asks of no item
            if page is not None:
                return _answer(page, "policy")
        answer = self._dialogue.answer(self._dialogue.absorb(piece.text, understood))
        which = understood.act == "question" and not answer.about  # "how long is it for roses?" is of no item
        if understood.act == "question" and not answer.abstained and not (which and self._quoted):
            of_all = understood.questions == ("other",) and not answer.column  # the item's own column knows better
            page = asked_by_page(piece, desk, self._dialogue.say) if of_all else None
            return self._on_page(page, answer) if page is not None else self._with_the_rest(piece, answer, desk)
        say = self._dialogue.say
        page = instead(piece, desk, say) if answer.abstained else None
        page = page or (self._of_its_kind(piece, desk) if answer.abstained else None)
        page = page or (followed(piece, self._quoted, desk, say) if answer.abstained or which else None)
        return self._on_page(page, answer) if page is not None else answer

    def _spoken(self, piece: Piece) -> Sequence[Item]:
        """Return the item that a question is about, if there is one and the shop has goods."""
        taste = self._state.taste
        spoken = self._named(piece) or [*filter(None, [taste.about or self._state.page]), *taste.focus]
        return self._shop.items(spoken[:1]) if self._shop.of_goods else []

    def _of_this_kind(self, piece: Piece, served: Served, desk: Desk) -> Served:
        """Return the page on goods of the kind spoken of, if there is one: "can I return it?", of a bra."""
        if piece.route != "policy" or not piece.understood.opinions:
            return served
        kinds = self._shop.index.facets.postings.get("kind", {})
        return of_this_kind(piece, served, self._spoken(piece), kinds, desk, self._dialogue.say)

    def _of_care(self, piece: Piece, desk: Desk) -> Served | None:
        """Quote the page on how to do something with goods of ours: "how do I wash a jacket like that?"."""
        opinions, how_to = piece.understood.opinions, _HOW_TO.search(piece.text)
        if opinions and (how_to is None or any(opinion.surface for opinion in opinions)):
            return None
        if how_to is None and not asks(piece.text):
            return None
        return desk.quoted(piece.text[how_to.start() :] if opinions and how_to else piece.text, self._dialogue.say)

    def _of_its_kind(self, piece: Piece, desk: Desk) -> Served | None:
        """Quote what the pages tell of using such an item as a question is about, None if of none or nothing."""
        items = self._spoken(piece)
        kinds = self._shop.index.facets.postings.get("kind", {})
        return of_kind(piece, items[0], kinds, desk, self._dialogue.say) if items else None

    def _on_page(self, page: Served, answer: Answer) -> Answer:
        """Let a page answer in place of the catalogue, beside the same cards."""
        return replace(_answer(page, "policy"), cards=answer.cards, about=answer.about)

    def _with_the_rest(self, piece: Piece, answer: Answer, desk: Desk) -> Answer:
        """Add to what the columns answer what the pages do of its other questions, or that nobody knows."""
        say, text, cited = self._dialogue.say, answer.text, answer.citations
        for part in questions_of(piece.text):
            read = self._read(part)
            others = [name for name in read.questions if name not in (*piece.understood.questions, "other")]
            about = self._shop.items([answer.about]) if answer.about and others and not answer.compared else []
            if about and (known := [name for name in others if attribute(about[0], name, say.language)]):
                text = say.sentences(text, say.answer(about[0], known))
            if read.questions not in ((), ("other",)) or read.extreme is not None or read.parsed.relative:
                continue
            if _WISHES.search(part) or read.act in ("more", "availability") or (read.opinions and not wonders(part)):
                continue
            page = desk.quoted(masked(part, read), say)
            text = say.sentences(text, page.text if page is not None else say("no_answer_to", question=part))
            cited = (*cited, *(page.citations if page is not None else ()))
        return replace(answer, text=text, citations=cited)

    def _doubted(self, piece: Piece, desk: Desk) -> Answer:
        """Look a message up that is not clear, and else ask which of the likeliest it means."""
        say = self._dialogue.say
        page = desk.in_context(piece.text, self._state, say) or self._of_its_kind(piece, desk)
        page = page or followed(piece, self._quoted, desk, say)
        if page is not None:
            return _answer(page, "policy")
        likely = sorted(piece.routed.scores, key=lambda route: -piece.routed.scores[route])
        named = [route for route in likely if wish(route, say)][:2]
        if not words(piece.text) or len(named) < 2:  # nothing to choose by, or chosen already
            return Answer(say("unclear"), route=piece.route)
        self._state.doubt = [*named, piece.text]
        text = say("doubt", first=wish(named[0], say), second=wish(named[1], say))
        return Answer(text, route=piece.route)

    def _named(self, piece: Piece) -> list[str]:
        """Return the ids of the items that a wish names."""
        catalog = self._shop.index.catalog
        return [catalog[at].id for opinion in piece.understood.opinions for at in opinion.positions]


def _answer(served: Served, route: Route) -> Answer:
    return Answer(
        served.text, citations=served.citations, handoff=served.handoff, route=route, abstained=served.abstained
    )
