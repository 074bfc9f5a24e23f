// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {AllowedCall, Refusal} from "contracts/interfaces/IGaslessTransactionRelayer.sol";
import {RelayErrors} from "contracts/gasless/RelayErrors.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {RelayDeskFixture} from "./support/RelayDeskFixture.sol";

/// @title Who may do what at the relayer, and what may be called.
contract RelayPolicyTest is RelayDeskFixture {
    event CallAllowed(address indexed target, bytes4 indexed selector);
    event CallDisallowed(address indexed target, bytes4 indexed selector);
    event GuardianSet(address indexed previousGuardian, address indexed newGuardian);
    event Paused(address indexed account);
    event Unpaused(address indexed account);
    event EtherSwept(address indexed to, uint256 amountWei);
    event TokenSwept(address indexed token, address indexed to, uint256 amount);

    bytes4 internal constant SOME = 0x12345678;

    /* THE LIST */

    function test_listedCall_isAllowed_delistedNoLonger() public {
        vm.startPrank(owner);
        vm.expectEmit(address(relayer));
        emit CallAllowed(address(moody), SOME);
        relayer.allowCall(address(moody), SOME);
        assertTrue(relayer.isCallAllowed(address(moody), SOME));
        assertFalse(relayer.isCallAllowed(address(moody), 0x12345679));
        assertFalse(relayer.isCallAllowed(address(desk), SOME));
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.CallAlreadyListed.selector, moody, SOME));
        relayer.allowCall(address(moody), SOME);
        vm.expectEmit(address(relayer));
        emit CallDisallowed(address(moody), SOME);
        relayer.disallowCall(address(moody), SOME);
        assertFalse(relayer.isCallAllowed(address(moody), SOME));
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.CallNotListed.selector, moody, SOME));
        relayer.disallowCall(address(moody), SOME);
    }

    function test_delisted_isRefused() public {
        bytes memory wire = _signed(_visit(1));
        vm.prank(owner);
        relayer.disallowCall(address(desk), desk.visit.selector);
        _assertRefused(wire, Refusal.CallNotAllowed);
    }

    function test_list_isWhatWasListed_whateverWasTakenOff() public {
        AllowedCall[] memory before = relayer.allowedCalls();
        vm.startPrank(owner);
        for (uint256 i; i < before.length; ++i) {
            relayer.disallowCall(before[i].target, before[i].selector);
            AllowedCall[] memory now_ = relayer.allowedCalls();
            assertEq(now_.length, before.length - i - 1);
            for (uint256 j; j < now_.length; ++j) {
                assertTrue(relayer.isCallAllowed(now_[j].target, now_[j].selector));
            }
        }
        for (uint256 i; i < before.length; ++i) {
            assertFalse(relayer.isCallAllowed(before[i].target, before[i].selector));
            relayer.allowCall(before[i].target, before[i].selector);
        }
        assertEq(relayer.allowedCalls().length, before.length);
    }

    function test_list_isFullAt64() public {
        vm.startPrank(owner);
        uint256 most = relayer.MAX_CALLS();
        for (uint32 i = uint32(relayer.allowedCalls().length); i < most; ++i) {
            relayer.allowCall(address(moody), bytes4(i + 1));
        }
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.CallListFull.selector, most));
        relayer.allowCall(address(moody), SOME);
        relayer.pause();
        relayer.disallowCall(address(moody), bytes4(uint32(most)));
        relayer.allowCall(address(moody), SOME);
    }

    /// @dev The relayer itself, an account, a token, a lender: none says that it trusts the relayer.
    function test_targetThatDoesNotTrust_isNotListed() public {
        address[4] memory targets = [address(relayer), attacker, address(usd), address(this)];
        for (uint256 i; i < targets.length; ++i) {
            assertFalse(relayer.isTrustedBy(targets[i]));
            vm.prank(owner);
            vm.expectRevert(abi.encodeWithSelector(RelayErrors.TargetNotTrusting.selector, targets[i]));
            relayer.allowCall(targets[i], SOME);
        }
    }

    /// @dev Only one whole word of one is a yes.
    function test_otherAnswersThanYes_areNo() public {
        bytes[6] memory answers = [
            abi.encode(false),
            abi.encode(uint256(2)),
            abi.encode(type(uint256).max),
            bytes(""),
            abi.encodePacked(uint248(1)),
            bytes.concat(abi.encode(uint256(0)), abi.encode(uint256(1)))
        ];
        for (uint256 i; i < answers.length; ++i) {
            moody.say(answers[i]);
            assertFalse(relayer.isTrustedBy(address(moody)));
        }
        moody.say(abi.encode(true));
        assertTrue(relayer.isTrustedBy(address(moody)));
    }

    function test_functionsOfTokens_andMulticalls_areNeverListed() public {
        string[15] memory forbidden = [
            "transfer(address,uint256)",
            "transferFrom(address,address,uint256)",
            "transferAndCall(address,uint256)",
            "transferAndCall(address,uint256,bytes)",
            "safeTransferFrom(address,address,uint256)",
            "safeTransferFrom(address,address,uint256,bytes)",
            "safeTransferFrom(address,address,uint256,uint256,bytes)",
            "approve(address,uint256)",
            "increaseAllowance(address,uint256)",
            "decreaseAllowance(address,uint256)",
            "setApprovalForAll(address,bool)",
            "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
            "multicall(bytes[])",
            "multicall(uint256,bytes[])",
            "multicall(bytes32,bytes[])"
        ];
        for (uint256 i; i < forbidden.length; ++i) {
            _assertForbidden(bytes4(keccak256(bytes(forbidden[i]))));
        }
        _assertForbidden(0);
    }

    function _assertForbidden(bytes4 selector) private {
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.SelectorForbidden.selector, selector));
        relayer.allowCall(address(moody), selector);
    }

    /* TRUST, ASKED AGAIN */

    function test_callWhoseTargetTrustsNoLonger_isAnybodysToDrop() public {
        _allow(address(moody), SOME);
        vm.prank(attacker);
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.TargetTrusts.selector, moody));
        relayer.dropCall(address(moody), SOME);
        moody.say(abi.encode(false));
        vm.startPrank(attacker);
        vm.expectRevert(abi.encodeWithSelector(RelayErrors.CallNotListed.selector, moody, bytes4(0x12345679)));
        relayer.dropCall(address(moody), 0x12345679);
        vm.expectEmit(address(relayer));
        emit CallDisallowed(address(moody), SOME);
        relayer.dropCall(address(moody), SOME);
        assertFalse(relayer.isCallAllowed(address(moody), SOME));
    }

    /* PAUSE */

    function test_pause_stopsEveryCall_listedBeforeOrDuring() public {
        vm.prank(owner);
        relayer.setGuardian(guardian);
        vm.expectEmit(address(relayer));
        emit Paused(guardian);
        vm.prank(guardian);
        relayer.pause();
        assertTrue(relayer.paused());
        _allow(address(moody), SOME);
        _assertRefused(_signed(_visit(1)), Refusal.Paused);
        _assertRefused(_signed(_request(address(moody), 0, abi.encodePacked(SOME))), Refusal.Paused);
        vm.expectEmit(address(relayer));
        emit Unpaused(owner);
        vm.prank(owner);
        relayer.unpause();
        assertFalse(relayer.paused());
        _relay(_signed(_visit(1)));
        _relay(_signed(_request(address(moody), 1, abi.encodePacked(SOME))));
    }

    /// @dev The places in the list survive both.
    function test_callsTakenOffWhilePaused_areOff_theOthersOnAgainAfterwards() public {
        vm.startPrank(owner);
        relayer.pause();
        relayer.disallowCall(address(desk), desk.visit.selector);
        relayer.unpause();
        vm.stopPrank();
        _assertRefused(_signed(_visit(1)), Refusal.CallNotAllowed);
        _relay(_signed(_request(address(desk), 1, abi.encodeCall(desk.serveIfPossible, (150_000)))));
        _relay(_signed(_request(address(desk), 2, abi.encodeCall(desk.flood, (1, false)))));
        vm.prank(owner);
        relayer.disallowCall(address(desk), desk.each.selector);
    }

    function test_pause_isForGuardianAndOwner() public {
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotGuardian.selector, address(this)));
        relayer.pause();
        vm.prank(owner);
        relayer.pause();
        assertTrue(relayer.paused());
    }

    /* THE OWNER */

    function test_administration_isTheOwnersAlone() public {
        bytes[6] memory calls = [
            abi.encodeCall(relayer.unpause, ()),
            abi.encodeCall(relayer.setGuardian, (attacker)),
            abi.encodeCall(relayer.allowCall, (address(moody), SOME)),
            abi.encodeCall(relayer.disallowCall, (address(desk), desk.visit.selector)),
            abi.encodeCall(relayer.sweep, (address(0))),
            abi.encodeCall(relayer.renounceOwnership, ())
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(attacker);
            (bool done, bytes memory answer) = address(relayer).call(calls[i]);
            assertFalse(done);
            assertEq(
                answer,
                abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, attacker),
                "refused"
            );
        }
    }

    function test_ownership_isHandedOverInTwoSteps_andNeverThrownAway() public {
        vm.startPrank(owner);
        vm.expectRevert(ErrorsLib.OwnershipNotRenounceable.selector);
        relayer.renounceOwnership();
        relayer.transferOwnership(operator);
        assertEq(relayer.owner(), owner);
        vm.stopPrank();
        vm.prank(operator);
        relayer.acceptOwnership();
        assertEq(relayer.owner(), operator);
    }

    function test_guardian_isReplaced() public {
        vm.expectEmit(address(relayer));
        emit GuardianSet(address(0), guardian);
        vm.prank(owner);
        relayer.setGuardian(guardian);
        assertEq(relayer.guardian(), guardian);
        vm.prank(owner);
        relayer.setGuardian(address(0));
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotGuardian.selector, guardian));
        relayer.pause();
    }

    /* WHAT STRAYS IN */

    function test_whatStrayedIn_goesToTheOwner() public {
        vm.deal(address(relayer), 3);
        usd.mint(address(relayer), 4);
        vm.startPrank(owner);
        vm.expectEmit(address(relayer));
        emit EtherSwept(owner, 3);
        relayer.sweep(address(0));
        vm.expectEmit(address(relayer));
        emit TokenSwept(address(usd), owner, 4);
        relayer.sweep(address(usd));
        assertEq(owner.balance, 3);
        assertEq(usd.balanceOf(owner), 4);
    }

    /// @dev Else an owner among the targets could take what others of a batch are still to be paid back.
    function test_sweep_isShutWhileRelaying() public {
        vm.prank(owner);
        relayer.transferOwnership(address(desk));
        vm.prank(address(desk));
        relayer.acceptOwnership();
        bytes memory data =
            abi.encodeCall(desk.turnTo, (address(relayer), abi.encodeCall(relayer.sweep, (address(0)))));
        _relay(_signed(_request(address(desk), 0, data)));
        assertFalse(desk.came());
        assertEq(bytes4(desk.answer()), RelayErrors.RelayInProgress.selector);
    }
}
