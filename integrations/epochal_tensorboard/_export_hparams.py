"""Config, results and state of a run as the messages of TensorBoard's hparams plugin."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

#: Tags under which the plugin looks for its messages (tensorboard/plugins/hparams/metadata.py).
EXPERIMENT: Final = "_hparams_/experiment"
START: Final = "_hparams_/session_start_info"
END: Final = "_hparams_/session_end_info"
#: What a run's state is to the plugin: SUCCESS, FAILURE, RUNNING.
_STATUS: Final = {"finished": 1, "running": 3}
_FAILURE: Final = 2
#: Settings of one run that the plugin is given, at most: it makes a column of each.
_MOST: Final = 1000
_LONGEST: Final = 1000
_EXACT: Final = 1 << 53


def flat(config: Mapping[str, Any]) -> dict[str, bool | float | str]:
    """Return a config with one name for each setting, its groups joined with `/`; lists become JSON texts."""
    found: dict[str, bool | float | str] = {}
    for name, value in _leaves(config, ""):
        if len(found) >= _MOST:
            break
        if value is None:
            continue
        if isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) <= _EXACT):
            found[name] = value
        elif isinstance(value, str):
            found[name] = value[:_LONGEST]
        else:
            found[name] = json.dumps(value, default=str, ensure_ascii=False)[:_LONGEST]
    return found


def _leaves(value: Mapping[str, Any], above: str) -> Iterable[tuple[str, Any]]:
    for key, each in value.items():
        name = f"{above}{key}".encode("utf-8", "backslashreplace").decode()
        if isinstance(each, Mapping):
            yield from _leaves(each, f"{name}/")
        else:
            yield name, each


def start(settings: Mapping[str, bool | float | str], started: float | None) -> bytes:
    """Return the Summary.Value that says with which settings a run was started."""
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionStartInfo

    info = SessionStartInfo(start_time_secs=started or 0.0)
    for name, value in settings.items():
        _set(info.hparams[name], value)
    return _value(START, HParamsPluginData(session_start_info=info, version=0))


def end(state: str, ended: float | None) -> bytes:
    """Return the Summary.Value that says how a run ended."""
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo

    info = SessionEndInfo(status=_STATUS.get(state, _FAILURE), end_time_secs=ended or 0.0)
    return _value(END, HParamsPluginData(session_end_info=info, version=0))


def experiment(settings: Mapping[str, bool | float | str], metrics: Sequence[str], started: float | None) -> bytes:
    """Return the Summary.Value that lists which settings and which metrics the plugin shows."""
    from tensorboard.plugins.hparams import api_pb2
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    names = [name.encode("utf-8", "backslashreplace").decode() for name in metrics]
    told = api_pb2.Experiment(
        hparam_infos=[api_pb2.HParamInfo(name=name, type=_type(value)) for name, value in settings.items()],
        metric_infos=[api_pb2.MetricInfo(name=api_pb2.MetricName(tag=name)) for name in names],
        time_created_secs=started or 0.0,
    )
    return _value(EXPERIMENT, HParamsPluginData(experiment=told, version=0))


def _type(value: object) -> int:
    from tensorboard.plugins.hparams import api_pb2

    if isinstance(value, bool):
        return int(api_pb2.DATA_TYPE_BOOL)
    return int(api_pb2.DATA_TYPE_STRING if isinstance(value, str) else api_pb2.DATA_TYPE_FLOAT64)


def _set(place: Any, value: bool | float | str) -> None:
    if isinstance(value, bool):
        place.bool_value = value
    elif isinstance(value, str):
        place.string_value = value.encode("utf-8", "backslashreplace").decode()
    else:
        place.number_value = value


def _value(tag: str, content: Any) -> bytes:
    from tensorboard.compat.proto.summary_pb2 import DATA_CLASS_TENSOR, Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto

    # the plugin reads the metadata alone; a tensor with nothing in it is what TensorFlow's writer puts beside them
    tensor = TensorProto(dtype=1)
    tensor.tensor_shape.dim.add(size=0)
    metadata = SummaryMetadata(
        plugin_data=SummaryMetadata.PluginData(
            plugin_name="hparams", content=content.SerializeToString(deterministic=True)
        ),
        data_class=DATA_CLASS_TENSOR,
    )
    # settings are a map: only sorted are the bytes those of another process too
    return bytes(Summary.Value(tag=tag, metadata=metadata, tensor=tensor).SerializeToString(deterministic=True))
