"""Pieces: the wishes that one message carries, and which of them the catalogue answers and which the desk.

"Can I return it, and what should I get instead?" asks two things. A message is cut where a new request or wish begins;
each part is routed, by the classifier, by what the catalogue makes of it, and by whether the shop's pages answer it;
parts that say nothing of their own ("Hi!", "It came yesterday.") go with the request beside them. A message whose parts
all go the same way stays whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chat.contents import CONTENTS
from chat.other_words import seen_elsewhere, without_price
from chat.routing import ROUTES, Route, Routed, Routing
from chat.typed import telling_words
from chat.understanding import Understanding

SHOP: frozenset[Route] = frozenset(("recommend", "item", "small_talk"))  # what the dialogue answers without the desk

_LASTING: Mapping[str, Route] = {"order": "order", "policy": "policy"}  # what the next message may well be about too
_MOST = 8  # parts of one message
_REQUEST = (
    r"(?:(?:please\s+\w|can|could|may|do|does|did|is|are|was|were|will|would|should|what|what's|which|where|where's|when|how"
    r"|who|why|nobody|no\s+one|show|tell|recommend|suggest|find|give|track|cancel|i'd|i\s+(?:want|need|would|also|have|am|can't))\b"
    r"|请|能不能|能|可以|可不可以|怎么|有没有|推荐|我想|我要|另外|顺便|再|那|帮我|什么时候|为什么|多少)"
)
_WISH = (  # what asks without a verb of asking
    r"(?:(?:(?:buy|get|watch|read|play|hear)\s+)?(?:something|anything|another)\b|(?:maybe|perhaps|ideally|preferably)\b"
    r"|来[一点个部本张])"
)
_BEGINS = rf"(?:{_REQUEST}|{_WISH})"
_BREAK = re.compile(
    rf"(?<=[.!?;])\s+|(?<=[。！？；\n])\s*|,?\s+(?:and|but|also|plus|then)\s+(?:also\s+)?(?={_BEGINS})"
    rf"|[,，]\s*(?:and|but|also|then|然后|还有)?\s*(?={_BEGINS})",
    re.IGNORECASE,
)
_ASKS = re.compile(
    rf"[?？]|(?:^\W*|\s[-–—:]+\s+)(?:and|but|so|also|then|hi|hello)?\W*{_REQUEST}|吗|呢|什么|哪|怎么", re.IGNORECASE
)
_QUESTION = re.compile(  # what the shop's pages may answer, rather than a wish
    r"[?？]|^\W*(?:and|but|so|also|then|hi|hello|please)?\W*(?:can|could|may|do|does|did|is|are|will|would|should|what|what's"
    r"|which|how|when|where|where's|who|why)\b|吗|呢|什么|怎么|哪|多久|多少|能不能|可不可以",
    re.IGNORECASE,
)
_ORDER_NUMBER = re.compile(
    r"\b[A-Z]{1,4}-?\d{3,}\b|#\s?\d{3,}|\border\s+(?:no\.?|number|nr\.?)?\s*#?\d{3,}", re.IGNORECASE
)
_POINTS = re.compile(
    r"\b(?:it|its|it's|that|they|them|those|the\s+(?:other|rest)|again|(?:signed|logged)\s+in)\b|它|那个|另|登录",
    re.IGNORECASE,
)
_SHOP_DOES = re.compile(  # what a shop is asked to do, rather than to have
    r"\b(?:do|can|could|would|will)\s+(?:you|they)\s+(?:guys\s+)?(?:also\s+)?(?:buy|take|accept|repair|fix|mend|rent(?:\s+out)?|hire\s+out|lend"
    r"|match|install|recycle|trade|swap|service|tune|assemble|engrave|alter|sharpen)\b(?!\s+(?:me|it\s+for)\b)",
    re.IGNORECASE,
)
_NEEDS_IT = re.compile(r"\b(?:need(?:ed)?|want(?:ed)?|waiting\s+for)\s+(?:it|them)\b(?!\s+to\b)", re.IGNORECASE)
_FOR_A_PERSON = re.compile(
    r"\b(?:talk|speak|chat)\s+(?:to|with)\s+(?:an?|the|some|any|some\s+of\s+your|your)?\s*(?:real\s+|actual\s+|live\s+)?"
    r"(?:human|person|people|agent|someone|somebody|staff|manager|representative)\b",
    re.IGNORECASE,
)
ABOUT_SHOP = re.compile(  # what is said of a shop rather than of works
    r"\b(?:orders?|ordered|parcel|package|deliver\w*|arriv\w+|refund\w*|return\w*|service|support|staff|shop|store|site|website|assistant|bot|robot"
    r"|you|your|charged?|paid|pay|money|waiting|waited|person|human|someone|somebody|manager|complain\w*|account|download\w*|broken|damaged|scratched"
    r"|email|e-mail|phone|call|speak|talk)\b|[\u3400-\u9fff]",
    re.IGNORECASE,
)
_GIFT = re.compile(r"\b(?:gift|present)s?\s+(?:ideas?\b|for\s+(?:an?|my|his|her|our|the)\b)", re.IGNORECASE)
_TELLS = re.compile(r"^\W*i\s+(?:have|am|had|was)\b[^?？]*$", re.IGNORECASE)  # "I have been asked to host my book club"
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
BUYS = re.compile(
    r"\b(?:add|put)\b.{0,40}\b(?:basket|cart|bag)\b|\bcheck\s*out\b"
    r"|\bi(?:'?ll|\s+will)\s+(?:take|buy|order|have)\s+(?:it|this|that|the|both)\b"
    r"|\blet['’]?s\s+(?:go\s+(?:with|for)|take)\s+(?:it|this|that|the|those|both)\b"
    r"|\bput\s+(?:me|us)\s+down\s+for\b|\bi(?:'?ll|\s+will)\s+go\s+(?:with|for)\s+(?:it|this|that|the|those|both|(?-i:[A-Z]\w+))\b"
    r"|\bi\s+(?:take|buy|order)\s+(?:it|this|that|the)\b|\bget\s+(?:me|us)\s+(?:it|this|that|the)\b"
    r"|加入?购物车|我(?:要|就)买(?:这|它)|下单吧",
    re.IGNORECASE,
)
_AGREES = re.compile(  # to what has been shown
    r"\b(?:go\s+(?:on|ahead|for)|done|deal|sold|gimme|hand\s+it|buy(?:ing)?|order(?:ing)?|add(?:ing)?|tak(?:e|ing)|it\s+is)\b",
    re.IGNORECASE,
)
_WAITS = re.compile(r"\b(?:wait|think\s+(?:about|it|on)|leave\s+it|come\s+back|let\s+you\s+know)\b", re.IGNORECASE)
_PART_SURE = 0.6  # a part stands alone only if its route is this sure
_SAID_SURE = 0.8  # and what asks for nothing ("this is a disgrace") this
_MOST_ODDS = 5.0  # log odds below which no page answers
_TASTE_ODDS = 0.85  # against a page: it says something that the catalogue knows,
_OTHER_ODDS = 0.8  # it is plainly a wish, or sounds like talk or like nothing of the shop's
_STRANGE_ODDS = 5.0  # against "none of our business", where the words are the catalogue's own
_LEAST = 0.01  # the share that any purpose is given
_PLAINLY = 0.9  # from which a message plainly asks for a recommendation, whatever the pages say
_TAKES = 0.6  # from which it takes an item
SHORT = 8  # words of a message that is read in the light of the one before


@dataclass(frozen=True, slots=True)
class Piece:
    """One wish of a message: its words, where they go, and what the catalogue makes of them."""

    text: str
    routed: Routed
    understood: Understanding

    @property
    def route(self) -> Route:
        """Return where it goes."""
        return self.routed.route

    @property
    def positions(self) -> list[int]:
        """Return the catalogue's positions of the items that it names."""
        return [at for opinion in self.understood.opinions for at in opinion.positions]


@dataclass(frozen=True, slots=True)
class Reader:
    """Cuts a message into its wishes, each routed.

    Attributes:
        router: routes a text by its words.
        understand: reads a text against the catalogue.
        known: how far the shop's pages answer a question, in log odds above what an answer needs; −inf if they do not.
        before: the route of the message before.
    """

    router: Routing
    understand: Callable[[str], Understanding]
    known: Callable[[str], float]
    before: str = ""

    def read(self, text: str) -> list[Piece]:
        """Return the wishes of a message, in its order."""
        parts = clauses(text)
        if len(parts) < 2:
            return [self.piece(text)]
        whole = self.understand(text)
        if whole.act == "question" and whole.same_maker:
            return [self.piece(text)]  # "who wrote it, and what else have they done?"
        pieces = [self.piece(part) for part in parts]
        groups = _grouped(pieces, [_stands_alone(piece) for piece in pieces])
        if len(groups) == 1:
            return self._whole(text, parts)
        odds = self.known(text) if not any(map(_needs_own_answer, pieces)) else -math.inf
        if odds >= 0 and odds >= max(self.known(piece.text) for piece in pieces):
            # A story with its question: "I forgot the PIN I chose. Can I see it somewhere?"
            return [Piece(text, _paged(pieces[-1].routed, odds), whole)]
        return [self._joined(group) for group in groups]

    def _whole(self, text: str, parts: Sequence[str]) -> list[Piece]:
        """Return a message as one wish; beside a question what is merely polite says nothing."""
        whole, asking = self.piece(text), [part for part in parts if asks(part)]
        if whole.route == "small_talk" and 0 < len(asking) < len(parts):
            return [self.piece(" ".join(asking))]
        return [whole]

    def piece(self, text: str) -> Piece:
        """Route a text as one wish."""
        understood = self.understand(text)
        routed = weighed(self.router.route(masked(text, understood)), _evidence(text, understood, self.before))
        if _may_be_paged(text, routed.route, understood, self.before):
            routed = _paged(routed, self.known(text) - _against(routed.route, understood))
        return Piece(text, routed, understood)

    def _joined(self, group: Sequence[Piece]) -> Piece:
        """Make one piece of the parts that go one way, read as one text."""
        surest = _surest(group)
        if len(group) == 1:
            return surest
        text = " ".join(piece.text.strip(" ,") if surest.route in SHOP else _ended(piece.text) for piece in group)
        return Piece(text, surest.routed, self.understand(text))


def _may_be_paged(text: str, route: Route, understood: Understanding, before: str) -> bool:
    """Whether the shop's pages are asked about a text that is not routed to them.

    Not about what points at items or goes on about those shown, unless it asks something else; nor where one is taken.
    """
    u, shares, asked = understood, understood.purposes, _QUESTION.search(text) is not None
    if route in ("policy", "order") or shares.get("buy", 0.0) > 0.5 or _GIFT.search(text):
        return False
    wished = shares.get("recommend", 0.0 if asked else 1.0) > _PLAINLY
    points = bool(u.opinions) or u.of_shown or u.of_these or u.compares or u.same_maker or u.extreme is not None
    goes_on = before in SHOP and (u.refining or bool(u.parsed.relative) or u.act == "more")
    of_items = route == "item" or u.act == "question" or wished or not asked or _names(u)
    if route in SHOP and of_items and (points or goes_on):
        return False
    return not (wished and u.parsed.spans)


def _against(route: Route, understood: Understanding) -> float:
    """Return what speaks against a page that seems to answer, in log odds."""
    other = route in ("human", "small_talk", "out_of_scope") or understood.purposes.get("recommend", 0.0) > _PLAINLY
    return (_TASTE_ODDS if understood.parsed.spans else 0.0) + (_OTHER_ODDS if other else 0.0)


def _paged(routed: Routed, odds: float) -> Routed:
    """Return a routing in the light of how likely a page answers, in log odds: then its question is a policy one."""
    chance = 1 / (1 + math.exp(min(-odds, _MOST_ODDS)))
    if chance < 0.5:
        return routed
    scores = {route: share * (1 - chance) for route, share in routed.scores.items()}
    scores["policy"] = scores.get("policy", 0.0) + chance
    return Routed("policy", scores["policy"], routed.route, scores)


def clauses(text: str) -> list[str]:
    """Cut a message where a new request may begin."""
    return [part.strip() for part in _BREAK.split(text) if part and part.strip(" ,.!?")][:_MOST]


def _ended(text: str) -> str:
    """Return a part as a sentence of its own, so that it can be told from the others again."""
    text = text.strip(" ,")
    return text if text.endswith(tuple(".!?;。！？；")) else text + ("?" if asks(text) else ".")


def questions_of(text: str) -> list[str]:
    """Return the questions that a text asks, none if it is but one."""
    asked = [part for part in clauses(text) if asks(part) and not _TELLS.search(part)]
    return asked if len(asked) > 1 else []


def buys(piece: Piece) -> bool:
    """Whether a wish is to take an item: by what is said, or by what the message is meant for.

    "The saddest one please" and "a dessert wine then" sound as if they took something, and wish for it; who takes an
    item points at it or names it, or says nothing else: "go on then".
    """
    understood = piece.understood
    agrees = _AGREES.search(piece.text) is not None and not understood.parsed.spans
    meant = bool(understood.opinions) or agrees or not telling_words(piece.text)
    takes = (
        understood.purposes.get("buy", 0.0) > _TAKES
        and (meant and understood.act != "question")
        and not asks(piece.text)
        and not _WAITS.search(piece.text)
    )
    return takes or BUYS.search(piece.text) is not None


def asks(text: str) -> bool:
    """Whether a text asks or orders something, rather than tell it."""
    return _ASKS.search(text) is not None


def wonders(text: str) -> bool:
    """Whether a text asks a question, rather than for something: not "I'd rather have the second one"."""
    return _QUESTION.search(text) is not None


def masked(text: str, understood: Understanding) -> str:
    """Return a message with "this one" for every title: what it asks for does not depend on which it names."""
    for opinion in understood.opinions:
        if opinion.surface:
            text = text.replace(opinion.surface, "this one")
    return text


def _evidence(text: str, understood: Understanding, before: str) -> Mapping[Route, float]:
    """Return what speaks for a route beside the words, as log odds."""
    found: dict[Route, float] = {}
    for route, odds in (*_by_act(understood, before), *_by_taste(understood), *_by_words(text, understood)):
        found[route] = found.get(route, 0.0) + odds
    if _FOR_A_PERSON.search(text):
        found["human"] = found.get("human", 0.0) + 4.0
    if _GIFT.search(text):
        found["recommend"] = found.get("recommend", 0.0) + 4.0
    if _ADVICE.search(text):
        found["recommend"] = found.get("recommend", 0.0) + 2.5
    if _NEEDED.search(text) and understood.act == "recommend":
        found["recommend"] = found.get("recommend", 0.0) + _STRANGE_ODDS
        found["out_of_scope"] = found.get("out_of_scope", 0.0) - _STRANGE_ODDS
    if _ORDER_NUMBER.search(text):
        found["order"] = found.get("order", 0.0) + (1.5 if _names(understood) else 3.0)  # "U-571" is a film
    for route, odds in _by_purpose(understood):
        found[route] = found.get(route, 0.0) + odds
    last = _LASTING.get(before)
    if last == "order" and _NEEDS_IT.search(text) and not _names(understood):
        # What is on its way: nothing else is wished for.
        found["order"] = found.get("order", 0.0) + _STRANGE_ODDS
        found["recommend"] = found.get("recommend", 0.0) - _STRANGE_ODDS
    if last is not None and len(text.split()) <= SHORT and not _names(understood):
        points = _FOLLOWS.search(text) is not None or (last == "order" and _POINTS.search(text) is not None)
        found[last] = found.get(last, 0.0) + (2.0 if points else 0.7)
    return found


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
    if understood.same_maker:
        yield "recommend", 5.0  # whatever "by the same person" sounds like
    if understood.offered:
        yield "recommend", 4.0


def _asked_of_item(understood: Understanding, before: str) -> float:
    """Return what a question says for one about an item, as log odds."""
    if understood.questions == (CONTENTS,) and before != "order":
        return _STRANGE_ODDS  # "what's in it?" is asked of no parcel
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
    if parsed.spans or _names(understood):
        yield "small_talk", -1.5
        yield "out_of_scope", -1.0


def _by_words(text: str, understood: Understanding) -> Iterator[tuple[Route, float]]:
    """Yield what speaks against a reader who has never heard of tents or cheeses."""
    of_price = seen_elsewhere(text) or without_price(text)
    if _SHOP_DOES.search(text) or of_price:
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


def weighed(routed: Routed, odds: Mapping[Route, float]) -> Routed:
    """Return a routing with further evidence, as log odds for its routes."""
    if not odds:
        return routed
    powers = {route: score * math.exp(odds.get(route, 0.0)) for route, score in routed.scores.items()}
    total = sum(powers.values())
    scores = {route: power / total for route, power in powers.items()}
    first, second = sorted(scores, key=lambda route: -scores[route])[:2]
    return Routed(first, scores[first], second, scores)


def _stands_alone(piece: Piece) -> bool:
    """Whether a part is a wish of its own; what is told and asks for nothing mostly goes with what stands beside it."""
    told = not asks(piece.text) or _TELLS.search(piece.text) is not None
    if told and buys(piece):
        return True
    if piece.route == "small_talk" or piece.understood.act in ("greeting", "thanks", "farewell"):
        return False
    taste = piece.route in SHOP and (piece.understood.opinions or piece.understood.parsed.spans)
    if told and not (taste if piece.route in SHOP else ABOUT_SHOP.search(piece.text)):
        return False  # "she falls asleep", "me and my boyfriend can never agree"
    if piece.route == "out_of_scope" and (told or _POINTS.search(piece.text) or not telling_words(piece.text)):
        return False  # "what can I do?", "my dad turns 70"
    sure = _PART_SURE if (taste or not told) and piece.route != "out_of_scope" else _SAID_SURE
    return piece.routed.confidence >= sure


def _needs_own_answer(piece: Piece) -> bool:
    """Whether a part is for the catalogue, the orders or a person, whatever the shop's pages say to the message."""
    if piece.route in SHOP:
        return piece.route != "small_talk" and (asks(piece.text) or bool(piece.understood.parsed.spans))
    return piece.route == "order" or _FOR_A_PERSON.search(piece.text) is not None


def _grouped(pieces: Sequence[Piece], alone: Sequence[bool]) -> list[list[Piece]]:
    """Join what does not stand alone to the request that follows it, or else precedes, and then what goes one way."""
    groups: list[list[Piece]] = []
    waiting: list[Piece] = []
    for piece, stands in zip(pieces, alone, strict=True):
        if not stands:
            waiting.append(piece)
            continue
        way = _way(piece)
        same = next((g for g in groups if _way(_surest(g)) == way and (way == "shop" or g is groups[-1])), None)
        if same is not None:
            same.extend([*waiting, piece])
        else:
            groups.append([*waiting, piece])
        waiting = []
    if waiting and groups and _way(_surest(groups[-1])) == "buys":
        groups.append(waiting)
    elif waiting and groups:
        groups[-1].extend(waiting)
    return groups or [waiting]


def _way(piece: Piece) -> str:
    if buys(piece):
        return "buys"  # "I'll take that one. Would it be here by Saturday?"
    return "shop" if piece.route in SHOP else piece.route


def _surest(group: Sequence[Piece]) -> Piece:
    standing = [piece for piece in group if _stands_alone(piece)] or group
    return max(standing, key=lambda piece: piece.routed.confidence)
