// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IFlashLoanArbitrage, LenderKind, Lenders, VenueKind} from "../interfaces/IFlashLoanArbitrage.sol";
import {IWETH} from "../interfaces/external/IWETH.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {PlanLib} from "../libraries/PlanLib.sol";
import {Purse, PurseLib} from "../libraries/PurseLib.sol";
import {WrappedEtherSwap} from "../swap/WrappedEtherSwap.sol";
import {BalancerV2Vault} from "./BalancerV2Vault.sol";
import {ExecutorRoles} from "./ExecutorRoles.sol";
import {FlashBorrower} from "./FlashBorrower.sol";
import {Route} from "./Route.sol";
import {UniswapV4Unlock} from "./UniswapV4Unlock.sol";
import {AaveV2Lender} from "./lenders/AaveV2Lender.sol";
import {AaveV3Lender} from "./lenders/AaveV3Lender.sol";
import {BalancerV2Lender} from "./lenders/BalancerV2Lender.sol";
import {MakerLender} from "./lenders/MakerLender.sol";
import {MorphoBlueLender} from "./lenders/MorphoBlueLender.sol";
import {UniswapV2Lender} from "./lenders/UniswapV2Lender.sol";
import {UniswapV3Lender} from "./lenders/UniswapV3Lender.sol";
import {UniswapV4Lender} from "./lenders/UniswapV4Lender.sol";

/// @title FlashLoanArbitrage
/// @notice Start reading at `_run`: check the plan, borrow (FlashBorrower), in the innermost callback swap (Route), repay,
/// settle. Roles, assumptions and the full documentation stand on IFlashLoanArbitrage.
contract FlashLoanArbitrage is
    Route,
    BalancerV2Lender,
    AaveV3Lender,
    MorphoBlueLender,
    MakerLender,
    UniswapV2Lender,
    UniswapV3Lender,
    UniswapV4Lender
{
    using PurseLib for Purse;

    /* CONSTANTS */

    uint256 private constant _BPS = 10_000;

    /// @dev Enough for a builder's contract that logs or forwards, too little to be worth griefing.
    uint256 private constant _TIP_GAS = 50_000;

    /// @dev A skipped plan's reason is cut here: a pool of the plan's choosing cannot make us pay for a long one.
    uint256 private constant _REASON_BYTES = 256;

    /// @dev Length of the error `Quoted`: selector and three words.
    uint256 private constant _QUOTED_BYTES = 100;

    /* CONSTRUCTOR */

    /// @param owner_ Holder of the owner role.
    /// @param treasury_ Receiver of profit.
    /// @param lenders Where each lender stands; zero where the chain has none.
    /// @param weth Wrapped ether.
    /// @param forwarder The relayer whose signed calls count as their signers'; zero for none.
    constructor(address owner_, address treasury_, Lenders memory lenders, address weth, address forwarder)
        ExecutorRoles(owner_, treasury_, forwarder)
        BalancerV2Vault(lenders.balancerV2Vault)
        AaveV3Lender(lenders.aaveV3Pool)
        MorphoBlueLender(lenders.morphoBlue)
        AaveV2Lender(lenders.aaveV2Pool)
        MakerLender(lenders.makerFlash)
        UniswapV4Unlock(lenders.uniswapV4PoolManager)
        WrappedEtherSwap(weth)
    {}

    /* KEEPER FUNCTIONS */

    /// @inheritdoc IFlashLoanArbitrage
    function execute(bytes calldata plan)
        external
        override
        onlyKeeper
        nonReentrantFromFirstCallback
        returns (uint256 profit)
    {
        (profit,,) = _run(plan);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function executeBatch(bytes[] calldata plans, bool skipFailing)
        external
        override
        onlyKeeper
        nonReentrant
        returns (uint256[] memory profits)
    {
        profits = new uint256[](plans.length);
        for (uint256 i; i < plans.length; ++i) {
            if (!skipFailing) {
                (profits[i],,) = _run(plans[i]);
                continue;
            }
            try this.executeForBatch(plans[i]) returns (uint256 profit, uint256, uint256) {
                profits[i] = profit;
            } catch {
                emit PlanSkipped(i, keccak256(plans[i]), _reason());
            }
        }
    }

    /// @inheritdoc IFlashLoanArbitrage
    function executeForBatch(bytes calldata plan)
        external
        override
        returns (uint256 profit, uint256 loanFee, uint256 builderTip)
    {
        if (msg.sender != address(this)) revert ErrorsLib.NotSelf(msg.sender);
        return _run(plan);
    }

    /* ANYBODY, CHANGING NOTHING */

    /// @inheritdoc IFlashLoanArbitrage
    function quote(bytes calldata plan)
        external
        override
        nonReentrant
        returns (uint256 profit, uint256 loanFee, uint256 builderTip)
    {
        try this.runAndRevert(plan) returns (bytes memory reason) {
            _revertWith(reason);
        } catch (bytes memory figures) {
            // Only our own `Quoted` leaves that call, or nothing where the gas ran out.
            if (figures.length != _QUOTED_BYTES) _revertWith(figures);
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                profit := mload(add(figures, 0x24))
                loanFee := mload(add(figures, 0x44))
                builderTip := mload(add(figures, 0x64))
            }
        }
    }

    /// @inheritdoc IFlashLoanArbitrage
    function runAndRevert(bytes calldata plan) external override returns (bytes memory) {
        if (msg.sender != address(this)) revert ErrorsLib.NotSelf(msg.sender);
        try this.executeForBatch(plan) returns (uint256 profit, uint256 loanFee, uint256 builderTip) {
            revert ErrorsLib.Quoted(profit, loanFee, builderTip);
        } catch (bytes memory reason) {
            return reason;
        }
    }

    /* VIEWS */

    /// @inheritdoc IFlashLoanArbitrage
    function lenderAddress(LenderKind lender) public view override returns (address) {
        if (lender == LenderKind.BalancerV2) return _BALANCER_VAULT;
        if (lender == LenderKind.MorphoBlue) return _MORPHO;
        if (lender == LenderKind.UniswapV4) return _POOL_MANAGER;
        if (lender == LenderKind.AaveV3) return _AAVE_V3_POOL;
        if (lender == LenderKind.AaveV2) return _AAVE_V2_POOL;
        if (lender == LenderKind.Maker) return _MAKER_FLASH;
        return address(0);
    }

    /* INTERNAL: ONE PLAN */

    function _run(bytes calldata plan) private returns (uint256 profit, uint256 loanFee, uint256 builderTip) {
        (uint256 minProfit, uint256 builderShareBps) = _checkHead(plan);
        bytes32 hash = EfficientHashLib.hashCalldata(plan);
        uint256 balanceBefore = _takeLoans(plan, hash);
        address asset = PlanLib.loanAsset(plan, PlanLib.LOANS);
        uint256 gain = _gain(asset, balanceBefore);
        loanFee = _settleLoans(plan, asset);
        if (gain < minProfit) revert ErrorsLib.MinProfitNotMet(gain, minProfit);
        if (gain != 0) (profit, builderTip) = _share(asset, gain, minProfit, builderShareBps);
        if (loanFee | builderTip == 0) emit ArbitrageExecuted(hash, asset, profit);
        else emit ArbitrageExecutedWithCosts(hash, asset, profit, loanFee, builderTip);
    }

    function _checkHead(bytes calldata plan)
        private
        view
        returns (uint256 minProfit, uint256 builderShareBps)
    {
        if (!PlanLib.isFor(plan, address(this))) {
            _revertNotForUs(plan);
        }
        uint256 deadline;
        (deadline, minProfit, builderShareBps) = PlanLib.limits(plan);
        // A deadline is minutes; a validator moves the clock by seconds.
        // forge-lint: disable-next-line(block-timestamp)
        if (deadline < block.timestamp) _revertLate(plan, deadline);
        if (builderShareBps != 0) _requireTippable(plan, builderShareBps);
    }

    /// @dev Says what is wrong with a plan that is not for this executor on this chain.
    function _revertNotForUs(bytes calldata plan) private view {
        PlanLib.requireHead(plan);
        uint256 chainId = PlanLib.chainId(plan);
        if (chainId != block.chainid) revert ErrorsLib.WrongChain(chainId, block.chainid);
        revert ErrorsLib.WrongExecutor(PlanLib.executor(plan), address(this));
    }

    function _revertLate(bytes calldata plan, uint256 deadline) private view {
        PlanLib.requireHead(plan);
        revert ErrorsLib.DeadlineExpired(deadline, block.timestamp);
    }

    function _requireTippable(bytes calldata plan, uint256 builderShareBps) private view {
        if (builderShareBps > _BPS) revert ErrorsLib.BuilderShareTooLarge(builderShareBps);
        address asset = PlanLib.loanAsset(plan, PlanLib.LOANS);
        if (asset != WETH) revert ErrorsLib.TipNeedsWeth(asset);
    }

    /* INTERNAL: THE LOANS */

    /// @inheritdoc FlashBorrower
    /// @dev Adding a lender: one file in `lenders/`, one kind, one line here and in `lenderAddress`.
    function _borrow(bytes calldata plan, bytes32 planHash, uint256 loan) internal override {
        LenderKind kind = PlanLib.loanKind(plan, loan);
        // The cheapest first, where a comparison counts.
        if (kind == LenderKind.BalancerV2) {
            _requireHere(_BALANCER_VAULT, kind);
            return _borrowFromBalancerV2(plan, planHash, loan);
        }
        if (kind == LenderKind.MorphoBlue) {
            _requireHere(_MORPHO, kind);
            return _borrowFromMorphoBlue(plan, planHash, loan);
        }
        if (kind == LenderKind.UniswapV4) {
            _requireHere(_POOL_MANAGER, kind);
            return _borrowFromUniswapV4(plan, planHash, loan);
        }
        if (kind == LenderKind.UniswapV2) return _borrowFromUniswapV2(plan, planHash, loan);
        if (kind == LenderKind.UniswapV3) return _borrowFromUniswapV3(plan, planHash, loan);
        if (kind == LenderKind.Erc3156) return _borrowFromListed(plan, planHash, loan);
        address lender = lenderAddress(kind);
        _requireHere(lender, kind);
        if (kind == LenderKind.AaveV3) _borrowFromAaveV3(lender, plan, planHash, loan);
        else if (kind == LenderKind.AaveV2) _borrowBasketFromAave(lender, plan, planHash, loan);
        else _borrowFromErc3156(lender, plan, planHash, loan);
    }

    function _requireHere(address lender, LenderKind kind) private pure {
        if (lender == address(0)) revert ErrorsLib.LenderNotAvailable(kind);
    }

    /// @inheritdoc FlashBorrower
    function _onAllLoans(bytes calldata plan, uint256 route) internal override {
        bool opensV4 = PlanLib.hasLeg(plan, route, VenueKind.UniswapV4)
            && !PlanLib.hasLoanBefore(plan, LenderKind.UniswapV4, route);
        // Once around all legs, so that nothing but the manager's books moves between two over Uniswap V4.
        if (opensV4) _unlockUniswapV4(plan, route);
        else _runRoute(plan, route);
    }

    /// @inheritdoc UniswapV4Unlock
    function _onUnlockedForSwap(bytes calldata plan, uint256 route) internal override {
        _runRoute(plan, route);
    }

    function _runRoute(bytes calldata plan, uint256 route) private {
        address asset = PlanLib.loanAsset(plan, PlanLib.LOANS);
        Hand memory hand;
        Purse memory purse;
        hand.token = asset;
        if (PlanLib.hasMore(plan, PlanLib.LOANS)) {
            purse = _fillPurse(plan);
            hand.amount = purse.take(asset, 0);
        } else {
            hand.amount = PlanLib.loanAmount(plan, PlanLib.LOANS);
            _requireArrived(asset, hand.amount, PlanLib.LOANS);
        }
        _runLegs(plan, route, hand, purse);
        if (purse.isOpen()) _checkPurse(plan, hand, purse);
        else _checkHand(plan, hand, asset);
    }

    /// @dev One loan, one chain of legs: only what the route brought back may repay, whatever else lies here.
    function _checkHand(bytes calldata plan, Hand memory hand, address asset) private view {
        if (hand.token != asset) revert ErrorsLib.RouteNotClosed(asset, hand.token);
        uint256 owed = _owed(plan, PlanLib.LOANS);
        if (hand.amount < owed) revert ErrorsLib.LoanNotCovered(asset, hand.amount, owed);
    }

    function _fillPurse(bytes calldata plan) private view returns (Purse memory purse) {
        purse = PurseLib.open();
        uint256 loan = PlanLib.LOANS;
        while (true) {
            purse.put(PlanLib.loanAsset(plan, loan), PlanLib.loanAmount(plan, loan));
            if (!PlanLib.hasMore(plan, loan)) break;
            loan = PlanLib.afterLoan(plan, loan);
        }
        for (uint256 i; i < purse.count; ++i) {
            uint256 at = _firstLoanOf(plan, purse.tokens[i]);
            _requireArrived(purse.tokens[i], purse.amounts[i], at);
        }
    }

    /// @dev Every loan is covered by what the route has in hand, and nothing else is left over.
    function _checkPurse(bytes calldata plan, Hand memory hand, Purse memory purse) private view {
        purse.put(hand.token, hand.amount);
        for (uint256 i; i < purse.count; ++i) {
            address token = purse.tokens[i];
            uint256 owed = _owedIn(plan, token);
            if (owed == 0 && purse.amounts[i] != 0) revert ErrorsLib.TokensLeft(token, purse.amounts[i]);
            if (purse.amounts[i] < owed) revert ErrorsLib.LoanNotCovered(token, purse.amounts[i], owed);
        }
    }

    /// @dev A loan that arrives short would have to be topped up from what was here before.
    function _requireArrived(address asset, uint256 amount, uint256 offset) private view {
        uint256 arrived = _growth(asset, address(this), _balanceBefore(offset));
        if (arrived < amount) revert ErrorsLib.TransferShort(asset, amount, arrived);
    }

    /* INTERNAL: THE PROFIT */

    /// @dev What loans of other assets gained leaves here.
    /// @return loanFee Fees of all loans of `asset`, the first one's.
    function _settleLoans(bytes calldata plan, address asset) private returns (uint256 loanFee) {
        uint256 loan = PlanLib.LOANS;
        loanFee = _takeFee(plan, loan);
        while (PlanLib.hasMore(plan, loan)) {
            loan = PlanLib.afterLoan(plan, loan);
            uint256 fee = _takeFee(plan, loan);
            address other = PlanLib.loanAsset(plan, loan);
            if (other == asset) loanFee += fee;
            else if (_firstLoanOf(plan, other) == loan) _paySurplus(other, loan);
        }
    }

    /// @dev Gains in other assets than the first loan's; a loss in one reverts in `_gain`.
    function _paySurplus(address asset, uint256 loan) private {
        uint256 surplus = _gain(asset, _balanceBefore(loan));
        if (surplus == 0) return;
        _payTreasury(asset, surplus);
        emit SurplusPaid(asset, surplus);
    }

    /// @dev The gain is the growth of our balance over all loans; all of it leaves again.
    function _gain(address asset, uint256 balanceBefore) private view returns (uint256) {
        uint256 balanceAfter = SafeTransferLib.balanceOf(asset, address(this));
        if (balanceAfter < balanceBefore) revert ErrorsLib.BalanceShrank(asset, balanceBefore, balanceAfter);
        unchecked {
            return balanceAfter - balanceBefore;
        }
    }

    /// @dev Between the block's builder and the treasury.
    function _share(address asset, uint256 gain, uint256 minProfit, uint256 builderShareBps)
        private
        returns (uint256 profit, uint256 builderTip)
    {
        builderTip = _tipBuilder(gain - minProfit, builderShareBps);
        profit = gain - builderTip;
        _payTreasury(asset, profit);
    }

    /// @dev Unwraps exactly the tip; what the builder refuses is wrapped again and stays profit.
    /// @return tip Wei that the builder took.
    function _tipBuilder(uint256 surplus, uint256 shareBps) private returns (uint256 tip) {
        // Rounds down, in the treasury's favour.
        tip = (surplus * shareBps) / _BPS;
        if (tip == 0) return 0;
        _admitEther(WETH);
        IWETH(WETH).withdraw(tip);
        _admitEther(address(0));
        if (!SafeTransferLib.trySafeTransferETH(block.coinbase, tip, _TIP_GAS)) {
            IWETH(WETH).deposit{value: tip}();
            tip = 0;
        }
    }

    /// @dev What is reported as profit is what the treasury has more, to the unit.
    function _payTreasury(address asset, uint256 profit) private {
        if (profit == 0) return;
        address to = treasury();
        uint256 before = _balance(asset, to);
        SafeTransferLib.safeTransfer(asset, to, profit);
        uint256 received = _growth(asset, to, before);
        if (received != profit) revert ErrorsLib.TransferShort(asset, profit, received);
    }

    /* INTERNAL: LOANS BY ASSET */

    function _firstLoanOf(bytes calldata plan, address asset) private pure returns (uint256 loan) {
        loan = PlanLib.LOANS;
        while (PlanLib.loanAsset(plan, loan) != asset) loan = PlanLib.afterLoan(plan, loan);
    }

    /// @dev What all loans of `asset` must have back; 0 where none is of it.
    function _owedIn(bytes calldata plan, address asset) private view returns (uint256 owed) {
        uint256 loan = PlanLib.LOANS;
        while (true) {
            if (PlanLib.loanAsset(plan, loan) == asset) owed += _owed(plan, loan);
            if (!PlanLib.hasMore(plan, loan)) return owed;
            loan = PlanLib.afterLoan(plan, loan);
        }
    }

    function _revertWith(bytes memory reason) private pure {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }

    /// @dev The first bytes of what the last call reverted with.
    function _reason() private pure returns (bytes memory reason) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let size := returndatasize()
            if gt(size, _REASON_BYTES) { size := _REASON_BYTES }
            reason := mload(0x40)
            mstore(reason, size)
            returndatacopy(add(reason, 0x20), 0, size)
            mstore(0x40, and(add(add(reason, 0x3f), size), not(0x1f)))
        }
    }
}
