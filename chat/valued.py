"""Values: whether an item has the colour, the size or the material that a question names: "do you have it in L?"."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from chat import facts
from chat.replies import Say
from retrieval.columns import Columns
from retrieval.constraints import as_values, satisfies
from retrieval.lexicon import display
from retrieval.ranges import of_sizes
from retrieval.shades import distinct
from retrieval.text import words
from retrieval.types import Constraint, Item

_COMES_IN = re.compile(
    r"(?:^|_|\b)(?:colou?r|size|material|finish|flavou?r|scent|fabric|edition|format|binding|cover)s?(?:$|_|\b)",
    re.IGNORECASE,
)
_ASKS_IN = re.compile(
    r"\b(?:come|comes|available|have|get|got|sell)\b[^.!?;]*?\b(?:in|as)\b|有.{0,4}[吗色]", re.IGNORECASE
)


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
        made = [c for c in constraints if c.op == "fits" and of_sizes(c.field) and c.field in fields]
        refused = (
            c for c in constraints if c.op == "is_not" and c.field in fields and self.columns.lists_colours(c.field)
        )
        made += refused  # "in a colour other than black?"
        made += () if own or made else self.columns.grades.asked_any(text)
        whether = "in_stock" in fields or _ASKS_IN.search(text) is not None
        return [*made, *(c for c in own if whether or c.field in fields)]

    @staticmethod
    def of_own(limit: Constraint) -> bool:
        """Whether a value has an answer of its own, be it asked of one item or of all that are shown."""
        return of_sizes(limit.field) or limit.op == "is_not"

    def answers(self, item: Item, constraints: Sequence[Constraint]) -> Iterator[str]:
        """Yield whether an item has each of some values, and what it has instead, where the catalogue tells."""
        for limit in constraints:
            told = facts.attribute(item, limit.field, self.say.language)
            if not told:
                continue
            slots = {
                "title": facts.name(item, self.say.language),
                "asked": self._asked(limit),
                "told": told,
                "field": self.say.column(limit.field),
            }
            if limit.op == "is_not":
                yield self._others(item, limit)
                continue
            if limit.field == "audience" and _has(item, limit) and limit.value == "children":
                yield self.say("listed_for_children", title=slots["title"])
                continue
            form = "comes_in" if _COMES_IN.search(limit.field) else "has_value"
            if limit.op == "fits" and _has(item, limit):
                form = "comes_in_range"
            yield self.say(form if _has(item, limit) else f"{form}_not", **slots)

    def _others(self, item: Item, limit: Constraint) -> str:
        """Tell in which colours an item comes beside those that are not wanted."""
        value = item.attributes.get(limit.field)
        colours = value if isinstance(value, tuple) else (str(value),)
        others = [c for c in colours if satisfies(replace(item, attributes={limit.field: c}), limit)]
        shown = [self._named(limit.field, c) for c in others or colours]
        form = "others_in" if others else "no_others_in"
        return self.say(form, title=facts.name(item, self.say.language), told=facts.join(shown, self.say.language))

    def of_several(self, items: Sequence[Item], limit: Constraint) -> str:
        """Say which of several items come in a value, and which do not."""
        said = []
        for has, form in ((True, "come_in"), (False, "come_in_not")):
            titles = [facts.name(item, self.say.language) for item in items if _has(item, limit) == has]
            form = f"{form}_one" if len(titles) == 1 else form
            listed = facts.join(titles, self.say.language)
            said.append(self.say(form, titles=listed, asked=self._asked(limit)) if titles else "")
        return self.say.sentences(*said)

    def graded(self, items: Sequence[Item], constraints: Sequence[Constraint]) -> str:
        """Say of each of several items how much it has of what a limit asks for, those that keep it first.

        What has no grade is told of together; "" if nothing has one.
        """
        limit = next((c for c in constraints if c.field in self.columns.grades), None)
        if limit is None:
            return ""
        alike: dict[str, list[Item]] = {}
        for item in sorted(items, key=lambda item: not satisfies(item, limit)):
            alike.setdefault(facts.graded(item, limit.field, self.say.language), []).append(item)
        rest = self.say("held_not") if alike.pop("", []) else ""
        told = [
            self.say("held_some", title=facts.names(those, self.say.language), value=v) for v, those in alike.items()
        ]
        return self.say.sentences(*told, rest) if told else ""

    def _asked(self, limit: Constraint) -> str:
        """Word what is asked for: "XXL", "44"."""
        if limit.op == "fits":
            return f"{limit.value:g}"
        values = distinct([str(value) for value in as_values(limit)])[: 1 if of_sizes(limit.field) else None]
        return facts.join([self._named(limit.field, value) for value in values], self.say.language, either=True)

    def _named(self, field: str, value: str) -> str:
        shown = display(field, value, self.say.language)
        return self.name(value) if shown == value else shown


def _has(item: Item, limit: Constraint) -> bool:
    """Whether an item has a value, or one that is called by more words: what is matt black is black."""
    if limit.op == "fits":
        return satisfies(item, limit)
    value = item.attributes.get(limit.field)
    held = value if isinstance(value, tuple) else (str(value),)
    asked = [set(words(each)) for each in as_values(limit)]
    return satisfies(item, limit) or any(each <= set(words(one)) for each in asked for one in held)
