"""What adapters share: which run they write, what they put into its config, and copies of them."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

import epochal
from epochal.adapter import AdapterRun
from epochal.testing.suite import only_run


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


def test_a_runs_folder_that_cannot_be_made_costs_the_record_and_not_the_training(
    runs: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    runs.write_text("a file stands here")
    with pytest.raises(epochal.EpochalError, match="no run can be kept"):
        AdapterRun().open()
    monkeypatch.delenv("EPOCHAL_STRICT")
    adapter = AdapterRun(name="n", config={"a": 1}, id="r", resume="allow")
    run = adapter.open()
    assert run.disabled
    assert adapter.open() is run is epochal.active_run()
    adapter.log({"loss": 1.0}, step=1)
    adapter.describe({"model": {"parameters": 1}})
    adapter.finish()
    assert [message for message in caplog.messages if str(runs) in message] == caplog.messages[:1]
    assert "is not recorded" in caplog.text


def test_a_run_that_cannot_be_gone_on_with_where_it_lies_makes_a_new_run(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EPOCHAL_STRICT")
    with epochal.init("p", dir=tmp_path / "theirs", id="r") as theirs:
        position = theirs.position()
    journal = theirs.folder / "journal"
    journal.rename(theirs.folder / "was")
    checkpoint = theirs.folder / "checkpoint"
    (theirs.folder / "journal").write_text("a file stands here")
    assert AdapterRun().folder_of("r", beside=checkpoint) is None
    run = AdapterRun().resume(position, beside=checkpoint)
    assert not run.disabled
    assert run.id == only_run(runs).id
