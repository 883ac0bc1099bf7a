"""`epochal.fingerprint`: says by a digest whether data is the same, and how much of it the digest covers."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from .errors import BadValueError, PluginError
from .fingerprints.budget import Budget, OutOfTimeError
from .fingerprints.finding import Finding, checked, kind_of, nothing, qualified
from .settings import is_strict


def fingerprint(data: Any, *, full: bool = False, limit_s: float | None = 1.0) -> dict[str, Any]:
    """Return what identifies the content of a dataset. No byte of the data is stored.

    - A text or path object names a file or folder. A file's digest is what `sha256sum` prints; a folder's is what the
      line of shell in `method` prints in it.
    - A NumPy array is hashed by type, shape and its bytes in C order; pandas and Arrow tables by column; bytes as a
      file that holds them. A list or dict of such things is hashed from their digests.
    - Other types are hashed by plugins. Nobody's dataset is iterated or indexed.

    What is too large to be read within `limit_s` is sampled. That is decided by size, so that the same data gives the
    same digest on every machine; a slow disk costs the digest (`coverage` is "none" then) and never changes it.
    Digests of files are remembered, so that the second time takes milliseconds.

    Args:
        data: what to hash.
        full: read everything, whatever it takes.
        limit_s: seconds that it may take; None is as `full`.

    Returns:
        A mapping with `sha256` (None if there is none), `kind`, `rows`, `bytes`, `method` (how to get the same digest
        by other means), `coverage` ("full", "sampled", "partial", "none"); `left_out` with counts where something is
        not covered, `why` where nothing is; `path` for files and folders, and `files` for folders.

    Raises:
        BadValueError: a path that does not exist, or something that is no data, such as None or a number.
    """
    budget = Budget(Dispatcher(), full=full, limit_s=limit_s)
    if data is None or isinstance(data, (bool, int, float, complex, type)):
        raise BadValueError(f"{data!r} is no data to be hashed: pass a path, an array, a table, or a list of them")
    try:
        return budget.of(data)
    except OutOfTimeError as error:
        return nothing(kind_of(data), str(error))


class Dispatcher:
    """Finds who can hash an object: core for its own types, then plugins by the names of the type and its bases."""

    def __call__(self, data: Any, budget: Budget) -> Finding:
        exact = _KNOWN.get(f"{type(data).__module__}.{type(data).__qualname__}")
        if exact is not None:
            return _known(exact)(data, budget)
        for cls in type(data).__mro__:
            name = f"{cls.__module__}.{cls.__qualname__}"
            if name in self._registered:
                found = _asked(self._registered[name], data, budget)
                if found is not None:
                    return found
            if name in _KNOWN:
                return _known(_KNOWN[name])(data, budget)
        if isinstance(data, os.PathLike):
            return _known(_KNOWN["builtins.str"])(data, budget)
        kind = kind_of(data)
        return nothing(kind, f"nothing here knows how to hash a {kind}: pass the arrays, files or tables it is made of")

    @cached_property
    def _registered(self) -> Mapping[str, Callable[[Any, Budget], Any]]:
        from .plugins import get_manager

        found: dict[str, Callable[[Any, Budget], Any]] = {}
        for each in get_manager().collect("register_fingerprinters"):
            found.setdefault(each.type_name, each.fingerprint)
        return found


def _asked(fingerprint_of: Callable[[Any, Budget], Any], data: Any, budget: Budget) -> Finding | None:
    kind = qualified(type(data))
    try:
        answer = fingerprint_of(data, budget)
        return None if answer is None else checked(answer, kind)
    except OutOfTimeError:
        raise
    except Exception as error:  # a plugin's fault costs its digest, nothing else
        if is_strict():
            raise PluginError(f"the fingerprinter of {kind} failed: {error!r}") from error
        logging.getLogger("epochal").warning("the fingerprinter of %s failed: %r", kind, error)
        return nothing(kind, f"its fingerprinter failed: {error!r}")


def _known(place: tuple[str, str]) -> Callable[[Any, Budget], Finding]:
    import importlib

    module, name = place
    handler: Callable[[Any, Budget], Finding] = getattr(importlib.import_module(module), name)
    return handler


_HERE: Final = f"{__package__}.fingerprints"
#: What core itself hashes: the type's name, then module and function, which are loaded when they are needed.
_KNOWN: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "builtins.str": (f"{_HERE}.files", "fingerprint_path"),
        "builtins.bytes": (f"{_HERE}.files", "fingerprint_bytes"),
        "builtins.bytearray": (f"{_HERE}.files", "fingerprint_bytes"),
        "builtins.memoryview": (f"{_HERE}.files", "fingerprint_bytes"),
        "builtins.list": (f"{_HERE}.parts", "fingerprint_list"),
        "builtins.tuple": (f"{_HERE}.parts", "fingerprint_list"),
        "builtins.dict": (f"{_HERE}.parts", "fingerprint_mapping"),
        "numpy.ndarray": (f"{_HERE}.arrays", "fingerprint_array"),
        "numpy.generic": (f"{_HERE}.arrays", "fingerprint_array"),
    }
)
