// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice How a stable pool of the tests misbehaves.
enum StableFault {
    None,
    TakesLess,
    TakesNothing,
    PaysNothing,
    RefundsEther,
    PaysTwice,
    Reenters
}

/// @title A stable pool with Curve's `exchange` over 18-decimal coins, one for one less 4 bps: tests only.
/// @notice With a returned amount, as newer pools have it; `MockOldStableSwap` returns nothing.
contract MockStableSwap {
    using SafeERC20 for IERC20;

    /// @notice What Curve's pools call ether.
    address public constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    uint256 private constant _BPS = 10_000;
    uint256 private constant _FEE_BPS = 4;

    address[] public coins;
    StableFault public fault;

    /// @notice Whom `Reenters` calls, with what, and what that answered.
    address public target;
    bytes public payload;
    bytes public lastAnswer;

    error TooLittle();
    error WrongValue();

    constructor(address[] memory coins_) {
        coins = coins_;
    }

    receive() external payable {}

    function setFault(StableFault newFault, address newTarget, bytes calldata newPayload) external {
        (fault, target, payload) = (newFault, newTarget, newPayload);
    }

    function exchange(int128 i, int128 j, uint256 dx, uint256 minDy) external payable returns (uint256) {
        return _exchange(i, j, dx, minDy);
    }

    /// @notice Output for `dx`; rounds down, in the pool's favour.
    function get_dy(int128, int128, uint256 dx) public pure returns (uint256) {
        return dx * (_BPS - _FEE_BPS) / _BPS;
    }

    function _exchange(int128 i, int128 j, uint256 dx, uint256 minDy) internal returns (uint256 dy) {
        require(i != j);
        _collect(coins[uint128(i)], dx);
        if (fault == StableFault.Reenters) (, lastAnswer) = target.call(payload);
        dy = get_dy(i, j, dx);
        if (dy < minDy) revert TooLittle();
        if (fault == StableFault.PaysNothing) return dy;
        _send(coins[uint128(j)], dy);
        if (fault == StableFault.PaysTwice) _send(coins[uint128(j)], dy);
    }

    function _collect(address coin, uint256 dx) private {
        if (coin == NATIVE) {
            if (msg.value != dx) revert WrongValue();
            if (fault == StableFault.RefundsEther) _send(coin, 1);
            return;
        }
        if (msg.value != 0) revert WrongValue();
        if (fault == StableFault.TakesNothing) return;
        uint256 taken = fault == StableFault.TakesLess ? dx - 1 : dx;
        IERC20(coin).safeTransferFrom(msg.sender, address(this), taken);
    }

    function _send(address coin, uint256 amount) private {
        if (coin != NATIVE) return IERC20(coin).safeTransfer(msg.sender, amount);
        (bool sent,) = msg.sender.call{value: amount}("");
        require(sent, "ether refused");
    }
}

/// @title The same with the first pools' `exchange`, which returns nothing: tests only.
contract MockOldStableSwap {
    using SafeERC20 for IERC20;

    address[] public coins;

    constructor(address[] memory coins_) {
        coins = coins_;
    }

    /// @notice One for one less 4 bps, rounded down.
    function exchange(int128 i, int128 j, uint256 dx, uint256 minDy) external {
        IERC20(coins[uint128(i)]).safeTransferFrom(msg.sender, address(this), dx);
        uint256 dy = dx * 9_996 / 10_000;
        require(dy >= minDy);
        IERC20(coins[uint128(j)]).safeTransfer(msg.sender, dy);
    }
}
