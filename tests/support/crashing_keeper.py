"""A keeper process that submits plans and can be made to die, with no chance to say goodbye, after any step.

Run as ``python -m tests.support.crashing_keeper`` with: RPC URL, database, fatal step or -, deadline, number
of plans, number of the first, kind (a key of ``PLANS``), and the URLs of private relays where there are any.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from steelyard.act.doors import Doors
from steelyard.act.gas import GasSettings
from steelyard.act.submitter import Submitter
from steelyard.connect.private_relay import PrivateRelay
from steelyard.connect.rpc import RpcClient
from steelyard.model import Plan
from tests.support.dev_chain import DevChain, KeySigner
from tests.support.plans import make_plan, make_vault_call
from tests.support.records import open_store


def arbitrage(number: int, deadline_seconds: int) -> Plan:
    return make_plan(deadline_seconds=deadline_seconds, amount=10**19 + number)


def rebalance(number: int, deadline_seconds: int) -> Plan:
    return make_vault_call(deadline_seconds=deadline_seconds, max_loss=10**9 + number)


def both(number: int, deadline_seconds: int) -> Plan:
    return (rebalance if number % 2 else arbitrage)(number, deadline_seconds)


PLANS: Mapping[str, Callable[[int, int], Plan]] = {
    "arbitrage": arbitrage,
    "rebalance": rebalance,
    "both": both,
}
"""By kind: the plan of a number with a deadline."""


def main() -> None:
    url, database, fatal_step, deadline, plans, offset, kind, *relay_urls = sys.argv[1:]
    chain = DevChain(url)

    def die(step: str) -> None:
        if step == fatal_step:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_store(Path(database)) as store:
        gas = GasSettings(priority_fee_wei=10**9)
        doors = Doors(chain.client, store.journal, [PrivateRelay(RpcClient(url)) for url in relay_urls])
        submitter = Submitter(chain.client, store.journal, KeySigner(), gas, doors=doors, on_step=die)
        for number in range(int(offset), int(offset) + int(plans)):
            submitter.submit(PLANS[kind](number, int(deadline)))
            sys.stdout.write("submitted\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
