"""A plain loop without any framework: classify handwritten digits in NumPy, and record what matters of it.

pip install epochal scikit-learn
"""

import numpy as np
from sklearn.datasets import load_digits

import epochal

RATE, EPOCHS, BATCH, SEED = 0.5, 10, 64, 0

pixels, labels = load_digits(return_X_y=True)
draw = np.random.default_rng(SEED)
order = draw.permutation(len(pixels))
x, y = pixels[order] / 16, labels[order]
train, val = slice(0, 1437), slice(1437, None)


def judge(weights: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Return the mean cross entropy of a linear classifier, its accuracy, and the gradient of the former."""
    scores = x @ weights[:-1] + weights[-1]
    shares = np.exp(scores - scores.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    loss = -np.log(shares[np.arange(len(y)), y]).mean()
    accuracy = (scores.argmax(1) == y).mean()
    error = (shares - np.eye(10)[y]) / len(y)
    return loss, accuracy, np.vstack([x.T @ error, error.sum(0)])


# The groups that the adapters write too, so that runs of any framework compare.
config = {
    "optimizer": {"class": "SGD", "learning_rate": RATE},
    "trainer": {"framework": "none", "epochs": EPOCHS, "batch_size": BATCH},
    "seed": SEED,
}
with epochal.init("plain loop", config=config) as run:
    run.use_dataset("train", [x[train], y[train]])  # its SHA-256 is kept, the data are not
    run.use_dataset("validation", [x[val], y[val]])
    run.define_metric("val/accuracy", summary="max")  # the best one stands in the summary, not the last
    weights, step = np.zeros((65, 10)), 0
    for epoch in range(EPOCHS):
        shuffled = draw.permutation(1437)
        for at in range(0, 1437, BATCH):
            some = shuffled[at : at + BATCH]
            loss, accuracy, gradient = judge(weights, x[train][some], y[train][some])
            weights -= RATE * gradient
            step += 1
            run.log({"train/loss": loss, "train/accuracy": accuracy}, step=step)  # kept as soon as it returns
        loss, accuracy, _ = judge(weights, x[val], y[val])
        run.log({"val/loss": loss, "val/accuracy": accuracy, "epoch": epoch}, step=step)
    run.log({"weights": epochal.Histogram(weights)}, step=step)

recorded = epochal.get_run(run.id)
best = recorded.summary["val/accuracy"]
print(f"{recorded.name}: {recorded.state}, {len(recorded.history('train/loss').steps)} steps, best accuracy {best:.3f}")
print(f"look at it: epochal show {recorded.name}; epochal plot {recorded.name} --metric train/loss --metric val/loss")
assert best > 0.9
