"""What the hparams plugin's messages say becomes config, state and group of a run; what is no such message, nothing."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.needs import need

need("tensorboard")

from google.protobuf.struct_pb2 import ListValue, Value  # noqa: E402
from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: E402
from tensorboard.plugins.hparams import api_pb2, metadata  # noqa: E402
from tensorboard.plugins.hparams import summary_v2 as hp  # noqa: E402
from tensorboard.plugins.hparams.plugin_data_pb2 import (  # noqa: E402
    HParamsPluginData,
    SessionEndInfo,
    SessionStartInfo,
)

from epochal.exchange.foreign import Ending  # noqa: E402
from epochal_tensorboard._chunks import Other  # noqa: E402
from epochal_tensorboard._event_file import EventFile  # noqa: E402
from epochal_tensorboard._hparams import Session, hear  # noqa: E402
from epochal_tensorboard._logdir import find_runs  # noqa: E402

from .corpus import CORPUS  # noqa: E402
from .log_folders import NAME, write  # noqa: E402


def value(**data: Any) -> Any:
    """Return a value with a message of the plugin: `experiment`, `session_start_info` or `session_end_info`."""
    return Summary.Value(tag="_hparams_/x", metadata=metadata.create_summary_metadata(HParamsPluginData(**data)))


def other(data: bytes) -> Other:
    return Other(0, 0, 0, 0.0, "value", "_hparams_/x", "hparams", data)


def heard(*values: Any, session: Session | None = None) -> Session:
    """Return a session that has heard these values."""
    session = Session() if session is None else session
    for each in values:
        assert hear(session, other(each.SerializeToString()))
    return session


def read(*files: Path) -> Session:
    """Return a session that has heard what event files say."""
    session = Session()
    for file in files:
        for chunk in EventFile(file).chunks():
            for each in chunk.others:
                if each.plugin == "hparams":
                    assert hear(session, each)
    return session


def start(**fields: Any) -> Any:
    hparams = fields.pop("hparams", {})
    info = SessionStartInfo(**fields)
    for name, each in hparams.items():
        info.hparams[name].CopyFrom(each)
    return value(session_start_info=info)


def end(status: int, seconds: float = 0.0) -> Any:
    return value(session_end_info=SessionEndInfo(status=status, end_time_secs=seconds))


def test_hyperparameters_become_the_config_with_their_types() -> None:
    hparams = {
        "batch": Value(number_value=32), "lr": Value(number_value=0.5), "amp": Value(bool_value=True),
        "optimizer": Value(string_value="adam"), "model/depth": Value(number_value=-3), "none": Value(null_value=0),
        "sizes": Value(list_value=ListValue(values=[Value(number_value=1), Value(string_value="x")])),
    }  # fmt: skip
    config = heard(start(hparams=hparams)).config
    assert config == {
        "batch": 32, "lr": 0.5, "amp": True, "optimizer": "adam", "model/depth": -3, "none": None, "sizes": [1, "x"],
    }  # fmt: skip
    assert type(config["batch"]) is int
    assert type(config["amp"]) is bool


@pytest.mark.parametrize("number", [-0.0, 1e300, math.inf, -math.inf, 2.0**53 + 2, 0.1])
def test_numbers_that_are_no_small_integers_stay_float64(number: float) -> None:
    (found,) = heard(start(hparams={"x": Value(number_value=number)})).config.values()
    assert type(found) is float
    assert math.copysign(1, found) == math.copysign(1, number)
    assert found == number


@pytest.mark.parametrize(
    ("status", "state"), [(api_pb2.STATUS_SUCCESS, "finished"), (api_pb2.STATUS_FAILURE, "failed"), (3, "lost")]
)
def test_the_sessions_status_becomes_the_state(status: int, state: str) -> None:
    ending = heard(start(), end(status, 1.7e9)).ending
    assert ending is not None
    assert (ending.state, ending.time) == (state, 1.7e9)


def test_a_status_that_nobody_knows_is_no_state() -> None:
    assert heard(end(api_pb2.STATUS_UNKNOWN, 1.7e9)).ending is None


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan, math.inf])
def test_a_time_that_is_none_is_left_out(seconds: float) -> None:
    assert heard(end(1, seconds)).ending == Ending("finished")
    assert heard(start(start_time_secs=seconds)).started is None


def test_a_session_that_begins_again_has_not_ended_and_adds_to_the_config() -> None:
    session = heard(start(hparams={"lr": Value(number_value=1), "a": Value(bool_value=False)}), end(1))
    heard(start(hparams={"lr": Value(number_value=2)}), session=session)
    assert session.ending is None
    assert session.config == {"lr": 2, "a": False}


def test_the_metrics_that_an_experiment_lists_are_defined_each_once() -> None:
    infos = [
        api_pb2.MetricInfo(name=api_pb2.MetricName(tag="acc")),
        api_pb2.MetricInfo(name=api_pb2.MetricName(tag="acc", group="validation")),
        api_pb2.MetricInfo(name=api_pb2.MetricName(tag="acc", group=".")),
    ]
    session = heard(*[value(experiment=api_pb2.Experiment(metric_infos=infos))] * 2)
    assert [definition["name"] for definition in session.definitions] == ["acc", "validation/acc"]


def test_a_session_can_be_kept_and_gone_on_with() -> None:
    session = heard(
        value(experiment=api_pb2.Experiment(metric_infos=[api_pb2.MetricInfo(name=api_pb2.MetricName(tag="acc"))])),
        start(hparams={"lr": Value(number_value=0.1)}, group_name="g", start_time_secs=1.0),
        end(2, 5.0),
    )
    assert Session.kept(json.loads(json.dumps(session.to_keep()))) == session
    assert Session.kept(None) == Session()


@given(st.binary(max_size=200))
def test_what_is_no_message_says_nothing(data: bytes) -> None:
    session = Session()
    hear(session, other(data))
    shown = Summary.Value(tag="x")
    shown.metadata.plugin_data.content = data
    hear(session, other(shown.SerializeToString()))


def test_messages_of_another_version_say_nothing() -> None:
    content = HParamsPluginData(version=7, session_start_info=SessionStartInfo(group_name="g"))
    shown = Summary.Value(tag="x")
    shown.metadata.plugin_data.content = content.SerializeToString()
    session = Session()
    assert not hear(session, other(shown.SerializeToString()))
    assert session == Session()


def test_without_tensorboard_the_problem_is_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.plugins.hparams.plugin_data_pb2", None)
    session = Session()
    assert hear(session, other(start().SerializeToString()))
    assert "pip install" in session.problem
    assert not hear(session, other(start().SerializeToString()))


@pytest.mark.parametrize("module", ["torch.utils.tensorboard", "tensorboardX"])
def test_what_add_hparams_writes_is_read(module: str, tmp_path: Path) -> None:
    need(module.partition(".")[0])
    writer = need(module).SummaryWriter(str(tmp_path))
    writer.add_hparams({"lr": 0.1, "bsize": 8, "name": "x", "amp": True}, {"hparam/accuracy": 0.5})
    writer.close()
    session = read(*(file for run in find_runs(tmp_path).runs for file in run.files))
    assert session.config == {"lr": 0.1, "bsize": 8, "name": "x", "amp": True}
    assert session.ending == Ending("finished")
    assert [definition["name"] for definition in session.definitions] == ["hparam/accuracy"]


def test_what_the_plugins_own_writer_writes_is_read(tmp_path: Path) -> None:
    units = hp.HParam("units", hp.IntInterval(1, 64))
    config = hp.hparams_config_pb([units], [hp.Metric("acc", group="validation")])
    session_start = hp.hparams_pb({units: 16, "dropout": 0.1}, trial_id="trial", start_time_secs=1.7e9)
    session = read(write(tmp_path / NAME, *config.value, *session_start.value))
    assert session.config == {"units": 16, "dropout": 0.1}
    assert session.started == 1.7e9
    assert session.group == "trial"
    assert session.ending is None
    assert [definition["name"] for definition in session.definitions] == ["validation/acc"]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the real event files are not here")
def test_of_real_files_all_sessions_are_read() -> None:
    index = json.loads((CORPUS / "index.json").read_text(encoding="utf-8"))
    tags = {
        file["file"]: [tag for tag in file["oracle"]["tags"] if tag.startswith("_hparams_/")] for file in index["files"]
    }
    known = {file: of for file, of in tags.items() if of}
    assert len(known) == 53
    for file, of in known.items():
        session = read(CORPUS / file)
        assert bool(session.config) == ("_hparams_/session_start_info" in of), file
        assert (session.ending == Ending("finished", None, session.ending and session.ending.time)) == (
            "_hparams_/session_end_info" in of
        ), file
        assert {type(each) for each in session.config.values()} <= {int, float, str, bool}
