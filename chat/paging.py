"""Paging: when the shop's pages answer a question about an item, and when they merely share a word with it.

And what the page quoted last says to a question that follows it: "and how long do I have for that?".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from chat.cases import REMEDY
from chat.clauses import asks, clauses
from chat.desk import Desk
from chat.dialogue import Answer
from chat.holding import LASTS, asked_words, stems
from chat.messages import Citation
from chat.pieces import Piece, masked
from chat.replies import Say
from chat.routing import SHOP
from chat.served import Served, cited, stretch
from chat.state import DialogueState
from chat.troubles import demands, fails, incomplete, late, troubled
from chat.typed import telling_words
from retrieval.knowledge import Found, sentences, terms
from retrieval.lexicon import display
from retrieval.text import is_cjk
from retrieval.types import Item

_PERHAPS = 0.1  # a share of the purpose below which hardly the shop's pages are asked
_MUST_BE = 0.7  # and how likely their answer must then be
_HALF = 0.5  # of the words asked for, or how likely a page must answer what is asked of a kind
_PLAINLY = 0.9  # how likely a page must answer for the words of a complaint to be enough
_BRIEF = 2  # sentences that may be quoted again as they are
_BARE = 3  # words of a question like "and how much?", which has a page all again
_LATELY = 2  # answers whose quotes are still in mind
_NEAR = 5  # passages among which the one quoted last is found again by its title
_HOW_LONG = re.compile(
    r"\bhow\s+(?:long|soon|quick(?:ly)?|fast|many\s+(?:days|weeks|months))\b|\b(?:until|till|by|since)?\s*when\b|\bwhat(?:'s|\s+is)\s+the\s+deadline\b",
    re.IGNORECASE,
)
_WHO_DOES = re.compile(  # what somebody may or must do, rather than what a thing is
    r"\b(?:can|could|may|must|should|do|does|did|will|would)\s+(?:i|we|you|he|she|my\s+\w+)\b|\bhow\s+to\b"
    r"|\b(?:supposed|meant)\s+to\b|\bshould\s+(?:it|they|this|that|these|those)\b",
    re.IGNORECASE,
)
_IT = re.compile(r"\b(?:(?:this|that|the)\s+one|it|this|that|them|these|those)\b", re.IGNORECASE)
_AND = re.compile(r"^\W*(?:(?:and|so|but|ok(?:ay)?)\b\W*)+", re.IGNORECASE)
_IT_IS = re.compile(
    r"^\W*(?:(?:it|that)(?:['’]?s|\s+is|\s+was)|(?:the|my|our)\s+\w+\s+(?:is|was)|for)\s+(?:called\s+)?", re.IGNORECASE
)
_HOW_MUCH = re.compile(r"\bhow\s+much\b(?=\s+(?:do|does|should|can|must|would)\b)", re.IGNORECASE)
_WITH = re.compile(r"\b(?:use|wear|mix|apply|take)\b[^.?!,;]*?\bwith\s+([^.?!,;]+)", re.IGNORECASE)
_OF_IT = re.compile(r"\b(?:it|that|this|(?:i|we)\s+(?:have|get))\b", re.IGNORECASE)


def asked_by_page(piece: Piece, desk: Desk, say: Say) -> Served | None:
    """Quote the page that asks what a question about an item asks: "are pots included?", for all plants alike."""
    asked = masked(piece.text, piece.understood)
    words, page = set(asked_words(asked)), desk.quoted(asked, say)
    if not words or page is None:
        return None
    return page if any(words <= stems(citation.title) for citation in page.citations) else None


def instead(piece: Piece, desk: Desk, say: Say) -> Served | None:
    """Quote the page that answers what the catalogue does not say of an item, None if there is none."""
    asked = masked(piece.text, piece.understood)  # whether Portal 2 can be returned is said of no title in particular
    shares = piece.understood.purposes
    if piece.understood.of_shown:
        page = desk.quoted(asked, say)
        return page if page is not None and _shares(page, asked) == 1 else None  # one word in common is not enough
    if not shares or shares["policy"] + shares["order"] >= _PERHAPS:
        return desk.quoted(asked, say)
    page = desk.quoted(asked, say, least=_MUST_BE)
    if page is not None and _WHO_DOES.search(piece.text):
        return page  # "can she try it first?" asks for no column
    # "Is it frost proof?" is answered by no page on deliveries in frost.
    return page if page is not None and _shares(page, asked) > _HALF else None


def of_kind(piece: Piece, item: Item, kinds: Collection[str], desk: Desk, say: Say) -> Served | None:
    """Quote the page that tells how things of an item's kind are used: "how much do I put on?", of a sunscreen.

    A page whose title names another kind is about that.

    Args:
        piece: the question.
        item: that it is about.
        kinds: of the catalogue.
        desk: knows the pages.
        say: the sentences of its language.
    """
    parts = (_AND.sub("", part) for part in clauses(masked(piece.text, piece.understood)))
    text = next((part for part in parts if _WHO_DOES.search(part)), "")
    kind = display("kind", item.kind, "en")
    if not kind or not text or is_cjk(text):
        return None
    of_it = _IT.sub(f"the {kind}", text, count=1) if _IT.search(text) else _HOW_MUCH.sub(f"how much {kind}", text)
    beside = _WITH.search(text)
    asked = [of_it, *([say("combined", other=beside[1].strip())] if beside else [])]
    others = [frozenset(terms(display("kind", each, "en"))) for each in kinds if each != item.kind]
    own = frozenset(terms(kind))
    found = [each for question in asked if question != text and (each := desk.found(question)) is not None]
    for each in sorted(found, key=lambda one: -one.confidence):
        title = stems(each.passage.title)
        if each.confidence >= _HALF and (own <= title or not any(other <= title for other in others)):
            return cited(each, say)
    return None


def of_this_kind(
    piece: Piece, served: Served, items: Sequence[Item], kinds: Collection[str], desk: Desk, say: Say
) -> Served:
    """Return the page on goods of the kind spoken of, where the one quoted is on all goods or on another kind.

    "Can I return it?" of a bra is answered by the page on bras, and of a shoe by none on bras.
    """
    if not items or not served.citations:
        return served
    own = frozenset(terms(display("kind", items[0].kind, "en")))
    others = [frozenset(terms(display("kind", each, "en"))) for each in kinds if each != items[0].kind]
    title = frozenset().union(*(stems(citation.title) for citation in served.citations))
    if not own or own <= title:
        return served
    page = of_kind(piece, items[0], kinds, desk, say)
    if page is not None and any(own <= stems(citation.title) for citation in page.citations):
        return page
    if own & title or not any(other and other <= title for other in others):
        return served
    page = page or desk.quoted(f"{display('kind', items[0].kind, 'en')}: {piece.text}", say)
    named = frozenset().union(*(stems(citation.title) for citation in page.citations)) if page is not None else title
    return served if page is None or any(other and other <= named for other in others) else page


def followed(piece: Piece, title: str, desk: Desk, say: Say) -> Served | None:
    """Quote what the page quoted last says to a question that no other answers, None if nothing.

    It has a word of the question, or tells a time where one is asked for. Of an item on screen it has every word.
    """
    if not title or desk.knowledge is None or not asks(piece.text) or any(o.surface for o in piece.understood.opinions):
        return None
    passage = next((f.passage for f in desk.knowledge.search(title, _NEAR) if f.passage.title == title), None)
    words = asked_words(piece.text)
    if passage is None or not words:
        return None
    if piece.route in SHOP and piece.understood.opinions and not set(words) <= stems(passage.text):
        return None
    quote = stretch(passage.text, lambda sentence: bool(stems(sentence).intersection(words)))
    if not quote and _HOW_LONG.search(piece.text) and _OF_IT.search(piece.text):
        quote = stretch(passage.text, LASTS.search)
    return cited(Found(passage, quote, _MUST_BE), say) if quote else None


def bare_name(text: str) -> str:
    """Return a message without what comes before a name: "it's the Snail Derby"."""
    return _IT_IS.sub("", text).strip(" .!?")


def in_trouble(piece: Piece, desk: Desk, say: Say) -> Served | None:
    """Quote what the pages say of what was bought and fails, or came without a part; None if nothing."""
    short = desk.quoted(f"{piece.text.rstrip(' .!?')}. {say('part_missing')}", say) if incomplete(piece.text) else None
    parts = trouble_in(piece.text)
    whole = [piece.text, masked(piece.text, piece.understood), *parts]
    reasons = [part for part in parts if not demands(part)]  # for which the money is wanted back
    told = reasons if 0 < len(reasons) < len(parts) else whole
    best = _surest(told, desk)
    hidden = "gone_wrong" if fails(" ".join(told)) else "not_come" if late(" ".join(told)) else ""
    if hidden and (best is None or best.confidence < _PLAINLY):  # a story hides what went wrong in it
        best = desk.found(say(hidden)) or best
    if told is reasons and (best is None or best.confidence < _PLAINLY):
        best = _surest(whole, desk) or best
    return short or (cited(best, say) if best is not None else None)


def _surest(texts: Sequence[str], desk: Desk) -> Found | None:
    """Return what the pages answer to one of several texts, the surest; None if nothing."""
    found = [each for text in texts if (each := desk.found(text)) is not None]
    return max(found, key=lambda one: one.confidence, default=None)


def trouble_in(text: str) -> list[str]:
    """Return the parts of a message that tell what fails, without the story around them; none if it is but one."""
    parts = clauses(text)
    return [part for part in parts if troubled(part)] if len(parts) > 1 else []


def of_case(piece: Piece, titles: Sequence[str], state: DialogueState, say: Say) -> Answer | None:
    """Go on with the case of what failed, if a message but names what it is: "it's the Snail Derby"."""
    said = [entry for entry in state.messages if entry.role == "user"][-2:-1]
    last = [entry for entry in state.messages if entry.role == "assistant"][-1:]
    if not (titles and said and last and last[0].citations and troubled(said[0].text)) or asks(piece.text):
        return None
    named = {word for title in titles for word in terms(title)}
    if set(terms(" ".join(telling_words(piece.text)))) - named:
        return None
    page = last[0].citations[-1]
    return Answer(say("case_of", title=titles[0], page=page.title), citations=(page,), route="policy")


def not_again(
    answer: Answer,
    asked: str,
    state: DialogueState,
    say: Say,
    closest: Callable[[str, Sequence[str]], str] | None = None,
) -> Answer:
    """Return an answer without the paragraph that was quoted just before: the sentence that fits, or that it is all.

    Who asks the same once more has it once more. Where no sentence has a word of the question, `closest` chooses.
    """
    said = [entry.text for entry in state.messages if entry.role == "user"][-2:-1]
    before = [entry for entry in state.messages if entry.role == "assistant"][-_LATELY:]
    told = {citation.quote for entry in before for citation in entry.citations}
    if answer.route == "human" or not said or set(asked_words(asked)) <= set(asked_words(said[0])):
        return answer
    text, cited_now = answer.text, []
    for citation in answer.citations:
        quote = citation.quote
        long = not is_cjk(quote) and len(sentences(quote)) > _BRIEF
        if long and quote in told and say("quoted", title=citation.title, quote=quote) in text:
            fits = _fitting(quote, asked) or (closest(asked, sentences(quote)) if closest is not None else "")
            if not fits and len(asked.split()) <= _BARE:
                return answer
            new = say("quoted", title=citation.title, quote=fits) if fits else say("told_all")
            text = text.replace(say("quoted", title=citation.title, quote=quote), new)
            if not fits:
                continue  # nothing of it is quoted
            citation = Citation(id=citation.id, title=citation.title, quote=fits)
        cited_now.append(citation)
    return replace(answer, text=text, citations=tuple(cited_now))


def _fitting(quote: str, asked: str) -> str:
    """Return the sentence of a paragraph that has most of the words asked for, or a time if one is; "" if none has."""
    if demands(asked) and (remedy := stretch(quote, REMEDY.search)):
        return remedy
    parts, words = sentences(quote), set(asked_words(asked))
    shared = [len(words & stems(part)) for part in parts]
    if len(parts) > 1 and max(shared):
        return parts[shared.index(max(shared))]
    lasting = (part for part in parts if LASTS.search(part)) if _HOW_LONG.search(asked) else iter(())
    return next(lasting, "")


def _shares(page: Served, asked: str) -> float:
    """Return how many of the words asked for stand in a page that is quoted, as a share; 1 if nothing is asked for."""
    words = asked_words(asked)
    said = stems(" ".join(f"{citation.title} {citation.quote}" for citation in page.citations))
    return sum(word in said for word in words) / len(words) if words else 1.0
