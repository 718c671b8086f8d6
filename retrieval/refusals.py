"""Words of the texts that a message refuses, though no column has them: "no clowns", "I hate clowns"."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Sequence

from bm25s.stopwords import STOPWORDS_EN_PLUS

from retrieval.hits import ABOUT
from retrieval.text import Token

_WITHOUT_ONE = (["without", "a"], ["without", "an"], ["without", "any"])
_HEDGES = frozenset((*STOPWORDS_EN_PLUS, "maybe", "please", "perhaps"))
_STOP_TOPICS = frozenset(
    """
    a an the it that this them one ones any anything something much many more less too very so my your me
    you i in on at sure interested idea now thanks today tonight problem worries really only good bad great
    longer shorter later earlier older newer yet quite exactly either necessarily all anymore for like want
    because another other heard seen read played known plot plots story stories ending endings scene scenes
    long short complicated kind sort thing things people lot
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)
_HATING = frozenset({"hate", "hates", "dislike", "dislikes"})
_REFUSING = frozenset(  # the two words before what is refused; "anything but" has become "anything not"
    {("cant", "stand"), ("cannot", "stand"), ("dont", "want"), ("not", "want"), ("not", "have"), ("no", "more"),
     ("anything", "not"), ("everything", "not"), ("tired", "of"), ("sick", "of"), ("spare", "me")}
)  # fmt: skip
_NEGATORS = frozenset("not no without isnt arent neither nor t nt".split())  # noqa: SIM905 - "isn't" is two words
_REACH = 7  # words from the refusal to what stands behind "or"
_SHORTEST = 3  # words before it: "not red or"
_ANY_OF = frozenset({"any", "much", "too", "all"})


def refused_words(
    text: str,
    tokens: Sequence[Token],
    covered: Container[int],
    held: Callable[[str], bool],
    values: frozenset[str],
) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, word) of what "no clowns", "nothing with clowns" and "I hate clowns" refuse: no facets.

    Args:
        text: the message.
        tokens: its words.
        covered: those that are explained already.
        held: whether a word stands in the catalogue's texts.
        values: the words of what its text columns hold.
    """
    for at, token in enumerate(tokens):
        before = [t.norm for t in tokens[max(0, at - 3) : at]]
        if at in covered or token.norm in _STOP_TOPICS or len(token.norm) < 3 or token.norm.isdigit() or not before:
            continue
        about = before[-1] in ABOUT and bool({"no", "nothing", "not"}.intersection(before[:-1]))
        about = about and "," not in text[tokens[max(0, at - 3)].start : token.start]
        plain = (
            _refuses(before)
            and text[tokens[at - 1].end : token.start] == " "
            and token.norm not in STOPWORDS_EN_PLUS
            and held(token.norm)
        )
        plain = plain or (_not_this(text, tokens, at, values) and held(token.norm))
        lacks = before[-1] == "without" and not token.norm.endswith("ing")  # "without being embarrassing"
        lacks = lacks or (before[-2:] in _WITHOUT_ONE and held(token.norm) and _ends(text, tokens, at))
        if lacks or about or plain:
            yield token.start, token.end, token.norm


def also_refused(
    text: str, tokens: Sequence[Token], covered: Container[int], held: Callable[[str], bool], values: frozenset[str]
) -> Iterator[tuple[int, int, str]]:
    """Yield what stands behind "or" in what is refused: of "one that isn't black or steel" the steel.

    It is a word of what text columns hold; the arguments are those of `refused_words`.
    """
    for at, token in enumerate(tokens):
        if at in covered or at < _SHORTEST or tokens[at - 1].norm not in ("or", "nor") or token.norm not in values:
            continue
        first = next((n for n in range(at - 2, max(-1, at - _REACH), -1) if tokens[n].norm in _NEGATORS), None)
        if first is None or not held(token.norm) or token.norm in STOPWORDS_EN_PLUS:
            continue
        between = text[tokens[first].end : token.start]
        if not re.search(r"[.,;:!?]|\bbut\b", between) and _ends(text, tokens, at):
            yield token.start, token.end, token.norm


def _ends(text: str, tokens: Sequence[Token], at: int) -> bool:
    """Whether what a word is part of ends with it: "without a motor maybe", but not "without a big motor"."""
    after = tokens[at + 1 : at + 2]
    return not after or text[tokens[at].end : after[0].start] != " " or after[0].norm in _HEDGES


def _not_this(text: str, tokens: Sequence[Token], at: int, known: frozenset[str]) -> bool:
    """Whether a clause is a bare "not" and this word, which must say something or be known: "for winter, not down"."""
    if tokens[at - 1].norm != "not" or (tokens[at].norm in STOPWORDS_EN_PLUS and tokens[at].norm not in known):
        return False
    before, after = text[: tokens[at - 1].start].rstrip(), text[tokens[at].end :].lstrip()
    begins = not before or before[-1] in ",.;:(–—-" or before.casefold().endswith((" but", " and"))
    return begins and (
        not after or after[0] in ",.;:!?)" or after.casefold().startswith(("please", "again", "or ", "nor "))
    )


def _refuses(before: Sequence[str]) -> bool:
    no = before[-1] == "no" and before[-2:-1] != ["in"]  # "in no hurry" refuses nothing
    return no or before[-1] in _HATING or tuple(before[-2:]) in _REFUSING


def lacks_one(before: Sequence[str]) -> bool:
    """Whether words end in "without", perhaps without any: none of somebody's ("without the kids")."""
    return next((word for word in reversed(before) if word not in _ANY_OF), "") == "without"
