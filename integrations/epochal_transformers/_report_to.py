"""Makes our names known: `report_to="epochal"` to transformers, `log_with="epochal"` to accelerate."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import MappingProxyType, ModuleType
from typing import Any, Final


def _in_transformers(module: Any) -> None:
    if hasattr(module, "INTEGRATION_TO_CALLBACK"):
        from ._callback import EpochalCallback

        module.INTEGRATION_TO_CALLBACK["epochal"] = EpochalCallback


def _in_accelerate(module: Any) -> None:
    # before this function there was, accelerate took names from its own list only
    if hasattr(module, "register_tracker_class") and "epochal" not in module.LOGGER_TYPE_TO_CLASS:
        from ._tracker import EpochalTracker

        module.register_tracker_class(EpochalTracker)


#: The modules that hold the tables of names; importing them here would import all of the frameworks.
_TABLES: Final[Mapping[str, Callable[[Any], None]]] = MappingProxyType(
    {"transformers.integrations.integration_utils": _in_transformers, "accelerate.tracking": _in_accelerate}
)


def make_known() -> None:
    """Put our names into the frameworks' tables, now where they are loaded, else right after they are.

    Discovering plugins imports this package too, and must not import the frameworks; a script may import this package
    first. So until a framework is imported, one entry in `sys.meta_path` waits for it, and then goes away.
    """
    waiting = {each.table for each in sys.meta_path if isinstance(each, _Waiting)}
    for table, register in _TABLES.items():
        module = sys.modules.get(table)
        if module is not None and not getattr(module.__spec__, "_initializing", False):
            register(module)
        elif table not in waiting:
            sys.meta_path.insert(0, _Waiting(table))


class _Waiting(MetaPathFinder):
    """Finds nothing itself; has a table told to us when it was loaded."""

    def __init__(self, table: str) -> None:
        self.table = table

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.table:
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Telling(spec.loader)
        return spec


class _Telling(Loader):
    """Loads as the loader that it stands for does, and registers afterwards."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        _TABLES[module.__name__](module)
