"""A training loop as one writes it by hand: a small network in NumPy, a checkpoint, and a resume by position."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import epochal
from epochal.demo import data, options

BATCH = 64
CHECKPOINT_EVERY = 400  # steps
Array = npt.NDArray[np.float32]


class Network:
    """Two layers with a ReLU between, trained by stochastic gradient descent with momentum."""

    def __init__(self, inputs: int, hidden: int, classes: int, rng: np.random.Generator) -> None:
        self.weights: dict[str, Array] = {
            "w1": (rng.standard_normal((inputs, hidden)) / np.sqrt(inputs)).astype(np.float32),
            "b1": np.zeros(hidden, np.float32),
            "w2": (rng.standard_normal((hidden, classes)) / np.sqrt(hidden)).astype(np.float32),
            "b2": np.zeros(classes, np.float32),
        }
        self.speed = {name: np.zeros_like(weight) for name, weight in self.weights.items()}

    def probabilities(self, x: Array) -> tuple[Array, Array]:
        """Return the hidden layer and the probability of each class."""
        weights = self.weights
        hidden = np.maximum(x @ weights["w1"] + weights["b1"], 0)
        scores = hidden @ weights["w2"] + weights["b2"]
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        return hidden, scores / scores.sum(axis=1, keepdims=True)

    def learn(self, x: Array, y: npt.NDArray[np.int64], lr: float) -> tuple[float, float]:
        """Take one step and return the batch's mean loss (nats) and accuracy (0 to 1), both from before it."""
        hidden, found = self.probabilities(x)
        loss, accuracy = judge(found, y)
        slope = found.copy()
        slope[np.arange(len(y)), y] -= 1
        slope /= len(y)
        back = (slope @ self.weights["w2"].T) * (hidden > 0)
        gradients = {"w1": x.T @ back, "b1": back.sum(0), "w2": hidden.T @ slope, "b2": slope.sum(0)}
        for name, gradient in gradients.items():
            self.speed[name] = 0.9 * self.speed[name] - lr * gradient
            self.weights[name] += self.speed[name]
        return loss, accuracy


def judge(found: Array, y: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Return mean cross-entropy (nats) and accuracy (0 to 1)."""
    right = found[np.arange(len(y)), y]
    return float(-np.log(right + 1e-9).mean()), float((found.argmax(axis=1) == y).mean())


def save(path: Path, network: Network, step: int, position: dict[str, Any]) -> None:
    """Write a checkpoint whole or not at all."""
    parts = {**{f"w.{n}": w for n, w in network.weights.items()}, **{f"s.{n}": s for n, s in network.speed.items()}}
    beside = path.with_suffix(".writing.npz")
    np.savez(beside, step=step, position=json.dumps(position), **parts)  # type: ignore[arg-type]
    os.replace(beside, path)


def restore(path: Path, network: Network) -> tuple[int, dict[str, Any]]:
    """Take the weights of a checkpoint and return its step and the run's position at that moment."""
    with np.load(path) as saved:
        for name in network.weights:
            network.weights[name], network.speed[name] = saved[f"w.{name}"], saved[f"s.{name}"]
        return int(saved["step"]), json.loads(str(saved["position"]))


def train(told: argparse.Namespace) -> None:
    """Train, from the checkpoint on if there is one, and print the number of every step whose `log` has returned."""
    split = data.load()
    network = Network(split.x.shape[1], told.hidden, split.classes, np.random.default_rng(0))
    first, position = restore(told.checkpoint, network) if told.checkpoint.exists() else (0, None)
    config = {"lr": told.lr, "hidden": told.hidden, "batch_size": BATCH, "model": "numpy mlp", "data": split.name}
    with epochal.init(
        "demo", name=told.name, config=config, id=told.id, resume="allow", position=position, group=told.group
    ) as run:
        run.use_dataset("train", [split.x, split.y])
        run.define_metric("val/acc", summary="max")
        for step in range(first, told.steps):
            chosen = np.random.default_rng(step).integers(0, len(split.x), BATCH)
            loss, accuracy = network.learn(split.x[chosen], split.y[chosen], told.lr)
            run.log({"loss": loss, "acc": accuracy}, step=step)
            os.write(1, b"%d\n" % step)  # the demo counts these against what it reads back
            if step % 50 == 49:
                val_loss, val_accuracy = judge(network.probabilities(split.val_x)[1], split.val_y)
                run.log({"val/loss": val_loss, "val/acc": val_accuracy}, step=step)
            if step % CHECKPOINT_EVERY == CHECKPOINT_EVERY - 1:
                save(told.checkpoint, network, step + 1, run.position())


def main() -> None:
    """Read the command line and train."""
    parser = options.parser("epochal.demo.train_plain", __doc__, steps=3000)
    parser.add_argument("--lr", type=float, default=0.05, help="step size")
    parser.add_argument("--hidden", type=int, default=256, help="width of the hidden layer")
    parser.add_argument("--checkpoint", type=Path, default=Path("plain.npz"), help="where to save and to go on from")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
