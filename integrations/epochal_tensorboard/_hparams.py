"""What the hparams plugin's messages say of a run: its config, the metrics that count, and how its session ended."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from epochal.exchange.foreign import Ending

if TYPE_CHECKING:
    from ._chunks import Other

#: Of the plugin's messages; another one may mean anything.
_VERSION: Final = 0
_EXACT: Final = 1 << 53
_ABSENT: Final = "hparams: tensorboard is not installed — pip install 'epochal[tensorboard]', then import again"
#: tensorboard.hparams.Status
_ENDINGS: Final = {
    1: Ending("finished"),
    2: Ending("failed", "its hparams session says STATUS_FAILURE"),
    3: Ending("lost", "its hparams session says STATUS_RUNNING: nothing tells how it ended"),
}


@dataclass
class Session:
    """What was heard by now.

    Attributes:
        config: hyperparameter to number, bool, text, list or dict, under the names that stand in the messages.
        summary: nothing: the metrics' values are points like others.
        ending: how it ended; None while no message says so.
        definitions: of the metrics that the experiment lists, as `ForeignRun.definitions`.
        group: of the session; empty where it has none.
        started: when it began, seconds since the epoch; None while no message says so.
        problem: in words, why messages could not be read; empty where they could.
    """

    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    ending: Ending | None = None
    definitions: list[dict[str, Any]] = field(default_factory=list)
    group: str = ""
    started: float | None = None
    problem: str = ""

    @classmethod
    def kept(cls, fields: Any) -> Session:
        """Return what `to_keep` gave; a new session for anything else."""
        if not isinstance(fields, Mapping):
            return cls()
        ending = fields.get("ending")
        known = {name: fields[name] for name in ("config", "definitions", "group", "started") if name in fields}
        return cls(**known, ending=Ending(*ending) if isinstance(ending, (list, tuple)) else None)

    def to_keep(self) -> dict[str, Any]:
        """Return what a later import needs of it, as JSON-like data."""
        ending = None if self.ending is None else list(self.ending[:3])
        return {
            "config": self.config, "definitions": self.definitions, "group": self.group, "started": self.started,
            "ending": ending,
        }  # fmt: skip


def hear(session: Session, other: Other) -> bool:
    """Take what a value of the hparams plugin says; return whether it says anything.

    What is no such message, or one of another version, says nothing: it stays in the run as it is.
    """
    try:
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
    except ImportError:
        told, session.problem = session.problem, _ABSENT
        return not told
    try:
        content = Summary.Value.FromString(other.data).metadata.plugin_data.content
        message = HParamsPluginData.FromString(content)
    except Exception:  # whatever may stand in a damaged or hostile message
        return False
    kind = message.WhichOneof("data")
    if message.version != _VERSION or kind is None:
        return False
    if kind == "experiment":
        _hear_experiment(session, message.experiment)
    elif kind == "session_start_info":
        _hear_start(session, message.session_start_info)
    else:
        end = message.session_end_info
        ending = _ENDINGS.get(end.status)
        session.ending = None if ending is None else ending._replace(time=_time(end.end_time_secs))
    return True


def _hear_experiment(session: Session, experiment: Any) -> None:
    known = {definition["name"] for definition in session.definitions}
    for info in experiment.metric_infos:
        tag = info.name.tag
        # a group is the sub-folder whose run the metric is in
        name = tag if info.name.group in ("", ".") else f"{info.name.group}/{tag}"
        if tag and name not in known:
            known.add(name)
            session.definitions.append({"name": name, "step": None, "summary": None, "goal": None})


def _hear_start(session: Session, start: Any) -> None:
    session.config |= {name: _plain(start.hparams[name]) for name in sorted(start.hparams)}
    session.ending = None  # a session that began again has not ended
    session.group = start.group_name or session.group
    session.started = session.started or _time(start.start_time_secs)


def _plain(value: Any) -> Any:
    """Return a protobuf `Value` as a plain one; its numbers are float64, whole ones become int."""
    kind = value.WhichOneof("kind")
    if kind == "number_value":
        number = value.number_value
        whole = number.is_integer() and abs(number) <= _EXACT and (number or math.copysign(1, number) > 0)
        return int(number) if whole else number
    if kind == "list_value":
        return [_plain(each) for each in value.list_value.values]
    if kind == "struct_value":
        return {name: _plain(each) for name, each in sorted(value.struct_value.fields.items())}
    return getattr(value, kind) if kind in ("string_value", "bool_value") else None


def _time(seconds: float) -> float | None:
    return float(seconds) if math.isfinite(seconds) and seconds > 0 else None
