"""`epochal import tensorboard --follow` as a process of its own, and what of a training can be seen meanwhile."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import epochal
from epochal.recorded import RecordedRun

if TYPE_CHECKING:
    from typing_extensions import Self

#: Nothing here takes this long unless it hangs, in seconds. How soon points are seen is a benchmark's affair.
PATIENCE_S = 60.0

#: Step, wall time and value of each point.
Points = list[tuple[int, float, float]]


class Followed:
    """A log folder that is followed, and the runs that come of it."""

    def __init__(self, logdir: Path, root: Path, *options: str) -> None:
        """Start to follow.

        Args:
            logdir: the log folder.
            root: the runs folder.
            options: further words for the command line.
        """
        self.logdir, self.root = logdir, root
        words = ["import", "tensorboard", str(logdir), "--dir", str(root), "--project", "p", "--follow", "--json"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "epochal", *words, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def runs(self) -> dict[str, RecordedRun]:
        """Return the runs that are there now, by name."""
        return {run.name: run for run in epochal.runs(dir=self.root)} if self.root.exists() else {}

    def points(self, run: str, tag: str) -> Points:
        """Return what is shown of a tag's points now; empty where there is none."""
        found = self.runs().get(run)
        return points_of(found, tag) if found is not None and tag in found.metrics else []

    def wait_for(self, what: Callable[[], Any]) -> None:
        """Wait until something holds.

        Raises:
            AssertionError: it did not come to hold in `PATIENCE_S`, or the process has ended.
        """
        deadline = time.monotonic() + PATIENCE_S
        while not what():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.05)

    def wait_for_step(self, run: str, tag: str, step: int) -> None:
        """Wait until a tag's points reach a step."""
        self.wait_for(lambda: [point for point in self.points(run, tag) if point[0] >= step])

    def end(self, number: int = signal.SIGINT) -> dict[str, Any]:
        """Interrupt it as Ctrl-C does, and return its report."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 0, (out, err)
        assert "Traceback" not in err
        report = json.loads(out)
        assert not report["skipped"]
        return dict(report)


def points_of(run: RecordedRun, tag: str, **options: Any) -> Points:
    """Return a metric's points, all of each step."""
    history = run.history(tag, duplicates=True, **options)
    return list(zip(history.steps.tolist(), history.times.tolist(), history.values.tolist(), strict=True))


def accumulated(folder: Path, tag: str) -> Points:
    """Return what TensorBoard shows of a tag, by step."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    if tag in events.Tags()["scalars"]:
        found = [(event.step, event.wall_time, event.value) for event in events.Scalars(tag)]
    else:
        found = [
            (event.step, event.wall_time, make_ndarray(event.tensor_proto).item()) for event in events.Tensors(tag)
        ]
    return sorted(found, key=lambda point: point[0])
