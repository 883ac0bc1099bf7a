"""Why a fit ended before its last epoch, as far as Keras' callbacks tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


def why_stopped(model: Any, epoch: int, epochs: int, callbacks: Sequence[Any]) -> dict[str, Any] | None:
    """Return text and data of a notice; None for a fit that went to its end.

    Args:
        model: the one that was trained.
        epoch: the number of the last epoch, from 0.
        epochs: how many there were to be.
        callbacks: those that took part.
    """
    if not model.stop_training or epoch + 1 >= epochs:
        return None
    text, data = f"training was stopped in epoch {epoch}, before its last, {epochs - 1}", {"epoch": epoch}
    for each in callbacks:
        if isinstance(each, keras.callbacks.EarlyStopping) and each.stopped_epoch == epoch:
            text += f", by EarlyStopping on {each.monitor}"
            if each.restore_best_weights and each.best_weights is not None:
                text += f", and the weights of epoch {each.best_epoch} were restored"
                data["best_epoch"] = each.best_epoch
    return {"text": text, **data}
