// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Move, PoolState, Role, Stop} from "contracts/interfaces/IAllocationVault.sol";
import {IStrategy} from "contracts/interfaces/IStrategy.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";
import {VaultTarget} from "contracts/mocks/VaultTarget.sol";
import {AllocationVault} from "contracts/vault/AllocationVault.sol";
import {VaultV3Fixture} from "../support/VaultV3Fixture.sol";

/// @title Actors by role around a vault over two lending pools and a range position; and the books that the test keeps.
contract VaultActors is VaultV3Fixture {
    address[3] internal holders;
    uint256[] internal ids;
    mapping(uint256 id => address controller) public controllerOf;

    /// @notice Ghosts.
    uint256 public donated;
    uint256 public entered;
    uint256 public left;
    uint256 public leftInKind;
    uint256 public rebalanced;
    uint256 public fulfilled;
    uint256 public enteredWhileStopped;
    uint256 public enteredWhileUnsound;
    uint256 public refusedLastWayOut;
    uint256 public refusedMaxWithdraw;
    uint256 public movedAway;
    uint256 public feesTwice;
    uint256 public markFell;
    uint256 public strangersDid;
    uint256 public priceDrops;
    uint256 public overpaid;
    uint256 public lostBeyond;

    constructor() {
        setUp();
        holders = [depositor, neighbour, attacker];
        _addLendings(2);
        _setFees(200, 1_000);
        _deposit(depositor, 10_000 * UNIT);
    }

    /* HOLDERS */

    function holder_deposits(uint256 seed, uint256 assets) external {
        assets = bound(assets, 1, 1_000_000 * UNIT);
        address who = holders[seed % 3];
        (bool stopped, bool sound) = (vault.state().stop != Stop.Nothing, vault.isSound());
        uint256 price = _price();
        usd.mint(who, assets);
        vm.startPrank(who);
        usd.approve(address(vault), assets);
        try vault.deposit(assets, who) {
            ++entered;
            if (stopped) ++enteredWhileStopped;
            if (!sound) ++enteredWhileUnsound;
        } catch {}
        vm.stopPrank();
        _notePrice(price);
    }

    function holder_withdrawsTheMost(uint256 seed) external {
        address who = holders[seed % 3];
        uint256 most = vault.maxWithdraw(who);
        if (most == 0) return;
        uint256 price = _price();
        vm.prank(who);
        try vault.withdraw(most, who, who) {
            ++left;
        } catch {
            ++refusedMaxWithdraw;
        }
        _notePrice(price);
    }

    function holder_redeems(uint256 seed, uint256 shares) external {
        address who = holders[seed % 3];
        shares = bound(shares, 0, vault.balanceOf(who));
        uint256 price = _price();
        uint256 worth = price == 0 ? 0 : vault.convertToAssets(shares);
        vm.prank(who);
        try vault.redeem(shares, who, who) returns (uint256 assets) {
            ++left;
            if (assets > worth) ++overpaid;
        } catch {}
        _notePrice(price);
    }

    function holder_requests(uint256 seed, uint256 shares) external {
        address who = holders[seed % 3];
        shares = bound(shares, 0, vault.balanceOf(who));
        if (shares == 0 || ids.length > 40) return;
        vm.prank(who);
        uint256 id = vault.requestRedeem(shares, who, who);
        ids.push(id);
        controllerOf[id] = who;
    }

    function anybody_fulfills(uint256 count) external {
        uint256 price = _price();
        try vault.fulfillRequests(bound(count, 0, 5)) returns (uint256 assets) {
            if (assets != 0) ++fulfilled;
        } catch {}
        _notePrice(price);
    }

    function holder_claims(uint256 seed) external {
        if (ids.length == 0) return;
        uint256 id = ids[seed % ids.length];
        if (vault.claimableRedeemAssets(id, controllerOf[id]) == 0) return;
        vm.prank(controllerOf[id]);
        try vault.claimRedeem(id, controllerOf[id]) {}
        catch {
            ++refusedLastWayOut;
        }
    }

    function holder_cancels(uint256 seed) external {
        if (ids.length == 0) return;
        uint256 id = ids[seed % ids.length];
        if (vault.pendingRedeemRequest(id, controllerOf[id]) == 0) return;
        vm.prank(controllerOf[id]);
        try vault.cancelRedeemRequest(id) {}
        catch {
            ++refusedLastWayOut;
        }
    }

    function holder_leavesInKind(uint256 seed, uint256 shares) external {
        address who = holders[seed % 3];
        shares = bound(shares, 0, vault.balanceOf(who));
        if (shares == 0) return;
        uint256 price = _price();
        vm.prank(who);
        try vault.redeemInKind(shares, who, who, new address[](0)) {
            ++leftInKind;
        } catch {
            ++refusedLastWayOut;
        }
        _notePrice(price);
    }

    /* KEEPER, MANAGER, GUARDIAN, ADMINISTRATION */

    function keeper_rebalances(uint256 seed) external {
        Move[] memory moves;
        try this.plan() returns (Move[] memory planned) {
            moves = planned;
        } catch {
            return;
        }
        if (seed % 3 != 0) moves = _one(moves, seed);
        bool stopped = vault.state().stop != Stop.Nothing;
        (uint256 apart, uint256 assets) = (_apart(), vault.totalAssets());
        vm.prank(keeper);
        try vault.rebalance(moves, type(uint256).max, block.timestamp) {
            ++rebalanced;
            if (stopped) ++enteredWhileStopped;
            // What the moves themselves cost changes the targets too.
            _noteLoss(assets);
            if (_apart() > apart + vault.totalAssets() / 500) ++movedAway;
        } catch {}
    }

    function keeper_tends(uint256 seed) external {
        address[] memory list = vault.strategies();
        uint256 assets = _assets();
        vm.prank(keeper);
        try vault.tend(list[seed % list.length], "") {
            _noteLoss(assets);
        } catch {}
    }

    function manager_scores(uint256 seed, uint16 score) external {
        address[] memory list = vault.strategies();
        vm.prank(manager);
        vault.setPoolCScore(list[seed % list.length], score % 10_001);
    }

    function admin_setsStates(uint256 seed) external {
        address[] memory list = vault.strategies();
        PoolState wanted = PoolState(1 + (seed >> 8) % 3);
        vm.startPrank(admin);
        vault.setPoolState(list[seed % list.length], wanted);
        vault.resume(seed % 5 == 0 ? Stop((seed >> 16) % 3) : Stop.Nothing);
        vm.stopPrank();
    }

    function anybody_takesFees() external {
        uint256 mark = vault.state().highWaterMarkWad;
        try vault.accrueFees() {
            if (vault.accrueFees() != 0) ++feesTwice;
        } catch {}
        if (vault.state().highWaterMarkWad < mark) ++markFell;
    }

    /* THE MARKET, TIME */

    function market_earnsOrLoses(uint256 seed, uint256 bps) external {
        VaultTarget target = targets[seed % 2];
        uint256 part = usd.balanceOf(address(target)) * bound(bps, 0, seed % 7 == 0 ? 500 : 20) / BPS;
        if (seed % 3 == 0) target.lose(part);
        else target.earn(part);
    }

    function market_dries(uint256 seed) external {
        targets[seed % 2].setLiquidity(seed % 3 == 0 ? 0 : type(uint256).max);
    }

    function market_movesSpot(uint256 bps) external {
        _pushTo(ETHER_USD * WAD * bound(bps, 9_700, 10_300) / BPS);
    }

    function market_followsOracle(uint256 dollars) external {
        _setOracle(bound(dollars, 2_800, 3_200));
    }

    function time_passes(uint256 elapsed) external {
        vm.warp(block.timestamp + bound(elapsed, 0, 12 hours));
    }

    function admin_confirmsRates() external {
        vm.startPrank(admin);
        for (uint256 i; i < 2; ++i) {
            (uint256 shares,,) = lendings[i].books();
            if (shares != 0) lendings[i].confirmRate(0, type(uint256).max);
        }
        vm.stopPrank();
    }

    /* DONOR, ATTACKER */

    function donor_gives(uint256 seed, uint256 assets) external {
        assets = bound(assets, 0, 1_000 * UNIT);
        usd.mint(address(vault), assets);
        donated += assets;
        usd.mint(address(lendings[seed % 2]), assets);
    }

    function attacker_triesEverything(uint256 seed) external {
        address[] memory list = vault.strategies();
        address target = list[seed % list.length];
        vm.startPrank(attacker);
        _try(address(vault), abi.encodeCall(vault.rebalance, (new Move[](0), 0, block.timestamp)));
        _try(address(vault), abi.encodeCall(vault.setRole, (attacker, Role.Keeper, true)));
        _try(address(vault), abi.encodeCall(vault.removePool, (target, true)));
        _try(address(vault), abi.encodeCall(vault.setPoolState, (target, PoolState.Draining)));
        _try(address(vault), abi.encodeCall(vault.upgradeToAndCall, (address(vault), "")));
        _try(target, abi.encodeCall(IStrategy.free, (1)));
        _try(target, abi.encodeCall(IStrategy.freeInKind, (1, 1, attacker)));
        _try(address(strategy), abi.encodeCall(strategy.uniswapV3MintCallback, (1, 1, "")));
        vm.stopPrank();
    }

    function _try(address target, bytes memory call_) private {
        (bool success,) = target.call(call_);
        if (success) ++strangersDid;
    }

    /* BOOKS */

    function plan() external view returns (Move[] memory) {
        return _planToTargets();
    }

    function _one(Move[] memory moves, uint256 seed) private pure returns (Move[] memory chosen) {
        if (moves.length == 0) return moves;
        chosen = new Move[](1);
        chosen[0] = moves[seed % moves.length];
        chosen[0].assets = bound(seed, 1, 1_000_000 * UNIT);
    }

    /// @dev How far pools are from their targets, all together.
    function _apart() private view returns (uint256 sum) {
        address[] memory list = vault.strategies();
        (uint256[] memory wanted,) = vault.targetAllocations();
        for (uint256 i; i < list.length; ++i) {
            (uint256 value,,) = IStrategy(list[i]).report();
            sum += value < wanted[i] ? wanted[i] - value : value - wanted[i];
        }
    }

    /// @dev Zero while there is none.
    function _price() private view returns (uint256) {
        try vault.convertToAssets(1e24) returns (uint256 price) {
            return price;
        } catch {
            return 0;
        }
    }

    function _assets() private view returns (uint256) {
        try vault.totalAssets() returns (uint256 assets) {
            return assets;
        } catch {
            return 0;
        }
    }

    /// @dev What is used up of the allowance when something was charged to it: at most 20 bps of what was there.
    function _noteLoss(uint256 assets) private {
        bool isCharged = vault.state().lossUpdatedAt == block.timestamp;
        if (isCharged && vault.state().lossUsed > assets * _limits().maxLossBps / BPS) ++lostBeyond;
    }

    /// @dev Nobody who comes or goes makes a share worth less; a unit of a quadrillion shares is a rounding.
    function _notePrice(uint256 before) private {
        uint256 after_ = _price();
        if (before != 0 && after_ != 0 && after_ + before / 1e9 + 1 < before) ++priceDrops;
    }

    /* FOR THE INVARIANTS */

    function vault_() external view returns (AllocationVault) {
        return vault;
    }

    function usd_() external view returns (MockToken) {
        return usd;
    }

    function requests() external view returns (uint256 shares, uint256 assets) {
        for (uint256 i; i < ids.length; ++i) {
            shares += vault.pendingRedeemRequest(ids[i], controllerOf[ids[i]]);
            assets += vault.claimableRedeemAssets(ids[i], controllerOf[ids[i]]);
        }
    }

    function sharesOfAll() external view returns (uint256 shares) {
        shares = vault.balanceOf(address(vault)) + vault.balanceOf(feeRecipient);
        for (uint256 i; i < 3; ++i) {
            shares += vault.balanceOf(holders[i]);
        }
    }

    function allowances() external view returns (uint256 sum) {
        for (uint256 i; i < 2; ++i) {
            sum += IERC20(usd).allowance(address(lendings[i]), address(targets[i]));
        }
        sum += usd.allowance(address(strategy), address(pool))
        + eth.allowance(address(strategy), address(pool));
    }
}
