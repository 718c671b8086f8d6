"""Values: whether an item has the colour, the size or the material that a question names: "do you have it in L?"."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from chat import facts
from chat.replies import Say
from retrieval.columns import Columns
from retrieval.constraints import as_values, satisfies
from retrieval.lexicon import display
from retrieval.shades import distinct
from retrieval.text import words
from retrieval.types import Constraint, Item

_COMES_IN = re.compile(
    r"(?:^|_|\b)(?:colou?r|size|material|finish|flavou?r|scent|fabric|edition|format)s?(?:$|_|\b)", re.IGNORECASE
)
_ASKS_IN = re.compile(r"\b(?:come|comes|available|have|get|got|sell)\b[^.!?;]*?\bin\b|有.{0,4}[吗色]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Valued:
    """Answers, of an item, whether it has values of text columns.

    Attributes:
        columns: the catalogue's own.
        name: gives a value as the catalogue writes it.
        say: the sentences of the language.
    """

    columns: Columns
    name: Callable[[str], str]
    say: Say

    def asked(self, text: str, constraints: Sequence[Constraint], fields: Collection[str]) -> list[Constraint]:
        """Return which of the limits of a question on some columns are values that it asks for."""
        texts = (c for c in constraints if c.op == "is" and self.columns.limits(c.field))
        own = [c for c in texts if c.field not in self.columns.flags.values() and isinstance(c.value, str | tuple)]
        return own if "in_stock" in fields or _ASKS_IN.search(text) else [c for c in own if c.field in fields]

    def answers(self, item: Item, constraints: Sequence[Constraint]) -> Iterator[str]:
        """Yield whether an item has each of some values, and what it has instead, where the catalogue tells."""
        for limit in constraints:
            told = facts.attribute(item, limit.field, self.say.language)
            if not told:
                continue
            values = [str(value) for value in as_values(limit)]
            asked = [self._named(limit.field, value) for value in distinct(values)]
            slots = {
                "title": facts.name(item, self.say.language),
                "asked": facts.join(asked, self.say.language, either=True),
                "told": told,
                "field": self.say.column(limit.field),
            }
            form = "comes_in" if _COMES_IN.search(limit.field) else "has_value"
            yield self.say(form if _has(item, limit) else f"{form}_not", **slots)

    def _named(self, field: str, value: str) -> str:
        shown = display(field, value, self.say.language)
        return self.name(value) if shown == value else shown


def _has(item: Item, limit: Constraint) -> bool:
    """Whether an item has a value, or one that is called by more words: what is matt black is black."""
    value = item.attributes.get(limit.field)
    held = value if isinstance(value, tuple) else (str(value),)
    asked = [set(words(each)) for each in as_values(limit)]
    return satisfies(item, limit) or any(each <= set(words(one)) for each in asked for one in held)
