"""Aave V3: pool with live reserves, configurator, roles, oracle, tokens; flash loans are on.

The addresses provider creates the proxies of the pool and the configurator, and the configurator creates each
reserve's tokens, all at mainnet's addresses: the configurator's nonce is set, before each reserve, to what it
was on mainnet. Implementations, libraries and the interest model stand at addresses of ours, because nobody
names them.
"""

from __future__ import annotations

from typing import Any, Final

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
from steelyard.sandbox.replica.tokens import DAI, USDC, USDT, WBTC, WETH
from steelyard.sandbox.replica.workbench import ARCHITECT, Workbench
from steelyard.units import RAY, Address

PROVIDER: Final = Address("0x2f39d218133AFaB8F2B819B1066c7E434Ad94E9e")
POOL: Final = Address("0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2")
CONFIGURATOR: Final = Address("0x64b761D848206f447Fe2dd461b0c635Ec39EbB27")
ACL_MANAGER: Final = Address("0xc2aaCf6553D20d1e9d78E365AAba8032af9c85b0")
ORACLE: Final = Address("0x54586bE62E3c3580375aE3723C145253060Ca0C2")
DATA_PROVIDER: Final = Address("0x7B4EB56E7CD4b454BA8ff71E4518426369a138a3")

FLASH_PREMIUM_BPS: Final = 5
"""What mainnet's governance set in place of the code's own first value."""

_MARKET: Final = "Aave V3"
_PACKAGE: Final = "@aave/core-v3"
_PROTOCOL: Final = "artifacts/contracts/protocol"
_LIBRARIES: Final = (
    "BorrowLogic",
    "BridgeLogic",
    "ConfiguratorLogic",
    "EModeLogic",
    "FlashLoanLogic",
    "LiquidationLogic",
    "PoolLogic",
    "SupplyLogic",
)
_OURS: Final = "Aave's own package (3.0.x); stands at an address of ours, which nobody names"
_HOLDINGS_USD: Final = 150_000_000
_BORROWED_USD: Final = 40_000_000
_RESERVE_INPUT: Final = (
    "(address,address,address,uint8,address,address,address,address,"
    "string,string,string,string,string,string,bytes)"
)


RESERVES: Final = (
    Reserve(WETH, 1, Address("0x4d5F47FA6A74757f35C14fD3a6Ef8E3C9BC514E8"), 8050, 8300, 10500),
    Reserve(WBTC, 7, Address("0x5Ee5bf7ae06D1Be5997A1A72006FE6C607eC6DE8"), 7300, 7800, 10500),
    Reserve(USDC, 10, Address("0x98C23E9d8f34FEFb1B7BD6a91B7FF122F4e16F5c"), 7700, 8000, 10450),
    Reserve(DAI, 13, Address("0x018008bfb33d285247A21d44E50697654f754e63"), 7700, 8000, 10400),
    # On mainnet USDT is no collateral; a loan-to-value of zero says so.
    Reserve(USDT, 25, Address("0x23878914EFE38d27C4D67Ab83ed1b93A74D4086a"), 0, 0, 0),
)


def build(bench: Workbench) -> None:
    """Places the market, lists the reserves, supplies and borrows."""
    bench.place_real(
        PROVIDER,
        _artifact(bench, "configuration", "PoolAddressesProvider"),
        encode_arguments("(string,address)", "Aave Ethereum Market", ARCHITECT),
        name="Aave V3 addresses provider",
        check="Aave's own package; creates pool and configurator at mainnet's addresses",
    )
    logic = [_artifact(bench, "libraries/logic", name) for name in _LIBRARIES]
    libraries = place_libraries(bench, _MARKET, logic, _OURS)
    _place_pool_and_configurator(bench, libraries)
    _place_roles_and_oracle(bench)
    _list_reserves(bench)
    bench.send(CONFIGURATOR, "updateFlashloanPremiumTotal(uint128)", FLASH_PREMIUM_BPS)
    fill(bench, POOL, RESERVES, supply="supply", supplied_usd=_HOLDINGS_USD, borrowed_usd=_BORROWED_USD)


def _artifact(bench: Workbench, folder: str, name: str) -> Artifact:
    return bench.packages.npm_artifact(_PACKAGE, f"{_PROTOCOL}/{folder}/{name}.sol/{name}.json")


def _place_implementation(
    bench: Workbench, folder: str, name: str, arguments: bytes, libraries: dict[str, str]
) -> Address:
    address = our_address(_MARKET, name)
    bench.place_real(
        address,
        _artifact(bench, folder, name),
        arguments,
        name=f"Aave V3 {name} implementation",
        check=_OURS,
        libraries=libraries,
    )
    return address


def _place_pool_and_configurator(bench: Workbench, libraries: dict[str, str]) -> None:
    provider = encode_arguments("(address)", PROVIDER)
    pool = _place_implementation(bench, "pool", "Pool", provider, libraries)
    configurator = _place_implementation(bench, "pool", "PoolConfigurator", b"", libraries)
    bench.send(PROVIDER, "setPoolImpl(address)", pool)
    bench.send(PROVIDER, "setPoolConfiguratorImpl(address)", configurator)
    for signature, expected, name in (
        ("getPool()", POOL, "Aave V3 Pool"),
        ("getPoolConfigurator()", CONFIGURATOR, "Aave V3 PoolConfigurator"),
    ):
        (proxy,) = bench.read(PROVIDER, signature, "(address)")
        _note_proxy(bench, proxy, expected, name, "the addresses provider")


def _note_proxy(bench: Workbench, proxy: str, expected: Address, name: str, creator: str) -> None:
    code = _artifact(bench, "libraries/aave-upgradeability", "InitializableImmutableAdminUpgradeabilityProxy")
    note_proxy(bench, proxy, expected, name, creator=creator, origin=code.origin)


def _place_roles_and_oracle(bench: Workbench) -> None:
    provider = encode_arguments("(address)", PROVIDER)
    bench.send(PROVIDER, "setACLAdmin(address)", ARCHITECT)
    check = "Aave's own package, at mainnet's address; not compared byte by byte"
    manager = _artifact(bench, "configuration", "ACLManager")
    bench.place_real(ACL_MANAGER, manager, provider, name="Aave V3 ACLManager", check=check)
    bench.send(PROVIDER, "setACLManager(address)", ACL_MANAGER)
    bench.send(ACL_MANAGER, "addPoolAdmin(address)", ARCHITECT)
    oracle = bench.packages.npm_artifact(_PACKAGE, "artifacts/contracts/misc/AaveOracle.sol/AaveOracle.json")
    feeds = [(token.address, feed) for token, _, feed in FEEDS]
    arguments = encode_arguments(
        "(address,address[],address[],address,address,uint256)",
        PROVIDER,
        [token for token, _ in feeds],
        [feed for _, feed in feeds],
        NOBODY,
        NOBODY,
        10**8,
    )
    bench.place_real(ORACLE, oracle, arguments, name="Aave V3 AaveOracle", check=check)
    bench.send(PROVIDER, "setPriceOracle(address)", ORACLE)
    data = bench.packages.npm_artifact(
        _PACKAGE, "artifacts/contracts/misc/AaveProtocolDataProvider.sol/AaveProtocolDataProvider.json"
    )
    bench.place_real(DATA_PROVIDER, data, provider, name="Aave V3 data provider", check=check)
    bench.send(PROVIDER, "setPoolDataProvider(address)", DATA_PROVIDER)


def _place_strategy(bench: Workbench) -> Address:
    address = our_address(_MARKET, "DefaultReserveInterestRateStrategy")
    percent = RAY // 100
    arguments = encode_arguments(
        "(address,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256)",
        PROVIDER,
        90 * percent,  # optimal usage
        0,  # base variable rate
        4 * percent,  # variable slope below the optimum
        60 * percent,  # variable slope above it
        percent // 2,  # stable slopes and offsets: stable borrowing is off
        60 * percent,
        percent,
        8 * percent,
        20 * percent,
    )
    bench.place_real(
        address,
        _artifact(bench, "pool", "DefaultReserveInterestRateStrategy"),
        arguments,
        name="Aave V3 interest model",
        check=_OURS + "; one curve for all reserves",
    )
    return address


def _list_reserves(bench: Workbench) -> None:
    pool = encode_arguments("(address)", POOL)
    tokens = [
        _place_implementation(bench, "tokenization", name, pool, {})
        for name in ("AToken", "StableDebtToken", "VariableDebtToken")
    ]
    strategy = _place_strategy(bench)
    for reserve in RESERVES:
        _init_reserve(bench, reserve, tokens, strategy)
        _configure_reserve(bench, reserve)
    bench.settle()


def _init_reserve(
    bench: Workbench, reserve: Reserve, implementations: list[Address], strategy: Address
) -> None:
    bench.settle()
    bench.rpc.call("anvil_setNonce", CONFIGURATOR, hex(reserve.nonce))
    reserve_input = (*implementations, *_reserve_input(reserve, strategy))
    bench.send(CONFIGURATOR, f"initReserves({_RESERVE_INPUT}[])", [reserve_input])
    asset = reserve.token.address
    (a_token,) = bench.read(DATA_PROVIDER, "getReserveTokensAddresses(address)", "(address)", asset)
    name = f"aEth{reserve.token.symbol}"
    _note_proxy(bench, a_token, reserve.a_token, name, "the configurator")


def _reserve_input(reserve: Reserve, strategy: Address) -> tuple[Any, ...]:
    symbol = reserve.token.symbol
    return (
        reserve.token.decimals,
        strategy,
        reserve.token.address,
        TREASURY,
        NOBODY,
        f"Aave Ethereum {symbol}",
        f"aEth{symbol}",
        f"Aave Ethereum Variable Debt {symbol}",
        f"variableDebtEth{symbol}",
        f"Aave Ethereum Stable Debt {symbol}",
        f"stableDebtEth{symbol}",
        b"",
    )


def _configure_reserve(bench: Workbench, reserve: Reserve) -> None:
    asset = reserve.token.address
    allow_as_collateral(bench, CONFIGURATOR, reserve)
    bench.send(CONFIGURATOR, "setReserveBorrowing(address,bool)", asset, True)
    bench.send(CONFIGURATOR, "setReserveFlashLoaning(address,bool)", asset, True)
    bench.send(CONFIGURATOR, "setReserveFactor(address,uint256)", asset, 1000)


PROTOCOL: Final = Protocol(name=_MARKET, build=build)
