"""Train the same digits in Lightning, Keras and Hugging Face's Trainer, and compare the three runs as one.

pip install "epochal[lightning,keras,transformers]" scikit-learn
"""

import os
import subprocess
import sys
import tempfile
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"  # PyTorch is there anyway; any other backend would do as well

import keras
import lightning.pytorch as pl
import numpy as np
import torch
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset
from transformers import PrinterCallback, Trainer, TrainingArguments

import epochal
import epochal_keras
import epochal_lightning
import epochal_transformers

EPOCHS, BATCH, RATE, HIDDEN = 8, 64, 0.01, 32
# The same for all: where to record, and vocabulary="common", so that what Keras calls val_loss and Hugging Face's
# Trainer eval_loss is val/loss. By default each run has its framework's own names.
ALIKE: dict[str, Any] = {"project": "three frameworks", "group": "digits", "vocabulary": "common"}

# The same data, in one order, and the same weights to begin with.
pixels, labels = load_digits(return_X_y=True)
x, y = pixels.astype("float32") / 16, labels.astype("int64")
split = {"train": slice(0, 1280), "val": slice(1280, 1536), "test": slice(1536, None)}
tensors = {name: TensorDataset(torch.tensor(x[part]), torch.tensor(y[part])) for name, part in split.items()}
draw = np.random.default_rng(0)
weights = [draw.normal(0, 0.2, size).astype("float32") for size in ((64, HIDDEN), (HIDDEN,), (HIDDEN, 10), (10,))]


def network() -> torch.nn.Module:
    """Return the network in PyTorch, which keeps its matrices the other way round."""
    net = torch.nn.Sequential(torch.nn.Linear(64, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 10))
    for parameter, start in zip(net.parameters(), weights, strict=True):
        parameter.data = torch.tensor(start.T)
    return net


def with_lightning() -> str:
    class Digits(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def judge(self, batch: list[torch.Tensor], stage: str) -> torch.Tensor:
            scores = self.net(batch[0])
            loss = torch.nn.functional.cross_entropy(scores, batch[1])
            right = (scores.argmax(1) == batch[1]).float().mean()
            self.log_dict({f"{stage}_loss": loss, f"{stage}_accuracy": right}, on_step=False, on_epoch=True)
            return loss

        def training_step(self, batch: list[torch.Tensor]) -> torch.Tensor:
            return self.judge(batch, "train")

        def validation_step(self, batch: list[torch.Tensor]) -> None:
            self.judge(batch, "val")

        def test_step(self, batch: list[torch.Tensor]) -> None:
            self.judge(batch, "test")

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), RATE)

    logger = epochal_lightning.EpochalLogger(name="lightning", **ALIKE)
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    trainer = pl.Trainer(logger=logger, max_epochs=EPOCHS, accelerator="cpu", devices=1, log_every_n_steps=1, **quiet)
    model = Digits()
    trainer.fit(model, DataLoader(tensors["train"], BATCH), DataLoader(tensors["val"], 256))
    trainer.test(model, DataLoader(tensors["test"], 512), verbose=False)
    id = str(logger.run.id)
    logger.finish()
    return id


def with_keras() -> str:
    layers = [keras.Input((64,)), keras.layers.Dense(HIDDEN, "relu"), keras.layers.Dense(10)]
    model = keras.Sequential(layers)
    model.set_weights(weights)
    adam = keras.optimizers.Adam(RATE, epsilon=1e-8)  # PyTorch's epsilon; Keras' own is 1e-7
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(adam, loss, metrics=["accuracy"])
    callback = epochal_keras.EpochalCallback(name="keras", **ALIKE)
    settings = {"batch_size": BATCH, "epochs": EPOCHS, "shuffle": False, "verbose": 0, "callbacks": [callback]}
    train, val, test = split.values()
    model.fit(x[train], y[train], validation_data=(x[val], y[val]), **settings)
    model.evaluate(x[test], y[test], verbose=0, callbacks=[callback])
    id = callback.run.id
    callback.finish()
    return id


def with_transformers() -> str:
    class Digits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = network()

        def forward(self, pixels: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            scores = self.net(pixels)
            return {"loss": torch.nn.functional.cross_entropy(scores, labels), "logits": scores}

    class InOrder(Trainer):
        def get_train_dataloader(self) -> DataLoader:  # the Trainer would shuffle
            return DataLoader(self.train_dataset, BATCH, collate_fn=self.data_collator)

    def together(rows: list[tuple[torch.Tensor, torch.Tensor]]) -> dict[str, torch.Tensor]:
        return {"pixels": torch.stack([row[0] for row in rows]), "labels": torch.stack([row[1] for row in rows])}

    args = TrainingArguments(
        output_dir=tempfile.mkdtemp(),
        num_train_epochs=EPOCHS,
        per_device_train_batch_size=BATCH,
        per_device_eval_batch_size=512,
        learning_rate=RATE,
        lr_scheduler_type="constant",  # the Trainer would let it fall to 0
        max_grad_norm=0,  # and clip gradients
        logging_strategy="epoch",
        eval_strategy="epoch",
        save_strategy="no",
        remove_unused_columns=False,
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
    )
    callback = epochal_transformers.EpochalCallback(name="transformers", **ALIKE)
    model = Digits()
    trainer = InOrder(
        model=model,
        args=args,
        data_collator=together,
        train_dataset=tensors["train"],
        eval_dataset=tensors["val"],
        compute_metrics=lambda got: {"accuracy": float((got.predictions.argmax(1) == got.label_ids).mean())},
        optimizers=(torch.optim.Adam(model.parameters(), RATE), None),
        callbacks=[callback],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    trainer.evaluate(tensors["test"], metric_key_prefix="test")
    id = callback.run.id
    callback.finish()
    return id


ids = [with_lightning(), with_keras(), with_transformers()]
found = epochal.compare(*ids, metrics=["train/loss", "val/loss", "val/accuracy", "test/loss", "test/accuracy"])

# What the three have come to, and with what: the groups of the config have the same words in every framework.
config = {row.key: row.values for row in found.config}
rows = {"": [run.name for run in found.runs], **{row.key: row.values for row in found.summary}}
for key in ("optimizer.class", "optimizer.learning_rate", "trainer.epochs", "trainer.batch_size", "model.parameters"):
    rows[key] = config[key]
for name, values in rows.items():
    print(f"{name:24}", *(f"{value:<14.6g}" if isinstance(value, float) else f"{value!s:14}" for value in values))

# Each adapter has hashed what its framework was given: arrays in Keras, tensors in the other two.
for data in found.datasets:
    print(f"{data.name} data: {data.verdict} ({data.why})")
assert {"train", "validation"} <= {data.name for data in found.datasets if data.verdict == "same"}

curves = np.array([run.history("val/loss").values for run in found.runs])
print(f"val/loss differs by {np.ptp(curves, axis=0).max():.1e} at most, over {EPOCHS} epochs")
assert np.ptp(curves, axis=0).max() < 1e-3

print()
subprocess.run([sys.executable, "-m", "epochal", "plot", *ids, "--metric", "val/loss", "--height", "14"], check=True)
