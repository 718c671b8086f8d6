from __future__ import annotations

import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import yaml
from safetensors.torch import load_file
from training import write_config, write_encoder, write_shop

from chat.prompt import UserContext, render
from finetune import adapters
from finetune import train as command
from finetune.adapters import AdapterError, add_adapters, check_adapter
from finetune.checkpoints import MARKER, RunError, newest, prune, publish, write_whole
from finetune.config import ConfigError, read_config
from finetune.loop import Best, TrainingError
from finetune.plan import Plan
from finetune.train import train

ROOT = Path(__file__).parent.parent
KILLS = int(os.environ.get("NAMEDROP_KILLS", "3"))


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Two threads gain nothing at this size, and lose much where others compute too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    return write_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def configure(shop, tiny_model_dir, tmp_path):
    """Write a configuration beside its run; `changes` replace top-level keys."""

    def write(name: str = "run", **changes) -> Path:
        return write_config(tmp_path / f"{name}.yaml", shop, tiny_model_dir, output=str(tmp_path / name), **changes)

    return write


def history(run: Path) -> list[dict]:
    """What was logged at each step, from the last checkpoint."""
    state = json.loads((newest(run / "checkpoints") / "trainer_state.json").read_text(encoding="utf-8"))
    return state["log_history"]


def losses(run: Path) -> list[float]:
    return [entry[name] for entry in history(run) for name in ("loss", "eval_loss") if name in entry]


def test_a_run_ends_with_an_adapter_that_serving_loads(configure, tmp_path):
    from chat.generator import LocalGenerator
    from retrieval.catalog import Catalog

    file = configure()
    config = read_config(file)
    adapter = train(config)
    assert (adapter / MARKER).is_file()
    described = json.loads((adapter / "run.json").read_text(encoding="utf-8"))
    metrics = described["metrics"]
    assert metrics["eval_loss"] < 0.9 * metrics["before_eval_loss"]
    assert metrics["logits_changed"] > 0.1
    assert metrics["reload_difference"] < 1e-3
    assert metrics["answers_that_end"] > 0
    assert metrics["peak_memory_gb"] > 0
    assert all(len(digest) == 64 for digest in described["data"].values())
    assert {"commit", "command", "versions", "hardware"} <= described.keys()
    assert read_config(adapter / "config.yaml") == config
    assert json.loads((adapter / "adapter_config.json").read_text())["base_model_name_or_path"] == config.model
    assert list((tmp_path / "run" / "tensorboard").glob("events*"))
    assert sorted(p.name for p in (tmp_path / "run" / "checkpoints").iterdir()) == ["step-12", "step-9"]
    assert not list((tmp_path / "run").glob(".*"))
    bound = LocalGenerator(config.model, adapter, dtype="float32").bind(Catalog.load(config.data.catalog))
    assert len(bound.name_titles(render(UserContext()), 3)) == 3


def test_a_run_is_never_overwritten(configure, capsys, tmp_path):
    file = configure(max_steps=2)
    assert command.main([str(file)]) == 0
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "run").rglob("*")}
    assert command.main([str(file)]) == 2
    assert "there is a run already; --resume goes on with it" in capsys.readouterr().err
    assert command.main([str(file), "--resume"]) == 2
    assert "this run is finished" in capsys.readouterr().err
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "run").rglob("*")} == before


def test_a_run_is_not_resumed_with_other_settings_or_data(configure, shop, tmp_path):
    file = configure()
    config = read_config(file)
    train(config.model_copy(update={"max_steps": 3}))
    (tmp_path / "run" / "adapter" / MARKER).unlink()
    with pytest.raises(ConfigError, match="the run began with another max_steps; restore it"):
        train(config, resume=True)
    saved = tmp_path / "run" / "config.yaml"
    settings = yaml.safe_load(saved.read_text(encoding="utf-8"))
    del settings["shelf"]  # a version without this key wrote it: the default is what it did
    saved.write_text(yaml.safe_dump({**settings, "max_steps": 12}), encoding="utf-8")
    (tmp_path / "run" / "data.digest").write_text("other", encoding="utf-8")
    with pytest.raises(ConfigError, match="the training examples are not those the run began with"):
        train(config, resume=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").touch()
    with pytest.raises(RunError, match="this is no run's folder"):
        train(config.model_copy(update={"output": tmp_path / "other"}), resume=True)


def test_a_loss_that_is_no_number_stops_the_run(configure, tmp_path):
    file = configure(learning_rate=1e30, clip=1e30, checkpoint_every=1, evaluate_every=100)
    with pytest.raises(
        TrainingError, match=r"step \d: the (loss|gradient) is not a number, so the run stops"
    ) as caught:
        train(read_config(file))
    assert "learning_rate below 1e+30" in str(caught.value)
    assert not (tmp_path / "run" / "adapter").exists()


def test_a_dry_run_shows_sizes_a_masked_sample_and_the_duration_and_writes_nothing(configure, capsys, tmp_path):
    file = configure(upper_layers=1)
    assert command.main([str(file), "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "times as many" in out
    assert "  masked │ Title:\n  loss   │ ' " in out
    assert "lower layers" in out
    assert "predicted: 12 steps of 1,024 tokens, 12,288 tokens in all, about" in out
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "./nowhere"}, "expected a folder with config.json"),
        ({"lora": {"targets": ["qkv"]}}, "has no layer 'qkv' to adapt; it has down_proj, gate_proj"),
        ({"lora": {"targets": ["lm_head"]}}, "has no layer 'lm_head' to adapt"),
        ({"lora": {"layers": [7]}}, "lora.layers: expected 0 to 1, found 7"),
        ({"upper_layers": 2}, "upper_layers = 2: expected 1 to 1, the model has 2 layers"),
        ({"max_tokens": 16, "micro_tokens": 16}, "no example fits max_tokens = 16"),
    ],
)
def test_what_does_not_fit_the_model_is_told_without_a_traceback(configure, capsys, changes, message):
    assert command.main([str(configure(**changes))]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


def test_bad_training_data_is_told_with_its_line(configure, shop, capsys, tmp_path):
    (tmp_path / "bad.jsonl").write_text('{"id": "x", "turns": [{"role": "user", "text": "a", "items": ["f999"]}]}\n')
    data = yaml.safe_load(configure().read_text(encoding="utf-8"))["data"]
    assert command.main([str(configure("run2", data={**data, "dialogues": [str(tmp_path / "bad.jsonl")]}))]) == 2
    assert "bad.jsonl:1: " in capsys.readouterr().err
    assert not (tmp_path / "run2").exists()


def test_training_stops_early_and_keeps_the_best_weights(configure, tmp_path, monkeypatch):
    monkeypatch.setattr(adapters, "_ends", lambda *_: True)  # so short a training need not end an answer everywhere
    file = configure(learning_rate=0.3, evaluate_every=3, checkpoint_every=3, patience=1, max_steps=60, clip=100)
    train(read_config(file))
    measured = [(entry["eval_loss"], entry["step"]) for entry in history(tmp_path / "run") if "eval_loss" in entry]
    metrics = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["metrics"]
    assert metrics["steps"] < 60
    assert metrics["eval_loss"] == pytest.approx(min(measured)[0], abs=1e-5)
    assert newest(tmp_path / "run" / "best").name == f"step-{min(measured)[1]}"


def test_early_stopping_counts_evaluations_without_a_better_one():
    best, control, kept = Best(2), SimpleNamespace(should_training_stop=False), []
    best.keep = kept.append
    for step, loss in enumerate([3.0, 2.0, 2.5, 1.9, 2.0]):
        best.judge(loss, step, control)
    assert kept == [0, 1, 3]
    assert not control.should_training_stop
    restored = Best(**best.state()["args"])
    restored.judge(1.95, 5, control)
    assert control.should_training_stop


def test_the_plan_is_the_same_for_any_number_of_processes(configure):
    config = read_config(configure(max_steps=None, epochs=2, batch_tokens=4 * 512))
    alone, shared = Plan(37, config, 1), Plan(37, config, 2)
    assert alone.batches == shared.batches
    assert (alone.per_step, alone.accumulation, shared.accumulation) == (4, 4, 2)
    assert alone.steps == 2 * math.ceil(37 / 4)
    first = [row for batch in alone.batches[:40] for row in batch]
    assert sorted(first[:37]) == list(range(37))
    assert first[37:] == first[:3]  # the last step is filled up
    halves = shared.of(0, 2), shared.of(1, 2)
    assert [b for pair in zip(*halves, strict=True) for b in pair] == alone.batches
    few = Plan(3, config, 2)
    assert (few.per_step, few.accumulation, few.steps) == (3, 2, 2)
    alone, shared = Plan(37, config, 1), Plan(37, config, 3)  # four micro-batches for three: two have no weight
    assert alone.steps == shared.steps
    assert [batch for batch in shared.batches if batch[0] >= 0] == alone.batches
    assert sum(batch[0] < 0 for batch in shared.batches) == 2 * shared.steps


def test_half_a_checkpoint_is_never_found(tmp_path):
    for step in (1, 2, 3):
        write_whole(tmp_path / f"step-{step}", lambda folder: (folder / "x").write_text("x"))
    (tmp_path / "step-4").mkdir()
    (tmp_path / "step-notes").mkdir()
    assert newest(tmp_path).name == "step-3"
    with pytest.raises(ZeroDivisionError):
        write_whole(tmp_path / "step-5", lambda folder: 1 / 0)
    assert newest(tmp_path).name == "step-3"
    prune(tmp_path)
    assert not (tmp_path / "step-1").exists()
    aside = tmp_path / "aside"
    aside.mkdir()
    assert publish(aside, tmp_path / "step-2") == tmp_path / "step-2"
    assert not (tmp_path / "step-2" / "x").exists()


@pytest.fixture(scope="module")
def asked(tiny_model_dir):
    from transformers import AutoTokenizer

    from chat.encoding import PromptEncoder

    return PromptEncoder(AutoTokenizer.from_pretrained(tiny_model_dir)), [render(UserContext())]


def test_an_adapter_that_was_saved_empty_is_found_out(configure, tiny_model_dir, tmp_path, asked):
    from transformers import AutoModelForCausalLM

    config = read_config(configure())
    model = add_adapters(AutoModelForCausalLM.from_pretrained(tiny_model_dir), config)
    model.save_pretrained(tmp_path / "adapter")
    with pytest.raises(AdapterError, match="the adapter changes no logit"):
        check_adapter(tmp_path / "adapter", model, config, *asked)
    for name, part in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(part, std=0.3)
    with pytest.raises(AdapterError, match="the adapter changes no logit"):  # trained, and the old one saved
        check_adapter(tmp_path / "adapter", model, config, *asked)
    model.save_pretrained(tmp_path / "adapter")
    other = add_adapters(AutoModelForCausalLM.from_pretrained(tiny_model_dir), config)
    with pytest.raises(AdapterError, match="it was not saved as it was trained"):
        check_adapter(tmp_path / "adapter", other, config, *asked)
    encoder, prompts = asked
    never = SimpleNamespace(prompt=encoder.prompt, end_id=1)
    with pytest.raises(AdapterError, match="none of 1 answers ended within 48 tokens"):
        check_adapter(tmp_path / "adapter", model, config, never, prompts)


def test_cached_lower_layers_give_the_run_that_computes_them(configure, tmp_path, monkeypatch):
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path / "cache"))
    lora = {"rank": 4, "alpha": 8}
    train(read_config(configure("whole", lora={**lora, "layers": [1]})))
    train(read_config(configure("cached", lora=lora, upper_layers=1)))
    assert losses(tmp_path / "cached") == pytest.approx(losses(tmp_path / "whole"), abs=1e-5)
    assert len(list((tmp_path / "cache" / "states").glob("*/states.bin"))) == 2


def test_the_tower_is_saved_with_the_adapter(configure, tmp_path, tmp_path_factory, monkeypatch):
    from chat.generator import LocalGenerator
    from chat.tower import UserTower
    from retrieval.encoder import SentenceEncoder
    from retrieval.index import open_index

    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path / "cache"))
    encoder = write_encoder(tmp_path_factory.mktemp("encoder"))
    tower = {"weight": 0.5, "encoder": str(encoder), "dimensions": 8, "learning_rate": 0.02}
    config = read_config(configure(tower=tower, max_steps=25))
    adapter = train(config)
    metrics = json.loads((adapter / "run.json").read_text(encoding="utf-8"))["metrics"]
    assert metrics["eval_tower_recall10"] > 0
    assert {"loss_lm", "loss_tower"} <= history(tmp_path / "run")[0].keys()
    loaded = UserTower.load(adapter, open_index(config.data.catalog, SentenceEncoder(str(encoder))))
    scores = loaded.scores(LocalGenerator(config.model, adapter, dtype="float32").hidden(render(UserContext())))
    assert scores.shape == (24,)


def test_a_run_goes_on_from_a_trained_adapter_and_its_tower(configure, tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path / "cache"))
    encoder = str(write_encoder(tmp_path_factory.mktemp("encoder")))
    tower = {"weight": 0.5, "encoder": encoder, "dimensions": 8, "learning_rate": 0.2, "prior": False}
    first = train(read_config(configure("first", tower=tower, max_steps=12)))
    still = {"learning_rate": 1e-9, "tower": {**tower, "learning_rate": 1e-9}}
    second = train(read_config(configure("second", max_steps=1, start=str(first), **still)))
    was, now = (json.loads((run / "run.json").read_text(encoding="utf-8"))["metrics"] for run in (first, second))
    assert was["eval_lm"] < was["before_eval_lm"] - 0.1
    assert now["before_eval_lm"] == pytest.approx(was["eval_lm"], abs=1e-4)
    for file in ("adapter_model.safetensors", "tower.safetensors"):
        old, new = load_file(first / file), load_file(second / file)
        assert all(torch.allclose(part, new[name], atol=1e-4) for name, part in old.items())
    assert read_config(second / "config.yaml").start == first
    faults = {
        "rank 4 and alpha 8": {"lora": {"rank": 2, "alpha": 8}},
        "alpha 8": {"lora": {"rank": 4, "alpha": 4}},
        "8 dimensions and 0 factors": {"tower": {**tower, "dimensions": 4}},
    }
    for number, (message, changes) in enumerate(faults.items()):
        settings = {"lora": {"rank": 4, "alpha": 8}, "tower": tower, "start": str(first)} | changes
        with pytest.raises(ConfigError, match=message):
            train(read_config(configure(f"fault-{number}", **settings)))
    with pytest.raises(ConfigError, match=r"start = .*adapter_config\.json': no such file"):
        read_config(configure("none", start=str(tmp_path / "nowhere")))


def test_the_counts_of_both_trainings_make_a_started_towers_prior(configure, tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path / "cache"))
    encoder = str(write_encoder(tmp_path_factory.mktemp("encoder")))
    tower = {"weight": 0.5, "encoder": encoder, "dimensions": 8}
    first = train(read_config(configure("first", tower=tower, max_steps=3)))
    second = train(read_config(configure("second", tower=tower, max_steps=2, start=str(first))))
    was, now = (json.loads((run / "tower.json").read_text(encoding="utf-8"))["counts"] for run in (first, second))
    assert was
    assert now == {i: 2 * n for i, n in was.items()}


def test_four_bit_training_runs(configure, tmp_path):
    """QLoRA on the tiny model; on a CPU it is slow, and bitsandbytes says that it lacks its fast kernels."""
    assert command.main([str(configure(max_steps=2, lora={"rank": 4})), "--qlora"]) == 0
    assert yaml.safe_load((tmp_path / "run" / "adapter" / "config.yaml").read_text(encoding="utf-8"))["qlora"] is True


# Processes


def in_its_own_process(file: str, resume: bool) -> None:
    """Train as the command does; run by a fork server that has the libraries loaded."""
    torch.set_num_threads(1)
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until the process ends
    train(read_config(file), resume=resume)


@pytest.fixture(scope="module")
def processes():
    import multiprocessing

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["finetune.train", "finetune.loop", "finetune.adapters", "finetune.upper", "peft"])
    return context


def test_a_run_that_is_killed_at_random_ends_as_an_undisturbed_one(configure, processes, tmp_path):
    """kill -9, `NAMEDROP_KILLS` times; every time it goes on from the last whole checkpoint."""
    settings = {"max_steps": 40, "evaluate_every": 20, "checkpoint_every": 5, "patience": 99, "batch_tokens": 512}
    undisturbed = processes.Process(target=in_its_own_process, args=(str(configure("whole", **settings)), False))
    undisturbed.start()
    undisturbed.join()
    assert undisturbed.exitcode == 0
    took = json.loads((tmp_path / "whole" / "run.json").read_text(encoding="utf-8"))["metrics"]["seconds"]
    file, run = configure("killed", **settings), tmp_path / "killed"
    rng, kills, resumed_at = random.Random(0), 0, []
    while True:
        process = processes.Process(target=in_its_own_process, args=(str(file), run.exists()))
        process.start()
        if kills < KILLS:
            while process.is_alive() and not (run / "before.json").exists():
                time.sleep(0.01)
            process.join(rng.uniform(0, 0.6 * took))
            if process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        found = newest(run / "checkpoints")
        resumed_at.append(found.name if found else None)
    assert (run / "adapter" / MARKER).is_file()
    assert kills == KILLS or set(resumed_at) != {None}
    for entry, expected in zip(history(run), history(tmp_path / "whole"), strict=True):
        assert entry == pytest.approx(expected, abs=1e-6)
    weights, expected = (
        load_file(newest(folder / "checkpoints") / "learnt.safetensors") for folder in (run, tmp_path / "whole")
    )
    for name, part in weights.items():
        torch.testing.assert_close(part, expected[name], atol=1e-6, rtol=0)


def launched(count: int, file: Path, *options: str) -> subprocess.CompletedProcess:
    """Train in several processes, as docs/training.md says."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "ACCELERATE_USE_CPU": "1"}
    command = [*launch, "-m", "finetune.train", str(file), *options]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_two_processes_train_as_one(configure, tmp_path):
    """Three micro-batches a step, which two processes cannot share evenly."""
    settings = {"lora": {"rank": 4, "alpha": 8}, "max_steps": 6, "batch_tokens": 1536}
    train(read_config(configure("one", **settings)))
    done = launched(2, configure("two", **settings))
    assert done.returncode == 0, done.stderr[-3000:]
    assert "2 processes" in done.stdout + done.stderr
    states = {p.name for p in newest(tmp_path / "two" / "checkpoints").glob("rng_state*")}
    assert states == {"rng_state_0.pth", "rng_state_1.pth"}
    assert (tmp_path / "two" / "processes").read_text(encoding="utf-8") == "2"
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), abs=1e-4)
    assert len(losses(tmp_path / "two")) >= 3


def test_a_run_is_resumed_by_as_many_processes_as_it_began_with(configure, tmp_path):
    config = read_config(configure(max_steps=6))
    train(config)
    (tmp_path / "run" / "adapter" / MARKER).unlink()
    (tmp_path / "run" / "processes").write_text("2", encoding="utf-8")
    with pytest.raises(ConfigError, match="the run began with 2 processes, not 1"):
        train(config, resume=True)


def test_there_must_be_something_to_resume(configure, tmp_path):
    with pytest.raises(RunError, match="nothing to resume"):
        train(read_config(configure()), resume=True)
    assert not (tmp_path / "run").exists()


def test_a_damaged_checkpoint_gives_way_to_the_one_before(configure, tmp_path, caplog):
    whole, config = read_config(configure("whole")), read_config(configure("cut"))
    train(whole)
    train(config)
    (tmp_path / "cut" / "adapter" / MARKER).unlink()
    optimizer = tmp_path / "cut" / "checkpoints" / "step-12" / "optimizer.pt"
    optimizer.write_bytes(optimizer.read_bytes()[:-100])
    train(config, resume=True)
    assert "optimizer.pt: damaged; going on from step-9 instead" in caplog.text
    assert losses(tmp_path / "cut") == pytest.approx(losses(tmp_path / "whole"), abs=1e-6)
    one, other = (json.loads((tmp_path / n / "run.json").read_text())["metrics"] for n in ("whole", "cut"))
    assert other["train_loss"] == pytest.approx(one["train_loss"])
    for step in ("step-9", "step-12"):
        (tmp_path / "cut" / "checkpoints" / step / "learnt.safetensors").write_bytes(b"x")
    (tmp_path / "cut" / "adapter" / MARKER).unlink()
    with pytest.raises(RunError, match="damaged, and there is no older checkpoint"):
        train(config, resume=True)


def test_a_training_that_makes_a_trained_adapter_worse_leaves_it(configure, tmp_path, capsys):
    first = train(read_config(configure("first", max_steps=12)))
    worse = {"learning_rate": 0.5, "clip": 100, "max_steps": 2, "evaluate_every": 2}
    second = train(read_config(configure("second", start=str(first), **worse)))
    assert "no better than before" in capsys.readouterr().out
    old, new = (load_file(folder / "adapter_model.safetensors") for folder in (first, second))
    assert all(torch.equal(part, new[name]) for name, part in old.items())


def test_what_the_model_lacks_is_told_before_any_data_is_read(configure, monkeypatch, capsys, tmp_path):
    from finetune import prepared

    monkeypatch.setattr(prepared, "make_examples", lambda *_: pytest.fail("the data was read"))
    for changes in ({"lora": {"targets": ["qkv"]}}, {"upper_layers": 99}, {"tasks": {"replly": {}}}):
        assert command.main([str(configure(**changes)), "--dry-run"]) == 2
    (tmp_path / "file").touch()
    assert command.main([str(configure()), "--output", str(tmp_path / "file" / "run")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_what_validation_measures_and_what_it_knows_is_said(configure, shop, tmp_path):
    from finetune.prepared import prepare, sizes

    rows = [json.loads(line) for line in (shop / "dialogues.jsonl").read_text().splitlines()]
    lines = [json.dumps({**row, "id": f"{row['id']}-{copy}"}) for row in rows for copy in "ab"]
    (tmp_path / "copies.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "out.txt").write_text("f03\n", encoding="utf-8")
    data = yaml.safe_load(configure().read_text(encoding="utf-8"))["data"]
    data |= {"dialogues": [str(tmp_path / "copies.jsonl")], "valid_share": 0.4, "leave_out": str(tmp_path / "out.txt")}
    prepared = prepare(read_config(configure(data=data, valid_rows=2)))
    assert len(prepared.valid.rows) == 2
    assert prepared.left_out == {3}
    said = "\n".join(sizes(prepared))
    assert f"validation measures 2 of {prepared.valid_rows} rows" in said
    assert "validation examples of dialogues stand in train word for word" in said
    assert "wishes made of the catalogue beside" in said


def test_others_may_read_what_was_trained_and_the_hub_is_not_asked(configure, monkeypatch):
    """By a name that is no folder here peft would ask the hub for the model, and warn, which is an error in tests."""
    make = adapters.add_adapters

    def named(model, config):
        made = make(model, config)
        made.peft_config["default"].base_model_name_or_path = "smollm2"
        return made

    monkeypatch.setattr(adapters, "add_adapters", named)
    adapter = train(read_config(configure(max_steps=2)))
    assert (adapter / "adapter_model.safetensors").stat().st_mode & 0o044
