"""What a fingerprint is: a mapping with the digest, how it was made, and what it covers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..errors import PluginError

Finding = dict[str, Any]

COVERAGES: Final = ("full", "sampled", "partial", "none")
#: In the method of what is hashed as a NumPy array, whichever library holds it.
ARRAYS_BYTES: Final = "the array's bytes in C order"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}\Z")


def finding(
    kind: str,
    sha256: str | None,
    method: str,
    *,
    rows: int | None = None,
    size: int | None = None,
    coverage: str = "full",
    left_out: Mapping[str, int] | None = None,
    **more: Any,
) -> Finding:
    """Return a fingerprint; `coverage` becomes "partial" where something was left out of what was read whole."""
    missing = {what: count for what, count in (left_out or {}).items() if count}
    return {
        "sha256": sha256,
        "kind": kind,
        "rows": rows,
        "bytes": size,
        "method": method,
        "coverage": "partial" if missing and coverage == "full" else coverage,
        **({"left_out": missing} if missing else {}),
        **more,
    }


def nothing(kind: str, why: str, **more: Any) -> Finding:
    """Return the fingerprint of what could not be hashed, with the reason."""
    return {**finding(kind, None, "", coverage="none"), "method": None, "why": why, **more}


def kind_of(data: Any) -> str:
    """Return the qualified name of an object's type."""
    return qualified(type(data))


def qualified(cls: type) -> str:
    """Return a type's qualified name, without the module for what is built in."""
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def checked(answer: Any, kind: str) -> Finding:
    """Return what a plugin's fingerprinter answered, completed.

    Raises:
        PluginError: it is not a fingerprint.
    """
    if not isinstance(answer, Mapping):
        raise PluginError(f"the fingerprinter of {kind} returned a {type(answer).__name__}: return a mapping or None")
    digest = answer.get("sha256")
    if digest is not None and not (isinstance(digest, str) and _DIGEST.match(digest)):
        raise PluginError(
            f"the fingerprinter of {kind} returned sha256 {digest!r}: return 64 hexadecimal digits or None"
        )
    coverage = answer.get("coverage", "full" if digest else "none")
    if coverage not in COVERAGES or (digest is None) != (coverage == "none"):
        raise PluginError(f"the fingerprinter of {kind} returned coverage {coverage!r}, which does not fit its sha256")
    return {**finding(kind, digest, ""), "method": None, **answer, "coverage": coverage}
