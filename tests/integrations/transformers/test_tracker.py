"""`EpochalTracker`: loops of accelerate, by instance and by name, with their checkpoints, in one process and in two."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.testing.processes import environment, run_python
from epochal.testing.suite import only_run
from tests.needs import need

need("accelerate")

import torch  # noqa: E402
from accelerate import Accelerator, tracking  # noqa: E402

import epochal_transformers  # noqa: E402
from epochal_transformers import EpochalTracker  # noqa: E402

by_name = pytest.mark.skipif(
    not hasattr(tracking, "register_tracker_class"), reason="this accelerate takes no names of others"
)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


@pytest.fixture(autouse=True)
def cpu() -> Iterator[None]:
    yield
    gc.collect()


def loop(accelerator: Accelerator, steps: range, *, save_at: int | None = None, folder: Path | None = None) -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1)
    data = torch.utils.data.TensorDataset(torch.arange(16.0).reshape(8, 2))
    model, optimizer, loader = accelerator.prepare(
        model, torch.optim.SGD(model.parameters(), 0.01), torch.utils.data.DataLoader(data, batch_size=4)
    )
    (batch,) = next(iter(loader))
    for step in steps:
        loss = model(batch).mean()
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        accelerator.log({"loss": loss.detach(), "step_squared": step**2}, step=step)
        if step == save_at:
            accelerator.save_state(str(folder))


def test_a_loop_is_recorded_and_described(runs: Path) -> None:
    accelerator = Accelerator(log_with=EpochalTracker(name="loop", tags=["mine"]), cpu=True)
    accelerator.init_trackers("the project", config={"lr": 0.01})
    assert not runs.exists()
    loop(accelerator, range(3))
    assert accelerator.get_tracker("epochal", unwrap=True).name == "loop"
    accelerator.end_training()
    run = only_run(runs)
    assert (run.project, run.name, run.state, run.tags) == ("the project", "loop", "finished", ("mine",))
    assert run.history("loss").steps.tolist() == [0, 1, 2]
    assert run.history("step_squared").values.tolist() == [0, 1, 4]
    assert run.config["lr"] == 0.01
    assert run.config["model"]["parameters"] == 3
    assert run.config["optimizer"]["learning_rate"] == 0.01
    told = run.config["trainer"]
    assert (told["framework"], told["world_size"], told["strategy"]) == ("accelerate", 1, "single_device")
    assert run.datasets["dataloader/0"]["rows"] == 8


@by_name
def test_a_name_is_enough(runs: Path, tmp_path: Path) -> None:
    accelerator = Accelerator(log_with="epochal", cpu=True)
    accelerator.init_trackers("p", config={"a": 1}, init_kwargs={"epochal": {"name": "named", "group": "g"}})
    accelerator.log({"loss": 1.0}, step=3)
    accelerator.end_training()
    run = only_run(runs)
    assert (run.project, run.name, run.group, run.config["a"]) == ("p", "named", "g", 1)
    assert run.history("loss").steps.tolist() == [3]


@by_name
def test_the_name_is_known_in_either_order_of_imports() -> None:
    check = "from accelerate import tracking; print(tracking.LOGGER_TYPE_TO_CLASS['epochal'].__module__)"
    first = f"import sys, epochal_transformers; assert 'accelerate' not in sys.modules; {check}"
    assert run_python("-c", first) == "epochal_transformers._tracker"
    second = f"from accelerate import tracking; import epochal.plugins as p; p.get_manager(); {check}"
    assert run_python("-c", f"{second}; import sys; assert 'transformers' not in sys.modules") == (
        "epochal_transformers._tracker"
    )


def test_a_loaded_checkpoint_goes_on_with_its_run(runs: Path, tmp_path: Path) -> None:
    def accelerator() -> Accelerator:
        tracker = EpochalTracker()
        made = Accelerator(log_with=tracker, cpu=True)
        made.init_trackers("p", config={"lr": 0.01})
        made.register_for_checkpointing(tracker)
        return made

    first = accelerator()
    loop(first, range(6), save_at=3, folder=tmp_path / "state")
    first.end_training()
    second = accelerator()
    second.load_state(str(tmp_path / "state"))
    loop(second, range(4, 8))
    second.end_training()
    run = only_run(runs)
    assert run.history("loss").steps.tolist() == list(range(8))
    assert len(run.history("loss", abandoned=True, duplicates=True)) == 10


def test_a_script_says_which_loader_is_which(runs: Path) -> None:
    tracker = EpochalTracker()
    accelerator = Accelerator(log_with=tracker, cpu=True)
    accelerator.init_trackers("p")
    data = torch.utils.data.TensorDataset(torch.zeros(4, 2))
    tracker.describe(train=torch.utils.data.DataLoader(data), validation=data)
    loop(accelerator, range(1))
    accelerator.end_training()
    found = only_run(runs).datasets
    assert set(found) == {"train", "validation"}
    assert found["train"]["sha256"] == found["validation"]["sha256"]


def test_images_and_tables_are_recorded(runs: Path) -> None:
    tracker = EpochalTracker()
    tracker.log_images({"seen": np.zeros((2, 4, 4, 3), dtype=np.uint8)}, step=1)
    tracker.log_table("answers", columns=["a", "b"], data=[[1, 2], [3, 4]], step=1)
    tracker.finish()
    assert set(only_run(runs).media_keys) == {"seen", "answers"}


def test_a_given_run_stays_its_givers(runs: Path) -> None:
    with epochal.init("mine", dir=runs) as run:
        accelerator = Accelerator(log_with=EpochalTracker(run=run), cpu=True)
        accelerator.init_trackers("other")
        accelerator.log({"a": 1}, step=0)
        accelerator.end_training()
        assert only_run(runs).state == "running"
    assert only_run(runs).project == "mine"


_TWO = """
from accelerate import Accelerator
from epochal_transformers import EpochalTracker
from tests.integrations.transformers.test_tracker import loop

accelerator = Accelerator(log_with=EpochalTracker(), cpu=True)
accelerator.init_trackers("p", config={"lr": 0.01})
loop(accelerator, range(3))
accelerator.end_training()
print("rank", accelerator.process_index, "of", accelerator.num_processes)
"""


def test_two_processes_make_one_run(runs: Path, tmp_path: Path) -> None:
    outputs = two_processes(_TWO, tmp_path)
    assert ["rank 0 of 2" in outputs[0], "rank 1 of 2" in outputs[1]] == [True, True]
    run = only_run(runs)
    assert run.state == "finished"
    assert run.history("loss").steps.tolist() == [0, 1, 2]
    assert run.config["trainer"]["world_size"] == 2
    assert run.config["trainer"]["strategy"] == "ddp"
    assert run.config["model"]["class"] == "Linear"


# A process whose group still lives at exit is now and then aborted by gloo's threads ("terminate called without an
# active exception"), with and without a tracker: PyTorch wants the group destroyed, and the Trainer does not do it.
_GROUP_ENDS = """
import torch.distributed
if torch.distributed.is_initialized():
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
"""


def two_processes(code: str, folder: Path, **more: Any) -> list[str]:
    """Run a script as `torchrun --nproc-per-node 2` does, and return what each process printed."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {**environment(), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
    shared.update(MASTER_PORT=str(port), ACCELERATE_USE_CPU="true", OMP_NUM_THREADS="1", **more)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code + _GROUP_ENDS],
            env={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            cwd=Path(__file__).parents[3],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    outputs = [process.communicate(timeout=300)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], "\n".join(outputs)
    return outputs


def test_the_package_exports_it_lazily() -> None:
    assert "EpochalTracker" in dir(epochal_transformers)
    with pytest.raises(AttributeError):
        _ = epochal_transformers.Epochal
