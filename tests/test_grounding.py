"""Grounding: a name becomes an item of ours with a confidence, or an honest no with the nearest."""

from __future__ import annotations

import pytest

from retrieval.catalog import Catalog
from retrieval.constraints import Facets
from retrieval.grounding import CARRIED_FROM, Grounder
from retrieval.linking import TitleLinker
from retrieval.types import Item
from tests.fakes import BagEncoder
from tests.shops import marquee


def titles(positions):
    return [marquee().index.catalog[at].title for at in positions]


class TestMarquee:
    @pytest.mark.parametrize(
        ("name", "how", "title"),
        [
            ("The Matrix", "exact", "The Matrix"),
            ("matrix", "exact", "The Matrix"),
            ("黑客帝国", "exact", "The Matrix"),
            ("intersteller", "fuzzy", "Interstellar"),
            ("The Matrix Reloadde", "fuzzy", "The Matrix Reloaded"),
            ("crouching tiger, hiden dragon", "fuzzy", "Crouching Tiger, Hidden Dragon"),
        ],
    )
    def test_carried(self, name, how, title):
        found = marquee().grounder.ground(name)
        assert (found.how, titles(found.positions)[0]) == (how, title)
        assert found.confidence >= CARRIED_FROM
        assert found.nearest == ()

    @pytest.mark.parametrize(
        ("name", "nearest"),
        [
            ("The Matrix 9", "The Matrix"),
            ("Blade Runner 2050", "Blade Runner 2049"),
            ("大话西游", None),
            ("qwertyuiop", None),
            ("", None),
            ("👾", None),
            ("The", None),
        ],
    )
    def test_not_carried(self, name, nearest):
        found = marquee().grounder.ground(name)
        assert (found.positions, found.how) == ((), "none")
        assert len(found.nearest) == len(set(found.nearest)) <= 5  # nonsense has fewer neighbours
        if nearest:
            assert titles(found.nearest)[0] == nearest

    @pytest.mark.parametrize("k", [1, 3, 8])
    def test_as_many_as_asked(self, k):
        assert len(marquee().grounder.ground("The Matrix 9", nearest=k).nearest) == k

    def test_every_title_is_carried(self):
        ground = marquee().grounder.ground
        wrong = [i.title for at, i in enumerate(marquee().index.catalog.items) if at not in ground(i.title).positions]
        assert wrong == []


class TestSteps:
    @pytest.fixture
    def made(self):
        items = [Item(id="1", title="Green Door Opening"), Item(id="2", title="Cold Sea"), Item(id="3", title="Alone")]
        encoder = BagEncoder()
        return TitleLinker(Facets(Catalog(items))), encoder, encoder.encode([i.title for i in items])

    @pytest.fixture
    def polyglot(self, made):
        """Give a grounder whose encoder knows that "la mer froide" means "Cold Sea"."""

        class Polyglot(BagEncoder):
            def encode(self, texts):
                return super().encode([t.replace("la mer froide", "cold sea") for t in texts])

        return Grounder(made[0], Polyglot(), made[2])

    def test_other_words_of_one_meaning_are_carried(self, polyglot):
        found = polyglot.ground("la mer froide")
        assert (found.positions, found.how) == ((1,), "meaning")
        assert found.confidence == pytest.approx(1.0, abs=1e-3)
        assert 1 not in found.nearest

    def test_a_number_is_never_a_matter_of_meaning(self, polyglot):
        found = polyglot.ground("la mer froide 2")
        assert (found.positions, found.how, found.nearest[0]) == ((), "none", 1)

    def test_without_an_encoder_it_goes_by_spelling(self, made):
        grounder = Grounder(made[0])
        assert grounder.ground("cold see").positions == (1,)
        assert grounder.ground("opening of a door in green").how == "none"
