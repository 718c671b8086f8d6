"""The service desk: what is answered from the shop's pages, its orders and its people instead of the catalogue.

Every fact comes from the shop: policies are quoted with their passage, order facts with `chat.order_replies`; what is
not there is said not to be there, and after two such answers in a row a person is asked for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from chat import order_replies
from chat.clauses import clauses, questions_of, wonders
from chat.denials import denied
from chat.evidence import SHORT
from chat.forms import tells_of
from chat.holding import LASTS
from chat.naming import HAVE
from chat.order_questions import find
from chat.orders import OrderLookup, OrdersUnavailable
from chat.other_words import as_pages_say, of_paying, topic
from chat.pieces import Piece
from chat.reaching import CONTACT_ASKED, contact, fetched
from chat.replies import Say
from chat.routing import Patterns, Route, Routing
from chat.served import Served, cited, stretch
from chat.small_talk import small_talk
from chat.state import DialogueState
from chat.troubles import troubled
from retrieval.gloss import gloss
from retrieval.knowledge import Found, KnowledgeIndex, terms
from retrieval.live_knowledge import LiveKnowledge
from retrieval.passages import Passage
from retrieval.text import is_cjk

if TYPE_CHECKING:
    from chat.handoff import Outbox
    from chat.identity import Customer

PATIENCE = 2  # questions in a row without an answer, until a person is asked for
_NO_PAGES = -8.0  # log odds that pages answer where there are none
_NEARLY = -1.3  # log odds beyond the bar from which a page is asked about: right in two of five of such cases
_SURE = 2.0  # log odds beyond the bar from which a passage answers, whatever was spoken of before
_SAME = 3.0  # and with its title before the question, the one that was
_HOW_SOON = "How long does delivery take?"
_WHEN_HAD = re.compile(
    r"\b(?:have|get|receive|be\s+here|be\s+there|arrive|come)\b[^.?!;]{0,30}\bby\s+(?:tomorrow|tonight|(?:this\s+|next\s+)?"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|the\s+weekend|christmas|easter|the\s+\d+)\b"
    r"|\b(?:when|how\s+(?:soon|quickly|fast))\s+(?:could|can|will|would|do)\s+(?:i|we|he|she|they)\s+(?:have|get|receive)\s+(?:it|this|that|one|them)\b",
    re.IGNORECASE,
)
_ALIKE = 3  # letters from which the beginning of a word tells it
_NEAR = 5  # passages among which one is found by the words of its title
_PAGES = 200  # passages that are looked through for them
_COSTS = re.compile(r"\bhow\s+much\b|\bcosts?\b|\bprice\b|多少钱", re.IGNORECASE)
_MONEY = re.compile(
    r"[$€£¥]\s?\d|\d\s?(?:[$€£¥]|EUR|USD|GBP|CHF|dollars|euros|pounds)\b|\d\s?元|\b(?:free|no\s+charge)\b|免费"
)
_LIKELY = 0.3  # of a passage that answers a question about orders, where no order can be looked up


@dataclass(frozen=True, slots=True)
class Desk:
    """Answers what the catalogue does not; every part but the routing may be missing.

    Attributes:
        router: routes messages.
        knowledge: the shop's policies.
        orders: looks up a verified customer's orders.
        outbox: keeps and sends what is handed over to a person.
        ruled: whether a business rule hands this message over, whatever else would.
        denied: terms of what the message says it is not about; no page with one in its title answers.
    """

    router: Routing = field(default_factory=Patterns)
    knowledge: KnowledgeIndex | LiveKnowledge | None = None
    orders: OrderLookup | None = None
    outbox: Outbox | None = None
    ruled: bool = False
    denied: frozenset[str] = frozenset()

    def serve(
        self,
        piece: Piece,
        state: DialogueState,
        say: Say,
        customer: Customer | None = None,
        items: Collection[str] = (),
    ) -> Served:
        """Answer one wish.

        Args:
            piece: the wish; its route is none of the catalogue's.
            state: the conversation, the message included.
            say: the sentences of its language.
            customer: who the person is, if verified.
            items: ids of the items that the wish names.
        """
        match piece.route:
            case "order":
                return self._order(piece.text, state, say, customer, items)
            case "human":
                return fetched(self, piece.text, state, say, customer)
            case "small_talk":
                page = self.mentioned(piece.text, say) if HAVE.search(piece.text) else None
                return page or Served(small_talk(piece.text, say, spoken_of=bool(state.taste.focus)))
            case "out_of_scope":
                return Served(say("out_of_scope"))
            case _:
                return self.policy(piece.text, state, say)

    def found(self, question: str) -> Found | None:
        """Return the passage that answers a question, None if the shop's pages do not."""
        if self.knowledge is None:
            return None
        question, set_aside = denied(as_pages_say(question))
        without = {"without": apart} if (apart := self.denied | set_aside) else {}
        ways = [question, of_paying(question), topic(question), gloss(question) if is_cjk(question) else ""]
        answers = (self.knowledge.answer(asked, **without) for asked in ways if asked)
        found = next((found for found in answers if found is not None), None)
        return self._in_chinese(found, question) if found is not None and is_cjk(question) else found

    def _in_chinese(self, found: Found, question: str) -> Found:
        """Return the passage in Chinese on the matter of one in English, if there is one."""
        if self.knowledge is None or is_cjk(found.passage.title):
            return found
        told = [near for near in self.knowledge.search(question, _PAGES) if is_cjk(near.passage.title)]
        same = {gloss(near.passage.title): near for near in told}
        nearest = same.get(self.closest(gloss(question), [*same]))
        return replace(found, passage=nearest.passage, quote=nearest.quote) if nearest is not None else found

    def closest(self, question: str, texts: Sequence[str]) -> str:
        """Return the text that is clearly nearest in meaning to a question, "" if none is."""
        return self.knowledge.closest(question, texts) if self.knowledge is not None else ""

    def known(self, question: str) -> float:
        """Return how far the shop's pages answer a question: log odds beyond the bar, −inf if they do not."""
        if self.knowledge is None or not self.knowledge.worth_reading(as_pages_say(question)):
            return -math.inf
        found = self.found(question)
        return found.lead if found is not None else -math.inf

    def chance(self, question: str) -> float:
        """Return how likely the shop's pages answer a question at all, in log odds."""
        return self.knowledge.chance(as_pages_say(question)) if self.knowledge is not None else _NO_PAGES

    def quoted(self, question: str, say: Say, *, sure: bool = True, least: float = 0.0) -> Served | None:
        """Answer from the shop's pages; None if they do not, or, if it need not be `sure`, hardly do.

        An answer that is less likely than `least` is none either.
        """
        found = self.found(question)
        if found is not None and found.confidence < least:
            return None
        if found is None and not sure and self.knowledge is not None:
            found = next((near for near in self.knowledge.search(question, 1) if near.confidence >= _LIKELY), None)
        if found is None:
            return None
        return cited(found, say)

    def in_form(self, question: str, form: str, say: Say) -> Served | None:
        """Answer whether something can be had in a form, from a passage that tells of forms; None if there is none."""
        if self.knowledge is None:
            return None
        near = [
            found for asked in (question, say("which_form", form=form)) for found in self.knowledge.search(asked, 3)
        ]
        near = [found for found in near if found.confidence >= _LIKELY]
        for several in (False, True):  # what tells of this form before what tells of forms altogether
            for found in near:
                if tells_of(f"{found.passage.title} {found.passage.text}", form, several=several):
                    return cited(found, say)
        return None

    def continued(self, question: str, title: str, say: Say) -> Served | None:
        """Answer a question that says not of what, as one about the passage quoted last; None if that does not."""
        if self.knowledge is None:
            return None
        asked = f"{title} {question}"
        if _COSTS.search(question):
            near = (found for found in self.knowledge.search(asked, 3) if found.confidence >= _LIKELY)
            told = (f for f in near if _MONEY.search(f.passage.text) or _COSTS.search(f.passage.title))
            return next((cited(found, say) for found in told), None)
        found = self.found(asked)
        return cited(found, say) if found is not None and found.passage.title == title else None

    def of_the_same(self, question: str, title: str, say: Say) -> Served | None:
        """Answer a question about "it" from the passage quoted last, if no other is sure to answer and that one is."""
        own, same = self.found(question), self.found(f"{title} {question}")
        if own is not None and own.passage.title != title and _share(_stems(question), _stems(own.passage.title)):
            return None  # "can you wrap it?" is asked of the page on wrapping
        if same is None or same.passage.title != title or same.lead < _SAME:
            return None
        return cited(same, say) if own is None or own.lead < _SURE else None

    def mentioned(self, question: str, say: Say) -> Served | None:
        """Quote the one passage, of the nearest `_PAGES`, that has all the telling words of a question in its text."""
        asked = _stems(question)
        if self.knowledge is None or not asked or is_cjk(question):
            return None
        apart = self.denied | denied(question)[1]
        passages = [found.passage for found in self.knowledge.search(question, _PAGES)]
        passages = [passage for passage in passages if apart.isdisjoint(terms(passage.title))]
        holding = [each for each in passages if asked <= _stems_of(each)]
        if len(holding) != 1:
            return None
        told = stretch(holding[0].text, lambda sentence: bool(asked & _stems(sentence)))
        return cited(Found(holding[0], told or holding[0].text, _LIKELY), say)

    def policy(self, question: str, state: DialogueState, say: Say) -> Served:
        """Answer from the shop's pages, or say that they do not."""
        told = contact(self, say, question) if CONTACT_ASKED.search(question) else None
        return (
            told
            or self._each(question, say)
            or self.in_context(question, state, say)
            or (self._delivered(say) if _WHEN_HAD.search(question) else None)
            or self.mentioned(question, say)  # what no passage is about, if one but speaks of it
            or self.abstained(question, state, say)
        )

    def _delivered(self, say: Say) -> Served | None:
        """Answer when something could be had: how long a delivery takes."""
        page = self.quoted(_HOW_SOON, say)
        return page if page is not None and LASTS.search(page.text) else None

    def _each(self, question: str, say: Say) -> Served | None:
        """Answer each question of several, or own up to what is not known; None if nothing is.

        Where one page answers them together better than any of them alone, they are one question.
        """
        asked = questions_of(question)
        found = [self.found(part) for part in asked]
        for at, part in enumerate(asked):  # "can I track it?" is asked of what was asked about before
            found[at] = found[at] or (self.found(f"{asked[0]} {part}") if at and found[0] else None)
        pages = {each.passage.id for each in found if each is not None}
        if not pages:
            return None
        whole = self.found(question) if len(pages) == 1 else None
        if whole is not None and whole.lead >= max(each.lead for each in found if each is not None):
            return cited(whole, say)
        answers = [cited(each, say) if each is not None else None for each in found]
        told = [a.text for a in answers if a is not None]  # first what is known; of what is but wished, nothing is owed
        told += [say("no_answer_to", question=p) for a, p in zip(answers, asked, strict=True) if not a and wonders(p)]
        citations = (citation for answer in answers if answer for citation in answer.citations)
        return Served(say.sentences(*dict.fromkeys(told)), tuple(dict.fromkeys(citations)))

    def in_context(self, question: str, state: DialogueState, say: Say) -> Served | None:
        """Answer from the shop's pages; a short "and abroad?" is also read after the question that it follows."""
        answer = self.quoted(question, say) or self._in_parts(question, say)
        before = [message.text for message in state.messages if message.role == "user"][-2:-1]
        if answer is None and state.route == "policy" and before and len(question.split()) <= SHORT:
            answer = self.quoted(f"{before[0]} {question}", say)
            answer = self._anew(question, answer, state, say) if answer is not None else None
        return answer

    def _anew(self, question: str, answer: Served, state: DialogueState, say: Say) -> Served:
        """Return the page whose title names what a question that follows does, rather than quote one a second time."""
        quoted = [message.citations for message in state.messages if message.role == "assistant"][-1:]
        last = {citation.title for citations in quoted for citation in citations}
        asked = _stems(question)
        if self.knowledge is None or not asked or not last.intersection(c.title for c in answer.citations):
            return answer
        near = (found for found in self.knowledge.search(question, _NEAR) if found.passage.title not in last)
        return next((cited(found, say) for found in near if asked <= _stems(found.passage.title)), answer)

    def _in_parts(self, question: str, say: Say) -> Served | None:
        """Answer each question of several, if the shop's pages answer any."""
        parts = clauses(question)
        served = [answer for part in parts if len(parts) > 1 and (answer := self.quoted(part, say)) is not None]
        if not served:
            return None
        told = dict.fromkeys(answer.text for answer in served)
        return Served(say.sentences(*told), tuple(dict.fromkeys(c for answer in served for c in answer.citations)))

    def abstained(self, question: str, state: DialogueState, say: Say) -> Served:
        """Say that the answer is not known here; ask about the page that comes near it, or offer a person."""
        near = self.knowledge.search(question, 1) if self.knowledge is not None else []
        if near and near[0].lead >= _NEARLY:
            state.nearest = near[0].passage.title
            return Served(say.sentences(say("no_answer"), say("nearest_page", title=state.nearest)), abstained=True)
        offer = say("offer_person") if self.outbox is not None else ""
        return Served(say.sentences(say("no_answer"), offer), abstained=True)

    def _order(
        self, text: str, state: DialogueState, say: Say, customer: Customer | None, items: Collection[str]
    ) -> Served:
        """Quote the orders that are meant; what the shop's pages say of the matter goes with it."""
        if self.orders is None:
            near = self.quoted(text, say, sure=False)  # what the shop's pages say of orders, rather than nothing
            return near or Served(say("no_orders"), abstained=True)
        page = self.quoted(text, say)
        if customer is None:
            told = order_replies.signed_out(say.language)
            return Served(say.sentences(told, page.text if page else ""), page.citations if page else ())
        try:
            meant = find(self.orders, customer.id, text, focus=state.order, items=items)
        except OrdersUnavailable:
            return Served(order_replies.unavailable(say.language), abstained=True)
        if len(meant.orders) == 1:
            state.order = meant.orders[0].number
        told = order_replies.tell(meant, say.language)
        if page is None or not (meant.aspect == "change" or troubled(text)):  # "my parcel came broken" asks for help
            return Served(told)
        return Served(say.sentences(told, page.text), page.citations)


def _stems(text: str) -> set[str]:
    """Return a text's telling words without their endings: "tastings" and "tasting" alike.

    Twice, since what is left of a word may have an ending again.
    """
    return set(terms(" ".join(terms(text))))


@lru_cache(1_024)
def _stems_of(passage: Passage) -> frozenset[str]:
    """Return the stems of a page, its title's too."""
    return frozenset(_stems(f"{passage.title} {passage.text}"))


def _share(some: set[str], others: set[str]) -> bool:
    """Whether words of two sets are alike, "wrap" and "wrapp" too."""
    return any(a.startswith(b) or b.startswith(a) for a in some for b in others if min(len(a), len(b)) > _ALIKE)


def wish(route: Route, say: Say) -> str:
    """Name what a route is about: "a recommendation"; "" for what nobody would choose."""
    return say(f"wish_{route}") if route not in ("small_talk", "out_of_scope") else ""
