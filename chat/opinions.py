"""Opinions: which items a message takes a stand on, by their titles or by where they stand on the screen.

"I loved Stalker", "not the second one", "I've seen those", "something like this": attitudes and items, in the order of
the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.cues import Mention
from retrieval.numbers import blank
from retrieval.stances import AND_THEN, wondered_at
from retrieval.text import words

Attitude = Literal["like", "dislike", "seen", "neutral"]

SIMILAR = re.compile(
    r"\b(?:similar|alternatives?|(?:in|of)\s+th(?:at|is)\s+(?:direction|vein|kind|style)|along\s+th(?:ose|ese)\s+lines)\b|类似|相似",
    re.IGNORECASE,
)
_ORDINALS = {
    "first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "top": 0, "next": 1,
    "1": 0, "2": 1, "3": 2, "4": 3, "5": 4, "one": 0, "two": 1, "three": 2, "four": 3, "five": 4,
    "一": 0, "二": 1, "两": 1, "三": 2, "四": 3, "五": 4,
}  # fmt: skip
_NOUN = (
    r"(?:(?:video\s+|online\s+|tv\s+)?(?:one|ones|card|film|movie|flick|book|novel|game|album|record|course|series|show)"
    r"|pick|suggestion|title|option|result|recommendation|item|product|article)"
)
_FIRST_FEW = re.compile(r"\b(?:the\s+)?first\s+(two|three|four|[2-4])\b|前([两三四234])[个部本张款]", re.IGNORECASE)
_ORDINAL = re.compile(
    r"\b(?:the\s+)?(first|second|third|fourth|fifth|last|top|[1-5](?:st|nd|rd|th))\s+"
    rf"(?:{_NOUN}\b|of\b|and\b|or\b|is\b|was\b|has\b|have\b|does\b|cost\b|costs\b|looks\b|sounds\b|seems\b|comes\b)"
    r"|\bthe\s+(first|second|third|fourth|fifth|last)\s*(?=$|[.,!?;]|(?:already|instead|please|too|an?|any|really|ok|okay)\b)"
    r"|\bthe\s+(next)\s+one\b(?!\s+(?:in|of|by)\b)"
    r"|\b(?:number|no\.|nr\.?|option)\s*([1-5]|one|two|three|four|five)\b|#([1-5])\b|第([一二三四五1-5])[个部本张款首门]",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"\b(?:(?:all|none|any)\s+of\s+)?(?:those|these|them)\b|\bnone\s+of\s+(?:those|these|them)\b"
    r"|这些|那些|都不",
    re.IGNORECASE,
)
_THAT = re.compile(
    rf"\b(?:that|this|the\s+same)\s+{_NOUN}\b"
    r"|\b(?:not|like|loved?|hate|seen|about|is|does|for|than|read|watched|played|has|have|got|owns?|can|could|will|would)\s+(?:that|this|it)\b"
    r"|\b(?:on|of|with|about)\s+(?:that|this)(?=\s*(?:[.,;?!]|$))"
    r"|\b(?:it|its)\b|那个|这个|那部|这部|那本|这本|它",
    re.IGNORECASE,
)
_DISLIKE = re.compile(
    r"\b(?:not(?!\s+(?:heard|sure|seen|read|played|tried|familiar|only|just)\b)|no|don'?t\s+(?:want|like|care)|didn'?t\s+(?:like|enjoy|care)|doesn'?t|hated?|dislike[ds]?|boring|bored|awful"
    r"|terrible|worse|worst|can'?t\s+stand|never\s+liked|overrated|avoid|nothing\s+like|unlike|instead\s+of"
    r"|rather\s+than|none|(?:can'?t|cannot|could(?:n'?t|\s+not))\s+(?:get\s+(?:into|on\s+with|along\s+with)|stand|finish)|did\s+nothing\s+for\s+me"
    r"|left\s+me\s+cold|gave\s+up\s+on|dropped|(?:sick|tired|bored)\s+of|fed\s+up\s+with)\b"
    r"|不喜欢|不要|讨厌|不想|不是|(?<![特区分个])别",
    re.IGNORECASE,
)
_PANNED = re.compile(
    r"\b(?:was|is|sucks|disappoint\w*)\b.{0,20}\b(?:boring|bad|awful|terrible|overrated)\b|\bbored\s+me\b"
    r"|\b(?:is|was)(?:n'?t|\s+not)\s+(?:(?:really|quite)\s+)?(?:for\s+me|my\s+(?:thing|cup)|what\s+i)\b"
    r"|\bwas\s+a\s+mistake\b|\bnearly\s+(?:finished|killed)\s+\w+|\bput\s+(?:me|us)\s+off\b|\bdo(?:es)?\s+my\s+head\s+in\b"
    r"|\b(?:i|we)\s+(?:dropped|gave\s+up|quit|abandoned|hated)\b",
    re.IGNORECASE,
)
# "Dark Souls isn't post-apocalyptic though", "… sounds good but she says too silly", "… for a four-year-old??"
_OBJECTED = re.compile(
    r"^\W*(?:(?:is|was|are|were)|['’]s|looks?|sounds?|seems?|feels?)\s+(?:\w+\s+){0,2}?too\s+(?!bad\b|good\b)\w+"
    r"|^\W*(?:is|was|are|were|ai)(?:n['’]?t|\s+not)\s+(?!bad\b|there\b|here\b|in\s+stock|available|sold|for\s+sale|it\b|that\s+bad)"
    r"[^.?!;]*(?:$|[.!;]|\?{2})"
    r"|^[^.?!;]{0,30}?,?\s*(?:so\s+)?(?:please\s+no(?:t)?|no\s+please|no\s+thanks?|not\s+again|never\s+again)\W*(?:$|[.!?])"
    r"|^[^.?!;]{0,40}\bbut\b[^.?!;]{0,25}\btoo\s+\w+|^\s+for\s+(?:an?|my|her|him|our)\b[^.?!]{0,30}\?{2}",
    re.IGNORECASE,
)
_IS_NOT = re.compile(r"\W*(?:is|was|are|were|ai)(?:n['’]?t|\s+not)\s+(?=[^.?!]*(?:$|[.!]))", re.IGNORECASE)
_ORDINAL_ONE = re.compile(r"\bthe\s+(?:first|second|third|fourth|fifth|last)(?:\s+one)?\b", re.IGNORECASE)
_THAT_ONE = re.compile(r"(?:\b(?:that|this)\s+one|(?:^|[.!?,;])\s*(?:that|this))\b", re.IGNORECASE)
_OUT_OF_PLACE = re.compile(  # "… doing there?"
    r"\b(?:what|why)(?:['’]s|\s+is|\s+are)\s+(?:the\s+|an?\s+)?$", re.IGNORECASE
)
_THERE = re.compile(r"^\W*(?:even\s+)?(?:doing\s+)?(?:here|there|on\s+(?:the|that|this|my)\s+list)\b", re.IGNORECASE)
_RULED_OUT = re.compile(  # "it's out on Friday" is not; nor is "when it's out"
    r"(?<!when )(?<!once )(?<!if )\b(?:that|this|it)(?:\s+one)?(?:['’]s|\s+is)\s+(?:(?:ruled|sadly|definitely)\s+)*out"
    r"(?=(?:\s+(?:then|too|for\s+(?:me|us)))*\s*(?:[.,;!]|$|\b(?:but|so|and)\b))"
    r"|\brules?\s+(?:that|this|it)(?:\s+one)?\s+out\b|[那这][个部本款]就?算了",
    re.IGNORECASE,
)
_LIKES_IT_SO = re.compile(  # "we like it to be short" is about no card
    r"\b(?:likes?|loves?|prefers?|enjoys?|hates?|want|need|(?:would|['’]d)\s+(?:like|love|prefer|hate))\s+it\s+"
    r"(?:to|when|if|short|long|light|simple|easy|quiet|quick|small|big|best|better|more|less|rather)\b",
    re.IGNORECASE,
)
_NOT_THAT = re.compile(r"\bnot\s+(?:that|this)(?:\s+one)?$", re.IGNORECASE)
_LOATHED = re.compile(  # what "it" is refused with
    r"\b(?:don'?t|didn'?t|doesn'?t)\s+(?:want|like|care|enjoy|love)|\b(?:hated?|dislike[ds]?|boring|awful|terrible|worst|can'?t\s+stand"
    r"|not\s+(?:for|my|it|into|watch|read|play|again|convinced|keen))\b|\bno\W*$",
    re.IGNORECASE,
)
_SEEN = re.compile(
    r"\b(?:seen|watched|(?:i|we)(?:'ve|\s+have)\s+done|already\s+(?:read|played|heard|own|know|have|saw|done|finished|taken|completed|listened)"
    r"|(?:have|has|['’]ve|['’]s|(?<!should )(?<!can )(?<!could )i)\s+(?:read|played|finished)"
    r"|(?:has|have|owns?|got)\s+(?:it|that|this|them|those)(?=\s+(?:one\s+)?already|\W*$|\s+(?:ugh|too|on)\b)|i\s+(?:own|know)|the\s+(?:usual|obvious)|other\s+than|besides|apart\s+from|except)\b"
    r"|看过|读过|玩过|听过|学过|看了|除了",
    re.IGNORECASE,
)
LIKE = re.compile(
    r"\b(?:loved?|likes?|liked|enjoy(?:ed)?|adored?|favou?rites?|(?:great|amazing|brilliant|good)(?!\s+(?:about\b|(?:for|with|in|on)\b[^.!;]*\?))|perfect|fan|similar|same"
    r"|clos(?:er|est)|nearest|directions?\s+of|lines\s+of|vein\s+of|blew\s+me\s+away)\b"
    r"|喜欢|爱|类似|像|好看|不错|挺好|接近|相近",
    re.IGNORECASE,
)
WOULD_LIKE = re.compile(  # to have
    r"\b(?:i|we)(?:['’]?d|\s+would)\s+(?:(?:really|also|quite)\s+)?(?:like|love)\b", re.IGNORECASE
)
_LET_GO = re.compile(
    r"(?<!never )(?<!not )(?<!n't )\b(?:forget(?:\s+about)?|never\s*mind|scrap|ditch)\s+(?:the\s+)?$", re.IGNORECASE
)
_SUPPOSED = re.compile(r"\b(?:if|in\s+case|unless)\b|如果|万一", re.IGNORECASE)  # "what if she has it already?"
_KNOWS_THEM = re.compile(
    r"\b(?:seen|watched|read|played|heard|finished|done|know|knows|own|owns|has|have|got)\s+(?:all\s+(?:of\s+)?)?them$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.!?。！？\n]")
_CLAUSE = re.compile(rf"[.!?;。！？；\n]|,|，|\bbut\b|\bhowever\b|{AND_THEN}|但是?|不过", re.IGNORECASE)
IF_ANY = re.compile(  # "if you have them" points at nothing on screen
    r"\bif\s+(?:you\s+(?:do\s+)?(?:have|sell|stock|carry|'?ve\s+got|got)|there\s+(?:are|is))\s+(?:them|any|some|it|one|those|that)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Opinion:
    """Items a message takes a stand on, by catalogue position or as places in the last row of cards.

    `that` marks a place which "it" or "this one" gave: the item last spoken of, on screen or on the shop's page.
    """

    attitude: Attitude
    positions: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    surface: str = ""
    that: bool = False


def _clause(text: str, start: int) -> str:
    """Return the part of the sentence before a place, back to the last break."""
    return _CLAUSE.split(text[:start])[-1]


def objected(text: str, start: int, end: int) -> bool:
    """Whether a message objects to what it names at a place, or lets go of it: "forget The Witcher"."""
    before, after = text[:start], text[end:]
    out_of_place = _OUT_OF_PLACE.search(before) is not None and _THERE.match(after) is not None
    return out_of_place or _OBJECTED.match(after) is not None or _LET_GO.search(before) is not None


def lacking_in(text: str, mentions: Sequence[Mention]) -> list[tuple[int, int]]:
    """Return where a message says that a work "isn't" what was asked for: who says so wants it to be."""
    named = [(mention.start, mention.end) for mention in mentions]
    named += [match.span() for match in (*_ORDINAL_ONE.finditer(text), *_THAT_ONE.finditer(text))]
    found = (_IS_NOT.match(text, end) for start, end in named if objected(text, start, end))
    return [match.span() for match in found if match is not None]


_NO_ALONE = re.compile(
    r"\W*(?:(?:no+|nope|nah|not)\W+)+(?:(?:the|i\s+(?:just\s+)?(?:asked|said|meant))\W+)*", re.IGNORECASE
)
_I_ASKED = re.compile(r"\bi\s+(?:just\s+|only\s+)?(?:asked|said|meant)\b", re.IGNORECASE)
_WHAT_IF = re.compile(r"\b(?:if|in\s+case)\s+\w+\s+(?:really\s+)?(?:do|does|did)(?:n['’]?t|\s+not)\b", re.IGNORECASE)


_NO_BEHIND = re.compile(  # "Star Trek, haha, no."
    r"[\s,.:;…–—-]{1,6}(?:(?:haha\w*|lol|uh+|um+|hm+|god|oh)\W{1,3})?(?:no|nope|nah)(?=\s*(?:$|[.!,]))", re.IGNORECASE
)


def _attitude(text: str, start: int, end: int, default: Attitude) -> Attitude:
    before = WOULD_LIKE.sub(" ", _clause(text, start))
    after = _CLAUSE.split(text[end:])[0]
    if re.search(r"\bnot\s+only\b", before, re.IGNORECASE):
        return "like"
    if _WHAT_IF.search(before) or (_NO_ALONE.fullmatch(before) and _I_ASKED.search(text)):
        return default  # "if she doesn't like it?" refuses nothing yet, nor does "no, The Door, I asked"
    if _IS_NOT.match(text, end) and objected(text, start, end):
        return "dislike"  # "that one isn't funny"
    if _DISLIKE.search(before) or _PANNED.search(after) or _NO_BEHIND.match(text, end):
        return "dislike"
    if LIKE.search(before) or LIKE.search(after):
        return "like"
    if _SEEN.search(before) or re.search(r"\balready\b|看过|读过|玩过|听过|学过", after):
        return default if _SUPPOSED.search(before) else "seen"
    return default


def stands(text: str, mentions: Sequence[Mention], shown: int = 1) -> list[Opinion]:
    """Read the stand a message takes on each title it names, with so many cards on screen."""
    found: list[Opinion] = []
    text = blank(text, [(m.start, m.end) for m in mentions])  # "One Cut of the Dead" is called 摄影机不要停
    for at, mention in enumerate(mentions):
        attitude = _attitude(text, mention.start, mention.end, "neutral")
        alone = not shown and not words(text)  # "King Kong??", at the beginning, only asks
        wondered = not alone and wondered_at(text, mention.start, mention.end)
        if wondered or objected(text, mention.start, mention.end):
            attitude = "dislike"
        if at and attitude == "neutral" and not re.search(r"[.!?;]", text[mentions[at - 1].end : mention.start]):
            between = text[mentions[at - 1].end : mention.start].strip().casefold()
            if between in {",", "/", "and", "or", "&", ", and", ", or", "、", "和", "，"}:
                attitude = "neutral" if mention.surface.isupper() else found[-1].attitude  # "not Alien, SOLARIS"
        found.append(Opinion(attitude, mention.positions, surface=mention.surface))
    return found


def asks_about(text: str, surface: str) -> bool:
    """Whether the sentence in which a message names a work is a question: not "not Emma. Are those long?"."""
    end = text.find(surface) + len(surface)
    return re.match(r"[^.!?;。！？；\n]*[?？]", text[end:]) is not None


def pointed_at(text: str, shown: int) -> list[tuple[int, int]]:
    """Return where a message points at cards by their places: in "not the second film" no films are refused."""
    found = (match.span() for match in (*_FIRST_FEW.finditer(text), *_ORDINAL.finditer(text)))
    return [span for span in found if shown or _DISLIKE.search(_clause(text, span[0]))]


def references(text: str, spans: Sequence[tuple[int, int]], shown: int, spoken_of: bool) -> list[Opinion]:
    """Read "not that one", "the second and the third", "I've seen those" against the cards shown last."""
    found: list[Opinion] = []
    free = blank(text, spans)  # "Small Things Like These" is one, and "The Second Sex"
    few = _FIRST_FEW.search(free)
    if few is not None and shown:
        count = _ORDINALS[next(g for g in few.groups() if g).casefold()] + 1
        return [Opinion(_attitude(text, few.start(), few.end(), "neutral"), places=tuple(range(min(count, shown))))]
    for match in _ORDINAL.finditer(free):
        word = next(g for g in match.groups() if g).casefold()
        place = _ORDINALS[word if word in _ORDINALS else word.rstrip("stndrh")]  # "2nd", and "2th" as well
        place = shown - 1 if place < 0 else place
        if 0 <= place < shown:  # "the last one" points at nothing where nothing is shown
            found.append(Opinion(_attitude(text, match.start(), match.end(), "neutral"), places=(place,)))
    if found:
        return found
    every = next((match for match in _ALL.finditer(free) if not _told_before(text, match, spans)), None)
    if every is not None and shown:
        attitude = _attitude(text, every.start(), every.end(), "neutral")
        attitude = "dislike" if every.group().casefold().startswith("none") or every.group() == "都不" else attitude
        return [Opinion(attitude, places=tuple(range(shown)))]
    return _of_it(text, spans, spoken_of)


def _told_before(text: str, every: re.Match[str], spans: Sequence[tuple[int, int]]) -> bool:
    """Whether "them" are what the same sentence names before: "not Harry Potter, she's read them all"."""
    known = _KNOWS_THEM.search(text[: every.end()]) is not None
    return known and any(end <= every.start() and not _SENTENCE.search(text[end : every.start()]) for _, end in spans)


def _of_it(text: str, spans: Sequence[tuple[int, int]], spoken_of: bool) -> list[Opinion]:
    """Read the stand that a message takes on what it calls "that one" or "it"."""
    if _RULED_OUT.search(text):
        return [Opinion("dislike", places=(0,), that=True)]
    that = _THAT.search(_LIKES_IT_SO.sub(lambda match: " " * len(match.group()), text))
    if that is not None and any(end <= that.start() for _, end in spans) and _NOT_THAT.search(text[: that.end()]):
        return []  # "we have seen Paddington, so not that one" is about no card
    if that is not None and not any(s <= that.start() < e for s, e in spans):
        inside = that.group().casefold()
        noun = re.search(rf"(that|this)\s+{_NOUN}|\b(that|this|it)$|个|部|本|它", inside)
        start = that.start() + (noun.start() if noun else 0)
        attitude = _attitude(text, start, that.end(), "neutral")
        if inside == "it" and attitude == "dislike" and (spans or not _LOATHED.search(text)):
            attitude = "neutral"  # "he might not have a way of watching it"
        return [Opinion(attitude, places=(0,), that=True)]
    if spoken_of and not spans and SIMILAR.search(text):
        return [Opinion("like", places=(0,), that=True)]
    return []
