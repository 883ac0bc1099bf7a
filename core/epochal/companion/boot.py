"""The first thing that runs in a companion process: cut every tie with the trainer, then find Epochal again.

It is run as a script (`python -I -S boot.py <task> <run id>`), so that no start-up file of the user's site is read.
"""

import contextlib
import os
import sys


def _close_what_was_inherited() -> None:
    """Close every descriptor but the standard ones and the pipe from the trainer, which is 3."""
    for listing in ("/proc/self/fd", "/dev/fd"):
        try:
            for name in os.listdir(listing):
                if name.isdigit() and int(name) > 3:
                    with contextlib.suppress(OSError):  # one of them is the listing's own
                        os.close(int(name))
        except OSError:
            continue
        return
    os.closerange(4, 4096)


def _reset_standard_streams() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        if fd != null:
            os.dup2(null, fd)
    if null > 3:
        os.close(null)


def _import_path(told: str) -> "list[str]":
    """Return our own standard library first (no user's `select.py` may stand in its way), Epochal, then the rest."""
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = [entry for entry in sys.path if entry != os.path.dirname(os.path.abspath(__file__))]
    for entry in (here, *told.split("\n")):
        if entry and entry not in path:
            path.append(entry)
    return path


def boot() -> None:
    """Become a process of our own and hand over to the task that the first argument names."""
    if "--detach" in sys.argv and os.fork():
        os._exit(0)  # there was no shell to start us in the background: the trainer waits for this one
    with contextlib.suppress(OSError):  # we may lead a session already
        os.setsid()
    _reset_standard_streams()
    _close_what_was_inherited()
    os.chdir("/")
    sys.path[:] = _import_path(os.environ.pop("EPOCHAL_COMPANION_PATH", ""))
    task = sys.argv[1]
    module = __import__(f"epochal.companion.{task}", fromlist=["main"])
    module.main()


if __name__ == "__main__":
    boot()
