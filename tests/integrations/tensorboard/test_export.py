"""Runs that Epochal recorded, exported as event files: TensorBoard's own readers find all of it."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.errors import BadValueError, MissingDependencyError
from tests.core.cli_call import call
from tests.needs import need

need("tensorboard")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader  # noqa: E402
from tensorboard.context import RequestContext  # noqa: E402
from tensorboard.data import server_ingester as server  # noqa: E402
from tensorboard.plugins.hparams import api_pb2, plugin_data_pb2  # noqa: E402
from tensorboard.util.grpc_util import ChannelCredsType  # noqa: E402
from tensorboard.util.tensor_util import make_ndarray  # noqa: E402

from tests.integrations.tensorboard.event_messages import event_files, read_events  # noqa: E402

ALL = {"scalars": 0, "tensors": 0}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no companion: only what the training records counts."""
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


def a_run(name: str = "it", steps: int = 50, **more: Any) -> str:
    with epochal.init(
        "p", name=name, config={"lr": 0.5, "model": {"on": True, "kind": "cnn", "no": None}}, **more
    ) as run:
        for step in range(steps):
            run.log({"loss": 1 / (step + 1), "half": step / 2, "n": step, "odd": step % 2 == 1}, step=step)
        run.summary["best"] = 0.25
    return run.id


def export(runs: Any, out: Path, **options: Any) -> epochal.ExportReport:
    return epochal.export_runs(runs, out, format="tensorboard", **options)


def opened(folder: Path) -> EventAccumulator:
    found = EventAccumulator(str(folder), size_guidance=ALL)
    found.Reload()
    return found


def points(folder: Path, tag: str) -> list[tuple[int, float]]:
    return [(event.step, event.value) for event in opened(folder).Scalars(tag)]


def test_every_point_is_there_as_a_float_of_32_bits(tmp_path: Path) -> None:
    id = a_run()
    done = export(id, tmp_path / "out")
    run = epochal.get_run(id)
    for name in ("loss", "half", "n", "odd"):
        history = run.history(name)
        values = history.values.astype(np.float32).astype(float).tolist()
        assert points(tmp_path / "out" / "it", name) == list(zip(history.steps.tolist(), values, strict=True))
    times = [event.wall_time for event in opened(tmp_path / "out" / "it").Scalars("loss")]
    assert times == run.history("loss").times.tolist()
    assert done.points == 200
    assert "loss" in done.left_out[0] and "precision=exact" in done.left_out[0] and "half" not in done.left_out[0]


def test_nothing_of_a_number_is_lost_where_that_is_asked_for(tmp_path: Path) -> None:
    with epochal.init("p", name="it") as run:
        for step in range(5):
            run.log({"pi": math.pi + step, "big": 2**60 + step, "half": 0.5, "on": True}, step=step)
    assert export(run.id, tmp_path / "out", options={"precision": "exact"}).left_out == ()
    found = opened(tmp_path / "out" / "it")
    tensors = {
        tag: [make_ndarray(event.tensor_proto).item() for event in found.Tensors(tag)] for tag in ("pi", "big", "on")
    }
    assert tensors == {"pi": [math.pi + n for n in range(5)], "big": [2**60 + n for n in range(5)], "on": [True] * 5}
    assert [event.value for event in found.Scalars("half")] == [0.5] * 5


def test_numbers_that_are_none_and_that_32_bits_cannot_reach_are_there(tmp_path: Path) -> None:
    odd = [math.nan, math.inf, -math.inf, -0.0, 1e300, 1e-300, 5e-324, -(2**63)]
    with epochal.init("p", name="it") as run:
        for step, value in enumerate(odd):
            run.log({"x": value}, step=step - 3)
    export(run.id, tmp_path / "out")
    found = [value for _, value in points(tmp_path / "out" / "it", "x")]
    assert math.isnan(found[0])
    assert found[1:] == [math.inf, -math.inf, -0.0, math.inf, 0.0, 0.0, -float(2**63)]
    assert [step for step, _ in points(tmp_path / "out" / "it", "x")] == list(range(-3, 5))


def test_the_loader_that_turns_everything_into_tensors_finds_as_much(tmp_path: Path) -> None:
    export(a_run(), tmp_path / "out")
    (path,) = event_files(tmp_path / "out")
    tags = [value.tag for event in EventFileLoader(str(path)).Load() for value in event.summary.value]
    assert {tag: tags.count(tag) for tag in ("loss", "half", "n", "odd")} == dict.fromkeys(
        ("loss", "half", "n", "odd"), 50
    )


def test_config_results_and_state_are_those_of_the_hparams_plugin(tmp_path: Path) -> None:
    export(a_run(), tmp_path / "out")
    metadata = {
        value.tag: plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)
        for path in event_files(tmp_path / "out") for event in read_events(path) for value in event.summary.value
        if value.metadata.plugin_data.plugin_name == "hparams"
    }  # fmt: skip
    start = metadata["_hparams_/session_start_info"].session_start_info
    values = {name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}
    assert values == {"lr": 0.5, "model/on": True, "model/kind": "cnn"}
    assert metadata["_hparams_/session_end_info"].session_end_info.status == api_pb2.STATUS_SUCCESS
    metrics = {info.name.tag for info in metadata["_hparams_/experiment"].experiment.metric_infos}
    assert metrics >= {"loss", "best"}
    assert points(tmp_path / "out" / "it", "best") == [(49, 0.25)]


def test_texts_and_media_are_there(tmp_path: Path) -> None:
    with epochal.init("p", name="it") as run:
        run.log({"says": "**hello**", "img": epochal.Image(np.zeros((24, 24, 3), np.uint8))}, step=4)
        run.log({"spread": epochal.Histogram(np.arange(100.0))}, step=5)
    assert export(run.id, tmp_path / "out").left_out == ()
    found = opened(tmp_path / "out" / "it")
    plugins = {tag: found.SummaryMetadata(tag).plugin_data.plugin_name for tag in ("says", "img", "spread")}
    assert plugins == {"says": "text", "img": "images", "spread": "histograms"}
    assert make_ndarray(found.Tensors("says")[0].tensor_proto).item() == b"**hello**"
    assert [event.step for event in found.Tensors("img")] == [4]


def test_what_a_resume_has_hidden_is_there_where_it_is_asked_for(tmp_path: Path) -> None:
    with epochal.init("p", name="it", id="it") as run:
        for step in range(10):
            run.log({"x": float(step)}, step=step)
            if step == 4:
                position = run.position()
    with epochal.init("p", id="it", resume="must", position=position) as run:
        for step in range(5, 12):
            run.log({"x": 100.0 + step}, step=step)
    export("it", tmp_path / "seen")
    export("it", tmp_path / "all", abandoned=True)
    expected = [(step, float(step) if step < 5 else 100.0 + step) for step in range(12)]
    assert points(tmp_path / "seen" / "it", "x") == points(tmp_path / "all" / "it", "x") == expected
    values = [value.tag for event in read_events(event_files(tmp_path / "all")[0]) for value in event.summary.value]
    assert values.count("x") == 17


def test_each_rank_has_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in range(2):
        monkeypatch.setenv("RANK", str(rank))
        with epochal.init("p", name="it", id="it") as run:
            run.log({"x": float(rank)}, step=1)
    export("it", tmp_path / "out")
    assert points(tmp_path / "out" / "it", "x") == [(1, 0.0)]
    assert points(tmp_path / "out" / "it" / "rank1", "x") == [(1, 1.0)]


def test_runs_of_one_name_have_folders_of_their_own(tmp_path: Path) -> None:
    runs = [a_run("../same/..", 3), a_run("../same/..", 4), a_run("..", 5)]
    export(runs, tmp_path / "out")
    folders = {path.parent.relative_to(tmp_path / "out").as_posix() for path in event_files(tmp_path / "out")}
    assert folders == {"same", "same-2", runs[2]}


def test_the_command_writes_them_and_says_what_it_cannot_do(tmp_path: Path) -> None:
    id = a_run(steps=3)
    call("export", "tensorboard", id, tmp_path / "out")
    assert len(event_files(tmp_path / "out")) == 1
    with pytest.raises(BadValueError, match="float32, exact"):
        export(id, tmp_path / "again", options={"precision": "half"})
    assert not (tmp_path / "again").exists()


def test_without_tensorboard_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    id = a_run(steps=3)
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'epochal\[tensorboard\]'"):
        export(id, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # TensorBoard leaves its server to itself
def test_the_data_server_finds_every_metric(tmp_path: Path) -> None:
    try:
        binary = server.get_server_binary()
    except server.NoDataServerError as absent:
        pytest.skip(str(absent))
    credentials = ChannelCredsType.LOCAL

    export(a_run("a/b", 80), tmp_path / "out")
    ingester = server.SubprocessServerDataIngester(
        server_binary=binary, logdir=str(tmp_path / "out"), reload_interval=0, channel_creds_type=credentials,
        samples_per_plugin={"scalars": 1000},
    )  # fmt: skip
    ingester.start()
    found = ingester.data_provider.read_scalars(
        RequestContext(), experiment_id="", plugin_name="scalars", downsample=1000
    )
    ingester._stdin_handle.close()  # its server goes by that
    counts = {tag: len(series) for tag, series in found["a/b"].items()}
    assert counts == {"loss": 80, "half": 80, "n": 80, "odd": 80, "best": 1}
