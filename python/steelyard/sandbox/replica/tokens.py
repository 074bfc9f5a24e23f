"""Tokens of the market: mainnet's addresses and decimals, and what each is worth when the replica is built.

Prices are those of mid-December 2023, rounded. They set the pools' first reserves and the feeds' first
answers; from there the market moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from steelyard.sandbox.replica.manifest import NO_ADDRESS
from steelyard.units import Address

USD_E8: Final = 10**8


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketToken:
    """A token; `price_usd_e8` is the price of one whole token in USD with 8 decimals."""

    symbol: str
    name: str
    address: Address
    decimals: int
    price_usd_e8: int

    def base_units(self, value_usd: int) -> int:
        """Base units worth `value_usd` whole dollars at the first price; rounds down, a dust amount less."""
        scale: int = 10**self.decimals
        return value_usd * USD_E8 * scale // self.price_usd_e8


def _token(symbol: str, name: str, address: str, decimals: int, price_usd_e8: int) -> MarketToken:
    return MarketToken(
        symbol=symbol,
        name=name,
        address=Address(address),
        decimals=decimals,
        price_usd_e8=price_usd_e8,
    )


WETH: Final = _token(
    "WETH", "Wrapped Ether", "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", 18, 2_214_60000000
)
USDC: Final = _token("USDC", "USD Coin", "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", 6, 1_00000000)
USDT: Final = _token("USDT", "Tether USD", "0xdAC17F958D2ee523a2206206994597C13D831ec7", 6, 1_00020000)
DAI: Final = _token("DAI", "Dai Stablecoin", "0x6B175474E89094C44Da98b954EedeAC495271d0F", 18, 99980000)
WBTC: Final = _token("WBTC", "Wrapped BTC", "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599", 8, 41_640_00000000)
LINK: Final = _token("LINK", "ChainLink Token", "0x514910771AF9Ca656af840dff83E8264EcF986CA", 18, 14_35000000)
UNI: Final = _token("UNI", "Uniswap", "0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984", 18, 6_02000000)
AAVE: Final = _token("AAVE", "Aave Token", "0x7Fc66500c84A76Ad7e9c93437bFc5Ac33E2DDaE9", 18, 100_10000000)
MKR: Final = _token("MKR", "Maker", "0x9f8F72aA9304c8B593d555F12eF6589cC3A579A2", 18, 1_323_00000000)
CRV: Final = _token("CRV", "Curve DAO Token", "0xD533a949740bb3306d119CC777fa900bA034cd52", 18, 59200000)
LDO: Final = _token("LDO", "Lido DAO Token", "0x5A98FcBEA516Cf06857215779Fd812CA3beF1B32", 18, 2_20000000)
FRAX: Final = _token("FRAX", "Frax", "0x853d955aCEf822Db058eb8505911ED77F175b99e", 18, 99900000)

ETHER_ITSELF: Final = _token("ETH", "Ether", NO_ADDRESS, 18, WETH.price_usd_e8)
"""Ether where a pool holds it unwrapped, as V4's do: no contract, so not one of the market's tokens."""

MARKET_TOKENS: Final = (WETH, USDC, USDT, DAI, WBTC, LINK, UNI, AAVE, MKR, CRV, LDO, FRAX)

BORROWABLE: Final = (WETH, USDC, DAI, WBTC, USDT)
"""Tokens that the lenders hold, so that flash loans of them work."""


def token_at(address: Address) -> MarketToken:
    """The market's token at `address`.

    Raises:
        KeyError: the market has none there.
    """
    for token in MARKET_TOKENS:
        if token.address == address:
            return token
    raise KeyError(f"no token of the replica's market stands at {address}")
