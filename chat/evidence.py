"""Evidence: what speaks for a route beside the words of a message, as log odds.

The catalogue's reading, the message's purpose, the conversation so far, and how likely the shop's pages answer it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from chat.clauses import asks, wonders
from chat.contents import CONTENTS
from chat.explaining import COMMON, REASON
from chat.fitting import FITS
from chat.other_words import seen_elsewhere, without_price
from chat.questions import COLUMNS
from chat.routing import ROUTES, SHOP, Route, Routed
from chat.typed import telling_words
from chat.understanding import Understanding

_LASTING: Mapping[str, Route] = {"order": "order", "policy": "policy"}  # what the next message may well be about too
_ORDER_NUMBER = re.compile(
    r"\b[A-Z]{1,4}-?\d{3,}\b|#\s?\d{3,}|\border\s+(?:no\.?|number|nr\.?)?\s*#?\d{3,}", re.IGNORECASE
)
POINTS = re.compile(
    r"\b(?:it|its|it's|that|they|them|those|the\s+(?:other|rest)|again|(?:signed|logged)\s+in)\b|它|那个|另|登录",
    re.IGNORECASE,
)
_SHOP_DOES = re.compile(  # what a shop is asked to do, rather than to have
    r"\b(?:do|can|could|would|will)\s+(?:you|they)\s+(?:guys\s+)?(?:also\s+)?(?:buy|take|accept|repair|fix|mend|rent(?:\s+out)?|hire\s+out|lend"
    r"|match|install|recycle|trade|swap|service|tune|assemble|engrave|alter|sharpen)\b(?!\s+(?:me|it\s+for)\b)",
    re.IGNORECASE,
)
_IN_WHAT_ORDER = re.compile(r"\b(?:what|which)\s+order\s+(?:do|should|shall|would|must|to)\b", re.IGNORECASE)
_ORDERS_YET = re.compile(  # so that no order is there yet
    r"\b(?:if|when|before|once)\s+(?:i|we)\s+order\b|\b(?:have|has)(?:n['’]?t|\s+not)\s+(?:even\s+)?ordered\b",
    re.IGNORECASE,
)
_SELLS = re.compile(
    r"\b(?:i|we)(?:['’]d|\s+(?:want|would|wanna|have|need|wish|could|can))\b[^.?!]{0,15}\bsell\b", re.IGNORECASE
)
_NEEDS_IT = re.compile(r"\b(?:need(?:ed)?|want(?:ed)?|waiting\s+for)\s+(?:it|them)\b(?!\s+to\b)", re.IGNORECASE)
FOR_A_PERSON = re.compile(
    r"\b(?:talk|speak|chat)\s+(?:to|with)\s+(?:an?|the|some|any|some\s+of\s+your|your)?\s*(?:real\s+|actual\s+|live\s+)?"
    r"(?:human|person|people|agent|someone|somebody|staff|manager|representative)\b"
    r"|\b(?:get|give|find|fetch|connect|put)\s+(?:me|us)\s+(?:(?:through|over)\s+)?(?:to\s+|with\s+)?(?:an?\s+|the\s+|your\s+)?"
    r"(?:real\s+|actual\s+|live\s+)?(?:human|person(?!\s+(?:who|that)\b)|agent|manager|representative)\b",
    re.IGNORECASE,
)
COMPLAINT = re.compile(
    r"\bcomplain|\b(useless|worst|terrible|awful|disgrace|unacceptable|ridiculous|angry|furious|disappointed|scam|fraud"
    r"|thie(?:f|ves)|rude|never\s+again|fed\s+up|thanks\s+for\s+nothing|nobody|no\s+one)\b|投诉|太差|生气|失望|骗|没人|态度",
    re.IGNORECASE,
)
_GIFT = re.compile(
    r"\b(?:gift|present)s?\s+(?:ideas?\b|for\s+(?:an?|my|his|her|our|the)\b)"
    r"|\b(?:give|buy|get)\s+(?:my|our|his|her)\s+\w+\s+(?:something\b|an?\s+(?!gift|voucher|card|refund|call)\w)",
    re.IGNORECASE,
)
_WHICH_HAVE = re.compile(r"\b(?:which|what)\s+(?:[\w-]+\s+){1,4}do\s+you\s+(?:have|sell|stock|carry)\b", re.IGNORECASE)
_ADVICE = re.compile(
    r"\bwhat\s+(?:do|should|can|shall|could|would)\s+(?:i|we|you)\s+(?:watch|read|play|listen|hear|put\s+on|recommend|suggest)\b"
    r"|\b(?:have|got)\s+(?:you\s+)?(?:got\s+)?any(?:thing)?\b|\banything\s+(?:by|like|from|similar|else)\b"
    r"|\b(?:what|where)(?:'s|\s+is|\s+to)?\s+next\b|\bmore\s+like\s+(?:it|this|that|those|them)\b"
    r"|\b(?:sick|tired|bored)\s+of\s+(?!waiting|this\s+shop|you\b|your\b|being\b|the\s+delays?)",
    re.IGNORECASE,
)
_NEEDED = re.compile(  # for what has been told
    r"\bwh(?:at|ich(?:\s+\w+)?)\s+(?:do|would|should|will)\s+(?:i|we)\s+(?:need\b(?!\s+to\b)"
    r"|(?:use|wear|try)\b(?!\s+to\s+(?:pay|order|log|sign|return)\b))",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(r"^\W*(?:and|what\s+about|how\s+about)\b|^那|呢\W*$", re.IGNORECASE)
GENERAL = COLUMNS | {"other", "pick", "moods", CONTENTS, FITS}  # questions that no column of the shop's own answers
_MOST_ODDS = 5.0  # log odds below which no page answers
_TASTE_ODDS = 0.85  # against a page: it says something that the catalogue knows,
_OTHER_ODDS = 0.8  # it is plainly a wish, or sounds like talk or like nothing of the shop's
_STRANGE_ODDS = 5.0  # against "none of our business", where the words are the catalogue's own
_OURS_ODDS = 12.0  # for a wish, where things of a kind are asked for and nothing else, whatever that sounds like
SURPRISE = 0.1  # the share that a route keeps whatever the words look like, where a purpose is known: most are new
_LEAST = 0.01  # the share that any purpose is given
_LIKELY = 0.5  # and one from which a message is rather meant for it than for anything else
_PLAINLY = 0.9  # from which a message plainly asks for a recommendation, whatever the pages say
SHORT = 8  # words of a message that is read in the light of the one before


def evidence(text: str, understood: Understanding, before: str) -> Mapping[Route, float]:
    """Return what speaks for a route beside the words, as log odds: the rules, and what the message is meant for."""
    found = dict(by_rules(text, understood, before))
    for route, odds in _by_purpose(understood):
        found[route] = found.get(route, 0.0) + odds
    return found


def by_rules(text: str, understood: Understanding, before: str) -> Mapping[Route, float]:
    """Return what the rules say for a route, as log odds."""
    found: dict[Route, float] = {}
    for route, odds in (*_by_act(understood, before), *_by_taste(understood), *_by_words(text, understood)):
        found[route] = found.get(route, 0.0) + odds
    if FOR_A_PERSON.search(text):
        found["human"] = found.get("human", 0.0) + 4.0
    if _GIFT.search(text) or _asks_which(text, understood):
        found["recommend"] = found.get("recommend", 0.0) + 4.0
    if _ADVICE.search(text):
        found["recommend"] = found.get("recommend", 0.0) + 2.5
    if _NEEDED.search(text) and understood.act == "recommend":
        found["recommend"] = found.get("recommend", 0.0) + _STRANGE_ODDS
        found["out_of_scope"] = found.get("out_of_scope", 0.0) - _STRANGE_ODDS
    if _ORDERS_YET.search(text):
        found["policy"] = found.get("policy", 0.0) + 4.0
        found["order"] = found.get("order", 0.0) - _STRANGE_ODDS
    if _ORDER_NUMBER.search(text):
        found["order"] = found.get("order", 0.0) + (1.5 if _names(understood) else 3.0)  # "U-571" is a film
    last = _LASTING.get(before)
    if last == "order" and _NEEDS_IT.search(text) and not _names(understood):
        # What is on its way: nothing else is wished for.
        found["order"] = found.get("order", 0.0) + _STRANGE_ODDS
        found["recommend"] = found.get("recommend", 0.0) - _STRANGE_ODDS
    if last is not None and len(text.split()) <= SHORT and not _names(understood):
        points = _FOLLOWS.search(text) is not None or (last == "order" and POINTS.search(text) is not None)
        found[last] = found.get(last, 0.0) + (2.0 if points else 0.7)
    return found


def cues_of(
    text: str, understood: Understanding, before: str, looks: Routed, goods: float, pages: float
) -> dict[str, float]:
    """Return the cues for where a message to a shop of goods goes; `chat.decisions` weighs them.

    Args:
        text: the message.
        understood: what it says.
        before: the route of the message before.
        looks: where its words alone would send it.
        goods: what speaks for it that goods are spoken of, in log odds.
        pages: what speaks for it that the shop's pages answer it, likewise.
    """
    rules, shares = by_rules(text, understood, before), understood.purposes
    cues = {f"looks: {route}": math.log(max(looks.scores.get(route, 0.0), SURPRISE)) for route in ROUTES}
    cues |= {f"meant for: {purpose}": math.log(max(share, _LEAST)) for purpose, share in shares.items()}
    cues |= {f"rules: {route}": min(max(odds, -_MOST_ODDS), _MOST_ODDS) for route, odds in rules.items()}
    holds = {
        "names": _names(understood),
        "points": any(opinion.places or opinion.that for opinion in understood.opinions),
        "of those shown": understood.of_shown,
        "asks": asks(text),
        "limits": bool(understood.parsed.spans),
        f"act: {understood.act}": True,
        f"after: {before or 'nothing'}": True,
    }
    cues |= {name: 1.0 for name, true in holds.items() if true}
    return cues | {"1": 1.0, "goods": goods, "pages": pages, "words": math.log1p(len(text.split()))}


def may_be_paged(text: str, route: Route, understood: Understanding, before: str) -> bool:
    """Whether the shop's pages are asked about a text that is not routed to them.

    Not about what points at items or goes on about those shown, unless it asks something else; nor where one is taken,
    a person is wanted, somebody complains, or merely talks.
    """
    u, shares, asked = understood, understood.purposes, wonders(text)
    complains = COMPLAINT.search(text) or FOR_A_PERSON.search(text) or shares.get("human", 1.0) > _LIKELY
    talks = (route == "human" and complains) or (route == "small_talk" and not asked)
    if u.merely or route in ("policy", "order") or talks or shares.get("buy", 0.0) > _LIKELY or _GIFT.search(text):
        return False
    wished = shares.get("recommend", 0.0 if asked else 1.0) > _PLAINLY
    if _asks_which(text, u) or (wished and not asked and shares):
        return False
    points = bool(u.opinions) or u.of_shown or u.of_these or u.compares or u.same_maker or u.extreme is not None
    goes_on = before in SHOP and (u.refining or u.act == "more")
    compared = before in SHOP and bool(u.parsed.relative)  # "older then?"
    of_items = route == "item" or u.act == "question" or wished or not asked or _names(u)
    if route in SHOP and (compared or (of_items and (points or goes_on))):
        return False
    limited = {c.field for c in u.parsed.constraints if c.op == "is"}
    of_goods = "kind" in limited and len(u.parsed.constraints) > 1  # "I've got a tent and need lamps for it"
    sought = u.offered or (not asked and shares.get("recommend", 0.0) > _LIKELY)
    of_column = u.act == "question" and u.questions and GENERAL.isdisjoint(u.questions)  # "and how much fits in?"
    if of_column and before in SHOP and shares.get("item", 0.0) > _PLAINLY:
        return False
    return not ((wished and u.parsed.spans) or (of_goods and sought))


def paged(routed: Routed, odds: float) -> Routed:
    """Return a routing in the light of how likely a page answers, in log odds: then its question is a policy one."""
    chance = 1 / (1 + math.exp(min(-odds, _MOST_ODDS)))
    if chance < 0.5:
        return routed
    scores = {route: share * (1 - chance) for route, share in routed.scores.items()}
    scores["policy"] = scores.get("policy", 0.0) + chance
    return Routed("policy", scores["policy"], scores)


def weighed(routed: Routed, odds: Mapping[Route, float], least: float = 0.0) -> Routed:
    """Return a routing with further evidence, as log odds for its routes, each of which has at least such a share."""
    if not odds:
        return routed
    powers = {route: max(share, least) * math.exp(odds.get(route, 0.0)) for route, share in routed.scores.items()}
    total = sum(powers.values())
    scores = {route: power / total for route, power in powers.items()}
    first = max(scores, key=lambda route: scores[route])
    return Routed(first, scores[first], scores)


def against(route: Route, understood: Understanding) -> float:
    """Return what speaks against a page that seems to answer, in log odds."""
    other = route in ("human", "small_talk", "out_of_scope") or understood.purposes.get("recommend", 0.0) > _PLAINLY
    return (_TASTE_ODDS if understood.parsed.spans else 0.0) + (_OTHER_ODDS if other else 0.0)


def _asks_which(text: str, understood: Understanding) -> bool:
    """Whether a question is which of a kind of ours there are: "which left-handed guitars do you have?"."""
    of_kind = any((c.field, c.op) == ("kind", "is") for c in understood.parsed.constraints)
    return of_kind and _WHICH_HAVE.search(text) is not None


def _by_act(understood: Understanding, before: str) -> Iterator[tuple[Route, float]]:
    named = _names(understood)
    match understood.act:
        case "question":
            yield "item", _asked_of_item(understood, before)
        case "availability":
            yield "recommend", 1.5 if named or understood.asked_title != understood.asked_title.casefold() else 0.5
        case "unclear":
            yield "recommend", -1.0
        case _ if understood.extreme is not None:
            yield "item", 1.5
        case _ if named:
            yield "recommend", 3.0 if understood.bare_title else 1.5
    if understood.act == "more" or understood.refining:
        yield "recommend", 0.5
    if understood.act == "more" and before == "recommend" and not telling_words(understood.gist):
        yield "recommend", _STRANGE_ODDS  # "nah", to what is shown
        yield "small_talk", -_STRANGE_ODDS
    if understood.same_maker:
        yield "recommend", 5.0  # whatever "by the same person" sounds like
    if understood.offered:
        yield "recommend", 4.0


def _asked_of_item(understood: Understanding, before: str) -> float:
    """Return what a question says for one about an item, as log odds."""
    if understood.questions == (CONTENTS,) and before != "order":
        return _STRANGE_ODDS  # "what's in it?" is asked of no parcel
    if understood.questions == (COMMON,) or (understood.questions == (REASON,) and before in SHOP):
        return _STRANGE_ODDS  # "so why did you pick it?"
    if understood.questions == ("other",):
        return 0.5
    return 2.0 if _names(understood) or understood.extreme or understood.compares else 1.0


def _by_taste(understood: Understanding) -> Iterator[tuple[Route, float]]:
    parsed = understood.parsed
    if any(opinion.places and not opinion.that and opinion.attitude != "neutral" for opinion in understood.opinions):
        yield "recommend", 2.0  # "the second one comes closest"
    if any(opinion.that and opinion.attitude == "dislike" for opinion in understood.opinions):
        yield "recommend", 2.0  # "no, not that"
    if any(c.field != "kind" for c in parsed.constraints) or parsed.relative or understood.dropped or parsed.taken_back:
        yield "recommend", 2.0
    elif parsed.constraints or parsed.wishes:  # "a film" may as well be sent back
        yield "recommend", 1.0
    if understood.merely:
        yield "recommend", _OURS_ODDS
    if parsed.spans or _names(understood):
        yield "small_talk", -1.5
        yield "out_of_scope", -1.0


def _by_words(text: str, understood: Understanding) -> Iterator[tuple[Route, float]]:
    """Yield what speaks against a reader who has never heard of tents or cheeses."""
    if _IN_WHAT_ORDER.search(text):  # one reads them in, and none that one has placed
        yield "order", -_STRANGE_ODDS
        yield "item", _STRANGE_ODDS
    of_price = seen_elsewhere(text) or without_price(text)
    if _SHOP_DOES.search(text) or _SELLS.search(text) or of_price:
        yield "policy", 4.0
        yield "recommend", -4.0
    if of_price:
        yield "item", -4.0
    asked = understood.act == "availability" and understood.asked_title
    plainly = bool(understood.opinions or understood.of_shown) and understood.purposes.get("item", 0.0) > _PLAINLY
    if (
        plainly
        or understood.offered
        or understood.ours
        or asked
        or (understood.act == "question" and _names(understood))
    ):
        yield "out_of_scope", -_STRANGE_ODDS  # whatever a shop is asked to have


def _by_purpose(understood: Understanding) -> Iterator[tuple[Route, float]]:
    """Yield what the message as a whole is meant for, beside what its words look like; who buys speaks of an item."""
    shares = understood.purposes
    for route in ROUTES if shares else ():
        share = shares[route] + (shares["buy"] if route == "recommend" else 0.0)
        yield route, math.log(max(share, _LEAST))


def _names(understood: Understanding) -> bool:
    return any(opinion.surface for opinion in understood.opinions)
