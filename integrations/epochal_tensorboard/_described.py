"""What is said of an imported run beside its points: config and state, from hparams in its events and files beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from epochal.config_values import jsonlike
from epochal.exchange.foreign import Ending

from ._hparams import Session, hear
from ._sidecars import read_sidecars

if TYPE_CHECKING:
    from epochal.exchange.foreign import ForeignRun

    from ._chunks import Other
    from ._logdir import Run

_UNTOLD: Final = Ending("lost", "its event files do not tell how it ended")


class Described:
    """The description of one run, kept up to date while its events are read."""

    def __init__(self, facts: ForeignRun, found: Run) -> None:
        """Read the files beside the events, and begin `facts` with them."""
        self._facts = facts
        self._beside = read_sidecars(found)
        self._session = Session()
        for sentence in self._beside.problems:
            facts.leave_out(sentence)
        self._tell()

    def unchanged(self, state: Mapping[str, Any]) -> bool:
        """Return whether the files beside the events are those that an earlier import has seen."""
        return bool(jsonlike(state.get("sidecars")) == jsonlike(self._beside.digests))

    def resume(self, state: Mapping[str, Any]) -> None:
        """Go on from what an earlier import has heard."""
        self._session = Session.kept(state.get("session"))
        self._tell()

    def state(self) -> dict[str, Any]:
        """Return what the next import needs."""
        return {"sidecars": self._beside.digests, "session": self._session.to_keep()}

    def hear(self, other: Other) -> None:
        """Take what an event says of the run."""
        if other.what == "value" and other.plugin == "hparams" and hear(self._session, other):
            self._tell()

    def _tell(self) -> None:
        facts, session = self._facts, self._session
        facts.config = self._beside.joined(session.config)
        facts.summary = dict(session.summary)
        facts.ending = session.ending or _UNTOLD
        facts.definitions = session.definitions
        if session.problem and session.problem not in facts.left_out:
            facts.leave_out(session.problem)
        if session.group:
            facts.meta.setdefault("group", session.group)
