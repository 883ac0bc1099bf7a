"""A language model of a few hundred parameters, its data, and the Trainer's own report."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
from torch.utils.data import Dataset
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

#: What the Trainer logs of its speed is different each time.
_SPEEDS = ("_runtime", "_per_second", "_time")


class Sentences(Dataset):
    """A dataset of the user's own."""

    def __init__(self, seed: int = 0, rows: int = 16) -> None:
        self.tokens = np.random.default_rng(seed).integers(0, 16, size=(rows, 8))

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, at: int) -> dict[str, Any]:
        return {"input_ids": self.tokens[at], "labels": self.tokens[at]}


class AtStep(TrainerCallback):
    """Calls a function after each optimizer step."""

    def __init__(self, hook: Callable[[int], None]) -> None:
        self.hook = hook

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.hook(state.global_step)


def arguments(folder: Path, **more: Any) -> TrainingArguments:
    """Arguments of three epochs of four steps that log each step and save each epoch."""
    settings: dict[str, Any] = {
        "output_dir": os.fspath(folder / "model"),
        "num_train_epochs": 3,
        "per_device_train_batch_size": 4,
        "per_device_eval_batch_size": 4,
        "logging_steps": 1,
        "eval_strategy": "epoch",
        "save_strategy": "epoch",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": True,
        "seed": 1,
        "learning_rate": 1e-2,
        "dataloader_pin_memory": False,
    }
    return TrainingArguments(**{**settings, **more})


def tiny_model() -> Any:
    set_seed(1)
    return GPT2LMHeadModel(
        GPT2Config(n_layer=1, n_embd=8, n_head=1, vocab_size=16, n_positions=8, bos_token_id=0, eos_token_id=0)
    )


def trainer(folder: Path, callbacks: list[Any], *, train: Any = None, evaluation: Any = None, **more: Any) -> Trainer:
    return Trainer(
        model=tiny_model(),
        args=arguments(folder, **more),
        train_dataset=train if train is not None else Sentences(),
        eval_dataset=evaluation if evaluation is not None else Sentences(9, 8),
        callbacks=callbacks,
    )


def reported(made: Trainer) -> dict[str, dict[int, float]]:
    """Return what the Trainer keeps of what it logged, less times and speeds."""
    points: dict[str, dict[int, float]] = {}
    for row in made.state.log_history:
        for name, value in row.items():
            if name != "step" and not name.endswith(_SPEEDS):
                points.setdefault(name, {})[row["step"]] = value
    return points
