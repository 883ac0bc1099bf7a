"""Trainings of the Trainer in processes of their own: two that make one run, and one that is ended by a signal."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from epochal.testing.processes import environment
from epochal.testing.suite import only_run
from tests.needs import need

need("transformers")

from tests.integrations.transformers.test_tracker import two_processes  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


_TWO = """
import sys
from pathlib import Path
import epochal, epochal_transformers
from tests.integrations.transformers.tiny import Sentences, trainer

made = trainer(Path(sys.argv[1] if len(sys.argv) > 1 else {folder!r}), [], report_to="epochal", max_steps=2,
               save_strategy="steps", save_steps=2, eval_strategy="no")
made.train()
made.evaluate()
made.predict(Sentences(7, 8))
print("rank", made.args.process_index, "run", epochal.active_run())
"""


def test_two_processes_make_one_run(runs: Path, tmp_path: Path) -> None:
    outputs = two_processes(_TWO.format(folder=str(tmp_path)), tmp_path)
    assert "rank 1 run None" in outputs[1]
    assert "has no run id" not in outputs[1], "the other rank is to be left out quietly"
    run = only_run(runs)
    assert run.state == "finished"
    assert run.history("loss").steps.tolist() == [1, 2]
    assert {"eval_loss", "test_loss"} <= set(run.metrics)
    told = run.config["trainer"]
    assert (told["world_size"], told["total_batch_size"], told["strategy"]) == (2, 8, "ddp")
    assert [each.step for each in run.checkpoints()] == [2]


_ENDED = """
import os, signal
from pathlib import Path
from epochal_transformers import EpochalCallback
from tests.integrations.transformers.tiny import AtStep, trainer

def end(step):
    if step == 3:
        os.kill(os.getpid(), signal.SIGTERM)

trainer(Path({folder!r}), [EpochalCallback(), AtStep(end)]).train()
"""


def test_sigterm_ends_a_run_as_killed(runs: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ENDED.format(folder=str(tmp_path))],
        env=environment(),
        cwd=Path(__file__).parents[3],
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGTERM, done.stderr
    run = only_run(runs)
    assert run.state == "killed"
    assert run.history("loss").steps.tolist() == [1, 2]
