// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A caller that answers any callback as it is told, for tests of the replica's pools
/// @notice Notes under which selector it was called back, and then makes the calls that it was given. It holds no
/// rights and is placed nowhere on the replica.
contract CallbackProbe {
    /// @notice A call to be made inside the callback.
    struct Order {
        address target;
        uint256 valueWei;
        bytes data;
    }

    /// @notice Selector of the last callback, and who made it.
    bytes4 public selector;
    address public caller;

    Order[] private _orders;

    /// @notice Calls `target` with `data`, and makes `orders` when it calls back.
    function ask(address target, bytes calldata data, Order[] calldata orders)
        external
        returns (bytes memory)
    {
        delete _orders;
        for (uint256 i = 0; i < orders.length; i++) {
            _orders.push(orders[i]);
        }
        return _call(target, 0, data);
    }

    receive() external payable {}

    /// @dev Any callback. Returns empty bytes, encoded, as Uniswap V4 wants them; the others read nothing.
    fallback(bytes calldata) external payable returns (bytes memory) {
        selector = msg.sig;
        caller = msg.sender;
        for (uint256 i = 0; i < _orders.length; i++) {
            _call(_orders[i].target, _orders[i].valueWei, _orders[i].data);
        }
        return abi.encode(bytes(""));
    }

    function _call(address target, uint256 valueWei, bytes memory data) private returns (bytes memory) {
        (bool done, bytes memory answer) = target.call{value: valueWei}(data);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        return answer;
    }
}
