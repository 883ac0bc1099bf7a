"""What says who trained, where and on what is taken out of an exported report: `--blind`.

What runs' records hold of names, ids, hosts, users, paths, remotes, branches and authors is looked for in every text
that the report shows, as whole words, and replaced by what it is.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from epochal.layout import decode_project
from epochal.recorded import RecordedRun

from .runs_table import FIELDS

#: Words that say nothing of anybody.
_COMMON: Final = frozenset((
    "main", "master", "trunk", "develop", "dev", "head", "origin", "root", "user", "users", "home", "localhost", "tmp",
    "train", "test", "python", "python3", "bin", "usr", "opt", "var", "mnt", "data", "work", "workspace", "app", "src",
    "run", "runs", "epochal", "epochal-runs",
))  # fmt: skip
#: Fields of a run that say nothing of anybody.
_TOLD: Final = frozenset(("state", "started", "finished", "duration", "ranks", "metrics"))
#: Whose a folder is: clusters have homes below folders of their own too.
_HOMES: Final = re.compile(r"/(?:homes?|[Uu]sers?|scratch)/([^/\s]+)")
_PLACE: Final = re.compile(r"^(?:~|/|\.{1,2}/|[A-Za-z]:[\\/]|\\\\|[a-z][a-z0-9+.-]*://)|\w@[\w.-]+[:.]|/[^/]+/|\\\w+\\")
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


class Blind:
    """Replaces texts; runs are known by their numbers.

    Attributes:
        keys: what each run is called instead of its key.
    """

    def __init__(self, runs: Mapping[str, RecordedRun | None], names: Mapping[str, str], root: Path) -> None:
        """`runs` and `names` are by key, in the order in which they are numbered."""
        self.keys = {key: f"r{number}" for number, key in enumerate(runs, 1)}
        self._names = {key: f"Run {number}" for number, key in enumerate(runs, 1)}
        self._hidden: dict[tuple[str, str], str] = {}
        words: dict[str, str] = {}
        for text, word in self._of_machine(root):
            words.setdefault(text, word)
        for key, run in runs.items():
            own = self._names[key]
            project, _, id = key.partition("/")
            words |= dict.fromkeys((names.get(key, ""), key, id), own)
            for text in (project, decode_project(project)):
                words.setdefault(text, "project")
            for text, word in [] if run is None else _of_run(run):
                words.setdefault(text, word)
        self._words = {text: word for text, word in words.items() if _tells(text)}
        self._pattern = _any_of(self._words)

    def key(self, key: str) -> str:
        """Return what a run's key is called; of a run that is not shown nothing is left."""
        return self.keys.get(key, "gone")

    def name(self, key: str) -> str:
        """Return what a run is called."""
        return self._names.get(key, "Run")

    def text(self, text: str) -> str:
        """Return a text without what tells of anybody."""
        return self._pattern.sub(lambda found: self._words[found[0]], text)

    def markdown(self, text: str) -> str:
        """Return markdown without it, and without comments, which readers do not see but find."""
        return self.text(_COMMENT.sub("", text))

    def any(self, value: Any) -> Any:
        """Return JSON without it, in all its texts."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.any(each) for each in value]
        if isinstance(value, dict):
            return {self.text(name): self.any(each) for name, each in value.items()}
        return value

    def column(self, name: str, values: Iterable[Any], keys: Iterable[str]) -> list[Any]:
        """Return the values of a column: texts that tell something become `hidden 1` and so on, alike ones alike."""
        if name == "name":
            return [self.name(key) for key in keys]
        return [self._cell(name, value) for value in values]

    # -- within --

    def _cell(self, column: str, value: Any) -> Any:
        if value is None or (column in FIELDS and column in _TOLD):
            return value
        if column not in FIELDS:
            texts = list(_texts(value))
            if not any(_PLACE.search(text) or self._pattern.search(text) for text in texts):
                return value
        known = [each for each in self._hidden if each[0] == column]
        return self._hidden.setdefault((column, repr(value)), f"hidden {len(known) + 1}")

    def _of_machine(self, root: Path) -> Iterable[tuple[str, str]]:
        yield from _of_path(str(root))
        yield from _of_path(os.path.expanduser("~"))
        host = socket.gethostname()
        yield from ((host, "host"), (host.partition(".")[0], "host"))
        try:
            yield getpass.getuser(), "user"
        except (OSError, KeyError):  # nobody has this number
            return


def _of_run(run: RecordedRun) -> Iterable[tuple[str, str]]:
    """Yield what a run's record tells of people and places, with what it is."""
    environment = run.environment
    command, python = _map(environment.get("command")), _map(environment.get("python"))
    variables = _map(environment.get("variables"))
    hosts = [run.host, environment.get("host"), *(facts.opening.get("host") for facts in run._journals.facts())]
    for host in hosts:
        name = host.get("name") if isinstance(host, Mapping) else host
        if isinstance(name, str):
            yield from ((name, "host"), (name.partition(".")[0], "host"))
    yield from _of_path(str(run.path))
    for path in (command.get("folder"), python.get("executable")):
        yield from _of_path(path)
    argv = command.get("argv")
    for word in argv if isinstance(argv, list) else []:
        if isinstance(word, str) and ("/" in word or "\\" in word or word.endswith((".py", ".ipynb", ".sh"))):
            yield from _of_path(word.partition("=")[2] if word.startswith("-") else word)
    for name, text in variables.items():
        yield from [(text, "user")] if name in ("USER", "LOGNAME", "USERNAME") else _of_path(text)
    for code in (_map(environment.get("git")), _map(environment.get("code"))):
        yield from _of_code(code)


def _of_code(code: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    yield from _of_path(code.get("root"))
    for name in ("branch", "commit", "author", "email"):
        text = code.get(name)
        if isinstance(text, str):
            yield text, name
    author = code.get("author")
    if isinstance(author, Mapping):
        yield from ((text, "author") for text in author.values() if isinstance(text, str))
    remote = code.get("remote")
    if isinstance(remote, str):
        yield remote, "remote"
        yield remote.removesuffix(".git"), "remote"
        bare = re.sub(r"^[a-z+]+://|^\w+@", "", remote.removesuffix(".git"))
        yield bare, "remote"
        yield from ((part, "remote") for part in re.split(r"[/:]", bare) if len(part) > 3)


def _of_path(path: Any) -> Iterable[tuple[str, str]]:
    """Yield a path and the folders above it, but for those that every machine has; and whose home it lies in."""
    if not isinstance(path, str) or not path:
        return
    yield path, "path"
    pure = PurePosixPath(path)
    yield from ((str(above), "path") for above in pure.parents if len(above.parts) > 2)
    if pure.is_absolute() or pure.suffix:
        yield pure.name, "path"
    for user in _HOMES.findall(path):
        yield user, "user"


def _tells(text: object) -> bool:
    return isinstance(text, str) and len(text.strip()) > 1 and text.lower() not in _COMMON


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    parts = []
    for word in sorted(words, key=len, reverse=True):  # the longest first: a path before its folder
        left, right = (r"(?<!\w)" if word[0].isalnum() else ""), (r"(?!\w)" if word[-1].isalnum() else "")
        parts.append(f"{left}{re.escape(word)}{right}")
    return re.compile("|".join(parts) or r"(?!)")


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield str(name)
            yield from _texts(each)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
