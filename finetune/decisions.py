"""Fit what shops of goods decide by: where a message goes, which limits it never set or has outgrown, what is shown.

    python -m finetune.decisions --hold jewellery paintsupplies smarthome toys --out retrieval/weights/decisions.json

Conversations with invented shops are held (`finetune.talks`), and what people need of them is told (`data/goods`, of
one message and of two), in the chat itself but with every decision taken as the marks say; what spoke for each is kept.
A limit that leaves none of the goods that a clerk would show is none, or no longer one; a good behind the first is
worth showing if the clerk would. Three logistic regressions are fitted on that; how far to trust them is set on shops
left out, a fifth at a time.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from chat.conversation import Conversation
from chat.decisions import FILE, WAYS, Candidate, Cues, Decided, Decisions, Doubt, Way
from chat.desk import Desk
from chat.dialogue import Dialogue
from chat.needs import Needs
from chat.routing import Route, Routed, Router
from chat.shop import Shop
from chat.state import DialogueState
from finetune.metrics import Numbers
from finetune.shops import read_wishes
from finetune.talks import GOODS, TALKS, Message, read_talks
from retrieval.catalog import Catalog
from retrieval.encoder import SentenceEncoder
from retrieval.errors import NamedropError
from retrieval.index import make_index
from retrieval.knowledge import Knowledge, KnowledgeIndex
from retrieval.types import BoolArray

FOLDS = 5
STRENGTHS = {"routes": 0.1, "limits": 0.3, "cards": 0.3}  # C of the regressions, of cues of one spread
LOST = {"new": 0.02, "old": 0.02}  # of the limits that stand, which may be left out
SHOWN = 0.07  # how likely a good behind the first is to be meant, from which it is shown
_LEAST_SPREAD = 0.05  # what a few rows alone tell has little weight
_ACTS: dict[str, Way] = {"basket": "buy"}  # the others are no matter of goods or pages


class Row(NamedTuple):
    """What spoke for a decision, and what was right.

    Attributes:
        shop: in which it was taken.
        cues: that spoke for it.
        right: a way, whether a limit was none, or whether a good was meant.
        told: whether it is of a conversation, rather than of a need alone.
    """

    shop: str
    cues: Cues
    right: str | bool
    told: bool


@dataclass(frozen=True, slots=True)
class Recorded(Decisions):
    """Decides as the marks of the message say, and keeps what spoke for each decision.

    Attributes:
        shop: the catalogue.
        good: positions of the goods that a clerk would show now; () where none are marked.
        way: where the message goes; None where several things are marked.
        heard: cues of where it goes, the latest last.
        doubts: limits and whether they are none.
        seen: goods behind the first and whether they are marked.
    """

    shop: Shop | None = None
    good: Sequence[int] = ()
    way: Way | None = None
    heard: list[Cues] = field(default_factory=list)
    doubts: list[tuple[Cues, bool]] = field(default_factory=list)
    seen: list[tuple[Cues, bool]] = field(default_factory=list)

    def rows(self, shop: str, *, told: bool) -> Iterator[tuple[str, Row]]:
        """Yield what was decided of limits and of goods."""
        for what, decided in (("limits", self.doubts), ("cards", self.seen)):
            yield from ((what, Row(shop, cues, right, told)) for cues, right in decided)

    def routed(self, cues: Cues, looks: Routed) -> Decided:
        """Return where the marks say that a message goes."""
        self.heard.append(cues)
        if self.way is None or self.way == "rest":
            return Decided(looks, 0.0)
        route: Route = "recommend" if self.way == "buy" else self.way
        return Decided(Routed(route, 1.0, {route: 1.0}), float(self.way == "buy"))

    def gone(self, doubts: Sequence[Doubt]) -> list[bool]:
        """Return of each limit whether it leaves none of the goods that are marked."""
        if self.shop is None or not self.good:
            return [False] * len(doubts)
        none = [not self.shop.index.facets.mask([doubt.limit])[[*self.good]].any() for doubt in doubts]
        self.doubts.extend((doubt.cues, wrong) for doubt, wrong in zip(doubts, none, strict=True))
        return none

    def worth(self, candidates: Sequence[Candidate]) -> list[bool]:
        """Return that every good is shown."""
        if self.good:
            self.seen.extend((candidate.cues, candidate.position in self.good) for candidate in candidates)
        return [True] * len(candidates)


def way_of(message: Message) -> Way | None:
    """Return where a message goes by its marks; None where they say several things."""
    ways: list[Way] = ["recommend"] if message.show else []
    ways += ["item"] if message.tell else []
    ways += ["policy"] if message.page != "" else []
    ways += [_ACTS.get(message.act, "rest")] if message.act else []
    return ways[0] if len(ways) == 1 else None


def shop_of(name: str) -> Shop:
    """Open an invented shop of `data/goods`."""
    index = make_index(Catalog.load(GOODS / f"{name}.csv"), SentenceEncoder())
    return Shop.of(index, None, needs=Needs(index, None))


def marked(shop: Shop, good: Collection[str], way: Way | None) -> tuple[Shop, Recorded]:
    """Return a shop that decides as the marks say, and what keeps its decisions."""
    positions = shop.positions(good)
    recorded = Recorded({}, {}, {}, {"new": 0.0, "old": 0.0, "card": 0.0}, shop, positions, way)
    return replace(shop, decisions=recorded), recorded


def of_talks(name: str, shop: Shop, router: Router) -> Iterator[tuple[str, Row]]:
    """Hold the conversations with a shop; yield what was decided: "routes", "limits" and "cards"."""
    knowledge = KnowledgeIndex(Knowledge.load(TALKS / f"{name}.md"), SentenceEncoder())
    desk = Desk(router=router, knowledge=knowledge)
    for talk in read_talks(TALKS / f"{name}.json"):
        state = DialogueState(session=secrets.token_urlsafe(8))
        for message in talk.turns:
            way = way_of(message)
            deciding, recorded = marked(shop, message.show, way)
            if way is not None and Conversation(deciding, state.copied(), desk).whole(message.text) is not None:
                yield "routes", Row(name, recorded.heard[-1], way, told=True)
            Conversation(deciding, state, desk).take(message.text)
            yield from recorded.rows(name, told=True)


def of_wishes(name: str, shop: Shop) -> Iterator[tuple[str, Row]]:
    """Tell a shop what people need; yield what was decided of limits and goods at the last message."""
    for wish in read_wishes(GOODS / f"{name}.csv"):
        state = DialogueState(session=secrets.token_urlsafe(8))
        for at, text in enumerate(wish.text):
            last = at == len(wish.text) - 1
            deciding, recorded = marked(shop, wish.good if last else (), "recommend")
            Dialogue(deciding, state).take(text)
            yield from recorded.rows(name, told=at > 0)


class Fit:
    """A logistic regression on named cues.

    Args:
        rows: to fit it on.
        strength: C, the inverse of the penalty, of cues of one spread.
    """

    def __init__(self, rows: Sequence[Row], strength: float) -> None:
        from sklearn.linear_model import LogisticRegression

        self.names = sorted({name for row in rows for name in row.cues} - {"1"})
        told = self.matrix(rows)
        self._spread = np.maximum(told.std(axis=0), _LEAST_SPREAD)
        self._model = LogisticRegression(C=strength, max_iter=3000)
        self._model.fit(told / self._spread, [row.right for row in rows])

    def matrix(self, rows: Sequence[Row]) -> Numbers:
        """Return the cues of rows: (n, len(names))."""
        return np.array([[row.cues.get(name, 0.0) for name in self.names] for row in rows])

    def odds(self, rows: Sequence[Row]) -> Any:  # noqa: ANN401
        """Return the log odds of rows: (n,) of two answers, (n, classes) of more."""
        return self._model.decision_function(self.matrix(rows) / self._spread)

    def weights(self) -> dict[str, dict[str, float]]:
        """Return the weights of the cues by class, of two answers by the second."""
        classes = self._model.classes_[1:] if len(self._model.classes_) == 2 else self._model.classes_
        found = {}
        for name, row, start in zip(classes, self._model.coef_, self._model.intercept_, strict=True):
            told = zip(self.names, row / self._spread, strict=True)
            found[str(name)] = {"1": round(float(start), 4)} | {cue: round(float(w), 4) for cue, w in told}
        return found

    @property
    def classes(self) -> list[str]:
        """Return the answers in the order of `odds`."""
        return [str(each) for each in self._model.classes_]


def out_of_fold(rows: Sequence[Row], strength: float, read: Callable[[Fit, Sequence[Row]], Sequence[Any]]) -> list[Any]:
    """Return what is read of each row by a regression fitted on other shops."""
    shops = sorted({row.shop for row in rows})
    found: list[Any] = [None] * len(rows)
    for fold in range(min(FOLDS, len(shops))):
        out = set(shops[fold::FOLDS])
        left = [at for at, row in enumerate(rows) if row.shop in out]
        fit = Fit([row for row in rows if row.shop not in out], strength)
        for at, value in zip(left, read(fit, [rows[at] for at in left]), strict=True):
            found[at] = value
    return found


def fitted(routes: Sequence[Row], limits: Sequence[Row], cards: Sequence[Row]) -> tuple[dict[str, object], list[str]]:
    """Return the decisions as `chat.decisions` reads them, and what they do on shops left out, in words."""
    ways = out_of_fold(
        routes, STRENGTHS["routes"], lambda fit, rows: [fit.classes[at] for at in fit.odds(rows).argmax(axis=1)]
    )
    right = np.array([way == row.right for way, row in zip(ways, routes, strict=True)])
    told = [f"where a message goes, {len(right)}: right {_share(right)}"]
    for way in WAYS:
        of_way = np.array([row.right == way for row in routes])
        told.append(f"  {way}, {of_way.sum()}: {_share(right[of_way])}")
    odds = np.array(out_of_fold(limits, STRENGTHS["limits"], lambda fit, rows: [*fit.odds(rows)]))
    wrong = np.array([bool(row.right) for row in limits])
    talked = np.array([row.told for row in limits])
    bars = {}
    for when, lost in LOST.items():
        here: BoolArray = np.array([bool(row.cues.get("old")) == (when == "old") for row in limits])
        bars[when] = round(float(np.quantile(odds[here & talked & ~wrong], 1 - lost)), 4)
        for kind, among in (("of conversations", talked), ("of needs alone", ~talked)):
            gone = odds[here & among] > bars[when]
            none = wrong[here & among]
            left_out = (
                f"{_share(gone[none])} of {none.sum()} that are none, {_share(gone[~none])} of {(~none).sum()} others"
            )
            told.append(f"limits, {when}, {kind}: left out {left_out}")
    bars["card"] = round(float(np.log(SHOWN / (1 - SHOWN))), 4)
    shown = np.array(out_of_fold(cards, STRENGTHS["cards"], lambda fit, rows: [*fit.odds(rows)])) > bars["card"]
    meant = np.array([bool(row.right) for row in cards])
    told.append(f"goods behind the first, {len(meant)}, meant {_share(meant)}: shown {_share(shown)}")
    told.append(f"  of these meant {_share(meant[shown])}; of those meant shown {_share(shown[meant])}")
    weights = {
        "routes": Fit(routes, STRENGTHS["routes"]).weights(),
        "limits": Fit(limits, STRENGTHS["limits"]).weights()["True"],
        "cards": Fit(cards, STRENGTHS["cards"]).weights()["True"],
    }
    return {**weights, "bars": bars}, told


def _share(held: BoolArray) -> str:
    return f"{np.mean(held):.3f}" if len(held) else "–"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m finetune.decisions", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hold", nargs="*", default=[], metavar="SHOP", help="shops to leave out, for measuring")
    parser.add_argument("--out", type=Path, default=FILE, help="the file to write (default: %(default)s)")
    args = parser.parse_args(argv)
    rows: dict[str, list[Row]] = {"routes": [], "limits": [], "cards": []}
    try:
        router = Router.open(SentenceEncoder())
        names = sorted(path.stem for path in GOODS.glob("*.csv") if path.stem not in args.hold)
        for name in tqdm(names, desc="conversations", unit="shop"):
            shop = shop_of(name)
            for what, row in of_wishes(name, shop):
                rows[what].append(row)
            if (TALKS / f"{name}.json").exists():
                for what, row in of_talks(name, shop, router):
                    rows[what].append(row)
    except NamedropError as error:
        print(error, file=sys.stderr)
        return 2
    decisions, told = fitted(rows["routes"], rows["limits"], rows["cards"])
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(decisions, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print("\n".join([*told, f"written to {args.out}"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
