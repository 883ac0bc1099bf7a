"""What the Trainer knows of a training, as plain groups of the config: `trainer`, `model`, `optimizer`, `tokenizer`."""

from __future__ import annotations

import dataclasses
import hashlib
import sys
from collections.abc import Mapping
from typing import Any, Final

from epochal_torch import describe_model, describe_optimizer

#: Packages whose versions say something of a training, where it has loaded them.
_PACKAGES: Final = (
    *("transformers", "torch", "accelerate", "datasets", "tokenizers", "peft", "trl", "deepspeed", "bitsandbytes"),
    *("flash_attn", "liger_kernel"),
)

#: Training arguments that stand in the config also where they are at their default.
_ASKED_FOR: Final = frozenset(
    {
        *("num_train_epochs", "max_steps", "per_device_train_batch_size", "per_device_eval_batch_size"),
        *("gradient_accumulation_steps", "learning_rate", "lr_scheduler_type", "warmup_steps", "weight_decay"),
        *("max_grad_norm", "optim", "seed", "bf16", "fp16", "output_dir"),
    }
)
_NO_DEFAULT: Final = object()


def describe_training(args: Any, state: Any, trainer: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the groups of a training.

    Args:
        args: the training arguments.
        state: the Trainer's.
        trainer: the Trainer, None where it cannot be reached.
        kwargs: what the Trainer passes to callbacks.
    """
    model = kwargs.get("model")
    groups: dict[str, Any] = {
        "trainer": describe_arguments(args, state, trainer, model),
        "environment": versions(_PACKAGES),
    }
    if model is not None:
        groups["model"] = describe_transformer(model)
    tokenizer = kwargs.get("processing_class") or kwargs.get("tokenizer")
    if tokenizer is not None:
        groups["tokenizer"] = describe_tokenizer(tokenizer)
    optimizer = kwargs.get("optimizer")
    if optimizer is not None:
        groups["optimizer"] = describe_optimizer(optimizer)
        scheduler = kwargs.get("lr_scheduler")
        if scheduler is not None:
            groups["optimizer"]["scheduler"] = type(getattr(scheduler, "scheduler", scheduler)).__name__
    return groups


def describe_arguments(args: Any, state: Any, trainer: Any, model: Any) -> dict[str, Any]:
    """Return what all frameworks' runs have in `trainer`, then the training arguments that were chosen.

    `batch_size` is that of one process, `total_batch_size` what an optimizer step takes: by it, `accumulate` and
    `world_size`. The arguments' own method hides tokens.
    """
    known: dict[str, Any] = {"framework": "transformers"}
    if trainer is not None:
        known["class"] = type(trainer).__name__
        known["data_collator"] = _name_of(getattr(trainer, "data_collator", None))
        known["compute_metrics"] = _name_of(getattr(trainer, "compute_metrics", None))
    if state.max_steps > 0:
        known.update(epochs=state.num_train_epochs, steps=state.max_steps)
    known.update(
        batch_size=getattr(state, "train_batch_size", None) or args.train_batch_size,
        accumulate=args.gradient_accumulation_steps,
        world_size=args.world_size,
        total_batch_size=total_batch_size(args, state, trainer),
        precision=_precision(args, model),
        strategy=_strategy(args),
    )
    known = {name: value for name, value in known.items() if value is not None}
    return {**known, **{name: value for name, value in chosen_arguments(args).items() if name not in known}}


def chosen_arguments(args: Any) -> dict[str, Any]:
    """Return the training arguments that are not their class's defaults, and those that everybody asks for.

    There are more than a hundred, and the version of transformers says what the others are.
    """
    defaults = {each.name: _default_of(each) for each in dataclasses.fields(args)}
    chosen: dict[str, Any] = {}
    for name, value in args.to_dict().items():
        own = getattr(args, name, value)  # `to_dict` has a placeholder for each token, also where there is none
        default = defaults.get(name, _NO_DEFAULT)
        # the class itself turns some defaults that say nothing into empty lists and False
        left = _same(own, default) or (default in (None, "", "none") and own in ([], {}, False))
        if not left or (name in _ASKED_FOR and own is not None):
            chosen[name] = value
    return chosen


def _default_of(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return _NO_DEFAULT if field.default is dataclasses.MISSING else field.default


def _same(value: Any, default: Any) -> bool:
    try:
        return bool(value == default)
    except Exception:  # a derived class's field may hold arrays
        return False


def total_batch_size(args: Any, state: Any, trainer: Any) -> int:
    """Return how many samples an optimizer step takes in all processes together."""
    own = getattr(trainer, "get_total_train_batch_size", None)  # newer Trainers know of tensor parallelism
    if own is not None:
        return int(own(args))
    one = getattr(state, "train_batch_size", None) or args.train_batch_size
    return int(one * args.gradient_accumulation_steps * args.world_size)


def _precision(args: Any, model: Any) -> str | None:
    """Return the precision in the words that Lightning uses."""
    if args.bf16 or args.fp16:
        return "bf16-mixed" if args.bf16 else "16-mixed"
    words = {"torch.float32": "32-true", "torch.bfloat16": "bf16-true", "torch.float16": "16-true"}
    dtype = str(getattr(model, "dtype", ""))
    return words.get(dtype, dtype.removeprefix("torch.") or None)


def _strategy(args: Any) -> str | None:
    if args.deepspeed:
        return "deepspeed"
    if getattr(args, "fsdp", None):
        return "fsdp"
    mode = str(getattr(args.parallel_mode, "value", args.parallel_mode))
    words = {"distributed": "ddp", "not_distributed": "dp", "not_parallel": "single_device"}
    return words.get(mode, mode)


def describe_transformer(model: Any) -> dict[str, Any]:
    """Return a model's class, parameters, structure and configs: its own, of generation, quantization and PEFT."""
    known: dict[str, Any] = describe_model(model)
    config = getattr(model, "config", None)
    if config is not None:
        known["config"] = _plain(config)
        name = getattr(config, "_name_or_path", None)
        if name:
            known["name_or_path"] = name
    generation = getattr(model, "generation_config", None)
    if generation is not None:
        known["generation_config"] = _plain(generation, "to_diff_dict")
    quantization = _of(config, "quantization_config")
    if quantization is not None:
        known["quantization_config"] = _plain(quantization)
    adapters = getattr(model, "peft_config", None)
    if isinstance(adapters, Mapping) and adapters:
        known["peft"] = {str(name): _plain(settings) for name, settings in adapters.items()}
    return known


def describe_tokenizer(tokenizer: Any) -> dict[str, Any]:
    """Return what is known of a tokenizer, or of a processor of images or sound; of a chat template its SHA-256."""
    inner = getattr(tokenizer, "tokenizer", None)
    known: dict[str, Any] = {"class": type(tokenizer).__name__}
    for key in ("name_or_path", "vocab_size", "model_max_length", "padding_side"):
        value = getattr(tokenizer, key, getattr(inner, key, None))
        if value is not None:
            known[key] = value
    template = getattr(tokenizer, "chat_template", None) or getattr(inner, "chat_template", None)
    if isinstance(template, str):
        known["chat_template_sha256"] = _sha256(template)
    elif isinstance(template, Mapping):
        known["chat_template_sha256"] = {str(name): _sha256(str(text)) for name, text in template.items()}
    return known


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of those packages that are loaded."""
    there = {name: getattr(sys.modules.get(name), "__version__", None) for name in packages}
    return {name: str(version) for name, version in there.items() if version is not None}


def _plain(settings: Any, method: str = "to_dict") -> Any:
    convert = getattr(settings, method, None)
    return convert() if convert is not None else settings


def _of(settings: Any, name: str) -> Any:
    return settings.get(name) if isinstance(settings, Mapping) else getattr(settings, name, None)


def _name_of(what: Any) -> str | None:
    """Return what a function, or an object that is called, is known by."""
    if what is None:
        return None
    return str(getattr(what, "__qualname__", type(what).__qualname__))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def evaluated_on(row: Mapping[str, Any]) -> str | None:
    """Return the name of the dataset that logged values were evaluated on; None for values of the training.

    For a Trainer that cannot be reached: its summary of an evaluation has a time, which has the evaluation's prefix.
    """
    prefix = next((name.removesuffix("_runtime") for name in row if name.endswith("_runtime")), "train")
    if prefix == "train":
        return None
    return "validation" if prefix == "eval" else prefix
