"""Simulated dialogues: people talking to the teacher, as training data for a shop that has no logs; and their audit."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from finetune.data import DataError, DialogueRecord, Id, Turn, load
from finetune.leaks import Secret
from finetune.people import make_person
from finetune.says import Utterance
from finetune.tastes import SimulationError, World, held_out
from finetune.teacher import Teacher, worded
from finetune.wordings.voice import Part
from retrieval.catalog import Catalog
from retrieval.constraints import satisfies
from retrieval.rows import RowProblem
from retrieval.types import BoolArray, Constraint, Item, Op

TURNS = 5  # of the person, at most
_ACCEPTS = 0.6  # the share of the dialogues that end with the person taking the target

Targets = Literal["all", "seen", "unseen"]


class Limit(BaseModel):
    """A hard limit that holds at a turn."""

    model_config = ConfigDict(frozen=True)

    field: str
    op: Op
    value: float | str

    def constraint(self) -> Constraint:
        """Return it as retrieval knows it."""
        return Constraint(self.field, self.op, self.value)


class SimulatedTurn(Turn):
    """A turn; `limits` are the hard limits in force after a person's turn."""

    limits: tuple[Limit, ...] = ()


class SimulatedRecord(DialogueRecord):
    """A dialogue of which it is known what the person was after.

    A record::

        {"id": "sim-1-0", "target": "film-stalker-1979", "attitude": "fan", "language": "en", "turns": [
         {"role": "user", "text": "I loved Solaris. A film, please.", "items": ["film-solaris-1972"],
          "limits": [{"field": "kind", "op": "is", "value": "film"}]},
         {"role": "assistant", "text": "Try Stalker (1979).", "items": ["film-stalker-1979"]}]}
    """

    target: Id
    attitude: str = ""
    language: str = "en"
    turns: tuple[SimulatedTurn, ...]


@dataclass(frozen=True, slots=True)
class Population:
    """Who is simulated.

    Attributes:
        world: the catalogue.
        seed: of the people; another seed gives other people.
        part: which phrases they and the teacher use.
        targets: what they are after: any item in stock, or only those not held out, or only those held out.
        hold_out: the share of the items held out.
        hold_out_seed: which ones.
    """

    world: World
    seed: int = 0
    part: Part = "all"
    targets: Targets = "all"
    hold_out: float = 0.0
    hold_out_seed: int = 0

    def held(self) -> BoolArray:
        """Return which items are held out: (N,)."""
        mask = np.zeros(len(self.world), dtype=np.bool_)
        mask[list(held_out(self.world.catalog, self.hold_out, self.hold_out_seed))] = True
        return mask

    def pool(self) -> BoolArray:
        """Return which items may be targets: (N,), all in stock.

        Raises:
            SimulationError: there is none.
        """
        pool = self.world.catalog.in_stock.copy()
        if self.targets != "all":
            pool &= self.held() if self.targets == "unseen" else ~self.held()
        if not pool.any():
            raise SimulationError(
                f"no item can be a target: of {len(self.world)} items {int(self.held().sum())} are held out and the "
                f"targets are to be {self.targets!r}; change --hold-out-items or --targets"
            )
        return pool


def make_dialogues(population: Population, n: int) -> Iterator[SimulatedRecord]:
    """Yield n dialogues of different people with the teacher.

    Where targets are "seen", held-out items occur nowhere: nobody knows them and the teacher names none. Where they
    are "unseen", the teacher names none but held-out items, so that every item to be foretold is one.

    Raises:
        SimulationError: there is nothing to talk about.
    """
    world, pool = population.world, population.pool()
    targets = np.flatnonzero(pool).tolist()
    known = ~population.held() if population.targets == "seen" else None
    for number in range(n):
        person = make_person(world, number, population.seed, targets=targets, known=known, part=population.part)
        rng = random.Random(f"{population.seed}/{number}/teacher")
        teacher = Teacher(world, person.fit, pool, rng)
        spoken: list[SimulatedTurn] = []
        said = person.open()
        for _ in range(TURNS):
            spoken.append(_user(world, said, person.limits))
            picks = teacher.answer(said.says, target=person.target)
            text = worded(world, picks, teacher.heard, person.voice.language, population.part, rng)
            spoken.append(SimulatedTurn(role="assistant", text=text, items=tuple(world.item(at).id for at in picks)))
            if person.target in picks:
                if rng.random() < _ACCEPTS:
                    spoken.append(_user(world, person.accept(picks), ()))
                break
            said = person.react(picks)
        yield SimulatedRecord(
            id=f"sim-{population.seed}-{number}",
            target=world.item(person.target).id,
            attitude=person.attitude.name,
            language=person.voice.language,
            turns=tuple(spoken),
        )


def _user(world: World, said: Utterance, limits: Sequence[Constraint]) -> SimulatedTurn:
    kept = tuple(Limit(field=c.field, op=c.op, value=c.value) for c in limits)
    return SimulatedTurn(role="user", text=said.text, items=tuple(world.item(at).id for at in said.items), limits=kept)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a simulated dialogue."""

    dialogue: str
    turn: int  # counted from 1
    what: str

    def __str__(self) -> str:
        """Render as ``sim-1-0, turn 3: …``."""
        return f"{self.dialogue}, turn {self.turn}: {self.what}"


def audit(record: SimulatedRecord, catalog: Catalog, held: frozenset[int] = frozenset()) -> list[Finding]:
    """Return what is wrong with a dialogue; empty if it proves sound.

    The person must not give the target away before the assistant names it (`finetune.leaks`); the assistant's text must
    name its items, in order; none of them may break a limit in force; nothing held out may occur.
    """
    secret = Secret(catalog[catalog.positions[record.target]])
    findings: list[Finding] = []
    told: list[str] = []
    limits: tuple[Limit, ...] = ()
    named = False
    for number, turn in enumerate(record.turns, 1):
        items = [catalog[catalog.positions[i]] for i in turn.items]
        faults: list[str] = []
        if turn.role == "user":
            limits = turn.limits
            leak = "" if named else secret.leak(turn.text, told)
            faults += [f"{leak!r} gives away {secret.item.title!r} before the assistant names it"] if leak else []
            told.append(turn.text)
        else:
            faults += _unnamed(turn.text, items)
            faults += [
                f"{item.title!r} breaks {limit.field} {limit.op} {limit.value}"
                for item in items
                for limit in limits
                if not satisfies(item, limit.constraint())
            ]
            named = named or record.target in turn.items
        faults += [f"{i.title!r} is held out" for i in items if catalog.positions[i.id] in held]
        findings += [Finding(record.id, number, fault) for fault in faults]
    if not named:
        findings.append(Finding(record.id, len(record.turns), "the assistant never names the target"))
    return findings


def _unnamed(text: str, items: Sequence[Item]) -> Iterator[str]:
    """Yield a fault for every item whose name does not stand in the text behind the one before it."""
    low, after = text.casefold(), 0
    for item in items:
        found = [(at, len(n)) for n in (item.title, *item.aliases) if (at := low.find(n.casefold(), after)) >= 0]
        if not found:
            yield f"the text does not name {item.title!r} where its place is"
            continue
        at, length = min(found, key=lambda pair: (pair[0], -pair[1]))
        after = at + length


def load_simulated(path: Path, catalog: Catalog) -> tuple[SimulatedRecord, ...]:
    """Read simulated dialogues.

    Raises:
        DataError: the file cannot be used; every bad record is listed.
    """
    loaded = load(path, SimulatedRecord, known=catalog.positions)
    records = [record for record in loaded.records if isinstance(record, SimulatedRecord)]
    problems = [
        RowProblem(path.name, line, "target", record.target, "an id of the catalogue", "make the dialogues again")
        for record, line in zip(records, loaded.lines, strict=True)
        if record.target not in catalog.positions
    ]
    if problems:
        raise DataError(f"{path}: {len(problems)} of {len(records)} targets are unknown", problems)
    return tuple(records)
