"""What can be said of a PyTorch model and optimizer, as the plain config groups `model` and `optimizer`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_LONGEST_TEXT: Final = 20_000


def describe_model(module: Any) -> dict[str, Any]:
    """Return `{class, parameters, trainable_parameters, bytes, buffer_bytes, summary}` of a `torch.nn.Module`.

    Shared parameters count once. Of a compiled module, and of one wrapped for several processes, the module within is
    described. Lazy parameters count as none until the first batch tells their shape: `lazy_parameters` is how many.
    """
    module = _within(module)
    parameters = list(module.parameters())
    known = [each for each in parameters if _size(each) is not None]
    text = str(module)
    lazy = len(parameters) - len(known)
    return {
        "class": type(module).__name__,
        "parameters": sum(_size(each) or 0 for each in known),
        "trainable_parameters": sum(_size(each) or 0 for each in known if each.requires_grad),
        "bytes": sum(_bytes(each) for each in known),
        "buffer_bytes": sum(_bytes(each) for each in module.buffers()),
        **({"lazy_parameters": lazy} if lazy else {}),
        "summary": text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…",
    }


def describe_optimizer(optimizer: Any) -> dict[str, Any]:
    """Return the class of a `torch.optim.Optimizer` and the settings of its parameter groups.

    The rate is called `learning_rate`, as in the other frameworks' runs, not `lr`. With a scheduler it is the one that
    the schedule starts from, whatever it is by now: a training that is resumed has the same settings.
    """
    inner = getattr(optimizer, "optimizer", optimizer)  # accelerate wraps it
    groups = [_settings(group) for group in inner.param_groups]
    known = {"class": type(inner).__name__, **(groups[0] if groups else {})}
    return known if len(groups) < 2 else {**known, "groups": groups}


def _settings(group: Mapping[str, Any]) -> dict[str, Any]:
    settings = {
        "learning_rate" if key == "lr" else key: value
        for key, value in group.items()
        if key not in ("params", "param_names", "initial_lr")
    }
    if "initial_lr" in group:
        settings["learning_rate"] = group["initial_lr"]
    return settings


def describe(
    run: Any,
    *,
    model: Any = None,
    optimizer: Any = None,
    scheduler: Any = None,
    trainer: Mapping[str, Any] | None = None,
    **datasets: Any,
) -> None:
    """Write what is known of a plain training into the run's config: groups named as the other adapters name them.

    Args:
        run: the run.
        model: becomes `config.model`.
        optimizer: becomes `config.optimizer`.
        scheduler: its class becomes `config.optimizer.scheduler`.
        trainer: `epochs`, `batch_size` and so on: becomes `config.trainer`.
        datasets: a `DataLoader`, dataset or tensors under the name that it is to have (`train=loader`): hashed.
    """
    import torch

    groups: dict[str, Any] = {"environment": {"torch": torch.__version__}, "trainer": {"framework": "torch"}}
    if torch.version.cuda:
        groups["environment"]["cuda"] = torch.version.cuda
    try:
        if model is not None:
            groups["model"] = describe_model(model)
        if optimizer is not None:
            groups["optimizer"] = describe_optimizer(optimizer)
        if scheduler is not None:
            groups.setdefault("optimizer", {})["scheduler"] = type(scheduler).__name__
        groups["trainer"] |= trainer or {}
    except Exception as error:  # a module whose own text fails, say
        run.notice("describe", f"the model or its optimizer could not be described: {error!r}")
    for name, group in groups.items():
        if name not in run.config:  # what was set by hand stays
            run.config[name] = group
    for name, data in datasets.items():
        run.use_dataset(name, data)


def _within(module: Any) -> Any:
    for _ in range(8):
        kind = type(module).__name__
        if kind == "OptimizedModule":
            module = module._orig_mod
        elif kind in ("DistributedDataParallel", "DataParallel", "FullyShardedDataParallel"):
            module = module.module
        else:
            break
    return module


def _bytes(tensor: Any) -> int:
    try:
        return int(tensor.numel() * tensor.element_size())
    except (RuntimeError, ValueError):
        return 0


def _size(parameter: Any) -> int | None:
    try:
        return int(parameter.numel())
    except (RuntimeError, ValueError):  # a lazy parameter, whose shape the first batch will tell
        return None
