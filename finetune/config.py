"""The training configuration: one YAML file, checked as a whole before anything is read, and saved with the adapter."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from chat.prompt import Style
from chat.prompting import MOST
from finetune.faults import expected
from finetune.signals import LIKED_FROM
from retrieval.errors import NamedropError
from retrieval.models import DEFAULT_ENCODER, DEFAULT_LM

Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[int, Field(gt=0)]

LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_LAYERED = "set upper_layers or lora.layers, not both: upper_layers says that the adapters are on the top layers"


class ConfigError(NamedropError):
    """A configuration cannot be used; the message lists every fault with its key, value and remedy."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Data(_Strict):
    """Where the examples come from; paths are relative to the working directory.

    Attributes:
        catalog: the catalogue that the records' ids refer to.
        dialogues, mentions, next_item, interactions: training records, in the formats of `finetune.data`.
        valid_dialogues, valid_mentions, valid_next_item: records to validate on.
        valid_share: of the groups (dialogues, people, wishes) without a validation file, the share held out.
        leave_out: a file with an item id a line; no example names, offers or mentions these items.
        liked_from: the rating from which on a person likes an item; what is rated lower is disliked.
        skip_bad: go on without bad records instead of refusing the file.
    """

    catalog: Path
    dialogues: tuple[Path, ...] = ()
    mentions: tuple[Path, ...] = ()
    next_item: tuple[Path, ...] = ()
    interactions: tuple[Path, ...] = ()
    valid_dialogues: tuple[Path, ...] = ()
    valid_mentions: tuple[Path, ...] = ()
    valid_next_item: tuple[Path, ...] = ()
    valid_share: Share = 0.05
    leave_out: Path | None = None
    liked_from: Annotated[float, Field(ge=0)] = LIKED_FROM
    skip_bad: bool = False

    def files(self) -> Iterator[tuple[str, Path]]:
        """Yield every file with the key that names it."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, Path):
                yield f"data.{name}", value
            elif isinstance(value, tuple):
                yield from ((f"data.{name}", path) for path in value)


class TaskSettings(_Strict):
    """How much a task counts: `weight` of its tokens in the loss, at most `limit` examples, 0 leaves it out.

    Without a weight it keeps that of `finetune.examples.TASKS`; of validation files as large a share is left.
    """

    weight: Annotated[float, Field(ge=0)] | None = None
    limit: Annotated[int, Field(ge=0)] | None = None


class Lora(_Strict):
    """Low-rank adapters (Hu et al., arXiv 2106.09685): W + alpha/rank · BA; `layers` counts from 0, None is all."""

    rank: Positive = 16
    alpha: Positive = 32
    dropout: Share = 0.0
    targets: Annotated[tuple[str, ...], Field(min_length=1)] = LINEAR
    layers: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] | None = None


class Tower(_Strict):
    """The user tower of M6-Rec (arXiv 2205.08084, section 3.3), trained together with the language model.

    Attributes:
        weight: of its loss beside the language model's; 0 leaves it out.
        dimensions: of φ(u) and θ(i).
        temperature: τ.
        encoder: gives the item texts' embeddings; the same as the shop's.
        factors: so many collaborative factors of the training records stand beside an item's embedding; 0 leaves them
            out, as is best without logs of real people.
        prior: add β · log(1 + count) of the training targets to an item's logit, so that the vectors need not learn
            popularity; β is learnt, and items without a count get the median one.
        exact_items: up to so many items the softmax is over the whole catalogue, beyond over `sampled` of them.
        learning_rate: of its two projections, which start from nothing.
    """

    weight: Annotated[float, Field(ge=0)] = 0.5
    dimensions: Positive = 128
    temperature: Annotated[float, Field(gt=0)] = 0.07
    encoder: str = DEFAULT_ENCODER
    factors: Annotated[int, Field(ge=0)] = 0
    prior: bool = True
    exact_items: Positive = 20_000
    sampled: Positive = 8_192
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3


class TrainConfig(_Strict):
    """Everything a run depends on.

    Attributes:
        model: the causal LM: a name, a folder or a hub id.
        output: the run's folder; it must not exist, unless the run is resumed.
        start: the folder of an adapter to go on from, with its tower, instead of from nothing: a shipped one, say, with
            a shop's own logs as data. `lora`, `tower.dimensions` and `tower.factors` must be those it was trained with.
        prompt: how the model is told of people: "dialogue" with what both sides said, "person" with less of it; the
            adapter keeps it, and serving renders likewise.
        shelf: how many retrieved titles the prompt offers the model to choose from, so that it can name items that no
            training conversation was about (`chat.prompting`); the adapter keeps it, and serving does likewise.
        unread: share of the limits and wishes that were understood which training prompts leave out, so that the model
            also learns to read them in the person's own words, as it must where no rule has understood them.
        tasks: by name, see `finetune.examples.TASKS`; a task that is not named keeps its default weight.
        upper_layers: put adapters on the top n layers only, and compute the states below them once.
        max_tokens: tokens of a packed row, and of the longest example.
        micro_tokens: tokens of one forward; about 512 was fastest on two cores.
        batch_tokens: tokens of one optimizer step, over all micro-batches and processes.
        epochs, max_steps: how long; `max_steps` ends the run earlier.
        warmup: share of the steps in which the learning rate rises; it then falls along a cosine.
        clip: largest norm of the gradient.
        valid_rows: how many rows a validation measures, of those there are.
        evaluate_every, checkpoint_every: in optimizer steps; a checkpoint costs about a second.
        patience: evaluations without a better validation loss before the run stops early.
        precision: auto takes bfloat16 where the processor has it.
        qlora: load the frozen model in 4 bits (NF4, Dettmers et al., arXiv 2305.14314).
    """

    model: str = DEFAULT_LM
    output: Path
    start: Path | None = None
    data: Data
    prompt: Style = "dialogue"
    shelf: Annotated[int, Field(ge=0, le=MOST)] = 0
    unread: Share = 0.0
    tasks: Mapping[str, TaskSettings] = Field(default_factory=dict)
    lora: Lora = Field(default_factory=Lora)
    tower: Tower = Field(default_factory=Tower)
    upper_layers: Positive | None = None
    max_tokens: Annotated[int, Field(ge=16)] = 512
    micro_tokens: Annotated[int, Field(ge=16)] = 512
    batch_tokens: Annotated[int, Field(ge=16)] = 4096
    epochs: Annotated[float, Field(gt=0)] = 3
    max_steps: Positive | None = None
    learning_rate: Annotated[float, Field(gt=0)] = 3e-4
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    warmup: Share = 0.05
    clip: Annotated[float, Field(gt=0)] = 1.0
    valid_rows: Positive = 64
    evaluate_every: Positive = 200
    checkpoint_every: Positive = 50
    patience: Positive = 4
    seed: Annotated[int, Field(ge=0)] = 0
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    qlora: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> TrainConfig:
        if self.upper_layers is not None and self.lora.layers is not None:
            raise ValueError(_LAYERED)
        if self.micro_tokens < self.max_tokens:
            raise ValueError(
                f"micro_tokens = {self.micro_tokens}: expected at least max_tokens = {self.max_tokens}; "
                "a micro-batch holds whole rows"
            )
        if self.batch_tokens < self.micro_tokens:
            raise ValueError(
                f"batch_tokens = {self.batch_tokens}: expected at least micro_tokens = {self.micro_tokens}; "
                "an optimizer step takes whole micro-batches"
            )
        return self


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a key that a mapping has twice, of which YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if str(key) in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark)
            seen.add(str(key))
        return super().construct_mapping(node, deep)


def read_config(path: str | Path, **overrides: object) -> TrainConfig:
    """Read a configuration file and check it, its files included.

    Args:
        path: a YAML file.
        overrides: top-level keys that replace the file's, None left aside.

    Raises:
        ConfigError: the file cannot be read, has unknown keys or unusable values, or names a file that is missing.
    """
    path = Path(path)
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}; give the path of a YAML file") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text ({error.reason}); save the file as UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else f"{path}"
        raise ConfigError(f"{where}: not YAML ({getattr(error, 'problem', error)}); correct the line") from error
    if not isinstance(raw, dict):
        found = "nothing" if raw is None else type(raw).__name__
        raise ConfigError(f"{path}: expected keys and values, found {found}; see finetune/configs/marquee.yaml")
    raw.update({key: value for key, value in overrides.items() if value is not None})
    try:
        config = TrainConfig.model_validate(raw)
    except ValidationError as error:
        faults = [_fault(detail) for detail in error.errors(include_url=False)]
        raise ConfigError("\n  ".join([f"{path}: this configuration cannot be used", *faults])) from error
    files = [*config.data.files(), *([("start", config.start / "adapter_config.json")] if config.start else [])]
    missing = [f"{key} = '{file}': no such file; correct it" for key, file in files if not file.is_file()]
    if missing:
        where = f"{path}: looked for the files from {Path.cwd()}"
        if path.read_text(encoding="utf-8").startswith("#"):
            where += "; the comment at its head says how to make them"
        raise ConfigError("\n  ".join([where, *missing]))
    return config


def dump_config(config: TrainConfig) -> str:
    """Return a configuration as YAML, every default written out; `read_config` reads it back."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _fault(detail: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    """Word one fault: ``lora.rank = 0: input should be greater than 0``."""
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        name = str(detail["loc"][-1])
        known = _known_keys(detail["loc"][:-1])
        near = difflib.get_close_matches(name, known, n=1)
        return f"{key}: no such key; " + (f"is {near[0]!r} meant?" if near else f"known are {', '.join(known)}")
    if detail["type"] == "missing":
        return f"{key}: missing; add it"
    message = expected(detail)
    return f"{key} = {detail['input']!r}: {message}" if key else message


def _known_keys(loc: tuple[str | int, ...]) -> list[str]:
    models: dict[tuple[str | int, ...], type[BaseModel]] = {
        (): TrainConfig,
        ("data",): Data,
        ("lora",): Lora,
        ("tower",): Tower,
    }
    return list(models.get(loc, TaskSettings).model_fields)
