"""The hooks that plugins implement; what they receive and return can be imported from here too.

Three families, told apart by name:

- `register_*` and `collect_*` *collect*: they are asked once and return plain objects. A failure costs that
  plugin's contribution, nothing else.
- names in the past tense (`run_started`) *observe*: what they return is ignored. A plugin that fails is muted for that
  run.
- `make_*` *decide*: the first answer that is not None counts; Epochal's own implementation is asked last.

An implementation is a function of a hook's name, marked with `epochal.hookimpl`; it may take any subset of the
hook's arguments. No hook is called by `run.log`. Order is unspecified, but for `make_*`, where `tryfirst` and `trylast`
count. Wrappers are refused, since implementations are called one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pluggy

from .exchange.formats import Exported as Exported  # noqa: PLC0414 - part of what hooks exchange
from .exchange.formats import Exporter as Exporter  # noqa: PLC0414
from .exchange.formats import ExportRequest as ExportRequest  # noqa: PLC0414
from .exchange.formats import Importer as Importer  # noqa: PLC0414
from .exchange.formats import PointChoice as PointChoice  # noqa: PLC0414
from .hook_objects import Converter as Converter  # noqa: PLC0414
from .hook_objects import Fingerprinter as Fingerprinter  # noqa: PLC0414
from .hook_objects import ProbeContext as ProbeContext  # noqa: PLC0414
from .hook_objects import RunInfo as RunInfo  # noqa: PLC0414
from .hook_objects import Sink as Sink  # noqa: PLC0414
from .hook_objects import SystemProbe as SystemProbe  # noqa: PLC0414

if TYPE_CHECKING:
    import click

PROJECT: Final = "epochal"

_F = TypeVar("_F", bound=Callable[..., Any])
_spec = pluggy.HookspecMarker(PROJECT)
hookimpl: Final = pluggy.HookimplMarker(PROJECT)


def _first_answer(function: _F) -> _F:
    return _spec(firstresult=True)(function)


# -------------------------------------------------------------------------------------------- collect: asked once


@_spec
def register_converters() -> Iterable[Converter]:
    """Say how values of foreign types become numbers or media, so that `log` takes them, alone or in a list.

    When: once for each process, before the first run records its first value; in a spawned worker, at the first value
    that is no plain number.
    Returns: an iterable of `Converter`. The plugin that is asked first wins a type that two of them name.
    If you raise: your converters are missing, a warning names your plugin, and the run's record says so.

    Example:
        from datetime import timedelta
        from epochal import hookimpl
        from epochal.hookspecs import Converter

        @hookimpl
        def register_converters():
            return [Converter("datetime.timedelta", timedelta.total_seconds)]
    """
    raise NotImplementedError


@_spec
def register_fingerprinters() -> Iterable[Fingerprinter]:
    """Say how datasets of foreign types are hashed.

    When: once for each process, at the first fingerprint of something that Epochal does not know itself.
    Returns: an iterable of `Fingerprinter`.
    If you raise: such datasets are recorded with `coverage="none"`, and a warning names your plugin.

    Example:
        from epochal import hookimpl
        from epochal.hookspecs import Fingerprinter

        def fingerprint(pairs, budget):
            return {**budget.of([pairs.inputs, pairs.labels]), "rows": len(pairs.labels)}

        @hookimpl
        def register_fingerprinters():
            return [Fingerprinter("my_data.Pairs", fingerprint)]
    """
    raise NotImplementedError


@_spec
def register_system_probes() -> Iterable[SystemProbe]:
    """Add to the system metrics that are recorded beside a run.

    When: once, in the companion process. Your module is imported there too, so keep its imports light.
    Returns: an iterable of `SystemProbe`.
    If you raise: your probes are missing, and the run's record says so. A probe that fails later is muted for the run.

    Example:
        import os
        from epochal import hookimpl
        from epochal.hookspecs import SystemProbe

        @hookimpl
        def register_system_probes():
            return [SystemProbe("load", lambda context: {"system/load": os.getloadavg()[0]})]
    """
    raise NotImplementedError


@_spec
def register_exporters() -> Iterable[Exporter]:
    """Add formats that `epochal export` and `epochal.export_runs` write.

    When: once for each process, at the first export, or when the help lists the formats.
    Returns: an iterable of `Exporter`.
    If you raise: your formats are missing, and a warning names your plugin. What an exporter itself raises ends that
    export, and nothing is left of what it wrote.

    Example:
        from epochal import hookimpl
        from epochal.hookspecs import Exported, Exporter

        def names(request):
            request.out.write_text(", ".join(run.name for run in request.runs), encoding="utf-8")
            return Exported(points=tuple(0 for _ in request.runs))

        @hookimpl
        def register_exporters():
            return [Exporter("names", "the names of the runs", names)]
    """
    raise NotImplementedError


@_spec
def register_importers() -> Iterable[Importer]:
    """Add formats that `epochal import` and `epochal.import_runs` read.

    When: once for each process, at the first import, or when the help lists the formats.
    Returns: an iterable of `Importer`.
    If you raise: your formats are missing, and a warning names your plugin. A source that cannot be used goes to
    `job.skip`; what an importer raises ends the import, and runs that were taken before stay.

    Example:
        from epochal.hookspecs import Importer, hookimpl

        def read(job):
            for source in job.sources:
                if run := job.found(source, files=[source]):
                    for step, loss in enumerate(source.read_text().split()):
                        run.row(step, {"loss": float(loss)})
                    job.take(run)

        @hookimpl
        def register_importers():
            return [Importer("losses", "a file with a loss in each line", lambda path: path.suffix == ".loss", read)]
    """
    raise NotImplementedError


@_spec
def register_sinks() -> Iterable[Sink]:
    """Offer a kind of place that a run's rows and records can go to, besides its folder.

    When: once for each process that needs it: by `init`, and in the sink process, where your module is imported too.
    Returns: an iterable of `Sink`.
    If you raise: your kinds of sink are missing, and a warning names your plugin. A sink that fails later is tried
    again, and harms neither another sink nor the training.

    Example:
        from types import SimpleNamespace
        from epochal import hookimpl
        from epochal.hookspecs import Sink

        def open_printed(settings, run):
            return SimpleNamespace(write=lambda batch: print(*(each["kind"] for each in batch)), close=lambda: None)

        @hookimpl
        def register_sinks():
            return [Sink("printed", open_printed)]
    """
    raise NotImplementedError


@_spec
def register_commands(cli: click.Group) -> None:
    """Add commands to the command line.

    When: when the `epochal` command starts, before it looks at its arguments.
    Arguments: `cli` is the click group to add to; `cli.get_command` and `cli.list_commands` tell what there is.
    Returns: nothing that is looked at.
    If you raise: your commands are missing, and a warning names your plugin.

    Example:
        import click
        from epochal import hookimpl

        @hookimpl
        def register_commands(cli):
            @cli.command()
            def hello():
                click.echo("hello")
    """
    raise NotImplementedError


@_spec
def collect_environment(run: RunInfo) -> Mapping[str, Any]:
    """Add to what is recorded about the machine, the software and the job.

    When: once for each run, in the companion process, at low priority.
    Arguments: `run` describes the run.
    Returns: a mapping of names to JSON-like values. Take a top-level name of your own, such as your plugin's.
    If you raise: your part is missing, and the run's record says so.

    Example:
        import os
        from epochal import hookimpl

        @hookimpl
        def collect_environment(run):
            job = os.environ.get("SLURM_JOB_ID")
            return {"slurm": {"job": job}} if job else {}
    """
    raise NotImplementedError


# ------------------------------------------------------------------------------------ observe: the edges of a run


@_spec
def run_started(run: RunInfo) -> None:
    """Learn that a run has been opened.

    When: at the end of `init`, in the training process, at every rank; also when a run is resumed.
    Arguments: `run` describes the run.
    Returns: nothing that is looked at.
    If you raise: training goes on, a warning names your plugin, and it is muted for this run.
    A call that takes longer than 1 s is reported once.

    Example:
        from epochal import hookimpl

        @hookimpl
        def run_started(run):
            with open(run.root / "started.txt", "a") as file:
                print(run.project, run.name, file=file)
    """
    raise NotImplementedError


@_spec
def run_finished(run: RunInfo, status: str, summary: Mapping[str, Any]) -> None:
    """Learn that a run has been closed.

    When: in `finish`, in the training process; never for a run whose process was killed.
    Arguments: `run` describes the run; `status` is "finished", "failed" or "interrupted"; `summary` holds the summary
    values that were set by hand (what is derived from metrics is worked out later, from the journal).
    Returns: nothing that is looked at.
    If you raise: a warning names your plugin; the run is closed all the same.

    Example:
        from epochal import hookimpl

        @hookimpl
        def run_finished(run, status):
            if status == "failed":
                (run.root / "last-failure.txt").write_text(str(run.folder))
    """
    raise NotImplementedError


# --------------------------------------------------------------------------------- decide: the first answer counts


@_first_answer
def make_run_name(project: str, config: Mapping[str, Any]) -> str | None:
    """Name a run that the user gave no name.

    When: in `init`, in the training process.
    Arguments: `project` is the project's name, `config` the configuration as it was given.
    Returns: a text that is not empty, or None to leave it to the next.
    If you raise: a warning names your plugin, and the next one is asked; Epochal's own answer is never missing.

    Example:
        from epochal import hookimpl

        @hookimpl
        def make_run_name(config):
            model = config.get("model")
            return f"{model}-lr{config['lr']}" if model and "lr" in config else None
    """
    raise NotImplementedError
