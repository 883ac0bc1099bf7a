"""The common words for what Lightning's users, its monitors and its loops call their metrics."""

from __future__ import annotations

import re
from typing import Final

#: How the names of a stage begin, and the word for it.
_STAGES: Final = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val",
                  "validate": "val", "test": "test", "predict": "predict"}  # fmt: skip
_STAGED: Final = re.compile(rf"({'|'.join(sorted(_STAGES, key=len, reverse=True))})([_/|-])(.+)")
_LOADER: Final = re.compile(r"(.+)/dataloader_idx_(\d+)")
#: `lr-Adam`, `lr-Adam/pg1`, `lr-Adam-1`: the optimizer's class, its group, and its number among those of that class.
_RATE: Final = re.compile(r"lr-([A-Za-z]+)(-\d+)?(?:/(.+))?")
_NORM: Final = re.compile(r"grad_[0-9.]+(?:inf)?_norm_total")
#: What `ThroughputMonitor` and `LightningModule.log` users write, and the word for it.
_WORDS: Final = {"time": "seconds", "samples_per_sec": "samples_per_second", "batches_per_sec": "steps_per_second"}
_BARE: Final = {"loss": "train/loss", "learning_rate": "lr", "gradient_norm": "grad_norm"}


def common_name(name: str) -> str:
    """Return the common word for a metric's name, the name itself where there is none.

    Of a metric that is logged by step and by epoch, the epoch's value has the plain word, `train/loss`, and the
    step's is `train/loss_step`. With several data loaders `val_loss/dataloader_idx_1` is `val/1/loss`.
    """
    bare = _BARE.get(name)
    if bare is not None:
        return bare
    rate = _RATE.fullmatch(name)
    if rate is not None:
        optimizer, number, group = rate.groups()
        parts = ["lr", optimizer + number if number else None, group]
        return "/".join(part for part in parts if part)
    if _NORM.fullmatch(name):
        return "grad_norm"
    loader = _LOADER.fullmatch(name)
    staged = _STAGED.fullmatch(loader[1] if loader else name)
    if staged is None:
        return name
    stage, separator, metric = staged.groups()
    if separator == "|":
        metric = _WORDS.get(metric, metric)
    within = f"/{loader[2]}" if loader else ""
    return f"{_STAGES[stage]}{within}/{metric.removesuffix('_epoch')}"
