"""What accelerate knows of a training, as plain config groups; imports neither it nor transformers."""

from __future__ import annotations

import sys
from typing import Any, Final

from epochal_torch import describe_model, describe_optimizer

_PACKAGES: Final = ("accelerate", "torch", "transformers", "datasets", "peft", "deepspeed")
_STRATEGIES: Final = {"NO": "single_device", "MULTI_CPU": "ddp", "MULTI_GPU": "ddp"}


def describe_accelerator(
    accelerator: Any, *, model: Any = None, optimizer: Any = None, scheduler: Any = None
) -> dict[str, Any]:
    """Return the groups of a training in accelerate.

    Args:
        accelerator: an `Accelerator` that has prepared models, optimizers and schedulers, or None.
        model: one that it does not hold.
        optimizer: one that it does not hold.
        scheduler: one that it does not hold.
    """
    groups: dict[str, Any] = {}
    models = [] if model is None else [model]
    optimizers = [] if optimizer is None else [optimizer]
    schedulers = [] if scheduler is None else [scheduler]
    if accelerator is not None:
        groups["trainer"] = _settings(accelerator)
        there = {name: getattr(sys.modules.get(name), "__version__", None) for name in _PACKAGES}
        groups["environment"] = {name: str(version) for name, version in there.items() if version is not None}
        models += accelerator._models
        optimizers += accelerator._optimizers
        schedulers += accelerator._schedulers
    if models:
        groups["model"] = _all([_describe_model(each) for each in models], "models")
    if optimizers:
        known = [describe_optimizer(each) for each in optimizers]
        for each, its in zip(known, schedulers, strict=False):
            each["scheduler"] = type(getattr(its, "scheduler", its)).__name__
        groups["optimizer"] = _all(known, "optimizers")
    return groups


def _describe_model(model: Any) -> dict[str, Any]:
    inner = getattr(model, "module", None)
    if inner is not None and type(model).__name__ in ("DistributedDataParallel", "FullyShardedDataParallel"):
        model = inner
    known: dict[str, Any] = describe_model(model)
    config = getattr(model, "config", None)
    if config is not None and hasattr(config, "to_dict"):
        known["config"] = config.to_dict()
    return known


def _all(known: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return the first one, and all where there are several."""
    return known[0] if len(known) == 1 else {**known[0], name: known}


def _settings(accelerator: Any) -> dict[str, Any]:
    kind = str(getattr(accelerator.distributed_type, "value", accelerator.distributed_type))
    precision = {"no": "32-true", "fp16": "16-mixed", "bf16": "bf16-mixed"}
    known = {
        "framework": "accelerate",
        "precision": precision.get(accelerator.mixed_precision, accelerator.mixed_precision),
        "strategy": _STRATEGIES.get(kind, kind.lower()),
        "accumulate": accelerator.gradient_accumulation_steps,
        "world_size": accelerator.num_processes,
    }
    size = next((getattr(each, "total_batch_size", None) for each in accelerator._dataloaders), None)
    if size is not None:
        known["total_batch_size"] = size * accelerator.gradient_accumulation_steps
    return known
