"""The vault as Python speaks to it: its calldata, and what its events say was done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from steelyard.connect.abi import selector
from steelyard.connect.chain import Log
from steelyard.connect.hexes import to_hex
from steelyard.exceptions import RpcInconsistent
from steelyard.model.vault import Move, PoolState, RebalancePlan, VaultCall, VaultRole
from steelyard.units import Address

REBALANCE: Final = selector("rebalance((address,bool,uint256)[],uint256,uint256)")
SET_POOL_SCORES: Final = selector("setPoolScores(address,uint16,uint16,uint16)")
SET_POOL_C_SCORE: Final = selector("setPoolCScore(address,uint16)")
SET_POOL_STATE: Final = selector("setPoolState(address,uint8)")
HAS_ROLE: Final = selector("hasRole(address,uint8)")

REBALANCED: Final = keccak(b"Rebalanced(address,uint256,uint256,uint256)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalancedEvent:
    """A plan that was carried out; amounts in base units of the asset, ``loss`` by the oracle."""

    total_assets: int
    moved: int
    loss: int


def encode_moves(moves: Sequence[Move], max_loss: int, deadline_seconds: int) -> bytes:
    """Return the calldata of ``rebalance``."""
    listed = [(move.strategy, move.is_deploy, move.assets) for move in moves]
    types = ["(address,bool,uint256)[]", "uint256", "uint256"]
    return REBALANCE + encode(types, [listed, max_loss, deadline_seconds])


def encode_rebalance(plan: RebalancePlan) -> bytes:
    """Return the calldata that carries the plan out, at the vault."""
    return encode_moves(plan.moves, plan.max_loss, plan.deadline_seconds)


def vault_call_id(call: VaultCall) -> str:
    """Return the identity of a rebalance: the same for the same moves, limits and deadline at the same vault.

    However it is sent: through a relayer or directly it does the same, and may be done once.
    """
    where = call.chain_id.to_bytes(32) + bytes.fromhex(call.plan.vault[2:])
    return to_hex(keccak(where + encode_rebalance(call.plan)))


def encode_scores(strategy: Address, trust: int, liquidity: int, performance: int) -> bytes:
    """Return the calldata of ``setPoolScores``."""
    types = ["address", "uint16", "uint16", "uint16"]
    return SET_POOL_SCORES + encode(types, [strategy, trust, liquidity, performance])


def encode_c_score(strategy: Address, c_score: int) -> bytes:
    """Return the calldata of ``setPoolCScore``."""
    return SET_POOL_C_SCORE + encode(["address", "uint16"], [strategy, c_score])


def encode_state(strategy: Address, state: PoolState) -> bytes:
    """Return the calldata of ``setPoolState``."""
    return SET_POOL_STATE + encode(["address", "uint8"], [strategy, int(state)])


def encode_has_role(account: Address, role: VaultRole) -> bytes:
    """Return the calldata of ``hasRole``."""
    return HAS_ROLE + encode(["address", "uint8"], [account, int(role)])


def find_rebalanced(logs: Iterable[Log], vault: Address) -> RebalancedEvent | None:
    """Return what ``vault`` says that it did among a receipt's logs, or None.

    A transaction of ours carries one rebalance, so the first is it.

    Raises:
        RpcInconsistent: it has the event's topic and cannot be that event.
    """
    for log in logs:
        if log.address == vault and log.topics[:1] == (REBALANCED,):
            try:
                total_assets, moved, loss = decode(["uint256", "uint256", "uint256"], log.data)
            except DecodingError:
                raise RpcInconsistent(f"an event of the vault {vault} has the wrong size") from None
            return RebalancedEvent(total_assets=total_assets, moved=moved, loss=loss)
    return None
