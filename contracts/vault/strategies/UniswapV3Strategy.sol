// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {CallbackKind} from "../../flashloan/CallbackGuard.sol";
import {IPriceSource} from "../../interfaces/IPriceSource.sol";
import {IStrategy} from "../../interfaces/IStrategy.sol";
import {IUniswapV3MintCallback, IUniswapV3Position} from "../../interfaces/external/IUniswapV3Position.sol";
import {UniswapV3Swap} from "../../swap/UniswapV3Swap.sol";
import {VaultErrors} from "../VaultErrors.sol";
import {BaseStrategy} from "./BaseStrategy.sol";
import {V3PositionLib} from "./V3PositionLib.sol";

/// @notice Where a strategy stands and what holds it.
/// @param pool Where the position is.
/// @param swapPool Where the asset is swapped for the other token; of the same pair, the same pool if need be.
/// @param priceSource Prices of both tokens.
/// @param bandBps Most by which spot and oracle may part while anybody enters.
/// @param slippageBps Most that a swap may bring less than the oracle's price, the pool's fee included.
/// @param lower First tick of the range.
/// @param upper Its last.
struct V3Position {
    address pool;
    address swapPool;
    address priceSource;
    uint16 bandBps;
    uint16 slippageBps;
    int24 lower;
    int24 upper;
}

/// @title UniswapV3Strategy: one range position in a pool of the asset and another token.
/// @notice Counted as what the liquidity would consist of at the oracle's price, at the oracle's price: of all that a range
/// can consist of, this is the least worth by that price, so bending the spot can only make more of it than is counted.
/// Fees that are owed and what is loose here count too. Every swap must bring the oracle's price less the slippage.
/// @dev Pays nothing at once but what is loose: the cost of leaving a position would be those who stay. Out of
/// range it is counted as always, earns nothing, and can be moved (`tend`).
contract UniswapV3Strategy is BaseStrategy, UniswapV3Swap, IUniswapV3MintCallback {
    /* EVENTS */

    /// @notice What the position earned was collected, in base units of both tokens.
    event FeesCollected(uint256 amount0, uint256 amount1);
    /// @notice The position has another range.
    event RangeMoved(int24 lower, int24 upper);

    /* CONSTANTS */

    uint256 private constant _WAD = 1e18;
    /// @dev Any amount of liquidity shows the ratio of a range; this one without rounding of note.
    uint128 private constant _SAMPLE = 1e27;
    uint256 private constant _ROUNDING_UNITS = 2;
    uint256 private constant _PIPS = 1e6;

    /* IMMUTABLES */

    IUniswapV3Position public immutable pool;
    address public immutable swapPool;
    IPriceSource public immutable priceSource;
    /// @notice The token beside the asset.
    address public immutable other;
    uint256 public immutable bandBps;
    uint256 public immutable slippageBps;
    bool private immutable _ASSET_IS_0;
    uint256 private immutable _ASSET_UNIT;
    uint256 private immutable _OTHER_UNIT;

    /* STORAGE */

    int24 private _lower;
    int24 private _upper;

    /* CONSTRUCTOR */

    /// @param vault_ Whose strategy.
    /// @param where Where it stands.
    constructor(address vault_, V3Position memory where) BaseStrategy(vault_) {
        pool = IUniswapV3Position(where.pool);
        swapPool = where.swapPool;
        priceSource = IPriceSource(where.priceSource);
        (address token0, address token1) = (pool.token0(), pool.token1());
        IUniswapV3Position swaps = IUniswapV3Position(where.swapPool);
        bool isSamePair = swaps.token0() == token0 && swaps.token1() == token1;
        if (!isSamePair) revert VaultErrors.InvalidAddress("swapPool", where.swapPool);
        _ASSET_IS_0 = token0 == asset;
        if (!_ASSET_IS_0 && token1 != asset) revert VaultErrors.InvalidAddress("pool", where.pool);
        other = _ASSET_IS_0 ? token1 : token0;
        _ASSET_UNIT = 10 ** IERC20Metadata(asset).decimals();
        _OTHER_UNIT = 10 ** IERC20Metadata(other).decimals();
        if (where.bandBps == 0 || where.bandBps > _BPS) revert VaultErrors.InvalidSetting("bandBps");
        if (where.slippageBps > _BPS) revert VaultErrors.InvalidSetting("slippageBps");
        (bandBps, slippageBps) = (where.bandBps, where.slippageBps);
        _setRange(where.lower, where.upper);
    }

    /* VIEWS */

    /// @inheritdoc IStrategy
    function report() external view override returns (uint256 value, uint256 liquid, bool sound) {
        (uint256 otherWad, uint160 oracleX96) = _oracle();
        (uint160 spotX96, int24 tick,,,,, bool unlocked) = pool.slot0();
        (uint256 amountAsset, uint256 amountOther) = _holdings(oracleX96, tick);
        value = amountAsset + _otherInAsset(amountOther, otherWad);
        liquid = SafeTransferLib.balanceOf(asset, address(this));
        // A pool in the middle of something says nothing that holds.
        sound = unlocked && _isNear(spotX96, oracleX96);
    }

    /// @notice The range.
    function range() external view returns (int24 lower, int24 upper) {
        return (_lower, _upper);
    }

    /* HOOKS */

    /// @dev What is loose here works too.
    function _deploy(uint256) internal override {
        _putToWork();
    }

    /// @dev Burns as much as is worth what is missing, by the oracle, and sells the other token for it: what that costs,
    /// the vault is sent less. Who wants all of it gets all, also what a range at another price than the oracle's is
    /// worth beyond what was counted.
    function _free(uint256 assets) internal override returns (uint256 freed) {
        uint256 loose = SafeTransferLib.balanceOf(asset, address(this));
        if (loose >= assets) return assets;
        (uint256 otherWad, uint160 oracleX96) = _oracle();
        uint128 liquidity = _liquidity();
        (uint256 amountAsset, uint256 amountOther) = _ofLiquidity(oracleX96, liquidity);
        uint256 worth = amountAsset + _otherInAsset(amountOther, otherWad);
        uint256 missing = assets - loose;
        bool isAll = missing >= worth;
        // Up: rather a unit too much here than a unit too little there.
        _burn(isAll ? liquidity : _cut(FixedPointMathLib.fullMulDivUp(liquidity, missing, worth)));
        _collect();
        _sell(other, SafeTransferLib.balanceOf(other, address(this)), otherWad);
        freed = SafeTransferLib.balanceOf(asset, address(this));
        if (!isAll) freed = FixedPointMathLib.min(freed, assets);
    }

    /// @dev Both tokens, at whatever ratio the pool has now; no price is asked.
    function _freeInKind(uint256 shares, uint256 supply, address receiver) internal override {
        // Down: those who stay keep the odd unit.
        uint256 part = FixedPointMathLib.fullMulDiv(_liquidity(), shares, supply);
        (uint256 burned0, uint256 burned1) = _burn(_cut(part));
        _collect();
        (uint256 burnedAsset, uint256 burnedOther) = _ASSET_IS_0 ? (burned0, burned1) : (burned1, burned0);
        _sendPart(asset, burnedAsset, shares, supply, receiver);
        _sendPart(other, burnedOther, shares, supply, receiver);
    }

    /// @dev Without parameters: collects what was earned. With (lower, upper): moves the whole position there.
    function _tend(bytes calldata params) internal override {
        if (params.length == 0) {
            _burn(0);
            _collect();
            return;
        }
        (int24 lower, int24 upper) = abi.decode(params, (int24, int24));
        _burn(_liquidity());
        _collect();
        _setRange(lower, upper);
        _putToWork();
    }

    /* CALLBACK */

    /// @inheritdoc IUniswapV3MintCallback
    function uniswapV3MintCallback(uint256 amount0Owed, uint256 amount1Owed, bytes calldata data)
        external
        override
    {
        _consumeCallback(CallbackKind.UniswapV3Mint, data);
        (address token0, address token1) = _ASSET_IS_0 ? (asset, other) : (other, asset);
        if (amount0Owed != 0) SafeTransferLib.safeTransfer(token0, msg.sender, amount0Owed);
        if (amount1Owed != 0) SafeTransferLib.safeTransfer(token1, msg.sender, amount1Owed);
    }

    /* INTERNAL: THE POSITION */

    /// @dev Swaps what is loose to the range's ratio at the oracle's price, and adds what fits at the pool's. What does
    /// not fit stays loose, and counts.
    function _putToWork() private {
        (uint256 otherWad, uint160 oracleX96) = _oracle();
        uint256 held = SafeTransferLib.balanceOf(asset, address(this));
        uint256 heldOther = _otherInAsset(SafeTransferLib.balanceOf(other, address(this)), otherWad);
        (uint256 sampleAsset, uint256 sampleOther) = _ofLiquidity(oracleX96, _SAMPLE);
        uint256 sampleWorth = _otherInAsset(sampleOther, otherWad);
        uint256 wanted =
            FixedPointMathLib.fullMulDiv(held + heldOther, sampleWorth, sampleAsset + sampleWorth);
        if (wanted > heldOther) {
            _sell(asset, wanted - heldOther, otherWad);
        } else {
            // Down: not more than there is.
            uint256 excess =
                FixedPointMathLib.fullMulDiv(heldOther - wanted, _OTHER_UNIT * _WAD, otherWad * _ASSET_UNIT);
            _sell(other, excess, otherWad);
        }
        _mint();
    }

    function _mint() private {
        (uint160 spotX96,,,,,,) = pool.slot0();
        uint256 held = SafeTransferLib.balanceOf(asset, address(this));
        uint256 heldOther = SafeTransferLib.balanceOf(other, address(this));
        (uint256 amount0, uint256 amount1) = _ASSET_IS_0 ? (held, heldOther) : (heldOther, held);
        uint128 liquidity = V3PositionLib.liquidityFor(spotX96, _lower, _upper, amount0, amount1);
        if (liquidity == 0) return;
        bytes memory data = abi.encode(liquidity);
        _expectCallback(address(pool), CallbackKind.UniswapV3Mint, 0, keccak256(data));
        pool.mint(address(this), _lower, _upper, liquidity, data);
        _requireConsumed();
    }

    function _burn(uint128 liquidity) private returns (uint256 amount0, uint256 amount1) {
        // A pool refuses to touch a position that has nothing.
        if (_liquidity() == 0) return (0, 0);
        return pool.burn(_lower, _upper, liquidity);
    }

    function _collect() private {
        (uint256 amount0, uint256 amount1) =
            pool.collect(address(this), _lower, _upper, type(uint128).max, type(uint128).max);
        emit FeesCollected(amount0, amount1);
    }

    function _setRange(int24 lower, int24 upper) private {
        int24 spacing = pool.tickSpacing();
        bool isRange = lower < upper && lower >= TickMath.MIN_TICK && upper <= TickMath.MAX_TICK
            && lower % spacing == 0 && upper % spacing == 0;
        if (!isRange) revert VaultErrors.InvalidSetting("range");
        (_lower, _upper) = (lower, upper);
        emit RangeMoved(lower, upper);
    }

    function _liquidity() private view returns (uint128 liquidity) {
        (liquidity,,,,) = pool.positions(keccak256(abi.encodePacked(address(this), _lower, _upper)));
    }

    /// @dev Liquidity of the range at a price, as (asset, other).
    function _ofLiquidity(uint160 sqrtPriceX96, uint128 liquidity)
        private
        view
        returns (uint256 amountAsset, uint256 amountOther)
    {
        (uint256 amount0, uint256 amount1) = V3PositionLib.amountsAt(sqrtPriceX96, _lower, _upper, liquidity);
        return _ASSET_IS_0 ? (amount0, amount1) : (amount1, amount0);
    }

    /// @dev Everything: the position at a price, what it is owed, what is loose.
    function _holdings(uint160 sqrtPriceX96, int24 tick)
        private
        view
        returns (uint256 amountAsset, uint256 amountOther)
    {
        (uint128 liquidity, uint256 owed0, uint256 owed1) = V3PositionLib.owed(pool, _lower, _upper, tick);
        (amountAsset, amountOther) = _ofLiquidity(sqrtPriceX96, liquidity);
        amountAsset += (_ASSET_IS_0 ? owed0 : owed1) + SafeTransferLib.balanceOf(asset, address(this));
        amountOther += (_ASSET_IS_0 ? owed1 : owed0) + SafeTransferLib.balanceOf(other, address(this));
    }

    /// @dev Of what was burned, all; of the rest, the shares' part, rounded down.
    function _sendPart(address token, uint256 burned, uint256 shares, uint256 supply, address receiver)
        private
    {
        uint256 rest = SafeTransferLib.balanceOf(token, address(this)) - burned;
        uint256 amount = burned + FixedPointMathLib.fullMulDiv(rest, shares, supply);
        if (amount != 0) SafeTransferLib.safeTransfer(token, receiver, amount);
    }

    function _cut(uint256 liquidity) private pure returns (uint128) {
        // A part of a uint128, rounded up at most to the whole.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint128(liquidity);
    }

    /* INTERNAL: PRICES AND SWAPS */

    /// @dev The other token in whole assets (WAD), and the price that a pool would have.
    function _oracle() private view returns (uint256 otherWad, uint160 sqrtPriceX96) {
        uint256 assetUsd = priceSource.priceWad(asset);
        uint256 otherUsd = priceSource.priceWad(other);
        otherWad = FixedPointMathLib.fullMulDiv(otherUsd, _WAD, assetUsd);
        (uint256 worth0, uint256 worth1) = _ASSET_IS_0
            ? (assetUsd * _OTHER_UNIT, otherUsd * _ASSET_UNIT)
            : (otherUsd * _ASSET_UNIT, assetUsd * _OTHER_UNIT);
        // Price of a base unit of token0 in base units of token1, 128 bits after the point; half of them after the root.
        uint256 root = FixedPointMathLib.sqrt(FixedPointMathLib.fullMulDiv(worth0, 1 << 128, worth1)) << 32;
        bool isPrice = root >= TickMath.MIN_SQRT_PRICE && root < TickMath.MAX_SQRT_PRICE;
        if (!isPrice) revert VaultErrors.InvalidSetting("price");
        // Just checked.
        // forge-lint: disable-next-line(unsafe-typecast)
        sqrtPriceX96 = uint160(root);
    }

    /// @dev Down.
    function _otherInAsset(uint256 amount, uint256 otherWad) private view returns (uint256) {
        return FixedPointMathLib.fullMulDiv(amount, otherWad * _ASSET_UNIT, _OTHER_UNIT * _WAD);
    }

    /// @dev Compared as prices, the squares of what is given.
    function _isNear(uint160 spotX96, uint160 oracleX96) private view returns (bool) {
        // Far above; and what is left cannot overflow.
        if (spotX96 / 2 > oracleX96) return false;
        uint256 scaled = uint256(spotX96) * 1e9;
        uint256 ratioWad = FixedPointMathLib.fullMulDiv(scaled, scaled, oracleX96) / oracleX96;
        return FixedPointMathLib.dist(ratioWad, _WAD) <= bandBps * _WAD / _BPS;
    }

    /// @dev All of `amount`, for no less than the oracle's price less the slippage.
    function _sell(address token, uint256 amount, uint256 otherWad) private {
        if (amount == 0) return;
        bool isOther = token == other;
        address wanted = isOther ? asset : other;
        uint256 worth = isOther
            ? _otherInAsset(amount, otherWad)
            : FixedPointMathLib.fullMulDiv(amount, _OTHER_UNIT * _WAD, otherWad * _ASSET_UNIT);
        // Down, and less what the pool rounds in its own favour: dust must not stand in the way.
        uint256 minimum = FixedPointMathLib.zeroFloorSub(worth * (_BPS - slippageBps) / _BPS, _ROUNDING_UNITS);
        uint256 held = SafeTransferLib.balanceOf(wanted, address(this));
        (uint160 beforeX96,,,,,,) = IUniswapV3Position(swapPool).slot0();
        _swapOnUniswapV3(CallbackKind.UniswapV3Swap, swapPool, token, wanted, amount, address(this));
        uint256 received = SafeTransferLib.balanceOf(wanted, address(this)) - held;
        if (received < minimum) revert VaultErrors.SwapBelowOracle(received, minimum);
        _requireSmall(beforeX96);
    }

    /// @dev A swap that moves the price by less than twice the fee is not worth surrounding: who bends the price by s for
    /// it, over a depth of D, gains s on it and pays the fee both ways on D * s. Half of that is allowed.
    function _requireSmall(uint160 beforeX96) private view {
        (uint160 afterX96,,,,,,) = IUniswapV3Position(swapPool).slot0();
        // Of the root, so twice for the price; in hundredths of a basis point, down.
        uint256 impactPips = 2 * _PIPS * FixedPointMathLib.dist(beforeX96, afterX96) / beforeX96;
        uint256 feePips = IUniswapV3Position(swapPool).fee();
        if (impactPips > feePips) revert VaultErrors.SwapTooLarge(impactPips, feePips);
    }
}
