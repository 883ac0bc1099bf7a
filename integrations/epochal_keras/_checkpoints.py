"""Sees what `ModelCheckpoint` writes: by its file, since nobody is told, and its place in the list of callbacks."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any, Final, NamedTuple

import keras

from epochal.adapter import AdapterRun
from epochal.metric_names import MetricNames

from ._values import as_number
from ._vocabulary import Words

_GOALS: Final = {"less": "min", "greater": "max"}


class Moment(NamedTuple):
    """When a checkpoint may have been written.

    Attributes:
        step: the step that it holds.
        epoch: the epoch's number.
        batch: the batch's number in the epoch, None at an epoch's end.
        logs: the metrics, as Keras gave them to all callbacks.
        validated: the names of those that a validation gave, without `val_`.
    """

    step: int
    epoch: int
    batch: int | None
    logs: Mapping[str, Any]
    validated: frozenset[str] = frozenset()


class Checkpoints:
    """The checkpoints that the callbacks beside ours write during one fit.

    A callback that comes before ours in the list has written when our hook is called; one that comes after writes
    then, and is looked at when the next hook is called.

    Args:
        runs: records them.
        names: the user's choice of names.
        words: names what they are judged by.
        callback: ours.
        callbacks: all, in the order in which Keras calls them.
    """

    def __init__(
        self, runs: AdapterRun, names: MetricNames, words: Words, callback: Any, callbacks: Sequence[Any]
    ) -> None:
        self._runs, self._names, self._words = runs, names, words
        at = next((number for number, each in enumerate(callbacks) if each is callback), len(callbacks))
        savers = [(number < at, each) for number, each in enumerate(callbacks) if _is_saver(each)]
        self._earlier = [_Saver(each) for before, each in savers if before]
        self._later = [_Saver(each) for before, each in savers if not before]
        self._last: Moment | None = None

    @property
    def by_batches(self) -> bool:
        """Whether one of them writes within epochs; then Keras converts each batch's metrics already."""
        return any(saver.by_batches for saver in (*self._earlier, *self._later))

    def at(self, moment: Moment) -> None:
        """Record what was written until a batch or an epoch has ended."""
        self.settle()
        for saver in self._earlier:
            self._look(saver, moment)
        self._last = moment

    def settle(self) -> None:
        """Record what the callbacks after ours have written at the last moment."""
        moment, self._last = self._last, None
        if moment is not None:
            for saver in self._later:
                self._look(saver, moment)

    def _look(self, saver: _Saver, moment: Moment) -> None:
        path = saver.written(moment)
        if path is None:
            return
        judged, goal = saver.judged(moment, self._words)
        told: dict[str, Any] = {"epoch": moment.epoch, "weights_only": saver.weights_only}
        self._runs.checkpoint(path, step=moment.step, metrics=self._names.of(judged) or None, goal=goal, **told)


class _Saver:
    """One `ModelCheckpoint`, and which of its files have been seen."""

    def __init__(self, callback: Any) -> None:
        self._callback = callback
        self._best = callback.best
        parts = Formatter().parse(callback.filepath)
        pattern = "".join(glob.escape(text) + ("*" if field is not None else "") for text, field, _, _ in parts)
        self._seen = {path: _state(path) for path in glob.glob(pattern)}

    @property
    def by_batches(self) -> bool:
        return bool(self._callback.save_freq != "epoch")

    @property
    def weights_only(self) -> bool:
        return bool(self._callback.save_weights_only)

    def written(self, moment: Moment) -> str | None:
        """Return the file that it has written at a moment, None if it has not."""
        if (moment.batch is not None) != self.by_batches:
            return None
        number = {} if moment.batch is None else {"batch": moment.batch + 1}
        try:
            path: str = self._callback.filepath.format(**{"epoch": moment.epoch + 1, **number, **moment.logs})
        except (KeyError, ValueError, TypeError):  # Keras cannot write it either
            return None
        if "://" in path:  # at an address: only Keras' own account tells
            best, self._best = self._best, self._callback.best
            return path if not self._callback.save_best_only or best != self._best else None
        state = _state(path)
        if state is None or self._seen.get(path) == state:
            return None
        self._seen[path] = state
        return os.path.abspath(path)

    def judged(self, moment: Moment, words: Words) -> tuple[dict[str, float], str | None]:
        """Return the metric that chooses the best, as far as it is there, and its goal."""
        value = moment.logs.get(self._callback.monitor)
        if value is None:
            return {}, None
        named = words.epoch({self._callback.monitor: value}, moment.validated)
        operation = getattr(self._callback.monitor_op, "__name__", "")
        return {name: as_number(each) for name, each in named.items()}, _GOALS.get(operation)


def _is_saver(callback: Any) -> bool:
    return isinstance(callback, keras.callbacks.ModelCheckpoint)


def _state(path: str) -> tuple[int, int, int] | None:
    """Return what changes when a file is written again, None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
