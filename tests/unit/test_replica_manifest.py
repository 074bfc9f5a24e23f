"""What the replica claims about mainnet, checked on the packages' bytes alone: no chain is needed for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from steelyard.sandbox.replica import Kind, Manifest, PoolKind, ReplicaError
from steelyard.sandbox.replica.manifest import ContractRecord, PoolRecord, TokenRecord, read_manifest
from steelyard.sandbox.replica.packages import LOCK_FILE, Packages
from steelyard.sandbox.replica.pools.registry import POOL_PLANS
from steelyard.sandbox.replica.pools.uniswap_v4 import pool_id
from steelyard.sandbox.replica.protocols import (
    aave_v3,
    algebra,
    pancakeswap_v3,
    permit2,
    sushiswap_v2,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
)
from steelyard.sandbox.replica.registry import PROTOCOLS
from steelyard.sandbox.replica.tokens import DAI, MARKET_TOKENS, USDC, USDT, WBTC, WETH

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
# A pair's creation code begins by setting storage slot 12 (unlocked) to 1; both factories carry one.
PAIR_CODE_START = bytes.fromhex("60806040526001600c55")
# As the mainnet explorers list them.
MAINNET_PAIRS = (
    (uniswap_v2, USDC, WETH, "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc"),
    (uniswap_v2, DAI, WETH, "0xA478c2975Ab1Ea89e8196811F51A7B7Ade33eB11"),
    (uniswap_v2, WETH, USDT, "0x0d4a11d5EEaaC28EC3F61d100daF4d40471f1852"),
    (sushiswap_v2, USDC, WETH, "0x397FF1542f962076d0BFE58eA045FfA2d347ACa0"),
)
MAINNET_V3_POOLS = (
    (USDC, WETH, 500, "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640"),
    (USDC, WETH, 3000, "0x8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8"),
    (DAI, USDC, 100, "0x5777d92f208679DB4b9778590Fa3CAB3aC9e2168"),
)
# As PancakeSwap's farms and the explorers list them.
MAINNET_PANCAKE_POOLS = (
    (USDC, WETH, 500, "0x1ac1A8FEaAEa1900C4166dEeed0C11cC10669D36"),
    (WETH, USDT, 500, "0x6CA298D2983aB03Aa1dA7679389D955A4eFEE15C"),
    (WBTC, WETH, 2500, "0x9b5699D18DFF51fc65fB8ad6F70d93287C36349f"),
)
# Ether with USDC at 0.05 % and 0.3 %, USDC with USDT at 0.001 %.
MAINNET_V4_POOL_IDS = (
    "0x21c67e77068de97969ba93d4aab21826d33ca12bb9f565d8496e8fda8a82ca27",
    "0xdce6394339af00981949f5f3baf27e3610c76326a700af57e4b3e3ae4977f78d",
    "0x8aa4e11cbdf30eedc92100f4c8a31ff748e201d44712cc8c90d189edaa8e4e47",
)
POLYGON_WMATIC_WETH = (
    "0x0d500B1d8E8eF31E21C99d1Db9A6444d3ADf1270",
    "0x7ceB23fD6bC0adD59E62ac25578270cFf1b9f619",
)


@pytest.fixture(scope="module")
def packages() -> Packages:
    return Packages(ROOT)


def create2(factory: str, salt: bytes, init_code_hash: str) -> str:
    packed = b"\xff" + bytes.fromhex(factory[2:]) + salt + bytes.fromhex(init_code_hash[2:])
    return to_checksum_address(keccak(packed)[-20:])


def address_bytes(address: str) -> bytes:
    return bytes.fromhex(address[2:])


def longest_code_with_hash(factory_code: bytes, init_code_hash: str) -> bytes | None:
    """The part of a factory's code that starts like a pair and has this hash, or None."""
    start = factory_code.index(PAIR_CODE_START)
    for end in range(start + 9_000, len(factory_code) + 1):
        if keccak(factory_code[start:end]).hex() == init_code_hash[2:]:
            return factory_code[start:end]
    return None


def test_uniswap_v2_factory_carries_a_pair_of_mainnets_init_code_hash(packages: Packages) -> None:
    factory = packages.npm_artifact("@uniswap/v2-core", "build/UniswapV2Factory.json")
    assert longest_code_with_hash(factory.creation, uniswap_v2.INIT_CODE_HASH) is not None


def test_sushiswap_factory_carries_a_pair_of_mainnets_init_code_hash(packages: Packages) -> None:
    factory = packages.npm_artifact("@sushiswap/sushiswap", "deployments/ethereum/UniswapV2Factory.json")
    assert longest_code_with_hash(factory.creation, sushiswap_v2.INIT_CODE_HASH) is not None
    assert longest_code_with_hash(factory.creation, uniswap_v2.INIT_CODE_HASH) is None


def test_uniswap_v3_factory_carries_the_pool_of_mainnets_init_code_hash(packages: Packages) -> None:
    path = "artifacts/contracts/UniswapV3Pool.sol/UniswapV3Pool.json"
    pool = packages.npm_artifact("@uniswap/v3-core", path)
    factory = packages.npm_artifact(
        "@uniswap/v3-core", "artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json"
    )
    assert "0x" + keccak(pool.creation).hex() == uniswap_v3.INIT_CODE_HASH
    assert pool.creation in factory.creation


@pytest.mark.parametrize(("protocol", "token0", "token1", "expected"), MAINNET_PAIRS)
def test_pair_addresses_are_mainnets(protocol, token0, token1, expected) -> None:  # type: ignore[no-untyped-def]
    salt = keccak(address_bytes(token0.address) + address_bytes(token1.address))
    assert create2(protocol.FACTORY, salt, protocol.INIT_CODE_HASH) == expected


@pytest.mark.parametrize(("token0", "token1", "fee_pips", "expected"), MAINNET_V3_POOLS)
def test_v3_pool_addresses_are_mainnets(token0, token1, fee_pips, expected) -> None:  # type: ignore[no-untyped-def]
    words = (address_bytes(token0.address), address_bytes(token1.address), fee_pips.to_bytes(3, "big"))
    salt = keccak(b"".join(word.rjust(32, b"\0") for word in words))
    assert create2(uniswap_v3.FACTORY, salt, uniswap_v3.INIT_CODE_HASH) == expected


@pytest.mark.parametrize(("token0", "token1", "fee_pips", "expected"), MAINNET_PANCAKE_POOLS)
def test_pancakeswap_pool_addresses_are_mainnets(token0, token1, fee_pips, expected) -> None:  # type: ignore[no-untyped-def]
    words = (address_bytes(token0.address), address_bytes(token1.address), fee_pips.to_bytes(3, "big"))
    salt = keccak(b"".join(word.rjust(32, b"\0") for word in words))
    assert create2(pancakeswap_v3.POOL_DEPLOYER, salt, pancakeswap_v3.INIT_CODE_HASH) == expected


def test_pancakeswap_pool_has_mainnets_init_code_hash(packages: Packages) -> None:
    path = "artifacts/contracts/PancakeV3Pool.sol/PancakeV3Pool.json"
    pool = packages.npm_artifact("@pancakeswap/v3-core", path)
    assert "0x" + keccak(pool.creation).hex() == pancakeswap_v3.INIT_CODE_HASH


def test_algebra_deployer_carries_the_pool_of_quickswaps_init_code_hash(packages: Packages) -> None:
    folder = "artifacts/contracts"
    pool = packages.npm_artifact("@cryptoalgebra/v1-core", f"{folder}/AlgebraPool.sol/AlgebraPool.json")
    deployer = packages.npm_artifact(
        "@cryptoalgebra/v1-core", f"{folder}/AlgebraPoolDeployer.sol/AlgebraPoolDeployer.json"
    )
    assert "0x" + keccak(pool.creation).hex() == algebra.INIT_CODE_HASH
    assert pool.creation in deployer.creation


def test_algebra_deployer_would_make_quickswaps_pool_of_polygon() -> None:
    salt = keccak(b"".join(address_bytes(token).rjust(32, b"\0") for token in POLYGON_WMATIC_WETH))
    made = create2(algebra.POOL_DEPLOYER, salt, algebra.INIT_CODE_HASH)
    assert made == "0x479e1B71A702a595e19b6d5932CD5c863ab57ee0"


def test_v4_pool_manager_is_mainnets_to_the_bit(packages: Packages) -> None:
    manager = packages.npm_artifact("@uniswap/v4-core", "out/PoolManager.sol/PoolManager.json")
    argument = address_bytes(uniswap_v4.OWNER).rjust(32, b"\0")
    assert "0x" + keccak(manager.creation + argument).hex() == uniswap_v4.CREATION_HASH


def test_v4_pools_have_mainnets_ids() -> None:
    ids = {pool_id(plan) for plan in POOL_PLANS if plan.kind is PoolKind.UNISWAP_V4}
    assert set(MAINNET_V4_POOL_IDS) <= ids


def test_permit2_is_the_packages_code_with_mainnets_immutables(packages: Packages) -> None:
    text, _ = packages.npm_text("@uniswap/v4-periphery", "lib/permit2/test/utils/DeployPermit2.sol")
    packaged = bytes.fromhex(re.findall(r'hex"([0-9a-f]+)"', text)[0])
    code, _ = permit2.mainnet_code(packages)
    assert "0x" + keccak(packaged).hex() == permit2.PACKAGED_CODE_HASH
    assert len(code) == len(packaged) == 9_152
    changed = [at for at, (ours, theirs) in enumerate(zip(code, packaged, strict=True)) if ours != theirs]
    separator = code.index(address_bytes(permit2.MAINNET_DOMAIN_SEPARATOR))
    test_chain = packaged.index((31_337).to_bytes(32, "big"))
    words = {*range(separator, separator + 32), *range(test_chain, test_chain + 32)}
    assert set(changed) <= words
    assert permit2.domain_separator(1) == address_bytes(permit2.MAINNET_DOMAIN_SEPARATOR)


def test_other_permit2_code_is_refused(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permit2, "PACKAGED_CODE_HASH", "0x00")
    with pytest.raises(ReplicaError, match="holds Permit2 code of hash 0xa1ad0529"):
        permit2.mainnet_code(packages)


def test_the_wheel_is_pinned_to_one_hash_in_both_locks() -> None:
    downloaded = (ROOT / "replica-packages.lock").read_text(encoding="utf-8")
    read = LOCK_FILE.read_text(encoding="utf-8")
    (pinned,) = re.findall(r"sha256:([0-9a-f]{64})", downloaded)
    assert pinned in read


def test_a_changed_package_file_is_refused(tmp_path: Path) -> None:
    package = tmp_path / "node_modules/@uniswap/v2-core"
    (package / "build").mkdir(parents=True)
    (package / "package.json").write_text('{"name": "@uniswap/v2-core", "version": "1.0.1"}')
    (package / "build/UniswapV2Factory.json").write_text('{"bytecode": "6001"}')
    with pytest.raises(ReplicaError, match="not the pinned .*; delete node_modules"):
        Packages(tmp_path).npm_artifact("@uniswap/v2-core", "build/UniswapV2Factory.json")


def test_a_missing_package_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ReplicaError, match="is missing; `make setup` installs"):
        Packages(tmp_path).npm_artifact("@uniswap/v2-core", "build/UniswapV2Factory.json")


def test_a_changed_wheel_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / ".steelyard/packages"
    folder.mkdir(parents=True)
    (folder / "web3_ethereum_defi-1.2-py3-none-any.whl").write_bytes(b"PK")
    with pytest.raises(ReplicaError, match="not the pinned 906579bf"):
        Packages(tmp_path).wheel_artifact("eth_defi/abi/centre/FiatTokenProxy.json")


def test_code_that_needs_a_library_is_not_placed_without_it(packages: Packages) -> None:
    pool = packages.npm_artifact("@aave/core-v3", "artifacts/contracts/protocol/pool/Pool.sol/Pool.json")
    with pytest.raises(ReplicaError, match="Pool needs the library"):
        pool.linked({})


def test_linking_puts_the_librarys_address_in_every_place(packages: Packages) -> None:
    pool = packages.npm_artifact("@aave/core-v3", "artifacts/contracts/protocol/pool/Pool.sol/Pool.json")
    somewhere = "0x" + "ab" * 20
    linked = pool.linked(dict.fromkeys(pool.links, somewhere))
    places = [offset for offsets in pool.links.values() for offset in offsets]
    assert places
    assert all(linked[offset : offset + 20] == address_bytes(somewhere) for offset in places)


def test_every_protocol_has_one_entry_of_its_own_name() -> None:
    names = [protocol.name for protocol in PROTOCOLS]
    assert len(set(names)) == len(names)


def test_the_market_has_tokens_of_every_width_and_some_forty_pools_once_each() -> None:
    assert {token.decimals for token in MARKET_TOKENS} == {6, 8, 18}
    assert len(MARKET_TOKENS) >= 12
    keys = [(plan.kind, plan.tokens, plan.fee_pips) for plan in POOL_PLANS]
    assert len(set(keys)) == len(keys) >= 40
    assert {plan.fee_pips for plan in POOL_PLANS if plan.kind is PoolKind.UNISWAP_V3} == {
        100,
        500,
        3000,
        10000,
    }


def test_aave_reserves_take_the_nonces_that_make_mainnets_token_addresses() -> None:
    # CREATE: keccak of the RLP list of sender and nonce; a nonce below 128 is its own RLP.
    for reserve in aave_v3.RESERVES:
        listed = b"\xd6\x94" + address_bytes(aave_v3.CONFIGURATOR) + bytes([reserve.nonce])
        assert to_checksum_address(keccak(listed)[-20:]) == reserve.a_token


def test_manifest_comes_back_from_json_as_it_was(tmp_path: Path) -> None:
    contract = ContractRecord(
        protocol="p",
        name="n",
        address=WETH.address,
        kind=Kind.MODEL,
        package="steelyard",
        file="f.sol",
        code_hash="0x00",
        check="c",
    )
    token = TokenRecord(symbol="WETH", address=WETH.address, decimals=18, price_usd_e8=1)
    pool = PoolRecord(
        kind=PoolKind.UNISWAP_V3,
        address=DAI.address,
        token0=USDC.address,
        token1=WETH.address,
        fee_pips=500,
        pool_id="0x02",
        tick_spacing=10,
        tokens=(DAI.address, USDC.address, WETH.address),
    )
    manifest = Manifest(
        key="k",
        block_number=1,
        block_hash="0x01",
        block_timestamp_seconds=2,
        contracts=(contract,),
        tokens=(token,),
        pools=(pool,),
    )
    manifest.write(tmp_path / "manifest.json")
    assert read_manifest(tmp_path / "manifest.json") == manifest


def test_manifest_names_what_it_does_not_have() -> None:
    empty = Manifest(
        key="k",
        block_number=1,
        block_hash="0x01",
        block_timestamp_seconds=2,
        contracts=(),
        tokens=(),
        pools=(),
    )
    with pytest.raises(KeyError, match="no contract 'Curve'"):
        empty.contract("Curve")
    with pytest.raises(KeyError, match="no token 'BTC'"):
        empty.token("BTC")
