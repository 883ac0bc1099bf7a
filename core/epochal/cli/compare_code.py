"""The part of `epochal compare` that shows the code: which states there are, and the diffs between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from . import text
from .compare_page import title
from .side_by_side import letter

if TYPE_CHECKING:
    from ..differences.code import Code, CodeState

#: Characters of a line, and lines of one diff, that are shown without --all.
_WIDEST: Final = 240
_LINES: Final = 40
_STYLES: Final = (
    ("diff --git ", "bold"), ("+++", "bold"), ("---", "bold"), ("@@", "cyan"), ("+", "green"), ("-", "red"),
)  # fmt: skip


def code_part(code: Code, *, everything: bool) -> Iterator[Any]:
    """Yield the states of the code, then the diff from the first that is known to each other one."""
    verdicts = {True: "the same", False: "different", None: "not known to be the same"}
    yield title("Code", verdicts[code.same])
    by_state: dict[CodeState, list[int]] = {}
    for at, state in enumerate(code.states):
        by_state.setdefault(state, []).append(at)
    for state, which in by_state.items():
        letters = ", ".join(map(letter, which))
        yield Text(f"  {letters}  ", style="bold").append(text.shown(_told(state)), style="not bold")
    told: dict[str, int] = {}
    for state, (first, *_) in by_state.items():
        if first != code.base and state.problem is None:
            yield from _diff(code, first, told, None if everything else _LINES)


def _told(state: CodeState) -> str:
    if state.problem is not None:
        return state.problem
    commit = f"commit {state.commit[:12]}" if state.commit else "no commit yet"
    branch = f" on {state.branch}" if state.branch else ""
    changes = ", with changes that are not committed" if state.patch_sha256 else ""
    left = f", {len(state.left_out)} changed files not recorded" if state.left_out else ""
    return f"{commit}{branch}{changes}{left}"


def _diff(code: Code, at: int, told: dict[str, int], limit: int | None) -> Iterator[Any]:
    """Yield the diff to one run's code; one that was `told` before is named only."""
    diff = code.diffs[at]
    yield Text(f"\n  {letter(code.base)} → {letter(at)}", style="bold")
    for note in diff.notes:
        yield Text(f"  {text.shown(note)}", style="yellow")
    if diff.text in told:
        yield Text(f"  as {letter(code.base)} → {letter(told[diff.text])}", style="dim")
        return
    if diff.text:
        told[diff.text] = at
    lines = diff.text.splitlines()
    for line in lines[:limit]:
        style = next((style for start, style in _STYLES if line.startswith(start)), "")
        width = None if limit is None else _WIDEST
        yield Text(f"  {text.shown(line.expandtabs(4), width)}", style=style)
    if limit is not None and len(lines) > limit:
        yield Text(f"  … {len(lines) - limit} more lines: --all shows them, --json has them", style="dim")
