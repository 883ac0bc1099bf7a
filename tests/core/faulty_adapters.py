"""Adapters that each do one thing wrong, and the check that must find it: run by test_adapter_suite.py alone."""

from __future__ import annotations

import atexit
import hashlib
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from epochal.adapter import AdapterRun
from epochal.metric_names import MetricNames
from tests.core.loop_adapter import Loop, LoopAdapter, LoopSuite


class OpensAtOnce(LoopAdapter):
    def __init__(self, *args: Any, **opening: Any) -> None:
        super().__init__(*args, **opening)
        self.runs.open()


class TakesAnything(LoopAdapter):
    def __init__(self, run: Any = None, *, vocabulary: str | None = None, **opening: Any) -> None:
        super().__init__(run, **opening)


class WritesWhenDisabled(LoopAdapter):
    def __init__(self, run: Any = None, **opening: Any) -> None:
        super().__init__(run, **opening)
        self.dir = opening.get("dir")

    def began(self, loop: Loop, extra: Any) -> None:
        Path(self.dir).mkdir(exist_ok=True, parents=True)
        (Path(self.dir) / "own-log.txt").write_text("mine")
        super().began(loop, extra)


class LosesTheLast(LoopAdapter):
    def logged(self, metrics: dict[str, Any], step: int, *, training: bool = False) -> None:
        if step != 12:
            super().logged(metrics, step, training=training)


class CountsFromZero(LoopAdapter):
    def logged(self, metrics: dict[str, Any], step: int, *, training: bool = False) -> None:
        self.runs.log(metrics, step=step - 1)


class RecordsTwice(LoopAdapter):
    def logged(self, metrics: dict[str, Any], step: int, *, training: bool = False) -> None:
        super().logged(metrics, step, training=training)
        super().logged(metrics, step, training=training)


class ChangesTheData(LoopAdapter):
    def began(self, loop: Loop, extra: Any) -> None:
        loop.data += 1
        super().began(loop, extra)


class DescribesAfterwards(LoopAdapter):
    def describe(self) -> None: ...

    def ended(self) -> None:
        super().describe()
        super().ended()


class ReplacesUsersConfig(LoopAdapter):
    def describe(self) -> None:
        super().describe()
        self.runs.open().config.update({"optimizer": {"class": "SGD"}})


class HashesWhatMadeIt(LoopAdapter):
    def began(self, loop: Loop, extra: Any) -> None:
        super().began(loop, extra)
        self.runs.open().use_dataset("train", np.frombuffer(hashlib.sha256(b"loop").digest(), dtype="u1"))


class PopsTheEpoch(LoopAdapter):
    def logged(self, metrics: dict[str, Any], step: int, *, training: bool = False) -> None:
        metrics.pop("epoch", None)
        super().logged(metrics, step, training=training)


class LeavesNanOut(LoopAdapter):
    def logged(self, metrics: dict[str, Any], step: int, *, training: bool = False) -> None:
        numbers = {name: value for name, value in metrics.items() if not math.isnan(value)}
        super().logged(numbers, step, training=training)


class TakesTheText(LoopAdapter):
    def describe(self) -> None:
        super().describe()
        self.runs.describe({"model": {"parameters": 1, "weight": repr(np.array([1.0]))}})


class ForgetsThePrefix(LoopAdapter):
    def __init__(self, *args: Any, prefix: str = "", **opening: Any) -> None:
        super().__init__(*args, **opening)


class KnowsNoCommonNames(LoopAdapter):
    def __init__(self, run: Any = None, *, vocabulary: str | None = None, **opening: Any) -> None:
        super().__init__(run, **opening)
        self.runs._names = MetricNames("", vocabulary)


class RecordsEachStep(LoopAdapter):
    def logged(self, metrics: dict[str, Any], step: int, *, training: bool = False) -> None:
        self.runs.log(metrics, step=step)


class FinishesAnything(LoopAdapter):
    def finish(self) -> None:
        self.runs.open().finish()


class OpensItsOwn(LoopAdapter):
    def __init__(self, run: Any = None, **opening: Any) -> None:
        super().__init__(run, **{"project": "mine", **opening} if run is None else opening)


class FinishesTooEarly(LoopAdapter):
    def ended(self) -> None:
        self.runs.finish()


class NeverRests(LoopAdapter):
    def ended(self) -> None: ...


class OpensAnewEachFit(LoopAdapter):
    def began(self, loop: Loop, extra: Any) -> None:
        self.runs.renew()
        super().began(loop, extra)


class RewindsEachFit(LoopAdapter):
    def began(self, loop: Loop, extra: Any) -> None:
        self.runs.open().rewind(step=1)
        super().began(loop, extra)


class ForgetsItsRunInACopy(LoopAdapter):
    def __getstate__(self) -> dict[str, Any]:
        return {"runs": LoopAdapter(dir=self.runs._opening["dir"]).runs}


class FinishesAtExit(LoopAdapter):
    def began(self, loop: Loop, extra: Any) -> None:
        super().began(loop, extra)
        atexit.register(self.runs.finish)


class KeepsNoPosition(LoopAdapter):
    def saving(self) -> Any:
        return None


class RecordsEachRank(LoopAdapter):
    def __init__(self, run: Any = None, **opening: Any) -> None:
        super().__init__(run, rank=0, **opening)


class MakesTheFolder(LoopAdapter):
    def __init__(self, run: Any = None, **opening: Any) -> None:
        super().__init__(run, **opening)
        self.dir = opening.get("dir")

    def began(self, loop: Loop, extra: Any) -> None:
        os.makedirs(self.dir, exist_ok=True)
        super().began(loop, extra)


class NeedsTheDisk(LoopAdapter):
    def logged(self, metrics: dict[str, Any], step: int, *, training: bool = False) -> None:
        super().logged(metrics, step, training=training)
        if not self.runs.open()._writer.storage.healthy:
            raise OSError("no room")


#: Faulty adapter to the check that must fail, and words that its message must have.
class ForgetsItsRunWhenPickled(LoopAdapter):
    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ = {**state, "runs": AdapterRun(mode="disabled")}


FAULTS: dict[type, tuple[str, str]] = {
    OpensAtOnce: ("nothing_is_created_by_constructing_the_adapter", "opened a run"),
    TakesAnything: ("wrong_arguments_are_refused_when_the_adapter_is_constructed", "vocabulary='klingon' was taken"),
    WritesWhenDisabled: ("disabled_mode_is_a_no_op", "was written into the runs folder"),
    LosesTheLast: ("metrics_and_steps_are_complete_and_exact", "recorded nothing, expected"),
    CountsFromZero: ("metrics_and_steps_are_complete_and_exact", "first at step 0 of"),
    ForgetsItsRunWhenPickled: (
        "pickled_into_a_spawned_process_it_writes_the_same_run",
        "of an adapter pickled while opened, ['there'] is not in the run",
    ),
    RecordsTwice: ("metrics_and_steps_are_complete_and_exact", "more than once at a step"),
    ChangesTheData: ("losses_are_bit_equal_without_the_adapter", "differs with the adapter"),
    DescribesAfterwards: ("config_comes_before_the_first_metric", "came after the first metric"),
    ReplacesUsersConfig: ("what_the_user_set_in_the_config_stays", "was set by the user"),
    HashesWhatMadeIt: ("a_datasets_sha_is_equal_across_two_runs_and_different_for_changed_data", "changed data"),
    PopsTheEpoch: ("shared_metric_dictionaries_are_not_mutated", "['epoch'] changed"),
    LeavesNanOut: ("nan_stays_nan", "NaN was recorded as None"),
    TakesTheText: ("plain_numbers_only", "config.model.weight is 'array([1.])'"),
    ForgetsThePrefix: ("a_prefix_is_put_before_each_name_as_it_is", "'my loss' was not recorded"),
    KnowsNoCommonNames: ("the_common_vocabulary_names_what_is_well_known", "there is no ['train/loss', 'val/loss']"),
    RecordsEachStep: ("log_every_takes_every_nth_step_and_all_of_an_epoch", "not at [5, 10]"),
    FinishesAnything: ("it_only_finishes_what_it_opened", "who opened it shall finish it"),
    OpensItsOwn: ("the_scripts_open_run_is_taken_where_none_is_named", "the run that the script had opened"),
    FinishesTooEarly: ("its_run_stays_open_after_a_training_until_finish", "finished with the training"),
    NeverRests: ("the_next_adapters_run_finishes_one_whose_training_is_over", "AdapterRun.rest()"),
    OpensAnewEachFit: ("a_second_fit_loses_nothing", "made 2 runs, not 1"),
    RewindsEachFit: ("a_second_fit_loses_nothing", "are not to be seen"),
    ForgetsItsRunInACopy: ("a_copy_of_an_open_adapter_writes_the_same_run", "one run was expected"),
    FinishesAtExit: (
        "exception_keyboard_interrupt_and_sigkill_leave_the_right_state",
        "hand the exception to AdapterRun.finish",
    ),
    KeepsNoPosition: (
        "a_training_resumed_from_a_checkpoint_in_a_new_process_goes_on_in_its_run",
        "keep Run.position() in the checkpoint",
    ),
    RecordsEachRank: ("several_processes_make_one_run", "only process 0 opens a run"),
    MakesTheFolder: ("a_runs_folder_that_cannot_be_made_does_not_stop_the_training", "NotADirectoryError"),
    NeedsTheDisk: ("a_failing_disk_does_not_stop_the_training", "no room"),
}

for _adapter in FAULTS:
    globals()[f"Test{_adapter.__name__}"] = type(
        f"Test{_adapter.__name__}", (LoopSuite,), {"adapter": _adapter, "__module__": __name__}
    )


class TestImportsAFramework(LoopSuite):
    framework = ("sqlite3",)
    plugin = "sqlite3"


FAULTS[TestImportsAFramework] = ("discovery_imports_no_framework", "imported ['sqlite3']")
