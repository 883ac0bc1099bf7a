"""The common words for what Keras calls its metrics."""

from __future__ import annotations


def common_name(name: str) -> str:
    """Return the common word for a metric's name, the name itself where there is none."""
    return name
