"""`init`: opens a run, new or resumed, and everything that goes with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from . import active, layout, liveness, processes
from .config_values import jsonlike
from .console import capture
from .errors import BadValueError, RunAliveError, RunExistsError, RunNotFoundError, StorageError
from .faults import logger
from .hookspecs import RunInfo
from .names import new_run_id
from .outlets import Outlets, asked_for
from .placing import choose_folder, claim, default_project, make_root
from .ranks import Rank, this_rank
from .run import Run
from .run_config import RunConfig
from .serial_run import run_class
from .session import Session
from .settings import effective_mode
from .writers import next_ordinal

_RESUME: Final = ("never", "allow", "must")


def init(
    project: str | None = None,
    *,
    name: str | None = None,
    config: Any = None,
    id: str | None = None,
    resume: str = "never",
    position: Mapping[str, Any] | None = None,
    rank: int | None = None,
    mode: str | None = None,
    dir: str | os.PathLike[str] | None = None,
    sinks: Sequence[Any] | None = None,
    group: str | None = None,
    job_type: str | None = None,
    tags: Sequence[str] = (),
    notes: str | None = None,
) -> Run:
    """Open a run and make it the active one.

    Args:
        project: what the run belongs to; by default the name of the git repository or of the working folder.
        name: by default one that is easy to say, made up here.
        config: settings: a mapping, an argparse Namespace, or pairs.
        id: names the run folder; by default new, in the order of time. EPOCHAL_RUN_ID stands for it.
        resume: `"never"` asks for a new run, `"must"` for one that exists, `"allow"` takes either.
        position: what `Run.position` gave when the checkpoint was written that training now goes on from: rows
            recorded after it are hidden, and kept.
        rank: of this process among several of one training; by default what the launcher has set.
        mode: `"online"`, `"offline"` or `"disabled"`; by default EPOCHAL_MODE, `.epochal.toml`, the user's setting.
        dir: the runs folder; by default EPOCHAL_DIR, else ./epochal-runs.
        sinks: where rows and records go besides the run's folder: `epochal.sinks.JsonLines(…)`,
            `epochal.sinks.Webhook(…)`, mappings, or the words for kinds that need no settings (`"tensorboard"`); by
            default the `[[sinks]]` of the settings.
        group: joins runs that belong together.
        job_type: what the run does: train, evaluate, …
        tags: short words to find it by.
        notes: free text.

    Raises:
        BadValueError: an argument that cannot be used.
        RunAliveError: the run is open here, or a living process writes it.
        RunExistsError: `resume="never"` and the id exists.
        RunNotFoundError: `resume="must"` and it does not.
        PositionError: a position that the run does not hold.
        StorageError: the runs folder cannot be written.
    """
    if resume not in _RESUME:
        raise BadValueError(f"resume {resume!r} cannot be used: take 'never', 'allow' or 'must'")
    if isinstance(tags, str):
        raise BadValueError(f"tags {tags!r} is one text: give a list of them, [{tags!r}]")
    place = this_rank(rank)
    shared_id = os.environ.get("EPOCHAL_RUN_ID") or None
    if id is None and position:
        id = str(position.get("run"))
    if id is None and shared_id:
        id, resume = shared_id, "allow" if resume == "never" else resume
    if id is not None:
        layout.check_run_id(id)
    if resume == "must" and id is None:
        raise BadValueError("resume='must' needs the id of the run: give id=…, or set EPOCHAL_RUN_ID")
    chosen = effective_mode(mode)
    settings = _settings(config)
    meta = {"name": name, "group": group, "job_type": job_type, "tags": list(map(str, tags)), "notes": notes}
    why = _why_disabled(chosen.mode, place, id)
    if why is not None:
        if why:
            logger.warning("%s", why)
        return _disabled(project, place, id, meta, settings)
    if active.in_notebook():
        _finish_open_runs()
    outlets = asked_for(sinks, chosen)
    root = layout.writing_root(dir)
    try:
        folder = choose_folder(root, project, id)
        if resume == "must" and place.rank == 0 and not (folder / "journal").is_dir():
            raise _no_such_run(folder)
        make_root(root)
        (folder / "journal").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"no run can be kept in {root} ({error.strerror or error}): choose another folder with dir= or "
            "EPOCHAL_DIR, or go on without a record with mode='disabled'"
        ) from error
    with claim(folder, place.rank):
        return _open(folder, root, place, resume, position, settings, meta, outlets)


def _open(
    folder: Path,
    root: Path,
    place: Rank,
    resume: str,
    position: Mapping[str, Any] | None,
    settings: dict[str, Any],
    meta: dict[str, Any],
    outlets: Outlets,
) -> Run:
    from .plugins import get_manager

    id, project = folder.name, layout.decode_project(folder.parent.name)
    exists = _check_free(folder, place.rank, resume)
    plugins = get_manager()
    cut, first = None, 0
    if position or exists:
        from . import resume as resumed
    earlier: dict[str, Any] = {"config": {}, "summary": {}, "meta": {}}
    if position:
        checked = resumed.check_position(position, folder, id)
        cut, first = {key: checked[key] for key in ("writer", "seq", "time")}, int(checked["next_step"])
    if exists or place.rank > 0:
        earlier = _earlier(folder)
        if exists and not position:
            first = resumed.next_step(folder, place.rank)
    known = earlier["meta"]
    if meta["name"] is None and not known.get("name"):
        meta["name"] = str(plugins.decide("make_run_name", project=project, config=settings))
    given = {key: value for key, value in meta.items() if value} if exists or place.rank > 0 else meta
    run_meta = {**known, **given}
    info = RunInfo(id, project, str(run_meta["name"]), folder, root, place.rank)
    try:
        session = Session(
            info,
            role="main",
            ordinal=next_ordinal(folder, place.rank),
            world=place.world,
            meta=run_meta,
            plugins=plugins,
        )
    except OSError as error:
        raise StorageError(
            f"run {id} cannot be written in {folder} ({error.strerror or error}): check its permissions and room"
        ) from error
    session.converters.add(
        plugins.collect("register_converters", mute=session.muted, on_problem=session.plugin_problem)
    )
    session.writer.record("segment", {"why": "resume" if exists else "start", "cut": cut, "next_step": first})
    if given:
        session.writer.record("meta", {"set": session.safe_meta(given)})
    run = run_class()(session, config=earlier["config"], summary=earlier["summary"], next_step=first)
    if settings:
        run.config.update(settings)
    for problem in plugins.problems:
        session.plugin_problem(problem)
    outlets.record(session)
    session.start_companion()
    active.opened(run)
    capture.begin(session)
    session.observe("run_started", run=info)
    return run


def _check_free(folder: Path, rank: int, resume: str) -> bool:
    """Return whether the run exists for this rank, after making sure that it may be opened."""
    exists = False
    for path in (folder / "journal").glob("*.epochal"):
        role, its_rank, *_ = path.name.split("-")
        if role not in ("main", "import") or its_rank != str(rank):
            continue
        exists = True
        opening = _unfinished(path) if role == "main" else None
        if opening is not None and liveness.is_alive(folder, opening, path):
            where = (
                "in this process"
                if liveness.owns(path)
                else f"by process {opening.get('pid')} on {opening.get('host')}"
            )
            raise RunAliveError(f"run {folder.name} is being written {where}: finish it first, or give another id")
    if exists and resume == "never":
        raise RunExistsError(
            f"run {folder.name} exists in {folder.parent}: give another id, or resume='allow' to go on with it"
        )
    if not exists and resume == "must" and rank == 0:
        raise _no_such_run(folder)
    return exists


def _no_such_run(folder: Path) -> RunNotFoundError:
    return RunNotFoundError(
        f"there is no run {folder.name} in {folder.parent}: check id, project and dir, or start it with resume='allow'"
    )


def _unfinished(path: Path) -> dict[str, Any] | None:
    """Return the opening of a writer that may still write: it wrote no end, and this process has not closed it."""
    from .errors import JournalError
    from .journal.blocks import BlockScan

    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        frames = [frame.payload for frame in BlockScan(fd).frames()]
    except JournalError:
        return None
    finally:
        os.close(fd)
    if not frames or any(frame["k"] == "finish" for frame in frames):
        return None
    ours = frames[0].get("pid") == os.getpid() and frames[0].get("pid_start") == processes.start_time(os.getpid())
    return None if ours and not liveness.owns(path) else frames[0]


def _earlier(folder: Path) -> dict[str, Any]:
    """Return config, manual summary and meta that earlier writers of the run have recorded."""
    from .recorded import RecordedRun

    run = RecordedRun(folder)
    meta = {key: getattr(run, key) for key in ("name", "group", "job_type", "notes")}
    return {
        "config": jsonlike(run.config),
        "summary": dict(run.manual_summary),
        "meta": {**{key: value for key, value in meta.items() if value}, "tags": list(run.tags)},
    }


def _settings(config: Any) -> dict[str, Any]:
    """Return the config argument as plain data."""
    settings = RunConfig({}, lambda _: None)
    if config is not None:
        try:
            settings.update(config)
        except (TypeError, ValueError) as error:
            raise BadValueError(
                f"config is a {type(config).__qualname__}: give a mapping, an argparse Namespace or pairs"
            ) from error
    return settings.to_dict()


def _why_disabled(mode: str, place: Rank, id: str | None) -> str | None:
    """Return why nothing is recorded, "" where the user asked for it, None where recording goes on."""
    if mode == "disabled":
        return ""
    if sys.platform == "win32":
        return "epochal records on Linux and macOS only: this run is disabled; reading and `epochal ui` work here"
    if place.rank > 0 and id is None:
        return (
            f"rank {place.rank} (from {place.source}) has no run id: its run is disabled, rank 0 records. To record "
            "every rank, give all the same id= or EPOCHAL_RUN_ID; for independent runs, give each rank=0"
        )
    return None


def _disabled(
    project: str | None, place: Rank, id: str | None, meta: Mapping[str, Any], settings: dict[str, Any]
) -> Run:
    from .disabled import DisabledRun
    from .names import new_run_name

    run = DisabledRun(
        project=project or default_project(),
        name=meta["name"] or new_run_name(),
        id=id or new_run_id(),
        rank=place.rank,
        config=settings,
        tags=tuple(meta["tags"]),
        notes=meta["notes"],
    )
    active.opened(run)
    return run


def _finish_open_runs() -> None:
    """Finish what a notebook's earlier cell left open, with one line."""
    for run in active.open_runs():
        sys.stderr.write(f"epochal: finished run {run.name!r}, which an earlier cell had opened\n")
        run.finish()
