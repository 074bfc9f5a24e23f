"""Runs one child and never lets it outlive the process that asked for it.

Started as a script, with the standard library alone: ``python -I -S _supervisor.py <program> <arguments>``.
The starter holds the other end of standard input. When that end closes, for whatever reason (a clean stop, an
exception, ``kill -9``), the child is stopped. On Linux the kernel also kills the child if this supervisor is
killed itself. The exit code is the child's.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1
_GRACE_SECONDS = 3.0


def _die_with_supervisor() -> None:
    """In the child, before exec: ask the kernel for SIGKILL when the supervisor goes (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _stop(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


def _stop_when_starter_goes(child: subprocess.Popen[bytes]) -> None:
    # os.read blocks until the starter's end closes; what is written there means nothing.
    while os.read(0, 4096):
        pass
    _stop(child)


def main(command: list[str]) -> int:
    """Runs `command` to its end, or until standard input closes; returns its exit code."""
    # The interrupt of a terminal is the starter's business: it stops us by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_die_with_supervisor)
    signal.signal(signal.SIGTERM, lambda *_: _stop(child))
    threading.Thread(target=_stop_when_starter_goes, args=(child,), daemon=True).start()
    return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
