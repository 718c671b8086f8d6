"""Business rules: what their file may say, and what they can and cannot do to a row of cards."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from chat import recommender, rules, stateless
from chat.assistant import Assistant
from chat.conversation import Conversation
from chat.desk import Desk
from chat.rules import Rulebook, RulesError, Situation, load_rules
from chat.state import DialogueState
from tests.shops import MARQUEE, Talk, ids, marquee

TODAY = date(2026, 11, 25)
STALKER, TREK, BREAD = (
    "film-stalker-1979",
    "film-star-trek-the-motion-picture-1979",
    "course-sourdough-at-home-step-by-step-2020",
)
ARRIVAL = "I loved Arrival. Something slower, before 1990?"


@pytest.fixture
def book(tmp_path):
    """Write a file of rules, and return the rules in force."""

    def made(text, today=TODAY):
        path = tmp_path / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        return Rulebook(path, lambda: today)

    return made


def talk(rulebook):
    shop = marquee()
    return Talk(replace(shop, recommender=replace(shop.recommender, rules=rulebook)))


def rule(action, which=f"items: [{STALKER}]", more=""):
    return f"rules:\n  - action: {action}\n    {which}\n" + "".join(f"    {line}\n" for line in more.splitlines())


class TestTheFile:
    def test_the_example_is_valid_and_speaks_of_what_marquee_has(self, caplog):
        example = Rulebook(MARQUEE.with_name("rules.yaml"), lambda: TODAY)
        placed = example.placed(marquee().index, Situation("a bread for beginners"))
        assert [marquee().index.catalog[at].id for at in placed.pins] == [BREAD]
        assert len(example.hidden(marquee().index)) == 1
        assert not caplog.records

    @pytest.mark.parametrize("text", ["", "rules: []", "# nothing\n"])
    def test_no_rules_are_rules_too(self, book, text):
        assert book(text).placed(marquee().index, Situation()) == rules.Placed()

    @pytest.mark.parametrize(
        ("text", "line", "told"),
        [
            (rule("boots"), 2, "found 'boots'"),
            (rule("pin", more="colour: red"), 4, "colour: there is no such key"),
            (rule("pin", "where: [{field: year, value: 1979, opp: is}]"), 3, "opp: there is no such key"),
            (rule("pin", more="until: soon"), 4, "found 'soon'"),
            (rule("boost", more="strength: -1"), 4, "found -1"),
            (rule("pin", "when: {}"), 2, "either items"),
            (rule("pin", more="strength: 2"), 2, "strength belongs to boost and bury"),
            (rule("never", more="sponsored: true"), 2, "sponsored belongs to boost and pin"),
            (rule("never", more="when: {words: [x]}"), 2, "in every conversation"),
            (rule("boost", "where: [{field: year, op: '<', value: old}]"), 3, "compares numbers"),
            (rule("boost", "where: [{field: year, op: '<', value: true}]"), 3, "compares numbers"),
            (rule("boost", more="from: 2026-02-01\nuntil: 2026-01-01"), 2, "before from"),
            (rule("boost", more="name: a\nname: b"), 5, "'name' stands here twice"),
            ("rules:\n  - action: pin\n   items: [a]\n", 3, "not YAML"),
            ("rules: 3", 1, "found 3"),
            ("- action: pin", 1, "the file"),
            ("rules: !!python/object/apply:os.getcwd []", 1, "not YAML"),
        ],
    )
    def test_says_what_is_wrong_and_where(self, book, text, line, told):
        with pytest.raises(RulesError) as error:
            book(text)
        assert f"rules.yaml:{line}: " in str(error.value)
        assert told in str(error.value)

    def test_tells_every_wrong_rule(self, book):
        with pytest.raises(RulesError) as error:
            book(rule("boots") + rule("bort").partition("\n")[2])
        assert len(str(error.value).splitlines()) == 2

    def test_a_missing_file(self, tmp_path):
        with pytest.raises(RulesError, match="cannot be read"):
            Rulebook(tmp_path / "none.yaml")

    def test_what_the_catalogue_lacks_is_logged(self, book, caplog):
        book(rule("pin", "items: [no-such]")).placed(marquee().index, Situation())
        book(rule("bury", "where: [{field: colour, value: red}]")).placed(marquee().index, Situation())
        assert "no item 'no-such'" in caplog.text
        assert "a column 'colour'" in caplog.text

    def test_numbers_may_be_ids(self, tmp_path):
        (tmp_path / "r.yaml").write_text(rule("pin", "items: [1001]"), encoding="utf-8")
        assert load_rules(tmp_path / "r.yaml")[0].items == ("1001",)


class TestLiveEdits:
    def edit(self, rulebook, text):
        rulebook._path.write_text(text, encoding="utf-8")
        os.utime(rulebook._path, ns=(0, time.monotonic_ns()))
        rulebook._looked = -1.0

    def test_an_edit_is_live_and_a_broken_one_keeps_the_last_good_rules(self, book):
        rulebook = book("")
        assert not len(rulebook.hidden(marquee().index))
        self.edit(rulebook, rule("never"))
        assert len(rulebook.hidden(marquee().index)) == 1
        self.edit(rulebook, rule("nevver"))
        assert len(rulebook.hidden(marquee().index)) == 1
        assert "nevver" in rulebook.problem
        self.edit(rulebook, "rules: []")
        assert not len(rulebook.hidden(marquee().index))
        assert rulebook.problem is None

    def test_a_file_that_goes_away_keeps_them_too(self, book):
        rulebook = book(rule("never"))
        rulebook._path.unlink()
        rulebook._looked = -1.0
        assert len(rulebook.hidden(marquee().index)) == 1
        assert "cannot be read" in rulebook.problem

    def test_a_broken_file_is_noticed_without_a_chat(self, book):
        rulebook = book(rule("never"))
        assert rulebook.problem is None
        self.edit(rulebook, "rules: [")
        assert "not YAML" in rulebook.problem

    def test_the_assistant_refuses_a_wrong_file_at_once(self, tmp_path):
        (tmp_path / "r.yaml").write_text(rule("boots"), encoding="utf-8")
        with pytest.raises(RulesError, match="boots"):
            Assistant.open(MARQUEE, model="none", rules=tmp_path / "r.yaml", background=True)


class TestNever:
    def test_is_not_recommended_and_not_among_what_is_asked_for(self, book):
        without = talk(book(rule("never", f"items: [{STALKER}, {TREK}]")))
        assert {STALKER, TREK} & set(ids(talk(Rulebook())(ARRIVAL)))
        for message in (ARRIVAL, "more", "do you have Stalker?", "how long is Stalker?", "films by Andrei Tarkovsky"):
            answer = without(message)
            assert not {STALKER, TREK} & set(ids(answer)), message
        assert "Stalker (1979) is not something we offer" in without("do you have Stalker?").text

    def test_holds_for_the_item_whose_page_is_open(self, book):
        said = "is this in stock?"
        shown = Conversation(marquee(), DialogueState(session="s"), Desk(), page_item=STALKER).take(said)
        assert "Stalker (1979) is in stock" in shown.text
        shop, state = talk(book(rule("never"))).shop, DialogueState(session="s")
        assert "Stalker" not in Conversation(shop, state, Desk(), page_item=STALKER).take(said).text
        state.page = state.taste.about = STALKER  # the rule has come since
        assert "Stalker" not in Conversation(shop, state, Desk()).take(said).text

    def test_is_not_among_the_nearest(self, book):
        without = talk(book(rule("never", "where: [{field: kind, value: film}, {field: year, op: '>', value: 2000}]")))
        answer = without("do you have The Matrix 9?")
        assert "Reloaded" not in answer.text
        assert "The Matrix (1999)" in answer.text

    def test_is_not_searched_out(self, book):
        shop = talk(book(rule("never"))).shop
        assert STALKER in [card.id for card in stateless.search(marquee(), "stalker", 5)]
        assert STALKER not in [card.id for card in stateless.search(shop, "stalker", 5)]
        assert STALKER not in [card.id for card in stateless.recommend(shop, "slow", (), (), (), 50)]


class TestPin:
    def test_comes_first_says_so_and_is_not_spoken_of_as_advice(self, book):
        answer = talk(book(rule("pin", f"items: [{BREAD}]")))("something slow")
        assert ids(answer)[0] == BREAD
        assert len(answer.cards) == 5
        assert answer.cards[0].why.startswith("The shop's pick. ")
        assert "Sourdough" not in answer.text
        assert not any(card.sponsored for card in answer.cards)

    def test_speaks_chinese(self, book):
        assert talk(book(rule("pin")))("推荐一部电影").cards[0].why.startswith("店家推荐。")

    def test_keeps_limits_rejections_and_stock(self, book):
        pinned = talk(book(rule("pin")))
        assert STALKER not in ids(pinned("a film after 1990"))
        assert STALKER not in ids(pinned("a game"))
        pinned = talk(book(rule("pin")))
        assert ids(pinned("a slow film"))[0] == STALKER
        assert STALKER not in ids(pinned("not that one"))
        assert STALKER not in ids(pinned("another film"))
        gone = talk(book(rule("pin", "items: [film-la-jetee-1962]")))
        assert "film-la-jetee-1962" not in ids(gone("a film"))

    def test_is_not_repeated_when_more_is_asked_for(self, book):
        pinned = talk(book(rule("pin")))
        assert ids(pinned("a slow film"))[0] == STALKER
        assert STALKER not in ids(pinned("more"))

    def test_two_at_most(self, book):
        answer = talk(book(rule("pin", "where: [{field: kind, value: course}]")))("something")
        assert [card.why.startswith("The shop's pick") for card in answer.cards] == [True, True, False, False, False]

    @pytest.mark.parametrize(
        ("when", "message", "page", "holds"),
        [
            ("{words: [bake, slow cooking]}", "I want to bake", "", True),
            ("{words: [bake, slow cooking]}", "slow  Cooking!", "", True),
            ("{words: [bake]}", "baker", "", False),
            ("{words: [烘焙]}", "我想学烘焙", "", True),
            ("{kinds: [movie]}", "a film", "", True),
            ("{kinds: [movie]}", "a game", "", False),
            (f"{{pages: [{TREK}]}}", "anything", TREK, True),
            (f"{{pages: [{TREK}]}}", "anything", "", False),
            (f"{{words: [warp], pages: [{TREK}]}}", "anything", TREK, False),
        ],
    )
    def test_when(self, book, when, message, page, holds):
        shop = marquee()
        kinds = frozenset(str(c.value) for c in shop.parser.parse(message).constraints if c.field == "kind")
        placed = book(rule("pin", more=f"when: {when}")).placed(shop.index, Situation(message, kinds, page))
        assert bool(placed.pins) == holds

    @pytest.mark.parametrize(
        ("day", "holds"), [("2026-10-31", False), ("2026-11-01", True), ("2026-11-30", True), ("2026-12-01", False)]
    )
    def test_dates(self, book, day, holds):
        text = rule("pin", more="from: 2026-11-01\nuntil: 2026-11-30")
        assert bool(book(text, date.fromisoformat(day)).placed(marquee().index, Situation()).pins) == holds

    def test_what_was_asked_for_by_title_comes_before(self, book):
        answer = talk(book(rule("pin", f"items: [{BREAD}]", "sponsored: true")))("do you have Stalker?")
        assert ids(answer)[0] == STALKER
        assert not answer.cards[0].sponsored
        assert answer.text.startswith("Yes, we have Stalker")


class TestBoostAndBury:
    def order(self, rulebook):
        return [card.id for card in stateless.recommend(talk(rulebook).shop, "a slow film", (), (), (), 30)]

    def test_move_an_item(self, book):
        tenth = self.order(Rulebook())[9]
        assert self.order(book(rule("boost", f"items: [{tenth}]"))).index(tenth) < 9
        assert self.order(book(rule("boost", f"items: [{tenth}]", "strength: 5"))).index(tenth) < 2
        assert tenth not in self.order(book(rule("bury", f"items: [{tenth}]", "strength: 5")))

    def test_move_it_in_a_large_catalogue_too(self, book, monkeypatch):
        for name, value in (("WHOLE_ROWS", 0), ("_SHORTLIST", 150), ("_SAMPLE", 300)):
            monkeypatch.setattr(recommender, name, value)
        self.test_move_an_item(book)

    def test_sponsored_is_labelled_wherever_it_stands_and_after_a_restore(self, book):
        boosted = talk(book(rule("boost", "where: [{field: language, value: ru}]", "strength: 5\nsponsored: true")))
        answer = boosted("a slow film")
        sponsored = [card for card in answer.cards if card.sponsored]
        assert sponsored
        items = {item.id: item for item in marquee().index.catalog.items}
        assert {card.id for card in sponsored} == {card.id for card in answer.cards if items[card.id].language == "ru"}
        assert boosted.state.messages[-1].sponsored == tuple(card.id for card in sponsored)
        found = stateless.recommend(boosted.shop, "a slow film", (), (), (), 5)
        assert [card.sponsored for card in found] == [items[card.id].language == "ru" for card in found]

    def test_no_boost_brings_back_what_a_limit_keeps_out(self, book):
        answer = talk(book(rule("boost", "where: [{field: kind, value: course}]", "strength: 5")))("a film before 1960")
        assert {card.kind for card in answer.cards} == {"film"}

    def test_the_utmost_stays_the_utmost(self, book):
        boosted = talk(book(rule("boost", "where: [{field: price, op: '>', value: 50}]", "strength: 5")))
        cheapest = boosted("what is the cheapest film?")
        prices = [card.price for card in cheapest.cards]
        assert prices == sorted(prices)
        assert not np.isin(boosted.shop.recommender.rules.hidden(boosted.shop.index), [0]).any()
