"""One message from end to end: cut into its wishes, each answered by the catalogue or by the desk, in one reply."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from chat.acts import Act
from chat.answering import Answering
from chat.cases import WISHES
from chat.clauses import asks, clauses
from chat.denials import denied_of
from chat.desk import PATIENCE, Desk
from chat.dialogue import Answer, Dialogue
from chat.meaning import beside_the_point, says_something
from chat.paging import not_again
from chat.pieces import Piece, Reader, buys
from chat.reaching import accepted, agrees, called_off, grumbles, handed_over, waits_for
from chat.routing import ROUTES, SHOP, Route, Routed
from chat.rules import Situation
from chat.shop import Shop
from chat.state import DialogueState
from chat.typed import telling_words
from chat.understanding import Understanding
from retrieval.constraints import values_of
from retrieval.labels import label
from retrieval.types import Constraint

if TYPE_CHECKING:
    from chat.identity import Customer

# Acts that a pattern is sure of: no router is asked.
_PLAIN: frozenset[Act] = frozenset({
    "meta", "undo", "reset", "greeting", "thanks", "farewell", "help", "range", "about_me", "forget_me", "remember",
    "crisis", "foreign",
})  # fmt: skip
_SERVED: frozenset[Act] = frozenset({"service"})  # the acts that routing takes the place of
_FIRST = re.compile(
    r"^\W*(?:the\s+)?(?:first|former|1|yes|yep|yeah|right|exactly)\b|^\W*(?:第一|前者|是|对)", re.IGNORECASE
)
_SECOND = re.compile(r"^\W*(?:the\s+)?(?:second|latter|2|other)\b|^\W*(?:第二|后者)", re.IGNORECASE)
_INSTEAD = re.compile(r"\binstead\b|\bin\s+(?:return|exchange)\b|换(?:个|成|一)|代替", re.IGNORECASE)
_I_MEAN = re.compile(r"^\W*(?:no\W+|sorry\W+)?i\s+(?:mean|meant)\b\W*\w", re.IGNORECASE)
_SHORT = 5  # words of an answer to "do you mean …?"


class Conversation:
    """One conversation over one version of the shop, with its desk where there is one.

    Args:
        shop: the catalogue now.
        state: the conversation.
        desk: answers what the catalogue does not; None leaves the catalogue alone.
        customer: who the person is, if verified.
        page_item: the id of the item whose page the person looks at; one that the catalogue lacks, or a rule hides, is
            ignored.
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
        self._readings: dict[str, Understanding] = {}  # of this turn's message and its parts
        if page_item and page_item != state.page and shop.position(page_item) is not None:
            state.page = state.taste.about = page_item
        if state.page and (at := shop.position(state.page)) is not None and shop.hides(at):  # perhaps since just now
            state.taste.about = "" if state.taste.about == state.page else state.taste.about
            state.page = ""

    def take(self, text: str) -> Answer:
        """Answer one message and record both in the state."""
        typed, text = text, self._dialogue.heard(text)
        self._dialogue.whole = text
        parts = clauses(text) if self._desk is not None else []
        self._dialogue.parts = parts if len(parts) > 1 else ()  # one alone is read as it stands
        desk, understood = self._desk, self._read(text)
        if desk is None or understood.act in _PLAIN:
            self._state.doubt, self._state.nearest = [], ""
            if desk is None or understood.act not in ("help", "crisis"):
                return self._dialogue.take(typed)
            return self._helped(typed, understood, desk)
        text, apart = denied_of(text, self._state.messages)
        desk = replace(desk, denied=apart) if apart else desk
        reader = self._reader(desk)
        silent = self._dialogue.sorrow and not telling_words(text)  # who tells of a loss and asks for nothing
        pieces = [self._piece(text, "recommend")] if silent else self._settled(text, desk) or reader.read(text)
        if self._dialogue.sorrow:  # "just got dumped, want to cry" is none of our business, and asks for something
            pieces = [self._piece(p.text, "recommend") if p.route == "out_of_scope" else p for p in pieces]
        self._dialogue.listen(typed, pieces[0].understood.language)
        return self._dialogue.record(self._answered(pieces, desk))

    def whole(self, text: str) -> Piece | None:
        """Return where a message would go as one wish, without answering it; None where no router is asked."""
        self._dialogue.whole, self._dialogue.parts = text, ()
        plain = self._desk is None or self._read(text).act in _PLAIN
        return None if plain or self._desk is None else self._reader(self._desk).piece(text)

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

    def _reader(self, desk: Desk) -> Reader:
        needs, before = self._shop.recommender.needs, self._state.route
        if needs is None:
            return Reader(desk.router, self._read, desk.known, before)
        return Reader(desk.router, self._read, desk.known, before, needs.speaks, desk.chance, self._shop.decisions)

    def _settled(self, text: str, desk: Desk) -> list[Piece]:
        """Return what the person meant, if this message settles "do you mean …?" or takes up the offer of a person."""
        doubt, self._state.doubt = self._state.doubt, []
        nearest, self._state.nearest = self._state.nearest, ""
        if nearest and agrees(text):
            return [self._piece(nearest, "policy")]
        asked = [message.text for message in self._state.messages if message.role == "user"][-1:]
        if asked and self._state.route == "policy" and _I_MEAN.match(text):
            return [self._piece(f"{asked[0]} {text}", "policy")]  # "I mean a film"
        if len(doubt) == 3 and len(text.split()) <= _SHORT:
            routed = desk.router.route(text).route
            said = next((r for r, p in zip(doubt, (_FIRST, _SECOND), strict=False) if p.search(text)), None)
            route = next((r for r in ROUTES if r == (said or routed) and r in doubt[:2]), None)
            # "Something by Tarkovsky" is a wish of its own, and no word on what was meant before.
            if route is not None and (said or not says_something(self._read(text))):
                return [self._piece(doubt[2], route)]
        if accepted(desk, self._state, text):
            return [self._piece(text, "human")]
        for of_ticket in (waits_for, called_off):
            if of_ticket(desk, self._state, text):
                return self._told(text, desk, of_ticket)
        return []

    def _told(self, text: str, desk: Desk, of_ticket: Callable[[Desk, DialogueState, str], bool]) -> list[Piece]:
        """Return what a message says of the open ticket, and apart from it what else the message asks for."""
        parts = clauses(text)
        told = [part for part in parts if of_ticket(desk, self._state, part)] or [text]
        rest = " ".join(part for part in parts if part not in told)
        reader = self._reader(desk)
        others = reader.read(rest) if asks(rest) or WISHES.search(rest) else []
        return [self._piece(" ".join(told), "human"), *(piece for piece in others if piece.route != "human")]

    def _piece(self, text: str, route: Route) -> Piece:
        return Piece(text, Routed(route, 1.0, {route: 1.0}), self._read(text))

    def _answered(self, pieces: Sequence[Piece], desk: Desk) -> Answer:
        """Answer each wish in its turn, and join the answers."""
        asking = [piece for piece in pieces if not beside_the_point(piece)]
        pieces = asking if any(piece.route not in SHOP for piece in asking) else pieces
        if self._state.route not in SHOP and any(piece.route == "human" for piece in pieces):
            # "I bought a game. Hollow Knight. Let me talk to a person" wishes for no other.
            pieces = [p for p in pieces if p.route not in SHOP or asks(p.text) or WISHES.search(p.text)]
        ruled = self._wants_a_person(pieces)
        pieces, sorry = (pieces, False) if ruled else _without_grumbles(pieces)
        desk = replace(desk, ruled=ruled)
        answers = list(self._in_turn(pieces, desk))
        spoken = [p.route != "small_talk" or buys(p) for p in pieces]
        telling = [a for a, told in zip(answers, spoken, strict=True) if told] or answers
        advice = [a for a in telling if a.route == "recommend" and a.cards]
        # The last advice knows all that has been said, and beside it nobody misses what is none of our business.
        earlier = {id(a) for a in advice[:-1]}
        telling = [a for a in telling if id(a) not in earlier and (not advice or a.route != "out_of_scope")]
        abstained = all(answer.abstained for answer in telling)
        handoff = next((a.handoff for a in telling if a.handoff is not None), None)
        last = [a for a in telling if a.route == "recommend" and a.cards]  # its cards stand below the text
        told = [a for a in telling if not a.abstained] or telling  # what has no answer needs no sentence beside one
        text = self._dialogue.say.sentences(
            *dict.fromkeys(a.text for a in (*(a for a in told if not any(a is b for b in last)), *last))
        )
        if sorry:
            say = self._dialogue.say
            text = say.sentences(say("sorry"), text, say("offer_person") if desk.outbox is not None else "")
        if self._state.nearest not in text:  # another answer was found in its place
            self._state.nearest = ""
        lost = abstained and not any(map(self._reads_out, telling))
        self._state.unsure = self._state.unsure + 1 if lost and handoff is None else int(sorry)
        if self._state.unsure >= PATIENCE and desk.outbox is not None and not self._state.nearest:
            served = handed_over(desk, "unanswered", self._state, self._dialogue.say, self._customer)
            text, handoff, self._state.unsure = served.text, served.handoff, 0
        if handoff is None and ruled:
            served = handed_over(desk, "rule", self._state, self._dialogue.say, self._customer)
            text, handoff = self._dialogue.say.sentences("" if abstained else text, served.text), served.handoff
        showing = next((a for a in (*last, *telling) if a.cards), None)
        cards, spread = (showing.cards, showing.spread) if showing is not None else ((), ())
        route = telling[0].route
        self._state.route = self._state.route if self._state.doubt else route
        citations = tuple(dict.fromkeys(c for a in telling for c in a.citations))
        about = next((a.about for a in last or telling if a.about), "")
        compared = next((a.compared for a in telling if a.compared), ())
        return Answer(text, cards, about, compared, citations, handoff, route, abstained, spread=spread)

    def _reads_out(self, answer: Answer) -> bool:
        """Whether an answer that does not know at least tells all that the catalogue says of the item."""
        items = self._shop.items([answer.about] if answer.about else [])
        return any(item.description and item.description in answer.text for item in items)

    def _in_turn(self, pieces: Sequence[Piece], desk: Desk) -> Iterator[Answer]:
        """Answer each wish, and keep in mind which page has been quoted last."""
        told = [message.citations for message in self._state.messages if message.role == "assistant"]
        lately = told[-2:] if self._state.route == "policy" else told[-1:]  # the last may have had nothing to add
        last = next((citations[-1].title for citations in reversed(lately) if citations), "")
        wishes = Answering(self._shop, self._dialogue, self._state, desk, self._customer, self._read, last)
        for piece in self._of_one_kind(pieces):
            answer = not_again(wishes.answer(piece), piece.text, self._state, self._dialogue.say, desk.closest)
            wishes.paged = bool(answer.citations)
            wishes.quoted = answer.citations[-1].title if answer.citations else wishes.quoted
            yield answer

    def _of_one_kind(self, pieces: Sequence[Piece]) -> Iterator[Piece]:
        """Yield the wishes; who may return a game, and asks what to get instead, asks for a game."""
        instead = any(_INSTEAD.search(piece.text) for piece in pieces)
        kinds = {c for p in pieces if p.route not in SHOP for c in self._kinds(p)} if instead else set[Constraint]()
        for piece in pieces:
            parsed = piece.understood.parsed
            open_kind = piece.route == "recommend" and not any(c.field == "kind" for c in parsed.constraints)
            if len(kinds) == 1 and open_kind:
                parsed = replace(parsed, constraints=(*parsed.constraints, *kinds))
                yield replace(piece, understood=replace(piece.understood, parsed=parsed))
            else:
                yield piece

    def _kinds(self, piece: Piece) -> Iterator[Constraint]:
        """Yield the kinds that a wish names, or the items that it names are of."""
        said = self._shop.parser.parse(piece.text, language=piece.understood.language)  # by the way, too
        yield from (c for c in said.constraints if c.field == "kind" and c.op == "is")
        for at in piece.positions:
            for kind in values_of(self._shop.index.catalog[at], "kind"):
                yield Constraint("kind", "is", kind, label("kind", "is", kind, piece.understood.language))

    def _wants_a_person(self, pieces: Sequence[Piece]) -> bool:
        """Whether a business rule hands over what has been said."""
        rules, page = self._shop.recommender.rules, self._state.page
        return any(rules.hands_over(Situation(piece.text, page=page)) for piece in pieces)


def _without_grumbles(pieces: Sequence[Piece]) -> tuple[Sequence[Piece], bool]:
    """Return the wishes without complaints of the answers so far, and whether there were any.

    Where something is wished for besides, a person is offered and not fetched: "you're not listening, a western!"
    """
    wishes = any(piece.route in ("recommend", "item") and says_something(piece.understood) for piece in pieces)
    loud = [piece for piece in pieces if piece.route == "human" and grumbles(piece.text)]
    return ([piece for piece in pieces if piece not in loud], True) if wishes and loud else (pieces, False)
