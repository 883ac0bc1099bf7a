"""Names a run that has no name: adjective-noun-number."""

from __future__ import annotations

from ..hookspecs import hookimpl
from ..names import new_run_name


@hookimpl(trylast=True)
def make_run_name() -> str:
    """Return a name such as brave-otter-17."""
    return new_run_name()
