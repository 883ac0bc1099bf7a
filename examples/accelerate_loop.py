"""Teach a small network handwritten digits in a loop with accelerate, and go back to a saved state on the way.

pip install "epochal[torch]" accelerate scikit-learn
"""

import tempfile

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

import epochal
from epochal_transformers import EpochalTracker

EPOCHS, RATE = 4, 5e-3

set_seed(0)
images, digits = load_digits(return_X_y=True)
parts = train_test_split(images.astype("float32") / 16, digits, test_size=0.25, random_state=0)
train_x, test_x, train_y, test_y = map(torch.tensor, parts)
train = TensorDataset(train_x, train_y)
validation = TensorDataset(test_x, test_y)

tracker = EpochalTracker(name="accelerate loop", tags=["digits"])
accelerator = Accelerator(log_with=tracker, cpu=True)
accelerator.init_trackers("examples", config={"lr": RATE, "epochs": EPOCHS})
accelerator.register_for_checkpointing(tracker)  # the position in the run goes with each saved state

model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
model, optimizer, loader, held_out = accelerator.prepare(
    model,
    torch.optim.Adam(model.parameters(), lr=RATE),
    DataLoader(train, batch_size=64, shuffle=True, drop_last=True),
    DataLoader(validation, batch_size=450),
)
tracker.describe(train=loader, validation=held_out)


def one_epoch(step: int) -> int:
    """Train on all batches and validate; return the count of steps."""
    for inputs, targets in loader:
        loss = torch.nn.functional.cross_entropy(model(inputs), targets)
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        accelerator.log({"train/loss": loss.item()}, step=step)
    with torch.no_grad():
        right = sum(int((model(inputs).argmax(1) == targets).sum()) for inputs, targets in held_out)
    accelerator.log({"val/accuracy": right / len(validation)}, step=step)
    return step


state = tempfile.mkdtemp()
step = one_epoch(one_epoch(0))
accelerator.save_state(state)
one_epoch(step)  # a try that is given up: …
accelerator.load_state(state)  # … what it recorded is hidden, and kept
for _ in range(EPOCHS - 2):
    step = one_epoch(step)
accelerator.end_training()

run = epochal.get_run("accelerate loop")
loss = run.history("train/loss")
print(f"{run.name}: {run.state}, {run.config['model']['parameters']} parameters, {len(loss)} steps")
print(f"accuracy {run.summary['val/accuracy']:.2f}, trained on {run.datasets['train']['sha256'][:12]}…")
assert loss.steps.tolist() == list(range(1, step + 1))
