"""Tokens that no package holds the real code of: DAI and USDT with their quirks, the rest as plain ERC-20s.

What each model does and leaves out stands in its NatSpec (``contracts/mocks/replica``).
"""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.tokens import DAI, MARKET_TOKENS, USDC, USDT, WETH, MarketToken
from steelyard.sandbox.replica.workbench import ARCHITECT, Workbench

_STABLE_SUPPLY: Final = 20_000_000_000
_SUPPLY_USD: Final = 6_000_000_000


def build(bench: Workbench) -> None:
    """Places the models and gives the architect what the pools and lenders will hold."""
    owner = encode_arguments("(address)", ARCHITECT)
    bench.place_model(
        DAI.address,
        "DaiModel",
        owner,
        name="DAI",
        check="stands in for DAI: allowances, DAI's own permit, push/pull/move, wards; no Vat behind it",
    )
    bench.send(DAI.address, "mint(address,uint256)", ARCHITECT, _STABLE_SUPPLY * 10**DAI.decimals)
    bench.place_model(
        USDT.address,
        "TetherModel",
        owner,
        name="USDT",
        check="stands in for USDT: no return values, approve from or to zero, fee switch, pause, blacklist",
    )
    bench.send(USDT.address, "issue(uint256)", _STABLE_SUPPLY * 10**USDT.decimals)
    for token in MARKET_TOKENS:
        if token not in (WETH, USDC, DAI, USDT):
            _place_plain(bench, token)
    bench.settle()


def _place_plain(bench: Workbench, token: MarketToken) -> None:
    bench.place_model(
        token.address,
        "TokenModel",
        encode_arguments(
            "(string,string,uint8,uint256,address)",
            token.name,
            token.symbol,
            token.decimals,
            token.base_units(_SUPPLY_USD),
            ARCHITECT,
        ),
        name=token.symbol,
        check="stands in for the token as a plain ERC-20 with its name, symbol and decimals",
    )


PROTOCOL: Final = Protocol(name="modelled tokens", build=build)
