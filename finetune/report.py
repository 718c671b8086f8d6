"""The report of an evaluation: JSON, tables for the terminal and in Markdown, and a plot, all from the same numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from finetune.metrics import CUTOFFS, TARGET_METRICS, Estimate, K, short
from retrieval.files import replacing

Report = Mapping[str, Any]
Columns = Mapping[str, Callable[[Report, Report], str]]  # header: what a system and its block show

_SETTINGS: Mapping[str, str] = {
    "novel": "Novel targets only",
    "cold": "Novel targets before which the dialogue mentions no item",
    "repeats": "All targets, repeated ones too; nothing left out",
}
_PLOTTED = ("recall@1", "recall@10", "recall@50")
_WIDTH = 120  # columns of the terminal table, where the output is no terminal
_WIDEST = 160  # of a table with paths


def write(report: Report, out: Path) -> list[Path]:
    """Write the report beside each other as .json, .md and .png, each whole or not at all; return the paths."""
    writers: Mapping[str, Callable[[Path], object]] = {
        ".json": lambda path: path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8"),
        ".md": lambda path: path.write_text(markdown(report), "utf-8"),
        ".png": lambda path: plot(report, path),
    }
    paths = [out.with_suffix(suffix) for suffix in writers]
    for path, writer in zip(paths, writers.values(), strict=True):
        with replacing(path) as aside:
            writer(aside)
    return paths


def _metrics(names: Iterable[str] = TARGET_METRICS, intervals: Collection[str] = _PLOTTED) -> Columns:
    """Return a column for each metric of the targets, some with their interval."""

    def cell(name: str, system: Report, block: Report) -> str:
        return told(block[name]) if name in intervals else short(block[name]["value"])

    return {name.replace("recall@", "R@"): partial(cell, name) for name in names}


def told(estimate: Mapping[str, float | None]) -> str:
    """Write an estimate with its interval, "[–]" where there were too few dialogues for one."""
    if estimate["low"] is None:
        return f"{short(estimate['value'] or 0.0)} [–]"
    return str(Estimate(**estimate))  # type: ignore[arg-type]


# what the lists look like and cost, told once, beside the novel targets
_LISTS: Columns = {
    f"F1@{K}": lambda system, block: short(block[f"f1@{K}"]["value"]),
    f"coverage@{K}": lambda system, block: short(system[f"coverage@{K}"]),
    "popularity": lambda system, block: f"{p['value']:.1f}" if (p := system[f"popularity_percentile@{K}"]) else "-",
    "ms/turn": lambda system, block: f"{system['ms_per_turn']['median']:,.1f}",
}


def _rows(report: Report, setting: str, columns: Columns) -> list[list[str]]:
    return [
        [name, *(cell(system, system[setting]) for cell in columns.values())]
        for name, system in report["systems"].items()
        if system[setting]
    ]


def markdown(report: Report) -> str:
    """Return the report as a page: what was asked, the tables, the differences, where it all comes from."""
    meta = report["meta"]
    parts = [f"# {meta['data']}\n", f"{_sizes(report)}. {_PROTOCOL}\n"]
    for setting, title in _SETTINGS.items():
        columns = {**_metrics(), **(_LISTS if setting == "novel" else {})}
        if rows := _rows(report, setting, columns):
            parts.append(f"## {title}\n\n{_markdown_table(['system', *columns], rows)}\n")
    if report["comparisons"]:
        title = f"## Against {report['against']}, novel targets, paired"
        parts.append(f"{title}\n\n{_markdown_table(*_differences(report))}\n")
    if report["texts"]:
        names = list(report["texts"])
        parts.append("## Wording of the language model\n\n" + _markdown_table(names, [_texts(report)]) + "\n")
    if report["left_out"]:
        parts.append("## Left out\n\n" + "\n".join(f"- {n}: {why}" for n, why in report["left_out"].items()) + "\n")
    parts.append("## Where it comes from\n\n" + "\n".join(_provenance(meta)) + "\n")
    return "\n".join(parts)


_PROTOCOL = (
    "Candidates are the whole catalogue, equal scores share their mean rank; intervals are 95 %, from a bootstrap over "
    "dialogues. What the dialogue has mentioned ranks last in the novel setting, except for popularity and echo. "
    "Below ten dialogues there is no interval. Popularity is the mean percentile of the first ten by training counts; "
    "random has 50."
)


def _sizes(report: Report) -> str:
    sizes = report
    return (
        f"{sizes['targets']:,} novel targets ({sizes['targets_cold']:,} of them before any item was mentioned; "
        f"{sizes['targets_with_repeats']:,} with repeats) in {sizes['turns']:,} turns of {sizes['dialogues']:,} "
        f"dialogues or people; catalogue of {report['meta']['items']:,} items"
    )


def _markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _texts(report: Report) -> list[str]:
    return [
        str(value) if isinstance(value, int) else f"{value:,.2f}" if value > 1 else short(value)
        for value in report["texts"].values()
    ]


def _differences(report: Report) -> tuple[list[str], list[list[str]]]:
    metrics = [f"recall@{k}" for k in CUTOFFS] + [f"ndcg@{K}"]
    rows = [
        [name, *(told(block[metric]) for metric in metrics)] for name, block in report["comparisons"].items() if block
    ]
    return ["system", *(metric.replace("recall@", "R@") for metric in metrics)], rows


def _provenance(meta: Mapping[str, Any]) -> Iterable[str]:
    yield f"    {meta['command']}\n"
    hardware = ", ".join(f"{key} {value}" for key, value in meta["hardware"].items())
    yield f"- commit {meta['commit'] or 'unknown'}, {meta['date']}"
    yield f"- {hardware}"
    yield "- " + ", ".join(f"{name} {version}" for name, version in meta["versions"].items())
    yield from (f"- {path}: sha256 {digest[:16]}…" for path, digest in meta["sha256"].items())


def show(report: Report, console: Console | None = None) -> None:
    """Print the novel table and the differences to the terminal."""
    if console is None:
        console = Console(highlight=False)
        console = console if console.is_terminal else Console(highlight=False, width=_WIDTH)
    table = Table(title=f"{report['meta']['data']}: {_SETTINGS['novel'].lower()}", caption=_sizes(report))
    best = _best(report)
    columns = {**_metrics((*_PLOTTED, f"ndcg@{K}"), intervals=(f"recall@{K}",)), **_LISTS}
    for name in ("system", *columns):
        table.add_column(name, justify="left" if name == "system" else "right", no_wrap=True)
    for row in _rows(report, "novel", columns):
        table.add_row(*row, style="bold" if row[0] == best else "")
    console.print(table)
    for name, block in report["comparisons"].items():
        difference = told(block[f"recall@{K}"]) if block else "nothing to compare on"
        console.print(f"{name} - {report['against']}: R@{K} {difference}")
    if report["texts"]:
        console.print(", ".join(map(" ".join, zip(report["texts"], _texts(report), strict=True))))
    for name, why in report["left_out"].items():
        console.print(f"left out: {name} ({why})")


def wide_console() -> Console:
    """Return a console whose tables are as wide as they need where the output is no terminal."""
    console = Console(highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(highlight=False, soft_wrap=True, width=_WIDEST)


def _best(report: Report) -> str:
    values = {n: s["novel"][f"recall@{K}"]["value"] for n, s in report["systems"].items() if s["novel"]}
    return max(values, key=lambda name: values[name], default="")


def plot(report: Report, path: Path) -> None:
    """Draw recall@1, @10 and @50 of every system with their intervals, the best at the top."""
    from matplotlib.figure import Figure

    systems = {name: system["novel"] for name, system in report["systems"].items() if system["novel"]}
    order = sorted(systems, key=lambda name: systems[name][f"recall@{K}"]["value"])
    figure = Figure(figsize=(10, 1.4 + 0.32 * len(order)), layout="constrained")
    for axes, metric in zip(figure.subplots(1, len(_PLOTTED), sharey=True), _PLOTTED, strict=True):
        for row, name in enumerate(order):
            estimate = systems[name][metric]
            if estimate["low"] is not None:
                axes.plot([estimate["low"], estimate["high"]], [row, row], color="#9aa5b1", linewidth=3, zorder=1)
            axes.plot(estimate["value"], row, "o", color="#1f4e79", zorder=2)
        axes.set_yticks(range(len(order)), order)
        axes.set_title(metric)
        axes.set_xlim(left=0)
        axes.grid(axis="x", color="#e4e7eb")
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(length=0)
    figure.suptitle(f"{report['meta']['data']}: {_SETTINGS['novel'].lower()}, {report['targets']:,}, 95 % intervals")
    figure.savefig(path, dpi=120, format="png", metadata={"Software": None})
