"""What the user has set outside the code: environment variables, the folder's `.epochal.toml`, the user's own file."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

from .errors import BadValueError, StorageError

MODES: Final = ("online", "offline", "disabled")
FOLDER_FILE: Final = ".epochal.toml"

ENVIRONMENT: Final[dict[str, str]] = {
    "EPOCHAL_MODE": "`online`, `offline` or `disabled`, for every run that names no mode itself.",
    "EPOCHAL_DIR": "The runs folder, instead of `./epochal-runs`.",
    "EPOCHAL_RUN_ID": "The id of the run that this process joins, the same at every rank; implies `resume='allow'`.",
    "EPOCHAL_RANK": "The rank of this process, before `RANK`, `LOCAL_RANK` and `SLURM_PROCID`.",
    "EPOCHAL_QUIET": "`1` stops the lines that `init` and `finish` print on stderr.",
    "EPOCHAL_STRICT": "`1` raises faults of tracking and of plugins instead of warning; for tests.",
    "EPOCHAL_DISABLE_PLUGINS": "Plugins to leave out, separated by commas; `*` leaves out all but Epochal's own.",
    "EPOCHAL_TRACE_PLUGINS": "`1` prints the name of each hook and plugin that is called on stderr.",
    "EPOCHAL_COMPANION": "`off` trains without the companion process: no system metrics, no fsync, no forensics.",
    "EPOCHAL_CONSOLE": "`off` keeps nothing of what a training prints.",
    "EPOCHAL_SYSTEM_INTERVAL": "Seconds between two samples of the system metrics; `off` for none.",
    "EPOCHAL_CACHE_DIR": "Where the catalog and the cache of fingerprints lie, instead of `$XDG_CACHE_HOME/epochal`.",
}
"""Every environment variable that Epochal reads, with its meaning; the documentation is generated from it."""


class ModeChoice(NamedTuple):
    """A mode and where it comes from.

    Attributes:
        mode: "online", "offline" or "disabled".
        source: for people: "argument", "EPOCHAL_MODE", the path of a file, or "default".
    """

    mode: str
    source: str


def effective_mode(argument: str | None = None, folder: str | os.PathLike[str] | None = None) -> ModeChoice:
    """Return the mode that holds: the argument, else EPOCHAL_MODE, else the nearest `.epochal.toml`, else the user's.

    Args:
        argument: what the code says, if anything.
        folder: where the search for `.epochal.toml` begins and goes upward from; the working folder if None.

    Raises:
        BadValueError: the first of these places that says something says something unknown, or is not readable.
    """
    if argument is not None:
        return ModeChoice(_check_mode(argument, "the argument mode"), "argument")
    if wanted := os.environ.get("EPOCHAL_MODE"):
        return ModeChoice(_check_mode(wanted, "EPOCHAL_MODE"), "EPOCHAL_MODE")
    for path in (find_folder_file(folder), user_file()):
        wanted = _read_toml(path).get("mode") if path else None
        if wanted is not None:
            return ModeChoice(_check_mode(wanted, f"mode in {path}"), str(path))
    return ModeChoice("offline", "default")


class ConsoleChoice(NamedTuple):
    """Whether console output is kept, and what says so.

    Attributes:
        on: whether it is kept.
        source: for people: "EPOCHAL_CONSOLE", the path of a file, or "default".
    """

    on: bool
    source: str


def effective_console(folder: str | os.PathLike[str] | None = None) -> ConsoleChoice:
    """Return whether console output is kept: EPOCHAL_CONSOLE, else the nearest `.epochal.toml`, else the user's file.

    Args:
        folder: where the search for `.epochal.toml` begins and goes upward from; the working folder if None.

    Raises:
        BadValueError: the first of these places that says something says neither on nor off, or is not readable.
    """
    if wanted := os.environ.get("EPOCHAL_CONSOLE"):
        return ConsoleChoice(_check_switch(wanted, "EPOCHAL_CONSOLE"), "EPOCHAL_CONSOLE")
    for path in (find_folder_file(folder), user_file()):
        said = _read_toml(path).get("console") if path else None
        if said is not None:
            return ConsoleChoice(_check_switch(said, f"console in {path}"), str(path))
    return ConsoleChoice(on=True, source="default")


def tables(name: str, folder: str | os.PathLike[str] | None = None) -> tuple[list[Any], str]:
    """Return the `[[name]]` tables of the nearest `.epochal.toml`, else of the user's file, and where they stand.

    Raises:
        BadValueError: a file is not readable, or the name stands for something else in it.
    """
    for path in (find_folder_file(folder), user_file()):
        found = _read_toml(path).get(name) if path else None
        if found is not None:
            if not isinstance(found, list):
                raise BadValueError(f"{name} in {path} is a {type(found).__name__}: write [[{name}]] above each one")
            return found, f"{name} in {path}"
    return [], name


def find_folder_file(folder: str | os.PathLike[str] | None = None) -> Path | None:
    """Return the nearest `.epochal.toml` at or above a folder (the working folder if None), or None."""
    try:
        here = os.path.abspath(folder if folder is not None else os.getcwd())
    except OSError:  # the working folder has been removed
        return None
    while True:
        path = os.path.join(here, FOLDER_FILE)
        if os.path.isfile(path):
            return Path(path)
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above


def set_folder_mode(folder: str | os.PathLike[str], mode: str | None) -> Path:
    """Write `mode` into the folder's `.epochal.toml`, keeping what else it says, and return the file's path.

    Args:
        folder: an existing folder.
        mode: a mode, or None to take the setting out again.

    Raises:
        BadValueError: an unknown mode, or a file that is not TOML.
        StorageError: the file cannot be written.
    """
    line = "" if mode is None else f'mode = "{_check_mode(mode, "the argument mode")}"\n'
    path = Path(os.path.abspath(folder)) / FOLDER_FILE
    try:
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        new = _with_mode_line(old, line)
        if not _says(new, {**_parse(old, path), "mode": mode}):
            raise BadValueError(f"{path} cannot be changed safely: set mode in it by hand")
        _replace(path, new)
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error}): check the folder and its permissions") from error
    return path


def user_file() -> Path:
    """Return the path of the user's settings, `$XDG_CONFIG_HOME/epochal/config.toml`; it need not exist."""
    return Path(_absolute_or("XDG_CONFIG_HOME", "~/.config")) / "epochal" / "config.toml"


def cache_dir() -> Path:
    """Return the folder of what can be made again: EPOCHAL_CACHE_DIR, else `$XDG_CACHE_HOME/epochal`."""
    if chosen := os.environ.get("EPOCHAL_CACHE_DIR"):
        return Path(os.path.abspath(os.path.expanduser(chosen)))
    return Path(_absolute_or("XDG_CACHE_HOME", "~/.cache")) / "epochal"


def is_set(name: str) -> bool:
    """Return whether an environment variable switches something on: set, and not 0, false, no or off."""
    return os.environ.get(name, "").strip().lower() not in ("", "0", "false", "no", "off")


def is_strict() -> bool:
    """Return whether EPOCHAL_STRICT asks for faults to be raised."""
    return is_set("EPOCHAL_STRICT")


def describe(folder: str | os.PathLike[str] | None = None) -> dict[str, Any]:
    """Return what `epochal status` shows: mode and its source, files, folders, and the variables that are set.

    Keys: mode, source, console (whether output is kept), console_source, folder_file (path or None), user_file (path),
    user_file_exists, cache_dir, environment (those variables that are set). A setting that cannot be used gives None
    and a key `problem` with the error's text.
    """
    try:
        mode, source, problem = *effective_mode(None, folder), None
    except BadValueError as error:
        mode, source, problem = None, None, str(error)
    try:
        console, console_source = effective_console(folder)
    except BadValueError as error:
        console, console_source, problem = None, None, problem or str(error)
    found = find_folder_file(folder)
    user = user_file()
    return {
        "mode": mode,
        "source": source,
        "console": console,
        "console_source": console_source,
        "folder_file": str(found) if found else None,
        "user_file": str(user),
        "user_file_exists": user.is_file(),
        "cache_dir": str(cache_dir()),
        "environment": {name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
        **({"problem": problem} if problem else {}),
    }


def _check_mode(value: object, place: str) -> str:
    if isinstance(value, str) and value in MODES:
        return value
    raise BadValueError(f'{place} is {value!r}: take "online", "offline" or "disabled"')


def _check_switch(value: object, place: str) -> bool:
    said = str(value).strip().lower()
    if said in ("1", "true", "yes", "on"):
        return True
    if said in ("0", "false", "no", "off"):
        return False
    raise BadValueError(f'{place} is {value!r}: take "on" or "off"')


def _absolute_or(variable: str, default: str) -> str:
    # The XDG specification has relative paths ignored.
    value = os.environ.get(variable, "")
    return value if os.path.isabs(value) else os.path.expanduser(default)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        if not os.path.isfile(path):  # as when HOME is another user's, whose folder may not even be entered
            return {}
        raise BadValueError(f"{path} cannot be read ({error}): repair or remove it") from error
    return _parse(text, path)


def _parse(text: str, path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        parsed: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadValueError(f"{path} is not valid TOML ({error}): repair or remove it") from error
    return parsed


def _says(text: str, settings: dict[str, Any]) -> bool:
    try:
        said = _parse(text, Path())
    except BadValueError:
        return False
    return {"mode": None, **said} == settings


def _with_mode_line(text: str, line: str) -> str:
    # The key counts only above the first table header; other lines and comments stay as they are.
    table = re.search(r"(?m)^[ \t]*\[", text)
    end = table.start() if table else len(text)
    kept = re.sub(r"(?m)^[ \t]*(?:mode|\"mode\"|'mode')[ \t]*=.*(?:\n|\Z)", "", text[:end])
    if kept and not kept.endswith("\n"):
        kept += "\n"
    return kept + line + text[end:]


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
