// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {IUniswapV3Position} from "contracts/interfaces/external/IUniswapV3Position.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";
import {VaultFeed} from "contracts/mocks/VaultFeed.sol";
import {VaultTrader} from "contracts/mocks/VaultTrader.sol";
import {UniswapV3Strategy, V3Position} from "contracts/vault/strategies/UniswapV3Strategy.sol";
import {VaultFixture} from "./VaultFixture.sol";

interface IV3Factory {
    function createPool(address tokenA, address tokenB, uint24 fee) external returns (address pool);
}

interface IV3Initializer {
    function initialize(uint160 sqrtPriceX96) external;
}

/// @title A vault with a range position in Uniswap V3's own bytecode, at 3,000 dollars for an ether.
abstract contract VaultV3Fixture is VaultFixture {
    string private constant _FACTORY =
        "node_modules/@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json";
    uint24 internal constant FEE_PIPS = 500;
    int24 internal constant SPACING = 10;
    /// @dev Ticks to each side of the price: some 10 %.
    int24 internal constant WIDTH = 1_000;
    uint256 internal constant ETHER_USD = 3_000;
    /// @dev What lies on each side of the price, roughly, within WIDTH.
    uint256 internal constant DEPTH = 100_000_000 * 1e6;

    MockToken internal eth;
    VaultFeed internal ethFeed;
    IUniswapV3Position internal pool;
    VaultTrader internal provider;
    VaultTrader internal trader;
    UniswapV3Strategy internal strategy;

    /// @dev Whether the asset is the pool's first token.
    function _assetIsFirst() internal pure virtual returns (bool) {
        return true;
    }

    function setUp() public virtual override {
        super.setUp();
        do {
            eth = _token("ETH", 18);
        } while ((address(usd) < address(eth)) != _assetIsFirst());
        ethFeed = _listFeed(address(eth), 8, int256(ETHER_USD * 1e8));
        provider = VaultTrader(vm.deployCode("VaultTrader.sol:VaultTrader"));
        trader = VaultTrader(vm.deployCode("VaultTrader.sol:VaultTrader"));
        pool = _createPool();
        _provide(DEPTH);
        strategy = _addV3(_where());
    }

    function _createPool() internal returns (IUniswapV3Position created) {
        bytes memory code = vm.parseJsonBytes(vm.readFile(_FACTORY), ".bytecode");
        IV3Factory factory;
        assembly {
            factory := create(0, add(code, 0x20), mload(code))
        }
        created = IUniswapV3Position(factory.createPool(address(usd), address(eth), FEE_PIPS));
        IV3Initializer(address(created)).initialize(_sqrtPrice(ETHER_USD * WAD));
    }

    /// @dev sqrt price of the pool at which an ether costs so much (WAD).
    function _sqrtPrice(uint256 etherUsdWad) internal pure returns (uint160) {
        (uint256 worth0, uint256 worth1) =
            _assetIsFirst() ? (WAD * 1e18, etherUsdWad * 1e6) : (etherUsdWad * 1e6, WAD * 1e18);
        return uint160(FixedPointMathLib.sqrt(FixedPointMathLib.fullMulDiv(worth0, 1 << 128, worth1)) << 32);
    }

    function _where() internal view virtual returns (V3Position memory where) {
        (int24 lower, int24 upper) = _rangeAround(ETHER_USD * WAD, WIDTH);
        where = V3Position({
            pool: address(pool),
            swapPool: address(pool),
            priceSource: address(prices),
            bandBps: 100,
            slippageBps: 100,
            lower: lower,
            upper: upper
        });
    }

    function _rangeAround(uint256 etherUsdWad, int24 width) internal pure returns (int24 lower, int24 upper) {
        int24 tick = TickMath.getTickAtSqrtPrice(_sqrtPrice(etherUsdWad)) / SPACING * SPACING;
        return (tick - width, tick + width);
    }

    function _addV3(V3Position memory where) internal returns (UniswapV3Strategy added) {
        added = UniswapV3Strategy(_deployV3(where));
        vm.prank(admin);
        vault.addPool(address(added));
    }

    function _deployV3(V3Position memory where) internal virtual returns (address) {
        return _deployBuild("UniswapV3Strategy", abi.encode(vault, where));
    }

    /// @dev Others' liquidity, of some `assets` on each side: most of it near the price, a little far around.
    function _provide(uint256 assets) internal {
        (int24 lower, int24 upper) = _rangeAround(ETHER_USD * WAD, 10 * WIDTH);
        _fund(provider, assets);
        provider.provide(pool, lower, upper, uint128(assets * 1e6 / 55 / 2));
        _provideAround(ETHER_USD * WAD, assets);
    }

    function _provideAround(uint256 etherUsdWad, uint256 assets) internal {
        (int24 lower, int24 upper) = _rangeAround(etherUsdWad, WIDTH);
        _fund(provider, assets);
        provider.provide(pool, lower, upper, uint128(assets * 1e6 / 55 * 20));
    }

    function _fund(VaultTrader who, uint256 assets) internal {
        usd.mint(address(who), assets * 3);
        eth.mint(address(who), assets * 3 * 1e12 / ETHER_USD);
    }

    /// @dev Moves the pool to where an ether costs so much, or as far as `most` of the token sold goes.
    function _pushTo(uint256 etherUsdWad) internal {
        usd.mint(address(trader), 1e18);
        eth.mint(address(trader), 1e30);
        uint160 wanted = _sqrtPrice(etherUsdWad);
        (uint160 now_,,,,,,) = pool.slot0();
        if (wanted == now_) return;
        trader.swap(pool, wanted < now_, wanted < now_ == _assetIsFirst() ? 1e18 : 1e30, wanted);
    }

    function _setOracle(uint256 etherUsd) internal {
        ethFeed.post(int256(etherUsd * 1e8));
    }

    function _value() internal view returns (uint256 value) {
        (value,,) = strategy.report();
    }

    function _soundNow() internal view returns (bool sound) {
        (,, sound) = strategy.report();
    }
}
