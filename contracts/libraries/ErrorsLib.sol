// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LenderKind, VenueKind} from "../interfaces/IFlashLoanArbitrage.sol";
import {CallbackKind} from "../flashloan/CallbackGuard.sol";

/// @title Every error of our contracts: named for the fact, carrying the values.
library ErrorsLib {
    /* ROLES AND SETTINGS */

    /// @notice The caller holds no keeper role.
    error NotKeeper(address caller);
    /// @notice The caller is neither the guardian nor the owner.
    error NotGuardian(address caller);
    /// @notice Execution is stopped.
    error ExecutionPaused();
    /// @notice Ownership can be handed over (two-step) but not thrown away: nobody could sweep or unpause.
    error OwnershipNotRenounceable();
    /// @notice A treasury must be neither the zero address nor the executor itself.
    error InvalidTreasury(address treasury);
    /// @notice Neither the zero address nor the forwarder, which calls for anybody, can be a keeper.
    error InvalidKeeper();
    /// @notice Wrapped ether holds no code.
    error InvalidWeth(address weth);
    /// @notice Called again while it runs.
    error Reentered();
    /// @notice Only this contract itself may call it.
    error NotSelf(address caller);
    /// @notice Ether comes only from the contract that is just now to pay it out: WETH, or the pool of a leg that buys it.
    error EtherRefused(address sender);

    /* VENUES */

    /// @notice A venue needs a factory (a Curve pool: a pool) that holds code.
    error InvalidFactory(address factory);
    /// @notice A venue needs the hash of its pools' creation code; a Curve pool, listed itself, has none.
    error InvalidInitCodeHash();
    /// @notice Pools of this kind are not listed: where they stand is fixed at deployment.
    error KindNotListable(VenueKind kind);
    /// @notice A V2 venue's fee must be under 100 %, any other has none of its own (its legs or pools say it).
    error InvalidVenueFee(uint24 feePips);
    /// @notice All 65,536 ids are used.
    error VenueListFull();
    /// @notice No venue is listed under this id.
    error VenueNotListed(uint16 venueId);
    /// @notice The factory has deployed no such pool.
    error PoolNotFound(uint16 venueId, address pool);
    /// @notice The venue under this id is of another kind than the leg says.
    error WrongVenueKind(uint16 venueId, VenueKind kind);
    /// @notice This deployment knows no contract of this kind.
    error VenueNotAvailable(VenueKind kind);
    /// @notice Wrapping turns ether (the zero address) into WETH, unwrapping WETH into ether; nothing else.
    error NotWrappedEther(address tokenIn, address tokenOut);

    /// @notice A lender holds code.
    error InvalidLender(address lender);
    /// @notice All 65,536 ids of lenders are used.
    error LenderListFull();
    /// @notice No lender is listed under this id.
    error LenderNotListed(uint16 lenderId);

    /* PLAN */

    /// @notice The plan's bytes end before something that they begin.
    error PlanCutShort(uint256 length, uint256 needed);
    /// @notice No lender has this number.
    error UnknownLender(uint256 kind);
    /// @notice No kind of venue has this number.
    error UnknownVenueKind(uint256 kind);
    /// @notice A lender's or venue's own parameters have another length than it needs.
    error WrongParameters(uint256 length, uint256 needed);
    /// @notice The plan was made for another chain.
    error WrongChain(uint256 planned, uint256 actual);
    /// @notice The plan was made for another executor.
    error WrongExecutor(address planned, address actual);
    /// @notice The plan's time is over (seconds).
    error DeadlineExpired(uint256 deadline, uint256 timestamp);
    /// @notice The builder's share is over 100 %.
    error BuilderShareTooLarge(uint256 builderShareBps);
    /// @notice A builder is tipped in ether, so only a WETH plan can promise a share.
    error TipNeedsWeth(address asset);
    /// @notice This deployment has no such lender.
    error LenderNotAvailable(LenderKind lender);
    /// @notice The route ends in another token than it began with.
    error RouteNotClosed(address asset, address lastToken);

    /* CALLBACKS */

    /// @notice A callback that nobody waits for, from somebody else, or of another kind.
    error UnexpectedCallback(address caller, CallbackKind kind);
    /// @notice The callee handed back other data than it was given.
    error CallbackDataChanged(bytes32 given, bytes32 returned);
    /// @notice The callee returned without calling back.
    error CallbackNotMade(address callee);
    /// @notice The loan was started by somebody else.
    error WrongInitiator(address initiator);
    /// @notice The lender brought another loan than was asked for.
    error WrongLoan(address asset, uint256 amount);

    /* AMOUNTS */

    /// @notice The lender's fee is above the plan's maximum.
    error LoanFeeTooHigh(uint256 loanFee, uint256 maximum);
    /// @notice A transfer brought less than was sent: the token keeps a fee, or lies.
    error TransferShort(address token, uint256 sent, uint256 received);
    /// @notice A leg brought less than its minimum.
    error LegOutputTooLow(uint256 legIndex, uint256 received, uint256 minimum);
    /// @notice The pool took only part of the input: it has not the liquidity for it.
    error SwapNotFilled(address pool, uint256 offered, int256 taken);
    /// @notice The route brought back less than is owed.
    error LoanNotCovered(address asset, uint256 received, uint256 owed);
    /// @notice A leg wants more of a token than loans and earlier legs brought in (or there is none of it at all).
    error PurseTooSmall(address token, uint256 held, uint256 wanted);
    /// @notice The route has to do with more tokens than a purse holds.
    error TooManyTokens(uint256 maximum);
    /// @notice The route leaves tokens over that no loan is of: they would strand here.
    error TokensLeft(address token, uint256 amount);
    /// @notice Less of the asset is here than before the loan.
    error BalanceShrank(address asset, uint256 balanceBefore, uint256 balanceAfter);
    /// @notice The gain is below the plan's minimum.
    error MinProfitNotMet(uint256 gain, uint256 minimum);
    /// @notice The lender did not use up its allowance.
    error AllowanceLeft(address token, address spender, uint256 amount);

    /* WEIGHTS */

    /// @notice A score is above the best one (basis points).
    error ScoreTooHigh(uint256 score, uint256 maximum);
    /// @notice An exponent of zero would make all scores alike.
    error ScoreAmplifierZero();
    /// @notice A pool's greatest weight is above 0 and up to 100 %, and what it falls to is not above it (basis points).
    error InvalidMaxWeight(uint256 minMaxBp, uint256 maxBp);

    /* QUOTES */

    /// @notice Not a failure: what a plan that is only being quoted would bring.
    error Quoted(uint256 profit, uint256 loanFee, uint256 builderTip);
}
