"""Check training data before any training: ``python -m finetune.validate data/mine --catalog data/mine/catalog.jsonl``.

Reports every problem with file and line (bad records, unknown ids, copies, the same dialogue in two parts, people whose
later choices are trained on), the sizes, how skewed the items are, how long the examples are in tokens, and how long
training would take. The exit code is 0 without problems, 1 with, 2 when nothing can be read.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tqdm import tqdm

from finetune.checks import Copies, Finding, Place, Popularity, Ratings, Skew, Timelines
from finetune.config import Data, TrainConfig, read_config
from finetune.data import (
    KINDS,
    PARTS,
    UNKNOWN_ID,
    DataError,
    DialogueRecord,
    InteractionRecord,
    NextItemRecord,
    Part,
    RecordType,
    guess_kind,
    item_ids,
    part_of,
    scan,
)
from finetune.estimate import Estimate, Sample, estimate
from finetune.probe import Speed, measure
from finetune.readers.base import find
from finetune.readers.own import PATTERNS
from finetune.report import wide_console
from finetune.signals import LIKED_FROM
from retrieval.catalog import Catalog, load_catalog
from retrieval.errors import NamedropError
from retrieval.rows import RowProblem

UNUSABLE, UNKNOWN, CATALOG = "records that cannot be used", "ids that the catalogue lacks", "rows of the catalogue"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file, and the part of the data it is."""

    path: Path
    part: Part


@dataclass(slots=True)
class Size:
    """How much a file holds: good records, bad ones, turns of dialogues, people or dialogues, and items."""

    file: DataFile
    kind: str
    records: int = 0
    bad: int = 0
    turns: int = 0
    people: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a set of files."""

    sizes: Sequence[Size]
    findings: Sequence[Finding]
    skew: Skew
    catalog: Catalog | None
    sample: Sample = field(repr=False)
    ratings: Ratings

    @property
    def counts(self) -> Counter[str]:
        """How many problems there are of each category."""
        return Counter(finding.category for finding in self.findings)


def data_files(paths: Sequence[Path], given: Sequence[str] = (), catalog: Path | None = None) -> list[DataFile]:
    """Return the files to check, with the part that the command line gives them, else their name, else train.

    Args:
        paths: files, or folders in which the project's files are looked for.
        given: ``train=PATH``, ``valid=PATH`` or ``test=PATH``.
        catalog: no data file.

    Raises:
        DataError: a part is not written so, a file is given two, or there is no file.
    """
    files = [DataFile(path, part_of(path) or "train") for path in _expanded(paths)]
    told: dict[Path, str] = {}
    for text in given:
        name, equals, path = text.partition("=")
        part = next((part for part in PARTS if part == name), None)
        if part is None or not equals or not path:
            raise DataError(f"--part {text}: expected train=FILE, valid=FILE or test=FILE")
        for found in _expanded([Path(path)]):
            if told.setdefault(found.resolve(), part) != part:
                raise DataError(f"{found}: given as {told[found.resolve()]} and as {part}; split it, or give it once")
            files.append(DataFile(found, part))
    unique = {
        file.path.resolve(): file for file in files if catalog is None or file.path.resolve() != catalog.resolve()
    }
    if not unique:
        raise DataError("no data file given; name files or a folder, for example data/redial")
    return list(unique.values())


def _expanded(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = find([path], *PATTERNS)
            if not found:
                raise DataError(f"{path}: no data file in it; expected names such as dialogues.train.jsonl")
            yield from found
        else:
            yield path


def validate(files: Sequence[DataFile], catalog: Path | None = None, *, progress: bool = False) -> Report:
    """Check files against each other and the catalogue.

    Raises:
        DataError: no file has a usable record.
        CatalogError: the catalogue cannot be read.
    """
    findings: list[Finding] = []
    known: Catalog | None = None
    if catalog is not None:
        loaded = load_catalog(catalog, skip_bad=True)
        known = Catalog(loaded.items)
        findings += [Finding(CATALOG, replace(problem, file=str(catalog))) for problem in loaded.problems]
    checks = Copies(), Timelines(), Popularity(), Ratings()
    sample = Sample()
    sizes = []
    for file in sorted(files, key=lambda f: -PARTS.index(f.part)):  # test first, see Timelines
        try:
            size = Size(file, next(name for name, kind in KINDS.items() if kind is guess_kind(file.path)))
            sizes.append(size)
            for record, line in tqdm(_read(size, known, findings), desc=file.path.name, unit="", disable=not progress):
                place = Place(str(file.path), line, file.part)
                for check in checks:
                    check.add(record, place)
                if file.part == "train":
                    sample.add(record)
        except DataError as error:
            message = str(error).splitlines()[0].removeprefix(f"{file.path}: ")
            findings.append(Finding(UNUSABLE, RowProblem(str(file.path), 0, "", "", "a readable file", message)))
    if not any(size.records for size in sizes):
        raise DataError("nothing can be read", [finding.problem for finding in findings])
    copies, timelines, popularity, ratings = checks
    findings += [*copies.findings(), *timelines.findings()]
    sizes.sort(key=lambda size: (list(KINDS).index(size.kind), PARTS.index(size.file.part)))
    return Report(sizes, findings, popularity.skew(len(known or ())), known, sample, ratings)


def _read(size: Size, known: Catalog | None, findings: list[Finding]) -> Iterator[tuple[RecordType, int]]:
    path = size.file.path
    for found in scan(path, KINDS[size.kind], known=known.positions if known is not None else None):
        for problem in found.problems:
            category = UNKNOWN if problem.expected == UNKNOWN_ID else UNUSABLE
            findings.append(Finding(category, replace(problem, file=str(path))))
        if found.record is None:
            size.bad += 1
            continue
        size.records += 1
        size.items.update(item_ids(found.record))
        if isinstance(found.record, DialogueRecord):
            size.turns += len(found.record.turns)
        elif isinstance(found.record, InteractionRecord):
            size.people.add(found.record.user_id)
        elif isinstance(found.record, NextItemRecord):
            size.people.add(found.record.user)
        yield found.record, found.line


@dataclass(frozen=True, slots=True)
class Duration:
    """How long a training run is expected to take: tokens of an epoch, epochs, and the speed."""

    tokens: float
    epochs: float
    speed: Speed

    @property
    def seconds(self) -> float:
        """Seconds of the whole run, without its validation."""
        return self.tokens * self.epochs / self.speed.tokens_per_second


def worded(seconds: float) -> str:
    """Word a duration: ``worded(5400) == "1 h 30 min"``."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m finetune.validate",
        description="Check training data and predict how long training takes. "
        "Exit code: 0 without problems, 1 with, 2 when nothing can be read.",
    )
    parser.add_argument(
        "data", nargs="*", type=Path, help="files, or folders of them; names tell kind and part (dialogues.train.jsonl)"
    )
    parser.add_argument("--catalog", type=Path, help="without it, ids, token lengths and duration are not checked")
    parser.add_argument(
        "--part",
        nargs="+",
        action="extend",
        default=[],
        metavar="PART=FILE",
        help="say it: train=a.jsonl valid=b.jsonl",
    )
    parser.add_argument("--config", type=Path, help="a training configuration; gives data, model, tasks and epochs")
    parser.add_argument("--model", help="the language model to be trained (default: the configuration's, else smollm2)")
    parser.add_argument("--epochs", type=float, help="of the predicted run (default: the configuration's, else 3)")
    parser.add_argument("--tokens-per-second", type=float, metavar="N", help="training speed; not given: measured")
    parser.add_argument("--show", type=int, default=100, metavar="N", help="problems printed; 0: all (%(default)s)")
    parser.add_argument("--fast", action="store_true", help="leave token lengths and duration out")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _options(arguments)
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it misses kernels that nothing here uses
    console = wide_console()
    try:
        return _run(options, console)
    except NamedropError as error:
        Console(stderr=True, soft_wrap=True).print(escape(f"validate: {error}"), style="red")
        return 2
    except KeyboardInterrupt:
        console.print("interrupted")
        return 130


def _run(options: argparse.Namespace, console: Console) -> int:
    config = read_config(options.config) if options.config else None
    catalog = options.catalog or (config.data.catalog if config else None)
    given = [*options.part, *(_configured(config) if config else ())]
    for name in ("epochs", "tokens_per_second"):
        value = getattr(options, name)
        if value is not None and not value > 0:
            raise DataError(f"--{name.replace('_', '-')} {value}: expected a number above 0")
    report = validate(data_files(options.data, given, catalog), catalog, progress=True)
    _show_problems(console, report, options.show)
    console.print(_sizes_table(report))
    console.print(escape(_skew_text(report)))
    for line in report.ratings.told(config.data.liked_from if config else LIKED_FROM):
        console.print(escape(line))
    if report.catalog is not None and not options.fast:
        default = TrainConfig(output=Path(), data=Data(catalog=catalog))
        _show_training(console, options, config or default, report, report.catalog)
    return 1 if report.findings else 0


def _configured(config: TrainConfig) -> Iterator[str]:
    for name, path in config.data.files():
        key = name.removeprefix("data.")
        if key not in ("catalog", "leave_out"):
            yield f"{'valid' if key.startswith('valid_') else 'train'}={path}"


def _show_training(
    console: Console, options: argparse.Namespace, config: TrainConfig, report: Report, catalog: Catalog
) -> None:
    from finetune.examples import load_encoder

    if options.model:
        config = config.model_copy(update={"model": options.model})
    encoder, _ = load_encoder(config.model)
    with tqdm(desc="examples", unit="") as bar:
        found = estimate(
            report.sample,
            catalog,
            encoder,
            tasks=config.tasks,
            max_tokens=config.max_tokens,
            step=lambda task: (bar.set_postfix_str(task), bar.update()),
            config=config,
        )
    console.print(_lengths_table(found, config.max_tokens))
    if found.packed is None:
        console.print(f"no example fits {config.max_tokens} tokens: nothing could be trained on", style="red")
        return
    if options.tokens_per_second:
        speed = Speed(options.tokens_per_second, 0, "as given")
    else:
        with console.status("measuring the speed of training, about 20 s"):
            speed = measure(config, found.packed.rows)
    epochs = options.epochs or config.epochs
    if config.max_steps is not None and not options.epochs:
        epochs = min(epochs, config.max_steps * config.batch_tokens / max(found.tokens, 1.0))
    duration = Duration(found.tokens, epochs, speed)
    share = 1 - found.tokens / found.plain if found.plain else 0
    console.print(f"an epoch: {found.tokens:,.0f} tokens ({found.plain:,.0f} one example by one, {share:.0%} shared)")
    how = f"{speed.how}, {speed.tokens:,} tokens measured" if speed.tokens else speed.how
    console.print(
        escape(f"training, {duration.epochs:.3g} epochs at {speed.tokens_per_second:,.0f} tokens/s ({how}): ")
        + f"[bold]about {worded(duration.seconds)}[/], validation and item embeddings not counted"
    )


def _show_problems(console: Console, report: Report, show: int) -> None:
    shown = report.findings[: show or None]
    for finding in shown:
        console.print(escape(str(finding.problem)), style="yellow")
    if len(shown) < len(report.findings):
        console.print(f"… and {len(report.findings) - len(shown):,} more: --show 0 prints all", style="dim")
    table = Table("problems", "", title_justify="left")
    table.columns[1].justify = "right"
    for category, number in report.counts.items():
        table.add_row(category, f"{number:,}")
    console.print(table if report.findings else "no problems", style="yellow" if report.findings else "green")


def _sizes_table(report: Report) -> Table:
    table = Table("file", "part", "records", "bad", "turns", "people", "items")
    table.columns[0].overflow = "fold"
    for column in table.columns[2:]:
        column.justify = "right"
    for size in report.sizes:
        numbers = (size.records, size.bad, size.turns, len(size.people), len(size.items))
        table.add_row(escape(str(size.file.path)), size.file.part, *(f"{n:,}" if n else "" for n in numbers))
    return table


def _skew_text(report: Report) -> str:
    skew = report.skew
    cold = "" if skew.cold != skew.cold else f"; {skew.cold:.1%} of valid's and test's are of items that train lacks"
    return (
        f"{skew.mentions:,} mentions in train: Gini {skew.gini:.2f}, the top 1 % of the catalogue has "
        f"{skew.top_share:.0%}, {_share(skew.never)} of it is never mentioned{cold}"
    )


def _share(value: float) -> str:
    """Write a share in whole per cent, but never 100% of what is not all, nor 0% of what is not none."""
    whole = f"{value:.0%}"
    return f"{value:.1%}" if (whole == "100%" and value < 1) or (whole == "0%" and value > 0) else whole


def _lengths_table(found: Estimate, limit: int) -> Table:
    table = Table("task", "examples", "p50", "p95", "max", f"over {limit}", title="tokens, from a sample")
    for column in table.columns[1:]:
        column.justify = "right"
    for task in found.lengths:
        tokens = (task.percentile(50), task.percentile(95), task.percentile(100))
        table.add_row(task.task, f"{task.examples:,.0f}", *map(str, tokens), f"{task.over(limit):.1%}")
    return table


if __name__ == "__main__":
    sys.exit(main())
