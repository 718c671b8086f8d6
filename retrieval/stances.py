"""What a message does with each facet value that it names: asks for it, refuses it, allows it, or takes it back.

"No horror" refuses, "I don't mind horror" allows, "forget horror" takes back that it was asked for, "not only films but
also books" asks for both, and in "no horror films" the films only say of what something is refused. Both in English and
in Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from retrieval.text import Token, words

_NEGATORS = frozenset(
    """
    no not non nothing without except never dont doesnt isnt arent wasnt hate avoid less neither nor cant wont too
    excluding minus dislike skip tired sick hates dislikes avoids veto vetoes vetoed
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_UNABLE = frozenset({"cant", "wont"})  # these refuse only with one of the next: "can't sleep" says nothing of sleep
_BEARING = frozenset(
    "stand watch take handle do stomach bear see read play have like enjoy touch listen wear use".split()  # noqa: SIM905
)
_CJK_NEGATORS = ("不要", "不想", "不看", "不喜欢", "不是", "没有", "除了", "别", "讨厌", "无", "不")
_NOT_ONLY = re.compile(r"(?:\bnot\s+(?:only|just)\s+|不只(?:是|想看|看)?)$", re.IGNORECASE)
_NOTHING_ELSE = re.compile(r"\bnothing\s+(?:else|more|other)\b[^.;!?]*$", re.IGNORECASE)  # asked, it is looked for
_REFUSING = frozenset(
    {
        ("scared", "of"),
        ("afraid", "of"),
        ("frightened", "of"),
        ("terrified", "of"),
        ("leave", "out"),
        ("other", "than"),
        ("enough", "of"),
        ("enough", "with"),
        ("instead", "of"),
        ("rather", "than"),
        ("fill", "of"),
        ("allergic", "to"),
        ("spare", "me"),
    }
)
_WORKS = r"\s{0,3}(?:films?|movies?|books?|games?|albums?|music)?"
_I_REFUSE = r"(?:i|we)\s+(?:\w+ly\s+)?(?:hate|dislike|can'?t\s+stand|do(?:n'?t|\s+not)\s+(?:like|enjoy|want))"
_THEM = r"\s+(?:them|it|those|these|that)\b(?!\s+(?:too|so|very|when|if|as)\b)"
_BUT_NOT_THEM = rf"\b(?:but|and|though)\s+{_I_REFUSE}{_THEM}"
# "I hate them", said of what stands right before it, is no word on what is on screen.
BUT_NOT_THEM = re.compile(_BUT_NOT_THEM, re.IGNORECASE)
_REFUSED_AFTER = re.compile(
    rf"{_WORKS}\s{{0,3}}(?:is|are|was)(?:n'?t|\s+not)\s+(?:for\s+me|what\s+i|my\s+thing)"
    rf"|{_WORKS}\W{{0,3}}(?:{_BUT_NOT_THEM}|\bwhich\s+{_I_REFUSE}\b)"
    r"|片?(?:就算了|就不要了|除外|不要)",
    re.IGNORECASE,
)
# "Sex Pistols?? I said no singing": named in order to wonder at it. "Do you have any jazz??" asks.
_WONDERS = re.compile(
    r"\s*(?:[?？]\s*[?!？！]+|!\s*[?？]+|[?？!！]+\s*(?:but\s+)?(?:i|we)\s+(?:said|asked|meant|told|wanted|specifically)\b"
    r"|[?？!！]+\s*(?:no+\b|that['’]?s\s+(?:for|not|an?)\b|really\b|seriously\b)|[?？！]+\s*(?:我说|我要的|不是|不要))",
    re.IGNORECASE,
)
_WONDERING = re.compile(
    r"(?:^|[.!?;。！？；\n])\W*(?:(?:wait|what|why|really|seriously|huh|wtf|hang\s+on|um+|er+|oh|and|but|the|an?|no)\b\W*)*$",
    re.IGNORECASE,
)
# "I've been through all of Kurosawa, Bergman and Fellini": who knows all of somebody's works wants none of them.
_KNOWS_ALL = re.compile(
    r"\b(?:seen|watched|read|played|heard|finished|know|own|have|got|(?:been|gone|worked|got)\s+through)\s+"
    r"(?:(?:almost|nearly|pretty\s+much)\s+)?(?:all|everything|every\s+\w+|the\s+whole)(?:\s+(?:of|by|from|the|works?|films?|books?|games?|albums?))*\s+"
    r"(?:[\w.'’-]+(?:\s+[\w.'’-]+){0,2}\s*(?:,\s*(?:and\s+|or\s+)?|\s(?:and|or|&)\s+))*$"
    r"|(?:看完|看遍|读完|读遍|听遍|玩遍)了?所有的?$",
    re.IGNORECASE,
)
_CJK_TOO = ("太", "没那么", "没有那么", "不那么", "这么")  # right before it: 太怀旧了
_HOW = r"(?:so|too|really|very|rather|quite|pretty|a\s+bit|a\s+little)\s*$"
# "She found it really scary" and "sounds a bit sad" refuse; "the last one was so bleak" tells what was.
_FOUND_SO = re.compile(
    rf"\b(?:find|finds|found)\s+(?:\S+\s+){{1,4}}{_HOW}"
    r"|\b(?:sounds?|looks?|seems?)\s+(?:a\s+(?:bit|little)|too|rather|kind\s+of|kinda)\s*$"
    r"|\b(?:everything|all\s+of\s+(?:this|these|it|them)|these|they)\s+(?:\S+\s+){0,2}(?:is|are|looks?|seems?)\s+(?:all\s+)?(?:so|too)\s*$",
    re.IGNORECASE,
)
_WAS_SO = re.compile(rf"\b(?:was|were)\s+{_HOW}", re.IGNORECASE)
_TAKES_BACK = re.compile(
    r"\b(?:forget|scratch|drop|lose|remove|delete|clear|lift|take\s+(?:off|away|out)|get\s+rid\s+of)\s+(?:about\s+)?(?:the\s+|that\s+|it\s+being\s+)?$"
    r"|\b(?:(?:does|do|need)(?:n['’]?t|\s+not)\s+(?:have|need)\s+to|need(?:n['’]?t|\s+not))\s+be"
    r"(?:\s+(?:an?|so|that|from|made|in|about|the|films?|movies?|books?|games?|albums?))*\s*$|(?:不用|不一定要|不必)(?:是|太|那么)?$|(?:去掉|取消|删掉|删除)$",
    re.IGNORECASE,
)
# "I never said anything about monsters": nothing was said of them, then
_DENIES = re.compile(
    r"\b(?:i|we)\s+(?:never|did(?:n['’]?t|\s+not))\s+(?:ever\s+)?(?:said|say|mention(?:ed)?|told\s+you|tell\s+you)\s+(?:i\s+\w+(?:ed)?\s+)?"
    r"(?:(?:anything|a\s+word)\s+about\s+|no\s+|not\s+|without\s+|any\s+|the\s+|an?\s+)*$"
    r"|\bwho\s+(?:said|asked)\s+(?:(?:anything\s+)?(?:about|for)\s+|no\s+|not\s+)*$"
    r"|\bwhy\s+(?:do|are|did)\s+you\s+(?:keep\s+(?:on\s+)?)?(?:saying|say|writing|write|think(?:ing)?\s+i\s+want)\s+(?:no\s+|not\s+|without\s+)+$"
    r"|\bwhy\s+(?:do|are|did|have)\s+you\s+(?:keep\s+(?:on\s+)?)?(?:exclud|skipp?|avoid|filter|hid|leav|rul)(?:e|es|ed|ing|ing\s+out|e\s+out)?\s+(?:all\s+|the\s+|out\s+)*$"
    r"|我(?:没|没有)(?:说|提)过?(?:不要|不想看|不看)?$",
    re.IGNORECASE,
)
# "Those are children's books": what is shown, and not wanted
_THEY_ARE = re.compile(
    r"^\W*(?:(?:but|no|sorry|hm+|well|and)\b\W*)*(?:these|those|they|(?:all|most)\s+of\s+(?:these|those|them))(?:\s+(?:are|were|look)|['’]re)"
    r"\s+(?:like\s+)?(?:(?:all|only|just|mostly|mainly|for)\s+)*$",
    re.IGNORECASE,
)
_I_LIKE = re.compile(r"^[^.!?;]{0,20}\b(?:i|we|he|she|they)\s+(?:\w+\s+)?(?:like|love|want|know)\b", re.IGNORECASE)
# "I don't really need it waterproof": no limit, and no refusal
_NO_NEED = re.compile(
    r"\b(?:do(?:es)?(?:n'?t|\s+not)|no)\s+(?:\w+ly\s+)*(?:need|care\s+about)\s+"
    r"(?:(?:it|them|one|ones|something|anything)\s+)?(?:to\s+(?:be|have)\s+|that\s+(?:is|are)\s+)?(?:an?\s+|any\s+|the\s+)?$"
    r"|\bno\s+need\s+(?:for\s+|to\s+be\s+)?(?:it\s+|them\s+)?(?:to\s+be\s+)?(?:an?\s+|any\s+)?$",
    re.IGNORECASE,
)
# "I don't want anything that makes me cry": what is refused stands far from the "don't".
_AGREED = re.compile(  # "waterproof is fine" asks for nothing
    r"\s*(?:(?:is|are|would\s+be|will\s+be)\s+|['’]s\s+)(?:\w+ly\s+|also\s+|just\s+|all\s+)?(?:fine|ok(?:ay)?|good|alright|right|no\s+problem)"
    r"(?:\s+(?:too|as\s+well|(?:by|with|for)\s+(?:me|us)))?\W*(?:$|[.,;!]|\b(?:but|and|if|as|then)\b)",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\b(?:not|n['’]t|nothing|no)\s+(?:\S+\s+){0,2}$", re.IGNORECASE)
_RELATIVE = re.compile(
    r"\b(?:anything|something|nothing|ones?|films?|movies?|books?|games?|albums?)\s+(that|which)\b", re.IGNORECASE
)
# "I don't like the smell of coconut" refuses coconut.
_QUALITY_OF = re.compile(
    r"\b(?:(?:the|that|its|any)\s+)?(?:smell|scent|taste|flavou?r|look|feel|texture|sound|idea)s?\s+of\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_NO_SUCH = re.compile(  # before a kind: a word of what sort is not wanted
    r"\b(?:no|not\s+any|without(?:\s+any)?)\s+(?:(?!(?:more|other|further|another|any|or|and|nor|kind|kinds|sort|sorts|type|types|of|the|these|those"
    r"|your|a|an|need|idea|by|with|from|for|in|on)\b)[^\W\d][\w'’-]*\s+){1,3}$",
    re.IGNORECASE,
)
_NOT_NEGATIVE = ("特别", "别的", "有没有", "别人", "不错", "不同")
# "I hate westerns and loved Stalker": what follows "and" is another stand.
AND_THEN = r"\band\s+(?=(?:(?:i|we|really|also|always)\s+)*(?:lov|lik|enjoy|ador|prefer|hat|dislik)(?:e[ds]?|s|ed)?\b)"
_BREAKS = re.compile(rf"[.,;:!?，。；：！？\n]|\bbut\b|\bjust\b|{AND_THEN}|但|而是|只", re.IGNORECASE)
JOINS = frozenset({"or", "nor", "and", "或", "和", "跟", "与"})
_BETWEEN = frozenset({"片", "类", "的", "any", "of", "a", "an", "the"})
_OF_WHAT = frozenset({"by", "about", "with", "in", "from", "of", "featuring", "that", "which", "are", "is", "的"})

Stance = Literal["said", "refused", "allowed", "taken_back", "denied", "of_what", "both", "not_only"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A facet value that a message names, from one token to another.

    Attributes:
        field, values: what it names; several values are alternatives.
        start, end: its tokens.
        purpose: it is what another thing must suit: "coffee for my moka pot".
    """

    field: str
    values: tuple[str, ...]
    start: int
    end: int
    purpose: bool = False


def knows_all(text: str, start: int) -> bool:
    """Whether a message says that its author knows all works of whom it names at a place."""
    return _KNOWS_ALL.search(text[:start]) is not None


def wondered_at(text: str, start: int, end: int) -> bool:
    """Whether what stands at a place is named as what was not asked for: "Sex Pistols?? I said no singing"."""
    return _WONDERS.match(text, end) is not None and _WONDERING.search(text[:start]) is not None


def complained_of(text: str, start: int, end: int) -> bool:
    """Whether what stands at a place is what the things shown are, and should not be: "those are children's books"."""
    return _THEY_ARE.search(text[:start]) is not None and _I_LIKE.match(text[end:]) is None


def asked_after(text: str, start: int, end: int) -> bool:
    """Whether what stands at a place is asked for with a no: "so nothing else with python?"."""
    return _NOTHING_ELSE.search(text[:start]) is not None and text[end:].lstrip().startswith("?")


def stances(text: str, tokens: Sequence[Token], hits: Sequence[Hit]) -> list[Stance]:
    """Return what a message does with each of its hits.

    "said" leaves open how much is asked for; "of_what" is a kind that only says of what something is refused; "both" is
    the first half of "not only films but also books", "not_only" one without a second half; "denied" is what the person
    says that they have never spoken of.
    """
    negative = [_negated(text, tokens, hit) for hit in hits]
    for at, hit in enumerate(hits):
        if at and negative[at - 1] and not negative[at] and _joined(text, tokens, hits[at - 1], hit):
            negative[at] = True
    return [_stance(text, tokens, hits, negative, at) for at in range(len(hits))]


def _stance(text: str, tokens: Sequence[Token], hits: Sequence[Hit], negative: Sequence[bool], at: int) -> Stance:
    hit, before = hits[at], text[: tokens[hits[at].start].start]
    if _DENIES.search(before):
        return "denied"
    if _allowed(before) or (hit.field != "kind" and agreed(text, tokens, hit)):
        return "allowed"
    if _TAKES_BACK.search(before) or (hit.values == ("yes",) and no_need(text, len(before))):
        return "taken_back"
    if negative[at]:
        return "of_what" if hit.field == "kind" and _says_of_what(text, tokens, hits, negative, at) else "refused"
    if _WAS_SO.search(before):
        return "of_what"
    if _NOT_ONLY.search(before):
        rest = zip(hits[at + 1 :], negative[at + 1 :], strict=True)
        return "both" if any(other.field == hit.field and not no for other, no in rest) else "not_only"
    return "said"


def agreed(text: str, tokens: Sequence[Token], hit: Hit) -> bool:
    """Whether a message says of a value that it is fine, which asks for nothing but would rather have it than not."""
    return _AGREED.match(text[tokens[hit.end - 1].end :]) is not None and not _ASKED.search(
        text[: tokens[hit.start].start]
    )


def no_need(text: str, start: int) -> bool:
    """Whether a message says that what stands at a place need not be: "I don't really need it waterproof"."""
    return (_NO_NEED.search(text[:start]) or _TAKES_BACK.search(text[:start])) is not None


def _negated(text: str, tokens: Sequence[Token], hit: Hit) -> bool:
    start = tokens[hit.start].start
    clause = _BREAKS.split(text[:start])[-1]
    for harmless in _NOT_NEGATIVE:
        clause = clause.replace(harmless, " " * len(harmless))
    if clause.endswith((*_CJK_NEGATORS, *_CJK_TOO)) or any(n in clause[-5:] for n in _CJK_NEGATORS[:9]):
        return True
    if hit.field == "creators" and knows_all(text, start):
        return True
    end = tokens[hit.end - 1].end
    if _REFUSED_AFTER.match(text[end:]) or wondered_at(text, start, end):
        return True
    if complained_of(text, start, end):
        return True
    if _NOT_ONLY.search(text[:start]) or asked_after(text, start, end):
        return False
    relative = _RELATIVE.search(clause)
    near = words(_QUALITY_OF.sub(" ", clause))[-4:]
    if relative is not None:
        near = [*words(clause[: relative.start(1)])[-4:], *words(clause[relative.end() :])[-4:]]
    if _FOUND_SO.search(clause):
        return True
    refuses = (n in _NEGATORS and (n not in _UNABLE or after in _BEARING) for n, after in pairwise([*near, ""]))
    return any(refuses) or any(pair in _REFUSING for pair in pairwise(near))


def _joined(text: str, tokens: Sequence[Token], first: Hit, second: Hit) -> bool:
    between = words(text[tokens[first.end - 1].end : tokens[second.start].start])
    return bool(JOINS.intersection(between)) and len(between) <= 3 and JOINS.union(_BETWEEN).issuperset(between)


def _says_of_what(text: str, tokens: Sequence[Token], hits: Sequence[Hit], negative: Sequence[bool], at: int) -> bool:
    """Whether a kind only says of what something is refused: "no horror films", "no films by him", "no long films"."""
    if _NO_SUCH.search(text[: tokens[hits[at].start].start]):
        return True
    if at and negative[at - 1] and hits[at - 1].field != "kind":
        between = text[tokens[hits[at - 1].end - 1].end : tokens[hits[at].start].start]
        if _BETWEEN.issuperset(words(between)):
            return True
    if at + 1 < len(hits) and negative[at + 1] and hits[at + 1].field != "kind":
        between = text[tokens[hits[at].end - 1].end : tokens[hits[at + 1].start].start]
        return bool(words(between)) and _OF_WHAT.issuperset(words(between))
    return False


def _allowed(before: str) -> bool:
    """Whether the person merely allows it: "I don't mind horror" asks for nothing."""
    near = words(_BREAKS.split(before)[-1])[-4:]
    return "mind" in near and bool({"dont", "doesnt", "not", "wouldnt"}.intersection(near))
