"""`epochal show --console`: what a run has printed, at once or as it comes."""

from __future__ import annotations

import json
import re
import sys
import time
from typing import TYPE_CHECKING, Final

import click

from ..console.reading import ConsoleFiles
from ..json_values import json_safe
from .output import print_json
from .text import clock, shown

if TYPE_CHECKING:
    from ..recorded import RecordedRun

#: Seconds between two looks while following.
_LOOK_S: Final = 0.3
_COLOURS: Final = re.compile(r"(\x1b\[[0-9;:]*m)")
#: Escape sequences: commands with a text (titles, clipboard), cursor and screen, and what is left of them.
_ESCAPES: Final = re.compile(
    r"\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|[\x90\x98\x9d\x9e\x9f][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?"
)


def print_console(
    run: RecordedRun, *, follow: bool, stream: str | None, ansi: bool, times: bool, as_json: bool
) -> None:
    """Print what a run has printed.

    Args:
        run: the run.
        follow: go on until the run has ended.
        stream: `stdout` or `stderr`; by default both.
        ansi: keep colours also where no terminal shows them.
        times: put the local time before each line.
        as_json: print JSON; one object a line while following.
    """
    files = ConsoleFiles(run.path)
    if as_json and not follow:
        print_json([line._asdict() for line in files.lines(run._journals, stream=stream)])
        return
    colours = ansi or sys.stdout.isatty()
    while True:
        run.refresh()
        ended = not follow or run.state != "running"
        for line in files.lines(run._journals, stream=stream, last=ended):
            if as_json:
                click.echo(json.dumps(json_safe(line._asdict()), ensure_ascii=False))
            else:
                # `color` keeps click from deciding anew what was decided here
                click.echo(f"{clock(line.time)}  " * times + legible(line.text, colours=colours), color=colours)
        if ended:
            return
        time.sleep(_LOOK_S)


def legible(text: str, *, colours: bool) -> str:
    """Return a printed line without what moves the cursor, sets titles, fills the clipboard or asks the terminal.

    Args:
        text: what was printed.
        colours: whether colours stay; they end with the line.
    """
    parts = _COLOURS.split(text)
    # every second part is a colour
    parts[::2] = [_plain(part) for part in parts[::2]]
    if not colours:
        return "".join(parts[::2])
    return "".join(parts) + ("\x1b[0m" if len(parts) > 1 else "")


def _plain(text: str) -> str:
    if "\x1b" in text or not text.isprintable():
        text = "\t".join(shown(part) for part in _ESCAPES.sub("", text).split("\t"))
    return text
