// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {FlashLoanArbitrage} from "contracts/flashloan/FlashLoanArbitrage.sol";
import {LenderKind} from "contracts/interfaces/IFlashLoanArbitrage.sol";
import {IAaveV3Borrower} from "contracts/interfaces/external/IAaveV3Pool.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {ExecutorFixture} from "../support/ExecutorFixture.sol";
import {LegSpec, PlanCodec, PlanSpec} from "../support/PlanCodec.sol";
import {SayingForwarder} from "../support/SayingForwarder.sol";

/// @title Actors by role, drawn by the invariant runner: what each may try, and the books that the test keeps.
/// @notice The fixture is deployed by this contract; the invariants read it and the ghost variables.
contract ExecutorActors is ExecutorFixture {
    using PlanCodec for PlanSpec;

    HookToken public hook;
    address[3] internal assets;

    /// @notice Ghosts: sums of what the executor reported, by asset, and of what was donated or swept.
    mapping(address asset => uint256) public reportedProfit;
    mapping(address asset => uint256) public donated;
    mapping(address asset => uint256) public swept;
    uint256 public executedWhilePaused;
    uint256 public executedByOthers;
    uint256 public forgeriesAccepted;
    uint256 public executions;
    uint256 public limitsBroken;
    uint256 public quotesBroken;

    SayingForwarder private forwarder = new SayingForwarder();

    constructor() {
        setUp();
        hook = HookToken(_deploy("HookToken.sol:HookToken"));
        _fillLenders(address(hook));
        assets = [address(usd), address(weth), address(hook)];
        _opportunity(address(usd), address(hook));
        _opportunity(address(weth), address(usd));
        _opportunity(address(hook), address(weth));
    }

    function _forwarder() internal view override returns (address) {
        return address(forwarder);
    }

    /* TRADER */

    function trader_bendsAPool(uint256 seed, uint256 amount) external {
        (address asset, address other) = _pair(seed);
        amount = bound(amount, 1e15, 30e18);
        // Donation to a V2 pair and sync: the bluntest way to move its price.
        address pool = executor.poolFor(uint16((seed >> 8) % 2), asset, other, 0);
        _give(seed % 2 == 0 ? asset : other, pool, amount);
        (bool success,) = pool.call(abi.encodeWithSignature("sync()"));
        assertTrue(success);
    }

    /* KEEPER */

    function keeper_executes(uint256 seed, uint256 amount, uint16 shareBps) external {
        _tryExecute(keeper, _drawnPlan(seed, amount, shareBps));
    }

    function keeper_signsForTheForwarder(uint256 seed, uint256 amount) external {
        _tryRelayed(keeper, _drawnPlan(seed, amount, 0));
    }

    /// @dev The second plan may fail on what the first left; what it would have moved shows in the books.
    function keeper_executesABatch(uint256 seed, uint256 amount) external {
        PlanSpec[2] memory drawn = [_drawnPlan(seed, amount, 0), _drawnPlan(seed >> 40, amount, 0)];
        bytes[] memory plans = new bytes[](2);
        (plans[0], plans[1]) = (drawn[0].encode(), drawn[1].encode());
        vm.prank(keeper);
        try executor.executeBatch(plans, true) returns (uint256[] memory profits) {
            for (uint256 i; i < 2; ++i) {
                reportedProfit[drawn[i].loans[0].asset] += profits[i];
            }
        } catch {}
    }

    /// @dev Not drawn: an invariant calls it, and lets its revert through.
    function keeper_probes() external {
        for (uint256 kind; kind < 3; ++kind) {
            _execute(_emptyPlan(LenderKind(kind), address(usd)));
        }
    }

    function keeper_executesOverAToken_thatForgesACallback(uint256 seed, uint256 amount) external {
        PlanSpec memory plan = _drawnPlan(seed, amount, 0);
        bytes memory forged =
            abi.encodeCall(executor.onMorphoFlashLoan, (plan.loans[0].amount, plan.encode()));
        hook.arm(address(executor), address(executor), forged, seed % 2 == 0);
        uint256 callsBefore = hook.callCount();
        _tryExecute(keeper, plan);
        if (hook.callCount() != callsBefore && hook.lastSuccess()) ++forgeriesAccepted;
        hook.arm(address(0), address(0), "", false);
    }

    /// @dev As a thief of the key would: the plan promises a loan that it does not hold, and behind it lies one.
    function keeper_executesAPlanWithALoanBehindIt(uint256 seed, uint256 amount) external {
        PlanSpec memory plan = _drawnPlan(seed, amount, 0);
        bytes memory bent = plan.encode();
        bent[PlanCodec.LOANS] |= bytes1(PlanCodec.FLAG);
        bytes memory behind =
            PlanCodec.encodeLoan(_loan(LenderKind.Maker, assets[(seed >> 48) % 3], 1), false);
        bytes memory data =
            abi.encodePacked(executor.execute.selector, uint256(0x20), bent.length, bent, behind);
        vm.prank(keeper);
        (bool ok, bytes memory answer) = address(executor).call(data);
        if (ok) reportedProfit[plan.loans[0].asset] += abi.decode(answer, (uint256));
    }

    /* ATTACKER */

    function attacker_executes(uint256 seed, uint256 amount) external {
        _tryExecute(attacker, _drawnPlan(seed, amount, 0));
    }

    function attacker_signsForTheForwarder(uint256 seed, uint256 amount) external {
        _tryRelayed(attacker, _drawnPlan(seed, amount, 0));
    }

    function attacker_forgesCallbacks(uint256 seed, uint256 amount) external {
        PlanSpec memory plan = _drawnPlan(seed, amount, 0);
        bytes memory data = plan.encode();
        vm.startPrank(attacker);
        _count(abi.encodeCall(executor.onMorphoFlashLoan, (amount, data)));
        _count(
            abi.encodeCall(
                IAaveV3Borrower.executeOperation, (plan.loans[0].asset, amount, 0, address(executor), data)
            )
        );
        _count(
            abi.encodeCall(
                executor.uniswapV3SwapCallback, (int256(1), -1, abi.encode(plan.loans[0].asset, 1))
            )
        );
        vm.stopPrank();
    }

    function attacker_startsABalancerLoanForUs(uint256 seed, uint256 amount) external {
        PlanSpec memory plan = _drawnPlan(seed, amount, 0);
        (address[] memory tokens, uint256[] memory amounts) = (new address[](1), new uint256[](1));
        (tokens[0], amounts[0]) = (plan.loans[0].asset, plan.loans[0].amount);
        vm.prank(attacker);
        try vault.flashLoan(address(executor), tokens, amounts, plan.encode()) {
            ++forgeriesAccepted;
        } catch {}
    }

    function _count(bytes memory forged) private {
        (bool success,) = address(executor).call(forged);
        if (success) ++forgeriesAccepted;
    }

    /* DONOR, OWNER, GUARDIAN */

    function donor_sendsTokens(uint256 seed, uint256 amount) external {
        address asset = assets[seed % 3];
        amount = bound(amount, 0, 10e18);
        _give(asset, address(executor), amount);
        donated[asset] += amount;
    }

    function owner_sweeps(uint256 seed, uint256 amount) external {
        address asset = assets[seed % 3];
        amount = bound(amount, 0, IERC20(asset).balanceOf(address(executor)));
        vm.prank(owner);
        executor.sweep(asset, amount);
        swept[asset] += amount;
    }

    function owner_setsKeeperAndUnpauses(bool allowed) external {
        vm.startPrank(owner);
        executor.setKeeper(keeper, allowed);
        executor.setKeeper(keeper, true);
        executor.unpause();
        vm.stopPrank();
    }

    function guardian_pauses(uint256 seed) external {
        if (seed % 4 != 0) return;
        vm.prank(guardian);
        executor.pause();
    }

    /* BOOKS */

    function _tryExecute(address caller, PlanSpec memory plan) private {
        (bool isQuoted, uint256 quoted, uint256 tip) = _quoteOf(plan);
        bool pausedBefore = executor.paused();
        vm.prank(caller);
        try executor.execute(plan.encode()) returns (uint256 profit) {
            ++executions;
            if (!isQuoted || quoted != profit) ++quotesBroken;
            if (profit + tip < plan.minProfit) ++limitsBroken;
            _note(caller, plan, profit, pausedBefore);
        } catch {}
    }

    function _tryRelayed(address signer, PlanSpec memory plan) private {
        bool pausedBefore = executor.paused();
        (bool ok, bytes memory said) =
            forwarder.callFor(signer, address(executor), abi.encodeCall(executor.execute, (plan.encode())));
        if (ok) _note(signer, plan, abi.decode(said, (uint256)), pausedBefore);
    }

    function _note(address caller, PlanSpec memory plan, uint256 profit, bool pausedBefore) private {
        reportedProfit[plan.loans[0].asset] += profit;
        if (pausedBefore) ++executedWhilePaused;
        if (caller != keeper) ++executedByOthers;
    }

    function _quoteOf(PlanSpec memory plan) private returns (bool isQuoted, uint256 profit, uint256 tip) {
        try executor.quote(plan.encode()) returns (uint256 quoted, uint256, uint256 builderTip) {
            return (true, quoted, builderTip);
        } catch {}
    }

    function _pair(uint256 seed) private view returns (address asset, address other) {
        uint256 i = seed % 3;
        return i == 0
            ? (address(usd), address(hook))
            : i == 1 ? (address(weth), address(usd)) : (address(hook), address(weth));
    }

    function _drawnPlan(uint256 seed, uint256 amount, uint16 shareBps)
        private
        view
        returns (PlanSpec memory plan)
    {
        (address asset, address other) = _pair(seed);
        if ((seed >> 4) % 2 == 1) (asset, other) = (other, asset);
        uint16 first = uint16((seed >> 8) % 3);
        plan = _plan(LenderKind((seed >> 16) % 3), asset, other, first, uint16((first + 1) % 3));
        plan.loans[0].amount = bound(amount, 1, 30e18);
        plan.minProfit = (seed >> 24) % 2;
        if (asset == address(weth)) plan.builderShareBps = shareBps % 10_001;
        if ((seed >> 32) % 4 == 0) plan.legs = new LegSpec[](0);
    }

    /* FOR THE INVARIANTS */

    function executor_() external view returns (FlashLoanArbitrage) {
        return executor;
    }

    function assetAt(uint256 index) external view returns (address) {
        return assets[index];
    }

    function spenders() external view returns (address[3] memory) {
        return [address(vault), address(aavePool), address(morpho)];
    }

    function treasuryAddress() external view returns (address) {
        return treasury;
    }

    function attackerAddress() external view returns (address) {
        return attacker;
    }
}
