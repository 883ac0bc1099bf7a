"""TensorBoard's logs become runs: digits at three learning rates, imported, compared, and given back as event files.

pip install "epochal[tensorboard]" scikit-learn
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from tensorboard.summary import Writer

import epochal
import epochal_tensorboard

RATES, EPOCHS, SEED = (0.0001, 0.01, 1.0), 10, 0

pixels, labels = load_digits(return_X_y=True)
order = np.random.default_rng(SEED).permutation(len(pixels))
x, y = pixels[order] / 16, labels[order]

# A training as it may be there already: TensorBoard's writer, a folder for each run.
for rate in RATES:
    writer = Writer(f"logs/rate-{rate:g}")
    model = SGDClassifier(learning_rate="constant", eta0=rate, random_state=SEED)
    for epoch in range(EPOCHS):
        model.partial_fit(x[:1437], y[:1437], classes=range(10))
        writer.add_scalar("train/accuracy", model.score(x[:1437], y[:1437]), epoch)
        writer.add_scalar("val/accuracy", model.score(x[1437:], y[1437:]), epoch)
    writer.close()

report = epochal_tensorboard.import_logdir("logs", project="digits")
for run in report.runs:
    print(f"{run.name} {run.outcome}: {run.metrics} metrics, {run.points} points")
assert report.sound
again = epochal_tensorboard.import_logdir("logs", project="digits")
assert [run.outcome for run in again.runs] == ["unchanged"] * len(RATES)

best = max(epochal.runs(project="digits"), key=lambda run: run.summary["val/accuracy"])
history = best.history("val/accuracy")
print(f"best is {best.name}: accuracy {history.values[-1]:.3f} after {len(history)} epochs")
print("look at them: epochal compare 'rate-0.0001' 'rate-0.01' 'rate-1'")

# And back: `tensorboard --logdir back` shows what `tensorboard --logdir logs` shows.
epochal.export_runs(epochal.runs(project="digits"), "back", format="tensorboard")
source = epochal_tensorboard.read_scalars(f"logs/{best.name}")["val/accuracy"]
returned = epochal_tensorboard.read_scalars(f"back/{best.name}")["val/accuracy"]
assert source.values.tobytes() == returned.values.tobytes() == history.values.tobytes()
assert source.times.tolist() == returned.times.tolist()
