"""Sinks lose nothing, whatever is killed: what was delivered, taken together, is everything that was recorded."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from epochal.journals import Journals
from epochal.sinks.messages import INTERNAL
from tests.core.cli_call import call
from tests.core.hard.process_table import with_task
from tests.core.hard.trainings import Training, kill, kills, until

TRAINING = """
run = epochal.init("sinks", id="it", resume="allow", sinks=[epochal.sinks.JsonLines(sys.argv[1])])
run.alert_on(epochal.rules.NotFinite("loss"))
n = 0
while not os.path.exists("enough"):
    run.log({"loss": float("nan") if n % 50 == 7 else value(n), "n": n})
    if n % 10 == 0:
        run.log({"text": f"at {n}"})
    if n % 97 == 0 and not os.fork():
        run.log({"child": n})
        os._exit(0)
    ack(n)
    n += 1
    time.sleep(0.002)
run.finish()
"""


def deliverers(training: Training) -> list[int]:
    """Return the pids of the sink processes of its runs."""
    return with_task("deliver", f"EPOCHAL_DIR={training.root}")


def recorded(folder: Path) -> set[str]:
    """Return the key of everything in a run's journals that a sink is to be given."""
    keys = set()
    for journal in Journals(folder).ordered:
        keys |= {f"{journal.writer}:{frame.seq}" for frame in journal.frames if frame.payload["k"] not in INTERNAL}
        for columns in journal.read(journal.names).values():
            keys |= {f"{journal.writer}:{seq}" for seq in columns.seqs.tolist()}
    return keys


def messages(path: Path) -> list[dict[str, object]]:
    """Return what stands in a sink's file; every line must be whole."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def assert_all_there(training: Training, out: Path) -> None:
    found = messages(out)
    by_key: dict[object, str] = {}
    for message in found:
        text = json.dumps({key: value for key, value in message.items() if key != "name"}, sort_keys=True)
        assert by_key.setdefault(message["key"], text) == text, "a repeat under the same key says something else"
    assert set(by_key) == recorded(training.run_folders()[0])


@pytest.mark.parametrize("victims", ["sink process", "companion and sink process", "all"])
def test_a_sink_gets_everything_whatever_is_killed(tmp_path: Path, victims: str) -> None:
    chance = random.Random(victims)
    out = tmp_path / "out.jsonl"
    for _ in range(kills(1)):
        (tmp_path / "enough").unlink(missing_ok=True)
        with Training(tmp_path, TRAINING, out, companion=True) as training:
            training.hear(until=lambda: bool(deliverers(training)))
            training.hear(chance.uniform(0.0, 0.8))
            if victims != "sink process":
                for pid in training.companions():
                    kill(pid)
            for pid in deliverers(training):
                kill(pid)
            if victims == "all":
                training.kill(group=True)
            else:
                training.hear(0.3)
            (tmp_path / "enough").touch()
            training.wait()
            if victims == "sink process":  # the companion has started it again
                until(lambda: not training.companions() and not deliverers(training), "the end of all")
                pending = call("sinks", training.run_folders()[0], "--pending", "--json").json
                assert pending[0]["pending"] == 0
    call("sinks", training.run_folders()[0])
    assert_all_there(training, out)


def test_a_dead_trainer_is_delivered_to_its_end_without_help(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with Training(tmp_path, TRAINING, out, companion=True) as training:
        training.hear(until=lambda: len(training.acks) > 120)
        training.kill(group=True)
        until(lambda: not training.companions() and not deliverers(training), "the end of all")
    assert_all_there(training, out)
    alerts = [message for message in messages(out) if message["kind"] == "alert"]
    assert len(alerts) == len({json.dumps(alert["fields"], sort_keys=True) for alert in alerts}) >= 2
    assert any(message["kind"] == "end" for message in messages(out)), "how it ended comes too"


def test_a_sink_that_hangs_harms_neither_the_training_nor_another_sink(tmp_path: Path) -> None:
    script = """
    hangs = epochal.sinks.JsonLines(command=["sleep", "60"], patience_s=0)
    run = epochal.init("sinks", id="it", sinks=[hangs, epochal.sinks.JsonLines(sys.argv[1])])
    for n in range(300):
        run.log({"n": n})
    started = time.monotonic()
    run.finish()
    assert time.monotonic() - started < 5
    """
    out = tmp_path / "out.jsonl"
    with Training(tmp_path, script, out, companion=True) as training:
        training.succeed()
        until(lambda: any(message["kind"] == "derived" for message in messages(out)), "everything in the other sink")
        assert len(deliverers(training)) == 1
        for pid in deliverers(training):
            kill(pid)


PLUGIN = """
if "train.py" not in open("/proc/self/cmdline").read():
    raise RuntimeError("not here")
from epochal import hookimpl
from epochal.hookspecs import Sink

@hookimpl
def register_sinks():
    return [Sink("mine", lambda settings, run: None)]
"""


def test_a_plugin_that_cannot_be_imported_in_the_sink_process_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine_plugin.py").write_text(PLUGIN)
    script = """
    sys.path.insert(0, os.getcwd())
    import epochal.plugins, mine_plugin
    epochal.plugins.add(mine_plugin)
    run = epochal.init("sinks", id="it", sinks=[{"kind": "mine"}, epochal.sinks.JsonLines(sys.argv[1])])
    run.log({"a": 1.0})
    run.finish()
    """
    out = tmp_path / "out.jsonl"
    with Training(tmp_path, script, out, companion=True, environment={"EPOCHAL_STRICT": None}) as training:
        training.succeed()
        until(lambda: not training.companions() and not deliverers(training), "the end of all")
    notices = [notice.text for notice in training.recorded().notices]
    assert any("mine_plugin" in text and "not here" in text for text in notices), notices
    assert any("does not offer mine" in text for text in notices), notices
    assert {message["kind"] for message in messages(out)} >= {"row", "finish"}


def test_findings_reach_the_terminal_of_the_training(tmp_path: Path) -> None:
    script = """
    run = epochal.init("rules", id="it")
    run.alert_on(epochal.rules.NotFinite("los*"))
    run.log({"loss\\033[31m": float("inf")}, step=3)
    while not os.path.exists("enough"):
        time.sleep(0.01)
    run.finish()
    """
    with Training(tmp_path, script, companion=True, environment={"EPOCHAL_QUIET": None}) as training:
        until(lambda: any(map(os.path.getsize, tmp_path.glob("epochal-runs/*/*/console/told-0.txt"))), "a finding")
        (tmp_path / "enough").touch()
        training.succeed()
    assert "epochal: alert (error): loss�[31m is not finite: loss�[31m is inf at step 3\n" in training.errors
    (alert,) = [f.payload for j in Journals(training.recorded().path).system() for f in j.records("alert")]
    assert (alert["source"], alert["level"], alert["step"]) == ("rule", "error", 3)


def test_the_trainer_pays_one_system_call_for_its_rules_and_only_now_and_then(tmp_path: Path, strace: str) -> None:
    import sys

    log = tmp_path / "calls"
    script = """
    run = epochal.init("rules", id="it")
    run.alert_on(epochal.rules.NotFinite("loss"))
    for n in range(6000):
        run.log({"loss": 1.0})
    os._exit(0)
    """
    with Training(tmp_path, script, interpreter=[strace, "-qq", "-o", str(log), sys.executable]) as training:
        training.succeed()
    calls = log.read_text().split("\n")
    assert sum("pwrite64" in call for call in calls) >= 6000
    assert 1 <= sum("told-0" in call for call in calls) <= 30, "it looks every 5 s, however slow this machine is"
