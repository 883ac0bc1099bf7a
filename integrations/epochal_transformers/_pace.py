"""How fast a training goes between two of the Trainer's logs: counted by its own counters and the wall clock."""

from __future__ import annotations

import time
from typing import Any


class Pace:
    """Measures steps, samples and tokens per second of training, less the time that evaluating and saving takes.

    Nothing is asked of the device: at a log the Trainer has waited for it already, to get the loss.
    """

    def __init__(self) -> None:
        self._samples: int | None = None
        self._began: float | None = None
        self._paused = 0.0
        self._seen = 0.0
        self._step = 0
        self._tokens = 0

    def begin(self, state: Any, samples: int | None) -> None:
        """Start at a step.

        Args:
            state: the Trainer's.
            samples: how many an optimizer step takes, in all processes together; None where that is not known.
        """
        self._samples = samples
        self._start(state, time.monotonic())

    def _start(self, state: Any, now: float) -> None:
        self._began = self._seen = now
        self._paused = 0.0
        self._step, self._tokens = state.global_step, state.num_input_tokens_seen

    def touch(self) -> None:
        """Say that what went on until now was training."""
        self._seen = time.monotonic()

    def pause(self) -> None:
        """Say that what went on since the last event was none: an evaluation, or writing a checkpoint."""
        now = time.monotonic()
        self._paused += now - self._seen
        self._seen = now

    def take(self, state: Any) -> dict[str, float]:
        """Return the speeds since the last time this was called or the beginning, and start anew."""
        now = time.monotonic()
        if self._began is None:
            return {}
        seconds = now - self._began - self._paused
        steps, tokens = state.global_step - self._step, state.num_input_tokens_seen - self._tokens
        self._start(state, now)
        if steps <= 0 or seconds <= 0:
            return {}
        speeds = {"steps_per_second": steps / seconds}
        if self._samples:
            speeds["samples_per_second"] = steps * self._samples / seconds
        if tokens > 0:
            speeds["tokens_per_second"] = tokens / seconds
        return speeds
