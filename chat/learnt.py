"""What was learnt from a shop's logs and lies in an adapter's folder beside the language model's weights.

==================  ==========================================================================
tower.*             the user tower (`chat.tower`), written by finetune.train
prompt.json         how the language model is told of people (`chat.prompting`), by finetune.train
counts.json         how often each item was chosen, and recommended
ease.npz and so on  item-item weights (`retrieval.collaborative`, `retrieval.succession`)
neighbours.npz      past moments (`retrieval.neighbours`)
ranker.*            how all parts become one order (`chat.ranker`), written by finetune.evaluate --fit
==================  ==========================================================================

Every file is optional, and all speak of catalogue ids, so they outlive edits of the catalogue. A model into which an
adapter was merged (finetune.export) has them in its own folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chat.prompting import FILE as PROMPT_FILE
from chat.prompting import Prompting
from chat.ranker import SETTINGS_FILE as RANKER_FILE
from chat.ranker import Ranker
from chat.tower import SETTINGS_FILE as TOWER_FILE
from chat.tower import UserTower
from retrieval.collaborative import CooccurrenceRetriever, EaseRetriever, ItemItemRetriever
from retrieval.errors import ModelError
from retrieval.index import Index
from retrieval.neighbours import NeighbourRetriever
from retrieval.priors import RecencyRetriever, RecommendedRetriever
from retrieval.retrievers import PopularityRetriever
from retrieval.scoring import ScoringRetriever
from retrieval.succession import SuccessionRetriever

COUNTS_FILE = "counts.json"
EXPORTED = "namedrop.json"  # tells that finetune.export wrote a model's folder
ITEM_ITEM: tuple[type[ItemItemRetriever], ...] = (EaseRetriever, CooccurrenceRetriever, SuccessionRetriever)
_TABLES = (*(f"{kind.name}.npz" for kind in ITEM_ITEM), "neighbours.npz")
_FILES = (PROMPT_FILE, COUNTS_FILE, "tower.*", "ranker.*", *_TABLES)

Counts = Mapping[str, float]


def learnt_folder(model: str | Path, adapter: Path | None) -> Path | None:
    """Return where what was learnt lies: in the adapter, or beside the weights it was merged into; None if nowhere."""
    if adapter is not None:
        return adapter
    return Path(model) if (Path(model) / EXPORTED).is_file() else None


def copy_learnt(adapter: Path, target: Path) -> None:
    """Copy all but the weights of the language model from an adapter's folder into another one."""
    for file in (file for pattern in _FILES for file in adapter.glob(pattern)):
        shutil.copyfile(file, target / file.name)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a folder holds, for one version of the catalogue.

    Attributes:
        retrievers: by name; they join, or take the place of, those of the index.
        tower: scores by the language model's state.
        ranker: makes one order of all; None leaves it to the recommender's own weights.
        chosen, recommended: counts by item id.
        prompting: how the prompts were made that the language model was trained on.
    """

    retrievers: Mapping[str, ScoringRetriever] = field(default_factory=dict)
    tower: UserTower | None = None
    ranker: Ranker | None = None
    chosen: Counts = field(default_factory=dict)
    recommended: Counts = field(default_factory=dict)
    prompting: Prompting = field(default_factory=Prompting)

    @classmethod
    def load(cls, folder: Path, index: Index) -> Learnt:
        """Read what a folder holds.

        Raises:
            ModelError: a file is damaged, or was made with another encoder.
        """
        catalog = index.catalog
        found: list[ScoringRetriever] = [
            kind.load(folder, catalog) for kind in ITEM_ITEM if (folder / f"{kind.name}.npz").is_file()
        ]
        if (folder / "neighbours.npz").is_file():
            found.append(NeighbourRetriever.load(folder, catalog, index.encoder))
        chosen, recommended = _counts(folder)
        return cls(
            {r.name: r for r in [*found, *_priors(index, chosen, recommended)]},
            UserTower.load(folder, index) if (folder / TOWER_FILE).is_file() else None,
            Ranker.load(folder) if (folder / RANKER_FILE).is_file() else None,
            chosen,
            recommended,
            Prompting.load(folder),
        )

    def on(self, index: Index) -> Learnt:
        """Return the same for another version of the catalogue."""
        moved: list[ScoringRetriever] = [
            r.on(index.catalog, index.encoder) if isinstance(r, NeighbourRetriever) else r.on(index.catalog)
            for r in self.retrievers.values()
            if isinstance(r, ItemItemRetriever | NeighbourRetriever)
        ]
        moved += _priors(index, self.chosen, self.recommended)
        tower = self.tower.bind(index) if self.tower is not None else None
        return Learnt({r.name: r for r in moved}, tower, self.ranker, self.chosen, self.recommended, self.prompting)

    def save(self, folder: Path) -> None:
        """Write everything but the tower, which finetune.train writes."""
        folder.mkdir(parents=True, exist_ok=True)
        for retriever in self.retrievers.values():
            if isinstance(retriever, ItemItemRetriever | NeighbourRetriever):
                retriever.save(folder)
        if self.chosen or self.recommended:
            counts = {"chosen": dict(self.chosen), "recommended": dict(self.recommended)}
            (folder / COUNTS_FILE).write_text(json.dumps(counts, ensure_ascii=False), encoding="utf-8")
        if self.ranker is not None:
            self.ranker.save(folder)


def _counts(folder: Path) -> tuple[Counts, Counts]:
    file = folder / COUNTS_FILE
    if not file.is_file():
        return {}, {}
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return tuple({str(i): float(n) for i, n in kept[name].items()} for name in ("chosen", "recommended"))  # type: ignore[return-value]
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelError(f"{file}: not the counts that finetune.evaluate writes ({error}); make them again") from error


def _priors(index: Index, chosen: Counts, recommended: Counts) -> list[ScoringRetriever]:
    """Return the parts that know items only; without counts the index's own popularity stays."""
    if not chosen:
        return []
    catalog = index.catalog
    return [
        PopularityRetriever(catalog, [chosen.get(item.id, 0.0) for item in catalog]),
        RecommendedRetriever(catalog, [recommended.get(item.id, 0.0) for item in catalog]),
        RecencyRetriever(catalog),
    ]
