"""Tries moves of a vault on the chain's state, without a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steelyard.connect.vault_calls import encode_moves
from steelyard.exceptions import ConfigError, SimulationReverted
from steelyard.model.vault import RebalanceTrial
from steelyard.units import UINT256_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steelyard.connect.chain import ChainClient
    from steelyard.model import Address, BlockRef, Move

RELAYED_GAS: Final = 40_000
"""What a relayer adds to a call of this size, about: the submission itself is estimated exactly."""
_WORD: Final = 32


def try_moves(
    chain: ChainClient,
    vault: Address,
    moves: Sequence[Move],
    *,
    sender: Address,
    head: BlockRef,
    priority_fee_wei: int,
    is_relayed: bool,
) -> RebalanceTrial:
    """Return what the moves would lose now, and the gas that they use.

    No loss is too high here, beside the vault's own limits: what is allowed is decided on the answer.

    Args:
        sender: who has the vault's keeper role.

    Raises:
        SimulationReverted: the vault refuses them; its ``reason`` is the decoded error.
        ConfigError: what is at the vault's address does not answer as a vault does.
    """
    data = encode_moves(moves, UINT256_MAX, UINT256_MAX)
    returned = chain.eth_call(vault, data, sender=sender)
    if len(returned) != _WORD:
        raise ConfigError(f"the contract at {vault} does not answer as an AllocationVault does")
    gas_units = chain.estimate_gas(vault, data, sender=sender)
    return RebalanceTrial(
        loss=int.from_bytes(returned),
        gas_units=gas_units + (RELAYED_GAS if is_relayed else 0),
        gas_price_wei=head.next_base_fee_wei() + priority_fee_wei,
    )


def refused_move(chain: ChainClient, vault: Address, moves: Sequence[Move], *, sender: Address) -> Move:
    """Return the first of the moves at which the vault refuses them, where it refuses all of them together.

    That is the first one where what it refuses is who asks, or when.
    """
    accepted, refused = 0, len(moves)
    while refused - accepted > 1:
        # Down: between two bounds that are not next to each other, and never either of them.
        count = (accepted + refused) // 2
        try:
            chain.eth_call(vault, encode_moves(moves[:count], UINT256_MAX, UINT256_MAX), sender=sender)
            accepted = count
        except SimulationReverted:
            refused = count
    return moves[refused - 1]
