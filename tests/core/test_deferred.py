"""Values that are on their way: their rows keep their place, only the end waits for them, nothing else is lost."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

import epochal
from epochal import deferred_rows
from epochal.deferred import Deferred
from epochal.hookspecs import RunInfo
from epochal.journal.verify import verify
from epochal.sinks.choosing import Chosen
from epochal.sinks.delivery import Delivery


class Later(Deferred):
    """A value that comes when the test says so."""

    def __init__(self, value: Any = 0.5) -> None:
        self.value, self.here = value, False

    def ready(self) -> bool:
        return self.here

    def result(self) -> Any:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


class LaterMedia(Later):
    media = True


def points(run: Any, name: str = "loss") -> list[tuple[int, Any]]:
    history = epochal.get_run(run.id).history(name)
    return list(zip(history.steps.tolist(), history.values.tolist(), strict=True))


def test_a_row_is_written_by_a_later_log_and_keeps_its_place() -> None:
    with epochal.init("p") as run:
        for step in range(10):
            run.log({"loss": float(step)})
        value = Later(10.0)
        run.log({"loss": value, "n": 3})
        run.log({"loss": 11.0})
        assert [step for step, _ in points(run)] == [*range(10), 11], "readers step over what is not there"
        value.here = True
        run.log({"loss": 12.0})
        assert points(run) == [(step, float(step)) for step in range(13)]
        assert points(run, "n") == [(10, 3)]


@pytest.mark.parametrize("value", [0.25, 7, True, -(1 << 63)])
def test_types_stay_exact_and_the_finish_waits(value: Any) -> None:
    with epochal.init("p") as run:
        for _ in range(5):
            late = Later(value)
            run.log({"loss": late})
            late.here = True
    recorded = epochal.get_run(run.id).history("loss").values
    assert recorded.tolist() == [value] * 5
    assert recorded.dtype.kind == {float: "f", int: "i", bool: "b"}[type(value)]


def test_what_does_not_come_is_told_and_nothing_else_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferred_rows, "LAST_WAIT_S", 0.01)
    run = epochal.init("p")
    late = [Later(float(at)) for at in range(4)]
    for value in late:
        run.log({"loss": value})
    run.log({"loss": 9.0})
    late[0].here = late[2].here = True
    run.finish()
    assert points(run) == [(0, 0.0), (2, 2.0), (4, 9.0)]
    (notice,) = [each for each in epochal.get_run(run.id).notices if each.code == "deferred_lost"]
    assert notice.data["rows"] == 2


def test_an_error_costs_its_own_name() -> None:
    with epochal.init("p") as run:
        broken = Later(ValueError("gone"))
        run.log({"loss": broken, "other": 1.0})
        broken.here = True
    assert points(run, "other") == [(0, 1.0)]
    assert "loss" not in epochal.get_run(run.id).metrics
    assert any("gone" in each.text for each in epochal.get_run(run.id).notices)


def test_a_value_that_is_there_already_is_a_plain_one() -> None:
    with epochal.init("p") as run:
        value = Later(1.5)
        value.here = True
        run.log({"loss": value})
        assert points(run) == [(0, 1.5)]


def test_media_come_late_too_and_text_stays() -> None:
    with epochal.init("p") as run:
        picture = LaterMedia(epochal.Histogram([1.0, 2.0]))
        run.log({"spread": picture, "loss": 1.0, "note": "x"})
        assert points(run) == [(0, 1.0)], "numbers do not wait for media"
        picture.here = True
        run.log({"loss": 2.0})
    assert points(run) == [(0, 1.0), (1, 2.0)]
    (shown,) = epochal.get_run(run.id).media("spread")
    assert shown.step == 0


def test_a_position_has_the_waiting_rows_before_it() -> None:
    run = epochal.init("p")
    late, after = Later(1.0), Later(3.0)
    run.log({"loss": late})
    position = run.position()
    run.log({"loss": after})
    late.here = after.here = True
    run.finish()
    with epochal.init("p", position=position, resume="must") as again:
        again.log({"loss": 7.0})
    assert points(run) == [(0, 1.0), (1, 7.0)]


def test_too_many_waiting_rows_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferred_rows, "MOST_WAITING", 3)
    with epochal.init("p") as run:
        late = [Later(float(at)) for at in range(5)]
        for value in late:
            run.log({"loss": value})
        assert points(run) == [(0, 0.0), (1, 1.0)]
        for value in late:
            value.here = True
    assert [step for step, _ in points(run)] == [0, 1, 2, 3, 4]


def test_a_forked_child_leaves_them_to_its_parent() -> None:
    with epochal.init("p") as run:
        late = Later(1.0)
        run.log({"loss": late})
        pid = os.fork()
        if not pid:
            late.here = True
            run.log({"child": 2.0})
            run.finish()
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        late.here = True
    assert points(run) == [(0, 1.0)]
    assert epochal.get_run(run.id).history("child").values.tolist() == [2.0]


def test_the_automatic_step_goes_on_after_rows_that_came_late() -> None:
    run = epochal.init("p")
    for step in range(4):
        run.log({"loss": float(step)})
    late = Later(4.0)
    run.log({"loss": late})
    run.log({"loss": 5.0})
    late.here = True
    run.finish()
    with epochal.init("p", id=run.id, resume="must") as again:
        again.log({"loss": 6.0})
    assert points(run) == [(step, float(step)) for step in range(7)]


def test_the_journal_is_sound() -> None:
    with epochal.init("p") as run:
        waiting: list[Later] = []
        for step in range(50):
            waiting.append(Later(float(step)))
            run.log({"loss": waiting[-1]})
            waiting[step // 2].here = True
        for late in waiting:
            late.here = True
    assert not verify(run.folder).findings
    assert points(run) == [(step, float(step)) for step in range(50)]


def _killed() -> None:
    run = epochal.init("p", id="killed")
    for step in range(20):
        run.log({"loss": float(step)})
    run.log({"loss": Later(20.0)})
    run.log({"loss": 21.0})
    os.kill(os.getpid(), 9)
    time.sleep(60)


def test_only_what_waits_at_a_sigkill_is_lost() -> None:
    pid = os.fork()
    if not pid:
        _killed()
    assert os.waitpid(pid, 0)[1] == 9
    recorded = epochal.get_run("killed").history("loss")
    assert recorded.steps.tolist() == [*range(20), 21]


def test_a_disabled_run_and_a_finished_one_take_them() -> None:
    with epochal.init("p", mode="disabled") as run:
        run.log({"loss": Later()})
    run = epochal.init("p")
    run.finish()
    run.log({"loss": Later()})


def test_sinks_get_late_rows_once_under_their_own_seq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")
    given: list[Any] = []

    class Sink:
        def write(self, batch: list[Any]) -> None:
            given.extend(batch)

        def close(self) -> None: ...

    def deliver(**options: Any) -> bool:
        info = RunInfo(run.id, run.project, run.name, run.folder, run.folder.parent.parent)
        chosen = Chosen("kept", "kept", {"patience_s": 0.1})
        return Delivery(chosen, lambda *_: Sink(), info, report=reports.append, **options).run()

    reports: list[str] = []
    run = epochal.init("p")
    late = Later(10.0)
    for step in range(20):
        run.log({"loss": late if step == 10 else float(step)})
    deliver(once=True)
    assert [each["step"] for each in given if "step" in each] == [step for step in range(20) if step != 10]
    late.here = True
    run.log({"loss": 20.0})
    deliver(once=True)
    run.finish()
    assert deliver()
    rows = [each for each in given if "step" in each]
    assert sorted(each["values"]["loss"] for each in rows) == [float(step) for step in range(21)]
    assert len({each["key"] for each in given}) == len(given)
    in_order = sorted(rows, key=lambda each: int(each["seq"]))
    assert [each["step"] for each in in_order] == list(range(21)), "a late row's key is that of its place"
    assert reports == []
