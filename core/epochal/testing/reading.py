"""Reads what an adapter recorded, in the words that the suite's checks compare."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import epochal

#: What a framework itself reports: metric to (step to value).
Reported = dict[str, dict[int, float]]


def only_run(runs: Path, why: str = "") -> Any:
    """Return the one run in a runs folder.

    Args:
        runs: the runs folder.
        why: what an adapter did wrong if it is not there, or not alone.

    Raises:
        AssertionError: there is none, or there are several.
    """
    found = list(epochal.runs(runs)) if runs.exists() else []
    assert len(found) == 1, f"one run was expected in {runs}, there are {len(found)}{why and ': '}{why}"
    return epochal.get_run(found[0].id, dir=runs)


def states(runs: Path) -> dict[str, str]:
    """Return the state of each run in a folder, by name."""
    return {run.name: run.state for run in epochal.runs(runs)}


def recorded(run: Any, reported: Reported) -> Reported:
    """Return the recorded points of the metrics that were reported."""
    return {name: points(run, name) for name in reported if name in run.metrics}


def points(run: Any, name: str) -> dict[int, float]:
    """Return a metric's points, step to value."""
    history = run.history(name)
    return dict(zip(history.steps.tolist(), history.values.tolist(), strict=True))


def twice(run: Any, names: set[str]) -> list[str]:
    """Return those of the metrics that have more than one row at a step."""
    return sorted(
        name for name in names if len(run.history(name, duplicates=True).steps) > len(run.history(name).steps)
    )


def all_values(runs: list[Any], name: str) -> Counter[float]:
    """Return how often each value of a metric was recorded, whatever its step and run."""
    return Counter(
        value for run in runs if name in run.metrics for value in run.history(name, duplicates=True).values.tolist()
    )


def differences(there: Reported, expected: Reported) -> str:
    """Return in words where recorded points are not those that were expected, at most one a metric."""
    lines: list[str] = []
    for name in sorted(expected):
        if name not in there:
            lines.append(f"{name!r} was not recorded at all")
            continue
        ours, theirs = there[name], expected[name]
        wrong = sorted(step for step in ours.keys() | theirs.keys() if not _same(ours.get(step), theirs.get(step)))
        if wrong:
            step = wrong[0]
            lines.append(
                f"{name!r}, first at step {step} of {len(wrong)}: recorded {ours.get(step, 'nothing')}, "
                f"expected {theirs.get(step, 'nothing')}"
            )
    return "\n".join(lines)


def groups_before_rows(run: Any) -> set[str]:
    """Return the config's groups that were recorded before the first metric."""
    from epochal.journal.reader import Journal

    first = min(float(run.history(name).times[0]) for name in run.metrics)
    groups: set[str] = set()
    for path in (Path(run.path) / "journal").glob("main-*.epochal"):
        for frame in Journal(path).frames:
            if frame.payload["k"] == "config" and frame.payload["t"] <= first:
                groups |= {operation[0][0] for operation in frame.payload["ops"]}
    return groups


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what a config holds, each with the way to it."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for at, each in enumerate(value):
            yield from leaves(each, f"{path}[{at}]")
    else:
        yield path, value


def files(folder: Path) -> list[str]:
    """Return all that is in a folder."""
    return sorted(os.fspath(path) for path in folder.rglob("*"))


def _same(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))
