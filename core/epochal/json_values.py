"""Values as JSON can hold them: NaN and infinities, which it does not have, are texts in all that Epochal writes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

#: The texts, and what they stand for.
NOT_FINITE: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def float_word(value: float) -> str:
    """Return the text for a float that is not finite."""
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def json_safe(value: Any) -> Any:
    """Return `value` as JSON can hold it: floats that are not finite as texts, bytes as hexadecimal digits."""
    if isinstance(value, float):
        return value if math.isfinite(value) else float_word(value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): json_safe(item) for key, item in value.items()}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):
        return json_safe(value.tolist())
    if isinstance(value, Iterable):
        return [json_safe(item) for item in value]
    return str(value)
