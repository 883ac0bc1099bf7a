"""The task that collects what a run was trained with: command, Python, packages, code, machine, plugins' additions."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Callable
from typing import Any, Final

from .. import processes
from ..redaction import redact, redact_argv, redact_text
from ..run_files import write_file
from .assignment import Assignment, received
from .task import answer

#: The environment variables that are recorded, where they are set. No other is ever read.
VARIABLES: Final = (
    "CUDA_VISIBLE_DEVICES", "GROUP_RANK", "HIP_VISIBLE_DEVICES", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "NODE_RANK",
    "OMP_NUM_THREADS", "PYTHONHASHSEED", "RANK", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_ID",
    "SLURM_NODEID", "SLURM_NTASKS", "SLURM_PROCID", "WORLD_SIZE",
)  # fmt: skip

#: Larger files that the patch changes are not hashed, in bytes.
_MOST_SUMMED: Final = 16 << 20


class Collector:
    """Collects part after part; one that fails costs itself and is told in `notices`."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.values: dict[str, Any] = {}
        self.notices: list[str] = []

    def collect(self) -> dict[str, Any]:
        """Return what goes to the companion: the values of the record, and the notices."""
        for part in (self._software, self._packages, self._machine, self._code, self._script, self._plugins):
            self._try(part)
        return {"values": self.values, "notices": self.notices}

    def _try(self, part: Callable[[], None]) -> None:
        try:
            part()
        except Exception as error:  # each part stands for itself
            self.notices.append(redact_text(f"the environment's part {part.__name__.strip('_')} is missing: {error!r}"))

    def _software(self) -> None:
        told = self.assignment
        self.values["command"] = {"argv": redact_argv(told.argv), "folder": told.cwd}
        self.values["python"] = {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "executable": sys.executable,
        }
        self.values["variables"] = redact({name: os.environ[name] for name in VARIABLES if name in os.environ})

    def _packages(self) -> None:
        from ..installed import installed

        lines = sorted(f"{found.name}=={found.version}" for found in installed())
        text = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
        self.values["packages"] = {"count": len(lines), **self._keep("packages.txt", text)}

    def _machine(self) -> None:
        from .hardware import hardware, operating_system

        self.values["host"] = processes.host()
        self.values["os"] = operating_system()
        self.values.update(hardware(self.assignment.pid))

    def _code(self) -> None:
        from .code_state import code_state
        from .loose_code import loose_code

        told = self.assignment
        state, where = code_state(told.cwd, told.root), "git"
        if state is None:
            state, where = loose_code(os.path.dirname(told.script) if told.script else told.cwd, told.root), "code"
        if state is None:
            return
        self.values[where] = facts = dict(state.facts)
        if state.patch:
            facts["patch"] = self._keep("patch.diff", state.patch)
            sums = self._sums(facts["root"], state.names)
            if sums:
                facts["sums"] = self._keep("patched.sha256", sums)

    def _sums(self, root: str, names: list[bytes]) -> bytes:
        """Return what `sha256sum` prints of the files that the patch changes or makes; links are none."""
        from ..checkpoint_facts import hash_checkpoint
        from ..fingerprints.folders import sum_line

        lines = []
        for name in names:
            path = os.path.join(os.fsencode(root), name)
            try:
                if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) <= _MOST_SUMMED:
                    lines.append(sum_line(hash_checkpoint(os.fsdecode(path)), name))
            except OSError:  # it is gone again
                continue
        return b"".join(lines)

    def _script(self) -> None:
        from .script import script

        path = self.assignment.script
        if path is None:
            return
        found = script(path)
        self.values["script"] = dict(found.facts)
        if found.data is not None:
            suffix = ".ipynb" if found.facts["kind"] == "notebook" else ".py"
            self.values["script"] |= self._keep(f"script{suffix}", found.data)

    def _plugins(self) -> None:
        from ..plugins import companion_manager

        manager = companion_manager(self.assignment.plugins)
        for found in manager.collect("collect_environment", run=self.assignment.run_info(), mute=set()):
            for name, value in redact(found).items():
                # A plugin adds; it does not take the place of what is recorded already.
                self.values.setdefault(str(name), value)
        self.notices += [str(problem) for problem in manager.problems]

    def _keep(self, name: str, data: bytes) -> dict[str, Any]:
        """Write a file of this writer's into the run and return its path within the run, its SHA-256 and its size.

        Raises:
            OSError: it cannot be written, or the run's folder is gone: it is never made anew.
        """
        relative = f"files/code/{self.assignment.writer}/{name}"
        write_file(self.assignment.folder, relative, data)
        return {"file": relative, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def main() -> None:
    """Collect, at low priority, and hand the result to the companion."""
    assignment = received()
    os.nice(10)
    answer(Collector(assignment).collect())
