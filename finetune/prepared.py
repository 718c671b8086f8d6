"""What a run needs before its first step: data read and checked, examples packed, model and tower loaded."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chat.encoding import PromptEncoder
from chat.prompt import Prompt
from finetune.checkpoints import rows_digest
from finetune.config import TrainConfig
from finetune.contexts import listening_shop
from finetune.data import DialogueRecord, InteractionRecord, MentionsRecord, NextItemRecord, R, load
from finetune.examples import (
    TASKS,
    Example,
    ExampleEncoder,
    ExampleSet,
    group_of,
    load_encoder,
    make_examples,
    weights_of,
)
from finetune.histories import Histories
from finetune.material import left_out
from finetune.packing import Packed, Row, Weighed, pack
from retrieval.catalog import Catalog
from retrieval.collaborative import ItemFactors, ItemSets
from retrieval.encoder import SentenceEncoder
from retrieval.index import Index, open_index
from retrieval.models import resolve_lm

if TYPE_CHECKING:
    import torch

    from finetune.objective import TowerHead, Tuned
    from finetune.plan import Batches
    from finetune.upper import StateCache

log = logging.getLogger(__name__)

_DROWNED = 2  # times as many examples of templates as of records
_ASKED = 4  # prompts that the saved adapter is checked on
_STANDARD_ROWS = 8  # whose prompts fix the tower's scales


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that a run reads, checked and packed.

    Attributes:
        train, valid: the packed rows; `valid` is None without validation examples.
        index: the catalogue with the embeddings of its texts, None without a tower.
        left_out: catalogue positions that no training example names.
        factors: of the items that the training records name together, none if none are asked for.
        valid_rows: how many rows there are to validate on; `valid` holds `TrainConfig.valid_rows` of them.
        shortened: how many texts to be written were too long.
    """

    config: TrainConfig
    encoder: PromptEncoder
    tokenizer: Any
    examples: ExampleSet
    train: Packed
    valid: Packed | None
    index: Index | None
    left_out: frozenset[int]
    factors: ItemFactors
    valid_rows: int = 0
    shortened: int = 0

    @property
    def digest(self) -> str:
        """What is trained on, as a digest."""
        return rows_digest(part.tobytes() for row in self.train.rows for part in (row.tokens, row.label_weights))

    def prompts(self) -> list[Prompt]:
        """Return a few prompts that ask for a title, of the validation part if there is one."""
        asked = [e.prompt for e in (*self.examples.valid, *self.examples.train) if TASKS[e.task].names_titles]
        return list(dict.fromkeys(asked or [e.prompt for e in self.examples.train]))[:_ASKED]


def prepare(config: TrainConfig) -> Prepared:
    """Read the data, make the examples and pack them.

    Raises:
        NamedropError: anything of it cannot be used.
    """
    from finetune.adapters import check_model

    weights_of(config.tasks)
    check_model(config)
    encoder, tokenizer = load_encoder(config.model)
    catalog = Catalog.load(config.data.catalog, skip_bad=config.data.skip_bad)
    shop = listening_shop(catalog, SentenceEncoder(config.tower.encoder))
    examples = make_examples(config, shop)
    index = None
    if config.tower.weight and any(TASKS[e.task].names_titles for e in examples.train):
        index = open_index(config.data.catalog, SentenceEncoder(config.tower.encoder), skip_bad=config.data.skip_bad)
    encode = ExampleEncoder(encoder)

    def packed(part: Sequence[Example]) -> Packed:
        weighed = [Weighed.of(example, encode(example), examples.weights[example.task]) for example in part]
        return pack(weighed, config.max_tokens, config.seed)

    train, valid = packed(examples.train), packed(examples.valid) if examples.valid else None
    valid_rows = len(valid.rows) if valid is not None else 0
    if valid is not None:
        valid = replace(valid, rows=valid.rows[: config.valid_rows])
    hidden = left_out(config.data, shop)
    factors = _factors(config, catalog, examples, hidden) if index is not None else ItemFactors()
    parts = (examples, train, valid, index, hidden, factors, valid_rows)
    return Prepared(config, encoder, tokenizer, *parts, shortened=encode.shortened)


def _factors(config: TrainConfig, catalog: Catalog, examples: ExampleSet, hidden: frozenset[int]) -> ItemFactors:
    """Return the factors of what is trained on: neither held-out records nor held-out items have a part in them."""
    if not config.tower.factors:
        return ItemFactors()
    held = {group_of(example.source) for example in examples.valid}

    def read(paths: Sequence[Path], kind: type[R], source: Callable[[R], str]) -> list[R]:
        found = (load(p, kind, known=catalog.positions, skip_bad=config.data.skip_bad) for p in paths)
        return [record for one in found for record in one.records if group_of(source(record)) not in held]

    data = config.data
    sets = Histories(
        read(data.dialogues, DialogueRecord, lambda r: f"dialogue:{r.id}"),
        read(data.mentions, MentionsRecord, lambda r: f"mentions:{r.id}"),
        read(data.next_item, NextItemRecord, lambda r: f"person:{r.user}"),
        read(data.interactions, InteractionRecord, lambda r: f"person:{r.user_id}"),
        data.liked_from,
    ).sets
    kept = [column for column, i in enumerate(sets.ids) if catalog.positions.get(i) not in hidden]
    return ItemFactors.fit(ItemSets(tuple(sets.ids[c] for c in kept), sets.matrix[:, kept]), config.tower.factors)


def build(prepared: Prepared, progress: bool = True) -> tuple[Tuned, Batches, Batches | None]:
    """Load the model with its adapters and tower; return the `Tuned` and the batches to train and to validate on.

    Raises:
        NamedropError: the model cannot be read or does not fit the configuration.
    """
    import torch

    from finetune.adapters import load_trainable, start_tower
    from finetune.objective import TowerHead, Tuned, causal_of, counts_of
    from finetune.plan import Batches
    from finetune.upper import check_split, split

    config = prepared.config
    model, autocast = load_trainable(config)
    causal = causal_of(model)
    upper = None
    train, valid = Batches(prepared.train.rows), None if prepared.valid is None else Batches(prepared.valid.rows)
    if config.upper_layers is not None:
        check_split(causal, config.upper_layers, prepared.train.rows[0], autocast)
        below, upper = split(causal, config.upper_layers)
        for batches in (train, valid):
            if batches is not None:
                batches.states = _cached(prepared, batches.rows, below, autocast, progress)
    tower = None
    if prepared.index is not None:
        torch.manual_seed(config.seed)
        counts = counts_of(prepared.train.rows, len(prepared.index))
        usable = np.array([at not in prepared.left_out for at in range(len(prepared.index))])
        described = prepared.factors.beside(prepared.index.embeddings, prepared.index.catalog)
        tower = TowerHead(config.tower, causal.config.hidden_size, described, counts, usable)
    tuned = Tuned(model, tower, upper=upper, autocast=autocast)
    if tower is not None and prepared.index is not None:
        _standardise(tuned, tower, train)
        if config.start is not None:
            start_tower(tower, config.start, prepared.index)
    return tuned, train, valid


def _cached(
    prepared: Prepared,
    rows: Sequence[Row],
    below: Any,  # noqa: ANN401 - the lower part of any causal LM
    autocast: torch.dtype | None,
    progress: bool,
) -> StateCache:
    import torch
    from tqdm import tqdm

    from finetune.upper import StateCache, run_lower

    config = prepared.config
    dtype = torch.float32 if autocast is None else autocast
    key = f"{_model_digest(config)}:{config.upper_layers}:{config.qlora}"
    cache = StateCache(rows, below.config.hidden_size, dtype, key)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    below.to(device)
    log.info("lower layers: %.2f GB of states in %s", cache.size / 1e9, cache.folder)
    with tqdm(total=int(cache.offsets[-1]), unit="tok", desc="lower layers", disable=not progress) as bar:
        cache.fill(lambda b: run_lower(below, {k: v.to(device) for k, v in b.items()}, autocast), bar.update)
    return cache


def _model_digest(config: TrainConfig) -> str:
    """Return what identifies the model's files: their names, sizes and times."""
    stats = [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in sorted(resolve_lm(config.model).iterdir())]
    return rows_digest([repr(stats).encode()])


def _standardise(tuned: Tuned, tower: TowerHead, batches: Batches) -> None:
    """Fix the tower's scales on the first rows' prompts, as the untrained model reads them."""
    import torch

    with torch.inference_mode():
        found = []
        for at in range(min(_STANDARD_ROWS, len(batches.rows))):
            batch = batches([at])
            found.append(tuned.hidden(batch).flatten(0, 1)[batch["users"]].float())
    states = torch.cat(found)
    if len(states) > 1:
        tower.standardise(states.clone())


def sizes(prepared: Prepared) -> Iterator[str]:
    """Yield a table of the examples of each task, and what packing makes of them."""
    examples = prepared.examples
    yield f"{'task':14}{'weight':>8}{'train':>10}{'validate':>10}"
    for name in TASKS:
        counts = [sum(e.task == name for e in part) for part in (examples.train, examples.valid)]
        yield f"{name:14}{examples.weights[name]:8g}{counts[0]:10,}{counts[1]:10,}"
    for title, part in (("train", prepared.train), ("validate", prepared.valid)):
        if part is not None:
            yield (
                f"{title}: {len(part.rows):,} rows, {part.tokens:,} tokens ({part.labels:,} with loss); one by one the "
                f"examples have {part.plain:,}, {part.plain / part.tokens:.1f} times as many"
            )
            if part.too_long:
                yield f"  left out: {part.too_long:,} examples longer than max_tokens = {prepared.config.max_tokens}"
    yield from _remarks(prepared)


def _remarks(prepared: Prepared) -> Iterator[str]:
    """Yield what the table does not say of the examples."""
    if prepared.shortened:
        yield f"shortened to whole sentences: {prepared.shortened:,} texts of more tokens than a reply may have"
    made = Counter(example.task for example in prepared.examples.train)
    logs = sum(made[task] for task in ("conversation", "told", "history"))
    if logs and made["wish"] > _DROWNED * logs:
        yield (
            f"{made['wish']:,} wishes made of the catalogue beside {logs:,} examples of the records, which they may "
            "drown: set tasks.wish.limit, or its weight"
        )
    if prepared.valid is None:
        return
    if prepared.valid_rows > len(prepared.valid.rows):
        yield f"validation measures {len(prepared.valid.rows):,} of {prepared.valid_rows:,} rows (valid_rows)"
    trained, held = (
        [(e.prompt, e.completion) for e in part if e.source.startswith("dialogue:")]
        for part in (prepared.examples.train, prepared.examples.valid)
    )
    known = frozenset(trained)
    if copies := sum(example in known for example in held):
        yield (
            f"{copies:,} of {len(held):,} validation examples of dialogues stand in train word for word, so the "
            "validation loss flatters; finetune.prepare leaves copies out"
        )
