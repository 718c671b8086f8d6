"""What whole clauses of a message say, which no single word names: endings, "not for kids", what is described."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from retrieval.absence import wanted_absent
from retrieval.constraints import Facets
from retrieval.described import Describer
from retrieval.endings import REFUSED, WISHED, endings
from retrieval.grownups import not_for_children
from retrieval.numbers import blank
from retrieval.parsed import Told, Wish
from retrieval.stances import Hit, Stance, stances
from retrieval.text import Token, normalize
from retrieval.types import Constraint


class Reading:
    """What has been found of a message so far; constraints with where they stand."""

    def __init__(self) -> None:
        self.constraints: list[tuple[int, Constraint]] = []
        self.spans: list[tuple[int, int]] = []
        self.hard: list[tuple[int, int]] = []
        self.refused: list[tuple[int, int]] = []
        self.wishes: list[Wish] = []
        self.opened: list[str] = []
        self.unchecked: list[str] = []
        self.taken_back: list[tuple[str, str]] = []
        self.allowed: list[str] = []
        self.owned: list[Constraint] = []


class Clauses:
    """Reads the clauses of messages against one catalogue.

    Args:
        facets: what the catalogue holds.
        describer: reads moods and genres that are described; None reads none.
        refuse: makes the limit that a value is refused, labelled in a language.
    """

    def __init__(
        self, facets: Facets, describer: Describer | None, refuse: Callable[[str, tuple[str, ...], str], Constraint]
    ) -> None:
        self._facets, self._describer, self._refuse = facets, describer, refuse

    def take(self, found: Reading, text: str, told: Callable[[int, int], Told], language: str) -> str:
        """Take over what clauses say outright, and return the text without them."""
        text = self._take_endings(found, text, told, language)
        text = self._take_grown_ups(found, text, language)
        return self._take_absent(found, text, told, language)

    def take_described(
        self, found: Reading, text: str, tokens: Sequence[Token], hit: Hit, stance: Stance | None, language: str
    ) -> None:
        """Take over what a message does with a value that it describes."""
        start = tokens[hit.start].start
        if stance == "refused":
            found.refused.append((start, tokens[hit.end - 1].end))
            found.constraints.append((start, self._refuse(hit.field, hit.values, language)))
        elif stance == "said":
            found.wishes.append(Wish(hit.field, hit.values[0], text[start : tokens[hit.end - 1].end], start))

    def _take_endings(self, found: Reading, text: str, told: Callable[[int, int], Told], language: str) -> str:
        """Take over how a work is to end, and return the text without it."""
        moods, spans = self._facets.postings.get("moods", {}), []
        for start, end, happy in endings(text):
            known = {mood for mood in (*WISHED[happy], *REFUSED[happy]) if mood in moods}
            if known and told(start, end) != "aside":
                spans.append((start, end))
                wished = [mood for mood in WISHED[happy] if mood in known]
                found.wishes.extend(Wish("moods", mood, text[start:end], start) for mood in wished)
                refused = [mood for mood in REFUSED[happy] if mood in known]
                found.constraints.extend((start, self._refuse("moods", (m,), language)) for m in refused)
        found.spans.extend(spans)
        found.hard.extend(spans)
        return blank(text, spans)

    def _take_grown_ups(self, found: Reading, text: str, language: str) -> str:
        """Refuse what is for children where a message says so and the catalogue knows, and return the rest of it."""
        field = next((f for f in ("audience", "genres") if "children" in self._facets.postings.get(f, {})), "")
        spans = list(not_for_children(text)) if field else []
        found.constraints.extend((s, self._refuse(field, ("children",), language)) for s, _ in spans[:1])
        for places in (found.spans, found.hard, found.refused):
            places.extend(spans)
        return blank(text, spans)

    def _take_absent(self, found: Reading, text: str, told: Callable[[int, int], Told], language: str) -> str:
        """Refuse what a clause wants to be absent and some texts have, and return the text without it."""
        spans = []
        for start, end, phrase in wanted_absent(text):
            topic = normalize(phrase)
            if told(start, end) != "aside" and self._facets.mask([Constraint("topic", "is", topic)]).any():
                found.constraints.append((start, self._refuse("topic", (topic,), language)))
                spans.append((start, end))
        found.spans.extend(spans)
        found.refused.extend(spans)
        return blank(text, spans)

    def described(self, text: str, tokens: Sequence[Token], hits: Sequence[Hit]) -> Iterator[tuple[Hit, Stance]]:
        """Yield the moods and genres that a message describes instead of naming them, and what it does with them."""
        if self._describer is None:
            return
        named = [tokens[hit.start].start for hit in hits if hit.field in ("moods", "genres")]
        for found in self._describer.read(text, lambda field, value: value in self._facets.postings.get(field, {})):
            inside = [at for at, token in enumerate(tokens) if found.start <= token.start < found.end]
            if inside and not any(found.start <= at < found.end for at in named):
                hit = Hit(found.field, (found.value,), inside[0], inside[-1] + 1)
                yield hit, stances(text, tokens, [hit])[0]
