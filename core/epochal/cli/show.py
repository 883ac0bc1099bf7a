"""`epochal show`: everything that is known of one run, on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .media import media_records
from .options import as_json, in_dir, one_run
from .output import console, print_json
from .show_files import files_record

if TYPE_CHECKING:
    from ..recorded import RecordedRun


@click.command("show")
@one_run
@click.option(
    "--all",
    "-a",
    "everything",
    is_flag=True,
    help="All metrics, settings, packages of the environment and files, however many.",
)
@click.option("--console", "printed", is_flag=True, help="What the run has printed, instead of the page.")
@click.option("--follow", "-f", is_flag=True, help="With --console: go on until the run has ended.")
@click.option("--stream", type=click.Choice(["stdout", "stderr"]), help="With --console: only this one.")
@click.option("--ansi", is_flag=True, help="With --console: keep colours also where no terminal shows them.")
@click.option("--times", is_flag=True, help="With --console: the local time before each line.")
@as_json
@in_dir
def show(
    run: str,
    everything: bool,
    printed: bool,
    follow: bool,
    stream: str | None,
    ansi: bool,
    times: bool,
    as_json: bool,
    dir: str | None,
) -> None:
    """Show all that is known of a run.

    State and why, times, config, metrics, summary, media, datasets, environment, alerts, notices, files.
    """
    from ..run_list import get_run

    found = get_run(run, dir)
    if printed:
        from .console import print_console

        print_console(found, follow=follow, stream=stream, ansi=ansi, times=times, as_json=as_json)
        return
    if follow or stream or ansi or times:
        raise click.UsageError("--follow, --stream, --ansi and --times go with --console: epochal show RUN --console")
    if as_json:
        print_json(record(found))
        return
    from .page import page

    out = console()
    for part in page(found, width=min(out.width, 160), everything=everything):
        out.print(part)


def record(run: RecordedRun) -> dict[str, Any]:
    """Return a run as `show --json` prints it."""
    ending = run.ending
    finished = run.finished
    return {
        "id": run.id,
        "name": run.name,
        "project": run.project,
        "path": run.path,
        "state": ending.name,
        "reason": ending.reason,
        "exit_code": ending.exit_code,
        "signal": ending.signal,
        "error": error(run),
        "started": run.started,
        "finished": finished,
        "duration": None if run.started is None or finished is None else finished - run.started,
        "group": run.group,
        "job_type": run.job_type,
        "tags": run.tags,
        "notes": run.notes,
        "host": run.host,
        "ranks": run.ranks,
        "config": run.config,
        "summary": run.summary,
        "metrics": [stats(run, name) for name in run.metrics],
        "system_metrics": run.system_metrics,
        "media": media_records(run),
        "datasets": run.datasets,
        "environment": run.environment,
        "alerts": [alert._asdict() for alert in run.alerts],
        "notices": [notice._asdict() for notice in run.notices],
        **files_record(run),
        "files": [{"path": path, "bytes": size} for path, size in files(run)],
    }


def error(run: RecordedRun) -> dict[str, Any] | None:
    """Return the exception that ended the run, with type, message and traceback; None where none did."""
    finishes = [
        facts.finish for facts in run._journals.facts() if facts.finish is not None and facts.finish.get("error")
    ]
    found = finishes[-1]["error"] if finishes else None
    return found if isinstance(found, dict) else None


def stats(run: RecordedRun, metric: str) -> dict[str, Any]:
    """Return count, last, min and max with their steps; a metric of texts has count and last alone."""
    import numpy as np

    history = run.history(metric)
    values = history.values
    if not len(history):
        texts = run.texts(metric)
        last = texts.values[-1] if texts.values else None
        return {"name": metric, "count": len(texts.steps), "last": last, "last_step": texts.steps[-1] if last else None}
    told = {"name": metric, "count": len(history), "last": values[-1].item(), "last_step": int(history.steps[-1])}
    numbers = values.astype(np.int8) if values.dtype == np.bool_ else values
    if numbers.dtype.kind == "f" and np.isnan(numbers).all():
        return {**told, "min": None, "min_step": None, "max": None, "max_step": None}
    low, high = (
        (np.nanargmin(numbers), np.nanargmax(numbers))
        if numbers.dtype.kind == "f"
        else (numbers.argmin(), numbers.argmax())
    )
    return {
        **told,
        "min": values[low].item(), "min_step": int(history.steps[low]),
        "max": values[high].item(), "max_step": int(history.steps[high]),
    }  # fmt: skip


def files(run: RecordedRun) -> list[tuple[str, int]]:
    """Return path within the run and size in bytes of each file that is no journal."""
    paths = [path for top in ("files", "console") for path in sorted((run.path / top).rglob("*")) if path.is_file()]
    return [(path.relative_to(run.path).as_posix(), path.lstat().st_size) for path in paths]


COMMANDS = [show]
