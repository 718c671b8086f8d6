"""Conversations with the desk: wishes of all kinds in one message, policies quoted, doubts, and what happens next.

The router is the patterns', the encoder counts words: what is asked here is what becomes of a route, not the route.
"""

from __future__ import annotations

import pytest

from chat.conversation import Conversation
from chat.desk import PATIENCE, Desk
from chat.dialogue import Answer
from chat.messages import Handoff
from chat.routing import Patterns
from chat.shop import card
from retrieval.knowledge import Found
from tests.shops import ids, marquee
from tests.visits import DELIVERY, GIFTS, RETURNS, Delivers, FakeKnowledge, FakeOutbox, Sure, Visit


class Near(FakeKnowledge):
    """Answers only what is asked in a page's own words."""

    def search(self, question, k):
        return [Found(RETURNS, RETURNS.text, 0.4)]

    def answer(self, question):
        return Found(RETURNS, RETURNS.text, 1.0) if question == RETURNS.title else None


class SameOrOther(FakeKnowledge):
    """Knows of gifts for sure, of anything else hardly, and surely what is asked with a page's title."""

    def answer(self, question):
        if "gift" in question:
            return Found(GIFTS, GIFTS.text, 0.95)
        if "returns" in question.casefold():
            return Found(RETURNS, RETURNS.text, 0.97)
        return Found(GIFTS, GIFTS.text, 0.6)


class Whole(FakeKnowledge):
    """Knows what happens now if one cannot keep it, and little of what happens now."""

    def answer(self, question):
        if "keep" in question and "happens" in question:
            return Found(RETURNS, RETURNS.text, 0.9)
        return Found(GIFTS, GIFTS.text, 0.6) if "happens" in question else None


def marquee_cards():
    return (card(marquee().index.catalog[0]),)


class TestSmallTalk:
    @pytest.mark.parametrize("message", ["yes!! that one", "That's it, exactly", "ooh spot on"])
    def test_who_has_found_it_is_told_how_to_go_on(self, message):
        visit = Visit(Sure(**{word: ("small_talk", 0.95) for word in ("yes", "that", "ooh")}))
        assert "Ask me anything about it" not in visit(message).text
        visit("a slow film in space")
        assert "Ask me anything about it" in visit(message).text


def test_two_answers_that_say_the_same_leave_one(monkeypatch):
    visit = Visit()

    def in_turn(self, pieces, desk):
        assert len(pieces) == 2
        return (Answer("Try this.", marquee_cards(), route="recommend") for _ in pieces)

    monkeypatch.setattr(Conversation, "_in_turn", in_turn)
    answer = visit("can I return it, and what should I get instead?")
    assert answer.text == "Try this."
    assert answer.cards == marquee_cards()


class TestPolicies:
    def test_the_passage_is_quoted_and_cited(self):
        visit = Visit()
        answer = visit("what is your return policy?")
        assert answer.text == f"From “Returns”: {RETURNS.text}"
        assert [(c.id, c.title, c.quote) for c in answer.citations] == [("help/returns", "Returns", RETURNS.text)]
        assert visit.state.messages[-1].citations == answer.citations
        assert answer.route == "policy"

    def test_what_is_not_there_is_said_not_to_be(self):
        answer = Visit()("what is your warranty?")
        assert answer.text == "I don't have that information."
        assert answer.abstained
        assert answer.citations == ()

    def test_a_page_that_comes_near_is_asked_about(self):
        outbox = FakeOutbox()
        visit = Visit(outbox=outbox)
        visit.desk = Desk(Patterns(), Near(), None, outbox)
        answer = visit("what is your warranty?")
        assert answer.text == (
            "I don't have that information. The nearest that our pages have is “Returns”: is it that?"
        )
        assert answer.abstained
        assert answer.citations == ()
        assert visit("yes please").text == f"From “Returns”: {RETURNS.text}"
        assert not outbox.requests  # the yes was for the page, not for a person
        visit("what is your warranty?")
        assert visit("something slow").cards
        assert visit("yes").text != f"From “Returns”: {RETURNS.text}"  # it answers nothing any more

    def test_who_is_asked_whether_a_page_is_meant_is_not_handed_over(self):
        outbox = FakeOutbox()
        visit = Visit(outbox=outbox)
        visit.desk = Desk(Patterns(), Near(), None, outbox)
        for _ in range(PATIENCE):
            assert visit("what is your warranty?").text.endswith("is it that?")
        assert not outbox.requests

    def test_what_is_asked_of_it_is_answered_by_the_page_spoken_of(self):
        visit = Visit(Sure(what_about=("policy", 0.9), is_it=("policy", 0.9)))
        visit.desk = Desk(visit.desk.router, SameOrOther(), None, None)
        visit("what about returns?")
        assert visit("is it free?").citations[0].title == "Returns"  # and not the page on gifts, which is hardly sure
        assert visit("is it a gift?").citations[0].title == "Gift cards"  # which is sure

    def test_where_nobody_can_be_fetched_a_complaint_has_the_page_on_its_matter(self):
        visit = Visit(Sure(your=("human", 0.9)))
        answer = visit("your return postage is ridiculous")
        assert answer.text == f"I'm sorry about that. From “Returns”: {RETURNS.text}"
        assert Visit(Sure(your=("human", 0.9)), FakeOutbox())("your return postage is ridiculous").handoff is not None

    def test_what_was_meant_is_asked_anew(self):
        visit = Visit(Sure(what_about=("policy", 0.9)))
        visit.desk = Desk(visit.desk.router, SameOrOther(), None, None)
        visit("what about returns?")
        assert visit("I mean of a gift").citations[0].title == "Gift cards"

    def test_a_grumble_beside_a_question_needs_no_person(self):
        sure = Sure(i_hate=("human", 0.9), your=("human", 0.9), how=("policy", 0.9))
        visit = Visit(sure, outbox=FakeOutbox())
        answer = visit("I hate your waiting times. How do I return a film?")
        assert answer.text == f"From “Returns”: {RETURNS.text}"
        assert answer.handoff is None
        assert visit("Your service is terrible. How do I return a film?").handoff is not None

    def test_a_story_and_its_question_are_one(self):
        visit = Visit(Sure(i_cannot=("human", 0.9), what=("policy", 0.9)))
        visit.desk = Desk(visit.desk.router, Whole(), None, None)
        answer = visit("I cannot keep it. What happens now?")
        assert answer.text == f"From “Returns”: {RETURNS.text}"

    def test_two_policies_in_one_message(self):
        answer = Visit()("what is your return policy and do gift cards expire?")
        assert RETURNS.text in answer.text
        assert GIFTS.text in answer.text
        assert [c.id for c in answer.citations] == ["help/returns", "help/gifts"]

    def test_a_wish_beside_it_is_answered_after_it(self):
        answer = Visit()("I loved Arrival. Can I return an opened game, and something slower before 1990?")
        assert answer.text.startswith(f"From “Returns”: {RETURNS.text} ")
        assert [c.id for c in answer.citations] == ["help/returns"]
        works = [marquee().index.catalog.get(i) for i in ids(answer)]
        assert len(works) >= 3
        assert all(work.kind == "film" and work.year < 1990 for work in works)  # the game is the other wish's

    def test_what_follows_is_read_after_its_question(self):
        visit = Visit(Sure(and_abroad=("policy", 0.9)))
        visit("what is your return policy?")
        assert RETURNS.text in visit("and abroad?").text

    def test_without_a_desk_the_catalogue_is_all_there_is(self):
        assert "I only know the catalogue" in Visit(desk=False)("what is your return policy?").text


class TestTwoWishes:
    def test_both_are_answered(self):
        answer = Visit()("can I return it, and what should I get instead?")
        assert answer.text.startswith(f"From “Returns”: {RETURNS.text} ")
        assert answer.cards
        assert answer.cards[0].title in answer.text
        assert [c.id for c in answer.citations] == ["help/returns"]

    def test_what_takes_its_place_is_of_its_kind(self):
        visit = Visit()
        works = [
            marquee().index.catalog.get(i) for i in ids(visit("can I return a game, and what should I get instead?"))
        ]
        assert works
        assert {work.kind for work in works} == {"game"}
        assert [limit.label for limit in visit.state.taste.limits] == ["game"]

    def test_the_message_is_kept_once_and_whole(self):
        visit = Visit()
        visit("can I return it, and what should I get instead?")
        assert [(m.role, m.text) for m in visit.state.messages][:1] == [
            ("user", "can I return it, and what should I get instead?")
        ]
        assert len(visit.state.messages) == 2


class TestItems:
    def test_stock_and_delivery_are_two_questions(self):
        visit = Visit(Sure(is_it=("item", 0.95), how_fast=("policy", 0.9)), page="film-stalker-1979")
        visit.desk = Desk(visit.desk.router, Delivers())
        answer = visit("is it in stock and how fast could I have it?")
        assert answer.text == f"Stalker (1979) is in stock. From “Delivery”: {DELIVERY.text}"
        assert [c.id for c in answer.citations] == ["help/delivery"]

    def test_this_is_the_item_of_the_page(self):
        visit = Visit(page="film-stalker-1979")
        assert visit("how much is this?").text == "Stalker (1979) costs $3.99."
        assert visit("who directed it?").text == "Stalker (1979) is by Andrei Tarkovsky."

    def test_a_greeting_on_a_page_shows_nothing_else(self):
        visit = Visit(page="film-stalker-1979")
        answer = visit("hello")
        assert "Stalker (1979)" in answer.text
        assert answer.cards == ()

    def test_it_moves_on_with_the_cards_but_this_product_stays(self):
        visit = Visit(page="film-stalker-1979")
        second = visit("a comedy film").cards[1]
        assert visit("how much is the second one?").text.startswith(second.title)
        assert visit("how long is this product?").text == "Stalker (1979) runs to 162 minutes."

    def test_another_page_is_another_item(self):
        visit = Visit(page="film-stalker-1979")
        visit("how much is this?")
        visit.page = "film-solaris-1972"
        assert visit("how much is this?").text.startswith("Solaris (1972)")

    @pytest.mark.parametrize("page", ["no-such-item", "", "<script>"])
    def test_a_page_that_is_not_ours_is_ignored(self, page):
        answer = Visit(page=page)("how much is this?")
        assert "Which one do you mean?" in answer.text

    def test_what_the_catalogue_lacks_may_stand_in_the_policies(self):
        answer = Visit(page="film-stalker-1979")("does it come with a gift box?")
        assert answer.text == f"From “Gift cards”: {GIFTS.text}"
        assert ids(answer) == ["film-stalker-1979"]

    def test_or_nowhere(self):
        answer = Visit(page="film-stalker-1979")("does it come with a poster?")
        assert answer.text.startswith("Stalker (1979): ")
        assert answer.text.endswith("Beyond that I don't have that information.")
        assert answer.abstained

    def test_what_is_said_of_an_item_is_no_complaint(self):
        visit = Visit(Sure(read=("human", 0.9)), page="film-stalker-1979")
        assert visit("read me the description of it again").text.startswith("Stalker (1979): ")

    def test_what_the_catalogue_tells_is_not_told_twice(self):
        visit = Visit(page="film-stalker-1979")
        first, second = visit("does it come with a poster?"), visit("is it signed by anybody?")
        assert first.text.endswith("I don't have that information.")
        assert second.text == "I don't have that information about Stalker (1979)."

    def test_nothing_is_bought_here(self):
        answer = Visit(page="film-stalker-1979")("add it to my basket")
        assert "I can't fill your basket from here" in answer.text
        assert "$3.99" in answer.text

    def test_what_has_just_been_liked_is_what_it_means(self):
        visit = Visit()
        second = visit("I want a film of the 1970s").cards[1]
        answer = visit("the second one sounds great, how do I order it?")
        assert f"{second.title} ({second.year}) costs" in answer.text

    def test_namesakes_are_compared(self):
        visit = Visit()
        answer = visit("compare Solaris, the book and the film")
        assert sorted(ids(answer)) == ["book-solaris-1961", "film-solaris-1972", "film-solaris-2002"]
        answer = visit("compare Dune the book and Dune the movie")
        assert answer.text.count("is the cheaper one") == 1
        assert {card.id.partition("-")[0] for card in answer.cards} == {"book", "film"}


class TestPeople:
    def test_a_person_is_fetched(self):
        visit = Visit(outbox=FakeOutbox())
        answer = visit("I want to talk to a person")
        assert answer.text == "saved as H-00000001"
        assert answer.handoff == Handoff(reason="asked", ticket="H-00000001")
        assert visit.outbox.requests == [("asked", "I want to talk to a person", None)]

    def test_a_complaint_that_counts_its_times_asks_for_no_hours(self):
        visit = Visit(outbox=FakeOutbox(), router=Sure(this=("human", 0.95)))
        assert visit("this is the third time my return failed").text == "saved as H-00000001"

    def test_a_complaint_is_one(self):
        visit = Visit(outbox=FakeOutbox())
        assert visit("I want to complain, this is the worst shop").handoff.reason == "complaint"

    def test_without_an_outbox_nobody_is_promised(self):
        answer = Visit()("I want to talk to a person")
        assert answer.handoff is None
        assert "can't fetch a person" in answer.text

    def test_two_questions_without_an_answer(self):
        visit = Visit(outbox=FakeOutbox())
        first = visit("what is your warranty?")
        assert first.text == "I don't have that information. Shall I pass this on to a person?"
        assert visit.outbox.requests == []
        second = visit("and your shipping?")
        assert second.handoff.reason == "unanswered"
        assert [reason for reason, *_ in visit.outbox.requests] == ["unanswered"]

    def test_an_answer_between_them_starts_again(self):
        visit = Visit(outbox=FakeOutbox())
        for message in ("what is your warranty?", "what is your return policy?", "what is your warranty?"):
            visit(message)
        assert visit.outbox.requests == []

    @pytest.mark.parametrize("message", ["yes please", "ok", "yes, do that", "好的"])
    def test_the_offer_is_taken_up(self, message):
        visit = Visit(outbox=FakeOutbox())
        visit("what is your warranty?")
        assert visit(message).handoff.reason == "asked"

    @pytest.mark.parametrize("message", ["ok thanks, bye", "do gift cards expire", "yes, a comedy"])
    def test_or_it_is_not(self, message):
        visit = Visit(outbox=FakeOutbox())
        visit("what is your warranty?")
        assert visit(message).handoff is None

    def test_an_address_joins_the_open_ticket(self):
        visit = Visit(outbox=FakeOutbox())
        visit("I want to talk to a person")
        assert visit("ann@example.org").handoff is not None
        assert len(visit.outbox.requests) == 2


class TestDoubts:
    @pytest.mark.parametrize("message", ["????", "…", "?!"])
    def test_no_words_are_not_asked_about(self, message):
        visit = Visit(Sure(**{message: ("item", 0.3)}))
        assert "didn't quite get that" in visit(message).text
        assert visit.state.doubt == []

    def test_it_is_asked_which_of_two_is_meant(self):
        visit = Visit(Sure(hm=("order", 0.4)))
        answer = visit("hm zzz")
        assert "I'm not sure what you mean: one of your orders, or " in answer.text
        assert not answer.abstained

    @pytest.mark.parametrize("choice", ["the first", "yes", "第一个"])
    def test_and_the_choice_is_followed(self, choice):
        visit = Visit(Sure(hm=("policy", 0.4)))
        visit("hm return zzz")
        visit.state.doubt = ["policy", "recommend", "hm return zzz"]
        assert RETURNS.text in visit(choice).text

    def test_a_wish_of_its_own_is_no_choice(self):
        visit = Visit(Sure())
        visit.state.doubt = ["item", "recommend", "who made the first one"]
        answer = visit("something by Andrei Tarkovsky")
        assert {creator for card in answer.cards for creator in card.creators} == {"Andrei Tarkovsky"}

    def test_a_choice_that_helps_no_further_is_not_asked_about_again(self):
        visit = Visit(Sure(zzz=("item", 0.4)))
        visit.state.doubt = ["item", "recommend", "zzz"]
        assert "didn't quite get that" in visit("the first").text
        assert visit.state.doubt == []

    def test_the_pages_settle_a_doubt(self):
        assert RETURNS.text in Visit(Sure(hm=("order", 0.4)))("hm return").text

    def test_chinese_that_says_nothing_of_the_catalogue_is_no_wish(self):
        assert Visit(Sure(给我=("out_of_scope", 0.8)))("给我讲个笑话").cards == ()
        assert Visit(Sure(给我=("out_of_scope", 0.8)))("给我科幻").cards

    def test_who_scolds_is_not_told_that_all_is_well(self):
        answer = Visit(Sure(you=("small_talk", 0.9)))("you are useless")
        assert answer.text.startswith("I'm sorry about that.")

    def test_what_is_none_of_our_business(self):
        answer = Visit(Sure(what=("out_of_scope", 0.95)))("what is the capital of Peru?")
        assert "outside what I know" in answer.text
        assert answer.cards == ()


class TestEverythingElse:
    @pytest.mark.parametrize("message", ["undo", "start over", "help", "what do you know about me?", "thanks", "bye"])
    def test_plain_acts_need_no_router(self, message):
        class Broken:
            def route(self, text):
                raise AssertionError(text)

        assert Visit(Broken())(message).text

    @pytest.mark.parametrize("text", ["", "?", "{0} {title} %s", "<script>alert(1)</script>", "\n\n", "。", "a" * 2000])
    def test_hostile_messages(self, text):
        assert Visit(outbox=FakeOutbox())(text).text

    def test_help_tells_of_the_desk(self):
        assert "delivery, returns, payment" in Visit()("help").text
        assert "delivery, returns, payment" not in Visit(desk=False)("help").text

    def test_small_talk(self):
        visit = Visit(Sure(are=("small_talk", 0.95), how=("small_talk", 0.95)))
        assert "a program" in visit("are you a robot?").text
        assert "All is well" in visit("how are you today?").text
