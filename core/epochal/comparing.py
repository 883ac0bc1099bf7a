"""`epochal.compare`: runs side by side, in what they differ and which did best."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from .differences.code import Code, code_state
from .differences.datasets import Dataset, datasets
from .differences.packages import Packages, packages
from .differences.results import Result, results
from .differences.rows import MISSING, Row, rows
from .errors import BadValueError
from .recorded import RecordedRun
from .run_list import get_run

if TYPE_CHECKING:
    import numpy as np

    from .group_history import GroupHistory

__all__ = ["MISSING", "Comparison", "compare"]

#: Parts of the environment that are compared as packages and code.
_APART: Final = ("packages", "git", "code")


class Comparison:
    """Two or more runs side by side; each part is worked out when it is first asked for.

    Attributes:
        runs: the runs, in the order in which they were given; values stand in this order everywhere.
    """

    def __init__(self, runs: Sequence[RecordedRun], metrics: Iterable[str] | None = None) -> None:
        self.runs = tuple(runs)
        self._asked = None if metrics is None else list(dict.fromkeys(metrics))

    def __repr__(self) -> str:
        differing = sum(not found.same for found in self.config)
        names = ", ".join(run.name for run in self.runs[:5]) + (" …" if len(self.runs) > 5 else "")
        return f"<Comparison of {len(self.runs)} runs: {names}; {differing} settings differ>"

    @cached_property
    def config(self) -> list[Row]:
        """The settings, those that differ first; datasets stand apart."""
        return rows([{key: value for key, value in run.config.items() if key != "datasets"} for run in self.runs])

    @cached_property
    def summary(self) -> list[Result]:
        """The results, with the best: those that were asked for, else all."""
        return results(
            [
                run.summary if self._asked is None else {k: v for k, v in run.summary.items() if k in self._asked}
                for run in self.runs
            ],
            [run._definitions() for run in self.runs],
        )

    @cached_property
    def environment(self) -> list[Row]:
        """Command, Python, machine and what plugins collected, those that differ first."""
        return rows([_environment(run) for run in self.runs])

    @cached_property
    def packages(self) -> Packages:
        """The installed packages that differ."""
        return packages(self.runs)

    @cached_property
    def datasets(self) -> list[Dataset]:
        """The datasets, those that are not known to be the same first."""
        return datasets([run.datasets for run in self.runs])

    @cached_property
    def code(self) -> Code:
        """Commits and uncommitted changes, and the diffs between them."""
        return Code([code_state(run) for run in self.runs])

    @cached_property
    def metrics(self) -> list[str]:
        """The metrics to draw: those that were asked for, else those that two or more runs have, by how many have."""
        counts: dict[str, int] = {}
        for run in self.runs:
            for name in run.metrics:
                counts[name] = counts.get(name, 0) + 1
        if self._asked is not None:
            return [name for name in self._asked if name in counts]
        return sorted((name for name, count in counts.items() if count > 1), key=lambda name: (-counts[name], name))

    def histories(
        self,
        metric: str,
        *,
        x: str = "step",
        grid: str | int | Sequence[float] | np.ndarray[Any, Any] | None = None,
        interpolate: bool = True,
    ) -> GroupHistory:
        """Return a metric of all runs on one grid, as `Group.history` does.

        Raises:
            BadValueError: no run has the metric, or an argument that cannot be used.
        """
        from .group_history import group_history

        return group_history(self.runs, metric, x=x, grid=grid, interpolate=interpolate)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the histories as plain data; lists of values stand in the order of `runs`."""
        return {
            "runs": [{**identity(run), "path": str(run.path)} for run in self.runs],
            "config": [found.to_dict() for found in self.config],
            "summary": [found.to_dict() for found in self.summary],
            "environment": [found.to_dict() for found in self.environment],
            "packages": self.packages.to_dict(),
            "datasets": [found.to_dict() for found in self.datasets],
            "code": self.code.to_dict(),
        }


def _environment(run: RecordedRun) -> dict[str, Any]:
    """Return what is compared of a run's environment: of the script its digest, not where the run keeps its copy."""
    found = {name: part for name, part in run.environment.items() if name not in _APART}
    if isinstance(script := found.get("script"), dict):
        found["script"] = {name: value for name, value in script.items() if name != "file"}
    return found


def compare(
    *runs: RecordedRun | str | os.PathLike[str],
    dir: str | os.PathLike[str] | None = None,
    metrics: Iterable[str] | None = None,
) -> Comparison:
    """Return two or more runs side by side: config, summary with the best, environment, packages, datasets, code.

    Args:
        runs: recorded runs, or what `get_run` finds: paths, ids, names, beginnings of ids. One that is named twice
            counts once.
        dir: the runs folder to look in; by default EPOCHAL_DIR, else ./epochal-runs, else the nearest above.
        metrics: results and curves to compare; by default all.

    Raises:
        BadValueError: less than two different runs, or a metric that none of them has.
        RunNotFoundError: there is no such run.
        AmbiguousRunError: several answer to a name.
    """
    found = [run if isinstance(run, RecordedRun) else get_run(run, dir) for run in runs]
    different = list({run.path: run for run in found}.values())
    if len(different) < 2:
        given = f"run {different[0].name!r} alone" if different else "nothing"
        raise BadValueError(f"{given} cannot be compared: give two or more different runs")
    wanted = [metrics] if isinstance(metrics, str) else metrics
    comparison = Comparison(different, wanted)
    for metric in comparison._asked or ():
        _check_metric(metric, different)
    return comparison


def _check_metric(metric: str, runs: Sequence[RecordedRun]) -> None:
    known = {name for run in runs for name in (*run.metrics, *run.summary)}
    if metric not in known:
        near = difflib.get_close_matches(metric, sorted(known), 3)
        hint = f": did you mean {' or '.join(map(repr, near))}?" if near else f": they have {len(known)} others"
        raise BadValueError(f"none of the {len(runs)} runs has {metric!r}{hint}")


def identity(run: RecordedRun) -> dict[str, Any]:
    """Return what says which run it is, and in which state; times in seconds since the epoch."""
    started, finished = run.started, run.finished
    return {
        "id": run.id,
        "name": run.name,
        "project": run.project,
        "state": run.state,
        "started": started,
        "finished": finished,
        "duration": None if started is None or finished is None else finished - started,
    }
