"""Copies of checkpoints in the run, where `log_model` asks for them; nothing of Lightning's is ever deleted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from epochal.adapter import AdapterRun


class Copies:
    """What `log_model` has copied so far, and what is still to be copied.

    Args:
        runs: the run to copy into.
        log_model: False for none, True for what is kept at the end of a fit, `"all"` for each as it is written.
    """

    def __init__(self, runs: AdapterRun, log_model: bool | str) -> None:
        self._runs = runs
        self._which = log_model
        self._later: list[str] = []
        self._kept: set[tuple[str, int]] = set()

    def written(self, path: str, *, later: bool) -> str | None:
        """Copy a checkpoint that was just written, before `save_top_k` may delete it.

        Args:
            path: where it is.
            later: another thread may still be writing it: it is copied when the fit has ended.

        Returns:
            The path of the copy within the run's folder; None where there is none.
        """
        if self._which != "all" or "://" in path:
            return None
        if later:
            self._later.append(path)
            return None
        return self._runs.open()._copied_checkpoint(path)

    def keep(self, trainer: Any) -> None:
        """Copy at the end of a fit: those that are kept, or that could not be copied before.

        What lies in the run's folder already is not copied within it.
        """
        paths, self._later = self._later, []
        if self._which is True:
            paths = [path for each in getattr(trainer, "checkpoint_callbacks", ()) for path in _kept_by(each)]
        run = self._runs.current
        if run is None or run.disabled:
            return
        inside = Path(os.path.realpath(run.folder))
        for path in dict.fromkeys(paths):
            real = Path(os.path.realpath(path))
            if not real.exists() or inside in real.parents:
                continue
            seen = str(real), real.stat().st_mtime_ns
            if seen not in self._kept:
                self._kept.add(seen)
                run.save(path, name=f"checkpoints/{os.path.basename(path)}")


def _kept_by(callback: Any) -> list[str]:
    """Return the paths of the checkpoints that a `ModelCheckpoint` has kept."""
    kept = [*getattr(callback, "best_k_models", {})]
    kept += [getattr(callback, name, "") for name in ("best_model_path", "last_model_path")]
    return [path for path in map(str, kept) if path and "://" not in path]
