"""The evaluation: targets and what is known before them, known answers, resuming, and words instead of tracebacks."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chat.learnt import Learnt
from chat.shop import Shop
from chat.tower import TowerSettings, TowerWeights, save_tower
from finetune import bench, evaluate, fitting, provenance, systems
from finetune.cases import dialogue_cases, next_item_cases, recommendable
from finetune.contexts import listening_shop
from finetune.data import DialogueRecord, InteractionRecord, MentionsRecord, NextItemRecord
from finetune.histories import DIALOGUE_WEIGHT, Histories
from finetune.outcomes import Measured, Outcome, compare, estimates, run, summarise
from retrieval.catalog import Catalog
from retrieval.constraints import Facets
from retrieval.errors import NamedropError
from retrieval.index import make_index
from retrieval.types import Item, Query
from tests.fakes import BagEncoder

TITLES = {
    "a": "Stalker", "b": "Solaris", "c": "Mirror", "d": "Alien", "e": "Arrival", "f": "Amélie",
    "g": "Paddington", "h": "Ponyo", "i": "Ran", "j": "Tampopo", "k": "Yojimbo", "l": "Ikiru",
}  # fmt: skip
CATALOG = Catalog([Item(id=i, title=t, kind="film") for i, t in TITLES.items()])
DIALOGUES = [
    {"id": "one", "turns": [
        {"role": "user", "text": "I loved Stalker", "items": ["a"]},
        {"role": "assistant", "text": "Then Solaris, or Stalker again", "items": ["b", "a", "b"]},
        {"role": "assistant", "text": "Or Mirror", "items": ["c"]},
        {"role": "user", "text": "I did not like Alien", "items": ["d"]},
        {"role": "assistant", "text": "Hm.", "items": []},
        {"role": "assistant", "text": "Solaris, as I said, or Arrival", "items": ["b", "e"]},
    ]},
    {"id": "two", "turns": [{"role": "assistant", "text": "Have you seen Amélie?", "items": ["f"]}]},
]  # fmt: skip
MENTIONS = [["f", "b"], ["f", "c"], ["f", "b"], ["b", "e"], ["f"], []]
# Popularity: f 1, b 2, c and e share 3 and 4, the other eight share 5 to 12.
F, B, CE, REST = 1, 2, 3.5, 8.5


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path / "cache"))
    jsonl(tmp_path / "catalog.jsonl", [{"id": i, "title": t, "kind": "film"} for i, t in TITLES.items()])
    jsonl(tmp_path / "valid.jsonl", DIALOGUES)
    rows = [
        {"id": f"m{at}", "mentions": [{"role": "user", "items": [i]} for i in items]}
        for at, items in enumerate(MENTIONS)
    ]
    jsonl(tmp_path / "mentions.jsonl", rows)
    return tmp_path


def measure(files, *more, out="R.json"):
    options = ["--catalog", files / "catalog.jsonl", "--out", files / out, *more]
    if "--next-item" not in more:
        options += ["--dialogues", files / "valid.jsonl"]
    if not any(str(m).startswith("--train") for m in more):
        options += ["--train-mentions", files / "mentions.jsonl"]
    code = evaluate.main([str(o) for o in options])
    return code, json.loads((files / out).read_text()) if (files / out).is_file() else None


@pytest.fixture(scope="module")
def cases():
    records = [DialogueRecord.model_validate(d) for d in DIALOGUES]
    return list(dialogue_cases(records, listening_shop(CATALOG)))


class TestCases:
    def ids(self, positions):
        return "".join(CATALOG[at].id for at in positions)

    def test_targets_are_what_assistant_turns_name(self, cases):
        assert [self.ids(case.targets) for case in cases] == ["ba", "c", "be", "f"]
        assert [case.novel for case in cases] == [(True, False), (True,), (False, True), (True,)]
        assert [case.cluster for case in cases] == [0, 0, 0, 1]

    def test_only_the_turns_before_are_known(self, cases):
        assert [self.ids(case.mentioned) for case in cases] == ["a", "ba", "bacd", ""]
        assert [text for _, text in cases[0].context.said] == ["I loved Stalker"]
        assert cases[3].context.said == []

    def test_mentioned_items_are_liked_unless_denied(self, cases):
        assert self.ids(cases[2].query.liked) == "bac"
        assert self.ids(cases[2].query.disliked) == "d"
        assert [item.title for item in cases[2].context.disliked] == ["Alien"]

    def test_as_served_is_what_the_chat_asks_and_allows(self):
        facts = {
            "Stalker": (1979, "drama"),
            "Alien": (1981, "horror"),
            "Brazil": (1985, "comedy"),
            "Solaris": (1972, "drama"),
        }
        shop = Catalog([Item(id=t, title=t, kind="film", year=y, genres=(g,)) for t, (y, g) in facts.items()])
        turns = [("user", "Something after 1975, I loved Stalker", ["Stalker"]), ("assistant", "Alien?", ["Alien"]),
                 ("user", "No horror", []), ("assistant", "Then Brazil", ["Brazil"])]  # fmt: skip
        rows = [{"role": role, "text": text, "items": items} for role, text, items in turns]
        records = [DialogueRecord.model_validate({"id": "x", "turns": rows})]
        _, case = dialogue_cases(records, listening_shop(shop), served=True)
        assert case.query.liked == (0,)  # what the assistant has named is no like
        assert {limit.label for limit in case.limits} >= {"after 1975", "no horror"}
        assert recommendable(case, Facets(shop)).tolist() == [False, False, True, False]
        _, plain = dialogue_cases(records, listening_shop(shop))
        assert plain.query.liked == (0, 1)
        assert recommendable(plain, Facets(shop)).tolist() == [False, False, True, True]

    def test_an_outcome_is_foretold_until_it_is_named(self):
        turns = [("user", "I loved Stalker", ""), ("assistant", "Alien?", "d"), ("user", "no", ""),
                 ("assistant", "Brazil", "ec"), ("user", "yes", ""), ("assistant", "Good", "c")]  # fmt: skip
        rows = [{"role": role, "text": text, "items": list(items)} for role, text, items in turns]
        records = [DialogueRecord.model_validate({"id": "x", "turns": rows, **more}) for more in ({"target": "c"}, {})]
        cases = list(dialogue_cases(records, listening_shop(CATALOG), outcome=True))
        assert [self.ids(case.targets) for case in cases] == ["c", "c"]
        assert [self.ids(case.mentioned) for case in cases] == ["", "d"]
        assert all(case.novel == (True,) and case.cluster == 0 for case in cases)

    def test_a_history_is_a_case(self):
        rows = [("ann", "ab", "c"), ("bob", "a", "a"), ("ann", "abc", "d")]
        records = [NextItemRecord(user=u, history=tuple(h), next=n) for u, h, n in rows]
        cases = list(next_item_cases(records, CATALOG))
        assert [self.ids(case.targets) for case in cases] == ["c", "a", "d"]
        assert [case.novel for case in cases] == [(True,), (False,), (True,)]
        assert [case.cluster for case in cases] == [0, 1, 0]
        assert self.ids(cases[2].query.liked) == "abc"


class TestHistories:
    def test_counts_weigh_dialogues_with_words(self):
        dialogue = DialogueRecord.model_validate(DIALOGUES[1])
        lists = MentionsRecord(id="m", mentions=[{"role": "user", "items": ["f", "g"]}])
        counts = Histories(dialogues=[dialogue], mentions=[lists]).counts(CATALOG)
        assert counts.tolist() == [0, 0, 0, 0, 0, DIALOGUE_WEIGHT + 1, 1, 0, 0, 0, 0, 0]

    def test_rejections_are_negative_and_the_last_word_counts(self):
        mentions = [{"role": "user", "items": ["a"], "liked": True}, {"role": "user", "items": ["a"], "liked": False}]
        events = [("ann", "b", 2, 5.0), ("ann", "b", 1, 1.0), ("ann", "c", 3, 2.5), ("bob", "b", 1, None)]
        histories = Histories(
            mentions=[MentionsRecord(id="m", mentions=mentions)],
            interactions=[InteractionRecord(user_id=u, item_id=i, timestamp=t, rating=r) for u, i, t, r in events],
        )
        assert histories.sets.ids == ("a", "b", "c")
        assert histories.sets.matrix.toarray().tolist() == [[-1, 0, 0], [0, 1, -1], [0, 1, 0]]

    def test_one_user_is_one_set(self):
        rows = [("ann", "a", "b"), ("ann", "ab", "c"), ("bob", "a", "c")]
        sets = Histories(next_item=[NextItemRecord(user=u, history=tuple(h), next=n) for u, h, n in rows]).sets
        assert sets.matrix.toarray().tolist() == [[1, 1, 1], [1, 0, 1]]

    def test_what_one_user_chose_counts_once_in_whatever_records_it_stands(self):
        chosen = [NextItemRecord(user="ann", history=("a",), next="b")]
        events = [InteractionRecord(user_id="ann", item_id=i, timestamp=t) for t, i in enumerate("ab")]
        histories = Histories(next_item=chosen, interactions=events)
        assert histories.sets.matrix.toarray().tolist() == [[1, 1]]
        assert list(histories.sequences) == [[("a", True), ("b", True)]]

    def test_what_was_seen_is_no_choice_and_what_was_returned_a_rejection(self):
        told = [("a", 1, "buy"), ("b", 2, "view"), ("c", 3, "buy"), ("c", 4, "return"), ("d", 5, "seen")]
        events = [InteractionRecord(user_id="ann", item_id=i, timestamp=t, event=e) for i, t, e in told]
        rated = [InteractionRecord(user_id="bob", item_id="a", timestamp=1, rating=1)]
        sets = Histories(interactions=[*events, *rated], liked_from=1).sets
        assert sets.ids == ("a", "c")
        assert sets.matrix.toarray().tolist() == [[1, -1], [1, 0]]
        assert list(Histories(interactions=events).sequences) == [[("a", True)]]

    def test_nothing(self):
        assert not Histories()
        assert not Histories().counts(CATALOG).any()


class TestKnownAnswers:
    def test_popularity(self, files):
        code, report = measure(files, "--systems", "popularity")
        assert code == 0
        assert {k: report[k] for k in ("targets", "targets_with_repeats", "targets_cold", "turns", "dialogues")} == {
            "targets": 4, "targets_with_repeats": 6, "targets_cold": 1, "turns": 4, "dialogues": 2,
        }  # fmt: skip
        found = report["systems"]["popularity"]
        novel = {name: estimate["value"] for name, estimate in found["novel"].items()}
        ranks = np.array([B, CE, CE, F])
        assert novel["recall@1"] == 0.25
        assert novel["recall@5"] == novel["recall@50"] == 1
        assert novel["mrr@10"] == pytest.approx((1 / ranks).mean())
        assert novel["ndcg@10"] == pytest.approx((1 / np.log2(1 + ranks)).mean())
        assert novel["precision@10"] == pytest.approx(0.1)
        assert novel["turn_recall@10"] == 1
        repeats = {name: estimate["value"] for name, estimate in found["repeats"].items()}
        ranks = np.array([B, REST, CE, B, CE, F])
        assert repeats["recall@5"] == pytest.approx(5 / 6)
        assert repeats["mrr@10"] == pytest.approx((1 / ranks).mean())
        assert found["cold"]["recall@1"] == {"value": 1, "low": None, "high": None}  # of two dialogues

    def test_what_is_told_of_the_lists(self, files):
        popularity = measure(files, "--systems", "popularity")[1]["systems"]["popularity"]
        # Every item has a mean rank of at most 10, so all are listed, and their mean percentile is 50.
        assert popularity["coverage@10"] == 1
        assert popularity["popularity_percentile@10"]["value"] == pytest.approx(50)
        assert popularity["in_catalogue@10"] == 1
        assert set(popularity["ms_per_turn"]) == {"mean", "median", "p95"}

    def test_echo_says_the_latest_first(self, files):
        _, report = measure(files, "--systems", "echo")
        # Turn 1 repeats a, mentioned last: rank 1. Turn 3 repeats b; a, c and d are later: b, first, is last of four.
        repeats = [1, 4]
        novel = [7, 7.5, 8.5, 6.5]  # behind 1, 2 and 4 mentioned items, and behind none, in the middle of the others
        found = report["systems"]["echo"]["repeats"]
        ranks = np.array(repeats + novel)
        assert found["mrr@10"]["value"] == pytest.approx((1 / ranks).mean())

    def test_what_was_mentioned_is_left_out_of_the_novel_setting(self, files):
        novel, kept = (
            measure(files, "--systems", "cooccurrence+popularity", *more, out=out)[1]
            for more, out in (((), "left.json"), (("--keep-mentioned",), "kept.json"))
        )
        found = [r["systems"]["cooccurrence+popularity"]["novel"]["recall@1"]["value"] for r in (novel, kept)]
        assert found[0] >= found[1]
        assert (
            novel["systems"]["cooccurrence+popularity"]["repeats"]
            == (kept["systems"]["cooccurrence+popularity"]["repeats"])
        )

    def test_next_item(self, files):
        rows = [{"user": "ann", "history": ["f"], "next": "b"}, {"user": "bob", "history": ["b"], "next": "b"}]
        path = jsonl(files / "next.jsonl", rows)
        code, report = measure(files, "--next-item", path, "--systems", "popularity", "cooccurrence")
        assert code == 0
        assert (report["targets"], report["targets_with_repeats"]) == (1, 2)
        assert report["systems"]["cooccurrence"]["novel"]["recall@1"]["value"] == 1
        assert report["systems"]["popularity"]["repeats"]["mrr@10"]["value"] == 0.5

    def test_systems_are_compared_on_the_same_targets(self, files):
        _, report = measure(files, "--systems", "popularity", "echo", "ease")
        assert report["against"] == "popularity"
        assert set(report["comparisons"]) == {"echo", "ease"}
        echo = report["comparisons"]["echo"]["recall@5"]
        assert echo["value"] == report["systems"]["echo"]["novel"]["recall@5"]["value"] - 1
        assert measure(files, "--systems", "popularity", "echo", "--against", "echo")[1]["against"] == "echo"


def adapter_with_tower(folder: Path, model_dir: Path) -> Path:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    rng = np.random.default_rng(0)
    model = AutoModelForCausalLM.from_pretrained(model_dir)
    get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"])).save_pretrained(folder)
    parts = (rng.normal(size=shape).astype(np.float32) for shape in ((4, 32), (4,), (4, 256)))
    save_tower(folder, TowerWeights(*parts, prior=0.5), TowerSettings(encoder="minilm", temperature=0.1))
    return folder


class TestEverySystem:
    @pytest.fixture(autouse=True)
    def fakes(self, monkeypatch):
        monkeypatch.setattr(bench, "SentenceEncoder", lambda name: BagEncoder(name=name))

    def test_all_run_on_a_tiny_model(self, files, tiny_model_dir, capsys):
        code, report = measure(files, "--model", tiny_model_dir, "--replies", 3)
        assert code == 0
        usual = [name for name, system in systems.SYSTEMS.items() if not system.fitted]
        assert [*report["systems"], *report["left_out"]] == [*(n for n in usual if n != "tower"), "tower"]
        for system in report["systems"].values():
            assert 0 <= system["novel"]["recall@10"]["value"] <= 1
        assert report["systems"]["generated"]["coverage@10"] > 0
        printed = capsys.readouterr().out
        assert "left out: tower" in printed
        assert "generated" in (files / "R.md").read_text()
        assert report["texts"]["replies"] == 3
        assert report["texts"]["perplexity"] > 1
        assert "Wording of the language model" in (files / "R.md").read_text()
        assert (files / "R.png").read_bytes().startswith(b"\x89PNG")
        assert not list(files.glob(".R*"))

    @pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # of peft, in making the adapter
    def test_an_adapter_brings_its_tower(self, files, tiny_model_dir, capsys):
        folder = adapter_with_tower(files / "adapter", tiny_model_dir)
        with_adapter = ("--model", tiny_model_dir, "--adapter", folder)
        code, report = measure(files, *with_adapter, "--systems", "tower", "popularity")
        assert code == 0
        assert report["systems"]["tower"]["coverage@10"] >= 10 / 12
        assert report["meta"]["adapter"] == str(folder)
        (folder / "tower.safetensors").write_bytes(b"nonsense")
        assert measure(files, *with_adapter, "--systems", "tower")[0] == 2
        assert "cannot read the user tower" in capsys.readouterr().err

    @pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
    def test_further_processes_read_as_one_does(self, files, tiny_model_dir, monkeypatch):
        folder = adapter_with_tower(files / "adapter", tiny_model_dir)
        tables = []
        for least in (len(DIALOGUES) * 10, 1):
            monkeypatch.setattr(fitting, "_LEAST_TURNS", least)
            options = ("--model", tiny_model_dir, "--adapter", folder, "--fit", files / f"fitted-{least}")
            assert measure(files, *options, "--systems", "full", "tower", "popularity")[0] == 0
            (table,) = files.glob("R.parts/tables-*/tower.npz")
            with np.load(table) as found:
                tables.append(found["scores"])
                assert (found["ms"] > 0).all()
            shutil.rmtree(files / "R.parts")
        assert np.ptp(tables[0].astype(np.float32)) > 0
        np.testing.assert_allclose(*tables, atol=2e-2)  # half precision, and other beginnings are remembered

    def test_fits_a_ranker_out_of_fold_that_the_chat_takes(self, files, tiny_model_dir, capsys):
        learnt_from = jsonl(files / "train.jsonl", [{**record, "id": record["id"] + "-before"} for record in DIALOGUES])
        options = ("--model", "none", "--train-dialogues", learnt_from, "--fit", files / "fitted")
        code, report = measure(files, *options, "--systems", "full", "full-ease", "popularity")
        assert code == 0
        assert set(report["systems"]) == {"full", "full-ease", "popularity"}
        assert report["systems"]["full"]["ms_per_turn"]["mean"] > 0
        assert measure(files, *options)[0] == 2
        assert "nothing is overwritten" in capsys.readouterr().err
        index = make_index(Catalog.load(files / "catalog.jsonl"), BagEncoder(name="minilm"))
        learnt = Learnt.load(files / "fitted", index)
        assert {"ease", "succession", "neighbours", "recommended", "recency"} <= set(learnt.retrievers)
        assert learnt.ranker is not None
        assert not learnt.ranker.speaks  # there was no language model
        shop = Shop.of(index, None, learnt.on(index))
        assert shop.recommender.ranker is learnt.ranker
        picks = [r.position for r in shop.recommender.recommend(Query("loved", (0,)), [], exclude=(0,), k=3)]
        assert len(picks) == 3
        assert 0 not in picks
        with_adapter = ("--model", "none", "--adapter", files / "fitted", "--systems", "retrieval")
        assert measure(files, *with_adapter)[0] == 0

    def test_naming_may_be_a_part_of_the_ranker(self, files, tiny_model_dir, capsys):
        options = ("--model", tiny_model_dir, "--fit", files / "fitted", "--naming")
        code, report = measure(files, *options, "--systems", "full", "full-named", "popularity")
        assert code == 0
        assert set(report["systems"]) == {"full", "full-named", "popularity"}
        index = make_index(Catalog.load(files / "catalog.jsonl"), BagEncoder(name="minilm"))
        ranker = Learnt.load(files / "fitted", index).ranker
        assert ranker is not None
        assert "named" in ranker.settings.parts
        assert measure(files, "--model", "none", "--fit", files / "other", "--naming")[0] == 2
        assert "--naming is for a ranker" in capsys.readouterr().err

    def test_the_language_model_may_see_some_turns_only(self, files, tiny_model_dir):
        _, report = measure(files, "--model", tiny_model_dir, "--lm-turns", 2, "--systems", "popularity", "generated")
        assert report["turns"] == report["systems"]["popularity"]["turns"] == 4
        assert report["systems"]["generated"]["turns"] == 2
        mine, theirs = (report["systems"][n]["novel"]["recall@10"]["value"] for n in ("generated", "popularity"))
        assert report["comparisons"]["generated"]["recall@10"]["value"] == pytest.approx(mine - theirs)

    @pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
    def test_all_parts_are_weighed_as_in_the_chat(self, files, tiny_model_dir):
        """The adapter's tower has its say beside what the logs teach; `served` is the chat itself, without the logs."""
        folder = adapter_with_tower(files / "adapter", tiny_model_dir)
        catalog = Catalog.load(files / "catalog.jsonl")
        lists = [
            MentionsRecord(id=f"m{n}", mentions=[{"role": "user", "items": [i]} for i in items])
            for n, items in enumerate(MENTIONS)
        ]
        made = bench.Bench(files / "catalog.jsonl", catalog, Histories(mentions=lists), str(tiny_model_dir), folder)
        case = next(dialogue_cases([DialogueRecord.model_validate(DIALOGUES[0])], listening_shop(catalog)))
        allowed = np.ones(len(catalog), dtype=bool)

        def chat(learnt):
            recommender = Shop.of(made.base, made.generator, learnt).recommender
            return recommender.score(case.query, allowed, case.context)

        full = chat(made.learnt)
        assert {"ease", "tower", "named"} <= set(full.parts)
        assert np.ptp(full.parts["tower"]) > 0
        found = systems.SYSTEMS["full"].make(made)(case, allowed)
        np.testing.assert_allclose(found, full.total, atol=1e-5)
        served = chat(Learnt.load(folder, made.base))
        assert "ease" not in served.parts
        found = systems.SYSTEMS["served"].make(made)(case, allowed)
        np.testing.assert_allclose(found, served.total, atol=1e-5)

    @pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
    def test_fitted_parts_rank_as_unfitted_ones(self, files, tiny_model_dir):
        folder = adapter_with_tower(files / "adapter", tiny_model_dir)
        options = ("--model", tiny_model_dir, "--adapter", folder, "--systems", "tower", "full")
        assert measure(files, *options, "--fit", files / "fitted")[0] == 0
        for table in files.glob("R.parts/tables-*/tower.npz"):
            with np.load(table) as found:
                assert found["scores"].dtype == np.float32
        assert (files / "fitted" / "ranker.safetensors").stat().st_mode & 0o044

    def test_what_cannot_be_measured_is_told_and_the_rest_is_written(self, files, caplog):
        code, report = measure(files, "--systems", "echo", "full", "--model", "none")
        assert (code, [*report["systems"]]) == (0, ["echo"])
        assert "--model none" in report["left_out"]["full"]
        assert "full is left out" in caplog.text
        assert measure(files, "--systems", "echo", "full", "--against", "full", "--model", "none")[0] == 2

    def test_without_training_data_the_floors_are_left_out(self, files):
        code = evaluate.main(
            [
                *("--catalog", str(files / "catalog.jsonl"), "--dialogues", str(files / "valid.jsonl")),
                *("--model", "none", "--out", str(files / "R.json")),
            ]
        )
        report = json.loads((files / "R.json").read_text())
        assert code == 0
        assert set(report["systems"]) == {"echo", "bm25", "dense", "latest", "facets", "retrieval"}
        assert "needs training data" in report["left_out"]["ease"]
        assert "--model none" in report["left_out"]["full"]


class TestMeta:
    def test_says_where_the_figures_come_from(self, files):
        _, report = measure(files, "--systems", "popularity")
        meta = report["meta"]
        assert meta["command"].startswith("python -m finetune.evaluate")
        assert meta["hardware"]["cores"] >= 1
        assert meta["versions"]["numpy"] == np.__version__
        assert [len(digest) for digest in meta["sha256"].values()] == [64, 64, 64]
        assert meta["date"].startswith("20")
        page = (files / "R.md").read_text()
        assert meta["command"] in page
        assert "| popularity | .250 [–] |" in page

    def test_warns_of_what_the_adapter_was_trained_on(self, files, caplog):
        (files / "adapter").mkdir()
        digest = provenance.file_digest(files / "valid.jsonl")
        (files / "adapter" / "run.json").write_text(json.dumps({"data": {"elsewhere.jsonl": digest}}))
        measure(files, "--systems", "popularity", "--adapter", files / "adapter", "--model", "none")
        assert "was trained on this file" in caplog.text

    def test_warns_of_training_on_the_test(self, files, caplog):
        measure(files, "--systems", "popularity", "--train-dialogues", files / "valid.jsonl")
        assert "2 of 2 records are also learnt from" in caplog.text


CASES = list(next_item_cases([NextItemRecord(user="u", history=("a",), next=n) for n in "bcdef"], CATALOG))


class TestRun:
    def scorer(self, calls, stop=99):
        def scores(case, allowed):
            if len(calls) == stop:
                raise KeyboardInterrupt
            calls.append(case)
            return np.arange(12, dtype=np.float32)

        return scores

    def go(self, part, scorer, cases=CASES):
        return run("s", lambda: scorer, True, cases, Facets(CATALOG), part)

    def test_goes_on_where_it_was_interrupted(self, tmp_path):
        whole = self.go(tmp_path / "whole", self.scorer([]))
        part, calls = tmp_path / "part", []
        with pytest.raises(KeyboardInterrupt):
            self.go(part, self.scorer(calls, stop=4))  # one to warm up, three turns
        part.write_bytes(part.read_bytes()[:-5])  # the last line is half written
        calls.clear()
        found = self.go(part, self.scorer(calls))
        assert [case.targets for case in calls[1:]] == [case.targets for case in CASES[2:]]
        assert [(o.novel, o.all, o.listed) for o in found] == [(o.novel, o.all, o.listed) for o in whole]

    def test_what_is_done_is_not_done_again(self, tmp_path):
        first = self.go(tmp_path / "part", self.scorer([]))

        def never():
            raise AssertionError

        again = run("s", never, True, CASES, Facets(CATALOG), tmp_path / "part")
        assert [o.novel for o in again] == [o.novel for o in first] == [(11.0,), (10.0,), (9.0,), (8.0,), (7.0,)]

    def test_results_of_other_turns_are_refused(self, tmp_path):
        self.go(tmp_path / "part", self.scorer([]))
        others = [replace(case, novel=(), targets=()) for case in CASES]
        with pytest.raises(NamedropError, match="results of other turns; remove the file"):
            self.go(tmp_path / "part", self.scorer([]), others)

    def test_what_is_left_out_is_last_when_novel_only(self, tmp_path):
        def first_is_best(case, allowed):
            return -np.arange(12, dtype=np.float32)

        found = self.go(tmp_path / "part", first_is_best)[0]
        assert (found.novel, found.all, found.listed) == ((1.0,), (2.0,), tuple(range(1, 11)))

    def test_nan_is_told_with_the_system_and_the_turn(self, tmp_path):
        with pytest.raises(NamedropError, match="system 's', turn 0: a score is NaN"):
            self.go(tmp_path / "part", lambda case, allowed: np.full(12, np.nan, dtype=np.float32))


def test_a_summary_of_nothing_listed():
    measured = Measured([0], CASES[:1], [Outcome((6.0,), (6.5,), (), 1.0)])
    found = summarise(measured, np.full(12, 50.0))
    assert found["coverage@10"] == 0
    assert found["popularity_percentile@10"] is None
    assert found["cold"] == {}
    assert compare(measured, measured)["recall@10"] == {"value": 0, "low": None, "high": None}
    none = Measured([0], CASES[:1], [Outcome((), (6.5,), (), 1.0)])
    assert compare(none, none) == {}


def test_an_interval_is_told_of_ten_dialogues_and_more():
    values, clusters = np.arange(10.0)[:, None], np.arange(10)
    assert estimates(["x"], values, clusters)["x"]["low"] is not None
    assert estimates(["x"], values[:9], clusters[:9])["x"] == {"value": 4, "low": None, "high": None}


class TestErrors:
    @pytest.mark.parametrize(
        ("more", "words"),
        [
            (["--systems", "popularty"], "no system is called 'popularty'; is 'popularity' meant?"),
            (["--systems", "echo", "--against", "ease"], "--against ease is not measured"),
            (["--limit", "0"], "--limit is 0; expected at least 1"),
            (["--lm-turns", "-3"], "--lm-turns is -3; expected at least 1"),
            (["--adapter", "nowhere"], "--adapter 'nowhere': no such folder"),
            (["--train-mentions", "nowhere.jsonl"], "nowhere.jsonl: no such file"),
            (["--systems", "full", "--model", "none"], "the language model is left out"),
            (["--replies", "-3"], "--replies is -3; expected at least 0"),
        ],
    )
    def test_what_cannot_be_used_is_told(self, files, capsys, more, words):
        code, report = measure(files, *more)
        assert (code, report) == (2, None)
        assert words in capsys.readouterr().err

    def test_what_is_for_dialogues_only_is_refused(self, files, capsys):
        path = jsonl(files / "next.jsonl", [{"user": "ann", "history": ["f"], "next": "b"}])
        for option in ("--outcome", "--as-served"):
            assert measure(files, "--next-item", path, option)[0] == 2
            assert f"{option} is for dialogues" in capsys.readouterr().err

    def test_where_nothing_can_be_written_is_told_first(self, files, capsys):
        for option, name in (("--out", "x.json"), ("--fit", "fit")):
            given = {"out": "catalog.jsonl/x.json"} if option == "--out" else {}
            assert measure(files, *([] if given else [option, files / "catalog.jsonl" / name]), **given)[0] == 2
            assert f"{option} '" in (err := capsys.readouterr().err)
            assert "nothing can be written" in err

    def test_too_few_dialogues_are_not_fitted_on(self, files, capsys):
        code, _ = measure(files, "--model", "none", "--fit", files / "fit", "--limit", 1)
        assert code == 2
        assert "--fit: 1 dialogues with something to foretell" in capsys.readouterr().err

    def test_a_result_is_json(self, files, capsys):
        assert measure(files, "--systems", "echo", out="R.txt")[0] == 2
        assert "expected a name that ends in .json" in capsys.readouterr().err

    def test_an_unknown_id_is_told_with_its_line_and_can_be_skipped(self, files, capsys):
        jsonl(
            files / "valid.jsonl", [*DIALOGUES, {"id": "x", "turns": [{"role": "user", "text": "", "items": ["zz"]}]}]
        )
        assert measure(files, "--systems", "echo")[0] == 2
        assert "valid.jsonl:3: items = 'zz'" in capsys.readouterr().err
        code, report = measure(files, "--systems", "echo", "--skip-bad-rows")
        assert (code, report["dialogues"]) == (0, 2)
        assert "skipped valid.jsonl:3" in capsys.readouterr().err

    def test_nothing_to_foretell(self, files, capsys):
        jsonl(files / "valid.jsonl", [{"id": "x", "turns": [{"role": "user", "text": "Alien", "items": ["d"]}]}])
        assert measure(files, "--systems", "echo")[0] == 2
        assert "nothing to foretell" in capsys.readouterr().err

    def test_two_evaluations_do_not_write_into_each_other(self, files, capsys):
        from filelock import FileLock

        (files / "R.parts").mkdir()
        with FileLock(files / "R.parts" / "lock"):
            assert measure(files, "--systems", "echo")[0] == 2
        assert "another evaluation writes here" in capsys.readouterr().err

    def test_an_interruption_says_how_to_go_on(self, files, capsys, monkeypatch):
        def stop(bench):
            raise KeyboardInterrupt

        monkeypatch.setitem(systems.SYSTEMS, "echo", systems.System(stop, ""))
        assert measure(files, "--systems", "echo")[0] == 130
        assert "run the same command again" in capsys.readouterr().err


def test_a_limit_takes_dialogues_from_all_over_the_file(files):
    rows = [{"id": str(at), "turns": [{"role": "assistant", "text": "", "items": [i]}]} for at, i in enumerate(TITLES)]
    jsonl(files / "valid.jsonl", rows)
    _, report = measure(files, "--systems", "popularity", "--limit", "3")
    assert report["dialogues"] == 3
    # a, e and i: ranks 8.5, 3.5 and 8.5
    assert report["systems"]["popularity"]["novel"]["recall@5"]["value"] == pytest.approx(1 / 3)
