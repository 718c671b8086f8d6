"""Fitting the ranker (`chat.ranker`): list-wise softmax over the candidates of every turn, and boosted trees beside it.

    L = - mean over turns of Σ_t log softmax_c(s)_t,  t the turn's targets among the candidates c

(ListNet's top-one case: Cao et al., "Learning to rank: from pairwise approach to listwise approach", ICML 2007.) The
trees learn whether a candidate is a target (gradient boosting: Friedman, Annals of Statistics 2001). There are a few
thousand turns and a few dozen features, so a fit takes seconds; what is measured is out of fold, whole dialogues being
left out together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from chat.forest import Forest
from chat.ranker import CANDIDATES, CONTEXT, Layers, Ranker, RankerSettings, candidates, describe, wide
from finetune.cases import Case
from retrieval.errors import NamedropError
from retrieval.threads import cores
from retrieval.types import BoolArray, FloatArray, IntArray

FOLDS = 5
MEMBERS = 2
_BLEND: Mapping[str, float] = {"popularity": 2.0, "recency": 0.0}  # of the candidates' blend; the others count 1
_HIDDEN = 16
EPOCHS = 10
_BATCH = 64
_RATE, _DECAY = 3e-3, 0.02
_DROPOUT = 0.1
_BEGINNING = 0.2  # of the blend, as logits
_LEAST_STEPS = 150
_NEVER = -1e9  # the logit of no candidate
FORESTS = 2
_TREES, _TURNS_A_TREE = 120, 20  # fewer trees for fewer turns
_LEAST_TURNS = 1_000  # what 200 turns teach (INSPIRED) a forest has soon learnt by heart
_HARD, _EASY = 100, 40  # candidates that a forest learns from: the best of the blend, and so many of the others

PartScores = Callable[[int], Mapping[str, FloatArray]]  # of a case, by its number
Allowed = Callable[[Case], BoolArray]  # what may be recommended in a case: (N,)


def settings_of(parts: Iterable[str]) -> RankerSettings:
    """Return the settings of a ranker that reads some parts."""
    names = tuple(parts)
    return RankerSettings(parts=names, blend=tuple(_BLEND.get(name, 1.0) for name in names))


@dataclass(frozen=True, slots=True)
class Turns:
    """What is fitted on: n turns with k candidates each.

    Attributes:
        features: (n, k, F).
        there: (n, k), False where a turn has fewer candidates than others: nothing is learnt from those places.
        wanted: (n, k), 1 for the turn's new targets; a turn without one among its candidates teaches nothing.
        context: (n, C).
        clusters: (n,) the dialogue of each turn.
    """

    features: FloatArray
    there: BoolArray
    wanted: FloatArray
    context: FloatArray
    clusters: IntArray

    @classmethod
    def of(cls, settings: RankerSettings, cases: Sequence[Case], scores: PartScores, allowed: Allowed) -> Turns:
        """Collect the candidates of every case that has a new target, of what may be recommended in it."""
        width = min(CANDIDATES, len(allowed(cases[0])))
        asked = [n for n, case in enumerate(cases) if any(case.novel)]
        features = np.zeros((len(asked), width, 3 * len(settings.parts)), dtype=np.float32)
        wanted = np.zeros((len(asked), width), dtype=np.float32)
        there = np.zeros((len(asked), width), dtype=np.bool_)
        for row, number in enumerate(asked):
            case = cases[number]
            found = candidates(settings, scores(number), allowed(case))
            new = [at for at, novel in zip(case.targets, case.novel, strict=True) if novel]
            there[row, : len(found.positions)] = True
            features[row, : len(found.positions)] = found.features
            wanted[row, : len(found.positions)] = np.isin(found.positions, new)
        context = np.stack([describe(cases[number].query) for number in asked])
        return cls(features, there, wanted, context, np.array([cases[number].cluster for number in asked]))


class _Net(nn.Module):
    """The ranker in training; `layers` gives what `chat.ranker` runs."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: Tensor, blend: Sequence[float]) -> None:
        """Begin with the features of m candidates, (m, F)."""
        super().__init__()
        width = features.shape[-1]
        self.register_buffer("mean", features.mean(dim=0))
        self.register_buffer("deviation", features.std(dim=0) + 1e-6)
        self.linear = nn.Linear(width, 1, bias=False)
        self.gates = nn.Linear(CONTEXT, width, bias=False)
        self.inner = nn.Linear(width + CONTEXT, _HIDDEN)
        self.outer = nn.Linear(_HIDDEN, 1, bias=False)
        self.dropout = nn.Dropout(_DROPOUT)
        # It begins as the plain blend, from which few turns cannot lead far astray.
        nn.init.zeros_(self.linear.weight)
        with torch.no_grad():
            self.linear.weight[0, : len(blend)] = _BEGINNING * torch.tensor(blend) * self.deviation[: len(blend)]
        nn.init.zeros_(self.gates.weight)
        nn.init.zeros_(self.outer.weight)

    def forward(self, features: Tensor, context: Tensor) -> Tensor:
        """Score features (b, k, F) in contexts (b, C): (b, k)."""
        x = (features - self.mean) / self.deviation
        beside = torch.cat([x, context[:, None].expand(-1, x.shape[1], -1)], dim=-1)
        inner = self.outer(self.dropout(torch.relu(self.inner(beside))))[..., 0]
        return self.linear(x)[..., 0] + (x * self.gates(context)[:, None]).sum(dim=-1) + inner

    def layers(self) -> Layers:
        with torch.no_grad():
            return {
                "mean": self.mean.numpy().copy(),
                "deviation": self.deviation.numpy().copy(),
                "linear": self.linear.weight[0].numpy().copy(),
                "gates": self.gates.weight.T.numpy().copy(),
                "inner": self.inner.weight.T.numpy().copy(),
                "inner_bias": self.inner.bias.numpy().copy(),
                "outer": self.outer.weight[0].numpy().copy(),
            }


def fit(settings: RankerSettings, turns: Turns, rows: IntArray, seed: int, epochs: int = EPOCHS) -> Layers:
    """Fit one member on some rows of the turns; the same seed gives the same member.

    Raises:
        NamedropError: no target of these rows is among its turn's candidates.
    """
    rows = rows[turns.wanted[rows].any(axis=1)]
    if not len(rows):
        raise NamedropError("no turn has its target among the candidates to fit a ranker on; give more dialogues")
    generator = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        features, wanted = torch.from_numpy(turns.features), torch.from_numpy(turns.wanted)
        context, there = torch.from_numpy(turns.context), torch.from_numpy(turns.there)
        net = _Net(features[rows][there[rows]], settings.blend)
        steps = max(epochs * max(1, len(rows) // _BATCH), _LEAST_STEPS)
        optimizer = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps + 1)
        done = 0
        while done < steps:
            for batch in np.array_split(generator.permutation(rows), max(1, len(rows) // _BATCH))[: steps - done]:
                scores = net(features[batch], context[batch]).masked_fill(~there[batch], _NEVER)
                logs = torch.log_softmax(scores, dim=1)
                loss = -(logs * wanted[batch]).sum() / wanted[batch].sum()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                done += 1
        net.eval()
        return net.layers()


def grow(turns: Turns, rows: IntArray, seed: int) -> Forest | None:
    """Fit a forest on some rows of the turns, None if they are too few; the same seed gives the same forest."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = rows[turns.wanted[rows].any(axis=1)]
    trees = min(_TREES, len(rows) // _TURNS_A_TREE)
    if len(rows) < _LEAST_TURNS:
        return None
    chosen, weights = _sampled(turns.wanted[rows], seed)
    chosen &= turns.there[rows]
    table = wide(turns.features[rows], turns.context[rows])
    model = HistGradientBoostingClassifier(
        max_iter=trees, learning_rate=0.06, max_leaf_nodes=15, min_samples_leaf=60, l2_regularization=5.0,
        early_stopping=False, random_state=seed,
    )  # fmt: skip
    with threadpool_limits(1, user_api="openmp"):  # on a core that others use, threads would only wait for one another
        model.fit(table[chosen], turns.wanted[rows][chosen], weights[chosen])
    # scikit-learn has no public way to read its trees; tests hold this to its own predictions.
    nodes = [predictor.nodes for (predictor,) in model._predictors]
    shape = (len(nodes), max(map(len, nodes)))
    own = np.broadcast_to(np.arange(shape[1]), shape)
    tensors = {"feature": np.zeros(shape, np.int64), "threshold": np.zeros(shape), "value": np.zeros(shape)}
    tensors |= {"left": own.copy(), "right": own.copy()}
    names = {"feature": "feature_idx", "threshold": "num_threshold", "left": "left", "right": "right"}
    for tree, found in enumerate(nodes):
        inner, leaf = np.flatnonzero(found["is_leaf"] == 0), np.flatnonzero(found["is_leaf"])
        for name, theirs in names.items():
            tensors[name][tree, inner] = found[theirs][inner]
        tensors["value"][tree, leaf] = found["value"][leaf]
    return Forest.of(tensors, table.shape[-1])


def _sampled(wanted: FloatArray, seed: int) -> tuple[BoolArray, FloatArray]:
    """Choose what a forest learns from: (n, k), and how much each candidate counts: (n, k).

    The candidates stand best first by the blend; of those further down a few are enough, each for many.
    """
    turns, width = wanted.shape
    further = max(width - _HARD, 0)
    chosen = np.ones((turns, width), dtype=np.bool_)
    if further > _EASY:
        draw = np.random.default_rng(seed).random((turns, further))
        chosen[:, _HARD:] = draw.argsort(axis=1) < _EASY
    weights = np.ones((turns, width), dtype=np.float32)
    weights[:, _HARD:] = max(further / _EASY, 1.0)
    weights[wanted > 0] = 1.0
    return chosen | (wanted > 0), weights


def fit_ranker(
    settings: RankerSettings,
    turns: Turns,
    rows: IntArray | None = None,
    members: int = MEMBERS,
    epochs: int = EPOCHS,
) -> Ranker:
    """Fit a ranker on some rows of the turns, None for all."""
    chosen = np.arange(len(turns.clusters)) if rows is None else rows
    forests = [forest for seed in range(FORESTS) if (forest := grow(turns, chosen, seed)) is not None]
    return Ranker(settings, [fit(settings, turns, chosen, seed, epochs) for seed in range(members)], forests)


def cross_fit(settings: RankerSettings, turns: Turns, members: int = MEMBERS, epochs: int = EPOCHS) -> list[Ranker]:
    """Fit a ranker for each fold, on the dialogues of the others; a dialogue is of the fold cluster mod `FOLDS`.

    Many turns are worth a process on every core, which shares them in memory.
    """
    fold = turns.clusters % FOLDS
    fits = [delayed(fit_ranker)(settings, turns, np.flatnonzero(fold != one), members, epochs) for one in range(FOLDS)]
    # "c": torch wants arrays that it could write to
    return list(Parallel(n_jobs=cores() if len(fold) >= _LEAST_TURNS else 1, mmap_mode="c")(fits))
