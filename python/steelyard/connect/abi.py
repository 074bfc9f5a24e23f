"""Selectors and topics of what we read on chain, and the packing of their arguments.

Only static types are needed here, so a call is its selector and one word for each argument.
"""

from __future__ import annotations

from typing import Final

from eth_hash.auto import keccak

from steelyard.connect.hexes import to_hex
from steelyard.units import Address

_WORD: Final = 32


def selector(signature: str) -> bytes:
    """Return the first four bytes of the function's hash."""
    return bytes(keccak(signature.encode())[:4])


def topic(signature: str) -> str:
    """Return the event's first topic as lower-case 0x-hex."""
    return to_hex(keccak(signature.encode()))


def word(value: int) -> bytes:
    """Return an integer as one ABI word, two's complement where negative."""
    return value.to_bytes(_WORD, signed=value < 0)


def address_word(address: Address) -> bytes:
    """Return an address as one ABI word."""
    return bytes.fromhex(address[2:]).rjust(_WORD, b"\0")


# ERC-20
DECIMALS: Final = selector("decimals()")
SYMBOL: Final = selector("symbol()")
BALANCE_OF: Final = selector("balanceOf(address)")
TRANSFER: Final = selector("transfer(address,uint256)")

# Uniswap V2
GET_PAIR: Final = selector("getPair(address,address)")
GET_RESERVES: Final = selector("getReserves()")
PAIR_CREATED: Final = topic("PairCreated(address,address,address,uint256)")
SYNC: Final = topic("Sync(uint112,uint112)")

# Uniswap V3
GET_POOL: Final = selector("getPool(address,address,uint24)")
FEE_AMOUNT_TICK_SPACING: Final = selector("feeAmountTickSpacing(uint24)")
SLOT0: Final = selector("slot0()")
LIQUIDITY: Final = selector("liquidity()")
TICK_BITMAP: Final = selector("tickBitmap(int16)")
TICKS: Final = selector("ticks(int24)")
POOL_CREATED: Final = topic("PoolCreated(address,address,uint24,int24,address)")
INITIALIZE: Final = topic("Initialize(uint160,int24)")
SWAP_V3: Final = topic("Swap(address,address,int256,int256,uint160,uint128,int24)")
MINT_V3: Final = topic("Mint(address,address,int24,int24,uint128,uint256,uint256)")
BURN_V3: Final = topic("Burn(address,int24,int24,uint128,uint256,uint256)")

# Lenders
GET_PROTOCOL_FEES_COLLECTOR: Final = selector("getProtocolFeesCollector()")
GET_PAUSED_STATE: Final = selector("getPausedState()")
GET_FLASH_LOAN_FEE_PERCENTAGE: Final = selector("getFlashLoanFeePercentage()")
FLASHLOAN_PREMIUM_TOTAL: Final = selector("FLASHLOAN_PREMIUM_TOTAL()")
POOL_REVISION: Final = selector("POOL_REVISION()")
GET_VIRTUAL_UNDERLYING_BALANCE: Final = selector("getVirtualUnderlyingBalance(address)")
GET_RESERVE_DATA: Final = selector("getReserveData(address)")
PAUSED: Final = selector("paused()")
MAX_FLASH_LOAN: Final = selector("maxFlashLoan(address)")
FLASH_FEE: Final = selector("flashFee(address,uint256)")

# Oracles
LATEST_ROUND_DATA: Final = selector("latestRoundData()")
