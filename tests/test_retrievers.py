"""The contract that every retriever keeps, then what each is for.

The contract is tested over a checkerboard: 16 items, the even ones dark science fiction, the odd ones light comedies,
so that the right answers are known.
"""

from __future__ import annotations

import bm25s
import numpy as np
import pytest

from retrieval import dense
from retrieval.catalog import Catalog
from retrieval.collaborative import CooccurrenceRetriever, EaseRetriever, ItemSets
from retrieval.constraints import Facets
from retrieval.dense import AnnRetriever, DenseRetriever
from retrieval.encoder import SentenceEncoder, item_text
from retrieval.retrievers import FacetRetriever, LexicalRetriever, PopularityRetriever, make_retrievers
from retrieval.scoring import top_k
from retrieval.text import words
from retrieval.types import Item, Query
from tests.fakes import BagEncoder

EVEN, ODD = np.arange(0, 16, 2), np.arange(1, 16, 2)


def checkerboard():
    dark = {"genres": ("science fiction",), "description": "cold space silence"}
    light = {"genres": ("comedy",), "description": "warm kitchen laughter"}
    return Catalog(
        [
            Item(
                id=f"i{at}",
                title=f"Title{at}",
                kind="film",
                creators=(f"Maker {at % 2} {at // 4}",),
                attributes={"moods": ("dark",) if at % 2 == 0 else ("light",), "popularity": float(16 - at)},
                **(dark if at % 2 == 0 else light),
            )
            for at in range(16)
        ]
    )


def embed(catalog, encoder):
    return encoder.encode([item_text(item) for item in catalog.items])


# Each person keeps to one colour.
CHOSEN = ItemSets.of([{f"i{at}": 1.0 for at in squares} for squares in (EVEN, ODD) * 3])

MAKERS = {
    "dense": lambda c: DenseRetriever(embed(c, BagEncoder()), BagEncoder()),
    "ann": lambda c: AnnRetriever(embed(c, BagEncoder()), BagEncoder()),
    "bm25": lambda c: LexicalRetriever(c),
    "popularity": lambda c: PopularityRetriever(c),
    "facets": lambda c: FacetRetriever(c, Facets(c)),
    "ease": lambda c: EaseRetriever.fit(c, CHOSEN, l2=1.0),
    "cooccurrence": lambda c: CooccurrenceRetriever.fit(c, CHOSEN),
}
SPEAKS = {  # a query on which the retriever has an opinion, and whether it then prefers the even items
    "dense": Query(text="cold space", liked=(0, 2), disliked=(1,)),
    "ann": Query(text="cold space", liked=(0, 2), disliked=(1,)),
    "bm25": Query(text="some cold space"),
    "popularity": Query(),
    "facets": Query(wishes=(("genres", "science fiction"),), liked=(0,), disliked=(1,)),
    "ease": Query(text="cold space", liked=(0, 2), disliked=(1,)),
    "cooccurrence": Query(text="warm kitchen", liked=(0, 2), disliked=(1,)),
}


@pytest.fixture(params=sorted(MAKERS))
def made(request):
    return MAKERS[request.param](checkerboard()), SPEAKS[request.param]


class TestContract:
    def test_scores_the_whole_catalogue(self, made):
        retriever, query = made
        scores = retriever.scores(query)
        assert scores.shape == (16,)
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()
        assert np.ptp(scores) > 0

    def test_prefers_the_even_squares(self, made):
        retriever, query = made
        if retriever.name == "popularity":
            pytest.skip("knows no squares")
        scores = retriever.scores(query)
        assert scores[EVEN].min() > scores[ODD].max()
        assert set(top_k(retriever.scores(query), 8).positions.tolist()) == set(EVEN.tolist())

    def test_the_exact_scores_of_all_rows_are_the_scores(self, made):
        retriever, query = made
        rough = retriever.rough(query)
        assert rough.shape == (16,)
        assert rough.dtype == np.float32
        np.testing.assert_allclose(retriever.exact(query, rough, np.arange(16)), retriever.scores(query), rtol=1e-5)

    @pytest.mark.parametrize("text", ["", "   ", "?!", "the of", "xyzzy", "潜行者", "a" * 5000])
    def test_a_query_that_says_nothing_scores_finitely(self, made, text):
        scores = made[0].scores(Query(text=text))
        assert scores.shape == (16,)
        assert np.isfinite(scores).all()

    def test_no_opinion_is_zero(self, made):
        if made[0].name == "popularity":
            pytest.skip("always has an opinion")
        assert not made[0].scores(Query()).any()
        assert top_k(made[0].scores(Query()), 3).positions.tolist() == [0, 1, 2]

    def test_asking_twice_gives_the_same(self, made):
        retriever, query = made
        first = retriever.scores(query).copy()
        retriever.scores(Query(text="warm kitchen", liked=(1,)))
        np.testing.assert_array_equal(retriever.scores(query), first)

    def test_one_item_is_a_catalogue(self, made):
        name = next(name for name, maker in SPEAKS.items() if maker is made[1])
        retriever = MAKERS[name](Catalog([Item(id="a", title="Alone")]))
        assert top_k(retriever.scores(Query(text="alone", liked=(0,))), 3).positions.tolist() == [0]


class TestTopK:
    def test_breaks_ties_by_position_at_the_boundary(self):
        scores = np.array([1, 3, 2, 2, 2, 3], dtype=np.float32)
        assert top_k(scores, 3).positions.tolist() == [1, 5, 2]
        assert top_k(scores, 3, np.array([1, 1, 0, 1, 1, 1], dtype=np.bool_)).positions.tolist() == [1, 5, 3]

    @pytest.mark.parametrize(("k", "found"), [(-1, []), (0, []), (9, [1, 0, 2])])
    def test_gives_what_there_is(self, k, found):
        assert top_k(np.array([1, 2, 0], dtype=np.float32), k).positions.tolist() == found
        assert len(top_k(np.ones(3, dtype=np.float32), k, np.zeros(3, dtype=np.bool_)).positions) == 0

    def test_never_returns_minus_infinity(self):
        scores = np.array([-np.inf, 1, -np.inf, 0], dtype=np.float32)
        assert top_k(scores, 4).positions.tolist() == [1, 3]

    def test_agrees_with_sorting(self):
        rng = np.random.default_rng(0)
        for _ in range(50):
            scores = rng.integers(0, 6, 40).astype(np.float32)
            k = int(rng.integers(1, 45))
            assert top_k(scores, k).positions.tolist() == np.lexsort((np.arange(40), -scores))[:k].tolist()


class TestDense:
    def test_a_liked_item_pulls_its_neighbours(self):
        catalog = checkerboard()
        scores = MAKERS["dense"](catalog).scores(Query(liked=(4,)))
        assert np.delete(scores, 4)[np.delete(np.arange(16), 4) % 2 == 0].min() > scores[ODD].max()

    def test_a_disliked_item_pushes_its_neighbours(self):
        retriever = MAKERS["dense"](checkerboard())
        plain, pushed = (retriever.scores(Query(text="film", disliked=d)) for d in ((), (1,)))
        assert ((plain - pushed)[ODD].min()) > ((plain - pushed)[EVEN].max())

    def test_rough_scores_find_what_exact_ones_rank_first(self, monkeypatch):
        monkeypatch.setattr(dense, "WHOLE_ROWS", 0)
        rng = np.random.default_rng(0)
        groups = rng.normal(size=(40, 128))  # as texts do, rows gather around what they are about
        rows = (groups[rng.integers(40, size=4000)] + 0.7 * rng.normal(size=(4000, 128))).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        retriever = DenseRetriever(rows, BagEncoder(128))
        for at in range(10):
            query = Query(liked=(at, at + 50), disliked=(at + 100,))
            rough = retriever.rough(query)
            best = top_k(retriever.scores(query), 10).positions
            assert np.isin(best, top_k(rough, 400).positions).mean() >= 0.9
            np.testing.assert_allclose(retriever.exact(query, rough, best), retriever.scores(query)[best], rtol=1e-5)


class TestAnn:
    def rows(self, count, seed=0):
        rows = np.random.default_rng(seed).normal(size=(count, 32)).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def test_finds_nearly_what_exact_search_finds(self):
        rows, encoder = self.rows(3000), BagEncoder(32)
        exact, ann = DenseRetriever(rows, encoder), AnnRetriever(rows, encoder)
        allowed = np.random.default_rng(1).random(3000) < 0.3
        shares = []
        for at in range(20):
            query = Query(liked=(at, at + 50), disliked=(at + 100,))
            wanted, found = (top_k(r.scores(query), 10, allowed) for r in (exact, ann))
            assert allowed[found.positions].all()
            shares.append(len(np.intersect1d(wanted.positions, found.positions)) / 10)
        assert np.mean(shares) > 0.9

    def test_an_edit_shares_the_graph(self):
        rows, encoder = self.rows(500), BagEncoder(32)
        before = AnnRetriever(rows, encoder)
        # Row 0 is gone, row 7 changed, one row is appended; everything else moved up by one.
        edited = np.concatenate([rows[1:], self.rows(1, seed=9)])
        edited[6] = self.rows(1, seed=8)[0]
        source = np.array([*range(1, 500), -1])
        source[6] = -1
        after = AnnRetriever(edited, encoder, previous=before, source=source)
        assert after.graph is before.graph
        for at in (0, 6, 499):
            assert top_k(after.scores(Query(liked=(at,))), 1).positions.tolist() == [at]
            assert top_k(before.scores(Query(liked=(at,))), 1).positions.tolist() == [at]
        again = AnnRetriever(rows, encoder, previous=before, source=np.arange(500))
        assert again.graph is not before.graph  # `before` no longer knows all keys of the graph that it shares

    def test_a_saved_graph_is_restored_and_a_damaged_one_built_again(self, tmp_path):
        rows, encoder = self.rows(300), BagEncoder(32)
        AnnRetriever(rows, encoder).save(tmp_path)
        restored = AnnRetriever(rows, encoder, folder=tmp_path)
        assert top_k(restored.scores(Query(liked=(5,))), 1).positions.tolist() == [5]
        (tmp_path / "graph.usearch").write_bytes(b"nonsense")
        assert AnnRetriever(rows, encoder, folder=tmp_path).scores(Query(liked=(5,)))[5] > 0.99
        (tmp_path / "places.npy").unlink()
        assert len(AnnRetriever(rows[:200], encoder, folder=tmp_path).graph) == 200


class TestLexical:
    def test_scores_as_bm25s_does(self):
        catalog = checkerboard()
        ours = LexicalRetriever(catalog)
        documents = [words(" . ".join([i.title, *i.aliases, item_text(i)])) for i in catalog.items]
        reference = bm25s.BM25()
        reference.index(documents, show_progress=False)
        for text in ("cold space", "title3", "maker science", "kitchen film 1"):
            expected = reference.get_scores(words(text))
            np.testing.assert_allclose(ours.scores(Query(text=text)), expected, rtol=1e-5)

    def test_an_edit_gives_the_scores_of_a_new_build(self):
        catalog = checkerboard()
        edited = list(catalog.items)[::-1][:10]
        edited[3] = Item(id="new", title="A Brand New Word", description="cold")
        source = np.array([15 - at for at in range(10)])
        source[3] = -1
        grown = LexicalRetriever(Catalog(edited), previous=LexicalRetriever(catalog), source=source)
        fresh = LexicalRetriever(Catalog(edited))
        for text in ("cold space", "brand title14", "kitchen"):
            np.testing.assert_allclose(grown.scores(Query(text=text)), fresh.scores(Query(text=text)), rtol=1e-5)

    def test_finds_chinese_by_characters_and_aliases(self):
        catalog = Catalog([Item(id="a", title="Stalker", aliases=("潜行者",)), Item(id="b", title="红楼梦")])
        retriever = LexicalRetriever(catalog)
        assert top_k(retriever.scores(Query(text="红楼")), 1).positions.tolist() == [1]
        assert retriever.scores(Query(text="我喜欢潜行者")).argmax() == 0

    def test_stop_words_count_when_nothing_else_is_said(self):
        catalog = Catalog([Item(id="a", title="Us"), Item(id="b", title="It"), Item(id="c", title="Cold")])
        retriever = LexicalRetriever(catalog)
        assert retriever.scores(Query(text="it")).argmax() == 1
        assert retriever.scores(Query(text="is it cold")).argmax() == 2
        assert retriever.scores(Query(text="is it cold"))[1] == 0


class TestPopularity:
    def test_reads_the_attribute_and_takes_counts(self):
        catalog = checkerboard()
        assert PopularityRetriever(catalog).scores(Query())[0] == 1.0
        counts = [0.0, -5.0, np.nan, 7.0, *[0.0] * 12]
        scores = PopularityRetriever(catalog, counts).scores(Query())
        assert scores.tolist() == [0, 0, 0, 1, *[0] * 12]

    def test_without_counts_has_no_opinion(self):
        catalog = Catalog([Item(id="a", title="A", attributes={"popularity": "high"}), Item(id="b", title="B")])
        assert PopularityRetriever(catalog).scores(Query()).tolist() == [0, 0]


class TestFacets:
    def test_counts_the_wishes_met(self):
        scores = MAKERS["facets"](checkerboard()).scores(Query(wishes=(("genres", "comedy"), ("moods", "dark"))))
        assert scores.tolist() == [0.5] * 16

    def test_numeric_and_topic_wishes(self):
        catalog = Catalog([Item(id="a", title="A", year=1985), Item(id="b", title="B", description="an astronaut")])
        retriever = FacetRetriever(catalog, Facets(catalog))
        assert retriever.scores(Query(wishes=(("decade", "1980"),))).tolist() == [1, 0]
        assert retriever.scores(Query(wishes=(("topic", "space"),))).tolist() == [0, 1]
        assert retriever.scores(Query(wishes=(("decade", "eighties"),))).tolist() == [0, 0]

    def test_rare_values_weigh_more(self):
        rest = [Item(id=f"r{at}", title="R", genres=("drama",)) for at in range(6)]
        catalog = Catalog(
            [
                Item(id="a", title="A", genres=("drama",), creators=("Rare",)),
                Item(id="b", title="B", creators=("Rare",), genres=("comedy",)),
                *rest,
                Item(id="c", title="C", genres=("comedy",)),
            ]
        )
        scores = FacetRetriever(catalog, Facets(catalog)).scores(Query(liked=(0,)))
        assert scores[0] == pytest.approx(1)
        assert scores[1] > scores[2] > 0
        assert scores[-1] == 0


def test_the_latest_liked_item_alone_counts_for_latest():
    catalog = Catalog([Item(id=t, title=t) for t in ("red apple", "green apple", "blue whale", "grey whale")])
    made = make_retrievers(catalog, Facets(catalog), embed(catalog, BagEncoder()), BagEncoder())
    latest, asked = made["latest"], Query(text="apple", liked=(0, 2), wishes=(("genres", "apple"),))
    assert top_k(latest.scores(asked), 2).positions.tolist() == [2, 3]
    assert latest.scores(asked)[2] == pytest.approx(1)
    rows = np.array([1, 3])
    assert latest.exact(asked, latest.rough(asked), rows) == pytest.approx(latest.scores(asked)[rows])
    assert not latest.scores(Query(text="apple", disliked=(1,))).any()


def test_the_retrievers_of_a_catalogue_by_name():
    catalog = checkerboard()
    made = make_retrievers(catalog, Facets(catalog), embed(catalog, BagEncoder()), BagEncoder())
    assert list(made) == ["dense", "latest", "bm25", "popularity", "facets"]
    assert all(name == retriever.name for name, retriever in made.items())


@pytest.mark.models
class TestRealEncoder:
    def test_meaning_without_shared_words(self):
        texts = ["A detective hunts a murderer", "Baking bread at home", "Rockets and astronauts"]
        catalog = Catalog([Item(id=str(at), title=text) for at, text in enumerate(texts)])
        encoder = SentenceEncoder()
        rows = embed(catalog, encoder)
        assert rows.shape == (3, encoder.dimension) == (3, 384)
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
        retriever = DenseRetriever(rows, encoder)
        assert retriever.scores(Query(text="space travel to other planets")).argmax() == 2
        assert retriever.scores(Query(text="a crime mystery")).argmax() == 0

    def test_order_and_company_do_not_matter(self):
        encoder = SentenceEncoder()
        texts = ["short", "a longer text about a river " * 10, "", "middle of the road"]
        together = encoder.encode(texts)
        for text, row in zip(texts, together, strict=True):
            assert float(encoder.encode([text])[0] @ row) > 0.99
        assert encoder.encode([]).shape == (0, 384)
        assert encoder.name == "minilm@96"
