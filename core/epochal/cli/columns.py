"""Which columns a list of runs shows, and how wide they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..catalog_entry import Entry, flat
from ..where_fields import FIELDS
from . import text

#: State: sign and colour.
STATES: Final[dict[str, tuple[str, str]]] = {
    "running": ("●", "cyan"),
    "finished": ("✓", "green"),
    "failed": ("✗", "red"),
    "interrupted": ("■", "yellow"),
    "killed": ("†", "magenta"),
    "lost": ("?", "bright_black"),
    "unreadable": ("!", "red"),
}
_WIDEST: Final = 28
_GAP: Final = 2
#: How many settings, and twice as many results, are tried for room: nobody's terminal has more.
_TRIED: Final = 40
#: Words in a metric's name that make it worth a place, the most telling first.
_TELLING: Final = ("val", "eval", "test", "acc", "f1", "auc", "loss", "error", "reward", "score", "perplexity")

#: The groups that adapters write, of which these settings tell something at a glance, the most telling first.
_GROUPS: Final = ("model", "optimizer", "trainer", "environment")
_AT_A_GLANCE: Final = (
    "optimizer.learning_rate", "trainer.batch_size", "optimizer.class", "model.parameters", "trainer.epochs",
    "trainer.framework",
)  # fmt: skip
#: Lines of text, which no cell has room for.
_MODEL_TEXT: Final = "model.summary"


@dataclass(frozen=True)
class Column:
    """A column: its header, what it shows of a run, its style, and whether numbers stand right-aligned."""

    header: str
    cell: Callable[[Entry], str]
    style: str = ""
    right: bool = False

    def width(self, entries: Sequence[Entry]) -> int:
        """Return the places that header and cells take."""
        from rich.cells import cell_len  # some characters take two places

        return max([cell_len(self.header), *(cell_len(self.cell(entry)) for entry in entries)])


def state(name: str) -> tuple[str, str]:
    """Return what a state looks like: its sign with its name, and its colour."""
    sign, color = STATES.get(name, ("?", ""))
    return f"{sign} {text.shown(name)}", color


def chosen(expressions: Sequence[Any], entries: Sequence[Entry]) -> list[Column]:
    """Return the columns of the expressions that a person has asked for; numbers stand right-aligned."""
    return [_asked(expression, entries) for expression in expressions]


def fitting(entries: Sequence[Entry], width: int) -> list[Column]:
    """Return the columns that tell most about these runs and fit a terminal of this width."""
    columns = [
        Column("NAME", lambda entry: text.shown(entry.name, 40), "bold"),
        Column("STATE", lambda entry: state(entry.state)[0]),
        Column("STARTED", lambda entry: text.since(entry.started), "dim"),
        Column("TIME", lambda entry: text.span(entry.duration), "dim", right=True),
    ]
    if len({entry.project for entry in entries}) > 1:
        columns.insert(1, Column("PROJECT", lambda entry: text.shown(entry.project, 20)))
    if any(entry.tags for entry in entries):
        columns.append(Column("TAGS", lambda entry: text.shown(", ".join(entry.tags), 20), "dim"))
    room = width - sum(column.width(entries) + _GAP for column in columns) + _GAP
    config, summary = _config_columns(entries), _summary_columns(entries)
    taken: list[list[Column]] = [[], []]
    # in turn, so that a long config does not push the results out; two results for each setting
    order = [column for i in range(_TRIED) for column in _turn(config, summary, i)]
    for kind, column in order:
        needed = column.width(entries) + _GAP
        if needed <= room:
            taken[kind].append(column)
            room -= needed
    return columns + taken[0] + taken[1]


def telling(metric: str) -> int:
    """Return a number that is the smaller, the more a metric's name promises."""
    low = metric.lower()
    return -sum(1 << (len(_TELLING) - i) for i, word in enumerate(_TELLING) if word in low)


def _turn(config: list[Column], summary: list[Column], i: int) -> list[tuple[int, Column]]:
    return [*((1, c) for c in summary[2 * i : 2 * i + 2]), *((0, c) for c in config[i : i + 1])]


def _asked(expression: Any, entries: Sequence[Entry]) -> Column:
    name = expression.text
    if name == "state":
        return Column("STATE", lambda entry: state(entry.state)[0])
    if name in ("started", "finished"):
        return Column(name.upper(), lambda entry: text.clock(getattr(entry, name)), "dim")
    if name == "duration":
        return Column("TIME", lambda entry: text.span(entry.duration), "dim", right=True)
    get = expression.value
    values = [value for entry in entries if (value := get(entry)) is not None]
    numbers = bool(values) and all(isinstance(value, (int, float)) for value in values)
    header = name.upper() if name in FIELDS else name
    style = "bold" if name == "name" else ""
    return Column(text.shown(header), lambda entry: _cell(get(entry)), style, right=numbers)


def _cell(value: Any) -> str:
    return text.shown(", ".join(map(str, value)), 60) if isinstance(value, list) else text.value(value, 60)


def _config_columns(entries: Sequence[Entry]) -> list[Column]:
    """Return columns for settings that differ between the runs: what users set, then what adapters wrote down.

    Of each, those that most runs have come first.
    """
    flats = {id(entry): flat({k: v for k, v in entry.config.items() if k != "datasets"}) for entry in entries}
    values: dict[str, list[Any]] = {}
    for config in flats.values():
        for key, value in config.items():
            values.setdefault(key, []).append(value)
    several = len(entries) > 1
    keys = [
        key
        for key, found in values.items()
        if key != _MODEL_TEXT and (not several or len(set(map(repr, found))) > 1 or len(found) < len(entries))
    ]
    keys.sort(key=lambda key: (_rank(key), -len(values[key]), key.count("."), len(key), key))
    ends = [key.rsplit(".", 1)[-1] for key in keys]

    def column(key: str, header: str) -> Column:
        return Column(header, lambda entry: text.value(flats[id(entry)].get(key), _WIDEST), "cyan", right=True)

    return [
        column(key, text.shown(end if ends.count(end) == 1 else key, _WIDEST))
        for key, end in zip(keys, ends, strict=True)
    ]


def _rank(key: str) -> int:
    """Return 0 for a setting of the user's, more for what an adapter wrote, the most for versions."""
    if key in _AT_A_GLANCE:
        return 1 + _AT_A_GLANCE.index(key)
    if key.split(".", 1)[0] not in _GROUPS:
        return 0
    return 9 if key.startswith("environment.") else 8


def _summary_columns(entries: Sequence[Entry]) -> list[Column]:
    """Return columns for numbers in the summary, the telling ones first, then those that most runs have."""
    counts: dict[str, int] = {}
    for entry in entries:
        for key, value in entry.summary.items():
            if isinstance(value, (int, float)):
                counts[key] = counts.get(key, 0) + 1

    def order(key: str) -> tuple[int, int, int, str]:
        return telling(key) if counts[key] * 2 >= len(entries) else 0, -counts[key], len(key), key

    def column(key: str) -> Column:
        return Column(text.shown(key, _WIDEST), lambda entry: text.value(entry.summary.get(key), _WIDEST), right=True)

    return [column(key) for key in sorted(counts, key=order)]
