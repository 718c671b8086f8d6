"""What the systems of an evaluation are made of: a catalogue, training records, a model, and what is learnt of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from tqdm import tqdm

from chat.generator import Generator, LocalGenerator
from chat.learnt import RANKER_FILE, Learnt, learnt_folder
from chat.prompt import Prompt
from chat.prompting import Prompting
from chat.tower import SETTINGS_FILE, UserTower
from finetune.cases import Case, dialogue_cases
from finetune.contexts import listening_shop
from finetune.fitting import Fitting
from finetune.histories import Histories
from finetune.metrics import Numbers
from finetune.threads import all_threads
from retrieval.catalog import Catalog
from retrieval.collaborative import CooccurrenceRetriever, EaseRetriever
from retrieval.encoder import SentenceEncoder
from retrieval.errors import NamedropError
from retrieval.index import Index, open_index
from retrieval.models import DEFAULT_ENCODER, DEFAULT_LM
from retrieval.neighbours import Moments, NeighbourRetriever
from retrieval.priors import RecencyRetriever, RecommendedRetriever
from retrieval.retrievers import PopularityRetriever
from retrieval.scoring import ScoringRetriever
from retrieval.succession import SuccessionRetriever
from retrieval.types import BoolArray

NO_MODEL = "none"


class MissingPart(NamedropError):
    """A system cannot be measured, because something it is made of was not given."""


@dataclass(frozen=True)
class Bench:
    """What the systems are made of, each part made at its first use.

    Attributes:
        path: of the catalogue, where its index is cached.
        catalog: what is scored.
        histories: what is learnt from.
        model, adapter: the language model; "none" leaves it out.
        encoder: the sentence encoder.
        skip_bad: go on without the catalogue's bad rows.
        fitted_on: the cases that a ranker is to be fitted on, none if none is.
        tables: a folder for what is computed for them.
        naming: whether the ranker is to read the titles that the language model names.
    """

    path: Path
    catalog: Catalog
    histories: Histories
    model: str = DEFAULT_LM
    adapter: Path | None = None
    encoder: str = DEFAULT_ENCODER
    skip_bad: bool = False
    fitted_on: Sequence[Case] = ()
    tables: Path | None = None
    naming: bool = False

    @property
    def folder(self) -> Path | None:
        """Where lies what was learnt with the language model: the adapter, or the model that it was merged into."""
        return learnt_folder(self.model, self.adapter)

    @cached_property
    def counts(self) -> Numbers:
        """How often each item was chosen in the training data, else its `popularity` in the catalogue: (N,)."""
        if self.histories:
            return self.histories.counts(self.catalog)
        found = (item.attributes.get("popularity") for item in self.catalog)
        return np.array([v if isinstance(v, float) else 0.0 for v in found])

    @cached_property
    def popularity(self) -> PopularityRetriever:
        """The prior of the counts."""
        if not self.counts.any():
            raise MissingPart("popularity needs training data (--train-mentions …) or a catalogue column `popularity`")
        return PopularityRetriever(self.catalog, self.counts.tolist())

    @cached_property
    def ease(self) -> EaseRetriever:
        """Fitted on the training data, else the adapter's."""
        if not self.histories and self.folder is not None and (self.folder / "ease.npz").is_file():
            return EaseRetriever.load(self.folder, self.catalog)
        self._need_histories("ease")
        return EaseRetriever.fit(self.catalog, self.histories.sets)

    @cached_property
    def cooccurrence(self) -> CooccurrenceRetriever:
        """Fitted on the training data."""
        self._need_histories("cooccurrence")
        return CooccurrenceRetriever.fit(self.catalog, self.histories.sets)

    def _need_histories(self, name: str) -> None:
        if not self.histories:
            raise MissingPart(f"{name} needs training data; give --train-mentions, --train-dialogues or the like")

    @cached_property
    def succession(self) -> SuccessionRetriever:
        """Fitted on the training data."""
        self._need_histories("succession")
        return SuccessionRetriever.fit(self.catalog, self.histories.sequences)

    @cached_property
    def neighbours(self) -> NeighbourRetriever:
        """The moments of the training dialogues."""
        if not self.histories.dialogues:
            raise MissingPart("neighbours needs dialogues with words to learn from; give --train-dialogues")
        bar = tqdm(self.histories.dialogues, desc="reading the training dialogues", unit=" dialogues")
        cases = list(dialogue_cases(bar, listening_shop(self.catalog, self.base.encoder)))
        new = [
            [self.catalog[at].id for at, novel in zip(case.targets, case.novel, strict=True) if novel] for case in cases
        ]
        moments = Moments.of([case.query.text for case in cases], new, self.base.encoder)
        return NeighbourRetriever(self.catalog, moments, self.base.encoder)

    @cached_property
    def base(self) -> Index:
        """The catalogue's index, as without any training data."""
        with all_threads():  # the encoder's batches are large here
            return open_index(self.path, SentenceEncoder(self.encoder), skip_bad=self.skip_bad, progress=_Encoding())

    @cached_property
    def learnt(self) -> Learnt:
        """What the adapter's folder holds if a ranker is among it, else what the training data teaches."""
        if self.folder is not None and not self.fitted_on and (self.folder / RANKER_FILE).is_file():
            return Learnt.load(self.folder, self.base)
        found: list[ScoringRetriever] = []
        chosen: Mapping[str, float] = {}
        recommended: Mapping[str, float] = {}
        if self.histories:
            chosen = {item.id: float(n) for item, n in zip(self.catalog, self.counts, strict=True) if n}
            recommended = self.histories.recommended()
            priors = RecommendedRetriever(self.catalog, [recommended.get(item.id, 0.0) for item in self.catalog])
            found = [self.succession, self.popularity, priors, RecencyRetriever(self.catalog)]
        elif self.counts.any():
            found = [self.popularity]
        with suppress(MissingPart):
            found.append(self.ease)
        if self.fitted_on and self.histories.dialogues:  # they are read for a ranker only: it takes a minute
            found.append(self.neighbours)
        prompting = Prompting.load(self.folder) if self.folder is not None else Prompting()
        return Learnt({r.name: r for r in found}, self._tower, None, chosen, recommended, prompting)

    @cached_property
    def _tower(self) -> UserTower | None:
        if self.folder is None or not (self.folder / SETTINGS_FILE).is_file():
            return None
        return UserTower.load(self.folder, self.base)

    @property
    def tower(self) -> UserTower:
        """The adapter's user tower."""
        found = self.learnt.tower
        if found is None:
            raise MissingPart(
                "the user tower needs an adapter that was trained with one (--adapter); see finetune.train"
            )
        return found

    @cached_property
    def index(self) -> Index:
        """The catalogue's index, with the parts learnt from the training data."""
        return replace(self.base, retrievers={**self.base.retrievers, **self.learnt.retrievers})

    def prompt(self, case: Case, allowed: BoolArray) -> Prompt:
        """Ask the language model for a title, as the adapter was trained to be asked."""
        return self.learnt.prompting.title(case.context, case.query, self.index, allowed)

    @cached_property
    def fitting(self) -> Fitting:
        """A ranker in the making."""
        if not self.fitted_on:
            raise MissingPart("a part can be left out of the ranker only while it is fitted (--fit FOLDER)")
        generator = None if self.model == NO_MODEL else self.generator
        return Fitting(self.index, self.learnt, generator, self.fitted_on, self.tables, naming=self.naming)

    @cached_property
    def generator(self) -> Generator:
        """The language model, with the catalogue's titles bound."""
        generator = LocalGenerator(self.model, self.folder)
        generator.load()
        return generator.bind(self.catalog)


class _Encoding:
    """A progress bar for an index that has to be built."""

    def __call__(self, done: int, total: int) -> None:
        if done == 0:
            self._bar = tqdm(total=total, desc="encoding the catalogue", unit=" items")
        self._bar.update(done - self._bar.n)
        if done == total:
            self._bar.close()
