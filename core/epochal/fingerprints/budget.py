"""How much a fingerprint may read: decided by size, so that the same data gives the same result on every machine."""

from __future__ import annotations

from typing import Any


class Budget:
    """What a fingerprint may still spend."""

    def of(self, data: Any) -> dict[str, Any]:
        """Return the fingerprint of a part of the data within this budget."""
        raise NotImplementedError
