"""What the companion is told when it starts, and how that travels: in two environment variables of its own."""

from __future__ import annotations

import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..records import decode, encode

if TYPE_CHECKING:
    from ..hookspecs import RunInfo

#: Where `boot` finds the import path (one folder a line), and where the tasks find the rest.
PATH_VARIABLE: Final = "EPOCHAL_COMPANION_PATH"
ASSIGNMENT_VARIABLE: Final = "EPOCHAL_COMPANION_ASSIGNMENT"

#: Linux takes 128 KiB in one variable; the command line is what may be long.
_LONGEST_COMMAND: Final = 32 << 10


class Assignment(NamedTuple):
    """Which run, which writer and which process a companion looks after.

    Attributes:
        id, project, name, folder, root, rank: the run, as in `RunInfo`; paths absolute.
        journal: path of the trainer's journal.
        writer: its writer id in hex.
        ordinal: its ordinal.
        pid: the trainer's process, with `pid_start` as of `processes.start_time`.
        argv: the trainer's command line.
        cwd: the folder it runs in.
        plugins: names of modules to ask for probes, sinks, and for what belongs to the environment.
        script: the file that it runs, script or notebook; None where that is not known.
        deliver: whether the run has sinks or rules.
    """

    id: str
    project: str
    name: str
    folder: str
    root: str
    rank: int
    journal: str
    writer: str
    ordinal: int
    pid: int
    pid_start: int | None
    argv: list[str]
    cwd: str
    plugins: list[str]
    script: str | None = None
    deliver: bool = False

    def run_info(self) -> RunInfo:
        """Return the run as hooks see it."""
        from ..hookspecs import RunInfo

        return RunInfo(self.id, self.project, self.name, Path(self.folder), Path(self.root), self.rank)

    def variables(self, path: list[str]) -> dict[str, str]:
        """Return the environment variables that hand this and the import path to a new process."""
        left, argv = _LONGEST_COMMAND, []
        for part in self.argv:
            argv.append(part if len(part) <= left else part[: max(left, 0)] + "…")
            left -= len(part)
            if left < 0:
                break
        payload = encode(self._replace(argv=argv)._asdict())
        return {
            PATH_VARIABLE: "\n".join(path),
            ASSIGNMENT_VARIABLE: binascii.b2a_base64(payload, newline=False).decode("ascii"),
        }


def received() -> Assignment:
    """Return what this process was told, and take it out of its environment.

    Raises:
        ValueError: it was told nothing, or something else.
    """
    text = os.environ.pop(ASSIGNMENT_VARIABLE, "")
    try:
        fields: Mapping[str, Any] = decode(binascii.a2b_base64(text))
        return Assignment(**fields)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{ASSIGNMENT_VARIABLE} does not hold what a companion is told: {error}") from error
