"""A plain training loop: watched, described, saved and gone on with; its losses stay what they are."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from pathlib import Path
from typing import Any

import pytest

import epochal
from tests.needs import need

need("torch")

import torch  # noqa: E402

import epochal_torch  # noqa: E402


def made() -> tuple[Any, Any]:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def train(model: Any, optimizer: Any, steps: range, run: Any = None) -> list[float]:
    losses = []
    for step in steps:
        inputs = torch.full((2, 3), float(step % 5))
        optimizer.zero_grad()
        loss = (model(inputs) - 1).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if run is not None:
            run.log({"loss": epochal_torch.defer(loss)})
    return losses


def test_losses_are_the_same_to_the_bit_and_the_watch_leaves_steps_alone() -> None:
    alone = train(*made(), range(10))
    model, optimizer = made()
    with epochal.init("p") as run:
        epochal_torch.watch(model, "all", every=3)
        epochal_torch.watch(model, "all", every=4)  # again: the last one counts, nothing is there twice
        assert train(model, optimizer, range(10), run) == alone
    recorded = epochal.get_run(run.id)
    history = recorded.history("loss")
    assert history.values.tolist() == alone
    assert history.steps.tolist() == list(range(10))
    assert recorded.history("gradient_norm").steps.tolist() == [0, 4, 8]
    assert recorded.history("parameter_norm").steps.tolist() == [0, 4, 8]
    assert [each.step for each in recorded.media("gradients/0.weight")] == [0, 4, 8]
    assert len(recorded.media_keys) == 6
    assert recorded.history("gradients/2.bias").steps.tolist() == [0, 4, 8], "one element is a number"


def test_a_watched_model_is_pickled_copied_and_let_go() -> None:
    model, optimizer = made()
    with epochal.init("p") as run:
        watch = epochal_torch.watch(model, every=1)
        pickle.loads(pickle.dumps(model))
        copy.deepcopy(model)
        train(model, optimizer, range(2), run)
        watch.remove()
        train(model, optimizer, range(2), run)
        gone = weakref.ref(model)
        epochal_torch.watch(model, every=1)
        del model, optimizer, watch
        gc.collect()
        assert gone() is None
    assert len(epochal.get_run(run.id).history("gradient_norm").steps) == 2


def test_watch_refuses_what_it_does_not_know() -> None:
    with epochal.init("p"), pytest.raises(ValueError, match="gradients"):
        epochal_torch.watch(made()[0], "everything")


def test_a_loop_goes_on_from_its_checkpoint_and_hides_what_came_after(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    whole = train(*made(), range(10))
    model, optimizer = made()
    run = epochal.init("p")
    train(model, optimizer, range(6), run)
    epochal_torch.checkpoint(run, path, model=model, optimizer=optimizer, metrics={"loss": 1.0})
    train(model, optimizer, range(6, 9), run)
    run.finish()
    model, optimizer = made()
    state = epochal_torch.load_checkpoint(path, model=model, optimizer=optimizer)
    assert state["step"] == 6
    with epochal.init("p", position=state["position"], resume="must") as again:
        train(model, optimizer, range(state["step"], 10), again)
    recorded = epochal.get_run(run.id)
    assert recorded.history("loss").values.tolist() == whole
    assert len(recorded.history("loss", abandoned=True, duplicates=True).steps) == 13
    (checkpoint,) = recorded.checkpoints()
    assert checkpoint.step == 5
    assert list(tmp_path.glob("*.part*")) == []
    assert torch.load(path, weights_only=True)["epochal"]["run"] == run.id


def test_no_checkpoint_is_a_new_training(tmp_path: Path) -> None:
    assert epochal_torch.load_checkpoint(tmp_path / "none.pt") == {"position": None, "step": 0}


def test_a_training_is_described() -> None:
    model, optimizer = made()
    model[0].weight.requires_grad_(False)
    with epochal.init("p") as run:
        epochal_torch.describe(
            run, model=model, optimizer=optimizer, trainer={"epochs": 2}, train=torch.utils.data.DataLoader([1, 2])
        )
    config = epochal.get_run(run.id).config
    assert config["model"]["parameters"] == 21
    assert config["model"]["trainable_parameters"] == 9
    assert config["model"]["bytes"] == 84
    assert config["optimizer"]["learning_rate"] == 0.1
    assert config["trainer"] == {"framework": "torch", "epochs": 2}
    assert config["environment"]["torch"] == torch.__version__
    assert config["datasets"]["train"]["sha256"]


def test_a_resumed_training_has_the_learning_rate_that_its_schedule_starts_from() -> None:
    _, optimizer = made()
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.1)
    optimizer.step()
    schedule.step()
    described = epochal_torch.describe_optimizer(optimizer)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01)
    assert described["learning_rate"] == 0.1
    assert "initial_lr" not in described


def test_shared_lazy_and_compiled_models_are_described() -> None:
    shared = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    shared[1].weight = shared[0].weight
    assert epochal_torch.describe_model(shared)["parameters"] == 8
    lazy = epochal_torch.describe_model(torch.nn.LazyLinear(3))
    assert (lazy["parameters"], lazy["lazy_parameters"]) == (0, 2)
    compiled = torch.compile(shared)
    assert epochal_torch.describe_model(compiled) == epochal_torch.describe_model(shared)


def test_a_state_dicts_hash_is_that_of_its_values() -> None:
    model, optimizer = made()
    train(model, optimizer, range(2))
    first = epochal.fingerprint(model.state_dict())["sha256"]
    assert first == epochal.fingerprint(copy.deepcopy(model).state_dict())["sha256"]
    again = epochal.fingerprint(optimizer.state_dict())
    assert again["coverage"] == "full"
    train(model, optimizer, range(1))
    assert epochal.fingerprint(model.state_dict())["sha256"] != first
    assert epochal.fingerprint(optimizer.state_dict())["sha256"] != again["sha256"]


def test_a_watch_sees_gradients_as_the_optimizer_takes_them() -> None:
    model = torch.nn.Linear(1, 1, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    with epochal.init("loop") as run:
        epochal_torch.watch(model, every=1)
        run.log({"loss": 2.0}, step=4)
        for part in (1.0, 2.0):  # gathered over two backwards, and scaled
            scaler.scale(model(torch.tensor([[part]])).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        run.log({"loss": 1.0}, step=5)
    recorded = epochal.get_run(run.folder)
    gradient = recorded.history("gradients/weight")
    assert (gradient.steps.tolist(), gradient.values.tolist()) == ([5], [3.0])


def test_a_checkpoint_that_cannot_be_written_is_told_and_the_run_goes_on(tmp_path: Path) -> None:
    with epochal.init("loop") as run:
        run.log({"loss": 1.0})
        with pytest.raises(OSError, match="nowhere"):
            epochal_torch.checkpoint(run, tmp_path / "nowhere" / "last.pt", model=torch.nn.Linear(1, 1))
        run.log({"loss": 2.0})
    recorded = epochal.get_run(run.folder)
    assert recorded.history("loss").values.tolist() == [1.0, 2.0]
    assert list(recorded.checkpoints()) == []


def test_a_checkpoint_is_written_though_its_run_cannot_record_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EPOCHAL_STRICT", "0")
    run = epochal.init("loop")
    run.log({"loss": 1.0})
    run.finish()
    epochal_torch.checkpoint(run, tmp_path / "last.pt", step=3, model=torch.nn.Linear(1, 1))
    assert epochal_torch.load_checkpoint(tmp_path / "last.pt", model=torch.nn.Linear(1, 1))["position"] is None
