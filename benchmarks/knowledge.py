"""Answers from a knowledge base never seen: the right passage first, answers to what is not covered, silence.

    python -m benchmarks.knowledge                    # the shops that nothing was fitted on, with the shipped weights
    python -m benchmarks.knowledge --by encoder       # the same without the judge; --by plain: the untuned encoder
    python -m benchmarks.knowledge --by chat          # the whole chat, beside Marquee's catalogue: what it quotes
    python -m benchmarks.knowledge --shops FILE …     # other shops of the same format, see finetune.paraphrases
    python -m benchmarks.knowledge --fit              # fit weights/knowledge.json anew on the shops kept for that

The invented shops in `benchmarks/knowledge/` are split three ways: `FITTED_ON` sets the weights of ranking and
decision, `TESTED_ON` only measures, and on all others the encoder and the judge were tuned (`finetune.paraphrases`,
`finetune.judge`). No shop was written or changed by what a fit had got wrong. Shares come with 95 % Wilson intervals.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from chat import Assistant, demo
from chat.judge import PassageJudge
from finetune.provenance import commit, hardware, now
from finetune.shops import ShopQuestions, read_shop
from finetune.success import share
from retrieval.encoder import Encoder, SentenceEncoder
from retrieval.knowledge import (
    CUES,
    JUDGED,
    JUDGED_CUES,
    VIEWS,
    WEIGHTS,
    Judge,
    KnowledgeIndex,
    Numbers,
    Weights,
    cues_of,
    ranked,
)
from retrieval.models import DEFAULT_LM
from retrieval.passages import Knowledge, Passage

FOLDER = Path(__file__).with_name("knowledge")
FITTED_ON = (
    "bakery", "bank", "bookclub", "coffee", "ferries", "hotel", "insurance", "kitchen", "paint", "tea", "watches",
)  # fmt: skip
TESTED_ON = (
    "camping", "coworking", "hearing", "museum", "optician", "podcast", "tailor", "theatre", "vpn", "zoo",
    "hearthstoves", "horseriding", "hostel", "icecream", "ink", "karting", "lingerie", "lottery", "luggage",
    "magazines",
)  # fmt: skip
FALSE_ANSWERS = 0.03  # the share aimed at on the shops fitted on, below the 5 % that are allowed elsewhere
_BY = {
    "judge": "encoder and judge",
    "encoder": "the tuned encoder alone",
    "plain": "the untuned encoder alone",
    "chat": "the whole chat",
}
_LEFT_OUT_WEIGHT = 0.5  # of questions whose passage was taken away: harder than most that a shop does not cover


@dataclass(frozen=True, slots=True)
class Case:
    """One question to one shop.

    Attributes:
        shop: its name.
        text: the question.
        right: the position of the passage that answers, -1 if none does.
        views: every passage's nearest cosines, (N, len(VIEWS)).
        told: the judge's log odds of the encoder's best passages, NaN of the others, (N,); None without a judge.
        index: the shop's index.
    """

    shop: str
    text: str
    right: int
    views: Numbers
    told: Numbers | None
    index: KnowledgeIndex

    def judged(self, weights: Weights, without: int | None = None) -> tuple[int, Numbers]:
        """Return the best passage's position and its cues, one passage taken away if told so."""
        scores, told = self.views @ weights.views, self.told
        if without is not None:
            scores[without] = -10
        if told is not None:
            told = np.where(np.isin(np.arange(len(told)), np.argsort(-scores)[:JUDGED]), told, np.nan)
        best = ranked(scores, told)[0]
        return best, cues_of(self.views, scores, told, best)


def cases_of(name: str, shop: ShopQuestions, encoder: Encoder, judge: Judge | None = None) -> list[Case]:
    """Ask a shop everything."""
    passages = Knowledge([Passage(e.id, e.question, e.answer, shop.shop) for e in shop.entries])
    index = KnowledgeIndex(passages, encoder, judge)
    places = {entry.id: at for at, entry in enumerate(shop.entries)}
    asked = [*((text, places[wanted]) for text, (wanted,) in shop.asked), *((text, -1) for text in shop.uncovered)]
    vectors = index.encoder.encode([text for text, _ in asked])
    cases = []
    for (text, right), vector in tqdm(zip(asked, vectors, strict=True), desc=name, total=len(asked), leave=False):
        views = index.similarities(vector)
        told = index.judged(text, vector, index.scores(views), JUDGED + 1)  # one more, so that one can be taken away
        cases.append(Case(name, text, right, views, told, index))
    return cases


def fit_views(cases: Iterable[Case]) -> Numbers:
    """Return the views' weights, which add up to 1: logistic regression on right minus wrong passages."""
    differences = np.concatenate(
        [np.delete(c.views[c.right] - c.views, c.right, axis=0) for c in cases if c.right >= 0]
    )
    both = np.concatenate([differences, -differences])
    target = np.repeat([1, 0], len(differences))
    found = LogisticRegression(C=0.3, fit_intercept=False).fit(both, target).coef_[0]
    found = np.maximum(found, 0)
    return found / found.sum()


def fit(cases: Sequence[Case]) -> Weights:
    """Fit everything but the threshold."""
    weights = Weights(fit_views(cases), np.zeros(len(CUES)), 0.0, 0.5)  # the cues follow
    rows, targets, importance = [], [], []
    for case in cases:
        best, cues = case.judged(weights)
        rows.append(cues)
        targets.append(best == case.right)
        importance.append(1.0)
        if case.right >= 0:
            rows.append(case.judged(weights, case.right)[1])
            targets.append(False)
            importance.append(_LEFT_OUT_WEIGHT)
    table = np.array(rows)
    spread = table.std(axis=0)
    found = LogisticRegression(C=1.0, max_iter=1000).fit(table / spread, targets, sample_weight=importance)
    return Weights(weights.views, found.coef_[0] / spread, float(found.intercept_[0]), 0.5)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question: `confidence` that the best passage answers, and whether it is the right one."""

    case: Case
    best: int
    confidence: float

    @property
    def first(self) -> bool:
        """Whether the right passage came first."""
        return self.best == self.case.right


def outcomes(cases: Iterable[Case], weights: Weights) -> list[Outcome]:
    """Judge every case."""
    found = []
    for case in cases:
        best, cues = case.judged(weights)
        found.append(Outcome(case, best, float(1 / (1 + np.exp(-(cues @ weights.cues + weights.intercept))))))
    return found


def across(shops: Mapping[str, Sequence[Case]]) -> list[Outcome]:
    """Judge each shop by what was fitted on the others."""
    found: list[Outcome] = []
    for name, cases in shops.items():
        others = [case for other, theirs in shops.items() if other != name for case in theirs]
        found += outcomes(cases, fit(others))
    return found


def threshold_of(found: Sequence[Outcome]) -> float:
    """Return the confidence from which on at most `FALSE_ANSWERS` of the uncovered questions are answered."""
    wrong = np.sort([o.confidence for o in found if o.case.right < 0])[::-1]
    return float(wrong[int(FALSE_ANSWERS * len(wrong))]) + 1e-6


def chat_outcomes(name: str, shop: ShopQuestions, model: str) -> list[dict[str, str]]:
    """Ask the whole chat everything, each question in a conversation of its own; return what it quotes first.

    Where the pages come with a catalogue, a question must also be told from a wish, an order and small talk.
    """
    with tempfile.TemporaryDirectory() as folder:
        pages = Path(folder) / f"{name}.json"
        entries = [{"id": entry.id, "question": entry.question, "answer": entry.answer} for entry in shop.entries]
        pages.write_text(json.dumps(entries), encoding="utf-8")
        adapter = demo.adapter(demo.CATALOG, model, None)
        with closing(Assistant.open(demo.CATALOG, pages, model=model, adapter=adapter)) as chat:
            asked = [*((text, wanted) for text, (wanted,) in shop.asked), *((text, "") for text in shop.uncovered)]
            told = []
            for at, (text, right) in enumerate(tqdm(asked, desc=name, leave=False)):
                quoted = chat.reply(text, f"{name}-{at}").citations
                told.append({"shop": name, "text": text, "right": right, "first": quoted[0].id if quoted else ""})
    return told


def chat_table(told: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the figures of what the chat quoted."""
    covered, strange = [row for row in told if row["right"]], [row for row in told if not row["right"]]
    first, none = sum(row["first"] == row["right"] for row in covered), sum(not row["first"] for row in covered)
    false = sum(bool(row["first"]) for row in strange)
    return {
        "questions": f"{len(covered)} covered, {len(strange)} not",
        "right passage quoted first": str(share(first, len(covered))),
        "another quoted first": str(share(len(covered) - first - none, len(covered))),
        "none quoted": str(share(none, len(covered))),
        "uncovered, yet quoted": str(share(false, len(strange))) if strange else "none asked",
    }


def shown_chat(told: Sequence[Mapping[str, str]], every: bool) -> dict[str, dict[str, str]]:
    """Print what the chat quoted, of each shop and of all, and on demand every question that went wrong."""
    names = dict.fromkeys(row["shop"] for row in told)
    tables = {name: chat_table([row for row in told if row["shop"] == name]) for name in names}
    tables["all"] = chat_table(told)
    _print_tables(_BY["chat"], tables)
    for row in told if every else ():
        if row["first"] != row["right"]:
            print(f"  {row['shop']:<10} {row['text']!r}: {row['first'] or '-'}, right: {row['right'] or '-'}")
    return tables


def _print_tables(title: str, tables: Mapping[str, Mapping[str, str]]) -> None:
    print(f"\n{title}")
    for name, figures in tables.items():
        print(f"  {name}")
        for what, figure in figures.items():
            print(f"    {what:<34}{figure}")


def table(found: Sequence[Outcome], threshold: float) -> dict[str, str]:
    """Return the figures of one set of outcomes."""
    covered = [o for o in found if o.case.right >= 0]
    strange = [o for o in found if o.case.right < 0]
    first = sum(o.first for o in covered)
    given = [o for o in covered if o.confidence >= threshold]
    silent = sum(o.first for o in covered if o.confidence < threshold)
    false = sum(o.confidence >= threshold for o in strange)
    return {
        "questions": f"{len(covered)} covered, {len(strange)} not",
        "right passage first": str(share(first, len(covered))),
        "answered, and rightly": str(share(sum(o.first for o in given), len(covered))),
        "answered, but wrongly": str(share(sum(not o.first for o in given), len(covered))),
        "silent although first was right": str(share(silent, len(covered))),
        "uncovered, yet answered": str(share(false, len(strange))) if strange else "none asked",
    }


def shown(title: str, found: Sequence[Outcome], threshold: float, every: bool) -> dict[str, dict[str, str]]:
    """Print the figures, of each shop and of all, and on demand every question that went wrong."""
    tables = {name: table([o for o in found if o.case.shop == name], threshold) for name in _names(found)}
    tables["all"] = table(found, threshold)
    _print_tables(f"{title}, threshold {threshold:.2f}", tables)
    if every:
        for o in sorted(found, key=lambda o: -o.confidence):
            answered = o.confidence >= threshold
            if o.first != answered:
                passages = o.case.index.knowledge
                right = passages[o.case.right].id if o.case.right >= 0 else "-"
                print(f"  {o.confidence:.2f} {o.case.shop:<10} {o.case.text!r}: {passages[o.best].id}, right: {right}")
    return tables


def _names(found: Iterable[Outcome]) -> list[str]:
    return list(dict.fromkeys(o.case.shop for o in found))


def _stored(weights: Weights) -> dict[str, object]:
    return {
        "views": dict(zip(VIEWS, weights.views.round(4).tolist(), strict=True)),
        "cues": dict(zip(JUDGED_CUES[: len(weights.cues)], weights.cues.round(4).tolist(), strict=True)),
        "intercept": round(weights.intercept, 4),
        "threshold": round(weights.threshold, 4),
    }


class _Plain:
    """The encoder behind a contract that `KnowledgeIndex` takes as it is, without its tuning."""

    def __init__(self) -> None:
        self._encoder = SentenceEncoder()
        self.name, self.dimension = self._encoder.name, 384
        self.encode = self._encoder.encode


def fit_all() -> None:
    """Fit the weights with judge, without, and without the tuning; print what they reach on shops left out; store."""
    stored = {}
    tuned, judge = SentenceEncoder(), PassageJudge()
    ways: tuple[tuple[str, Encoder, Judge | None], ...]
    ways = (("judged", tuned, judge), ("tuned", tuned, None), ("plain", _Plain(), None))
    for name, encoder, asked in ways:
        shops = {shop: cases_of(shop, read_shop(FOLDER / f"{shop}.json"), encoder, asked) for shop in FITTED_ON}
        left_out = across(shops)
        threshold = threshold_of(left_out)
        shown(f"{name}, each shop by what was fitted on the others", left_out, threshold, every=name == "judged")
        fitted = fit([case for cases in shops.values() for case in cases])
        stored[name] = _stored(Weights(fitted.views, fitted.cues, fitted.intercept, threshold))
    (WEIGHTS / "knowledge.json").write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(stored, indent=2))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.knowledge", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shops", type=Path, nargs="+", help="question files (default: the shops kept for testing)")
    parser.add_argument(
        "--by",
        choices=tuple(_BY),
        default="judge",
        help="judge: the tuned encoder and the language model that reads what it finds (default); encoder: without "
        "the judge, as with --model none; plain: the encoder without its tuning; chat: all of the chat, with --model",
    )
    parser.add_argument("--model", default=DEFAULT_LM, help="the chat's language model, or none (default: %(default)s)")
    parser.add_argument("--every", action="store_true", help="print every question that went wrong")
    parser.add_argument("--fit", action="store_true", help="fit the weights anew instead of measuring")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="keep the figures")
    args = parser.parse_args(argv)
    if args.fit:
        fit_all()
        return
    files = args.shops or [FOLDER / f"{name}.json" for name in TESTED_ON]
    record = {"commit": commit(), "made": now(), "hardware": hardware(), "by": args.by}
    if args.by == "chat":
        told = [row for file in files for row in chat_outcomes(file.stem, read_shop(file), args.model)]
        _keep(args.out, {**record, "model": args.model, "shops": shown_chat(told, args.every)})
        return
    encoder: Encoder = _Plain() if args.by == "plain" else SentenceEncoder()
    judge = PassageJudge() if args.by == "judge" else None
    cases = [case for file in files for case in cases_of(file.stem, read_shop(file), encoder, judge)]
    weights = cases[0].index.weights
    figures = shown(_BY[args.by], outcomes(cases, weights), weights.threshold, args.every)
    found = {"encoder": cases[0].index.encoder.name, "threshold": weights.threshold, "shops": figures}
    _keep(args.out, {**record, **found})


def _keep(out: Path | None, record: Mapping[str, object]) -> None:
    if out is not None:
        out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
