"""Where results come from: nothing of this machine's own is written down."""

from __future__ import annotations

from finetune import provenance


def test_a_command_is_written_as_one_would_type_it(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    arguments = ["--out", str(tmp_path / "a b.json"), "--seed", "3", "data/set"]
    assert provenance.command("benchmarks.service", arguments) == (
        "python -m benchmarks.service --out '../a b.json' --seed 3 data/set"
    )
