from __future__ import annotations

import csv
import json
import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from finetune import provenance
from finetune import simulate as module
from finetune.data import DialogueRecord, load
from finetune.people import make_person
from finetune.says import Says, Utterance
from finetune.simulate import main
from finetune.simulated import (
    Limit,
    Population,
    SimulatedRecord,
    SimulatedTurn,
    audit,
    load_simulated,
    make_dialogues,
)
from finetune.success import (
    Answered,
    Exchange,
    Meeting,
    Transcript,
    ceiling_answers,
    dialogue_answers,
    difference,
    meet,
    share,
    summary,
)
from finetune.tastes import SimulationError, World, held_out
from finetune.teacher import Heard, Teacher, worded
from retrieval.catalog import Catalog
from retrieval.constraints import satisfies
from retrieval.types import Constraint, Item
from tests.shops import MARQUEE, Talk, ids, marquee

GENRES = ("drama", "comedy", "horror", "science fiction", "romance")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Write a shop of 30 films that knows no moods or themes."""
    path = tmp_path / "shop.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "title", "kind", "year", "genres", "price"])
        for n in range(30):
            genres = f"{GENRES[n % 5]};{GENRES[n // 6]}"
            rows.writerow([f"f{n}", f"The {n}th Night of {'ABCDEF'[n % 6]}", "film", 1950 + 2 * n, genres, 3 + n / 2])
    return path


@cache
def world() -> World:
    return World(Catalog.load(MARQUEE))


@cache
def made(n: int = 60, seed: int = 3) -> tuple[SimulatedRecord, ...]:
    return tuple(make_dialogues(Population(world(), seed), n))


def run(*arguments: object) -> int:
    return main([str(a) for a in arguments])


class TestDialogues:
    def test_all_are_sound_and_end_with_the_target(self) -> None:
        for record in made():
            assert not audit(record, world().catalog)
            last = [turn for turn in record.turns if turn.role == "assistant"][-1]
            assert record.target in last.items
            assert 1 <= len(last.items) <= 3
            assert [turn.role for turn in record.turns[:2]] == ["user", "assistant"]

    def test_the_same_seed_makes_the_same_dialogues(self) -> None:
        again = tuple(make_dialogues(Population(world(), 3), 60))
        assert again == made()
        assert tuple(make_dialogues(Population(world(), 4), 60)) != made()

    def test_conversations_differ_in_length_words_and_targets(self) -> None:
        assert {len([t for t in r.turns if t.role == "assistant"]) for r in made()} >= {1, 2, 3}
        assert len({r.target for r in made()}) > 50
        assert len({t.text for r in made() for t in r.turns}) > 0.95 * sum(len(r.turns) for r in made())

    def test_nothing_is_named_twice_by_the_assistant(self) -> None:
        for record in made():
            named = [i for turn in record.turns if turn.role == "assistant" for i in turn.items]
            assert len(named) == len(set(named))

    def test_held_out_items_occur_nowhere(self) -> None:
        held = held_out(world().catalog, 0.3, 1)
        ids = {world().item(at).id for at in held}
        seen = Population(world(), 1, targets="seen", hold_out=0.3, hold_out_seed=1)
        for record in make_dialogues(seen, 60):
            assert not ids.intersection(i for turn in record.turns for i in turn.items)
            assert record.target not in ids
            assert not audit(record, world().catalog, held)

    def test_unseen_targets_are_held_out_and_so_is_all_the_assistant_names(self) -> None:
        ids = {world().item(at).id for at in held_out(world().catalog, 0.3, 1)}
        unseen = Population(world(), 1, targets="unseen", hold_out=0.3, hold_out_seed=1)
        for record in make_dialogues(unseen, 40):
            assert ids.issuperset(i for turn in record.turns if turn.role == "assistant" for i in turn.items)

    def test_no_target_left_is_an_error(self) -> None:
        with pytest.raises(SimulationError, match="no item can be a target"):
            Population(world(), targets="unseen").pool()

    def test_they_are_read_as_dialogues(self, tmp_path: Path) -> None:
        path = tmp_path / "d.jsonl"
        path.write_text("".join(r.model_dump_json() + "\n" for r in made()), encoding="utf-8")
        records = load(path, DialogueRecord, known=world().catalog.positions).records
        assert len(records) == 60
        assert load_simulated(path, world().catalog) == made()


class TestAudit:
    CATALOG = Catalog(
        [
            Item("a", "The Quiet Harbour", year=1971, creators=("Ann Bell",), aliases=("静港",), genres=("drama",)),
            Item("b", "Second Light", genres=("horror",)),
            Item("c", "Long Meadow", genres=("drama",)),
        ]
    )

    def findings(
        self, *turns: tuple[str, str, str], limits: tuple[Limit, ...] = (), held: frozenset[int] = frozenset()
    ):
        built = tuple(
            SimulatedTurn(
                role="user" if role == "u" else "assistant",
                text=text,
                items=tuple(items),
                limits=limits if role == "u" else (),
            )
            for role, text, items in turns
        )
        record = SimulatedRecord(id="d", target="a", turns=built)
        return [str(finding) for finding in audit(record, self.CATALOG, held)]

    GOOD = ("a", "Try The Quiet Harbour (1971) and Long Meadow.", "ac")

    def test_a_sound_dialogue_has_no_findings(self) -> None:
        assert (
            self.findings(("u", "a drama by Ann Bell", ""), self.GOOD, ("u", "The Quiet Harbour, perfect!", "a")) == []
        )

    @pytest.mark.parametrize("text", ["the quiet harbour?", "Quiet Harbour", "quiet harbor", "静港", "Ann Bell, 1971"])
    def test_a_leak_is_found(self, text: str) -> None:
        found = self.findings(("u", text, ""), self.GOOD)
        assert len(found) == 1
        assert "d, turn 1" in found[0]
        assert "gives away 'The Quiet Harbour'" in found[0]

    def test_a_leak_spread_over_turns_is_found(self) -> None:
        turns = ("u", "by Ann Bell", ""), ("a", "Second Light.", "b"), ("u", "from 1971", ""), self.GOOD
        assert "bell + 1971" in self.findings(*turns)[0]

    def test_the_text_must_name_the_items_in_order(self) -> None:
        assert "does not name 'Long Meadow'" in self.findings(("u", "hi", ""), ("a", "The Quiet Harbour.", "ac"))[0]
        assert self.findings(("u", "hi", ""), ("a", "Long Meadow, The Quiet Harbour.", "ac"))

    def test_a_broken_limit_is_found(self) -> None:
        limits = (Limit(field="genres", op="is_not", value="horror"),)
        turns = ("u", "no horror", ""), ("a", "Second Light, The Quiet Harbour.", "ba")
        assert "'Second Light' breaks genres is_not horror" in self.findings(*turns, limits=limits)[0]

    def test_held_out_items_are_found(self) -> None:
        assert "is held out" in self.findings(("u", "hi", ""), self.GOOD, held=frozenset({2}))[0]

    def test_a_target_that_is_never_named_is_found(self) -> None:
        assert "never names" in self.findings(("u", "hi", ""), ("a", "Second Light.", "b"))[0]


class TestTeacher:
    def teacher(self, **options: object) -> Teacher:
        return Teacher(world(), None, np.ones(len(world()), dtype=np.bool_), random.Random(0), **options)

    def test_what_is_said_is_kept(self) -> None:
        limits = (
            Constraint("kind", "is", "film"),
            Constraint("genres", "is_not", "horror"),
            Constraint("year", "<", 1990.0),
        )
        teacher = self.teacher()
        first = teacher.answer([Says("want", "moods", "slow"), *(Says("limit", limit=c) for c in limits)])
        assert len(first) == 3
        assert all(satisfies(world().item(at), c) for at in first for c in limits)
        assert all(("moods", "slow") in world().values[at] for at in first)
        second = teacher.answer([Says("more")])
        assert not set(first) & set(second)
        back = teacher.answer([Says("retract", limit=limits[0]), Says("limit", limit=Constraint("kind", "is", "book"))])
        assert {world().kind(at) for at in back} == {"book"}

    def test_what_is_known_is_not_named(self) -> None:
        solaris = world().catalog.positions["film-solaris-1972"]
        picks = self.teacher().answer([Says("like", items=(solaris,))], k=20)
        assert solaris not in picks
        assert picks
        assert world().overlap([solaris])[picks].min() > 0.2

    def test_the_target_is_named_sooner_or_later_and_never_against_a_limit(self) -> None:
        target = world().catalog.positions["film-solaris-1972"]
        teacher = self.teacher()
        answers = [
            teacher.answer([Says("limit", limit=Constraint("kind", "is", "book"))], target=target) for _ in range(6)
        ]
        assert target not in [at for picks in answers for at in picks]
        teacher = self.teacher()
        assert target in [at for _ in range(5) for at in teacher.answer([Says("more")], target=target)]

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_answers_name_their_items_and_nothing_else(self, language: str) -> None:
        picks = [world().catalog.positions[i] for i in ("film-solaris-1972", "film-stalker-1979")]
        for n in range(30):
            text = worded(world(), picks, Heard(), language, "all", random.Random(n))  # type: ignore[arg-type]
            names = ("Solaris (1972)", "Stalker (1979)") if language == "en" else ("》（1972）", "《潜行者》（1979）")
            assert 0 <= text.find(names[0]) < text.find(names[1])
        assert worded(world(), [], Heard(), language, "all", random.Random(0))  # type: ignore[arg-type]


class TestSuccess:
    def person(self, number: int = 1):
        targets = np.flatnonzero(world().catalog.in_stock).tolist()
        return make_person(world(), number, 2, targets=targets)

    def test_the_turn_of_success_is_counted_from_one(self) -> None:
        turns = iter([(0,), (1, 2), (), (3,), (4,)])
        assert meet(self.person(), 1, lambda said: Answered(next(turns))).turn == 0
        who = self.person()
        turns = iter([(5,), (6, who.target)])
        met = meet(who, 1, lambda said: Answered(next(turns)))
        assert (met.turn, met.cards, len(met.exchanges)) == (2, 3, 2)
        assert met.target == world().item(who.target).id

    def test_cards_that_break_what_was_said_are_counted(self) -> None:
        broken = 0
        for number in range(30):
            who = self.person(number)
            wrong = next(at for at in range(len(world())) if world().kind(at) != world().kind(who.target))
            met = meet(who, number, lambda said, at=wrong: Answered((at,)), turns=2)
            broken += met.broken
        assert broken

    def test_the_dialogue_is_met_by_words_alone(self) -> None:
        who = self.person()
        said = who.open()
        answered = dialogue_answers(marquee(), world(), "s")(Utterance(said.text))
        talked = Talk(marquee())(said.text)
        assert [world().item(at).id for at in answered.shown] == ids(talked)
        assert answered.text == talked.text

    def test_the_dialogue_finds_some_targets(self) -> None:
        met = [meet(self.person(n), n, dialogue_answers(marquee(), world(), f"s{n}")) for n in range(12)]
        assert sum(m.turn > 0 for m in met) > 2

    def test_who_understands_everything_succeeds_nearly_always(self) -> None:
        pool = world().catalog.in_stock
        met = [meet(self.person(n), n, ceiling_answers(world(), pool, self.person(n), n)) for n in range(60)]
        assert sum(m.turn > 0 for m in met) >= 54
        assert sum(m.broken for m in met) == 0
        assert sum(m.turn == 1 for m in met) < 36

    def test_wilson(self) -> None:
        found = share(8, 10)  # Wilson 1927; worked by hand: (8 + z²/2 ± …) / (10 + z²)
        assert found.value == 0.8
        assert found.low == pytest.approx(0.4902, abs=1e-4)
        assert found.high == pytest.approx(0.9433, abs=1e-4)

    def meetings(self, turns: list[int]) -> list[Meeting]:
        return [
            Meeting(number=n, attitude="fan" if n % 2 else "picky", language="en", kind="", target=f"t{n}", turn=turn)
            for n, turn in enumerate(turns)
        ]

    def test_figures_by_group(self) -> None:
        met = [m.model_copy(update={"exchanges": ()}) for m in self.meetings([1, 0, 3, 2])]
        met[0] = met[0].model_copy(update={"exchanges": self.exchange()})
        found = summary(met)
        assert found["success"]["value"] == 0.75
        assert found["turns_to_success"]["value"] == 2
        assert [s["value"] for s in found["success_by_turn"]] == [0.25, 0.5, 0.75, 0.75, 0.75]
        assert found["attitudes"]["fan"]["success"]["value"] == 0.5
        assert found["kinds"]["none"]["people"] == 4
        assert found["cards_breaking_a_said_limit"] is None

    @staticmethod
    def exchange() -> tuple:
        return (Exchange(said="hi", ms=3.0),)

    def test_two_systems_are_compared_person_by_person(self) -> None:
        found = difference(self.meetings([1, 1, 0, 2]), self.meetings([1, 0, 0, 0]))
        assert found.value == 0.5
        assert found.low <= 0.5 <= found.high
        with pytest.raises(SimulationError, match="different people"):
            difference(self.meetings([1, 1]), self.meetings([1]))

    def test_a_transcript_goes_on_where_it_was_cut(self, tmp_path: Path) -> None:
        path, settings = tmp_path / "r.people.jsonl", {"seed": 1}
        transcript = Transcript(path, settings)
        for meeting in self.meetings([1, 0, 2]):
            transcript.add(meeting)
        path.write_bytes(path.read_bytes()[:-9])
        again = Transcript(path, settings)
        assert sorted(again.meetings) == [0, 1]
        again.add(self.meetings([0, 0, 2])[2])
        assert Transcript.read(path) == self.meetings([1, 0, 2])
        with pytest.raises(SimulationError, match="another run's file"):
            Transcript(path, {"seed": 2})


class TestCommands:
    def test_make_and_audit_any_catalogue(self, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        out = tmp_path / "d.jsonl"
        assert run("make", "--catalog", shop, "--out", out, "--dialogues", 25, "--hold-out-items", 0.2) == 0
        assert len(out.read_text().splitlines()) == 25
        left_out = (tmp_path / "d.held-out.txt").read_text().split()
        assert left_out
        assert not any(f'"{i}"' in out.read_text() for i in left_out)
        assert run("audit", out, "--catalog", shop, "--hold-out-items", 0.2) == 0
        assert "25 dialogues, 0 unsound" in capsys.readouterr().out

    def test_a_title_is_all_a_catalogue_needs(self, tmp_path: Path) -> None:
        shop, out = tmp_path / "bare.csv", tmp_path / "d.jsonl"
        shop.write_text("id,title\n" + "".join(f"{n},Work of Number {n}\n" for n in range(30)))
        assert run("make", "--catalog", shop, "--out", out, "--dialogues", 10) == 0
        assert run("audit", out, "--catalog", shop) == 0

    def test_a_transcript_may_hold_any_character(self, tmp_path: Path) -> None:
        meeting = Meeting(number=1, attitude="fan", language="en", kind="", target="a\u2028b\u0085c", turn=2)
        kept = Transcript(tmp_path / "t.jsonl", {"seed": 1})
        kept.add(meeting)
        assert Transcript(tmp_path / "t.jsonl", {"seed": 1}).meetings == {1: meeting}
        assert Transcript.read(tmp_path / "t.jsonl") == [meeting]

    def test_nothing_is_overwritten(self, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        out = tmp_path / "d.jsonl"
        out.write_text("mine")
        assert run("make", "--catalog", shop, "--out", out) == 2
        assert out.read_text() == "mine"
        assert "nothing is overwritten" in capsys.readouterr().err

    def test_audit_finds_what_was_put_in(self, shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        out = tmp_path / "d.jsonl"
        run("make", "--catalog", shop, "--out", out, "--dialogues", 5)
        records = [json.loads(line) for line in out.read_text().splitlines()]
        title = Catalog.load(shop).get(records[2]["target"]).title  # type: ignore[union-attr]
        records[2]["turns"][0]["text"] += f" Maybe {title.lower()}?"
        out.write_text("".join(json.dumps(r) + "\n" for r in records))
        assert run("audit", out, "--catalog", shop) == 1
        printed = capsys.readouterr().out
        assert f"{records[2]['id']}, turn 1" in printed
        assert "5 dialogues, 1 unsound" in printed

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ('{"id": "x", "turns": [{"role": "user", "text": "hi"}]}', "target"),
            ('{"id": "x", "target": "nobody", "turns": [{"role": "user", "text": "hi"}]}', "nobody"),
            ('{"id": "x", "target": "f1", "turns": [{"role": "user", "text": "hi", "items": ["zz"]}]}', "zz"),
            ("{", "JSON"),
            ("", "no usable"),
        ],
    )
    def test_audit_lists_bad_records(
        self, shop: Path, tmp_path: Path, line: str, told: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "bad.jsonl"
        path.write_text(line + "\n")
        assert run("audit", path, "--catalog", shop) == 2
        assert told in capsys.readouterr().err

    def test_the_ceiling_is_measured_resumed_and_compared(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        out, other = tmp_path / "r.json", tmp_path / "other.json"
        asked = ["run", "--catalog", MARQUEE, "--model", "ceiling", "--people", 12, "--out"]
        assert run(*asked, out) == 0
        result = json.loads(out.read_text())
        assert result["people"] == 12
        assert set(result["success"]) == {"value", "low", "high"}
        assert sum(group["people"] for group in result["attitudes"].values()) == 12
        transcript = tmp_path / "r.people.jsonl"
        transcript.write_text("".join(transcript.read_text().splitlines(keepends=True)[:5]))
        assert run(*asked, out) == 0
        assert {k: v for k, v in json.loads(out.read_text()).items() if k in ("success", "attitudes")} == {
            k: result[k] for k in ("success", "attitudes")
        }
        assert run(*asked, other, "--turns", 1) == 0
        assert run("compare", out, other) == 2
        assert "measured differently (turns 5 and 1)" in capsys.readouterr().err
        same = tmp_path / "same.json"
        assert run(*asked, same) == 0
        assert run("compare", out, same) == 0
        assert "over 12 people" in capsys.readouterr().out
        fewer = [8 if part == 12 else part for part in asked]
        assert run(*fewer, out) == 0
        assert run("compare", out, out) == 0  # the transcript still knows the others
        assert "over 8 people" in capsys.readouterr().out
        with monkeypatch.context() as patched:
            patched.setattr(provenance, "sources_digest", lambda names: "other code")
            assert run(*asked, out) == 2
            assert "of other settings, models or code" in capsys.readouterr().err
            patched.setattr(module, "make_person", interrupted)
            assert run(*asked, tmp_path / "stopped.json") == 130
        assert run(*asked, out, "--seed", 9) == 2

    @pytest.mark.parametrize(
        "arguments",
        [
            ["run", "--catalog", "nowhere.csv", "--out", "r.json"],
            ["run", "--catalog", MARQUEE, "--model", "none", "--adapter", "nowhere", "--out", "r.json"],
            ["make", "--catalog", MARQUEE, "--targets", "unseen", "--out", "d.jsonl"],
            ["compare", "nowhere.json", "nowhere.json"],
            ["audit", "nowhere.jsonl", "--catalog", MARQUEE],
        ],
    )
    def test_errors_are_told_without_a_traceback(
        self,
        arguments: list[object],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert run(*arguments) == 2
        assert capsys.readouterr().err.startswith("simulate: ")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.models
    def test_the_assistant_is_measured(self, tmp_path: Path) -> None:
        out = tmp_path / "r.json"
        dialogues = tmp_path / "d.jsonl"
        asked = ["run", "--catalog", MARQUEE, "--model", "none", "--people", 6, "--out", out, "--dialogues", dialogues]
        assert run(*asked) == 0
        result = json.loads(out.read_text())
        assert result["cards"] > 0
        assert result["ms_per_turn"]["p50"] > 0
        meetings, records = Transcript.read(tmp_path / "r.people.jsonl"), load_simulated(dialogues, world().catalog)
        assert [r.target for r in records] == [m.target for m in meetings]
        assert [t.items for t in records[0].turns if t.role == "assistant"] == [e.shown for e in meetings[0].exchanges]
        assert not any(t.items for t in records[0].turns if t.role == "user")  # what they name is for the chat to find

    @pytest.mark.models
    def test_what_is_measured_answers_as_the_assistant_does(self, tmp_path: Path) -> None:
        from chat import Assistant

        out = tmp_path / "r.json"
        assert run("run", "--catalog", MARQUEE, "--model", "none", "--people", 3, "--out", out) == 0
        assistant = Assistant.open(MARQUEE, model="none")
        for meeting in Transcript.read(tmp_path / "r.people.jsonl"):
            for exchange in meeting.exchanges:
                reply = assistant.reply(exchange.said, f"s{meeting.number}")
                assert (tuple(c.id for c in reply.items), reply.text) == (exchange.shown, exchange.answer)
        assistant.close()
