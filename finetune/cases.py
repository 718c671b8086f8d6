"""The cases of an evaluation: what is known before an assistant turn, and the items that the turn names.

A target is an item that an assistant turn names, given only the turns before it. It is novel if no turn before names
it. An item that the person names right before is known, so naming it back is no recommendation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from chat.prompt import UserContext
from chat.shop import Shop
from finetune.contexts import Moment, dialogue_moments, next_item_moments
from finetune.data import DialogueRecord, NextItemRecord
from retrieval.catalog import Catalog
from retrieval.constraints import Facets
from retrieval.types import BoolArray, Constraint, Query


@dataclass(frozen=True, slots=True)
class Case:
    """One turn to be foretold.

    Attributes:
        cluster: the dialogue, or the person, it belongs to; cases of one cluster are not independent.
        context: what is known before, as the language model is told it.
        query: the same, as the retrievers are asked.
        limits: what a recommendation has to satisfy, where the chat's limits are heeded.
        mentioned: catalogue positions of all items named before by either side, the latest last, each once.
        targets: positions of the items that the turn names, each once; at least one.
        novel: for each target, whether it was not mentioned before.
        text: what the assistant says, "" where no words are known.
    """

    cluster: int
    context: UserContext
    query: Query
    mentioned: tuple[int, ...]
    targets: tuple[int, ...]
    novel: tuple[bool, ...]
    text: str = ""
    limits: tuple[Constraint, ...] = ()


@dataclass(slots=True)
class _Mentions:
    """The items named so far, the latest last."""

    order: dict[int, None] = field(default_factory=dict)

    def add(self, positions: Iterable[int]) -> None:
        for at in positions:
            self.order.pop(at, None)
            self.order[at] = None


def dialogue_cases(
    records: Sequence[DialogueRecord], shop: Shop, *, served: bool = False, outcome: bool = False
) -> Iterator[Case]:
    """Yield a case for every assistant turn that names an item.

    Args:
        records: the dialogues.
        shop: understands them.
        served: ask as the chat asks, with its search words, the likes that it is sure of and the limits in force.
        outcome: what is to be foretold is the dialogue's `target`, at every assistant turn until it has been named.

    Items of the person's turns count as liked unless the words around deny it (`finetune.contexts`). Items of earlier
    assistant turns count as liked too: on ReDial, leaving them out costs a third of EASE's recall@10
    (docs/experiments.md).
    """
    for cluster, record in enumerate(records):
        moments = dialogue_moments(record, shop)
        mentions = _Mentions()
        for turn in record.turns:
            positions = tuple(dict.fromkeys(shop.positions(turn.items)))
            if turn.role == "assistant":
                moment = next(moments)
                targets = _open(record, shop, mentions) if outcome else positions
                if targets:
                    case = _case(cluster, moment, tuple(mentions.order), targets, shop.index.catalog)
                    yield replace(case, query=moment.query, limits=moment.limits) if served else case
            mentions.add(positions)


def _open(record: DialogueRecord, shop: Shop, mentions: _Mentions) -> tuple[int, ...]:
    """Return the position of what a dialogue ends with, while nobody has named it."""
    return tuple(at for at in shop.positions([record.target] if record.target else []) if at not in mentions.order)


def next_item_cases(records: Sequence[NextItemRecord], catalog: Catalog) -> Iterator[Case]:
    """Yield a case for every record, clustered by person."""
    clusters: dict[str, int] = {}
    for record in records:
        mentions = _Mentions()
        mentions.add(catalog.positions[i] for i in record.history if i in catalog.positions)
        for moment in next_item_moments([record], catalog):
            cluster = clusters.setdefault(record.user, len(clusters))
            yield _case(cluster, moment, tuple(mentions.order), moment.targets, catalog)


def _case(cluster: int, moment: Moment, mentioned: tuple[int, ...], targets: tuple[int, ...], catalog: Catalog) -> Case:
    disliked = tuple(catalog.positions[item.id] for item in moment.context.disliked)
    liked = tuple(at for at in mentioned if at not in disliked)
    query = Query(moment.context.asked, liked, disliked, moment.wishes)
    novel = tuple(at not in mentioned for at in targets)
    return Case(cluster, moment.context, query, mentioned, targets, novel, moment.text)


def recommendable(case: Case, facets: Facets) -> BoolArray:
    """Return what may be recommended in a case, all that has not been mentioned and that the limits leave: (N,)."""
    allowed = within_limits(case, facets)
    allowed[list(case.mentioned)] = False
    return allowed


def within_limits(case: Case, facets: Facets) -> BoolArray:
    """Return what the limits of a case leave, everything without limits: (N,)."""
    return facets.mask(case.limits) if case.limits else np.ones(len(facets.catalog), dtype=np.bool_)
