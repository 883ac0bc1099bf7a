"""Checks of what is recorded: metrics, config and datasets, each whole, exact and plain."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Final

import epochal

from .contract import AdapterContract
from .reading import differences, groups_before_rows, leaves, only_run, recorded, twice

#: What an object becomes where its text is taken instead of its value.
_REPRS: Final = re.compile(
    r"^(tensor|array|Array|<tf\.(Tensor|Variable)|<Variable)\b.*|^<.* at 0x[0-9a-f]+>$", re.DOTALL
)


class RecordChecks(AdapterContract):
    """What a training leaves in its run."""

    def test_metrics_and_steps_are_complete_and_exact(self) -> None:
        reported, runs = self.trained()
        assert reported, "train() returned nothing: let it return what the framework itself reported"
        there = recorded(only_run(runs), reported)
        assert there == reported, "the record differs from what the framework reported:\n" + differences(
            there, reported
        )
        doubled = twice(only_run(runs), set(reported) - set(self.repeated))
        assert not doubled, (
            f"{doubled} were recorded more than once at a step: is one event of the framework taken twice? (Where the "
            "framework itself reports them so, name them in `repeated`.)"
        )

    def test_losses_are_bit_equal_without_the_adapter(self) -> None:
        with_it, without = self.trained().reported, self.trained("none").reported
        assert with_it == without, (
            "the training differs with the adapter (does it draw random numbers, iterate data, or change what it is "
            "given?):\n" + differences(with_it, without)
        )

    def test_config_comes_before_the_first_metric(self) -> None:
        run = only_run(self.trained().runs)
        missing = {"model", "optimizer", "trainer", "environment"} - set(run.config)
        assert not missing, f"the config has no {sorted(missing)}: write these groups with AdapterRun.describe"
        assert run.config["model"].get("parameters", 0) > 0, "config.model.parameters is not the number of parameters"
        assert run.config["trainer"].get("framework"), "config.trainer.framework does not name the framework"
        late = {"model", "trainer"} - groups_before_rows(run)
        assert not late, f"the config's {sorted(late)} came after the first metric: describe when the training begins"

    def test_what_the_user_set_in_the_config_stays(self) -> None:
        config = only_run(self.trained().runs).config
        assert config.get("mine") == 1, "the config that the user gave is not in the run"
        assert config["optimizer"]["class"] == "mine", (
            "config.optimizer.class was set by the user, and the adapter replaced it: write groups with "
            "AdapterRun.describe, which leaves what users set alone"
        )

    def test_a_datasets_sha_is_equal_across_two_runs_and_different_for_changed_data(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs", fingerprint="full")
        self.train(adapter, tmp_path, seed=1)
        adapter.finish()
        runs = [only_run(runs) for runs in (self.trained().runs, self.trained("prefix").runs, tmp_path / "runs")]
        assert all("train" in run.datasets for run in runs), (
            "the training data was not recorded: Run.use_dataset('train', data) when the training begins"
        )
        first, again, changed = (run.datasets["train"].get("sha256") for run in runs)
        assert first, (
            f"no SHA of the training data ({runs[0].datasets['train']}): register a fingerprinter for its type in the "
            "plugin"
        )
        assert first == again, "the same data has another SHA in a second run"
        assert first != changed, "changed data has the same SHA: is the object hashed, or what made it?"

    def test_shared_metric_dictionaries_are_not_mutated(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs", prefix="p/")
        metrics = {"a": 1.5, "b": math.nan, "epoch": 3, "total_flos": 2.0, **self.numbers()}
        before = dict(metrics)
        self.emit(adapter, metrics, 7)
        changed = [name for name in metrics.keys() | before.keys() if metrics.get(name) is not before.get(name)]
        assert not changed, (
            f"{changed} changed in the dict that the framework shares with all its loggers: copy it first"
        )

    def test_nan_stays_nan(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs")
        self.emit(adapter, {"nan": math.nan, "up": math.inf}, 7)
        run = only_run(tmp_path / "runs")
        there = {name: run.history(name).values.tolist() for name in ("nan", "up") if name in run.metrics}
        assert len(there.get("nan", [])) == 1 and math.isnan(there["nan"][0]), f"NaN was recorded as {there.get('nan')}"
        assert there.get("up") == [math.inf], f"infinity was recorded as {there.get('up')}"
        assert run.history("nan").steps.tolist() == [7], f"step 7 was recorded as {run.history('nan').steps.tolist()}"

    def test_plain_numbers_only(self, tmp_path: Path) -> None:
        adapter = self.make(dir=tmp_path / "runs")
        given = {"count": 3, **self.numbers()}
        self.emit(adapter, given, 7)
        run = only_run(tmp_path / "runs")
        missing = sorted(set(given) - set(run.metrics))
        assert not missing, f"{missing} were not recorded as numbers: register a converter for their type in the plugin"
        there = {name: run.history(name).values.tolist() for name in given}
        assert there == {"count": [3], **{name: [0.25] for name in self.numbers()}}, f"other values came out: {there}"
        training = only_run(self.trained().runs)
        odd = [name for name in training.metrics if training.history(name).values.dtype.kind not in "biuf"]
        assert not odd, f"{odd} are no numbers in the record"
        for path, value in leaves(dict(training.config)):
            plain = value is None or isinstance(value, (bool, int, float, str))
            assert plain and not (isinstance(value, str) and _REPRS.match(value)), (
                f"config.{path} is {value!r}: put plain values into the config, not the text of objects"
            )
        assert epochal.active_run() is not None
