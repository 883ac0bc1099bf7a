"""No socket is opened, in any mode: by an audit hook in the trainer, and as the kernel sees trainer and companion."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.core.hard.process_table import parent, pids
from tests.core.hard.trainings import Training, points, until

SCRIPT = """
seen = []
sys.addaudithook(lambda event, arguments: seen.append(event) if event.startswith("socket.") else None)
import numpy as np
run = epochal.init("sockets", config={"lr": 0.1})
for n in range(200):
    run.log({"a": float(n), "n": n})
run.use_dataset("train", np.zeros(100))
run.extend({"b": [1.0]}, steps=[1])
run.define_metric("a", summary="min")
run.position()
dict(run.summary)
pid = os.fork()
if pid == 0:
    run.log({"child": 1.0})
    assert not seen, seen
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
ack(1)
while not os.path.exists("go"):
    time.sleep(0.01)
run.finish()
if run.disabled is False:
    read = epochal.get_run(run.folder)
    read.history("a"), read.table(["a", "n"]), read.summary, read.config
    epochal.runs()
assert not seen, seen
assert "socket" not in sys.modules or {had_socket}, "the socket module was loaded"
"""


def sockets(pid: int) -> set[str]:
    """Return the sockets that a process holds, as the kernel names them."""
    found = set()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{name}")
            except OSError:
                continue
            if target.startswith("socket:"):
                found.add(target)
    except OSError:
        pass
    return found


@pytest.mark.parametrize("mode", ["offline", "online", "disabled", None])
def test_no_mode_opens_a_socket(tmp_path: Path, mode: str | None) -> None:
    script = SCRIPT.replace("{had_socket}", "True")
    with Training(tmp_path, script, environment={"EPOCHAL_MODE": mode}, companion=True) as training:
        seen: set[str] = set()

        def look() -> bool:
            for pid in [training.process.pid, *training.companions(), *tasks(training)]:
                seen.update(sockets(pid))
            return bool(training.acks)

        training.hear(until=look)
        if mode != "disabled":
            # the companion is there, and has collected the environment
            until(lambda: look() and bool(training.recorded().environment), "the environment")
        assert bool(training.companions()) == (mode != "disabled")
        look()
        (tmp_path / "go").touch()
        training.hear(until=lambda: look() and training.process.poll() is not None)
        training.succeed()
        until(lambda: look() and not training.companions(), "the companion's end")
    assert seen == set()
    if mode != "disabled":
        run = training.recorded()
        assert points(run, "n") == [(n, n) for n in range(200)]
        assert points(run, "child")


def tasks(training: Training) -> list[int]:
    """Return the pids of what the companions have started."""
    companions = set(training.companions())
    return [pid for pid in pids() if parent(pid) in companions]


def test_neither_trainer_nor_companion_nor_sink_process_asks_the_kernel_for_a_socket(
    tmp_path: Path, strace: str
) -> None:
    log = tmp_path / "calls"
    script = """
    run = epochal.init("sockets", sinks=[epochal.sinks.JsonLines("out.jsonl")])
    run.alert_on(epochal.rules.NotFinite("a"), epochal.rules.WorseThan("a", run="nobody"))
    for n in range(100):
        run.log({"a": float(n)})
    time.sleep(1)
    run.finish()
    """
    calls = ["-f", "-qq", "-e", "trace=socket,socketpair,connect,bind,sendto,sendmsg", "-o", str(log)]
    import sys

    from tests.core.hard.trainings import Training as Traced

    with Traced(tmp_path, script, companion=True, interpreter=[strace, *calls, sys.executable]) as training:
        training.succeed()
    assert "socket" not in log.read_text(), log.read_text()
    assert '"kind":"finish"' in (tmp_path / "out.jsonl").read_text(), "the sink process was there too"
