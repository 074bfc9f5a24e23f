"""``steelyard relay submit`` that dies, with no chance to say goodbye, before or after one step.

Run as ``python -m tests.support.crashing_relay MOMENT SUBMIT-ARGUMENTS...``; the moments are ``MOMENTS``.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any, Final

from steelyard.cli import main
from steelyard.connect.chain import ChainClient
from steelyard.record.relay_journal import FileRelayJournal

MOMENTS: Final[dict[str, tuple[type, str, bool]]] = {
    "intent written down": (FileRelayJournal, "open", True),
    "about to be signed": (FileRelayJournal, "signed", False),
    "signed and written down": (FileRelayJournal, "signed", True),
    "about to be sent": (ChainClient, "send_raw", False),
    "sent": (ChainClient, "send_raw", True),
    "about to be closed": (FileRelayJournal, "close", False),
}
"""By what has just happened: the step, and whether it is done before the end comes."""


def _die(owner: type, step: str, *, is_done: bool) -> None:
    whole = getattr(owner, step)

    def fatal(*arguments: Any) -> None:
        if is_done:
            whole(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, step, fatal)


if __name__ == "__main__":
    owner, step, is_done = MOMENTS[sys.argv[1]]
    _die(owner, step, is_done=is_done)
    main(["relay", "submit", *sys.argv[2:]])
