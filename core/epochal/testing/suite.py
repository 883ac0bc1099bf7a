"""`AdapterSuite`: what every adapter must get right, checked with real trainings of its framework."""

from __future__ import annotations

import copy
import math
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import epochal

from .processes import SIGKILLED, Trainings, run_python

#: What a framework itself reports: metric to (step to value).
Reported = dict[str, dict[int, float]]


def _ignore(step: int) -> None:
    """Let a training go on undisturbed."""


class AdapterSuite:
    """Subclass it, name it `Test…`, and write three methods; pytest finds the checks.

    Each check trains for real, so make the training tiny: a few epochs of a few batches, the same each time.

    Attributes:
        framework: top-level modules that plugin discovery must not import.
        plugin: the module of the adapter's plugin, if it has one.
        needs_id: a resumed training is told the run's id, since the framework's checkpoint cannot hold a position.
        middle: an optimizer step behind the first checkpoint and before the next one.
        of_one_call: metrics that the framework works out over one call only, so that a resumed one gives another value.
    """

    framework: ClassVar[tuple[str, ...]]
    plugin: ClassVar[str | None] = None
    needs_id: ClassVar[bool] = False
    middle: ClassVar[int]
    of_one_call: ClassVar[tuple[str, ...]] = ()
    _trainings: ClassVar[Trainings]

    # What an author writes

    def make(self, **opening: Any) -> Any:
        """Return a new adapter, made with these keyword arguments."""
        raise NotImplementedError

    def train(
        self,
        adapter: Any,
        folder: Path,
        *,
        at_step: Callable[[int], None] = _ignore,
        seed: int = 0,
        resume: bool = False,
    ) -> Reported:
        """Train something tiny and return what the framework itself reported, less times and speeds.

        Args:
            adapter: what `make` gave, or None to train without.
            folder: where checkpoints go, at the end of each epoch, say.
            at_step: to be called after each optimizer step, with their number so far; what it raises must pass.
            seed: makes the data; with the same one all is the same.
            resume: go on from the newest checkpoint in `folder`.
        """
        raise NotImplementedError

    def emit(self, adapter: Any, metrics: dict[str, Any], step: int) -> None:
        """Hand a dict of metrics to the adapter as the framework does."""
        raise NotImplementedError

    # Nothing before its time

    def test_constructing_and_copying_creates_nothing(self, tmp_path: Path) -> None:
        before = _files(tmp_path)
        adapter = self.make(project="p", dir=tmp_path / "runs")
        copy.deepcopy(adapter)
        pickle.loads(pickle.dumps(adapter))  # noqa: S301
        assert _files(tmp_path) == before
        assert epochal.active_run() is None

    def test_plugin_discovery_imports_no_framework(self) -> None:
        if self.plugin is None:
            return
        code = (
            f"import sys, {self.plugin}; import epochal.plugins; epochal.plugins.get_manager(); "
            f"print(sorted(set({list(self.framework)!r}) & set(sys.modules)))"
        )
        assert run_python("-c", code) == "[]"

    def test_disabled_is_a_no_op(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs", mode="disabled")
        with_it = self.train(adapter, tmp_path / "one")
        assert with_it == self.train(None, tmp_path / "two")
        assert not (tmp_path / "runs").exists()

    # What is recorded

    def test_metrics_and_steps_are_what_the_framework_reports(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs")
        reported = self.train(adapter, tmp_path)
        assert reported
        assert _recorded(tmp_path / "runs", reported) == reported

    def test_losses_are_bit_equal_without_the_adapter(self, tmp_path: Path) -> None:
        with_it = self.train(self.make(dir=tmp_path / "runs"), tmp_path / "one")
        assert with_it == self.train(None, tmp_path / "two")

    def test_a_prefix_is_put_before_each_name_as_it_is(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs", prefix="my ")
        reported = {f"my {name}": points for name, points in self.train(adapter, tmp_path).items()}
        assert _recorded(tmp_path / "runs", reported) == reported

    def test_the_config_stands_before_the_first_metric(self, tmp_path: Path) -> None:
        self.train(self.make(dir=tmp_path / "runs", config={"mine": 1, "optimizer": {"class": "mine"}}), tmp_path)
        run = only_run(tmp_path / "runs")
        assert run.config["mine"] == 1
        assert run.config["optimizer"]["class"] == "mine", "what the user set was replaced"
        assert {"model", "optimizer", "trainer", "environment"} <= set(run.config)
        assert run.config["model"]["parameters"] > 0
        assert _kinds_before_rows(run) >= {"model", "trainer"}

    def test_a_dataset_has_one_hash_that_changes_with_the_data(self, tmp_path: Path) -> None:
        for seed, name in ((0, "a"), (0, "b"), (1, "c")):
            self.train(self.make(dir=tmp_path / "runs", name=name), tmp_path / name, seed=seed)
        hashes = {run.name: run.datasets["train"]["sha256"] for run in epochal.runs(tmp_path / "runs")}
        assert hashes["a"]
        assert hashes["a"] == hashes["b"] != hashes["c"]

    def test_a_dict_of_metrics_is_not_changed(self, tmp_path: Path) -> None:
        import numpy as np

        adapter = self.make(dir=tmp_path / "runs", prefix="p/")
        metrics = {"a": 1.5, "b": math.nan, "epoch": 3, "c": np.float32(0.25), "d": np.array(2)}
        before = dict(metrics)
        self.emit(adapter, metrics, 7)
        assert metrics.keys() == before.keys()
        assert all(metrics[name] is before[name] for name in before)

    def test_nan_stays_nan_and_values_become_plain(self, tmp_path: Path) -> None:
        import numpy as np

        adapter = self.make(dir=tmp_path / "runs")
        self.emit(adapter, {"nan": math.nan, "small": np.float32(0.25), "count": np.array(2)}, 7)
        run = only_run(tmp_path / "runs")
        values = {name: run.history(name).values[0] for name in ("nan", "small", "count")}
        assert math.isnan(values.pop("nan"))
        assert values == {"small": 0.25, "count": 2}
        assert run.history("small").steps.tolist() == [7]

    # Whose run it is

    def test_a_given_run_stays_its_givers(self, tmp_path: Path) -> None:
        run = epochal.init("p", dir=tmp_path / "runs", config={"mine": 1})
        adapter = self.make(run=run)
        self.train(adapter, tmp_path)
        adapter.finish()
        run.log({"after": 1})
        assert only_run(tmp_path / "runs").state == "running"
        run.finish()
        recorded = only_run(tmp_path / "runs")
        assert recorded.state == "finished"
        assert "after" in recorded.metrics

    def test_the_scripts_open_run_is_taken_where_none_is_named(self, tmp_path: Path) -> None:
        with epochal.init("p", dir=tmp_path / "runs"):
            reported = self.train(self.make(), tmp_path)
        assert set(reported) <= set(only_run(tmp_path / "runs").metrics)

    def test_a_run_stays_open_after_training_until_finish(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs")
        self.train(adapter, tmp_path)
        epochal.log({"after": 1})
        adapter.finish()
        run = only_run(tmp_path / "runs")
        assert run.state == "finished"
        assert "after" in run.metrics

    def test_the_next_adapters_run_finishes_one_whose_training_is_over(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            self.train(self.make(dir=tmp_path / "runs", name=name), tmp_path / name)
        assert {run.name: run.state for run in epochal.runs(tmp_path / "runs")} == {"a": "finished", "b": "running"}

    def test_a_copy_of_an_open_adapter_writes_the_same_run(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs")
        self.emit(adapter, {"a": 1}, 0)
        self.emit(copy.deepcopy(adapter), {"b": 2}, 1)
        self.emit(pickle.loads(pickle.dumps(adapter)), {"c": 3}, 2)  # noqa: S301
        assert {"a", "b", "c"} <= set(only_run(tmp_path / "runs").metrics)

    # How it ends

    def test_exception_interrupt_and_kill_leave_the_right_state(self, tmp_path: Path) -> None:
        endings = {"raise": "failed", "interrupt": "interrupted", "kill": "killed", "none": "finished"}
        started = {what: self.trainings().start(what, tmp_path / what) for what in endings}
        codes = {what: training.wait() for what, training in started.items()}
        states = {what: only_run(training.runs).state for what, training in started.items()}
        assert states == endings, "\n".join(training.output() for training in started.values())
        assert codes["none"] == 0
        assert codes["raise"] == 1
        assert codes["kill"] == SIGKILLED

    def test_a_killed_training_goes_on_in_its_run_from_the_checkpoint(self, tmp_path: Path) -> None:
        whole = self.trainings().start("none", tmp_path / "whole")
        first = self.trainings().start("kill", tmp_path / "cut")
        assert first.wait() == SIGKILLED, first.output()
        cut = only_run(first.runs)
        before = {name: _points(cut, name) for name in cut.metrics}
        second = self.trainings().start("resume", tmp_path / "cut")
        assert second.wait() == 0, second.output()
        assert whole.wait() == 0, whole.output()
        run, reference = only_run(second.runs), only_run(whole.runs)
        assert run.id == cut.id
        assert run.state == "finished"
        for name in set(whole.reported()) - set(self.of_one_call):
            assert _points(run, name) == _points(reference, name), name
        for name, points in before.items():
            kept = run.history(name, abandoned=True, duplicates=True)
            assert points.items() <= set(zip(kept.steps.tolist(), kept.values.tolist(), strict=True)), name

    @classmethod
    def trainings(cls) -> Trainings:
        """Return the process that starts trainings for this class."""
        if "_trainings" not in cls.__dict__:
            cls._trainings = Trainings(cls)
        return cls._trainings

    @classmethod
    def teardown_class(cls) -> None:
        """End the process that starts trainings."""
        if "_trainings" in cls.__dict__:
            cls._trainings.close()


def only_run(runs: Path) -> Any:
    """Return the one run in a runs folder."""
    found = list(epochal.runs(runs))
    assert len(found) == 1, f"one run was expected in {runs}, there are {[run.name for run in found]}"
    return epochal.get_run(found[0].id, dir=runs)


def _recorded(runs: Path, reported: Reported) -> Reported:
    """Return the recorded points of the metrics that were reported."""
    run = only_run(runs)
    return {name: _points(run, name) for name in reported if name in run.metrics}


def _points(run: Any, name: str) -> dict[int, float]:
    history = run.history(name)
    return dict(zip(history.steps.tolist(), history.values.tolist(), strict=True))


def _kinds_before_rows(run: Any) -> set[str]:
    """Return the config's groups that were recorded before the first metric."""
    first = min(float(run.history(name).times[0]) for name in run.metrics)
    from epochal.journal.reader import Journal

    groups: set[str] = set()
    for path in (Path(run.path) / "journal").glob("main-*.epochal"):
        for frame in Journal(path).frames:
            if frame.payload["k"] == "config" and frame.payload["t"] <= first:
                groups |= {operation[0][0] for operation in frame.payload["ops"]}
    return groups


def _files(folder: Path) -> list[str]:
    return sorted(os.fspath(path) for path in folder.rglob("*"))
