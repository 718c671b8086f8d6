"""Reading catalogues: four formats with one meaning, and every bad row reported with line, column, value, remedy."""

from __future__ import annotations

import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from retrieval.catalog import Catalog, CatalogError, load_catalog
from retrieval.rows import RowProblem

ROWS = [
    {
        "id": "a1", "title": "Stalker", "kind": "film", "year": 1979, "creators": ["Andrei Tarkovsky"],
        "genres": ["science fiction", "drama"], "description": "A guide, two men; a Zone.", "price": 7.99,
        "currency": "USD", "in_stock": True, "language": "ru", "aliases": ["Сталкер", "潜行者"], "url": "/stalker",
        "image_url": "https://shop.example/a1.jpg", "moods": ["slow", "eerie"], "minutes": 162.0, "cover": "red",
    },
    {
        "id": "a2", "title": 'The "Quiet" Book', "kind": "book", "year": None, "creators": ["Ann, B. Author"],
        "genres": ["poetry"], "description": "Two\nlines.", "price": 0.0, "currency": "EUR", "in_stock": False,
        "language": "en", "aliases": [], "url": "", "image_url": "", "moods": ["calm", "warm"], "minutes": 10.5,
        "cover": "blue",
    },
]  # fmt: skip
COLUMNS = list(ROWS[0])


def cell(value):
    if value is None:
        return ""
    return "; ".join(value) if isinstance(value, list) else str(value)


def write_csv(path, rows, delimiter=",", columns=COLUMNS, encoding="utf-8"):
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(columns)
        writer.writerows([cell(row[c]) for c in columns] for row in rows)
    return path


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def write_parquet(path, rows):
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def read(tmp_path, text, name="c.csv", **options):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_catalog(path, **options)


class TestFormats:
    @pytest.mark.parametrize(
        ("name", "write"),
        [
            ("c.csv", write_csv),
            ("c.tsv", lambda p, r: write_csv(p, r, "\t")),
            ("semicolons.csv", lambda p, r: write_csv(p, [{**x, "creators": x["creators"][0]} for x in r], ";")),
            ("bom.csv", lambda p, r: write_csv(p, r, encoding="utf-8-sig")),
            ("c.jsonl", write_jsonl),
            ("c.ndjson", write_jsonl),
            ("c.parquet", write_parquet),
        ],
    )
    def test_all_read_the_same_items(self, tmp_path, name, write):
        found = load_catalog(write(tmp_path / name, ROWS))
        assert found.problems == ()
        first, second = found.items
        assert (first.id, first.title, first.year, first.price) == ("a1", "Stalker", 1979, 7.99)
        assert first.creators == ("Andrei Tarkovsky",)
        assert first.genres == ("science fiction", "drama")
        assert first.aliases == ("Сталкер", "潜行者")
        assert dict(first.attributes) == {"moods": ("slow", "eerie"), "minutes": 162.0, "cover": "red"}
        assert (second.title, second.year, second.price, second.in_stock) == ('The "Quiet" Book', None, 0.0, False)
        assert second.creators == ("Ann, B. Author",)
        assert second.description == "Two\nlines."
        assert dict(second.attributes) == {"moods": ("calm", "warm"), "minutes": 10.5, "cover": "blue"}

    def test_a_jsonl_keeps_types(self, tmp_path):
        row = {"id": 7, "title": "T", "signed": True, "weight": 2, "code": "0042", "tags": ["x"], "none": None}
        (item,) = load_catalog(write_jsonl(tmp_path / "c.jsonl", [row])).items
        assert item.id == "7"
        assert dict(item.attributes) == {"signed": True, "weight": 2.0, "code": "0042", "tags": ("x",)}

    def test_creators_may_be_called_by_their_trade(self, tmp_path):
        (item,) = read(tmp_path, "id,title,author\n1,T,Ann Author; Bo Author\n").items
        assert item.creators == ("Ann Author", "Bo Author")

    @pytest.mark.parametrize(
        ("stock", "expected"),
        [("yes", True), ("No", False), ("TRUE", True), ("0", False), ("", True), (" 1 ", True), ("false", False)],
    )
    def test_stock_is_read_in_the_usual_words(self, tmp_path, stock, expected):
        (item,) = read(tmp_path, f"id,title,in_stock\n1,T,{stock}\n").items
        assert item.in_stock is expected

    @pytest.mark.parametrize(
        ("column", "cell", "expected"),
        [
            ("stock", "0", False), ("stock", "17", True), ("inventory_quantity", "-2", False), ("stock_qty", "", True),
            ("availability", "out of stock", False), ("availability", "In Stock", True), ("in stock", "no", False),
        ],
    )  # fmt: skip
    def test_stock_may_be_counted_as_shops_export_it(self, tmp_path, column, cell, expected):
        (item,) = read(tmp_path, f"id,title,{column}\n1,T,{cell}\n").items
        assert item.in_stock is expected
        assert column not in item.attributes  # but for the last few it is the shop's own business

    def test_the_column_of_the_format_goes_first_and_other_words_stay(self, tmp_path):
        first, second = read(tmp_path, "id,title,in_stock,stock\n1,T,yes,0\n2,U,,on order\n").items
        assert first.in_stock
        assert second.in_stock
        assert second.attributes["stock"] == "on order"

    def test_chinese_genres_are_split_at_chinese_commas(self, tmp_path):
        (item,) = read(tmp_path, 'id,title,genres\n1,T,"科幻、动作，冒险"\n').items
        assert item.genres == ("科幻", "动作", "冒险")

    @pytest.mark.parametrize("separator", ["\u2028", "\u0085"])
    def test_only_a_line_break_ends_a_row(self, tmp_path, separator):
        (tmp_path / "c.csv").write_text(f"id,title,description\n1,Solaris,slow{separator}strange\n", encoding="utf-8")
        assert len(load_catalog(tmp_path / "c.csv").items) == 1

    def test_blank_lines_are_no_rows(self, tmp_path):
        assert len(read(tmp_path, "id,title\n\n1,T\n\n,\n2,U\n").items) == 2

    def test_markup_is_kept_as_it_is_written(self, tmp_path):
        (item,) = read(tmp_path, "id,title\n1,<script>{0}%s</script>\n").items
        assert item.title == "<script>{0}%s</script>"


HEADER = "id,title,kind,year,price,currency,in_stock,url,image_url,language,description"
# what is wrong: (the row, the column that is reported, the value that is shown, a word of the remedy)
BROKEN = {
    "missing id": (b",T,,,,,,,,,", "id", "", "id of its own"),
    "id with a space": (b"a b,T,,,,,,,,,", "id", "a b", "id of its own"),
    "id too long": (b"x" * 201 + b",T,,,,,,,,,", "id", "x" * 77 + "…", "id of its own"),
    "duplicate id": (b"good1,T,,,,,,,,,", "id", "good1", "change one id"),
    "empty title": (b"b1, ,,,,,,,,,", "title", " ", "title"),
    "title too long": (b"b2," + b"t" * 1001 + b",,,,,,,,,", "title", "t" * 77 + "…", "title"),
    "year in words": (b"b3,T,,abc,,,,,,,", "year", "abc", "1979"),
    "year 3000": (b"b4,T,,3000,,,,,,,", "year", "3000", "1979"),
    "year with a fraction": (b"b5,T,,1979.5,,,,,,,", "year", "1979.5", "1979"),
    "negative price": (b"b6,T,,,-1,,,,,,", "price", "-1", "12.99"),
    "price that may be two": (b'b7,T,,,"1,299",,,,,,', "price", "1,299", "12.99"),
    "price not a number": (b"b8,T,,,NaN,,,,,,", "price", "NaN", "12.99"),
    "price infinite": (b"b9,T,,,inf,,,,,,", "price", "inf", "12.99"),
    "two prices": (b"b10,T,,,5 or 6,,,,,,", "price", "5 or 6", "12.99"),
    "currency in words": (b"b11,T,,,5,dollars,,,,,", "currency", "dollars", "USD"),
    "stock maybe": (b"b12,T,,,,,maybe,,,,", "in_stock", "maybe", "yes or no"),
    "script address": (b"b13,T,,,,,,javascript:alert(1),,,", "url", "javascript:alert(1)", "address"),
    "scheme-relative address": (b"b14,T,,,,,,//evil.example/x,,,", "url", "//evil.example/x", "address"),
    "bad image": (b"b15,T,,,,,,,data:image/png;x,,", "image_url", "data:image/png;x", "address"),
    "language too long": (b"b16,T,,,,,,,," + b"l" * 61 + b",", "language", "l" * 61, "French"),
    "description too long": (b"b17,T,,,,,,,,," + b"d" * 20_001, "description", "d" * 77 + "…", "shorten"),
    "control character": (b"b18,T\x07,,,,,,,,,", "title", "T\x07", "UTF-8"),
    "not UTF-8": (b"b19,Am\xe9lie,,,,,,,,,", "title", "Amélie", "UTF-8"),
    "too few cells": (b"b20,T,film", "", "", "missing"),
    "too many cells": (b"b21,T,,,,,,,,,,,x", "", "", "quote cells"),
    "open quote": (b'b22,"T,,,,,,,,,', "", "", "close it"),
}  # fmt: skip


class TestBrokenRows:
    @pytest.fixture
    def path(self, tmp_path):
        rows = [HEADER.encode(), b"good1,One,,,,,,,,,", *(row for row, *_ in BROKEN.values()), b"good2,Two,,,,,,,,,"]
        path = tmp_path / "broken.csv"
        path.write_bytes(b"\n".join(rows) + b"\n")
        return path

    def test_every_one_is_reported_where_it_stands(self, path):
        with pytest.raises(CatalogError) as caught:
            load_catalog(path)
        found = {p.line: p for p in caught.value.problems}
        for line, (what, (_, column, value, remedy)) in enumerate(BROKEN.items(), 3):
            problem = found.pop(line)
            assert (problem.file, problem.column, problem.value) == ("broken.csv", column, value), what
            assert remedy in problem.remedy, what
            assert problem.expected, what
        assert found == {}
        assert f"{len(BROKEN)} of {len(BROKEN) + 2} rows" in str(caught.value)
        assert "broken.csv:9: year = 'abc': expected a whole number from 1 to 2100; write" in str(caught.value)

    def test_the_good_rows_can_be_used(self, path):
        loaded = load_catalog(path, skip_bad=True)
        assert [item.id for item in loaded.items] == ["good1", "good2"]
        assert len(loaded.problems) == len(BROKEN)

    def test_all_columns_of_a_row_are_reported(self, tmp_path):
        loaded = read(tmp_path, "id,title,year,price\n1,T,x,y\n2,U,,\n", skip_bad=True)
        assert [(p.line, p.column) for p in loaded.problems] == [(2, "year"), (2, "price")]

    def test_lines_are_true_behind_line_breaks_in_cells(self, tmp_path):
        loaded = read(tmp_path, 'id,title,year\n1,"two\nlines",\n2,T,bad\n', skip_bad=True)
        assert [p.line for p in loaded.problems] == [4]

    @pytest.mark.parametrize(
        ("line", "column", "part"),
        [
            ("{not json", "", "one JSON object a line"),
            ('["a"]', "", "a JSON object, found list"),
            ('"text"', "", "a JSON object, found str"),
            ('{"id": "b", "title": "T", "size": {"w": 1}}', "size", "a text, a number"),
            ('{"id": "b", "title": "T", "sizes": [1, 2]}', "sizes", "a text, a number"),
            ('{"id": "b", "title": "T", "weight": NaN}', "weight", "a text, a number"),
            ('{"id": "b", "title": ["T"]}', "title", "a non-empty title"),
            ('{"id": true, "title": "T"}', "id", "a non-empty identifier"),
            ('{"id": "b"}', "title", "a non-empty title"),
            ('{"id": "b", "title": "T", "year": "soon"}', "year", "a whole number"),
            ('{"id": "b", "title": "T", "genres": [1]}', "genres", "words separated"),
            ('{"id": "b", "title": "T", "in_stock": 2}', "in_stock", "yes/no"),
            ('{"id": "b", "title": "T\\u0000"}', "title", "readable"),
            ('{"id": "b", "title": "T", "aliases": ["x\\u0007"]}', "aliases", "readable"),
            ('{"id": "b", "title": "T", "aliases": ["\\ud800"]}', "aliases", "readable"),
            ("[" * 100_000, "", "one JSON object a line"),
        ],
    )
    def test_jsonl(self, tmp_path, line, column, part):
        good = '{"id": "a", "title": "T"}'
        loaded = read(tmp_path, f"{good}\n{line}\n", "c.jsonl", skip_bad=True)
        assert [item.id for item in loaded.items] == ["a"]
        ((problem),) = loaded.problems
        assert (problem.line, problem.column) == (2, column)
        assert part in problem.expected


class TestBrokenFiles:
    @pytest.mark.parametrize(
        ("name", "text", "part"),
        [
            ("c.csv", "", "the file is empty"),
            ("c.csv", "id,label\n1,T\n", "no column 'title'"),
            ("c.csv", "id,titel\n1,T\n", "no column 'title' (is 'titel' it?)"),
            ("c.csv", "id,title,ID\n1,T,2\n", "id twice"),
            ("c.csv", "id,title\n", "no usable row"),
            ("c.jsonl", "", "no usable row"),
            ("c.jsonl", '{"id": "1", "titel": "T"}\n', "(is 'titel' it?)"),
            ("c.xlsx", "PK", "cannot read a .xlsx file; expected one of .csv"),
            ("catalog", "x", "suffix-less"),
            ("c.parquet", "PAR0", "not a Parquet file"),
        ],
    )
    def test_they_are_refused_with_a_hint(self, tmp_path, name, text, part):
        with pytest.raises(CatalogError, match=r"\S") as caught:
            read(tmp_path, text, name)
        assert part in str(caught.value)

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(CatalogError, match="no such catalogue file"):
            load_catalog(tmp_path / "none.csv")

    def test_no_good_row_at_all(self, tmp_path):
        with pytest.raises(CatalogError, match="no usable row") as caught:
            read(tmp_path, "id,title,year\n1,T,x\n", skip_bad=True)
        assert len(caught.value.problems) == 1


class TestCatalog:
    def test_ids_lead_to_positions(self):
        catalog = Catalog(load_from(["a", "b", "c"]))
        assert [catalog.positions[i] for i in "abc"] == [0, 1, 2]
        assert catalog.get("b") is catalog[1]
        assert catalog.get("z") is None
        assert len(catalog) == 3

    def test_two_items_with_one_id_are_refused(self):
        with pytest.raises(CatalogError, match="same id"):
            Catalog(load_from(["a", "a"]))

    def test_a_problem_without_a_column_names_the_line(self):
        assert str(RowProblem("c.csv", 3, "", "", "x", "y")) == "c.csv:3: expected x; y"


def load_from(ids):
    from retrieval.types import Item

    return [Item(id=i, title=i) for i in ids]
