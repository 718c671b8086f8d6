from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from training import write_config, write_shop

from finetune.config import ConfigError, dump_config, read_config


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    return write_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def good(shop, tmp_path) -> Path:
    return write_config(tmp_path / "c.yaml", shop, Path("smollm2"))


def test_a_configuration_reads_back_as_it_was_saved(good, tmp_path):
    config = read_config(good, output="elsewhere", qlora=None)
    assert config.output == Path("elsewhere")
    (tmp_path / "again.yaml").write_text(dump_config(config), encoding="utf-8")
    assert read_config(tmp_path / "again.yaml") == config


def test_the_shipped_configurations_are_usable_but_for_their_data():
    for file in (Path(__file__).parent.parent / "finetune" / "configs").glob("*.yaml"):
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert {"output", "data"} <= raw.keys()


BROKEN = [
    ({"learning_rat": 1}, r"learning_rat: no such key; is 'learning_rate' meant\?"),
    ({"zzz": 1}, "zzz: no such key; known are model, output"),
    ({"lora": {"rnk": 1}}, r"lora\.rnk: no such key; is 'rank' meant\?"),
    ({"lora": {"rank": 0}}, r"lora\.rank = 0: input should be greater than 0"),
    ({"lora": {"targets": []}}, r"lora\.targets = \[\]: "),
    ({"lora": {"dropout": 1}}, r"lora\.dropout = 1: input should be less than 1"),
    ({"tower": {"temperature": 0}}, r"tower\.temperature = 0: input should be greater than 0"),
    ({"tower": {"weight": -1}}, r"tower\.weight = -1"),
    ({"tasks": {"wish": {"weigth": 1}}}, r"tasks\.wish\.weigth: no such key; is 'weight' meant\?"),
    ({"tasks": {"wish": {"weight": "much"}}}, r"tasks\.wish\.weight = 'much': input should be a valid number"),
    ({"learning_rate": float("nan")}, "learning_rate = nan"),
    ({"learning_rate": "3e-4x"}, "learning_rate = '3e-4x': input should be a valid number"),
    ({"epochs": -1}, "epochs = -1"),
    ({"precision": "float16"}, "precision = 'float16': input should be 'auto', 'bfloat16' or 'float32'"),
    ({"upper_layers": 0}, "upper_layers = 0"),
    ({"upper_layers": 2, "lora": {"layers": [1]}}, "set upper_layers or lora.layers, not both"),
    ({"micro_tokens": 256}, "micro_tokens = 256: expected at least max_tokens = 512"),
    ({"batch_tokens": 256}, "batch_tokens = 256: expected at least micro_tokens = 512"),
    ({"seed": -1}, "seed = -1"),
    ({"output": None}, "output = None"),
    ({"data": {"catalog": "nowhere.jsonl"}}, r"data\.catalog = 'nowhere.jsonl': no such file; correct it"),
    ({"lora": {"layers": []}}, r"lora\.layers = \[\]: a list with at least 1 entry, found 0"),
    ({"data": {"catalog": "c", "dialogues": "d.jsonl"}}, r"data\.dialogues = 'd.jsonl': a list: \[d.jsonl\]"),
    ({"data": {}}, r"data\.catalog: missing; add it"),
]


@pytest.mark.parametrize(("changes", "message"), BROKEN, ids=[str(changes)[:40] for changes, _ in BROKEN])
def test_a_broken_configuration_says_what_is_wrong(good, changes, message):
    raw = yaml.safe_load(good.read_text(encoding="utf-8"))
    raw.update(changes)
    good.write_text(yaml.safe_dump(raw), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_config(good)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected keys and values, found nothing"),
        ("- a", "expected keys and values, found list"),
        ("a: [", "c.yaml:1: not YAML"),
        ("seed: 1\nseed: 2", "c.yaml:2: not YAML .the key 'seed' stands twice"),
        ("a: !!python/object/apply:os.system [ls]", "not YAML"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(good, text, message):
    good.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_config(good)


def test_a_missing_file_points_to_how_it_is_made(tmp_path):
    shipped = Path(__file__).parent.parent / "finetune" / "configs" / "marquee.yaml"
    config = tmp_path / "marquee.yaml"  # whoever has followed it has the files
    config.write_text(
        shipped.read_text(encoding="utf-8").replace("runs/marquee-", "nowhere/marquee-"), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"the comment at its head says how to make them\n  data\.dialogues"):
        read_config(config, output="nowhere", shelf=0)


def test_all_faults_are_told_at_once(good):
    raw = yaml.safe_load(good.read_text(encoding="utf-8"))
    good.write_text(yaml.safe_dump({**raw, "epochs": 0, "clip": 0, "nonsense": 1}), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(good)
    assert all(part in str(caught.value) for part in ("epochs = 0", "clip = 0", "nonsense: no such key"))


def test_a_file_that_cannot_be_read_is_reported(tmp_path):
    with pytest.raises(ConfigError, match="No such file or directory; give the path of a YAML file"):
        read_config(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"model: \xe9")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        read_config(tmp_path / "latin.yaml")
