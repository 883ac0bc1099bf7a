"""A plain PyTorch loop on real digits: described, watched, logged without waiting, saved, and gone on with.

pip install "epochal[torch]" scikit-learn
"""

import tempfile
from pathlib import Path

import torch
from sklearn.datasets import load_digits

import epochal
import epochal_torch

path = Path(tempfile.mkdtemp()) / "last.pt"
pixels, labels = load_digits(return_X_y=True)
data = torch.utils.data.TensorDataset(torch.tensor(pixels / 16, dtype=torch.float32), torch.tensor(labels))
train, held_out = torch.utils.data.random_split(data, [1500, 297], torch.Generator().manual_seed(0))


def fit(epochs: int) -> str:
    """Train up to a number of epochs, from the checkpoint on if there is one."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    loader = torch.utils.data.DataLoader(train, batch_size=100, shuffle=True)
    state = epochal_torch.load_checkpoint(path, model=model, optimizer=optimizer)
    with epochal.init("digits", position=state["position"], resume="allow") as run:
        epochal_torch.describe(run, model=model, optimizer=optimizer, trainer={"epochs": epochs}, train=loader)
        epochal_torch.watch(model, every=15)
        for epoch in range(state["step"] // len(loader), epochs):
            for inputs, targets in loader:
                loss = torch.nn.functional.cross_entropy(model(inputs), targets)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log({"train/loss": epochal_torch.defer(loss)})
            inputs, targets = held_out[:]
            accuracy = (model(inputs).argmax(1) == targets).float().mean()
            at = (epoch + 1) * len(loader) - 1
            run.log(epochal_torch.defer({"val/accuracy": accuracy, "epoch": epoch}), step=at)
            epochal_torch.checkpoint(run, path, model=model, optimizer=optimizer, metrics={"val/accuracy": accuracy})
        return run.id


first = fit(2)
second = fit(4)  # in life: another process, after a crash
assert first == second

recorded = epochal.get_run(first)
losses = recorded.history("train/loss")
print(f"accuracy {recorded.history('val/accuracy').values[-1]:.3f} after {len(losses.steps)} steps")
assert losses.steps.tolist() == list(range(60))
assert recorded.history("val/accuracy").values[-1] > 0.8
assert len(recorded.media("gradients/0.weight")) == 4
assert recorded.config["model"]["parameters"] == 4810
assert recorded.config["datasets"]["train"]["sha256"]
assert [each.step for each in recorded.checkpoints()] == [14, 29, 44, 59]
