"""Positions in Lightning's checkpoints: put there, read back, and corrected by what Lightning logs afterwards.

Lightning writes a checkpoint before it logs the metrics of the very step or epoch that the checkpoint holds. A
training that goes on from it never logs them again. So the position in the checkpoint is not where to cut; that is
where the next batch begins, which the record tells beside the checkpoint, written at that moment.
"""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from epochal import Run
from epochal.adapter import AdapterRun
from epochal.checkpoints import checkpoint_data

from ._copies import Copies
from ._progress import Progress


class _Pending(NamedTuple):
    """A checkpoint of which what Lightning logs with it is still to come."""

    position: dict[str, Any] | None
    step: int | None
    epoch: int | None
    facts: dict[str, Any]


class PendingCheckpoints:
    """The checkpoints of one logger that were written since the last batch began."""

    def __init__(self, runs: AdapterRun, progress: Progress, log_model: bool | str) -> None:
        self._runs = runs
        self._progress = progress
        self._pending: list[_Pending] = []
        self._copies = Copies(runs, log_model)

    def begin(self, run: Run, trainer: Any) -> dict[str, Any]:
        """Return the position to put into a checkpoint that is being written."""
        position = run.position()
        # another thread may still be writing it when it is recorded
        later = "Async" in type(trainer.strategy.checkpoint_io).__name__
        facts = {"path": None, "writing": later}
        step = trainer.global_step + self._progress.offset
        self._pending.append(_Pending(position, step, trainer.current_epoch, facts))
        counts = self._progress.counts()
        return {**position, "counts": counts} if counts else position

    def written(self, callback: Any) -> None:
        """Take over where a `ModelCheckpoint` wrote, and its score."""
        path = getattr(callback, "_last_checkpoint_saved", "") or callback.last_model_path or callback.best_model_path
        score = _number(callback.current_score)
        judged = {} if callback.monitor is None or score is None else {callback.monitor: score}
        place = os.fspath(path)
        facts = {"path": place, "metrics": judged, "goal": callback.mode if judged else None}
        pending = next((each for each in reversed(self._pending) if each.facts["path"] is None), None)
        facts["file"] = self._copies.written(place, later=pending is not None and pending.facts["writing"])
        if pending is not None:
            pending.facts.update(facts)
            return
        # weights alone: Lightning asks no callback what else to put in
        step = callback._last_global_step_saved + self._progress.offset
        self._pending.append(_Pending(None, step, None, facts))

    def settle(self) -> None:
        """Record the checkpoints that were written: all that Lightning logs with them has been logged by now."""
        if not self._pending or self._runs.current is None:
            return
        pending, self._pending = self._pending, []
        with self._runs.guard("checkpoint"):
            position, counts = self._runs.open().position(), self._progress.counts()
            for each in pending:
                facts = {**each.facts, "epoch": each.epoch, "saved": each.position}
                path = facts.pop("path")
                known = {key: value for key, value in facts.items() if value is not None}
                self._runs.checkpoint(path, step=each.step, **known, position=position, counts=counts or None)

    def keep(self, trainer: Any) -> None:
        """Copy what is to be copied when a fit has ended."""
        with self._runs.guard("checkpoint"):
            self._copies.keep(trainer)

    def resume_from(self, trainer: Any, path: Any) -> None:
        """Go on with the run of the checkpoint that a fit is given, if it holds a position."""
        if not path or trainer.state.fn.value != "fit":
            return
        position = None
        with self._runs.guard("resume"):
            position = position_in(path)
        if position:
            self.resume(position, path)

    def resume(self, position: dict[str, Any], path: Any) -> None:
        """Go on with the run of a checkpoint that holds `position`.

        Where the record does not say what followed the checkpoint, its process ended before the next batch began. If
        none has written the run since, all that there is belongs to the checkpoint.
        """
        settled, last = None, False
        counts = position.get("counts")
        position = {key: value for key, value in position.items() if key != "counts"}
        with self._runs.guard("resume"):
            folder = self._runs.folder_of(str(position["run"]), beside=path)
            settled = _settled(folder, position)
            last = settled is None and folder is not None and _is_last_writer(folder, position)
        if settled is not None:
            position, counts = dict(settled["position"]), settled.get("counts")
        self._progress.restore(counts)
        run = self._runs.resume(position, beside=path, cut=not last)
        if last and run.id == position["run"] and not run.disabled:
            self._pending.append(_Pending(position, None, None, {"path": path}))
            self.settle()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pending": []}


def position_in(path: Any) -> dict[str, Any] | None:
    """Return the position in a checkpoint, None where it has none.

    Only the structure is read: no tensor is loaded and no code of the pickle is run, whatever it holds.

    Args:
        path: a file, or a folder of a sharded checkpoint; a URL as fsspec takes it.
    """
    place = os.fspath(path)
    if os.path.isdir(place):
        place = os.path.join(place, "meta.pt")
    if "://" not in place and not os.path.isfile(place):
        return None
    with import_module("fsspec").open(place, "rb") as file:
        try:
            archive = zipfile.ZipFile(file)
        except zipfile.BadZipFile:  # the format before torch 1.6
            return None
        name = next((name for name in archive.namelist() if name.endswith("/data.pkl")), None)
        if name is None:
            return None
        with archive.open(name) as data:
            found = _Structure(data).load()
    position = found.get("epochal") if isinstance(found, dict) else None
    return position if isinstance(position, dict) else None


class _Anything:
    """Stands for whatever a pickle builds beyond plain data; swallows what is done to it."""

    def __new__(cls, *args: Any, **kwargs: Any) -> _Anything:  # noqa: PYI034
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def __call__(self, *args: Any, **kwargs: Any) -> _Anything:
        return self

    def __setstate__(self, state: Any) -> None: ...

    def __setitem__(self, key: Any, value: Any) -> None: ...

    def append(self, item: Any) -> None: ...

    def extend(self, items: Any) -> None: ...

    def add(self, item: Any) -> None: ...


class _Structure(pickle.Unpickler):
    """Rebuilds dicts, lists, text and numbers; everything else becomes `_Anything`."""

    def find_class(self, module: str, name: str) -> Any:
        return _Anything

    def persistent_load(self, pid: Any) -> Any:
        return None


def _settled(folder: Path | None, position: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what the record tells of the moment when the next batch began after the checkpoint of a position."""
    if folder is None:
        return None
    for known in checkpoint_data(folder):
        saved = known.get("saved") or {}
        if (saved.get("writer"), saved.get("seq")) == (position["writer"], position["seq"]):
            return known
    return None


def _is_last_writer(folder: Path, position: Mapping[str, Any]) -> bool:
    """Whether no process has written the run since the one that a position is of."""
    last = max((folder / "journal").glob("main-0-*.epochal"), key=lambda path: int(path.name.split("-")[2]))
    return last.name.endswith(f"-{position['writer'][:8]}.epochal")


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
