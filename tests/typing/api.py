"""What a user writes, to be checked by the user's type checker: it is never run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

import epochal
from epochal import History, RecordedRun, Run, Runs

run: Run = epochal.init("project", name="a name", config={"lr": 0.1}, tags=["a"], resume="allow", dir="runs")
with run as same:
    same.log({"loss": 0.5, "acc": np.float32(0.5), "nested": {"deep": 1}})
    same.log({"loss": 1}, step=3, time=1.5)
    picture = epochal.Image(np.zeros((4, 4)), caption="zeros", boxes=[epochal.Box(0, 0, 1, 1, label="a")])
    same.log({"x": picture, "more": [picture, epochal.Histogram([1, 2]), epochal.Table({"a": [1]})]})
    same.extend({"loss": np.zeros(3)}, steps=np.arange(3))
    same.config["lr"] = 0.2
    same.config.update({"a": 1})
    same.summary["best"] = 0.9
    same.define_metric("val/*", step="epoch", summary="min")
    position = same.position()
    same.rewind(3)
    run_id: str = same.id
    same.finish(0)
epochal.log({"loss": 1.0})
epochal.finish()

recorded: RecordedRun = epochal.get_run(run_id, dir="runs")
history: History = recorded.history("loss", samples=100)
steps: npt.NDArray[np.int64] = history.steps
times: npt.NDArray[np.float64] = history.times
state: str = recorded.state
media_names: list[str] = recorded.media_keys
captions: list[str | None] = [item.caption for entry in recorded.media("x") for item in entry.items]
found: Runs = epochal.runs("runs", project="project", where="config.lr > 0.1", sort="-started")
names: list[str] = [one.name for one in found]
smoothed: npt.NDArray[np.float64] = epochal.smooth(history.values, 0.6)
digest: str = epochal.fingerprint(np.zeros(3))["sha256"]
comparison: epochal.Comparison = epochal.compare(recorded, "another", dir="runs", metrics=["loss"])
differing: list[str] = [row.key for row in comparison.config if not row.same]
group: epochal.Group = found.group_by("config.model", "group")["a", None]
mean: float = group.stats("loss").mean
curves: epochal.GroupHistory = group.history("loss", x="epoch", grid=100)
means: npt.NDArray[np.float64] = curves.mean
