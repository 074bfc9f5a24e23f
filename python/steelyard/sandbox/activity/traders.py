"""Who trades: named accounts, unlocked and funded by storage writes, that sign nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from steelyard.sandbox.abi import encode_call
from steelyard.sandbox.activity.pools import PoolView, Swap
from steelyard.sandbox.funding import allow, fund, fund_ether
from steelyard.sandbox.replica.manifest import PoolKind, TokenRecord
from steelyard.sandbox.replica.protocols import sushiswap_v2, uniswap_v2, uniswap_v3
from steelyard.sandbox.rpc import SandboxRpc
from steelyard.units import ETHER, UINT256_MAX, Address

_ROUTERS: Final = {
    PoolKind.UNISWAP_V2: uniswap_v2.ROUTER,
    PoolKind.SUSHISWAP_V2: sushiswap_v2.ROUTER,
    PoolKind.UNISWAP_V3: uniswap_v3.SWAP_ROUTER,
}
_FOREVER: Final = 2**40
_GAS: Final = 600_000
"""Enough for a V3 swap over dozens of ticks; what is not used comes back."""
_PURSE_USD: Final = 10**11
_PURSE_ETHER_WEI: Final = 10**6 * ETHER
_USD_E8: Final = 10**8


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """A named account of the market."""

    name: str
    address: Address


def trader(name: str) -> Trader:
    """The trader of this name; the address follows from the name."""
    digest = keccak(text=f"steelyard market, {name}")
    return Trader(name=name, address=Address(to_checksum_address(digest[-20:])))


NOISE_TRADERS: Final = tuple(trader(name) for name in ("saver", "merchant", "fund", "collector"))
"""They trade because they want to, and push pools away from the fair price."""

FOLLOWERS: Final = tuple(trader(name) for name in ("market maker", "broker"))
"""They know the fair price, and bring pools part of the way back."""


def prepare(rpc: SandboxRpc, tokens: tuple[TokenRecord, ...]) -> None:
    """Unlocks the traders, and gives them ether, tokens and the routers' allowances without a transaction."""
    for each in (*NOISE_TRADERS, *FOLLOWERS):
        rpc.call("anvil_impersonateAccount", each.address)
        fund_ether(rpc, each.address, _PURSE_ETHER_WEI)
        for token in tokens:
            purse = _PURSE_USD * _USD_E8 * 10**token.decimals // token.price_usd_e8
            fund(rpc, each.address, token.address, purse)
            for router in _ROUTERS.values():
                allow(rpc, each.address, router, token.address, UINT256_MAX)


def swap_transaction(who: Trader, view: PoolView, swap: Swap) -> dict[str, Any]:
    """A swap at whatever price, straight at one pool; nonce and fees are still to be added."""
    record = view.record
    token_in, token_out = (record.token0, record.token1) if swap.zero_in else (record.token1, record.token0)
    if record.kind is PoolKind.UNISWAP_V3:
        limit = swap.sqrt_price_limit_x96
        data = encode_call(
            "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))",
            (token_in, token_out, record.fee_pips, who.address, _FOREVER, swap.amount, 0, limit),
        )
    else:
        data = encode_call(
            "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
            swap.amount,
            0,
            [token_in, token_out],
            who.address,
            _FOREVER,
        )
    return {
        "from": who.address,
        "to": _ROUTERS[record.kind],
        "data": "0x" + data.hex(),
        "gas": hex(_GAS),
    }
