"""What an author of an adapter writes for the suite, and what each check stands on."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple

from epochal import active

from .processes import Training, Trainings
from .reading import Reported, states

#: What a launcher, or the person at the keyboard, may have set, besides all that begins with EPOCHAL_.
_FOREIGN: Final = (
    "RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT",
    "SLURM_PROCID", "SLURM_NTASKS", "SLURM_STEP_ID", "SLURM_STEP_NUM_TASKS",
)  # fmt: skip


def ignore(step: int) -> None:
    """Let a training go on undisturbed."""


class Trained(NamedTuple):
    """A training that several checks look at: what was reported, and where its runs are."""

    reported: Reported
    runs: Path


class Ended(NamedTuple):
    """A training in a process of its own that is over: its exit status, and the states of its runs at that time."""

    training: Training
    code: int
    states: list[str]


class AdapterContract:
    """What an author writes, and says.

    Attributes:
        framework: top-level modules that plugin discovery must not import.
        plugin: the module of the adapter's plugin, if it has one.
        middle: an optimizer step behind the first checkpoint and before the next one.
        needs_id: a resumed training is told the run's id, since the framework's checkpoint cannot hold a position.
        of_one_call: metrics that the framework works out over one call only, so that a resumed one gives another value.
        processes: in how many processes `train(processes=…)` can train; 1 where the framework has no such training.
        new_run_each_fit: a second training with one adapter gets a run of its own; by default it goes on in the first.
        repeated: metrics that the framework reports more than once at a step, such as the epoch beside each row.
        step_metrics: metrics that the framework reports at each training step, for `log_every`.
        common: names that `vocabulary="common"` must give.
    """

    framework: ClassVar[tuple[str, ...]]
    plugin: ClassVar[str | None] = None
    middle: ClassVar[int]
    needs_id: ClassVar[bool] = False
    of_one_call: ClassVar[tuple[str, ...]] = ()
    processes: ClassVar[int] = 1
    new_run_each_fit: ClassVar[bool] = False
    repeated: ClassVar[tuple[str, ...]] = ()
    step_metrics: ClassVar[tuple[str, ...]] = ()
    common: ClassVar[tuple[str, ...]] = ("train/loss",)

    _home: ClassVar[Path]
    _trained: ClassVar[dict[str, Any]]

    # What an author writes

    def make(self, **opening: Any) -> Any:
        """Return a new adapter, made with these keyword arguments.

        They are those of `epochal.init`, and `run`, `prefix`, `vocabulary`, `log_every` and `fingerprint`. What is
        returned has a `finish()`.
        """
        raise NotImplementedError("make(self, **opening): return a new adapter made with these arguments")

    def train(
        self,
        adapter: Any,
        folder: Path,
        *,
        at_step: Callable[[int], None] = ignore,
        seed: int = 0,
        resume: bool = False,
    ) -> Reported:
        """Train something tiny and return what the framework itself reported, less times and speeds.

        Where `processes` is greater than 1, it takes that too: `processes=2` trains as one of two processes, with the
        variables set that `torchrun` sets.

        Args:
            adapter: what `make` gave, or None to train without.
            folder: where checkpoints go, at the end of each epoch, say.
            at_step: to be called after each optimizer step, with their number so far; what it raises must pass.
            seed: makes the data; with the same one all is the same.
            resume: go on from the newest checkpoint in `folder`.
        """
        raise NotImplementedError("train(self, adapter, folder, *, at_step, seed, resume): train something tiny")

    def emit(self, adapter: Any, metrics: dict[str, Any], step: int) -> None:
        """Hand a dict of metrics to the adapter as the framework does."""
        raise NotImplementedError("emit(self, adapter, metrics, step): hand a dict to the adapter")

    def numbers(self) -> dict[str, Any]:
        """Return the framework's own kinds of a number, each of them 0.25: a tensor without a dimension, say."""
        import numpy as np

        return {"float32": np.float32(0.25), "array": np.array(0.25), "one_element": np.array([0.25])}

    # What each check stands on

    @classmethod
    def setup_class(cls) -> None:
        """Make a folder for caches, settings and what several checks look at."""
        cls._home = Path(tempfile.mkdtemp(prefix="epochal-suite-"))
        cls._trained = {}

    @classmethod
    def teardown_class(cls) -> None:
        """End the process that starts trainings, and remove the folder."""
        trainings = cls._trained.pop("trainings", None)
        if trainings is not None:
            trainings.close()
        shutil.rmtree(cls._home, ignore_errors=True)

    def setup_method(self) -> None:
        """Shut out the settings of whoever runs this; faults raise."""
        self._environ, self._cwd = dict(os.environ), os.getcwd()
        for name in list(os.environ):
            if name.startswith("EPOCHAL_") or name in _FOREIGN:
                del os.environ[name]
        os.environ.update(
            EPOCHAL_STRICT="1",
            EPOCHAL_QUIET="1",
            EPOCHAL_COMPANION="off",  # nothing is recorded by it that is looked at here
            EPOCHAL_MODE="offline",
            EPOCHAL_DIR=str(self._home / "runs"),
            EPOCHAL_CACHE_DIR=str(self._home / "cache"),
            XDG_CONFIG_HOME=str(self._home / "settings"),
        )
        os.chdir(self._home)
        # started in the background of a shell, tests inherit that Ctrl-C is ignored, and so would what they start
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def teardown_method(self) -> None:
        """Finish what a check left open, and put everything back."""
        for run in reversed(active.open_runs()):
            with contextlib.suppress(Exception):
                run.finish()
        os.chdir(self._cwd)
        os.environ.clear()
        os.environ.update(self._environ)

    def trained(self, kind: str = "plain") -> Trained:
        """Return a training that only looks are taken at, trained when first asked for.

        Args:
            kind: `plain`, or `none`, without an adapter, or `prefix`, with one that has `prefix="my "`.
        """
        if kind not in self._trained:
            folder = self._home / kind
            runs = folder / "runs"
            mine = {"config": {"mine": 1, "optimizer": {"class": "mine"}}}
            asked: dict[str, Any] = {"prefix": "my "} if kind == "prefix" else mine
            # in full: a second, the limit for a quick one, is soon over on a machine that is busy with other tests
            adapter = None if kind == "none" else self.make(dir=runs, fingerprint="full", **asked)
            reported = self.train(adapter, folder)
            if adapter is not None:
                adapter.finish()
            self._trained[kind] = Trained(reported, runs)
        found: Trained = self._trained[kind]
        return found

    @classmethod
    def trainings(cls) -> Trainings:
        """Return the process that starts trainings for this class."""
        if "trainings" not in cls._trained:
            cls._trained["trainings"] = Trainings(cls)
        started: Trainings = cls._trained["trainings"]
        return started

    @classmethod
    def ended(cls) -> dict[str, Ended]:
        """Return trainings that went on to the end (`none`), raised, were interrupted and were killed."""
        if "ended" not in cls._trained:
            ways = ("none", "raise", "interrupt", "kill")
            started = {what: cls.trainings().start(what, cls._home / "processes" / what) for what in ways}
            codes = {what: training.wait() for what, training in started.items()}
            cls._trained["ended"] = {
                what: Ended(training, codes[what], sorted(states(training.runs).values()))
                for what, training in started.items()
            }
        over: dict[str, Ended] = cls._trained["ended"]
        return over


@contextlib.contextmanager
def lenient() -> Iterator[list[str]]:
    """Do as in a user's training, where no fault raises; gives the warnings that Epochal logged."""
    heard = Heard()
    strict = os.environ.pop("EPOCHAL_STRICT", None)
    logger = logging.getLogger("epochal")
    logger.addHandler(heard)
    try:
        yield heard.texts
    finally:
        logger.removeHandler(heard)
        if strict is not None:
            os.environ["EPOCHAL_STRICT"] = strict


class Heard(logging.Handler):
    """Keeps the text of warnings."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.texts.append(record.getMessage())
