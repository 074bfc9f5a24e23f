// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {VaultState} from "contracts/interfaces/IAllocationVault.sol";
import {IStrategy} from "contracts/interfaces/IStrategy.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";
import {AllocationVault} from "contracts/vault/AllocationVault.sol";
import {VaultActors} from "./VaultActors.sol";

/// @title What holds of the vault after any sequence of calls by anybody, in any market.
///
/// INV_VAULT_A  The vault's balance is what its books say, and donations: not a unit is unaccounted for.
/// INV_VAULT_B  Total assets are the buffer and what the strategies report, and nothing else.
/// INV_VAULT_C  What is put aside for claims is the sum of all claims.
/// INV_VAULT_D  Shares in the queue are the sum of all requests, and the vault holds them.
/// INV_VAULT_E  Every share is somebody's.
/// INV_VAULT_F  All shares together are worth no more than there is.
/// INV_VAULT_G  Nobody who enters, leaves or is paid makes the others' shares worth less.
/// INV_VAULT_H  Nobody is paid more than the quote of that moment.
/// INV_VAULT_I  What `maxWithdraw` promises is paid.
/// INV_VAULT_J  Nobody enters, and nothing is rebalanced, while entries are stopped.
/// INV_VAULT_K  Nobody enters while market and oracle part.
/// INV_VAULT_L  Claiming, cancelling and leaving in kind are never refused.
/// INV_VAULT_M  Fees are never taken twice for the same time and gain.
/// INV_VAULT_N  The high-water mark never falls.
/// INV_VAULT_O  A rebalance never leads away from the targets.
/// INV_VAULT_P  Strangers administer nothing and move nothing of the strategies'.
/// INV_VAULT_Q  No strategy leaves an allowance.
/// INV_VAULT_R  Losses on the books never exceed the allowance.
/// forge-config: default.invariant.runs = 10
/// forge-config: deep.invariant.runs = 1024
contract VaultInvariants is Test {
    VaultActors internal actors;
    AllocationVault internal vault;
    MockToken internal usd;

    function setUp() public {
        actors = VaultActors(vm.deployCode("VaultActors.sol:VaultActors"));
        (vault, usd) = (actors.vault_(), actors.usd_());
        targetContract(address(actors));
        targetSelector(FuzzSelector(address(actors), _selectors()));
    }

    function _selectors() private pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](22);
        selectors[0] = VaultActors.holder_deposits.selector;
        selectors[1] = VaultActors.holder_withdrawsTheMost.selector;
        selectors[2] = VaultActors.holder_redeems.selector;
        selectors[3] = VaultActors.holder_requests.selector;
        selectors[4] = VaultActors.anybody_fulfills.selector;
        selectors[5] = VaultActors.holder_claims.selector;
        selectors[6] = VaultActors.holder_cancels.selector;
        selectors[7] = VaultActors.holder_leavesInKind.selector;
        selectors[8] = VaultActors.keeper_rebalances.selector;
        selectors[9] = VaultActors.keeper_tends.selector;
        selectors[10] = VaultActors.manager_scores.selector;
        selectors[11] = VaultActors.admin_setsStates.selector;
        selectors[12] = VaultActors.anybody_takesFees.selector;
        selectors[13] = VaultActors.market_earnsOrLoses.selector;
        selectors[14] = VaultActors.market_dries.selector;
        selectors[15] = VaultActors.market_movesSpot.selector;
        selectors[16] = VaultActors.market_followsOracle.selector;
        selectors[17] = VaultActors.time_passes.selector;
        selectors[18] = VaultActors.admin_confirmsRates.selector;
        selectors[19] = VaultActors.donor_gives.selector;
        selectors[20] = VaultActors.attacker_triesEverything.selector;
        selectors[21] = VaultActors.holder_deposits.selector;
    }

    /// @dev The actors reach what the invariants speak of.
    function test_actors_reachEverything() public {
        for (uint256 seed; seed < 80; ++seed) {
            uint256 drawn = uint256(keccak256(abi.encode(seed)));
            actors.holder_deposits(drawn, drawn >> 8);
            actors.time_passes(12 hours);
            actors.keeper_rebalances(drawn >> 16);
            actors.market_earnsOrLoses(drawn >> 24, drawn >> 32);
            actors.keeper_tends(drawn >> 40);
            actors.holder_requests(drawn >> 48, drawn >> 56);
            actors.anybody_fulfills(drawn);
            actors.holder_claims(drawn >> 64);
            actors.holder_redeems(drawn >> 72, drawn >> 80);
            actors.holder_leavesInKind(drawn >> 88, drawn >> 96);
            actors.admin_confirmsRates();
        }
        assertGt(actors.entered(), 20);
        assertGt(actors.left(), 10);
        assertGt(actors.leftInKind(), 20);
        assertGt(actors.rebalanced(), 10);
        assertGt(actors.fulfilled(), 5);
    }

    function invariant_INV_VAULT_A_balanceIsTheBooksAndDonations() public view {
        VaultState memory state = vault.state();
        assertEq(usd.balanceOf(address(vault)), state.idle + state.claimable + actors.donated());
    }

    function invariant_INV_VAULT_B_totalAssetsAreWhatIsThere() public view {
        address[] memory list = vault.strategies();
        uint256 sum = vault.state().idle;
        for (uint256 i; i < list.length; ++i) {
            (uint256 value,,) = IStrategy(list[i]).report();
            sum += value;
        }
        assertEq(vault.totalAssets(), sum);
    }

    function invariant_INV_VAULT_C_claimsAreCovered() public view {
        (, uint256 assets) = actors.requests();
        assertEq(vault.state().claimable, assets);
    }

    function invariant_INV_VAULT_D_queueHoldsItsShares() public view {
        (uint256 shares,) = actors.requests();
        assertEq(vault.state().pendingShares, shares);
        assertEq(vault.balanceOf(address(vault)), shares);
    }

    function invariant_INV_VAULT_E_everyShareIsSomebodys() public view {
        assertEq(vault.totalSupply(), actors.sharesOfAll());
    }

    function invariant_INV_VAULT_F_sharesAreCovered() public view {
        assertLe(vault.convertToAssets(vault.totalSupply()), vault.totalAssets());
    }

    function invariant_INV_VAULT_G_nobodyDilutesTheOthers() public view {
        assertEq(actors.priceDrops(), 0);
    }

    function invariant_INV_VAULT_H_nobodyIsPaidMoreThanQuoted() public view {
        assertEq(actors.overpaid(), 0);
    }

    function invariant_INV_VAULT_I_maxWithdrawIsPaid() public view {
        assertEq(actors.refusedMaxWithdraw(), 0);
    }

    function invariant_INV_VAULT_J_stopStops() public view {
        assertEq(actors.enteredWhileStopped(), 0);
    }

    function invariant_INV_VAULT_K_nobodyEntersWhileUnsound() public view {
        assertEq(actors.enteredWhileUnsound(), 0);
    }

    function invariant_INV_VAULT_L_lastWaysOutAreOpen() public view {
        assertEq(actors.refusedLastWayOut(), 0);
    }

    function invariant_INV_VAULT_M_feesAreTakenOnce() public view {
        assertEq(actors.feesTwice(), 0);
    }

    function invariant_INV_VAULT_N_markNeverFalls() public view {
        assertEq(actors.markFell(), 0);
        assertGe(vault.state().highWaterMarkWad, 1e18);
    }

    function invariant_INV_VAULT_O_rebalancesLeadToTargets() public view {
        assertEq(actors.movedAway(), 0);
    }

    function invariant_INV_VAULT_P_strangersDoNothing() public view {
        assertEq(actors.strangersDid(), 0);
    }

    function invariant_INV_VAULT_Q_noAllowanceIsLeft() public view {
        assertEq(actors.allowances(), 0);
    }

    function invariant_INV_VAULT_R_lossesStayInTheAllowance() public view {
        assertEq(actors.lostBeyond(), 0);
    }
}
