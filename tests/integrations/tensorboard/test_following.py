"""A training with torch's writer, followed while it runs: what it flushes is seen, whatever becomes of its files."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integrations.tensorboard.followed import Followed, accumulated, points_of
from tests.needs import need

need("tensorboard")
torch = need("torch")

from torch.utils.tensorboard import SummaryWriter  # noqa: E402


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    made = tmp_path / "logs"
    made.mkdir()
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


class Training:
    """A linear regression whose losses torch's writer gets."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.writer = SummaryWriter(str(folder), **options)
        torch.manual_seed(0)
        self.model = torch.nn.Linear(4, 1)
        self.optimizer = torch.optim.SGD(self.model.parameters(), 0.1)
        self.inputs = torch.randn(64, 4)
        self.targets = self.inputs.sum(1, keepdim=True)

    def train(self, *steps: int) -> None:
        """Take optimizer steps, and flush what was written of them."""
        for step in steps:
            self.optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(self.model(self.inputs), self.targets)
            loss.backward()
            self.optimizer.step()
            self.writer.add_scalar("loss", loss.item(), step)
            self.writer.add_histogram("weight", self.model.weight, step)
        self.writer.flush()


def test_a_training_is_seen_while_it_runs_and_is_whole_at_the_end(logdir: Path, root: Path) -> None:
    with Followed(logdir, root) as followed:  # the folder is empty yet
        training = Training(logdir / "first")
        for begin in range(0, 40, 10):
            training.train(*range(begin, begin + 10))
            followed.wait_for_step("first", "loss", begin + 9)
            assert followed.runs()["first"].state == "running"
        training.writer.add_text("note", "half way")
        training.writer.add_hparams({"lr": 0.1}, {"final": 0.5}, run_name="trial")  # a run within the run
        training.writer.flush()
        followed.wait_for(lambda: {"first", "first/trial"} <= set(followed.runs()))
        training.train(40)
        training.writer.close()
        followed.wait_for_step("first", "loss", 40)
        report = followed.end()
        runs = followed.runs()
    assert points_of(runs["first"], "loss") == accumulated(logdir / "first", "loss")
    assert [item.step for item in runs["first"].media("weight")] == list(range(41))
    assert runs["first"].media("note/text_summary")
    assert runs["first/trial"].config["lr"] == 0.1
    assert points_of(runs["first/trial"], "final") == accumulated(logdir / "first/trial", "final")
    assert runs["first"].state != "running"
    told = {run["name"]: run for run in report["runs"]}
    assert (told["first"]["points"], told["first"]["damage"]) == (41, [])


def test_restarts_and_new_runs_are_found_while_others_go_on(logdir: Path, root: Path) -> None:
    with Followed(logdir, root) as followed:
        first = Training(logdir / "a")
        first.train(*range(20))
        followed.wait_for_step("a", "loss", 19)
        time.sleep(1.1)  # torch names files by the second
        again = Training(logdir / "a", purge_step=10)  # a new file, which says START at step 10
        again.train(*range(10, 15))
        second = Training(logdir / "deep" / "b")
        second.train(0, 1, 2)
        followed.wait_for_step("deep/b", "loss", 2)
        followed.wait_for(lambda: len(followed.points("a", "loss")) == 15)
        second.train(3)
        followed.wait_for_step("deep/b", "loss", 3)
        followed.end()
        runs = followed.runs()
    assert set(runs) == {"a", "deep/b"}
    assert points_of(runs["a"], "loss") == accumulated(logdir / "a", "loss")
    assert len(points_of(runs["a"], "loss", abandoned=True)) == 25
    assert points_of(runs["deep/b"], "loss") == accumulated(logdir / "deep/b", "loss")


def test_a_run_that_is_moved_away_stays_and_one_in_its_place_is_another(logdir: Path, root: Path) -> None:
    with Followed(logdir, root) as followed:
        training = Training(logdir / "run")
        training.train(0, 1, 2)
        followed.wait_for_step("run", "loss", 2)
        training.writer.close()
        expected = accumulated(logdir / "run", "loss")
        (logdir / "run").rename(logdir.parent / "old")
        time.sleep(1.1)
        other = Training(logdir / "run")
        other.train(7, 8)
        followed.wait_for(lambda: len(list((root / "p").glob("*/journal"))) == 2)
        other.writer.close()
        shutil.rmtree(logdir.parent / "old")
        followed.end()
    import epochal

    found = sorted((points_of(run, "loss") for run in epochal.runs(dir=root)), key=len)
    assert found == [accumulated(logdir / "run", "loss"), expected]


def test_a_record_that_is_flushed_in_two_halves_is_taken_once(logdir: Path, root: Path) -> None:
    training = Training(logdir / "whole")
    training.train(*range(3))
    training.writer.close()
    (path,) = (logdir / "whole").glob("*tfevents*")
    data = path.read_bytes()
    path.unlink()
    with Followed(logdir, root) as followed:
        for end in (5, len(data) // 2, len(data) - 3, len(data)):
            with path.open("ab") as file:
                file.write(data[file.tell() : end])
            time.sleep(1.2)  # it is looked at in between
        followed.wait_for_step("whole", "loss", 2)
        report = followed.end()
        run = followed.runs()["whole"]
    assert points_of(run, "loss") == accumulated(logdir / "whole", "loss")
    assert not report["runs"][0]["damage"]


def test_a_record_that_is_half_there_at_the_end_is_nothing_wrong(logdir: Path, root: Path) -> None:
    training = Training(logdir / "run")
    training.train(*range(3))
    training.writer.close()
    (path,) = (logdir / "run").glob("*tfevents*")
    path.write_bytes(path.read_bytes()[:-7])
    with Followed(logdir, root) as followed:
        followed.wait_for_step("run", "loss", 1)
        report = followed.end()
    assert not report["runs"][0]["damage"]
    assert "ends within a record" in report["remarks"][0]["what"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_all_that_was_flushed_before_the_end_is_recorded(logdir: Path, root: Path, number: int) -> None:
    training = Training(logdir / "run")
    training.train(0)
    with Followed(logdir, root) as followed:
        followed.wait_for_step("run", "loss", 0)
        training.train(*range(1, 50))
        followed.end(number)  # at once, before it can have looked again
        run = followed.runs()["run"]
    assert points_of(run, "loss") == accumulated(logdir / "run", "loss")
    assert run.state != "running"


def test_followed_again_it_takes_what_came_in_between(logdir: Path, root: Path) -> None:
    training = Training(logdir / "run")
    training.train(*range(5))
    with Followed(logdir, root) as followed:
        followed.wait_for_step("run", "loss", 4)
        followed.end()
    training.train(*range(5, 10))
    with Followed(logdir, root) as followed:
        followed.wait_for_step("run", "loss", 9)
        training.train(10)
        followed.wait_for_step("run", "loss", 10)
        followed.end()
        runs = followed.runs()
    assert list(runs) == ["run"]
    assert points_of(runs["run"], "loss") == accumulated(logdir / "run", "loss")


def test_killed_it_has_kept_what_was_seen_and_nothing_is_there_twice(logdir: Path, root: Path) -> None:
    training = Training(logdir / "run")
    training.train(*range(5))
    with Followed(logdir, root) as followed:
        followed.wait_for_step("run", "loss", 4)
        training.train(*range(5, 10))
        followed.wait_for_step("run", "loss", 9)
        followed.process.kill()
        followed.process.wait()
        assert len(followed.points("run", "loss")) == 10
    with Followed(logdir, root) as followed:
        training.train(10)
        followed.wait_for_step("run", "loss", 10)
        followed.end()
        runs = followed.runs()
    assert list(runs) == ["run"]
    assert points_of(runs["run"], "loss") == accumulated(logdir / "run", "loss")
