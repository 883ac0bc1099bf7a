"""Plays the trainings one after the other; how far each one is, is read from its journal while it writes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from ..errors import EpochalError
from ..layout import run_folder
from ..names import new_run_id
from ..recorded import RecordedRun
from .trainings import Training

PROJECT = "demo"


class TrainingFailedError(EpochalError):
    """A training of the demo ended by itself with an error; the message ends with its last lines of output."""


@dataclass(frozen=True)
class Killed:
    """What there was to see of a training right after SIGKILL.

    Attributes:
        acknowledged: the steps whose `log` had returned, as the training said through a file of its own.
        recorded: the steps that were read back.
        state: the run's state as Epochal sees it.
    """

    acknowledged: set[int]
    recorded: set[int]
    state: str


class Stage:
    """Where the trainings play: the runs folder, a scratch folder, and a progress display."""

    def __init__(self, root: Path, scratch: Path, progress: Progress) -> None:
        self.root = root
        self.scratch = scratch
        self.group = f"demo {time.strftime('%Y-%m-%d %H:%M:%S')}"
        self._progress = progress

    def play(self, training: Training) -> RecordedRun:
        """Run a training to its end and return its record.

        Raises:
            TrainingFailedError: it ended with an error.
        """
        task = self._progress.add_task(training.title, total=training.steps, note="starting")
        return self._play(training, new_run_id(), task)

    def play_killed(self, training: Training, *, at: float) -> tuple[RecordedRun, Killed]:
        """Run a training, kill it with SIGKILL when the share `at` of its steps is done, and start it once more.

        Raises:
            TrainingFailedError: it ended with an error.
        """
        run_id = new_run_id()
        task = self._progress.add_task(training.title, total=training.steps, note="starting")
        process, output = self._start(training, run_id)
        with _ended(process):
            while process.poll() is None and max(_logged(output), default=-1) < at * training.steps:
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
        if process.returncode != -signal.SIGKILL:
            raise _failure(training, process.returncode, output)
        record = RecordedRun(run_folder(self.root, PROJECT, run_id))
        steps = {int(step) for step in record.history(training.metric).steps}
        killed = Killed(_logged(output), steps, record.state)
        self._progress.update(task, completed=max(steps, default=0), note="[red]killed[/red]")
        return self._play(training, run_id, task, note="resumed, "), killed

    def _play(self, training: Training, run_id: str, task: TaskID, note: str = "") -> RecordedRun:
        process, output = self._start(training, run_id)
        with _ended(process):
            while process.poll() is None:
                self._show(training, run_id, task, note)
                time.sleep(0.2)
        if process.returncode:
            self._progress.update(task, note="[red]failed[/red]")
            raise _failure(training, process.returncode, output)
        self._progress.update(task, completed=training.steps, note=note + "done")
        return RecordedRun(run_folder(self.root, PROJECT, run_id))

    def _show(self, training: Training, run_id: str, task: TaskID, note: str) -> None:
        """Look at the run that is being written."""
        try:
            history = RecordedRun(run_folder(self.root, PROJECT, run_id)).history(training.metric)
        except (EpochalError, OSError, KeyError):  # it has written nothing yet
            return
        if len(history.steps):
            text = f"{note}{training.metric} {history.values[-1]:.3f}"
            self._progress.update(task, completed=int(history.steps[-1]), note=text)

    def _start(self, training: Training, run_id: str) -> tuple[subprocess.Popen[bytes], Path]:
        command = [sys.executable, "-m", f"epochal.demo.{training.module}", "--id", run_id, "--name", training.name]
        command += ["--group", self.group, "--steps", str(training.steps), *training.arguments]
        variables = {
            "OMP_NUM_THREADS": "1",  # small models on a busy machine: threads that wait for one another cost most
            **os.environ,
            **training.variables,
            "EPOCHAL_DIR": str(self.root),
            "EPOCHAL_MODE": "offline",
            "EPOCHAL_QUIET": "1",
            "HF_HUB_OFFLINE": "1",
        }
        output = self.scratch / f"{run_id}-{time.monotonic_ns()}.txt"
        with open(output, "wb") as file:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=self.scratch,
                env=variables,
            )
        return process, output


def progress_display(console: Console) -> Progress:
    """Return a display with a line for each training: how far, what was logged last, and for how long."""
    return Progress(
        SpinnerColumn(finished_text="[green]✓[/green]"),
        TextColumn("{task.description:<22}"),
        BarColumn(bar_width=28),
        TextColumn("{task.completed:>4.0f}/{task.total:.0f} steps"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
    )


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Make sure that a training does not outlive its place on the stage, by Ctrl-C for one."""
    try:
        yield
    except BaseException:
        process.kill()
        raise
    finally:
        process.wait()


def _logged(output: Path) -> set[int]:
    """Return the steps that a training says it has logged: whole lines that are numbers."""
    return {int(line) for line in output.read_bytes().split(b"\n")[:-1] if line.isdigit()}


def _failure(training: Training, code: int, output: Path) -> TrainingFailedError:
    lines = output.read_text(errors="replace").splitlines()
    last = "\n".join(line for line in lines[-25:] if not line.isdigit())
    return TrainingFailedError(f"{training.title} ended with exit code {code}; its last lines:\n{last}")
