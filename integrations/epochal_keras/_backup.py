"""Which run a `BackupAndRestore` is of: `epochal.json` in its folder, so that a new process goes on in that run.

Keras' backup has no room for a position. It needs none: the epoch that `fit` begins with tells what is to be hidden.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import keras

from epochal import Run

_FILE: Final = "epochal.json"
_BACKUP: Final = "training_metadata.json"


class Backup:
    """The folder of the `BackupAndRestore` among some callbacks; nothing is done where there is none, or no disk.

    Args:
        callbacks: those of a fit.
    """

    def __init__(self, callbacks: Sequence[Any]) -> None:
        kind = keras.callbacks.BackupAndRestore
        there = next((each for each in callbacks if isinstance(each, kind)), None)
        place = None if there is None else os.fspath(there.backup_dir)
        self._folder = None if place is None or "://" in place else Path(place)
        self.by_batches = there is not None and there.save_freq != "epoch"
        self._marked = False

    @property
    def run(self) -> tuple[dict[str, Any], Path] | None:
        """The run that the training goes on from, as `AdapterRun.resume` takes it, and a place in or near its folder.

        None where Keras will restore nothing.
        """
        if self._folder is None or not (self._folder / _BACKUP).is_file():
            return None
        try:
            found = json.loads((self._folder / _FILE).read_text(encoding="utf-8"))
            id, folder = str(found["run"]), Path(found["folder"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return {"run": id}, (folder if folder.is_dir() else self._folder) / _FILE

    def mark(self, run: Run) -> None:
        """Note the run in the backup's folder, once there is a backup; wholly or not at all.

        Raises:
            OSError: it cannot be written.
        """
        if self._marked or self._folder is None or run.disabled or not (self._folder / _BACKUP).is_file():
            return
        self._marked = True
        text = json.dumps({"version": 1, "run": run.id, "folder": os.fspath(run.folder)}) + "\n"
        draft = self._folder / f".{_FILE}.{os.getpid()}"
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(self._folder / _FILE)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
