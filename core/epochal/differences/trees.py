"""The diff between two states of a repository, uncommitted changes included; the repository itself is only read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..companion import git

if TYPE_CHECKING:
    from .code import CodeState


class TreeDiff(NamedTuple):
    """A unified diff, and whether git had more to say."""

    text: str
    cut: bool


def diff_trees(old: CodeState, new: CodeState, folders: Sequence[str | None]) -> TreeDiff | str:
    """Return the diff between two states, or why there is none.

    Args:
        old: a commit with its uncommitted changes.
        new: another.
        folders: where a clone of the repository may be, tried in order.
    """
    commits = [state.commit for state in (old, new) if state.commit is not None]
    why = "no clone of the repository is here"
    for folder in dict.fromkeys(filter(None, folders)):
        root = git.line(folder, "rev-parse", "--show-toplevel") if os.path.isdir(folder) else None
        if root is None:
            continue
        absent = [commit for commit in commits if not _has(root, commit)]
        if absent:
            why = f"commit {absent[0][:12]} is not in the clone that is here"
            continue
        try:
            return _diff(root, old, new)
        except git.GitError as error:
            why = f"the changes cannot be laid over their commit ({error})"
        except OSError as error:
            why = f"there is no room to compare the files ({error.strerror})"
    return why


def _has(root: str, commit: str) -> bool:
    try:
        git.ask(root, "cat-file", "-e", f"{commit}^{{commit}}")
    except git.GitError:
        return False
    return True


def _diff(root: str, old: CodeState, new: CodeState) -> TreeDiff:
    """Build a tree of each state beside the repository, in a folder that goes away again, and compare the two."""
    objects = git.line(root, "rev-parse", "--git-path", "objects") or ".git/objects"
    with tempfile.TemporaryDirectory(prefix="epochal-compare-") as scratch:
        variables = {
            **os.environ,
            "GIT_OBJECT_DIRECTORY": os.path.join(scratch, "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(os.path.join(root, objects)),
        }
        os.mkdir(variables["GIT_OBJECT_DIRECTORY"])
        trees = [_tree(root, state, os.path.join(scratch, name), variables) for name, state in (("a", old), ("b", new))]
        diff = git.ask(
            root, "diff", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--submodule=short",
            "--src-prefix=a/", "--dst-prefix=b/", "--unified=3", *trees, "--", environment=variables,
        )  # fmt: skip
    return TreeDiff(diff.text.decode("utf-8", "backslashreplace"), diff.cut)


def _tree(root: str, state: CodeState, scratch: str, variables: Mapping[str, str]) -> str:
    """Return the tree of a commit with its changes laid over it."""
    own = {**variables, "GIT_INDEX_FILE": f"{scratch}.index"}
    git.ask(root, "read-tree", state.commit or "--empty", environment=own)
    if state.patch:
        patch = f"{scratch}.patch"
        with open(patch, "wb") as file:
            file.write(state.patch)
        git.ask(root, "apply", "--cached", "--whitespace=nowarn", patch, environment=own)
    return git.ask(root, "write-tree", environment=own).text.decode("ascii").strip()


def _quoted(path: str) -> str:
    """Return a path as git's list of object folders takes it: a colon would end it."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if ":" in path or '"' in path else path
