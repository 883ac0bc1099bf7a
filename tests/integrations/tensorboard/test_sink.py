"""The sink that writes event files while a training runs: each record once, whatever dies, and at once."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.errors import BadValueError, MissingDependencyError
from epochal.hookspecs import RunInfo
from epochal.sinks import delivery
from epochal.sinks.choosing import Chosen
from epochal.sinks.delivery import Delivery
from tests.core.cli_call import call
from tests.core.watched import PATIENCE_S, Watched
from tests.needs import need

need("tensorboard")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402
from tensorboard.plugins.hparams import plugin_data_pb2  # noqa: E402

from epochal_tensorboard._sink import EventSink  # noqa: E402
from epochal_tensorboard._sink_state import SinkState  # noqa: E402
from tests.integrations.tensorboard.event_messages import event_files, read_events  # noqa: E402


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no companion, and let deliveries wait for nothing longer than a blink."""
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")
    monkeypatch.setattr(delivery, "_LOOK_S", 0.01)
    monkeypatch.setattr(delivery, "_FIRST_WAIT_S", 0.001)


def a_run(rows: int = 2500, **more: Any) -> RunInfo:
    with epochal.init("p", id="it", config={"lr": 0.5, "model": {"on": True}}, **more) as run:
        for n in range(rows):
            run.log({"loss": 1.0 / (n + 1), "n": n} if n % 100 else {"says": f"row {n}"}, step=n)
    return info("it")


def info(id: str) -> RunInfo:
    run = epochal.get_run(id)
    return RunInfo(run.id, run.project, run.name, run.path, run.path.parent.parent)


def deliver(run: RunInfo, *, once: bool = False, **settings: Any) -> list[str]:
    """Deliver a run, and return what was reported; `once` what is there now, while this process may still add to it."""
    reports: list[str] = []
    settings = {"patience_s": 20.0, **settings}
    Delivery(Chosen("tensorboard", "tensorboard", settings), EventSink, run, report=reports.append, once=once).run()
    return reports


def told(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Return (step, value) of every scalar in a folder's files, in the order of the files."""
    found: dict[str, list[tuple[int, float]]] = {}
    for path in event_files(folder):
        for event in read_events(path):
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def recorded(run: RunInfo, **choice: Any) -> dict[str, list[tuple[int, float]]]:
    """Return the same from the run."""
    here = epochal.get_run(run.folder)
    found = {}
    for name in here.metrics:
        history = here.history(name, duplicates=True, **choice) if name != "says" else None
        if history is not None:
            values = history.values.astype(np.float32).astype(float).tolist()
            found[name] = list(zip(history.steps.tolist(), values, strict=True))
    return found


def settings_in(folder: Path) -> list[dict[str, Any]]:
    starts = [
        plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content).session_start_info
        for path in event_files(folder) for event in read_events(path) for value in event.summary.value
        if value.tag == "_hparams_/session_start_info"
    ]  # fmt: skip
    return [{name: getattr(each, each.WhichOneof("kind")) for name, each in start.hparams.items()} for start in starts]


@pytest.mark.usefixtures("alone")
def test_everything_is_written_once() -> None:
    run = a_run()
    assert deliver(run) == []
    folder = run.folder / "tensorboard"
    assert told(folder) == recorded(run)
    assert settings_in(folder) == [{"lr": 0.5, "model/on": True}]
    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    assert len(accumulator.Scalars("loss")) == 2475
    assert len(accumulator.Tensors("says")) == 25
    assert "_hparams_/session_end_info" in accumulator.Tags()["tensors"]


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_what_was_written_and_not_confirmed_is_not_written_again(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    save, saves = SinkState.save, []

    def dies(self: SinkState, *place: Any) -> None:
        saves.append(1)
        if len(saves) == batch:
            raise OSError(5, "the process died here")
        save(self, *place)

    monkeypatch.setattr(SinkState, "save", dies)
    run = a_run()
    assert len(deliver(run)) == 1
    assert told(run.folder / "tensorboard") == recorded(run)
    assert len(settings_in(run.folder / "tensorboard")) == 1


@pytest.mark.usefixtures("alone")
def test_a_record_that_was_cut_off_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    save, saves = SinkState.save, []

    def dies(self: SinkState, file: Path | None, size: int) -> None:
        saves.append(1)
        if len(saves) == 2:
            assert file is not None
            os.truncate(file, size - 1000)
            raise OSError(5, "the process died here")
        save(self, file, size)

    monkeypatch.setattr(SinkState, "save", dies)
    run = a_run()
    deliver(run)
    assert len(event_files(run.folder / "tensorboard")) == 2
    assert told(run.folder / "tensorboard") == recorded(run)


@pytest.mark.usefixtures("alone")
def test_a_cursor_that_is_lost_repeats_nothing() -> None:
    run = a_run()
    deliver(run)
    for cursor in (run.folder / "sinks").glob("*.cursor"):
        cursor.unlink()
    deliver(run)
    assert told(run.folder / "tensorboard") == recorded(run)
    assert len(event_files(run.folder / "tensorboard")) == 1


@pytest.mark.usefixtures("alone")
def test_a_run_that_goes_back_says_so_to_tensorboard() -> None:
    with epochal.init("p", id="it") as run:
        for step in range(10):
            run.log({"x": float(step)}, step=step)
            if step == 4:
                position = run.position()
    deliver(info("it"))
    with epochal.init("p", id="it", resume="must", position=position) as run:
        for step in range(5, 12):
            run.log({"x": 100.0 + step}, step=step)
    deliver(info("it"))
    accumulator = EventAccumulator(str(run.folder / "tensorboard"))
    accumulator.Reload()
    found = [(event.step, event.value) for event in accumulator.Scalars("x")]
    assert found == [(step, float(step) if step < 5 else 100.0 + step) for step in range(12)]
    assert len(event_files(run.folder / "tensorboard")) == 2


@pytest.mark.usefixtures("alone")
def test_a_run_that_was_moved_away_is_not_made_anew(tmp_path: Path) -> None:
    run = a_run(10)
    sink = EventSink({}, run)
    run.folder.rename(tmp_path / "elsewhere")
    message = {"kind": "row", "role": "main", "writer": "w", "seq": 1, "time": 1.0, "step": 0, "values": {"x": 1.0}}
    with pytest.raises(OSError, match="No such file"):
        sink.write([message])
    assert not run.folder.exists()


@pytest.mark.usefixtures("alone")
def test_a_log_folder_takes_several_runs(tmp_path: Path) -> None:
    for id in ("first-one", "other-one"):
        with epochal.init("p", id=id, name="a/same name") as run:
            run.log({"x": 1.0}, step=3)
        deliver(info(id), logdir=str(tmp_path / "logs"))
        epochal.get_run(id).rename("another")
        deliver(info(id), once=True, logdir=str(tmp_path / "logs"))
    folders = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert folders == ["a_same_name-irst-one", "a_same_name-ther-one"]
    assert all(told(tmp_path / "logs" / name) == {"x": [(3, 1.0)]} for name in folders)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("text", ['sinks = ["tensorboard"]', '[[sinks]]\nkind = "tensorboard"\nlogdir = "logs"'])
def test_the_settings_name_it_as_well(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".epochal.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    run = epochal.init("p", id="it")
    run.log({"x": 1.0}, step=3)
    run.finish()
    assert call("sinks", "it", "--json").json[0]["pending"] == 0
    assert told(tmp_path) == {"x": [(3, 1.0)]}
    assert bool(event_files(run.folder)) == ("logdir" not in text)


@pytest.mark.usefixtures("alone")
def test_media_are_written_once_too() -> None:
    with epochal.init("p", id="it") as run:
        run.log(
            {"img": epochal.Image(np.zeros((24, 24, 3), np.uint8)), "odd": float("nan"), "inf": float("-inf")}, step=4
        )
    deliver(info("it"))
    tags = [
        value.tag for path in event_files(run.folder) for event in read_events(path) for value in event.summary.value
    ]
    assert sorted(tags) == ["img", "inf", "odd"]


@pytest.mark.usefixtures("alone")
def test_what_cannot_be_used_is_refused_before_anything_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()
    for settings, words in (({"logdri": "x"}, "logdri"), ({"logdir": str(tmp_path / "a file")}, "no folder")):
        with pytest.raises(BadValueError, match=words):
            epochal.init("p", sinks=[{"kind": "tensorboard", **settings}])
    monkeypatch.setattr("epochal_tensorboard._sink_settings.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'epochal\[tensorboard\]'"):
        epochal.init("p", sinks=["tensorboard"])


@pytest.mark.skipif(sys.platform == "win32", reason="sinks need POSIX")
def test_every_point_is_there_once_though_sink_and_training_are_killed(tmp_path: Path) -> None:
    training = Watched(
        tmp_path,
        """
        run = begin(config={"lr": 0.5}, sinks=["tensorboard"])
        ready()
        n = 0
        while True:
            run.log({"loss": 1 / (n + 1), "n": n}, step=n)
            n += 1
            time.sleep(0.002)
        """,
    ).ready()
    training.go_on()
    folder = training.run / "tensorboard"
    seen: set[int] = set()
    for _ in range(2):
        pid = wait_for(lambda: newest_writer(folder, seen))
        seen.add(pid)
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: newest_writer(folder, seen))
    shown = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    shown.Reload()
    assert training.process.poll() is None
    assert len(shown.Scalars("loss")) > 100
    training.process.kill()
    training.process.communicate()
    wait_for(lambda: epochal.get_run(training.run).ending.proven)
    wait_for(lambda: not call("sinks", training.run, "--pending", "--json").json[0]["pending"])
    run = RunInfo("run", "test", "run", training.run, tmp_path)
    assert told(folder) == recorded(run)
    assert len(settings_in(folder)) == 1


def newest_writer(folder: Path, seen: set[int]) -> int | None:
    """Return the process that writes the newest event file, which its name tells, unless it was seen before."""
    files = event_files(folder)
    pid = int(files[-1].name.rsplit(".", 2)[1]) if files and files[-1].stat().st_size > 100 else None
    return None if pid in seen else pid


def wait_for(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := what()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found
