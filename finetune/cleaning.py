"""Cleaning and normalising: what is done to every text and record before it is compared, split and written."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import replace

from finetune.data import DialogueRecord, Turn
from retrieval.text import normalize
from retrieval.types import AttributeValue, Item

# Controls, halves of surrogate pairs, soft hyphens, zero-width spaces and direction overrides, which can make a text
# read other than it is. The zero-width joiners stay: emoji and several scripts are spelt with them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)


def clean_text(text: str) -> str:
    """Return a text in Unicode's composed form (NFC), without invisible characters, with single spaces."""
    return " ".join(_UNSEEN.sub("", unicodedata.normalize("NFC", text)).split())


def clean_item(item: Item) -> Item:
    """Clean an item's texts; an alias that repeats the title goes."""
    aliases = tuple(a for a in _clean_all(item.aliases) if normalize(a) != normalize(item.title))
    return replace(
        item,
        title=clean_text(item.title),
        description=clean_text(item.description),
        creators=_clean_all(item.creators),
        genres=_clean_all(item.genres),
        aliases=aliases,
        attributes={
            name: cleaned for name, value in item.attributes.items() if (cleaned := _clean_value(value)) not in ("", ())
        },
    )


def clean_dialogue(record: DialogueRecord) -> DialogueRecord | None:
    """Clean a dialogue's texts; turns with neither words nor items go; None if nothing stays."""
    turns = [Turn(role=t.role, text=clean_text(t.text), items=tuple(dict.fromkeys(t.items))) for t in record.turns]
    kept = tuple(turn for turn in turns if turn.text or turn.items)
    return record.model_copy(update={"turns": kept}) if kept else None


def _clean_all(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cleaned for text in texts if (cleaned := clean_text(text))))


def _clean_value(value: AttributeValue) -> AttributeValue:
    if isinstance(value, str):
        return clean_text(value)
    return _clean_all(value) if isinstance(value, tuple) else value


def dialogue_text(record: DialogueRecord) -> str:
    """Return what two copies of a dialogue share: who says what, without case, accents and punctuation.

    The items are not looked at, for two people may have linked the same words otherwise, unless there are no words.
    """
    said = [(turn.role, normalize(turn.text)) for turn in record.turns]
    if not any(text for _, text in said):
        said = [(turn.role, " ".join(turn.items)) for turn in record.turns]
    return "\n".join(f"{role}: {text}" for role, text in said)


def fingerprint(text: str) -> int:
    """Return 63 bits that stand for a text, the same in every run and on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) >> 1


def fraction(text: str, seed: int) -> float:
    """Return a number in [0, 1) that depends on nothing but a text and a seed."""
    return fingerprint(f"{seed}\n{text}") / 2**63
