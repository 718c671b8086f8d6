"""Listing: all the goods that fit, by their titles, for who asks for all of them or what kinds of a thing there are."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from chat import facts
from chat.overall import number_told
from chat.picking import Picking
from chat.turn import Turn
from retrieval.lexicon import canonical, display

_MOST = 20  # titles that one answer lists
_SHOW = (
    r"(?:(?:can|could|may|would|will)\s+(?:you|i)\s+(?:please\s+)?)?"
    r"(?:i(?:['’]d|\s+would)?\s+(?:like|want)\s+to\s+see|show|list|give|tell|name|see)"
)
_HAVE = r"(?:(?:do\s+)?(?:you|we)\s+(?:\w+\s+)?(?:have|sell|stock|carry|offer|got)|have\s+you(?:\s+got)?|are\s+there)"
_SORTS = re.compile(
    rf"\b(?:what|which)\s+(?:\w+\s+)?(?:kinds?|types?|sorts?|varieties|models?)\s+of\s+[^.?!;]{{2,40}}?\s+{_HAVE}\b"
    rf"|\bwhat\s+are\s+all\s+(?:of\s+)?(?:the|your)\s|\b{_SHOW}\s+(?:me\s+)?(?:all|every)\b(?!\s+(?:about|that|this|it)\b)"
    r"|有(?:哪些|哪几)(?:种类?|款|型号)|(?:全部|所有的?).{0,6}(?:列|给我看)",
    re.IGNORECASE,
)
_ALL = re.compile(
    rf"^\W*(?:(?:ok(?:ay)?|yes|no|and|well|just|please|then|now)\W+)*(?:{_SHOW}\s+(?:me\s+)?)?"
    r"(?:(?:all|every(?:thing|\s+(?:single\s+)?one))(?:\s+of\s+(?:them|those|these))?|them\s+all|the\s+(?:whole|full|complete|entire)\s+(?:list|range|selection))"
    r"(?:\s+(?:that\s+)?you(?:['’]ve|\s+have)?(?:\s+(?:got|have))?)?(?:\W+(?:please|thanks|then|now))*\W*$|^\W*(?:全部|所有的?)(?:都)?(?:给我看|列出来)?\W*$",
    re.IGNORECASE,
)


def asks_all(text: str) -> bool:
    """Whether a message asks for all of some things, or for what kinds of a thing there are."""
    return _SORTS.search(text) is not None or _ALL.search(text) is not None


def listed(turn: Turn, picking: Picking, first: list[str]) -> str:
    """Name all goods that the limits leave, those of a kind together, if that is asked for; "" if not.

    Args:
        turn: of the message.
        picking: chooses for its conversation.
        first: ids of the items shown, which come first.
    """
    shop, say, constraints = picking.shop, picking.say, picking.constraints()
    if not shop.of_goods or turn.understood.extreme is not None or turn.named or not asks_all(turn.text):
        return ""
    known = shop.positions(picking.state.taste.disliked)
    allowed = shop.recommender.allowed(constraints, known) & picking.tiers(constraints)[-1]
    shown = [at for at in shop.positions(first) if allowed[at]]
    fitting = [*shown, *(at for at in np.flatnonzero(allowed).tolist() if at not in shown)]
    items = [shop.index.catalog[at] for at in fitting]
    kinds = Counter(canonical("kind", item.kind) for item in items if item.kind)
    if not items or not (any(c.is_thing for c in constraints) or len(items) <= _MOST):
        return ""
    number = number_told(shop, picking.state, say)
    if len(items) > _MOST and len(kinds) > 1:
        told = [f"{say.plural(kind)} ({count:,})" for kind, count in kinds.most_common(_MOST)]
        return say.sentences(number, say("range", kinds=facts.join(told, say.language)))
    if len(items) > _MOST:
        return say.sentences(number, say("listed_some", number=_MOST, titles=facts.names(items[:_MOST], say.language)))
    groups = [[item for item in items if canonical("kind", item.kind) == kind] for kind in kinds]
    rest = [item for item in items if not item.kind]
    told = [facts.names(group, say.language) for group in (*groups, rest) if group]
    if len(groups) > 1:
        names = [display("kind", kind, say.language) for kind in kinds]
        told = [f"{name}: {titles}" for name, titles in zip(names, told, strict=False)] + told[len(names) :]
    return say.sentences(number, say("listed_all", titles=("；" if say.language == "zh" else "; ").join(told)))
