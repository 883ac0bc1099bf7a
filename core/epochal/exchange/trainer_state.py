"""Imports what Hugging Face's Trainer leaves: `trainer_state.json`, alone or in its output and checkpoint folders."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import BadValueError
from ..values import flat
from .field_values import NoStep, step_of
from .foreign import Ending, ForeignRun
from .text_files import open_text

if TYPE_CHECKING:
    from .import_job import ImportJob

_NAME: Final = "trainer_state.json"
_CHECKPOINT: Final = re.compile(r"checkpoint-(\d+)\Z")
#: What of the state is told in the config, beside `trial_params`, which stand under that name.
_SETTINGS: Final = (
    "max_steps", "num_train_epochs", "train_batch_size", "logging_steps", "eval_steps", "save_steps", "total_flos",
    "num_input_tokens_seen",
)  # fmt: skip


def detect(path: Path) -> bool:
    """Return whether a path is a trainer state, or a folder that holds one or checkpoints with one."""
    return path.name == _NAME if path.is_file() else bool(_trainings(path))


def import_(job: ImportJob) -> None:
    """Import each source."""
    for source in job.sources:
        folders = {source.parent: [source]} if source.is_file() else _trainings(source)
        if not folders:
            job.skip(source, f"there is no {_NAME} in it, and no checkpoint with one")
        for folder, states in folders.items():
            try:
                _import_one(job, folder, states)
            except BadValueError as error:
                job.skip(folder, str(error))


def _states(folder: Path) -> list[Path]:
    """Return the states of one training: the folder's own and those of its checkpoints."""
    if not folder.is_dir():
        return []
    found = [folder / _NAME, *(path / _NAME for path in folder.iterdir() if _CHECKPOINT.match(path.name))]
    return sorted(path for path in found if path.is_file())


def _trainings(source: Path) -> dict[Path, list[Path]]:
    """Return the trainings in a folder: itself, else each folder in it that is one."""
    found = {source: _states(source)} if source.is_dir() else {}
    if source.is_dir() and not found[source]:
        found = {folder: _states(folder) for folder in sorted(source.iterdir()) if folder.is_dir()}
    return {folder: states for folder, states in found.items() if states}


def _import_one(job: ImportJob, folder: Path, states: list[Path]) -> None:
    """Import the state that has come furthest: each holds the log of those before it."""
    read: list[tuple[int, Path, dict[str, Any]]] = []
    for path in states:
        try:
            state = _read(path)
            read.append((step_of(state.get("global_step", 0)), path, state))
        except (BadValueError, NoStep) as error:
            job.skip(path, str(error))
    if not read:
        return
    _, path, state = max(read, key=lambda each: (each[0], each[1].parent == folder))
    # a checkpoint that is named itself is the training in the folder above
    training = folder.parent if _CHECKPOINT.match(folder.name) else folder
    run = job.found(training, [path], name=training.name or None)
    if run is None:
        return
    _take_log(run, state)
    _take_state(run, state)
    job.take(run)


def _read(path: Path) -> dict[str, Any]:
    with open_text(path) as file:
        try:
            state = json.load(file)
        except (ValueError, RecursionError) as error:
            raise BadValueError(f"it is no JSON: {error}") from error
    if not isinstance(state, dict) or not isinstance(state.get("log_history"), list):
        raise BadValueError("it is no state of a Trainer: it has no log_history")
    return state


def _take_log(run: ForeignRun, state: Mapping[str, Any]) -> None:
    """Take the log over, under the Trainer's own names, as Epochal's callback does."""
    for entry in state["log_history"]:
        if not isinstance(entry, dict):
            run.leave_out("an entry of the log: it is no object")
            continue
        try:
            step = step_of(entry.get("step"))
        except NoStep as error:
            run.leave_out(f"an entry of the log: {error}")
            continue
        values = {}
        for name, value in flat({key: value for key, value in entry.items() if key != "step"}):
            if isinstance(value, (bool, int, float)):
                values[name] = value
            elif value is not None:
                run.leave_out(f"{name}: values that are no numbers")
        run.row(step, values)
    run.unify()
    run.timed = False


def _take_state(run: ForeignRun, state: Mapping[str, Any]) -> None:
    settings = {name: state[name] for name in _SETTINGS if state.get(name) is not None}
    run.config = {"trainer": settings} if settings else {}
    for name in ("trial_name", "trial_params"):
        if state.get(name):
            run.config[name] = state[name]
    best = state.get("best_metric")
    if isinstance(best, (int, float)) and math.isfinite(best):
        run.summary["best_metric"] = best
    for name in ("best_model_checkpoint", "best_global_step"):
        if state.get(name):
            run.summary[name] = state[name]
    done, asked = state.get("global_step"), state.get("max_steps")
    returned = (0, False, "train_runtime") in run.tracks  # logged once, when `train` returns
    if returned or (isinstance(done, int) and isinstance(asked, int) and 0 < asked <= done):
        run.ending = Ending("finished")
    else:
        run.ending = Ending("lost", f"its last state is of step {done} of {asked}: it does not tell how training ended")
    if isinstance(state.get("stateful_callbacks"), dict):
        run.leave_out("stateful_callbacks: the states of callbacks")
