"""Low-rank changes of a model's weights for one task, as training writes them (`finetune.lowrank`)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from retrieval.errors import ModelError


def add_tuning(model: Any, tuning: Path) -> None:  # noqa: ANN401 - a transformers model
    """Add low-rank changes to a model's weights: W += scale · B A (Hu et al., "LoRA", ICLR 2022).

    The file holds ``MODULE.A`` (r, in) and ``MODULE.B`` (out, r) for each changed module, and the scale in its header;
    whatever else it holds is not read.

    Raises:
        ModelError: the file cannot be read, or does not fit the model.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(tuning, framework="pt") as stored, torch.no_grad():
            scale = float(stored.metadata()["scale"])
            for name in {key.removesuffix(".A") for key in stored.keys() if key.endswith(".A")}:  # noqa: SIM118
                change = stored.get_tensor(f"{name}.B").float() @ stored.get_tensor(f"{name}.A").float()
                model.get_submodule(name).weight += scale * change.to(model.device)
    except (OSError, SafetensorError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise _unfit(tuning, error) from error


def digest(tuning: Path) -> str:
    """Return what tells a tuning from others.

    Raises:
        ModelError: the file cannot be read.
    """
    try:
        return hashlib.sha256(tuning.read_bytes()).hexdigest()
    except OSError as error:
        raise _unfit(tuning, error) from error


def _unfit(tuning: Path, error: Exception) -> ModelError:
    return ModelError(f"the tuning {tuning} does not fit the sentence encoder ({error}); fetch it again")
