"""Understanding: what one message says, before anything is answered.

Everything is read off the catalogue's own titles and facet values and off a few tables of cues; the language model has
no part in it, so nothing a person writes can talk the assistant into anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from chat.acts import BOUGHT, SAME_MAKER, Act, plain_act, refines, starts_anew
from chat.close_reading import CloseReading
from chat.memory import REMEMBER, lasts
from chat.opinions import Opinion
from chat.senses import Purpose, Sensed, unread
from chat.typed import telling_words
from retrieval.cues import Mention
from retrieval.linking import TitleLinker
from retrieval.numbers import blank
from retrieval.parsed import Parsed
from retrieval.parsing import Parser
from retrieval.text import language_of, words

_STORY = 4  # telling words beside subjects, from which a message describes one work
_ANYTHING = re.compile(r"\banything\b|\bany\s+(?:work|works|thing)\b|什么都|任何", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Understanding:
    """What one message says.

    Attributes:
        act: what kind of answer is due.
        language: "en" or "zh".
        opinions: stands on items, in the order of the text; `places` refer to the cards shown last.
        parsed: constraints, wishes and comparatives.
        questions: the catalogue columns asked about; ("other",) is one that the catalogue lacks.
        extreme: the measure by which one item is singled out: ("price", -1) is the cheapest.
        mood: the mood by which one of those shown is singled out, likewise.
        form: the kind as which an item is asked for: "is there a film of it?".
        of_these: that one is among the items named or shown.
        of_shown: it asks about all the cards on screen, or which of them has something.
        asks_genre: it asks whether an item is of a genre that it names.
        compares: the items are to be compared.
        asked_title: a title asked for that no exact or fuzzy match explains ("The Matrix 9").
        dropped: fields whose limits the person lifts ("any year").
        other: what was wished before is over ("something completely different").
        refining: the message adds to the last wish ("darker", "and shorter") instead of making a new one.
        anything: the person asks for any kind of work ("anything by …").
        same_maker: the person asks for more by whoever made the item spoken of.
        lacking: kinds asked for that this catalogue does not have.
        bare_title: the message is a title and little else.
        bought: it wants what is like earlier purchases, without naming any.
        unknown_name: a name the message uses that nothing in the catalogue bears ("Tom Hanks").
        only_unknown: it says nothing else that a recommendation could go by.
        gist: the message without titles and limits, for retrieval by meaning; "" if it says nothing beyond those and
            the wishes.
        medium: the kind of the works that it names, ours or not, by what is done with them: who "read" one reads.
        lasting: its limits are meant to hold beyond this conversation ("I never watch horror").
        offered: it asks for works of a kind, or for what the catalogue has a word for: "show me your lanterns".
        merely: it asks for goods of a kind, and says nothing else but a limit.
        ours: it uses words for kinds or genres that only this catalogue has.
        purposes: how likely it is meant for each purpose; {} if nobody can tell.
    """

    act: Act
    language: Literal["en", "zh"]
    opinions: tuple[Opinion, ...] = ()
    parsed: Parsed = field(default_factory=Parsed)
    questions: tuple[str, ...] = ()
    extreme: tuple[str, int] | None = None
    mood: tuple[str, int] | None = None
    form: str = ""
    of_these: bool = False
    of_shown: bool = False
    asks_genre: bool = False
    compares: bool = False
    asked_title: str = ""
    dropped: tuple[str, ...] = ()
    other: bool = False
    refining: bool = False
    anything: bool = False
    same_maker: bool = False
    lacking: tuple[str, ...] = ()
    bare_title: bool = False
    bought: bool = False
    unknown_name: str = ""
    only_unknown: bool = False
    gist: str = ""
    medium: str = ""
    lasting: bool = False
    offered: bool = False
    merely: bool = False
    ours: bool = False
    purposes: Mapping[Purpose, float] = field(default_factory=dict)

    @property
    def describes(self) -> bool:
        """Return whether it tells a story rather than a subject: "stuck on some island, a man goes mad"."""
        subjects = {word for wish in self.parsed.wishes for word in words(f"{wish.value} {wish.surface}")}
        return len({*telling_words(self.gist)} - subjects) > _STORY

    @property
    def looks_up(self) -> bool:
        """Return whether what it asks may stand in any column or in the description."""
        return self.of_shown or self.asks_genre or self.questions == ("other",)


def understand(
    text: str,
    linker: TitleLinker,
    parser: Parser,
    shown: int = 0,
    *,
    spoken_of: bool = False,
    served: Collection[Act] = (),
    sensed: Sensed | None = None,
    is_part: Callable[[str, Mention], bool] = lambda text, mention: False,
) -> Understanding:
    """Read one message.

    Args:
        text: what the person wrote.
        linker: of the current catalogue.
        parser: of the current catalogue.
        shown: how many cards the last answer showed, so that "the third one" can mean something.
        spoken_of: "it" means something even if no card is shown: the item of the shop's page.
        served: acts that somebody else has looked for already ("service", where there is a desk).
        sensed: what its words are about; None if only rules read it.
        is_part: whether a title that it seems to name is a part of what is on screen: "the battery".
    """
    sensed = sensed or unread()
    language: Literal["en", "zh"] = "zh" if language_of(text) == "zh" else "en"
    plain = plain_act(text, served)
    if plain is not None:
        return Understanding(plain, language, purposes=sensed.purpose)
    remember = REMEMBER.search(text)
    if remember is not None:
        text = blank(text, [remember.span()])
    read = CloseReading(text, language, linker, parser, shown, spoken_of, sensed, is_part)
    return Understanding(
        "remember" if remember else read.act,
        language,
        opinions=read.opinions,
        parsed=read.parsed,
        questions=read.questions,
        extreme=read.about.extreme,
        mood=read.about.mood,
        form=read.form,
        of_these=read.about.of_these,
        of_shown=read.of_shown,
        asks_genre=read.about.yes_no and read.questions == ("genres",) and not read.about.fields,
        compares=read.about.compares,
        asked_title=read.asked_title,
        dropped=read.dropped,
        other=starts_anew(text),
        refining=refines(text, read.parsed),
        anything=_ANYTHING.search(text) is not None,
        same_maker=SAME_MAKER.search(text) is not None,
        lacking=read.lacking,
        bare_title=read.bare_title,
        bought=BOUGHT.search(text) is not None,
        unknown_name=read.unknown_name,
        only_unknown=read.only_unknown,
        gist=read.gist,
        medium=read.medium,
        lasting=remember is not None or lasts(text),
        offered=read.offered,
        merely=read.merely,
        ours=read.ours,
        purposes=sensed.purpose,
    )
