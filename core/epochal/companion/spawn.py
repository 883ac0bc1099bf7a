"""Starts a companion from the trainer, in one or two milliseconds, without leaving it a child, a thread or a lock."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from .. import processes
from ..descriptors import high, identity
from ..main_script import main_script
from .assignment import Assignment

if TYPE_CHECKING:
    from ..hookspecs import RunInfo

#: Set to `off` to train without a companion.
SWITCH: Final = "EPOCHAL_COMPANION"
_SHELL: Final = "/bin/sh"
_BOOT: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "boot.py")
#: Where the companion finds the read end of the pipe.
_PIPE_FD: Final = 3
#: Libraries that a user loads into the trainer have no business in the companion.
_NOT_HANDED_ON: Final = ("LD_PRELOAD", "DYLD_INSERT_LIBRARIES")


class Companion:
    """A started companion, as the trainer sees it.

    Attributes:
        problem: why there is none, in one sentence; None if it was started.
        wanted: False where the user has switched it off.
    """

    def __init__(self, write_fd: int | None = None, problem: str | None = None, *, wanted: bool = True) -> None:
        self.problem = problem
        self.wanted = wanted
        self._owner = os.getpid()
        self._fd = write_fd
        self._pipe_is = None if write_fd is None else identity(write_fd)

    def finished(self) -> None:
        """Tell it that the run's `finish` record is written. It never waits, and does nothing in a forked child."""
        if self._pipe() is None:
            return
        fd, self._fd = self._fd, None
        if fd is None:
            return
        try:
            if self._heard(fd):
                _write_without_sigpipe(fd, b"F")
        except OSError:
            pass  # it is gone, or so far behind that the pipe is full: it reads the finish record itself
        finally:
            os.close(fd)

    def deliver(self) -> None:
        """Tell it that the run has rules now. It never waits, and does nothing in a forked child."""
        fd = self._pipe()
        if fd is not None and self._heard(fd):
            with contextlib.suppress(OSError):
                _write_without_sigpipe(fd, b"D")

    def alive(self) -> bool:
        """Return whether it still listens."""
        fd = self._pipe()
        return fd is not None and self._heard(fd)

    def _pipe(self) -> int | None:
        """Return our end of the pipe, unless this is a forked child or the user's program has closed it under us."""
        if self._fd is None or os.getpid() != self._owner:
            return None
        if identity(self._fd) != self._pipe_is:
            self._fd = None
        return self._fd

    @staticmethod
    def _heard(fd: int) -> bool:
        poll = select.poll()
        poll.register(fd, 0)
        return not any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))


def start(
    *,
    run: RunInfo,
    journal: str,
    writer: str,
    rank: int,
    ordinal: int,
    plugins: list[str] | None = None,
    deliver: bool = False,
) -> Companion:
    """Start the companion of one writer. It never raises; what went wrong is `.problem` of what it returns.

    Args:
        run: the run.
        journal: absolute path of the trainer's journal.
        writer: its writer id, 32 hex characters.
        rank: the writer's rank.
        ordinal: the writer's ordinal.
        plugins: names of the modules that may hold hooks for the companion.
        deliver: whether the run has sinks or rules.
    """
    if os.environ.get(SWITCH, "").strip().lower() in {"off", "0", "no", "false"}:
        return Companion(problem=f"the companion is off, as {SWITCH}={os.environ[SWITCH]} says", wanted=False)
    problem = _obstacle()
    if problem:
        return Companion(problem=problem)
    try:
        assignment = Assignment(
            id=run.id, project=run.project, name=run.name, folder=os.fspath(run.folder),
            root=os.fspath(run.root), rank=rank, journal=journal, writer=writer, ordinal=ordinal, pid=os.getpid(),
            pid_start=processes.start_time(os.getpid()), argv=list(sys.orig_argv), cwd=_working_folder(),
            plugins=list(plugins or ()), script=main_script(), deliver=deliver,
        )  # fmt: skip
        return Companion(_launch(assignment))
    except Exception as error:  # a training goes on whatever happens here
        return Companion(problem=f"the companion could not be started ({_words(error)})")


def _obstacle() -> str | None:
    """Return why no companion can be started from this interpreter, if so."""
    if sys.platform == "win32" or not hasattr(os, "posix_spawn"):
        return f"the companion needs Linux or macOS, this is {sys.platform}"
    if not sys.executable:
        return "the companion could not be started (sys.executable is empty)"
    name = os.path.basename(sys.executable).lower()
    if getattr(sys, "frozen", False) or not name.startswith(("python", "pypy")):
        return f"the companion could not be started ({sys.executable} is no plain Python interpreter)"
    if not os.path.isfile(_BOOT):
        return f"the companion could not be started ({_BOOT} is not a file)"
    return None


def _launch(assignment: Assignment) -> int:
    """Start the process and return our end of its pipe.

    Raises:
        OSError: it cannot be started.
    """
    read_fd, write_fd = os.pipe()
    try:
        read_fd, write_fd = high(read_fd), high(write_fd)
        os.set_blocking(write_fd, False)
        environment = {name: value for name, value in os.environ.items() if name not in _NOT_HANDED_ON}
        environment.update(assignment.variables(import_path()))
        command = [*interpreter(), _BOOT, "main", assignment.id]
        actions: list[tuple[Any, ...]] = [
            (os.POSIX_SPAWN_DUP2, read_fd, _PIPE_FD),  # first: it may stand where a standard stream goes
            *((os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)),
        ]
        with _sigchld_held_back():
            try:
                # The shell starts it in the background and ends: it is nobody's child then, and we wait for a shell.
                pid = _spawn(_SHELL, ["sh", "-c", '"$@" &', "sh", *command], environment, actions)
            except OSError as error:
                if error.errno not in {errno.ENOENT, errno.EACCES, errno.ENOEXEC}:
                    raise
                pid = _spawn(command[0], [*command, "--detach"], environment, actions)
            status = _reap(pid)
        if status:
            raise OSError(errno.EAGAIN, f"the shell that starts it ended with status {status}")
    except BaseException:
        os.close(write_fd)
        raise
    finally:
        os.close(read_fd)
    return write_fd


@contextlib.contextmanager
def _sigchld_held_back() -> Iterator[None]:
    """Keep a SIGCHLD handler of the user's from raising between the start of a child and the wait for it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    try:
        yield
    finally:
        with contextlib.suppress(Exception):  # the handler runs here, over a child that is not its own
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _spawn(path: str, argv: list[str], environment: dict[str, str], actions: list[tuple[Any, ...]]) -> int:
    usual = [signal.SIGCHLD, signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
    options: dict[str, Any] = {"file_actions": actions, "setsigmask": (), "setsigdef": usual}
    try:
        return os.posix_spawn(path, argv, environment, setsid=True, **options)
    except NotImplementedError:  # an old C library: `boot` makes the session
        return os.posix_spawn(path, argv, environment, **options)


def _reap(pid: int) -> int:
    """Wait for the shell and return its exit status."""
    for _ in range(3):
        try:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        except ChildProcessError:
            break  # a SIGCHLD handler of the user's was faster, or SIGCHLD is ignored
        except Exception:
            continue  # such a handler raised, over a child that is not its own: a zombie must not stay behind
    return 0


def interpreter() -> list[str]:
    """Return the command of a bare interpreter like this one: no site, no user settings, no PYTHON* variables."""
    # PYTHONHOME is how some relocated interpreters find their library; it does not reach an isolated one.
    command = [sys.executable, *(("-s",) if os.environ.get("PYTHONHOME") else ("-I",)), "-S"]
    if sys.dont_write_bytecode:
        command.append("-B")
    if sys.flags.utf8_mode:
        command += ["-X", "utf8"]
    if sys.pycache_prefix:
        command += ["-X", f"pycache_prefix={sys.pycache_prefix}"]
    return command


def import_path() -> list[str]:
    """Return `sys.path` for a process that runs in another folder."""
    return [os.path.abspath(entry) for entry in map(str, sys.path) if "\n" not in entry]


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "/"  # it was deleted


def _write_without_sigpipe(fd: int, data: bytes) -> None:
    """Write to a pipe whose reader may be gone, also where the program has given SIGPIPE its deadly default back."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE])
    try:
        os.write(fd, data)
    except BrokenPipeError:
        # macOS has no sigtimedwait: there the signal stays pending until the mask is restored. Python ignores it.
        wait = getattr(signal, "sigtimedwait", None)
        if wait is not None and signal.SIGPIPE not in before and signal.SIGPIPE in signal.sigpending():
            wait([signal.SIGPIPE], 0)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
