"""Success: how often, and how soon, an assistant shows simulated people what they are after.

A person succeeds at the first turn whose cards hold the target; after the last turn they have failed. Shares have
Wilson intervals (Wilson, Journal of the American Statistical Association 22, 1927), means bootstrap intervals.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy.stats import binomtest

from chat.dialogue import Dialogue
from chat.shop import Shop
from chat.state import DialogueState
from finetune.metrics import LEVEL, Estimate, bootstrap
from finetune.people import Person
from finetune.says import Utterance
from finetune.simulated import TURNS, SimulatedRecord, SimulatedTurn
from finetune.tastes import SimulationError, World
from finetune.teacher import Teacher
from retrieval.constraints import satisfies
from retrieval.files import write_text
from retrieval.types import BoolArray

CARDS = 5  # of the ceiling, as many as the assistant shows


class Exchange(BaseModel):
    """What one person said, and what they were shown."""

    model_config = ConfigDict(frozen=True)

    said: str
    acts: tuple[str, ...] = ()
    answer: str = ""
    shown: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    ms: float = 0.0


class Meeting(BaseModel):
    """One person's conversation with the assistant.

    Attributes:
        number: of the person.
        turn: at which the target was shown, 0 if it was not.
        broken: how many of the cards broke a hard limit that the person had said.
        back: how many of the cards were items that the person had said they know or do not want.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    attitude: str
    language: str
    kind: str
    target: str
    turn: int
    broken: int = 0
    back: int = 0
    cards: int = 0
    exchanges: tuple[Exchange, ...] = ()

    def record(self, seed: int) -> SimulatedRecord:
        """Return the conversation as a dialogue, from which a ranker learns what the people of a seed were after."""
        turns: list[SimulatedTurn] = []
        for exchange in self.exchanges:
            turns.append(SimulatedTurn(role="user", text=exchange.said))
            turns.append(SimulatedTurn(role="assistant", text=exchange.answer, items=exchange.shown))
        return SimulatedRecord(
            id=f"met-{seed}-{self.number}",
            target=self.target,
            attitude=self.attitude,
            language=self.language,
            turns=tuple(turns),
        )


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as a person sees it: the catalogue positions of its cards, its text, and the limits it shows."""

    shown: tuple[int, ...]
    text: str = ""
    limits: tuple[str, ...] = ()


Answerer = Callable[[Utterance], Answered]


def dialogue_answers(shop: Shop, world: World, session: str) -> Answerer:
    """Return how the assistant's dialogue answers one person: by their words alone."""
    state = DialogueState(session=session)

    def answer(said: Utterance) -> Answered:
        given = Dialogue(shop, state).take(said.text)  # as `chat.Assistant.reply` does
        places = world.catalog.positions
        shown = tuple(places[card.id] for card in given.cards if card.id in places)
        return Answered(shown, given.text, tuple(limit.label for limit in state.taste.limits))

    return answer


def ceiling_answers(world: World, pool: BoolArray, person: Person, seed: int) -> Answerer:
    """Return how the teacher would answer that understands every fact and does not know the hidden taste."""
    teacher = Teacher(world, None, pool, random.Random(f"{seed}/{person.target}/ceiling"))
    return lambda said: Answered(tuple(teacher.answer(said.says, k=CARDS)))


def meet(person: Person, number: int, answer: Answerer, turns: int = TURNS) -> Meeting:
    """Let a person talk until the target is shown, at most so many turns."""
    world, exchanges = person.world, []
    gone: set[int] = set()
    broken = back = cards = succeeded = 0
    said = person.open()
    for turn in range(1, turns + 1):
        start = time.perf_counter()
        answered = answer(said)
        ms = 1000 * (time.perf_counter() - start)
        gone.update(at for s in said.says if s.act in ("reject", "seen", "dislike") for at in s.items)
        exchanges.append(_exchange(world, said, answered, ms))
        cards += len(answered.shown)
        broken += sum(not all(satisfies(world.item(at), c) for c in person.limits) for at in answered.shown)
        back += len(gone.intersection(answered.shown))
        if person.target in answered.shown:
            succeeded = turn
            break
        if turn < turns:
            said = person.react(answered.shown)
    return Meeting(
        number=number,
        attitude=person.attitude.name,
        language=person.voice.language,
        kind=world.kind(person.target),
        target=world.item(person.target).id,
        turn=succeeded,
        broken=broken,
        back=back,
        cards=cards,
        exchanges=tuple(exchanges),
    )


def _exchange(world: World, said: Utterance, answered: Answered, ms: float) -> Exchange:
    return Exchange(
        said=said.text,
        acts=tuple(s.act for s in said.says),
        answer=answered.text,
        shown=tuple(world.item(at).id for at in answered.shown),
        limits=answered.limits,
        ms=round(ms, 1),
    )


def share(hits: int, of: int) -> Estimate:
    """Return a share with its Wilson interval.

    Raises:
        ValueError: `of` is not positive.
    """
    found = binomtest(hits, of).proportion_ci(LEVEL, method="wilson")
    return Estimate(hits / of, float(found.low), float(found.high))


def mean(values: Sequence[float]) -> Estimate | None:
    """Return a mean with its bootstrap interval, None without values."""
    if not values:
        return None
    return bootstrap(np.array(values, dtype=np.float64)[:, None], np.arange(len(values)))[0]


def summary(meetings: Sequence[Meeting], turns: int = TURNS) -> dict[str, Any]:
    """Return the figures of several meetings: over all, and by attitude, language and kind.

    Raises:
        ValueError: there are no meetings.
    """
    groups = {"attitudes": "attitude", "languages": "language", "kinds": "kind"}
    cards = sum(m.cards for m in meetings)
    times = [e.ms for m in meetings for e in m.exchanges]
    return {
        **_figures(meetings),
        "success_by_turn": [asdict(share(_within(meetings, turn), len(meetings))) for turn in range(1, turns + 1)],
        **{name: dict(_grouped(meetings, key)) for name, key in groups.items()},
        "cards": cards,
        "cards_breaking_a_said_limit": _of_cards(meetings, "broken"),
        "cards_refused_before": _of_cards(meetings, "back"),
        "ms_per_turn": {"p50": float(np.percentile(times, 50)), "p95": float(np.percentile(times, 95))},
    }


def _of_cards(meetings: Sequence[Meeting], key: str) -> dict[str, float] | None:
    """Return a share of the cards; the interval resamples people, whose cards stand and fall together."""
    hits = [np.arange(m.cards) < getattr(m, key) for m in meetings if m.cards]
    if not hits:
        return None
    if (count := sum(int(h.sum()) for h in hits)) in (0, sum(map(len, hits))):  # of which no resampling makes another
        return asdict(share(len(hits) if count else 0, len(hits)))
    clusters = np.repeat(np.arange(len(hits)), [len(h) for h in hits])
    return asdict(bootstrap(np.concatenate(hits).astype(np.float64)[:, None], clusters)[0])


def _within(meetings: Iterable[Meeting], turns: int) -> int:
    return sum(0 < m.turn <= turns for m in meetings)


def _figures(meetings: Sequence[Meeting]) -> dict[str, Any]:
    needed = mean([float(m.turn) for m in meetings if m.turn])
    return {
        "people": len(meetings),
        "success": asdict(share(sum(m.turn > 0 for m in meetings), len(meetings))),
        "turns_to_success": None if needed is None else asdict(needed),
    }


def _grouped(meetings: Sequence[Meeting], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for value in sorted({getattr(m, key) for m in meetings}):
        yield value or "none", _figures([m for m in meetings if getattr(m, key) == value])


def difference(ours: Sequence[Meeting], theirs: Sequence[Meeting]) -> Estimate:
    """Return the difference in success of two systems that met the same people, with its paired interval.

    Raises:
        SimulationError: they did not meet the same people.
    """
    left, right = ({m.number: m for m in meetings} for meetings in (ours, theirs))
    same = sorted(left.keys() & right.keys())
    if not same or any(left[n].target != right[n].target for n in same) or len(left) != len(right):
        raise SimulationError("the two results are of different people; run both with the same seed and settings")
    gains = np.array([(left[n].turn > 0) - float(right[n].turn > 0) for n in same])
    return bootstrap(gains[:, None], np.arange(len(same)))[0]


class Transcript:
    """The meetings of a run, a line each behind a line of settings, so that an interrupted run goes on.

    Raises:
        SimulationError: the file is of another run.
    """

    def __init__(self, path: Path, settings: Mapping[str, object]) -> None:
        self._path = path
        self.meetings: dict[int, Meeting] = {}
        head = json.dumps({"settings": settings}, ensure_ascii=False, sort_keys=True)
        if not path.is_file():
            write_text(path, head + "\n")
            return
        lines = _lines(path)
        if not lines or lines[0].rstrip("\n") != head:
            raise SimulationError(
                f"{path}: this is another run's file, of other settings, models or code; give another --out, or remove "
                "it to begin anew"
            )
        whole = [line for line in lines if line.endswith("\n")]  # the last line of a killed run may be half
        self.meetings = {m.number: m for m in map(Meeting.model_validate_json, whole[1:])}
        write_text(path, "".join(whole))

    def add(self, meeting: Meeting) -> None:
        """Append a meeting to the file."""
        self.meetings[meeting.number] = meeting
        with self._path.open("a", encoding="utf-8") as file:
            file.write(meeting.model_dump_json() + "\n")

    @staticmethod
    def read(path: Path) -> list[Meeting]:
        """Return the meetings of a finished run.

        Raises:
            SimulationError: there is no such file, or it is none of these.
        """
        try:
            return [Meeting.model_validate_json(line) for line in _lines(path)[1:]]
        except (OSError, ValueError) as error:
            raise SimulationError(
                f"{path}: not the transcript of a run ({type(error).__name__}); run it again"
            ) from error


def _lines(path: Path) -> list[str]:
    """Return the lines of a file with their ends; JSON may hold other separators than the line feed raw."""
    with path.open(encoding="utf-8", newline="\n") as file:
        return list(file)
