"""Fitting the ranker (`chat.ranker`): list-wise softmax over the candidates of every turn.

    L = - mean over turns of Σ_t log softmax_c(s)_t,  t the turn's targets among the candidates c

(ListNet's top-one case: Cao et al., "Learning to rank: from pairwise approach to listwise approach", ICML 2007.)
There are a few thousand turns and a few dozen numbers to fit, so a fit takes seconds; what is measured is out of fold,
whole dialogues being left out together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from chat.ranker import CANDIDATES, CONTEXT, Layers, Ranker, RankerSettings, candidates, describe
from finetune.cases import Case
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
        wanted: (n, k), 1 for the turn's new targets; a turn without one among its candidates teaches nothing.
        context: (n, C).
        clusters: (n,) the dialogue of each turn.
    """

    features: FloatArray
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
        for row, number in enumerate(asked):
            case = cases[number]
            found = candidates(settings, scores(number), allowed(case))
            new = [at for at, novel in zip(case.targets, case.novel, strict=True) if novel]
            features[row, : len(found.positions)] = found.features
            wanted[row, : len(found.positions)] = np.isin(found.positions, new)
        context = np.stack([describe(cases[number].query) for number in asked])
        return cls(features, wanted, context, np.array([cases[number].cluster for number in asked]))


class _Net(nn.Module):
    """The ranker in training; `layers` gives what `chat.ranker` runs."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, features: Tensor, blend: Sequence[float]) -> None:
        super().__init__()
        width = features.shape[-1]
        self.register_buffer("mean", features.mean(dim=(0, 1)))
        self.register_buffer("deviation", features.std(dim=(0, 1)) + 1e-6)
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
        wide = torch.cat([x, context[:, None].expand(-1, x.shape[1], -1)], dim=-1)
        inner = self.outer(self.dropout(torch.relu(self.inner(wide))))[..., 0]
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
    """Fit one member on some rows of the turns; the same seed gives the same member."""
    rows = rows[turns.wanted[rows].any(axis=1)]
    generator = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        features, wanted = torch.from_numpy(turns.features), torch.from_numpy(turns.wanted)
        context = torch.from_numpy(turns.context)
        net = _Net(features[rows], settings.blend)
        steps = max(epochs * max(1, len(rows) // _BATCH), _LEAST_STEPS)
        optimizer = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps + 1)
        done = 0
        while done < steps:
            for batch in np.array_split(generator.permutation(rows), max(1, len(rows) // _BATCH))[: steps - done]:
                logs = torch.log_softmax(net(features[batch], context[batch]), dim=1)
                loss = -(logs * wanted[batch]).sum() / wanted[batch].sum()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                done += 1
        net.eval()
        return net.layers()


def fit_ranker(
    settings: RankerSettings,
    turns: Turns,
    rows: IntArray | None = None,
    members: int = MEMBERS,
    epochs: int = EPOCHS,
) -> Ranker:
    """Fit a ranker on some rows of the turns, None for all."""
    chosen = np.arange(len(turns.clusters)) if rows is None else rows
    return Ranker(settings, [fit(settings, turns, chosen, seed, epochs) for seed in range(members)])


def cross_fit(settings: RankerSettings, turns: Turns, members: int = MEMBERS, epochs: int = EPOCHS) -> list[Ranker]:
    """Fit a ranker for each fold, on the dialogues of the others; a dialogue is of the fold cluster mod `FOLDS`."""
    fold = turns.clusters % FOLDS
    return [fit_ranker(settings, turns, np.flatnonzero(fold != one), members, epochs) for one in range(FOLDS)]
