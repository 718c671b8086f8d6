"""Simulated people: each has a hidden taste, opens with a wish, and reacts to what is shown.

A person knows the taste (`finetune.tastes`) and the works on the cards with their catalogue facets. What they say
is drawn from the difference between the two, as critiques are (Chen and Pu, User Modeling and User-Adapted
Interaction 22, 2012, section 3), and never gives the target away (`finetune.leaks`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from chat.state import Language
from finetune.leaks import Secret
from finetune.says import Act, Says, Utterance
from finetune.tastes import ABOUT, Taste, Value, World, draw, plain, refusal, sample
from finetune.wordings.voice import Manner, Part, Voice
from retrieval.constraints import number_of, satisfies
from retrieval.numbers import LENGTH_FIELDS
from retrieval.types import BoolArray, Constraint, FloatArray, Op

_TRIES = 12  # wordings tried before a fact that gives the target away is dropped
_NAMES_KIND = 0.7  # how many say at once what kind of thing it should be
_OFTEN: Mapping[tuple[str, Op], float] = {("language", "is"): 0.25, ("language", "is_not"): 0.4, ("decade", "is"): 0.5}
_CHINESE = 0.12  # the share of people who write Chinese, in a shop with Chinese names
_RELATIVES: tuple[tuple[str, Op], ...] = (("year", "<"), ("year", ">"), ("price", "<"), ("length", "<"))
_OVERDONE = 0.4  # the share of the shown items that have a value, from which it is worth a "less"

Span = tuple[int, int]  # least and most


@dataclass(frozen=True, slots=True)
class Attitude:
    """A way of asking.

    Attributes:
        name: as results are grouped.
        share: how many people have it, relative to the others.
        likes, wishes, limits, refusals, dislikes: how many of each the first message has.
        critiques: how many facts a reaction has.
        wavers: the chance of beginning with something else and changing one's mind.
        stray: the chance of a wish that the target does not meet.
        slips: the chance that a known title is misspelt.
        manner: how it is put.
        habits: how much likelier some acts are in reactions than for others.
    """

    name: str
    share: float
    likes: Span = (0, 1)
    wishes: Span = (1, 2)
    limits: Span = (0, 1)
    refusals: Span = (0, 0)
    dislikes: Span = (0, 0)
    critiques: Span = (1, 1)
    wavers: float = 0.0
    stray: float = 0.1
    slips: float = 0.08
    manner: Manner = "plain"
    habits: Mapping[Act, float] = field(default_factory=dict)


ATTITUDES: tuple[Attitude, ...] = (
    Attitude("decided", 4, wishes=(1, 2), limits=(1, 1), habits={"want": 1.5, "limit": 1.5}),
    Attitude("fan", 4, likes=(1, 3), wishes=(0, 1), limits=(0, 0), slips=0.15, habits={"closer": 2.0, "like": 2.0}),
    Attitude("browsing", 3, wishes=(0, 1), critiques=(1, 1), stray=0.15,
             habits={"more": 4.0, "closer": 2.0, "seen": 2.0}),
    Attitude("picky", 3, refusals=(1, 2), dislikes=(0, 1), critiques=(1, 2),
             habits={"less": 2.0, "refuse": 2.0, "reject": 2.0}),
    Attitude("wavering", 2, wavers=1.0, critiques=(1, 1)),
    Attitude("hasty", 4, likes=(0, 0), wishes=(1, 2), slips=0.3, manner="terse", critiques=(1, 1)),
    Attitude("careless", 3, likes=(0, 2), wishes=(0, 1), slips=0.4, manner="careless", critiques=(1, 1),
             habits={"relative": 1.5}),
)  # fmt: skip


class Person:
    """One simulated person. `open` once, then `react` to every row of cards that lacks the target."""

    def __init__(self, world: World, taste: Taste, attitude: Attitude, voice: Voice, rng: random.Random) -> None:
        self.world = world
        self.attitude = attitude
        self.voice = voice
        self._taste = taste
        self._rng = rng
        self._secret = Secret(world.item(taste.target))
        self._fit = world.fit(taste.weights)
        self._own = set(world.values[taste.target])
        self._said: set[object] = set()
        self._told: list[str] = []  # texts so far
        self._limits: list[Constraint] = []  # said and in force
        self._decoy: Says | None = None
        self._hesitated = False

    @property
    def target(self) -> int:
        """The catalogue position of what they are after; for whoever keeps the score."""
        return self._taste.target

    @property
    def fit(self) -> FloatArray:
        """The share of their taste that each item meets, (N,); for the teacher."""
        return self._fit

    @property
    def limits(self) -> tuple[Constraint, ...]:
        """The hard limits that they have said and not taken back."""
        return tuple(self._limits)

    def open(self) -> Utterance:
        """Say what one is looking for."""
        a, taste, rng = self.attitude, self._taste, self._rng
        wants = self._wishes(rng.randint(*a.wishes))
        if rng.random() < a.stray:
            wants += self._stray()
        limits = self._opening_limits(rng.randint(*a.limits))
        likes = taste.liked[: rng.randint(*a.likes)]
        says = [Says("like", items=tuple(likes))] if likes else []
        says += [*wants, *limits]
        says += [Says("refuse", limit=c) for c in self._sayable(taste.refused)[: rng.randint(*a.refusals)]]
        says += [Says("dislike", items=(at,)) for at in taste.disliked[: rng.randint(*a.dislikes)]]
        if rng.random() < a.wavers:
            says = self._misled(says)
        return self._utter(says, self.voice.opening)

    def react(self, shown: Sequence[int]) -> Utterance:
        """Say what is missing from the items shown, given by catalogue position, none of which is the target."""
        if self._decoy is not None:
            # At the second answer at the latest: nobody looks for long under a limit they do not want.
            if self._hesitated or self._rng.random() < 0.75:
                return self._utter(self._change_of_mind(), self.voice.reaction)
            self._hesitated = True
        options = list(self._options(shown))
        chances = [gain * self.attitude.habits.get(says.act, 1.0) for gain, says in options]
        chosen: list[Says] = []
        wanted = self._rng.randint(*self.attitude.critiques)
        for says in sample([says for _, says in options], chances, len(options), self._rng):
            if len(chosen) < wanted and not any(_clash(says, other) for other in chosen):
                chosen.append(says)
        return self._utter(chosen, self.voice.reaction)

    def accept(self, shown: Sequence[int]) -> Utterance:
        """Take the target, which is among the items shown."""
        says = Says("like", items=(self.target,), places=(list(shown).index(self.target),))
        return Utterance(self.voice.acceptance(says, self._rng), (says,), (self.target,))

    # The first message

    def _wishes(self, n: int) -> list[Says]:
        values = [v for v in self._taste.weights if self.voice.can_say(v)]
        drawn = sample(values, [self._broad(v) for v in values], n, self._rng)
        return [Says("want", *value) for value in drawn]

    def _broad(self, value: Value) -> float:
        """How readily a wish comes to mind: broad ones ("sad") before telling ones ("about lighthouses")."""
        return self._taste.weights[value] / max(self.world.idf(value), 0.5) ** 2

    def _stray(self) -> list[Says]:
        """Wish for what only a known neighbour of the target has: no genre, since those are taken as limits."""
        near = {v for at in self._taste.liked for v in self.world.values[at]} - self._own
        values = sorted(v for v in near if v[0] not in ("genres", "creators") and self.voice.can_say(v))
        values = [v for v in values if plain(self.world, self.target, v)]
        return [Says("want", *self._rng.choice(values))] if values else []

    def _opening_limits(self, n: int) -> list[Says]:
        limits = list(self._taste.limits)
        kinds = [c for c in limits if c.field == "kind" and self._rng.random() < _NAMES_KIND]
        others = [c for c in limits if c.field != "kind"]
        chosen = [*kinds, *sample(others, [_OFTEN.get((c.field, c.op), 1.0) for c in others], n, self._rng)]
        years = [c for c in chosen if c.field in ("year", "decade")]
        return [Says("limit", limit=c) for c in chosen if c not in years[1:]]

    def _misled(self, says: list[Says]) -> list[Says]:
        """Put something into the first message that will be taken back, in the place of what it contradicts."""
        decoy = self._make_decoy()
        if decoy is None:
            return says
        self._decoy = decoy
        same = {"year", "decade"} if decoy.limit is not None and decoy.limit.field in ("year", "decade") else set()
        kept = [
            s for s in says if s.limit is None or decoy.limit is None or s.limit.field not in {decoy.limit.field, *same}
        ]
        if decoy.field:
            kept = [s for s in kept if s.field != decoy.field]
        return [*kept, decoy]

    def _make_decoy(self) -> Says | None:
        target, rng = self.world.item(self.target), self._rng
        found: list[Says] = []
        kinds = [k for k in self.world.kinds if k != self.world.kind(self.target)]
        if kinds:
            found.append(Says("limit", limit=Constraint("kind", "is", rng.choice(kinds[:3]))))
        if target.year is not None:
            decade = target.year // 10 * 10 + rng.choice((-30, -20, 20))
            limit = Constraint("decade", "is", float(decade))
            if self.world.facets.mask([limit]).any():
                found.append(Says("limit", limit=limit))
        if target.price is not None and target.price > 4:
            found.append(Says("limit", limit=Constraint("price", "<=", float(int(target.price * 0.75)))))
        moods = [v for v in self.world.facets.values("moods")[:12] if ("moods", v) not in self._own]
        if moods:
            found.append(Says("want", "moods", rng.choice(moods)))
        return rng.choice(found) if found else None

    # Reactions

    def _change_of_mind(self) -> list[Says]:
        decoy, self._decoy = self._decoy, None
        assert decoy is not None
        says = [Says("retract", decoy.field, decoy.value, decoy.limit)]
        if decoy.limit is not None:
            self._limits = [c for c in self._limits if c != decoy.limit]
        if decoy.limit is not None and decoy.limit.field == "kind":
            says += [Says("limit", limit=c) for c in self._taste.limits if c.field == "kind"]
        elif decoy.limit is None:
            says += self._unsaid_wishes()[:1]
        return says

    def _unsaid_wishes(self) -> list[Says]:
        wishes = [Says("want", *v) for v in self._taste.weights if self.voice.can_say(v) and v not in self._said]
        return sorted(wishes, key=lambda s: -self._broad((s.field, s.value)))

    def _options(self, shown: Sequence[int]) -> Iterator[tuple[float, Says]]:
        """Yield what could be said now, each with how much it would tell."""
        yield 0.08, Says("more")
        top = max(map(self._broad, self._taste.weights), default=1.0)
        for says in self._unsaid_wishes():
            value = (says.field, says.value)
            yield self._broad(value) / top * self._lacking(value, shown), says
        for limit in filter(self._news, self._taste.limits):
            often = _OFTEN.get((limit.field, limit.op), 1.0) * (1.2 if limit.field == "kind" else 0.7)
            yield often * self._breaking(limit, shown), Says("limit", limit=limit)
        for limit in self._sayable(self._taste.refused):
            yield 0.4 * self._breaking(limit, shown), Says("refuse", limit=limit)
        unsaid = [at for at in self._taste.liked if at not in self._said]
        if unsaid:
            yield 0.4, Says("like", items=(unsaid[0],))
        if shown:
            yield from self._about_cards(shown)

    def _about_cards(self, shown: Sequence[int]) -> Iterator[tuple[float, Says]]:
        yield from self._unheeded(shown)
        yield from self._overdone(shown)
        yield from self._relatives(shown)
        fits = [float(self._fit[at]) for at in shown]
        best, worst = int(np.argmax(fits)), int(np.argmin(fits))
        if fits[best] >= 0.25 and shown[best] not in self._said:
            yield 0.3 + fits[best], Says("closer", items=(shown[best],), places=(best,))
        if fits[worst] < 0.1:
            yield 0.2, Says("reject", items=(shown[worst],), places=(worst,))
        seen = [p for p, at in enumerate(shown) if self._rng.random() < 0.25 * float(self.world.known[at])][:2]
        if seen:
            yield 0.6, Says("seen", items=tuple(shown[p] for p in seen), places=tuple(seen))

    def _unheeded(self, shown: Sequence[int]) -> Iterator[tuple[float, Says]]:
        """Yield what has been said and is not kept; people repeat themselves once."""
        for limit in self._limits:
            if ("again", limit) not in self._said and not all(satisfies(self.world.item(at), limit) for at in shown):
                act: Act = "refuse" if limit.op == "is_not" and limit.field != "language" else "limit"
                yield 1.5, Says(act, limit=limit, again=True)

    def _overdone(self, shown: Sequence[int]) -> Iterator[tuple[float, Says]]:
        """Yield "less …" for what much of the row has and the target has not."""
        counts: dict[Value, int] = {}
        for at in shown:
            for value in self._values(at):
                counts[value] = counts.get(value, 0) + 1
        for value, n in sorted(counts.items()):
            limit = refusal(value)
            told = value[0] in ("genres", "moods", *ABOUT) and value not in self._own and value not in self._said
            told = told and plain(self.world, self.target, value)
            if told and n >= _OVERDONE * len(shown) and n > 1 and self._sayable([limit]):
                yield 0.5 * n / len(shown), Says("less" if value[0] == "moods" else "refuse", limit=limit)

    def _relatives(self, shown: Sequence[int]) -> Iterator[tuple[float, Says]]:
        """Yield "older", "cheaper" …, where the target is so beside every card that could be meant."""
        target = self.world.item(self.target)
        for name, op in _RELATIVES:
            for column in LENGTH_FIELDS if name == "length" else (name,):
                own = number_of(target, column)
                numbers = [number_of(self.world.item(at), column) for at in shown]
                if own is None or None in numbers:
                    continue
                bound = min(numbers) if op == "<" else max(numbers)  # type: ignore[type-var]
                limit = Constraint(column, op, float(bound))  # type: ignore[arg-type]
                if satisfies(target, limit) and ("relative", name, op) not in self._said:
                    yield 0.4, Says("relative", limit=limit)
                break

    def _values(self, at: int) -> tuple[Value, ...]:
        return self.world.values[at]

    def _lacking(self, value: Value, shown: Sequence[int]) -> float:
        """Return the share of the items shown that lack a value; 1 where nothing is shown."""
        return sum(value not in self._values(at) for at in shown) / len(shown) if shown else 1.0

    def _breaking(self, limit: Constraint, shown: Sequence[int]) -> float:
        """Return the share of the items shown that break a limit; 1 where nothing is shown."""
        return sum(not satisfies(self.world.item(at), limit) for at in shown) / len(shown) if shown else 1.0

    def _news(self, limit: Constraint) -> bool:
        return limit not in self._said and not (
            limit.field in ("year", "decade") and any(c.field in ("year", "decade") for c in self._limits)
        )

    def _sayable(self, limits: Iterable[Constraint]) -> list[Constraint]:
        target = self.world.item(self.target)
        return [
            c
            for c in limits
            if c not in self._said and satisfies(target, c) and self.voice.can_say((c.field, str(c.value)))
        ]

    # Putting it into words

    def _utter(self, says: Sequence[Says], wording: Callable[[Sequence[Says], random.Random], str]) -> Utterance:
        """Word some facts so that they do not give the target away, leaving out what cannot be worded so."""
        left = list(says) or [Says("more")]
        while left:
            for _ in range(_TRIES):
                text = wording(left, self._rng)
                if not self._secret.leak(text, self._told):
                    return self._spoken(text, left)
            dropped = left.pop(self._rng.randrange(len(left)))
            self._remember(dropped, kept=False)
            if not left and dropped.act != "more":
                left = [Says("more")]
        return self._spoken("…", [])

    def _spoken(self, text: str, says: Sequence[Says]) -> Utterance:
        for s in says:
            self._remember(s)
        self._told.append(text)
        named = [at for s in says if s.act in ("like", "dislike") for at in s.items]
        return Utterance(text, tuple(says), tuple(dict.fromkeys(named)))

    def _remember(self, s: Says, *, kept: bool = True) -> None:
        if s.act == "want":
            self._said.add((s.field, s.value))
        elif s.act == "relative" and s.limit is not None:
            name = "length" if s.limit.field in LENGTH_FIELDS else s.limit.field
            self._said.add(("relative", name, s.limit.op))
        elif s.limit is not None and s.act != "retract":
            self._said |= {("again", s.limit)} if s.again else {s.limit}
            if kept and s.act in ("limit", "refuse") and not s.again:
                self._limits.append(s.limit)
        elif s.act in ("like", "closer", "seen", "reject"):
            self._said.update(s.items)


def _clash(one: Says, other: Says) -> bool:
    """Whether two facts do not go into one message: two stands on cards, or two limits on the same thing."""
    cards = ("closer", "reject", "seen", "more")
    if "more" in (one.act, other.act) or (one.act in cards and other.act in cards):
        return True
    if one.limit is not None and one.limit == other.limit:
        return True
    years = {"decade": "year"}
    fields = [
        years.get(s.limit.field, s.limit.field) for s in (one, other) if s.limit is not None and s.limit.op != "is_not"
    ]
    return len(fields) == 2 and fields[0] == fields[1]


def make_person(
    world: World,
    number: int,
    seed: int,
    *,
    targets: Sequence[int],
    known: BoolArray | None = None,
    part: Part = "all",
) -> Person:
    """Make the person of a number: the same for the same world, seed and arguments, whoever answers them.

    Args:
        world: the catalogue.
        number: counts people from 0.
        seed: of the whole population.
        targets: catalogue positions to draw the target from.
        known: (N,) which items the person may name; None for all.
        part: which phrases they use.
    """
    rng = random.Random(f"{seed}/{number}")
    attitude = rng.choices(ATTITUDES, [a.share for a in ATTITUDES])[0]
    target = rng.choice(targets)
    taste = draw(world, target, rng, known)
    language: Language = "zh" if rng.random() < _CHINESE and world.speaks("zh") else "en"
    return Person(world, taste, attitude, Voice(world, language, attitude.manner, attitude.slips, part), rng)
