"""What adapters share, under the suite itself: the framework here is a loop of twenty lines."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.adapter import AdapterRun
from epochal.testing import AdapterSuite, Reported
from epochal.testing.suite import only_run


class LoopAdapter:
    """Records a loop."""

    def __init__(self, run: Any = None, *, prefix: str = "", **opening: Any) -> None:
        self.runs = AdapterRun(run, **opening)
        self.prefix = prefix

    def begin(self, data: Any, position: Any) -> None:
        if position:
            self.runs.resume(position)
        run = self.runs.open()
        groups = {"model": {"parameters": 1}, "optimizer": {"class": "SGD", "lr": 0.1}, "trainer": {"epochs": 3}}
        self.runs.describe({**groups, "environment": {"numpy": np.__version__}})
        run.use_dataset("train", data)

    def log(self, metrics: dict[str, Any], step: int) -> None:
        self.runs.open().log({self.prefix + name: value for name, value in metrics.items()}, step=step)

    def end(self) -> None:
        self.runs.rest()

    def finish(self) -> None:
        self.runs.finish()


class TestLoopAdapter(AdapterSuite):
    framework = ("torch", "keras", "lightning", "transformers")
    plugin = "epochal.builtin_plugins.tables"
    middle = 6

    def make(self, **opening: Any) -> LoopAdapter:
        return LoopAdapter(**opening)

    def train(
        self,
        adapter: Any,
        folder: Path,
        *,
        at_step: Callable[[int], None] = lambda step: None,
        seed: int = 0,
        resume: bool = False,
    ) -> Reported:
        data = np.random.default_rng(seed).normal(size=12)
        folder.mkdir(exist_ok=True)
        saved = json.loads((folder / "saved.json").read_text()) if resume else {"step": 0, "weight": 0.0}
        weight, reported = saved["weight"], {"loss": {}}
        if adapter is not None:
            adapter.begin(data, saved.get("position"))
        for step in range(saved["step"] + 1, 13):
            loss = float((data[step - 1] - weight) ** 2)
            weight += 0.1 * (data[step - 1] - weight)
            reported["loss"][step] = loss
            if adapter is not None:
                adapter.log({"loss": loss}, step)
            at_step(step)
            if step % 4 == 0:
                position = adapter.runs.open().position() if adapter is not None else None
                (folder / "saved.json").write_text(json.dumps({"step": step, "weight": weight, "position": position}))
        if adapter is not None:
            adapter.end()
        return reported

    def emit(self, adapter: Any, metrics: dict[str, Any], step: int) -> None:
        adapter.log(metrics, step)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def test_a_run_and_arguments_to_open_one_exclude_each_other(runs: Path) -> None:
    with epochal.init() as run:
        with pytest.raises(epochal.BadValueError, match="project="):
            AdapterRun(run, project="p")
        AdapterRun(run, project=None, tags=(), rank=0)
    with pytest.raises(epochal.BadValueError, match="'no run'"):
        AdapterRun("no run")  # type: ignore[arg-type]


def test_what_the_user_set_is_not_replaced_by_descriptions(runs: Path) -> None:
    adapter = AdapterRun(config={"model": "resnet", "optimizer": {"lr": 3, "deep": {"a": 1}}})
    groups = {"model": {"class": "M"}, "optimizer": {"lr": 0.1, "class": "SGD", "deep": {"a": 2, "b": 3}}}
    adapter.describe(groups)
    adapter.hyperparameters({"trainer": {"epochs": 7}})
    adapter.describe({"trainer": {"epochs": 1, "framework": "f"}})
    adapter.describe({"trainer": {"framework": "another"}}, again=False)
    config = only_run(runs).config
    assert (config["model"], config["model_info"]) == ("resnet", {"class": "M"})
    assert config["optimizer"] == {"lr": 3, "class": "SGD", "deep": {"a": 1, "b": 3}}
    assert config["trainer"] == {"epochs": 7, "framework": "f"}


def test_a_resumed_runs_descriptions_are_brought_up_to_date(runs: Path) -> None:
    adapter = AdapterRun(id="r")
    adapter.describe({"optimizer": {"lr": 1}})
    adapter.finish()
    AdapterRun(id="r", resume="must").describe({"optimizer": {"lr": 2}})
    assert only_run(runs).config["optimizer"] == {"lr": 2}


def test_a_run_of_another_adapter_is_not_taken_for_the_scripts_own(runs: Path) -> None:
    first, second = AdapterRun(), AdapterRun()
    assert first.open() is not second.open()
    with epochal.init() as own:
        assert AdapterRun().open() is own
        assert AdapterRun(project="another").open() is not own


def test_a_scripts_run_that_was_finished_is_not_written_any_more(runs: Path) -> None:
    adapter = AdapterRun()
    with epochal.init() as own:
        assert adapter.open() is own
    assert adapter.open() is not own
    assert adapter.current is not None


def test_a_finished_run_is_opened_again_for_what_is_still_to_record(runs: Path) -> None:
    adapter = AdapterRun(name="n", config={"a": 1}, tags=["t"])
    adapter.open().log({"x": 1}, step=0)
    adapter.finish(ValueError("meant to fail"))
    assert only_run(runs).state == "failed"
    adapter.open().log({"y": 1}, step=1)
    adapter.finish()
    run = only_run(runs)
    assert (run.state, run.name, run.tags) == ("finished", "n", ("t",))
    assert run.metrics == ["x", "y"] or tuple(run.metrics) == ("x", "y")


def test_an_id_that_is_open_in_this_process_is_shared(runs: Path) -> None:
    first, second = AdapterRun(id="r"), AdapterRun(id="r")
    run = first.open()
    assert second.open() is run
    first.finish()
    assert only_run(runs).state == "running", "the second one owns it now"
    second.finish()
    assert only_run(runs).state == "finished"


def test_a_fault_of_describing_costs_only_that(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = AdapterRun()
    adapter.open()
    with pytest.raises(Exception, match="broken"), adapter.guard("model"):
        raise ValueError("broken")
    monkeypatch.delenv("EPOCHAL_STRICT")
    with adapter.guard("model"):
        raise ValueError("broken")
    with pytest.raises(KeyboardInterrupt), adapter.guard("model"):
        raise KeyboardInterrupt
    assert any("broken" in notice.text for notice in only_run(runs).notices)


def test_an_id_that_was_fixed_is_that_of_each_copy(runs: Path) -> None:
    adapter = AdapterRun()
    adapter.fix_id()
    copies = [pickle.loads(pickle.dumps(adapter)), copy.deepcopy(adapter)]
    assert not runs.exists()
    assert {each.open().id for each in [adapter, *copies]} == {only_run(runs).id}


def test_copies_that_were_not_opened_become_runs_of_their_own(runs: Path) -> None:
    adapter = AdapterRun()
    assert (
        len(
            {
                each.open().id
                for each in (adapter, copy.deepcopy(AdapterRun()), pickle.loads(pickle.dumps(AdapterRun())))
            }
        )
        == 3
    )


def test_a_position_of_a_run_that_another_process_writes_makes_a_new_run(
    runs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    adapter = AdapterRun()
    position = {**AdapterRun(id="r").open().position(), "run": "r"}
    other = AdapterRun(id="s")
    run = other.resume(position)
    assert run.id == "s"
    assert any("run r" in message for message in caplog.messages)
    assert adapter.resume({**position, "run": "gone"}).id not in ("r", "s", "gone")


def test_hints_give_way_to_what_the_user_said(runs: Path) -> None:
    adapter = AdapterRun(name="mine", config={"a": 1})
    adapter.hint(name="hinted", group="g", config={"a": 2, "b": 3})
    adapter.open()
    run = only_run(runs)
    assert (run.name, run.group, run.config) == ("mine", "g", {"a": 1, "b": 3})


def test_renewing_leaves_a_given_run_and_a_given_id_alone(runs: Path) -> None:
    with epochal.init() as own:
        given, named, free = AdapterRun(own), AdapterRun(id="r"), AdapterRun()
        before = [each.open() for each in (given, named)]
        free._scripts_own = lambda: None  # type: ignore[method-assign]
        first = free.open()
        for each in (given, named, free):
            each.renew()
        assert [each.open() for each in (given, named)] == before
        assert free.open() is not first
