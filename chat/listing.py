"""Listing: all the goods that fit, by their titles, for who asks for all of them or what kinds of a thing there are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from chat import facts
from chat.overall import number_told
from chat.picking import Picking
from chat.recommender import Recommended
from chat.turn import Turn
from retrieval.lexicon import canonical, display
from retrieval.types import Item

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


def bare_all(text: str) -> bool:
    """Whether a message asks for all of what is spoken of, and for nothing else: "all of them please"."""
    return _ALL.search(text) is not None


def everything(turn: Turn, picking: Picking, picks: Sequence[Recommended]) -> list[Recommended]:
    """Return, behind what was picked, the other goods that the limits leave, if all of them are asked for."""
    fitting, _ = _fitting(turn, picking, [pick.position for pick in picks])
    return [*picks, *(Recommended(at, 0.0) for at in fitting if at not in {pick.position for pick in picks})]


def listed(turn: Turn, picking: Picking, shown: Sequence[Item]) -> str:
    """Name all goods that the limits leave, those of a kind together, if all of them are asked for; "" if not.

    Args:
        turn: of the message.
        picking: chooses for its conversation.
        shown: the items on its cards: all, unless they are too many.
    """
    say, positions = picking.say, picking.shop.index.catalog.positions
    fitting, kinds = _fitting(turn, picking, [positions[item.id] for item in shown])
    if not kinds:
        return ""
    number = number_told(picking.shop, picking.state, say)
    if not fitting:
        told = [f"{say.plural(kind)} ({count:,})" for kind, count in kinds.most_common(_MOST)]
        return say.sentences(number, say("range", kinds=facts.join(told, say.language)))
    items = [picking.shop.index.catalog[at] for at in fitting]
    if len(items) < kinds.total():
        return say.sentences(number, say("listed_some", number=_MOST, titles=facts.names(items, say.language)))
    groups = {kind: [item for item in items if canonical("kind", item.kind) == kind] for kind in kinds}
    told = [facts.names(group, say.language) for group in groups.values()]
    if len(groups) > 1:
        names = [display("kind", kind, say.language) for kind in groups]
        told = [f"{name}: {titles}" if name else titles for name, titles in zip(names, told, strict=True)]
    return say.sentences(number, say("listed_all", titles=("；" if say.language == "zh" else "; ").join(told)))


def _fitting(turn: Turn, picking: Picking, first: Sequence[int]) -> tuple[list[int], Counter[str]]:
    """Return which goods fit, at most as many as are listed, and how many of each kind there are; none if not asked.

    Where they are too many, and of several kinds, it is the kinds that are told.
    """
    shop, constraints = picking.shop, picking.constraints()
    of_sorts = _SORTS.search(turn.text) and any(c.is_thing for c in turn.understood.parsed.constraints)
    asked = of_sorts or bare_all(turn.text)
    if not shop.of_goods or turn.understood.extreme is not None or turn.named or not asked:
        return [], Counter()
    allowed = shop.recommender.allowed(constraints, shop.positions(picking.state.taste.disliked))
    allowed = allowed & picking.tiers(constraints)[-1]
    all_ = np.flatnonzero(allowed).tolist()
    kinds = Counter(canonical("kind", shop.index.catalog[at].kind) for at in all_)
    if len(all_) > _MOST and not any(c.is_thing for c in constraints):
        return [], Counter()
    if len(all_) > _MOST and len(kinds) > 1:
        return [], kinds
    shown = [at for at in first if allowed[at]]
    return [*shown, *(at for at in all_ if at not in shown)][:_MOST], kinds
