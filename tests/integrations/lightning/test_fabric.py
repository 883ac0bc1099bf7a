"""The logger in Fabric: `Fabric(loggers=EpochalLogger())`."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from epochal.testing.processes import environment, run_python
from epochal.testing.suite import only_run
from tests.needs import need

need("lightning")

import torch  # noqa: E402

from epochal_lightning import EpochalLogger  # noqa: E402
from tests.integrations.lightning.tiny import L  # noqa: E402

F = import_module("lightning.fabric" if L.__name__ == "lightning.pytorch" else "lightning_fabric")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def fabric(logger: Any) -> Any:
    return F.Fabric(accelerator="cpu", devices=1, loggers=logger)


def test_it_records_what_fabric_logs_with_and_without_a_step(runs: Path) -> None:
    made = fabric(EpochalLogger())
    assert not runs.exists()
    made.log("a", torch.tensor(1.5))
    made.log_dict({"a": 2.5, "b": 1})
    made.log("a", 3.5, step=9)
    made.logger.log_hyperparams({"lr": 0.1})
    run = only_run(runs)
    assert run.history("a").steps.tolist() == [0, 1, 9]
    assert run.history("a").values.tolist() == [1.5, 2.5, 3.5]
    assert run.config["lr"] == 0.1


def test_it_is_a_logger_of_every_namespace_that_is_loaded() -> None:
    logger = EpochalLogger()
    for name in ("lightning.fabric", "lightning_fabric", "lightning.pytorch", "pytorch_lightning"):
        loaded = sys.modules.get(f"{name}.loggers")
        assert loaded is None or isinstance(logger, loaded.Logger), name


def test_the_run_goes_on_from_what_fabric_saved(runs: Path, tmp_path: Path) -> None:
    first = fabric(EpochalLogger())
    for step in range(3):
        first.log("loss", float(step), step=step)
    kept = first.logger.state_dict() if L.__version__.startswith("2.0.") else first.logger
    first.save(str(tmp_path / "state.ckpt"), {"step": 3, "logger": kept})
    first.log("loss", 33.0, step=3)
    first.log("loss", 44.0, step=4)
    first.logger.finish()
    second = fabric(EpochalLogger())
    state: dict[str, Any] = {"step": 0, "logger": second.logger}
    if L.__version__.startswith("2.0."):  # its Fabric asks modules and optimizers alone for their state
        state = second.load(str(tmp_path / "state.ckpt"))
        second.logger.load_state_dict(state["logger"])
    else:
        second.load(str(tmp_path / "state.ckpt"), state)
    assert state["step"] == 3
    second.log("loss", 3.0)
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == [0, 1, 2, 3]
    assert run.history("loss").values.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert len(run.history("loss", abandoned=True, duplicates=True)) == 6


def test_an_exception_of_the_script_fails_the_run(runs: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        f"from {F.__name__} import Fabric\nfrom epochal_lightning import EpochalLogger\n"
        "made = Fabric(accelerator='cpu', devices=1, loggers=EpochalLogger())\nmade.log('a', 1)\n1 / 0\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert only_run(runs).state == "failed"


_TWO = """
import sys
from epochal_lightning import EpochalLogger
from {fabric} import Fabric

def train(fabric, *_):
    for step in range(3):
        fabric.log("loss", float(step + 10 * fabric.global_rank), step=step)
    both = int(fabric.all_reduce(fabric.global_rank + 1, reduce_op="sum"))
    sys.stdout.write(f"rank {{fabric.global_rank}} of {{fabric.world_size}} sum {{both}}\\n")
    fabric.barrier()
    if "{strategy}" != "ddp":  # this process was forked: it runs no exit handlers
        fabric.logger.finish()

if __name__ == "__main__":
    logger = EpochalLogger()
    fabric = Fabric(accelerator="cpu", devices=2, strategy="{strategy}", loggers=logger)
    fabric.launch(train) if "{strategy}" != "ddp" else train(fabric.launch() or fabric)
"""


@pytest.mark.parametrize("strategy", ["ddp", "ddp_fork"])
def test_two_processes_of_fabric_make_one_run(strategy: str, runs: Path, tmp_path: Path) -> None:
    script = tmp_path / "two.py"
    script.write_text(_TWO.format(fabric=F.__name__, strategy=strategy), encoding="utf-8")
    said = run_python(str(script))
    assert "rank 0 of 2 sum 3" in said
    run = only_run(runs)
    assert run.state == "finished"
    assert run.history("loss").values.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.skipif(L.__name__ != "pytorch_lightning", reason="`lightning` always imports its Trainer too")
def test_fabric_alone_needs_no_trainer() -> None:
    code = (
        "import sys, lightning_fabric; from epochal_lightning import EpochalLogger; "
        "print(isinstance(EpochalLogger(), lightning_fabric.loggers.Logger), 'pytorch_lightning' in sys.modules)"
    )
    assert run_python("-W", "ignore", "-c", code).splitlines()[-1] == "True False"
