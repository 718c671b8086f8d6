"""De-duplicating records and dividing them into train, valid and test, without chance: a hash of the id decides.

A copy in test that train has too would be measured as memory, so of copies the one nearest to test stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from finetune.cleaning import dialogue_text, fingerprint, fraction
from finetune.data import PARTS, DialogueRecord, MentionsRecord, NextItemRecord, Part, RecordType
from finetune.readers import Placed

R = TypeVar("R", bound=RecordType)


@dataclass(frozen=True, slots=True)
class Unique(Generic[R]):
    """Records that differ from each other, those left out as copies, and those left out for another's id."""

    kept: tuple[Placed[R], ...]
    copies: tuple[Placed[R], ...] = ()
    same_id: tuple[Placed[R], ...] = ()


def unique_dialogues(dialogues: Iterable[Placed[DialogueRecord]]) -> Unique[DialogueRecord]:
    """Keep one of dialogues that say the same (without case, accents, punctuation), and one of each id."""
    kept: list[Placed[DialogueRecord]] = []
    copies: list[Placed[DialogueRecord]] = []
    same_id: list[Placed[DialogueRecord]] = []
    said: set[int] = set()
    ids: set[str] = set()
    for placed in sorted(dialogues, key=_from_test):
        text = fingerprint(dialogue_text(placed.value))
        if text in said:
            copies.append(placed)
        elif placed.value.id in ids:
            same_id.append(placed)
        else:
            said.add(text)
            ids.add(placed.value.id)
            kept.append(placed)
    return Unique(tuple(kept), tuple(copies), tuple(same_id))


def unique_mentions(mentions: Iterable[Placed[MentionsRecord]]) -> Unique[MentionsRecord]:
    """Keep one of each id; different people may well mention the same films."""
    return _unique(mentions, lambda record: record.id)


def unique_next_items(records: Iterable[Placed[NextItemRecord]]) -> Unique[NextItemRecord]:
    """Keep one of equal records."""
    return _unique(records, lambda record: record)


def _unique(records: Iterable[Placed[R]], key: Callable[[R], object]) -> Unique[R]:
    once: dict[object, Placed[R]] = {}
    copies = [p for p in sorted(records, key=_from_test) if once.setdefault(key(p.value), p) is not p]
    return Unique(tuple(once.values()), tuple(copies))


def _from_test(placed: Placed[RecordType]) -> int:
    return -PARTS.index(placed.part) if placed.part else 0


def divide(
    records: Sequence[Placed[R]], key: Callable[[R], str], shares: Mapping[Part, float], seed: int
) -> Mapping[Part, Sequence[R]]:
    """Divide records into parts; those of one key stay together.

    Parts that the source has made stay as they are; a part that it lacks, and has a share, is made out of its train
    part.

    Args:
        records: with the part that the source puts them in.
        key: what decides, e.g. the id.
        shares: of valid and test, from 0 to 1.
        seed: another one, another division.
    """
    present = {placed.part for placed in records}
    test, valid = (0.0 if part in present else shares[part] for part in ("test", "valid"))
    divided: dict[Part, list[R]] = {part: [] for part in PARTS}
    for placed in records:
        at = fraction(key(placed.value), seed)
        drawn: Part = "test" if at < test else "valid" if at < test + valid else "train"
        divided[placed.part if placed.part in ("valid", "test") else drawn].append(placed.value)
    return divided
