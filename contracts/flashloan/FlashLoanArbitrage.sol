// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {
    IFlashLoanArbitrage,
    LenderKind,
    Leg,
    Plan,
    Venue,
    VenueKind
} from "../interfaces/IFlashLoanArbitrage.sol";
import {IWETH} from "../interfaces/external/IWETH.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {PlanLib} from "../libraries/PlanLib.sol";
import {PoolAddressLib} from "../libraries/PoolAddressLib.sol";
import {UniswapV2Swap} from "../swap/UniswapV2Swap.sol";
import {UniswapV3Swap} from "../swap/UniswapV3Swap.sol";
import {FlashBorrower} from "./FlashBorrower.sol";
import {AaveV3Lender} from "./lenders/AaveV3Lender.sol";
import {BalancerV2Lender} from "./lenders/BalancerV2Lender.sol";
import {MorphoBlueLender} from "./lenders/MorphoBlueLender.sol";

/// @title FlashLoanArbitrage
/// @notice Start reading at `execute`: check the plan, borrow, (in the lender's callback) swap and repay, settle.
/// Roles, assumptions and the full documentation stand on IFlashLoanArbitrage.
contract FlashLoanArbitrage is
    IFlashLoanArbitrage,
    BalancerV2Lender,
    AaveV3Lender,
    MorphoBlueLender,
    UniswapV2Swap,
    UniswapV3Swap,
    Ownable2Step,
    ReentrancyGuardTransient
{
    /* CONSTANTS */

    uint256 private constant _BPS = 10_000;

    /// @dev Enough for a builder's contract that logs or forwards, too little to be worth griefing.
    uint256 private constant _TIP_GAS = 50_000;

    /* IMMUTABLES */

    /// @notice Wrapped ether: the only asset of which a builder's tip can be paid.
    address public immutable WETH;

    /* STORAGE */

    /// @dev One slot, one cold read on the way in: the first keeper, and whether everybody is stopped.
    address private _firstKeeper;
    bool private _paused;

    address private _treasury;
    address private _guardian;
    mapping(address account => bool allowed) private _otherKeepers;

    /// @dev By id. A delisted venue is all zeros; its place stays taken.
    Venue[] private _venues;

    /* TRANSIENT STORAGE: written in every execution before it is read, so never cleared */

    /// @dev Balance of the plan's asset before the loan: not ours to count, not ours to spend.
    uint256 private transient _balanceBefore;

    /// @dev Fee of the running loan, handed from the callback to `execute`.
    uint256 private transient _loanFee;

    /* CONSTRUCTOR */

    /// @param owner_ Holder of the owner role.
    /// @param treasury_ Receiver of profit.
    /// @param balancerVault Balancer V2 vault, or zero where the chain has none; likewise the next two.
    /// @param aavePool Aave V3 pool.
    /// @param morpho Morpho Blue.
    /// @param weth Wrapped ether.
    constructor(
        address owner_,
        address treasury_,
        address balancerVault,
        address aavePool,
        address morpho,
        address weth
    ) Ownable(owner_) BalancerV2Lender(balancerVault) AaveV3Lender(aavePool) MorphoBlueLender(morpho) {
        WETH = weth;
        _setTreasury(treasury_);
    }

    /* MODIFIERS */

    modifier onlyKeeper() {
        _checkKeeper();
        _;
    }

    /* KEEPER FUNCTIONS */

    /// @inheritdoc IFlashLoanArbitrage
    function execute(Plan calldata plan) external override onlyKeeper nonReentrant returns (uint256 profit) {
        _checkPlan(plan);
        bytes memory data = abi.encode(plan);
        bytes32 hash = keccak256(data);

        uint256 balanceBefore = IERC20(plan.asset).balanceOf(address(this));
        _balanceBefore = balanceBefore;
        _borrow(plan, data, hash);

        uint256 builderTip;
        (profit, builderTip) = _settle(plan, balanceBefore);
        emit ArbitrageExecuted(
            hash, plan.asset, plan.lender, msg.sender, plan.amount, _loanFee, profit, builderTip
        );
    }

    /* GUARDIAN FUNCTIONS */

    /// @inheritdoc IFlashLoanArbitrage
    function pause() external override {
        if (msg.sender != _guardian && msg.sender != owner()) revert ErrorsLib.NotGuardian(msg.sender);
        _paused = true;
        emit Paused(msg.sender);
    }

    /* OWNER FUNCTIONS */

    /// @inheritdoc IFlashLoanArbitrage
    function unpause() external override onlyOwner {
        _paused = false;
        emit Unpaused(msg.sender);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function setKeeper(address keeper, bool allowed) external override onlyOwner {
        if (keeper == address(0)) revert ErrorsLib.InvalidKeeper();
        // Whatever the account was, it is first taken off both places: revoking can never leave one behind.
        delete _otherKeepers[keeper];
        if (_firstKeeper == keeper) _firstKeeper = address(0);
        if (allowed) {
            if (_firstKeeper == address(0)) _firstKeeper = keeper;
            else _otherKeepers[keeper] = true;
        }
        emit KeeperSet(keeper, allowed);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function setGuardian(address newGuardian) external override onlyOwner {
        address previous = _guardian;
        _guardian = newGuardian;
        emit GuardianSet(previous, newGuardian);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function setTreasury(address newTreasury) external override onlyOwner nonReentrant {
        _setTreasury(newTreasury);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function listVenue(Venue calldata newVenue) external override onlyOwner returns (uint16 venueId) {
        if (newVenue.factory.code.length == 0) revert ErrorsLib.InvalidFactory(newVenue.factory);
        if (newVenue.initCodeHash == 0) revert ErrorsLib.InvalidInitCodeHash();
        bool feeIsValid =
            newVenue.kind == VenueKind.UniswapV2 ? newVenue.feePips < 1e6 : newVenue.feePips == 0;
        if (!feeIsValid) revert ErrorsLib.InvalidVenueFee(newVenue.feePips);
        uint256 nextId = _venues.length;
        if (nextId > type(uint16).max) revert ErrorsLib.VenueListFull();
        // Just checked to fit.
        // forge-lint: disable-next-line(unsafe-typecast)
        venueId = uint16(nextId);
        _venues.push(newVenue);
        emit VenueListed(venueId, newVenue.kind, newVenue.factory, newVenue.initCodeHash, newVenue.feePips);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function delistVenue(uint16 venueId) external override onlyOwner {
        _listedVenue(venueId);
        delete _venues[venueId];
        emit VenueDelisted(venueId);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function sweep(address token, uint256 amount) external override onlyOwner nonReentrant {
        address to = _treasury;
        SafeTransferLib.safeTransfer(token, to, amount);
        emit TokenSwept(token, to, amount);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function sweepEther(uint256 amount) external override onlyOwner nonReentrant {
        address to = _treasury;
        SafeTransferLib.safeTransferETH(to, amount);
        emit EtherSwept(to, amount);
    }

    /// @notice Refused: an executor without an owner could be neither swept nor unpaused.
    function renounceOwnership() public view override onlyOwner {
        revert ErrorsLib.OwnershipNotRenounceable();
    }

    /* RECEIVE */

    /// @notice Ether comes only from unwrapping a builder's tip.
    receive() external payable {
        if (msg.sender != WETH) revert ErrorsLib.EtherRefused(msg.sender);
    }

    /* VIEWS */

    /// @inheritdoc IFlashLoanArbitrage
    function isKeeper(address account) public view override returns (bool) {
        return account != address(0) && (account == _firstKeeper || _otherKeepers[account]);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function paused() external view override returns (bool) {
        return _paused;
    }

    /// @inheritdoc IFlashLoanArbitrage
    function guardian() external view override returns (address) {
        return _guardian;
    }

    /// @inheritdoc IFlashLoanArbitrage
    function treasury() external view override returns (address) {
        return _treasury;
    }

    /// @inheritdoc IFlashLoanArbitrage
    function venueCount() external view override returns (uint256) {
        return _venues.length;
    }

    /// @inheritdoc IFlashLoanArbitrage
    function venueAt(uint16 venueId) external view override returns (Venue memory) {
        return _listedVenue(venueId);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function poolFor(uint16 venueId, address tokenA, address tokenB, uint24 feePips)
        external
        view
        override
        returns (address)
    {
        return PoolAddressLib.derive(_listedVenue(venueId), tokenA, tokenB, feePips);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function lenderAddress(LenderKind lender) external view override returns (address) {
        if (lender == LenderKind.BalancerV2) return BALANCER_VAULT;
        if (lender == LenderKind.AaveV3) return AAVE_POOL;
        return MORPHO;
    }

    /// @inheritdoc IFlashLoanArbitrage
    function planHash(Plan calldata plan) external pure override returns (bytes32) {
        return keccak256(abi.encode(plan));
    }

    /* INTERNAL: THE LOAN */

    /// @inheritdoc FlashBorrower
    function _onLoan(address asset, uint256 amount, uint256 fee, bytes calldata data, bytes32 hash)
        internal
        override
        returns (uint256 owed)
    {
        Plan calldata plan = PlanLib.fromCalldata(data);
        if (asset != plan.asset || amount != plan.amount) revert ErrorsLib.WrongLoan(asset, amount);
        if (fee > plan.maxLoanFee) revert ErrorsLib.LoanFeeTooHigh(fee, plan.maxLoanFee);
        uint256 received = _runRoute(plan, hash);
        owed = amount + fee;
        // Only what the route brought back may repay, whatever else of the asset lies here.
        if (received < owed) revert ErrorsLib.LoanNotCovered(received, owed);
        _loanFee = fee;
    }

    /// @dev Adding a lender: one file in `lenders/`, one kind, one line here and in `lenderAddress`.
    function _borrow(Plan calldata plan, bytes memory data, bytes32 hash) private {
        if (plan.lender == LenderKind.BalancerV2) {
            _borrowFromBalancerV2(plan.asset, plan.amount, data, hash);
        } else if (plan.lender == LenderKind.AaveV3) {
            _borrowFromAaveV3(plan.asset, plan.amount, data, hash);
        } else {
            _borrowFromMorphoBlue(plan.asset, plan.amount, data, hash);
        }
    }

    /* INTERNAL: THE ROUTE */

    /// @dev Each leg sells all that the leg before received.
    /// @return amount What the last leg received of the asset; without legs, the loan itself.
    function _runRoute(Plan calldata plan, bytes32 hash) private returns (uint256 amount) {
        uint256 count = plan.legs.length;
        amount = plan.amount;
        // Nothing to spend: whether the loan came in full shows when it is repaid.
        if (count == 0) return amount;
        _requireArrived(plan.asset, amount);
        address token = plan.asset;
        for (uint256 i; i < count; ++i) {
            Leg calldata leg = plan.legs[i];
            amount = _swapLeg(leg, token, amount, hash);
            if (amount < leg.minAmountOut) revert ErrorsLib.LegOutputTooLow(i, amount, leg.minAmountOut);
            token = leg.tokenOut;
        }
        if (token != plan.asset) revert ErrorsLib.RouteNotClosed(plan.asset, token);
    }

    /// @dev A loan that arrives short would have to be topped up from what was here before.
    function _requireArrived(address asset, uint256 amount) private view {
        uint256 arrived = _growth(asset, address(this), _balanceBefore);
        if (arrived < amount) revert ErrorsLib.TransferShort(asset, amount, arrived);
    }

    /// @dev Received is what came here, by balance; less than the pool sent means a token that keeps a fee.
    function _swapLeg(Leg calldata leg, address tokenIn, uint256 amountIn, bytes32 hash)
        private
        returns (uint256 received)
    {
        uint256 before = IERC20(leg.tokenOut).balanceOf(address(this));
        uint256 sent = _swapOnVenue(leg, tokenIn, amountIn, hash);
        received = _growth(leg.tokenOut, address(this), before);
        if (received < sent) revert ErrorsLib.TransferShort(leg.tokenOut, sent, received);
    }

    /// @dev Adding a family of venues: one file in `swap/`, one kind, one line here.
    /// @return sent What the pool says that it paid out.
    function _swapOnVenue(Leg calldata leg, address tokenIn, uint256 amountIn, bytes32 hash)
        private
        returns (uint256 sent)
    {
        Venue memory venue = _listedVenue(leg.venueId);
        address pool = PoolAddressLib.derive(venue, tokenIn, leg.tokenOut, leg.feePips);
        if (pool.code.length == 0) revert ErrorsLib.PoolNotFound(leg.venueId, pool);
        if (venue.kind == VenueKind.UniswapV2) {
            if (leg.feePips != 0) revert ErrorsLib.UnexpectedFeeTier(leg.venueId, leg.feePips);
            return _swapOnUniswapV2(pool, tokenIn, leg.tokenOut, venue.feePips, amountIn);
        }
        return _swapOnUniswapV3(pool, tokenIn, leg.tokenOut, amountIn, hash);
    }

    function _listedVenue(uint16 venueId) private view returns (Venue memory venue) {
        if (venueId >= _venues.length) revert ErrorsLib.VenueNotListed(venueId);
        venue = _venues[venueId];
        if (venue.factory == address(0)) revert ErrorsLib.VenueNotListed(venueId);
    }

    /* INTERNAL: THE PROFIT */

    /// @dev The gain is the growth of our balance over the whole loan; all of it leaves again.
    function _settle(Plan calldata plan, uint256 balanceBefore)
        private
        returns (uint256 profit, uint256 builderTip)
    {
        uint256 balanceAfter = IERC20(plan.asset).balanceOf(address(this));
        if (balanceAfter < balanceBefore) revert ErrorsLib.BalanceShrank(balanceBefore, balanceAfter);
        uint256 gain = balanceAfter - balanceBefore;
        if (gain < plan.minProfit) revert ErrorsLib.MinProfitNotMet(gain, plan.minProfit);
        if (gain == 0) return (0, 0);
        builderTip = _tipBuilder(plan, gain);
        profit = gain - builderTip;
        _payTreasury(plan.asset, profit);
    }

    /// @dev Unwraps exactly the tip; what the builder refuses is wrapped again and stays profit.
    /// @return tip Wei that the builder took.
    function _tipBuilder(Plan calldata plan, uint256 gain) private returns (uint256 tip) {
        // Rounds down, in the treasury's favour.
        tip = ((gain - plan.minProfit) * plan.builderShareBps) / _BPS;
        if (tip == 0) return 0;
        IWETH(WETH).withdraw(tip);
        if (!SafeTransferLib.trySafeTransferETH(block.coinbase, tip, _TIP_GAS)) {
            IWETH(WETH).deposit{value: tip}();
            tip = 0;
        }
    }

    /// @dev What is reported as profit is what the treasury has more, to the unit.
    function _payTreasury(address asset, uint256 profit) private {
        if (profit == 0) return;
        address to = _treasury;
        uint256 before = IERC20(asset).balanceOf(to);
        SafeTransferLib.safeTransfer(asset, to, profit);
        uint256 received = _growth(asset, to, before);
        if (received != profit) revert ErrorsLib.TransferShort(asset, profit, received);
    }

    /// @dev What `account` has more than `balanceBefore`; 0 where a token took something away instead.
    function _growth(address token, address account, uint256 balanceBefore) private view returns (uint256) {
        uint256 balance = IERC20(token).balanceOf(account);
        return balance > balanceBefore ? balance - balanceBefore : 0;
    }

    /* INTERNAL: CHECKS AND SETTINGS */

    function _checkKeeper() private view {
        if (_paused) revert ErrorsLib.ExecutionPaused();
        if (!isKeeper(msg.sender)) revert ErrorsLib.NotKeeper(msg.sender);
    }

    function _checkPlan(Plan calldata plan) private view {
        if (plan.chainId != block.chainid) revert ErrorsLib.WrongChain(plan.chainId, block.chainid);
        if (plan.executor != address(this)) revert ErrorsLib.WrongExecutor(plan.executor, address(this));
        // A deadline is minutes; a validator moves the clock by seconds.
        // forge-lint: disable-next-line(block-timestamp)
        if (plan.deadline < block.timestamp) {
            revert ErrorsLib.DeadlineExpired(plan.deadline, block.timestamp);
        }
        uint16 share = plan.builderShareBps;
        if (share == 0) return;
        if (share > _BPS) revert ErrorsLib.BuilderShareTooLarge(share);
        if (plan.asset != WETH) revert ErrorsLib.TipNeedsWeth(plan.asset);
    }

    function _setTreasury(address newTreasury) private {
        if (newTreasury == address(0) || newTreasury == address(this)) {
            revert ErrorsLib.InvalidTreasury(newTreasury);
        }
        address previous = _treasury;
        _treasury = newTreasury;
        emit TreasurySet(previous, newTreasury);
    }
}
