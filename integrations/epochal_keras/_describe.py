"""What Keras knows of a training, as plain config groups: `model`, `optimizer`, `trainer`, `environment`."""

from __future__ import annotations

import inspect
import math
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import keras

from ._calls import Call
from ._ranks import rank_here
from ._values import as_number, shortest

_LONGEST_TEXT: Final = 20_000
#: Attributes of a compiled model that say how it computes.
_COMPILED: Final = ("run_eagerly", "jit_compile", "steps_per_execution")
_BESIDE: Final = (keras.callbacks.History, keras.callbacks.ProgbarLogger)


def describe_model(model: Any) -> dict[str, Any]:
    """Return a model's class and name, the number and bytes of its parameters, and its summary as text.

    A model that no data has built yet has no parameters to count; a layer that is used twice counts once.
    """
    known: dict[str, Any] = {"class": type(model).__name__, "name": model.name}
    weights = list(model.weights)
    if weights:
        known["parameters"] = sum(_size(each) for each in weights)
        known["trainable_parameters"] = sum(_size(each) for each in model.trainable_weights)
        known["bytes"] = math.ceil(sum(_size(each) * _bits(each.dtype) for each in weights) / 8)
    lines: list[str] = []
    try:
        model.summary(print_fn=lambda text, *args, **kwargs: lines.append(str(text)))
    except ValueError:  # it has not been built
        return known
    text = "\n".join(lines)
    known["summary"] = text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
    return known


def describe_optimizer(model: Any) -> dict[str, Any]:
    """Return class and settings of a model's optimizer; further ones that the model keeps stand under their names.

    `learning_rate` is a number, of a schedule that at its first step, and the schedule itself stands as `scheduler`.
    """
    optimizer = getattr(model, "optimizer", None)
    known = {} if optimizer is None else _optimizer(optimizer)
    return {**known, **{name: _optimizer(each) for name, each in own_optimizers(model).items()}}


def own_optimizers(model: Any) -> dict[str, Any]:
    """Return the optimizers that a model keeps beside the one it was compiled with (a GAN has two), by name."""
    kind = keras.optimizers.Optimizer
    there = {name: value for name, value in vars(model).items() if isinstance(value, kind)}
    return {name: value for name, value in there.items() if value is not model.optimizer}


def describe_trainer(
    model: Any, params: Mapping[str, Any], call: Call | None, callbacks: Sequence[Any]
) -> dict[str, Any]:
    """Return how a compiled model is trained.

    `steps` are the optimizer's in the whole training, as in every framework; what Keras calls so is `steps_per_epoch`.

    Args:
        model: the model.
        params: what Keras tells callbacks of a call: epochs, and batches of an epoch as `steps`.
        call: the call, as far as it can be seen.
        callbacks: those that take part.
    """
    trainer: dict[str, Any] = {"framework": "keras", "backend": keras.config.backend()}
    told = {key: value for key, value in params.items() if key != "verbose" and value is not None}
    batches = told.pop("steps", None)
    trainer.update(told)
    if call is not None:
        trainer.update(call.settings)
        trainer["batch_size"] = call.batch_size
    trainer["precision"] = getattr(getattr(model, "dtype_policy", None), "name", None)
    optimizer = getattr(model, "optimizer", None)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    trainer["accumulate"] = getattr(inner, "gradient_accumulation_steps", None)
    trainer["steps_per_epoch"] = batches
    if batches is not None and "epochs" in told:  # gradients that an epoch leaves over go on into the next one
        trainer["steps"] = told["epochs"] * batches // (trainer["accumulate"] or 1)
    trainer["strategy"] = _strategy(model)
    trainer["world_size"] = rank_here().world
    trainer.update(_compiled(model))
    trainer["callbacks"] = [_settings(each) for each in callbacks if type(each) not in _BESIDE] or None
    return {key: value for key, value in trainer.items() if value is not None}


def versions() -> dict[str, str]:
    """Return the versions of Keras and its backend."""
    backend = keras.config.backend()
    version = getattr(sys.modules.get(backend), "__version__", None)
    return {"keras": keras.__version__, **({backend: str(version)} if version else {})}


def learning_rates(model: Any) -> Iterator[tuple[str, float]]:
    """Yield the learning rates as they are now, by name: a variable's, a tensor's or a schedule's value."""
    others = own_optimizers(model)
    for name, optimizer in {"": getattr(model, "optimizer", None), **others}.items():
        rate = getattr(optimizer, "learning_rate", None)
        if rate is None or (not name and others and not as_number(optimizer.iterations)):
            continue  # compiled with a default that the model does not use
        yield (f"learning_rate/{name}" if name else "learning_rate"), as_number(rate)


def plain(value: Any) -> Any:
    """Return Keras' serialized objects as their settings with the class beside them, and code by its name alone."""
    if isinstance(value, Mapping):
        if "class_name" in value and "config" in value:
            if value["class_name"] == "__lambda__":
                return "<lambda>"
            if not isinstance(value["config"], Mapping):
                return value["config"]
            return {"class": value["class_name"], **plain(value["config"])}
        return {str(key): plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return shortest(value)
    return str(getattr(value, "__name__", type(value).__name__))


def _optimizer(optimizer: Any) -> dict[str, Any]:
    inner = getattr(optimizer, "inner_optimizer", None)
    if inner is not None:  # it scales the loss, and has no rate of its own
        scaling = {
            key: value for key, value in _config(optimizer).items() if key in ("initial_scale", "dynamic_growth_steps")
        }
        return {**_optimizer(inner), "loss_scale": {"class": type(optimizer).__name__, **scaling}}
    known = {"class": type(optimizer).__name__, **_config(optimizer)}
    scheduler = known.pop("learning_rate", None)
    schedule: Any = getattr(optimizer, "_learning_rate", None)
    scheduled = type(schedule).__mro__.count(keras.optimizers.schedules.LearningRateSchedule)
    known["learning_rate"] = shortest(as_number(schedule(0) if scheduled else optimizer.learning_rate))
    return {**known, "scheduler": scheduler} if not isinstance(scheduler, (float, int)) and scheduler else known


def _config(object: Any) -> dict[str, Any]:
    """Return an object's settings, {} where it cannot tell them."""
    try:
        with warnings.catch_warnings():  # Keras warns of code, which would not be safe to load again
            warnings.simplefilter("ignore")
            return dict(plain(object.get_config()))
    except Exception:  # a user's class, or a variable on a device that Keras 3.0 cannot read
        return {}


def _compiled(model: Any) -> dict[str, Any]:
    """Return what `compile` was given, less the optimizer; of what cannot be serialized, its name."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given = dict(plain(model.get_compile_config() or {}))
    except Exception:  # a user's own loss without `get_config`
        given = {"loss": plain(getattr(model, "loss", None))}
    given.pop("optimizer", None)
    told = {name: getattr(model, name, None) for name in _COMPILED}
    return {**given, **{name: value for name, value in told.items() if isinstance(value, (bool, int))}}


def _settings(callback: Any) -> dict[str, Any]:
    """Return a callback's class and those arguments that it keeps, as far as they are plain."""
    try:
        names = list(inspect.signature(type(callback).__init__).parameters)
    except (TypeError, ValueError):
        names = []
    kept = {name: vars(callback).get(name) for name in names}
    simple = {name: value for name, value in kept.items() if isinstance(value, (bool, int, float, str))}
    return {"class": type(callback).__name__, **simple}


def _strategy(model: Any) -> Any:
    distribution = keras.distribution.distribution() if hasattr(keras, "distribution") else None
    if distribution is not None:
        mesh = getattr(distribution, "device_mesh", None)
        shape = [int(each) for each in getattr(mesh, "shape", ())]
        return {"class": type(distribution).__name__, "axes": list(getattr(mesh, "axis_names", ())), "shape": shape}
    kind = type(getattr(model, "distribute_strategy", None)).__name__
    return None if kind in ("NoneType", "_DefaultDistributionStrategy") else kind


def _size(weight: Any) -> int:
    return math.prod(int(each) for each in weight.shape)


def _bits(dtype: Any) -> int:
    """Return the bits of a type by its name: NumPy knows neither bfloat16 nor float8."""
    digits = re.search(r"\d+", str(dtype))
    return int(digits.group()) if digits else 8
