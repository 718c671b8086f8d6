"""Run folders: written aside and renamed when whole, found again by their COMPLETE marker, described by what made them.

RUN/config.yaml            the configuration, every default written out
RUN/data.digest            of the packed examples; beside it `processes`, how many share the run
RUN/run.json               data hashes, git commit, versions, hardware, command, metrics
RUN/checkpoints/step-N/    what --resume goes on from; the last two are kept
RUN/best/step-N/           the weights of the best validation so far
RUN/tensorboard/           the curves
RUN/adapter/               the result: what chat and evaluation load
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shlex
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from finetune import provenance
from finetune.config import ConfigError, TrainConfig, dump_config
from retrieval.errors import NamedropError
from retrieval.files import write_text

log = logging.getLogger(__name__)

MARKER = "COMPLETE"
_CONFIG, _DATA, _PROCESSES = "config.yaml", "data.digest", "processes"
_KEPT = 2


class RunError(NamedropError):
    """A run's folder cannot be used."""


def write_whole(folder: Path, fill: Callable[[Path], object]) -> Path:
    """Let `fill` write a folder aside, mark it complete and move it in place; an older one of that name goes away."""
    aside = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    fill(aside)
    return publish(aside, folder)


def publish(aside: Path, folder: Path) -> Path:
    """Mark a written folder complete and move it in place; whoever looks sees all of it or nothing."""
    (aside / MARKER).touch()
    folder.parent.mkdir(parents=True, exist_ok=True)
    old = folder.with_name(f".{folder.name}.old")
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)  # what a process has left that was killed in the last line
        os.replace(folder, old)
    os.replace(aside, folder)
    shutil.rmtree(old, ignore_errors=True)
    return folder


def newest(folder: Path) -> Path | None:
    """Return the complete ``step-N`` folder with the highest N, None if there is none."""
    return next(_complete(folder), None)


def newest_sound(folder: Path) -> Path | None:
    """Return the newest checkpoint whose files can be read, None if there is none at all.

    Raises:
        RunError: every checkpoint is damaged.
    """
    fault = ""
    for step in _complete(folder):
        damage = _damage(step)
        if not damage:
            if fault:
                log.warning("%s; going on from %s instead", fault, step.name)
            return step
        fault = fault or damage
    if fault:
        raise RunError(f"{fault}, and there is no older checkpoint; begin a new run with --output")
    return None


def _complete(folder: Path) -> Iterator[Path]:
    steps = sorted(folder.glob("step-*"), key=step_of, reverse=True)
    return (step for step in steps if (step / MARKER).is_file())


def _damage(checkpoint: Path) -> str:
    """Say which file of a checkpoint is cut or altered, "" if none is."""
    for file in sorted(checkpoint.iterdir()):
        try:
            if file.suffix in (".pt", ".pth"):  # torch's files are archives, with a checksum of every part
                with zipfile.ZipFile(file) as archive:
                    sound = archive.testzip() is None
            elif file.suffix == ".safetensors":
                with safe_open(file, "numpy"):  # which compares the length with what the header says
                    sound = True
            else:
                sound = file.suffix != ".json" or bool(json.loads(file.read_bytes()))
        except (OSError, ValueError, zipfile.BadZipFile, SafetensorError):
            sound = False
        if not sound:
            return f"{file}: damaged"
    return ""


def step_of(folder: Path) -> int:
    """Return N of a ``step-N`` folder, -1 for any other."""
    number = folder.name.partition("-")[2]
    return int(number) if number.isdecimal() else -1


def prune(folder: Path, keep: int = _KEPT) -> None:
    """Delete all but the newest complete ``step-N`` folders."""
    steps = [s for s in folder.glob("step-*") if (s / MARKER).is_file()]
    for old in sorted(steps, key=step_of)[:-keep]:
        (old / MARKER).unlink()  # first, so that half of it is never taken for a whole
        shutil.rmtree(old, ignore_errors=True)


def check_place(folder: Path) -> None:
    """Check that a run's folder can be written, before anything is computed for it.

    Raises:
        RunError: it cannot.
    """
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise RunError(f"{folder}: cannot be written ({there}); choose another `output`")


def check_run(config: TrainConfig, *, resume: bool, data: str, processes: int = 1) -> None:
    """Check that a run's folder is free, or this configuration's to go on with; write nothing.

    Args:
        config: the configuration of the run.
        resume: whether the folder is expected to exist.
        data: a digest of the packed examples.
        processes: how many share the run.

    Raises:
        RunError: the folder exists already, is no run's, or is finished; or there is nothing to go on with.
        ConfigError: the configuration, the data or the number of processes is another than the run began with.
    """
    folder = config.output
    if (folder / "adapter" / MARKER).is_file() and resume:
        raise RunError(f"{folder}: this run is finished; its adapter is {folder / 'adapter'}")
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        if resume:
            raise RunError(f"{folder}: nothing to resume; correct --output, or leave --resume out to begin a run")
        return
    if not resume:
        raise RunError(
            f"{folder}: there is a run already; --resume goes on with it, --output DIR or another `output` begins anew"
        )
    if not (folder / _CONFIG).is_file():
        raise RunError(f"{folder}: no {_CONFIG}, so this is no run's folder; correct `output`")
    _same(folder / _CONFIG, config, data, processes)


def open_run(config: TrainConfig, *, resume: bool, data: str, processes: int = 1) -> None:
    """Check a run's folder and, if it is new, make it; to be called when everything has been found usable.

    Raises:
        RunError: as `check_run` says, or the folder cannot be written.
        ConfigError: as `check_run` says.
    """
    check_run(config, resume=resume, data=data, processes=processes)
    folder = config.output
    if (folder / _CONFIG).is_file():
        shutil.rmtree(folder / ".partial", ignore_errors=True)  # a checkpoint that was being written
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _DATA).write_text(data, encoding="utf-8")
        (folder / _PROCESSES).write_text(str(processes), encoding="utf-8")
        (folder / _CONFIG).write_text(dump_config(config), encoding="utf-8")
    except OSError as error:
        raise RunError(f"{folder}: cannot be written ({error.strerror or error}); choose another `output`") from error


def _same(saved: Path, config: TrainConfig, data: str, processes: int) -> None:
    try:  # keys that have come since the run began get their defaults
        before = TrainConfig.model_validate(yaml.safe_load(saved.read_text(encoding="utf-8"))).model_dump()
    except (yaml.YAMLError, ValidationError) as error:
        detail = str(error).splitlines()[0]
        raise ConfigError(f"{saved}: no configuration of a run ({detail}); begin a new run with --output") from error
    now = config.model_dump()
    changed = sorted(key for key in now if key != "output" and before[key] != now[key])
    if changed:
        raise ConfigError(
            f"{saved}: the run began with another {', '.join(changed)}; restore it, or begin a new run with --output"
        )
    file = saved.parent / _PROCESSES
    began = file.read_text(encoding="utf-8") if file.is_file() else str(processes)  # an older version kept none
    if began != str(processes):
        raise ConfigError(
            f"{saved.parent}: the run began with {began} processes, not {processes}, each with its own random state; "
            f"resume it with --nproc-per-node {began}, or begin a new run with --output"
        )
    if (saved.parent / _DATA).read_text(encoding="utf-8") != data:
        raise ConfigError(
            f"{saved.parent}: the training examples are not those the run began with; restore the data, or begin a new "
            "run with --output"
        )


def describe_run(config: TrainConfig, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return what made an adapter: commit, time, command, data hashes, versions, hardware and metrics."""
    return {
        "commit": provenance.commit(),
        "made": provenance.now(),
        "command": "python -m finetune.train " + shlex.join(sys.argv[1:]),
        "data": provenance.file_digests(file for _, file in config.data.files()),
        "versions": provenance.versions(),
        "hardware": provenance.hardware(),
        "metrics": dict(metrics),
    }


def trained_on(adapter: Path, file: Path) -> bool:
    """Whether an adapter's own record says that it was trained on a file, under whatever name."""
    try:
        data = json.loads((adapter / "run.json").read_text(encoding="utf-8"))["data"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return isinstance(data, dict) and provenance.file_digest(file) in data.values()


def readable(folder: Path) -> None:
    """Let whoever may read the other files of a folder read the weights too, which safetensors keeps to the writer."""
    umask = os.umask(0)
    os.umask(umask)
    for file in folder.glob("*.safetensors"):
        file.chmod(0o666 & ~umask)


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file as a whole."""
    write_text(file, json.dumps(content, indent=1, ensure_ascii=False, default=str))


def rows_digest(arrays: Iterable[bytes]) -> str:
    """Return a digest of what is trained on."""
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(array)
    return digest.hexdigest()
