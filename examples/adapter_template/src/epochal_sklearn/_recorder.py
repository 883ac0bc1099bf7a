"""`EpochalRecorder`: a loop of `partial_fit` becomes a run's metrics, config, checkpoints and state."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from epochal import Run
from epochal.adapter import AdapterRun
from epochal.metric_names import MetricNames

from ._describe import count_parameters, describe

#: The words that all of Epochal's adapters share, for what these loops call their metrics.
_COMMON: Final = {"loss": "train/loss", "accuracy": "train/accuracy", "score": "train/score"}


def common_name(name: str) -> str:
    """Return the common word for a metric's name, the name itself where there is none."""
    return f"val/{name.removeprefix('val_')}" if name.startswith("val_") else _COMMON.get(name, name)


class EpochalRecorder:
    """Records a loop of `partial_fit`: `begin`, then `step` after each batch and `epoch` after each epoch, then `end`.

    Constructing it creates nothing: the run is opened by `begin`, or by the first `step`. It stays open after `end`,
    for what the script still logs, until `finish()`, the script's end, or the next run that a recorder opens.
    """

    def __init__(
        self,
        run: Run | None = None,
        *,
        prefix: str = "",
        vocabulary: str | None = None,
        log_every: int | None = None,
        fingerprint: str = "quick",
        **opening: Any,
    ) -> None:
        """Keep how to open the run.

        Args:
            run: a run that is open already; it stays yours to finish.
            prefix: put before each metric's name, as it is.
            vocabulary: `"common"` records under the words that all frameworks share (`train/loss`, `val/loss`).
            log_every: record the metrics of every n-th step only.
            fingerprint: `"quick"` reads a dataset for a second at most, `"full"` all of it.
            opening: arguments of `epochal.init`: project, name, config, dir, id, resume, mode, group, tags, ….

        Raises:
            BadValueError: an argument that cannot be used.
        """
        names = MetricNames(prefix, vocabulary, common_name)
        self._runs = AdapterRun(run, names=names, log_every=log_every, **opening)
        self._fingerprint = fingerprint
        self._model: Any = None
        self._settings: dict[str, Any] = {}
        self._described = False
        self._step = self._epoch = 0

    @property
    def run(self) -> Run:
        """The run, opened if need be."""
        return self._runs.open()

    def begin(self, model: Any, *, train: Any = None, validation: Any = None, **settings: Any) -> None:
        """Begin a training, or go on with one after `load`.

        Args:
            model: the estimator.
            train: the training data: arrays, a tuple of them, a table, or a `Bunch`. It is hashed, never kept.
            validation: other data that is looked at.
            settings: what else is known: epochs, batch_size, ….
        """
        if model is not self._model:  # another fit with this recorder goes on behind the one before
            self._model, self._epoch = model, 0
        self._settings, self._described = settings, False
        run = self._runs.open()
        # what describing costs, or breaks, is no affair of the training: `guard` turns faults into one warning
        with self._runs.guard("datasets"):
            for name, data in (("train", train), ("validation", validation)):
                if data is not None:
                    run.use_dataset(name, data, fingerprint=self._fingerprint)

    def step(self, metrics: Mapping[str, Any]) -> None:
        """Record what is known after a `partial_fit`."""
        self._step += 1
        self._describe()
        self._runs.log(metrics, step=self._step, trained=self._step)

    def epoch(self, metrics: Mapping[str, Any]) -> None:
        """Record what is known after an epoch, with its number beside it; `log_every` leaves nothing of it out."""
        self._epoch += 1
        self._describe()
        # a dict of our own: the caller may share theirs with others
        self._runs.log({"epoch": self._epoch, **metrics}, step=self._step)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a checkpoint that `load` goes on from: the model, and where in the run it was written."""
        position: Mapping[str, Any] = {}
        with self._runs.guard("checkpoint"):
            position = self._runs.open().position()
        state = {"model": self._model, "step": self._step, "epoch": self._epoch, "position": dict(position)}
        new = Path(f"{os.fspath(path)}.new")
        new.write_bytes(pickle.dumps(state))
        new.replace(path)  # whole or not at all
        with self._runs.guard("checkpoint"):
            self._runs.checkpoint(path, step=self._step, epoch=self._epoch)

    def load(self, path: str | os.PathLike[str]) -> Any:
        """Return the model of a checkpoint, and go on with the run that it was written in.

        As with any pickle: load only what you have written yourself.
        """
        state = pickle.loads(Path(path).read_bytes())  # noqa: S301
        self._model, self._step, self._epoch = state["model"], state["step"], state["epoch"]
        if state["position"]:  # empty where nothing was recorded
            self._runs.resume(state["position"], beside=path)
        return self._model

    @property
    def epochs_done(self) -> int:
        """How many epochs the present training has had, those before a `load` among them."""
        return self._epoch

    def end(self) -> None:
        """Say that the training is over; the run stays open for what the script does next."""
        self._runs.rest()

    def finish(self) -> None:
        """Finish the run now, if this recorder opened it."""
        self._runs.finish()

    def _describe(self) -> None:
        """Describe the model before the first metric, and after it has seen data: it has no parameters before."""
        if self._described or self._model is None or not count_parameters(self._model):
            return
        self._described = True
        with self._runs.guard("description"):
            self._runs.describe({**describe(self._model), "trainer": {"framework": "scikit-learn", **self._settings}})
