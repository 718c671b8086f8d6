"""Business rules: what a shop wants shown more, less, first or never, from a YAML file that may change at any time.

One rule::

    - name: courses in autumn
      action: boost            # boost, bury, pin, never, or handoff: fetch a person, by `when.words` alone
      strength: 0.5            # of boost and bury: standard deviations of the scores of the best 300
      where:                   # which items, all of these; or by id:  items: [course-knitting, course-sourdough]
        - {field: kind, op: is, value: course}
      when:                    # in which conversations: any of the words, any of the kinds, any of the pages
        words: [learn, evening class]
        kinds: [course]
        pages: [film-stalker-1979]
      from: 2026-09-01         # both days included
      until: 2026-11-30
      sponsored: true          # of boost and pin: the card says so

A rule orders what may be shown; it never shows what a hard limit, a rejection or the stock keeps out. What it says of
an item holds until the file says otherwise, and a version of the file that cannot be used keeps the last good one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from retrieval.errors import NamedropError
from retrieval.index import Index
from retrieval.lexicon import canonical
from retrieval.text import as_written, words
from retrieval.types import BoolArray, Constraint, FloatArray, IntArray, Op

log = logging.getLogger(__name__)

MOST_PINS = 2  # of the five cards: a row is never all advertisements
_LOOK = 0.5  # seconds between two looks at the file

Action = Literal["boost", "bury", "pin", "never", "handoff"]


class RulesError(NamedropError):
    """The file of business rules cannot be used."""


Name = Annotated[
    str, BeforeValidator(as_written), StringConstraints(strip_whitespace=True, min_length=1, max_length=500)
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Where(_Strict):
    """One condition that an item must keep, as a `Constraint`."""

    field: Name
    op: Op = "is"
    value: bool | float | str | tuple[str, ...]

    @model_validator(mode="after")
    def _compares_numbers(self) -> Self:
        if self.op not in ("is", "is_not") and (isinstance(self.value, bool) or not isinstance(self.value, float)):
            raise ValueError(f"'{self.op}' compares numbers, so value must be one")
        return self


class When(_Strict):
    """In which conversations a rule holds: every condition that is given, each by any of its values."""

    words: tuple[Name, ...] = ()
    kinds: tuple[Name, ...] = ()
    pages: tuple[Name, ...] = ()


class Rule(_Strict):
    """One business rule; see the module for what its keys mean."""

    name: str = ""
    action: Action
    items: tuple[Name, ...] = ()
    where: tuple[Where, ...] = ()
    when: When = When()
    from_: date | None = Field(None, alias="from")
    until: date | None = None
    strength: Annotated[float, Field(gt=0, le=5)] | None = None
    sponsored: bool = False

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.action == "handoff":
            if self.items or self.where or not self.when.words:
                raise ValueError("handoff takes when.words, and neither items nor where")
        elif bool(self.items) == bool(self.where):
            raise ValueError("give either items (ids) or where (conditions)")
        if self.strength is not None and self.action not in ("boost", "bury"):
            raise ValueError(f"strength belongs to boost and bury, not to {self.action}")
        if self.sponsored and self.action not in ("boost", "pin"):
            raise ValueError(f"sponsored belongs to boost and pin, not to {self.action}")
        if self.action == "never" and self.when != When():
            raise ValueError("never means in every conversation; leave when out, or use bury")
        if self.from_ and self.until and self.until < self.from_:
            raise ValueError(f"until {self.until} is before from {self.from_}")
        return self

    def runs(self, today: date) -> bool:
        """Whether the rule holds on a day."""
        return (self.from_ is None or self.from_ <= today) and (self.until is None or today <= self.until)


class _File(_Strict):
    rules: tuple[Rule, ...] = ()


def load_rules(path: Path) -> tuple[Rule, ...]:
    """Read a file of rules.

    Raises:
        RulesError: the file cannot be read, or a rule is wrong; every wrong one is told, with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except OSError as error:
        raise RulesError(f"{path}: cannot be read ({error.strerror}); check --rules") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise RulesError(f"{path}{line}: not YAML ({problem}); correct that line") from error
    problems = [f"{path}:{line}: the key {key!r} stands here twice; remove one" for line, key in _doubles(node)]
    try:
        rules = _File.model_validate(content if content is not None else {}).rules
    except ValidationError as error:
        problems += [f"{path}:{_line(node, e['loc'])}: {_told(e)}" for e in error.errors()]
    if problems:
        raise RulesError("\n".join(problems))
    return rules


def _told(error: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    if error["type"] == "extra_forbidden":
        return f"{place}: there is no such key; see docs/shop.md for those there are"
    found = "" if isinstance(error["input"], dict | list) else f" found {error['input']!r};"
    return f"{place or 'the file'}:{found} {error['msg'].removeprefix('Value error, ')}"


def _line(node: yaml.Node | None, loc: Sequence[int | str]) -> int:
    """Return the line of what an error is about, or of the nearest thing around it that the file has."""
    for part in loc:
        found = None
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = node.value[part]
        elif isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == part), None)
        if found is None:
            break
        node = found
    return int(node.start_mark.line) + 1 if node is not None else 1


def _doubles(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Yield (line, key) of every key that its mapping has twice, of which YAML would keep the last without a word."""
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _doubles(value)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                yield key.start_mark.line + 1, str(key.value)
            seen.add(str(key.value))
            yield from _doubles(value)


@dataclass(frozen=True, slots=True)
class Situation:
    """What a rule's `when` is held against: the person's words, the kinds in force, the item whose page they see."""

    text: str = ""
    kinds: frozenset[str] = frozenset()
    page: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """What the rules ask for in one situation, by catalogue position.

    Attributes:
        lift: (N,) in standard deviations; None where no rule boosts or buries.
        pins: what comes first.
        sponsored: what a sponsored rule puts forward.
    """

    lift: FloatArray | None = None
    pins: tuple[int, ...] = ()
    sponsored: frozenset[int] = frozenset()

    def first(self, allowed: BoolArray, exclude: Container[int]) -> list[int]:
        """Return what is pinned in the row that is about to be shown; `allowed` is (N,)."""
        return [at for at in self.pins if allowed[at] and at not in exclude][:MOST_PINS]


@dataclass(frozen=True, slots=True)
class _Bound:
    """The rules of one version of the file for one version of the catalogue."""

    rules: tuple[Rule, ...]
    index: Index
    positions: tuple[IntArray, ...]


class Rulebook:
    """The rules as their file has them now; thread-safe.

    Args:
        path: the YAML file; None means no rules.
        today: tells the day.

    Raises:
        RulesError: the first version of the file cannot be used.
    """

    def __init__(self, path: Path | None = None, today: Callable[[], date] = date.today) -> None:
        self._problem: str | None = None
        self._path = path
        self._today = today
        self._lock = threading.Lock()
        self._looked = time.monotonic()
        self._seen = self._signature()
        self._rules = load_rules(path) if path is not None else ()
        self._bound: _Bound | None = None

    @property
    def problem(self) -> str | None:
        """Why the newest version of the file is being ignored, if it is; the file is looked at, chat or no chat."""
        with self._lock:
            self._look()
            return self._problem

    def hidden(self, index: Index) -> IntArray:
        """Return the positions of what must never be shown: (n,)."""
        if self._path is None:
            return np.empty(0, dtype=np.int64)
        bound, today = self._on(index), self._today()
        pairs = zip(bound.rules, bound.positions, strict=True)
        hidden = [at for rule, at in pairs if rule.action == "never" and rule.runs(today)]
        return np.concatenate(hidden) if hidden else np.empty(0, dtype=np.int64)

    def placed(self, index: Index, situation: Situation) -> Placed:
        """Return what the rules ask for in a situation."""
        bound, today = self._on(index), self._today()
        lift: FloatArray | None = None
        pins: dict[int, None] = {}
        sponsored: set[int] = set()
        for rule, at in zip(bound.rules, bound.positions, strict=True):
            if rule.action in ("never", "handoff") or not rule.runs(today) or not _holds(rule.when, situation):
                continue
            if rule.action == "pin":
                pins.update(dict.fromkeys(at.tolist()))
            else:
                lift = np.zeros(len(index), dtype=np.float32) if lift is None else lift
                lift[at] += (1.0 if rule.strength is None else rule.strength) * (1 if rule.action == "boost" else -1)
            if rule.sponsored:
                sponsored.update(at.tolist())
        return Placed(lift, tuple(pins), frozenset(sponsored))

    def hands_over(self, situation: Situation) -> bool:
        """Whether a rule wants a person for what has been said."""
        with self._lock:
            self._look()
            rules = self._rules
        today = self._today()
        return any(rule.action == "handoff" and rule.runs(today) and _holds(rule.when, situation) for rule in rules)

    def _on(self, index: Index) -> _Bound:
        with self._lock:
            self._look()
            bound = self._bound
            if bound is None or bound.index is not index or bound.rules is not self._rules:
                bound = _Bound(self._rules, index, tuple(_positions(rule, index) for rule in self._rules))
                self._bound = bound
            return bound

    def _look(self) -> None:
        if self._path is None or time.monotonic() - self._looked < _LOOK:
            return
        self._looked = time.monotonic()
        signature = self._signature()
        if signature == self._seen:
            return
        self._seen = signature
        try:
            self._rules, self._problem = load_rules(self._path), None
            log.info("%s: %d rules live", self._path, len(self._rules))
        except RulesError as error:
            self._problem = str(error)
            log.warning("the last good version of the rules stays: %s", error)

    def _signature(self) -> tuple[int, int] | None:
        try:
            stat = self._path.stat() if self._path is not None else None
        except OSError:
            return None
        return (stat.st_mtime_ns, stat.st_size) if stat is not None else None


def _positions(rule: Rule, index: Index) -> IntArray:
    """Return the catalogue positions that a rule is about; what the catalogue lacks is logged."""
    if rule.where:
        constraints = [Constraint(w.field, w.op, w.value) for w in rule.where]
        for unknown in {c.field for c in constraints if not index.facets.knows(c.field)}:
            log.warning("rule %r: no item of the catalogue has a column %r", rule.name, unknown)
        return np.flatnonzero(index.facets.mask(constraints))
    known = index.catalog.positions
    for missing in [item_id for item_id in rule.items if item_id not in known]:
        log.warning("rule %r: no item %r in the catalogue", rule.name, missing)
    return np.array([known[item_id] for item_id in rule.items if item_id in known], dtype=np.int64)


def _holds(when: When, situation: Situation) -> bool:
    said = f" {' '.join(words(situation.text))} "
    return (
        (not when.words or any(f" {' '.join(words(phrase))} " in said for phrase in when.words))
        and (not when.kinds or any(canonical("kind", kind) in situation.kinds for kind in when.kinds))
        and (not when.pages or situation.page in when.pages)
    )
