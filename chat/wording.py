"""How limits are said one after another: what belongs together in one phrase, "for ages 5 and 8", "€20 to €40"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_AGE = re.compile(r"for age (\S+)")
_LEAST, _MOST = re.compile(r"at least (\S*\d\S*)"), re.compile(r"at most (\S*\d\S*)")


def together(labels: Sequence[str]) -> list[str]:
    """Return the labels of limits with those that belong together as one."""
    said = list(dict.fromkeys(labels))
    ages = [match for one in said if (match := _AGE.fullmatch(one))]
    if len(ages) > 1:
        named = [match[1] for match in ages]
        at = said.index(ages[0].string)
        said = [one for one in said if not _AGE.fullmatch(one)]
        said.insert(at, f"for ages {', '.join(named[:-1])} and {named[-1]}")
    for first, second in pairwise(said):
        low, high = _LEAST.fullmatch(first), _MOST.fullmatch(second)
        if low and high:
            at = said.index(first)
            return [*said[:at], f"{low[1]} to {high[1]}", *said[at + 2 :]]
    return said
