"""`run.summary`: values set by hand, which stay until deleted, over what the history gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from .config_values import jsonlike


class RunSummary(MutableMapping[str, Any]):
    """A run's summary.

    Reading gives the value set by hand, else the one derived from what was logged (the last, or what
    `define_metric` asked for), which is worked out when asked for. A value set by hand is yours: no later log,
    resume, rewind, import or merge changes it; `del run.summary[name]` gives the derived one back.
    """

    def __init__(
        self,
        manual: dict[str, Any],
        record: Callable[[dict[str, Any], list[str]], None],
        derived: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._manual = manual
        self._record = record
        self._derived = derived

    def __getitem__(self, name: str) -> Any:
        return self._manual[name] if name in self._manual else self._derived()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __delitem__(self, name: str) -> None:
        if name not in self._manual:
            raise KeyError(f"{name!r} was not set by hand: only such values can be deleted from the summary")
        del self._manual[name]
        self._record({}, [name])

    def __iter__(self) -> Iterator[str]:
        return iter({**self._derived(), **self._manual})

    def __len__(self) -> int:
        return len({**self._derived(), **self._manual})

    def update(self, other: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /, **values: Any) -> None:  # type: ignore[override]
        """Set values by hand, all in one record."""
        plain = jsonlike({**dict(other), **values})
        if plain:
            self._manual.update(plain)
            self._record(plain, [])

    def to_dict(self) -> dict[str, Any]:
        """Return a copy as a plain dict."""
        return {**self._derived(), **self._manual}

    def __repr__(self) -> str:
        return repr(self.to_dict())
