"""The common words for what Keras calls its metrics, where the user asks for one chart for all frameworks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

#: What stands before a common word's slash, and words that are common as they are.
_HEADS: Final = ("train/", "val/", "test/", "predict/", "lr/")
_WORDS: Final = ("lr", "epoch", "grad_norm")
_RATE: Final = "learning_rate"


def common_name(name: str) -> str:
    """Return the common word for a metric's name; a common word stays as it is."""
    if name in _WORDS or name.startswith(_HEADS):
        return name
    if name == _RATE or name.startswith(f"{_RATE}/"):
        return f"lr{name.removeprefix(_RATE)}"
    for ours, theirs in (("val/", "val_"), ("test/", "test_")):
        if name.startswith(theirs):
            return f"{ours}{name.removeprefix(theirs)}"
    return f"train/{name}"


class Words:
    """Names rows by where they come from, which says more than a name: a training's metric may be called `val_gap`.

    Args:
        common: use the common words; else all names stay as Keras gives them.
    """

    def __init__(self, *, common: bool) -> None:
        self._common = common

    def trained(self, logs: Mapping[str, Any]) -> dict[str, Any]:
        """Return a batch's metrics."""
        return self.epoch(logs, ())

    def epoch(self, logs: Mapping[str, Any], validated: Collection[str]) -> dict[str, Any]:
        """Return an epoch's metrics.

        Args:
            logs: name to value, as Keras gives them.
            validated: the metrics' names that the validation gave, without `val_`.
        """
        if not self._common:
            return dict(logs)
        return {self._of_epoch(name, validated): value for name, value in logs.items()}

    def tested(self, logs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the metrics of a standalone `evaluate`, which Keras calls as those of a training."""
        return {f"test/{name}" if self._common else f"test_{name}": value for name, value in logs.items()}

    def own(self, name: str) -> str:
        """Return the name of what we record beside Keras' metrics."""
        return common_name(name) if self._common else name

    @staticmethod
    def _of_epoch(name: str, validated: Collection[str]) -> str:
        if name.startswith("val_") and name.removeprefix("val_") in validated:
            return f"val/{name.removeprefix('val_')}"
        known = name.startswith(_HEADS) or name == _RATE
        return common_name(name) if known else f"train/{name}"
