"""What Keras knows of a training, as plain config groups: `model`, `optimizer`, `trainer`, and `fit`'s data."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any, Final

import keras

from epochal.callers import caller_locals

from ._values import as_array

_LONGEST_TEXT: Final = 20_000


def describe_model(model: Any) -> dict[str, Any]:
    """Return a model's class and name, the number of its parameters, and its summary as text."""
    known: dict[str, Any] = {"class": type(model).__name__, "name": model.name}
    if model.built:
        known["parameters"] = int(model.count_params())
        known["trainable_parameters"] = sum(math.prod(each.shape) for each in model.trainable_weights)
        lines: list[str] = []
        model.summary(print_fn=lambda text, *args, **kwargs: lines.append(str(text)))
        text = "\n".join(lines)
        known["summary"] = text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
    return known


def describe_training(model: Any, params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the groups `trainer`, `optimizer` and `environment` of a compiled model."""
    backend = keras.config.backend()
    known = {key: value for key, value in (params or {}).items() if key != "verbose" and value is not None}
    trainer: dict[str, Any] = {"framework": "keras", "backend": backend, **known}
    compiled: dict[str, Any] = model.get_compile_config() or {}
    for name, value in compiled.items():
        if name != "optimizer" and value is not None:
            trainer[name] = _plain(value)
    groups: dict[str, Any] = {"trainer": trainer, "environment": {"keras": keras.__version__}}
    version = getattr(sys.modules.get(backend), "__version__", None)
    if version:
        groups["environment"][backend] = str(version)
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        settings = {key: _plain(value) for key, value in optimizer.get_config().items() if value is not None}
        groups["optimizer"] = {"class": type(optimizer).__name__, **settings}
    return groups


def _plain(value: Any) -> Any:
    """Return Keras' serialized objects as their settings with the class beside them."""
    if isinstance(value, Mapping):
        if "class_name" in value and "config" in value:
            settings = value["config"]
            if not isinstance(settings, Mapping):
                return settings
            return {"class": value["class_name"], **{key: _plain(each) for key, each in settings.items()}}
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value


def learning_rate(model: Any) -> float | None:
    """Return the learning rate as it is now: a variable's, a tensor's or a schedule's value."""
    rate = getattr(getattr(model, "optimizer", None), "learning_rate", None)
    return None if rate is None else float(as_array(rate))


def datasets_in_fit(model: Any) -> dict[str, Any]:
    """Return what `fit` was given, by name, as far as it can be seen from a callback."""
    found = caller_locals("fit", "x", "y", "sample_weight", "validation_data", accept=lambda each: each is model)
    if found is None:
        return {}
    given = {"train": _together(found.get("x"), found.get("y"), found.get("sample_weight"))}
    validation = found.get("validation_data")
    if validation is not None:
        given["validation"] = _together(*validation) if isinstance(validation, (tuple, list)) else validation
    return {name: data for name, data in given.items() if data is not None}


def _together(*parts: Any) -> Any:
    """Return what is there of inputs, targets and weights: alone, or as a list."""
    there = [part for part in parts if part is not None]
    return there[0] if len(there) == 1 else there or None
