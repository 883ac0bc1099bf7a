"""`checkpoint` and `load_checkpoint`: the state of a plain training loop, with the place in its run."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Mapping
from typing import Any, Final

from epochal import Run

#: Where the position stands in a file of `checkpoint`.
POSITION: Final = "epochal"


def checkpoint(
    run: Run, path: str | os.PathLike[str], *, step: int | None = None, metrics: Mapping[str, Any] | None = None,
    copy: bool = False, **objects: Any,
) -> None:  # fmt: skip
    """Save a training's state with its place in the run, and record the checkpoint.

    The file is written beside `path`, synced and renamed: there is a whole one at any moment. Its SHA-256 is worked out
    by the companion. Without objects the file is one of yours that was written already, and is only recorded.

    Args:
        run: the run that the training records into.
        path: where to; `load_checkpoint` reads it, and so does `torch.load`, with `weights_only=True` too.
        step: the step that it holds; by default that of the last `run.log`.
        metrics: name to number: what it is judged by.
        copy: also copy it into the run.
        objects: `model=`, `optimizer=`, `scheduler=` and so on: their `state_dict()` is saved; what has none is saved
            as it is.

    Raises:
        OSError: the file cannot be written: a training that cannot save is better told.
    """
    held = max(0, run._next_step() - 1) if step is None and not run.disabled else step
    if objects:
        state = {name: each.state_dict() if hasattr(each, "state_dict") else each for name, each in objects.items()}
        _save({**state, POSITION: run.position()}, os.fspath(path))
    run.checkpoint(path, step=0 if held is None else held, metrics=metrics, copy=copy)


def load_checkpoint(path: str | os.PathLike[str], *, map_location: Any = "cpu", **objects: Any) -> dict[str, Any]:
    """Load what `checkpoint` saved, into the objects given, and return `{position, step, …}`.

    `position` is for `epochal.init(position=…, resume="must")`, which goes on with the run; `step` is the first step to
    train. A file that is not there gives `{position: None, step: 0}`: a new training.

    Args:
        path: of the file.
        map_location: see `torch.load`.
        objects: those given to `checkpoint`, under the same names.

    Raises:
        KeyError: the file has none of that name.
    """
    import torch

    if not os.path.exists(path):
        return {"position": None, "step": 0}
    try:
        state = torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        raise pickle.UnpicklingError(
            f"{os.fspath(path)} holds more than tensors and plain values: load it with torch.load, if you trust it"
        ) from error
    position = state.pop(POSITION, None) or None
    for name, each in objects.items():
        each.load_state_dict(state.pop(name))
    return {**state, "position": position, "step": position["next_step"] if position else 0}


def _save(state: Mapping[str, Any], path: str) -> None:
    import torch

    part = f"{path}.part-{os.getpid()}"
    try:
        with open(part, "wb") as file:
            torch.save(dict(state), file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(part)
        raise
