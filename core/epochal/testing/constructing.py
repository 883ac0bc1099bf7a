"""Checks that nothing happens before its time, and nothing at all where nothing is wanted."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import epochal

from .contract import AdapterContract
from .processes import run_python
from .reading import differences, files


class ConstructingChecks(AdapterContract):
    """An adapter that is only constructed, or disabled."""

    def test_nothing_is_created_by_constructing_the_adapter(self, tmp_path: Path) -> None:
        before = files(tmp_path), epochal.active_run()
        adapter = self.make(project="p", dir=tmp_path / "runs")
        copy.deepcopy(adapter)
        pickle.loads(pickle.dumps(adapter))  # noqa: S301
        after = files(tmp_path), epochal.active_run()
        assert after == before, (
            "constructing, copying or pickling the adapter opened a run: keep the arguments in an AdapterRun, "
            "and open it (`AdapterRun.open`) when the training begins"
        )

    def test_wrong_arguments_are_refused_when_the_adapter_is_constructed(self, tmp_path: Path) -> None:
        for wrong in ({"vocabulary": "klingon"}, {"log_every": 0}, {"run": "no run"}):
            ((name, value),) = wrong.items()
            try:
                self.make(dir=tmp_path, **wrong)
            except epochal.BadValueError as error:
                assert str(value) in str(error), f"the error about {name}={value!r} does not name the value: {error}"  # noqa: PT017
            else:
                raise AssertionError(
                    f"{name}={value!r} was taken: hand it to AdapterRun and MetricNames in __init__, which check it"
                )

    def test_discovery_imports_no_framework(self) -> None:
        if self.plugin is None:
            return
        code = (
            f"import sys, {self.plugin}; import epochal.plugins; epochal.plugins.get_manager(); "
            f"print(sorted(set({list(self.framework)!r}) & set(sys.modules)))"
        )
        imported = run_python("-c", code)
        assert imported == "[]", (
            f"importing {self.plugin}, as plugin discovery does, imported {imported}: each `epochal` command and each "
            "run would pay for it. Import the framework where it is used; keep the package's __init__ lazy"
        )

    def test_disabled_mode_is_a_no_op(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs", mode="disabled")
        reported = self.train(adapter, tmp_path / "training")
        adapter.finish()
        expected = self.trained("none").reported
        assert reported == expected, "the training differs:\n" + differences(reported, expected)
        assert not (tmp_path / "runs").exists(), 'with mode="disabled" something was written into the runs folder'
