"""The server over a folder that eight trainings write while runs are renamed, tagged, killed, damaged and deleted."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.recorded import RecordedRun
from tests.needs import need

httpx = need("httpx")
need("PIL")

from .api_client import key, until  # noqa: E402
from .conftest import Served  # noqa: E402
from .curves_made import unpacked  # noqa: E402
from .storm import PATIENCE_S, TRAININGS, Asker, Listener, Storm, loss_at  # noqa: E402

_ASKERS = 3
#: What these runs have not got.
_ABSENT = ("…/patch", "…/packages", "…/script")


@pytest.fixture
def storm(tmp_path: Path) -> Iterator[Storm]:
    """Make a folder where runs of earlier days lie already."""
    found = Storm(tmp_path)
    yield found
    found.end()


@pytest.mark.slow
def test_no_answer_fails_and_no_point_is_lost_or_invented(storm: Storm, serve: Callable[..., Served]) -> None:
    served = serve()
    listener = Listener(served)
    listener.told(lambda name, _: name == "hello")
    storm.begin()
    for number in range(TRAININGS):
        listener.changed(storm.key(number), state="running")
    askers = [Asker(served, storm) for _ in range(_ASKERS)]
    for asker in askers:
        asker.start()
    for number in range(TRAININGS):
        listener.grown(storm.key(number), since=len(listener.events) // 2)

    _disturb(storm, served, listener)
    rounds = [asker.rounds for asker in askers]
    until(lambda: [asker.rounds for asker in askers], lambda now: _went_on(askers, rounds, now), PATIENCE_S)
    before = len(listener.events)
    storm.calm()
    for number in (0, 1, 2, 7):
        assert storm.processes[number].returncode == 0, storm.processes[number].communicate()
        listener.changed(storm.key(number), before, state="finished")
    for asker in askers:
        asker.ending = True
    for asker in askers:
        asker.join(PATIENCE_S)
        assert not asker.is_alive(), "it hangs"
        assert asker.wrong == []

    statuses = sum((asker.statuses for asker in askers), Counter())
    asked = {name for name, _ in statuses}
    assert {name for name in asked if not statuses[name, 200]} <= set(_ABSENT), statuses
    _compare_with_python(storm, served, overwritten=("run-6",))
    _compare_with_python(storm, serve())


def _went_on(askers: list[Asker], before: list[int], now: list[int]) -> bool:
    return any(asker.wrong for asker in askers) or all(new >= old + 2 for old, new in zip(before, now, strict=True))


def _disturb(storm: Storm, served: Served, listener: Listener) -> None:
    """Do everything to runs that somebody may do while they are looked at."""
    with httpx.Client(base_url=served.url, headers=served.headers, timeout=60) as client:

        def post(path: str, body: Any) -> Any:
            answer = client.post(path, json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()

        # changed while they run, by both doors
        assert post("/api/runs/edit", {"keys": [storm.key(0)], "name": "named here", "add_tags": ["a"]})["failed"] == []
        listener.changed(storm.key(0), name="named here")
        epochal.get_run(storm.folder(2)).rename("named there")
        listener.changed(storm.key(2), name="named there")
        epochal.get_run(storm.folder(2)).tag(["b"])

        # deleted: what runs is refused, what has ended goes to the trash; others just take the folder away
        found = post("/api/runs/delete", {"keys": [storm.key(0), key(storm.old[0])], "confirm": True})
        assert (found["deleted"], [each["key"] for each in found["failed"]]) == ([key(storm.old[0])], [storm.key(0)])
        epochal.get_run(storm.old[1]).delete()
        shutil.rmtree(storm.old[2])
        moved = storm.old[3].with_name("moved-elsewhere")
        storm.old[3].rename(moved)
        for folder in storm.old[:4]:
            listener.gone(key(folder))
        listener.changed(key(moved))
        storm.folder(3).rename(storm.root.parent / "taken-away")  # its training goes on writing into nothing
        listener.gone(storm.key(3))

        # killed, and then damaged: torn off in the middle, and overwritten with garbage
        for number in (4, 5, 6):
            storm.kill(number)
            listener.changed(storm.key(number), state="killed")
        for folder in (storm.folder(5), storm.old[4]):
            for journal in (folder / "journal").iterdir():
                os.truncate(journal, journal.stat().st_size * 2 // 3)
        for folder in (storm.folder(6), storm.old[5]):
            for journal in (folder / "journal").iterdir():
                _overwrite(journal)
        (storm.old[6] / "journal" / "main-ffff.epochal").write_bytes(os.urandom(5000))
        next((storm.old[7] / "journal").iterdir()).write_bytes(b"")


def _overwrite(journal: Path) -> None:
    """Put garbage in the place of the second half of a journal that is read meanwhile.

    Rows carry no checksum: where the front of one is garbage and its mark at the end is not, only `epochal verify` can
    tell. So the words go from the last to the first, each mark before its row, and none of them bears a writer's tag
    (its bit 15 is never set), as one in 65,536 random words does.
    """
    size = journal.stat().st_size
    with open(journal, "r+b", buffering=0) as file:
        for place in range(size - size % 8, size // 2 - 8, -8):
            file.seek(place)
            file.write(bytes(byte | 0x80 for byte in os.urandom(min(8, size - place))))


def _compare_with_python(storm: Storm, served: Served, overwritten: Sequence[str] = ()) -> None:
    """Check that what is left is drawn as the Python API reads it, to the last point.

    A server that has read points before they were overwritten in place knows them still: there are more, and all true.
    """
    runs = [run for run in epochal.runs(storm.root) if Path(run.path).parent.name == "storm"]
    assert sorted(run.id for run in runs) == [f"run-{number}" for number in range(TRAININGS) if number != 3]
    with httpx.Client(base_url=served.url, headers=served.headers, timeout=60) as client:
        for run in runs:
            name = f"storm/{run.id}"
            wanted = {metric: _history(run, metric) for metric in ("loss", "n", "half")}
            series = [{"metric": metric} for metric in wanted]
            for x in ("step", "time"):
                asked = {"runs": [name], "series": series, "width": 8000, "x": x}
                lines = unpacked(client.post("/api/curves", json=asked).content)["lines"]
                for line, (metric, history) in zip(lines, wanted.items(), strict=True):
                    if history is None:
                        assert line["error"], (name, metric)
                        continue
                    if run.id in overwritten:
                        assert set(history.steps) <= set(line["step"]), (name, metric)
                        assert metric != "loss" or np.array_equal(line["y"], loss_at(line["step"]))
                        continue
                    assert line["points"] == len(history), (name, metric)
                    for given, expected in (("step", history.steps), ("y", history.values), ("time", history.times)):
                        np.testing.assert_array_equal(line[given], expected, f"{name} {metric} {given}")
            if run.id in ("run-0", "run-1", "run-2", "run-7"):
                history = run.history("loss")
                assert np.array_equal(history.steps, np.arange(len(history)))
                assert np.array_equal(history.values, loss_at(history.steps))
                assert client.get(f"/api/runs/{name}").json()["state"] == "finished"
        tags = client.post("/api/runs/query", json={"columns": ["name", "tags"], "project": "storm"}).json()
        found = dict(zip(tags["keys"], tags["columns"]["tags"], strict=True))
        assert (found[storm.key(0)], found[storm.key(2)]) == (["new", "a"], ["new", "b"])
        assert found[storm.key(1)] == ["new", "one"]


def _history(run: RecordedRun, metric: str) -> Any:
    try:
        return run.history(metric)
    except epochal.EpochalError:
        return None
