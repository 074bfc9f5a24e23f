"""Entry of the set-up: ``PYTHONPATH=python python3 -m bootstrap``, or ``make setup``."""

from __future__ import annotations

import os
import sys

from bootstrap.console import SetupError, say
from bootstrap.interpreter import find_python

CHOSEN = "STEELYARD_BOOTSTRAP_PYTHON"


def main() -> int:
    """Run the set-up on an interpreter that can make the environment; return the exit code."""
    try:
        if os.environ.pop(CHOSEN, None) is None:
            _restart_on(find_python())
        from bootstrap.steps import set_up

        set_up()
    except SetupError as error:
        say(f"\nSet-up stopped: {error.what}\n\n  Remedy: {error.remedy}\n")
        return 1
    except KeyboardInterrupt:
        say("\nSet-up interrupted; the same command goes on where it stopped.")
        return 130
    return 0


def _restart_on(python: str) -> None:
    """Go on as the chosen interpreter; does not return unless that is the running one already."""
    if os.path.realpath(python) == os.path.realpath(sys.executable):
        return
    environment = {**os.environ, CHOSEN: "yes"}
    os.execve(python, [python, "-m", "bootstrap", *sys.argv[1:]], environment)


if __name__ == "__main__":
    sys.exit(main())
