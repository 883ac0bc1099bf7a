"""Under which names an adapter records: the framework's own, with a prefix, or words common to all frameworks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .errors import BadValueError

#: What `vocabulary=` may be: the framework's names as they are, or the words that all our adapters share.
VOCABULARIES: Final = ("framework", "common")


class MetricNames:
    """Names metrics for one adapter.

    In the common vocabulary `train/…` is of the training, `val/…` of a validation (`val/<set>/…` of one of several),
    `test/…` of a test, `lr` the learning rate and `epoch` the epoch; what an adapter does not know keeps its name. No
    value is lost for its name: where two of one row would have the same, the second keeps the framework's.

    Args:
        prefix: put before each name, as it is.
        vocabulary: `"framework"` (None) or `"common"`.
        common: gives the common word for a framework's name. A function of a module: adapters are pickled.

    Raises:
        BadValueError: another vocabulary.
    """

    def __init__(
        self, prefix: str = "", vocabulary: str | None = None, common: Callable[[str], str] | None = None
    ) -> None:
        if vocabulary not in (None, *VOCABULARIES):
            raise BadValueError(
                f"vocabulary={vocabulary!r} is not known: give 'framework' for the framework's own names, or 'common'"
            )
        self._prefix = prefix
        self._common = common if vocabulary == "common" else None
        self._known: dict[str, str] = {}

    def of(self, metrics: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return metrics under the names to record them by; the mapping that was given is never changed."""
        if not self._prefix and self._common is None:
            return metrics
        named: dict[str, Any] = {}
        for name, value in metrics.items():
            chosen = self.name(name)
            if chosen in named:
                chosen = f"{self._prefix}{name}"
            named[chosen] = value
        return named

    def name(self, name: str) -> str:
        """Return the name to record a metric by."""
        known = self._known.get(name)
        if known is None:
            common = name if self._common is None else self._common(name)
            known = self._known[name] = f"{self._prefix}{common}"
        return known
