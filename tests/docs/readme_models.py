"""What the README's framework blocks take for granted: a model and data, as small as can be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def lightning_names(folder: Path) -> dict[str, Any]:
    """Return `model` and `train_data` for Lightning."""
    import lightning.pytorch as pl
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    class Model(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(4, 1)

        def training_step(self, batch: Any) -> Any:
            loss = (self.layer(batch[0]) ** 2).mean()
            self.log("loss", loss)
            return loss

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    return {"model": Model(), "train_data": DataLoader(TensorDataset(torch.randn(256, 4)), batch_size=4)}


def keras_names(folder: Path) -> dict[str, Any]:
    """Return `model`, `x` and `y` for Keras."""
    import keras

    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    rng = np.random.default_rng(0)
    return {"model": model, "x": rng.standard_normal((32, 4)), "y": rng.standard_normal((32, 1))}


def transformers_names(folder: Path) -> dict[str, Any]:
    """Return `model`, `args` and `data` for the Hugging Face Trainer."""
    from transformers import GPT2Config, GPT2LMHeadModel, TrainingArguments

    args = TrainingArguments(
        output_dir=str(folder / "trainer"),
        max_steps=4,
        logging_steps=1,
        use_cpu=True,
        report_to="none",
        disable_tqdm=True,
    )
    model = GPT2LMHeadModel(GPT2Config(vocab_size=16, n_positions=8, n_embd=8, n_layer=1, n_head=1))
    passage = list(range(8))
    return {"model": model, "args": args, "data": [{"input_ids": passage, "labels": passage}] * 16}


NAMES = {"lightning": lightning_names, "keras": keras_names, "transformers": transformers_names}
