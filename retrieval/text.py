"""Text normalisation shared by linking, parsing and lexical retrieval, for spaced scripts and for Chinese."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rapidfuzz.distance import DamerauLevenshtein

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+(?:['’ʼ][^\W_{_CJK}]+)*|\$")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")  # what no text of a shop has
_ASCII_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*|\$")  # the same in lower-case ASCII, as most texts are
_CJK_CHARACTER = re.compile(rf"[{_CJK}]")
_HAN = re.compile("[\u3400-\u9fff]")
_KANA = re.compile("[\u3040-\u30ff]")


@dataclass(frozen=True, slots=True)
class Token:
    """A normalised token and where it stood: `text[start:end]` is its surface."""

    norm: str
    start: int
    end: int


@lru_cache(65_536)
def fold(text: str) -> str:
    """Lower-case, strip accents and apostrophes: ``fold("Amélie's") == "amelies"``."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in decomposed if not unicodedata.combining(c) and c not in "'’ʼ")
    return unicodedata.normalize("NFC", kept)


def tokenize(text: str) -> list[Token]:
    """Split into words; each Chinese or Japanese character is a token of its own, so phrases need no segmenter."""
    return [Token(fold(m.group()), m.start(), m.end()) for m in _TOKEN.finditer(text)]


def words(text: str) -> list[str]:
    """Return the normalised tokens alone."""
    if text.isascii():
        found: list[str] = _ASCII_TOKEN.findall(text.lower())
        return [word.replace("'", "") for word in found] if "'" in text else found
    return [fold(m) for m in _TOKEN.findall(text)]


def normalize(text: str) -> str:
    """Return the form under which titles and facet values are compared: ``normalize("WALL·E") == "wall e"``."""
    return " ".join(words(text))


def decimal(text: str) -> float:
    """Read digits with a point or a comma before the decimals: ``decimal("2,5") == 2.5``."""
    return float(text.replace(",", "."))


def as_written(value: Any) -> Any:  # noqa: ANN401 - a value of a file is of any type before validation
    """Return a whole number that a file gives for a text as the text: an id of 7 is "7"."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def slip(word: str, known: str) -> bool:
    """Whether a word is another with one slip of the keyboard: a letter wrong, missing, too many, or two swapped.

    The first and the last letter are seldom wrong.
    """
    return word[0] == known[0] and word[-1] == known[-1] and within_one(word, known)


def within_one(word: str, known: str) -> bool:
    """Whether a word is another with a letter wrong, missing, too many, or two swapped."""
    if abs(len(word) - len(known)) > 1:
        return False
    return DamerauLevenshtein.distance(word, known, score_cutoff=1) == 1


def is_cjk(text: str) -> bool:
    """Whether the text holds any Chinese or Japanese character."""
    return not text.isascii() and _CJK_CHARACTER.search(text) is not None


def language_of(text: str) -> str:
    """Return the language to answer in: "zh" if Chinese characters carry the message, else "en".

    Titles in Chinese inside an English sentence do not switch the language: at least as many Han
    characters as Latin words are needed.
    """
    han = len(_HAN.findall(text))
    latin = len(re.findall(r"[A-Za-z]{2,}", text))
    return "zh" if han and han >= latin and not _KANA.search(text) else "en"


_NO_PLURALS = frozenset(("news", "goods", "means"))  # "something new" is no news
_IRREGULAR = (("knife", "knives"), ("shelf", "shelves"), ("loaf", "loaves"), ("leaf", "leaves"), ("scarf", "scarves"))


def forms(phrase: str) -> tuple[str, ...]:
    """Return a phrase in the singular and in the plural: "tents" for "tent", "knife sets" for "knife set"."""
    if not phrase.isascii() or len(phrase) < 3 or not phrase[-1].isalpha() or phrase in _NO_PLURALS:
        return (phrase,)
    if phrase.endswith(("ss", "x", "z", "ch", "sh")):
        return phrase, phrase + "es"
    if phrase.endswith("ies") and len(phrase) > 4:
        return phrase, phrase[:-3] + "y"
    if phrase.endswith(("xes", "ches", "shes", "sses")):
        return phrase, phrase[:-2]
    for one, many in _IRREGULAR:  # "knife" and "knives"
        if phrase.endswith(many):
            return phrase, phrase.removesuffix(many) + one
        if phrase.endswith(one):
            return phrase, phrase.removesuffix(one) + many
    if phrase.endswith("s"):
        return phrase, phrase[:-1]
    if phrase.endswith("y") and phrase[-2] not in "aeiou":
        return phrase, phrase[:-1] + "ies"
    return phrase, phrase + "s"
