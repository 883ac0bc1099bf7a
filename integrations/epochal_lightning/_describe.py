"""What Lightning knows of a training, as plain config groups: `trainer`, `optimizer`, `model`, and its datasets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from epochal_torch import describe_optimizer

from ._namespaces import namespace_of

#: What a Trainer was told, by its attributes; what says "no limit" or "off" is left out (see `_is_off`).
_SETTINGS: Final = (
    "max_epochs",
    "min_epochs",
    "max_steps",
    "min_steps",
    "accumulate_grad_batches",
    "gradient_clip_val",
    "gradient_clip_algorithm",
    "check_val_every_n_epoch",
    "val_check_interval",
    "log_every_n_steps",
    "limit_train_batches",
    "limit_val_batches",
    "limit_test_batches",
    "overfit_batches",
    "num_nodes",
    "num_devices",
    "world_size",
)
#: What these settings are where they limit nothing. A share of 1.0 is all, the number 1 is one batch.
_OFF: Final = {"min_epochs": 0, "min_steps": 0, "max_epochs": -1, "max_steps": -1, "overfit_batches": 0}


def describe_trainer(trainer: Any) -> dict[str, Any]:
    """Return the groups `trainer`, `optimizer` and `environment` of a Trainer that is set up."""
    settings = {name: getattr(trainer, name, None) for name in _SETTINGS}
    settings = {name: value for name, value in settings.items() if not _is_off(name, value)}
    settings["precision"] = str(getattr(trainer, "precision", ""))
    settings["strategy"] = type(trainer.strategy).__name__
    settings["accelerator"] = type(trainer.accelerator).__name__
    torch = import_module("torch")
    namespace = namespace_of(trainer)
    framework = import_module(namespace.partition(".")[0])
    settings = {"framework": "lightning", **_common(trainer), **settings}
    groups: dict[str, Any] = {
        "trainer": {key: value for key, value in settings.items() if value is not None},
        "environment": {framework.__name__: str(framework.__version__), "torch": str(torch.__version__)},
    }
    optimizers = list(trainer.optimizers or [])
    if optimizers:
        groups["optimizer"] = describe_optimizer(optimizers[0])
        if len(optimizers) > 1:
            groups["optimizer"] = {str(i): describe_optimizer(each) for i, each in enumerate(optimizers)}
        schedulers = [type(each.scheduler).__name__ for each in trainer.lr_scheduler_configs]
        if schedulers:
            groups["optimizer"]["scheduler"] = schedulers[0] if len(schedulers) == 1 else schedulers
    cli = _cli_config(trainer)
    if cli:
        groups["cli"] = cli
    return groups


def _is_off(name: str, value: Any) -> bool:
    if name.startswith("limit_"):
        return isinstance(value, float) and value == 1
    return name in _OFF and value == _OFF[name]


def _common(trainer: Any) -> dict[str, Any]:
    """Return what all frameworks call alike; None where it is not known."""
    accumulate = getattr(trainer, "accumulate_grad_batches", None)
    epochs = getattr(trainer, "max_epochs", None)
    epochs = epochs if epochs is not None and epochs > 0 else None
    most = getattr(trainer, "max_steps", -1)
    each = getattr(trainer, "num_training_batches", math.inf)
    steps = None
    if epochs is not None and math.isfinite(each) and each > 0:
        steps = math.ceil(each / (accumulate or 1)) * epochs
    if most is not None and most > 0:
        steps = most if steps is None else min(steps, most)
    return {
        "epochs": epochs,
        "steps": steps,
        "batch_size": _batch_size(getattr(trainer, "train_dataloader", None)),
        "accumulate": accumulate,
    }


def _batch_size(loader: Any) -> Any:
    """Return the batch size of a process; of several loaders, that of each."""
    if isinstance(loader, Mapping):
        sizes = {str(key): _batch_size(each) for key, each in loader.items()}
        return sizes if any(size is not None for size in sizes.values()) else None
    if isinstance(loader, (list, tuple)):
        found = [_batch_size(each) for each in loader]
        return found[0] if len(found) == 1 else found if any(size is not None for size in found) else None
    if hasattr(loader, "iterables"):
        return _batch_size(loader.iterables)
    size = getattr(loader, "batch_size", None) or getattr(getattr(loader, "batch_sampler", None), "batch_size", None)
    return size if isinstance(size, int) else None


def _cli_config(trainer: Any) -> dict[str, Any] | None:
    """Return what LightningCLI was told, if the trainer was made by it: what it writes into config.yaml."""
    for callback in trainer.callbacks:
        if any(base.__name__ == "SaveConfigCallback" for base in type(callback).__mro__):
            as_dict = getattr(getattr(callback, "config", None), "as_dict", None)
            return None if as_dict is None else dict(as_dict())
    return None


def datasets_of(trainer: Any, stage: str) -> Iterator[tuple[str, Any]]:
    """Yield (name, dataset) of the data loaders that take part in a stage."""
    loaders = {
        "train": [("train", trainer.train_dataloader), ("validation", trainer.val_dataloaders)],
        "validation": [("validation", trainer.val_dataloaders)],
        "test": [("test", trainer.test_dataloaders)],
        "predict": [("predict", trainer.predict_dataloaders)],
    }
    for name, loader in loaders[stage]:
        yield from _named(name, loader)


def _named(name: str, loader: Any) -> Iterator[tuple[str, Any]]:
    """Yield the dataset of a loader, or of each in a collection of loaders, named by its key."""
    if loader is None:
        return
    if isinstance(loader, Mapping):
        for key, each in loader.items():
            yield from _named(f"{name}/{key}", each)
    elif isinstance(loader, (list, tuple)):
        for at, each in enumerate(loader):
            yield from _named(name if len(loader) == 1 else f"{name}/{at}", each)
    elif hasattr(loader, "iterables"):  # a CombinedLoader
        yield from _named(name, loader.iterables)
    else:
        yield name, getattr(loader, "dataset", loader)
