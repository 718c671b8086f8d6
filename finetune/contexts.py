"""What the assistant would know at each point of a record: the user contexts that training and evaluation render.

Dialogues are heard by the serving dialogue itself (`chat.dialogue.Dialogue.hear`), so the likes, limits and wishes of
a training prompt are found by the code that finds them in the chat. Records without words tell items only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np

from chat.dialogue import Dialogue
from chat.prompt import UserContext
from chat.shop import Shop
from chat.state import DialogueState
from finetune.data import DialogueRecord, InteractionRecord, MentionsRecord, NextItemRecord, Role
from finetune.signals import LIKED_FROM, Meaning, last_word, meaning
from retrieval.catalog import Catalog
from retrieval.described import describer
from retrieval.encoder import Encoder
from retrieval.index import make_index
from retrieval.parsing import Parser
from retrieval.types import Constraint, FloatArray, Item, Query

_LATEST_TARGETS = 20  # of one person's interactions; who rated a thousand items is one person still


@dataclass(frozen=True, slots=True)
class Moment:
    """A point at which items are to be named.

    Attributes:
        source: the record, e.g. ``dialogue:418``; records never share one.
        context: what is known of the person before.
        targets: catalogue positions named now and never before in the record, in order; may be empty.
        offered: positions of all items the turn names, known ones too.
        text: what the turn says, "" where no words are known.
        wishes: the soft preferences in force, as (field, value).
        before: positions of all items named before by either side, which the context's words may name.
        query: what the chat would ask the retrievers.
        limits: the constraints in force in the chat.
    """

    source: str
    context: UserContext
    targets: tuple[int, ...]
    offered: tuple[int, ...] = ()
    text: str = ""
    wishes: tuple[tuple[str, str], ...] = ()
    before: tuple[int, ...] = ()
    query: Query = field(default_factory=Query)
    limits: tuple[Constraint, ...] = ()


@dataclass(slots=True)
class _Heard:
    """A dialogue in the middle of being read."""

    dialogue: Dialogue
    mentioned: set[int] = field(default_factory=set)

    def new(self, positions: Sequence[int]) -> tuple[int, ...]:
        found = tuple(at for at in dict.fromkeys(positions) if at not in self.mentioned)
        self.mentioned.update(positions)
        return found


def dialogue_moments(record: DialogueRecord, shop: Shop) -> Iterator[Moment]:
    """Yield a moment for every assistant turn of a dialogue.

    The person's words are understood as in the chat; items that the record says they mention count as liked where the
    words do not say otherwise.
    """
    return _moments(record, shop, "assistant")


def told_moments(record: DialogueRecord, shop: Shop) -> Iterator[Moment]:
    """Yield a moment for every turn in which the person names new items, but for the first words of a dialogue."""
    return (moment for moment in _moments(record, shop, "user") if moment.targets and moment.context.said)


def _moments(record: DialogueRecord, shop: Shop, role: Role) -> Iterator[Moment]:
    """Yield the moments before the turns of one side."""
    state = DialogueState(session=record.id)
    heard = _Heard(Dialogue(shop, state))
    for turn in record.turns:
        positions, before = shop.positions(turn.items), tuple(heard.mentioned)
        new = heard.new(positions)
        if turn.role == role:
            yield Moment(
                f"dialogue:{record.id}",
                heard.dialogue.picking.context(),
                new,
                tuple(dict.fromkeys(positions)),
                turn.text,
                tuple(state.taste.wishes),
                before,
                heard.dialogue.picking.query(),
                tuple(heard.dialogue.picking.constraints()),
            )
        if turn.role == "assistant":
            heard.dialogue.told(turn.text, turn.items)
            continue
        heard.dialogue.hear(turn.text)
        judged = {*state.taste.liked, *state.taste.disliked, *state.taste.seen}
        for item_id in turn.items:
            if item_id not in judged:
                state.signal(item_id, "like")


def said(text: str, shop: Shop) -> Moment:
    """Return the moment after one message without a history; it has no targets."""
    state = DialogueState(session="")
    dialogue = Dialogue(shop, state)
    dialogue.hear(text)
    limits = tuple(dialogue.picking.constraints())
    return Moment(
        "",
        dialogue.picking.context(),
        (),
        wishes=tuple(state.taste.wishes),
        query=dialogue.picking.query(),
        limits=limits,
    )


def mention_moments(record: MentionsRecord, catalog: Catalog) -> Iterator[Moment]:
    """Yield a moment for every turn that mentions an item for the first time, but the first turn."""
    liked: list[int] = []
    disliked: list[int] = []
    mentioned: set[int] = set()
    for turn in record.mentions:
        positions = [catalog.positions[i] for i in turn.items if i in catalog.positions]
        new = tuple(at for at in dict.fromkeys(positions) if at not in mentioned)
        if new and mentioned and turn.liked is not False:
            yield _known(f"mentions:{record.id}", catalog, liked, disliked, new)
        mentioned.update(positions)
        (disliked if turn.liked is False else liked).extend(new)


def next_item_moments(records: Iterable[NextItemRecord], catalog: Catalog) -> Iterator[Moment]:
    """Yield a moment for each record; an item may be chosen again, so it need not be new."""
    for record in records:
        history = [catalog.positions[i] for i in record.history if i in catalog.positions]
        target = catalog.positions.get(record.next)
        if history and target is not None:
            yield _known(f"person:{record.user}", catalog, list(dict.fromkeys(history)), (), (target,))


def interaction_moments(
    records: Iterable[InteractionRecord], catalog: Catalog, liked_from: float = LIKED_FROM
) -> Iterator[Moment]:
    """Yield a moment for each of the latest items that a person wanted, given the events before it.

    What was disliked in the end (returned, say) is nothing to foretell; what was only seen is told as known.
    """
    known = sorted((r for r in records if r.item_id in catalog.positions), key=lambda r: (r.user_id, r.timestamp))
    for person, events in groupby(known, key=lambda r: r.user_id):
        told = [(event.item_id, meaning(event, liked_from)) for event in events]
        last = last_word(told)
        so_far: dict[Meaning, list[int]] = {"wanted": [], "disliked": [], "known": []}
        found: list[Moment] = []
        for item_id, word in told:
            at, some = catalog.positions[item_id], so_far[word]
            if word != last[item_id] or at in some:
                continue
            if word == "wanted" and some:
                found.append(_known(f"person:{person}", catalog, some, so_far["disliked"], (at,), so_far["known"]))
            some.append(at)
        yield from found[-_LATEST_TARGETS:]


def _known(
    source: str,
    catalog: Catalog,
    liked: Sequence[int],
    disliked: Sequence[int],
    targets: tuple[int, ...],
    seen: Sequence[int] = (),
) -> Moment:
    """Return the moment of a record without words, which tells items only."""
    context = UserContext(liked=_items(catalog, liked), disliked=_items(catalog, disliked), seen=_items(catalog, seen))
    return Moment(source, context, targets, query=Query("", tuple(liked), tuple(disliked)))


def _items(catalog: Catalog, positions: Sequence[int]) -> tuple[Item, ...]:
    return tuple(catalog[at] for at in positions)


class NoEncoder:
    """Stands in where nothing is found by meaning: every text is the same unit vector."""

    name = "none"
    dimension = 1

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Return one row of 1 a text: (n, 1)."""
        return np.ones((len(texts), 1), dtype=np.float32)


def listening_shop(catalog: Catalog, encoder: Encoder | None = None) -> Shop:
    """Return a shop that understands messages, without a model; only with an encoder also what is described."""
    shop = Shop.of(make_index(catalog, NoEncoder()), None)
    return (
        shop
        if encoder is None
        else replace(shop, parser=Parser(shop.index.facets, describer(encoder), getattr(encoder, "vocabulary", None)))
    )
