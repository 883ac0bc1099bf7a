"""A framework of twenty lines, an adapter for it, and the adapter under the suite: what faulty ones are made from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from epochal.adapter import AdapterRun
from epochal.metric_names import MetricNames
from epochal.testing import AdapterSuite, Reported

_COMMON = {"loss": "train/loss", "mean": "val/loss"}


def common_name(name: str) -> str:
    return _COMMON.get(name, name)


class Loop:
    """The framework: fits one number to data, in three epochs of four steps, and tells a listener."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.step, self.weight = 0, 0.0
        self.told: Reported = {}

    def fit(self, listener: Any, folder: Path, at_step: Callable[[int], None], *, resume: bool) -> None:
        saved = folder / "saved.json"
        state = json.loads(saved.read_text()) if resume else {}
        self.step, self.weight = state.get("step", 0), state.get("weight", 0.0)
        listener.began(self, state.get("extra"))
        for step in range(self.step + 1, 13):
            loss = float((self.data[step - 1] - self.weight) ** 2)
            self.step, self.weight = step, self.weight + 0.1 * (self.data[step - 1] - self.weight)
            self.tell(listener, {"loss": loss}, training=True)
            at_step(step)
            if step % 4 == 0:
                self.tell(listener, {"mean": float(((self.data - self.weight) ** 2).mean())}, training=False)
                text = {"step": step, "weight": self.weight, "extra": listener.saving()}
                saved.write_text(json.dumps(text))
        listener.ended()

    def tell(self, listener: Any, metrics: dict[str, float], *, training: bool) -> None:
        for name, value in metrics.items():
            self.told.setdefault(name, {})[self.step] = value
        listener.logged(metrics, self.step, training=training)


class Silent:
    """A listener that does nothing."""

    def began(self, loop: Loop, extra: Any) -> None: ...

    def logged(self, metrics: dict[str, Any], step: int, *, training: bool = False) -> None: ...

    def saving(self) -> Any: ...

    def ended(self) -> None: ...


class LoopAdapter(Silent):
    """Records a loop."""

    def __init__(
        self,
        run: Any = None,
        *,
        prefix: str = "",
        vocabulary: str | None = None,
        log_every: int | None = None,
        fingerprint: str = "quick",
        **opening: Any,
    ) -> None:
        names = MetricNames(prefix, vocabulary, common_name)
        self.runs = AdapterRun(run, names=names, log_every=log_every, **opening)
        self.fingerprint = fingerprint

    def began(self, loop: Loop, extra: Any) -> None:
        if extra:
            self.runs.resume(extra)
        with self.runs.guard("description"):
            self.describe()
            self.runs.open().use_dataset("train", loop.data, fingerprint=self.fingerprint)

    def describe(self) -> None:
        groups = {
            "model": {"parameters": 1},
            "optimizer": {"class": "SGD", "lr": 0.1},
            "trainer": {"framework": "loop"},
        }
        self.runs.describe({**groups, "environment": {"numpy": np.__version__}})

    def logged(self, metrics: dict[str, Any], step: int, *, training: bool = False) -> None:
        self.runs.log(metrics, step=step, trained=step if training else None)

    def saving(self) -> Any:
        return self.runs.open().position()

    def ended(self) -> None:
        self.runs.rest()

    def finish(self) -> None:
        self.runs.finish()


class LoopSuite(AdapterSuite):
    """The suite for an adapter of the loop."""

    framework = ("torch", "keras", "lightning", "transformers")
    plugin = "epochal.builtin_plugins.tables"
    middle = 6
    step_metrics = ("loss",)
    common = ("train/loss", "val/loss")
    adapter: type = LoopAdapter

    def make(self, **opening: Any) -> Any:
        return self.adapter(**opening)

    def train(
        self,
        adapter: Any,
        folder: Path,
        *,
        at_step: Callable[[int], None] = lambda step: None,
        seed: int = 0,
        resume: bool = False,
    ) -> Reported:
        folder.mkdir(exist_ok=True)
        loop = Loop(np.random.default_rng(seed).normal(size=12))
        loop.fit(Silent() if adapter is None else adapter, folder, at_step, resume=resume)
        return loop.told

    def emit(self, adapter: Any, metrics: dict[str, Any], step: int) -> None:
        adapter.logged(metrics, step)
