"""A keeper process that submits plans and can be made to die, with no chance to say goodbye, after any step.

Run as ``python -m tests.support.crashing_keeper`` with: RPC URL, database, fatal step or -, deadline, number
of plans, number of the first.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from steelyard.act.gas import GasSettings
from steelyard.act.submitter import Submitter
from tests.support.dev_chain import DevChain, KeySigner
from tests.support.plans import make_plan
from tests.support.records import open_store


def main() -> None:
    url, database, fatal_step, deadline, plans, offset = sys.argv[1:]
    chain = DevChain(url)

    def die(step: str) -> None:
        if step == fatal_step:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_store(Path(database)) as store:
        gas = GasSettings(priority_fee_wei=10**9)
        submitter = Submitter(chain.client, store.journal, KeySigner(), gas, on_step=die)
        for number in range(int(offset), int(offset) + int(plans)):
            submitter.submit(make_plan(deadline_seconds=int(deadline), amount=10**19 + number))
            sys.stdout.write("submitted\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
