// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IPancakeV2Callee, IUniswapV2Callee} from "../interfaces/external/IUniswapV2Callee.sol";
import {
    IAlgebraFlashCallback,
    IPancakeV3FlashCallback,
    IUniswapV3FlashCallback
} from "../interfaces/external/IUniswapV3Flash.sol";
import {LenderFault, MockLender} from "./MockLenders.sol";

/// @notice Whose callback name a lending pool of the tests calls.
enum Fork {
    Uniswap,
    Pancake,
    Algebra
}

/// @title What the lending pools of the tests share: two tokens, a lock, a fork's name.
abstract contract MockLendingPool is MockLender {
    using SafeERC20 for IERC20;

    uint256 internal constant _PIPS = 1e6;

    address public immutable token0;
    address public immutable token1;
    uint24 public immutable tier;
    Fork public immutable fork;
    bool private transient _locked;

    error PoolLocked();

    constructor() {
        (token0, token1, tier, fork) = MockLendingFactory(msg.sender).parameters();
    }

    modifier lock() {
        if (_locked) revert PoolLocked();
        _locked = true;
        _;
        _locked = false;
    }

    /// @dev Sends what was asked for, or what the fault makes of it.
    function _lend(address to, uint256 amount0, uint256 amount1)
        internal
        returns (uint256 lent0, uint256 lent1)
    {
        if (fault == LenderFault.LendsOtherAsset) (amount0, amount1) = (amount1, amount0);
        (lent0, lent1) = (amount0 == 0 ? 0 : _lent(amount0), amount1 == 0 ? 0 : _lent(amount1));
        if (lent0 != 0) IERC20(token0).safeTransfer(to, lent0);
        if (lent1 != 0) IERC20(token1).safeTransfer(to, lent1);
    }

    function _held() internal view returns (uint256 held0, uint256 held1) {
        return (IERC20(token0).balanceOf(address(this)), IERC20(token1).balanceOf(address(this)));
    }
}

/// @title A pair that lends by flash swap under Uniswap V2's product rule.
contract MockLendingPair is MockLendingPool {
    error ProductShrank();

    function getReserves() external view returns (uint112, uint112, uint32) {
        (uint256 held0, uint256 held1) = _held();
        return (uint112(held0), uint112(held1), 0);
    }

    function swap(uint256 amount0, uint256 amount1, address to, bytes memory data) external lock {
        if (fault == LenderFault.NoCallback) return;
        (uint256 reserve0, uint256 reserve1) = _held();
        (uint256 lent0, uint256 lent1) = _lend(to, amount0, amount1);
        _callBack(to, lent0, lent1, _data(data));
        if (fault == LenderFault.CallsBackTwice) _callBack(to, lent0, lent1, data);
        (uint256 held0, uint256 held1) = _held();
        uint256 net0 = held0 * _PIPS - (held0 + lent0 - reserve0) * tier;
        uint256 net1 = held1 * _PIPS - (held1 + lent1 - reserve1) * tier;
        if (net0 * net1 < reserve0 * reserve1 * _PIPS ** 2) revert ProductShrank();
    }

    function _callBack(address to, uint256 lent0, uint256 lent1, bytes memory data) private {
        if (fork == Fork.Pancake) IPancakeV2Callee(to).pancakeCall(_initiator(), lent0, lent1, data);
        else IUniswapV2Callee(to).uniswapV2Call(_initiator(), lent0, lent1, data);
    }
}

/// @title A pool that lends in Uniswap V3's manner; its fee is its tier, rounded up, unless `fee` says another.
contract MockLendingV3Pool is MockLendingPool {
    function flash(address recipient, uint256 amount0, uint256 amount1, bytes memory data) external lock {
        if (fault == LenderFault.NoCallback) return;
        (uint256 held0, uint256 held1) = _held();
        _lend(recipient, amount0, amount1);
        (uint256 fee0, uint256 fee1) = (_feeOf(amount0), _feeOf(amount1));
        _callBack(fee0, fee1, _data(data));
        if (fault == LenderFault.CallsBackTwice) _callBack(fee0, fee1, data);
        _requireRepaid(token0, held0 + fee0);
        _requireRepaid(token1, held1 + fee1);
    }

    function _feeOf(uint256 amount) private view returns (uint256) {
        if (amount == 0) return 0;
        return fee != 0 ? fee : (amount * tier + _PIPS - 1) / _PIPS;
    }

    function _callBack(uint256 fee0, uint256 fee1, bytes memory data) private {
        if (fork == Fork.Uniswap) {
            IUniswapV3FlashCallback(msg.sender).uniswapV3FlashCallback(fee0, fee1, data);
        } else if (fork == Fork.Pancake) {
            IPancakeV3FlashCallback(msg.sender).pancakeV3FlashCallback(fee0, fee1, data);
        } else {
            IAlgebraFlashCallback(msg.sender).algebraFlashCallback(fee0, fee1, data);
        }
    }
}

/// @title Deploys lending pools where the factories of the forks would: tests only.
contract MockLendingFactory {
    struct Parameters {
        address token0;
        address token1;
        uint24 tier;
        Fork fork;
    }

    Parameters public parameters;

    function createPair(address tokenA, address tokenB, uint24 tier, Fork fork)
        external
        returns (address pair)
    {
        (address token0, address token1) = _note(tokenA, tokenB, tier, fork);
        pair = address(new MockLendingPair{salt: keccak256(abi.encodePacked(token0, token1))}());
    }

    function createPool(address tokenA, address tokenB, uint24 tier, Fork fork)
        external
        returns (address pool)
    {
        (address token0, address token1) = _note(tokenA, tokenB, tier, fork);
        bytes32 salt =
            keccak256(fork == Fork.Algebra ? abi.encode(token0, token1) : abi.encode(token0, token1, tier));
        pool = address(new MockLendingV3Pool{salt: salt}());
    }

    function pairHash() external pure returns (bytes32) {
        return keccak256(type(MockLendingPair).creationCode);
    }

    function poolHash() external pure returns (bytes32) {
        return keccak256(type(MockLendingV3Pool).creationCode);
    }

    function _note(address tokenA, address tokenB, uint24 tier, Fork fork)
        private
        returns (address token0, address token1)
    {
        (token0, token1) = tokenA < tokenB ? (tokenA, tokenB) : (tokenB, tokenA);
        parameters = Parameters(token0, token1, tier, fork);
    }
}
