"""The Trainer asks loggers to save after each row: ours has nothing left to do by then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.needs import need

need("lightning")

from epochal_lightning import EpochalLogger  # noqa: E402


def test_saving_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logger = EpochalLogger(project="saved", dir=tmp_path)
    logger.log_metrics({"loss": 1.0}, step=0)

    def refuse(*_: object) -> None:
        raise AssertionError("save() touches the disk")

    with monkeypatch.context() as patch:
        for name in ("write", "pwrite", "fsync", "fdatasync", "open"):
            patch.setattr(os, name, refuse)
        logger.save()
    logger.finish()
