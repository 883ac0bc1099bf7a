"""How trainings end, and what state that leaves the run in."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from epochal.testing.processes import environment
from epochal.testing.suite import only_run
from tests.needs import need

need("lightning")

import torch  # noqa: E402

from epochal_lightning import EpochalLogger  # noqa: E402
from tests.integrations.lightning.tiny import SWALLOWS_CTRL_C, AtStep, Tiny, loader, trainer  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


@pytest.fixture(autouse=True)
def ctrl_c() -> Any:
    """Give Ctrl-C back what it does: Lightning ignores it from the first one on."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_interrupts_the_run_also_where_lightning_swallows_it(runs: Path) -> None:
    fit = trainer(EpochalLogger(), callbacks=[AtStep(lambda step: os.kill(os.getpid(), signal.SIGINT))])
    with contextlib.nullcontext() if SWALLOWS_CTRL_C else pytest.raises(SystemExit):
        fit.fit(Tiny(), loader())
    assert only_run(runs).state == "interrupted"


def test_an_exception_in_a_data_loader_fails_the_run(runs: Path) -> None:
    class Broken(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return 8

        def __getitem__(self, at: int) -> Any:
            if at == 5:
                raise OSError("meant to be unreadable")
            return torch.ones(4), torch.tensor(1)

    with pytest.raises(OSError, match="unreadable"):
        trainer(EpochalLogger()).fit(Tiny(), torch.utils.data.DataLoader(Broken(), batch_size=2))
    run = only_run(runs)
    assert run.state == "failed"
    assert run.history("train_loss_step").steps.tolist() == [0, 1]


def test_a_training_that_stops_itself_has_finished(runs: Path) -> None:
    class Stops(Tiny):
        def training_step(self, batch: Any, at: int) -> Any:
            self.trainer.should_stop = self.global_step == 5
            return super().training_step(batch, at)

    logger = EpochalLogger()
    trainer(logger, min_epochs=0).fit(Stops(), loader())
    logger.finish()
    run = only_run(runs)
    assert run.state == "finished"
    assert run.history("train_loss_step").steps.tolist() == list(range(6))


def test_a_training_that_slurm_will_start_again_goes_on_until_it_is_killed(runs: Path) -> None:
    def requeue(step: int) -> None:
        if step == 6:
            logger.finalize("finished")  # as Lightning's handler of SLURM's signal does

    logger = EpochalLogger()
    trainer(logger, callbacks=[AtStep(requeue)]).fit(Tiny(), loader())
    assert only_run(runs).history("train_loss_step").steps.tolist() == list(range(12))
    assert only_run(runs).state == "running"


_FAILS = """
import sys
from epochal_lightning import EpochalLogger
from tests.integrations.lightning.tiny import AtStep, Tiny, loader, trainer

def fail(step):
    if step == 2 and fit.global_rank == int(sys.argv[1]):
        raise ValueError("meant to fail")

if __name__ == "__main__":
    fit = trainer(EpochalLogger(), strategy="ddp", devices=2, callbacks=[AtStep(fail)])
    fit.fit(Tiny(), loader())
"""


@pytest.mark.parametrize("rank", [0, 1])
def test_a_failure_of_either_process_of_ddp_fails_the_one_run(rank: int, runs: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(_FAILS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script, str(rank)],
        env=environment(), capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode != 0
    assert "meant to fail" in done.stderr
    assert only_run(runs).state == "failed"
