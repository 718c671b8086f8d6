"""The senses of words: marked messages are read with their faults, what is tuned is what serving reads, and its use."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import numpy as np
import pytest

from chat import senses as module
from chat.senses import PURPOSES, SENSES, Sensed, Senses, senses_of, unread
from chat.shop import Shop
from chat.understanding import understand
from finetune import senses as training
from finetune.data import DialogueRecord
from finetune.lowrank import LowRankEncoder
from finetune.senses import Marked, Settings, _targets, main, measured, read_messages, ruled, tune
from finetune.shops import Question, ShopQuestions
from retrieval.catalog import Catalog
from retrieval.encoder import SentenceEncoder
from retrieval.errors import ModelError, NamedropError
from retrieval.index import make_index
from retrieval.types import Item
from tests.fakes import BagEncoder
from tests.shops import Talk, marquee
from tests.tiny import save_bert

ROOT = Path(__file__).parents[1]
MESSAGES = """R|my nurse likes [l Heat] and wants a [w quiet] film
R|no [n loud] film, we know [s Alien]

Q|is [a Heat] loud
P|can a nurse return it
"""
ITEMS = [
    Item(
        id="1",
        title="Heat",
        kind="film",
        genres=("crime",),
        creators=("Michael Mann",),
        attributes={"themes": ("robbery",)},
    ),
    Item(
        id="2", title="Alien", kind="film", genres=("horror",), attributes={"themes": ("space",), "moods": ("scary",)}
    ),
    Item(id="3", title="The Nurse's Tale", kind="book", genres=("drama",), attributes={"themes": ("nurse", "night")}),
]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "messages.txt"
    path.write_text(MESSAGES, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tiny_bert_of_messages(tmp_path_factory):
    words = (word.strip("[],|").lower() for word in MESSAGES.replace("|", " ").split())
    return save_bert(tmp_path_factory.mktemp("tiny-bert"), words, hidden=32)


@pytest.fixture(scope="session")
def tuned(tiny_bert_of_messages, tmp_path_factory):
    """Return the file of senses tuned on the messages until they are known."""
    path = tmp_path_factory.mktemp("messages") / "messages.txt"
    path.write_text(MESSAGES, encoding="utf-8")
    out = path.with_name("senses.safetensors")
    tune(read_messages(path), Settings(epochs=60, rate=1e-2, head_rate=1e-2, batch=4), out, str(tiny_bert_of_messages))
    return out


@pytest.fixture(scope="session")
def shop() -> Shop:
    return Shop.of(make_index(Catalog(ITEMS), BagEncoder()), None)


def sensed(text: str, marks: dict[str, str], **purposes: float) -> Sensed:
    """Return what would be made of a text whose words have these senses, all others none."""
    spans, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        spans.append((start, start + len(word)))
        at = start + len(word)
    shares = np.full((len(spans), len(SENSES)), 0.01, dtype=np.float32)
    told = [(text.find(words), text.find(words) + len(words), sense) for words, sense in marks.items()]
    for row, (start, _) in enumerate(spans):
        sense = next((sense for first, last, sense in told if first <= start < last), "none")
        shares[row, SENSES.index(sense)] = 0.95
    chances = np.array([purposes.get(p, 0.01) for p in PURPOSES], dtype=np.float32)
    return Sensed(np.array(spans), shares, chances)


class TestMessages:
    def test_marks_are_taken_out_and_kept(self, file):
        first, second, third, fourth = read_messages(file)
        assert first.text == "my nurse likes Heat and wants a quiet film"
        assert [(first.text[s:e], sense) for s, e, sense in first.marks] == [("Heat", "liked"), ("quiet", "wanted")]
        assert [sense for _, _, sense in second.marks] == ["refused", "known"]
        assert [m.purpose for m in (third, fourth)] == ["item", "policy"]

    @pytest.mark.parametrize(
        "bad", ["no letter", "Z|hm", "R|a [w half", "R|a ] half", "R|[q x] y", "R|[w [l x]]", "R|"]
    )
    def test_all_lines_of_another_form_are_told_with_their_numbers(self, tmp_path, bad):
        path = tmp_path / "bad.txt"
        path.write_text(f"R|fine\n{bad}\n\n{bad}\n", encoding="utf-8")
        with pytest.raises(NamedropError, match=r"bad\.txt:2(.|\n)*bad\.txt:4(.|\n)*write a letter"):
            read_messages(path)

    @pytest.mark.parametrize("content", [None, b"R|\xff"])
    def test_a_file_that_cannot_be_read_is_told(self, tmp_path, content):
        path = tmp_path / "m.txt"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(NamedropError, match="cannot read"):
            read_messages(path)

    def test_works_are_exchanged_with_their_marks(self, file):
        import random

        first = read_messages(file)[0]
        draw = random.Random(0)
        found = {training._exchanged(first, ["Paris, Texas"], draw) for _ in range(50)}
        assert first in found
        other = next(m for m in found if m != first)
        assert other.text == "my nurse likes Paris, Texas and wants a quiet film"
        assert [other.text[s:e] for s, e, _ in other.marks] == ["Paris, Texas", "quiet"]

    def test_every_message_is_in_one_batch(self, file):
        import random

        messages = read_messages(file) * 5
        batches = training._batches(messages, 3, random.Random(0))
        assert sorted(m.text for b in batches for m in b) == sorted(m.text for m in messages)
        assert max(len(b) for b in batches) == 3

    def test_the_shipped_messages_can_be_read(self):
        files = sorted((ROOT / "data" / "messages").glob("*.txt"))
        assert len(files) >= 24
        assert sum(len(read_messages(file)) for file in files) > 11_000

    def test_dialogues_are_marked_by_the_rules(self, tmp_path):
        record = DialogueRecord.model_validate({
            "id": "d", "turns": [
                {"role": "user", "text": "I loved Heat. A brooding crime film with no space?"},
                {"role": "assistant", "text": "Alien.", "items": ["2"]},
                {"role": "user", "text": "有恐怖片吗"},
                {"role": "assistant", "text": "Alien.", "items": ["2"]},
                {"role": "user", "text": "I'll take Alien"},
                {"role": "assistant", "text": "Fine."},
            ],
        })  # fmt: skip
        (message,) = ruled([record], Catalog(ITEMS), 10)
        marks = {message.text[s:e]: sense for s, e, sense in message.marks}
        assert marks == {"Heat": "liked", "crime": "wanted", "film": "wanted", "space": "refused", "brooding": None}
        targets = _targets([message], np.array([[(0, 0), (8, 12), (16, 24), (25, 30)]]))
        assert targets.tolist() == [[-100, SENSES.index("liked"), -100, SENSES.index("wanted")]]


class TestTuning:
    def test_it_knows_the_messages_that_it_was_tuned_on(self, tuned, tiny_bert_of_messages, file):
        senses = Senses(tuned, tiny_bert_of_messages)
        figures = measured(read_messages(file), senses)
        assert figures["F1 none"].startswith(("0.9", "1.0"))
        assert figures["works told rightly"].startswith("1.000")
        assert figures["purposes told rightly"].startswith("1.000")

    def test_serving_reads_what_was_learned(self, tiny_bert_of_messages, tmp_path, monkeypatch):
        import torch

        monkeypatch.setattr(LowRankEncoder, "_fast", lambda self: nullcontext())
        monkeypatch.setattr("retrieval.quick.PRECISION", "float32")  # to the digit
        encoder = LowRankEncoder(str(tiny_bert_of_messages), 4)
        heads = {"words": torch.nn.Linear(32, len(SENSES)), "purposes": torch.nn.Linear(32, len(PURPOSES))}
        with torch.no_grad():
            for parameter in [*encoder.parameters, *(p for h in heads.values() for p in h.parameters())]:
                parameter.copy_(torch.randn_like(parameter).half() / 4)
        encoder._model.eval()
        training._save(encoder, heads, tmp_path / "s.safetensors")
        text = "my nurse likes Heat"
        with torch.no_grad():
            states, mask, _ = encoder.states([text], 128)
            wanted = heads["words"](states).softmax(-1)[0, 1:-1].numpy()
            purposes = heads["purposes"](training.pooled(states, mask)).softmax(-1)[0].numpy()
        read = Senses(tmp_path / "s.safetensors", tiny_bert_of_messages).read(text)
        assert np.allclose(read.shares, wanted, atol=1e-4)
        assert np.allclose(read.purposes, purposes, atol=1e-4)
        assert [text[s:e] for s, e in read.spans] == ["my", "nurse", "likes", "Heat"]

    def test_learning_goes_on_from_what_is_there(self, tuned, tiny_bert_of_messages, file, tmp_path):
        out = tmp_path / "more.safetensors"
        barely = Settings(epochs=1, rate=1e-6, head_rate=1e-6, batch=4)
        tune(read_messages(file), barely, out, str(tiny_bert_of_messages), start=tuned)
        before, after = (Senses(path, tiny_bert_of_messages).read("a quiet film") for path in (tuned, out))
        assert np.allclose(before.shares, after.shares, atol=0.02)
        assert np.allclose(before.purposes, after.purposes, atol=0.02)

    def test_what_does_not_fit_to_go_on_from_is_told(self, tuned, tiny_bert_of_messages, file, tmp_path):
        messages, out = read_messages(file), tmp_path / "more.safetensors"
        for start, settings in ((tuned, Settings(rank=3)), (file, Settings())):
            with pytest.raises(NamedropError, match="go on from"):
                tune(messages, settings, out, str(tiny_bert_of_messages), start=start)
        assert not out.exists()

    def test_nothing_to_learn_from_is_told(self, tmp_path):
        with pytest.raises(NamedropError, match="no message to learn from"):
            tune([], Settings(), tmp_path / "out")

    @pytest.mark.parametrize("broken", [b"", b"no tensors"])
    def test_a_broken_file_is_told(self, tmp_path, tiny_bert_of_messages, broken):
        path = tmp_path / "s.safetensors"
        path.write_bytes(broken)
        with pytest.raises(ModelError, match=r"s\.safetensors"):
            Senses(path, tiny_bert_of_messages).read("hello")

    def test_the_command_measures_what_is_held_out(self, file, tmp_path, tiny_bert_of_messages, capsys, monkeypatch):
        monkeypatch.setattr(training, "routed", lambda: [Marked("policy", "can a nurse return it", None)])
        other = tmp_path / "other.txt"
        other.write_text(MESSAGES, encoding="utf-8")
        out = tmp_path / "s.safetensors"
        arguments = [str(file), str(other), "--hold", "other", "--out", str(out), "--epochs", "1"]
        assert main([*arguments, "--encoder", str(tiny_bert_of_messages)]) == 0
        told = capsys.readouterr().out
        assert "tuned on 5 messages" in told
        assert "other, 4 messages" in told

    def test_questions_that_pages_answer_tell_purposes_alone(self):
        asked = [(f"how much is {n}", ("fee",)) for n in range(20)] + [("送货要多少钱", ("fee",))]
        entry = Question(id="fee", question="How much is delivery?", answer="3.50")
        shop = ShopQuestions(shop="A shop", entries=(entry,), asked=tuple(asked), uncovered=("are you hiring",))
        found = training.paged([shop, shop])
        assert {(m.purpose, m.marks) for m in found} == {("policy", None)}
        assert len(found) == 2 * training._A_SHOP
        assert all(m.text.startswith("how much is ") for m in found)

    @pytest.mark.parametrize(
        ("more", "told"), [(("--hold", "nobody"), "names no file"), (("--dialogues", "d.jsonl"), "belong together")]
    )
    def test_what_does_not_fit_is_told(self, file, capsys, more, told):
        assert main([str(file), *more]) == 2
        assert told in capsys.readouterr().err


class TestReading:
    def test_messages_are_remembered_up_to_a_number(self, tuned, tiny_bert_of_messages, monkeypatch):
        monkeypatch.setattr(module, "_REMEMBERED", 3)
        senses = Senses(tuned, tiny_bert_of_messages)
        first = senses.read("my nurse")
        assert senses.read("my nurse") is first
        for at in range(5):
            senses.read(f"film {at}")
        assert len(senses._kept) == 3

    def test_threads_may_read_at_once(self, tuned, tiny_bert_of_messages):
        senses, found = Senses(tuned, tiny_bert_of_messages), []
        threads = [Thread(target=lambda at=at: found.append(senses.read(f"a quiet film {at % 3}"))) for at in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({id(one) for one in found}) == 3

    def test_parts_are_read_with_their_message_and_as_they_would_be_alone(self, tuned, tiny_bert_of_messages):
        senses, alone = (Senses(tuned, tiny_bert_of_messages) for _ in range(2))
        senses.read("my nurse, a quiet film", "my nurse", "a quiet film", "有")
        assert list(senses._kept) == ["my nurse, a quiet film", "my nurse", "a quiet film"]
        for text, found in senses._kept.items():
            expected = alone.read(text)
            assert np.array_equal(found.spans, expected.spans)
            assert np.allclose(found.shares, expected.shares, atol=1e-4)
            assert np.allclose(found.purposes, expected.purposes, atol=1e-4)

    def test_another_script_is_not_read(self, tuned, tiny_bert_of_messages):
        assert Senses(tuned, tiny_bert_of_messages).read("有恐怖片吗") is None

    def test_very_long_and_empty_texts_are_no_trouble(self, tuned, tiny_bert_of_messages):
        senses = Senses(tuned, tiny_bert_of_messages)
        assert senses.read("").told(0, 0) == ""
        assert senses.read("film " * 5_000).told(20_000, 20_004) == ""  # beyond what is read nothing is known

    def test_only_beside_the_embedded_encoder(self, tmp_path):
        (tmp_path / "config.json").write_text("{}")
        assert senses_of(SentenceEncoder("minilm")) is not None
        assert senses_of(SentenceEncoder(tmp_path)) is None
        assert senses_of(BagEncoder()) is None

    def test_of_an_unread_message_nothing_is_known(self):
        nothing = unread()
        assert (nothing.told(0, 5), nothing.stand(0, 5), nothing.idle(), nothing.purpose) == ("", "neutral", [], {})
        assert not nothing.merely_named(0, 5)


class TestUnderstanding:
    def read(self, shop, text, marks=None, shown=0, **purposes):
        made = None if marks is None else sensed(text, marks, **purposes)
        return understand(text, shop.linker, shop.parser, shown, sensed=made)

    def test_words_that_tell_of_the_person_ask_for_nothing(self, shop):
        text = "my wife is a nurse on nights and wants a film about space"
        assert {w.value for w in self.read(shop, text).parsed.wishes} >= {"nurse"}
        read = self.read(shop, text, {"film about space": "wanted"})
        assert {w.value for w in read.parsed.wishes} == {"space"}
        assert "nurse" not in read.gist
        assert [c.value for c in read.parsed.constraints] == ["film"]

    def test_a_refusal_without_a_cue_is_one(self, shop):
        read = self.read(shop, "we have had it up to here with space", {"space": "refused"})
        assert [(c.field, c.op, c.value) for c in read.parsed.constraints] == [("topic", "is_not", "space")]
        assert read.parsed.refused

    def test_a_cue_that_refuses_nothing_refuses_nothing(self, shop):
        read = self.read(shop, "not that I mind but space would be good", {"space": "wanted"})
        assert not any(c.op == "is_not" for c in read.parsed.constraints)

    def test_for_whom_it_is_stays_whatever_its_words_tell(self, shop):
        read = self.read(shop, "my kid wants a film", {"film": "wanted"})
        assert {"children", "family"} <= {wish.value for wish in read.parsed.wishes}  # nothing there is for them

    def test_of_a_maker_whose_works_are_known_nothing_is_wanted(self, shop):
        text = "she has all of Michael Mann already"
        assert [(c.field, c.op) for c in self.read(shop, text, {"Michael Mann": "known"}).parsed.constraints] == [
            ("creators", "is_not")
        ]

    @pytest.mark.parametrize(
        ("text", "marks", "years"),
        [
            ("we saw it at the Odeon in 1958, now a film about space", {"film about space": "wanted"}, []),
            ("a film from 1958 about space", {"film from 1958 about space": "wanted"}, [1958]),
            ("a film about space under $15", {"film about space": "wanted"}, [15]),  # a sum is a limit however told
        ],
    )
    def test_a_year_of_somebodys_life_limits_nothing(self, text, marks, years):
        dated = [replace(item, year=1979 + at, price=9.0 + at, currency="USD") for at, item in enumerate(ITEMS)]
        shop = Shop.of(make_index(Catalog(dated), BagEncoder()), None)
        numbers = [
            c.value
            for c in self.read(shop, text, marks, recommend=0.9).parsed.constraints
            if c.field in ("year", "price")
        ]
        assert numbers == years

    @pytest.mark.parametrize(
        ("purposes", "asks"),
        [
            ({"item": 0.97}, True),
            ({"recommend": 0.97}, False),
            ({"item": 0.6}, False),
            ({"item": 0.4, "out_of_scope": 0.58}, True),  # by one that has read of works only
            ({"item": 0.1, "out_of_scope": 0.9}, False),
        ],
    )
    def test_what_is_plainly_asked_of_an_item_is_a_question_whatever_its_form(self, monkeypatch, purposes, asks):
        read = SimpleNamespace(read=lambda text, *parts: sensed(text, {}, **purposes))
        talk = Talk(replace(Shop.of(make_index(Catalog(ITEMS), BagEncoder()), None), senses=read))
        talk("Heat")
        before = talk.state.model_copy(deep=True)
        answer = talk("subtitles or dubbed, she cannot hear a thing")
        assert (answer.about == "1" and "don't have that information" in answer.text) == asks
        assert not asks or talk.state.taste.limits == before.taste.limits

    def test_a_part_alone_takes_nothing(self):
        whole = sensed("the first one, is it long?", {}, item=0.9)
        part = whole.part(0, 14, np.array([0.05, 0.05, 0, 0, 0, 0.9, 0, 0], dtype=np.float32))
        assert part.purpose["buy"] == 0
        assert sum(part.purpose.values()) == pytest.approx(1)
        assert len(part.spans) == 3

    def test_a_title_of_a_common_word_is_one_if_the_whole_message_tells(self, shop):
        assert self.read(shop, "is alien scary?").opinions == ()
        (opinion,) = self.read(shop, "is alien scary?", {"alien": "asked"}, item=0.97).opinions
        assert opinion.positions == (1,)

    def test_a_work_that_is_not_ours_is_owned_up_to_without_capitals(self, shop):
        text = "just finished hollow knight, a film now"
        marks = {"hollow knight": "known", "a film": "wanted"}
        assert self.read(shop, text, marks).unknown_name == "hollow knight"

    def test_a_subject_that_resembles_a_title_is_a_subject(self):
        # "whales" is nearly "The Whale", an alias of Moby-Dick's
        read = self.read(marquee(), "a book about whales", {"book": "wanted", "whales": "wanted"})
        assert [wish.value for wish in read.parsed.wishes] == ["whales"]

    def test_a_name_that_is_not_meant_is_no_unknown_one(self, shop):
        text = "that film where he relives a day, not the tom cruise one"
        read = self.read(shop, text, {"relives a day": "wanted", "tom cruise": "named"})
        assert read.unknown_name == ""
        assert "cruise" not in read.gist

    def test_who_never_agrees_on_films_refuses_none(self, shop):
        text = "we never agree on films, find us one about space"
        assert ("kind", "is_not", "film") in {
            (c.field, c.op, c.value) for c in self.read(shop, text).parsed.constraints
        }
        read = self.read(shop, text, {"about space": "wanted"}, recommend=0.97)
        assert not read.parsed.constraints

    def test_without_refuses_whatever_the_word_is_taken_for(self, shop):
        text = "any film without any space"
        read = self.read(shop, text, {"film": "wanted"}, recommend=0.97)
        (refused,) = [c for c in read.parsed.constraints if c.op == "is_not"]
        assert refused.value == "space"

    def test_what_is_refused_and_no_rule_knows_is_not_looked_for(self, shop):
        text = "a present for her, nothing too garish"
        assert "garish" in self.read(shop, text).gist
        assert "garish" not in self.read(shop, text, {"garish": "refused"}).gist

    def test_what_is_taken_back_is_so_whatever_its_words_tell(self, shop):
        assert self.read(shop, "forget the horror", {}).parsed.taken_back == (("genres", "horror"),)

    @pytest.mark.parametrize(
        ("sense", "attitude"), [("liked", "like"), ("disliked", "dislike"), ("known", "neutral"), ("asked", "neutral")]
    )
    def test_a_stand_without_a_cue_is_that_of_the_whole_message(self, shop, sense, attitude):
        (opinion,) = self.read(shop, "Heat on a sunday", {"Heat": sense}).opinions
        assert opinion.attitude == attitude

    def test_a_stand_with_a_cue_stays(self, shop):
        (opinion,) = self.read(shop, "I hated Heat", {"Heat": "liked"}).opinions
        assert opinion.attitude == "dislike"

    @pytest.mark.parametrize("sense", ["named", "none"])
    def test_a_work_that_is_merely_named_is_no_taste_and_no_topic(self, shop, sense):
        read = self.read(
            shop, "she picked Alien last time, a crime film now", {"Alien": sense, "a crime film": "wanted"}
        )
        assert read.opinions == ()
        assert not any(wish.value == "aliens" for wish in read.parsed.wishes)

    def test_a_question_keeps_what_it_asks_about(self, shop):
        assert self.read(shop, "is the film Alien scary?", {"Alien": "asked"}, item=0.97).questions == ("moods",)

    def test_who_asks_for_advice_asks_about_no_item(self, shop):
        text = "two hours with my mother, is there a film for us?"
        marks = {"film": "wanted"}
        assert self.read(shop, text, marks, shown=5, recommend=0.97).act == "recommend"

    def test_purposes_go_with_what_is_understood(self, shop):
        assert self.read(shop, "hello", {}, buy=0.9).purposes["buy"] == pytest.approx(0.9)
        assert self.read(shop, "hello").purposes == {}

    def test_without_senses_a_shop_reads_by_rules_alone(self, shop):
        assert shop.senses is None
        assert replace(shop, senses=None) == shop


@pytest.mark.models
class TestShipped:
    """The senses that come with the package, on messages of a writer that they were not learned from."""

    def test_most_of_what_another_writer_meant_is_told(self):
        figures = measured(read_messages(ROOT / "data" / "messages" / "held-out.txt"), Senses())
        told = {what: float(figure.split()[0]) for what, figure in figures.items()}
        assert told["F1 none"] > 0.95
        assert told["F1 wanted"] > 0.75
        assert told["works told rightly"] > 0.75
        assert told["purposes told rightly"] > 0.9

    @pytest.mark.parametrize(
        ("text", "idle", "wanted"),
        [
            ("My wife is a nurse on nights, so I'd like an album for her, nothing sudden", "nurse", "album"),
            ("my brother in law turns 40 on friday, a game for two please", "law", "game"),
        ],
    )
    def test_what_tells_of_the_person_is_told_from_what_is_wanted(self, text, idle, wanted):
        sensed = Senses().read(text)
        assert sensed.told(text.index(idle), text.index(idle) + len(idle)) == "idle"
        assert sensed.told(text.index(wanted), text.index(wanted) + len(wanted)) != "idle"
