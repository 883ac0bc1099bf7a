"""A run that records nothing: no file, process, thread or socket, and every attribute works."""

# ruff: noqa: ARG002 - a verb that does nothing takes what the real one takes

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import active
from .layout import run_folder, writing_root
from .run import Run
from .run_config import RunConfig
from .run_summary import RunSummary

if TYPE_CHECKING:
    from typing_extensions import Self

    from .rules import Rule


class DisabledRun(Run):
    """What `init(mode="disabled")` gives: config and summary live in memory, nothing else happens."""

    def __init__(
        self,
        *,
        project: str,
        name: str,
        id: str,
        rank: int = 0,
        folder: Path | None = None,
        config: dict[str, Any] | None = None,
        tags: tuple[str, ...] = (),
        notes: str | None = None,
    ) -> None:
        self._identity = (id, project, folder or run_folder(writing_root(), project or "disabled", id), rank)
        self._name, self._tags, self._notes = name, tags, notes
        self._config = RunConfig(config or {}, lambda _: None)
        self._summary = RunSummary({}, lambda *_: None, dict)

    def log(self, metrics: Mapping[str, Any], *, step: int | None = None, time: float | None = None) -> None:
        """Do nothing."""

    def extend(self, columns: Mapping[str, Any], *, steps: Any, times: Any = None) -> None:
        """Do nothing."""

    def define_metric(
        self, name: str, *, step: str | None = None, summary: str | list[str] | None = None, goal: str | None = None
    ) -> None:
        """Do nothing."""

    def use_dataset(self, name: str, data: Any, *, fingerprint: str = "quick") -> dict[str, Any]:
        """Do nothing; the data is not looked at."""
        return {}

    def save(self, path: str | os.PathLike[str], *, name: str | None = None) -> None:
        """Do nothing; the file is not looked at."""

    def checkpoint(
        self,
        path: str | os.PathLike[str],
        *,
        step: int,
        metrics: Mapping[str, Any] | None = None,
        copy: bool = False,
    ) -> None:
        """Do nothing; the checkpoint is not looked at."""

    def _checkpoint(self, path: Any, **facts: Any) -> None: ...

    def _copied_checkpoint(self, path: Any) -> None: ...

    def alert_on(self, *rules: Rule) -> None:
        """Do nothing."""

    def position(self) -> dict[str, Any]:
        """Return an empty mapping, which `init` takes for none."""
        return {}

    def rewind(self, step: int | None = None, *, position: Mapping[str, Any] | None = None) -> None:
        """Do nothing."""

    def notice(self, code: str, text: str, **data: Any) -> None:
        """Do nothing."""

    def alert(self, title: str, text: str = "", level: str = "info", *, step: int | None = None) -> None:
        """Do nothing."""

    def finish(self, exit_code: int = 0) -> None:
        """Do nothing but stop being the active run."""
        active.closed(self)

    def _end(self, ending: Any) -> None:
        active.closed(self)

    @property
    def id(self) -> str:
        """An id as a recorded run would have it."""
        return self._identity[0]

    @property
    def project(self) -> str:
        """The project that the run would belong to."""
        return self._identity[1]

    @property
    def folder(self) -> Path:
        """The folder that the run would have; it is not made."""
        return self._identity[2]

    @property
    def rank(self) -> int:
        """The rank of this process."""
        return self._identity[3]

    @property
    def disabled(self) -> bool:
        """Always true."""
        return True

    @property
    def name(self) -> str:
        """The run's name."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = str(name)

    @property
    def notes(self) -> str | None:
        """Free text about the run."""
        return self._notes

    @notes.setter
    def notes(self, notes: str | None) -> None:
        self._notes = notes

    @property
    def tags(self) -> tuple[str, ...]:
        """The run's tags."""
        return self._tags

    @tags.setter
    def tags(self, tags: tuple[str, ...] | list[str]) -> None:
        self._tags = tuple(tags)

    def __enter__(self) -> Self:
        active.activate(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        active.closed(self)

    def __repr__(self) -> str:
        return f"<Run {self._name!r}, disabled>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (*self._identity[:2], self._name, self._identity[3])


def _rebuild(id: str, project: str, name: str, rank: int) -> DisabledRun:
    return DisabledRun(project=project, name=name, id=id, rank=rank)
