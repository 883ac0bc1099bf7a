"""What a person puts into the config becomes nested JSON-like data of any size."""

from __future__ import annotations

import dataclasses
import enum
import os
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

#: Deeper than this, or inside itself, a value becomes its text.
_DEEPEST: Final = 64
#: Arrays of more elements are described, not kept.
_LARGEST_ARRAY: Final = 10_000
_LONGEST_REPR: Final = 2_000


def jsonlike(value: Any) -> Any:
    """Return a copy of `value` that holds only None, bool, int, float, text, bytes-free lists and text-keyed dicts.

    Numbers keep their value (integers of any size, NaN and ±inf); dataclasses, namespaces and mappings become dicts;
    sets become sorted lists; paths, enums, types and functions become text that a person can read; anything else
    becomes its `repr`. Never raises for a value: one whose own code fails becomes the text of that.
    """
    return _convert(value, 0)


def _convert(value: Any, depth: int) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    try:
        return _known(value, depth)
    except RecursionError:
        return f"<{type(value).__qualname__}: nested too deeply>"
    except Exception as error:
        return f"<{type(value).__qualname__}: {type(error).__name__}>"


def _known(value: Any, depth: int) -> Any:
    if type(value) is dict and depth <= _DEEPEST:  # nearly everything is one or a list: the rest is asked for after
        return {_key(key): _convert(item, depth + 1) for key, item in value.items()}
    if type(value) is list and depth <= _DEEPEST:
        return [_convert(item, depth + 1) for item in value]
    if isinstance(value, enum.Enum):
        return _convert(value.value, depth + 1)
    for base in (str, int, float):
        if isinstance(value, base):
            return base(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value) if isinstance(os.fspath(value), str) else os.fsdecode(value)
    if isinstance(value, (bytes, bytearray)):
        return _short(value)
    if depth > _DEEPEST:
        return _short(value)
    if isinstance(value, Mapping):
        return {_key(key): _convert(item, depth + 1) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: _convert(getattr(value, field.name, None), depth + 1) for field in fields}
    if isinstance(value, AbstractSet):
        items = [_convert(item, depth + 1) for item in value]
        return sorted(items, key=lambda item: (str(type(item)), str(item)))
    if isinstance(value, Sequence):
        return [_convert(item, depth + 1) for item in value]
    return _foreign(value, depth)


def _foreign(value: Any, depth: int) -> Any:
    """Convert what no built-in type tells: arrays, namespaces, types, functions, other objects."""
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return f"{getattr(value, '__module__', '')}.{value.__qualname__}".lstrip(".")
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        shape = tuple(value.shape)
        if not shape and hasattr(value, "item"):
            item = value.item()
            return item if type(item) in (bool, int, float, str) else _short(value)
        size = 1
        for length in shape:
            size *= int(length)
        if size <= _LARGEST_ARRAY and hasattr(value, "tolist"):
            return _convert(value.tolist(), depth + 1)
        return f"<{type(value).__qualname__} of shape {shape}, {value.dtype}>"
    if type(value).__name__ in ("Namespace", "SimpleNamespace"):
        return {_key(key): _convert(item, depth + 1) for key, item in vars(value).items()}
    if hasattr(value, "__float__") and not hasattr(value, "__len__"):
        return float(value)
    return _short(value)


def _key(key: Any) -> str:
    return key if type(key) is str else str(key.value if isinstance(key, enum.Enum) else key)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_REPR else text[: _LONGEST_REPR - 1] + "…"
