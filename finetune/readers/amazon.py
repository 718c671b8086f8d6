"""Amazon Reviews 2023 (amazon-reviews-2023.github.io), one category at a time; files may stay gzipped.

The site states no licence: research use. One line of each file (made up; fields that are not read left out)::

    meta_Industrial.jsonl   {"main_category": "Industrial & Scientific", "title": "Hex Key Set, 9 Pieces",
                             "store": "Acme",
                             "average_rating": 4.6, "rating_number": 312, "features": ["Steel"],
                             "description": ["For tight corners."], "price": 12.99, "parent_asin": "B000HEXKEY",
                             "categories": ["Industrial & Scientific", "Hand Tools"], "details": {"Brand": "Acme"},
                             "images": [{"large": "https://example.org/hex.jpg", "variant": "MAIN"}]}
    Industrial.jsonl        {"rating": 5.0, "title": "Fits", "text": "As described.<br />", "asin": "B000HEXKE1",
                             "parent_asin": "B000HEXKEY", "user_id": "AEXAMPLE", "timestamp": 1588687728923}
    Industrial.csv          AEXAMPLE,B000HEXKEY,5.0,1588687728923        (header user_id,parent_asin,rating,timestamp)
    Industrial.valid.csv    AEXAMPLE,B000HEXKEY,5.0,1588687728923,B000SPANNER B000DRILL         (… and history)

The benchmark's `.csv` (5-core, and 0-core) come whole or as `.train`, `.valid` and `.test`, whose parts are kept. A
`timestamp` counts milliseconds. Products of one `parent_asin` differ in size or colour only, so it is the item's id.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from finetune.data import Id, InteractionRecord, RecordType, part_of, validation_problems
from finetune.readers.base import Placed, Report, faulty, find, make_item, nothing_found
from finetune.rows import DataError, delimited_rows, json_rows
from retrieval.types import AttributeValue, Item

_LONGEST_DESCRIPTION = 2000  # characters; more says little to an encoder that reads 256 tokens
_LONGEST_DETAIL = 100
_TAG = re.compile(r"<[^<>]{1,200}>")
_PRICE = re.compile(r"\$?\s*(\d[\d,]*(?:\.\d+)?)")
_NOT_ASKED_FOR = {  # details that differ for every product, so nobody filters by them
    "asin", "upc", "ean", "isbn_10", "isbn_13", "global_trade_identification_number", "item_model_number",
    "package_dimensions", "product_dimensions", "item_dimensions", "item_weight", "date_first_available",
    "best_sellers_rank", "customer_reviews", "manufacturer_part_number", "part_number",
}  # fmt: skip


def _texts(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return [value] if isinstance(value, str) else [] if value is None else value


def _mapping(value: Any) -> Any:  # noqa: ANN401
    return {} if value is None else value


class _Meta(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    parent_asin: Id
    title: str
    main_category: str | None = None
    store: str | None = None
    price: float | str | None = None
    average_rating: float | None = None
    rating_number: int | None = None
    description: Annotated[list[str], BeforeValidator(_texts)] = Field(default_factory=list)
    features: Annotated[list[str], BeforeValidator(_texts)] = Field(default_factory=list)
    categories: Annotated[list[str], BeforeValidator(_texts)] = Field(default_factory=list)
    details: Annotated[Mapping[str, Any], BeforeValidator(_mapping)] = Field(default_factory=dict)
    images: Annotated[list[Mapping[str, Any]], BeforeValidator(_texts)] = Field(default_factory=list)


class Amazon:
    """Reads products and who reviewed them when; the words of the reviews are not read."""

    name: ClassVar[str] = "amazon"
    expects: ClassVar[str] = (
        "meta_CATEGORY.jsonl, and CATEGORY.csv (or its .train, .valid and .test) or CATEGORY.jsonl; .gz or not"
    )

    def __init__(self, sources: Sequence[Path]) -> None:
        self._meta = find(sources, "meta_*.jsonl")
        events = tuple(p for p in find(sources, "*.csv", "*.jsonl") if not p.name.startswith("meta_"))
        if not self._meta or not events:
            raise nothing_found(Amazon, sources)
        self._check_once(events)
        self._events = events
        self.files: tuple[Path, ...] = (*self._meta, *events)

    @staticmethod
    def _check_once(events: Sequence[Path]) -> None:
        seen: dict[str, Path] = {}
        for path in sorted(events, key=lambda p: part_of(p) is not None):
            bare = path.name.removesuffix(".gz")
            category = bare.split(".", 1)[0]
            clash = seen.get(category) or seen.get(bare)
            if clash is not None:
                raise DataError(f"{path} and {clash} hold the same reviews; give one of them, file by file")
            seen[bare if part_of(path) else category] = path  # the parts of one category are not the same reviews

    def items(self, report: Report) -> Iterator[Placed[Item]]:
        """Yield the products."""
        for path in self._meta:
            for row in json_rows(path):
                if faulty(path, row, report):
                    continue
                try:
                    item = _item(path, row.line, report, _Meta.model_validate(row.cells))
                except ValidationError as error:
                    for problem in validation_problems(path.name, row.line, error):
                        report(problem)
                    continue
                if item is not None:
                    yield Placed(item, path.name, row.line)

    def records(self, report: Report) -> Iterator[Placed[RecordType]]:
        """Yield the reviews as interactions with ratings from 1 to 5 and times in seconds."""
        required = ("user_id", "parent_asin", "rating", "timestamp")
        for path in self._events:
            part = part_of(path)
            rows = json_rows(path) if ".jsonl" in path.suffixes else delimited_rows(path, required=required)
            for row in rows:
                if faulty(path, row, report):
                    continue
                cells = row.cells
                try:
                    record = InteractionRecord.model_validate(
                        {
                            "user_id": cells.get("user_id"),
                            "item_id": cells.get("parent_asin"),
                            "timestamp": _seconds(cells.get("timestamp")),
                            "event": "review",
                            "rating": cells.get("rating"),
                        }
                    )
                except ValidationError as error:
                    for problem in validation_problems(path.name, row.line, error):
                        report(problem)
                    continue
                yield Placed(record, path.name, row.line, part)


def _seconds(milliseconds: Any) -> Any:  # noqa: ANN401
    try:
        return int(milliseconds) / 1000
    except (TypeError, ValueError):
        return milliseconds  # pydantic says what is wrong with it


def _item(path: Path, line: int, report: Report, meta: _Meta) -> Item | None:
    image = next((str(i["large"]) for i in meta.images if str(i.get("large", "")).startswith("http")), "")
    author = meta.details.get("Author") or meta.details.get("Brand") or meta.store
    price = _price(meta.price)
    return make_item(
        path,
        line,
        report,
        _attributes(meta),
        id=meta.parent_asin,
        kind="product",
        title=_plain(meta.title),
        creators=[_plain(str(author))] if author else [],
        genres=[name for c in meta.categories[1:] or meta.categories if (name := _plain(c).casefold())],
        description=_plain(" ".join(meta.description or meta.features))[:_LONGEST_DESCRIPTION],
        price=price,
        currency="USD" if price is not None else "",
        image_url=image if " " not in image else "",
    )


def _attributes(meta: _Meta) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {}
    for name, value in meta.details.items():
        key = "_".join(re.findall(r"[a-z0-9]+", name.casefold()))
        if key and key not in _NOT_ASKED_FOR and isinstance(value, str) and 0 < len(value) <= _LONGEST_DETAIL:
            found[key] = _plain(value)
    for name, number in (("average_rating", meta.average_rating), ("rating_number", meta.rating_number)):
        if number is not None:
            found[name] = float(number)
    if meta.main_category:
        found["department"] = _plain(meta.main_category).casefold()
    return {name: value for name, value in found.items() if value not in ("", ()) and name not in Item.__slots__}


def _price(value: float | str | None) -> float | None:
    """Return a price that can be quoted; "from 12.99", "None" and the like are none."""
    if isinstance(value, str):
        found = _PRICE.fullmatch(value.strip())
        return float(found[1].replace(",", "")) if found else None
    return value


def _plain(text: str) -> str:
    return " ".join(_TAG.sub(" ", html.unescape(text)).split())
