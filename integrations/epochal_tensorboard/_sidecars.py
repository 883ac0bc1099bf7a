"""Reads the settings that frameworks leave beside their event files, for the run's config."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from epochal.errors import BadValueError
from epochal.exchange.plain_yaml import read_settings

if TYPE_CHECKING:
    from ._logdir import Run

#: Lightning's, and Ultralytics' of two ages; what stands in them is the config itself.
_SETTINGS: Final = ("hparams.yaml", "args.yaml", "opt.yaml")
#: YOLOv5's: how it trains, beside opt.yaml, which names the file that it was read from.
_HYP: Final = "hyp.yaml"
#: ML-Agents': it lies above the folders of the behaviours that it lists.
_ABOVE: Final = "configuration.yaml"
_BEHAVIOURS: Final = "behaviors"


@dataclass
class Beside:
    """What lies beside a run's event files.

    Attributes:
        config: what the files say.
        digests: file, from the run's folder on, to the SHA-256 of what was read.
        problems: in words, what could not be read.
    """

    config: dict[str, Any] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def joined(self, hparams: Mapping[str, Any]) -> dict[str, Any]:
        """Return the config with what the hparams plugin says and no file does.

        The plugin knows numbers, bools and text alone, under names like `model/width`: of what stands in a file too,
        that is the better copy.
        """
        told = set(_paths(self.config, ""))
        return {**self.config, **{name: value for name, value in hparams.items() if name not in told}}


def is_sidecar(name: str) -> bool:
    """Return whether a file of this name may hold settings of a run."""
    return name in (*_SETTINGS, _HYP, _ABOVE)


def read_sidecars(found: Run) -> Beside:
    """Read the files of settings that lie beside a run's event files: none of them is ever an error."""
    beside = Beside()
    for name in _SETTINGS:
        beside.config |= _read(beside, found.folder, name) or {}
    hyp = _read(beside, found.folder, _HYP)
    if hyp is not None:
        named = beside.config.get("hyp")
        if named is not None and not isinstance(named, Mapping):
            beside.config["hyp_file"] = named
        beside.config["hyp"] = hyp
    above = _read(beside, found.folder, f"../{_ABOVE}", behaviour=found.folder.name)
    return Beside({**(above or {}), **beside.config}, beside.digests, beside.problems)


def _read(beside: Beside, folder: Path, name: str, *, behaviour: str = "") -> dict[str, Any] | None:
    """Return what a file says; None where it is not there, cannot be read, or does not list the behaviour."""
    path = os.path.join(folder, name)
    try:
        if not _is_file(path):
            return None
        settings = read_settings(Path(path))
        if behaviour and not _lists(settings, behaviour):
            return None
        beside.digests[name] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except BadValueError as error:
        if not behaviour:  # above a run anything may lie
            beside.problems.append(f"{name}: {error}")
        return None
    except OSError as error:
        beside.problems.append(f"{name}: {error.strerror or error}")
        return None
    return settings


def _is_file(path: str) -> bool:
    """Return whether a file lies there; where that cannot be seen, `OSError` says so."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return False
        raise


def _lists(settings: Mapping[str, Any], behaviour: str) -> bool:
    behaviours = settings.get(_BEHAVIOURS)
    return isinstance(behaviours, Mapping) and behaviour in behaviours


def _paths(settings: Mapping[Any, Any], prefix: str) -> Iterator[str]:
    """Yield the names of nested settings as the hparams plugin's writers flatten them."""
    for name, value in settings.items():
        yield f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _paths(value, f"{prefix}{name}/")
