"""Needs: goods found by what people tell of them, read by a judge, kept through edits, and quoted as the reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chat import needs as module
from chat.dialogue import Dialogue
from chat.needs import Needs, need_of, parts_of, read_out
from chat.prompt import UserContext
from chat.recommender import Recommender
from chat.shop import Shop
from chat.state import DialogueState
from retrieval.catalog import Catalog
from retrieval.encoder import SentenceEncoder
from retrieval.index import make_index
from retrieval.types import Constraint, Item, Query
from tests.fakes import BagEncoder
from tests.shops import Talk, titles

GOODS = Path(__file__).parents[1] / "data" / "goods"
ROWS = (
    ("Long Hoe", "hoe", "For weeding on your feet. Spares a bad back.", {"length_cm": 160.0, "foldable": False}),
    ("Hand Fork", "fork", "For pots and window boxes.", {"length_cm": 28.0, "colours": ("red", "green")}),
    ("Kneeler", "kneeler", "A soft pad for work on the knees.", {}),
    ("Leaf Rake", "rake", "For lawns in autumn.", {}),
)
ITEMS = tuple(Item(id=t, title=t, kind=k, description=d, attributes=a) for t, k, d, a in ROWS)


class Reads:
    """Prefers the passages that hold a word, and keeps what it was asked."""

    def __init__(self, word: str) -> None:
        self.word, self.asked = word, []

    def judge(self, question, passages):
        self.asked.append((question, list(passages)))
        return np.array([5.0 if self.word in passage else -1.0 for passage in passages])


class Counting(BagEncoder):
    """Counts the texts that it encodes."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = []

    def encode(self, texts):
        self.texts += texts
        return super().encode(texts)


@pytest.fixture
def encoder(monkeypatch):
    encoder = Counting()
    monkeypatch.setattr(module, "tuned", lambda *_: encoder)
    return encoder


def index(items=ITEMS):
    return make_index(Catalog(items), BagEncoder())


def told(*texts: str) -> UserContext:
    return UserContext(said=[("user", text) for text in texts])


def first(recommender: Recommender, context: UserContext | None, *limits: Constraint) -> str:
    picks = recommender.recommend(Query(""), limits, context=context)
    return recommender.index.catalog[picks[0].position].title


def test_an_item_is_read_with_its_columns_by_name():
    assert read_out(ITEMS[0]) == (
        "Long Hoe\nFor weeding on your feet. Spares a bad back. hoe; length: 160.0; foldable: no."
    )
    assert read_out(ITEMS[1]).endswith("fork; length: 28.0; colours: red, green.")


def test_the_need_leads(encoder):
    recommender = Recommender(index(), needs=Needs(index(), None))
    assert first(recommender, told("a bad back")) == "Long Hoe"
    assert first(recommender, told("lawns in autumn")) == "Leaf Rake"
    assert first(recommender, told("a bad back"), Constraint("kind", "is", "fork")) == "Hand Fork"
    assert first(recommender, None)  # without a conversation nothing is needed


def test_a_limit_is_doubted_where_other_goods_plainly_meet_what_is_told(encoder):
    """Of the hoe, the fork … as kinds: a story that another kind meets doubts the one it names; few words do not."""
    needs, facets = Needs(index(), None), index().facets
    fork, rake = (facets.mask([Constraint("kind", "is", kind)]) for kind in ("fork", "rake"))
    story = "leaf rake lawns autumn"
    assert needs.doubted(story, fork)
    assert not needs.doubted(story, rake)
    assert not needs.doubted("autumn", fork)
    assert not needs.doubted("落叶 草坪 秋天", fork)


def test_the_nearest_part_of_an_item_counts_beside_all_of_it(encoder, monkeypatch):
    """A sentence that is all about the need, in a description that tells much else besides."""
    told = replace(ITEMS[3], description="For lawns. A soft pad. Stands by itself. Lasts for years and years of use.")
    needs = Needs(index((*ITEMS[:3], told)), None)
    assert parts_of(told) == (
        "Leaf Rake",
        "Leaf Rake: For lawns.",
        "Leaf Rake: A soft pad.",
        "Leaf Rake: Stands by itself.",
        "Leaf Rake: Lasts for years and years of use.",
    )
    assert parts_of(replace(told, description="")) == ("Leaf Rake",)
    near = needs.scores("leaf rake stands by itself")[3]
    monkeypatch.setattr(module, "PART", 0.0)
    assert needs.scores("leaf rake stands by itself")[3] < near


def test_who_speaks_of_goods_is_told_from_who_asks_about_the_shop(encoder):
    needs = Needs(index(), None)
    assert needs.speaks("a soft pad for work on the knees") > 0 > needs.speaks("may I pay later")
    assert needs.speaks("膝盖疼") == needs.speaks("and it") == 0


@pytest.mark.models
def test_what_a_story_names_beside_its_need_is_no_limit():
    shop_index = make_index(Catalog.load(GOODS / "kitchentaps.csv"), SentenceEncoder())
    shop = Shop.of(shop_index, None, needs=Needs(shop_index, None))

    def limits(text):
        dialogue = Dialogue(shop, DialogueState(session="a story"))
        dialogue.take(text)
        return [limit.value for limit in dialogue.state.taste.limits]

    assert limits("the dishwasher has nowhere to go") == limits("I fill a big pot for pasta every day") == []
    assert limits("a kitchen tap please") == [("mixer tap", "wall tap", "hot and filter tap")]
    assert limits("I fill a big pot for pasta every day, under 60") == [60.0]
    assert limits("the tap drips 10 times a minute and keeps me awake") == []
    # What is said of a number besides is meant so.
    assert limits("the hose under the sink leaks, at least 30 cm high") == [30.0]


@pytest.mark.models
def test_a_story_has_no_thread_to_what_it_names_beside_its_need():
    shop_index = make_index(Catalog.load(GOODS / "kitchenware.csv"), SentenceEncoder())
    dialogue = Dialogue(Shop.of(shop_index, None, needs=Needs(shop_index, None)), DialogueState(session="a thread"))
    assert dialogue.take("my gran has arthritis and can't open jars").cards[0].title == "Jar opener Twist"
    assert dialogue.take("nothing electric please, under 30").cards[0].title == "Jar opener Twist"


def test_the_best_are_read_with_what_was_said_last_first(encoder):
    judge = Reads("knees")
    recommender = Recommender(index(), needs=Needs(index(), judge))
    assert first(recommender, told("hello", "for the garden", "a bad back")) == "Kneeler"
    (question, passages) = judge.asked[0]
    assert question == "a bad back for the garden"
    assert len(passages) == len(ITEMS)


def test_what_tells_nothing_leaves_the_need_as_it_was():
    said = [("user", "a bad back"), ("assistant", "The hoe."), ("user", "cheaper"), ("user", "under 100")]
    assert need_of(said) == need_of(said[:1]) == "a bad back"
    assert need_of([*said, ("user", "in black")]) == "in black a bad back"
    assert need_of(said[2:]) == ""
    assert need_of([*said, ("user", "not glass"), ("user", "but no plastic!")]) == "a bad back"
    assert need_of([("user", "nothing helps against the moss on my lawn")]) != ""


def test_what_the_judge_takes_for_an_answer_is_meant(encoder):
    assert Needs(index(), Reads("knees")).meets("my knees hurt")
    assert not Needs(index(), Reads("nowhere")).meets("who won the cup?")
    assert not Needs(index(), None).meets("my knees hurt")
    assert not Needs(index(), Reads("knees")).meets("膝盖疼")


def test_the_last_message_alone_tells_a_need_that_is_another(encoder, monkeypatch):
    monkeypatch.setattr(module, "_MEANT", 1)  # of four goods
    needs = Needs(index(), None)
    before = ("user", "weeding with a bad back")
    turned = needs.need([before, ("user", "lawns in autumn")])
    assert turned is not None
    assert (turned.text, int(turned.near.argmax())) == ("lawns in autumn", 3)
    same = needs.need([before, ("user", "on your feet")])
    assert same is not None
    assert (same.text, int(same.near.argmax())) == ("on your feet weeding with a bad back", 0)
    asked = needs.need([("user", "is it good for lawns?"), ("user", "window boxes")])
    assert asked is not None
    assert asked.text == "window boxes"
    assert needs.need([("user", "膝盖疼")]) is needs.need([]) is None


def test_what_a_need_means_may_be_shown_again(encoder, monkeypatch):
    monkeypatch.setattr(module, "_MEANT", 1)
    talk = Talk(replace(Shop.of(index(), None, needs=Needs(index(), None)), decisions=None))
    assert "Leaf Rake" in titles(talk("something for a bad back"))  # four goods are shown at once
    assert titles(talk("lawns in autumn, that is what I need"))[:1] == ["Leaf Rake"]


def test_what_is_named_and_wanted_itself_is_shown(encoder):
    shop = Shop.of(index(), None, needs=Needs(index(), None))
    assert titles(Talk(shop)("a proper long hoe for weeding with a bad back"))[0] == "Long Hoe"
    assert "Long Hoe" not in titles(Talk(shop)("another one than the long hoe for weeding with a bad back"))


def test_an_edit_encodes_what_has_changed(encoder):
    before = Needs(index(), None)
    encoder.texts.clear()
    after = Needs(index((*ITEMS[1:], replace(ITEMS[0], title="Dutch Hoe"))), None, before)
    assert {text.partition("\n")[0].partition(":")[0] for text in encoder.texts} == {"Dutch Hoe"}
    assert after.scores("window boxes").argmax() == 0
    encoder.texts.clear()
    assert (Needs(index(), None, before).scores("lawns") == before.scores("lawns")).all()  # a price has changed
    assert set(encoder.texts) == {"lawns"}


def test_the_reason_is_quoted_where_one_is_told(encoder):
    needs = Needs(index(), None)
    assert needs.because("weeding with a bad back", ITEMS[0]) == "“Spares a bad back.”"
    assert needs.because("xylophone", ITEMS[0]) == ""
    assert needs.because("", ITEMS[0]) == needs.because("x", replace(ITEMS[0], description="")) == ""


def test_what_the_encoder_does_not_read_is_no_need():
    assert need_of([("user", "腰不好，怎么除草？"), ("assistant", "a hoe")]) == ""
    assert need_of([("user", "hi"), ("assistant", "a hoe"), ("user", "smaller")]) == "smaller hi"


def test_only_small_shops_of_goods_beside_the_embedded_encoder_are_read(monkeypatch):
    assert not Needs.told_of(index())
    own = index()
    monkeypatch.setattr(module, "tuned", lambda *_: Counting())
    assert Needs.told_of(own)
    assert not Needs.told_of(index([Item(id="1", title="Stalker", kind="film")]))
    monkeypatch.setattr(module, "MOST", 3)
    assert not Needs.told_of(own)


@pytest.mark.models
def test_the_embedded_encoder_knows_a_need_in_other_words():
    needs = Needs(make_index(Catalog(ITEMS), SentenceEncoder()), None)
    assert ITEMS[needs.scores("the trees have dropped everything on the grass").argmax()].title == "Leaf Rake"
