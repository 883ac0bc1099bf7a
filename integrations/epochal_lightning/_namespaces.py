"""Lightning's namespaces, `lightning` and `pytorch_lightning` with `lightning_fabric`: classes that work alike."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any, Final

#: Where Trainers come from.
NAMESPACES: Final = ("lightning.pytorch", "pytorch_lightning")
#: Where Fabric comes from; its `Logger` is the base of the Trainer's.
FABRIC: Final = ("lightning.fabric", "lightning_fabric")


def primary() -> str:
    """Return the namespace that the script has imported, else one that is installed.

    Several may be installed (`lightning` brings them all along), and importing another one takes seconds.

    Raises:
        ImportError: none is installed.
    """
    # `lightning` itself imports both of its parts
    for name in (*NAMESPACES, "lightning_fabric"):
        if name in sys.modules:
            return name
    for name in (*NAMESPACES, "lightning_fabric"):
        try:
            import_module(name)
        except ModuleNotFoundError as absent:
            if not name.startswith(str(absent.name)):
                raise
        else:
            return name
    raise ImportError("epochal_lightning needs Lightning: pip install lightning, or pytorch-lightning")


def loggers_of(namespace: str) -> ModuleType:
    """Return the module that defines the `Logger` of a namespace."""
    return import_module(f"{namespace}.loggers.logger")


def make_known(logger: type) -> None:
    """Let `isinstance` with the `Logger` of each namespace that is loaded say yes (LightningCLI asks)."""
    for name in (*NAMESPACES, *FABRIC):
        module = sys.modules.get(f"{name}.loggers.logger")
        base: Any = getattr(module, "Logger", None)
        if base is not None and not issubclass(logger, base):
            base.register(logger)


def namespace_of(trainer: Any) -> str:
    """Return the namespace that a trainer's class, or the class that it derives from, belongs to."""
    for base in type(trainer).__mro__:
        for name in NAMESPACES:
            if base.__module__.startswith(f"{name}."):
                return name
    return primary()
