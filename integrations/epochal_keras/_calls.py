"""What `fit`, `evaluate` and `predict` were given: read from their frames, since Keras shows it to no callback."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from epochal.callers import caller_locals

_ARGUMENTS: Final = (
    "x",
    "y",
    "sample_weight",
    "validation_data",
    "epoch_iterator",
    "use_cached_eval_dataset",
    "validation_split",
    "validation_freq",
    "initial_epoch",
    "class_weight",
    "shuffle",
    "batch_size",
)
#: Arguments of `fit` that belong into the config as they are.
_SETTINGS: Final = ("validation_split", "validation_freq", "initial_epoch", "class_weight", "shuffle")


class Call(NamedTuple):
    """A call that is going on.

    Attributes:
        method: `fit`, `evaluate` or `predict`.
        arguments: what it was given, by name, in the state that Keras has brought it to: a split is made already.
    """

    method: str
    arguments: Mapping[str, Any]

    @property
    def is_validation(self) -> bool:
        """Whether it is the `evaluate` that `fit` calls at an epoch's end."""
        return bool(self.arguments.get("use_cached_eval_dataset"))

    @property
    def batch_size(self) -> int | None:
        """The size of a batch, None where nobody knows."""
        adapter = getattr(self.arguments.get("epoch_iterator"), "data_adapter", None)
        size = getattr(adapter, "batch_size", None) or self.arguments.get("batch_size")
        return int(size) if isinstance(size, int) else None

    @property
    def batches(self) -> int | None:
        """The number of batches in an epoch, None where it is not known (yet)."""
        count = getattr(self.arguments.get("epoch_iterator"), "num_batches", None)
        return count if isinstance(count, int) and count > 0 else None

    @property
    def settings(self) -> dict[str, Any]:
        """What of `fit`'s arguments says how it trains, less what is as if left out."""
        given = {name: self.arguments.get(name) for name in _SETTINGS}
        known = {name: value for name, value in given.items() if value}
        if self.arguments.get("sample_weight") is not None:
            known["sample_weight"] = True
        return {name: value for name, value in known.items() if (name, value) != ("validation_freq", 1)}

    @property
    def datasets(self) -> dict[str, Any]:
        """What it was given to train on, to validate, to test or to predict, by name."""
        name = {"fit": "train", "evaluate": "test", "predict": "predict"}[self.method]
        given = {name: _together(*(self.arguments.get(each) for each in ("x", "y", "sample_weight")))}
        validation = self.arguments.get("validation_data")
        if validation is not None:
            given["validation"] = _together(*validation) if isinstance(validation, (tuple, list)) else validation
        return {each: data for each, data in given.items() if data is not None}


def call_of(model: Any, method: str) -> Call | None:
    """Return Keras' call of a model's method that is going on above us, or None (in a loop of the user's own)."""
    found = caller_locals(method, *_ARGUMENTS, accept=lambda each: each is model)
    return None if found is None else Call(method, found)


def callbacks_around(callback: Any) -> list[Any]:
    """Return the callbacks of the list that is calling a hook of this one, in the order in which they are called."""

    def holds(each: Any) -> bool:
        members = getattr(each, "callbacks", None)
        return isinstance(members, list) and any(member is callback for member in members)

    for hook in ("on_train_begin", "on_train_end"):
        found = caller_locals(hook, "self", accept=holds)
        if found is not None:
            return list(found["self"].callbacks)
    return []


class SeenData:
    """Remembers which objects were hashed, so that they are not hashed for each of many calls; keeps none alive."""

    def __init__(self) -> None:
        self._seen: dict[str, list[weakref.ref[Any]]] = {}

    def is_new(self, name: str, data: Any) -> bool:
        """Return whether other objects than the last time stand for a name, and take them down.

        Args:
            name: of a dataset.
            data: an array or the like, or a list of such; what cannot be recognised is new each time.
        """
        parts = data if isinstance(data, list) else [data]
        before = self._seen.get(name, [])
        same = len(before) == len(parts) and all(ref() is part for ref, part in zip(before, parts, strict=True))
        try:
            self._seen[name] = [weakref.ref(part) for part in parts]
        except TypeError:  # a list or dict of arrays
            self._seen.pop(name, None)
        return not same

    def __getstate__(self) -> dict[str, Any]:
        return {"_seen": {}}


def _together(*parts: Any) -> Any:
    """Return what is there of inputs, targets and weights: alone, or as a list."""
    there = [part for part in parts if part is not None]
    return there[0] if len(there) == 1 else there or None
