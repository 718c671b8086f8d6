"""Ours: whether a wish that sounds like talk, a complaint, an order or nobody's business is about goods after all."""

from __future__ import annotations

import re

from chat.clauses import asks, wonders
from chat.evidence import COMPLAINT
from chat.meaning import CHAT_SURE, means, says_something
from chat.offers import helps, wants_ours
from chat.pieces import ABOUT_SHOP, Piece
from chat.routing import SHOP, SURE
from chat.shop import Shop
from chat.state import DialogueState
from retrieval.text import is_cjk

_TOLD_SURE = 0.9  # a confidence from which what is told rather than asked is not even looked for
_PLAINLY = 0.9  # a share of a purpose from which only what a message names speaks against it
_HOW = re.compile(r"\b(?:how|why|what|where|which|who)\b", re.IGNORECASE)
_WHICH = re.compile(r"\b(?:which|what)\b|哪|什么", re.IGNORECASE)
_HAPPENS = re.compile(  # to what was ordered
    r"\b(?:my|mine|yet|still|ha[sd]n?|haven?|is|isn|was|wasn|been|got|came|comes?|coming|when|where|missing|wrong|late)\b",
    re.IGNORECASE,
)


def of_ours(piece: Piece, shop: Shop, state: DialogueState) -> bool:
    """Whether a wish is about works or goods of ours after all, although it was routed elsewhere."""
    route, sure, understood = piece.route, piece.routed.confidence, piece.understood
    says, told = says_something(understood), not asks(piece.text)
    match route:
        case "small_talk":
            goods = not shop.index.facets.of_works  # of which "sweet" and "cool" tell something
            return ((sure < CHAT_SURE or goods) and says) or (understood.act == "question" and asks(piece.text))
        case "human":
            if understood.act == "question" and understood.opinions:
                return True
            # "No, too sad, I want to feel angry", "he gave up on Hornblower"
            calm = told and not COMPLAINT.search(piece.text) and understood.purposes.get("human", 0.0) < _PLAINLY
            return sure < 1 and not ABOUT_SHOP.search(piece.text) and (says or calm)
        case "out_of_scope":
            if understood.unknown_name or any(opinion.surface for opinion in understood.opinions):
                return True
            if understood.act == "question" and understood.opinions and means(piece, "item"):
                return True  # "how do I put it on?"
            if shop.of_goods and (_for_goods(piece, shop) or _meets_need(piece, shop)):
                return True
            if understood.ours and says:  # "caffeine free tea" is none of a film shop's business, but of ours
                return True
            # "A lighthouse keeper in winter"; Chinese may be anything.
            told = told and sure < _TOLD_SURE and understood.act != "unclear"
            return told and (says or not is_cjk(piece.text))
        case "order":
            return _for_no_order(piece, state)
        case _:
            return sure < SURE and told and says and state.route in SHOP


def _meets_need(piece: Piece, shop: Shop) -> bool:
    """Whether goods answer what sounds like none of the shop's business: "is nylon softer on the fingers?"."""
    needs = shop.recommender.needs
    return needs is not None and needs.meets(piece.text)


def _for_no_order(piece: Piece, state: DialogueState) -> bool:
    """Whether what sounds like an order speaks of items: "why won't it come up? how much is it?"."""
    understood, of_shop = piece.understood, ABOUT_SHOP.search(piece.text)
    if state.route in SHOP and understood.opinions and understood.act == "question":
        return not set(understood.questions) & {"other", "in_stock"} and not of_shop
    names = understood.opinions or any(limit.is_thing for limit in understood.parsed.constraints)
    happens = of_shop or _HAPPENS.search(piece.text)
    return not asks(piece.text) and bool(names) and not happens  # "papers for the P9, 100 pieces"


def _for_goods(piece: Piece, shop: Shop) -> bool:
    """Whether it is told what goods of the shop are for, and not asked, or which of a kind suit something."""
    told, limits = not asks(piece.text), piece.understood.parsed.constraints
    if _WHICH.search(piece.text) and any(limit.is_thing for limit in limits):
        return True  # "which coffee is kind to the stomach?"
    if told and any(limit.is_thing or limit.field in shop.parser.columns for limit in limits):
        return True  # "my skin is rather dry"
    if told and wants_ours(piece.text, shop.parser, shop.linker):
        return True  # "we'd like to start baking bread"
    # "my calves are killing me, what helps?"
    return (helps(piece.text) or not (wonders(piece.text) or _HOW.search(piece.text))) and shop.is_near(piece.text)
