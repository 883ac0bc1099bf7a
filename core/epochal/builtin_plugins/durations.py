"""Makes durations loggable: a `timedelta` becomes seconds."""

from __future__ import annotations

from datetime import timedelta

from ..hookspecs import Converter, hookimpl


@hookimpl
def register_converters() -> list[Converter]:
    """Return the converter of `datetime.timedelta` (and of its subclasses, such as pandas' Timedelta)."""
    return [Converter("datetime.timedelta", timedelta.total_seconds)]
