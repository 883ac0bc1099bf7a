"""Why a fit has failed: the exception that Lightning is handling as it tells its loggers."""

from __future__ import annotations

import signal
import sys


def reason() -> BaseException | None:
    """Return the exception that ends a fit; Lightning's own for SIGTERM, a SystemExit without a status, gets one."""
    error = sys.exc_info()[1]
    if type(error).__name__ == "SIGTERMException" and error is not None:
        return SystemExit(128 + signal.SIGTERM).with_traceback(error.__traceback__)
    return error
