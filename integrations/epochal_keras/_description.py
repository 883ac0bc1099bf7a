"""Writes what takes part in a fit, an evaluate or a predict into the run's config, each part for itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from epochal.adapter import AdapterRun

from ._calls import Call
from ._describe import describe_model, describe_optimizer, describe_trainer, versions


class Description:
    """What the config of a callback's run says; no part that cannot be told costs another.

    Args:
        runs: whose config it is.
    """

    def __init__(self, runs: AdapterRun) -> None:
        self._runs = runs
        self._unbuilt = False
        self._run: str | None = None

    def of(
        self, model: Any, params: Mapping[str, Any], call: Call | None, callbacks: Sequence[Any], *, again: bool = True
    ) -> None:
        """Describe a call.

        Args:
            model: the one that is called.
            params: what Keras tells callbacks of it.
            call: what it was given, as far as it can be seen.
            callbacks: those that take part beside ours.
            again: False leaves alone what was described before: a test after a training has other settings.
        """
        run = self._runs.open()
        before, self._run = self._run, run.id
        if not again and before == run.id:
            return
        self._write("environment", versions, again=again)
        self._write("model", lambda: describe_model(model), again=again)
        self._unbuilt = "parameters" not in (run.config.get("model") or {})
        self._write("optimizer", lambda: describe_optimizer(model), again=again)
        self._write("trainer", lambda: describe_trainer(model, params, call, callbacks), again=again)

    def complete(self, model: Any) -> None:
        """Describe a model anew that had not been built when its training began."""
        if self._unbuilt:
            self._unbuilt = False
            self._write("model", lambda: describe_model(model), again=True)

    def _write(self, group: str, describe: Callable[[], dict[str, Any]], *, again: bool) -> None:
        with self._runs.guard(group):
            known = describe()
            if known:
                self._runs.describe({group: known}, again=again)
