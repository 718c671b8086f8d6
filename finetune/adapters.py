"""The model that is trained: loading it with its adapters, saving what was learnt, and proving that it was saved."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from chat.encoding import PromptEncoder
from chat.engine import DType, choose_dtype, load_model
from chat.prompt import Prompt
from chat.tower import read_tower
from finetune.config import ConfigError, TrainConfig
from finetune.objective import TowerHead, Tuned, backbone_of, causal_of
from retrieval.errors import ModelError, NamedropError
from retrieval.index import Index
from retrieval.models import resolve_lm
from retrieval.threads import cores

log = logging.getLogger(__name__)

_MOST_TOKENS = 48  # in which an answer must have ended
_CHANGED = 1e-4  # the least change of a logit that counts as one


class AdapterError(NamedropError):
    """An adapter that was saved does not do what was trained."""


def precision_of(config: TrainConfig) -> tuple[torch.dtype, str]:
    """Return the number format to train in, and why."""
    return choose_dtype(config.precision)


def load_trainable(config: TrainConfig) -> tuple[Any, torch.dtype | None]:
    """Load the causal LM, frozen, with LoRA adapters to train; return it and the number format of its products.

    In bfloat16 the frozen weights are kept so, which halves what every forward reads; the adapters stay in float32,
    because their updates would drown in bfloat16's 8 bits.

    Raises:
        ModelError: the model cannot be found or read.
        ConfigError: the adapters' targets or layers are not in the model, those to start from are others, or --qlora is
            not supported here.
    """
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging as transformers_logging

    folder = resolve_lm(config.model)
    dtype, why = precision_of(config)
    torch.set_num_threads(min(torch.get_num_threads(), cores()))  # in a container, torch counts those of others too
    transformers_logging.disable_progress_bar()
    extra = {"quantization_config": _four_bits(dtype)} if config.qlora else {}
    try:
        model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, local_files_only=True, attn_implementation="sdpa", **extra
        )
    except Exception as error:  # a damaged folder shows as an error of any library below
        raise ModelError(f"cannot load the causal LM in {folder} ({error}); fetch or convert it again") from error
    log.info("training %s in %s: %s", folder, str(dtype).removeprefix("torch."), why)
    model.config.use_cache = False
    for part in model.modules():
        # In evaluation on a CPU, bitsandbytes repacks its weights for inference, from which training cannot go on.
        if hasattr(part, "support_avx512bf16_for_cpu"):
            vars(part)["support_avx512bf16_for_cpu"] = False
    made = add_adapters(model, config)
    if config.start is not None:
        start_adapters(made, config.start, config.lora.alpha)
    return made, None if dtype == torch.float32 else dtype


def _four_bits(dtype: torch.dtype) -> Any:  # noqa: ANN401
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
    )


def add_adapters(model: Any, config: TrainConfig) -> Any:  # noqa: ANN401
    """Freeze a causal LM and add LoRA adapters, the same for the same seed.

    Raises:
        ConfigError: the targets or layers are not in the model.
    """
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    layers = _fitting(model, config)
    if config.qlora:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    lora = LoraConfig(
        r=config.lora.rank,
        lora_alpha=config.lora.alpha,
        lora_dropout=config.lora.dropout,
        target_modules=list(config.lora.targets),
        layers_to_transform=layers,
        layers_pattern=None if layers is None else "layers",
        task_type="CAUSAL_LM",
    )
    torch.manual_seed(config.seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)  # peft 0.21 asks for it
        made = get_peft_model(model, lora)
    # The shop's name of the model: the path it lay under here means nothing elsewhere.
    made.peft_config["default"].base_model_name_or_path = config.model
    return made


def check_model(config: TrainConfig) -> None:
    """Check that the model has what is to be adapted, by its description alone: before any data is read.

    Raises:
        ModelError: the model cannot be found or read.
        ConfigError: the targets or layers are not in the model.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    folder = resolve_lm(config.model)
    try:
        described = AutoConfig.from_pretrained(folder, local_files_only=True)
        with torch.device("meta"):  # without weights
            model = AutoModelForCausalLM.from_config(described)
    except Exception as error:  # a damaged folder shows as an error of any library below
        raise ModelError(f"cannot load the causal LM in {folder} ({error}); fetch or convert it again") from error
    _fitting(model, config)


def _fitting(model: Any, config: TrainConfig) -> list[int] | None:  # noqa: ANN401
    """Return the layers to adapt, None for all."""
    layers = _layers(config, int(model.config.num_hidden_layers))
    linear = {name.rpartition(".")[2] for name, part in model.named_modules() if isinstance(part, nn.Linear)}
    linear -= {"lm_head"}  # often the embeddings, which adapters would tear from them
    missing = [name for name in config.lora.targets if name not in linear]
    if missing:
        known = ", ".join(sorted(linear))
        raise ConfigError(f"lora.targets: {config.model} has no layer {missing[0]!r} to adapt; it has {known}")
    return layers


def _layers(config: TrainConfig, count: int) -> list[int] | None:
    if config.upper_layers is not None:
        if config.upper_layers >= count:
            raise ConfigError(
                f"upper_layers = {config.upper_layers}: expected 1 to {count - 1}, the model has {count} layers; "
                "leave it out to adapt all of them"
            )
        return list(range(count - config.upper_layers, count))
    if config.lora.layers is None:
        return None
    beyond = [layer for layer in config.lora.layers if layer >= count]
    if beyond:
        raise ConfigError(f"lora.layers: expected 0 to {count - 1}, found {beyond[0]}; the model has {count} layers")
    return list(config.lora.layers)


def start_adapters(model: Any, folder: Path, alpha: int) -> None:  # noqa: ANN401 - the peft model
    """Give fresh adapters the weights of trained ones.

    Raises:
        ConfigError: the folder holds adapters of another shape.
        ModelError: it cannot be read.
    """
    from peft import LoraConfig, get_peft_model_state_dict, load_peft_weights

    try:
        saved, tensors = LoraConfig.from_pretrained(str(folder)), load_peft_weights(str(folder), device="cpu")
    except Exception as error:  # a damaged folder shows as an error of any library below
        raise ModelError(f"start: cannot read the adapter in {folder} ({error}); give an adapter's folder") from error
    expected = get_peft_model_state_dict(model)
    if (
        tensors.keys() != expected.keys()
        or any(part.shape != expected[name].shape for name, part in tensors.items())
        or saved.lora_alpha != alpha
    ):
        layers = "all layers" if saved.layers_to_transform is None else f"layers {saved.layers_to_transform}"
        raise ConfigError(
            f"start: {folder} holds adapters of rank {saved.r} and alpha {saved.lora_alpha} on {layers} of "
            f"{saved.base_model_name_or_path}, which this configuration does not train; take over its lora and model"
        )
    with torch.no_grad():
        for name, part in tensors.items():
            expected[name].copy_(part)


def start_tower(tower: TowerHead, folder: Path, index: Index) -> None:
    """Give a fresh tower, its scales fixed already, the weights and the counts of a trained one.

    Raises:
        ConfigError: the folder holds a tower of another shape, or of another encoder.
        ModelError: it cannot be read.
    """
    settings, weights = read_tower(folder)
    if (weights.user.shape, weights.item.shape) != (tuple(tower.user.weight.shape), tuple(tower.item.weight.shape)):
        found = f"{len(weights.bias)} dimensions and {weights.factors.shape[1]} factors"
        raise ConfigError(f"start: the tower in {folder} has {found}; set tower.dimensions and tower.factors so")
    if settings.encoder != index.encoder.name:
        raise ConfigError(
            f"start: the tower in {folder} reads embeddings of {settings.encoder}, not of {index.encoder.name}; "
            "set tower.encoder so"
        )
    counts = [settings.counts.get(item.id, 0) for item in index.catalog]
    with torch.no_grad():
        user = torch.from_numpy(weights.user)
        tower.user.weight.copy_(user * tower.deviation)
        tower.user.bias.copy_(torch.from_numpy(weights.bias) + user @ tower.mean)
        tower.item.weight.copy_(torch.from_numpy(weights.item))
        tower.prior.fill_(weights.prior)
        tower.log_counts.copy_(torch.log1p(tower.log_counts.expm1() + torch.tensor(counts, dtype=torch.float32)))


def learnt(model: Tuned) -> dict[str, torch.Tensor]:
    """Return what training changes: the adapters and the tower, by name."""
    trained = {name for name, part in model.named_parameters() if part.requires_grad}
    state = model.state_dict()
    return {name: part for name, part in state.items() if name in trained or name.startswith("tower.")}


def save_learnt(model: Tuned, file: Path) -> None:
    """Write what training changes."""
    from safetensors.torch import save_file

    save_file({name: part.detach().cpu().contiguous() for name, part in learnt(model).items()}, file)


def load_learnt(model: Tuned, file: Path) -> None:
    """Read what `save_learnt` wrote.

    Raises:
        AdapterError: the file is damaged or another model's.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    expected = learnt(model)
    try:
        tensors = load_file(file)
    except (OSError, SafetensorError) as error:
        raise AdapterError(f"{file}: cannot be read ({error}); delete this folder and resume once more") from error
    if tensors.keys() != expected.keys() or any(part.shape != expected[name].shape for name, part in tensors.items()):
        raise AdapterError(f"{file}: holds other weights than this configuration trains; restore the configuration")
    with torch.no_grad():
        for name, part in tensors.items():
            expected[name].copy_(part)


@dataclass(frozen=True, slots=True)
class Checked:
    """What an adapter was found to do after saving.

    Attributes:
        changed: the largest change of a next-token logit against the model without it.
        off: the largest difference to the model as it was trained.
        stops: share of the prompts whose greedy answer ended by itself.
    """

    changed: float
    off: float
    stops: float

    def as_metrics(self) -> Mapping[str, float]:
        """Return the figures by name."""
        return {"logits_changed": self.changed, "reload_difference": self.off, "answers_that_end": self.stops}


def check_adapter(
    folder: Path,
    trained: Any,  # noqa: ANN401 - the peft model
    config: TrainConfig,
    encoder: PromptEncoder,
    prompts: Sequence[Prompt],
) -> Checked:
    """Load a saved adapter as serving does, and compare it with the model without it and with the trained one.

    Raises:
        AdapterError: it changes nothing (PEFT has saved empty adapters), changes something else than training did, or
            no answer ends.
    """
    base = resolve_lm(config.model)
    dtype: DType = "bfloat16" if precision_of(config)[0] == torch.bfloat16 else "float32"
    asked = [torch.tensor([encoder.prompt(prompt)]) for prompt in prompts]
    plain = _next_logits(load_model(base, dtype=dtype), asked)
    model = load_model(base, folder, dtype)
    found, was = _next_logits(model, asked), _next_logits(trained, asked)
    changed, off = float((found - plain).abs().max()), float((found - was).abs().max())
    if not changed > _CHANGED:
        raise AdapterError(
            f"{folder}: loaded again, the adapter changes no logit (by {changed:.1e} at most); was anything trained? "
            "Raise max_steps or learning_rate; the checkpoints are kept"
        )
    moved = float((was - plain).abs().max())
    if off > max(0.5 * moved, 0.5) and not config.qlora:  # which trains on a coarser model than the one served
        raise AdapterError(
            f"{folder}: loaded again, the adapter gives logits {off:.2f} off the trained ones, which moved by "
            f"{moved:.2f}: it was not saved as it was trained; please report this, the checkpoints are kept"
        )
    stops = sum(_ends(model, ids, encoder.end_id) for ids in asked) / len(asked)
    if not stops:
        raise AdapterError(
            f"{folder}: none of {len(asked)} answers ended within {_MOST_TOKENS} tokens; train longer, and see with "
            "`python -m finetune.examples CONFIG` that completions end with the end of the turn"
        )
    return Checked(changed, off, stops)


def _next_logits(model: Any, asked: Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: ANN401
    """Return the logits behind each prompt: (n, V)."""
    causal = causal_of(model)
    training, device = causal.training, next(causal.parameters()).device
    causal.eval()
    with torch.inference_mode():
        states = [backbone_of(causal)(input_ids=ids.to(device), use_cache=False).last_hidden_state for ids in asked]
        logits = [causal.get_output_embeddings()(state[0, -1]).float().cpu() for state in states]
    causal.train(training)
    return torch.stack(logits)


def _ends(model: Any, ids: torch.Tensor, end_id: int) -> bool:  # noqa: ANN401
    ids = ids.to(model.device)
    with torch.inference_mode():
        out = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=_MOST_TOKENS,
            do_sample=False,
            use_cache=True,
            eos_token_id=end_id,
            pad_token_id=end_id,
        )
    return bool((out[0, ids.shape[1] :] == end_id).any())
