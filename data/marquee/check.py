"""Check the demo catalogue: counts, ids, duplicates, years, vocabulary, word counts, prices.

    python data/marquee/check.py [catalog.jsonl]

prints a table of counts and every problem, and exits 1 if there is any.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from babel import Locale

Row = Mapping[str, Any]

HERE = Path(__file__).parent
AT_LEAST = {"film": 700, "book": 350, "game": 250, "album": 140, "course": 60}
AT_LEAST_REAL = 1_500
YEARS = {"film": (1888, 2026), "book": (1, 2026), "game": (1958, 2026), "album": (1948, 2026), "course": (2015, 2026)}
PRICES = {"film": (1, 30), "book": (1, 40), "game": (1, 80), "album": (1, 40), "course": (5, 250)}
LENGTHS: Mapping[str, tuple[str, int, int]] = {
    "film": ("minutes", 1, 600),
    "album": ("minutes", 10, 300),
    "course": ("hours", 1, 100),
}
DESCRIPTION_WORDS = (20, 35)
SOLD_OUT_SHARE = (0.01, 0.15)
CURRENCY = "USD"
GENRES = {
    "film": "drama, comedy, romance, science fiction, fantasy, action, adventure, thriller, crime, mystery, horror, "
            "war, western, musical, animation, documentary, family, historical, biography, sports, martial arts",
    "book": "literary fiction, science fiction, fantasy, mystery, thriller, crime, horror, romance, historical, "
            "adventure, memoir, biography, history, science, philosophy, essays, poetry, short stories, graphic novel, "
            "children, young adult, drama, comedy, war",
    "game": "role-playing, action, adventure, puzzle, platformer, strategy, simulation, shooter, survival, horror, "
            "racing, sports, visual novel, roguelike, metroidvania, stealth, fighting, rhythm, sandbox, management, "
            "card game, science fiction, fantasy, mystery, comedy, drama, historical",
    "album": "rock, pop, jazz, hip hop, electronic, folk, classical, soul, r&b, metal, punk, blues, country, reggae, "
             "ambient, latin, afrobeat, experimental, soundtrack, indie, funk",
    "course": "programming, data science, languages, design, photography, music, writing, film making, business, "
              "cooking, art, history, science, mathematics, wellbeing, crafts, gardening, games",
}  # fmt: skip
MOODS = (
    "slow, contemplative, melancholic, tense, dark, bleak, hopeful, warm, funny, playful, whimsical, romantic, epic, "
    "thrilling, dreamlike, mysterious, gritty, violent, nostalgic, angry, inspiring, bittersweet, cosy, eerie, "
    "energetic, cerebral, intimate, satirical, calm, tragic, scary, lonely"
)
VOCABULARY = {kind: frozenset(words.split(", ")) for kind, words in GENRES.items()}
MOOD_WORDS = frozenset(MOODS.split(", "))
NEVER_EMPTY = ("id", "kind", "title", "year", "creators", "genres", "moods", "themes", "description", "price",
               "currency", "popularity")  # fmt: skip
COLUMNS = frozenset({*NEVER_EMPTY, "language", "in_stock", "minutes", "hours", "aliases", "audience"})
LANGUAGES = frozenset(str(code) for code in Locale("en").languages if len(str(code)) <= 3)


def _filled(row: Row) -> Iterator[str]:
    yield from (f"{name} is empty" for name in NEVER_EMPTY if row.get(name) in (None, "", []))
    yield from (f"{name} is no column of this catalogue" for name in row if name not in COLUMNS)
    for name, value in row.items():
        parts = value if isinstance(value, list) else [value]
        if any(isinstance(p, str) and (p != p.strip() or not p or re.search(r"[\x00-\x1f|]", p)) for p in parts):
            yield f"{name} has an empty part, outer blanks, a line break or a bar: {value!r}"
        if isinstance(value, list) and len({str(p).casefold() for p in value}) < len(value):
            yield f"{name} names something twice: {value!r}"


def _identity(row: Row) -> Iterator[str]:
    if not re.fullmatch(rf"{row['kind']}(-[a-z0-9]+)+-{row['year']}", row["id"]):
        yield f"id is not KIND-TITLE-YEAR: {row['id']!r}"


def _year(row: Row) -> Iterator[str]:
    low, high = YEARS[row["kind"]]
    if not isinstance(row["year"], int) or not low <= row["year"] <= high:
        yield f"year {row['year']!r} of a {row['kind']}: expected {low} to {high}"


def _words(row: Row) -> Iterator[str]:
    for name, known, low, high in (("genres", VOCABULARY[row["kind"]], 1, 3), ("moods", MOOD_WORDS, 2, 4)):
        if strange := sorted(set(row[name]) - known):
            yield f"{name} not in the vocabulary: {strange}"
        if not low <= len(row[name]) <= high:
            yield f"{len(row[name])} {name}: expected {low} to {high}"
    if not 2 <= len(row["themes"]) <= 5 or any(theme != theme.lower() for theme in row["themes"]):
        yield f"themes: expected 2 to 5 in lower case, found {row['themes']}"
    if "language" in row and row["language"] not in LANGUAGES:
        yield f"language {row['language']!r} is no ISO 639 code"


def _description(row: Row) -> Iterator[str]:
    count, (low, high) = len(row["description"].split()), DESCRIPTION_WORDS
    if not low <= count <= high:
        yield f"description has {count} words: expected {low} to {high}"
    if len(row["title"]) > 5 and row["title"].casefold() in row["description"].casefold():
        yield "the title stands inside the description"
    if row["description"][-1] not in ".!?":
        yield "description does not end with a full stop"


def _offer(row: Row) -> Iterator[str]:
    low, high = PRICES[row["kind"]]
    price = row["price"]
    if not isinstance(price, int | float) or not low <= price <= high or round(price, 2) != price:
        yield f"price {price!r}: expected {low} to {high}, in whole cents"
    if row["currency"] != CURRENCY:
        yield f"currency {row['currency']!r}: expected {CURRENCY}"
    if not isinstance(row.get("in_stock"), bool):
        yield f"in_stock {row.get('in_stock')!r}: expected true or false"
    if row["popularity"] not in range(1, 6):
        yield f"popularity {row['popularity']!r}: expected 1 to 5"


def _length(row: Row) -> Iterator[str]:
    own, low, high = LENGTHS.get(row["kind"], ("", 0, 0))
    for name in ("minutes", "hours"):
        if name in row and (name != own or not low <= row[name] <= high):
            yield f"{name} {row[name]!r} of a {row['kind']}: expected " + (f"{own} {low} to {high}" if own else "none")
    if row["kind"] == "course" and "hours" not in row:
        yield "a course without hours"


def _audience(row: Row) -> Iterator[str]:
    if row.get("audience", ["children"]) != ["children"]:
        yield f"audience {row['audience']!r}: expected ['children'], or no such column"


def _aliases(row: Row) -> Iterator[str]:
    if row["title"].casefold() in (alias.casefold() for alias in row.get("aliases", [])):
        yield "an alias is the title itself"


CHECKS: tuple[Callable[[Row], Iterator[str]], ...] = (
    _identity, _year, _words, _description, _offer, _length, _audience, _aliases,
)  # fmt: skip


def problems_of(row: Row) -> list[str]:
    """Return everything that is wrong with one row."""
    found = list(_filled(row))
    if row.get("kind") not in AT_LEAST:
        return [*found, f"kind {row.get('kind')!r}: expected one of {', '.join(AT_LEAST)}"]
    if any(row.get(name) in (None, "", []) for name in NEVER_EMPTY):
        return found
    return found + [problem for check in CHECKS for problem in check(row)]


def problems_between(rows: Sequence[Row]) -> Iterator[str]:
    """Yield what is wrong with the rows together: too few, duplicates, stock."""
    counts = Counter(row.get("kind") for row in rows)
    for kind, least in AT_LEAST.items():
        if counts[kind] < least:
            yield f"{counts[kind]} of kind {kind}: expected at least {least}"
    real = len(rows) - counts["course"]
    if real < AT_LEAST_REAL:
        yield f"{real} real works: expected at least {AT_LEAST_REAL}"
    for what, key in (("id", _id), ("kind, title and year", _work)):
        places: dict[object, list[int]] = defaultdict(list)
        for line, row in enumerate(rows, 1):
            places[key(row)].append(line)
        yield from (f"the same {what} in lines {at}: {k!r}" for k, at in places.items() if len(at) > 1)
    share = sum(row.get("in_stock") is False for row in rows) / max(len(rows), 1)
    if not SOLD_OUT_SHARE[0] <= share <= SOLD_OUT_SHARE[1]:
        yield f"{share:.0%} are out of stock: expected {SOLD_OUT_SHARE[0]:.0%} to {SOLD_OUT_SHARE[1]:.0%}"


def _id(row: Row) -> object:
    return row.get("id")


def _work(row: Row) -> object:
    return row.get("kind"), str(row.get("title")).casefold(), row.get("year")


def table(rows: Sequence[Row]) -> str:
    """Return the counts per kind, decade and language."""
    kinds = list(AT_LEAST)
    decades = Counter((row["kind"], max(row["year"] // 10 * 10, 1890)) for row in rows)
    languages = Counter((row["kind"], row.get("language", "–")) for row in rows)
    totals = Counter(row["kind"] for row in rows)
    common = [code for code, _ in Counter(row.get("language", "–") for row in rows).most_common(12)]
    lines = [("", *kinds), ("all", *(totals[k] for k in kinds))]
    lines += [("before 1900" if d == 1890 else f"{d}s", *(decades[k, d] for k in kinds)) for d in range(1890, 2030, 10)]
    lines += [(code, *(languages[k, code] for k in kinds)) for code in common]
    other = [sum(n for (kind, code), n in languages.items() if kind == k and code not in common) for k in kinds]
    lines.append(("other languages", *other))
    return "\n".join(f"{first:<16}" + "".join(f"{cell!s:>8}" for cell in rest) for first, *rest in lines)


def check(path: Path) -> tuple[list[Row], list[str]]:
    """Return the rows of a catalogue file and all its problems."""
    rows: list[Row] = []
    problems: list[str] = []
    for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        row = json.loads(text)
        rows.append(row)
        problems += [f"line {line}: {row.get('title')}: {problem}" for problem in problems_of(row)]
    return rows, problems + list(problems_between(rows))


def main(argv: Sequence[str]) -> int:
    """Print the table and the problems; 1 if there is any."""
    path = Path(argv[0]) if argv else HERE / "catalog.jsonl"
    rows, problems = check(path)
    print(table(rows))
    print(f"{len(rows)} rows, {len(problems)} problems")
    for problem in problems:
        print(f"  {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
