"""USD price feeds at the addresses of Chainlink's proxies, by a model that is always fresh.

The model (``contracts/mocks/replica/PriceFeedModel.sol``) has no aggregator behind it; one transmitter posts
answers.
"""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.tokens import (
    AAVE,
    CRV,
    DAI,
    LINK,
    MKR,
    UNI,
    USDC,
    USDT,
    WBTC,
    WETH,
    MarketToken,
)
from steelyard.sandbox.replica.workbench import Workbench
from steelyard.units import Address

TRANSMITTER: Final = Address("0x57EE17Ad000000000000000000000000000FEed5")
"""The one account whose answers the feeds take; market activity speaks with it."""

FEEDS: Final[tuple[tuple[MarketToken, str, Address], ...]] = (
    (WETH, "ETH / USD", Address("0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419")),
    (WBTC, "BTC / USD", Address("0xF4030086522a5bEEa4988F8cA5B36dbC97BeE88c")),
    (USDC, "USDC / USD", Address("0x8fFfFfd4AfB6115b954Bd326cbe7B4BA576818f6")),
    (USDT, "USDT / USD", Address("0x3E7d1eAB13ad0104d2750B8863b489D65364e32D")),
    (DAI, "DAI / USD", Address("0xAed0c38402a5d19df6E4c03F4E2DceD6e29c1ee9")),
    (LINK, "LINK / USD", Address("0x2c1d072e956AFFC0D435Cb7AC38EF18d24d9127c")),
    (UNI, "UNI / USD", Address("0x553303d460EE0afB37EdFf9bE42922D8FF63220e")),
    (AAVE, "AAVE / USD", Address("0x547a514d5e3769680Ce22B2361c10Ea13619e8a9")),
    (MKR, "MKR / USD", Address("0xec1D1B3b0443256cc3860e24a46F108e699484Aa")),
    (CRV, "CRV / USD", Address("0xCd627aA160A6fA45Eb793D19Ef54f5062F20f33f")),
)


def build(bench: Workbench) -> None:
    """Places one feed for each token that has one."""
    for token, description, address in FEEDS:
        bench.place_model(
            address,
            "PriceFeedModel",
            encode_arguments("(string,int256,address)", description, token.price_usd_e8, TRANSMITTER),
            name=f"{description} feed",
            check="stands in for Chainlink's proxy: latest round only, always fresh, one transmitter",
        )


PROTOCOL: Final = Protocol(name="price feeds", build=build)
