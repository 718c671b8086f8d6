"""What shops export, and how it is read: decimal commas, currencies, other headers, copies, and what is told of it."""

from __future__ import annotations

import logging

import pytest

from retrieval.catalog import CatalogError, load_catalog
from retrieval.exported import amount, overlooked, taken
from retrieval.reported import understood, warnings


def read(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "export.csv"
    path.write_bytes(text.encode(encoding))
    return load_catalog(path)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10,99", (10.99, "")), ("10.99", (10.99, "")), ("€10.99", (10.99, "EUR")), ("10,99 €", (10.99, "EUR")),
        ("EUR 10,9", (10.9, "EUR")), ("1.234,50", (1234.5, "")), ("1,234.50", (1234.5, "")), ("$5", (5.0, "USD")),
        ("1 234,50 zł", (1234.5, "PLN")), ("£1,234,567", (1234567.0, "GBP")), ("0,125", (0.125, "")),
        ("1,234", None), ("5 or 6", None), ("from 12.99", None), ("abc", None), ("", None), ("€10 EUR", None),
    ],
)  # fmt: skip
def test_amounts(written, meant):
    assert amount(written) == meant


@pytest.mark.parametrize(
    ("header", "currency"),
    [
        ("price (eur)", "EUR"),
        ("price_usd", "USD"),
        ("regular price", ""),
        ("price incl. vat", ""),
        ("price [€]", "EUR"),
    ],
)
def test_headers_of_prices(header, currency):
    assert taken(("id", "title", header)) == {header: ("price", currency)}


@pytest.mark.parametrize("columns", [("price", "price (eur)"), ("price (eur)", "price (usd)"), ("purchase price",)])
def test_no_header_is_taken_that_may_not_be_the_price(columns):
    assert taken(columns) == {}


def test_a_european_export(tmp_path):
    loaded = read(
        tmp_path,
        "id;title;Kind;Price (EUR);Qty;Published;Short Description;Weight (kg);Colour\n"
        '1;Oak Stool;stool;"49,90";3;2020;Sturdy.;"2,5";n/a\n'
        "2;Ash Stool;stool;n/a;0;-;Light.;2;red\n",
    )
    first, second = loaded.items
    assert (first.price, first.currency, first.in_stock, first.year) == (49.9, "EUR", True, 2020)
    assert (first.description, first.attributes) == ("Sturdy.", {"weight (kg)": 2.5})
    assert (second.price, second.in_stock, second.year, second.attributes["colour"]) == (None, False, None, "red")
    assert understood(loaded.items, loaded.columns) == (
        "kind: 2 of 2; price: 1 of 2, from 'price (eur)'; in_stock: 1 of 2 in stock, from 'qty'; genres: no column; "
        "creators: no column; year: 1 of 2, from 'published'; description: 2 of 2, from 'short description'; "
        "url: no column; own columns: weight (kg), colour"
    )
    assert warnings(loaded.columns) == []


def test_what_looks_like_a_price_or_a_stock_is_named(tmp_path):
    loaded = read(tmp_path, "id,title,Purchase Price,Units left\n1,Oak Stool,12,0\n")
    assert overlooked(loaded.columns) == [("purchase price", "price"), ("units left", "in_stock")]
    assert warnings(loaded.columns)[0] == (
        "the column 'purchase price' looks like a price and is not read as one; rename it 'price' if it is"
    )
    assert "in_stock: no column, so all are in stock" in understood(loaded.items, loaded.columns)


def test_a_copy_of_a_row_is_left_out(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        loaded = read(tmp_path, "id,title\n1,Oak Stool\n2,Ash Stool\n1,Oak Stool\n")
    assert [item.id for item in loaded.items] == ["1", "2"]
    assert "export.csv:4: the same row as line 2; left out" in caplog.text
    with pytest.raises(CatalogError, match="an id of its own"):
        read(tmp_path, "id,title\n1,Oak Stool\n1,Ash Stool\n")


def test_what_shops_call_the_id_the_title_and_the_kind_is_taken(tmp_path):
    loaded = read(tmp_path, "SKU;Product Name;Category\nS-1;Oak Stool;Home > Seats > Stool\nS-2;Ash Bench;Bench\n")
    assert [(item.id, item.title, item.kind) for item in loaded.items] == [
        ("S-1", "Oak Stool", "Stool"), ("S-2", "Ash Bench", "Bench"),
    ]  # fmt: skip
    told = understood(loaded.items, loaded.columns)
    assert told.startswith("id: 2 of 2, from 'sku'; title: 2 of 2, from 'product name'; kind: 2 of 2, from 'category'")


def test_tags_and_own_columns_are_no_kinds(tmp_path):
    tagged = read(tmp_path, "id,title,category\n1,Oak Stool,seats; oak\n2,Ash Bench,7\n")
    assert [item.kind for item in tagged.items] == ["", ""]
    assert tagged.items[0].attributes["category"] == ("seats", "oak")
    both = read(tmp_path, "id,sku,title,name,kind,category\n1,S-1,Oak Stool,Stool no. 4,stool,seats\n")
    item = both.items[0]
    assert (item.id, item.title, item.kind) == ("1", "Oak Stool", "stool")
    assert item.attributes == {"sku": "S-1", "name": "Stool no. 4", "category": "seats"}


def test_a_missing_column_is_proposed(tmp_path):
    with pytest.raises(CatalogError) as caught:
        read(tmp_path, "Kind;Article No.;Article (EN);Qty\nstool;1;Oak Stool;3\n")
    said = "no column 'id' (is 'article no.' it?) and 'title' (is 'article (en)' it?)"
    assert said in str(caught.value)
    assert str(caught.value).endswith("rename one for each")


def test_a_file_of_windows_is_told_as_such(tmp_path):
    with pytest.raises(CatalogError) as caught:
        read(tmp_path, "id,title\n1,Café Stool\n", "cp1252")
    assert "'Café Stool': expected readable UTF-8 text" in str(caught.value)
    assert "CSV UTF-8" in str(caught.value)
