"""Checks of how a training ends, goes on in a new process, and is shared among several."""

from __future__ import annotations

import socket
from pathlib import Path

from .contract import AdapterContract
from .processes import SIGKILLED, Training
from .reading import differences, only_run, points, recorded


class EndingChecks(AdapterContract):
    """Trainings in processes of their own."""

    def test_exception_keyboard_interrupt_and_sigkill_leave_the_right_state(self) -> None:
        expected = {"none": "finished", "raise": "failed", "interrupt": "interrupted", "kill": "killed"}
        ended = self.ended()
        wrong = [what for what, state in expected.items() if ended[what].states != [state]]
        assert not wrong, (
            f"the states are { {what: each.states for what, each in ended.items()} }, not {expected}: hand the "
            "exception to AdapterRun.finish where the framework tells of it, and else leave the run open: it is "
            "finished when the script ends\n" + "\n".join(ended[what].training.output() for what in wrong)
        )
        assert ended["none"].code == 0, ended["none"].training.output()
        assert ended["raise"].code == 1, f"the exception did not reach the script: it ended with {ended['raise'].code}"
        assert ended["kill"].code == SIGKILLED

    def test_a_training_resumed_from_a_checkpoint_in_a_new_process_goes_on_in_its_run(self) -> None:
        whole, first = self.ended()["none"].training, self.ended()["kill"].training
        cut = only_run(first.runs)
        before = {name: points(cut, name) for name in cut.metrics}
        second = self.trainings().start("resume", first.folder)
        assert second.wait() == 0, second.output()
        run = only_run(second.runs, "keep Run.position() in the checkpoint, and open with AdapterRun.resume")
        reference = only_run(whole.runs)
        assert run.id == cut.id, "the resumed training is another run"
        assert run.state == "finished"
        names = set(whole.reported()) - set(self.of_one_call)
        there, expected = (recorded(each, {name: {} for name in names}) for each in (run, reference))
        assert there == expected, (
            "killed and resumed, the run differs from one that was never stopped: is Run.position() taken when the "
            "checkpoint is written, after all that belongs to it?\n" + differences(there, expected)
        )
        for name, values in before.items():
            kept = run.history(name, abandoned=True, duplicates=True)
            lost = values.items() - set(zip(kept.steps.tolist(), kept.values.tolist(), strict=True))
            assert not lost, f"recorded before the kill, and gone: {name!r} at {sorted(lost)}"

    def test_several_processes_make_one_run(self) -> None:
        count = max(self.processes, 2)
        folder, port = self._home / "ranks", _free_port()
        started = [self._start_rank(rank, count, folder, port) for rank in range(count)]
        codes = [training.wait() for training in started]
        output = "\n".join(training.output() for training in started)
        assert codes == [0] * count, f"the processes of one training ended with {codes}\n{output}"
        run = only_run(folder / "runs", "only process 0 opens a run: leave rank= out, or ask the framework for it")
        assert run.state == "finished", output
        reported = started[0].reported()
        there = recorded(run, reported)
        assert there == reported, (
            "what process 0 of several reported is not what was recorded (is it recorded by each process?):\n"
            + differences(there, reported)
        )

    def _start_rank(self, rank: int, count: int, folder: Path, port: int) -> Training:
        """Start one of several processes as `torchrun` does; without such a training in the framework, one alone."""
        together = self.processes > 1
        launcher = {
            "RANK": rank, "LOCAL_RANK": rank, "NODE_RANK": 0, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count,
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
        }  # fmt: skip
        return self.trainings().start(
            f"rank{rank}",
            folder if together else folder / str(rank),
            runs=folder / "runs",
            processes=count if together else 1,
            environ={name: str(value) for name, value in launcher.items()},
        )


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])
