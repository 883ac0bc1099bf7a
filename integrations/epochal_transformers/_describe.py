"""What the Trainer knows of a training, as plain config groups: `trainer`, `model`, `optimizer`, `environment`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from epochal_torch import describe_model, describe_optimizer


def describe_training(args: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the groups of a training, from its arguments and what the Trainer passes to callbacks."""
    trainer: dict[str, Any] = {"framework": "transformers", **args.to_dict()}
    groups: dict[str, Any] = {"trainer": trainer, "environment": _versions()}
    model = kwargs.get("model")
    if model is not None:
        groups["model"] = describe_transformer(model)
    tokenizer = kwargs.get("processing_class") or kwargs.get("tokenizer")
    if tokenizer is not None:
        groups["tokenizer"] = {
            "class": type(tokenizer).__name__,
            **{key: getattr(tokenizer, key) for key in ("name_or_path", "vocab_size") if hasattr(tokenizer, key)},
        }
    optimizer = kwargs.get("optimizer")
    if optimizer is not None:
        groups["optimizer"] = describe_optimizer(optimizer)
        scheduler = kwargs.get("lr_scheduler")
        if scheduler is not None:
            groups["optimizer"]["scheduler"] = type(getattr(scheduler, "scheduler", scheduler)).__name__
    return groups


def describe_transformer(model: Any) -> dict[str, Any]:
    """Return a model's class, its parameters and structure, its config, and those of adapters put on it by PEFT."""
    known = describe_model(model)
    config = getattr(model, "config", None)
    if config is not None:
        known["config"] = config.to_dict() if hasattr(config, "to_dict") else config
    for adapter, settings in (getattr(model, "peft_config", None) or {}).items():
        known.setdefault("peft", {})[adapter] = settings.to_dict() if hasattr(settings, "to_dict") else settings
    return known


def _versions() -> dict[str, str]:
    there = {name: sys.modules.get(name) for name in ("transformers", "torch", "accelerate")}
    return {name: str(getattr(module, "__version__", "")) for name, module in there.items() if module is not None}


def evaluation_of(row: Mapping[str, Any]) -> str | None:
    """Return the name of the dataset that logged values were evaluated on; None for values of the training.

    The Trainer puts the evaluation's prefix before each name: `eval`, `eval_<dataset>` for one of several, or the
    user's own.
    """
    prefix = next((name.removesuffix("_runtime") for name in row if name.endswith("_runtime")), "train")
    if prefix == "train":
        return None
    return "validation" + prefix.removeprefix("eval").replace("_", "/", 1) if prefix.startswith("eval") else prefix
