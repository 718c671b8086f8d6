"""Whole conversations with shops that nothing was learned from: does each answer hold what a good clerk's would?

    python -m benchmarks.talks                                      # the shops that only measure, without the model
    python -m benchmarks.talks kitchenware bikes --missed M.json    # others, and a record of what was missed

Whoever wrote the conversations (`data/talks/SHOP.json`, the shop's pages beside them, its goods in `data/goods`) had
the shop in view and knew nothing of the chat. The messages of a conversation are sent one after the other, whatever is
answered, and each is marked with what its answer must hold:

``show``
    Goods that a clerk would show now: one of them must be the first card.
``tell``
    The goods that are asked about ("first": of those shown before), which must be named, with the cell of `column`, or
    the sentence of the description that has the words of `says`; where `column` is null, the answer must own up to it
    that the catalogue does not say.
``page``
    The page that must be quoted; null: none may be, and nothing else may be told instead.
``act``
    A basket, an order, thanks, a person …: it is answered as such, and no page or new goods are pushed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from chat import Assistant, facts
from chat.messages import Reply
from finetune.metrics import bootstrap
from finetune.provenance import commit, hardware, now
from finetune.talks import GOODS, TALKS, Message, read_talks
from retrieval.catalog import Catalog
from retrieval.text import normalize
from retrieval.types import Item

MEASURING = ("jewellery", "paintsupplies", "smarthome", "toys")  # never looked into, never learned from
PLACES = ("first", "second", "third")
KEYS = ("show", "tell: a column", "tell: the description", "tell: not said", "page", "page: none", "act")
UNKNOWN = normalize("I don't have that information")
_ACTS: Mapping[str, str] = {"basket": "basket", "order": "order", "person": "contact"}


class Checks:
    """What the answers to one conversation must hold."""

    def __init__(self, catalog: Catalog) -> None:
        self._items = {item.id: item for item in catalog}
        self._shown: tuple[str, ...] = ()  # before the message

    def of(self, message: Message, reply: Reply) -> Iterator[tuple[str, bool]]:
        """Yield each thing that a message's answer must hold, by its key, and whether it does."""
        cards, text = tuple(card.id for card in reply.items), normalize(reply.text)
        cited = [citation.title for citation in reply.citations]
        if message.show:
            yield "show", bool(cards) and cards[0] in message.show
        if message.tell and (asked := self._asked(message)):
            column, said = message.column, all(normalize(item.title) in text for item in asked)
            if len(asked) > 1:
                yield "tell: a column", said
            elif column is None:
                yield "tell: not said", UNKNOWN in text and not cited
            elif column == "description":
                yield "tell: the description", said and normalize(message.says) in text
            else:
                yield "tell: a column", said and UNKNOWN not in text and quotes(text, asked[0], column)
        if message.page:
            yield "page", bool(cited) and cited[0] == message.page
        elif message.page is None:
            yield "page: none", not cited and (not cards or cards == self._shown)
        if message.act:
            told = _ACTS.get(message.act, "") in text or reply.handoff is not None
            yield "act", told and (not cited or message.act in ("order", "person", "complaint"))
        self._shown = cards or self._shown

    def _asked(self, message: Message) -> list[Item]:
        ids = (message.tell,) if isinstance(message.tell, str) else message.tell
        places = [PLACES.index(each) for each in ids if each in PLACES]
        if any(place >= len(self._shown) for place in places):
            return []
        return [self._items[self._shown[PLACES.index(each)] if each in PLACES else each] for each in ids]


def quotes(text: str, item: Item, column: str) -> bool:
    """Return whether a normalized answer holds what a column says of an item."""
    if column == "price":
        return normalize(facts.price(item, "en")) in text
    if column == "stock":
        return "stock" in text or "sold out" in text
    if column in ("title", "kind", "brand", "description"):
        return normalize({"title": item.title, "kind": item.kind}.get(column) or " ".join(item.creators)) in text
    value = next((v for name, v in item.attributes.items() if normalize(name) == normalize(column)), None)
    if isinstance(value, bool):
        return any(f" {each} " in f" {text} " for each in (("yes",) if value else ("no", "not")))
    return value is None or normalize(facts.attribute(item, column, "en")) in text or normalize(str(value)) in text


def ask(shop: str, *, model: str) -> Iterator[tuple[str, bool, Mapping[str, object]]]:
    """Hold the conversations of a shop; yield what each answer had to hold, whether it did, and a record of it."""
    talks = read_talks(TALKS / f"{shop}.json")
    catalog = Catalog.load(GOODS / f"{shop}.csv")
    with closing(Assistant.open(GOODS / f"{shop}.csv", TALKS / f"{shop}.md", model=model)) as chat:
        for talk in tqdm(talks, desc=shop, leave=False):
            checks = Checks(catalog)
            for message in talk.turns:
                reply = chat.reply(message.text, talk.id)
                record = {
                    "talk": talk.id,
                    **message.model_dump(exclude_unset=True),
                    "reply": reply.text,
                    "cards": [card.id for card in reply.items],
                    "limits": [chip.label for chip in reply.constraints],
                    "pages": [citation.title for citation in reply.citations],
                }
                for key, held in checks.of(message, reply):
                    yield key, held, {"key": key, **record}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.talks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("shops", nargs="*", default=MEASURING, help="names of files in data/talks")
    parser.add_argument("--model", choices=("smollm2", "none"), default="none", help="none leaves the judge out")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="keep the figures")
    parser.add_argument("--missed", type=Path, metavar="FILE.json", help="keep what was missed")
    args = parser.parse_args(argv)
    held: dict[str, list[float]] = {key: [] for key in KEYS}
    missed: list[Mapping[str, object]] = []
    for shop in args.shops:
        for key, right, record in ask(shop, model=args.model):
            held[key].append(float(right))
            missed += [] if right else [record]
    held["all"] = [one for rows in held.values() for one in rows]
    table = {}
    for key, rows in held.items():
        if rows:
            share = bootstrap(np.array(rows)[:, None], np.arange(len(rows)))[0]
            table[key] = {"n": len(rows), **asdict(share)}
            print(f"{key:<24}{len(rows):>5}  {share}")
    if args.out is not None:
        record = {"commit": commit(), "made": now(), "hardware": hardware(), "shops": args.shops, "held": table}
        args.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    if args.missed is not None:
        args.missed.write_text(json.dumps(missed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
