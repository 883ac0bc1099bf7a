"""Epochal's own plugins: each is a module that takes the same door as anyone's."""

from __future__ import annotations

from typing import Final

BUILTIN: Final[tuple[tuple[str, str], ...]] = (
    ("names", "epochal.builtin_plugins.run_names"),
    ("announce", "epochal.builtin_plugins.announce"),
    ("durations", "epochal.builtin_plugins.durations"),
    ("tables", "epochal.builtin_plugins.tables"),
    ("frameworks", "epochal.builtin_plugins.frameworks"),
    ("media", "epochal.builtin_plugins.media"),
    ("sinks", "epochal.builtin_plugins.sinks"),
    ("probes", "epochal.companion.probes"),
    ("exchange", "epochal.exchange.plugin"),
    ("demo", "epochal.demo.plugin"),
)
"""Names and modules, in the order in which they are taken."""
