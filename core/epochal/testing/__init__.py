"""Tests that an author of an adapter inherits: `class TestMine(AdapterSuite)`, run by pytest."""

from __future__ import annotations

from .suite import AdapterSuite, Reported

__all__ = ["AdapterSuite", "Reported"]
