"""What can be said of a PyTorch model and optimizer, as the plain config groups `model` and `optimizer`."""

from __future__ import annotations

from typing import Any, Final

_LONGEST_TEXT: Final = 20_000


def describe_model(module: Any) -> dict[str, Any]:
    """Return the class of a `torch.nn.Module`, the number of its parameters, and its structure as text."""
    sizes = [(_size(each), each.requires_grad) for each in module.parameters()]
    text = str(module)
    return {
        "class": type(module).__name__,
        "parameters": sum(size for size, _ in sizes),
        "trainable_parameters": sum(size for size, trainable in sizes if trainable),
        "summary": text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…",
    }


def describe_optimizer(optimizer: Any) -> dict[str, Any]:
    """Return the class of a `torch.optim.Optimizer` and the settings of its parameter groups.

    The rate is called `learning_rate`, as in the other frameworks' runs, not `lr`.
    """
    inner = getattr(optimizer, "optimizer", optimizer)  # accelerate wraps it
    groups = [
        {
            "learning_rate" if key == "lr" else key: value
            for key, value in group.items()
            if key not in ("params", "param_names")
        }
        for group in inner.param_groups
    ]
    known = {"class": type(inner).__name__, **(groups[0] if groups else {})}
    return known if len(groups) < 2 else {**known, "groups": groups}


def _size(parameter: Any) -> int:
    try:
        return int(parameter.numel())
    except (RuntimeError, ValueError):  # a lazy parameter, whose shape the first batch will tell
        return 0


def describe(run: Any, **objects: Any) -> None:
    raise NotImplementedError
