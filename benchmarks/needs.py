"""Goods found by what people tell of their need: the right ones first, with and without what reads needs.

    python -m benchmarks.needs                     # invented shops that nothing was learnt from, three ways, paired
    python -m benchmarks.needs --shops FILE.csv …  # another catalogue, with the wishes in FILE.json beside it

A wish is the first message of a conversation, or the first two, with the ids that a good clerk would show, best first
(`finetune.shops.Wish`): ``{"text": "my back hurts when I weed", "good": ["G01", "G05"]}``. Whoever wrote the
wishes had the catalogue in view and knew nothing of how it is searched. Nothing was learned from these shops. The
weights of `chat.recommender` were set on those of `SET_ON`; the others only measure, skin.csv by a writer of its own.
"""

from __future__ import annotations

import argparse
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from chat.dialogue import Dialogue
from chat.judge import PassageJudge
from chat.needs import Needs
from chat.shop import Shop
from chat.state import DialogueState
from finetune.metrics import Numbers, bootstrap
from finetune.provenance import commit, hardware, now
from finetune.shops import Wish, read_wishes
from retrieval.catalog import Catalog
from retrieval.encoder import SentenceEncoder
from retrieval.index import make_index

FOLDER = Path(__file__).with_name("needs")
GOODS = Path("data/goods")
HELD_OUT = (
    "cameras", "climbinggear", "delicatessen", "fishinggear", "jewellery", "paintsupplies", "smarthome", "toys",
)  # fmt: skip
SHOPS = [*sorted(FOLDER.glob("*.csv")), *(GOODS / f"{name}.csv" for name in HELD_OUT)]
SET_ON = ("garden", "cameras", "climbinggear", "delicatessen", "fishinggear")
FIRST = 3  # cards that an answer names
WAYS = ("without", "the encoder", "the encoder and the judge")


def hits(shop: Shop, wishes: Sequence[Wish], name: str) -> Numbers:
    """Ask a shop everything, each wish in a conversation of its own.

    Returns:
        (n, 2): whether a right one came first, and the share of three (or of all that are right) among the first three.
    """
    rows = []
    for wish in tqdm(wishes, desc=name, leave=False):
        dialogue = Dialogue(shop, DialogueState(session=secrets.token_urlsafe(8)))
        shown = [[card.id for card in dialogue.take(text).cards] for text in wish.text][-1]
        found = len(set(shown[:FIRST]).intersection(wish.good)) / min(FIRST, len(wish.good))
        rows.append([float(bool(shown) and shown[0] in wish.good), found])
    return np.array(rows)


def measured(file: Path, judge: PassageJudge | None) -> dict[str, Numbers]:
    """Measure one shop in every way; without a judge in those that need none."""
    wishes = [wish for wish in read_wishes(file) if wish.good]
    index = make_index(Catalog.load(file), SentenceEncoder())
    needs = {WAYS[0]: None, WAYS[1]: Needs(index, None)}
    if judge is not None:
        needs[WAYS[2]] = Needs(index, judge)
    return {way: hits(Shop.of(index, None, needs=read), wishes, f"{file.stem}, {way}") for way, read in needs.items()}


def shown(name: str, found: Mapping[str, Numbers]) -> dict[str, object]:
    """Print and return the figures of every way, with those more than the first way gives."""
    print(f"\n{name}, {len(found[WAYS[0]])} wishes: a right one first; of the first three")
    table: dict[str, object] = {}
    for way, rows in found.items():
        first, three = bootstrap(rows, np.arange(len(rows)))
        more = bootstrap(rows - found[WAYS[0]], np.arange(len(rows)))
        print(f"  {way:<28}{first}; {three}   more than without: {more[0]}; {more[1]}")
        table[way] = {"first": asdict(first), "three": asdict(three), "more": [asdict(one) for one in more]}
    return table


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.needs", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shops", type=Path, nargs="+", default=SHOPS, help="catalogues")
    parser.add_argument("--model", choices=("smollm2", "none"), default="smollm2", help="none leaves the judge out")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="keep the figures")
    args = parser.parse_args(argv)
    judge = PassageJudge.shipped() if args.model != "none" else None
    record: dict[str, object] = {"commit": commit(), "made": now(), "hardware": hardware()}
    measuring: dict[str, list[Numbers]] = {}
    for file in args.shops:
        found = measured(file, judge)
        record[file.stem] = shown(file.stem, found)
        for way, rows in found.items() if file.stem not in SET_ON else ():
            measuring.setdefault(way, []).append(rows)
    if measuring:
        record["all that measure"] = shown(
            "all that measure", {w: np.concatenate(rows) for w, rows in measuring.items()}
        )
    if args.out is not None:
        args.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
