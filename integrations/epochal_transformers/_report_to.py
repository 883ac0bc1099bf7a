"""Makes `report_to="epochal"` known to transformers, at once or as soon as transformers is imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

#: The module that holds the table of names; importing it here would import all of transformers.
_TABLE: Final = "transformers.integrations.integration_utils"


def make_known() -> None:
    """Put our name into transformers' table, now if that is loaded, else right after it is.

    Discovering plugins imports this package too, and must not import the framework; a script may import this package
    first. So until transformers is imported, one entry in `sys.meta_path` waits for it, and then goes away.
    """
    module = sys.modules.get(_TABLE)
    if module is not None and hasattr(module, "INTEGRATION_TO_CALLBACK"):
        _register(module)
    elif not any(isinstance(each, _Waiting) for each in sys.meta_path):
        sys.meta_path.insert(0, _Waiting())


def _register(module: Any) -> None:
    from ._callback import EpochalCallback

    module.INTEGRATION_TO_CALLBACK["epochal"] = EpochalCallback


class _Waiting(MetaPathFinder):
    """Finds nothing itself; has `_TABLE` told to us when it was loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _TABLE:
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
        if hasattr(module, "INTEGRATION_TO_CALLBACK"):
            _register(module)
