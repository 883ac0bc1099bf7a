"""`epochal sinks`: which sinks a run has, what they have not confirmed yet, and its delivery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import as_json, in_dir, one_run
from .output import console, print_json, say, warn
from .text import shown

if TYPE_CHECKING:
    from ..sinks.choosing import Chosen


@click.command("sinks")
@one_run
@click.option("--pending", is_flag=True, help="Only show what waits; deliver nothing.")
@click.option("--wait", "wait_s", metavar="SECONDS", type=click.FloatRange(0), default=10.0, show_default=True,
              help="How long a sink that fails is tried again.")  # fmt: skip
@as_json
@in_dir
@click.pass_context
def sinks(context: click.Context, run: str, pending: bool, wait_s: float, as_json: bool, dir: str | None) -> None:
    """Deliver to a run's sinks what they have not confirmed yet.

    Sinks are served while a run is recorded. What is left when a sink was down for long, when everything was killed,
    or when the run was offline, is delivered by this command. Ends with exit code 1 if something is left.
    """
    from ..run_list import find_folder

    folder = find_folder(run, dir)
    found = [_deliver(folder, rank, sink, wait_s, show=pending) for rank, sink in _sinks_of(folder)]
    if as_json:
        print_json(found)
    elif not found:
        say("this run has no sinks: give init(sinks=[…]), or [[sinks]] in .epochal.toml")
    else:
        _print(found)
    if not pending and any(one["pending"] for one in found):
        context.exit(1)


def _sinks_of(folder: Path) -> Iterator[tuple[int, Chosen]]:
    """Yield rank and sink, for all that any writer of the run has named."""
    from ..journals import Journals
    from ..sinks.recorded import recorded_sinks

    journals = Journals(folder).recording("all")
    for rank in sorted({journal.rank for journal in journals}):
        paths = [str(journal.path) for journal in journals if journal.rank == rank and journal.role == "main"]
        for sink in recorded_sinks(*paths):
            yield rank, sink


def _deliver(folder: Path, rank: int, sink: Chosen, wait_s: float, *, show: bool) -> dict[str, Any]:
    from ..hookspecs import RunInfo
    from ..plugins import get_manager
    from ..recorded import RecordedRun
    from ..sinks.delivery import Delivery

    problems: list[str] = []
    delivered = 0
    if not show:
        kinds = {kind.kind: kind for kind in get_manager().collect("register_sinks")}
        if sink.kind not in kinds:
            problems.append(f"sink {sink.name}: no plugin here offers the kind {sink.kind}")
        else:
            recorded = RecordedRun(folder)
            info = RunInfo(recorded.id, recorded.project, recorded.name, folder, folder.parent.parent, rank)
            patient = sink._replace(settings={**sink.settings, "patience_s": wait_s})
            delivery = Delivery(patient, kinds[sink.kind].open, info, report=problems.append, once=True)
            delivery.run()
            delivered = delivery.delivered
        for problem in dict.fromkeys(problems):
            warn(problem)
    return {
        "sink": sink.name,
        "kind": sink.kind,
        "rank": rank,
        "delivered": delivered,
        "pending": _count_pending(folder, rank, sink.name),
        "problems": list(dict.fromkeys(problems)),
    }


def _count_pending(folder: Path, rank: int, name: str) -> int:
    """Return how many rows and records a sink has not confirmed."""
    from ..sinks.cursor import confirmed
    from ..sinks.feed import Feed
    from ..sinks.messages import INTERNAL
    from ..sinks.seqs import Seqs

    known = confirmed(str(folder), name, rank)
    feed = Feed(str(folder), rank, lambda writer: known.get(writer, Seqs()).__contains__)
    count = 0
    while True:
        taken = feed.take(10_000, deep=True)
        count += sum(entry.payload.get("k") not in INTERNAL for _, entry in taken)
        if not taken and not feed.more:
            return count


def _print(found: list[dict[str, Any]]) -> None:
    from rich.table import Table

    ranks = len({one["rank"] for one in found}) > 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("sink", "kind", *(["rank"] if ranks else []), "delivered", "pending"):
        table.add_column(title, justify="right" if title in ("rank", "delivered", "pending") else "left")
    for one in found:
        words = [shown(one["sink"]), shown(one["kind"]), *([str(one["rank"])] if ranks else [])]
        table.add_row(*words, f"{one['delivered']:,}", f"{one['pending']:,}")
    console().print(table)


COMMANDS = [sinks]
