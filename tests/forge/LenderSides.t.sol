// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Lenders} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";
import {Lane, LendersFixture} from "./support/LendersFixture.sol";
import {PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title Either token of a pool can be borrowed; and what a deployment and its list of lenders refuse.
contract LenderSidesTest is LendersFixture {
    using PlanCodec for PlanSpec;

    uint256 private constant FIRST_POOL_LANE = 7;

    function test_poolLoan_ofItsFirstToken_costsWhatThatOfItsSecondDoes() public {
        _assertEveryPoolLends(_tokenOnASide(true));
        _assertEveryPoolLends(_tokenOnASide(false));
    }

    function _assertEveryPoolLends(address asset) private {
        _openLending(asset);
        _opportunity(asset, address(btc));
        for (uint256 i = FIRST_POOL_LANE; i < LANES; ++i) {
            Lane memory lane = _lane(i, asset);
            PlanSpec memory plan = _plan(lane.kind, asset, address(btc), V2_A, V2_B);
            plan.loans[0] = _loanOf(lane, asset, LOAN);
            uint256 snapshot = vm.snapshotState();
            uint256 held = MockToken(asset).balanceOf(lane.lender);
            (, uint256 loanFee,) = executor.quote(plan.encode());
            assertEq(loanFee, lane.fee, lane.name);
            assertGt(_execute(plan), 0, lane.name);
            assertEq(MockToken(asset).balanceOf(lane.lender), held + lane.fee, lane.name);
            vm.revertToState(snapshot);
        }
    }

    /// @dev A new token whose address is below the other side's, or above it.
    function _tokenOnASide(bool below) private returns (address token) {
        do {
            token = address(_token("SIDE", 18));
        } while ((token < address(gold)) != below);
    }

    function test_listLender_afterTheLastId_reverts() public {
        // The list's length: the slot whose hash leads to the lender that is listed.
        bytes32 lengthSlot;
        for (uint256 slot; slot < 16; ++slot) {
            bytes32 first = keccak256(abi.encode(slot));
            if (uint256(vm.load(address(executor), first)) == uint160(address(listed))) {
                lengthSlot = bytes32(slot);
            }
        }
        vm.store(address(executor), lengthSlot, bytes32(uint256(65_536)));
        vm.prank(owner);
        vm.expectRevert(ErrorsLib.LenderListFull.selector);
        executor.listLender(address(maker));
    }

    function test_deployment_withoutWrappedEther_reverts() public {
        Lenders memory lenders = _lenders();
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.InvalidWeth.selector, attacker));
        vm.deployCode(_executorArtifact(), abi.encode(owner, treasury, lenders, attacker, address(0)));
    }
}
