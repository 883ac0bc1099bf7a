"""Runs commands beside one another: each one's output into a file, printed whole when it ends; Ctrl-C ends them all."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time

from machine import say

#: In seconds: between two lines that say what is running; what a command may take; what it has to end by itself.
NEWS = 60
LIMIT = 45 * 60
GRACE = 10


def streams() -> int:
    """Return how many commands run at once: EPOCHAL_TEST_JOBS, else one more than there are cores, at most five.

    A third of their time tests wait for disks, for processes to start and to end: two on two cores left them idle.
    """
    asked = os.environ.get("EPOCHAL_TEST_JOBS")
    if asked:
        return max(1, int(asked))
    has_affinity = hasattr(os, "sched_getaffinity")
    return min(5, 1 + (len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1))


class Stream:
    """One command that runs: its process, in a group of its own, and the file that its output goes to."""

    def __init__(self, name: str, command: list[str], log: str, **options: object) -> None:
        self.name = name
        self.log = log
        self.started = time.time()
        self.code = None
        self.cpu = 0.0
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # the terminal's Ctrl-C is for us, and we pass it on
                **options,
            )

    def ended(self) -> bool:
        """Return whether it has ended; its exit code and CPU seconds are known from then on."""
        if self.code is None:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                self.cpu = usage.ru_utime + usage.ru_stime
                self.code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
                self.process.returncode = self.code
        return self.code is not None

    def text(self) -> str:
        """Return what it has printed until now."""
        with open(self.log, encoding="utf-8", errors="replace") as lines:
            return lines.read()

    def news(self) -> str:
        """Return its name, for how long it has run, and how far pytest says that it is."""
        shares = re.findall(r"\[ *(\d+%)\]", self.text())
        return "%s (%.0f s%s)" % (self.name, time.time() - self.started, ", " + shares[-1] if shares else "")

    def end(self) -> None:
        """Interrupt it as Ctrl-C would, and kill what of its group is left after a moment."""
        if not self.ended():
            self.process.send_signal(signal.SIGINT)
            limit = time.time() + GRACE
            while not self.ended() and time.time() < limit:
                time.sleep(0.1)
        with contextlib.suppress(OSError):  # nothing of it may be left
            os.killpg(self.process.pid, signal.SIGKILL)
        while not self.ended():
            time.sleep(0.1)


def run_beside(commands: dict[str, list[str]], logs: str, **options: object) -> list[str]:
    """Run the commands, in their order, as many at once as `streams` says; return the names of those that failed.

    The output of each goes to <logs>/<name>.log, and is printed whole when it ends. Interrupted, it ends them all.
    """
    os.makedirs(logs, exist_ok=True)
    waiting, running, failed = list(commands), [], []
    told = time.time()
    try:
        while waiting or running:
            while waiting and len(running) < streams():
                name = waiting.pop(0)
                running.append(Stream(name, commands[name], os.path.join(logs, name + ".log"), **options))
                say("start %s (%d of %d)" % (name, len(commands) - len(waiting), len(commands)))
            time.sleep(0.2)
            for stream in running:
                if time.time() - stream.started > LIMIT:
                    say("%s has taken more than %d s" % (stream.name, LIMIT))
                    stream.end()
            for stream in [stream for stream in running if stream.ended()]:
                running.remove(stream)
                say("\n===== %s =====" % stream.name)
                say(stream.text().rstrip())
                how = "failed" if stream.code else "ok"
                spent = (stream.name, how, time.time() - stream.started, stream.cpu)
                say("===== %s: %s in %.0f s, %.0f s of CPU =====" % spent)
                if stream.code:
                    failed.append(stream.name)
            if time.time() - told >= NEWS:
                told = time.time()
                say("running: %s; %d to come" % (", ".join(stream.news() for stream in running), len(waiting)))
    finally:
        for stream in running:
            say("ending " + stream.name)
            stream.end()
    return failed
