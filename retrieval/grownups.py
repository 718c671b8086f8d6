"""Whom a work is not for: "that's for kids", "for grown-ups", "nothing childish" refuse what is made for children."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CHILDREN = r"(?:(?:little|small|young)\s+)?(?:children|kids|kiddies|toddlers|babies)"
_GROWN_UPS = r"(?:adults?|grown[\s-]?ups?)"
_FOUND = re.compile(
    # "my kids" would be somebody's, and "is that for kids?" asks
    rf"\b(?:that|those|these|they|which)(?:['’]s|['’]re|\s+is|\s+are|\s+looks?|\s+seems?|\s+sounds?)\s+(?:(?:\w+ly|more|just|all|a\s+bit|something|meant|made|an?\s+\w+)\s+)*"
    rf"for\s+{_CHILDREN}\b|(?:^|[.!?…])\s{{2,}}(?:is|are)\s+for\s+{_CHILDREN}\b"
    rf"|\bfor\s+(?:actual\s+|proper\s+|us\s+)?{_GROWN_UPS}\b|(?<!\byoung\s)(?<!\byoung-)\b{_GROWN_UPS}\s+only\b|\b(?:not|too|less)\s+childish\b"
    rf"|\bnothing\s+(?:childish|for\s+{_CHILDREN})\b|(?:那|这)?是?给(?:小孩子?|孩子们?|儿童)看的(?=[。，！,.!]|$)|(?:给|适合)(?:大人|成年?人)",
    re.IGNORECASE,
)
_BOTH = re.compile(
    rf"\b{_CHILDREN}\s*(?:,|and|&|or)\s*{_GROWN_UPS}\b|\b{_GROWN_UPS}\s*(?:,|and|&|or)\s*{_CHILDREN}\b", re.IGNORECASE
)


def not_for_children(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a message says that what it wants is not for children: (start, end) each; titles are blanks in it."""
    if not _BOTH.search(text):
        yield from (match.span() for match in _FOUND.finditer(text))
