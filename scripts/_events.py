"""What an executor has no list of: it answers for one account or one id, so all are found by the events."""

from __future__ import annotations

from typing import Any

import ape
from ape.contracts import ContractInstance

from steelyard.connect.abi import topic
from steelyard.connect.chain import ChainClient
from steelyard.connect.hexes import address_of_word

KEEPER_SET = topic("KeeperSet(address,bool)")
LENDER_LISTED = topic("LenderListed(uint16,address)")


def keepers_of(chain: ChainClient, executor: ContractInstance, since_block: int) -> set[str]:
    """Return every account that may execute plans; ``since_block`` is the executor's first."""
    events = _events(chain, executor, since_block, KEEPER_SET)
    named = {str(address_of_word(bytes.fromhex(event["topics"][1][2:]))) for event in events}
    return {account for account in named if executor.isKeeper(account)}


def listed_lenders_of(chain: ChainClient, executor: ContractInstance, since_block: int) -> dict[int, str]:
    """Return the lenders on the owner's list, by their ids; those that were delisted are left out."""
    ids = [int(event["topics"][1], 16) for event in _events(chain, executor, since_block, LENDER_LISTED)]
    found = {lender_id: _lender_at(executor, lender_id) for lender_id in sorted(ids)}
    return {lender_id: lender for lender_id, lender in found.items() if lender is not None}


def _events(chain: ChainClient, executor: ContractInstance, since_block: int, kind: str) -> list[Any]:
    asked = {
        "address": executor.address,
        "topics": [kind],
        "fromBlock": hex(since_block),
        "toBlock": "latest",
    }
    events: list[Any] = chain.rpc.call("eth_getLogs", [asked])
    return events


def _lender_at(executor: ContractInstance, lender_id: int) -> str | None:
    try:
        return str(executor.lenderAt(lender_id))
    except ape.exceptions.ContractLogicError:
        return None
