"""What `epochal show` says of checkpoints and of the files that `run.save` has kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from . import text

if TYPE_CHECKING:
    from ..checkpoints import Checkpoint
    from ..recorded import RecordedRun

_MOST: Final = 20
_STYLES: Final = {"present": "", "vanished": "yellow", "changed": "yellow", "unknown": "dim"}


def files_record(run: RecordedRun) -> dict[str, Any]:
    """Return checkpoints and saved files as `show --json` prints them."""
    return {
        "checkpoints": [each._asdict() for each in run.checkpoints()],
        "saved": [each._asdict() for each in run.files()],
    }


def checkpoint_lines(run: RecordedRun, *, everything: bool) -> Iterator[Any]:
    """Yield the checkpoints, the best marked; of many the newest, and the best in any case."""
    from rich.table import Table
    from rich.text import Text

    found = run.checkpoints()
    if not found:
        return
    yield Text(f"\nCheckpoints ({len(found)})", style="bold")
    left_out = set() if everything else {id(each) for each in found[:-_MOST] if not each.best}
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for header in ("    step", "size", "metrics", "state", "path"):
        table.add_column(header, justify="right" if header in {"    step", "size"} else "left", overflow="fold")
    for each in found:
        if id(each) not in left_out:
            dim = "dim" if each.abandoned else _STYLES.get(each.state, "")
            mark = "★ " if each.best else "  "
            cells = (f"  {mark}{text.number(each.step)}", *_cells(each, run))
            table.add_row(*(Text(words, style=dim) for words in cells))
    yield table
    if left_out:
        yield Text(f"  … {len(left_out)} more: --all", style="dim")
    yield from _about_the_best(found)


def _cells(each: Checkpoint, run: RecordedRun) -> tuple[str, str, str, str]:
    metrics = ", ".join(f"{text.shown(name, 40)} {text.value(value)}" for name, value in each.metrics.items())
    state = each.state + (f": {each.why}" if each.why else "") + (", abandoned" if each.abandoned else "")
    where = text.shown(each.path)
    if each.file is not None:
        where += f"  (copy: {text.shown(each.file.relative_to(run.path).as_posix())})"
    return text.size(each.bytes) if each.bytes is not None else "–", metrics, text.shown(state), where


def _about_the_best(found: list[Checkpoint]) -> Iterator[Any]:
    from rich.text import Text

    if any(each.best for each in found):
        return
    names = [name for each in found if not each.abandoned for name in each.metrics]
    if names:
        words = f"none is marked as the best, no goal is known: run.define_metric({names[0]!r}, goal=…), 'min' or 'max'"
        yield Text(f"  {text.shown(words)}", style="dim")


def saved_lines(run: RecordedRun, *, everything: bool) -> Iterator[Any]:
    """Yield the saved files that are not as they were saved, and how many there are."""
    from rich.text import Text

    found = run.files()
    if not found:
        return
    size = text.size(sum({each.path: each.bytes for each in found}.values()))
    yield Text(f"\nSaved files ({len(found)}, {size})", style="bold")
    bad = [each for each in found if each.state != "present"]
    good = [each for each in found if each.state == "present"]
    for each in bad[: None if everything else _MOST]:
        yield Text(f"  ! {text.shown(each.name)}: {each.state} since it was saved", style="yellow")
    shown = good if everything else good[:_MOST]
    for each in shown:
        note = ", changed while it was copied" if each.changed_while_copied else ""
        yield Text(f"  {text.size(each.bytes):>9}  {text.shown(each.name)}{note}")
    if len(shown) < len(good):
        yield Text(f"  … {len(good) - len(shown)} more: --all", style="dim")
