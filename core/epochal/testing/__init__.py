"""Tests that an author of an adapter inherits: `class TestMine(AdapterSuite)`, run by pytest.

pytest is not imported here. Where it runs, it is asked to show what was compared where one of the checks fails.
"""

from __future__ import annotations

import sys
from typing import Final

_WITH_CHECKS: Final = ("constructing", "endings", "faults", "metric_names", "owners", "records")

_pytest = sys.modules.get("pytest")
if _pytest is not None:
    _pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in _WITH_CHECKS))

from .suite import AdapterSuite, Reported  # noqa: E402

__all__ = ["AdapterSuite", "Reported"]
