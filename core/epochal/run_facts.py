"""What a run's folder says of the run, beside its metrics."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from . import liveness
from .alerts import Alert, read_alerts
from .derived import derive, recorded_summary
from .errors import RunNotFoundError
from .journal.reader import Journal
from .journals import Journals, Notice
from .layout import decode_project
from .metadata import Definitions, fold_config, fold_environment, fold_manual, fold_meta, moment

T = TypeVar("T")


class RunFacts:
    """A run's identity, state, config and summary, as the last look at its folder found them."""

    def __init__(self, path: str | os.PathLike[str], kind: type[Journal] = Journal) -> None:
        """Look at the run in a folder; its journals are opened as this kind.

        Raises:
            RunNotFoundError: there is no run in it.
        """
        folder = os.path.abspath(path)
        if not os.path.isdir(os.path.join(folder, "journal")):
            raise RunNotFoundError(f"there is no run in {folder}: give a folder that holds a folder named journal")
        self._path = Path(folder)
        self._journals = Journals(folder, kind)
        self._cache: dict[str, Any] = {}
        self._state: liveness.State | None = None

    def refresh(self) -> bool:
        """Look for what was recorded since the last look; return True if anything may be new."""
        self._state = None
        changed = self._journals.refresh()
        if changed:
            self._cache.clear()
        return changed

    def _cached(self, name: str, make: Callable[[], T]) -> T:
        if name not in self._cache:
            self._cache[name] = make()
        found: T = self._cache[name]
        return found

    # What the run is

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self._path

    @property
    def id(self) -> str:
        """The run's id."""
        return str(self._journals.opening.get("run") or self._path.name)

    @property
    def project(self) -> str:
        """The project: the name of the folder above; what was recorded where the run's folder was renamed."""
        recorded = self._journals.opening.get("project")
        if self.id == self._path.name or not isinstance(recorded, str):
            return decode_project(self._path.parent.name)
        return recorded

    @property
    def name(self) -> str:
        """The run's name; its id where it was given none."""
        return str(self._meta().get("name") or self.id)

    @property
    def group(self) -> str | None:
        """What the run belongs to, with others."""
        return self._meta().get("group")

    @property
    def job_type(self) -> str | None:
        """What the run does: train, evaluate and so on."""
        return self._meta().get("job_type")

    @property
    def tags(self) -> tuple[str, ...]:
        """Short words to find it by."""
        tags = self._meta().get("tags")
        return tuple(tags) if isinstance(tags, list) else ()

    @property
    def notes(self) -> str | None:
        """Free text."""
        return self._meta().get("notes")

    @property
    def host(self) -> str | None:
        """The machine that the newest main writer ran on."""
        return self._journals.opening.get("host")

    @property
    def ranks(self) -> list[int]:
        """The ranks that have recorded something."""
        return sorted({journal.rank for journal in self._journals.recording("all")})

    @property
    def state(self) -> str:
        """running, finished, failed, interrupted, killed or lost."""
        return self.ending.name

    @property
    def ending(self) -> liveness.State:
        """The state with its reason, time, exit code and signal, as far as they are known."""
        if self._state is None:
            self._state = liveness.state(self._path, self._journals.facts())
            for journal in self._journals.ordered:
                journal.settled = self._state.proven
        return self._state

    @property
    def started(self) -> float | None:
        """When the first writer opened the run, seconds since the epoch."""
        recording = self._journals.recording(0) or self._journals.recording("all")
        return min((moment(journal.opening) or journal.created for journal in recording), default=None)

    @property
    def finished(self) -> float | None:
        """When the run ended, seconds since the epoch; None while it runs and where that is not known."""
        return None if self.state == "running" else self.ending.ended

    # What was recorded beside metrics

    @property
    def config(self) -> dict[str, Any]:
        """The settings, as the newest changes have left them."""
        return self._cached("config", lambda: fold_config(self._journals.ordered))

    @property
    def datasets(self) -> dict[str, Any]:
        """What `use_dataset` recorded: `config["datasets"]`."""
        found = self.config.get("datasets")
        return found if isinstance(found, dict) else {}

    @property
    def environment(self) -> dict[str, Any]:
        """What the companion collected about machine, software and job."""
        return self._cached("environment", lambda: fold_environment(self._journals.system()))

    @property
    def notices(self) -> list[Notice]:
        """What whoever reads the run should know: faults while it was recorded, damage, unreadable files."""
        return self._cached("notices", self._journals.notices)

    @property
    def alerts(self) -> list[Alert]:
        """What needs a look, by time: what `run.alert` gave at any rank, and what rules found."""
        return self._cached("alerts", lambda: read_alerts(self._journals))

    @property
    def manual_summary(self) -> dict[str, Any]:
        """The summary values that were set by hand."""
        return self._cached("manual", lambda: fold_manual([j for j in self._journals.ordered if j.rank == 0]))

    @property
    def derived_summary(self) -> dict[str, Any]:
        """What rank 0's history gives for the summary."""
        return self._cached("derived", self._derive)

    @property
    def summary(self) -> dict[str, Any]:
        """A value for each metric of rank 0, by default the last, and over them those that were set by hand."""
        return {**self.derived_summary, **self.manual_summary}

    # Within

    def _meta(self) -> dict[str, Any]:
        return self._cached("meta", lambda: fold_meta(self._journals.ordered))

    def _definitions(self) -> Definitions:
        return self._cached("definitions", lambda: Definitions(self._journals.ordered))

    def _derive(self) -> dict[str, Any]:
        final = self.ending.proven
        return (recorded_summary(self._journals) if final else None) or derive(self._journals, self._definitions())
