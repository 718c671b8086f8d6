"""Take a tuned model elsewhere: ``python -m finetune.export --adapter A --merge OUT`` or ``--gguf OUT.gguf``.

`--merge` writes a folder that plain transformers loads; fifty greedy answers must be those of the model in the chat, or
nothing is kept. `--gguf` writes one file for llama.cpp, loads it back and reports how often the first choice is the
same. Both are written aside and renamed when they have passed.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

from rich.console import Console
from rich.markup import escape

from chat.encoding import PromptEncoder
from chat.engine import DType, load_model
from chat.learnt import EXPORTED, copy_learnt
from finetune.examples import load_encoder
from finetune.parity import Agreement, agreement, greedy, prompts
from finetune.provenance import commit, file_digest, now, versions
from finetune.to_gguf import ExportError, GgufType, check, write
from retrieval.errors import NamedropError
from retrieval.files import beside
from retrieval.models import DEFAULT_LM, resolve_lm

_LEAST = 0.9  # of a GGUF file's first choices that must agree; a wrong order of rows leaves about none


@contextmanager
def _aside(out: Path) -> Iterator[Path]:
    """Give a folder beside the target; what is to be kept is renamed out of it, the rest goes, whatever happens."""
    if out.exists():
        raise ExportError(f"{out}: exists already; give another name, or remove it")
    try:
        with beside(out) as folder:
            yield folder
    except OSError as error:
        raise ExportError(
            f"{out}: cannot be written ({error.strerror or error}); free some space or choose another place"
        ) from error


def merge(
    adapter: Path, out: Path, *, model: str | None = None, dtype: DType = "auto", progress: bool = False
) -> Agreement:
    """Write a model with its adapter merged in, as safetensors with tokenizer and chat template.

    It is merged as the chat merges it, so that, in one number format, it gives the same answers; what else the adapter
    holds, the user tower and how prompts are made, goes with it, so that a chat ranks by it as by the adapter.

    Args:
        adapter: the folder of a LoRA adapter.
        out: the folder to write; must not exist.
        model: the model that the adapter was trained on; None: the one that it names.
        dtype: of the weights that are written; auto: what this machine serves in.
        progress: show bars.

    Returns:
        How far the result, merged and rounded, agrees with the adapter as it was trained (float32, not merged).

    Raises:
        ModelError: model or adapter cannot be read, or do not fit each other.
        ExportError: the target exists or cannot be written, or what was written gives other answers.
    """
    asked, model = prompts(), model or named_model(adapter)
    with _aside(out) as folder:
        tokenizer: Any
        encoder, tokenizer = load_encoder(model)
        merged = load_model(resolve_lm(model), adapter, dtype)
        before = greedy(merged, encoder, asked, "before", progress)
        target = folder / out.name
        merged.save_pretrained(target)
        tokenizer.save_pretrained(target)
        written = str(merged.dtype).removeprefix("torch.")
        del merged
        after = greedy(_reloaded(target, written), PromptEncoder(_tokenizer(target)), asked, "after", progress)
        differ = [at for at, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
        if differ:
            raise ExportError(
                f"{out}: {len(differ)} of {len(asked)} greedy answers differ after writing, the first to "
                f"{asked[differ[0]].user!r}; nothing was kept: try --dtype float32, and report it"
            )
        trained = _trained(resolve_lm(model), adapter)
        found = agreement(trained, encoder, asked, after, "as trained", progress)
        copy_learnt(adapter, target)
        _summarise(target, adapter, model, written, f"{len(asked)} greedy answers equal; as trained: {found}")
        _publish(target, out)
    return found


def to_gguf(
    adapter: Path | None, out: Path, *, model: str | None = None, kind: GgufType = "bf16", progress: bool = False
) -> Agreement:
    """Write a model, with an adapter merged in float32, as one GGUF file, and load it back.

    Args:
        adapter: the folder of a LoRA adapter; None: the model as it is.
        out: the file to write; must not exist.
        model: the model that the adapter was trained on; None: the one that it names.
        kind: of the weights: bf16 and f16 lose (next to) nothing, q8_0 halves the file.
        progress: show bars.

    Returns:
        How far the file, read by transformers, agrees with the model.

    Raises:
        ModelError: model or adapter cannot be read, or do not fit each other.
        ExportError: the target exists or cannot be written, the model is of another architecture, or what was written
            reads other than the model.
    """
    asked, model = prompts(), model or named_model(adapter)
    with _aside(out) as folder:
        source = resolve_lm(model)
        encoder, _ = load_encoder(model)
        dense = load_model(source, adapter, "float32")
        check(dense.config, source)
        said = greedy(dense, encoder, asked, "before", progress)
        target = folder / (out.name if out.suffix == ".gguf" else f"{out.name}.gguf")
        write(dense, source, target, kind, out.stem, progress)
        del dense
        back, tokenizer = _read_gguf(target)
        read = PromptEncoder(tokenizer)
        unlike = [prompt for prompt in asked if read.prompt(prompt) != encoder.prompt(prompt)]
        if unlike:
            raise ExportError(
                f"{out}: its tokenizer reads {len(unlike)} of {len(asked)} prompts otherwise, the first "
                f"{unlike[0].user!r}; nothing was kept: use --merge, and report it"
            )
        found = agreement(back, encoder, asked, said, "after", progress)
        if found.share < _LEAST:
            raise ExportError(f"{out}: {found}, expected {_LEAST:.0%}; nothing was kept: use --merge, and report it")
        _publish(target, out)
    return found


def named_model(adapter: Path | None) -> str:
    """Return the model that an adapter says it was trained on, the default one if it does not say."""
    path = adapter / "adapter_config.json" if adapter is not None else None
    if path is None or not path.is_file():
        return DEFAULT_LM
    try:
        found = json.loads(path.read_text(encoding="utf-8")).get("base_model_name_or_path")
    except (ValueError, AttributeError) as error:
        raise ExportError(f"{path}: not a JSON object ({error}); take the adapter from its run once more") from error
    return str(found or DEFAULT_LM)


def _publish(target: Path, out: Path) -> None:
    for path in (target, *target.glob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    if out.exists():  # made by someone else in the meantime
        raise ExportError(f"{out}: exists already; give another name, or remove it")
    os.rename(target, out)


def _reloaded(folder: Path, dtype: str) -> Any:  # noqa: ANN401 - any of transformers' causal LMs
    return load_model(folder, dtype=dtype)  # type: ignore[arg-type]


def _tokenizer(folder: Path) -> Any:  # noqa: ANN401
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def _trained(folder: Path, adapter: Path) -> Any:  # noqa: ANN401
    """Return the model with its adapter beside the weights, as training had it."""
    import warnings

    from peft import PeftModel

    model = load_model(folder, dtype="float32")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)  # peft 0.21 asks for it
        return PeftModel.from_pretrained(model, os.fspath(adapter)).eval()


def _read_gguf(path: Path) -> tuple[Any, Any]:
    """Return a GGUF file's model, in float32, and its tokenizer, as transformers reads them."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    where: dict[str, Any] = {"gguf_file": path.name, "local_files_only": True}
    tokenizer = AutoTokenizer.from_pretrained(path.parent, **where)
    model = AutoModelForCausalLM.from_pretrained(
        path.parent, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True), **where
    )
    return model.eval(), tokenizer


def _summarise(target: Path, adapter: Path, model: str, dtype: str, parity: str) -> None:
    summary = {
        "model": model,
        "adapter": {"folder": adapter.name, "sha256": file_digest(adapter)},
        "dtype": dtype,
        "parity": parity,
        "commit": commit(),
        "date": now(),
        "versions": versions(),
    }
    (target / EXPORTED).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m finetune.export",
        description="Write a tuned model for other programs, and check that it says the same. "
        "Exit code: 0 when it does, 2 when nothing was written.",
    )
    parser.add_argument("--adapter", type=Path, help="the folder of a LoRA adapter (--gguf: may be left out)")
    parser.add_argument(
        "--model", help="the model it was trained on: a name, a folder or a hub id (default: what the adapter says)"
    )
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--merge", type=Path, metavar="OUT", help="a folder of safetensors, for transformers")
    target.add_argument("--gguf", type=Path, metavar="OUT", help="one file, for llama.cpp")
    kinds = get_args(DType)
    parser.add_argument(
        "--dtype", choices=kinds, default="auto", help="--merge: number format (what this machine serves in)"
    )
    types = get_args(GgufType)
    parser.add_argument("--gguf-type", choices=types, default="bf16", help="--gguf: of the weights (%(default)s)")
    chosen = parser.parse_args(arguments)
    if chosen.merge and not chosen.adapter:
        parser.error("--merge needs --adapter: the folder of the adapter to merge")
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what is half written goes then, too
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it misses kernels that nothing here uses
    console = Console(highlight=False, soft_wrap=True)
    try:
        if options.merge:
            found = merge(options.adapter, options.merge, model=options.model, dtype=options.dtype, progress=True)
            console.print(escape(f"{options.merge}: {found.prompts} greedy answers equal; as trained: {found}"))
        else:
            found = to_gguf(options.adapter, options.gguf, model=options.model, kind=options.gguf_type, progress=True)
            size = options.gguf.stat().st_size / 2**20
            console.print(escape(f"{options.gguf}: {size:,.0f} MiB; {found}"))
    except NamedropError as error:
        Console(stderr=True, soft_wrap=True).print(escape(f"export: {error}"), style="red")
        return 2
    except KeyboardInterrupt:
        console.print("interrupted; nothing was written")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
