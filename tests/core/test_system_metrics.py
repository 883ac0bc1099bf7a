"""What the companion measures, from the probes to the rows in its journal."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from epochal.companion import cgroups, probes
from epochal.companion.assignment import Assignment
from epochal.companion.process_tree import ProcessTree
from epochal.companion.system_journal import SystemJournal
from epochal.companion.system_metrics import SystemMetrics
from epochal.hookspecs import ProbeContext
from epochal.processes import start_time
from tests.core.watched import Watched, records, wait_until

ALWAYS = {"system/load", "system/memory", "system/memory_bytes", "system/process/rss_bytes", "system/disk"}
RATES = {"system/cpu", "system/process/cpu"}


def assignment(folder: Path, *plugins: str) -> Assignment:
    (folder / "journal").mkdir(exist_ok=True)
    return Assignment(
        id="run", project="p", name="n", folder=os.fspath(folder), root=os.fspath(folder.parent), rank=0,
        journal=os.fspath(folder / "journal" / "main-0-1-00000000.epochal"), writer="0" * 32, ordinal=1,
        pid=os.getpid(), pid_start=start_time(os.getpid()), argv=[], cwd="/", plugins=list(plugins),
    )  # fmt: skip


def rows(path: str | Path) -> list[dict[str, Any]]:
    return [record for record in records(Path(path)) if record["k"] == "row"]


def notices(path: str | Path) -> list[str]:
    return [record["text"] for record in records(Path(path)) if record["k"] == "notice"]


def test_a_run_gets_its_first_sample_at_once_and_rates_after_a_second(tmp_path: Path) -> None:
    script = "begin()\nready()"
    # with such an interval neither of the two could come because it was due
    training = Watched(tmp_path, script, env={"EPOCHAL_SYSTEM_INTERVAL": "3600"}).ready()
    wait_until(lambda: len([frame for frame in training.frames() if frame["k"] == "row"]) >= 2)
    first, second = rows(training.journals("system")[0])[:2]
    assert ALWAYS <= set(first["values"])
    assert ALWAYS | RATES <= set(second["values"])
    assert 0 <= first["step"] <= second["step"]
    assert all(isinstance(value, float) for value in second["values"].values())
    assert 0 <= second["values"]["system/cpu"] <= 100
    assert 0 < second["values"]["system/memory"] <= 100
    assert second["values"]["system/process/rss_bytes"] > 5_000_000
    training.go_on().succeeds()


def test_steps_of_a_resumed_run_go_on_from_the_first_start(tmp_path: Path) -> None:
    Watched(tmp_path, "begin()\nwait_for(started)").succeeds().companion_ends()
    (path,) = (tmp_path / "epochal-runs").glob("test/run/journal/main-*.epochal")
    with open(path, "r+b") as file:
        from epochal.journal.format import pack_file_header, unpack_file_header

        header = unpack_file_header(file.read(64))
        assert header is not None
        file.seek(0)
        file.write(pack_file_header(header.writer, header.created - 1000))
    training = Watched(tmp_path, "begin(resume='must')\nready()").ready()
    wait_until(lambda: len(training.journals("system")) == 2 and bool(rows(training.journals("system")[1])))
    assert 1000 <= rows(training.journals("system")[1])[0]["step"] < 1100
    training.go_on().succeeds()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", 15.0), ("2.5", 2.5), ("0.001", 0.5), ("off", None), ("0", None), ("x", 15.0), ("-3", 15.0)],
)
def test_the_interval_can_be_set(
    text: str, seconds: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EPOCHAL_SYSTEM_INTERVAL", text)
    journal = SystemJournal(assignment(tmp_path))
    metrics = SystemMetrics(assignment(tmp_path), journal)
    if seconds is None:
        assert metrics.due is None
    else:
        metrics.sample()
        metrics.sample()
        assert metrics.due is not None and abs(metrics.due - time.monotonic() - seconds) < 5
    assert bool(notices(journal.path)) == (text in {"x", "-3"})
    journal.close()


PLUGIN = """
    from epochal import hookimpl
    from epochal.hookspecs import SystemProbe

    def broken(context):
        raise RuntimeError("no sensor")

    @hookimpl
    def register_system_probes():
        return [
            SystemProbe("broken", broken),
            SystemProbe("worded", lambda context: {"fan": "fast"}),
            SystemProbe("fan", lambda context: {"fan": 2, "pid": context.pid}),
        ]
"""


def test_probes_of_plugins_are_sampled_and_a_broken_one_is_muted_with_one_notice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fans.py").write_text(textwrap.dedent(PLUGIN))
    monkeypatch.syspath_prepend(tmp_path)
    told = assignment(tmp_path, "fans=fans")
    journal = SystemJournal(told)
    metrics = SystemMetrics(told, journal)
    for _ in range(4):
        metrics.sample()
    journal.close()
    assert [row["values"] for row in rows(journal.path)] == [{"fan": 2.0, "pid": float(os.getpid())}] * 2
    assert len(notices(journal.path)) == 2
    assert "broken" in notices(journal.path)[0] and "no sensor" in notices(journal.path)[0]


def test_a_plugin_that_cannot_be_imported_is_told_and_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EPOCHAL_STRICT")
    told = assignment(tmp_path, "gone=no_such_module_at_all", "probes=epochal.companion.probes")
    journal = SystemJournal(told)
    SystemMetrics(told, journal).sample()
    journal.close()
    assert ALWAYS <= set(rows(journal.path)[0]["values"])
    assert any("no_such_module_at_all" in text for text in notices(journal.path))


def test_a_process_is_measured_with_all_that_it_started() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    work = "import time\nend = time.time() + 60\ndata = bytearray(80_000_000)\nwhile time.time() < end: pass"
    with subprocess.Popen([sys.executable, "-c", code, work], start_new_session=True) as process:
        tree = ProcessTree(process.pid)
        try:
            wait_until(lambda: tree.sample().get("rss_bytes", 0) > 80_000_000)
            before = tree.sample()
            # however little of the machine it gets, it works all the time
            wait_until(lambda: tree.sample().get("cpu", 0) > 5)
        finally:
            os.killpg(process.pid, 9)
    assert before["rss_bytes"] > 80_000_000
    assert tree.sample() == {}


def test_gpus_that_are_not_there_say_nothing() -> None:
    context = ProbeContext(os.getpid(), 0.0, Path("/"))
    gpu = next(probe for probe in probes.register_system_probes() if probe.name == "nvidia")
    assert all(name.startswith("system/gpu/") for name in gpu.sample(context))


# ---- control groups, whose files are made up here: no test may set a limit on this machine


def group(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def groups(monkeypatch: pytest.MonkeyPatch, mount: Path, version: int, path: str) -> cgroups.MemoryGroups:
    monkeypatch.setattr(cgroups, "_MOUNT", os.fspath(mount))
    found = cgroups.MemoryGroups(-1)
    top = mount if version == 2 else mount / "memory"
    usage = "memory.current" if version == 2 else "memory.usage_in_bytes"
    found._version, found._folders = version, cgroups._existing(os.fspath(top), path, usage)
    return found


def test_the_tightest_limit_of_version_2_counts_and_cache_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = "anon 1\ninactive_file 300\n"
    group(tmp_path / "job", {"memory.max": "1000", "memory.current": "900", "memory.stat": stat})
    group(
        tmp_path / "job" / "step",
        {"memory.max": "max", "memory.current": "800", "memory.stat": stat, "memory.events": "oom 5\noom_kill 2\n"},
    )
    found = groups(monkeypatch, tmp_path, 2, "/job/step")
    assert found.memory() == (1000, 600)
    assert found.kills() == 2


def test_version_1_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "memory.limit_in_bytes": "2000",
        "memory.usage_in_bytes": "1500",
        "memory.stat": "inactive_file 1\ntotal_inactive_file 500\n",
        "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n",
    }
    group(tmp_path / "memory" / "docker" / "abc", files)
    group(tmp_path / "memory", {"memory.limit_in_bytes": "9223372036854771712", "memory.usage_in_bytes": "1"})
    found = groups(monkeypatch, tmp_path, 1, "/docker/abc")
    assert found.memory() == (2000, 1000)
    assert found.kills() == 7


def test_within_a_container_whose_group_is_the_mount_itself_the_mount_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group(tmp_path, {"memory.max": "500", "memory.current": "100"})
    assert groups(monkeypatch, tmp_path, 2, "/not/seen/here").memory() == (500, 100)


def test_a_process_in_no_group_has_no_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = groups(monkeypatch, tmp_path / "nothing", 2, "/x")
    assert (found.memory(), found.kills()) == (None, None)
    assert cgroups.MemoryGroups(2**22 + 1).memory() is None


def test_the_real_groups_of_this_process_can_be_read() -> None:
    memory = cgroups.MemoryGroups(os.getpid()).memory()
    assert memory is None or 0 <= memory.used <= memory.limit * 2
