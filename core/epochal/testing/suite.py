"""`AdapterSuite`: what every adapter must get right, checked with real trainings of its framework."""

from __future__ import annotations

from .constructing import ConstructingChecks
from .endings import EndingChecks
from .faults import FaultChecks
from .metric_names import NameChecks
from .owners import OwnerChecks
from .reading import Reported, only_run
from .records import RecordChecks

__all__ = ["AdapterSuite", "Reported", "only_run"]


class AdapterSuite(FaultChecks, EndingChecks, OwnerChecks, NameChecks, RecordChecks, ConstructingChecks):
    """Subclass it, name it `Test…`, and write `make`, `train` and `emit`; pytest finds the checks.

    Most checks train for real, so make the training tiny: a few epochs of a few batches, the same each time. What to
    write and to say is in `AdapterContract`; what each check is about is in docs/write-an-adapter.md. The checks bring
    all they need: folders, settings and environment of whoever runs them are shut out. A subclass with a
    `setup_method` or `setup_class` of its own calls the one of this class too.
    """
