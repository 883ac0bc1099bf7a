"""What an adapter needs of its run: opened when first needed, resumed by position, finished only by who opened it.

    class MyCallback(SomeFramework.Callback):
        def __init__(self, run=None, **opening):
            self._runs = AdapterRun(run, **opening)

        def on_log(self, values, step):
            self._runs.log(values, step=step)

Constructing an `AdapterRun` creates nothing. It can be pickled and copied at any time.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from . import active
from .adapter_record import AdapterRecord
from .config_groups import as_settings
from .disabled import DisabledRun
from .ending import ending_of
from .errors import BadValueError, EpochalError, StorageError
from .faults import logger
from .layout import writing_root
from .metric_names import MetricNames
from .run import Run
from .settings import is_strict

#: What opens a run and is not asked for again when the same run is opened once more.
_ONCE: Final = ("name", "config", "position", "group", "job_type", "tags", "notes")


class AdapterRun(AdapterRecord):
    """The run that an adapter writes.

    A run that was given stays its giver's. Without one, and without a word about which to open, the run that the
    script has open is taken, as if it had been given. Else a run is opened by the first `open()`; it stays open after
    the training, for what the script still logs and for a test after a fit, until `finish()`, the interpreter's end,
    or the next run that an adapter opens.
    """

    def __init__(
        self, run: Run | None = None, *, names: MetricNames | None = None, log_every: int | None = None, **opening: Any
    ) -> None:
        """Keep a run, or how to open one.

        Args:
            run: a run that is open already.
            names: under which names `log` records; by default the framework's own.
            log_every: record values of training steps at every n-th step only.
            opening: keyword arguments of `epochal.init`; None stands for one that was left out.

        Raises:
            BadValueError: a run and arguments to open another, a run that is none, or no number of steps.
        """
        if log_every is not None and (type(log_every) is not int or log_every < 1):
            raise BadValueError(f"log_every={log_every!r} is no number of steps: give 1 for each, 10 for every tenth")
        self._names = names or MetricNames()
        self._every = log_every
        self._trained: int | None = None
        self._opening = {key: value for key, value in opening.items() if value is not None and value != ()}
        if run is not None and not isinstance(run, Run):
            raise BadValueError(f"run {run!r} cannot be used: give what epochal.init() returned, or project=…")
        if run is not None and set(self._opening) - {"rank"}:
            unused = min(set(self._opening) - {"rank"})
            raise BadValueError(f"run= and {unused}= cannot be used together: a given run is open already")
        self._run = run
        self._given = run is not None
        self._owned = False
        self._attach: tuple[Any, ...] | None = None
        self._hints: dict[str, Any] = {}
        self._users: dict[str, Any] = {} if run is None else run.config.to_dict()

    # The run

    @property
    def current(self) -> Run | None:
        """The run if it is open now; asking opens none."""
        run = self._run
        return None if run is None or getattr(run, "_closed", False) else run

    def open(self) -> Run:
        """Return the run, opened if it is not open.

        Where the runs folder cannot be written, that is told in one warning, and the training goes on with a run that
        records nothing.

        Raises:
            EpochalError: the run that was asked for cannot be had (see `epochal.init`): its id is taken, or unknown.
            StorageError: EPOCHAL_STRICT=1 is set, and the runs folder cannot be written.
        """
        run = self._run
        if run is not None and (run is self.current or self._given):
            return run
        if self._attach is not None:
            rebuild, arguments = self._attach
            self._run = self._already_open(arguments) or rebuild(*arguments)
            return self._run
        if run is not None and run in _owners:  # an adapter's, finished, and there is more to record
            again = {key: value for key, value in self._opening.items() if key not in _ONCE}
            return self._open_own({**again, "project": None, "id": run.id, "resume": "allow", "dir": _root_of(run)})
        there = self._scripts_own()
        if there is not None:
            self._run, self._users = there, there.config.to_dict()
            return there
        return self._take_over(self._asked_id()) or self._open_own(self._opening)

    def resume(
        self, position: Mapping[str, Any], *, beside: str | os.PathLike[str] | None = None, cut: bool = True
    ) -> Run:
        """Return the run that a checkpoint's position is of, with what was recorded after it hidden.

        What stands in the way (the run was deleted, or is being written by another process) is told in a warning and
        in the record of the new run that is opened instead: training goes on from the checkpoint either way.

        Args:
            position: what `Run.position` gave when the checkpoint was written.
            beside: the checkpoint, which may lie within the run's folder.
            cut: False where all that was recorded belongs to the checkpoint: nothing is hidden then.
        """
        known = self.current is not None or self._given or self._attach is not None or self._run in _owners
        run = self.open() if known else None
        if run is None and self._may_become(position):
            run = self._take_over(position["run"])
        if run is None and self._may_become(position):
            folder = self.folder_of(str(position["run"]), beside=beside)
            root = {} if folder is None else {"dir": folder.parent.parent}
            # a name is for a run that is new: the one that goes on keeps its own
            asked = {**self._opening, "project": None, "name": None, "id": position["run"], "resume": "must"}
            if cut:
                asked["position"] = position
            try:
                return self._open_own({**asked, **root}, or_none=False)
            except EpochalError as why:
                run = self.open()
                self.tell("resume", f"this training goes on from a checkpoint of run {position['run']}, {why}")
                return run
        run = run or self.open()
        if run.disabled:
            return run
        if run.id == position.get("run"):
            if cut:
                run.rewind(position=position)
        else:
            self.tell(
                "resume",
                f"this training goes on from a checkpoint of run {position.get('run')}, and is recorded as {run.id}",
            )
        return run

    def folder_of(self, id: str, *, beside: str | os.PathLike[str] | None = None) -> Path | None:
        """Return the folder of a run of that id: above a checkpoint, else in the runs folder; None if it is nowhere."""
        if beside is not None and "://" not in os.fspath(beside):
            for above in Path(os.path.abspath(beside)).parents:
                if above.name == id and (above / "journal").is_dir():
                    return above
        root = writing_root(self._opening.get("dir")) if self._run is None else _root_of(self._run)
        return next((folder.parent for folder in sorted(root.glob(f"*/{id}/journal"))), None)

    def hint(self, **opening: Any) -> None:
        """Say how the next run is to be opened where the user said nothing; a hint's config is added to theirs."""
        self._hints.update(opening)

    def renew(self) -> None:
        """Let the next `open()` open a new run, if the present one was opened here and not by an id that was given."""
        if self._owned and "id" not in self._opening:
            self.finish()
            self._run, self._owned, self._users, self._hints = None, False, {}, {}

    def rest(self) -> None:
        """Say that a training is over: the run stays open until another adapter's run is opened."""
        if self._owned and self.current is not None:
            _resting.add(self)

    def finish(self, error: BaseException | None = None, *, exit_code: int = 0) -> None:
        """Finish the run if it was opened here: failed or interrupted if an exception is given."""
        run = self.current
        _resting.discard(self)
        if run is None or not self._owned:
            return
        if error is not None:
            run._end(ending_of(error))
        else:
            run.finish(exit_code)

    # Copies

    def fix_id(self) -> None:
        """Decide the run's id now, so that what is unpickled in a spawned process opens the same run."""
        if (
            self._run is None
            and self._attach is None
            and "id" not in self._opening
            and "EPOCHAL_RUN_ID" not in os.environ
        ):
            from .names import new_run_id

            self._opening.update(id=new_run_id(), resume="allow")

    def __getstate__(self) -> dict[str, Any]:
        state = {**self.__dict__, "_run": None, "_owned": False}
        run = self._run
        if isinstance(run, DisabledRun):
            state["_run"] = run
        elif run is not None and self.current is None:
            again = {key: value for key, value in self._opening.items() if key not in _ONCE}
            state["_opening"] = {**again, "project": run.project, "id": run.id, "resume": "allow", "dir": _root_of(run)}
        elif run is not None:
            state["_attach"] = run.__reduce__()
        return state

    def __deepcopy__(self, memo: dict[int, Any]) -> AdapterRun:
        if self._run is not None or self._attach is not None:
            return self
        return type(self)(names=self._names, log_every=self._every, **self._opening)

    # Within

    def _open_own(self, asked: Mapping[str, Any], *, or_none: bool = True) -> Run:
        """Open a run; where the runs folder cannot be written, one that records nothing, if that will do."""
        from .opening import init

        for other in list(_resting):
            other.finish()
        config = {**as_settings(self._hints.get("config")), **as_settings(asked.get("config"))}
        arguments = {**self._hints, **asked, "config": config}
        try:
            run = init(**arguments)
        except StorageError as error:  # a script's own `init` raises it; a training has begun when an adapter learns it
            if is_strict() or not or_none:
                raise
            logger.warning("%s. This training goes on, and is not recorded", error)
            run = init(**{**arguments, "mode": "disabled"})
        self._users = {**self._users, **config}
        self._run, self._owned = run, True
        _owners[run] = self
        return run

    def _take_over(self, id: str | None) -> Run | None:
        """Return the run of that id if it is open in this process; who opened it for an adapter no longer owns it."""
        run = next((run for run in active.open_runs() if run.id == id), None)
        if run is not None:
            owner = _owners.get(run)
            if owner is not None:
                owner._owned, self._owned = False, True
                _resting.discard(owner)
                _owners[run] = self
            self._run, self._users = run, {} if owner is not None else run.config.to_dict()
        return run

    def _scripts_own(self) -> Run | None:
        """Return the run that the script has open, if this adapter was told nothing of another."""
        there = active.active_run() if not set(self._opening) - {"rank"} else None
        return None if there is None or there in _owners else there

    def _may_become(self, position: Mapping[str, Any]) -> bool:
        """Whether nothing stands against writing the position's run: no other is at hand or asked for by id."""
        id = position.get("run")
        return bool(id) and (self._asked_id() or id) == id and self._scripts_own() is None

    def _asked_id(self) -> str | None:
        return self._opening.get("id") or os.environ.get("EPOCHAL_RUN_ID")

    @staticmethod
    def _already_open(arguments: tuple[Any, ...]) -> Run | None:
        """Return the run that was pickled if it is open in this very process."""
        folder = arguments[0]
        return next((run for run in active.open_runs() if os.fspath(run.folder) == folder), None)


#: Runs that adapters have opened: another adapter does not take them for the script's own.
_owners: weakref.WeakKeyDictionary[Run, AdapterRun] = weakref.WeakKeyDictionary()
#: Adapters whose training is over and whose run is still open.
_resting: weakref.WeakSet[AdapterRun] = weakref.WeakSet()


def _root_of(run: Run) -> Path:
    return run.folder.parent.parent
