"""The logger in Lightning's two namespaces, and in trainings of several processes."""

from __future__ import annotations

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
from tests.integrations.lightning.tiny import L, Tiny, loader, trainer  # noqa: E402


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def test_a_trainer_of_the_other_namespace_takes_it_too(runs: Path) -> None:
    other = need("pytorch_lightning")
    import epochal_lightning

    logger = epochal_lightning.EpochalLogger()
    assert isinstance(logger, L.loggers.Logger)
    assert isinstance(logger, other.loggers.Logger)

    class Other(other.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(4, 2)

        training_step, loss = Tiny.training_step, Tiny.loss

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters())

    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "log_every_n_steps": 1}
    fit = other.Trainer(logger=logger, max_epochs=1, accelerator="cpu", devices=1, **quiet)
    fit.fit(Other(), loader())
    run = only_run(runs)
    assert run.history("train_loss_step").steps.tolist() == [0, 1, 2, 3]
    assert list(run.config["environment"]) == ["pytorch_lightning", "torch"]


_DDP = """
import sys
from epochal_lightning import EpochalLogger
print("imported first:", [name for name in ("lightning.pytorch", "pytorch_lightning") if name in sys.modules])
from tests.integrations.lightning.tiny import Tiny, loader, trainer

if __name__ == "__main__":
    logger = EpochalLogger()
    fit = trainer(logger, strategy="ddp", devices=2, max_epochs=2)
    fit.fit(Tiny(), loader(), loader(9))
    fit.test(fit.lightning_module, loader(8), verbose=False)
    print("rank", fit.global_rank, "folder", logger.save_dir)
"""


def test_two_processes_of_ddp_make_one_run(runs: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(_DDP, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script], env=environment(), capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "has no run id" not in done.stderr, "the other rank is to be left out quietly"
    assert "rank 1 folder None" in done.stdout
    assert f"imported first: {[L.__name__]}" in done.stdout, "importing both namespaces takes seconds"
    run = only_run(runs)
    assert run.state == "finished"
    assert run.history("train_loss_step").steps.tolist() == [0, 1, 2, 3]
    assert run.config["trainer"]["world_size"] == 2
    assert "test_loss" in run.metrics


def test_two_spawned_processes_make_one_run_that_goes_on_here(runs: Path) -> None:
    logger = EpochalLogger()
    trainer(logger, strategy="ddp_spawn", devices=2, max_epochs=2).fit(Tiny(), loader())
    run = only_run(runs)
    assert run.state == "finished"
    assert run.history("train_loss_step").steps.tolist() == [0, 1, 2, 3]
    trainer(logger).test(Tiny(), loader(8), verbose=False)
    run = only_run(runs)
    assert "test_loss" in run.metrics
    assert "test" in run.datasets
