"""Known: what is known of a person, told on request, and what is remembered or forgotten of them."""

from __future__ import annotations

from collections.abc import Sequence

from chat import facts, memory
from chat.acts import Act
from chat.replies import Say
from chat.shop import Shop
from chat.state import DialogueState
from retrieval.labels import relabelled

REMEMBERED: frozenset[Act] = frozenset({"about_me", "forget_me", "remember"})
_TOLD = 10  # items of a kind named when the person asks what is known of them


def of_memory(act: Act, state: DialogueState, shop: Shop, say: Say, notes: Sequence[str]) -> str:
    """Do what a message asks of the person's memory, one of the acts of `REMEMBERED`, and say so after some notes."""
    if act == "forget_me":
        return say("forgotten" if memory.revoke(state) else "nothing_remembered")
    if act == "about_me":
        return say.sentences(_known(state, shop, say), say("kept_on" if state.memory is not None else "kept_here"))
    if state.retold:
        return say.sentences(*notes, say("cannot_remember"))
    memory.consent(state)
    return say.sentences(
        *notes, say("remembered_fleeting" if state.fleeting else "remembered"), _known(state, shop, say)
    )


def _known(state: DialogueState, shop: Shop, say: Say) -> str:
    """Say what is known of the person: all of it where it is remembered, else what this conversation holds."""
    taste = memory.known(state)
    said = [
        say(what, titles=facts.names(shop.items(ids[-_TOLD:]), say.language))
        for what, ids in (("likes", taste.liked), ("dislikes", taste.disliked), ("knows", taste.seen))
        if shop.items(ids)
    ]
    own = shop.index.facets
    kinds = own.postings.get("kind", {})
    limits = [limit.constraint for limit in taste.limits if not limit.implied]
    wanted = [relabelled(limit, say.language, own.currency, own.name, kinds).label for limit in limits]
    return say.sentences(*said, say("wants", limits=say.quoted(wanted)) if wanted else "") or say("knows_nothing")
