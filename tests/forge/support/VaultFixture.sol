// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "forge-std/Test.sol";
import {BufferCurve, RebalanceLimits} from "contracts/interfaces/IAllocationPolicy.sol";
import {Move, Role, VaultSettings} from "contracts/interfaces/IAllocationVault.sol";
import {IPriceFeed} from "contracts/interfaces/external/IPriceFeed.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";
import {VaultFeed} from "contracts/mocks/VaultFeed.sol";
import {VaultTarget} from "contracts/mocks/VaultTarget.sol";
import {AllocationPolicy} from "contracts/vault/AllocationPolicy.sol";
import {AllocationVault} from "contracts/vault/AllocationVault.sol";
import {VaultProxy} from "contracts/vault/VaultProxy.sol";
import {WeightModel} from "contracts/vault/WeightModel.sol";
import {Feed, FeedPriceSource} from "contracts/vault/prices/FeedPriceSource.sol";
import {Erc4626Strategy} from "contracts/vault/strategies/Erc4626Strategy.sol";

/// @title A vault over a six-decimals dollar with lending pools, and what its tests need. Actors are named by role.
abstract contract VaultFixture is Test {
    uint256 internal constant UNIT = 1e6;
    uint256 internal constant WAD = 1e18;
    uint256 internal constant BPS = 10_000;
    /// @dev Base units of a share for a base unit of the asset, at the start.
    uint256 internal constant SHARES = 1e6;

    address internal admin = makeAddr("admin");
    address internal manager = makeAddr("manager");
    address internal keeper = makeAddr("keeper");
    address internal guardian = makeAddr("guardian");
    address internal depositor = makeAddr("depositor");
    address internal neighbour = makeAddr("neighbour");
    address internal attacker = makeAddr("attacker");
    address internal feeRecipient = makeAddr("feeRecipient");

    AccessManager internal authority;
    MockToken internal usd;
    VaultFeed internal usdFeed;
    FeedPriceSource internal prices;
    AllocationPolicy internal policy;
    AllocationVault internal vault;
    VaultTarget[] internal targets;
    Erc4626Strategy[] internal lendings;

    function setUp() public virtual {
        // Away from zero, where ages would wrap.
        vm.warp(1_800_000_000);
        authority = AccessManager(vm.deployCode("AccessManager.sol:AccessManager", abi.encode(admin)));
        usd = _token("USD", 6);
        prices = FeedPriceSource(_deployPrices());
        usdFeed = _listFeed(address(usd), 8, 1e8);
        policy = _deployPolicy(WeightModel(5_000, 15_000, 2_500, 10_000, 3_000), _curve(), _limits());
        vault = _deployVault();
    }

    /* SETTING UP */

    /// @dev The real build, named by its file; in the profiles that build contracts in their own way, that.
    function _artifact(string memory name) internal view returns (string memory) {
        bytes32 profile = keccak256(bytes(vm.envOr("FOUNDRY_PROFILE", string("default"))));
        bool isOwn = profile == keccak256("quick") || profile == keccak256("coverage")
            || bytes(vm.envOr("STEELYARD_TWIN", string(""))).length != 0;
        return isOwn
            ? string.concat(name, ".sol:", name)
            : string.concat(".build/forge/out/", name, ".sol/", name, ".json");
    }

    function _deployBuild(string memory name, bytes memory arguments) internal returns (address) {
        return vm.deployCode(_artifact(name), arguments);
    }

    function _token(string memory symbol, uint8 decimals) internal returns (MockToken) {
        return MockToken(vm.deployCode("MockToken.sol:MockToken", abi.encode(symbol, decimals)));
    }

    function _listFeed(address token, uint8 decimals, int256 answer) internal returns (VaultFeed feed) {
        feed = VaultFeed(vm.deployCode("VaultFeed.sol:VaultFeed", abi.encode(decimals, answer)));
        uint256 price = uint256(answer) * 10 ** (18 - decimals);
        Feed memory listed = Feed(
            IPriceFeed(address(feed)),
            decimals,
            3_600,
            uint128(price / 10),
            uint128(price * 10),
            IPriceFeed(address(0)),
            0
        );
        vm.prank(admin);
        prices.setFeed(token, listed);
    }

    function _curve() internal pure virtual returns (BufferCurve memory) {
        return BufferCurve({minBps: 500, maxBps: 2_000, pivotUsd: 1_000_000});
    }

    function _limits() internal pure virtual returns (RebalanceLimits memory) {
        return RebalanceLimits({
            thresholdBps: 100,
            maxStepBps: 10_000,
            maxMoveLossBps: 50,
            maxLossBps: 20,
            minIntervalSeconds: 1 hours,
            lossPeriodSeconds: 1 days
        });
    }

    function _deployPrices() internal virtual returns (address) {
        return _deployBuild("FeedPriceSource", abi.encode(authority));
    }

    function _deployPolicy(WeightModel memory model, BufferCurve memory curve, RebalanceLimits memory limits)
        internal
        returns (AllocationPolicy)
    {
        bytes memory arguments = abi.encode(usd, prices, model, curve, limits);
        return AllocationPolicy(_deployBuild("AllocationPolicy", arguments));
    }

    function _settings() internal view returns (VaultSettings memory) {
        return VaultSettings({
            policy: address(policy),
            feeRecipient: feeRecipient,
            managementFeeBps: 0,
            performanceFeeBps: 0,
            depositCap: type(uint128).max
        });
    }

    /// @dev What is attacked: `AllocationVault`, or a twin of it.
    function _implementation() internal virtual returns (address) {
        return _deployBuild("AllocationVault", abi.encode(address(0)));
    }

    function _deployVault() internal returns (AllocationVault deployed) {
        deployed = AllocationVault(_proxy(_implementation(), _initialization()));
        vm.startPrank(admin);
        deployed.setRole(keeper, Role.Keeper, true);
        deployed.setRole(manager, Role.Manager, true);
        deployed.setRole(guardian, Role.Guardian, true);
        vm.stopPrank();
    }

    function _initialization() internal view returns (bytes memory) {
        return abi.encodeCall(
            AllocationVault.initialize,
            (address(usd), bytes32("Steelyard USD"), bytes32("syUSD"), address(authority), _settings())
        );
    }

    function _proxy(address implementation, bytes memory initialization) internal returns (address) {
        return _deployBuild("VaultProxy", abi.encode(implementation, initialization));
    }

    /// @dev A lending pool that the vault may use.
    function _addLending() internal returns (Erc4626Strategy strategy) {
        VaultTarget target = VaultTarget(vm.deployCode("VaultTarget.sol:VaultTarget", abi.encode(usd)));
        targets.push(target);
        strategy = _lendingStrategy(target);
        lendings.push(strategy);
        vm.prank(admin);
        vault.addPool(address(strategy));
    }

    function _lendingStrategy(VaultTarget target) internal returns (Erc4626Strategy) {
        return
            Erc4626Strategy(
                _deployLending(abi.encode(vault, authority, target, uint256(100), uint256(5_000)))
            );
    }

    function _deployLending(bytes memory arguments) internal virtual returns (address) {
        return _deployBuild("Erc4626Strategy", arguments);
    }

    function _addLendings(uint256 count) internal {
        for (uint256 i; i < count; ++i) {
            _addLending();
        }
    }

    function _change(VaultSettings memory changed) internal {
        vm.prank(admin);
        vault.changeSettings(changed);
    }

    function _setFees(uint16 managementFeeBps, uint16 performanceFeeBps) internal {
        VaultSettings memory changed = vault.settings();
        (changed.managementFeeBps, changed.performanceFeeBps) = (managementFeeBps, performanceFeeBps);
        _change(changed);
    }

    /* ACTING */

    function _deposit(address who, uint256 assets) internal returns (uint256 shares) {
        usd.mint(who, assets);
        vm.startPrank(who);
        usd.approve(address(vault), assets);
        shares = vault.deposit(assets, who);
        vm.stopPrank();
    }

    function _redeem(address who, uint256 shares) internal returns (uint256 assets) {
        vm.prank(who);
        return vault.redeem(shares, who, who);
    }

    function _redeemInKind(address who, uint256 shares) internal returns (uint256 assets) {
        vm.prank(who);
        return vault.redeemInKind(shares, who, who, new address[](0));
    }

    function _move(address strategy, bool isDeploy, uint256 assets)
        internal
        pure
        returns (Move[] memory moves)
    {
        moves = new Move[](1);
        moves[0] = Move(strategy, isDeploy, assets);
    }

    /// @dev Every pool to its target: what is too much first.
    function _planToTargets() internal view returns (Move[] memory moves) {
        address[] memory list = vault.strategies();
        (uint256[] memory wanted,) = vault.targetAllocations();
        Move[] memory all = new Move[](list.length);
        uint256 count;
        for (uint256 round; round < 2; ++round) {
            for (uint256 i; i < list.length; ++i) {
                (uint256 value,,) = Erc4626Strategy(list[i]).report();
                bool isDeploy = value < wanted[i];
                if (value == wanted[i] || isDeploy != (round == 1)) continue;
                all[count++] = Move(list[i], isDeploy, type(uint256).max);
            }
        }
        moves = new Move[](count);
        for (uint256 i; i < count; ++i) {
            moves[i] = all[i];
        }
    }

    function _rebalance(Move[] memory moves) internal returns (uint256 loss) {
        vm.prank(keeper);
        return vault.rebalance(moves, type(uint256).max, block.timestamp);
    }

    function _rebalanceToTargets() internal returns (uint256 loss) {
        return _rebalance(_planToTargets());
    }

    function _value(Erc4626Strategy strategy) internal view returns (uint256 value) {
        (value,,) = strategy.report();
    }

    /// @dev The books are covered, and say what is there.
    function _assertCovered() internal view {
        uint256 booked = vault.state().idle + vault.state().claimable;
        assertGe(usd.balanceOf(address(vault)), booked, "books not covered");
    }
}
