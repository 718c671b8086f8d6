"""About: which of the works that a message names it asks about, in the clause that names them or by "it" behind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from chat.clauses import clauses
from chat.explaining import asks_common, wonders_why
from chat.naming import HAVE
from chat.opinions import LIKE, Opinion
from chat.questions import questions
from retrieval.columns import Columns
from retrieval.cues import Mention

ADVICE = re.compile(
    r"\b(?:should|could|can|would)\s+(?:i|we|you)\b|\b(?:recommend|suggest|similar|next|after|instead|else)\b|推荐|类似|接下来",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:\s*\(\d{4}\))?")
_THAT = "that"  # stands for any title: what is asked of a work does not depend on which it is
_MARKS = 0xE000  # characters of private use, one a title
_ITS = re.compile(r"\b(?:it|its)\b|\bthe\s+(?:story|plot)\b|\btell\s+me\s+more\W*$|它", re.IGNORECASE)
_STOPS = re.compile(r"\b(?:stop|quit|no\s+more|don['’]?t|not)\s+(?:\w+\s+)?$", re.IGNORECASE)
_WISHES = re.compile(
    r"\b(?:something|anything|another|give\s+me|show\s+me|same|clos(?:er|est)|nearest|vein|more|others?)\b"
    r"|(?<!\bi )(?<!\bwe )(?<!\bhe )(?<!\bshe )(?<!\bthey )(?<!\bd )\blike\s+(?!in\b)\w",
    re.IGNORECASE,
)


def untitled(text: str, mentions: Sequence[Mention]) -> str:
    """Return a message with one word for every title: "what's that about" for "what's My Name Is Red about"."""
    return re.sub(rf"[{chr(_MARKS)}-{chr(_MARKS + len(mentions))}]", _THAT, _marked(text, mentions))


def asked_of(text: str, mentions: Sequence[Mention], columns: Columns) -> list[Mention]:
    """Return the works that a message asks something of; none if it asks for advice besides.

    "Looper was boring. Ex Machina sounds right, what is it about?" asks of one, and so does "is Exhalation a novel?";
    "I loved Dune, what do I read next?" of none.
    """
    if questions(text, columns, several=len(mentions) > 1).singles_out:
        return []  # each is measured against the others
    found: list[Mention] = []
    last: list[Mention] = []
    for clause in clauses(_marked(text, mentions)):
        named = [mentions[ord(char) - _MARKS] for char in clause if 0 <= ord(char) - _MARKS < len(mentions)]
        said = "".join(_THAT if 0 <= ord(char) - _MARKS < len(mentions) else char for char in clause)
        if (named or (last and _ITS.search(said))) and _asks(said, columns):
            found += [mention for mention in named or last if mention not in found]
        elif wishes(said):
            return []
        last = named[-1:] or last
    return found


def only_asked(
    mentions: list[Mention], stood: list[Opinion], asked: Sequence[Mention]
) -> tuple[list[Mention], list[Opinion]]:
    """Return the works named and the stands on them without those that are neither asked about nor stood on.

    What is asked about is asked about, however it sounds: "not Dune, what is Hyperion about?" refuses but one.
    """
    if not asked:
        return mentions, stood
    both = [
        (mention, replace(opinion, attitude="neutral") if mention in asked else opinion)
        for mention, opinion in zip(mentions, stood, strict=True)
        if mention in asked or opinion.attitude != "neutral"
    ]
    return [mention for mention, _ in both], [opinion for _, opinion in both]


def _marked(text: str, mentions: Sequence[Mention]) -> str:
    """Return a message with a mark in place of every title."""
    marked, at = "", 0
    for number, mention in enumerate(mentions):
        marked += text[at : mention.start] + chr(_MARKS + number)
        at = mention.end + len(_YEAR.match(text, mention.end).group())  # type: ignore[union-attr]  # it matches nothing, too
    return marked + text[at:]


def _asks(clause: str, columns: Columns) -> bool:
    asked = questions(clause, columns, several=False)
    if asks_common(clause) or wonders_why(clause):
        return True
    advice = ADVICE.search(clause) or LIKE.search(clause) or HAVE.search(clause)
    return bool(asked.fields or asked.yes_no) and not advice


def wishes(clause: str) -> bool:
    """Whether a clause asks for something to be shown: not "stop recommending"."""
    match = ADVICE.search(clause) or _WISHES.search(clause)
    return match is not None and _STOPS.search(clause[: match.start()]) is None
