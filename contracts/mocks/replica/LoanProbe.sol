// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A borrower that does as it is told, for tests of the replica's lenders
/// @notice Takes flash loans of Aave V2, ERC-3156 and Balancer V2, notes what it is shown, and repays what is owed less
/// a shortfall. It holds no rights and is placed nowhere on the replica.
contract LoanProbe {
    /// @notice What the probe does in its callback.
    /// @param shortfall kept back from what is owed, in base units of each token.
    /// @param answer what ERC-3156's callback returns; for Aave, zero means "false".
    /// @param inner sent to the lender in the middle of the loan, unless empty.
    struct Orders {
        uint256 shortfall;
        bytes32 answer;
        bytes inner;
    }

    Orders private _orders;
    /// @notice Who started the last loan, as the lender told.
    address public initiator;
    /// @notice Fee of each token of the last loan, as the lender told.
    uint256[] public fees;
    /// @notice Balance of each token in the middle of the last loan.
    uint256[] public balances;
    /// @notice What the lender answered to `inner`.
    bytes public innerAnswer;

    function prepare(Orders calldata orders) external {
        _orders = orders;
    }

    /// @notice Starts a loan: `data` is the call that asks `lender` for it.
    function ask(address lender, bytes calldata data) external {
        _call(lender, data);
    }

    /// @notice Aave's callback.
    function executeOperation(
        address[] calldata tokens,
        uint256[] calldata amounts,
        uint256[] calldata premiums,
        address startedBy,
        bytes calldata
    ) external returns (bool) {
        _note(tokens, premiums, startedBy);
        for (uint256 k; k < tokens.length; ++k) {
            _approve(tokens[k], amounts[k] + premiums[k] - _orders.shortfall);
        }
        return _orders.answer != 0;
    }

    /// @notice ERC-3156's callback.
    function onFlashLoan(address startedBy, address token, uint256 amount, uint256 fee, bytes calldata)
        external
        returns (bytes32)
    {
        address[] memory tokens = new address[](1);
        uint256[] memory shown = new uint256[](1);
        (tokens[0], shown[0]) = (token, fee);
        _note(tokens, shown, startedBy);
        _approve(token, amount + fee - _orders.shortfall);
        return _orders.answer;
    }

    /// @notice Balancer's callback, which names no initiator.
    function receiveFlashLoan(
        address[] calldata tokens,
        uint256[] calldata amounts,
        uint256[] calldata charges,
        bytes calldata
    ) external {
        _note(tokens, charges, address(0));
        for (uint256 k; k < tokens.length; ++k) {
            uint256 back = amounts[k] + charges[k] - _orders.shortfall;
            _call(tokens[k], abi.encodeWithSignature("transfer(address,uint256)", msg.sender, back));
        }
    }

    function _note(address[] memory tokens, uint256[] memory shown, address startedBy) private {
        initiator = startedBy;
        fees = shown;
        delete balances;
        for (uint256 k; k < tokens.length; ++k) {
            bytes memory held = _call(tokens[k], abi.encodeWithSignature("balanceOf(address)", address(this)));
            balances.push(abi.decode(held, (uint256)));
        }
        if (_orders.inner.length > 0) innerAnswer = _call(msg.sender, _orders.inner);
    }

    function _approve(address token, uint256 amount) private {
        _call(token, abi.encodeWithSignature("approve(address,uint256)", msg.sender, amount));
    }

    function _call(address callee, bytes memory data) private returns (bytes memory) {
        (bool done, bytes memory answer) = callee.call(data);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        return answer;
    }
}
