"""What of the shop's goods a message asks to be shown: "show me your tents", "which teas do you have"."""

from __future__ import annotations

import re

from chat.typed import telling_words
from retrieval.linking import TitleLinker
from retrieval.numbers import blank
from retrieval.parsed import Parsed
from retrieval.parsing import Parser
from retrieval.text import forms, words

_HAVE = r"(?:do\s+you\s+(?:have|sell|carry|stock|offer|do)|have\s+you\s+got|are\s+there|you\s+(?:have|got|sell))"
_LISTS = re.compile(
    r"\b(?:show|list)\s+(?:me\s+|us\s+)?(?:all\s+|some\s+|any\s+)?(?:of\s+)?(?:the\s+|your\s+|my\s+)?(?P<a>[^.,;:!?\n]+)"
    r"|\b(?:which|what)\s+(?:(?:kinds?|sorts?|types?|brands?|range)\s+of\s+)?(?:other\s+)?(?P<b>[^.,;:!?\n]+?)"
    rf"\s+{_HAVE}\b"
    r"|^\W*(?:and\s+|so\s+)?(?:what|how)\s+about\s+(?:some\s+|any\s+|an?\s+)?(?P<c>[^.,;:!?\n]+)",
    re.IGNORECASE,
)  # fmt: skip
_WANTS_TO = re.compile(
    r"^\W*(?:(?:hi|hello|hey|so|ok(?:ay)?)\W+)?(?:(?:i|we)(?:['’]?d|\s+would|['’]?m|\s+am|['’]?re|\s+are)?\s+)?(?:really\s+)?"
    r"(?:wants?|wanting|wanna|like|love|hop(?:e|ing)|plan(?:ning)?|looking|going|start(?:ing)?|trying|learning)\s+to\s+",
    re.IGNORECASE,
)
_HELPS = re.compile(
    r"\bwhat\s+(?:(?:would|could|might|will|can)\s+)?(?:helps?|works?\s+for|(?:do|would)\s+you\s+(?:recommend|suggest)|holds\s+up)\b"
    r"|\bany(?:thing)?\s*(?:ideas?|tips?|suggestions?|thoughts|that\s+helps)?\s*\?|\bwhat\s+can\s+(?:i|we)\s+(?:do|use|try|get)\b",
    re.IGNORECASE,
)
_BEGINNING = frozenset("start begin learn try get go make do take".split())  # noqa: SIM905 - tell nothing of what
_LONGEST = 6  # words of what is asked for
_MERELY = frozenset(  # the words of a message that asks for goods and of which kind they are to be, and says no more
    """
    a an the some any other your you have got do sell stock carry offer are there is what which kinds kind sorts sort
    types type of show list me us i we id im want need would like looking for please hi hello hey and also ok so see all
    have how about in 你 们 有 没 吗 什 么 哪 些 一 的 我 想 要 给 看 看看 卖
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)


def helps(text: str) -> bool:
    """Whether a message asks what helps, of all things: "what helps?", "any ideas?"."""
    return _HELPS.search(text) is not None


def carried(text: str, parser: Parser, linker: TitleLinker) -> bool:
    """Whether a message asks to be shown what the catalogue has a word for: a kind, a genre, or one of its texts."""
    match = _LISTS.search(text)
    thing = next(g for g in match.groups() if g).strip() if match else ""
    said = telling_words(thing) if len(thing.split()) <= _LONGEST else []
    if match is None or not said or any(form in parser.columns for word in said for form in forms(word)):
        return False  # "which sizes do you have"
    if match["c"]:  # "what about the weather?"
        return any(_is_kind(form, parser) for word in said for form in forms(word))
    return all(any(linker.knows(form) for form in forms(word)) for word in said)


def _is_kind(phrase: str, parser: Parser) -> bool:
    return any(field in ("kind", "genres") for field, _ in parser.phrases.meanings.get(phrase, ()))


def merely_asks(text: str, parsed: Parsed) -> bool:
    """Whether a message asks for goods of a kind, and says nothing else but a limit: "do you have gift sets?"."""
    wanted = any(limit.is_thing for limit in parsed.constraints)
    return wanted and _MERELY.issuperset(words(blank(text, parsed.spans)))


def own_words(text: str, parser: Parser) -> bool:
    """Whether a message has a word for kinds or genres that only this catalogue has."""
    said = words(text)
    phrases = {" ".join(said[at : at + n]) for at in range(len(said)) for n in (1, 2, 3)}
    return any(form in parser.phrases.own_words for phrase in phrases for form in forms(phrase))


def wants_ours(text: str, parser: Parser, linker: TitleLinker) -> bool:
    """Whether a message wants to do something, all in words that the catalogue has: "we'd like to start baking bread".

    One of them at least must be a noun of its titles, or a word of its kinds.
    """
    match = _WANTS_TO.search(text)
    said = [word for word in telling_words(text[match.end() :]) if word not in _BEGINNING] if match else []
    known = all(any(linker.knows(form) for form in _kin(word)) for word in said)
    return known and any(parser.things.spelt(word) or word in parser.phrases.plain_words for word in said)


def _kin(word: str) -> tuple[str, ...]:
    """Return a word as it is and as a noun of what is done: "baking" for "bake"."""
    return (*forms(word), f"{word}ing", f"{word.removesuffix('e')}ing", word.removesuffix("ing"))
