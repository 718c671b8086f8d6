from __future__ import annotations

import random
import re
import string
from functools import cache

import numpy as np
import pytest

from finetune.leaks import Secret
from finetune.people import ATTITUDES, Person, make_person
from finetune.says import Says
from finetune.tastes import SimulationError, World, draw, held_out, plain
from finetune.wordings import chinese, english
from finetune.wordings.voice import Voice, choose, misspelt
from retrieval.catalog import Catalog
from retrieval.constraints import satisfies
from retrieval.text import language_of, normalize
from retrieval.types import Constraint, Item
from tests.shops import MARQUEE

STALKER = Item(
    "stalker",
    "The Stalker Returns",
    year=1979,
    creators=("Andrei Tarkovsky",),
    aliases=("Сталкер", "潜行者归来", "Zone 9"),
)


@cache
def world() -> World:
    return World(Catalog.load(MARQUEE))


def in_stock(of: World) -> list[int]:
    return np.flatnonzero(of.catalog.in_stock).tolist()


@cache
def person(number: int, seed: int = 5) -> Person:
    return make_person(world(), number, seed, targets=in_stock(world()))


def talk(who: Person, turns: int = 4) -> list[tuple[str, tuple[Says, ...], list[int]]]:
    """Let a person talk to somebody who shows random items near the target, but never that."""
    rng = random.Random(who.target)
    near = [at for at in np.argsort(-who.fit, kind="stable")[:60].tolist() if at != who.target]
    said, shown = who.open(), []
    turns_said = [(said.text, said.says, shown)]
    for _ in range(turns):
        shown = rng.sample(near, 5)
        said = who.react(shown)
        turns_said.append((said.text, said.says, shown))
    return turns_said


class TestLeaks:
    @pytest.mark.parametrize(
        "text",
        [
            "I want The Stalker Returns",
            "stalker returns!",
            "something like stalker-returns, please",
            "the stalkr returns",
            "stalkerreturns",
            "有没有潜行者归来？",
            "сталкер",
            "players of ZONE 9",
        ],
    )
    def test_a_name_is_found_however_it_is_written(self, text: str) -> None:
        assert Secret(STALKER).leak(text)

    @pytest.mark.parametrize(
        "text",
        ["", "a film about stalking that returns", "the stalker", "zone 8", "潜行", "by Andrei Tarkovsky", "1979"],
    )
    def test_other_words_are_no_leak(self, text: str) -> None:
        assert not Secret(STALKER).leak(text)

    def test_maker_and_exact_year_together_give_it_away(self) -> None:
        secret = Secret(STALKER)
        assert secret.leak("by Tarkovsky, from 1979")
        assert secret.leak("from 1979", ["something by Andrei Tarkovsky"])
        assert not secret.leak("before 1980", ["something by Andrei Tarkovsky"])

    def test_a_title_that_is_a_common_word_must_not_be_said_at_all(self) -> None:
        assert Secret(Item("her", "Her")).leak("I loved her other work")
        assert not Secret(Item("her", "Her")).leak("something from here")


class TestTastes:
    @pytest.mark.parametrize("number", range(40))
    def test_everything_in_a_taste_is_true_of_the_target(self, number: int) -> None:
        rng = random.Random(number)
        target = rng.choice(in_stock(world()))
        taste, item = draw(world(), target, rng), world().item(target)
        assert all(satisfies(item, c) for c in (*taste.limits, *taste.refused))
        assert all(c.value != item.year for c in taste.limits if c.field == "year")
        assert all(v in world().values[target] for v in taste.weights if v[0] != "creators")
        assert all(weight > 0 for weight in taste.weights.values())
        names = [normalize(world().item(at).title) for at in (*taste.liked, *taste.disliked)]
        assert normalize(item.title) not in names
        assert not set(taste.liked) & set(taste.disliked)

    def test_the_same_seed_gives_the_same_taste(self) -> None:
        assert draw(world(), 7, random.Random(1)) == draw(world(), 7, random.Random(1))
        assert draw(world(), 7, random.Random(1)) != draw(world(), 7, random.Random(2))

    def test_only_what_may_be_known_is_liked(self) -> None:
        known = np.zeros(len(world()), dtype=np.bool_)
        known[:400] = True
        liked = [at for n in range(20) for at in draw(world(), 900, random.Random(n), known).liked]
        assert liked
        assert max(liked) < 400

    def test_known_items_are_nearer_than_others(self) -> None:
        nearness = []
        for n in range(30):
            taste = draw(world(), in_stock(world())[n * 40], random.Random(n))
            fit = world().fit(taste.weights)
            nearness.append(fit[list(taste.liked)].mean() - fit.mean())
        assert np.mean(nearness) > 0.1

    def test_a_word_that_names_another_genre_is_not_said(self) -> None:
        catalog = Catalog(
            [Item(str(n), f"T{n}", genres=("drama",), attributes={"themes": ("detective",)}) for n in (1, 2)]
        )
        tiny = World(catalog)
        assert not plain(tiny, 0, ("themes", "detective"))
        assert plain(tiny, 0, ("genres", "drama"))

    def test_held_out_items_are_a_seeded_share_and_works_of_one_name_stay_together(self) -> None:
        catalog = world().catalog
        held = held_out(catalog, 0.2, 3)
        assert held == held_out(catalog, 0.2, 3) != held_out(catalog, 0.2, 4)
        assert 0.17 < len(held) / len(catalog) < 0.23
        assert not held_out(catalog, 0.0, 3)
        names = {normalize(catalog[at].title) for at in held}
        assert all((normalize(item.title) in names) == (at in held) for at, item in enumerate(catalog))

    def test_an_empty_shop_is_refused(self) -> None:
        with pytest.raises(SimulationError, match="1 items in stock"):
            World(Catalog([Item("a", "A"), Item("b", "B", in_stock=False)]))

    def test_items_without_facets_are_described_by_words_of_their_text(self) -> None:
        titles = [
            "Red Valve",
            "Blue Valve",
            "Green Valve",
            "Steel Hammer",
            "Wooden Hammer",
            "Rubber Hammer",
            *"ABCDEFGH",
        ]
        shop = World(Catalog([Item(str(n), title) for n, title in enumerate(titles)]))
        assert ("topic", "valve") in shop.values[0]
        assert shop.values[-1] == ()


class TestPeople:
    @pytest.mark.parametrize("number", range(120))
    def test_nobody_gives_the_target_away_or_says_what_is_not_so(self, number: int) -> None:
        who = person(number)
        secret, target = Secret(world().item(who.target)), world().item(who.target)
        told: list[str] = []
        decoys: list[Constraint | None] = []
        talked = talk(who)
        for _, says, _ in talked:
            decoys += [s.limit for s in says if s.act == "retract"]
        for text, says, shown in talked:
            assert text.strip()
            assert not secret.leak(text, told)
            told.append(text)
            for s in says:
                assert who.target not in s.items
                assert [shown[p] for p in s.places] == (list(s.items) if s.places else [])
                misled = who.attitude.wavers and (s.limit in decoys or not decoys)
                if s.limit is not None and s.act != "retract" and not misled:
                    assert satisfies(target, s.limit), s

    def test_the_same_number_is_the_same_person(self) -> None:
        again = [make_person(world(), 3, 5, targets=in_stock(world())) for _ in range(2)]
        assert talk(again[0]) == talk(again[1])
        assert make_person(world(), 3, 6, targets=in_stock(world())).open() != again[0].open()

    def test_every_attitude_and_both_languages_occur(self) -> None:
        people = [person(number) for number in range(120)]
        assert {p.attitude.name for p in people} == {a.name for a in ATTITUDES}
        assert {p.voice.language for p in people} == {"en", "zh"}

    def test_chinese_people_write_chinese(self) -> None:
        texts = [text for n in range(120) if person(n).voice.language == "zh" for text, _, _ in talk(person(n))]
        assert texts
        assert sum(language_of(text) == "zh" for text in texts) > 0.9 * len(texts)

    def test_a_shop_without_chinese_names_has_no_chinese_people(self) -> None:
        shop = World(Catalog([Item(str(n), f"Title {n}", genres=("drama",)) for n in range(20)]))
        people = [make_person(shop, n, 0, targets=range(20)) for n in range(60)]
        assert {p.voice.language for p in people} == {"en"}

    def test_who_wavers_takes_the_first_wish_back(self) -> None:
        wavering = [person(n) for n in range(120) if person(n).attitude.name == "wavering"]
        taken_back = 0
        for number, _ in enumerate(wavering):
            who = make_person(world(), number, 77, targets=in_stock(world()))
            if not who.attitude.wavers:
                continue
            said = [s for _, says, _ in talk(who, 8) for s in says]
            retracted = [s for s in said if s.act == "retract"]
            taken_back += len(retracted)
            for s in retracted:
                assert s.limit not in who.limits
        assert taken_back

    def test_only_known_titles_are_misspelt(self) -> None:
        texts = 0
        for number in range(60):
            who = person(number)
            taken = who.accept([who.target])
            title = world().item(who.target).title.casefold()
            plain_text = taken.text.casefold().replace("'", "")
            texts += title.replace("'", "") in plain_text
            assert taken.items == (who.target,)
        assert texts > 10  # the others say "the first one", or the Chinese name

    def test_a_target_whose_title_is_a_common_word_goes_unsaid(self) -> None:
        items = [Item(f"i{n}", f"Story {n}", genres=("drama", "romance"), year=1950 + n) for n in range(20)]
        shop = World(Catalog([*items, Item("it", "It", genres=("drama", "romance"), year=1990, aliases=("Drama",))]))
        for number in range(40):
            who = make_person(shop, number, 0, targets=[20])
            texts = [who.open().text, who.react([0, 1, 2]).text, who.react([3, 4]).text]
            assert not re.search(r"\b(it|drama)\b", " ".join(texts), re.IGNORECASE)

    def test_a_title_is_all_it_takes(self) -> None:
        shop = World(Catalog([Item(str(n), f"Work number {n}") for n in range(12)]))
        for number in range(20):
            who = make_person(shop, number, 1, targets=range(12))
            shown = [at for at in range(12) if at != who.target][:5]
            assert who.open().text
            assert who.react(shown).text
            assert who.react([]).text

    def test_what_was_not_heeded_is_said_again(self) -> None:
        again = [s for n in range(60) for _, says, _ in talk(person(n, 9)) for s in says if s.again]
        assert again
        assert {s.act for s in again} <= {"limit", "refuse"}


class TestVoices:
    SLOTS = frozenset({"thing", "titles", "x", "this", "more", "that", "knew", "a", "rest", "wish"})

    def test_both_languages_have_the_same_tables(self) -> None:
        names = [{n for n in vars(module) if n.isupper()} for module in (english, chinese)]
        assert names[0] == names[1]
        assert set(english.TAILS) == set(chinese.TAILS)
        assert set(english.RELATIVE) == set(chinese.RELATIVE)

    @pytest.mark.parametrize("module", [english, chinese])
    def test_phrases_have_known_slots_and_no_copies(self, module: object) -> None:
        for name, table in vars(module).items():
            if not (name.isupper() and isinstance(table, tuple)):
                continue
            slots = {slot for phrase in table for _, slot, _, _ in string.Formatter().parse(phrase) if slot}
            assert slots <= self.SLOTS, name
            assert len(set(table)) == len(table) or name == "LEADS", name

    def test_phrases_kept_for_measuring_are_not_trained_on(self) -> None:
        rng = random.Random(0)
        drawn = {part: {choose(english.OPENERS, rng, part) for _ in range(400)} for part in ("train", "test", "all")}
        assert not drawn["train"] & drawn["test"]
        assert drawn["train"] | drawn["test"] == drawn["all"] == set(english.OPENERS)

    def test_a_slip_is_one_and_short_titles_have_none(self) -> None:
        from rapidfuzz.distance import DamerauLevenshtein

        for n in range(200):
            slipped = misspelt("The Seventh Seal", random.Random(n))
            assert DamerauLevenshtein.distance(slipped, "The Seventh Seal") <= 1
        assert misspelt("Up 84", random.Random(0)) == "Up 84"

    def test_a_wish_becomes_one_phrase(self) -> None:
        voice = Voice(world(), "en", part="test")
        says = [
            Says("want", "moods", "slow"),
            Says("want", "genres", "horror"),
            Says("want", "themes", "grief"),
            Says("limit", limit=Constraint("kind", "is", "album")),
            Says("limit", limit=Constraint("price", "<=", 10.0)),
        ]
        phrases = {voice.thing(says, random.Random(n)) for n in range(300)}
        assert "a slow horror album about grief, under $10" in phrases
        assert all("$10" in phrase and "grief" in phrase for phrase in phrases)

    def test_keywords_are_terse(self) -> None:
        voice = Voice(world(), "en", "terse")
        says = [Says("want", "moods", "slow"), Says("refuse", limit=Constraint("genres", "is_not", "horror"))]
        assert voice.opening(says, random.Random(0)) == "slow, no horror"
