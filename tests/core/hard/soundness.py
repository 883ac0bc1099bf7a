"""What every journal must be, whatever has happened to its writers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from epochal.errors import JournalError
from epochal.journal.reader import Journal
from tests.core.hard.trainings import until


def assert_sound(folder: Path, *, torn: int = 0) -> None:
    """Check that no writer of a run used a seq twice, that no journal is damaged, and that each has one opening.

    Args:
        folder: the run's.
        torn: how many records of a journal may be there in part: a writer that is killed may leave its last one so.
    """
    for path in (folder / "journal").glob("*.epochal"):
        # a companion may outlive its training, and have begun its journal a moment ago
        until(lambda path=path: _is_opened(path), f"the opening of {path.name}")
        journal = Journal(path)
        journal.refresh()
        assert len(journal.damages) <= torn, (path.name, journal.damages)
        seqs = [frame.seq for frame in journal.frames]
        assert len(seqs) == len(set(seqs)), path.name
        assert journal.frames[0].payload["k"] == "open"
        assert sum(frame.payload["k"] == "open" for frame in journal.frames) == 1, path.name


def _is_opened(path: Path) -> bool:
    try:
        return bool(Journal(path).frames)
    except JournalError:  # not even its header is there yet
        return False


def records(folder: Path, kind: str, *, role: str = "*") -> list[dict[str, Any]]:
    """Return the records of a kind that a run's journals of a role hold."""
    found: list[dict[str, Any]] = []
    for path in sorted((folder / "journal").glob(f"{role}-*.epochal")):
        journal = Journal(path)
        journal.refresh()
        found += [frame.payload for frame in journal.frames if frame.payload["k"] == kind]
    return found
