"""Every error that the executor can revert with, by selector; a test holds the table against the contract."""

from __future__ import annotations

from typing import Final

from steelyard.connect.reverts import error_table

EXECUTOR_ERRORS: Final = error_table(
    # roles and settings
    "NotKeeper(address caller)",
    "NotGuardian(address caller)",
    "ExecutionPaused()",
    "OwnershipNotRenounceable()",
    "InvalidTreasury(address treasury)",
    "InvalidKeeper()",
    "InvalidWeth(address weth)",
    "Reentered()",
    "NotSelf(address caller)",
    "EtherRefused(address sender)",
    "OwnableUnauthorizedAccount(address account)",
    "OwnableInvalidOwner(address owner)",
    # venues
    "InvalidFactory(address factory)",
    "InvalidInitCodeHash()",
    "KindNotListable(uint8 kind)",
    "InvalidVenueFee(uint24 feePips)",
    "VenueListFull()",
    "VenueNotListed(uint16 venueId)",
    "PoolNotFound(uint16 venueId,address pool)",
    "WrongVenueKind(uint16 venueId,uint8 kind)",
    "VenueNotAvailable(uint8 kind)",
    "NotWrappedEther(address tokenIn,address tokenOut)",
    # listed lenders
    "InvalidLender(address lender)",
    "LenderListFull()",
    "LenderNotListed(uint16 lenderId)",
    # plan
    "PlanCutShort(uint256 length,uint256 needed)",
    "UnknownLender(uint256 kind)",
    "UnknownVenueKind(uint256 kind)",
    "WrongParameters(uint256 length,uint256 needed)",
    "WrongChain(uint256 planned,uint256 actual)",
    "WrongExecutor(address planned,address actual)",
    "DeadlineExpired(uint256 deadline,uint256 timestamp)",
    "BuilderShareTooLarge(uint256 builderShareBps)",
    "TipNeedsWeth(address asset)",
    "LenderNotAvailable(uint8 lender)",
    "RouteNotClosed(address asset,address lastToken)",
    # callbacks
    "UnexpectedCallback(address caller,uint8 kind)",
    "CallbackDataChanged(bytes32 given,bytes32 returned)",
    "CallbackNotMade(address callee)",
    "WrongInitiator(address initiator)",
    "WrongLoan(address asset,uint256 amount)",
    # amounts
    "LoanFeeTooHigh(uint256 loanFee,uint256 maximum)",
    "TransferShort(address token,uint256 sent,uint256 received)",
    "LegOutputTooLow(uint256 legIndex,uint256 received,uint256 minimum)",
    "SwapNotFilled(address pool,uint256 offered,int256 taken)",
    "LoanNotCovered(address asset,uint256 received,uint256 owed)",
    "PurseTooSmall(address token,uint256 held,uint256 wanted)",
    "TooManyTokens(uint256 maximum)",
    "TokensLeft(address token,uint256 amount)",
    "BalanceShrank(address asset,uint256 balanceBefore,uint256 balanceAfter)",
    "MinProfitNotMet(uint256 gain,uint256 minimum)",
    "AllowanceLeft(address token,address spender,uint256 amount)",
    # weights
    "ScoreTooHigh(uint256 score,uint256 maximum)",
    "ScoreAmplifierZero()",
    "InvalidMaxWeight(uint256 minMaxBp,uint256 maxBp)",
    # quotes
    "Quoted(uint256 profit,uint256 loanFee,uint256 builderTip)",
    # from the libraries that the executor stands on
    "SafeCastOverflowedIntToUint(int256 value)",
    "SafeCastOverflowedUintToInt(uint256 value)",
    "TransferFailed()",
    "ApproveFailed()",
    "ETHTransferFailed()",
)
