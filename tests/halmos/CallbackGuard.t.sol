// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {CallbackKind} from "contracts/flashloan/CallbackGuard.sol";
import {CallbackGuardHarness} from "contracts/mocks/CallbackGuardHarness.sol";

/// @title The guard, for every caller, kind and hash; data of 0, 65 and 1,024 bytes of any content.
/// @dev Assumed: no callback is of the kind `None`, and nobody calls from the zero address. `keccak256` is taken to be
/// without collisions.
contract CallbackGuardProofs is Test {
    CallbackGuardHarness internal guard;

    function setUp() public {
        guard = new CallbackGuardHarness();
    }

    /// @dev While nothing is awaited, nobody gets in.
    function check_guard_whileIdle_acceptsNobody(address caller, CallbackKind kind, bytes calldata data)
        external
    {
        vm.assume(kind != CallbackKind.None);
        assert(!_consumes(caller, kind, data));
    }

    /// @dev The awaited callback passes, with the data whose hash was given, and no other does.
    function check_guard_acceptsExactlyTheAwaitedCallback(
        address callee,
        CallbackKind kind,
        bytes32 dataHash,
        address caller,
        CallbackKind made,
        bytes calldata data
    ) external {
        vm.assume(kind != CallbackKind.None && made != CallbackKind.None);
        guard.expectCallback(callee, kind, 0, dataHash);
        bool isAwaited = caller == callee && made == kind && keccak256(data) == dataHash;
        assert(_consumes(caller, made, data) == isAwaited);
    }

    /// @dev What was consumed is gone: no second callback passes, not even the same.
    function check_guard_acceptsACallbackOnce(
        address callee,
        CallbackKind kind,
        bytes calldata data,
        address caller,
        CallbackKind made,
        bytes calldata later
    ) external {
        vm.assume(kind != CallbackKind.None && made != CallbackKind.None);
        guard.expectCallback(callee, kind, 0, keccak256(data));
        assert(_consumes(callee, kind, data));
        assert(!_consumes(caller, made, later));
    }

    /// @dev A failed attempt changes nothing: the awaited callback still passes, and the call cannot end before.
    function check_guard_refusalLeavesTheAwaitedCallbackPending(
        address callee,
        CallbackKind kind,
        bytes calldata data,
        address caller,
        CallbackKind made,
        bytes calldata other
    ) external {
        vm.assume(kind != CallbackKind.None && made != CallbackKind.None);
        guard.expectCallback(callee, kind, 0, keccak256(data));
        vm.assume(!_consumes(caller, made, other));
        assert(!_ends());
        assert(_consumes(callee, kind, data));
        assert(_ends());
    }

    /// @dev Were a second callback awaited while one is pending, the first would be refused, whoever makes it.
    function check_guard_awaitsOneAtATime(
        address callee,
        CallbackKind kind,
        bytes calldata data,
        address other,
        CallbackKind second,
        bytes32 otherHash
    ) external {
        vm.assume(kind != CallbackKind.None && second != CallbackKind.None);
        vm.assume(callee != other || kind != second || keccak256(data) != otherHash);
        guard.expectCallback(callee, kind, 0, keccak256(data));
        guard.expectCallback(other, second, 0, otherHash);
        assert(!_consumes(callee, kind, data));
    }

    /// @dev Where in the plan to go on comes back with the callback, wherever that is.
    function check_guard_keepsThePlace(address callee, CallbackKind kind, uint88 at, bytes calldata data) external {
        vm.assume(kind != CallbackKind.None);
        guard.expectCallback(callee, kind, at, keccak256(data));
        vm.prank(callee);
        (, uint256 place) = guard.consumeCallback(kind, data);
        assert(place == at);
    }

    /// @dev Calls nest: the outer level finds the guard as it left it, whatever is tried in between, and the inner
    /// callback was made, or the outer call cannot end.
    function check_guard_innerCallCannotEndWithoutItsCallback(
        address lender,
        CallbackKind kind,
        address pool,
        CallbackKind inner,
        bytes calldata data,
        bytes calldata other
    ) external {
        vm.assume(kind != CallbackKind.None && inner != CallbackKind.None);
        guard.expectCallback(lender, kind, 0, keccak256(data));
        assert(_consumes(lender, kind, data));
        assert(_expects(pool, inner, keccak256(other)));
        assert(!_ends());
        assert(_consumes(pool, inner, other));
        assert(_ends());
        assert(!_consumes(lender, kind, data));
    }

    /// @custom:halmos --loop 4
    /// @dev Over every sequence of four acts: what is accepted is what was awaited last and not yet consumed.
    function check_guard_anySequence_acceptsNothingThatIsNotAwaited(
        uint8[4] calldata acts,
        address[4] calldata who
    ) external {
        address awaited;
        bool begun;
        for (uint256 i; i < 4; ++i) {
            vm.assume(who[i] != address(0));
            if (acts[i] == 0) {
                assert(_expects(who[i], CallbackKind.AaveV3Loan, keccak256("")));
                (awaited, begun) = (who[i], true);
            } else if (acts[i] == 1) {
                bool accepted = _consumes(who[i], CallbackKind.AaveV3Loan, "");
                assert(accepted == (who[i] == awaited));
                if (accepted) awaited = address(0);
            } else {
                assert(_ends() == (begun && awaited == address(0)));
            }
        }
    }

    function _expects(address callee, CallbackKind kind, bytes32 dataHash) private returns (bool ok) {
        (ok,) = address(guard).call(abi.encodeCall(guard.expectCallback, (callee, kind, 0, dataHash)));
    }

    function _consumes(address caller, CallbackKind kind, bytes memory data) private returns (bool ok) {
        vm.prank(caller);
        (ok,) = address(guard).call(abi.encodeCall(guard.consumeCallback, (kind, data)));
    }

    function _ends() private view returns (bool ok) {
        (ok,) = address(guard).staticcall(abi.encodeCall(guard.requireConsumed, ()));
    }
}
