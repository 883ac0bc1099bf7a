"""Checks that a training goes on whatever becomes of its record."""

from __future__ import annotations

from pathlib import Path

import epochal

from .contract import AdapterContract, lenient
from .reading import differences, only_run, points


class FaultChecks(AdapterContract):
    """Storage that fails, before and in the middle of a training."""

    def test_a_failing_disk_does_not_stop_the_training(self) -> None:
        training = self.trainings().start("full", self._home / "full")
        code = training.wait()
        assert code == 0, f"with a disk that takes nothing more, the training ended with {code}\n{training.output()}"
        whole = self.ended()["none"].training.reported()
        reported = training.reported()
        assert reported == whole, "with a disk that takes nothing more, the training differs:\n" + differences(
            reported, whole
        )
        told = [text for text in training.warnings() if "cannot be written" in text]
        assert len(told) == 1, f"one warning about the disk was expected, there are {told or training.warnings()}"
        run = only_run(training.runs)
        for name in run.metrics:
            # a framework may count its steps from 0, and tell of one after `at_step`
            expected = {step: value for step, value in whole.get(name, {}).items() if step < self.middle - 1}
            there = {step: value for step, value in points(run, name).items() if step < self.middle - 1}
            assert name not in whole or there == expected, (
                f"what was recorded of {name!r} while there was room differs: {there}, not {expected}"
            )

    def test_a_runs_folder_that_cannot_be_made_does_not_stop_the_training(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("no folder", encoding="utf-8")
        with lenient() as warnings:
            adapter = self.make(dir=tmp_path / "file" / "runs")
            reported = self.train(adapter, tmp_path / "training")
            epochal.log({"after": 1})
            adapter.finish()
        expected = self.trained("none").reported
        assert reported == expected, "the training differs:\n" + differences(reported, expected)
        told = [text for text in warnings if str(tmp_path / "file") in text]
        assert len(told) == 1, f"one warning that names the folder was expected, there are {told or warnings}"
