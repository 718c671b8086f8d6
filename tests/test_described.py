"""Wishes that are described: read where they are meant, and nowhere else."""

from __future__ import annotations

import pytest
from safetensors import safe_open

from finetune.contexts import listening_shop
from retrieval.catalog import Catalog
from retrieval.described import IDIOMS, VECTORS, describer
from retrieval.encoder import SentenceEncoder
from retrieval.lexicon import vocabulary
from retrieval.types import Item
from tests.fakes import BagEncoder
from tests.shops import MARQUEE, marquee

# Not among the idioms, and not among the simulated people's.
WISHES = {
    "I want something that keeps my stomach in knots": [("moods", "tense")],
    "a film that makes me howl with laughter": [("moods", "funny")],
    "something to make me laugh": [("moods", "funny")],
    "a book which reminds me of when I was a child": [("moods", "nostalgic")],
    "an album that helps me unwind after a long day": [("moods", "calm")],
    "a game that has me hunting zombies": [("genres", "horror")],
    "a film that has an inspector looking for clues": [("genres", "mystery")],
    "a book where people laugh out loud": [("moods", "funny")],
    "想要让人屏住呼吸的电影": [("moods", "tense")],
}
NOTHING = [
    "a book that deals with poverty", "I like that film a lot", "a game that works on a Mac",
    "a film that isn't boring",
    "I know that you have Stalker", "a film that has good reviews", "something that is out of stock",
    "is it true that it is cheaper", "a film that came out last year", "a game to play with my brother",
]  # fmt: skip


@pytest.fixture(scope="module")
def parser():
    return listening_shop(Catalog.load(MARQUEE), SentenceEncoder()).parser


def soft(parsed):
    return [(wish.field, wish.value) for wish in parsed.wishes if wish.field in ("moods", "genres")]


def hard(parsed):
    return {(c.field, c.op, c.value) for c in parsed.constraints if c.field in ("moods", "genres")}


@pytest.mark.models
class TestReal:
    @pytest.mark.parametrize(("text", "wishes"), WISHES.items(), ids=WISHES)
    def test_a_description_is_a_wish(self, parser, text, wishes):
        parsed = parser.parse(text)
        assert soft(parsed) == wishes
        assert hard(parsed) == set()

    @pytest.mark.parametrize("text", NOTHING)
    def test_other_clauses_are_none(self, parser, text):
        parsed = parser.parse(text)
        assert (soft(parsed), hard(parsed)) == ([], set())

    @pytest.mark.parametrize("text", ["nothing that gives me bad dreams", "I don't want films that give me nightmares"])
    def test_what_is_refused_is_a_limit(self, parser, text):
        assert ("moods", "is_not", "scary") in hard(parser.parse(text))

    def test_what_is_named_needs_no_description(self, parser):
        assert soft(parser.parse("something that is slow and makes my palms sweat")) == [("moods", "slow")]

    def test_a_described_mood_is_about_nothing(self, parser):
        assert [w.field for w in parser.parse("something that helps me unwind after work").wishes] == ["moods"]

    def test_where_the_wish_stands(self, parser):
        (wish,) = parser.parse("a film that makes my palms sweat, please").wishes
        assert (wish.surface, wish.start) == ("makes my palms sweat", 12)

    def test_a_catalogue_without_moods_knows_none(self):
        catalog = Catalog([Item(id="1", title="Rope", kind="film"), Item(id="2", title="Jaws", kind="film")])
        parser = listening_shop(catalog, SentenceEncoder()).parser
        assert parser.parse("a film that makes my palms sweat").wishes == ()

    def test_the_vectors_are_those_of_the_idioms(self):
        idioms = describer(SentenceEncoder()).idioms
        with safe_open(VECTORS, framework="np") as file:
            assert file.get_tensor("vectors").shape[0] == len(idioms.owners)
        for value in ("tense", "western"):
            phrases = next(line for line in _idioms() if line.startswith(f"{value}: ")).partition(": ")[2]
            texts = [f"something that {p}" for p in phrases.partition(" | ")[0].split("; ")]
            place = [name for _, name in idioms.values].index(value)
            kept = idioms.vectors[idioms.owners == place]
            assert (kept * SentenceEncoder().encode(texts)).sum(axis=1).min() > 0.97


def test_another_encoder_reads_nothing():
    assert describer(BagEncoder()) is None
    assert marquee().parser.parse("a film that makes my palms sweat").wishes == ()


def test_every_value_is_a_mood_or_genre_with_phrases_in_both_languages():
    for line in _idioms():
        value, _, phrases = line.partition(": ")
        english, _, chinese = phrases.partition(" | ")
        assert value in vocabulary("moods") or value in vocabulary("genres")
        assert len(english.split("; ")) >= 8
        assert len(chinese.split("; ")) >= 4


def _idioms():
    return IDIOMS.read_text(encoding="utf-8").splitlines()
