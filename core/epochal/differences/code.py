"""From which code runs were started, and the unified diff between them, as far as it can be had."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..run_files import open_inside

if TYPE_CHECKING:
    from ..recorded import RecordedRun

_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
#: A larger patch than this was not written by Epochal, in bytes.
_LARGEST: Final = 16 << 20


@dataclass(frozen=True)
class CodeState:
    """The code that one run was started from.

    Attributes:
        root: the repository's folder on the machine of the run.
        commit: what was checked out; None in a repository without commits, and where `problem` says why.
        branch, remote: as git told them.
        patch: what was not committed, as git's patch; empty where all was.
        patch_sha256: of the patch as it was recorded, None where there was none.
        left_out: files that were changed and do not stand in the patch.
        problem: why the code is not known; None where it is.
    """

    root: str | None = None
    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    patch: bytes = b""
    patch_sha256: str | None = None
    left_out: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def complete(self) -> bool:
        """Whether commit and patch are all of the code."""
        return self.problem is None and not self.left_out

    def same(self, other: CodeState) -> bool | None:
        """Return whether both are the same commit with the same changes; None where that is not known."""
        if self.problem is not None or other.problem is not None:
            return None
        if (self.commit, self.patch_sha256) != (other.commit, other.patch_sha256):
            return False
        return True if self.complete and other.complete else None

    def to_dict(self) -> dict[str, Any]:
        """Return all but the patch itself as plain data."""
        told = {name: getattr(self, name) for name in ("commit", "branch", "remote", "patch_sha256", "problem")}
        return {**told, "left_out": list(self.left_out)}


class CodeDiff(NamedTuple):
    """The difference between the code of two runs.

    Attributes:
        text: a unified diff; empty where there is none to show.
        notes: what the diff does not show, and why, in sentences.
    """

    text: str
    notes: list[str]


class Code:
    """The code of several runs.

    Attributes:
        states: one for each run.
    """

    def __init__(self, states: Sequence[CodeState]) -> None:
        self.states = tuple(states)

    @property
    def same(self) -> bool | None:
        """Whether all runs have the same commit with the same changes; None where that is not known."""
        verdicts = [self.states[0].same(other) for other in self.states[1:]]
        return False if False in verdicts else None if None in verdicts else True

    @property
    def base(self) -> int:
        """The index of the first run whose code is known; 0 where none is."""
        return next((at for at, state in enumerate(self.states) if state.problem is None), 0)

    @cached_property
    def diffs(self) -> tuple[CodeDiff, ...]:
        """The diff from the code of run `base` to that of each run; its own is empty."""
        known: dict[CodeState, CodeDiff] = {}
        for state in self.states:
            if state not in known:
                known[state] = code_diff(self.states[self.base], state)
        return tuple(known[state] for state in self.states)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {
            "same": self.same,
            "base": self.base,
            "states": [state.to_dict() for state in self.states],
            "diffs": [{"text": diff.text, "notes": diff.notes} for diff in self.diffs],
        }


def code_state(run: RecordedRun) -> CodeState:
    """Return the code that a run was started from."""
    environment = run.environment
    if not environment:
        return CodeState(problem="its environment was not recorded")
    git = environment.get("git")
    if not isinstance(git, dict):
        return CodeState(problem="it was not started in a git repository")
    return recorded_state(git, run.path)


def recorded_state(git: dict[str, Any], folder: Path) -> CodeState:
    """Return the code that an environment's `git` tells of, of the run in `folder`."""
    texts = {name: git[name] if isinstance(git.get(name), str) else None for name in ("root", "branch", "remote")}
    commit, told = git.get("commit"), git.get("patch")
    left = git.get("left_out") if isinstance(git.get("left_out"), dict) else {}
    names = [f"{name} ({why})" for why, files in (left or {}).items() if isinstance(files, list) for name in files]
    names += [f"{git['left_out_more']} more"] if git.get("left_out_more") else []
    problem = git.get("problem")
    problem = str(problem) if problem else None
    if commit is not None and not (isinstance(commit, str) and _COMMIT.match(commit)):
        commit, problem = None, "its commit is no commit's name"
    patch, digest = b"", None
    if isinstance(told, dict):
        digest = str(told.get("sha256"))
        try:
            patch = _read(folder, told.get("file"), digest)
        except OSError as error:
            problem = problem or f"its uncommitted changes cannot be read ({error.strerror or error})"
    return CodeState(
        **texts, commit=commit, patch=patch, patch_sha256=digest, left_out=tuple(map(str, names)), problem=problem
    )


def code_diff(old: CodeState, new: CodeState) -> CodeDiff:
    """Return the diff from one run's code to another's.

    It is between whole trees where a clone of the repository is here, and between the uncommitted changes where there
    is none and the commit is the same.
    """
    left_out = dict.fromkeys(name for each in (old, new) for name in each.left_out)
    notes = [f"not recorded, so not compared: {', '.join(left_out)}"] if left_out else []
    problems = [each.problem for each in (old, new) if each.problem is not None]
    if problems:
        return CodeDiff("", [f"no diff of the code: of one run {problems[0]}", *notes])
    if (old.commit, old.patch_sha256) == (new.commit, new.patch_sha256):
        return CodeDiff("", notes)
    from .trees import diff_trees

    found = diff_trees(old, new, [old.root, new.root, os.getcwd()])
    if not isinstance(found, str):
        notes += ["the commits differ, the code does not"] if not found.text else []
        notes += ["the diff is cut: git had more to say than 8 MiB"] if found.cut else []
        return CodeDiff(found.text, notes)
    if old.commit != new.commit:
        return CodeDiff("", [f"no diff between the commits: {found}", *notes])
    text = "".join(_patch_against_patch(old.patch, new.patch))
    return CodeDiff(text, [f"the uncommitted changes are compared, not the files: {found}", *notes])


def _read(folder: Path, name: object, digest: str) -> bytes:
    with open_inside(folder, name) as file:
        data = file.read(_LARGEST + 1)
    if hashlib.sha256(data).hexdigest() != digest:
        raise OSError("the file was changed since")
    return data


def _patch_against_patch(old: bytes, new: bytes) -> Iterator[str]:
    """Yield how the part of each file in one patch differs from that in another."""
    parts = [_by_file(patch) for patch in (old, new)]
    for name in dict.fromkeys(name for part in parts for name in part):
        sides = [part.get(name, "").splitlines(keepends=True) for part in parts]
        if sides[0] != sides[1]:
            lines = difflib.unified_diff(sides[0], sides[1], f"changes/{name}", f"changes/{name}")
            yield from (line if line.endswith("\n") else f"{line}\n" for line in lines)


def _by_file(patch: bytes) -> dict[str, str]:
    text = patch.decode("utf-8", "backslashreplace")
    sections = re.split(r"^(?=diff --git )", text, flags=re.MULTILINE)
    return {section.split("\n", 1)[0].rpartition(" b/")[2]: section for section in sections if section}
