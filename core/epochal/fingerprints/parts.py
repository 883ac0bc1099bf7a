"""Hashes what is made of parts (lists, tuples, mappings) from the digests of the parts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import BadValueError
from .budget import OBJECT_COST, Budget
from .finding import ARRAYS_BYTES, Finding, finding, nothing


def fingerprint_list(data: Any, budget: Budget) -> Finding:
    """Return the fingerprint of a list or tuple; the order counts."""
    # The type's own methods: a subclass may do anything when it is iterated, this touches storage only.
    items: tuple[Any, ...] = tuple(list.__iter__(data) if isinstance(data, list) else tuple.__iter__(data))
    return _combined("list", [("", item) for item in items], budget, rows=None)


def fingerprint_mapping(data: Any, budget: Budget) -> Finding:
    """Return the fingerprint of a dict by key; the order does not count."""
    items = {_key_text(key): value for key, value in dict.items(data)}
    return combine("dict", items, budget)


def combine(kind: str, parts: Mapping[str, Any], budget: Budget, *, rows: int | None = None) -> Finding:
    """Return the fingerprint of named parts, such as the arrays that a sparse matrix consists of."""
    return _combined(kind, [(f"{name} ", parts[name]) for name in sorted(parts)], budget, rows)


def _combined(kind: str, items: list[tuple[str, Any]], budget: Budget, rows: int | None) -> Finding:
    if not budget.take(OBJECT_COST * len(items)):
        return nothing(kind, f"it has {len(items)} parts, which takes too long: pass an array, or ask for a full one")
    digest = hashlib.sha256(f"{kind} {len(items)}\n".encode())
    found: list[Finding] = []
    for number, (label, item) in enumerate(items):
        if not number % 1024:
            budget.look_at_clock()
        line = _scalar_line(item)
        if line is None:
            part = budget.of(item)
            found.append(part)
            line = f"{_hashed_as(part)} {part['sha256'] or 'none'}"
        digest.update(f"{label}{line}\n".encode("utf-8", "surrogatepass"))
    if found and all(part["coverage"] == "none" for part in found):
        return nothing(kind, f"of its {len(found)} parts none can be hashed: {found[0].get('why')}")
    return finding(
        kind,
        digest.hexdigest(),
        f"SHA-256 of the line '{kind} {len(items)}', then for each part a line with its name (none in a list), "
        "kind (a tensor's is numpy.ndarray) and digest, or its type and value",
        rows=rows if rows is not None else _common_rows(kind, found, len(items)),
        size=sum(part["bytes"] or 0 for part in found),
        coverage="sampled" if any(part["coverage"] == "sampled" for part in found) else "full",
        left_out={"parts": sum(part["coverage"] in ("partial", "none") for part in found)},
    )


def _hashed_as(part: Finding) -> str:
    """Return a part's kind; tensors of any library are arrays, so that the same data is so in every framework."""
    return "numpy.ndarray" if ARRAYS_BYTES in (part["method"] or "") else str(part["kind"])


def _scalar_line(item: Any) -> str | None:
    if item is None:
        return "None"
    if type(item) is bool or type(item) is int:
        return f"{type(item).__name__} {item}"
    return f"float {item.hex()}" if type(item) is float else None


def _common_rows(kind: str, found: list[Finding], count: int) -> int | None:
    if not found:
        return count
    if len(found) == count and kind == "list" and all(part["kind"] == "dict" for part in found):
        return count  # each is a row, with however many values under its names
    rows = {part["rows"] for part in found}
    return rows.pop() if len(rows) == 1 and len(found) == count else None


def _key_text(key: Any) -> str:
    kinds: Iterable[type] = (str, int, float, bool, bytes, type(None))
    if type(key) is tuple:
        return f"({', '.join(map(_key_text, key))})"
    if type(key) not in kinds:
        raise BadValueError(f"a key of the data is a {type(key).__qualname__}: take text or numbers as keys")
    return repr(key)
