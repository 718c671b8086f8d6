"""Cases: what somebody bought that fails, and what they go on to say of it.

Who has told that a sole comes off, and then that the shoes are five months old, wants no shoes recommended: what the
page on defects says of months, of a new pair or of the money, is quoted, or else that it holds for that too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from chat.clauses import asks
from chat.desk import Desk
from chat.dialogue import Answer
from chat.holding import asked_words, stems
from chat.messages import Citation, StoredMessage
from chat.pieces import Piece
from chat.reaching import CONTACT_ASKED
from chat.replies import Say
from chat.served import cited, stretch
from chat.state import DialogueState
from chat.troubles import demands, troubled
from retrieval.knowledge import Found
from retrieval.text import is_cjk

_LATELY = 3  # turns for which a case is spoken of
_OTHER_MATTER = 0.9  # how likely another page answers a question that is no longer of the case
_NEAR = 5  # passages among which the one quoted is found again
REMEDY = re.compile(
    r"\b(?:new\s+(?:ones?|pair|set)|(?:replac|refund|repair|exchang|swap)\w*|money(?:\s+back)?)\b|退款|换新|维修",
    re.IGNORECASE,
)
_TELLS = re.compile(  # goes on telling what happened, and wishes for nothing
    r"^\W*(?:(?:and|so|but|also|well|ok(?:ay)?|yes|no)\W+)*(?:(?:i|we)(?:['’]ve|\s+have|\s+had|\s+only|\s+just)?\s+"
    r"(?!want|need|prefer|like|love|would|should|will|am\b|take\b)|it\b|they\b|the\b|my\b|our\b|had\b|got\b|bought\b|used\b"
    r"|wore\b|only\b|about\b|maybe\b|after\b|since\b|order\b|number\b|#?\d)",
    re.IGNORECASE,
)
WISHES = re.compile(
    r"\b(?:want|need|looking\s+for|prefer|recommend|suggest|show|something|anything|instead|cheaper|else|another|under|please"
    r"|i(?:['’]d|\s+would)\s+(?:like|rather|love))\b",
    re.IGNORECASE,
)


def stays(piece: Piece, desk: Desk, state: DialogueState, say: Say) -> Answer | None:
    """Answer what follows a case from the page that was quoted for it; None where it is another matter."""
    case = _case(state, say)
    named = any(opinion.surface for opinion in piece.understood.opinions)
    other = named or piece.route == "human" or (CONTACT_ASKED.search(piece.text) and not REMEDY.search(piece.text))
    if case is None or other or desk.knowledge is None or is_cjk(piece.text):
        return None
    trouble, page = case
    found = next((f for f in desk.knowledge.search(page.title, _NEAR) if f.passage.title == page.title), None)
    demanded = demands(piece.text)
    if found is None or not (asks(piece.text) or demanded or _told_of_it(piece)):
        return None
    own = desk.found(piece.text) if asks(piece.text) else None
    if own is not None and own.passage.title != page.title and own.confidence >= _OTHER_MATTER:
        return None
    quote = _fitting(found.passage.text, piece.text)
    if quote:
        served = cited(Found(found.passage, quote, found.confidence), say)
        return Answer(served.text, citations=served.citations, route="policy")
    if asks(piece.text) or demanded:
        again = desk.found(f"{trouble.rstrip(' .!?')}. {piece.text}") if REMEDY.search(piece.text) else None
        if again is None or again.passage.title != page.title:
            return None
    return Answer(say("case_still"), route="policy")


def _case(state: DialogueState, say: Say) -> tuple[str, Citation] | None:
    """Return what was told to fail and the page quoted for it, if nothing else has been spoken of since."""
    before = state.messages[:-1]
    for said, answered in _turns(before):
        if answered.items or not (answered.citations or answered.text.startswith(say("case_still"))):
            return None
        if troubled(said.text) and answered.citations:
            told = stems(said.text)
            return said.text, max(
                reversed(answered.citations), key=lambda page: len(told & stems(f"{page.title} {page.quote}"))
            )
    return None


def _turns(messages: Sequence[StoredMessage]) -> Iterator[tuple[StoredMessage, StoredMessage]]:
    """Yield the latest turns, the last first: what was said, and what was answered."""
    pairs = [(a, b) for a, b in pairwise(messages) if (a.role, b.role) == ("user", "assistant")]
    yield from reversed(pairs[-_LATELY:])


def _told_of_it(piece: Piece) -> bool:
    """Whether a message goes on with what happened: no limit, no item and no wish is in it."""
    parsed = piece.understood.parsed
    wished = parsed.constraints or parsed.wishes or parsed.relative
    return _TELLS.search(piece.text) is not None and not wished and not WISHES.search(piece.text)


def _fitting(text: str, asked: str) -> str:
    """Return the sentences of a page that have a word of what was said, or that tell of new ones or the money."""
    if REMEDY.search(asked):
        return stretch(text, REMEDY.search)
    words = set(asked_words(asked))
    return stretch(text, lambda sentence: bool(words & stems(sentence)))
