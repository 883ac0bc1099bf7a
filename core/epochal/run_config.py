"""`run.config`: nested settings with attribute access, each change recorded as it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from .config_values import jsonlike

Path = tuple[str, ...]
#: `(path, value)` sets and replaces, `(path,)` deletes.
Operation = list[Any]


class RunConfig(MutableMapping[str, Any]):
    """A view of a run's config, or of a mapping within it.

    `config.lr`, `config["lr"]` and `config.update({...})` read and change it; a nested mapping is a view again, so
    that `config.optimizer.lr = 0.1` is recorded too. Lists are copies: set the whole list to change one.
    Names that Python keeps for methods (`items`, `update`) are reached by `config["items"]`.
    """

    __slots__ = ("_data", "_path", "_record")

    _data: dict[str, Any]
    _path: Path
    _record: Callable[[list[Operation]], None]

    def __init__(self, data: dict[str, Any], record: Callable[[list[Operation]], None], path: Path = ()) -> None:
        object.__setattr__(self, "_data", data)
        object.__setattr__(self, "_path", path)
        object.__setattr__(self, "_record", record)

    def __getitem__(self, key: str) -> Any:
        value = self._data[key]
        if isinstance(value, dict):
            return RunConfig(value, self._record, (*self._path, key))
        return list(value) if isinstance(value, list) else value

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        del self._data[key]
        self._record([[[*self._path, key]]])

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._data))

    def __len__(self) -> int:
        return len(self._data)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the config has no {'.'.join((*self._path, name))!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(f"the config has no {'.'.join((*self._path, name))!r}") from None

    def update(self, other: Any = (), /, **values: Any) -> None:
        """Set values; a mapping is merged into a mapping that is there, anything else replaces what is there.

        Args:
            other: a mapping, an object that `vars` can read (argparse's Namespace), or pairs.
            **values: more, by name.
        """
        if not isinstance(other, Mapping) and hasattr(other, "__dict__"):
            other = vars(other)
        plain = jsonlike({**dict(other), **values})
        operations: list[Operation] = []
        merge(self._data, plain, self._path, operations)
        if operations:
            self._record(operations)

    def to_dict(self) -> dict[str, Any]:
        """Return a copy as plain dicts and lists."""
        copy: dict[str, Any] = jsonlike(self._data)
        return copy

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and self._data == (other._data if isinstance(other, RunConfig) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self._data)


def merge(into: dict[str, Any], values: Mapping[str, Any], path: Path, operations: list[Operation]) -> None:
    """Merge plain values into plain data, and append to `operations` what changed."""
    for key, value in values.items():
        there = into.get(key)
        if isinstance(value, dict) and value and isinstance(there, dict):
            merge(there, value, (*path, key), operations)
        elif key not in into or not _same(there, value):
            into[key] = value
            operations.append([[*path, key], value])


def _same(one: Any, other: Any) -> bool:
    """Whether two plain values are equal to the type (1, 1.0 and True are three values); NaN equals nothing."""
    return type(one) is type(other) and one == other and repr(one) == repr(other)
