"""Delivery to one sink: what it confirmed is not given again, all else is, whatever the sink does."""

from __future__ import annotations

import json
import os
import shutil
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.hookspecs import RunInfo
from epochal.journals import Journals
from epochal.sinks import LaterError, RefusedError, TooLargeError, delivery
from epochal.sinks.choosing import Chosen
from epochal.sinks.cursor import Cursor, CursorBusyError
from epochal.sinks.delivery import Delivery
from epochal.sinks.messages import INTERNAL


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no companion, and wait for nothing longer than a blink."""
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")
    monkeypatch.setattr(delivery, "_LOOK_S", 0.01)
    monkeypatch.setattr(delivery, "_FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(delivery, "_LONGEST_WAIT_S", 0.01)


class Kept:
    """A sink that keeps what it is given; `does` is called with each batch before."""

    def __init__(self, does: Callable[[list[Mapping[str, Any]]], None] = lambda _: None) -> None:
        self.does = does
        self.batches: list[list[Mapping[str, Any]]] = []
        self.opened = self.closed = 0

    def open(self, settings: Mapping[str, Any], run: RunInfo) -> Kept:
        self.opened += 1
        return self

    def write(self, batch: list[Mapping[str, Any]]) -> None:
        self.does(batch)
        self.batches.append(batch)

    def close(self) -> None:
        self.closed += 1

    @property
    def keys(self) -> list[str]:
        return [message["key"] for batch in self.batches for message in batch]


def a_run(rows: int = 2500, id: str = "it") -> RunInfo:
    """Record a run and return it."""
    with epochal.init("p", id=id, config={"lr": 0.1}) as run:
        for n in range(rows):
            run.log({"loss": 1.0 / (n + 1), "n": n, "odd": n % 2 == 1} if n % 3 else {"text": f"row {n}"}, step=n)
        run.summary["best"] = float("nan")
    return RunInfo(run.id, run.project, run.name, run.folder, run.folder.parent.parent)


def in_the_journals(run: RunInfo) -> set[str]:
    """Return the key of everything that a sink is to be given."""
    keys = set()
    for journal in Journals(run.folder).ordered:
        keys |= {f"{journal.writer}:{frame.seq}" for frame in journal.frames if frame.payload["k"] not in INTERNAL}
        for columns in journal.read(journal.names).values():
            keys |= {f"{journal.writer}:{seq}" for seq in columns.seqs.tolist()}
    return keys


def deliver(run: RunInfo, sink: Kept, **options: Any) -> tuple[bool, list[str]]:
    """Deliver a run; return whether all was confirmed, and what was reported."""
    reports: list[str] = []
    chosen = Chosen("kept", "kept", {"patience_s": options.pop("patience_s", 0.1)})
    done = Delivery(chosen, sink.open, run, report=reports.append, **options).run()
    return done, list(dict.fromkeys(reports))


def test_everything_is_given_once_in_order() -> None:
    run, sink = a_run(), Kept()
    assert deliver(run, sink) == (True, [])
    assert len(sink.keys) == len(set(sink.keys))
    assert set(sink.keys) == in_the_journals(run)
    seqs = [message["seq"] for batch in sink.batches for message in batch]
    assert seqs == sorted(seqs)
    assert max(map(len, sink.batches)) <= 1000
    assert (sink.opened, sink.closed) == (1, 1)


def test_a_message_is_json_that_says_whose_it_is() -> None:
    run, sink = a_run(4), Kept()
    deliver(run, sink)
    messages = {message["key"].partition(":")[2]: message for batch in sink.batches for message in batch}
    json.dumps(list(messages.values()), allow_nan=False)
    row = next(message for message in messages.values() if message.get("step") == 1)
    head = {key: row[key] for key in ("kind", "run", "project", "name", "rank", "role", "values")}
    assert head == {
        "kind": "row", "run": "it", "project": "p", "name": run.name, "rank": 0, "role": "main",
        "values": {"loss": 0.5, "n": 1, "odd": True},
    }  # fmt: skip
    kinds = {message["kind"]: message for message in messages.values()}
    assert kinds["summary"]["fields"] == {"set": {"best": "NaN"}, "delete": []}
    assert kinds["config"]["fields"] == {"ops": [[["lr"], 0.1]]}
    assert kinds["finish"]["fields"]["state"] == "finished"


def test_a_second_delivery_has_nothing_to_do() -> None:
    run = a_run(100)
    deliver(run, Kept())
    again = Kept()
    assert deliver(run, again) == (True, [])
    assert again.batches == []


def test_a_resumed_run_is_gone_on_with() -> None:
    run, sink = a_run(100), Kept()
    deliver(run, sink)
    with epochal.init("p", id="it", resume="must") as resumed:
        resumed.log({"loss": 0.0}, step=1000)
    deliver(run, sink)
    assert len(sink.keys) == len(set(sink.keys))
    assert set(sink.keys) == in_the_journals(run)


def test_a_failure_is_tried_again_until_it_passes() -> None:
    failures = iter([ConnectionError("down"), ValueError("a bug"), LaterError("busy", 0.0), TimeoutError()])

    def fails(_: object) -> None:
        for failure in failures:
            raise failure

    run, sink = a_run(), Kept(fails)
    done, reports = deliver(run, sink, patience_s=60)
    assert done
    assert set(sink.keys) == in_the_journals(run)
    assert len(sink.keys) == len(set(sink.keys))
    assert ["down (ConnectionError)" in reports[0], "a bug (ValueError)" in reports[1]] == [True, True]


def test_a_batch_whose_confirmation_was_lost_comes_again_under_the_same_keys() -> None:
    run, sink, times = a_run(1500), Kept(), iter(range(100))

    def loses(batch: list[Mapping[str, Any]]) -> None:
        if next(times) == 1:
            sink.batches.append(batch)
            raise ConnectionResetError

    sink.does = loses
    deliver(run, sink, patience_s=60)
    assert set(sink.keys) == in_the_journals(run)
    twice = [key for key in set(sink.keys) if sink.keys.count(key) == 2]
    assert len(twice) == len(sink.keys) - len(set(sink.keys)) > 0
    assert sink.batches[1] == sink.batches[2]


def test_a_sink_that_stays_down_is_left_for_later() -> None:
    def down(_: object) -> None:
        raise ConnectionError("down")

    run, sink = a_run(100), Kept(down)
    done, reports = deliver(run, sink, patience_s=0.05)
    assert not done
    assert "`epochal sinks it` delivers what is left" in reports[-1]
    sink.does = lambda _: None
    assert deliver(run, sink)[0]
    assert set(sink.keys) == in_the_journals(run)


def test_what_is_refused_is_reported_once_and_kept() -> None:
    calls: list[object] = []

    def refuses(batch: object) -> None:
        calls.append(batch)
        raise RefusedError("host answered 401")

    run = a_run(100)
    done, reports = deliver(run, Kept(refuses), patience_s=60)
    assert (done, len(calls), len(reports)) == (False, 1, 1)
    assert "host answered 401" in reports[0]
    sink = Kept()
    deliver(run, sink)
    assert set(sink.keys) == in_the_journals(run)


def test_a_batch_that_is_too_large_is_halved_and_a_record_that_is_left_out_is_named() -> None:
    def takes_ten(batch: list[Mapping[str, Any]]) -> None:
        if len(batch) > 10 or batch[0].get("step") == 7:
            raise TooLargeError("host answered 413")

    run, sink = a_run(200), Kept(takes_ten)
    done, reports = deliver(run, sink)
    (lost,) = in_the_journals(run) - set(sink.keys)
    assert done
    assert len(reports) == 1
    assert lost in reports[0]


def test_a_secret_in_an_error_does_not_reach_the_record() -> None:
    def tells(_: object) -> None:
        raise ValueError("token=hf_abcdefghijklmnopqrstuvwxyz0123456789 is wrong")

    _, reports = deliver(a_run(1), Kept(tells), patience_s=0.0)
    assert "hf_abc" not in "".join(reports)


def test_one_deliverer_at_a_time(tmp_path: Path) -> None:
    run = a_run(10)
    cursor = Cursor(str(run.folder), "kept", 0)
    with pytest.raises(CursorBusyError):
        Cursor(str(run.folder), "kept", 0)
    done, reports = deliver(run, Kept(), once=True)
    assert not done
    assert "another process delivers" in reports[0]
    cursor.close()
    assert deliver(run, Kept(), once=True) == (True, [])


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"version": 2, "writers": {}}', b'{"version": 1, "writers": {"w": 1}}', b"\xff\xfe"],
)
def test_a_damaged_cursor_costs_repeats_alone(content: bytes) -> None:
    run = a_run(50)
    deliver(run, Kept())
    (path,) = run.folder.glob("sinks/*.cursor")
    path.write_bytes(content)
    sink = Kept()
    done, reports = deliver(run, sink)
    assert done
    assert "everything is delivered again" in reports[0]
    assert set(sink.keys) == in_the_journals(run)


def test_a_cursor_that_finds_no_room_stops_no_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    run, sink = a_run(2500), Kept()

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done, reports = deliver(run, sink)
    monkeypatch.undo()
    assert done
    assert "No space left on device" in reports[0]
    assert set(sink.keys) == in_the_journals(run)
    assert not list(run.folder.glob("sinks/*.part"))
    again = Kept()
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")
    deliver(run, again)
    assert set(again.keys) == in_the_journals(run), "nothing was kept of the first delivery: all comes again"


def test_a_folder_that_may_not_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run(10)
    (run.folder / "sinks").write_text("in the way")
    done, reports = deliver(run, Kept())
    assert not done
    assert "nothing is delivered" in reports[0]


def test_a_run_that_is_deleted_meanwhile_ends_the_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_AWAY_S", 0.05)

    def deletes(_: object) -> None:
        shutil.rmtree(run.folder, ignore_errors=True)
        raise ConnectionError

    run = a_run(10)
    assert not deliver(run, Kept(deletes), patience_s=60)[0]
    assert not run.folder.exists()


def test_a_folder_of_cursors_that_was_deleted_is_made_anew() -> None:
    run = a_run(2500)
    sink = Kept(lambda _: shutil.rmtree(run.folder / "sinks", ignore_errors=True))
    assert deliver(run, sink) == (True, [])
    again = Kept()
    deliver(run, again)
    assert again.batches == []


def test_what_never_came_is_given_up_at_the_end_and_named() -> None:
    with epochal.init("p", id="it") as running:
        running.log({"a": 1.0})
        first, *_ = [running._writer.next_mark() & 0xFFFF for _ in range(3)]
        running.log({"a": 2.0})
        info = RunInfo("it", "p", "n", running.folder, running.folder.parent.parent)
        writer = running._writer.hex
    sink = Kept()
    done, reports = deliver(info, sink)
    assert done
    assert reports == [f"journal {writer}: seq {first} to {first + 2} never came: sinks do without"]
    assert deliver(info, sink) == (True, [])


def test_a_live_run_is_followed_until_its_end() -> None:
    run = epochal.init("p", id="it")
    info = RunInfo("it", "p", "n", run.folder, run.folder.parent.parent)
    rows = iter(range(400))

    def trains(_: object) -> None:
        for n, _ in zip(rows, range(100), strict=False):
            run.log({"n": n}, step=n)
        if next(rows, None) is None:
            run.finish()

    sink = Kept(trains)
    assert deliver(info, sink) == (True, [])
    assert set(sink.keys) == in_the_journals(info)
    assert len(sink.batches) > 3


def test_a_backlog_is_not_held_in_memory() -> None:
    """The files are the queue: what a sink that is behind needs does not grow with what waits."""
    import numpy as np

    def peak(rows: int, id: str) -> int:
        with epochal.init("p", id=id) as run:
            run.extend({"a": np.zeros(rows), "b": np.zeros(rows)}, steps=np.arange(rows))
        info = RunInfo(id, "p", "n", run.folder, run.folder.parent.parent)
        sink = Kept(lambda _: sink.batches.clear())
        tracemalloc.start()
        try:
            deliver(info, sink)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small, large = peak(2_000, "small"), peak(8_000, "large")
    assert large < 1.5 * small + 300_000
