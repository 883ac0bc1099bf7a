"""Eight trainings that write a runs folder at once, who asks the server for everything meanwhile, and who listens."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from epochal.testing.processes import environment
from tests.core.make_runs import make_run
from tests.needs import need

httpx = need("httpx")

from .api_client import until  # noqa: E402
from .conftest import Served  # noqa: E402
from .curves_made import unpacked  # noqa: E402

#: What one training does: what stands at a step follows from the step, so that no reader can be told anything else.
_TRAINING = """
import os, pathlib, sys, time
import numpy as np
import epochal
from epochal.media import Histogram, Image, Table, Text

number, stop = int(sys.argv[1]), pathlib.Path(sys.argv[2])
run = epochal.init("storm", id=f"run-{number}", config={"number": number, "model": {"name": "resnet"}}, tags=["new"])
step, parent = 0, os.getppid()
while not stop.exists() and os.getppid() == parent:
    if step == 7000:  # as many as one answer holds unreduced; how soon they are reached is up to the machine
        time.sleep(0.05)
        continue
    run.log({"loss": step * 2654435761 % 4294967296 / 7.0, "n": step, "half": step // 2}, step=step)
    if step % 100 == 0:
        run.config["reached"] = step
        picture = Image(np.full((8, 9, 3), step % 256, np.uint8))
        run.log({"picture": picture, "weights": Histogram(np.arange(9.0)), "words": Text(f"at {step}")}, step=step)
        run.log({"rows": Table({"a": [step, 1]})}, step=step)
        print(f"step {step} of {number}")
    step += 1
    time.sleep(0.005)
run.finish()
"""
TRAININGS = 8
#: Nothing here takes this long unless it hangs, in seconds.
PATIENCE_S = 90


class Storm:
    """Eight trainings, and runs that ended before."""

    def __init__(self, folder: Path) -> None:
        self.root, self._stop = folder / "epochal-runs", folder / "stop"
        self.old = [make_run(self.root, number, rows=40) for number in range(8)]
        self.processes: list[subprocess.Popen[bytes]] = []

    def begin(self) -> None:
        """Start eight trainings."""
        folder = self._stop.parent
        script = folder / "train.py"
        script.write_text(_TRAINING)
        variables = {**environment(), "EPOCHAL_COMPANION": "off", "OMP_NUM_THREADS": "1"}
        self.processes = [
            subprocess.Popen(
                [sys.executable, str(script), str(number), str(self._stop)],
                cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )
            for number in range(TRAININGS)
        ]  # fmt: skip

    def folder(self, number: int) -> Path:
        return self.root / "storm" / f"run-{number}"

    def key(self, number: int) -> str:
        return f"storm/run-{number}"

    def kill(self, number: int) -> None:
        self.processes[number].send_signal(signal.SIGKILL)
        self.processes[number].wait(PATIENCE_S)

    def calm(self) -> None:
        """Let every training end by itself."""
        self._stop.touch()
        for process in self.processes:
            process.wait(PATIENCE_S)

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


class Asker(threading.Thread):
    """Asks for everything that the API has, round and round, and notes whatever is no answer."""

    def __init__(self, served: Served, storm: Storm) -> None:
        super().__init__(daemon=True)
        self.wrong: list[str] = []
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.rounds = 0
        self.ending = False
        self._client = httpx.Client(base_url=served.url, headers=served.headers, timeout=60)
        self._storm = storm
        self._seen: dict[str, int] = {}

    def run(self) -> None:
        try:
            while not self.ending:
                for ask in (self._lists, self._lines, self._details, self._edits):
                    ask()
                self.rounds += 1
        except Exception as error:
            self.wrong.append("".join(traceback.format_exception(error)))
        finally:
            self._client.close()

    def _ask(self, path: str, body: Any = None, **query: Any) -> Any:
        name = path if path.count("/") < 4 else "/".join(["…", *path.split("/")[5:]])
        answer = self._client.get(path, params=query) if body is None else self._client.post(path, json=body)
        self.statuses[name, answer.status_code] += 1
        type = answer.headers.get("content-type", "")
        if answer.status_code not in (200, 404, 409) or (answer.status_code != 200 and "problem+json" not in type):
            self.wrong.append(f"{path} {body or query}: {answer.status_code} {answer.text[:500]}")
        return answer if answer.status_code == 200 else None

    def _keys(self) -> list[str]:
        found: list[str] = self._ask("/api/runs/query", {"columns": ["name"]}).json()["keys"]
        return found

    def _lists(self) -> None:
        columns = ["name", "state", "tags", "config.reached", "summary.loss", "duration"]
        found = self._ask("/api/runs/query", {"columns": columns, "sort": [["summary.loss", "desc"]]}).json()
        assert len(found["keys"]) == len(set(found["keys"])) == found["matched"] == found["total"]
        assert all(len(values) == len(found["keys"]) for values in found["columns"].values())
        groups = self._ask("/api/runs/query", {"group": ["state"], "columns": ["summary.loss"]}).json()
        assert sum(group["count"] for group in groups["groups"]) == groups["matched"]
        self._ask("/api/runs/query", {"where": "summary.loss > 3 and duration > 0", "search": "run", "columns": []})
        self._ask("/api/columns")
        self._ask("/api/runs.csv", q=json.dumps({"columns": columns}))
        self._ask("/api/where/complete", {"where": "state == "})
        self._ask("/api/importance", {"keys": found["keys"], "metric": "loss"})
        self._ask("/api/server")

    def _lines(self) -> None:
        keys = [self._storm.key(number) for number in range(TRAININGS)]
        self._ask("/api/metrics", {"keys": keys})
        series = [{"metric": "loss"}, {"metric": "n"}, {"formula": "n - half"}]
        for more in ({"x": "step"}, {"x": "relative", "width": 60, "smoothing": 0.6}, {"x": "metric:n", "clip": True},
                     {"group": {"by": ["config.model.name"], "band": "minmax"}}):  # fmt: skip
            asked = {"runs": keys, "series": series, "width": 8000, "abandoned": True, **more}
            found = self._ask("/api/curves", asked)
            for line in unpacked(found.content)["lines"]:
                if line.get("error") is None and line["series"] < 2 and line["run"] is not None:
                    self._check(line)
        self._ask("/api/points", {"run": keys[0], "metric": "loss", "around": 10, "count": 5})

    def _check(self, line: dict[str, Any]) -> None:
        """Check that a line holds what was recorded and nothing else, and that it never becomes shorter."""
        step = line["step"]
        overwritten = line["run"].endswith("-6")  # perhaps at this moment
        if not line["reduced"] and not overwritten:
            assert np.array_equal(step, np.arange(len(step))), (line["run"], step)
        given = line.get("raw", line["y"])
        assert np.array_equal(given, loss_at(step) if line["series"] == 0 else step), line["run"]
        name = f"{line['run']} {line['series']}"
        whole = not overwritten and not line["run"].endswith("-5")  # its journal is torn off
        assert not whole or line["points"] >= self._seen.get(name, 0), (name, line["points"], self._seen)
        self._seen[name] = line["points"]

    def _details(self) -> None:
        for run in self._keys():
            address = f"/api/runs/{run}"
            self._ask(address)
            if not run.startswith("storm/"):
                continue
            found = self._ask(address + "/media", key="picture", limit="3")
            for item in found.json()["items"] if found is not None else ():
                if "url" in item and "missing" not in item:
                    self._ask(item["url"])
            self._ask(address + "/console", tail="20")
            self._ask(address + "/console", search="step", rank="all")
            for part, query in (("histograms", {"key": "weights"}), ("table", {"key": "rows"}), ("files", {}),
                                ("patch", {}), ("packages", {}), ("script", {})):  # fmt: skip
                self._ask(f"{address}/{part}", **query)
        self._ask("/api/compare", {"keys": [self._storm.key(number) for number in (0, 4)]})

    def _edits(self) -> None:
        self._ask("/api/runs/edit", {"keys": [self._storm.key(1)], "add_tags": ["one"], "name": f"round {self.rounds}"})


class Listener(threading.Thread):
    """Listens to the events, as a page does, and keeps all of them."""

    def __init__(self, served: Served) -> None:
        super().__init__(daemon=True)
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._served = served
        self.start()

    def run(self) -> None:
        with (
            httpx.Client(headers=self._served.headers, timeout=60) as client,
            client.stream("GET", self._served.url + "/api/events") as answer,
        ):
            name = ""
            try:
                for line in answer.iter_lines():
                    kind, _, text = line.partition(": ")
                    if kind == "event":
                        name = text
                    elif kind == "data":
                        self.events.append((name, json.loads(text)))
            except httpx.HTTPError:  # the server has ended
                return

    def told(self, wanted: Callable[[str, dict[str, Any]], bool], since: int = 0) -> None:
        """Wait until an event is as wanted."""
        until(lambda: any(itertools.starmap(wanted, self.events[since:])), bool, PATIENCE_S)

    def changed(self, key: str, since: int = 0, **facts: Any) -> None:
        """Wait until a run is new, or has changed and is now as given."""

        def fits(name: str, told: dict[str, Any]) -> bool:
            return any(
                each["key"] == key and all(each[fact] == value for fact, value in facts.items())
                for each in (told["changed"] if name == "runs" else ())
            )

        self.told(fits, since)

    def gone(self, key: str) -> None:
        self.told(lambda name, told: name == "runs" and key in told["gone"])

    def grown(self, key: str, since: int) -> None:
        self.told(lambda name, told: name == "grown" and key in told["keys"], since)


def loss_at(step: Any) -> Any:
    """Return what the trainings log as loss at steps."""
    return step.astype(np.int64) * 2654435761 % 4294967296 / 7.0
