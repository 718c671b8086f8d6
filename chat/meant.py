"""Meant: which items a question is about: those named, pointed at or shown, one, two or all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.comparing import Compared, compared
from chat.holding import of_which
from chat.restock import RESTOCK, sold_out
from chat.scene import Scene
from chat.turn import Turn
from chat.understanding import Understanding
from retrieval.ranges import of_sizes
from retrieval.text import words
from retrieval.types import Item

MOST = 5  # items that one answer tells of
_THEM = 3  # that "they" are, where nothing is asked of all
_MOST_OF = re.compile(r"est\b|\b(?:most|least|these|those|them)\b|最|这些", re.IGNORECASE)
_TWO = re.compile(r"\b(?:two|both)\b|两|俩", re.IGNORECASE)
_THAT = re.compile(
    r"\b(?:that|it|this)\s+(?:one\s+)?(?:and|or|versus|vs)\b|\b(?:and|or|versus|vs|than)\s+(?:that|it|this)\b",
    re.IGNORECASE,
)
_THEY = re.compile(r"\bthey\b", re.IGNORECASE)
BOTH = re.compile(r"\b(?:both|(?:the|these|those)\s+two)\b|[这那]两|俩|两\S(?:一共|总共|合计|加起来)", re.IGNORECASE)
_ALL = re.compile(r"\ball\s+(?:of\s+)?(?:them|these|those|three|four|five)\b|\bthe\s+lot\b|全部", re.IGNORECASE)
_HOW_MANY = {"three": 3, "four": 4}
TOGETHER = re.compile(
    r"\b(?:together|altogether|combined|total|for\s+(?:both|the\s+(?:two|three|four|five|lot)|all\b))|一共|总共|合计|加起来",
    re.IGNORECASE,
)


class Meant(Scene):
    """Finds the items that a message's questions are about."""

    def items(self, turn: Turn) -> list[Item]:
        """Return the items that a question is about, none where nothing has been spoken of."""
        taste, understood = self.state.taste, turn.understood
        missing = sold_out(self.shop, self.state, self.say) if understood.questions == (RESTOCK,) else None
        if missing is not None and not any(opinion.surface for opinion in understood.opinions):
            return [missing]
        calls = [opinion for opinion in understood.opinions if opinion.surface] if self.shop.of_goods else []
        if not calls and (both := self._last_two(turn)):
            return both
        if understood.of_shown and not (len(calls) == 1 and turn.asked):
            alone = self.state.route == "item" and not taste.compared and _THEY.search(turn.text)  # "are they loud?"
            return self.shop.items(taste.focus)[: 1 if alone else 2 if _TWO.search(turn.text) else MOST]
        if (two := self.two(turn)) is not None:
            return list(two.items)
        if len(pair := self._pair(turn)) == 2:
            return pair
        named = [self.shop.index.catalog[at] for at in dict.fromkeys(turn.asked)]
        if understood.extreme is not None and len(named) < 2 and taste.compared and not _MOST_OF.search(turn.text):
            return self.shop.items(taste.compared)
        if (understood.extreme is not None or understood.mood is not None or understood.compares) and len(named) < 2:
            of_all = len(taste.focus) if understood.extreme is not None else MOST  # but one of them is told of
            most = 2 if _TWO.search(turn.text) else of_all
            shown = self.shop.items(taste.focus)[:most]
            return [*named, *(item for item in shown if item not in named)] if len(shown) > 1 else named or shown
        made_in = of_which(turn.text) and any(map(of_sizes, understood.questions))  # "which do you have in 44?"
        several = self._several(turn.text) or (MOST if made_in else 0)
        if understood.questions and several and not named:
            return self.shop.items(taste.focus)[:several]
        if "price" in understood.questions and TOGETHER.search(turn.text) and len(named) < 2:
            return self._both(understood, named) or named or self.shop.items(taste.focus[:1])
        return self._spoken_of(turn, named)

    def _spoken_of(self, turn: Turn, named: Sequence[Item]) -> list[Item]:
        """Return what a question names, else what was spoken of, or "they" are."""
        taste, understood = self.state.taste, turn.understood
        last = self.state.route == "item" and not taste.compared
        bare = all(opinion.that for opinion in understood.opinions)  # "how much do they weigh? it's a present"
        if bare and not last and taste.focus and understood.questions != ("other",) and _THEY.search(turn.text):
            return self.shop.items(taste.focus)[:_THEM]  # "how much do they weigh?"
        spoken = [taste.about] if taste.about else taste.focus[:1] or [self.state.page]
        return [*named[:MOST]] or self.shop.items(filter(None, spoken))

    def _last_two(self, turn: Turn) -> list[Item]:
        """Return the two that "both" means: those compared or the two on screen, else the last two put first.

        Of works, whose sum is asked for, the last two that the person named.
        """
        taste = self.state.taste
        if not BOTH.search(turn.text) or not (self.shop.of_goods or TOGETHER.search(turn.text)):
            return []
        shown = [entry.items for entry in self.state.messages if entry.role == "assistant" and entry.items]
        if len(taste.compared) == 2 or (shown and len(shown[-1]) == 2):
            return self.shop.items(taste.compared if len(taste.compared) == 2 else shown[-1])
        last = self.shop.items(dict.fromkeys(items[0] for items in reversed(shown)))[:2]
        if not self.shop.of_goods:
            told = [
                entry.items for entry in reversed(self.state.messages) if entry.role == "user" or len(entry.items) == 1
            ]
            spoken = dict.fromkeys(each for items in told for each in items if each not in taste.disliked)
            last = self.shop.items(spoken)[:2]
        return last if len(last) == 2 else []

    def _both(self, understood: Understanding, named: Sequence[Item]) -> list[Item]:
        """Return the two items of "how much is that together?": the two cards, or what was put first the last times.

        Who names one of them means the one named before as well.
        """
        taste = self.state.taste
        if any(opinion.surface for opinion in understood.opinions):
            said = [message for message in self.state.messages if message.role == "user"]
            before = [item for entry in reversed(said) for item in entry.items if item not in taste.disliked]
            return [*self.shop.items([item for item in before if item != named[0].id][:1]), *named] if named else []
        if len(taste.compared) == 2 or len(taste.focus) == 2:
            return self.shop.items(taste.compared if len(taste.compared) == 2 else taste.focus)
        first = [entry.items[0] for entry in self.state.messages if entry.role == "assistant" and entry.items]
        items = self.shop.items(dict.fromkeys(reversed(first)))
        others = [item for item in items if item.kind != items[0].kind]
        return [others[0], items[0]] if others else []

    def _several(self, text: str) -> int:
        """Return of how many cards a question speaks at once, 0 if of one: "how much for both?"."""
        if BOTH.search(text):
            return 2
        match = _ALL.search(text)
        return _HOW_MANY.get(words(match[0])[-1], MOST) if match else 0

    def two(self, turn: Turn) -> Compared | None:
        """Return the two items compared, if they are not both named in a way that was read already."""
        if not turn.understood.compares or len(set(turn.asked)) > 1:
            return None
        return compared(turn.text, self.shop, self.state)

    def _pair(self, turn: Turn) -> list[Item]:
        """Return the two works that the person named before, if "those two" means them, or one of them and "that"."""
        if turn.understood.compares and len(set(turn.asked)) == 1 and _THAT.search(turn.text):
            named, taste = self.shop.index.catalog[turn.asked[0]], self.state.taste
            spoken = [each for each in (taste.about, taste.spoken, *taste.focus) if each and each != named.id]
            return [*self.shop.items(spoken[:1]), named]  # "what's the difference between that and 2049?"
        said = [message for message in self.state.messages if message.role == "user"][-2:-1]
        before = said[0].items if said and not said[0].points and _TWO.search(turn.text) and not turn.asked else ()
        return self.shop.items(before) if len(before) == 2 else []
