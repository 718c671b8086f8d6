"""Pieces: the wishes that one message carries, and which of them the catalogue answers and which the desk.

"Can I return it, and what should I get instead?" asks two things. A message is cut where a new request or wish begins;
each part is routed, by the classifier, by what the catalogue makes of it, and by whether the shop's pages answer it;
parts that say nothing of their own ("Hi!", "It came yesterday.") go with the request beside them. A message whose parts
all go the same way stays whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat.about import wishes
from chat.clauses import BARE, TELLS, asks, clauses
from chat.decisions import Decisions
from chat.evidence import (
    COMPLAINT,
    FOR_A_PERSON,
    POINTS,
    SURPRISE,
    against,
    cues_of,
    evidence,
    may_be_paged,
    paged,
    weighed,
)
from chat.routing import SHOP, Route, Routed, Routing
from chat.typed import telling_words
from chat.understanding import Understanding

ABOUT_SHOP = re.compile(  # what is said of a shop rather than of works
    r"\b(?:orders?|ordered|parcel|package|deliver\w*|arriv\w+|refund\w*|return\w*|service|support|staff|shop|store|site|website|assistant|bot|robot"
    r"|you|your|charged?|paid|pay|money|waiting|waited|person|human|someone|somebody|manager|complain\w*|account|download\w*|broken|damaged|scratched"
    r"|email|e-mail|phone|call|(?:speak|talk)(?=\s+(?:to|with)\b))\b|[\u3400-\u9fff]",
    re.IGNORECASE,
)
BUYS = re.compile(
    r"\b(?:add|put)\b.{0,40}\b(?:basket|cart|bag)\b|\b(?:in|into|to)\s+(?:the|my)\s+(?:basket|cart)\b|\bcheck\s*out\b"
    r"|\bput\s+(?:it|this|that|them|both|all(?:\s+\w+)?)\s+in\b\W*(?:$|[.,!;]|please|then)"
    r"|\b(?:i|we)(?:['’]?ll|\s+will|\s+shall)\s+(?:take|buy|order|have)\s+(?:it|this|that|the|both)\b"
    r"|\blet['’]?s\s+(?:go\s+(?:with|for)|take)\s+(?:it|this|that|the|those|both)\b"
    r"|\bput\s+(?:me|us)\s+down\s+for\b|\bi(?:'?ll|\s+will)\s+go\s+(?:with|for)\s+(?:it|this|that|the|those|both|(?-i:[A-Z]\w+))\b"
    r"|\bi\s+(?:take|buy|order)\s+(?:it|this|that|the)\b|\bget\s+(?:me|us)\s+(?:it|this|that|the)\b"
    r"|加入?购物车|我(?:要|就)买(?:这|它)|下单吧",
    re.IGNORECASE,
)
AGREES = re.compile(  # to what has been shown
    r"\b(?:go\s+(?:on|ahead|for)|done|deal|sold|gimme|hand\s+it|buy(?:ing)?|order(?:ing)?|add(?:ing)?|tak(?:e|ing)|it\s+is|both"
    r"|all\s+(?:of\s+them|two|three|four|five)|one\s+of\s+each)\b",
    re.IGNORECASE,
)
_SETTLED = re.compile(  # "Paddington 2 it is, cheers"
    r"\w\s+it\s+is(?:\s+then)?\W*(?:(?:thanks?|thank\s+you|cheers|please|great|perfect|then)\W*)*$", re.IGNORECASE
)
_COMMENTS = re.compile(  # on a work: "Flappy Bird is the opposite of cosy", "I asked about Tarkovsky"
    r"(?-i:[A-ZÀ-Ý])?[\w'’]+\s+(?:is|was)\s+the\s+opposite\s+of\b|^\W*i\s+(?:was\s+)?ask(?:ed|ing)\s+about\b",
    re.IGNORECASE,
)
_FORGETS = re.compile(r"\W*(?:(?:ok(?:ay)?|no|well)\W+)*(?:forget|never\s*mind)\b", re.IGNORECASE)
_WAITS = re.compile(r"\b(?:wait|think\s+(?:about|it|on)|leave\s+it|come\s+back|let\s+you\s+know)\b", re.IGNORECASE)
_PART_SURE = 0.6  # a part stands alone only if its route is this sure
_ASKED_SURE = 0.45  # but what is asked of the shop, beside works, this
_SAID_SURE = 0.8  # and what asks for nothing ("this is a disgrace") this
_PLAINLY = 0.9  # and from which it is not asked of an item
_TAKES = 0.6  # from which it takes an item


@dataclass(frozen=True, slots=True)
class Piece:
    """One wish of a message: its words, where they go, and what the catalogue makes of them.

    Attributes:
        takes: how likely it takes an item, None where that is told by rules.
    """

    text: str
    routed: Routed
    understood: Understanding
    takes: float | None = None

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
        meant: how far goods meet what a text tells, in log odds; 0 where nobody can tell.
        pages: how likely the shop's pages answer a text at all, in log odds.
        decisions: weigh all that of goods; None among works, and where nobody can tell what goods meet.
    """

    router: Routing
    understand: Callable[[str], Understanding]
    known: Callable[[str], float]
    before: str = ""
    meant: Callable[[str], float] = lambda text: 0.0
    pages: Callable[[str], float] = lambda text: 0.0
    decisions: Decisions | None = None

    def read(self, text: str) -> list[Piece]:
        """Return the wishes of a message, in its order."""
        parts = clauses(text)
        if len(parts) < 2:
            return [self.piece(text)]
        whole = self.understand(text)
        pieces = [self.piece(part) for part in parts]
        if whole.act == "question" and whole.same_maker and not any(map(buys, pieces)):
            return [self.piece(text)]  # "who wrote it, and what else have they done?"
        if _leads(pieces, whole):
            return [self.piece(text)]
        way_of = _way
        if self.decisions is None and any(_way_of_works(piece) == "asks" for piece in pieces):
            pieces, way_of = self._named_and_asked(pieces), _way_of_works
        groups = _grouped(pieces, [_stands_alone(piece) for piece in pieces], way_of)
        if len(groups) == 1:
            surest = _surest(groups[0])  # "perfect, thanks. if she hates it can i return it"
            clear = self.decisions is None and surest.route not in SHOP and surest.routed.confidence > _PLAINLY
            (read,) = self._whole(text, parts)
            return [surest] if clear and read.route in SHOP else [read]
        return self._for_pages(text, groups) or [self._joined(group) for group in groups]

    def _named_and_asked(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Join what merely names a work to the question that follows it: "Exhalation sounds good, is it a novel?"."""
        joined: list[Piece] = []
        for piece in pieces:
            if _way_of_works(piece) == "asks":
                told: list[str] = []
                while joined and (_merely_names(joined[-1]) or _chats(joined[-1])):
                    told.insert(0, joined.pop().text.rstrip(" ,.!"))
                piece = self.piece(". ".join([*told, piece.text])) if told else piece
            joined.append(piece)
        return joined

    def _for_pages(self, text: str, groups: Sequence[Sequence[Piece]]) -> list[Piece]:
        """Return a message that the shop's pages answer without what is told around its question; [] for any other."""
        pieces = [piece for group in groups for piece in group]
        if any(map(_needs_own_answer, pieces)) or (odds := self.known(text)) < 0:
            return []
        if self.decisions is not None and self.piece(text).route != "policy":
            return []  # "he chews a lot, any ideas?"
        if odds >= max(self.known(piece.text) for piece in pieces):
            # "I forgot the PIN I chose. Can I see it somewhere?"
            return [Piece(text, paged(pieces[-1].routed, odds), self.understand(text))]
        paging = [group for group in groups if _way(_surest(group)) == "policy"]
        beside = [piece for group in groups if group not in paging for piece in group]
        if any(asks(piece.text) for piece in beside):
            return []
        return [self._joined(group) for group in paging]  # "I hate waiting, how fast is delivery?"

    def _whole(self, text: str, parts: Sequence[str]) -> list[Piece]:
        """Return a message as one wish; beside a question what is merely polite says nothing."""
        whole, asking = self.piece(text), [part for part in parts if asks(part)]
        if whole.route == "small_talk" and 0 < len(asking) < len(parts):
            return [self.piece(" ".join(asking))]
        return [whole]

    def piece(self, text: str) -> Piece:
        """Route a text as one wish."""
        understood = self.understand(text)
        looks, least = self.router.route(masked(text, understood)), SURPRISE if understood.purposes else 0.0
        routed = weighed(looks, evidence(text, understood, self.before), least)
        if self.decisions is not None:
            cues = cues_of(text, understood, self.before, looks, self.meant(text), self.pages(text))
            decided = self.decisions.routed(cues, routed)
            return Piece(text, decided.routed, understood, decided.takes)
        if may_be_paged(text, routed.route, understood, self.before):
            routed = paged(routed, self.known(text) - against(routed.route, understood))
        return Piece(text, routed, understood)

    def _joined(self, group: Sequence[Piece]) -> Piece:
        """Make one piece of the parts that go one way, read as one text."""
        surest = _surest(group)
        if len(group) == 1:
            return surest
        text = " ".join(piece.text.strip(" ,") if surest.route in SHOP else _ended(piece.text) for piece in group)
        return Piece(text, surest.routed, self.understand(text), surest.takes)


def _ended(text: str) -> str:
    """Return a part as a sentence of its own, so that it can be told from the others again."""
    text = text.strip(" ,")
    return text if text.endswith(tuple(".!?;。！？；")) else text + ("?" if asks(text) else ".")


def buys(piece: Piece) -> bool:
    """Whether a wish is to take an item: by what is said, or by what the message is meant for.

    "The saddest one please" and "a dessert wine then" sound as if they took something, and wish for it; who takes an
    item points at it or names it, or says nothing else: "go on then".
    """
    understood = piece.understood
    if piece.takes is not None:
        things = understood.opinions or any(limit.is_thing for limit in understood.parsed.constraints)
        merely_narrows = understood.parsed.spans and not things  # "blue please"
        return (piece.takes > _TAKES and not merely_narrows) or BUYS.search(piece.text) is not None
    named = [opinion for opinion in understood.opinions if opinion.surface]
    if len(named) == 1 and understood.act != "question" and _SETTLED.search(piece.text):
        return True
    agrees = AGREES.search(piece.text) is not None and not understood.parsed.spans
    meant = bool(understood.opinions) or agrees or not telling_words(piece.text)
    takes = (
        understood.purposes.get("buy", 0.0) > _TAKES
        and (meant and understood.act != "question")
        and not asks(piece.text)
        and not _WAITS.search(piece.text)
    )
    return takes or BUYS.search(piece.text) is not None


def masked(text: str, understood: Understanding) -> str:
    """Return a message with "this one" for every title: what it asks for does not depend on which it names."""
    for opinion in understood.opinions:
        if opinion.surface:
            text = text.replace(opinion.surface, "this one")
    return text


def _stands_alone(piece: Piece) -> bool:
    """Whether a part is a wish of its own; what is told and asks for nothing mostly goes with what stands beside it."""
    told = not asks(piece.text) or TELLS.search(piece.text) is not None
    if told and buys(piece):
        return True
    if piece.route == "small_talk" or piece.understood.act in ("greeting", "thanks", "farewell"):
        return False
    taste = piece.route in SHOP and (piece.understood.opinions or piece.understood.parsed.spans)
    if told and not (taste if piece.route in SHOP else ABOUT_SHOP.search(piece.text)):
        return False  # "she falls asleep", "me and my boyfriend can never agree"
    if piece.route == "out_of_scope" and (told or POINTS.search(piece.text) or not telling_words(piece.text)):
        return False  # "what can I do?", "my dad turns 70"
    if asks(piece.text) and piece.route == "policy" and piece.takes is None:
        return piece.routed.confidence >= _ASKED_SURE
    sure = _PART_SURE if (taste or not told) and piece.route != "out_of_scope" else _SAID_SURE
    return piece.routed.confidence >= sure


def _leads(pieces: Sequence[Piece], whole: Understanding) -> bool:
    """Whether a message names an item and then asks of it: "what about Azul, how many can play?"."""
    if whole.act != "question" or whole.questions in ((), ("other",)):
        return False
    elsewhere = (p for p in pieces[1:] if p.route not in SHOP and p.routed.confidence > _PLAINLY)
    if any(POINTS.search(piece.text) is None for piece in elsewhere):
        return False  # "Dune it is. What does delivery cost, and how long does it take?"
    first, *others = (piece.understood for piece in pieces)
    named = [opinion for opinion in first.opinions if opinion.surface]
    rest = [opinion for other in others for opinion in other.opinions if opinion.surface]
    only = not rest and not any(other.parsed.spans for other in others)
    bare = all(BARE.search(piece.text) for piece in pieces[1:])  # "how old is it, and how long?"
    return len(named) == 1 and (bare or first.questions in ((), ("other",))) and only


def _needs_own_answer(piece: Piece) -> bool:
    """Whether a part is for the catalogue, the orders or a person, whatever the shop's pages say to the message."""
    if piece.route in SHOP:
        return piece.route != "small_talk" and (asks(piece.text) or bool(piece.understood.parsed.spans))
    grumbles = piece.route == "human" and COMPLAINT.search(piece.text) is not None
    return piece.route == "order" or grumbles or FOR_A_PERSON.search(piece.text) is not None


def _grouped(pieces: Sequence[Piece], alone: Sequence[bool], way_of: Callable[[Piece], str]) -> list[list[Piece]]:
    """Join what does not stand alone to the request that follows it, or else precedes, and then what goes one way."""
    groups: list[list[Piece]] = []
    waiting: list[Piece] = []
    for piece, stands in zip(pieces, alone, strict=True):
        if not stands:
            waiting.append(piece)
            continue
        way = way_of(piece)
        same = next((g for g in groups if way_of(_surest(g)) == way and (way == "shop" or g is groups[-1])), None)
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


def _way_of_works(piece: Piece) -> str:
    """Return the way of a wish for works: a question about one of them asks for no list of others."""
    return "asks" if (way := _way(piece)) == "shop" and piece.understood.act == "question" else way


def _chats(piece: Piece) -> bool:
    """Whether a part beside a question says nothing of works: "hmm, no. Maybe I mix it up."."""
    understood, parsed = piece.understood, piece.understood.parsed
    if piece.route in SHOP and _FORGETS.match(piece.text) and not asks(piece.text):
        return True
    says = parsed.spans or parsed.relative or understood.dropped or understood.same_maker or understood.asked_title
    named = any(o.surface or (o.places and not o.that) for o in understood.opinions)
    return piece.route in SHOP and not (says or named or asks(piece.text) or wishes(piece.text) or buys(piece))


def _merely_names(piece: Piece) -> bool:
    """Whether a part names one work and wishes for nothing: "Exhalation sounds good"."""
    understood, parsed = piece.understood, piece.understood.parsed
    named = [opinion for opinion in understood.opinions if opinion.surface]
    text = masked(piece.text, understood)
    if piece.route in SHOP and _COMMENTS.search(piece.text) and not (wishes(text) or asks(piece.text)):
        return True
    says = parsed.spans or parsed.relative or understood.dropped or understood.same_maker or understood.asked_title
    wished = wishes(text) or understood.act in ("availability", "more")
    return piece.route in SHOP and len(named) == 1 and not (says or wished)


def _surest(group: Sequence[Piece]) -> Piece:
    standing = [piece for piece in group if _stands_alone(piece)] or group
    return max(standing, key=lambda piece: piece.routed.confidence)
