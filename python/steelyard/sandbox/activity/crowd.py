"""Everybody else on the chain: gas used for nothing that concerns us, so that the base fee moves as it does.

The market's own swaps would leave blocks nearly empty and let the base fee sink. The crowd uses the gas that
brings the base fee where a seeded walk wants it, and the fee itself follows EIP-1559 to the wei.
"""

from __future__ import annotations

from math import isqrt
from random import Random
from typing import Any, Final

from steelyard.model.chain import BASE_FEE_MAX_CHANGE_DENOMINATOR, ELASTICITY_MULTIPLIER
from steelyard.sandbox.activity.traders import trader
from steelyard.sandbox.funding import fund_ether
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import ETHER, GWEI, Address

HOME_WEI: Final = 20 * GWEI
"""Where mainnet's base fee was when the replica's market was drawn up."""

MEMBER: Final = trader("crowd")
SQUARE: Final = Address("0x0000000000000000000000000000000000c0FFEE")
"""Holds four instructions: PUSH0 CALLDATALOAD MLOAD STOP, which use as much gas as their argument says."""

_CODE: Final = "0x5f355100"
_PURSE_WEI: Final = 10**6 * ETHER
_TRANSACTIONS: Final = 3
_FIXED_GAS: Final = 21_600
"""Of a transaction (21,000), its 32 bytes of calldata and the four instructions, rounded up."""
_LEAST_GAS: Final = 10_000
_ROOM_GAS: Final = 6_000_000
"""Left free in every block, for the market and whoever else trades."""
_HOMEWARD_OF_FIVE: Final = 3


class Crowd:
    """Uses gas by seed.

    Args:
        rpc: the replica.
        seed: of the base fee's walk.
    """

    def __init__(self, rpc: SandboxRpc, seed: int) -> None:
        self._random = Random(f"base fee {seed}")
        rpc.call("anvil_setCode", SQUARE, _CODE)
        rpc.call("anvil_impersonateAccount", MEMBER.address)
        fund_ether(rpc, MEMBER.address, _PURSE_WEI)

    def transactions(self, base_fee_wei: int, gas_limit: int, others_gas: int) -> list[dict[str, Any]]:
        """The crowd's transactions for the next block; nonces and fees are still to be added.

        Args:
            base_fee_wei: of that block.
            gas_limit: of that block.
            others_gas: what all others will use, about.
        """
        wanted = wanted_gas(base_fee_wei, gas_limit, self._random)
        each = min(wanted - others_gas, gas_limit - _ROOM_GAS) // _TRANSACTIONS - _FIXED_GAS
        if each < _LEAST_GAS:
            return []
        data = memory_offset(each).to_bytes(32, "big").hex()
        gas = hex(each + _FIXED_GAS)
        return [{"from": MEMBER.address, "to": SQUARE, "data": "0x" + data, "gas": gas}] * _TRANSACTIONS


def wanted_gas(base_fee_wei: int, gas_limit: int, random: Random) -> int:
    """Gas that a block must use for the next base fee to take a step of the walk.

    Three steps in five lead back home, so the fee wanders but stays where mainnet's was. Rounds towards the
    target: a step never asks for more than the block holds.
    """
    target = gas_limit // ELASTICITY_MULTIPLIER
    homeward = 1 if base_fee_wei < HOME_WEI else -1
    direction = homeward if random.randrange(5) < _HOMEWARD_OF_FIVE else -homeward
    largest_wei = base_fee_wei // BASE_FEE_MAX_CHANGE_DENOMINATOR
    step_wei = random.randrange(largest_wei + 1)
    return target + direction * (target * step_wei * BASE_FEE_MAX_CHANGE_DENOMINATOR // base_fee_wei)


def memory_offset(gas: int) -> int:
    """The offset whose reading grows the memory at a price of at most ``gas``.

    Source of the price: yellow paper, appendix H: 3 w + w^2 / 512 for w words; solved for w, rounded down.
    """
    words = isqrt(768**2 + 512 * gas) - 768
    return max(0, words - 1) * 32
