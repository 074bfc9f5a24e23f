"""Aave V2: lending pool with live reserves, configurator, oracles, tokens; flash loans at 9 basis points.

The code is the launch's, whose reserves are listed one by one from token implementations of their own. As
on mainnet, the addresses provider creates the proxies of pool and configurator, and the configurator those of
each reserve's tokens: its nonce is set, before each reserve, to what it was on mainnet. Prices are in ether.
"""

from __future__ import annotations

from typing import Final

from steelyard.sandbox.abi import encode_arguments
from steelyard.sandbox.replica.packages import Artifact
from steelyard.sandbox.replica.protocol import Protocol
from steelyard.sandbox.replica.protocols.aave import (
    NOBODY,
    TREASURY,
    Reserve,
    allow_as_collateral,
    fill,
    note_proxy,
    our_address,
    place_libraries,
)
from steelyard.sandbox.replica.protocols.price_feeds import FEEDS
from steelyard.sandbox.replica.tokens import DAI, USDC, USDT, WBTC, WETH, MarketToken
from steelyard.sandbox.replica.workbench import ARCHITECT, Workbench
from steelyard.units import RAY, Address

PROVIDER: Final = Address("0xB53C1a33016B2DC2fF3653530bfF1848a515c8c5")
POOL: Final = Address("0x7d2768dE32b0b80b7a3454c06BdAc94A69DDc7A9")
CONFIGURATOR: Final = Address("0x311Bb771e4F8952E6Da169b425E7e92d6Ac45756")
ORACLE: Final = Address("0xA50ba011c48153De246E5192C8f9258A2ba79Ca9")
RATE_ORACLE: Final = Address("0x8A32f49FFbA88aba6EFF96F45D8BD1D4b3f35c7D")
DATA_PROVIDER: Final = Address("0x057835Ad21a177dbdd3090bB1CAE03EaCF78Fc6d")
COLLATERAL_MANAGER: Final = Address("0xbd4765210d4167CE2A5b87280D9E8Ee316D5EC7C")

FLASH_PREMIUM_BPS: Final = 9
"""A constant of the code; the premium rounds down."""

ETHER_FEEDS: Final[tuple[tuple[MarketToken, str, Address], ...]] = (
    (WBTC, "BTC / ETH", Address("0xdeb288F737066589598e9214E782fa5A8eD689e8")),
    (USDC, "USDC / ETH", Address("0x986b5E1e1755e3C2440e960477f25201B0a8bbD4")),
    (DAI, "DAI / ETH", Address("0x773616E4d11A78F511299002da57A0a94577F1f4")),
    (USDT, "USDT / ETH", Address("0xEe9F2375b4bdF6387aa8265dD4FB8F16512A1d46")),
)

_MARKET: Final = "Aave V2"
_PACKAGE: Final = "@aave/protocol-v2"
_LIBRARIES: Final = ("GenericLogic", "ReserveLogic", "ValidationLogic")
_OURS: Final = "Aave's own package (V2 as launched); stands at an address of ours, which nobody names"
_NAMED: Final = "Aave's own package (V2 as launched), at mainnet's address; not compared byte by byte"
_HOLDINGS_USD: Final = 80_000_000
_BORROWED_USD: Final = 15_000_000
_PERCENT_RAY: Final = RAY // 100


RESERVES: Final = (
    # On mainnet USDT is no collateral; a loan-to-value of zero says so.
    Reserve(USDT, 1, Address("0x3Ed3B47Dd13EC9a98b44e6204A523E766B225811"), 0, 0, 0),
    Reserve(WBTC, 4, Address("0x9ff58f4fFB29fA2266Ab25e75e2A8b3503311656"), 7200, 8200, 10500),
    Reserve(WETH, 7, Address("0x030bA81f1c18d280636F32af80b9AAd02Cf0854e"), 8250, 8600, 10500),
    Reserve(DAI, 28, Address("0x028171bCA77440897B824Ca71D1c56caC55b68A3"), 7700, 8700, 10400),
    Reserve(USDC, 58, Address("0xBcca60bB61934080951369a648Fb03DF4F96263C"), 8000, 8750, 10450),
)


def build(bench: Workbench) -> None:
    """Places the market, lists the reserves, deposits and borrows."""
    bench.place_real(
        PROVIDER,
        _artifact(bench, "protocol/configuration", "LendingPoolAddressesProvider"),
        encode_arguments("(string)", "Aave genesis market"),
        name="Aave V2 addresses provider",
        check="Aave's own package; creates pool and configurator at mainnet's addresses",
    )
    bench.send(PROVIDER, "setPoolAdmin(address)", ARCHITECT)
    bench.send(PROVIDER, "setEmergencyAdmin(address)", ARCHITECT)
    _place_pool_and_configurator(bench)
    _place_feeds(bench)
    _place_oracles(bench)
    _list_reserves(bench)
    fill(bench, POOL, RESERVES, supply="deposit", supplied_usd=_HOLDINGS_USD, borrowed_usd=_BORROWED_USD)


def _artifact(bench: Workbench, folder: str, name: str) -> Artifact:
    return bench.packages.npm_artifact(_PACKAGE, f"artifacts/contracts/{folder}/{name}.sol/{name}.json")


def _place_pool_and_configurator(bench: Workbench) -> None:
    logic = [_artifact(bench, "protocol/libraries/logic", name) for name in _LIBRARIES]
    libraries = place_libraries(bench, _MARKET, logic, _OURS)
    for name, setter, getter, expected in (
        ("LendingPool", "setLendingPoolImpl(address)", "getLendingPool()", POOL),
        (
            "LendingPoolConfigurator",
            "setLendingPoolConfiguratorImpl(address)",
            "getLendingPoolConfigurator()",
            CONFIGURATOR,
        ),
    ):
        implementation = our_address(_MARKET, name)
        bench.place_real(
            implementation,
            _artifact(bench, "protocol/lendingpool", name),
            name=f"Aave V2 {name} implementation",
            check=_OURS,
            libraries=libraries,
        )
        bench.send(PROVIDER, setter, implementation)
        (made,) = bench.read(PROVIDER, getter, "(address)")
        _note_proxy(bench, made, expected, f"Aave V2 {name}", "the addresses provider")
    manager = _artifact(bench, "protocol/lendingpool", "LendingPoolCollateralManager")
    bench.place_real(COLLATERAL_MANAGER, manager, name="Aave V2 collateral manager", check=_NAMED)
    bench.send(PROVIDER, "setLendingPoolCollateralManager(address)", COLLATERAL_MANAGER)


def _note_proxy(bench: Workbench, made: str, expected: Address, name: str, creator: str) -> None:
    folder = "protocol/libraries/aave-upgradeability"
    code = _artifact(bench, folder, "InitializableImmutableAdminUpgradeabilityProxy")
    note_proxy(bench, made, expected, name, creator=creator, origin=code.origin)


def _place_feeds(bench: Workbench) -> None:
    usd = {token: feed for token, _, feed in FEEDS}
    for token, description, address in ETHER_FEEDS:
        bench.place_model(
            address,
            "RatioFeedModel",
            encode_arguments("(string,address,address)", description, usd[token], usd[WETH]),
            name=f"{description} feed",
            check="stands in for Chainlink's proxy: the ratio of two of the replica's USD feeds",
        )


def _place_oracles(bench: Workbench) -> None:
    bench.place_real(
        ORACLE,
        _artifact(bench, "misc", "AaveOracle"),
        encode_arguments(
            "(address[],address[],address,address)",
            [token.address for token, _, _ in ETHER_FEEDS],
            [feed for _, _, feed in ETHER_FEEDS],
            NOBODY,
            WETH.address,
        ),
        name="Aave V2 AaveOracle",
        check=_NAMED,
    )
    bench.place_real(
        RATE_ORACLE,
        _artifact(bench, "mocks/oracle", "LendingRateOracle"),
        name="Aave V2 LendingRateOracle",
        check="Aave's own package, which keeps it among its mocks, at mainnet's address",
    )
    bench.send(PROVIDER, "setPriceOracle(address)", ORACLE)
    bench.send(PROVIDER, "setLendingRateOracle(address)", RATE_ORACLE)
    bench.place_real(
        DATA_PROVIDER,
        _artifact(bench, "misc", "AaveProtocolDataProvider"),
        encode_arguments("(address)", PROVIDER),
        name="Aave V2 data provider",
        check=_NAMED,
    )


def _place_strategy(bench: Workbench) -> Address:
    address = our_address(_MARKET, "DefaultReserveInterestRateStrategy")
    arguments = encode_arguments(
        "(address,uint256,uint256,uint256,uint256,uint256,uint256)",
        PROVIDER,
        90 * _PERCENT_RAY,  # optimal utilisation
        0,  # base variable rate
        4 * _PERCENT_RAY,  # variable slope below the optimum
        60 * _PERCENT_RAY,  # variable slope above it
        2 * _PERCENT_RAY,  # stable slopes: stable borrowing is off
        60 * _PERCENT_RAY,
    )
    bench.place_real(
        address,
        _artifact(bench, "protocol/lendingpool", "DefaultReserveInterestRateStrategy"),
        arguments,
        name="Aave V2 interest model",
        check=_OURS + "; one curve for all reserves",
    )
    return address


def _list_reserves(bench: Workbench) -> None:
    strategy = _place_strategy(bench)
    for reserve in RESERVES:
        implementations = _place_tokens(bench, reserve.token)
        bench.rpc.call("anvil_setNonce", CONFIGURATOR, hex(reserve.nonce))
        bench.send(
            CONFIGURATOR,
            "initReserve(address,address,address,uint8,address)",
            *implementations,
            reserve.token.decimals,
            strategy,
        )
        _configure(bench, reserve)
        _note_a_token(bench, reserve)


def _place_tokens(bench: Workbench, token: MarketToken) -> list[Address]:
    """Implementations of one reserve's three tokens: V2's carry their asset in their code."""
    asset, symbol = token.address, token.symbol
    debt = "(address,address,string,string,address)"
    stable = (POOL, asset, f"Aave stable debt bearing {symbol}", f"stableDebt{symbol}", NOBODY)
    variable = (POOL, asset, f"Aave variable debt bearing {symbol}", f"variableDebt{symbol}", NOBODY)
    interest = (POOL, asset, TREASURY, f"Aave interest bearing {symbol}", f"a{symbol}", NOBODY)
    placed = []
    for name, arguments in (
        ("AToken", encode_arguments("(address,address,address,string,string,address)", *interest)),
        ("StableDebtToken", encode_arguments(debt, *stable)),
        ("VariableDebtToken", encode_arguments(debt, *variable)),
    ):
        address = our_address(_MARKET, f"{symbol} {name}")
        bench.place_real(
            address,
            _artifact(bench, "protocol/tokenization", name),
            arguments,
            name=f"Aave V2 {symbol} {name} implementation",
            check=_OURS,
        )
        placed.append(address)
    return placed


def _configure(bench: Workbench, reserve: Reserve) -> None:
    asset = reserve.token.address
    allow_as_collateral(bench, CONFIGURATOR, reserve)
    bench.send(CONFIGURATOR, "enableBorrowingOnReserve(address,bool)", asset, False)
    bench.send(CONFIGURATOR, "setReserveFactor(address,uint256)", asset, 1000)


def _note_a_token(bench: Workbench, reserve: Reserve) -> None:
    asset = reserve.token.address
    (made,) = bench.read(DATA_PROVIDER, "getReserveTokensAddresses(address)", "(address)", asset)
    _note_proxy(bench, made, reserve.a_token, f"a{reserve.token.symbol} (V2)", "the configurator")


PROTOCOL: Final = Protocol(name=_MARKET, build=build)
