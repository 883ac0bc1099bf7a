"""Reads settings from YAML files of others: plain values alone, nothing in them is run, and aliases cannot blow up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ..errors import BadValueError

_LARGEST: Final = 4 << 20
_MOST: Final = 1_000_000
_LONGEST_REASON: Final = 200


def read_settings(path: Path) -> dict[str, Any]:
    """Return what a file of settings by name holds; empty for an empty file. Python's objects become text.

    Raises:
        BadValueError: it cannot be read, is too large, or holds something else; PyYAML is not installed.
    """
    try:
        import yaml  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise BadValueError("PyYAML is not installed — pip install PyYAML, then import again") from error
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"it is larger than {_LARGEST >> 20} MiB")
        found = _plain(yaml, path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise BadValueError(" ".join(str(error).split())[:_LONGEST_REASON]) from error
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise BadValueError("it holds no settings by name")
    return dict(found)


def _plain(yaml: Any, text: str) -> Any:
    loader = _loader(yaml)(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, {}) > _MOST:
            raise ValueError(f"it holds more than {_MOST:,} values when each alias (*) is written out")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _size(node: Any, known: dict[int, int | None]) -> int:
    """Return how many values a node is with every alias written out, before anything is made of it.

    Raises:
        ValueError: it is within itself.
    """
    size = known.get(id(node), 0)
    if size is None:
        raise ValueError("it holds a value within itself")
    if size:
        return size
    known[id(node)] = None
    size = 1
    for child in node.value if isinstance(node.value, list) else ():
        for part in child if isinstance(child, tuple) else (child,):
            size += _size(part, known)
    known[id(node)] = size
    return size


def _loader(yaml: Any) -> Any:
    """Return a loader of plain values: Python's objects become text, lists and dicts."""

    class Plain(yaml.SafeLoader):  # type: ignore[misc,name-defined,unused-ignore]
        pass

    def as_text(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        return suffix if not node.value else node.value

    Plain.add_multi_constructor("tag:yaml.org,2002:python/", as_text)
    Plain.add_multi_constructor("!", as_text)
    return Plain
