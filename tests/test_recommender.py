"""The recommender of a large catalogue: a shortlist gives nearly what scoring everything would give."""

from __future__ import annotations

import numpy as np

from chat import recommender
from chat.generator import Named
from chat.prompt import UserContext
from chat.recommender import Recommender
from retrieval.constraints import satisfies_all
from retrieval.types import Constraint, Query
from tests.shops import marquee

QUERIES = [
    Query("something slow about memory", wishes=(("moods", "slow"),)),
    Query("a detective who follows a ghost", liked=(5, 700)),
    Query("a warm family story", wishes=(("genres", "family"),), disliked=(3,)),
    Query("machines and silence", liked=(120,), wishes=(("genres", "science fiction"), ("moods", "dark"))),
    Query("", liked=(33, 34, 35)),
    Query("music for a winter night"),
]
LIMITS = [[], [Constraint("year", ">", 1980)], [Constraint("kind", "is", "film"), Constraint("price", "<", 9)]]


class Namer:
    """Names the first allowed titles, and keeps what it was allowed."""

    def __init__(self):
        self.allowed = None

    def name_titles(self, prompt, k, allowed=None):
        self.allowed = allowed
        return [Named(int(at), -1.0 - n) for n, at in enumerate(np.flatnonzero(allowed)[:k])]


def shorten(monkeypatch):
    """Take Marquee for a large catalogue."""
    monkeypatch.setattr(recommender, "WHOLE_ROWS", 0)
    monkeypatch.setattr(recommender, "_SHORTLIST", 150)
    monkeypatch.setattr(recommender, "_SAMPLE", 300)


def chosen():
    made = Recommender(marquee().index)
    return [
        {pick.position for pick in made.recommend(query, limits, exclude=query.liked)}
        for query in QUERIES
        for limits in LIMITS
    ]


def test_a_shortlist_gives_nearly_the_cards_of_the_whole(monkeypatch):
    whole = chosen()
    shorten(monkeypatch)
    shared = [len(some & others) / 5 for some, others in zip(chosen(), whole, strict=True)]
    assert np.mean(shared) > 0.85


def test_limits_and_exclusions_hold_for_a_shortlist(monkeypatch):
    shorten(monkeypatch)
    made = Recommender(marquee().index)
    for limits in [*LIMITS, [Constraint("creators", "is", "hayao miyazaki")], [Constraint("year", "<", 1900)]]:
        first = [pick.position for pick in made.recommend(QUERIES[0], limits)]
        again = [pick.position for pick in made.recommend(QUERIES[0], limits, exclude=first)]
        assert len(first) == len(set(first))
        assert not set(first) & set(again)
        assert all(satisfies_all(marquee().index.catalog[at], limits) for at in [*first, *again])
    assert made.recommend(QUERIES[0], [Constraint("year", "<", -4000)]) == []


def test_the_language_model_names_from_the_shortlist(monkeypatch):
    shorten(monkeypatch)
    namer = Namer()
    made = Recommender(marquee().index, namer, {"bm25": 1.0, "named": 100.0})  # what it names wins
    picks = made.recommend(Query("ghost"), [], context=UserContext())
    assert np.count_nonzero(namer.allowed) == 150
    assert picks[0].position == np.flatnonzero(namer.allowed)[0]
