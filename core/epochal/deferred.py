"""`Deferred`: a value that is still on its way, from a device say, when `run.log` is given it."""

from __future__ import annotations

from typing import Any, ClassVar


class Deferred:
    """A value that `run.log` takes before it is known.

    Attributes:
        media: `result` gives media, not a number.
    """

    media: ClassVar[bool] = False

    def ready(self) -> bool:
        """Return whether `result` would not wait."""
        raise NotImplementedError

    def result(self) -> Any:
        """Return the value, a number or media; wait for it where it is not there yet."""
        raise NotImplementedError
