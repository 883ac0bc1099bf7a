"""Writes a run's code as it was: the commit, changes upon it, new files and the script; and says what is missing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .checkpoint_facts import hash_checkpoint
from .companion import git
from .errors import BadValueError, StorageError
from .metadata import CODE, in_time
from .restored_tree import RestoredTree
from .run_files import inside

if TYPE_CHECKING:
    from .run_facts import RunFacts

#: What a patch may measure that is read, in bytes: far more than is ever recorded.
_MOST: Final = 64 << 20


class Missing(NamedTuple):
    """Something that could not be restored: a file, the commit, a submodule; and why."""

    what: str
    why: str


class Restored(NamedTuple):
    """What `restore` has done.

    Attributes:
        folder: where the code is now.
        commit: the commit that it is based on, None outside of git.
        repo: the repository that the commit was taken from, None if it was not.
        complete: nothing that was recorded, or known to be left out, is missing.
        missing: what is.
        notes: what else whoever goes on should know.
        python: the version that ran it.
        packages: the list of installed packages, for `pip install -r`; None where there is none.
        command: how it was started, without secrets.
        cwd: the folder that it was started in.
    """

    folder: Path
    commit: str | None
    repo: Path | None
    complete: bool
    missing: list[Missing]
    notes: list[str]
    python: str | None
    packages: Path | None
    command: list[str]
    cwd: str | None


def restore(run: RunFacts, folder: str | os.PathLike[str], repo: str | os.PathLike[str] | None = None) -> Restored:
    """Write the code that a run was started with into a folder.

    Args:
        run: the run.
        folder: where; it must be empty, or not be there.
        repo: the repository to take the commit from; by default the one that the run was started in. Nothing is ever
            fetched from a network.

    Raises:
        BadValueError: the folder holds something, or `repo` is no folder.
        StorageError: the folder cannot be written.
    """
    place = Path(os.path.abspath(folder))
    if repo is not None and not os.path.isdir(repo):
        raise BadValueError(f"repo {os.fspath(repo)!r} is no folder: give a clone of the repository of the run")
    try:
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise BadValueError(f"{place} is not empty: give a folder that is, or that is not there yet")
        place.mkdir(parents=True, exist_ok=True)
        return _Restoring(run, place, None if repo is None else Path(repo)).restored()
    except OSError as error:
        if isinstance(error, BadValueError):
            raise
        raise StorageError(f"{place} cannot be written ({error.strerror or error})") from error


class _Restoring:
    def __init__(self, run: RunFacts, folder: Path, repo: Path | None) -> None:
        self._run, self._folder, self._repo = run, folder, repo
        self._missing: list[Missing] = []
        self._notes: list[str] = []
        self._source: Path | None = None
        self._values = self._recorded()
        self._code = _map(self._values.get("git")) or _map(self._values.get("code"))
        self._script = _map(self._values.get("script"))

    def restored(self) -> Restored:
        self._restore()
        environment = self._run.environment
        command = _map(environment.get("command"))
        packages = inside(self._run.path, _map(environment.get("packages")).get("file"))
        return Restored(
            folder=self._folder, commit=_text(self._code.get("commit")), repo=self._source,
            complete=not self._missing, missing=self._missing, notes=self._notes,
            python=_text(_map(environment.get("python")).get("version")),
            packages=packages if packages is not None and packages.is_file() else None,
            command=[str(word) for word in command.get("argv") or ()], cwd=_text(command.get("folder")),
        )  # fmt: skip

    def _recorded(self) -> dict[str, Any]:
        """Return the newest state of the code that a companion of rank 0 has recorded."""
        records = in_time(self._run._journals.system(), "environment")
        states = [values for each in records if any(name in (values := _map(each.get("values"))) for name in CODE)]
        if len({repr([_identity(state.get(name)) for name in CODE]) for state in states}) > 1:
            self._notes.append(f"the run was started {len(states)} times, with different code: this is the last one's")
        return dict(states[-1]) if states else {}

    def _restore(self) -> None:
        if not self._code and not self._script:
            why = "nothing was recorded of it: the companion was off, or ended before it had looked"
            self._missing.append(Missing("the code", why))
            return
        tree = RestoredTree(self._folder, _map(self._code.get("settings")))
        try:
            self._base(tree)
        except git.GitError as error:
            self._missing.append(Missing("the code", str(error)))
            return
        self._patch(tree)
        self._write_script(tree)
        self._name_what_was_left_out()
        self._check(tree)
        if not self._values.get("git"):
            import shutil

            shutil.rmtree(self._folder / ".git", ignore_errors=True)
            self._notes.append("it was in no git repository: the Python files in and below its folder were recorded")

    def _base(self, tree: RestoredTree) -> None:
        """Write the files of the commit."""
        commit = _text(self._code.get("commit"))
        self._source = self._repository(commit) if commit else None
        tree.begin(self._source)
        if self._source is None or commit is None:
            return
        try:
            tree.check_out(self._source, commit)
        except git.GitError as error:
            self._missing.append(Missing(f"commit {commit}", f"it cannot be taken from {self._source}: {error}"))
            self._source = None
            return
        for path, at in tree.submodules().items():
            self._missing.append(Missing(path, f"a submodule, at commit {at}: clone it there"))
        for path in tree.filtered():
            self._missing.append(
                Missing(path, "its content is kept outside of git (by LFS, say): written as git has it")
            )

    def _repository(self, commit: str) -> Path | None:
        """Return the repository that holds the commit; None, and the commit is missing, where there is none."""
        where = self._repo if self._repo is not None else Path(_text(self._code.get("root")) or "/nowhere")
        remote = _text(self._code.get("remote"))
        way = f"clone {remote} and give it as repo" if remote else "give a clone that has it as repo"
        if not _is_commit(commit):
            self._missing.append(Missing(f"commit {commit}", "that is no commit: the record is damaged"))
        elif not where.is_dir():
            self._missing.append(Missing(f"commit {commit}", f"there is no {where} here: {way}"))
        elif git.line(str(where), "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}") is None:
            self._missing.append(Missing(f"commit {commit}", f"{where} does not have it: {way}"))
        else:
            return where
        return None

    def _patch(self, tree: RestoredTree) -> None:
        patch = self._kept(self._code.get("patch"), "the changes")
        for name, why in tree.apply(patch) if patch else ():
            self._missing.append(Missing(name, why))

    def _write_script(self, tree: RestoredTree) -> None:
        """Write the script where git did not: it is ignored there, or lies elsewhere."""
        path = _text(self._script.get("path"))
        if path is None or self._script.get("kind") == "installed":
            return
        relative = _relative(path, _text(self._code.get("root")))
        if "left_out" in self._script:
            if not (self._folder / relative).exists():
                self._missing.append(Missing(relative, f"left out: {self._script['left_out']}"))
            return
        data = self._kept(self._script, "the script")
        target = self._folder / relative
        if data is None or (target.is_file() and target.read_bytes() == data):
            return
        if self._script.get("without_outputs") is True:
            self._notes.append(f"{relative} was recorded without its outputs")
            if target.exists():
                return
        if inside(self._folder, relative) is None or not tree.write(
            relative, data, executable=self._script.get("executable") is True
        ):
            self._missing.append(Missing(relative, "something else stands where it was"))

    def _name_what_was_left_out(self) -> None:
        for why, names in _map(self._code.get("left_out")).items():
            for name in names if isinstance(names, list) else ():
                self._missing.append(Missing(str(name), f"left out: {why}"))
        more = self._code.get("left_out_more")
        if more:
            self._missing.append(Missing(f"{more} more files", "left out, and too many to be named"))
        if self._code.get("problem"):
            self._missing.append(Missing("the changes", str(self._code["problem"])))

    def _check(self, tree: RestoredTree) -> None:
        """Compare the files that the patch has changed with what they were."""
        told = {missing.what for missing in self._missing}
        for digest, name in _sums(self._kept(self._code.get("sums"), "the checksums") or b""):
            shown = name.decode("utf-8", "backslashreplace")
            path = os.path.join(os.fsencode(tree.folder), name)
            if shown in told or b".." in name.split(b"/") or name.startswith(b"/"):
                continue
            try:
                same = not os.path.islink(path) and hash_checkpoint(os.fsdecode(path)) == digest
            except OSError:
                same = False
            if not same:
                self._missing.append(Missing(shown, "it is not as it was, byte for byte"))

    def _kept(self, told: Any, what: str) -> bytes | None:
        """Return a file of the run's as it was recorded; where it is not, that is missing."""
        fields = _map(told)
        if not fields:
            return None
        path = inside(self._run.path, fields.get("file"))
        try:
            if path is None or path.stat().st_size > _MOST:
                raise OSError(0, "not a file of the run")
            data = path.read_bytes()
        except OSError as error:
            self._missing.append(Missing(what, f"{fields.get('file')} cannot be read: {error.strerror}"))
            return None
        if hashlib.sha256(data).hexdigest() != fields.get("sha256"):
            self._missing.append(Missing(what, f"{fields.get('file')} is not as it was recorded: it was not used"))
            return None
        return data


def _sums(text: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield digest and name of the lines of `sha256sum`; a name that it has escaped is stepped over."""
    for line in text.split(b"\n"):
        if line[64:66] == b"  ":
            yield line[:64].decode("ascii", "replace"), line[66:]


def _relative(path: str, root: str | None) -> str:
    """Return where a script goes: where it was below its root, else under its bare name."""
    if root is not None:
        relative = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
        if relative != ".." and not relative.startswith("../"):
            return relative
    return os.path.basename(path) or "script.py"


def _identity(state: Any) -> Any:
    """Return what tells one state of the code from another."""
    fields = _map(state)
    return fields.get("commit"), _map(fields.get("patch")).get("sha256"), fields.get("sha256")


def _is_commit(text: str) -> bool:
    return len(text) in {40, 64} and all(char in "0123456789abcdef" for char in text)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value and "\0" not in value else None
