"""What runs in processes that a suite starts: the suite's class, found by its file, and an adapter that was pickled."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any


def emit_in_child(file: str, name: str, adapters: list[Any]) -> None:
    """Record something with adapters that were pickled, in a process that was spawned."""
    suite = load(file, name)
    for adapter in adapters:
        suite.emit(adapter, {"there": 2.0}, 2)
        adapter.finish()


def load(file: str, name: str) -> Any:
    """Return an instance of a suite's class, found by its file."""
    spec = importlib.util.spec_from_file_location("suite_under_test", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    suite: Any = module
    for part in name.split("."):
        suite = getattr(suite, part)
    return suite()
