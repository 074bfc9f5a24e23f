"""Who holds the keeper role: the chain answers for one account only, so all are found by the events."""

from __future__ import annotations

from scripts._executor import Deployed
from scripts._steps import connected_chain
from steelyard.connect.abi import topic
from steelyard.connect.hexes import address_of_word

KEEPER_SET = topic("KeeperSet(address,bool)")


def keepers_of(deployed: Deployed) -> set[str]:
    """Return every account that may execute plans."""
    asked = {
        "address": deployed.executor.address,
        "topics": [KEEPER_SET],
        "fromBlock": hex(int(deployed.record["block_number"])),
        "toBlock": "latest",
    }
    events = connected_chain().rpc.call("eth_getLogs", [asked])
    named = {str(address_of_word(bytes.fromhex(event["topics"][1][2:]))) for event in events}
    return {account for account in named if deployed.executor.isKeeper(account)}
