"""Contracts that break one of the gate's rules each, and some that look like it and keep them."""

from __future__ import annotations

from typing import Final

# name: (rules that it breaks, source below the imports)
SAMPLES: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "AnyCall": (
        ("low-level-call", "returndata", "access"),
        """contract AnyCall {
    function act(address to, bytes calldata data) external { (bool ok,) = to.call(data); require(ok); }
}""",
    ),
    "YulCall": (
        ("low-level-call", "assembly"),
        """contract YulCall {
    function act(address to) external view returns (bool ok) {
        assembly { ok := staticcall(gas(), to, 0, 4, 0, 0) }
    }
}""",
    ),
    "Foreign": (
        ("low-level-call", "delegatecall", "returndata"),
        """contract Foreign {
    address immutable OWNER = msg.sender;
    function act(address to, bytes calldata data) external {
        require(msg.sender == OWNER);
        (bool ok,) = to.delegatecall(data);
        bytes memory answer;
        (ok, answer) = to.staticcall("");
    }
}""",
    ),
    "YulForeign": (
        ("delegatecall", "selfdestruct", "assembly", "access"),
        """contract YulForeign {
    function act(address to) external {
        assembly {
            pop(delegatecall(gas(), to, 0, 0, 0, 0))
            selfdestruct(to)
        }
    }
}""",
    ),
    "Origin": (
        ("tx-origin",),
        """contract Origin {
    address immutable OWNER = msg.sender;
    function act() external { if (msg.sender != OWNER) revert(); require(tx.origin == OWNER); }
}""",
    ),
    "YulOrigin": (
        ("tx-origin", "assembly"),
        """contract YulOrigin {
    function act() external view returns (address who) { assembly { who := origin() } }
}""",
    ),
    "LongAnswer": (
        ("returndata",),
        """interface ITeller { function tell() external view returns (bytes memory); }
contract LongAnswer {
    function act(ITeller teller) external view returns (uint256) { return teller.tell().length; }
}""",
    ),
    "LongExcuse": (
        ("returndata",),
        """contract LongExcuse {
    function act(IERC20 token) external view returns (uint256) {
        try token.totalSupply() returns (uint256 supply) { return supply; }
        catch Error(string memory reason) { return bytes(reason).length; }
        catch (bytes memory reason) { return reason.length; }
    }
}""",
    ),
    "YulAnswer": (
        ("assembly", "returndata"),
        """contract YulAnswer {
    function act(IERC20 token) external view returns (uint256) {
        uint256 supply = token.totalSupply();
        assembly { returndatacopy(mload(0x40), 0, returndatasize()) }
        return supply;
    }
}""",
    ),
    "Credulous": (
        ("token-call",),
        """contract Credulous {
    address immutable OWNER = msg.sender;
    function act(IERC20 token) external { if (msg.sender != OWNER) revert(); token.transfer(OWNER, 1); }
}""",
    ),
    "Generous": (
        ("approve",),
        """contract Generous {
    address immutable OWNER = msg.sender;
    function act(address token, address pool) external {
        if (msg.sender != OWNER) revert();
        SafeTransferLib.safeApprove(token, pool, 1);
        SafeTransferLib.safeApprove(token, OWNER, 0);
    }
}""",
    ),
    "GenerousBelow": (
        ("approve",),
        """contract GenerousBelow {
    address immutable OWNER = msg.sender;
    function act(address token, address pool) external {
        if (msg.sender != OWNER) revert();
        _allow(token, pool);
        // Asks, and does nothing about the answer.
        IERC20(token).allowance(address(this), pool);
    }
    function _allow(address token, address pool) private { SafeTransferLib.safeApprove(token, pool, 1); }
}""",
    ),
    "GenerousBack": (
        ("approve",),
        """contract GenerousBack {
    address immutable POOL = msg.sender;
    function onCall(address token) external {
        if (msg.sender != POOL) revert();
        SafeTransferLib.safeApprove(token, msg.sender, 1);
    }
}""",
    ),
    "LongStruct": (
        ("returndata",),
        """struct Inner { uint256 count; string name; }
struct Outer { Inner inner; }
interface IBook { function read() external view returns (Outer memory); }
contract LongStruct {
    function act(IBook book) external view returns (uint256) { return book.read().inner.count; }
}""",
    ),
    "LookThenAct": (
        ("access",),
        """contract LookThenAct {
    address immutable OWNER = msg.sender;
    uint256 public value;
    function act() external { uint256 old = _bump(); if (msg.sender != OWNER) revert(); value = old; }
    function _bump() private returns (uint256) { return ++value; }
}""",
    ),
    "Open": (
        ("access",),
        """contract Open {
    uint256 public value;
    modifier lasting() { _; }
    function act() external lasting { value = uint160(msg.sender); if (value == 0) revert(); }
}""",
    ),
    "LateCheck": (
        ("access",),
        """contract LateCheck {
    address immutable OWNER = msg.sender;
    uint256 public value;
    function act() external { value = 1; if (msg.sender != OWNER) revert(); }
}""",
    ),
    "CheckOfItself": (
        ("access",),
        """contract CheckOfItself {
    uint256 public value;
    function act() external { this.inner(); }
    function inner() external { if (msg.sender != address(this)) revert(); ++value; }
}""",
    ),
    "OpenBelow": (
        ("access",),
        """abstract contract OpenBase {
    uint256 public value;
    function act() external { value = 1; }
}
contract OpenBelow is OpenBase {}""",
    ),
    "Trap": (
        ("ether", "ether"),
        """contract Trap {
    address immutable OWNER = msg.sender;
    receive() external payable {}
    function act() external payable { if (msg.sender != OWNER) revert(); }
}""",
    ),
}

GOOD: Final[dict[str, str]] = {
    "Guarded": """contract Guarded {
    address immutable OWNER = msg.sender;
    address public last;
    modifier onlyOwner() { _check(msg.sender); _; }
    function byModifier() external onlyOwner { last = address(0); }
    function byFirstStatement() external { if (msg.sender != OWNER) revert(); last = address(0); }
    function byCall() external { bytes32 hash = _consume(); last = address(uint160(uint256(hash))); }
    function byLookingFirst(address to) external {
        bool isOpen = _word() == 0;
        if (msg.sender != OWNER) revert();
        if (isOpen) last = to;
    }
    function byView() external view returns (address) { return msg.sender; }
    function _consume() private view returns (bytes32) { require(_word() == 0, "who?"); return bytes32(0); }
    function _word() private view returns (uint256) { return uint160(msg.sender) ^ uint160(OWNER); }
    function _check(address) private view { if (_word() != 0) revert(); }
}""",
    "Short": """struct Flags { uint256 flags; address[2] both; }
interface IReader { function read() external view returns (Flags memory); }
contract Short {
    function act(IReader reader) external view returns (uint256) {
        try reader.read() returns (Flags memory flags) { return flags.flags; } catch { return 0; }
    }
}""",
    "PulledBack": """interface IPool { function lend(address token) external; }
contract PulledBack {
    address immutable POOL = msg.sender;
    function act(address token) external {
        if (msg.sender != POOL) revert();
        _borrow(IPool(POOL), token);
    }
    function _borrow(IPool pool, address token) private {
        pool.lend(token);
        uint256 left = IERC20(token).allowance(address(this), address(pool));
        if (left != 0) revert();
    }
    function onCall(address token) external {
        if (msg.sender != POOL) revert();
        SafeTransferLib.safeApprove(token, msg.sender, 1);
    }
}""",
    "Overridden": """abstract contract OverriddenBase {
    uint256 public value;
    function act() external virtual { value = 1; }
}
contract Overridden is OverriddenBase {
    address immutable OWNER = msg.sender;
    function act() external override { if (msg.sender != OWNER) revert(); value = 2; }
}""",
    "Exact": """contract Exact {
    address immutable OWNER = msg.sender;
    error Left();
    function act(address token, address pool) external {
        if (msg.sender != OWNER) revert();
        _allow(token, pool, 5);
        _requireNone(token, pool);
    }
    function reset(address token) external {
        if (msg.sender != OWNER) revert();
        SafeTransferLib.safeApprove(token, OWNER, 5);
        SafeTransferLib.safeApprove(token, OWNER, 0);
    }
    function _allow(address token, address spender, uint256 amount) private {
        SafeTransferLib.safeApproveWithRetry(token, spender, amount);
    }
    function _requireNone(address token, address spender) private view {
        if (IERC20(token).allowance(address(this), spender) != 0) revert Left();
    }
}""",
}
