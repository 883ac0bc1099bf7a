"""Who a run is: its id, name, project, folder, rank, tags and notes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .session import Session


class RunIdentity(ABC):
    """What a `Run` is called and where it lies; name, tags and notes can be set, and the change is recorded."""

    _session: Session

    @abstractmethod
    def _record(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Write a record, and never raise."""

    @property
    def id(self) -> str:
        """The run's id: its folder's name, in the order of time."""
        return self._session.info.id

    @property
    def project(self) -> str:
        """The project that the run belongs to."""
        return self._session.info.project

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self._session.info.folder

    @property
    def rank(self) -> int:
        """The rank of this process in the run, 0 where there is one."""
        return self._session.info.rank

    @property
    def disabled(self) -> bool:
        """Whether nothing is recorded."""
        return False

    @property
    def name(self) -> str:
        """The run's name; set it to rename the run."""
        return str(self._session.meta["name"])

    @name.setter
    def name(self, name: str) -> None:
        self._set_meta(name=str(name))

    @property
    def notes(self) -> str | None:
        """Free text about the run."""
        notes: str | None = self._session.meta.get("notes")
        return notes

    @notes.setter
    def notes(self, notes: str | None) -> None:
        self._set_meta(notes=notes)

    @property
    def tags(self) -> tuple[str, ...]:
        """The run's tags."""
        return tuple(self._session.meta.get("tags") or ())

    @tags.setter
    def tags(self, tags: tuple[str, ...] | list[str]) -> None:
        self._set_meta(tags=[str(tag) for tag in tags])

    def _set_meta(self, **values: Any) -> None:
        self._session.meta.update(values)
        self._record("meta", {"set": self._session.safe_meta(values)})
