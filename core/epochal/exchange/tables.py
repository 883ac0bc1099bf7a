"""Tables with a row for each step: which columns are the step and the time, and which are metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from ..errors import BadValueError
from .field_values import STEP_NAMES, TIME_NAMES, NoStep, number, pick, step_of, time_of

if TYPE_CHECKING:
    from .foreign import ForeignRun

#: Line numbers that are named of each kind of fault.
_NAMED: Final = 5


class LeftOut:
    """Lines that could not be taken over, by the reason."""

    def __init__(self) -> None:
        self._lines: dict[str, list[int]] = {}
        self._counts: dict[str, int] = {}

    def line(self, why: str, number: int) -> None:
        """Count a line."""
        self._counts[why] = self._counts.get(why, 0) + 1
        lines = self._lines.setdefault(why, [])
        if len(lines) < _NAMED:
            lines.append(number)

    def texts(self) -> list[str]:
        """Return a sentence for each reason, with the first lines' numbers."""
        return [
            f"line{'s' * (count != 1)} {', '.join(map(str, self._lines[why]))}"
            f"{f' and {count - _NAMED} more' if count > _NAMED else ''}: {why}"
            for why, count in self._counts.items()
        ]

    def tell(self, run: ForeignRun) -> None:
        """Put it into what is said of a run."""
        for text in self.texts():
            run.leave_out(text)


class Wide:
    """Takes the rows of a table over, one by one."""

    def __init__(self, run: ForeignRun, names: Sequence[str], *, step: str | None, time: str | None) -> None:
        """`step` and `time` are the columns that were asked for.

        Raises:
            BadValueError: one of them is not there.
        """
        self.left_out = LeftOut()
        self._run = run
        self._names = list(names)
        self._step = self._column(step, STEP_NAMES, "step")
        self._time = self._column(time, TIME_NAMES, "time")
        self._metrics = self._find_metrics()
        self._texts: dict[str, int] = {}
        self._numbers: set[str] = set()
        self._rows = 0

    def _column(self, wanted: str | None, known: Sequence[str], what: str) -> int | None:
        if wanted is not None and wanted not in self._names:
            raise BadValueError(f"there is no column {wanted!r} to take as {what}: there are {', '.join(self._names)}")
        found = wanted if wanted is not None else pick(self._names, known)
        return None if found is None else self._names.index(found)

    def _find_metrics(self) -> list[tuple[int, str]]:
        found: dict[str, int] = {}
        for at, name in enumerate(self._names):
            if at in (self._step, self._time) and name.strip().lower() != "epoch":
                continue
            if not name.strip():
                self._run.leave_out("columns without a name")
            elif name in found:
                self._run.leave_out(f"column {name!r}: it is there twice, the first was taken")
            else:
                found[name] = at
        return [(at, name) for name, at in found.items()]

    def add(self, fields: Sequence[str], line: int) -> None:
        """Take a row over."""
        if len(fields) != len(self._names):
            if not any(field.strip() for field in fields):
                return
            self.left_out.line(f"{len(fields)} fields where {len(self._names)} belong", line)
            if len(fields) > len(self._names):
                return
        self._rows += 1
        try:
            step = self._rows - 1 if self._step is None else step_of(_field(fields, self._step))
        except NoStep as error:
            self.left_out.line(str(error), line)
            return
        time = None
        if self._time is not None:
            time = time_of(_field(fields, self._time))
            if time is None:
                self.left_out.line(f"{_field(fields, self._time)!r} is no time", line)
                return
        values: dict[str, Any] = {}
        for at, name in self._metrics:
            text = _field(fields, at)
            if not text.strip():
                continue
            value = number(text)
            if value is None:
                self._texts[name] = self._texts.get(name, 0) + 1
            else:
                values[name] = value
                self._numbers.add(name)
        if values:
            self._run.row(step, values, time=time)

    def close(self) -> None:
        """Say what was left out.

        Raises:
            BadValueError: no row could be used.
        """
        run = self._run
        run.unify()
        for name, count in self._texts.items():
            if name in self._numbers:
                run.leave_out(f"column {name!r}: fields that are no numbers", count)
            else:
                run.leave_out(f"column {name!r}: it holds no numbers")
        self.left_out.tell(run)
        if self._step is None and run.tracks:
            run.leave_out("no column is a step: rows were counted from 0")
        if not run.tracks:
            raise BadValueError("; ".join(["no row of it holds a number", *run.left_out]))


def _field(fields: Sequence[str], at: int) -> str:
    return fields[at] if at < len(fields) else ""
