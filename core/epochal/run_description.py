"""What is said of a run beside its metrics: config, summary, definitions, datasets, notices."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .run_identity import RunIdentity

if TYPE_CHECKING:
    from .faults import Faults
    from .run_config import Operation, RunConfig
    from .run_summary import RunSummary


class RunDescription(RunIdentity):
    """The verbs by which a `Run` is described; each change is recorded as it is made."""

    _fault: Faults
    _config: RunConfig
    _summary: RunSummary
    #: What `define_metric` was told here: a name or pattern, its axis, summaries and goal.
    _defined: Mapping[str, tuple[str | None, list[str], str | None]] = {}

    @abstractmethod
    def _open(self, verb: str) -> bool:
        """Return whether a verb may write."""

    @property
    def config(self) -> RunConfig:
        """The run's settings: a mapping with attribute access; each change is recorded with its time."""
        return self._config

    @property
    def summary(self) -> RunSummary:
        """The run's summary: values that you set stay yours, others come from what was logged."""
        return self._summary

    def define_metric(
        self, name: str, *, step: str | None = None, summary: str | list[str] | None = None, goal: str | None = None
    ) -> None:
        """Choose a metric's axis and what stands for it in the summary.

        Args:
            name: a metric, or a pattern with `*` (`"val/*"`).
            step: the metric to draw it over (`"epoch"`).
            summary: one or several of last, min, max, mean, first, best, none.
            goal: `"min"` or `"max"`, which says what best is.
        """
        wanted = [summary] if isinstance(summary, str) else list(summary or ())
        unknown = [word for word in wanted if word not in ("last", "min", "max", "mean", "first", "best", "none")]
        if unknown or goal not in (None, "min", "max"):
            self._fault(
                "define_metric",
                f"define_metric({name!r}): {unknown[0] if unknown else goal!r} is not known: summary takes last, min, "
                "max, mean, first, best, none; goal takes 'min' or 'max'",
                once=name,
            )
            return
        self._defined = {**self._defined, name: (step, wanted, goal)}
        self._record("metric", {"name": name, "step": step, "summary": wanted or None, "goal": goal})

    def _define_axis(self, name: str, step: str) -> None:
        """Choose a metric's axis for an adapter: not over the user's choice, and their summary and goal stay."""
        chosen, summary, goal = self._defined.get(name, (None, [], None))
        for pattern, (axis, *_) in self._defined.items():
            if axis and "*" in pattern and re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL):
                chosen = axis
        if chosen is None:
            self.define_metric(name, step=step, summary=summary, goal=goal)

    def use_dataset(self, name: str, data: Any, *, fingerprint: str = "quick") -> dict[str, Any]:
        """Write what identifies a dataset's content into `config["datasets"][name]`, and return it.

        Args:
            name: `"train"`, `"validation"`, …
            data: a file or folder (path), array, table, or what a plugin knows; no data byte is stored, a dataset
                of yours is never iterated.
            fingerprint: `"quick"` stops at about a second (`coverage` says so), `"full"` reads all.
        """
        try:
            from .fingerprinting import fingerprint as fingerprint_of

            found = dict(fingerprint_of(data, full=fingerprint == "full"))
        except Exception as error:
            kind = type(data).__qualname__
            self._fault("dataset", f"dataset {name!r} (a {kind}) has no fingerprint: {error}", once=name)
            found = {"kind": kind, "sha256": None, "coverage": "none", "why": str(error)}
        self.config.update({"datasets": {name: found}})
        return found

    def notice(self, code: str, text: str, **data: Any) -> None:
        """Put something into the record that whoever reads the run should know.

        Args:
            code: a short word for programs.
            text: a sentence for people.
            data: more, as plain values.
        """
        try:
            if self._open("notice"):
                self._session.record_notice(code, text, data)
        except Exception as error:
            self._fault.internal("notice", error)

    def _record_config(self, operations: list[Operation]) -> None:
        from .redaction import redact

        safe = [[path, *(redact(value, path) for value in values)] for path, *values in operations]
        self._record("config", {"ops": safe})

    def _record_summary(self, values: dict[str, Any], deleted: list[str]) -> None:
        from .redaction import redact

        self._record("summary", {"set": redact(values), "delete": deleted})
