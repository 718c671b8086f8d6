"""Words of an order, as columns hold them: none < low < medium < high, and beginner < intermediate < expert."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from retrieval.text import normalize

NONE, LOW, MEDIUM, HIGH, MOST = 0.0, 2.0, 3.0, 4.0, 5.0
# What is said of an amount; what "low" is low in, such words do not tell, unlike those behind "|" ("mild", "strong").
_AMOUNTS = """
0: none, no, zero, nil, free, without, absent, 无, 没有 | decaf, decaffeinated
1: very low, minimal, trace, traces, negligible, very little, 很低, 极低 | very mild, very light, very weak
2: low, little, 低, 少 | mild, weak, light, soft, gentle
2.5: low medium, low to medium, medium low, 中低
3: medium, moderate, average, normal, mid, 中, 中等 | balanced
3.5: medium high, medium to high, 中高
4: high, 高 | strong, intense, full, firm, hot, heavy, rich
5: very high, extremely high, maximum, 很高, 极高 | very strong, extra strong, very hot, extra hot, very intense
"""
_SKILLS = """
1: | beginner, beginners, novice, very easy, entry level, starter, 初级, 入门
2: | easy, simple, basic, 简单, 容易
3: medium, moderate, 中, 中等 | intermediate, improver, 中级
4: | hard, difficult, challenging, tricky, advanced, 困难, 高级
5: | expert, experts, very hard, very difficult, professional, 专家
"""
_MOSTLY = 0.9  # of the items of a column, from which its values are grades
_LISTED = 2  # grades that a limit names one by one
_FREE = re.compile(r"^\w+(?: \w+)? free$")


def _read(table: str) -> tuple[dict[str, float], frozenset[str]]:
    """Return the ranks of a table's words, and those of them that do not tell what they are of."""
    ranks, mute = dict[str, float](), set[str]()
    for line in table.strip().splitlines():
        rank, _, said = line.partition(":")
        plain, _, telling = said.partition("|")
        for part, quiet in ((plain, True), (telling, False)):
            found = [normalize(word) for word in part.split(",") if word.strip()]
            ranks.update(dict.fromkeys(found, float(rank)))
            mute.update(found if quiet else ())
    return ranks, frozenset(mute)


_RANKS, _MUTE = _read(_AMOUNTS)
_SKILL_RANKS, _ = _read(_SKILLS)


def rank_of(value: object) -> float | None:
    """Return where a value stands in its order: 0 is none, 2 low or easy, 3 medium, 4 high or hard; None if in none."""
    if not isinstance(value, str):
        return None
    word = normalize(value)
    known = _RANKS.get(word, _SKILL_RANKS.get(word))
    return NONE if known is None and _FREE.match(word) else known


def is_mute(value: str) -> bool:
    """Whether a grade does not tell by itself what it is a grade of: "low", not "mild"."""
    return value in _MUTE


def of_amounts(values: Iterable[str]) -> bool:
    """Whether grades are those of an amount, of which there may be none."""
    return all(value in _RANKS or rank_of(value) == NONE for value in values if rank_of(value) is not None)


def are_grades(held: Collection[tuple[str, int]]) -> bool:
    """Whether the values of a column are grades, each given with how many items have it: all, or nearly so.

    They are of one order, of which there are two ranks at least.
    """
    graded = [(value, count) for value, count in held if rank_of(value) is not None]
    known = [value for value, _ in graded]
    one = of_amounts(known) or all(value in _SKILL_RANKS for value in known)
    enough = sum(count for _, count in graded) >= _MOSTLY * sum(count for _, count in held)
    return one and enough and len({rank_of(value) for value in known}) > 1


def worded(values: Collection[str], name: str, chinese: bool) -> str:
    """Word grades that do not tell of what they are with their column's name: "low or no caffeine"."""
    ordered = sorted(values, key=lambda value: rank_of(value) or NONE)
    none, high = rank_of(ordered[0]) == NONE, (rank_of(ordered[-1]) or NONE) >= HIGH
    if len(ordered) > _LISTED and none != high:
        bound = ordered[-1] if none else ordered[0]
        if chinese:
            return f"{name}{'最多' if none else '至少'}{bound}"
        return f"at {'most' if none else 'least'} {bound} {name}"
    shown = [("无" if chinese else "no") if rank_of(value) == NONE else value for value in ordered]
    shown = shown[::-1] if none else shown
    return name + "或".join(shown) if chinese else f"{' or '.join(shown)} {name}"
