"""Words of quantity and form, which say of a thing in what number or shape it comes: "steak knives, set of 6".

Kinds end with them and titles have them, but they stand with the noun beside them: only who asks for nothing else ("do
you have a set?") means whatever is called so.
"""

from __future__ import annotations

from collections.abc import Sequence

from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.stances import Hit
from retrieval.text import Token

QUANTITIES = frozenset("set sets kit kits pack packs pair pairs piece pieces bundle bundles".split())  # noqa: SIM905
_SHAPES = frozenset("dish dishes pot pots pan pans machine machines maker makers toy toys game games".split())  # noqa: SIM905
_ALONE = frozenset("a an any the some whole full complete another and or with".split())  # noqa: SIM905 - before it
_OF_IT = frozenset("of the a an my our your it up to".split())  # noqa: SIM905 - behind "set", which is then of something


def without_quantities(text: str, tokens: Sequence[Token], hits: Sequence[Hit]) -> list[Hit]:
    """Leave out the words of quantity or form that stand with another noun: "set" of "steak knives, set of 6".

    So are those that only repeat of what form a kind is: "casserole dishes" are casseroles.
    """
    kinds = [hit for hit in hits if hit.field == "kind" and not _is_quantity(tokens, hit)]
    return [
        hit
        for at, hit in enumerate(hits)
        if not (_is_quantity(tokens, hit) and (kinds or not _alone(text, tokens, hit)))
        and not (_is_shape(tokens, hit) and at and hits[at - 1] in kinds and hits[at - 1].end == hit.start)
    ]


def _is_quantity(tokens: Sequence[Token], hit: Hit) -> bool:
    return hit.field == "kind" and hit.end - hit.start == 1 and tokens[hit.start].norm in QUANTITIES


def _is_shape(tokens: Sequence[Token], hit: Hit) -> bool:
    return hit.field == "kind" and hit.end - hit.start == 1 and tokens[hit.start].norm in _SHAPES


def _alone(text: str, tokens: Sequence[Token], hit: Hit) -> bool:
    """Whether nothing else is asked for beside such a word, which is no verb either: "where I can set the time"."""
    before = tokens[hit.start - 1].norm if hit.start else ""
    after = tokens[hit.end].norm if hit.end < len(tokens) else ""
    parted = bool(after) and bool(text[tokens[hit.end - 1].end : tokens[hit.end].start].strip())
    plain = after in STOPWORDS_EN_PLUS and after not in _OF_IT
    return (not before or before in _ALONE) and (not after or parted or plain)
