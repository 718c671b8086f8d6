"""Lines: the cell or the sentence of an item that answers a question, or that none does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chat import lines as module
from chat.lines import DESCRIPTION, Line, Lines, cues, lines_of
from chat.shop import Shop
from finetune.shops import read_questions, read_shop
from retrieval.catalog import Catalog
from retrieval.encoder import SentenceEncoder
from retrieval.errors import NamedropError
from retrieval.index import make_index
from retrieval.types import Item
from tests.fakes import BagEncoder
from tests.shops import Talk

DATA = Path(__file__).parents[1] / "data"
PAN = Item(
    id="K02",
    title="Frying pan Lissa 24",
    kind="pan",
    creators=("Pellmar",),
    price=24.5,
    description="Eggs slide out with hardly any fat. No metal spatulas.",
    attributes={"brand": "Pellmar", "material": "aluminium", "weight_g": 620.0, "induction": False, "colours": ()},
)


def shop_lines(monkeypatch) -> Lines:
    monkeypatch.setattr(module, "tuned", lambda *_: BagEncoder())
    return Lines(make_index(Catalog([PAN]), BagEncoder()))


def test_a_cell_and_a_sentence_are_a_line_each():
    assert lines_of(PAN) == [
        Line("kind", "what it is: pan"),
        Line("creators", "brand: Pellmar"),
        Line("price", "price: 24.5"),
        Line("in_stock", "in stock: yes"),
        Line("material", "material: aluminium"),
        Line("weight_g", "weight: 620 g"),
        Line("induction", "induction: no"),
        Line(DESCRIPTION, "Eggs slide out with hardly any fat."),
        Line(DESCRIPTION, "No metal spatulas."),
    ]
    assert [line.field for line in lines_of(Item(id="x", title="X", description="平底锅。"))] == ["in_stock"]


def test_the_nearest_line_is_read(monkeypatch):
    lines = shop_lines(monkeypatch)
    told, near = lines.near("metal spatulas", PAN)
    assert told[int(near.argmax())] == Line(DESCRIPTION, "No metal spatulas.")
    found = lines.read("no metal spatulas", PAN)
    assert found is not None
    assert (found.line.text, found.odds > 0) == ("No metal spatulas.", True)


def test_what_no_line_is_near_to_is_not_answered(monkeypatch):
    lines = shop_lines(monkeypatch)
    assert not lines.read("where was it built", PAN).answers
    assert lines.read("这个锅重吗", PAN) is None


def test_the_cues_are_the_best_cosine_and_its_lead():
    assert cues(np.array([0.2, 0.7, 0.4], dtype=np.float32)) == pytest.approx((0.7, 0.3))
    assert cues(np.array([0.5], dtype=np.float32)) == (0.5, 1.0)


def test_questions_are_compared_with_the_lines_of_their_own_item(tmp_path):
    (tmp_path / "goods").mkdir()
    (tmp_path / "questions").mkdir()
    (tmp_path / "goods" / "pans.csv").write_text(
        "id,title,kind,price,stock,description,material\n"
        "K1,Pan One,pan,5,2,Never rusts. Light.,steel\nK2,Pan Two,pan,6,0,Heavy.,iron\n"
    )
    file = tmp_path / "questions" / "pans.json"
    file.write_text(
        '[{"text": "will it rust", "of": "K1", "column": "description", "says": "Never rusts"},'
        ' {"text": "how many left", "of": "K2", "column": "stock"}, {"text": "colour?", "of": "K1", "column": null}]'
    )
    shop = read_shop(file)
    answers = {entry.id: entry.answer for entry in shop.entries}
    assert [(text, [answers[one] for one in places]) for text, places in shop.asked] == [
        ("will it rust", ["Never rusts."]),
        ("how many left", ["in stock: no"]),
    ]
    assert (shop.uncovered, shop.within) == (("colour?",), ("K1/", "K2/", "K1/"))
    file.write_text('[{"text": "will it rust", "of": "K9", "column": null}]')
    with pytest.raises(NamedropError, match="the catalogue lacks: K9"):
        read_shop(file)
    file.write_text('[{"text": "will it rust"}]')
    with pytest.raises(NamedropError, match="as the docstring"):
        read_questions(file)


@pytest.fixture(scope="module")
def talk() -> Talk:
    index = make_index(Catalog.load(DATA / "goods" / "fishinggear.csv"), SentenceEncoder())
    return Talk(Shop.of(index, None))


@pytest.mark.models
def test_a_script_that_the_encoder_does_not_read_is_left_to_the_rules(talk):
    item = talk.shop.index.catalog[0]
    talk(item.title)
    assert "没有" not in talk("它多少钱？").text
    assert f"{item.price:g}" in talk("它多少钱？").text


@pytest.mark.models
def test_shipped_questions_fit_their_catalogues():
    for file in sorted((DATA / "questions").glob("*.json")):
        shop = read_shop(file)
        columns = sum(question.column is not None for question in read_questions(file))
        assert len(shop.asked) == columns, f"{file}: an answer is in no line"


@pytest.mark.models
def test_a_question_is_answered_by_a_line_in_other_words(talk):
    shop = talk.shop
    item = next(item for item in shop.index.catalog if "waders" in item.kind or "wader" in item.title.casefold())
    assert shop.lines is not None
    told, near = shop.lines.near("what would they cost me?", item)
    assert told[int(near.argmax())].field == "price"
    dear = replace(item, price=None)
    assert all(line.field != "price" for line in lines_of(dear))
