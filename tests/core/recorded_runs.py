"""Writes runs as their journals hold them, with any config, metrics and environment, without training or a process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from epochal.layout import run_folder
from epochal.recorded import RecordedRun
from tests.core.journal_maker import T0, Maker


def record(
    root: Path,
    id: str,
    *,
    project: str = "digits",
    config: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Sequence[float]] | None = None,
    steps: Sequence[int] | None = None,
    summary: Mapping[str, Any] | None = None,
    define: Sequence[Mapping[str, Any]] = (),
    environment: Mapping[str, Any] | None = None,
    packages: str | None = None,
    finish: str | None = "finished",
    name: str | None = None,
    started: float = T0,
) -> RecordedRun:
    """Write one run, its metrics one row after the other, and return it."""
    folder = run_folder(root, project, id)
    main = Maker()
    main.opening(run=id, project=project, time=started)
    main.record("meta", set={"name": name or id, "tags": [], "group": None})
    if config:
        main.record("config", ops=[[[key], value] for key, value in config.items()])
    for fields in define:
        main.record("metric", **{"step": None, "summary": None, "goal": None, **fields})
    for metric, values in (metrics or {}).items():
        for step, value in zip(steps or range(len(values)), values, strict=True):
            main.row(step, {metric: value}, slots=64)
    if summary:
        main.record("summary", set=dict(summary), delete=[])
    if finish is not None:
        main.record("finish", state=finish, exit_code=0, error=None)
    path = main.save(folder)
    if finish is None:
        os.utime(path, (T0, T0))  # nobody has written to it for long
    told = dict(environment or {})
    if packages is not None:
        data = packages.encode()
        (folder / "files" / "code").mkdir(parents=True)
        (folder / "files" / "code" / "packages.txt").write_bytes(data)
        told["packages"] = {"file": "files/code/packages.txt", "sha256": hashlib.sha256(data).hexdigest()}
    if told:
        system = Maker("system", ordinal=2)
        system.opening(run=id, project=project)
        system.record("environment", values=told)
        system.save(folder)
    return RecordedRun(folder)


def patched(run: RecordedRun, patch: bytes, **git: Any) -> dict[str, Any]:
    """Put a patch into a run's folder and return what an environment says of it."""
    path = run.path / "files" / "code" / "patch.diff"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(patch)
    return {**git, "patch": {"file": "files/code/patch.diff", "sha256": hashlib.sha256(patch).hexdigest()}}
