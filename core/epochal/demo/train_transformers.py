"""A Hugging Face Trainer with a tiny GPT-2 that reads characters, recorded by passing a callback."""

from __future__ import annotations

import tempfile
from typing import Any

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments, set_seed

import epochal
from epochal.demo import data, options
from epochal_transformers import EpochalCallback

LENGTH = 48  # characters of one example


class Passages(torch.utils.data.Dataset[Any]):
    """A text cut into passages of `LENGTH` characters."""

    def __init__(self, codes: torch.Tensor) -> None:
        self.codes = codes[: len(codes) // LENGTH * LENGTH].reshape(-1, LENGTH)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"input_ids": self.codes[index], "labels": self.codes[index]}


def main() -> None:
    """Read the command line and train."""
    parser = options.parser("epochal.demo.train_transformers", __doc__, steps=120)
    told = parser.parse_args()
    set_seed(0)
    codes = torch.from_numpy(data.encoded_text())
    config = GPT2Config(
        vocab_size=len(data.ALPHABET),
        n_positions=LENGTH,
        n_embd=64,
        n_layer=2,
        n_head=2,
        bos_token_id=0,
        eos_token_id=0,
    )
    with (
        epochal.init("demo", id=told.id, name=told.name, group=told.group) as run,
        tempfile.TemporaryDirectory() as folder,
    ):
        arguments = TrainingArguments(
            output_dir=folder,
            max_steps=told.steps,
            per_device_train_batch_size=32,
            per_device_eval_batch_size=64,
            learning_rate=3e-3,
            logging_steps=5,
            eval_strategy="steps",
            eval_steps=40,
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            disable_tqdm=True,
        )
        Trainer(
            model=GPT2LMHeadModel(config),
            args=arguments,
            train_dataset=Passages(codes[:-20_000]),
            eval_dataset=Passages(codes[-20_000:]),
            callbacks=[EpochalCallback(run)],
        ).train()


if __name__ == "__main__":
    main()
