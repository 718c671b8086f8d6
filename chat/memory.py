"""Memory across conversations: what a person likes, rejects, knows and always wants, kept with their consent only.

A memory belongs to a verified customer, or to an unnamed visitor who holds a random id, of which only the hash is kept.
A conversation joins it once, by taking it into its own taste; from then on whatever a turn changes in the taste is
learnt. So what the chips and cards of a conversation show is what is remembered, and taking something back there takes
it back everywhere.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Mapping

from chat.state import DialogueState, Judged, Judgement, Lasting, Limit, Memory, Taste, replaces

_MOST = 500  # items remembered of a person, the latest
_LISTS: Mapping[Judgement, str] = {"like": "liked", "dislike": "disliked", "seen": "seen"}
_LASTS = re.compile(
    r"\bnever\b(?!\s+mind)|\balways\b|\bever\b\W*$|\bnot\s+ever\b|\bhate\b|\b(?:can'?t|cannot)\s+stand\b|\bnot\s+into\b"
    r"|\bi\s+(?:really\s+)?(?:don'?t|do\s+not|won'?t|only)\s+(?:ever\s+)?(?:watch|read|play|like|listen)\b"
    r"|\bfrom\s+now\s+on\b|\bin\s+future\b|从来|从不|永远|一直|总是|讨厌|不爱|以后都",
    re.IGNORECASE,
)
_TASTE = r"my\s+(?:taste|likes|preferences|choices)"
_FORGET = r"(?:forget|erase|delete|remove)"
_YOU_KNOW = r"you\s+(?:know|remember|have|saved?|stored?|kept|keep)"
ABOUT_ME = (
    r"\bwhat\s+(?:do|did|have)\s+you\s+(?:know|remember|keep|kept|stored?|saved?|learn(?:ed|t)?)\b.{0,20}"
    r"\b(?:of|on|about|from)\s+me\b"
    rf"|\bdo\s+you\s+(?:still\s+)?(?:remember|know)\s+(?:me\b|{_TASTE}|what\s+i\s+(?:like|said))"
    r"|\bshow\s+(?:me\s+)?(?:my\s+(?:profile|data|memory)|what\s+you\s+(?:know|remember))\b"
    r"|你(?:都|还)?(?:知道|记得|了解)我(?:的)?(?:什么|哪些|喜好|口味|吗)|你记得我"
)
FORGET_ME = (
    rf"\bforget\s+(?:all\s+)?(?:about\s+)?me\b(?!\s+not\b)|\b{_FORGET}\s+(?:everything|all|anything|whatever|what)\s+(?:that\s+)?{_YOU_KNOW}\b"
    rf"|\b{_FORGET}\s+my\s+(?:data|profile|taste|likes|history|preferences|memory)\b"
    rf"|\b(?:stop|don'?t|do\s+not)\s+remember(?:ing)?\s+(?:me|anything|{_TASTE})\b"
    r"|忘(?:记|了|掉)我|(?:删除|清除)我的(?:资料|数据|喜好|记录)|(?:别|不要)再?记(?:住|得)?我"
)
REMEMBER = re.compile(
    rf"(?:\b(?:can|could|will|would)\s+you\s+)?\b(?:please\s+)?(?<!\bi )(?<!\byou )(?<!n't )remember\s+"
    rf"(?:me\b|{_TASTE}\b|what\s+i\s+(?:like|said|told\s+you)\b"
    r"|(?:this|that|it)\s*(?:for\s+(?:me|later|(?:the\s+)?next\s+time)|from\s+now\s+on)\b|(?:that\s+)?(?=i\b|i'm\b))"
    rf"|\b(?:can|could|will|would)\s+you\s+(?:please\s+)?remember\s+(?:me|{_TASTE}|this|that)\b"
    r"|(?:请)?记住我|记下我的(?:喜好|口味)",
    re.IGNORECASE,
)


def lasts(text: str) -> bool:
    """Whether the limits of a message are meant to hold beyond its conversation ("I never watch horror")."""
    return _LASTS.search(text) is not None


def visitor_hash(visitor: str) -> str:
    """Return under what an unnamed visitor's memory is kept: whoever reads the database cannot pass for them."""
    return hashlib.sha256(visitor.encode()).hexdigest()[:32]


def consent(state: DialogueState, *, training: bool = True) -> None:
    """Remember the person of a conversation from now on, and what it holds already.

    Args:
        state: the conversation; `new_visitor` is set where the person needs an id to be known by.
        training: whether recommendations may be learnt from their conversations.
    """
    if state.memory is None:
        if not state.person:
            state.new_visitor = secrets.token_urlsafe(24)
            state.visitor = visitor_hash(state.new_visitor)
        state.memory = Memory(since=round(time.time(), 3))
        state.joined = state.person
        learn(state, Taste())
    state.memory.training = training


def revoke(state: DialogueState) -> bool:
    """Forget what is remembered of the person; the conversation itself stays. False if nothing was."""
    remembered = state.memory is not None
    state.memory, state.visitor, state.joined = None, "", ""
    return remembered


def join(state: DialogueState, person: str = "") -> None:
    """Take the person's memory into the taste of a conversation, once.

    Args:
        state: the conversation, with the memory of its person or of `person`.
        person: who asks; a visitor becomes the person of a conversation that has none yet.
    """
    memory = state.memory
    if memory is None:
        state.joined = state.visitor = ""
        return
    if not state.person and person.startswith("visitor:"):
        state.visitor = person.removeprefix("visitor:")
    if state.joined == state.person:
        return
    before = state.taste
    state.taste = _merged(memory, before)
    state.snapshots.clear()  # an undo to before the memory was taken in would unlearn all of it
    state.joined = state.person
    learn(state, Taste())


def started(state: DialogueState) -> Taste:
    """Return the taste that a conversation starts afresh with: what is remembered, or nothing."""
    return Taste() if state.memory is None else known(state)


def known(state: DialogueState) -> Taste:
    """Return what the person may be told that is known of them: what is remembered, or what the conversation holds."""
    return state.taste if state.memory is None else _merged(state.memory, Taste())


def learn(state: DialogueState, before: Taste) -> None:
    """Remember what a turn has changed, if the person has consented.

    Args:
        state: the conversation after the turn.
        before: its taste before.
    """
    memory, after = state.memory, state.taste
    if memory is None:
        return
    judged = {item: signal for signal, name in _LISTS.items() for item in getattr(after, name)}
    previous = {item: signal for signal, name in _LISTS.items() for item in getattr(before, name)}
    changed = {item for item in judged.keys() | previous.keys() if judged.get(item) != previous.get(item)}
    known = {j.item: j for j in memory.judged}
    new = [
        Judged(item=item, signal=signal, session=state.session)
        for item, signal in judged.items()
        if item in changed and (item not in known or known[item].signal != signal)
    ]
    gone = (changed - judged.keys()) | {j.item for j in new}
    memory.judged = [*(j for j in memory.judged if j.item not in gone), *new][-_MOST:]
    _learn_limits(memory, state, {_key(x) for x in before.limits})


def _learn_limits(memory: Memory, state: DialogueState, before: set[tuple[str, str, str]]) -> None:
    now = {_key(x): x for x in state.taste.limits if x.lasting}
    kept = [x for x in memory.limits if _key(x.limit) in now or _key(x.limit) not in before]
    known = {_key(x.limit) for x in kept}
    memory.limits = [*kept, *(Lasting(limit=x, session=state.session) for key, x in now.items() if key not in known)]


def without(memory: Memory, session: str) -> Memory:
    """Return a memory without what one conversation has taught it."""
    judged = [j for j in memory.judged if j.session != session]
    limits = [x for x in memory.limits if x.session != session]
    return memory.model_copy(update={"judged": judged, "limits": limits})


def empty(memory: Memory) -> bool:
    """Whether nothing but the consent is left."""
    return not memory.judged and not memory.limits


def _key(limit: Limit) -> tuple[str, str, str]:
    return limit.field, limit.op, repr(limit.value)


def _merged(memory: Memory, taste: Taste) -> Taste:
    """Put what is remembered before what a conversation says itself, which wins."""
    here = {*taste.liked, *taste.disliked, *taste.seen}
    lists = {
        name: [*(j.item for j in memory.judged if j.signal == signal and j.item not in here), *getattr(taste, name)]
        for signal, name in _LISTS.items()
    }
    remembered = [x.limit for x in memory.limits if not any(replaces(own.constraint, x.limit) for own in taste.limits)]
    limits = [*(limit.model_copy() for limit in remembered), *taste.limits]
    return taste.model_copy(update={**lists, "limits": limits}, deep=True)
