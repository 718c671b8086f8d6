"""Questions about goods: does the line that answers come first, is one taken for an answer, and what does the chat say?

    python -m benchmarks.lines             # the encoder and its decision, on shops whose questions it has not learned
    python -m benchmarks.lines --fit       # fit the decision anew, on `FITTED_ON`, into retrieval/weights/lines.json
    python -m benchmarks.lines --by chat   # the answers of the whole chat, of somebody on the item's page

The questions (`data/questions`, read by `finetune.shops`) are a third each answered by a column, by the
description, and by nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.talks import UNKNOWN, quotes
from chat import Assistant
from chat.lines import FILE, Lines, cues
from finetune.metrics import Numbers, bootstrap
from finetune.provenance import commit, hardware, now
from finetune.shops import Asked, read_questions
from retrieval.catalog import Catalog
from retrieval.encoder import SentenceEncoder
from retrieval.index import make_index
from retrieval.text import normalize

QUESTIONS = Path("data/questions")
GOODS = Path("data/goods")
FITTED_ON = ("bikes", "eyewear", "firstaid", "luggage", "magictricks", "makeup", "menswear")
MEASURING = ("delicatessen", "fishinggear", "mobilityaids", "modelrailways", "officefurniture", "pools", "powertools")
FALSE = 0.08  # of the questions that nothing answers, which may be taken for answered


def near(shop: str) -> Numbers:
    """Return of each question of a shop (n, 4): whether a line answers, whether it is the nearest, and the cues."""
    index = make_index(Catalog.load(GOODS / f"{shop}.csv"), SentenceEncoder())
    lines, rows = Lines(index), []
    for question in read_questions(QUESTIONS / f"{shop}.json"):
        told, cosines = lines.near(question.text, index.catalog[index.catalog.positions[question.of]])
        first = int(cosines.argmax()) in question.among(told)
        rows.append((question.column is not None, first, *cues(cosines)))
    return np.array(rows, dtype=np.float64)


def fit(rows: Numbers) -> dict[str, object]:
    """Fit whether the nearest line answers, (n, 4); the bar is where `FALSE` of what nothing answers is let through."""
    from sklearn.linear_model import LogisticRegression

    right, seen = (rows[:, 0] * rows[:, 1]).astype(bool), rows[:, 2:]
    model = LogisticRegression(C=100.0).fit(seen, right)
    odds = model.decision_function(seen)
    bar = float(np.quantile(odds[rows[:, 0] == 0], 1 - FALSE))
    return {"cues": model.coef_[0].tolist(), "intercept": float(model.intercept_[0]), "bar": bar}


def asked(shop: str) -> Iterator[tuple[Asked, str]]:
    """Ask the whole chat every question, each in a conversation of its own on its item's page; yield the answers."""
    questions = read_questions(QUESTIONS / f"{shop}.json")
    with closing(Assistant.open(GOODS / f"{shop}.csv", model="none")) as chat:
        for number, question in enumerate(tqdm(questions, desc=shop, leave=False)):
            yield question, normalize(chat.reply(question.text, f"{shop}-{number}", page_item=question.of).text)


def told(shop: str) -> Numbers:
    """Return of each question of a shop (n, 2): what answers, and whether the chat's answer holds it.

    What answers is a column (0), the description (1) or nothing (2).
    """
    items = {item.id: item for item in Catalog.load(GOODS / f"{shop}.csv")}
    rows = []
    for question, text in asked(shop):
        if question.column is None:
            rows.append((2, UNKNOWN in text))
        elif question.column == "description":
            rows.append((1, normalize(question.says) in text))
        else:
            rows.append((0, UNKNOWN not in text and quotes(text, items[question.of], question.column)))
    return np.array(rows, dtype=np.float64)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lines", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("shops", nargs="*", default=MEASURING, help="names of files in data/questions")
    parser.add_argument("--fit", action="store_true", help="fit the decision anew before it is measured")
    parser.add_argument("--by", choices=("encoder", "chat"), default="encoder", help="what answers")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="keep the figures")
    args = parser.parse_args(argv)
    if args.fit:
        FILE.write_text(json.dumps(fit(np.concatenate([near(shop) for shop in FITTED_ON])), indent=2) + "\n")
    shares: dict[str, Numbers] = {}
    if args.by == "chat":
        rows = np.concatenate([told(shop) for shop in args.shops])
        kinds = ("a column answers", "the description answers", "nothing answers")
        shares = {name: rows[rows[:, 0] == at, 1] for at, name in enumerate(kinds)}
    else:
        rows = np.concatenate([near(shop) for shop in args.shops])
        stored = json.loads(FILE.read_text())
        taken = rows[:, 2:] @ np.array(stored["cues"]) + stored["intercept"] >= stored["bar"]
        covered = rows[:, 0] == 1
        shares = {
            "right line first": rows[covered, 1],
            "answered rightly": (rows[:, 1] * taken)[covered],
            "answered wrongly": ((1 - rows[:, 1]) * taken)[covered],
            "nothing answers, yet answered": taken[~covered].astype(np.float64),
        }
    table = {}
    for name, held in shares.items():
        share = bootstrap(held[:, None], np.arange(len(held)))[0]
        table[name] = {"n": len(held), **asdict(share)}
        print(f"{name:<32}{len(held):>5}  {share}")
    if args.out is not None:
        record = {"commit": commit(), "made": now(), "hardware": hardware(), "shops": args.shops, "shares": table}
        args.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
