"""Finding runs: `runs()` lists and filters them, `get_run()` finds one by path, id, name or the beginning of its id."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from . import layout
from . import where as filters
from .catalog import Catalog
from .catalog_entry import Entry, flat
from .collection import no_collection
from .errors import AmbiguousRunError, BadValueError, MissingDependencyError, RunNotFoundError

if TYPE_CHECKING:
    import pandas as pd

    from .groups import Groups
    from .recorded import RecordedRun

Dir = str | os.PathLike[str] | None
#: How many of several matches an error lists.
_LISTED = 8


class Runs(Sequence["RecordedRun"]):
    """Runs of one runs folder, newest first unless sorted otherwise; each is opened when it is asked for.

    Attributes:
        root: the runs folder.
        entries: what the catalog knows of each, without opening any: `entries[0].config`, `.summary`, `.state`, …
        problems: what could not be looked at.
    """

    def __init__(self, root: Path, entries: Sequence[Entry], problems: Sequence[str] = ()) -> None:
        self.root = root
        self.entries = tuple(entries)
        self.problems = tuple(problems)

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> RecordedRun: ...
    @overload
    def __getitem__(self, index: slice) -> Runs: ...
    def __getitem__(self, index: int | slice) -> RecordedRun | Runs:
        if isinstance(index, slice):
            return Runs(self.root, self.entries[index], self.problems)
        return _opened(self.entries[index])

    def __iter__(self) -> Iterator[RecordedRun]:
        return map(_opened, self.entries)

    def __repr__(self) -> str:
        if not self.entries:
            return f"<0 runs in {self.root}>"
        shown = [f"  {entry.name} ({entry.id}) {entry.state} · {entry.project}" for entry in self.entries[:10]]
        more = [f"  … and {len(self) - 10} more"] if len(self) > 10 else []
        return "\n".join([f"<{len(self)} run{'s' * (len(self) != 1)} in {self.root}", *shown, *more]) + ">"

    def group_by(self, *fields: str) -> Groups:
        """Return the runs in groups, such as `group_by("config.model")` or `group_by("project", "config.lr > 0.1")`.

        Args:
            fields: fields, settings, results or expressions, as in `runs(where=…)`. Runs that have the same values in
                all of them are a group; those without a value are one too.

        Raises:
            BadValueError: no field was given.
            WhereError: a field that cannot be understood; the error points at the place.
        """
        from .groups import group_by

        return group_by(self, fields)

    def _repr_html_(self) -> str | None:
        try:
            from .notebook.runs_page import runs_html

            return runs_html(self.entries, self.root)
        except Exception:  # what shows runs must never end a cell
            return None

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row for each run.

        Columns: id, name, project, state, started and finished (UTC), duration (seconds), group, job_type, tags, notes,
        host, ranks, path, then `config.<name>`, nested names joined by dots, and `summary.<name>`.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise MissingDependencyError("pandas", "pandas") from None
        rows = [_record(entry) for entry in self.entries]
        fields = [name for name in filters.FIELDS if name not in ("config", "summary", "metrics")]
        names = list(dict.fromkeys(name for row in rows for name in row))
        columns = [*fields, "path"] + [name for name in names if name not in {*fields, "path"}]
        frame = pd.DataFrame(rows, columns=columns)
        for name in ("started", "finished"):
            frame[name] = pd.to_datetime(frame[name].astype("float64"), unit="s", utc=True)
        return frame


def runs(
    dir: Dir = None,
    *,
    project: str | None = None,
    where: str | None = None,
    sort: str | Sequence[str] | None = None,
) -> Runs:
    """Return the runs of a runs folder.

    Args:
        dir: the runs folder; by default EPOCHAL_DIR, else ./epochal-runs, else the nearest in a folder above.
        project: only runs of this project.
        where: only runs for which this is true, such as `config.lr > 1e-3 and state == "finished"`; see docs/cli.md.
        sort: one or more keys, the most important first, `-` before one for the greatest first:
            `"-summary['val/acc'], name"`; by default the newest first. Runs without the value stand last.

    Raises:
        BadValueError: `dir` is no folder.
        WhereError: an expression that cannot be understood; the error points at the place.
    """
    return find_runs(dir, project=project, where=where, sort=sort)


def find_runs(
    dir: Dir = None,
    *,
    project: str | None = None,
    where: str | None = None,
    sort: str | Sequence[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Runs:
    """Do what `runs` does; `progress` is called with (done, all) while runs are indexed for the first time."""
    wanted = None if where is None else filters.parse(where)
    keys = None if sort is None else filters.parse_sort(sort)
    root = _root(dir)
    with Catalog(root) as catalog, no_collection():
        entries = catalog.refresh(progress)
        problems = catalog.problems
        if project is not None:
            entries = [entry for entry in entries if entry.project == project]
        if wanted is not None:
            entries = [entry for entry in entries if wanted.matches(entry)]
        entries.sort(key=_newest_first)
        return Runs(root, filters.sort_rows(entries, keys) if keys else entries, problems)


def get_run(id_or_name_or_path: str | os.PathLike[str], dir: Dir = None) -> RecordedRun:
    """Return one run: by its path, exact id, unique name, or unique beginning of its id, in this order.

    Args:
        id_or_name_or_path: what to look for.
        dir: the runs folder to look in; by default EPOCHAL_DIR, else ./epochal-runs, else the nearest above.

    Raises:
        AmbiguousRunError: several runs answer to it; the message lists them.
        RunNotFoundError: none does; the message says where was looked, and which names are near.
    """
    from .recorded import RecordedRun

    return RecordedRun(find_folder(id_or_name_or_path, dir))


def find_folder(id_or_name_or_path: str | os.PathLike[str], dir: Dir = None) -> Path:
    """Return the folder of the run that `get_run` gives."""
    try:
        wanted = os.fsdecode(id_or_name_or_path)
    except TypeError:
        wanted = ""
    if not wanted:
        raise BadValueError(
            f"run {id_or_name_or_path!r} cannot be looked for: give a path, an id, a name or an id's start"
        )
    path = Path(os.path.abspath(os.path.expanduser(wanted)))
    if (path / "journal").is_dir():
        return path
    if isinstance(id_or_name_or_path, os.PathLike) or os.sep in wanted:
        if (layout.find_root(dir) / wanted / "journal").is_dir():  # project/id
            return layout.find_root(dir) / wanted
        raise RunNotFoundError(f"there is no run in {path}: it has no folder journal/")
    root = _root(dir)
    exact = list(_with_id(root, wanted))
    if len(exact) == 1:
        return exact[0]
    with Catalog(root) as catalog:
        entries = catalog.refresh()
    matches = (
        [entry for entry in entries if entry.id == wanted]
        or [entry for entry in entries if entry.name == wanted]
        or [entry for entry in entries if entry.id.startswith(wanted)]
    )
    if len(matches) == 1:
        return matches[0].path
    if matches:
        raise AmbiguousRunError(_several(wanted, sorted(matches, key=_newest_first)))
    raise RunNotFoundError(_none(wanted, dir, root, entries))


def where_looked(dir: Dir, root: Path) -> str:
    """Return, for messages, where runs were looked for."""
    if root.is_dir():
        return str(root)
    roots = layout.reading_roots(dir)
    return str(roots[0]) if len(roots) == 1 else f"{roots[0]} and in {layout.ROOT_NAME} of the folders above"


def hints(expression: str, entries: Sequence[Entry]) -> list[str]:
    """Return what may be wrong with a filter that no run passes: names in it that no run has."""
    found = []
    for base, *keys in dict.fromkeys(filters.parse(expression).paths):
        name = ".".join(keys)
        known = {part for entry in entries for part in (flat(entry.config) if base == "config" else entry.summary)}
        if not known or any(part == name or part.startswith(f"{name}.") for part in known):
            continue
        near = difflib.get_close_matches(name, known, 1)
        found.append(f"no run has {name} in its {base}" + (f": did you mean {near[0]}?" if near else ""))
    return found


def _root(dir: Dir) -> Path:
    root = layout.find_root(dir)
    if dir and not root.is_dir():
        raise BadValueError(f"{root} is no folder: give the runs folder, such as {layout.ROOT_NAME}, or leave it out")
    return root


def _newest_first(entry: Entry) -> tuple[float, str]:
    return -(entry.started or 0.0), entry.id


def _opened(entry: Entry) -> RecordedRun:
    from .recorded import RecordedRun

    return RecordedRun(entry.path)


def _record(entry: Entry) -> dict[str, Any]:
    record = entry.to_dict()
    for name in ("config", "summary"):
        record |= {f"{name}.{key}": value for key, value in flat(record.pop(name)).items()}
    return record


def _with_id(root: Path, id: str) -> Iterator[Path]:
    if root.is_dir() and id not in (".", ".."):
        for project in sorted(root.iterdir()):
            if not project.name.startswith(".") and (project / id / "journal").is_dir():
                yield project / id


def _several(wanted: str, matches: Sequence[Entry]) -> str:
    rows = [f"  {entry.id}  {entry.name}  {entry.state}  {entry.project}" for entry in matches[:_LISTED]]
    more = [f"  … and {len(matches) - _LISTED} more"] if len(matches) > _LISTED else []
    same = len({entry.id for entry in matches}) == 1
    way = "give the run's path" if same else "give an id"
    return "\n".join([f"{len(matches)} runs answer to {wanted!r}: {way}", *rows, *more])


def _none(wanted: str, dir: Dir, root: Path, entries: Sequence[Entry]) -> str:
    names = dict.fromkeys(entry.name for entry in entries)
    near = [name for name in names if wanted.lower() in name.lower()][:3]
    near = near or difflib.get_close_matches(wanted, names, 3)
    near += [id for id in difflib.get_close_matches(wanted, [entry.id for entry in entries], 1) if id not in near]
    if not entries:
        return f"no run {wanted!r}: there are no runs in {where_looked(dir, root)}"
    count = f"{len(entries)} run{'s' * (len(entries) != 1)}"
    hint = f": did you mean {', '.join(near)}?" if near else ": `epochal ls` lists them"
    return f"no run {wanted!r} among {count} in {where_looked(dir, root)}{hint}"
