"""Several processes make one run, and no framework comes along that Keras has not brought there already."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from epochal.testing.processes import environment, run_python
from epochal.testing.suite import only_run
from tests.needs import need

need("keras")

from epochal_keras import EpochalCallback  # noqa: E402
from epochal_keras._ranks import rank_here  # noqa: E402
from tests.integrations.keras.tiny import BACKEND, fit, tiny_model  # noqa: E402

_BACKENDS = ("tensorflow", "torch", "jax")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def test_a_single_process_has_rank_zero() -> None:
    assert (rank_here().rank, rank_here().world) == (0, None)


def test_what_a_launcher_says_counts_before_a_backends_own() -> None:
    assert rank_here({"RANK": "3", "WORLD_SIZE": "4"})[:2] == (3, 4)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="TF_CONFIG is TensorFlow's")
def test_tensorflows_workers_are_ranked_behind_their_chief() -> None:
    def rank(kind: str, index: int, **cluster: list[str]) -> tuple[int, int | None]:
        config = json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})
        found = rank_here({"TF_CONFIG": config})
        return found.rank, found.world

    assert rank("worker", 0, worker=["a", "b"]) == (0, 2)
    assert rank("worker", 1, worker=["a", "b"]) == (1, 2)
    assert rank("chief", 0, chief=["a"], worker=["b", "c"]) == (0, 3)
    assert rank("worker", 1, chief=["a"], worker=["b", "c"]) == (2, 3)
    assert rank_here({"TF_CONFIG": "{"}).rank == 0


@pytest.mark.skipif(BACKEND != "torch", reason="processes of torch.distributed")
def test_torchs_processes_that_the_script_has_spawned_are_known(runs: Path) -> None:
    """They have no RANK in their environment, as a launcher's have."""
    import torch
    from torch.testing._internal.distributed.fake_pg import FakeStore

    torch.distributed.init_process_group("fake", rank=1, world_size=2, store=FakeStore())
    try:
        assert rank_here()[:2] == (1, 2)
        fit(tiny_model(), [EpochalCallback()], epochs=1)
        assert not runs.exists()
    finally:
        torch.distributed.destroy_process_group()


@pytest.mark.parametrize("rank", ["0", "1"])
def test_only_the_first_process_records(runs: Path, rank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("WORLD_SIZE", "2")
    fit(tiny_model(), [EpochalCallback()], epochs=1)
    if rank == "0":
        assert only_run(runs).config["trainer"]["world_size"] == 2
    else:
        assert not runs.exists()


@pytest.mark.skipif(BACKEND != "jax", reason="processes of jax.distributed")
def test_jaxs_processes_make_one_run(runs: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    script = tmp_path / "train.py"
    script.write_text(
        "import sys, jax\n"
        f"jax.distributed.initialize({address!r}, 2, int(sys.argv[1]))\n"
        "from tests.integrations.keras.tiny import fit, tiny_model\n"
        "from epochal_keras import EpochalCallback\n"
        "fit(tiny_model(), [EpochalCallback()], epochs=1)\n"
    )
    started = [subprocess.Popen([sys.executable, script, str(rank)], env=environment()) for rank in range(2)]
    assert [process.wait() for process in started] == [0, 0]
    assert only_run(runs).history("loss").steps.tolist() == [4]


def test_no_framework_comes_along_but_the_chosen_backend(tmp_path: Path) -> None:
    """Backends that are not chosen stand in for themselves, and note who looks for them."""
    for name in _BACKENDS:
        if name != BACKEND:
            (tmp_path / "fakes" / name).mkdir(parents=True)
            (tmp_path / "fakes" / name / "__init__.py").write_text(
                "import traceback\n"
                "if any('epochal_keras' in frame.filename for frame in traceback.extract_stack()):\n"
                f"    print('epochal_keras imports {name}')\n"
                f"raise ImportError('{name} is not here')\n"
            )
    code = (
        f"import sys; sys.path.insert(0, {os.fspath(tmp_path / 'fakes')!r})\n"
        "import keras, epochal_keras\n"
        "from tests.integrations.keras.tiny import fit, tiny_model\n"
        "model = tiny_model()\n"
        "fit(model, [], epochs=1)\n"
        "callback = epochal_keras.EpochalCallback(log_every=2)\n"
        "fit(model, [callback], epochs=1)\n"
        f"print([name for name in {_BACKENDS!r} if hasattr(sys.modules.get(name), '__version__')])"
    )
    said = run_python("-c", code)
    assert said.splitlines()[-1] == str([BACKEND])
    assert "epochal_keras imports" not in said
