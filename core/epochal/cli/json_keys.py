"""What each key of the JSON output means; the reference is written from it, and tests compare it with the output."""

from __future__ import annotations

from typing import Final

_RUN: Final = {
    "id": "the run's id",
    "name": "its name",
    "project": "its project",
    "state": "running, finished, failed, interrupted, killed, lost; unreadable where no journal can be read",
    "reason": "why, in words",
    "started": "when it was opened",
    "finished": "when it ended",
    "duration": "from start to end; in `ls`, to now while it runs",
    "group": "as given to `init`",
    "job_type": "as given to `init`",
    "tags": "list of texts",
    "notes": "text",
    "host": "the machine",
}

#: Command (with what stands for a variant) to key to meaning.
JSON_KEYS: Final[dict[str, dict[str, str]]] = {
    "ls": {
        **_RUN,
        "ranks": "how many ranks have recorded something",
        "config": "the settings, nested",
        "summary": "name to value: derived from the metrics, and set by hand",
        "metrics": "list of names",
        "path": "the run's folder",
    },
    "ls --columns": {"id": "the run's id", "…": "each column under the words that asked for it"},
    "ls --group": {
        "…": "each field that was grouped by, under the words that asked for it",
        "count": "how many runs",
        "states": "state to number of runs",
        "mean": "name to the mean of the summary's numbers, over the runs that have them; NaN is skipped",
    },
    "show": {
        **_RUN,
        "path": "the run's folder",
        "exit_code": "of the training's process, where known",
        "signal": "that ended it, where known",
        "error": "the exception that ended it: type, message, traceback",
        "ranks": "list of the ranks that have recorded something",
        "config": "the settings, nested",
        "summary": "name to value",
        "metrics": "list of name, count, last, last_step, min, min_step, max, max_step",
        "system_metrics": "list of names",
        "datasets": "name to sha256, kind, rows, bytes, method, coverage",
        "environment": "command, python, packages, git, machine, nested",
        "notices": "list of code, text, time, file, data",
        "files": "list of path within the run's folder, bytes",
    },
    "plot": {
        "run": "the run's name",
        "id": "its id",
        "metric": "the metric",
        "axis": "what x is",
        "abandoned": "true for what stands behind the curve: abandoned points, or those before smoothing",
        "x": "list of numbers",
        "y": "list of numbers",
    },
    "history RUN METRIC": {
        "run": "the run's name",
        "id": "its id",
        "metric": "the metric",
        "axis": "what x is",
        "step": "list of integers",
        "value": "list of numbers, or of texts",
        "time": "list of times",
    },
    "history RUN METRIC METRIC": {
        "run": "the run's name",
        "id": "its id",
        "columns": "step and each metric to a list; NaN where a metric has no value at a step",
    },
    "history RUN": {
        "run": "the run's name",
        "id": "its id",
        "metrics": "list of names",
        "system_metrics": "list of names",
    },
    "verify": {
        "folder": "the run's folder",
        "sound": "whether nothing is damaged",
        "rows": "rows in all journals",
        "rows_uncovered": "those that no checksum covers",
        "bytes_uncovered": "their size",
        "files": "list of file, role, size, rows, rows_covered, bytes_uncovered, frames, seqs_absent",
        "findings": "list of file, offset, length, what, metrics, rows",
    },
    "sinks": {
        "sink": "what it is called",
        "kind": "jsonl, webhook, or that of a plugin",
        "rank": "whose rows and records",
        "delivered": "how many this command has delivered",
        "pending": "how many the sink has not confirmed",
        "problems": "list of sentences: what stood in the way",
    },
    "plugins": {
        "plugins": "list of name, module, distribution, version, hooks, builtin, disabled",
        "problems": "list of kind, plugin, distribution, version, hook, error, remedy",
    },
    "status": {
        "version": "of Epochal",
        "mode": "online, offline or disabled",
        "source": "what says so",
        "folder_file": "the nearest `.epochal.toml`",
        "user_file": "the user's settings",
        "user_file_exists": "whether they are there",
        "cache_dir": "where the catalog lies",
        "environment": "the variables that are set",
        "writes_to": "where a run that is opened here goes",
        "reads_from": "where commands look",
    },
}
