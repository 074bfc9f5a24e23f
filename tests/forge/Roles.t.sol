// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {
    IFlashLoanArbitrage,
    LenderKind,
    Venue,
    VenueKind
} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {ExecutorFixture} from "./support/ExecutorFixture.sol";
import {PlanCodec, PlanSpec} from "./support/PlanCodec.sol";

/// @title Who may do what.
contract RolesTest is ExecutorFixture {
    using PlanCodec for PlanSpec;

    address internal secondKeeper = makeAddr("secondKeeper");
    address internal newOwner = makeAddr("newOwner");

    function setUp() public override {
        super.setUp();
        _opportunity(address(usd), address(btc));
    }

    function _profitable() private view returns (PlanSpec memory) {
        return _plan(LenderKind.BalancerV2, address(usd), address(btc), V2_A, V3);
    }

    function _assertMayNotExecute(address caller) private {
        PlanSpec memory plan = _profitable();
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotKeeper.selector, caller));
        executor.execute(plan.encode());
    }

    /* KEEPERS */

    function test_execute_byAnybodyButAKeeper_reverts() public {
        _assertMayNotExecute(attacker);
        _assertMayNotExecute(owner);
        _assertMayNotExecute(guardian);
        _assertMayNotExecute(treasury);
        _assertMayNotExecute(address(0));
    }

    function test_setKeeper_secondOne_worksBesideTheFirst() public {
        vm.prank(owner);
        executor.setKeeper(secondKeeper, true);
        assertTrue(executor.isKeeper(keeper) && executor.isKeeper(secondKeeper));
        vm.prank(secondKeeper);
        assertGt(executor.execute(_profitable().encode()), 0);
    }

    function test_setKeeper_revoked_mayNotExecute_whicheverPlaceItHeld() public {
        vm.startPrank(owner);
        executor.setKeeper(secondKeeper, true);
        executor.setKeeper(keeper, false);
        vm.stopPrank();
        _assertMayNotExecute(keeper);
        assertTrue(executor.isKeeper(secondKeeper));
        vm.startPrank(owner);
        executor.setKeeper(secondKeeper, true); // moves to the free first place
        executor.setKeeper(secondKeeper, false);
        vm.stopPrank();
        _assertMayNotExecute(secondKeeper);
    }

    function test_setKeeper_zeroAddress_reverts() public {
        vm.prank(owner);
        vm.expectRevert(ErrorsLib.InvalidKeeper.selector);
        executor.setKeeper(address(0), true);
    }

    /* PAUSE */

    function test_pause_byGuardianOrOwner_stopsExecution() public {
        address[2] memory stoppers = [guardian, owner];
        for (uint256 i; i < stoppers.length; ++i) {
            vm.prank(stoppers[i]);
            executor.pause();
            assertTrue(executor.paused());
            _assertReverts(_profitable(), abi.encodeWithSelector(ErrorsLib.ExecutionPaused.selector));
            vm.prank(owner);
            executor.unpause();
        }
        assertTrue(executor.isKeeper(keeper));
        assertGt(_execute(_profitable()), 0);
    }

    function test_pause_byOthers_reverts() public {
        address[3] memory others = [attacker, keeper, treasury];
        for (uint256 i; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotGuardian.selector, others[i]));
            executor.pause();
        }
    }

    function test_setKeeper_whilePaused_staysPaused() public {
        vm.startPrank(owner);
        executor.pause();
        executor.setKeeper(keeper, false);
        executor.setKeeper(keeper, true);
        vm.stopPrank();
        assertTrue(executor.paused());
        _assertReverts(_profitable(), abi.encodeWithSelector(ErrorsLib.ExecutionPaused.selector));
    }

    /* OWNER */

    function test_ownerFunctions_byOthers_revert() public {
        bytes[9] memory calls = [
            abi.encodeCall(executor.unpause, ()),
            abi.encodeCall(executor.setKeeper, (attacker, true)),
            abi.encodeCall(executor.setGuardian, (attacker)),
            abi.encodeCall(executor.setTreasury, (attacker)),
            abi.encodeCall(executor.listVenue, (Venue(VenueKind.UniswapV3, 0, address(this), "hash"))),
            abi.encodeCall(executor.delistVenue, (V3)),
            abi.encodeCall(executor.sweep, (address(usd), 0)),
            abi.encodeCall(executor.sweepEther, (0)),
            abi.encodeCall(executor.renounceOwnership, ())
        ];
        address[3] memory others = [attacker, keeper, guardian];
        for (uint256 i; i < calls.length; ++i) {
            for (uint256 j; j < others.length; ++j) {
                vm.prank(others[j]);
                (bool success, bytes memory answer) = address(executor).call(calls[i]);
                assertFalse(success);
                assertEq(
                    answer, abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, others[j])
                );
            }
        }
    }

    function test_ownership_movesInTwoSteps_andCannotBeThrownAway() public {
        vm.prank(owner);
        executor.transferOwnership(newOwner);
        assertEq(executor.owner(), owner);
        vm.prank(newOwner);
        executor.acceptOwnership();
        assertEq(executor.owner(), newOwner);
        vm.prank(newOwner);
        vm.expectRevert(ErrorsLib.OwnershipNotRenounceable.selector);
        executor.renounceOwnership();
    }

    /* TREASURY */

    function test_setTreasury_redirectsProfitAndSweeps() public {
        address newTreasury = makeAddr("newTreasury");
        vm.expectEmit(address(executor));
        emit IFlashLoanArbitrage.TreasurySet(treasury, newTreasury);
        vm.prank(owner);
        executor.setTreasury(newTreasury);
        uint256 profit = _execute(_profitable());
        assertEq(usd.balanceOf(newTreasury), profit);
        assertEq(usd.balanceOf(treasury), 0);
    }

    function test_setTreasury_zeroOrSelf_reverts() public {
        address[2] memory wrong = [address(0), address(executor)];
        for (uint256 i; i < wrong.length; ++i) {
            vm.prank(owner);
            vm.expectRevert(abi.encodeWithSelector(ErrorsLib.InvalidTreasury.selector, wrong[i]));
            executor.setTreasury(wrong[i]);
        }
        bytes memory noTreasury = abi.encodePacked(
            vm.getCode(_executorArtifact()), abi.encode(owner, address(0), _lenders(), weth)
        );
        address deployed;
        assembly {
            deployed := create(0, add(noTreasury, 0x20), mload(noTreasury))
        }
        assertEq(deployed, address(0));
    }

    /* SWEEP */

    function test_sweep_sendsStrayTokensAndEtherToTheTreasuryOnly() public {
        usd.mint(address(executor), 7);
        vm.deal(address(executor), 9);
        vm.startPrank(owner);
        executor.sweep(address(usd), 7);
        executor.sweepEther(9);
        vm.stopPrank();
        assertEq(usd.balanceOf(treasury), 7);
        assertEq(treasury.balance, 9);
    }

    function test_receive_etherFromAnybodyButWeth_reverts() public {
        vm.deal(attacker, 1 ether);
        vm.prank(attacker);
        (bool success, bytes memory answer) = address(executor).call{value: 1}("");
        assertFalse(success);
        assertEq(answer, abi.encodeWithSelector(ErrorsLib.EtherRefused.selector, attacker));
    }

    /* VENUES */

    function test_listVenue_givesAscendingIdsAndNeverReusesOne() public {
        Venue memory venue = executor.venueAt(V3);
        vm.startPrank(owner);
        executor.delistVenue(V3);
        assertEq(executor.listVenue(venue), 3);
        assertEq(executor.venueCount(), 4);
        assertEq(executor.venueAt(3).factory, address(v3Factory));
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.VenueNotListed.selector, V3));
        executor.delistVenue(V3);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.VenueNotListed.selector, V3));
        executor.venueAt(V3);
    }

    function test_listVenue_nonsense_reverts() public {
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.InvalidFactory.selector, attacker));
        executor.listVenue(Venue(VenueKind.UniswapV3, 0, attacker, "hash"));
        vm.expectRevert(ErrorsLib.InvalidInitCodeHash.selector);
        executor.listVenue(Venue(VenueKind.UniswapV3, 0, address(v3Factory), 0));
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.InvalidVenueFee.selector, 3000));
        executor.listVenue(Venue(VenueKind.UniswapV3, 3000, address(v3Factory), "hash"));
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.InvalidVenueFee.selector, 1e6));
        executor.listVenue(Venue(VenueKind.UniswapV2, 1e6, address(v2FactoryA), "hash"));
        vm.stopPrank();
    }

    function test_listVenue_afterTheLastId_reverts() public {
        // Slot of the list's length, found rather than assumed: the only one that holds 3.
        bytes32 lengthSlot;
        for (uint256 slot; slot < 16; ++slot) {
            if (uint256(vm.load(address(executor), bytes32(slot))) == 3) lengthSlot = bytes32(slot);
        }
        vm.store(address(executor), lengthSlot, bytes32(uint256(65_536)));
        assertEq(executor.venueCount(), 65_536);
        vm.prank(owner);
        vm.expectRevert(ErrorsLib.VenueListFull.selector);
        executor.listVenue(Venue(VenueKind.UniswapV3, 0, address(v3Factory), "hash"));
    }

    /* VIEWS */

    function test_views_sayWhatWasSet() public view {
        assertEq(executor.lenderAddress(LenderKind.BalancerV2), address(vault));
        assertEq(executor.lenderAddress(LenderKind.AaveV3), address(aavePool));
        assertEq(executor.lenderAddress(LenderKind.MorphoBlue), address(morpho));
        assertEq(executor.WETH(), address(weth));
        assertEq(executor.treasury(), treasury);
        assertEq(executor.guardian(), guardian);
        assertFalse(executor.isKeeper(address(0)));
    }
}
