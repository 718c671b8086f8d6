"""Kinds that are named in passing: what somebody owns or does, what a thing must suit, and a part of it.

"A present for my boyfriend who rides his road bike" asks for no road bike, "a lock for an e-bike" for no e-bike, and a
helmet "with a light at the back" is no light. The noun behind a word of wanting is what is wanted; these are the cues
that tell the others from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from typing import Literal

from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.stances import Hit
from retrieval.text import Token

# What it must suit and what somebody owns is not wanted besides; what somebody does, and a part, says nothing of that.
Role = Literal["wanted", "suits", "part", "does", "owns"]

_THEIRS = frozenset({"my", "our", "his", "her", "their"})
_DETERMINERS = _THEIRS | {
    "a",
    "an",
    "the",
    "this",
    "that",
    "these",
    "those",
    "some",
    "any",
    "your",
    "two",
    "three",
    "many",
}
_HAVING = frozenset({"has", "owns"})
_IVE = frozenset({"ive", "weve", "theyve"})
_WE_HAVE = frozenset({"have", "got", "own", "bought"})
_DOING = frozenset({"rides", "drives", "wears", "uses", "repairs", "collects"})
_WE_DO = frozenset({"ride", "drive", "wear", "use"})
_SUBJECTS = frozenset({"i", "we", "they", "ive", "weve", "theyve", "hes", "shes", "he", "she", "who"})
_HAVE = frozenset({"have", "ve"})
_ASKS = frozenset({"do", "did", "can", "could", "should", "must", "would"})
_BY_THE_WAY = frozenset(
    {"already", "also", "still", "just", "only", "mostly", "usually", "often", "always", "got", "both", "so", "too"}
)
_MUCH = frozenset("all a plenty lots loads lot enough several most few couple of tons dozens".split())  # noqa: SIM905
_SIZES = frozenset("big small large little good nice new old".split())  # noqa: SIM905 - and stopwords
_LEADING = frozenset("and so ok okay but hi hello now then what how about".split())  # noqa: SIM905 - "and for a tent, …"
_LISTED = frozenset("and or a an the some".split())  # noqa: SIM905 - between two things that somebody has
_WANTING = frozenset("need needs want wants wanted looking like buy buying get getting replace replacing".split())  # noqa: SIM905
SOUGHT = frozenset(  # for what one looks is wanted
    """
    looking look search searching hoping hunting shopping asking asked market budget euros euro pounds dollars money
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_ANYTHING = frozenset({"something", "anything", "what", "one", "ones", "it", "stuff", "things", "everything"})
WHATEVER = _ANYTHING - {"what", "one", "ones", "it"}
_PLACED = frozenset({"for", "on", "onto", "in", "into", "under", "to"})
_PARTNER = frozenset({"help", "start", "begin", "happy", "go", "done", "wrong"})  # "help me with a tent" wants one
_OUTING = frozenset("tour tours trip trips ride rides riding travel holiday holidays race races festival party".split())  # noqa: SIM905
_GIFT = re.compile(r"\b(?:gifts?|presents?)\b", re.IGNORECASE)
_ANOTHER = re.compile(  # "I have a tent, but need a bigger one"
    r"\b(?:need|want|look|replac|upgrad|buy|get|like)\w*\b[^.?!]*\b(?:ones?|another|second|spare|replacement)\b"
    r"|\b(?:replac|upgrad)\w*\b|\bthe\s+(?:same|second)\b|\banother\b",
    re.IGNORECASE,
)
# "so not another one", "no need for a second": no other of what they have
_NO_OTHER = re.compile(
    r"\b(?:not|no|never|nor|without|(?:do|does|did)(?:n['’]?t|\s+not)|dont|doesnt)\s+(?:\w+\s+){0,3}?"
    r"(?:another(?:\s+one)?|a\s+second(?:\s+one)?|more(?:\s+of\s+\w+)?|others?)\b",
    re.IGNORECASE,
)
_UNSUITED = re.compile(  # "not bitter, for a tent" refuses no tent
    r"(?:\b(?:not|never|nothing|unsuitable)|n['’]?t)\s+(?:(?:be\s+)?(?:good|made|meant|ok(?:ay)?|right|suitable|suited)\s+)?"
    r"(?:for|with|in|on)\s+(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
_DOES = re.compile(
    r"\b(?:i|we|he|she|they|who|(?:my|our|his|her)\s+\w+)(?:['’](?:m|s|re|ve|d))?\s+"
    r"(?:(?:also|just|only|mostly|really|often|sometimes|usually|now|always|has|have|had)\s+)*"
    r"(?:runs?|ran|do(?:es|ing)?|did|done|plays?|goes|go|went|had\s+(?:my|his|her|our|their)(?:\s+first)?|starts?|started|trains?|swims?|rides?"
    r"|cycles?|hikes?|climbs?|practi[sc]es?|teaches|studies|works?|(?:am|are|is)\s+into|(?:['’]m|['’]s|['’]re)\s+into)\s"
    r"(?:(?!\b(?:but|so|with|and\s+(?:\w+\s+)?(?:needs?|wants?|would|is|are|i|he|she|they))\b)[^,.;:!?])*$|\bjust\s+had\s+(?:my|his|her|our)\s+(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
_SO = re.compile(r"\b(?:and|but|so|or|then)\b|[,.;:!?—–]", re.IGNORECASE)  # where what is told of it ends
_THEREFORE = re.compile(r"\b(?:but|so|then)\b|[,.;:!?—–]", re.IGNORECASE)
_ADJECTIVES = 2  # between a determiner and the kind


def roles(
    text: str,
    tokens: Sequence[Token],
    hits: Sequence[Hit],
    held: Callable[[str], bool],
    named: Sequence[tuple[int, int]] = (),
) -> list[Role]:
    """Return what each hit on a kind or a noun of titles is to the wish of a message; all others are wanted.

    Args:
        text: the message.
        tokens: its words.
        hits: what it names of the catalogue.
        held: whether a word names things of the catalogue, though none of its kinds.
        named: where it names or points at items: in "is it good for a tent?" the tent is what it must suit.
    """
    gift = _GIFT.search(text) is not None
    told = [
        _role(text, tokens, hits, at, held, named) if hit.field in ("kind", "title") else "wanted"
        for at, hit in enumerate(hits)
    ]
    wanted = any(hit.field == "kind" and role == "wanted" for hit, role in zip(hits, told, strict=True))
    found: list[Role] = []
    for hit, role in zip(hits, told, strict=True):
        if role == "theirs":  # "my tyres keep getting punctures" is about new ones
            role = ("owns" if gift else "does") if gift or wanted else "wanted"
        behind = _NO_OTHER.sub(" ", text[tokens[hit.end - 1].end :])
        if role in ("owns", "does") and not gift and not wanted and _ANOTHER.search(behind):
            role = "wanted"
        found.append("owns" if gift and role == "does" else role)
    for at in range(1, len(found)):  # "she has a tent and a stove already"
        between = [token.norm for token in tokens[hits[at - 1].end : hits[at].start]]
        listed = _LISTED.issuperset(between) and between[:1] in (["and"], ["or"]) and not _would(tokens, hits[at].end)
        if found[at] == "wanted" and found[at - 1] == "owns" and listed and hits[at].field in ("kind", "title"):
            found[at] = "owns"
    return found


def does(text: str, start: int) -> bool:
    """Whether what stands at a place is what somebody does, rather than what is to be had: "he runs marathons"."""
    return _DOES.search(text[:start]) is not None


def wants_anything(tokens: Sequence[Token]) -> bool:
    """Whether a message names what it wants by no more than "something", or "what"."""
    said = [token.norm for token in tokens]
    what = any(pair[0] == "what" and pair[1] != "about" for pair in pairwise([*said, ""]))
    return what or bool(WHATEVER.intersection(said))


def unsuited(before: str) -> bool:
    """Whether a text says that things are not to suit what stands behind it: "nothing for a "."""
    return _UNSUITED.search(before) is not None


def told_to(text: str, tokens: Sequence[Token], hit: Hit) -> int:
    """Return where what a message tells of something that somebody has ends: "all the pans she could want"."""
    end = tokens[hit.end - 1].end
    stop, far = (part.search(text, end) for part in (_SO, _THEREFORE))
    if far is not None and re.search(r"\balready\b", text[end : far.start()], re.IGNORECASE):
        stop = far  # "a bucket and spade from grandma already, so …"
    return stop.start() if stop is not None else len(text)


def no_other(text: str) -> list[tuple[int, int]]:
    """Return where a message says that no other is wanted of what somebody has."""
    return [match.span() for match in _NO_OTHER.finditer(text)]


def owned_from(tokens: Sequence[Token], hit: Hit) -> int:
    """Return from which word on a message says that somebody has or does what a hit names."""
    telling = _DETERMINERS | _HAVING | _WE_HAVE | _DOING | _WE_DO | _BY_THE_WAY | _MUCH | _SUBJECTS | {"by"}
    start = at = hit.start
    while (
        at and hit.start - at < _ADJECTIVES and tokens[at - 1].norm not in telling and _describes(tokens[at - 1].norm)
    ):
        at -= 1
    if at and tokens[at - 1].norm in telling:  # "got a big bowl"
        start = at
    while start and tokens[start - 1].norm in telling:
        start -= 1
    return start


def _role(
    text: str,
    tokens: Sequence[Token],
    hits: Sequence[Hit],
    at: int,
    held: Callable[[str], bool],
    items: Sequence[tuple[int, int]],
) -> Role | Literal["theirs"]:
    hit = hits[at]
    if _modifies(text, tokens, hits, at, held):
        return "part"
    determiner, before = _before(text, tokens, hit.start)
    before = _aside(before, _BY_THE_WAY)
    most = _aside(before, _BY_THE_WAY | _MUCH)
    if most[-1:] and most[-1] in _HAVING | _WE_HAVE | _IVE:  # "she has all the pans", "we have plenty of mugs"
        before = most
    last = before[-1] if before else ""
    ahead = next((word for word in reversed(before[:-1]) if word not in _BY_THE_WAY | _HAVE), "")
    ours = ahead in _SUBJECTS and not _ASKS.intersection(before[-4:-2])
    if last in (*_HAVING, *_WE_HAVE) and ahead in ("that", "which", "it"):
        return "part"  # "something that has a lamp"
    if last in _HAVING or (last in _WE_HAVE and ours) or last in _IVE:
        return "owns"
    if last in _WE_HAVE and not ahead and "already" in (*before, *_rest(text, tokens, hit.end)):
        return "owns"  # "got a bucket already"
    if last in _DOING or (last in _WE_DO and ours) or (last == "by" and not determiner):
        return "does"
    named = any(other.field == "kind" and other.end <= hit.start for other in hits) or _leads(tokens, hits, at, before)
    follows = before[-2:-1] in (["and"], ["about"]) and _LEADING.issuperset(before[:-1])  # "and for a tent?"
    named = named or follows or any(end <= tokens[hit.start].start for _, end in items)
    thing = named or bool(_ANYTHING.intersection(before[:-1])) or any(held(word) for word in before[:-1])
    suits = determiner and (thing or (last == "for" and determiner in _THEIRS))
    if last in _PLACED and suits and not SOUGHT.intersection(before[-3:-1]):
        return "suits"
    if last == "with" and (before[-3:-1] == ["to", "go"] or before[-2:-1] in (["goes"], ["fits"])):
        return "suits"
    if last == "with" and (thing or len(before) == 1) and not _PARTNER.intersection(before[-3:-1]):
        return "part"
    return "theirs" if determiner in _THEIRS else "wanted"


def _leads(tokens: Sequence[Token], hits: Sequence[Hit], at: int, before: Sequence[str]) -> bool:
    """Whether what a thing must suit stands before it: "for a tent, which lamp?", but not "for a tent and a lamp"."""
    behind = next((hit for hit in hits[at + 1 :] if hit.field == "kind"), None)
    if behind is None or not _LEADING.issuperset(before[:-1]):
        return False
    return not _LISTED.issuperset(token.norm for token in tokens[hits[at].end : behind.start])


def _rest(text: str, tokens: Sequence[Token], at: int) -> list[str]:
    """Return the words of a clause from one on."""
    stop = _SO.search(text, tokens[at - 1].end)
    return [token.norm for token in tokens[at:] if stop is None or token.end <= stop.start()]


def _aside(before: list[str], by_the_way: Collection[str]) -> list[str]:
    """Return words without those at their end that tell nothing of who has something."""
    while before and before[-1] in by_the_way and (before[-1] != "got" or before[-2:-1] in (["has"], ["have"], ["ve"])):
        before = before[:-1]
    return before


def _would(tokens: Sequence[Token], at: int) -> bool:
    """Whether what is named right before a word is wished for after all: "… and a stove would be nice"."""
    return tokens[at : at + 1] != [] and tokens[at].norm in ("would", "is", "could", "d")


def _before(text: str, tokens: Sequence[Token], start: int) -> tuple[str, list[str]]:
    """Return the determiner of a kind, "" if it has none, and the words of the sentence before both."""
    at = start
    while at and start - at < _ADJECTIVES and _describes(tokens[at - 1].norm) and _beside(text, tokens, at - 1):
        at -= 1
    determiner = (
        tokens[at - 1].norm if at and tokens[at - 1].norm in _DETERMINERS and _beside(text, tokens, at - 1) else ""
    )
    at -= bool(determiner)
    begin = max((m.end() for m in re.finditer(r"[.!?;:]\s", text[: tokens[at].start])), default=0)
    return determiner, [token.norm for token in tokens[:at] if token.start >= begin]


def _describes(word: str) -> bool:
    verbs = _HAVING | _WE_HAVE | _DOING | _WE_DO | _WANTING | _BY_THE_WAY | _DETERMINERS
    return word in _SIZES or (word not in STOPWORDS_EN_PLUS and word not in verbs)


def _beside(text: str, tokens: Sequence[Token], at: int) -> bool:
    """Whether nothing but a space stands between a word and the next."""
    return at + 1 < len(tokens) and not text[tokens[at].end : tokens[at + 1].start].strip(" -")


def _modifies(text: str, tokens: Sequence[Token], hits: Sequence[Hit], at: int, held: Callable[[str], bool]) -> bool:
    """Whether a kind only says of what kind another thing is: "a bike lock", "a bike tour", "an e-bike chain"."""
    hit = hits[at]
    last = tokens[hit.end - 1].norm
    if not _beside(text, tokens, hit.end - 1) or (last.endswith("s") and not last.endswith("ss")):  # "glass", "press"
        return False
    follows = hits[at + 1] if at + 1 < len(hits) and hits[at + 1].start == hit.end else None
    if follows is not None:
        return follows.field == "kind"
    word = tokens[hit.end].norm
    return word in _OUTING or held(word)
