"""Classify handwritten digits with Keras on whichever backend is there, and read back what was recorded.

pip install "epochal[keras]" scikit-learn    # and a backend: torch, jax or tensorflow
"""

import os
from importlib.util import find_spec

os.environ.setdefault("KERAS_BACKEND", next(name for name in ("jax", "torch", "tensorflow") if find_spec(name)))

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import epochal
from epochal_keras import EpochalCallback

keras.utils.set_random_seed(0)
pixels, labels = load_digits(return_X_y=True)
x, x_test, y, y_test = train_test_split(pixels.astype("float32") / 16, labels, test_size=0.15, random_state=0)

model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(10)])
model.compile(
    optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, decay_steps=120)),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
# log_every: the running means of every 5th batch too; without it, the metrics of each epoch alone
callback = EpochalCallback(project="examples", name="keras digits", tags=["digits"], log_every=5)
model.fit(x, y, batch_size=64, epochs=5, validation_split=0.2, verbose=0, callbacks=[callback])
model.evaluate(x_test, y_test, verbose=0, callbacks=[callback])
callback.finish()  # not needed at the end of a script

run = epochal.get_run("keras digits")
accuracy = run.history("val_accuracy")
print(f"{run.name}: {run.state}, on {run.config['trainer']['backend']}, {run.config['model']['parameters']} parameters")
print(
    "validation accuracy by step:", dict(zip(accuracy.steps.tolist(), accuracy.values.round(3).tolist(), strict=True))
)
print(f"test accuracy {run.summary['test_accuracy']:.3f}, trained on {run.datasets['train']['sha256'][:12]}…")
assert run.summary["test_accuracy"] > 0.9
