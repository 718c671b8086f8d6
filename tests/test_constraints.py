"""Hard constraints: the mask over a catalogue means what `satisfies` means for one item."""

from __future__ import annotations

import random

import numpy as np
import pytest

from retrieval.catalog import Catalog
from retrieval.constraints import Facets, number_of, satisfies, satisfies_all, topic_phrases, values_of
from retrieval.index import make_index
from retrieval.types import Constraint, Item
from tests.fakes import BagEncoder
from tests.shops import marquee

ITEM = Item(
    id="1", title="Le Cirque", kind="Film", year=1979, creators=("Jean D'Arc",), genres=("Sci-Fi", "剧情"), price=9.5,
    currency="EUR", language="French", description="A robot clown travels through time.",
    attributes={"moods": ("Cozy",), "minutes": 95.0, "dubbed": True, "studio": "Ghibli", "plot": "x" * 61},
)  # fmt: skip
BARE = Item(id="2", title="Bare")


class TestSatisfies:
    @pytest.mark.parametrize(
        ("field", "op", "value", "full", "bare"),
        [
            ("year", "<", 1980, True, False),
            ("year", "<", 1979, False, False),
            ("year", "<=", 1979, True, False),
            ("year", ">", 1979, False, False),
            ("year", ">=", 1979.0, True, False),
            ("year", "is", 1979, True, False),
            ("year", "is_not", 1979, False, True),
            ("decade", "is", 1970, True, False),
            ("decade", "is_not", 1970, False, True),
            ("decade", "is_not", 1980, True, True),
            ("price", "<", 10, True, False),
            ("price", "is", 9.5, True, False),
            ("minutes", "<=", 95, True, False),
            ("kind", "is", "movie", True, False),
            ("kind", "is_not", "电影", False, True),
            ("genres", "is", "science fiction", True, False),
            ("genres", "is", "科幻片", True, False),
            ("genres", "is", ("comedy", "drama"), True, False),
            ("genres", "is_not", ("comedy", "drama"), False, True),
            ("genres", "is_not", "comedy", True, True),
            ("language", "is", "fr", True, False),
            ("language", "is", "法语", True, False),
            ("creators", "is", "jean darc", True, False),
            ("creators", "is_not", "Jean D’Arc", False, True),
            ("moods", "is", "温馨", True, False),
            ("studio", "is", "ghibli", True, False),
            ("dubbed", "is", True, True, False),
            ("dubbed", "is_not", True, False, True),
            ("no such column", "is", "x", False, False),
            ("no such column", "is_not", "x", True, True),
            ("no such column", "<", 3, False, False),
            ("topic", "is", "robots", True, False),
            ("topic", "is", "机器人", True, False),
            ("topic", "is", "clowns", True, False),
            ("topic", "is_not", "clown", False, True),
            ("topic", "is", "own", False, False),
            ("topic", "is", "robot clown", True, False),
            ("topic", "is", "clown robot", False, False),
            ("in_stock", "is", True, True, True),
            ("in_stock", "is_not", True, False, False),
        ],
    )
    def test_one_item(self, field, op, value, full, bare):
        constraint = Constraint(field, op, value)
        assert satisfies(ITEM, constraint) is full
        assert satisfies(BARE, constraint) is bare
        assert Facets(Catalog([ITEM, BARE])).mask([constraint]).tolist() == [full, bare]

    def test_what_is_sold_out_satisfies_nothing(self):
        sold = Item(id="3", title="Sold", in_stock=False)
        assert not satisfies_all(sold, [])
        assert not Facets(Catalog([sold])).mask([]).any()

    def test_hours_count_as_minutes(self):
        course = Item(id="4", title="Course", attributes={"hours": 1.5})
        catalog = Catalog([ITEM, course])
        assert number_of(course, "minutes") == 90
        assert Facets(catalog).mask([Constraint("minutes", "<", 95.0)]).tolist() == [False, True]

    def test_prose_is_no_facet(self):
        assert values_of(ITEM, "plot") == frozenset()
        assert "plot" not in Facets(Catalog([ITEM])).postings


def random_constraint(rng: random.Random) -> Constraint:
    facets = marquee().index.facets
    field = rng.choice(["year", "decade", "price", "minutes", "hours", "popularity", "kind", "genres", "creators",
                        "language", "moods", "themes", "topic", "in_stock", "missing"])  # fmt: skip
    if field in ("year", "decade", "price", "minutes", "hours", "popularity"):
        item = rng.choice(marquee().index.catalog.items)
        number = number_of(item, field)
        value = float(rng.randrange(2000) if number is None else number)
        return Constraint(field, rng.choice(["<", "<=", ">", ">=", "is", "is_not"]), value)
    op = rng.choice(["is", "is_not"])
    if field == "in_stock":
        return Constraint(field, op, rng.random() < 0.5)
    if field == "topic":
        pool = [
            "space",
            "太空",
            "time travel",
            "war",
            "grief",
            "artificial intelligence",
            "clowns",
            "school",
            "the sea",
        ]
    else:
        pool = [*facets.values(field)[:40], "nothing like it"]
    chosen = tuple(rng.sample(pool, min(len(pool), rng.choice([1, 1, 2, 3]))))
    return Constraint(field, op, chosen if len(chosen) > 1 else chosen[0])


class TestMask:
    @pytest.mark.parametrize("seed", range(16))
    def test_it_means_what_satisfies_means(self, seed):
        rng = random.Random(seed)
        items = marquee().index.catalog.items[seed::16]
        facets = Facets(Catalog(items))
        for _ in range(50):
            constraints = [random_constraint(rng) for _ in range(rng.choice([1, 1, 2, 3]))]
            expected = [satisfies_all(item, constraints) for item in items]
            assert facets.mask(constraints).tolist() == expected, constraints

    def test_the_random_constraints_let_some_through(self):
        rng = random.Random(0)
        shares = [marquee().index.facets.mask([random_constraint(rng)]).mean() for _ in range(200)]
        assert sum(0 < share < 0.9 for share in shares) > 20

    def test_no_constraint_leaves_what_is_in_stock(self):
        index = marquee().index
        assert (index.facets.mask([]) == index.catalog.in_stock).all()

    def test_a_mask_is_the_callers_own(self):
        index = marquee().index
        index.facets.mask([])[:] = False
        assert index.catalog.in_stock.any()


class TestFacets:
    def test_one_meaning_in_both_languages(self):
        facets = marquee().index.facets
        for field, english, chinese in [("genres", "Sci-Fi", "科幻片"), ("kind", "movies", "电影"),
                                        ("moods", "cozy", "温馨"), ("language", "Japanese", "日语"),
                                        ("topic", "space", "太空")]:  # fmt: skip
            left, right = (facets.mask([Constraint(field, "is", value)]) for value in (english, chinese))
            assert left.any(), field
            assert (left == right).all(), field

    def test_values_come_most_frequent_first(self):
        facets = marquee().index.facets
        counts = [len(facets.postings["kind"][v]) for v in facets.values("kind")]
        assert facets.values("kind")[0] == "film"
        assert counts == sorted(counts, reverse=True)

    @pytest.mark.parametrize(("field", "known"), [("year", True), ("moods", True), ("pages", False), ("topic", True)])
    def test_knows_its_columns(self, field, known):
        assert marquee().index.facets.knows(field) is known

    def test_topics_are_found_in_either_number(self):
        assert {"zombies", "zombie", "僵 尸"} <= set(topic_phrases("zombies"))
        assert "clowns" in topic_phrases("clown")
        assert topic_phrases("cuba") == ("cuba",)

    def test_currency_and_names_live_through_an_edit(self):
        before = make_index(Catalog([ITEM, BARE]), BagEncoder())
        after = make_index(Catalog([ITEM, Item(id="5", title="New", price=3)]), BagEncoder(), previous=before)
        assert after.facets.currency == before.facets.currency == "EUR"
        assert after.facets.name("jean darc") == "Jean D'Arc"

    def test_an_empty_column_constrains_nothing_by_refusal(self):
        facets = Facets(Catalog([BARE]))
        assert np.array_equal(facets.mask([Constraint("pages", "is_not", 3.0)]), [True])


@pytest.mark.parametrize(
    ("kinds", "of_works"),
    [
        (["game", "doll", "puzzle", "ball", "kite"], False),  # a toy shop has games
        (["film", *["camera"] * 9], False),
        (["album", "pen"], True),
        (["book", "film", "tote bag"], True),
        (["book"], True),
        (["kettle"], False),
    ],
)
def test_a_good_part_of_what_a_shop_has_tells_whether_it_is_one_of_works(kinds, of_works):
    items = [Item(id=f"{n}", title=f"No {n}", kind=kind) for n, kind in enumerate(kinds)]
    assert Facets(Catalog(items)).of_works is of_works
