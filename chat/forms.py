"""Forms: whether something can be had as a download, on a disc, in print, or with subtitles. The shop's pages say."""

from __future__ import annotations

import re

_FORMS = {  # what people call a form: how pages write it
    "stream": r"stream\w*",
    "download": r"download\w*|digital\w*",
    "disc": r"dis[ck]s?|dvds?|blue?-?\s?rays?|cds?|4k|uhd",
    "vinyl": r"vinyls?|lps?|records?",
    "cassette": r"cassettes?|tapes?",
    "e-book": r"e-?books?|epubs?|kindle|pdfs?",
    "audiobook": r"audio-?\s?books?",
    "print": r"paperbacks?|hardbacks?|hardcovers?|physical\s+cop(?:y|ies)|printed?",
    "subtitles": r"subtitl\w+|subs|captions?|dubs?|dubbed",
}
_SAID = r"(?P<form>stream(?:ed|ing)?|downloads?|dis[ck]s?|dvds?|blue?-?\s?rays?|cds?|vinyls?|lps?|cassettes?|e-?books?|epubs?|pdfs?|audio-?\s?books?|paperbacks?|hardbacks?|hardcovers?|physical\s+cop(?:y|ies)|subtitles|subs|captions|dubbed)"  # noqa: E501
_ASKED = re.compile(
    "|".join(
        pattern.replace("FORM", _SAID.replace("form", name))
        for name, pattern in (
            ("verb", r"\b(?:can|could|may)\s+(?:i|we|you)\s+(?:also\s+)?FORM\b(?!\s+(?:to|my|your|what)\b)"),
            (
                "had",
                r"(?:^|[.!?;,]\s+|\b(?:and|but|so|or)\s+)\W*(?:is|are|do|does|can|could|will|have|has)\b(?![^.;!?\n]*\b(?:some|any)thing\b)[^.;!?\n]{0,60}"
                r"\b(?:on|as|in|with)\s+(?:an?\s+|the\s+)?(?:\w+\s+)?FORM\b",
            ),
            (
                "sold",
                r"\b(?:do|does|have|is|are|got)\s+(?:you|there|they|it|that|this|these)\s+(?:also\s+)?(?:have\s+|sell\s+|stock\s+|do\s+|carry\s+"
                r"|offer\s+|got\s+|come\s+in\s+|come\s+on\s+)?(?:an?\s+|any\s+)?(?:\w+\s+)?FORM(?=\W*$|\s+(?:of|for|version|edition|too|as\s+well|or|and)\b)",
            ),
        )
    ),
    re.IGNORECASE,
)  # fmt: skip
_SEVERAL = 3  # forms that a passage tells of which is about forms


def form_asked(text: str) -> str:
    """Return the form in which a message asks to have something, as it says it; "" if none."""
    match = _ASKED.search(text)
    return next((g for g in match.groups() if g), "") if match else ""


def tells_of(passage: str, form: str, *, several: bool = False) -> bool:
    """Whether a passage tells of a form, or of `several`."""
    asked = next((words for words in _FORMS.values() if re.fullmatch(words, form, re.IGNORECASE)), re.escape(form))
    said = [words for words in _FORMS.values() if re.search(rf"\b(?:{words})\b", passage, re.IGNORECASE)]
    return (len(said) >= _SEVERAL and asked != _FORMS["subtitles"]) if several else asked in said
