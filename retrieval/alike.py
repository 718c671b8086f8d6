"""Kinds and names that end with the same word: which of them are for somebody else, and how all of them are called."""

from __future__ import annotations

from collections.abc import Collection, Sequence

_OTHERS = frozenset(  # for whom kinds may be that are not for who asks
    """
    child children childrens kid kids baby babies toddler toddlers junior juniors youth girl girls boy boys dog dogs cat
    cats puppy puppies kitten kittens pet pets doll dolls
    """.split()  # noqa: SIM905 - a column of quoted words reads worse
)


def for_others(kinds: Sequence[str]) -> tuple[str, ...]:
    """Return those kinds that are for children or animals: "childrens bike"."""
    return tuple(kind for kind in kinds if _OTHERS.intersection(kind.split()[:-1]))


def shortened(values: Sequence[str], kinds: Collection[str]) -> list[str]:
    """Return kinds by the word that they share, where they are all that end with it, but for children's."""
    found: list[str] = []
    for value in values:
        tail = value.rpartition(" ")[2]
        alike = [kind for kind in kinds if " " in kind and kind.rpartition(" ")[2] == tail]
        whole = len(alike) > 1 and tail not in kinds and set(alike) - set(for_others(alike)) <= set(values)
        found.append(tail if whole and len(set(alike).intersection(values)) > 1 else value)
    return list(dict.fromkeys(found))


def named_alike(names: Sequence[str]) -> list[str]:
    """Return names of titles, by the word that they end with where there are several: "night cream", "day cream"."""
    return list(dict.fromkeys(name.rpartition(" ")[2] for name in names)) if len(names) > 1 else list(names)
