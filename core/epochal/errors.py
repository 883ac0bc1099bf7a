"""Every error that Epochal raises on purpose, as one small tree.

EpochalError
├── BadValueError (also ValueError)          an argument that cannot be used
│   └── WhereError                           a filter expression, with the place of the fault
├── StorageError (also OSError)              the runs folder cannot be written or read
├── RunAliveError                            the run id is open here or in a living process
├── RunExistsError                           resume="never" and the id exists
├── RunNotFoundError (also LookupError)      no run answers to that name
│   └── AmbiguousRunError                    several do
├── PositionError                            a position that this run does not hold
├── JournalError                             a file that is not a readable journal
│   └── JournalVersionError                  written by a newer major version of the format
├── PluginError                              a plugin failed while EPOCHAL_STRICT=1
├── TrackingError                            a fault after init while EPOCHAL_STRICT=1
└── MissingDependencyError (also ImportError) an optional package is not installed

After `init` nothing of this is raised into a training: faults warn once and are kept in the run.
"""

from __future__ import annotations


class EpochalError(Exception):
    """The root of all errors raised by Epochal."""


class BadValueError(EpochalError, ValueError):
    """An argument that cannot be used; the message names the value and the way out."""


class WhereError(BadValueError):
    """A filter expression that cannot be understood.

    Attributes:
        expression: the text as it was given.
        position: 0-based index into `expression` of the fault.
    """

    def __init__(self, reason: str, expression: str, position: int) -> None:
        self.expression = expression
        self.position = position
        super().__init__(f"{reason}\n  {expression}\n  {' ' * position}^")


class StorageError(EpochalError, OSError):
    """The runs folder cannot be written or read."""


class RunAliveError(EpochalError):
    """The run is open in this process, or a living process writes it."""


class RunExistsError(EpochalError):
    """A run with this id exists and `resume="never"` was asked for."""


class RunNotFoundError(EpochalError, LookupError):
    """No run answers to this path, id, name or id prefix."""


class AmbiguousRunError(RunNotFoundError):
    """Several runs answer to this name or prefix; the message lists them."""


class PositionError(EpochalError):
    """A position to resume from that this run does not hold."""


class JournalError(EpochalError):
    """A file that is not a readable journal."""


class JournalVersionError(JournalError):
    """A journal written by a newer major version of the format."""


class PluginError(EpochalError):
    """A plugin failed while EPOCHAL_STRICT=1 asked for failures to be raised."""


class TrackingError(EpochalError):
    """A fault of tracking after `init` while EPOCHAL_STRICT=1 asked for faults to be raised."""


class MissingDependencyError(EpochalError, ImportError):
    """An optional package is not installed; the message is the line that installs it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed — pip install 'epochal[{extra}]'")
