"""Checks of whose run it is: who opens it, who finishes it, and which copies of an adapter write it."""

from __future__ import annotations

import copy
import inspect
import multiprocessing
import os
import pickle
from collections import Counter
from pathlib import Path

import epochal

from .contract import AdapterContract
from .processes import LIMIT_S
from .reading import all_values, only_run, states
from .spawned import emit_in_child


class OwnerChecks(AdapterContract):
    """Runs that are given, found, opened, shared and left."""

    def test_it_only_finishes_what_it_opened(self, tmp_path: Path) -> None:
        run = epochal.init("p", dir=tmp_path / "runs", config={"mine": 1})
        adapter = self.make(run=run)
        self.train(adapter, tmp_path)
        adapter.finish()
        run.log({"after": 1})
        state = only_run(tmp_path / "runs").state
        assert state == "running", f"the run that was given with run= is {state}: who opened it shall finish it"
        run.finish()
        recorded = only_run(tmp_path / "runs")
        assert recorded.state == "finished"
        assert "after" in recorded.metrics, "what the script logged after the training is not in its run"

    def test_the_scripts_open_run_is_taken_where_none_is_named(self, tmp_path: Path) -> None:
        with epochal.init("p", dir=tmp_path / "runs"):
            adapter = self.make()
            reported = self.train(adapter, tmp_path)
            adapter.finish()
            assert only_run(tmp_path / "runs").state == "running", "the adapter finished the script's own run"
        missing = set(reported) - set(only_run(tmp_path / "runs").metrics)
        assert not missing, (
            f"{sorted(missing)} are not in the run that the script had opened: open with AdapterRun.open"
        )

    def test_its_run_stays_open_after_a_training_until_finish(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs")
        self.train(adapter, tmp_path)
        epochal.log({"after": 1})
        assert only_run(tmp_path / "runs").state == "running", "the run was finished with the training: call rest()"
        adapter.finish()
        run = only_run(tmp_path / "runs")
        assert run.state == "finished", f"after the adapter's finish() the run is {run.state}"
        assert "after" in run.metrics, "what the script logged after the training is not in the run"

    def test_the_next_adapters_run_finishes_one_whose_training_is_over(self, tmp_path: Path) -> None:
        first = self.make(dir=tmp_path / "runs", name="a")
        self.train(first, tmp_path / "a")
        self.emit(self.make(dir=tmp_path / "runs", name="b"), {"loss": 1.0}, 1)
        there = states(tmp_path / "runs")
        assert there == {"a": "finished", "b": "running"}, (
            f"there should be a, finished, and b, running; there are {there}: call AdapterRun.rest() when a training "
            "ends"
        )

    def test_a_second_fit_loses_nothing(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs")
        fits = [self.train(adapter, tmp_path / "one"), self.train(adapter, tmp_path / "two", seed=1)]
        adapter.finish()
        runs = [epochal.get_run(run.id, dir=tmp_path / "runs") for run in epochal.runs(tmp_path / "runs")]
        expected = 2 if self.new_run_each_fit else 1
        assert len(runs) == expected, f"two trainings with one adapter made {len(runs)} runs, not {expected}"
        for name in fits[0].keys() | fits[1].keys():
            values = Counter(value for fit in fits for value in fit.get(name, {}).values())
            lost = values - all_values(runs, name)
            assert not lost, f"of two trainings with one adapter, these values of {name!r} are not to be seen: {lost}"
        assert {run.state for run in runs} == {"finished"}, f"after finish() there are {states(tmp_path / 'runs')}"

    def test_a_copy_of_an_open_adapter_writes_the_same_run(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs")
        self.emit(adapter, {"a": 1}, 0)
        self.emit(copy.deepcopy(adapter), {"b": 2}, 1)
        self.emit(pickle.loads(pickle.dumps(adapter)), {"c": 3}, 2)  # noqa: S301
        missing = {"a", "b", "c"} - set(only_run(tmp_path / "runs").metrics)
        assert not missing, f"what copies of an open adapter recorded is not in its run: {sorted(missing)}"

    def test_pickled_into_a_spawned_process_it_writes_the_same_run(self, tmp_path: Path) -> None:
        opened = self.make(dir=tmp_path / "opened")
        self.emit(opened, {"here": 1.0}, 1)
        unopened = self.make(dir=tmp_path / "unopened", id="told", resume="allow")
        suite = (os.path.abspath(inspect.getfile(type(self))), type(self).__qualname__)
        child = multiprocessing.get_context("spawn").Process(target=emit_in_child, args=(*suite, [opened, unopened]))
        child.start()
        child.join(LIMIT_S)
        assert child.exitcode == 0, f"the spawned process ended with {child.exitcode}: its output says why"
        self.emit(unopened, {"here": 1.0}, 1)
        for adapter, folder in ((opened, "opened"), (unopened, "unopened")):
            run = only_run(tmp_path / folder)
            missing = {"here", "there"} - set(run.metrics)
            assert not missing, (
                f"of an adapter pickled while {folder}, {sorted(missing)} is not in the run: keep the run in an "
                "AdapterRun and let it be pickled with the adapter"
            )
            adapter.finish()
            writers = [path.name for path in (Path(run.path) / "journal").glob("*-0-*.epochal")]
            assert len(writers) > 1, f"two processes wrote one journal: {writers}"
