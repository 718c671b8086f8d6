"""How a recommendation is told: what was wished for and is there, what is not, and what would give more.

Every sentence is a template (`chat.replies`) filled from the catalogue and the person's own limits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from chat import facts
from chat.scene import Scene
from chat.shop import Shop
from chat.state import DialogueState, Limit
from chat.subjects import is_subject
from chat.turn import Turn
from retrieval.constraints import in_currency, satisfies, satisfies_all
from retrieval.lexicon import display
from retrieval.parsed import Wish
from retrieval.ranges import part_of, range_of
from retrieval.text import words
from retrieval.types import Constraint, Item

_SHORT = 6  # words of a message in which nothing is said by the way
_ASKS_FOR = frozenset(
    {"loves", "likes", "love", "into", "about", "with", "featuring", "involving", "concerning", "on", "set"}
)
_BOUNDS = ("<", "<=", ">", ">=")
_FAR = 3.0  # standard deviations behind: a web cam for who falls asleep to audiobooks
_LIMITS = 2  # from which one of them may go
ENOUGH = 3  # fewer cards than this are worth a word about what limits them


class Telling(Scene):
    """The sentences about what is recommended in one conversation; "" where there is nothing to say."""

    def unmet(self, turn: Turn, items: Sequence[Item]) -> str:
        """Own up to what this message wishes for and nothing shown has."""
        held = {str(x.value) for x in self.state.taste.limits}
        now = turn.understood.parsed.wishes
        first = min((w.start for w in now if is_subject(w, turn.text)), default=-1)  # of works what comes first
        wishes = [w for w in now if _asked_for(w, turn.text) or (w.start == first and not self.shop.of_goods)]
        wishes = [w for w in wishes if w.value not in held]
        if not self.shop.of_goods:  # the cards say of what genres works are
            subjects = {w.start for w in wishes if is_subject(w, turn.text)}
            wishes = [w for w in wishes if w.start in subjects or w.field not in (*facts.ABOUT, "genres")]
        met = {w.start for w in wishes if any(facts.meets(item, (w.field, w.value)) for item in items)}
        if self.shop.of_goods:  # "squat-proof", where a column lists squats
            met |= {w.start for w in wishes if any(facts.says(item, w) for item in items)}
        unmet = [(w.field, w.value) for w in wishes if w.start not in met]  # one Miyazaki is enough
        seen = self.shop.items(self.state.taste.shown)
        limits = [limit.constraint for limit in self.state.taste.limits]
        shown = [w for w in unmet if any(facts.meets(item, w) and satisfies_all(item, limits) for item in seen)]
        lacking = self._wished(
            [w for w in unmet if w not in shown and not (self.shop.decisions is not None and w[0] in facts.ABOUT)]
        )  # where needs are read, what is told of them may come in other words
        said = self.say("shown_all", wishes=self._wished(shown)) if shown else ""
        return self.say.sentences(said, self.say("unmet", wishes=lacking) if lacking else "")

    def lead(self, turn: Turn, items: Sequence[Item]) -> str:
        """Put the first item forward, and say what speaks for it: what is liked, wished for or limited."""
        taste, language = self.state.taste, self.say.language
        first = facts.name(items[0], language)
        said = [x for x in taste.limits if not (x.inferred or x.implied)]
        told = [x for x in said if x.op != "fits" or range_of(items[0], x.field) is not None]  # no lock is for 172 cm
        now = (*turn.understood.parsed.constraints, *turn.further)  # the chips show what was said before
        plain = [x for x in told if (self._as_said(x) if self.shop.of_goods else x.constraint in now)]
        kinds = any((x.field, x.op) == ("kind", "is") for x in taste.limits)  # "just games, no courses"
        limits = [x.label for x in plain if (x.field, x.op) != ("kind", "is") and not (kinds and x.field == "kind")]
        liked = [i for i in self.shop.items(taste.anchors[-2:]) if i.id != items[0].id]
        liked = [i for i in liked if i.kind == items[0].kind or i.id not in taste.wanted]  # tea goes by no grinder
        if turn.understood.extreme is not None and self._measured(items[0], turn.understood.extreme[0]):
            return self.say.utmost(items[0], turn.understood.extreme)
        named = turn.named and items[0].id == self.shop.index.catalog[turn.named[0]].id
        if named and (turn.understood.bare_title or turn.understood.act == "availability"):
            return self.say("have", title=first, facts=self.say.offer(items[0]))
        says = bool(self._wishes_now(turn, items) or (limits and not self.shop.of_goods))  # something of its own
        if liked and not turn.refined and (turn.named or not says):
            variant = "anchor" if len(self.state.messages) % 4 < 2 else "anchor2"
            return self.say(variant, anchor=facts.names(liked, language), first=first)
        wished = self._wished(self._wishes_now(turn, items))
        if limits:
            quoted = self.say.quoted(limits)
            if wished and not turn.refined:
                return self.say("both", wishes=wished, limits=quoted, first=first)
            return self.say("limits", limits=quoted[:1].upper() + quoted[1:], first=first)
        return self.say("wishes", wishes=wished, first=first) if wished else self.say("open", first=first)

    def _wishes_now(self, turn: Turn, items: Sequence[Item]) -> list[tuple[str, str]]:
        """Return what this message wishes for, can be spoken of, and is had by what is shown, of goods by the first."""
        leading = items[:1] if self.shop.of_goods else items  # "something about trains" begins with some
        new = [(w.field, w.value) for w in turn.understood.parsed.wishes]
        # "With one hand" is no subject, and "something mystery" is no English.
        mute = facts.ABOUT if self.shop.of_goods else ("genres",)
        wishes = [w for w in self.state.taste.wishes if w in new and w[0] not in mute]
        return [w for w in wishes if any(facts.meets(item, w) for item in leading)]

    def _as_said(self, limit: Limit) -> bool:
        """Whether a limit is an amount in the person's own figures: what is read into words may jar when repeated."""
        said = " ".join(m.text for m in self.state.messages if m.role == "user")
        figures = re.findall(r"\d+(?:[.,]\d+)?", limit.label)
        return limit.op in (*_BOUNDS, "fits") and (limit.field == "price" or any(each in said for each in figures))

    def each(self, items: Sequence[Item]) -> str:
        """Own up to it that nothing shown is for all of several people, as of children of 2 and 14."""
        for field in dict.fromkeys(x.field for x in self.state.taste.limits if x.op == "fits"):
            ages = [x.constraint for x in self.state.taste.limits if (x.field, x.op) == (field, "fits")]
            if len(ages) > 1 and not any(all(satisfies(item, age) for age in ages) for item in items):
                return self.say("fits_each")
        return ""

    def _measured(self, item: Item, field: str) -> bool:
        return self.shop.knows_popularity if field == "popularity" else facts.measure(item, field) is not None

    def unmeasured(self, turn: Turn, items: Sequence[Item]) -> str:
        """Own up to a measure that nothing shown has: "your longest role-playing game"."""
        extreme = turn.understood.extreme
        if extreme is None or any(self._measured(item, extreme[0]) for item in items):
            return ""
        if self.shop.of_goods and extreme[0] == "year":
            return ""  # "his first flat" asks for no age
        return self.say.unmeasured(extreme[0])

    def _wished(self, wishes: Sequence[tuple[str, str]]) -> str:
        return self.say.wished(wishes, self.shop.index.facets.name)

    def rest(self, items: Sequence[Item], scores: Mapping[str, float] = MappingProxyType({})) -> str:
        """Name the next ones; of goods only those that have what is wished, where the first does.

        Where no kind is asked for, one of another kind that is far behind the first by its score is not spoken of.
        """
        kinds = any((x.field, x.op) == ("kind", "is") for x in self.state.taste.limits)
        if self.shop.of_goods and self.state.taste.wish_text and not kinds:
            first = scores.get(items[0].id, 0.0)
            items = [i for i in items[:3] if i.kind == items[0].kind or first - scores.get(i.id, 0.0) < _FAR]
        wishes = [w for w in self.state.taste.wishes if self.shop.of_goods and facts.meets(items[0], w)]
        rest = [item for item in items[1:3] if not wishes or any(facts.meets(item, w) for w in wishes)]
        return (
            self.say("then" if len(rest) > 1 else "then_one", rest=facts.names(rest, self.say.language)) if rest else ""
        )

    def scarce(self, turn: Turn, items: Sequence[Item]) -> str:
        """Say what would give more where there are few, unless it is just what was asked for."""
        limits = self.state.taste.limits
        fitting = len(items) - len(turn.related)
        if self.shop.decisions is not None:  # which leave out what fits and is not meant
            fitting = max(fitting, int(self.shop.recommender.allowed([x.constraint for x in limits]).sum()))
        if fitting >= ENOUGH or turn.understood.extreme is not None:
            return ""
        if subjects := self._of_subjects(turn, items):
            within = self.say("within_limits") if self._limited(subjects) else ""
            way = "all_about_near" if turn.related else "all_about"
            named = [display("topic", subject, self.say.language) for subject in subjects]
            return self.say(way, wishes=facts.join(named, self.say.language), within=within)
        if [(limit.field, limit.op) for limit in limits] == [("creators", "is")]:
            best = best_relaxation(self.shop, self.state)
            return self.say("few_by", makers=best[0].label) if best is not None and best[1] > fitting else ""
        if turn.understood.act == "more":
            return self.say("only")
        said = turn.understood.parsed.constraints
        older = [x for x in limits if x.constraint not in said and not x.is_thing]
        may = [x for x in older or ([] if turn.before else limits) if x.op != "is_not"]
        may = [x for x in may if x.field == "price"] if self.shop.of_goods else may  # who asks for vegan means it
        if len([x for x in limits if not x.is_thing]) < _LIMITS and not any(x.op in _BOUNDS for x in may):
            return ""
        best = best_relaxation(self.shop, self.state, lambda limit: limit in may)
        if best is None or best[1] <= fitting:
            return ""
        return self.say("few", limit=best[0].label, more=best[1] - fitting)

    def _limited(self, subjects: Sequence[str]) -> bool:
        """Whether limits, and not that of a kind, keep works on a subject from being shown."""
        limits, about = self.state.taste.limits, [Constraint("topic", "is", v) for v in subjects]
        allowed = self.shop.recommender.allowed
        kinds = [x.constraint for x in limits if x.field == "kind"]
        return bool((allowed([*kinds, *about]) & ~allowed([x.constraint for x in limits])).any())

    def _of_subjects(self, turn: Turn, items: Sequence[Item]) -> list[str]:
        """Return the subjects that all the works shown are about because the message asks for them."""
        if self.shop.of_goods or turn.named:
            return []
        subjects = [v for f, v in self._wishes_now(turn, items) if f in facts.ABOUT]
        places = self.shop.index.catalog.positions
        on = [item for item in items if places[item.id] not in turn.related]
        told = [v for v in subjects if all(facts.meets(item, ("topic", v)) for item in on)]
        return list(dict.fromkeys(told))

    def beside(self, turn: Turn, items: Sequence[Item]) -> str:
        """Name what is shown beside those asked for, where they are all seen or all too dear."""
        others = [item for item in items if self.shop.index.catalog.positions[item.id] in turn.beside][:2]
        if not others:
            return ""
        same = {item.kind for item in others} <= {item.kind for item in items if item not in others}
        things = all(limit.is_thing for limit in turn.freed)
        what = "without" if same else "cheaper" if turn.further else "near" if things else "without"
        told = f"others_{what}" if len(others) > 1 else f"other_{what}"
        limit = self.say.quoted([x.label for x in turn.freed])
        return self.say(told, titles=facts.names(others, self.say.language), limit=limit)

    def apart(self, turn: Turn, currency: str) -> str:
        """Own up to what would fit but for its price, which is in another currency than prices are compared in."""
        understood, limits = turn.understood, [x.constraint for x in self.state.taste.limits if x.field != "price"]
        said = any(c.field == "price" for c in (*understood.parsed.constraints, *turn.further))
        if not currency or not (said or (understood.extreme or ("",))[0] == "price"):
            return ""
        fitting = np.flatnonzero(self.shop.recommender.allowed(limits)).tolist()
        items = [self.shop.index.catalog[at] for at in fitting]
        others = dict.fromkeys(i.currency for i in items if i.price is not None and not in_currency(i, currency))
        return (
            self.say("other_currency", others=facts.join([*others], self.say.language), currency=currency)
            if others
            else ""
        )

    def stranger(self, turn: Turn) -> str:
        """Own up to what is not known: a name that the catalogue lacks, earlier purchases; say what was gone by."""
        understood, taste = turn.understood, self.state.taste
        if understood.bought and not turn.named:
            return self.say("no_history")
        if not understood.unknown_name:
            return ""
        by_its_words = understood.only_unknown and taste.wish_text == [understood.gist]
        if self.shop.of_goods and not understood.only_unknown and "by" not in words(turn.text):
            return ""  # "forty years in a lorry"
        way = "no_data_words" if by_its_words else "no_data_alone" if taste.blank else "no_data"
        return self.say(way, name=understood.unknown_name)

    def invitation(self, turn: Turn) -> str:
        """Ask for something to go by, where nothing is known yet; not twice in a row."""
        if turn.understood.extreme is not None or turn.named or not self.state.taste.blank:
            return ""
        asked = self.say("invite_about" if turn.understood.unknown_name else "invite")
        return "" if asked in self.state.answered else asked

    def nothing(self, turn: Turn) -> str:
        """Say that nothing fits, and which limit stands in the way."""
        limits = [x.label for x in self.state.taste.limits]
        if makers := self._by_maker_alone():
            return self.say("all_by", makers=self.say.quoted(makers))
        if turn.understood.act == "more" or not limits:
            return self.say("no_more", limits=self.say.quoted(limits)) if limits else self.say("no_more_open")
        best = best_relaxation(self.shop, self.state)
        relax = self.say("relax", limit=best[0].label, more=best[1]) if best is not None else ""
        return self.say.sentences(self.say("none", limits=self.say.quoted(limits)), relax)

    def all_seen(self, turn: Turn, n: int) -> str:
        """Say that all has been seen, and that the n cards below are what of it still stands."""
        told = self.nothing(turn)
        return told if self._by_maker_alone() else self.say.sentences(told, self.say("left" if n > 1 else "left_one"))

    def _by_maker_alone(self) -> list[str]:
        """Return the makers of works, where these are all that is asked for and some are theirs."""
        limits = self.state.taste.limits
        if self.shop.of_goods or not {x.field for x in limits} <= {"creators", "kind"}:
            return []
        theirs = self.shop.recommender.allowed([x.constraint for x in limits]).any()
        return [x.label for x in limits if (x.field, x.op) == ("creators", "is")] if theirs else []

    def outside(self, turn: Turn) -> list[str]:
        """Own up to works the message names that the limits or the stock keep from being shown."""
        if not (turn.understood.bare_title or turn.understood.act == "availability"):
            return []
        limits = [x.constraint for x in self.state.taste.limits]
        said: list[str] = []
        for at in turn.named:
            item = self.shop.index.catalog[at]
            title = facts.name(item, self.say.language)
            if self.shop.hides(at):
                said.append(self.say("not_offered", title=title))
            elif not item.in_stock:
                said.append(self.say("sold_out", title=title))
            elif not satisfies_all(item, limits):
                labels = [c.label for c in limits if not satisfies(item, c)]
                said.append(self.say("outside", title=title, limits=self.say.quoted(labels)))
        return said


def _asked_for(wish: Wish, text: str) -> bool:
    """Whether a subject was asked for, rather than happening to be said in a long message."""
    before = words(text[: wish.start])[-3:]
    if wish.field not in ("themes", "topic"):
        return before[-2:-1] != ["for"]  # "for a balcony" says where it will stand
    return len(words(text)) <= _SHORT or bool(_ASKS_FOR.intersection(before))


def best_relaxation(
    shop: Shop, state: DialogueState, may: Callable[[Limit], bool] = lambda limit: True
) -> tuple[Limit, int] | None:
    """Return the limit whose removal opens up the most items, of those that `may` go, and how many those are.

    Among goods it is never the kind, nor a noun of titles in its place (who wants a brush has no use for the rest), nor
    for whom something must fit.
    """
    limits = state.taste.limits
    things = any(x.is_thing for x in limits)
    if shop.of_goods and not things and len(limits) < 2:
        return None  # without "podcast" there would be the whole shop
    known = shop.positions([*state.taste.disliked, *state.taste.seen])
    counts = [
        (old, int(shop.recommender.allowed([x.constraint for x in limits if x is not old], known).sum()))
        for old in limits
        if may(old)
        and (old.op != "fits" or part_of(old.field) == "people")
        and not (shop.of_goods and old.field in ("kind", "title"))
    ]
    best = max(counts, key=lambda pair: pair[1], default=None)
    return best if best is not None and best[1] else None
