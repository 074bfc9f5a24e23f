// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ErrorsLib} from "contracts/libraries/ErrorsLib.sol";
import {IPriceFeed} from "contracts/interfaces/external/IPriceFeed.sol";
import {VaultFeed} from "contracts/mocks/VaultFeed.sol";
import {VaultTargetInterrupted} from "contracts/mocks/VaultTarget.sol";
import {VaultErrors} from "contracts/vault/VaultErrors.sol";
import {Erc4626Strategy} from "contracts/vault/strategies/Erc4626Strategy.sol";
import {V3Position} from "contracts/vault/strategies/UniswapV3Strategy.sol";
import {Feed} from "contracts/vault/prices/FeedPriceSource.sol";
import {TwinFixture} from "../support/TwinFixture.sol";
import {VaultV3Fixture} from "../support/VaultV3Fixture.sol";

/// @title What the three below have in common: the whole stage stands on what is faced.
abstract contract VaultPoolIncidents is VaultV3Fixture, TwinFixture {
    bytes4 internal constant NOTHING_REFUSED = 0;
    uint256 internal constant STAKE = 1_000_000 * 1e6;

    function _deployFaced() internal override {
        setUp();
    }

    function _over(uint256 end, uint256 start) internal pure returns (uint256) {
        return end > start ? end - start : 0;
    }

    function _wealth() internal view returns (uint256) {
        return usd.balanceOf(address(trader)) + eth.balanceOf(address(trader)) * ETHER_USD / 1e12;
    }
}

/// @title Incidents of range positions.
contract RangeIncidents is VaultPoolIncidents {
    function _deployV3(V3Position memory where) internal override returns (address) {
        if (!_facesTwin()) return super._deployV3(where);
        return vm.deployCode(_twinArtifact("UniswapV3Strategy.sol"), abi.encode(vault, where));
    }

    /// @dev Bend the pool down, come in while everything looks cheap, let it spring back.
    function test_CountsAtSpot_andIsEnteredBent() public {
        _face("CountsAtSpot");
        _deposit(depositor, STAKE);
        _rebalance(_move(address(strategy), true, STAKE / 4));
        uint256 worth = vault.convertToAssets(vault.balanceOf(depositor));
        _pushTo(2_000 * WAD);
        usd.mint(attacker, 10 * STAKE);
        vm.prank(attacker);
        usd.approve(address(vault), 10 * STAKE);
        _attack(attacker, address(vault), abi.encodeCall(vault.deposit, (10 * STAKE, attacker)));
        _pushTo(ETHER_USD * WAD);
        uint256 after_ = vault.convertToAssets(vault.balanceOf(depositor));
        _conclude(_over(worth, after_), VaultErrors.DepositAboveLimit.selector);
    }

    function _rebalanceAs(uint256 assets) private returns (bool) {
        bytes memory call_ = abi.encodeCall(
            vault.rebalance, (_move(address(strategy), true, assets), type(uint256).max, block.timestamp)
        );
        return _attack(keeper, address(vault), call_);
    }

    /// @dev The price bent within the band, just before the keeper's swap.
    function test_SellsAtAnyPrice_thatTheBandAllows() public {
        _face("SellsAtAnyPrice");
        V3Position memory where = _where();
        where.slippageBps = 30;
        strategy = _addV3(where);
        _deposit(depositor, STAKE);
        _pushTo(3_025 * WAD);
        uint256 before = vault.totalAssets();
        _rebalanceAs(STAKE / 4);
        _conclude(_over(before, vault.totalAssets()), VaultErrors.SwapBelowOracle.selector);
    }

    /// @dev A swap that moves the price by more than the fee pays for two trades around it.
    function test_SellsAnySize_andIsWorthSurrounding() public {
        _face("SellsAnySize");
        _deposit(depositor, 40 * STAKE);
        usd.mint(address(trader), 1e18);
        eth.mint(address(trader), 1e30);
        uint256 wealth = _wealth();
        _pushTo2(3_015 * WAD);
        _rebalanceAs(4 * STAKE);
        _pushTo2(ETHER_USD * WAD);
        _conclude(_over(_wealth(), wealth), VaultErrors.SwapTooLarge.selector);
    }

    /// @dev `_pushTo` without new money.
    function _pushTo2(uint256 etherUsdWad) private {
        uint160 wanted = _sqrtPrice(etherUsdWad);
        (uint160 now_,,,,,,) = pool.slot0();
        if (wanted != now_) {
            trader.swap(pool, wanted < now_, wanted < now_ == _assetIsFirst() ? 1e18 : 1e30, wanted);
        }
    }

    function test_PaysAnyMint_thatIsClaimed() public {
        _face("PaysAnyMint");
        usd.mint(address(strategy), 100 * UNIT);
        bytes memory claim =
            abi.encodeCall(strategy.uniswapV3MintCallback, (100 * UNIT, 0, abi.encode(uint128(1))));
        _attack(attacker, address(strategy), claim);
        _conclude(usd.balanceOf(attacker), ErrorsLib.UnexpectedCallback.selector);
    }
}

/// @title Incidents of lending pools.
contract LendingIncidents is VaultPoolIncidents {
    function setUp() public override {
        super.setUp();
        delete targets;
        delete lendings;
        _addLendings(2);
    }

    function _deployLending(bytes memory arguments) internal override returns (address) {
        if (!_facesTwin()) return super._deployLending(arguments);
        return vm.deployCode(_twinArtifact("Erc4626Strategy.sol"), arguments);
    }

    /// @dev The other vault's rate doubles for the length of a transaction; who leaves in it is paid for that.
    function test_BelievesAnyRate_forTheLengthOfATransaction() public {
        _face("BelievesAnyRate");
        _deposit(depositor, STAKE);
        uint256 shares = _deposit(attacker, STAKE);
        _rebalanceToTargets();
        uint256 held = usd.balanceOf(address(targets[0]));
        targets[0].earn(held);
        _attack(attacker, address(vault), abi.encodeCall(vault.redeem, (shares, attacker, attacker)));
        // What the band of 1 % could cost is known and allowed.
        _conclude(_over(usd.balanceOf(attacker), STAKE * 101 / 100), VaultErrors.NotPayableNow.selector);
    }

    /// @dev A gift makes a share dearer, and whoever lends on shares believes it.
    function test_CountsGivenShares_asEverybodys() public {
        _face("CountsGivenShares");
        _deposit(depositor, STAKE);
        _rebalanceToTargets();
        uint256 price = vault.convertToAssets(1e18);
        usd.mint(attacker, STAKE);
        vm.startPrank(attacker);
        usd.approve(address(targets[0]), STAKE);
        targets[0].deposit(STAKE, address(lendings[0]));
        vm.stopPrank();
        _conclude(_over(vault.convertToAssets(1e18), price), NOTHING_REFUSED);
    }

    /// @dev The same gift while the vault's own deposit is under way: small enough that the rate stays believable.
    function test_CountsGiftsInBetween_asBought() public {
        _face("CountsGiftsInBetween");
        VaultTargetInterrupted target =
            VaultTargetInterrupted(vm.deployCode("VaultTarget.sol:VaultTargetInterrupted", abi.encode(usd)));
        Erc4626Strategy entrant = _lendingStrategy(target);
        uint256 gift = STAKE / 1_000;
        usd.mint(attacker, gift);
        vm.startPrank(attacker);
        usd.approve(address(target), gift);
        target.deposit(gift, attacker);
        target.approve(address(target), gift);
        vm.stopPrank();
        target.interruptWith(
            address(target), abi.encodeCall(target.transferFrom, (attacker, address(entrant), gift))
        );
        usd.mint(address(entrant), STAKE);
        vm.prank(address(vault));
        entrant.deploy(STAKE);
        _conclude(_over(_value(entrant), STAKE), NOTHING_REFUSED);
    }
}

/// @title Incidents of price feeds: a wrong price for ether, and somebody who leaves at it.
contract FeedIncidents is VaultPoolIncidents {
    function _deployPrices() internal override returns (address) {
        if (!_facesTwin()) return super._deployPrices();
        return vm.deployCode(_twinArtifact("FeedPriceSource.sol"), abi.encode(authority));
    }

    /// @dev The attacker's shares, of which the buffer can pay a part.
    function _stage() private {
        _deposit(depositor, STAKE);
        _deposit(attacker, STAKE / 10);
        _rebalanceToTargets();
    }

    /// @return gain What the attacker is paid beyond what the shares are worth.
    function _leave(uint256 fair) private returns (uint256 gain) {
        uint256 shares = vault.balanceOf(attacker);
        bytes memory call_ = abi.encodeCall(vault.redeem, (shares, attacker, attacker));
        _attack(attacker, address(vault), call_);
        gain = _over(usd.balanceOf(attacker), fair);
        // The vault only says that there is no price; the source says why.
        _attack(attacker, address(prices), abi.encodeCall(prices.priceWad, (address(eth))));
    }

    function _fair() private view returns (uint256) {
        return vault.convertToAssets(vault.balanceOf(attacker));
    }

    /// @dev The feed stopped at 3,000 dollars; ether is at 2,400.
    function test_BelievesOldAnswers_ofAFeedThatStopped() public {
        _face("BelievesOldAnswers");
        _stage();
        _setOracle(2_400);
        uint256 fair = _fair();
        _setOracle(3_000);
        ethFeed.freeze(block.timestamp - 3_601);
        _conclude(_leave(fair), VaultErrors.PriceStale.selector);
    }

    /// @dev Somebody swapped the feeds of ether and bitcoin.
    function test_BelievesAnyAnswer_ofAnothersFeed() public {
        _face("BelievesAnyAnswer");
        _stage();
        uint256 fair = _fair();
        _setOracle(60_000);
        _conclude(_leave(fair), VaultErrors.PriceOutOfBand.selector);
    }

    /// @dev The asset's feed says nothing: the vault takes itself for empty, and keeps a fifth idle.
    function test_BelievesZero_andStopsWorking() public {
        _face("BelievesZero");
        uint256 ratio = policy.liquidityRatioBps(STAKE);
        usdFeed.post(0);
        uint256 told = ratio;
        if (_attack(attacker, address(policy), abi.encodeCall(policy.liquidityRatioBps, (STAKE)))) {
            told = policy.liquidityRatioBps(STAKE);
        }
        _conclude(_over(told, ratio) * STAKE / BPS, VaultErrors.PriceOutOfBand.selector);
    }

    /// @dev What stands behind the feed now counts with nine decimals.
    function test_BelievesAnyDecimals_afterAFeedChanged() public {
        _face("BelievesAnyDecimals");
        _stage();
        uint256 fair = _fair();
        ethFeed.setDecimals(9);
        ethFeed.post(3_000e9);
        _conclude(_leave(fair), VaultErrors.WrongFeedDecimals.selector);
    }

    /// @dev Frozen at 3,000, and signing the present time; a second feed knows better.
    function test_BelievesTheFirst_thatIsFrozen() public {
        _face("BelievesTheFirst");
        _stage();
        VaultFeed second =
            VaultFeed(vm.deployCode("VaultFeed.sol:VaultFeed", abi.encode(uint8(8), int256(3_000e8))));
        Feed memory feed = prices.feedOf(address(eth));
        (feed.second, feed.maxDeviationBps) = (IPriceFeed(address(second)), 200);
        vm.prank(admin);
        prices.setFeed(address(eth), feed);
        _setOracle(2_400);
        second.post(2_400e8);
        uint256 fair = _fair();
        _setOracle(3_000);
        _conclude(_leave(fair), VaultErrors.PricesDisagree.selector);
    }
}
